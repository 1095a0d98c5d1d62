"""MCP: an episode that the server broke or lost answers `void`, and the scores file says so in place of a score."""

import asyncio
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import played
import pytest
from breaking import Failing
from test_mcp import SERVE, serving

mcp = pytest.importorskip("mcp.client.client", exc_type=ImportError)
pytestmark = pytest.mark.filterwarnings("ignore")
FIRST = played.ORACLE[0].calls[0]


def lines(scores: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in scores.read_text().splitlines()] if scores.exists() else []


async def call(url: str, name: str) -> tuple[bool, dict[str, Any]]:
    """The first golden call in a named episode: whether the reply is an error, and the reply."""
    async with mcp.Client(f"{url}?episode={name}") as client:
        result = await client.call_tool(FIRST.name, FIRST.arguments)
    return result.is_error, json.loads(result.content[0].text)


def test_a_store_that_breaks_makes_the_episode_void(failing: Failing, tmp_path: Path) -> None:
    from tool_orch_env.adapters.mcp import Episodes

    scores = tmp_path / "scores.jsonl"
    episodes = Episodes(failing.factory, played.TASK, scores, None)
    assert not episodes.call("a", FIRST.name, FIRST.arguments)[1]
    failing.error = OSError("gone")
    text, failed = episodes.call("a", FIRST.name, FIRST.arguments)
    assert failed and json.loads(text)["error"]["code"] == "void"
    [line] = lines(scores)
    assert line["void"] == "store_failed: OSError: gone" and line["score"] is None and line["over"]
    failing.error = None
    text, failed = episodes.call("b", "submit_answer", {"answer": "EUR"})
    assert not failed and lines(scores)[1]["score"] == json.loads(text)["episode_score"]


def test_a_server_that_was_killed_or_stopped_has_lost_its_episodes(toy_folder: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.jsonl"
    options = ("--scores", str(scores))
    with serving(toy_folder, *options) as url:
        assert not asyncio.run(call(url, "stopped"))[0]
    [line] = lines(scores)
    assert (line["episode"], line["void"], line["score"]) == ("stopped", "server_restarted", None)
    command = [*SERVE, "--snapshot", str(toy_folder), "--transport", "http", *options]
    with serving(toy_folder, *options) as url:
        killed = subprocess.Popen([*command, "--port", url.rpartition(":")[2].removesuffix("/mcp")])
        killed.wait()  # the port is taken: only the server that serves may hold the scores
        assert not asyncio.run(call(url, "going"))[0]
        assert json.loads((tmp_path / "scores.jsonl.open").read_text()) == ["going"]
        (tmp_path / "scores.jsonl.open").rename(tmp_path / "kept")
    (tmp_path / "kept").rename(tmp_path / "scores.jsonl.open")  # as a kill leaves it
    with serving(toy_folder, *options) as url:
        failed, reply = asyncio.run(call(url, "going"))
        assert failed and reply["error"]["code"] == "void" and "server_restarted" in reply["error"]["message"]
        assert not asyncio.run(call(url, "fresh"))[0]
    assert [line["void"] for line in lines(scores)] == ["server_restarted"] * len(lines(scores))


def test_a_client_that_comes_back_after_its_session_was_closed_makes_it_void(
    toy_folder: Path, bare: dict, tmp_path: Path
) -> None:
    """Until then the episode counts as it stands: its agent may just have left."""
    scores = tmp_path / "scores.jsonl"
    with serving(toy_folder, "--idle", "1", "--scores", str(scores)) as url:
        assert not asyncio.run(call(url, "silent"))[0]
        time.sleep(2)
        asyncio.run(call(url, "other"))
        [line] = lines(scores)
        assert line["rewards"] == bare["oracle"]["rewards"][:1] and line["score"] == line["rewards"][0]
        for _ in range(2):
            failed, reply = asyncio.run(call(url, "silent"))
            assert failed and reply["error"]["code"] == "void" and "session_idle" in reply["error"]["message"]
        assert [line.get("void") for line in lines(scores) if line["episode"] == "silent"] == [
            None,
            "session_idle",
        ]


def test_an_episode_that_made_room_is_void_at_once(
    failing: Failing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tool_orch_env.adapters import mcp as adapter

    monkeypatch.setattr(adapter, "MOST_EPISODES", 2)
    scores = tmp_path / "scores.jsonl"
    episodes = adapter.Episodes(failing.factory, played.TASK, scores, None)
    for name in ("a", "b", "c"):
        episodes.call(name, FIRST.name, FIRST.arguments)
    assert [(line["episode"], line["void"], line["score"]) for line in lines(scores)] == [
        ("a", "capacity", None)
    ]
    assert "capacity" in episodes.call("a", FIRST.name, FIRST.arguments)[0] and len(episodes) == 2
