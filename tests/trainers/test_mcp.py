"""MCP: the official client against `tool-orch serve mcp`, over stdio and HTTP, in both eras of the protocol."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import played
import pytest

mcp = pytest.importorskip("mcp.client.client", exc_type=ImportError)
pytestmark = pytest.mark.filterwarnings("ignore")
SCRIPTS = list(played.SCRIPTS)
SERVE = [sys.executable, "-m", "tool_orch_env.cli", "serve", "mcp", "--task", played.TASK]


async def play(client: Any, script: str) -> tuple[list[bool], dict[str, Any]]:
    """An episode: whether each reply was an error, and the last reply, which has the score."""
    failed, text = [], ""
    for turn in played.SCRIPTS[script]:
        if turn.calls:
            result = await client.call_tool(turn.calls[0].name, turn.calls[0].arguments)
        else:
            result = await client.call_tool("submit_answer", {"answer": turn.answer})
        failed.append(result.is_error)
        text = result.content[0].text
    last: dict[str, Any] = json.loads(text)
    return failed, last


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_an_episode_over_stdio_is_scored_as_the_bare_environment_scores_it(
    toy_folder: Path, bare: dict, script: str, mode: str, tmp_path: Path
) -> None:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    scores = tmp_path / "scores.jsonl"
    options = ["--snapshot", str(toy_folder), "--scores", str(scores)]
    server = StdioServerParameters(command=SERVE[0], args=[*SERVE[1:], *options])

    async def run() -> tuple[list[bool], dict[str, Any]]:
        async with mcp.Client(stdio_client(server), mode=mode) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} >= {"search_city", "submit_answer"}
            [prompt] = (await client.get_prompt("task")).messages
            assert "Turku" in prompt.content.text
            return await play(client, script)

    failed, last = asyncio.run(run())
    assert last["episode_score"] == bare[script]["score"]
    assert last["components"] == bare[script]["components"]
    assert failed == ([False] * 5 if script == "oracle" else [True, False, False, False, False])
    [line] = map(json.loads, scores.read_text().splitlines())
    assert line["rewards"] == bare[script]["rewards"] and line["over"]
    played.saw(
        "MCP",
        "mcp",
        None,
        last["episode_score"],
        sorted(last["components"]),
        "the reply to `submit_answer`; rewards in the scores file",
    )


def test_an_agent_that_leaves_without_an_answer_is_noted_as_it_stands(
    toy_folder: Path, bare: dict, tmp_path: Path
) -> None:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    scores = tmp_path / "scores.jsonl"
    options = ["--snapshot", str(toy_folder), "--scores", str(scores)]
    server = StdioServerParameters(command=SERVE[0], args=[*SERVE[1:], *options])

    async def run() -> None:
        async with mcp.Client(stdio_client(server)) as client:
            await client.call_tool("search_city", {"name": "Turku"})

    asyncio.run(run())
    for _ in range(100):
        if scores.exists():
            break
        time.sleep(0.1)
    [line] = map(json.loads, scores.read_text().splitlines())
    assert not line["over"] and line["score"] == bare["oracle"]["rewards"][0]


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """The URL of a server over HTTP, in a process of its own."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = ["--snapshot", str(folder), "--transport", "http", "--port", str(port)]
    process = subprocess.Popen([*SERVE, *place, *options], stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(300):
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.communicate(timeout=90)


@pytest.fixture(scope="module")
def url(toy_folder: Path) -> Iterator[str]:
    with serving(toy_folder) as found:
        yield found


def test_sessions_left_open_are_closed_when_idle_and_their_episodes_noted(
    toy_folder: Path, bare: dict, tmp_path: Path
) -> None:
    """A client that opens a session by hand, plays a call and is not heard of again."""
    import httpx

    scores = tmp_path / "scores.jsonl"
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}

    def ask(place: str, method: str, number: int | None = None, **params: Any) -> httpx.Response:
        body = {"jsonrpc": "2.0", "method": method, "params": params}
        return httpx.post(place, headers=headers, json=body if number is None else {**body, "id": number})

    async def come(place: str) -> None:
        async with mcp.Client(f"{place}?episode=next") as client:
            await client.call_tool("ping", {})

    with serving(toy_folder, "--idle", "2", "--scores", str(scores)) as place:
        about = {"clientInfo": {"name": "t", "version": "1"}, "capabilities": {}}
        opened = ask(place, "initialize", 1, protocolVersion="2025-06-18", **about).raise_for_status()
        headers["Mcp-Session-Id"] = opened.headers["mcp-session-id"]
        ask(place, "notifications/initialized").raise_for_status()
        call = {"name": "search_city", "arguments": {"name": "Turku"}}
        assert "21" in ask(place, "tools/call", 2, **call).raise_for_status().text
        time.sleep(4)
        assert ask(place, "tools/call", 3, **call).status_code == 404
        asyncio.run(come(place))
        [line] = map(json.loads, scores.read_text().splitlines())
        assert not line["over"] and line["rewards"] == bare["oracle"]["rewards"][:1]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_episodes_over_http_are_not_crossed(url: str, bare: dict, mode: str) -> None:
    """Sixteen clients at once; those of the sessionless protocol name their episode in the URL."""

    async def one(number: int) -> float:
        script = SCRIPTS[number % 2]
        place = f"{url}?episode={mode}{number}" if mode == "auto" else url
        async with mcp.Client(place, mode=mode) as client:
            _, last = await play(client, script)
            assert last["components"] == bare[script]["components"]
            return float(last["episode_score"])

    async def all_at_once() -> list[float]:
        return await asyncio.gather(*map(one, range(16)))

    assert asyncio.run(all_at_once()) == [bare[SCRIPTS[n % 2]]["score"] for n in range(16)]


