"""MCP: serve one task's tools over the Model Context Protocol, so that any agent product can play an episode.

`tool-orch serve mcp` runs a server of the official SDK over stdio or HTTP. The request is in the server's instructions
and in its prompt `task`. Agent products have no message that ends an episode, so an extra tool, `submit_answer`, takes
the final answer; its reply contains the episode's score, and so does a line in the scores file. Each call is its own
turn.

Over stdio, an episode lasts as long as the connection. Over HTTP, it is the MCP session. Clients of the protocol
version without sessions (2026-07-28) name their episode in the URL, `/mcp?episode=NAME`; without a name they are
refused, so that no two clients share an episode.
"""

import json
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..jsonvalues.canonical import to_text
from .extras import need
from .session import ANSWER_TOOL, Session, SessionFactory, answer_tool

MOST_EPISODES = 1024
"""Maximum number of open episodes of an HTTP server. Beyond it, the least recently used one is closed."""


class Episodes:
    """A server's open episodes by session name. All of them play the same task."""

    def __init__(
        self, factory: SessionFactory, task_id: str, scores: Path | None, idle: float | None
    ) -> None:
        self._factory = factory
        self._task_id = task_id
        self._scores = scores
        self._idle = idle
        self._open: OrderedDict[str, tuple[float, Session]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def get(self, name: str) -> Session:
        """The named episode; started if there is none. Also closes episodes that have been idle too long."""
        now = time.monotonic()
        _, session = self._open.pop(name, (now, None))
        self._open[name] = (now, session := session or self._factory().reset(self._task_id))
        while len(self._open) > MOST_EPISODES or (
            self._idle is not None and now - next(iter(self._open.values()))[0] > self._idle
        ):
            self.close(next(iter(self._open)))
        return session

    def call(self, name: str, tool: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        """Make a call; return its reply and whether it is an error."""
        session = self.get(name)
        over, before = session.done, len(session.codes)
        reply = session.call(tool, arguments)
        if session.done and not over:
            self._note(name, session)
        return reply, over or any(code != "ok" for code in session.codes[before:])

    def close(self, name: str) -> None:
        """Drop an episode. If it was not over, its current score is written to the scores file."""
        _, session = self._open.pop(name, (0.0, None))
        if session is not None and not session.done:
            self._note(name, session)

    def close_all(self) -> None:
        for name in list(self._open):
            self.close(name)

    def _note(self, name: str, session: Session) -> None:
        if self._scores is None:
            return
        line = {
            "episode": name,
            "task_id": self._task_id,
            "over": session.done,
            "score": session.episode_score,
            "components": session.components(),
            "rewards": session.rewards,
        }
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
    episodes = Episodes(factory, task_id, scores, idle)
    served = server(factory, task_id, episodes)
    made = served.streamable_http_app(host=host, json_response=True)
    served.session_manager.session_idle_timeout = idle
    made.state.episodes = episodes
    return made
