"""Rewordings: the same intent as a golden call, written otherwise."""

import random
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from ..snapshot.catalog import Tool
from ..task import GoldenCall
from . import parameters
from .leak import siblings_of
from .trace import Arguments, Strand, Trace, Wording

_LIMITS = (1, 2, 3, 5, 10, 15, 20, 30, 50)
_PLACE = re.compile(r"\{value\} in (.+)")
_ROWS = 3
"""Rows that are looked up in one call."""


def reworded(trace: Trace, call: GoldenCall, rng: random.Random) -> Iterator[Strand]:
    """Rewordings of one golden call, by what is changed. Some may not be valid."""
    tool, given = trace.catalog[call.tool], call.arguments
    for name, value in given.items():
        if isinstance(value, str) and parameters.is_free_text(parameters.schema(tool, name)):
            for how, text in _texts(trace, tool, call, name, value):
                yield _one(f"{name}: {how}", tool, {**given, name: text})
        if isinstance(value, list) and parameters.items(parameters.schema(tool, name))[0] == 1:
            for how, items in _lists(trace, tool, call, name, value):
                yield _one(f"{name}: {how}", tool, {**given, name: items})
        if parameters.is_limit(tool, name) or parameters.is_filter(tool, name):
            yield _one(f"{name}: left out", tool, {other: given[other] for other in given if other != name})
    yield _default(tool, given, rng)
    for name in tool.properties:
        if parameters.is_limit(tool, name):
            yield _limits(tool, given, name, rng)
        if parameters.is_filter(tool, name) and name not in given:
            yield _filters(tool, given, name, trace.replies.get(call.id), rng)


def _one(how: str, tool: Tool, arguments: Arguments) -> Strand:
    return iter([Wording(how, tool.name, arguments)])


def _texts(trace: Trace, tool: Tool, call: GoldenCall, name: str, value: str) -> Iterator[tuple[str, str]]:
    yield "lower case", value.lower()
    yield "upper case", value.upper()
    yield (
        "no accents",
        "".join(c for c in unicodedata.normalize("NFD", value) if not unicodedata.combining(c)),
    )
    place = _PLACE.fullmatch(trace.book.calls[tool.name].user.get(name, ""))
    if place:
        yield "with the place", f"{value}, {place[1]}"
    for shown in parameters.fields(trace.replies.get(call.id), "name")[:1]:
        if isinstance(shown, str) and value.casefold() in shown.casefold():
            yield "the full name", shown
    fold = tool.spec.fold.get(name)
    if fold is not None:
        yield from ((f"with {suffix!r}", value + suffix) for suffix in fold.suffixes)
        folded = fold.compiled()
        names = [one for pair in fold.aliases.items() for one in pair]
        yield from (("an alias", one) for one in names if folded(one) == folded(value))


def _lists(
    trace: Trace, tool: Tool, call: GoldenCall, name: str, value: list[Any]
) -> Iterator[tuple[str, list[Any]]]:
    """A list that may have a single item is a batch: its order is free, and items can be looked up one by one."""
    yield "order swapped", value[::-1]
    yield "only the first", value[:1]
    yield "only the last", value[-1:]
    rest = {other: given for other, given in call.arguments.items() if other != name}
    golden = [
        other.arguments[name]
        for other in trace.task.golden
        if other.tool == call.tool and {k: v for k, v in other.arguments.items() if k != name} == rest
    ]
    rows = [sibling.arguments[name] for sibling in siblings_of(trace, call)]
    for how, more in (("all golden ones", golden), ("with other rows", [value, *rows[: _ROWS - 1]])):
        batch: list[Any] = []
        for items in more:
            batch += [item for item in items if item not in batch] if isinstance(items, list) else []
        yield how, batch[: parameters.items(parameters.schema(tool, name))[1]]


def _default(tool: Tool, given: Arguments, rng: random.Random) -> Strand:
    """Optional parameters given with their defaults, one at a time."""
    names = [
        name
        for name in tool.properties
        if name not in given
        and not parameters.is_limit(tool, name)
        and not parameters.is_filter(tool, name)
        and name not in tool.required
    ]
    for name in rng.sample(names, len(names)):
        default = parameters.schema(tool, name)["default"]
        yield Wording(f"{name}: its default", tool.name, {**given, name: default})


def _limits(tool: Tool, given: Arguments, name: str, rng: random.Random) -> Strand:
    """The limit given as another round number, or as the default."""
    default = parameters.schema(tool, name).get("default")
    usual = [*_LIMITS, default] if isinstance(default, int) and default not in _LIMITS else _LIMITS
    limits = [limit for limit in usual if limit != given.get(name)]
    for limit in rng.sample(limits, len(limits)):
        yield Wording(f"{name}: a limit", tool.name, {**given, name: limit})


def _filters(tool: Tool, given: Arguments, name: str, reply: Any, rng: random.Random) -> Strand:
    """An optional filter added, with the values that the rows of the golden reply show."""
    shown = parameters.fields(reply, name)
    for value in rng.sample(shown, len(shown)):
        yield Wording(f"{name}: added", tool.name, {**given, name: value})
