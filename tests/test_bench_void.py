"""Void episodes in `tool-orch bench`: counted apart, played again, and too many of them fail the run."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import toy as toys
from breaking import Failing

from tool_orch_env.bench.compare import compare
from tool_orch_env.bench.local import run
from tool_orch_env.bench.metrics import summary
from tool_orch_env.bench.policies import parse_policy
from tool_orch_env.bench.policies.base import Settings
from tool_orch_env.bench.protocols import Arena
from tool_orch_env.bench.result import EpisodeResult
from tool_orch_env.bench.run_log import read_run
from tool_orch_env.bench.runner import play_all
from tool_orch_env.cli.main import main

POLICY = '''
import os, pathlib

asked = 0

def calling(messages, tools):
    """Two calls, then words. Of the fifth message on, the store of responses is cut off, if BREAK is set."""
    global asked
    asked += 1
    if asked == 5 and os.environ.get("BREAK"):
        for file in pathlib.Path(os.environ["TOOL_ORCH_CACHE"]).glob("*.store*"):
            os.truncate(file, 0)
    if sum(one["role"] == "assistant" for one in messages) == 2:
        return "Done."
    return {"tool_calls": [{"function": {"name": tools[0]["function"]["name"], "arguments": {"no": asked}}}]}
'''
COMMAND = [
    "bench", "--policy", "python:calling_policy:calling", "--tasks", "travel:handmade", "--limit", "4",
    "--concurrency", "1",
]  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "calling_policy.py").write_text(POLICY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))

    def played(*more: str) -> int:
        import calling_policy

        calling_policy.asked = 0
        command = [
            "bench",
            "--policy",
            "python:calling_policy:calling",
            "--tasks",
            "travel:handmade",
            "--limit",
            "4",
        ]
        return main([*command, "--concurrency", "1", "--out", str(tmp_path / "run"), *more])

    return played


def records(folder: Path) -> list[dict[str, Any]]:
    return read_run(folder)[2]


def test_void_episodes_are_counted_apart_fail_the_run_and_are_played_again(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BREAK", "1")
    assert bench() == 1
    out = capsys.readouterr().out
    found = json.loads((tmp_path / "run" / "summary.json").read_text())
    void = [record["result"]["void"] for record in records(tmp_path / "run")]
    broken = sum(one is not None for one in void)
    assert (
        1 <= broken <= 3
        and void[0] is None
        and {one.split(":")[0] for one in void if one} == {"store_failed"}
    )
    assert found["episodes"] == found["tasks"] == 4 - broken
    assert found["void"] == {"episodes": broken, "share": broken / 4, "causes": {"store_failed": broken}}
    assert found["stops"] == {"answered": 4 - broken}
    assert f"Void: {broken} episodes" in out and "store_failed" in out
    assert main(["report", str(tmp_path / "run")]) == 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert f"Void: {broken} episodes" in page and f"{4 - broken} over {4 - broken} tasks" in page
    assert main(["bench", "rescore", str(tmp_path / "run"), "--out", str(tmp_path / "again")]) == 0
    assert records(tmp_path / "again") == records(tmp_path / "run")  # what was void stays so
    assert main(["bench", "export", str(tmp_path / "run"), "--out", str(tmp_path / "c.jsonl")]) == 0
    assert len((tmp_path / "c.jsonl").read_text().splitlines()) == 4 - broken
    assert compare(tmp_path / "run", tmp_path / "again")["tasks"] == 4 - broken
    # the same command, the environment in order: only the void ones are played, and the run is as it should be
    monkeypatch.delenv("BREAK")
    before = {record["task_id"]: record for record in records(tmp_path / "run")}
    again = subprocess.run(
        [sys.executable, "-m", "tool_orch_env.cli", *COMMAND, "--out", "run"], cwd=tmp_path
    )
    assert again.returncode == 0
    after = records(tmp_path / "run")
    assert not any(record["result"]["void"] for record in after)
    assert [before[record["task_id"]] for record in after[: 4 - broken]] == after[: 4 - broken]
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["void"]["episodes"] == 0


def test_a_share_of_void_episodes_may_be_allowed(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BREAK", "1")
    assert bench("--max-void", "1") == 0
    with pytest.raises(SystemExit):
        bench("--max-void", "1.5")


def test_an_episode_that_cannot_even_begin_is_void() -> None:
    store = Failing()
    snapshot = store.snapshot
    arena = Arena(toys.tasks(), snapshot)
    store.error = sqlite3.DatabaseError("gone")
    kept: list[dict[str, Any]] = []
    todo = [(task.id, 0) for task in toys.tasks()]
    asyncio.run(play_all(arena, parse_policy("oracle", Settings()), kept, todo))
    results = [EpisodeResult.from_dict(record["result"]) for record in kept]
    assert [result.void for result in results] == ["store_failed: DatabaseError: gone"] * 3
    found = summary(results, toys.tasks())
    assert found["void"]["share"] == 1.0 and found["figures"] == {} == found["pass"]


@pytest.mark.parametrize("protocol", ["toolorch", "cfb-offline"])
def test_both_protocols_end_a_void_episode(protocol: str) -> None:
    """Under `cfb-offline` the replies are golden responses, which are looked up too."""
    store = Failing()
    snapshot = store.snapshot
    task = toys.tasks()[0]
    first = task.golden[0]

    def policy(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Any:
        store.error = OSError("gone")
        return {"tool_calls": [{"function": {"name": first.tool, "arguments": dict(first.arguments)}}]}

    [result] = run([task], policy, protocol, snapshot)
    assert result.void == "store_failed: OSError: gone" and result.stop_reason == "void"
    assert not result.success and result.turns == 1 and result.cause is None
