"""The HTTP client of a recording. It spaces its requests evenly, retries, and contacts only hosts that the spec names.

`ask` returns an `Answer`, or `Unkept` with the reason why there is no answer to keep. A redirect is followed only to an
origin that the spec names. Cookies are neither kept nor sent, and the environment's proxies and netrc are not used.
No text that leaves this module contains a secret.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any

import httpx
from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from . import body
from .origin import origin
from .request import Endpoint, build
from .scrub import Scrub
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


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to keep: `status`, content type (`kind`) and compact JSON (`text`)."""

    status: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Unkept:
    """There is no answer to keep. `lasting` is true if the API answered and would answer the same again."""

    why: str
    lasting: bool


class _Fault(Exception):
    """One attempt failed. `again` says whether to try again, `after` in how many seconds at least."""

    def __init__(
        self,
        why: str,
        again: bool = False,
        after: float | None = None,
        lasting: bool = False,
        answer: Answer | None = None,
    ) -> None:
        self.why, self.again, self.after, self.lasting, self.answer = why, again, after, lasting, answer
        super().__init__(why)


class Client:
    """A client for one spec. Use it as an async context manager."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._limits = spec.file.limits
        self._scrub = Scrub(spec.secrets)
        self._rate = AsyncLimiter(1, 1 / self._limits.rate) if self._limits.rate else None
        self._quiet_until = 0.0
        self._http = httpx.AsyncClient(
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={"user-agent": USER_AGENT, "accept": "application/json, */*;q=0.5"},
            timeout=httpx.Timeout(self._limits.timeout),
            limits=httpx.Limits(max_connections=self._limits.concurrency),
            trust_env=False,
            proxy=spec.proxy,
        )

    async def __aenter__(self) -> "Client":
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def ask(self, tool: str, arguments: dict[str, Any]) -> Answer | Unkept:
        """Make one call. Never raises because of what the API does."""
        endpoint = self._spec.endpoints[tool]
        if not endpoint.safe:
            return Unkept(f"not asked: {endpoint.method} may change something (openapi.safe)", lasting=False)
        if self._scrub.json(arguments) != arguments:
            return Unkept("not asked: the arguments contain a secret", lasting=False)
        try:
            request = build(endpoint, arguments)
        except (Unsendable, httpx.InvalidURL) as error:
            return Unkept(self._scrub.text(str(error)), lasting=True)
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._wait,
            retry=retry_if_exception(lambda error: isinstance(error, _Fault) and error.again),
            reraise=True,
        )
        try:
            return await retrying(self._attempt, endpoint, request)
        except _Fault as fault:
            if fault.answer is not None and endpoint.server_errors:
                return fault.answer
            return Unkept(self._scrub.text(fault.why), fault.lasting)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt: what Retry-After asks, else the backoff."""
        fault = state.outcome.exception() if state.outcome else None
        backoff = self._limits.backoff * 2.0 ** (state.attempt_number - 1)
        return max(min(backoff, self._limits.patience), getattr(fault, "after", None) or 0.0)

    async def _attempt(self, endpoint: Endpoint, request: httpx.Request) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            await self._turn()
            try:
                async with asyncio.timeout(self._limits.timeout):
                    response, data = await self._exchange(request)
            except (TimeoutError, httpx.TimeoutException) as error:
                raise _Fault(f"no complete answer within {self._limits.timeout:g} s", again=True) from error
            except httpx.TransportError as error:
                lasting = isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol)
                reason = f"{type(error).__name__}: {error}".rstrip(": ")
                raise _Fault(f"the connection failed: {reason}", again=not lasting) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _Fault(f"{type(error).__name__}: {error}") from error
            if not 300 <= response.status_code < 400:
                return self._read(endpoint, response, data)
            request = self._redirected(response)
        raise _Fault(f"more than {MAX_REDIRECTS} redirects", lasting=True)

    async def _turn(self) -> None:
        """Wait until the rate allows a request and nobody was told to wait."""
        loop = asyncio.get_running_loop()
        while (pause := self._quiet_until - loop.time()) > 0:
            await asyncio.sleep(pause)
        if self._rate is not None:
            await self._rate.acquire()

    async def _exchange(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        if origin(request.url) not in self._spec.origins:
            raise _Fault(f"refused: {origin(request.url)} is not a host of the spec", lasting=True)
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
        most, parts, size = self._limits.max_bytes, list[bytes](), 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > most:
                raise _Fault(f"a body of more than {most} bytes (limits.max_bytes)", lasting=True)
            parts.append(part)
        return b"".join(parts)

    def _redirected(self, response: httpx.Response) -> httpx.Request:
        if response.next_request is None:
            raise _Fault(f"status {response.status_code} without a Location header", lasting=True)
        target = origin(response.next_request.url)
        if target not in self._spec.origins:
            raise _Fault(f"refused: redirected to {target}, which is not a host of the spec", lasting=True)
        return response.next_request

    def _read(self, endpoint: Endpoint, response: httpx.Response, data: bytes) -> Answer:
        status, kind = response.status_code, response.headers.get("content-type", "")
        scrub = self._scrub.with_more(cookie.value or "" for cookie in response.cookies.jar)
        after = self._asked_to_wait(response)
        if status in _NOT_ANSWERS:
            patient = after is None or after <= self._limits.patience
            wait = "" if after is None else f"; Retry-After asks to wait {after:g} s"
            raise _Fault(
                f"status {status}: {_NOT_ANSWERS[status]}{wait}", status in _AGAIN and patient, after
            )
        try:
            answer = Answer(status, self._scrub.text(kind), body.kept(data, kind, status, endpoint, scrub))
        except body.NotJson as error:
            if status >= 500:
                raise _Fault(f"status {status}: {error}", again=True, after=after) from error
            raise _Fault(f"status {status}: {error}", lasting=error.lasting) from error
        if status >= 500:
            raise _Fault(f"status {status}", again=True, after=after, answer=answer)
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
        if seconds <= self._limits.patience:
            self._quiet_until = max(self._quiet_until, asyncio.get_running_loop().time() + seconds)
        return seconds


def _seconds_until(date: str) -> float:
    when = parsedate_to_datetime(date)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
