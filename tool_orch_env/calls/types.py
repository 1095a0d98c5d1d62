"""The values that pass between the stages of a call."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of an agent. `id` is the chat API's tool_call_id, `None` where the format has none."""

    name: str
    arguments: dict[str, Any]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ParseError:
    """A call that cannot be read: `where` in the message and `why`; `id` and `name` as far as known."""

    where: str
    why: str
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One parsed message. `calls` keep the order of the message; `answer` is `None` if there is any call."""

    calls: tuple[ToolCall | ParseError, ...] = ()
    answer: str | None = None
