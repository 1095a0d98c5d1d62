"""An MCP server as a source of answers, over stdio or HTTP, in every era of the protocol that the official SDK knows.

Tools come from `tools/list`. An answer is `structuredContent`, else text that parses as JSON, else `{"text": ...}`;
with `isError` it is an error of the API. A server that dies is started again by the next attempt.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, PaginatedRequestParams
from pydantic import ValidationError

from ..jsonvalues.decode import parse_json
from ..snapshot.catalog import MOST_TOOLS
from .schema import Limits, Server
from .source import Answer, Failed, Source
from .stdio import TOO_LONG, Piped
from .streamed import Streamed

FAILED = 400
"""The status of an answer with `isError`, and of one that says that the arguments are invalid."""
BROKEN = 500
"""The status of any other error of the protocol, which is kept only under `server_errors`."""
_DISCOVERY = 10.0
"""Seconds that the SDK waits for a server to say which era it is of."""
logging.getLogger("mcp").addHandler(logging.NullHandler())  # what goes wrong is reported with the call


@dataclass(frozen=True)
class Offer:
    """What a server offers: its name and version, and the tools of all pages."""

    name: str
    tools: tuple[Any, ...]


class Connection:
    """An open connection. A task of its own keeps it: the SDK's scopes are left by the task that entered them."""

    def __init__(self, server: Server, limits: Limits, folder: Path) -> None:
        self._server, self._limits, self._folder = server, limits, folder
        self._transport: Piped | Streamed | None = None
        self._leave = asyncio.Event()
        self._opened: asyncio.Future[tuple[Client, Offer]] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep())
        self.lost = False
        self.answers = 0
        """How many calls it has answered."""

    async def open(self) -> tuple[Client, Offer]:
        """The client, connected, and what the server offers. Raises `Failed`."""
        return await asyncio.shield(self._opened)

    async def close(self) -> None:
        self._leave.set()
        if not self._opened.done():
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def trouble(self) -> str:
        return "" if self._transport is None else self._transport.trouble

    async def _keep(self) -> None:
        try:
            await self._negotiated()
        finally:
            self.lost = True

    async def _negotiated(self) -> None:
        for mode in ("auto", "legacy"):
            try:
                await self._kept_open(mode)
            except Exception as error:
                if self._opened.done():
                    return  # the calls under way have failed by themselves
                ended = self.trouble.startswith("; the server ended")
                if mode == "auto" and ended and isinstance(_first(error), MCPError):
                    continue  # it may be one that the question for its era kills
                why = (
                    reason_of(error)
                    if isinstance(_first(error), Failed)
                    else f"no connection: {reason_of(error)}"
                )
                self._opened.set_exception(Failed(f"{why}{self.trouble}", again=True))
                self._opened.exception()  # somebody may have stopped waiting for it
            return

    async def _kept_open(self, mode: str) -> None:
        self._transport = self._new_transport()
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._limits.timeout + _DISCOVERY):
                client = await stack.enter_async_context(Client(self._transport, mode=mode, cache=None))
                offer = await _offer(client)
            if not self._opened.done():
                self._opened.set_result((client, offer))
            await self._leave.wait()

    def _new_transport(self) -> Piped | Streamed:
        server, most = self._server, self._limits.max_bytes
        if server.url is not None:
            return Streamed(server.url, server.headers, self._limits)
        return Piped(server.command, server.env, self._folder.resolve(), most)


async def _offer(client: Client) -> Offer:
    """Every page of tools. Raises `Failed` if they never end."""
    tools: list[Any] = []
    cursor, seen = None, set[str]()
    while True:
        page = await client.session.list_tools(
            params=None if cursor is None else PaginatedRequestParams(cursor=cursor)
        )
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            about = client.session.server_info
            return Offer(
                "MCP server" if about is None else f"{about.name} {about.version}".strip(), tuple(tools)
            )
        if cursor in seen or len(tools) > MOST_TOOLS:
            raise Failed(f"tools/list does not end: {len(tools)} tools, and the page {cursor!r:.40} again")
        seen.add(cursor)


