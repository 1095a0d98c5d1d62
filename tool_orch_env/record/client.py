"""The HTTP client of a recording: a source that contacts only hosts that the spec names.

A redirect is followed only to an origin that the spec names. Cookies are neither kept nor sent, and the environment's
proxies and netrc are not used.
"""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import httpx

from . import body
from .origin import origin
from .request import Endpoint, build
from .source import Answer, Failed, Source
from .source import Unkept as Unkept
from .spec import Spec
from .styles import Unsendable

MAX_REDIRECTS = 5
USER_AGENT = "tool-orch-env"
_NOT_ANSWERS = {
    401: "credentials are missing or wrong",
    403: "forbidden: the credentials are not sufficient",
    407: "the proxy requires credentials",
    408: "the server timed out waiting for the request",
    425: "too early",
    429: "too many requests",
}
"""Statuses that concern the caller, not the call. They are never recorded."""
_AGAIN = (408, 425, 429)


class Client(Source):
    """A client for one spec. Use it as an async context manager."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec.file.limits, spec.secrets)
        self._spec = spec
        self._http = httpx.AsyncClient(
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={"user-agent": USER_AGENT, "accept": "application/json, */*;q=0.5"},
            timeout=httpx.Timeout(self.limits.timeout),
            limits=httpx.Limits(max_connections=self.limits.concurrency),
            trust_env=False,
            proxy=spec.proxy,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def attempt(self, tool: str, arguments: dict[str, Any]) -> Answer:
        endpoint = self._spec.endpoints[tool]
        try:
            request = build(endpoint, arguments)
        except (Unsendable, httpx.InvalidURL) as error:
            raise Failed(str(error), lasting=True) from error
        for _ in range(MAX_REDIRECTS + 1):
            await self.turn()
            try:
                async with asyncio.timeout(self.limits.timeout):
                    response, data = await self._exchange(request)
            except (TimeoutError, httpx.TimeoutException) as error:
                raise Failed(f"no complete answer within {self.limits.timeout:g} s", again=True) from error
            except httpx.TransportError as error:
                lasting = isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol)
                reason = f"{type(error).__name__}: {error}".rstrip(": ")
                raise Failed(f"the connection failed: {reason}", again=not lasting) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Failed(f"{type(error).__name__}: {error}") from error
            if not 300 <= response.status_code < 400:
                return self._read(endpoint, response, data)
            request = self._redirected(response)
        raise Failed(f"more than {MAX_REDIRECTS} redirects", lasting=True)

    async def _exchange(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        if origin(request.url) not in self._spec.origins:
            raise Failed(f"refused: {origin(request.url)} is not a host of the spec", lasting=True)
        response = await self._http.send(self._dressed(request), stream=True, follow_redirects=False)
        try:
            return response, await self._body(response)
        finally:
            await response.aclose()

    def _dressed(self, request: httpx.Request) -> httpx.Request:
        """The request with the client's own headers where it has none."""
        for name, value in self._http.headers.items():
            request.headers.setdefault(name, value)
        return request

    async def _body(self, response: httpx.Response) -> bytes:
        most, parts, size = self.limits.max_bytes, list[bytes](), 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > most:
                raise Failed(f"a body of more than {most} bytes (limits.max_bytes)", lasting=True)
            parts.append(part)
        return b"".join(parts)

    def _redirected(self, response: httpx.Response) -> httpx.Request:
        if response.next_request is None:
            raise Failed(f"status {response.status_code} without a Location header", lasting=True)
        target = origin(response.next_request.url)
        if target not in self._spec.origins:
            raise Failed(f"refused: redirected to {target}, which is not a host of the spec", lasting=True)
        return response.next_request

    def _read(self, endpoint: Endpoint, response: httpx.Response, data: bytes) -> Answer:
        status, kind = response.status_code, response.headers.get("content-type", "")
        scrub = self.scrub.with_more(cookie.value or "" for cookie in response.cookies.jar)
        after = self._asked_to_wait(response)
        if status in _NOT_ANSWERS:
            patient = after is None or after <= self.limits.patience
            wait = "" if after is None else f"; Retry-After asks to wait {after:g} s"
            raise Failed(
                f"status {status}: {_NOT_ANSWERS[status]}{wait}",
                status in _AGAIN and patient,
                after,
                own=status == 403,
            )
        try:
            answer = Answer(status, self.scrub.text(kind), body.kept(data, kind, status, endpoint, scrub))
        except body.NotJson as error:
            if status >= 500:
                raise Failed(f"status {status}: {error}", again=True, after=after) from error
            raise Failed(f"status {status}: {error}", lasting=error.lasting) from error
        if status >= 500:
            raise Failed(
                f"status {status}", again=True, after=after, answer=answer if endpoint.server_errors else None
            )
        return answer

    def _asked_to_wait(self, response: httpx.Response) -> float | None:
        """Seconds of Retry-After, `None` without one. Every request of this client waits as long."""
        text = response.headers.get("retry-after", "").strip()
        if not text or response.status_code not in (*_AGAIN, 503):
            return None
        try:
            seconds = float(text) if text.isdecimal() else _seconds_until(text)
        except ValueError:
            return None
        self.quiet(seconds)
        return seconds


def _seconds_until(date: str) -> float:
    when = parsedate_to_datetime(date)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