def test_a_client_without_a_session_is_told_to_name_its_episode(url: str) -> None:
    async def run() -> Any:
        async with mcp.Client(url, mode="auto") as client:
            return await client.call_tool("search_city", {"name": "Turku"})

    result = asyncio.run(run())
    assert result.is_error and "?episode=NAME" in result.content[0].text


def test_what_an_agent_gets_wrong_is_told_and_an_ended_episode_stays_ended(url: str) -> None:
    async def run() -> list[Any]:
        async with mcp.Client(f"{url}?episode=wrong") as client:
            calls = [("search_city", None), ("nope", {}), ("search_city", {"name": 3})]
            calls += [("submit_answer", {}), ("submit_answer", {"answer": "again"}), ("ping", {})]
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    results = asyncio.run(run())
    texts = [result.content[0].text for result in results]
    for text, said in zip(texts, ("required", "unknown_tool", "type", "score", "over", "over"), strict=True):
        assert said in text, (text, said)
    assert [result.is_error for result in results] == [True, True, True, False, True, True]


def test_malformed_requests_are_refused(url: str, bare: dict) -> None:
    import httpx

    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    place = f"{url}?episode=m"
    for body in (
        b"",
        b"{",
        b"[]",
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": 3}',
        b"\xff",
    ):
        assert 400 <= httpx.post(place, content=body, headers=headers).status_code < 500, body
    assert httpx.post(place, content=b"x" * (5 << 20), headers=headers).status_code == 413
    other = httpx.post(place, content=b"{}", headers={**headers, "Host": "evil.example"})
    assert other.status_code == 421

    async def run() -> float:
        async with mcp.Client(f"{url}?episode=after") as client:
            return float((await play(client, "oracle"))[1]["episode_score"])

    assert asyncio.run(run()) == bare["oracle"]["score"]


def test_the_example_plays_the_golden_trace(toy_folder: Path) -> None:
    from examples.trainers.mcp_client import play as golden

    assert json.loads(asyncio.run(golden(str(toy_folder), "train")))["episode_score"] == 1.0
