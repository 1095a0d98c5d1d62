"""Validating the arguments of a call against the schema of its tool.

Only calls that are not recorded are validated: recorded calls are valid, because recording validates them. Violations
are data for the agent, sorted by pointer and rule.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.canonical import encode, to_text
from ..snapshot.catalog import Tool
from ..snapshot.schema import additional
from .types import Violation

MAX_VIOLATIONS = 32
"""Maximum violations reported for one call."""
MAX_SHOWN = 400
"""Maximum characters shown of a pointer, an expected value or a found value."""


def validate(tool: Tool, arguments: dict[str, Any]) -> tuple[Violation, ...]:
    """The violations of the tool's schema, at most `MAX_VIOLATIONS`, without duplicates; empty if the call is valid."""
    in_order = json.loads(encode(arguments))  # the cap must not depend on the order of the arguments
    found: dict[Violation, None] = {}
    for violation in _violations(tool, in_order):
        found[violation] = None
        if len(found) == MAX_VIOLATIONS:
            break
    return tuple(sorted(found, key=lambda v: (v.pointer, v.rule)))


def outside(tool: Tool, arguments: dict[str, Any]) -> tuple[Violation, ...]:
    """The arguments of a valid call that are outside the tool's declared domain, in the order of the domain."""
    return tuple(
        Violation(_place(name), "domain", _cut(expected), _shown(found))
        for name, expected, found in tool.outside(arguments)
    )


def _violations(tool: Tool, arguments: dict[str, Any]) -> Iterator[Violation]:
    for error in tool.validator.iter_errors(arguments):
        yield from _RULES.get(str(error.validator), _general)(error)


def _general(error: Any) -> Iterator[Violation]:
    yield Violation(
        _place(*error.absolute_path),
        error.validator or "false",  # the schema `false`, which has no keyword
        _shown(error.validator_value),
        _shown(error.instance),
    )


def _required(error: Any) -> Iterator[Violation]:
    for name in error.validator_value:
        if name not in error.instance:
            yield Violation(_place(*error.absolute_path, name), "required", "a value", "nothing")


def _additional(error: Any) -> Iterator[Violation]:
    known = error.schema.get("properties", {})
    expected = "one of " + ", ".join(known) if known else "no parameters"
    for name in additional(error.instance, error.schema):
        place = _place(*error.absolute_path, name)
        yield Violation(place, "additionalProperties", _cut(expected), _shown(error.instance[name]))


_RULES: dict[str, Callable[[Any], Iterator[Violation]]] = {
    "required": _required,
    "additionalProperties": _additional,
}


def _place(*parts: str | int) -> str:
    return _cut(pointer.join(*parts))


def _shown(value: Any) -> str:
    return _cut(to_text(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
