"""MCP over HTTP with the SDK's transport: nobody but the server's origin is asked, and a body has a limit."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from .schema import Limits


class TooLong(httpx2.TransportError):
    """A body is longer than the limit, or compressed, so that its length is not known."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._most = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > self._most:
                raise TooLong(f"an answer of more than {self._most} bytes (limits.max_bytes)")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Transport(httpx2.AsyncHTTPTransport):
    """Ends a response whose body goes beyond the limit."""

    def __init__(self, most: int, **more: Any) -> None:
        super().__init__(**more)
        self._most = most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise TooLong("a compressed body, which was not asked for")
        response.stream = _Bounded(response.stream, self._most)
        return response


@asynccontextmanager
async def streamed(url: str, headers: Mapping[str, str], limits: Limits) -> AsyncIterator[Any]:
    """The transport to the server at `url`. The environment's proxies and netrc are not used."""
    client = httpx2.AsyncClient(
        headers={**headers, "accept-encoding": "identity"},
        timeout=httpx2.Timeout(limits.timeout),
        transport=_Transport(limits.max_bytes, limits=httpx2.Limits(max_connections=limits.concurrency + 2)),
        trust_env=False,
    )
    async with client, streamable_http_client(url, http_client=client) as streams:
        yield streams
