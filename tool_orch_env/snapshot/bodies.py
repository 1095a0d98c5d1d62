"""Cutting the text of a JSON response: the spans of its fields, the elements of its list, and putting them together.

Nothing is decoded and written again, so that numbers, the order of keys and separators stay as the API wrote them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..jsonvalues import pointer

_decoded = json.JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")

Span = tuple[int, int]
_Tree = dict[str | None, Any]
"""Pointers by token; the key `None` holds the pointer that ends here."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list inside a response: the elements' texts and values, the text between two, and where they are in `text`."""

    text: str
    inside: Span
    items: tuple[str, ...]
    values: tuple[Any, ...]
    separator: str

    def with_items(self, items: Sequence[str]) -> tuple[Span, str]:
        """The edit that puts these elements in place of all elements."""
        return self.inside, self.separator.join(items)


def spans(text: str, pointers: Iterable[str]) -> dict[str, Span]:
    """Where the values at these pointers begin and end. Those that lead nowhere, or through a list, are left out."""
    tree: _Tree = {}
    for place in pointers:
        node = tree
        for token in pointer.tokens(place):
            node = node.setdefault(token, {})
        node[None] = place
    found: dict[str, Span] = {}
    _walk(text, _skip(text, 0), tree, found)
    return found


def listing(text: str, at: str) -> Listing | None:
    """The list at the pointer `at`; `None` if there is none."""
    span = spans(text, (at,)).get(at)
    if span is None or text[span[0]] != "[":
        return None
    start, end = span[0] + 1, span[1] - 1
    places: list[Span] = []
    values = []
    position = _skip(text, start)
    while position < end:
        value, stop = _decoded(text, position)
        places.append((position, stop))
        values.append(value)
        position = _skip(text, stop)
        if text[position] == ",":
            position = _skip(text, position + 1)
    separator = text[places[0][1] : places[1][0]] if len(places) > 1 else ","
    if places:
        start, end = places[0][0], places[-1][1]
    return Listing(text, (start, end), tuple(text[a:b] for a, b in places), tuple(values), separator)


def edited(text: str, edits: Iterable[tuple[Span, str]]) -> str:
    """The text with spans replaced. Spans must not overlap."""
    parts, position = [], 0
    for (start, end), new in sorted(edits):
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


def _walk(text: str, start: int, tree: Mapping[str | None, Any], found: dict[str, Span]) -> int:
    """Note the spans that `tree` asks for in the value at `start`, and return where that ends."""
    deeper = len(tree) > (None in tree)
    end = _members(text, start, tree, found) if deeper and text[start] == "{" else _decoded(text, start)[1]
    if None in tree:
        found[tree[None]] = start, end
    return end


def _members(text: str, start: int, tree: Mapping[str | None, Any], found: dict[str, Span]) -> int:
    position = _skip(text, start + 1)
    while text[position] != "}":
        name, position = _decoded(text, position)
        position = _skip(text, _skip(text, position) + 1)  # past the colon
        position = _skip(text, _walk(text, position, tree.get(name, {}), found))
        if text[position] == ",":
            position = _skip(text, position + 1)
    return position + 1


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
