"""MCP: serve one task's tools over the Model Context Protocol, so that any agent product can play an episode.

`tool-orch serve mcp` runs a server of the official SDK over stdio or HTTP. The request is in the server's instructions
and in its prompt `task`. Agent products have no message that ends an episode, so an extra tool, `submit_answer`, takes
the final answer; its reply contains the episode's score, and so does a line in the scores file. Each call is its own
turn.

Over stdio, an episode lasts as long as the connection. Over HTTP, it is the MCP session. Clients of the protocol
version without sessions (2026-07-28) name their episode in the URL, `/mcp?episode=NAME`; without a name they are
refused, so that no two clients share an episode.

A void episode answers every call with the error `void`, and its line in the scores file has the cause and no score. An
episode that was idle too long is noted as it stands, for its agent may have left; it is void if the client comes back.
One that was closed to make room is void at once. With a scores file, the names of open episodes are kept beside it, in
`FILE.open`: a server that was stopped or killed knows when it starts again which episodes it has lost.
"""

import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ..calls import results
from ..calls.types import Status
from ..calls.void import VoidCode, cause
from ..errors import UsageError
from ..jsonvalues.canonical import to_text
from .extras import need
from .session import ANSWER_TOOL, Session, SessionFactory, answer_tool

MOST_EPISODES = 1024
"""Maximum number of open episodes of an HTTP server. Beyond it, the least recently used one is closed."""
MOST_LOST = 65_536
"""Maximum number of closed episodes whose names a server keeps."""


