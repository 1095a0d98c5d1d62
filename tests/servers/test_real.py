"""Real MCP servers from the package registry, recorded and then played without them.

`mcp-server-time` and `mcp-server-git` are of the era without sessions, `mcp-server-sqlite` of the one before. Every
recorded answer is compared with what the official client got from the same server.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from serving import BIN, LIMITS, folder_bytes, recorded, written

import tool_orch_env as toe
from tool_orch_env.jsonvalues.canonical import to_text
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify

OLD = BIN.parent.parent / ".venv-mcp-1" / "bin"
"""Where servers of the SDK's version 1 are; `make mcp` installs them."""
TOWNS = [(1, "Oslo", "NO"), (2, "Turku", "FI"), (3, "Bergen", "NO")]
QUERIES = ["SELECT id, name FROM towns ORDER BY id", "SELECT name FROM towns WHERE country = 'NO'", "SELEKT"]


def repository(folder: Path) -> None:
    """A repository whose commits have the same hashes everywhere."""
    who = {
        f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    who |= {"GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z"}
    environ = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    (folder / "repo").mkdir()
    run = lambda *words: subprocess.run(["git", *words], cwd=folder / "repo", env=environ, check=True)  # noqa: E731
    run("init", "--quiet", "--initial-branch", "main")
    for number in range(3):
        (folder / "repo" / "towns.txt").write_text("Oslo\nTurku\nBergen\n"[: 7 * (number + 1)])
        run("add", ".")
        run("commit", "--quiet", "--no-gpg-sign", "--message", f"Add town {number}")
    run("tag", "first", "HEAD~2")


def database(folder: Path) -> None:
    with sqlite3.connect(folder / "towns.db") as connection:
        connection.execute("CREATE TABLE towns (id INTEGER PRIMARY KEY, name TEXT, country TEXT)")
        connection.executemany("INSERT INTO towns VALUES (?, ?, ?)", TOWNS)
    connection.close()


def nothing(folder: Path) -> None:
    """The server needs no data."""


def over(**values: list[Any]) -> list[dict[str, Any]]:
    return [{"values": {name: some}} for name, some in values.items()]


SERVERS: dict[str, tuple[Callable[[Path], None], dict[str, Any], int, int]] = {
    "time": (
        nothing,
        {
            "api": {"mcp": {"command": [str(BIN / "mcp-server-time"), "--local-timezone", "Europe/Oslo"]}},
            "plan": [
                {
                    "call": "convert_time",
                    "over": over(
                        source_timezone=["Europe/Oslo", "Asia/Tokyo", "Mars/Base"],
                        target_timezone=["America/New_York", "Asia/Kolkata"],
                        time=["10:00", "23:30", "25:00"],
                    ),
                }
            ],
        },
        18,
        10,
    ),
    "git": (
        repository,
        {
            "api": {"mcp": {"command": [str(BIN / "mcp-server-git"), "--repository", "repo"]}},
            "plan": [
                {"call": "git_status", "arguments": {"repo_path": "repo"}},
                {"call": "git_log", "arguments": {"repo_path": "repo"}, "over": over(max_count=[1, 2, 10])},
                {
                    "call": "git_show",
                    "arguments": {"repo_path": "repo"},
                    "over": over(revision=["main", "main~1", "first", "no-such-thing"]),
                },
                {"call": "git_branch", "arguments": {"repo_path": "repo", "branch_type": "local"}},
            ],
        },
        9,
        1,
    ),
    "sqlite": (
        database,
        {
            "api": {"mcp": {"command": [str(OLD / "mcp-server-sqlite"), "--db-path", "towns.db"]}},
            "tools": {"read_query": {}, "list_tables": {}, "describe_table": {}},
            "plan": [
                {"call": "list_tables"},
                {"call": "describe_table", "arguments": {"table_name": "towns"}},
                {"call": "read_query", "over": over(query=QUERIES)},
            ],
        },
        5,
        0,
    ),
}


@pytest.fixture(scope="module", params=list(SERVERS))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Any]:
    """The name of a server, a folder with its data and a recording of it, and what was reported."""
    folder = tmp_path_factory.mktemp(request.param)
    data, fields, _, _ = SERVERS[request.param]
    data(folder)
    report, _ = recorded(
        written(folder, **{**fields, "name": request.param, "limits": {**LIMITS, "timeout": 60}})
    )
    return request.param, folder, report


