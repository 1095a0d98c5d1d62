"""Recording an MCP server over HTTP: one by the official SDK, and some that misbehave."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import LIMITS, answer, plan, recorded, written

from tool_orch_env.errors import SpecError
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot.snapshot import verify

SECRET = "s3cr3t-value-of-a-token"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("harbour") / "log"


@pytest.fixture(scope="module")
def url(log: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [
            sys.executable,
            str(Path(__file__).with_name("over_http.py")),
            str(listener.fileno()),
            str(log),
        ]
        server = subprocess.Popen(command, pass_fds=[listener.fileno()])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.terminate()
            server.wait(20)


def at(folder: Path, url: str, **more: Any) -> Path:
    limits = {**LIMITS, "timeout": 20, "attempts": 1}
    return written(folder, **{"api": {"mcp": {"url": url}}, "limits": limits, **more})


def test_a_server_of_the_sdk_is_recorded_and_resumed(tmp_path: Path, url: str, log: Path) -> None:
    report, snapshot = recorded(at(tmp_path, f"{url}/mcp", plan=plan("ship", numbers=(1, 2, 13))))
    assert report.faults == [] and verify(snapshot) == [] and "sink" not in snapshot.catalog
    assert answer(snapshot, "ship", number=2) == (200, {"number": 2, "name": "Ship 2"})
    status, body = answer(snapshot, "ship", number=13)
    assert status == 400 and "ship" in body["text"]
    assert snapshot.manifest["sources"][0]["name"] == "harbour 2.0"
    report, _ = recorded(at(tmp_path, f"{url}/mcp", plan=plan("ship", numbers=(1, 2, 13, 4))))
    assert (report.asked, report.reused) == (1, 3)
    assert sorted(log.read_text().split()) == ["1", "13", "2", "4"]


def test_an_answer_beyond_the_limit_is_a_fault_and_the_rest_is_recorded(tmp_path: Path, url: str) -> None:
    report, snapshot = recorded(at(tmp_path, f"{url}/mcp", plan=[*plan("huge"), *plan("ship", numbers=(7,))]))
    [fault] = report.faults
    assert "an answer of more than 4194304 bytes (limits.max_bytes)" in fault.why
    assert answer(snapshot, "ship", number=7)[0] == 200


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("unauthorised", "401"),
        ("away", "307"),
        ("garbage", ""),
        ("endless", "more than 4194304 bytes"),
        ("nothing-here", "404"),
    ],
)
def test_a_server_that_misbehaves_is_a_problem_of_the_spec_and_gets_no_further(
    tmp_path: Path, url: str, path: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARBOUR_KEY", SECRET)
    server = {"url": f"{url}/{path}", "headers": {"Authorization": "Bearer ${HARBOUR_KEY}"}}
    begun = time.monotonic()
    with pytest.raises(SpecError) as raised:
        read_spec(at(tmp_path, url, api={"mcp": server}, secrets=["HARBOUR_KEY"]))
    [problem] = raised.value.problems
    assert problem.startswith("spec.yaml: api.mcp: ") and why in problem.lower(), problem
    assert SECRET not in problem and time.monotonic() - begun < 30