class Episodes:
    """A server's open episodes by session name. All of them play the same task."""

    def __init__(
        self,
        factory: SessionFactory,
        task_id: str,
        scores: Path | None,
        idle: float | None,
        kept: bool = False,
    ) -> None:
        """`kept`: names of open episodes are kept beside the scores file, and those found there are void."""
        self._factory = factory
        self._task_id = task_id
        self._scores = scores
        self._idle = idle
        self._open: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._lost: OrderedDict[str, str] = OrderedDict()
        self._idled = set[str]()
        self._names = scores.with_name(f"{scores.name}.open") if scores and kept else None
        if self._names is not None and self._names.exists():
            for name in json.loads(self._names.read_bytes()):
                self._lose(name, cause(VoidCode.SERVER_RESTARTED), None)
            self._keep_names()

    def __len__(self) -> int:
        return len(self._open)

    def get(self, name: str) -> Session:
        """The named episode; started if there is none. Also closes episodes that have been idle too long."""
        now = time.monotonic()
        _, session = self._open.pop(name, (now, None))
        begun = session is None
        self._open[name] = (now, session := session or self._factory().reset(self._task_id))
        while self._idle is not None and now - next(iter(self._open.values()))[0] > self._idle:
            self.close(next(iter(self._open)), VoidCode.SESSION_IDLE)
        while len(self._open) > MOST_EPISODES:
            self.close(next(iter(self._open)), VoidCode.CAPACITY)
        if begun:
            self._keep_names()
        return session

    def call(self, name: str, tool: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        """Make a call; return its reply and whether it is an error."""
        if name in self._lost:
            self.returned(name)
            return results.refused(Status.VOID, f"this episode is void: {self._lost[name]}").text, True
        session = self.get(name)
        over, before = session.done, len(session.codes)
        reply = session.call(tool, arguments)
        if session.done and not over:
            self._note(name, session, session.void)
            self._keep_names()
        failed = over or session.void is not None or any(code != "ok" for code in session.codes[before:])
        return reply, failed

    def close(self, name: str, why: VoidCode | None = None) -> None:
        """Drop an episode. If it was not over, it is noted as it stands, or as void for other reasons than idleness."""
        _, session = self._open.pop(name, (0.0, None))
        if session is not None and not session.done:
            if why is None:
                self._note(name, session, None)
            else:
                self._lose(name, cause(why), session)
        self._keep_names()

    def returned(self, name: str) -> None:
        """A client has come back to an episode. If that was closed as idle, it is now known to be void."""
        if name in self._idled:
            self._idled.remove(name)
            self._note(name, None, self._lost[name])

    def close_all(self, why: VoidCode | None = None) -> None:
        for name in list(self._open):
            self.close(name, why)

    def _lose(self, name: str, why: str, session: Session | None) -> None:
        """Note an episode, and answer its client `void` if it comes back."""
        idle = why == VoidCode.SESSION_IDLE
        self._lost[name] = why
        self._idled |= {name} if idle else set()
        while len(self._lost) > MOST_LOST:
            self._idled.discard(self._lost.popitem(last=False)[0])
        self._note(name, session, None if idle else why)

    def _keep_names(self) -> None:
        """Write the names of episodes that are not over, in one move."""
        if self._names is None:
            return
        names = [name for name, (_, session) in self._open.items() if not session.done]
        draft = self._names.with_name(f"{self._names.name}.new")
        draft.write_text(to_text(names), encoding="utf-8")
        draft.replace(self._names)

    def _note(self, name: str, session: Session | None, void: str | None) -> None:
        if self._scores is None:
            return
        line: dict[str, Any] = {"episode": name, "task_id": self._task_id}
        if session is not None:
            line |= {"over": session.done, "components": session.components(), "rewards": session.rewards}
        line["score"] = session.episode_score if session and not void else None
        line |= {"void": void} if void else {}
        with self._scores.open("a", encoding="utf-8") as file:
            file.write(to_text(line) + "\n")


def server(factory: SessionFactory, task_id: str, episodes: Episodes) -> Any:
    """The SDK's low-level server. Raises `UsageError` if the task is unknown or has a tool named like `ANSWER_TOOL`."""
    need("mcp", "mcp")
    lowlevel = need("mcp.server.lowlevel", "mcp")
    types = need("mcp_types", "mcp")
    session = factory().reset(task_id)
    if session.submit_name is None and ANSWER_TOOL in session.task.tools:
        raise UsageError(
            f"task {task_id}: it offers a tool named {ANSWER_TOOL!r}, but MCP needs that name for the final answer"
        )
    offered = session.tools if session.submit_name else [*session.tools, answer_tool()]
    tools = [_tool(types, tool["function"]) for tool in offered]
    request, prompt = session.task.request, session.answer_prompt

    async def list_tools(ctx: Any, params: Any) -> Any:
        return types.ListToolsResult(tools=tools)

    async def call_tool(ctx: Any, params: Any) -> Any:
        name = episode_name(ctx)
        if name is None:
            text, failed = to_text({"error": {"code": "no_episode", "message": _UNNAMED}}), True
        else:
            text, failed = episodes.call(name, params.name, params.arguments or {})
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

    async def list_prompts(ctx: Any, params: Any) -> Any:
        return types.ListPromptsResult(
            prompts=[types.Prompt(name="task", description="The request to fulfil.")]
        )

    async def get_prompt(ctx: Any, params: Any) -> Any:
        content = types.TextContent(type="text", text=f"{prompt}\n\nRequest:\n{request}")
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])

    return lowlevel.Server(
        "tool_orch_env",
        instructions=f"{prompt}\n\nRequest:\n{request}",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


_UNNAMED = "this server cannot tell its clients apart: connect to /mcp?episode=NAME with a unique name"


def episode_name(ctx: Any) -> str | None:
    """The client's episode: `stdio`, or the name in the URL, or the MCP session id; `None` if there is none."""
    if ctx.request is None:
        return "stdio"
    name = ctx.request.query_params.get("episode") or ctx.request.headers.get("mcp-session-id")
    return name[:128] if name else None


def _tool(types: Any, function: dict[str, Any]) -> Any:
    return types.Tool(
        name=function["name"],
        description=function["description"],
        input_schema=json.loads(json.dumps(function["parameters"])),
    )


async def serve_stdio(factory: SessionFactory, task_id: str, scores: Path | None = None) -> None:
    """Serve one connection on standard input and output until it closes."""
    stdio = need("mcp.server.stdio", "mcp")
    episodes = Episodes(factory, task_id, scores, None)
    made = server(factory, task_id, episodes)
    try:
        async with stdio.stdio_server() as (read, write):
            await made.run(read, write, made.create_initialization_options())
    finally:
        episodes.get("stdio")
        episodes.close_all()


def app(
    factory: SessionFactory,
    task_id: str,
    scores: Path | None = None,
    idle: float | None = 900.0,
    host: str = "127.0.0.1",
) -> Any:
    """The Starlette app, which serves `/mcp`. On a loopback host, the SDK refuses other origins.

    An MCP session or an episode is closed after `idle` seconds without activity; `None` disables this.
    """
    episodes = Episodes(factory, task_id, scores, idle, kept=True)
    served = server(factory, task_id, episodes)
    made = served.streamable_http_app(host=host, json_response=True)
    served.session_manager.session_idle_timeout = idle
    made.add_middleware(_Returning, episodes=episodes)
    running = made.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        try:
            async with running(app) as state:
                yield state
        finally:  # here, because uvicorn ends the process by the signal that stopped it
            episodes.close_all(VoidCode.SERVER_RESTARTED)

    made.router.lifespan_context = lifespan
    made.state.episodes = episodes
    return made


class _Returning:
    """ASGI middleware: the SDK answers 404 to a client whose session it has closed; its episode is void then."""

    def __init__(self, app: Any, episodes: Episodes) -> None:
        self._app, self._episodes = app, episodes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope.get("headers") or ()).get(b"mcp-session-id", b"").decode("latin-1")
        named = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("episode", [given])
        name = named[0][:128]

        async def seen(message: Any) -> None:
            if name and message["type"] == "http.response.start" and message["status"] == 404:
                self._episodes.returned(name)
            await send(message)

        await self._app(scope, receive, seen)
