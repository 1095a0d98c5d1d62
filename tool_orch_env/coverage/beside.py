"""Looks beside a golden call: a neighbouring date or number, another listed value, origin and destination swapped."""

import random
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

from ..snapshot.catalog import Tool
from ..task import GoldenCall
from . import parameters
from .trace import Arguments, Strand, Trace, Wording

_DAYS = (-1, 1, 7, -7)
"""Steps to the days around a date, and to the same day of the weeks around it."""
_STEPS = (-1, 1)
"""Steps to neighbouring numbers and hours."""


def beside(trace: Trace, call: GoldenCall, rng: random.Random) -> Iterator[Strand]:
    """Looks beside one golden call, by parameter. Some may not be valid."""
    tool, given = trace.catalog[call.tool], call.arguments
    for name in tool.properties:
        value = tool.value_of(given, name)
        if value is not None and not parameters.is_limit(tool, name):
            yield _near(tool, given, name, value, rng)
    yield _swapped(tool, given)


def _near(tool: Tool, given: Arguments, name: str, value: Any, rng: random.Random) -> Strand:
    for how, other in _neighbours(tool, name, value, rng):
        yield Wording(f"{name}: {how}", tool.name, {**given, name: other})


def _neighbours(tool: Tool, name: str, value: Any, rng: random.Random) -> Iterator[tuple[str, Any]]:
    schema = parameters.schema(tool, name)
    listed = [other for other in parameters.listed(schema) if other != value]
    if listed:
        yield from (("another value", other) for other in rng.sample(listed, len(listed)))
    elif isinstance(value, str):
        yield from (("a time nearby", other) for other in _times(schema, value))
    elif isinstance(value, list) and parameters.items(schema)[0] > 1:
        yield from (("the other way", value[::-1]), ("without the last", value[:-1]))
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    elif parameters.bounds(schema) is not None:
        yield from (("a number nearby", value + step) for step in _STEPS)
    elif not parameters.is_sourced(tool, name):
        yield from (("half", value / 2), ("twice", value * 2))


def _times(schema: Mapping[str, Any], value: str) -> Iterator[str]:
    """Neighbouring days of a date, neighbouring hours of a time."""
    try:
        if schema.get("format") == "date":
            day = date.fromisoformat(value)
            yield from ((day + timedelta(days=step)).isoformat() for step in _DAYS)
        elif schema.get("format") == "date-time":
            moment = datetime.fromisoformat(value)
            for step in _STEPS:
                text = (moment + timedelta(hours=step)).isoformat()
                yield text.replace("+00:00", "Z") if value.endswith("Z") else text
    except (ValueError, OverflowError):
        return


def _swapped(tool: Tool, given: Arguments) -> Strand:
    """Two texts or lists exchanged that one source can supply, or that have one schema: origin and destination."""
    for one, other in combinations(tool.properties, 2):
        first, second = tool.value_of(given, one), tool.value_of(given, other)
        if type(first) is type(second) and isinstance(first, (str, list)) and _exchangeable(tool, one, other):
            yield Wording(f"{one} and {other} swapped", tool.name, {**given, one: second, other: first})


def _exchangeable(tool: Tool, one: str, other: str) -> bool:
    first, second = parameters.schema(tool, one), parameters.schema(tool, other)
    if parameters.is_free_text(first) or parameters.is_free_text(second):
        return False
    shared = parameters.sources(tool, one) & parameters.sources(tool, other)
    listed = parameters.listed(first)
    return bool(shared) or (bool(listed) and listed == parameters.listed(second))
