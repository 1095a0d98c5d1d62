"""What a policy is: it begins one speaker per episode, and a speaker answers chat messages with an assistant message.

Errors of a policy are `PolicyError`s: the runner records them and goes on with the next episode.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ...task import Task
from ..protocols import Arena

Chat = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a policy; `tokens` has `prompt` and `completion`, or is `None` where they are not known."""

    action: Any
    tokens: dict[str, int] | None = None


class PolicyError(Exception):
    """A policy gave no answer. `kind` is one word: timeout, connection, http_500, bad_reply, raised."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}"[:500])
        self.kind = kind


Speaker = Callable[[Chat, Chat], Awaitable[Said]]


class Policy(Protocol):
    """`patience` is the longest that one answer may take, in seconds, retries included."""

    name: str
    patience: float

    async def open(self) -> None:
        """Make ready, before the first episode."""

    def begin(self, arena: Arena, task: Task, trial: int) -> Speaker:
        """What speaks in one episode."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How policies are asked. `timeout` is per request, in seconds; `tools` says how a model is told of them."""

    seed: int = 0
    timeout: float = 120.0
    retries: int = 2
    tools: Literal["native", "prompt"] = "native"
    temperature: float = 0.0
    max_tokens: int = 2048
    vllm_args: str = ""
    """Further arguments of vLLM's server."""


DEFAULT = Settings()
