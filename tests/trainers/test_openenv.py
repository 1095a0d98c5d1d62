"""OpenEnv: a real server in a process of its own, real clients, and what must not harm it."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import played
import pytest
from served import client, serving

pytest.importorskip("openenv")
pytestmark = pytest.mark.filterwarnings("ignore")
SCRIPTS = list(played.SCRIPTS)


@pytest.fixture(scope="module")
def server(toy_folder: Path) -> Iterator[tuple[str, int]]:
    with serving(toy_folder) as found:
        yield found


async def play(url: str, script: str, task_id: str = played.TASK) -> tuple[list[float], Any]:
    """An episode over a connection of its own: its rewards, and the last observation."""
    rewards = []
    async with client(url) as env:
        result = await env.reset(task_id=task_id)
        assert result.observation.task_id == task_id and not result.done
        for text in played.TEXTS[script]:
            assert not result.done
            result = await env.step(text)
            assert result.observation.task_id == task_id
            rewards.append(result.reward)
    assert result.done
    return rewards, result.observation


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_episode_is_paid_as_the_bare_environment_pays_it(
    server: tuple[str, int], bare: dict, script: str
) -> None:
    rewards, last = asyncio.run(play(server[0], script))
    assert rewards == bare[script]["rewards"] and last.components == bare[script]["components"]
    assert last.episode_score == bare[script]["score"]
    played.saw(
        "OpenEnv", "openenv", rewards, sum(rewards), sorted(last.components), "step rewards; observation"
    )


def test_the_client_that_the_docs_show_works(server: tuple[str, int]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "trainers.md").read_text()
    [code] = [
        block for block in re.findall(r"```py\n(.*?)```", page, re.DOTALL) if "GenericEnvClient" in block
    ]
    code = code.replace("http://127.0.0.1:8000", server[0]) + "print(request)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_64_sessions_at_once_are_not_crossed(server: tuple[str, int], bare: dict) -> None:
    """All are open together, in lockstep; each must see its own task, script and rewards to the end."""
    scripts = [SCRIPTS[number % 2] for number in range(64)]

    async def all_at_once() -> list[list[float]]:
        gate = asyncio.Barrier(64)

        async def one(script: str) -> list[float]:
            rewards = []
            async with client(server[0]) as env:
                await env.reset(task_id=played.TASK)
                await gate.wait()
                for text in played.TEXTS[script]:
                    result = await env.step(text)
                    rewards.append(result.reward)
                    await asyncio.sleep(0)
                assert (await env.state()).rewards == rewards
            return rewards

        return await asyncio.gather(*map(one, scripts))

    assert asyncio.run(all_at_once()) == [bare[script]["rewards"] for script in scripts]


def test_malformed_messages_are_answered_and_harm_nothing(server: tuple[str, int], bare: dict) -> None:
    import websockets

    async def abuse() -> None:
        async with websockets.connect(server[0].replace("http", "ws") + "/ws") as socket_:

            async def say(text: str) -> dict[str, Any]:
                await socket_.send(text)
                answer: dict[str, Any] = json.loads(await asyncio.wait_for(socket_.recv(), 10))
                return answer

            def step(action: Any) -> str:
                return json.dumps({"type": "step", "data": action})

            early = await say(step({"message": "hi"}))
            assert early["data"]["code"] == "EXECUTION_ERROR" and "reset" in early["data"]["message"]
            await say(json.dumps({"type": "reset", "data": {"task_id": played.TASK}}))
            for text, code in (
                ("{", "INVALID_JSON"),
                ('{"type": "dance"}', "UNKNOWN_TYPE"),
                (step({"messages": "x"}), "VALIDATION_ERROR"),
                (json.dumps({"type": "step", "data": 7}), "VALIDATION_ERROR"),
                (json.dumps({"type": "reset", "data": {"task_id": "none"}}), "EXECUTION_ERROR"),
            ):
                answer = await say(text)
                assert answer["type"] == "error" and answer["data"]["code"] == code, (text, answer)
            for message in (None, 7, [], {"tool_calls": 3}, ["x"], {"name": 5}, "<tool_call>{", "\\ud800"):
                answer = await say(step({"message": message}))
                assert answer["type"] == "observation", (message, answer)

    asyncio.run(abuse())
    assert asyncio.run(play(server[0], "partly"))[0] == bare["partly"]["rewards"]


def test_a_message_that_is_too_long_ends_its_own_connection_only(server: tuple[str, int], bare: dict) -> None:
    import websockets

    async def flood() -> None:
        async with websockets.connect(server[0].replace("http", "ws") + "/ws") as socket_:
            await socket_.send(json.dumps({"type": "step", "data": {"message": "x" * (5 << 20)}}))
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket_.recv(), 10)

    asyncio.run(flood())
    assert asyncio.run(play(server[0], "oracle"))[0] == bare["oracle"]["rewards"]


def test_clients_that_vanish_and_1000_short_sessions_leave_nothing_behind(
    server: tuple[str, int], bare: dict
) -> None:
    """The memory, threads and sockets of the server's process are looked at before and after."""
    import psutil
    import websockets

    url, pid = server
    process = psutil.Process(pid)

    async def vanish() -> None:
        socket_ = await websockets.connect(url.replace("http", "ws") + "/ws")
        await socket_.send(json.dumps({"type": "reset", "data": {"task_id": played.TASK}}))
        await socket_.recv()
        socket_.transport.abort()

    async def short() -> None:
        async with client(url) as env:
            await env.reset(task_id=played.TASK)
            assert (await env.step("Done.")).done

    async def many(count: int) -> None:
        for number in range(count):
            await (vanish() if number % 10 == 0 else short())

    def open_sessions() -> int:
        return sum(c.status == "ESTABLISHED" for c in process.net_connections("tcp"))

    asyncio.run(many(200))  # what is made once is made now
    before = process.memory_info().rss
    asyncio.run(many(1000))
    for _ in range(100):
        if open_sessions() == 0:
            break
        time.sleep(0.1)
    grown = process.memory_info().rss - before
    print(f"1,000 sessions: the server grew by {grown / 1024:.0f} KiB, {process.num_threads()} threads")
    assert open_sessions() == 0
    assert grown < 4 << 20, f"{grown} bytes for 1,000 sessions"
    assert process.num_threads() < 64
    assert asyncio.run(play(url, "oracle"))[0] == bare["oracle"]["rewards"]


