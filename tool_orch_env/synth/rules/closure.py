"""The rule `closure`: equivalent formulations of every golden call are answered, and score 1.0 in its place.

Formulations are equivalent if a text is written in another case or without its accents, if a default is written out,
and if an optional parameter only keeps what the request chooses from anyway. They come from schemas and picks, not from
what is recorded.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from ...answers.mentions import mentions
from ...answers.oracle import oracle_turns
from ...calls.types import ToolCall, Turn
from ...calls.validate import validate
from ...episode import score_turns
from ...task import GoldenCall
from ..findings import Finding
from .checked import Checked


def closure(checked: Checked) -> Iterator[Finding]:
    """Formulations that are not answered, or score less than the golden call."""
    for call in checked.task.golden:
        for argument, what, arguments in formulations(call, checked):
            found = checked.snapshot.lookup(call.tool, arguments, checked.task.id)
            if found is None or not found.success:
                message = f"{what} is not answered: {arguments[argument]!r}"
                yield Finding(call.id, argument, "closure", message)
                continue
            total = score_turns(checked.task, _replaced(checked, call, arguments), checked.snapshot).total
            if total != 1.0:
                yield Finding(call.id, argument, "closure", f"with {what}, the trace scores {total:.3f}")


def formulations(call: GoldenCall, checked: Checked) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Argument, what was changed, and the arguments of each valid equivalent call."""
    tool = checked.snapshot.catalog[call.tool]
    for name, what, value in (*_texts(call, tool.properties), *_filters(call, checked)):
        arguments = {**call.arguments, name: value}
        if value != call.arguments.get(name) and not list(validate(tool, arguments)):
            yield name, what, arguments
    for name, schema in tool.properties.items():
        if isinstance(schema, dict) and "default" in schema and name not in call.arguments:
            yield name, "a default written out", {**call.arguments, name: schema["default"]}


def _texts(call: GoldenCall, properties: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for name, value in call.arguments.items():
        schema = properties.get(name, {})
        if not isinstance(value, str) or not isinstance(schema, dict) or name in call.bindings:
            continue
        if schema.keys() & {"enum", "pattern", "format", "const"}:
            continue
        yield name, "lower case", value.lower()
        yield name, "upper case", value.upper()
        yield name, "a text without accents", _unaccented(value)


def _unaccented(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))


def _filters(call: GoldenCall, checked: Checked) -> Iterator[tuple[str, str, Any]]:
    """Optional parameters named like a field of the chosen element whose value the request states."""
    tool = checked.snapshot.catalog[call.tool]
    for pick in checked.task.meta.get("picks", ()):
        if pick["call"] != call.id:
            continue
        try:
            row = checked.at(call.id, f"{pick['list']}/{pick['item']}")
        except LookupError:
            continue
        for name in sorted(tool.properties.keys() - tool.required - call.arguments.keys()):
            value = row.get(name) if isinstance(row, dict) else None
            if value is not None and mentions(checked.task.request, value):
                yield name, f"{name} given", value


def _replaced(checked: Checked, call: GoldenCall, arguments: dict[str, Any]) -> list[Turn]:
    """The golden trace with other arguments for one call."""
    *layers, last = oracle_turns(checked.task)
    turns = []
    for layer in layers:
        own = call.as_call()
        calls = [ToolCall(own.name, arguments, own.id) if one.id == call.id else one for one in layer.calls]
        turns.append(Turn(calls=tuple(calls)))
    return [*turns, last]
