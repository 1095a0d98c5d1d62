"""The fields of a derived response that differ from the recorded one.

They are counts, paging, echoed arguments and computed numbers.
"""

import json
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from ..jsonvalues.canonical import plain, to_text
from .bodies import Span, spans
from .catalog import Tool
from .rules import Argument, Formula, Text

_PLACE = re.compile(r"\{([^{}]+)\}")
_AS_FLOAT = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_MOST_DEPTH = 32

OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


def changed(
    fields: Mapping[str, Any],
    tool: Tool,
    arguments: Mapping[str, Any],
    text: str,
    length: int = 0,
    more: bool = False,
) -> list[tuple[Span, str]] | None:
    """The edits that the rule's `fields` ask for; `None` if a field is missing or cannot be computed."""
    if not fields:
        return []
    places = spans(text, fields)
    edits = []
    for place, change in fields.items():
        if place not in places:
            return None
        start, end = places[place]
        new = _literal(change, tool, arguments, text, text[start:end], length, more)
        if new is None:
            return None
        edits.append(((start, end), new))
    return edits


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number_at(text: str, place: str) -> float | None:
    """The number at a pointer, `None` if there is none."""
    span = spans(text, (place,)).get(place)
    value = None if span is None else json.loads(text[span[0] : span[1]])
    return value if is_number(value) else None


def _literal(
    change: Any, tool: Tool, arguments: Mapping[str, Any], text: str, was: str, length: int, more: bool
) -> str | None:
    """The JSON text of a field's new value."""
    match change:
        case "length":
            return str(length)
        case "more":
            return "true" if more else "false"
        case Argument(argument=name):
            return _echoed(plain(tool.value_of(arguments, name)), was)
        case Text(text=template):
            return to_text(_PLACE.sub(lambda found: _shown(tool, arguments, found), template))
        case Formula():
            return _computed(change, tool, arguments, text)
    return None


def _echoed(value: Any, was: str) -> str:
    """An argument as JSON. A whole number is written as a float where the recorded one was."""
    as_float = (
        isinstance(value, int) and not isinstance(value, bool) and "." in was and _AS_FLOAT.fullmatch(was)
    )
    return to_text(float(value) if as_float else value)


def _shown(tool: Tool, arguments: Mapping[str, Any], found: re.Match[str]) -> str:
    if found[1] not in tool.properties:
        return found[0]
    value = plain(tool.value_of(arguments, found[1]))
    return value if isinstance(value, str) else to_text(value)


def _computed(change: Formula, tool: Tool, arguments: Mapping[str, Any], text: str) -> str | None:
    try:
        value = _value(change.formula, tool, arguments, text)
        if change.digits is not None:
            value = float(f"{value:.{change.digits}g}")
        elif change.decimals is not None:
            value = round(value, change.decimals)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return to_text(value) if isfinite(value) else None


def _value(operand: Any, tool: Tool, arguments: Mapping[str, Any], text: str, depth: int = 0) -> float:
    """An operand as a double. Raises `LookupError`, `TypeError` or `ValueError` if it is none."""
    if depth > _MOST_DEPTH:
        raise ValueError("nested too deep")
    if is_number(operand):
        return float(operand)
    if isinstance(operand, str):
        found = number_at(text, operand) if operand.startswith("/") else tool.value_of(arguments, operand)
        if not is_number(found):
            raise TypeError(operand)
        return float(found)  # type: ignore[arg-type]  # checked above
    if isinstance(operand, dict):
        return float(operand["in"][tool.value_of(arguments, operand["of"])])
    operator, left, right = operand
    return OPERATORS[operator](
        _value(left, tool, arguments, text, depth + 1), _value(right, tool, arguments, text, depth + 1)
    )
