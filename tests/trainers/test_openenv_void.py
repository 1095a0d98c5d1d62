"""OpenEnv: an episode that the server or the connection broke is void for every client, never one with reward 0."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import played
import pytest
from breaking import Failing
from served import client, free_port, in_thread, serving

from tool_orch_env.adapters import openenv

pytest.importorskip("openenv")
pytestmark = pytest.mark.filterwarnings("ignore")
CALL = played.TEXTS["oracle"][0]


@pytest.fixture(scope="module")
def server(toy_folder: Path) -> Iterator[tuple[str, int]]:
    with serving(toy_folder) as found:
        yield found


def checked(result: Any, code: str, task_id: str = played.TASK) -> str:
    """What a void step looks like to a client of this package; its cause."""
    observation = result.observation
    assert result.done and observation.done and result.reward is None and observation.reward is None
    assert observation.void.split(":")[0] == code and observation.episode_score is None
    assert observation.task_id == task_id
    return str(observation.void)


async def begun(env: Any) -> None:
    """An episode with one rewarded step."""
    await env.reset(task_id=played.TASK)
    result = await env.step(CALL)
    assert result.reward > 0 and result.observation.void is None


def test_a_lost_connection_is_void_and_the_next_episode_is_not(server: tuple[str, int], bare: dict) -> None:
    async def run() -> None:
        async with client(server[0]) as env:
            await begun(env)
            env._ws.transport.abort()
            assert "reset begins another" in checked(await env.step(CALL), "session_lost")
            checked(await env.step(CALL), "session_lost")  # and so for every further step
            rewards = []
            await env.reset(task_id=played.TASK)
            for text in played.TEXTS["oracle"]:
                result = await env.step(text)
                rewards.append(result.reward)
            assert rewards == bare["oracle"]["rewards"]

    asyncio.run(run())


def test_a_server_that_was_restarted_or_is_gone_is_void(toy_folder: Path) -> None:
    port = free_port()

    async def run() -> None:
        env = client(f"http://127.0.0.1:{port}")
        with serving(toy_folder, port=port):
            await begun(env)
        with serving(toy_folder, port=port):
            checked(await env.step(CALL), "server_restarted")
            await begun(env)
        assert "ConnectionError" in checked(await env.step(CALL), "server_gone")
        await env.close()

    asyncio.run(run())


def test_a_server_that_is_full_when_the_client_comes_back_is_void(toy_folder: Path) -> None:
    with serving(toy_folder, "--sessions", "1") as (url, _):
        asyncio.run(_full(url))


async def _full(url: str) -> None:
    env = client(url)
    await begun(env)
    env._ws.transport.abort()
    other = client(url)
    for _ in range(100):
        try:
            await other.reset(task_id=played.TASK)
            break
        except RuntimeError as error:  # the slot is not free yet
            assert "CAPACITY_REACHED" in str(error)
            await asyncio.sleep(0.05)
    checked(await env.step(CALL), "capacity")
    await other.close()
    await env.close()


def test_a_store_that_breaks_is_an_error_for_clients_that_do_not_know_of_void(failing: Failing) -> None:
    """OpenEnv's own client, which would take an observation without reward for one with reward 0, raises."""
    from openenv.core import GenericEnvClient

    async def run(url: str) -> None:
        async with client(url) as env, GenericEnvClient(base_url=url) as generic:
            await begun(env)
            await generic.reset(task_id=played.TASK)
            failing.error = OSError("gone")
            checked(await env.step(CALL), "store_failed")
            for _ in range(2):  # and again, for it has ended
                with pytest.raises(RuntimeError, match="void episode: store_failed: OSError: gone"):
                    await generic.step({"message": CALL})
            assert (await env.state()).void.startswith("store_failed")
            failing.error = None
            await begun(env)

    with in_thread(openenv.app(failing.factory)) as url:
        asyncio.run(run(url))


def test_a_client_of_openenvs_own_may_name_its_session(server: tuple[str, int]) -> None:
    from openenv.core import GenericEnvClient

    async def run() -> None:
        async with GenericEnvClient(base_url=server[0]) as env:
            session = (await env.reset(task_id=played.TASK)).observation["session"]
            assert (await env.step({"message": CALL, "session": session})).reward > 0
        async with GenericEnvClient(base_url=server[0]) as env:
            with pytest.raises(RuntimeError, match="void episode: session_lost"):
                await env.step({"message": CALL, "session": session})
            with pytest.raises(RuntimeError, match="reset"):
                await env.step({"message": CALL})  # nobody knows of an episode
            with pytest.raises(RuntimeError, match="void episode: server_restarted"):
                await env.step({"message": CALL, "session": "another.start"})

    asyncio.run(run())


def test_what_an_agent_writes_voids_nothing(server: tuple[str, int]) -> None:
    """A message that is too long for the server would cut the connection; the client does not send it."""

    async def run() -> None:
        async with client(server[0]) as env:
            await begun(env)
            for message in (
                "x" * (5 << 20),
                {"content": "\U0001f600" * (1 << 20)},
                [{"name": "ping"}] * 300_000,
            ):
                result = await env.step(message)
                assert result.observation.codes == ["unparsable"] and result.observation.void is None
            assert not result.done and result.reward is not None

    asyncio.run(run())


def test_errors_before_an_episode_are_raised(server: tuple[str, int]) -> None:
    async def run() -> None:
        async with client(server[0]) as env:
            with pytest.raises(RuntimeError, match="reset"):
                await env.step(CALL)
            with pytest.raises(RuntimeError, match="no task"):
                await env.reset(task_id="none")
        with pytest.raises(ConnectionError):
            await client(f"http://127.0.0.1:{free_port()}").step(CALL)

    asyncio.run(run())


def test_a_worker_that_is_killed_takes_its_sessions_only(toy_folder: Path) -> None:
    """The server begins another worker; sessions of the others go on."""
    import psutil

    async def run(url: str, pid: int) -> None:
        clients = [client(url) for _ in range(12)]
        for env in clients:
            await begun(env)
        victim = psutil.Process(pid).children()[-1]
        workers = [one for one in psutil.Process(pid).children() if one.net_connections("tcp")]
        victim = max(workers, key=lambda one: len(one.net_connections("tcp")))
        os.kill(victim.pid, signal.SIGKILL)
        voids = [(await env.step(CALL)).observation.void for env in clients]
        assert {one.split(":")[0] for one in voids if one} == {"session_lost"}
        for env in clients:
            await begun(env)
            await env.close()

    with serving(toy_folder, "--workers", "2") as (url, pid):
        asyncio.run(run(url, pid))
