"""Pointer patterns into responses: `*` stands for any index of an array and any member of an object.

Used to take values for later calls and to name volatile fields.
"""

from collections.abc import Iterator
from typing import Any

from ..jsonvalues import pointer


def matches(value: Any, pattern: str) -> Iterator[Any]:
    """Every value that the pattern covers, in document order; none where nothing is there."""
    yield from _matches(value, pointer.tokens(pattern))


def removed(value: Any, pattern: str) -> None:
    """Delete from `value` every member that the pattern covers."""
    *parents, last = pointer.tokens(pattern)
    for holder in list(_matches(value, parents)):
        if isinstance(holder, dict):
            for name in list(holder) if last == "*" else [last]:
                holder.pop(name, None)
        elif isinstance(holder, list):
            if last == "*":
                holder.clear()
            elif last.isdecimal() and int(last) < len(holder):
                del holder[int(last)]


def _matches(value: Any, tokens: list[str]) -> Iterator[Any]:
    if not tokens:
        yield value
        return
    first, *rest = tokens
    if first == "*":
        children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    else:
        try:
            children = [pointer.step(value, first)]
        except LookupError:
            return
    for child in children:
        yield from _matches(child, rest)
