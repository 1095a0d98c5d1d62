"""The interface of a policy.

A policy begins one speaker per episode; a speaker answers chat messages with an assistant message. The runner records
a `PolicyError` with its episode and continues with the next one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ...task import Task
from ..protocols import Arena

Chat = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a policy. `tokens` has the counts `prompt` and `completion`, or is `None` if they are unknown."""

    action: Any
    tokens: dict[str, int] | None = None


class PolicyError(Exception):
    """A policy failed to answer.

    `kind` is one of timeout, connection, http_STATUS, bad_reply, bad_return, raised.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}"[:500])
        self.kind = kind


Speaker = Callable[[Chat, Chat], Awaitable[Said]]


class Policy(Protocol):
    """`patience` is the time limit for one answer in seconds, retries included."""

    name: str
    patience: float

    async def open(self) -> None:
        """Prepare; called before the first episode."""

    def begin(self, arena: Arena, task: Task, trial: int) -> Speaker:
        """The speaker of one episode."""

    async def close(self) -> None:
        """Close connections; called after the last episode."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How policies are queried.

    `timeout` is in seconds per request. `tools` says how a model sees its tools: as the API's `tools` parameter
    (`native`) or in the system prompt (`prompt`). What is `None` was not asked for.
    """

    seed: int = 0
    timeout: float = 120.0
    retries: int = 2
    tools: Literal["native", "prompt"] = "native"
    temperature: float = 0.0
    max_tokens: int = 2048
    vllm_args: str = ""
    """Extra command-line arguments for vLLM's server."""
    tool_call_parser: str | None = None
    """The parser by which vLLM's server finds calls in a model's text; `None` is hermes."""
    reasoning_parser: str | None = None
    """The parser by which vLLM's server separates reasoning from the answer; `None` leaves it in the text."""
    call_format: str | None = None
    """With `tools="prompt"`, the form of tools, calls and results, from `calls.write.FORMATS`; `None` is hermes."""


DEFAULT = Settings()