class McpServer(Source):
    """Calls the tools of an MCP server. `drop` has the patterns of volatile fields by tool."""

    def __init__(
        self,
        server: Server,
        limits: Limits,
        folder: Path,
        secrets: Iterable[str],
        drop: Callable[[str], Iterable[str]] = lambda tool: (),
        server_errors: Callable[[str], bool] = lambda tool: False,
    ) -> None:
        super().__init__(limits, secrets)
        self._server, self._folder, self._drop, self._server_errors = server, folder, drop, server_errors
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self._name = ""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    def named(self, tool: str) -> str:
        return self._name

    async def offer(self) -> Offer:
        """What the server offers. Raises `Failed`."""
        _, _, offer = await self._connected()
        return offer

    async def attempt(self, tool: str, arguments: dict[str, Any]) -> Answer:
        await self.turn()
        connection, client, _ = await self._connected()
        before = connection.answers
        try:
            async with asyncio.timeout(self.limits.timeout):
                result = await client.session.call_tool(tool, arguments, allow_input_required=True)
        except TimeoutError as error:
            connection.lost |= connection.answers == before  # it answers nobody: another one may
            why = f"no complete answer within {self.limits.timeout:g} s{connection.trouble}"
            raise Failed(why, again=True) from error
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                connection.lost = True
                raise Failed(f"the connection ended{connection.trouble}", again=True) from error
            raise self._refusal(tool, error, connection.trouble if self._server.url else "") from error
        except Exception as error:
            if isinstance(error, ValidationError | RuntimeError) and not connection.lost:
                raise Failed(f"not an answer of the protocol: {reason_of(error)}", lasting=True) from error
            connection.lost = True
            raise Failed(
                f"the connection failed: {reason_of(error)}{connection.trouble}", again=True
            ) from error
        connection.answers += 1
        if not hasattr(result, "content"):
            raise Failed("the server asks the user for input, and there is none", lasting=True)
        return Answer(FAILED if result.is_error else 200, "", self.kept(_value(result), self._drop(tool)))

    async def _connected(self) -> tuple[Connection, Client, Offer]:
        async with self._connecting:
            if self._connection is not None and self._connection.lost:
                await self._connection.close()
                self._connection = None
            connection = self._connection = self._connection or Connection(
                self._server, self.limits, self._folder
            )
            try:
                client, offer = await connection.open()
            except Failed:
                connection.lost = True
                raise
        self._name = offer.name
        return connection, client, offer

    def _refusal(self, tool: str, error: MCPError, trouble: str) -> Failed:
        """What an error of the protocol means for a call."""
        if error.code == TOO_LONG:
            return Failed(error.message, lasting=True)
        body = self.kept({"error": {"code": error.code, "message": error.message}}, self._drop(tool))
        if error.code == INVALID_PARAMS:
            return Failed(error.message, answer=Answer(FAILED, "", body))
        answer = Answer(BROKEN, "", body) if self._server_errors(tool) else None
        return Failed(f"error {error.code}: {error.message}{trouble}", again=True, answer=answer)


def _value(result: Any) -> Any:
    """The JSON value of an answer. Raises `Failed` for content that is neither JSON nor text."""
    if result.structured_content is not None:
        return result.structured_content
    texts = [_text(block) for block in result.content]
    whole = "\n".join(texts)
    parsed = _parsed(whole)
    if parsed is None and len(texts) > 1:
        parsed = [_parsed(text) for text in texts]
        parsed = None if None in parsed else parsed
    return {"text": whole} if parsed is None else parsed


def _text(block: Any) -> str:
    if block.type == "text":
        return str(block.text)
    if block.type == "resource" and hasattr(block.resource, "text"):
        return str(block.resource.text)
    if block.type == "resource_link":
        return str(block.uri)
    raise Failed(f"an answer with {block.type}, which a snapshot does not keep", lasting=True)


def _parsed(text: str) -> Any:
    """The JSON value of a text; `None` if it is not JSON, or null."""
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        return None


def _first(error: BaseException) -> BaseException:
    """The first exception inside groups of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def reason_of(error: BaseException) -> str:
    """One line about an exception, or about the first inside a group of them."""
    first = _first(error)
    if isinstance(first, Failed):
        return first.why
    if isinstance(first, TimeoutError):
        return "the server did not answer in time"
    return (str(first).strip().splitlines() or [type(first).__name__])[0][:300]
