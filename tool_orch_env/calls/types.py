"""The records of a call's way: a parsed message, a tool call, a parse error, a violation, a result.

Frozen and without behaviour. This module knows nothing of schemas, files or tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from ..task import ToolCall as ToolCall  # defined with the golden calls, which are such calls


class Status(StrEnum):
    """What became of one emitted call."""

    __hash__ = str.__hash__  # that of its text, which it equals; an enum's own is many times slower

    OK = "ok"
    API_ERROR = "api_error"
    NOT_RECORDED = "not_recorded"
    INVALID_ARGUMENTS = "invalid_arguments"
    UNKNOWN_TOOL = "unknown_tool"
    UNPARSABLE = "unparsable"
    EPISODE_OVER = "episode_over"
    BUDGET_SPENT = "budget_spent"


STATUS_MEANINGS: Mapping[Status, str] = {
    Status.OK: "a recorded success of the real API",
    Status.API_ERROR: "a recorded error of the real API",
    Status.NOT_RECORDED: "the call is valid, and the snapshot holds no response to it",
    Status.INVALID_ARGUMENTS: "the arguments violate the tool's schema; every violation is listed",
    Status.UNKNOWN_TOOL: "no tool of that name is offered; close names are listed",
    Status.UNPARSABLE: "the call could not be read; where and why is said",
    Status.EPISODE_OVER: "the episode had ended before this step",
    Status.BUDGET_SPENT: "the episode's call budget was spent before this call",
}


@dataclass(frozen=True, slots=True)
class ParseError:
    """A call that could not be read: `where` in the message, and `why`."""

    where: str
    why: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One assistant message, read. `answer` is `None` unless the message makes no call at all."""

    calls: tuple[ToolCall, ...] = ()
    answer: str | None = None
    parse_errors: tuple[ParseError, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema: JSON pointer into the arguments, rule (schema keyword), expected, found."""

    pointer: str
    rule: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "rule": self.rule, "expected": self.expected, "found": self.found}


class CallResult(NamedTuple):
    """The environment's answer to one call.

    `text` is JSON: the recorded response as it is for `ok` and `api_error`, else an object that explains.
    """

    status: Status
    text: str
    violations: tuple[Violation, ...] = ()

    @property
    def recorded(self) -> bool:
        return self.status is Status.OK or self.status is Status.API_ERROR


class AnsweredCall(NamedTuple):
    """An emitted call with all that became known of it.

    `call` is `None` for a failure; `arguments` (normalised) and `key` are `None` where the call has no
    canonical form or its tool is not offered.
    """

    result: CallResult
    call: ToolCall | None = None
    arguments: dict[str, Any] | None = None
    key: str | None = None


def close_names(name: str, known: Sequence[str]) -> list[str]:
    """At most three known names that look like `name`, best first."""
    from difflib import get_close_matches

    return get_close_matches(name[:128], known, n=3, cutoff=0.5)
