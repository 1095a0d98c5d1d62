"""The types of a tool call: parsed message, call, parse error, violation, call result.

They are immutable and without behaviour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from ..task import ToolCall as ToolCall  # defined in `task`, because golden calls become tool calls

MAX_WHY = 280
"""Characters of the reason why a call cannot be read."""


class Status(StrEnum):
    """The outcome of a call. Part of its result, and shown to the agent as `code`."""

    __hash__ = str.__hash__  # many times faster than the enum's, and equal members have equal text

    OK = "ok"
    API_ERROR = "api_error"
    NOT_RECORDED = "not_recorded"
    INVALID_ARGUMENTS = "invalid_arguments"
    UNKNOWN_TOOL = "unknown_tool"
    UNPARSABLE = "unparsable"
    EPISODE_OVER = "episode_over"
    BUDGET_SPENT = "budget_spent"
    VOID = "void"


STATUS_MEANINGS: Mapping[Status, str] = {
    Status.OK: "a success of the real API, recorded or derived from recorded responses",
    Status.API_ERROR: "an error of the real API, recorded or derived from recorded responses",
    Status.NOT_RECORDED: "the call is valid, and the snapshot holds no response to it",
    Status.INVALID_ARGUMENTS: "the arguments violate the tool's schema; every violation is listed",
    Status.UNKNOWN_TOOL: "no tool of that name is offered; close names are listed",
    Status.UNPARSABLE: "the call could not be read; where and why is said",
    Status.EPISODE_OVER: "the episode had ended before this step",
    Status.BUDGET_SPENT: "the episode's call budget was spent before this call",
    Status.VOID: "the environment failed; the episode is void and has ended",
}
"""What each status means, in the words of docs/environment.md."""


@dataclass(frozen=True, slots=True)
class ParseError:
    """A call that cannot be read: data, not an exception.

    `where` is its place in the message and `why` the reason, cut at `MAX_WHY` characters, since it may quote the
    message; `id` and `name` are those of the call as far as known. `nameless`: it was read as an object, and what is
    wrong is that it has no tool name.
    """

    where: str
    why: str
    id: str | None = None
    name: str | None = None
    nameless: bool = False

    def __post_init__(self) -> None:
        if len(self.why) > MAX_WHY:
            object.__setattr__(self, "why", f"{self.why[: MAX_WHY - 1]}…")


@dataclass(frozen=True, slots=True)
class Turn:
    """A parsed assistant message: its calls in the order of the message, those that cannot be read included.

    `answer` is `None` unless the message makes no call at all.
    """

    calls: tuple[ToolCall | ParseError, ...] = ()
    answer: str | None = None

    @property
    def parse_errors(self) -> tuple[ParseError, ...]:
        """The calls that cannot be read."""
        return tuple([call for call in self.calls if isinstance(call, ParseError)])


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of a tool's schema.

    `pointer` is a JSON Pointer into the arguments, `rule` the schema keyword; `expected` and `found` are texts.
    """

    pointer: str
    rule: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "rule": self.rule, "expected": self.expected, "found": self.found}


class CallResult(NamedTuple):
    """The environment's answer to one call.

    `text` is JSON: the unchanged response of the API for `ok` and `api_error`, otherwise an error object. `derived`:
    the response follows from recorded ones by a rule of the tool.
    """

    status: Status
    text: str
    violations: tuple[Violation, ...] = ()
    derived: bool = False

    @property
    def recorded(self) -> bool:
        """Whether `text` is a response of the API, recorded or derived."""
        return self.status is Status.OK or self.status is Status.API_ERROR


class AnsweredCall(NamedTuple):
    """A tool call and its result.

    For a call that cannot be read, `call` is `None` and `error` says why. `arguments` (normalised) and `key` (the
    replay key) are `None` if the call has no canonical form or its tool is not offered. `final`: the call is the final
    answer, accepted by its tool.
    """

    result: CallResult
    call: ToolCall | None = None
    arguments: dict[str, Any] | None = None
    key: str | None = None
    error: ParseError | None = None
    final: bool = False

    @property
    def recorded(self) -> bool:
        """Whether the result is a response of the API, recorded or derived."""
        return self.result.recorded and not self.final

    @property
    def given_id(self) -> str | None:
        """The id that the message gave it."""
        return self.call.id if self.call else self.error.id if self.error else None

    @property
    def name(self) -> str | None:
        """The name it was called with, `None` where that could not be read."""
        return self.call.name if self.call else self.error.name if self.error else None


def close_names(name: str, known: Sequence[str]) -> list[str]:
    """At most three known names similar to `name`, most similar first."""
    from difflib import get_close_matches

    return get_close_matches(name[:128], known, n=3, cutoff=0.5)
