"""Rows of a reply: the elements of its lists, and the values in them that a pattern leads to."""

from collections.abc import Iterator, Sequence
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.scalars import form
from ..snapshot.catalog import Tool


def spots(reply: Any, pattern: str) -> Iterator[tuple[str, Any]]:
    """Every value that a pattern leads to, with the pointer of its row.

    The row ends at the last `*` of the pattern: `/flights/3` for `/flights/*/dest`, and "" outside lists. A pattern
    that is not a pointer leads nowhere.
    """
    try:
        tokens = pointer.tokens(pattern)
    except ValueError:
        return
    depth = len(tokens) - tokens[::-1].index("*") if "*" in tokens else 0
    for place, value in _matching(reply, tokens, ()):
        if form(value) is not None:
            yield pointer.join(*place[:depth]), value


def _matching(
    value: Any, tokens: Sequence[str], place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if not tokens:
        yield place, value
    elif tokens[0] == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _matching(item, tokens[1:], (*place, index))
    else:
        try:
            inner = pointer.step(value, tokens[0])
        except LookupError:
            return
        yield from _matching(inner, tokens[1:], (*place, tokens[0]))


Row = dict[str, list[Any]]
"""The values that a row supplies, by parameter, or by the pointer of a part of one (`/ids/*`)."""


def offered(tool: Tool, source: str, reply: Any) -> dict[str, Row]:
    """What each row of a reply of the tool `source` supplies to `tool`, by the pointer of the row."""
    found: dict[str, Row] = {}
    for path, sources in tool.spec.sources.items():
        for one in sources:
            if one.tool == source:
                for row, value in spots(reply, one.pointer):
                    values = found.setdefault(row, {}).setdefault(path, [])
                    if value not in values:
                        values.append(value)
    return found
