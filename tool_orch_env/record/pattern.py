"""Pointer patterns into responses: JSON pointers in which `*` matches any array index and any object member.

They select values for later calls, and name volatile fields.
"""

from collections.abc import Iterator
from typing import Any

from ..jsonvalues import pointer


def matches(value: Any, pattern: str) -> Iterator[Any]:
    """Yield every value that the pattern matches, in document order."""
    yield from _matches(value, pointer.tokens(pattern))


def removed(value: Any, pattern: str) -> None:
    """Delete every member and element that the pattern matches from `value`, in place."""
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
