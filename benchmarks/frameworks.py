"""GEM and OpenEnv with the same calls and the same responses. Needs the extras [gem] and [openenv].

GEM           its `ToolEnvWrapper` around a dictionary tool, written like GEM's own search tool: a regular expression
              finds the tag, and the text is put into a template. It does not validate, score or explain
OpenEnv       `ToolOrch-v0` as OpenEnv's `Environment` (`tool_orch_env.adapters.openenv`), called in process: measures
              what its pydantic actions and observations add
served        the same through a local server in a separate process, over one WebSocket, as OpenEnv's clients do
OpenEnv MCP   OpenEnv's own way of calling tools, in process: `MCPEnvironment` around a FastMCP dictionary tool
"""

import asyncio
import json
import logging
import multiprocessing
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from variants import ENDLESS, Step
from work import CALLS, CLOSE, OPEN, TOOL, arguments, response, snapshot, task

Dictionary = dict[str, str]


def dictionary(kilobytes: int) -> Dictionary:
    """Tool and sorted arguments -> text of the response."""
    return {
        TOOL + json.dumps(arguments(i), sort_keys=True): json.dumps(response(i, kilobytes))
        for i in range(CALLS)
    }


def gem(kilobytes: int) -> Step:
    [env] = gem_environments(dictionary(kilobytes), 1)
    env.reset(seed=0)
    return env.step  # type: ignore[no-any-return]


def gem_environments(held: Dictionary, count: int) -> list[Any]:
    """`count` instances of `ToolEnvWrapper`, each around one tool and an environment that is never reached."""
    import gem
    from gem.tools.base_tool import BaseTool
    from gem.tools.tool_env_wrapper import ToolEnvWrapper

    logging.getLogger().setLevel(logging.WARNING)  # importing it asks for INFO

    class Question(gem.Env):
        def reset(self, seed: int | None = None) -> Any:
            return "Compare flights.", {}

        def step(self, action: str) -> Any:
            return "", 0.0, True, False, {}

    class DictionaryTool(BaseTool):
        tool_type = "dictionary"

        def instruction_string(self) -> str:
            return "Call search_flights."

        def execute_action(self, action: str) -> tuple[bool, bool, str, str]:
            match = re.search(r"<tool_call>(.*?)</tool_call>", action, re.DOTALL)
            if match is None:
                return False, True, "", ""
            call = json.loads(match.group(1).strip())
            found = held.get(call["name"] + json.dumps(call["arguments"], sort_keys=True))
            text = "not found" if found is None else found
            return True, found is None, f"\n\n<information>{text}</information>\n\n", action[: match.end()]

    return [ToolEnvWrapper(Question(), [DictionaryTool()], max_tool_uses=None) for _ in range(count)]


def openenv(kilobytes: int) -> Step:
    from tool_orch_env.adapters import openenv as adapter

    env, action = adapter.environment_class()(_factory(kilobytes)), adapter.models().Action
    env.reset(seed=0)
    return lambda message: env.step(action(message=message))


def openenv_mcp(kilobytes: int) -> Step:
    from fastmcp import FastMCP
    from openenv.core.env_server.mcp_environment import MCPEnvironment
    from openenv.core.env_server.mcp_types import CallToolAction
    from openenv.core.env_server.types import Observation, State

    logging.getLogger("fastmcp").setLevel(logging.ERROR)  # it warns of every invalid call
    held, server = dictionary(kilobytes), FastMCP("bench")

    @server.tool()
    def search_flights(
        origin: str,
        dest: str,
        adults: int,
        cabin: str,
        max_price: float,
        direct: bool,
        page: int,
        date: str,
    ) -> str:
        return held.get(TOOL + json.dumps(locals_of(locals()), sort_keys=True), "not found")

    def locals_of(given: dict[str, Any]) -> dict[str, Any]:
        return {name: given[name] for name in arguments(0)}

    class Environment(MCPEnvironment):
        def reset(self, seed: int | None = None, episode_id: str | None = None, **_: Any) -> Any:
            return Observation()

        def _step_impl(self, action: Any, timeout_s: float | None = None, **_: Any) -> Any:
            return Observation(done=True)

        @property
        def state(self) -> Any:
            return State()

    env = Environment(server)
    env.reset()

    def step(message: str) -> object:
        call = json.loads(message[len(OPEN) : -len(CLOSE)])
        return env.step(CallToolAction(tool_name=call["name"], arguments=call["arguments"]))

    return step


RunOf = Callable[[int, Sequence[str]], Callable[[], int]]
"""(kilobytes, messages) -> a run of all messages; its unit is a step."""


@contextmanager
def served(sizes: Sequence[int]) -> Iterator[RunOf]:
    """Run a server in a separate process, with one port per response size and an open episode on each."""
    ports = {size: _free_port() for size in sizes}
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(ports,), daemon=True)
    process.start()
    loop = asyncio.new_event_loop()
    try:
        clients = {size: loop.run_until_complete(_connected(port)) for size, port in ports.items()}

        def run_of(size: int, sent: Sequence[str]) -> Callable[[], int]:
            async def play() -> int:
                for message in sent:
                    await clients[size].step(message)
                return len(sent)

            return lambda: loop.run_until_complete(play())

        yield run_of
        loop.run_until_complete(_closed(clients.values()))
    finally:
        loop.close()
        process.terminate()
        process.join()


async def _connected(port: int) -> Any:
    from tool_orch_env.adapters import openenv as adapter

    for _ in range(1800):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        await asyncio.sleep(0.1)
    client = await adapter.Client(base_url=f"http://127.0.0.1:{port}").connect()
    await client.reset(seed=0)
    return client


async def _closed(clients: Iterable[Any]) -> None:
    for client in clients:
        await client.close()


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _serve(ports: dict[int, int]) -> None:
    import uvicorn

    from tool_orch_env.adapters import openenv as adapter

    async def serve() -> None:
        apps = {port: adapter.app(_factory(size), idle=None) for size, port in ports.items()}
        configs = [
            uvicorn.Config(app, port=port, log_level="warning", ws_max_size=4 << 20)
            for port, app in apps.items()
        ]
        await asyncio.gather(*(uvicorn.Server(config).serve() for config in configs))

    asyncio.run(serve())


def _factory(kilobytes: int) -> Any:
    from tool_orch_env.adapters.session import SessionFactory

    return SessionFactory(snapshot=snapshot(kilobytes), tasks=[task()], **ENDLESS)
