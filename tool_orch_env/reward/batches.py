"""Batches: one call with a list of ids does the work of several calls with a part of it, and the reverse.

A call and a golden call of the same tool are related if their arguments differ in one list only, and the two lists have
an item in common. The work of the golden call is then in *pieces*: the items of its list, and the rows of its response.
A related call supplies the pieces that its own list and response hold. Once all pieces are supplied, by one call or by
several, the golden call's work is done.

The rows of a response are the elements of its list, or of the lists in its object, or the members of an object without
lists. So a count of the results may differ. A golden call has no pieces if something that is taken from its response
lies outside the rows (the total length of a route): other batches have another total.

Items that the task marks as spare (`meta["spare"]`: positions in the list of a golden call) and their rows are no part
of the work: whoever asks for the nearest place need not measure the way to one that a straight line rules out.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

from ..jsonvalues import pointer
from ..jsonvalues.canonical import encode
from ..jsonvalues.memo import Memo
from ..jsonvalues.scalars import form
from .credit import CompiledCall

MEMO_SIZE = 256
"""Number of calls per task whose pieces are kept in the memo."""

_row = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode

T = TypeVar("T")
Piece = tuple[str, str, str]
"""A golden call's id, the name of its list ("" for a row), and the canonical text of the item or row."""


class Batches:
    """The pieces of a task's golden calls. A piece is identified by its golden call and its canonical text."""

    def __init__(
        self,
        golden: Sequence[CompiledCall],
        taken: Mapping[str, Sequence[str]],
        spare: Mapping[str, Collection[int]] = MappingProxyType({}),
    ) -> None:
        """`taken` maps a golden call's id to the forms (`scalars.form`) of what is taken from its response, `spare` to
        the positions of the items that can be left out."""
        self._golden = [one for one in golden if one.response is not None and _lists(one.values)]
        self._tools = {one.tool for one in self._golden}
        self._taken, self._spare = taken, spare
        self._met: Memo[str, frozenset[Piece]] = Memo(MEMO_SIZE)

    def met(self, tool: str, arguments: Mapping[str, Any], key: str, text: str) -> frozenset[Piece]:
        """The pieces that a recorded success supplies. Kept in a memo by replay key."""
        if tool not in self._tools:
            return frozenset()
        return self._met.remembered(key, lambda: frozenset(self._met_by(tool, arguments, text)))

    def ways(self, golden: str) -> Iterator[frozenset[Piece]]:
        """The sets of pieces that do the work of a golden call, one for each of its lists."""
        for one in self._golden:
            if one.id == golden and (rows := self._rows[golden]):
                for name in _lists(one.values):
                    items = _kept(_items(one, name), self._spare.get(golden, ()))
                    yield frozenset({*items, *((golden, "", row) for row in rows)})

    @cached_property
    def _rows(self) -> Mapping[str, frozenset[str]]:
        """The rows of each golden call's response, without those of spare items; none if they do not hold all that is
        taken from it."""
        found = {}
        for one in self._golden:
            rows = _rows(json.loads(one.response or "null"))
            if any(len(rows) == len(_items(one, name)) for name in _lists(one.values)):
                rows = _kept(rows, self._spare.get(one.id, ()))
            held = {form(value) for row in rows for _, value in pointer.leaves(json.loads(row))}
            found[one.id] = frozenset(rows) if held.issuperset(self._taken.get(one.id, ())) else frozenset()
        return found

    def _met_by(self, tool: str, arguments: Mapping[str, Any], text: str) -> Iterator[Piece]:
        emitted = {name: encode(value) for name, value in arguments.items()}
        for one in self._golden:
            name = _differing(one.values, emitted) if one.tool == tool else None
            items = {encode(item) for item in arguments[name]} if name else set()
            shared = [piece for piece in _items(one, name) if piece[2] in items] if name else []
            if shared:
                yield from shared
                for row in self._rows[one.id].intersection(_rows(json.loads(text))):
                    yield one.id, "", row


def _differing(wanted: Mapping[str, str], emitted: Mapping[str, str]) -> str | None:
    """The only parameter in which the calls differ, if its value is a list in both."""
    if wanted.keys() != emitted.keys():
        return None
    names = [name for name in wanted if wanted[name] != emitted[name]]
    both = len(names) == 1 and wanted[names[0]].startswith("[") and emitted[names[0]].startswith("[")
    return names[0] if both else None


def _lists(values: Mapping[str, str]) -> list[str]:
    return [name for name, text in values.items() if text.startswith("[")]


def _items(golden: CompiledCall, name: str) -> list[Piece]:
    return [(golden.id, name, encode(item)) for item in json.loads(golden.values[name])]


def _kept(listed: Sequence[T], spare: Collection[int]) -> list[T]:
    return [one for at, one in enumerate(listed) if at not in spare]


def _rows(response: Any) -> list[str]:
    if isinstance(response, list):
        return [_row(element) for element in response]
    if not isinstance(response, dict):
        return []
    lists = [value for value in response.values() if isinstance(value, list)]
    if lists:
        return [_row(element) for elements in lists for element in elements]
    return [_row({name: value}) for name, value in response.items()]
