"""The nouns on the way of a call, and the one canonical form of a call's arguments.

Enters: names and JSON values. Leaves: frozen records, canonical text, replay keys.
Knows nothing of schemas, files or tasks.

Canonical form (format 1, held by golden files): keys sorted by code point, UTF-8, no spaces, no escapes
beyond what JSON demands; an integral float is written as the integer it equals (2.0 is 2, -0.0 is 0);
other floats as Python's shortest repr. NaN, infinities, numbers beyond a double's range, lone surrogates
and nesting deeper than 64 have no canonical form.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from math import isfinite
from typing import Any, NamedTuple

MAX_DEPTH = 64
_MAX_NUMBER = int(sys.float_info.max)
_EXACT: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (str, str.__str__),  # not `str`: a subclass may spell itself otherwise, an enum does
    (int, int.__int__),
    (float, float.__float__),
    (dict, dict),
    (list, list),
    (tuple, list),
)
_AS_IS = frozenset({str, bool, type(None)})

encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Canonical text of a value that `plain` returned."""

to_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Compact JSON that keeps the order of keys: how responses and replies are written."""


class NotCanonical(ValueError):
    """A value is no finite, UTF-8, reasonably nested JSON. The message says which and where."""


def plain(value: Any, depth: int = 0) -> Any:
    """The JSON value behind `value`, integral floats made integers; raises `NotCanonical`."""
    kind = type(value)
    if kind in _AS_IS:
        return value
    if kind is int:
        if -_MAX_NUMBER <= value <= _MAX_NUMBER:
            return value
        raise NotCanonical("a number beyond the range of a double")
    if kind is float:
        if value.is_integer():
            return int(value)
        if isfinite(value):
            return value
        raise NotCanonical("a number that is NaN or infinite")
    if depth >= MAX_DEPTH:
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}")
    if kind is dict:
        for name in value:
            if type(name) is not str:
                raise NotCanonical(f"an object key of type {type(name).__name__}")
        return {k: v if type(v) in _AS_IS else plain(v, depth + 1) for k, v in value.items()}
    if kind is list or kind is tuple:
        return [v if type(v) in _AS_IS else plain(v, depth + 1) for v in value]
    for base, exact in _EXACT:
        if isinstance(value, base):  # a subclass, numpy.float64 say
            return plain(exact(value), depth)
    raise NotCanonical(f"a value of type {kind.__name__}, which is not JSON")


def canonical(value: Any) -> str:
    """Canonical text of any JSON value; raises `NotCanonical`."""
    text = encode(plain(value))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate, which is not UTF-8") from error
    return text


def replay_key(tool: str, canonical_arguments: str) -> str:
    """blake2b-128 over tool name and canonical arguments, 32 hex digits; raises `NotCanonical`."""
    try:
        return blake2b(f"{tool}\n{canonical_arguments}".encode(), digest_size=16).hexdigest()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate, which is not UTF-8") from error


class Code(StrEnum):
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


MEANING: Mapping[Code, str] = {
    Code.OK: "a recorded success of the real API",
    Code.API_ERROR: "a recorded error of the real API",
    Code.NOT_RECORDED: "the call is valid, and the snapshot holds no response to it",
    Code.INVALID_ARGUMENTS: "the arguments violate the tool's schema; every violation is listed",
    Code.UNKNOWN_TOOL: "no tool of that name is offered; close names are listed",
    Code.UNPARSABLE: "the call could not be read; where and why is said",
    Code.EPISODE_OVER: "the episode had ended before this step",
    Code.BUDGET_SPENT: "the episode's call budget was spent before this call",
}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One emitted call. `id` is the chat API's tool_call_id, `None` where the format has none."""

    name: str
    arguments: dict[str, Any]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that could not be read: `where` in the message, and `why`."""

    where: str
    why: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One assistant message, read. `answer` is `None` unless the message makes no call at all."""

    calls: tuple[ToolCall, ...] = ()
    answer: str | None = None
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema: JSON pointer into the arguments, rule (schema keyword), expected, found."""

    pointer: str
    rule: str
    expected: str
    found: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "rule": self.rule, "expected": self.expected, "found": self.found}


class Reply(NamedTuple):
    """The environment's answer to one call.

    `text` is JSON: the recorded response as it is for `ok` and `api_error`, else an object that explains.
    """

    code: Code
    text: str
    violations: tuple[Violation, ...] = ()

    @property
    def recorded(self) -> bool:
        return self.code is Code.OK or self.code is Code.API_ERROR


class Answered(NamedTuple):
    """An emitted call with all that became known of it.

    `call` is `None` for a failure; `arguments` (normalised) and `key` are `None` where the call has no
    canonical form or its tool is not offered.
    """

    reply: Reply
    call: ToolCall | None = None
    arguments: dict[str, Any] | None = None
    key: str | None = None


def close_names(name: str, known: Sequence[str]) -> list[str]:
    """At most three known names that look like `name`, best first."""
    from difflib import get_close_matches

    return get_close_matches(name[:128], known, n=3, cutoff=0.5)