def direct(
    spec: dict[str, Any], folder: Path, calls: list[tuple[str, dict[str, Any]]]
) -> list[tuple[bool, Any]]:
    """What the official client gets: whether it is an error, and the structured content or the text."""
    command, *words = spec["api"]["mcp"]["command"]
    server = StdioServerParameters(command=command, args=words, cwd=folder)

    async def ask() -> list[tuple[bool, Any]]:
        async with Client(server) as client:
            results = [await client.call_tool(tool, arguments) for tool, arguments in calls]
        return [(r.is_error, r.structured_content or "\n".join(b.text for b in r.content)) for r in results]

    return asyncio.run(ask())


def test_what_is_recorded_is_what_the_official_client_gets(made: tuple[str, Path, Any]) -> None:
    name, folder, report = made
    _, fields, planned, errors = SERVERS[name]
    snapshot = Snapshot.open(folder / "out")
    assert (report.planned, len(snapshot), report.faults, verify(snapshot)) == (planned, planned, [], [])
    calls = list(snapshot.calls())
    found = [snapshot.lookup(tool, arguments) for tool, arguments in calls]
    assert sum(one is not None and not one.success for one in found) == errors
    for (failed, said), kept in zip(direct(fields, folder, calls), found, strict=True):
        assert kept is not None and kept.success is not failed
        value = json.loads(kept.text)
        assert value == said or value == {"text": said} or value == json.loads(said)


def test_recording_again_asks_nothing_and_recording_elsewhere_gives_the_same_bytes(
    made: tuple[str, Path, Any], tmp_path: Path
) -> None:
    name, folder, _ = made
    report, _ = recorded(folder / "spec.yaml")
    assert report.asked == 0
    SERVERS[name][0](tmp_path)
    shutil.copy(folder / "spec.yaml", tmp_path)
    recorded(tmp_path / "spec.yaml")
    assert folder_bytes(tmp_path / "out") == folder_bytes(folder / "out")


def test_an_episode_is_played_byte_for_byte_when_the_server_is_gone(
    made: tuple[str, Path, Any], tmp_path: Path
) -> None:
    name, folder, _ = made
    shutil.copytree(folder / "out", tmp_path / "alone")  # and nothing of the server or its data
    snapshot = Snapshot.open(tmp_path / "alone")
    calls = [(tool, arguments) for tool, arguments in snapshot.calls()]
    texts = [snapshot.lookup(tool, arguments).text for tool, arguments in calls]  # type: ignore[union-attr]
    good = [call for call in calls if snapshot.lookup(*call).success][:3]  # type: ignore[union-attr]
    golden = [{"id": f"c{n}", "tool": tool, "arguments": given} for n, (tool, given) in enumerate(good)]
    tools = sorted({tool for tool, _ in calls})
    line = {"id": "t", "snapshot": name, "request": "Look these up.", "tools": tools, "golden": golden}
    (tmp_path / "tasks.jsonl").write_text(json.dumps(line) + "\n")
    [task] = toe.task.read_tasks(tmp_path / "tasks.jsonl")
    assert toe.score_turns(task, toe.oracle_turns(task), snapshot).total == 1.0
    env = gym.make("ToolOrch-v0", snapshot=snapshot, tasks=[task], max_turns=50, max_response_chars=1 << 20)
    env.reset(seed=0)
    for (tool, arguments), text in zip(calls, texts, strict=True):
        observation, *_, info = env.step({"name": tool, "arguments": arguments})
        assert info["calls"][0]["code"] in ("ok", "api_error")
        assert text in observation or to_text(json.loads(text)) in observation
    env.step({"name": tools[0], "arguments": {**calls[0][1], "extra": 1}})


def test_tools_that_write_are_left_out_unless_named(tmp_path: Path) -> None:
    repository(tmp_path)
    fields = SERVERS["git"][1]
    read = read_spec(written(tmp_path, **fields, name="git"))
    assert "git_log" in read.catalog and "git_commit" not in read.catalog
    named = read_spec(written(tmp_path, **fields, name="git", tools={"git_commit": {}}))
    assert "git_commit" in named.catalog
