"""docs/record.md is run from top to bottom, against the example service on a free loopback port."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel

from tool_orch_env.record import schema

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "record.md").read_text()
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def started(folder: Path, listener: socket.socket, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """The service, once it answers."""
    command = [sys.executable, "-m", "uvicorn", "service:app", "--fd", str(listener.fileno())]
    command += ["--log-level", "warning"]
    service = subprocess.Popen(command, cwd=folder, env=environ, pass_fds=[listener.fileno()])
    while True:
        assert service.poll() is None, "the service stopped before it answered"
        try:
            httpx.get(environ["TOWNS_URL"] + "/towns", timeout=5, trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return service


def run(blocks: str, folder: Path, environ: dict[str, str]) -> str:
    shown = ""
    for kind, code in _BLOCK.findall(blocks):
        command = ["bash", "-euc", code] if kind == "sh" else [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        shown += done.stdout
    return shown


def test_the_walk_through_records_plays_and_needs_no_server_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "record_service"
    shutil.copytree(ROOT / "examples" / "record_service", folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environ = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TOWNS_KEY": "any-key-will-do",
            "TOWNS_URL": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "TOOL_ORCH_CACHE": str(tmp_path / "cache"),
        }
        before, after = PAGE.split("### Without the server")
        service = started(folder, listener, environ)
        try:
            shown = run(before, folder, environ)
        finally:
            service.terminate()
            service.wait()
    assert "17 calls, 17 requested now" in shown and "17 calls, 0 requested now, 17 from the journal" in shown
    assert "1 added, 0 removed, 0 changed, 17 unchanged" in shown
    with pytest.raises(httpx.TransportError):
        httpx.get(environ["TOWNS_URL"] + "/towns", timeout=5, trust_env=False)
    run(after, folder, environ)
    assert b"any-key-will-do" not in (folder / "towns.journal.jsonl").read_bytes()


def example(folder: Path) -> dict[str, str]:
    """Copy the example of functions and an MCP server; returns the environment of its commands."""
    shutil.copytree(ROOT / "examples" / "bring_your_own", folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "TOOL_ORCH_CACHE": str(folder.parent / "cache")}


def test_the_page_on_functions_records_synthesises_and_plays(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "bring-your-own-functions.md").read_text()
    environ = example(tmp_path / "byo")
    shown = run(page, tmp_path / "byo", environ)
    assert "genres: 3 calls, 3 requested now" in shown and "get_book: not called without a plan" in shown
    assert "library: 21 calls, 21 requested now" in shown and "21 calls, 0 requested now" in shown
    assert "10 tasks, no findings" in shown


def test_the_examples_document_is_that_of_its_service() -> None:
    folder = ROOT / "examples" / "record_service"
    done = subprocess.run(
        [sys.executable, "openapi.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == (folder / "openapi.json").read_text()


def test_the_page_names_every_field_of_a_spec() -> None:
    models = [
        model
        for model in vars(schema).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == schema.__name__
    ]
    assert len(models) > 8
    for model in models:
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in PAGE or f"{field.alias or name}:" in PAGE, (
                f"{model.__name__}.{name}"
            )