def test_sessions_left_open_are_refused_beyond_the_limit_and_closed_when_idle(
    toy_folder: Path, bare: dict
) -> None:
    import websockets

    with serving(toy_folder, "--sessions", "2", "--idle", "2") as (url, _):

        async def fill() -> None:
            left = [await websockets.connect(url.replace("http", "ws") + "/ws") for _ in range(2)]
            for socket_ in left:
                await socket_.send(json.dumps({"type": "reset", "data": {}}))
                assert json.loads(await socket_.recv())["type"] == "observation"
            third = await websockets.connect(url.replace("http", "ws") + "/ws")
            refused = json.loads(await third.recv())
            assert refused["data"]["code"] == "CAPACITY_REACHED"
            for _ in range(60):
                try:
                    rewards, _ = await play(url, "oracle")
                    break
                except Exception:
                    await asyncio.sleep(0.25)
            assert rewards == bare["oracle"]["rewards"]
            for socket_ in left:
                await socket_.close()

        asyncio.run(fill())


def test_it_listens_on_the_loopback_address(server: tuple[str, int]) -> None:
    import psutil

    bound = [c.laddr.ip for c in psutil.Process(server[1]).net_connections("tcp") if c.status == "LISTEN"]
    assert bound == ["127.0.0.1"]


def test_openenvs_own_validation_passes(server: tuple[str, int]) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "openenv"), "validate", "--url", server[0], "--json"],
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout)
    failed = [
        check for check in report.get("criteria", report.get("checks", [])) if check.get("passed") is False
    ]
    assert done.returncode == 0, failed or report


def test_tasks_can_be_listed_and_chosen_by_index(server: tuple[str, int]) -> None:
    import httpx

    base = f"{server[0]}/tool_orch_env"
    assert httpx.get(f"{base}/splits").json() == [{"name": "train", "type": "train"}]
    count = httpx.post(f"{base}/num_tasks", json={"split": "train"}).json()["num_tasks"]
    task = httpx.post(f"{base}/task", json={"split": "train", "index": count - 1}).json()["task"]

    async def chosen() -> str:
        async with client(server[0]) as env:
            return str((await env.reset(split="train", index=count - 1)).observation.task_id)

    assert asyncio.run(chosen()) == task["id"]


def test_the_example_client_plays_the_golden_trace(server: tuple[str, int], toy_folder: Path) -> None:
    from examples.trainers.openenv_client import play as golden

    assert asyncio.run(golden(server[0], str(toy_folder), "train")) == pytest.approx(1.0)


def test_the_manifest_is_what_openenv_asks_for() -> None:
    place = Path(__file__).parent.parent.parent / "examples" / "trainers" / "openenv"
    done = subprocess.run(
        [str(Path(sys.executable).parent / "openenv"), "validate", str(place), "--level", "static", "--json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "uvicorn.run(app" in (place / "server" / "app.py").read_text()
    code = "from server.app import app; assert any(route.path == '/ws' for route in app.routes)"
    subprocess.run([sys.executable, "-c", code], cwd=place, check=True)
