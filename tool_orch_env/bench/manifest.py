"""A run's manifest, and the fingerprint that decides whether two runs are comparable.

Two runs are comparable if the version of the benchmark, snapshot, tasks, scorer, prompt and package version are the
same. The version of the benchmark is the snapshot's `benchmark` in its `manifest.json`, such as `travel-2.0`, by
default its name and version. The manifest is JSON without times or secrets.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .._version import __version__
from ..snapshot import Snapshot
from ..task import dump_tasks
from .policies.base import Settings
from .protocols import Arena, judge_name
from .run_log import FORMAT

ANSWERS = (
    "seed", "tools", "temperature", "max_tokens", "vllm_args", "tool_call_parser", "reasoning_parser", "call_format",
)  # fmt: skip
"""Settings that affect what a policy answers. Time limits and retries may differ when a run is resumed."""
PARTS = ("benchmark", "snapshot", "tasks", "scorer", "prompt", "package")


def manifest(
    arena: Arena, source: Mapping[str, Any], policy: str, settings: Settings, trials: int
) -> dict[str, Any]:
    """The manifest of a run. `source` records how tasks and snapshot were named; `rescore` needs it."""
    return {
        "format": FORMAT,
        "policy": policy,
        "protocol": arena.protocol,
        "strict": arena.options.strict,
        "deciding": {name: list(some) for name, some in sorted(arena.options.deciding.items())},
        "judge": judge_name(arena.options),
        **({} if arena.answer_form == "text" else {"answer_form": arena.answer_form}),
        "trials": trials,
        "settings": _given(settings),
        "source": dict(source),
        "fingerprint": fingerprint(arena),
    }


def _given(settings: Settings) -> dict[str, Any]:
    """The settings without those that are `None`: a run from before a setting existed can be resumed."""
    found = {name: getattr(settings, name) for name in ANSWERS}
    return {name: value for name, value in found.items() if value is not None}


def fingerprint(arena: Arena) -> dict[str, str]:
    """The sha256 of every part, and the versions of benchmark and package."""
    return {
        "benchmark": _benchmark(arena.snapshot),
        "snapshot": _snapshot_sum(arena.snapshot),
        "tasks": hashlib.sha256(dump_tasks(arena.tasks)).hexdigest(),
        **arena.description(),
        "package": __version__,
    }


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of the fingerprint parts in which two manifests differ."""
    first, second = one["fingerprint"], other["fingerprint"]
    return [part for part in PARTS if first.get(part, "") != second.get(part, "")]


def played(source: Mapping[str, Any]) -> str:
    """The tasks of a run as they are named wherever figures are shown: the set, and how many of it if not all."""
    return f"{source['tasks']}, the first {source['limit']}" if source.get("limit") else str(source["tasks"])


def protocol_name(manifest: Mapping[str, Any]) -> str:
    """The protocol as it is named wherever figures are shown."""
    if manifest["protocol"] != "cfb-offline":
        fields = manifest.get("answer_form") == "fields"
        return f"{manifest['protocol']}, answers as fields" if fields else str(manifest["protocol"])
    kind = "strict" if manifest["strict"] else "lenient"
    return f"cfb-offline ({kind}), not comparable with the published table"


def _benchmark(snapshot: Snapshot) -> str:
    about = snapshot.manifest
    return str(about.get("benchmark") or f"{snapshot.name}-{about.get('version', '')}")


def _snapshot_sum(snapshot: Snapshot) -> str:
    """sha256 of the snapshot's `manifest.json`, which lists the sums of its files; of the content without a folder."""
    if snapshot.path is not None:
        return hashlib.sha256((snapshot.path / "manifest.json").read_bytes()).hexdigest()
    total = hashlib.sha256(json.dumps(snapshot.catalog.dump(), sort_keys=True).encode())
    for record in sorted(snapshot.records(), key=lambda record: (record.key, record.task)):
        total.update(f"{record.key}@{record.task} {record.status} {record.text}\n".encode())
    return total.hexdigest()
