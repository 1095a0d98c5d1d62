"""Specs for MCP servers, and what a recording of one left behind."""

import json
import sys
from pathlib import Path
from typing import Any

from tool_orch_env.record.http import Report, record
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot import Snapshot

SCRIPTED = [sys.executable, str(Path(__file__).with_name("scripted.py"))]
LIMITS = {"timeout": 10, "attempts": 3, "backoff": 0.01}
BIN = Path(sys.executable).parent
"""Where the commands of this environment's servers are."""


def spec(folder: Path, *mode: str, env: dict[str, str] | None = None, **fields: Any) -> Path:
    """The spec of a scripted server, whose log is `asked` in the folder."""
    server = {"command": [*SCRIPTED, str(folder / "asked"), *mode], "env": env or {}}
    return written(folder, **{"api": {"mcp": server}, **fields})


def written(folder: Path, **fields: Any) -> Path:
    path = folder / "spec.yaml"
    path.write_text(json.dumps({"name": "towns", "captured": "2026-11-22", "limits": LIMITS, **fields}))
    return path


def recorded(path: Path, environ: dict[str, str] | None = None) -> tuple[Report, Snapshot]:
    out = path.parent / "out"
    report = record(read_spec(path, environ or {}), out)
    return report, Snapshot.open(out)


def plan(*tools: str, numbers: tuple[int, ...] = (1,)) -> list[dict[str, Any]]:
    return [{"call": tool, "over": [{"values": {"number": list(numbers)}}]} for tool in tools]


def answer(snapshot: Snapshot, tool: str, **arguments: Any) -> tuple[int, Any]:
    found = snapshot.lookup(tool, arguments)
    assert found is not None, (tool, arguments)
    return found.status, json.loads(found.text)


def asked(folder: Path) -> list[str]:
    """Every tool call that the scripted server got."""
    log = folder / "asked"
    return log.read_text().splitlines() if log.exists() else []


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
