"""MCP: one task's tools over the Model Context Protocol, so that any agent product can play an episode.

Enters: a `SessionFactory` and a task. Leaves: a server of the official SDK, over stdio or HTTP (`tool-orch serve mcp`).
The request stands in the server's instructions and in its prompt `task`. An agent product has no message that ends an
episode, so that one more tool, `submit_answer`, takes the final answer; its reply, and the line in the scores file, say
the episode's score. Each call is a turn of its own.

Over stdio an episode is the connection. Over HTTP it is the MCP session; clients of the protocol without sessions
(2026-07-28) name theirs in the URL, `/mcp?episode=NAME`, and are refused without, so that no two clients share one.
"""

import json
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..jsonvalues.canonical import to_text
from .extras import need
from .session import ANSWER_PROMPT, ANSWER_TOOL, Session, SessionFactory, answer_tool

MOST_EPISODES = 1024
"""Episodes of an HTTP server that are open at once; the one untouched for longest gives way."""


class Episodes:
    """The open episodes of a server, by the name of the client's session; each plays the same task."""

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
        """The named episode, begun if there is none. What has been idle too long is closed on the way."""
        now = time.monotonic()
        _, session = self._open.pop(name, (now, None))
        self._open[name] = (now, session := session or self._factory().reset(self._task_id))
        while len(self._open) > MOST_EPISODES or (
            self._idle is not None and now - next(iter(self._open.values()))[0] > self._idle
        ):
            self.close(next(iter(self._open)))
        return session

    def call(self, name: str, tool: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        """A call's reply, and whether it is an error."""
        session = self.get(name)
        over = session.done
        reply = session.call(tool, arguments)
        if session.done and not over:
            self._note(name, session)
        return reply, over or (tool != ANSWER_TOOL and session.codes[-1] != "ok")

    def close(self, name: str) -> None:
        """Forget an episode; one that was not over is noted as it stands."""
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
    """The SDK's low-level server; raises `UsageError` for an unknown task, or a tool that takes the answer's name."""
    need("mcp", "mcp")
    lowlevel = need("mcp.server.lowlevel", "mcp")
    types = need("mcp_types", "mcp")
    session = factory().reset(task_id)
    if ANSWER_TOOL in session.task.tools:
        raise UsageError(
            f"task {task_id}: offers a tool named {ANSWER_TOOL!r}, which MCP needs for the final answer"
        )
    tools = [_tool(types, tool["function"]) for tool in (*session.tools, answer_tool())]
    request = session.task.request

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
        content = types.TextContent(type="text", text=f"{ANSWER_PROMPT}\n\nRequest:\n{request}")
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])

    return lowlevel.Server(
        "tool_orch_env",
        instructions=f"{ANSWER_PROMPT}\n\nRequest:\n{request}",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


_UNNAMED = "this server cannot tell its clients apart: connect to /mcp?episode=NAME with a name of your own"


def episode_name(ctx: Any) -> str | None:
    """The client's episode: stdio's only one, the URL's, the MCP session's; `None` where there is none."""
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
    """Serve one connection on standard input and output, to its end."""
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
    """The Starlette app with `/mcp`. On a loopback host the SDK refuses other origins.

    An MCP session or an episode that is idle for `idle` seconds is closed; `None` never does.
    """
    episodes = Episodes(factory, task_id, scores, idle)
    served = server(factory, task_id, episodes)
    made = served.streamable_http_app(host=host, json_response=True)
    served.session_manager.session_idle_timeout = idle
    made.state.episodes = episodes
    return made
