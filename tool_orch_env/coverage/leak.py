"""The rows that a task chooses from, and the call that would follow up each of them.

A golden call chooses a row if its arguments are taken from one element of a list in an earlier golden reply. For every
other element there is the same call with that element's values. A snapshot without a response to it reveals the answer.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from ..jsonvalues import pointer
from ..task import GoldenCall
from . import parameters
from .trace import Arguments, Trace, written


class Sibling(NamedTuple):
    """A row that was not chosen: the golden call that chose another one, the row's pointer, and the call about it."""

    call: str
    row: str
    tool: str
    arguments: Arguments


def siblings(trace: Trace) -> list[Sibling]:
    """The rows that a task's golden calls did not choose. A row whose call is not valid, or golden, is none."""
    golden = {written(call.tool, call.arguments) for call in trace.task.golden}
    found = {
        written(row.tool, row.arguments): row
        for call in trace.task.golden
        for row in siblings_of(trace, call)
    }
    return [row for text, row in found.items() if text not in golden]


def siblings_of(trace: Trace, call: GoldenCall) -> Iterator[Sibling]:
    """The rows that one golden call did not choose, with valid calls about them."""
    tool = trace.catalog[call.tool]
    for row, arguments in _others(trace, call):
        if parameters.valid(tool, arguments):
            yield Sibling(call.id, row, call.tool, arguments)


def _others(trace: Trace, call: GoldenCall) -> Iterator[tuple[str, Arguments]]:
    """For every row that a call takes values from: the list's other rows, with the call about each."""
    chosen: dict[tuple[str, str, int], dict[str, str]] = {}  # call, list, index -> argument -> field
    for name, binding in call.bindings.items():
        tokens = pointer.tokens(binding.pointer)
        patterned = pointer.tokens(pointer.pattern(binding.pointer))
        indices = [number for number, token in enumerate(tokens) if token != patterned[number]]
        if len(indices) == 1:
            at = indices[0]
            key = (binding.call, pointer.join(*tokens[:at]), int(tokens[at]))
            chosen.setdefault(key, {})[name] = pointer.join(*tokens[at + 1 :])
    for (source, place, _), fields in chosen.items():
        taken = {index for other, at, index in chosen if (other, at) == (source, place)}
        for index, row in enumerate(_rows(trace, source, place)):
            if index in taken:
                continue
            try:
                values = {name: pointer.resolve(row, field) for name, field in fields.items()}
                yield f"{place}/{index}", _replaced(call.arguments, values)
            except (LookupError, ValueError):  # the row has no such field, or the call no such argument
                continue


def _rows(trace: Trace, source: str, place: str) -> list[object]:
    try:
        rows = pointer.resolve(trace.replies.get(source), place)
    except LookupError:
        return []
    return rows if isinstance(rows, list) else []


def _replaced(arguments: Arguments, values: dict[str, object]) -> Arguments:
    """A copy of the arguments with values put in, by name or by pointer."""
    made: Any = arguments
    for name, value in values.items():
        made = _with(made, pointer.tokens(name) if name.startswith("/") else [name], value)
    return cast(Arguments, made)


def _with(whole: Any, tokens: list[str], value: Any) -> Any:
    """A copy of `whole` with `value` at these tokens, which lead somewhere."""
    if not tokens:
        return value
    inner = _with(pointer.step(whole, tokens[0]), tokens[1:], value)
    if isinstance(whole, list):
        index = int(tokens[0])
        return [*whole[:index], inner, *whole[index + 1 :]]
    return {**whole, tokens[0]: inner}
