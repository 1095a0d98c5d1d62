"""MCP over HTTP with the SDK's transport: nobody but the server's origin is asked, and a body has a limit."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from .schema import Limits


class Streamed:
    """A transport of the SDK to the server at `url`. The environment's proxies and netrc are not used."""

    def __init__(self, url: str, headers: Mapping[str, str], limits: Limits) -> None:
        self._url, self._stack = url, AsyncExitStack()
        self.trouble = ""
        """What the server did wrong last, as the end of a sentence; "" if nothing."""
        self._client = httpx2.AsyncClient(
            headers={**headers, "accept-encoding": "identity"},
            timeout=httpx2.Timeout(limits.timeout),
            transport=_Bounded(limits, self._note),
            trust_env=False,
        )

    async def __aenter__(self) -> Any:
        await self._stack.enter_async_context(self._client)
        transport = streamable_http_client(self._url, http_client=self._client)
        return await self._stack.enter_async_context(transport)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def _note(self, what: str) -> None:
        self.trouble = f"; {what}"


class _TooLong(httpx2.TransportError):
    """A body is longer than the limit, or compressed, so that its length is not known."""


class _Bounded(httpx2.AsyncHTTPTransport):
    """Ends a response whose body goes beyond the limit, and notes what goes wrong."""

    def __init__(self, limits: Limits, note: Callable[[str], None]) -> None:
        super().__init__(limits=httpx2.Limits(max_connections=limits.concurrency + 2))
        self._most, self._note = limits.max_bytes, note

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        status = response.status_code
        if status >= 300 and request.method == "POST":
            self._note(f"the server answered with status {status}")
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise self._beyond("a compressed body, which was not asked for")
        response.stream = _Counted(response.stream, self._most, self._beyond)
        return response

    def _beyond(self, what: str) -> _TooLong:
        self._note(what)
        return _TooLong(what)


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: Any, most: int, beyond: Callable[[str], _TooLong]) -> None:
        self._stream, self._most, self._beyond = stream, most, beyond

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > self._most:
                raise self._beyond(f"an answer of more than {self._most} bytes (limits.max_bytes)")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
