"""The seam of every source of answers: an HTTP API, an MCP server, Python functions.

A source makes one attempt at a call; `Source.ask` does the rest alike for all of them: even spacing, retries, backoff,
secrets. It returns an `Answer`, or `Unkept` with the reason why there is no answer to keep, and never raises because of
what the source does. No text that leaves a source contains a secret.
"""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from ..jsonvalues.canonical import MAX_DEPTH, to_text
from ..jsonvalues.decode import depth
from .pattern import removed
from .schema import Limits
from .scrub import Scrub

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to keep: `status`, content type (`kind`) and compact JSON (`text`)."""

    status: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Unkept:
    """There is no answer to keep. `lasting` is true if the source answered and would answer the same again.

    `own` is true if it may be because of what this call asks for, though the source may answer it another time.
    """

    why: str
    lasting: bool
    own: bool = False


class Failed(Exception):
    """One attempt failed. `again` says whether to try again, `after` in how many seconds at least.

    `answer` is kept if the last attempt fails so too. `lasting` and `own` are as in `Unkept`.
    """

    def __init__(
        self,
        why: str,
        again: bool = False,
        after: float | None = None,
        lasting: bool = False,
        answer: Answer | None = None,
        own: bool = False,
    ) -> None:
        self.why, self.again, self.after, self.lasting, self.answer = why, again, after, lasting, answer
        self.own = own
        super().__init__(why)


class Source(ABC):
    """What answers calls, as an async context manager. A subclass makes one attempt at a call."""

    def __init__(self, limits: Limits, secrets: Iterable[str]) -> None:
        self.limits = limits
        self.scrub = Scrub(secrets)
        self._rate = AsyncLimiter(1, 1 / limits.rate) if limits.rate else None
        self._quiet_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def named(self, tool: str) -> str:
        """What the manifest calls the source of a tool's answers; "" where the spec describes it."""
        return ""

    @abstractmethod
    async def attempt(self, tool: str, arguments: dict[str, Any]) -> Answer:
        """Ask once. Raises `Failed`, and nothing else because of what the source does."""

    async def ask(self, tool: str, arguments: dict[str, Any]) -> Answer | Unkept:
        """Make one call, with as many attempts as the limits allow."""
        if self.scrub.json(arguments) != arguments:
            return Unkept("not asked: the arguments contain a secret", lasting=False, own=True)
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.limits.attempts),
            wait=self._wait,
            retry=retry_if_exception(lambda error: isinstance(error, Failed) and error.again),
            reraise=True,
        )
        try:
            return await retrying(self.attempt, tool, arguments)
        except Failed as failed:
            return failed.answer or Unkept(self.scrub.text(failed.why), failed.lasting, failed.own)

    async def turn(self) -> None:
        """Wait until the rate allows a request and the source has not asked to wait."""
        loop = asyncio.get_running_loop()
        while (pause := self._quiet_until - loop.time()) > 0:
            await asyncio.sleep(pause)
        if self._rate is not None:
            await self._rate.acquire()

    def quiet(self, seconds: float) -> None:
        """Every request of this source waits as long, if that is not beyond the limits' patience."""
        if seconds <= self.limits.patience:
            self._quiet_until = max(self._quiet_until, asyncio.get_running_loop().time() + seconds)

    def kept(self, value: Any, drop: Iterable[str] = ()) -> str:
        """A JSON value as the text to keep: secrets masked, volatile fields dropped. Raises `Failed`."""
        try:
            if depth(value) > MAX_DEPTH:
                raise Failed(f"nested deeper than {MAX_DEPTH}", lasting=True)
            value = self.scrub.json(value)
            for pattern in drop:
                removed(value, pattern)
            text = to_text(value)
            size = len(text.encode())
        except (ValueError, TypeError, RecursionError) as error:
            raise Failed(f"not JSON: {error}", lasting=True) from error
        if size > self.limits.max_bytes:
            raise Failed(
                f"an answer of more than {self.limits.max_bytes} bytes (limits.max_bytes)", lasting=True
            )
        return text

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt: what the source asks for, else the backoff."""
        failed = state.outcome.exception() if state.outcome else None
        backoff = self.limits.backoff * 2.0 ** (state.attempt_number - 1)
        return max(min(backoff, self.limits.patience), getattr(failed, "after", None) or 0.0)


def run_apart(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine in a thread of its own: this works where an event loop is already running (a notebook)."""
    outcome: list[_Result | BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    [found] = outcome
    if isinstance(found, BaseException):
        raise found
    return found
