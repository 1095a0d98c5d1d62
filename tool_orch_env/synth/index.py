"""The index of a snapshot for sampling: which recorded call can feed which other recorded call.

An `Index` numbers the recorded successes. It has every `Link` from a response to a recorded call that takes a value
from it, and all values that each response could supply. A link exists only if the phrase book has words for it: for the
value, and for choosing the list element that the value is in.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..jsonvalues import pointer
from ..jsonvalues.scalars import form
from ..language.criteria import Criterion, criteria
from ..language.graph import Edge, Heard, Intake, edges, heard
from ..language.phrase_book import Ask, CallBook, PhraseBook, load
from ..snapshot import Snapshot
from ..snapshot.catalog import Tool

MAX_PARTS = 2
"""Maximum parts of structured arguments in a call that is fed: one id, or one point. More would need several
responses."""

Flow = tuple[str, str, str]
"""Tool, parameter and form of a value that a response can supply and a call can take."""


class Bind(NamedTuple):
    """An argument taken from a response: parameter, pointer of the value, and form of the value."""

    parameter: str
    pointer: str
    form: str


class Link(NamedTuple):
    """The response to the recorded call `source` feeds the recorded call `target`, from one list element or from
    outside lists.

    `item` is (pointer of the list, index) of the element, `None` outside lists.
    """

    source: int
    target: int
    item: tuple[str, int] | None
    binds: tuple[Bind, ...]
    flows: tuple[Flow, ...]


class Wish(NamedTuple):
    """A fact that a response offers: name, pointer, the element it is in (`None` outside lists), value and phrases."""

    name: str
    pointer: str
    item: tuple[str, int] | None
    value: Any
    form: str
    ask: Ask


class Index:
    """A snapshot prepared for sampling. Calls are identified by their positions in `calls`."""

    def __init__(self, snapshot: Snapshot, phrases: Path | None = None) -> None:
        """`phrases` replaces the bundled phrase book. Raises `UsageError` if it is not one."""
        self.snapshot = snapshot
        self.calls: list[Heard] = heard(snapshot)
        self.edges: list[Edge] = edges(snapshot.catalog, self.calls)
        self.book: PhraseBook = load(snapshot.catalog, self.calls, snapshot.name, phrases)
        self.tools: list[str] = sorted({call.tool for call in self.calls})
        self.domain: Mapping[str, str] = {name: tool.spec.domain for name, tool in snapshot.catalog.items()}
        self.forms: list[dict[str, str]] = [
            {
                slot(place): text
                for place, value in pointer.leaves(call.arguments)
                if (text := form(value)) is not None
            }
            for call in self.calls
        ]
        self._choices: dict[tuple[int, str, int], list[Criterion]] = {}
        self._out: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            self._out[edge.source.tool].append(edge)
        self._takers = self._by_flow()
        self.links: list[list[Link]] = [self._links(number) for number in range(len(self.calls))]

    def _by_flow(self) -> dict[Flow, list[int]]:
        takers: dict[Flow, list[int]] = defaultdict(list)
        for number, call in enumerate(self.calls):
            if self.askable(call) and sum(name.startswith("/") for name in self.forms[number]) <= MAX_PARTS:
                for name, text in self.forms[number].items():
                    takers[call.tool, _pattern(name), text].append(number)
        return takers

    def askable(self, call: Heard) -> bool:
        """Whether a person could ask for this call: it has no parameter in the book's `never`, such as paging."""
        return self.book.never.isdisjoint(call.arguments)

    def response(self, number: int) -> Any:
        """The parsed response to a recorded call."""
        return self.calls[number].response

    def entry(self, number: int) -> CallBook:
        """The entry of a recorded call's tool in the phrase book."""
        return self.book.calls[self.calls[number].tool]

    def _links(self, source: int) -> list[Link]:
        """Every link out of a response, by element and target."""
        call, entry = self.calls[source], self.entry(source)
        found: dict[tuple[tuple[str, int] | None, int], dict[str, Bind]] = {}
        own = set(self.forms[source].values())
        for edge in self._out[call.tool]:
            if entry.relation(edge.source.pattern) is None:
                continue
            for item, place, text in _spots(call.response, edge.source.pattern):
                if text in own or (item and not self.choices(source, *item)):
                    continue
                for target in self._takers.get((*edge.target, text), ()):
                    if target != source:
                        binds = found.setdefault((item, target), {})
                        for name in self._slots(target, edge.target.parameter, text):
                            binds.setdefault(name, Bind(name, place, text))
        return [
            Link(
                source,
                target,
                item,
                tuple(binds.values()),
                tuple(
                    (self.calls[target].tool, _pattern(bind.parameter), bind.form) for bind in binds.values()
                ),
            )
            for (item, target), binds in sorted(found.items(), key=lambda pair: (pair[0][1], str(pair[0][0])))
            if self._speakable(target, binds) and self._carries(target, binds)
        ]

    def _carries(self, target: int, binds: Mapping[str, Bind]) -> bool:
        """Whether some value is one that the tool's own schema does not name."""
        tool, arguments = self.snapshot.catalog[self.calls[target].tool], self.calls[target].arguments
        return any(argument(arguments, name) not in _named(tool, name) for name in binds)

    def _slots(self, target: int, parameter: str, text: str) -> list[str]:
        """The arguments, or parts of arguments, of a call that a parameter of an edge stands for."""
        return [
            name for name, own in self.forms[target].items() if own == text and _pattern(name) == parameter
        ]

    def _speakable(self, target: int, binds: Mapping[str, Bind]) -> bool:
        """Whether a person could give what the link leaves open: no hidden argument, no part of a structured one."""
        hidden = self.entry(target).hidden
        return not any(
            name.startswith("/") or name in hidden for name in self.forms[target].keys() - binds.keys()
        )

    def choices(self, number: int, place: str, index: int) -> list[Criterion]:
        """The criteria that choose element `index` of the list at `place`; empty if there are no phrases for it."""
        key = (number, place, index)
        if key not in self._choices:
            entry, response = self.entry(number), self.calls[number].response
            book = entry.lists.get(place)
            items = pointer.resolve(response, place)
            self._choices[key] = (
                criteria(items, index, book, self.calls[number].arguments, complete(response, items))
                if book
                else []
            )
        return self._choices[key]

    @cached_property
    def supplies(self) -> list[frozenset[Flow]]:
        """Everything that each response could supply to any call, by any edge. Decides what is superfluous."""
        return [frozenset(self._supplied(number)) for number in range(len(self.calls))]

    def _supplied(self, number: int) -> Iterator[Flow]:
        call = self.calls[number]
        for edge in self._out[call.tool]:
            for _, _, text in _spots(call.response, edge.source.pattern):
                yield (*edge.target, text)

    @cached_property
    def leaves(self) -> list[frozenset[str]]:
        """The forms of all values in each response."""
        return [
            frozenset(text for _, value in pointer.leaves(call.response) if (text := form(value)) is not None)
            for call in self.calls
        ]

    @cached_property
    def wishes(self) -> list[tuple[Wish, ...]]:
        """The facts that each response offers."""
        return [tuple(self._wishes(number)) for number in range(len(self.calls))]

    def _wishes(self, number: int) -> Iterator[Wish]:
        call, entry = self.calls[number], self.entry(number)
        own = set(self.forms[number].values())
        for place, ask in entry.facts.items():
            value = _found(call.response, place)
            text = form(value)
            if text is not None and text not in own:
                yield Wish(pointer.tokens(place)[-1], place, None, value, text, ask)
        for place, book in entry.lists.items():
            items = _found(call.response, place)
            for index in range(len(items)) if isinstance(items, list) and book.facts else ():
                if not self.choices(number, place, index):
                    continue
                for name, ask in book.facts.items():
                    value = _found(items[index], f"/{name}")
                    text = form(value)
                    if text is not None and text not in own:
                        where = f"{place}/{index}/{name}"
                        yield Wish(name.rpartition("/")[2], where, (place, index), value, text, ask)

    @cached_property
    def roots(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Which calls a person could ask for directly, because every argument can be put into words."""
        return np.array(
            [self.askable(call) and self._speakable(number, {}) for number, call in enumerate(self.calls)],
            dtype=bool,
        )

    @cached_property
    def into(self) -> list[dict[int, list[Link]]]:
        """The links out of each response, by the target's number."""
        found: list[dict[int, list[Link]]] = []
        for links in self.links:
            by_target: dict[int, list[Link]] = {}
            for link in links:
                by_target.setdefault(link.target, []).append(link)
            found.append(by_target)
        return found


def slot(place: str) -> str:
    """The name of an argument's leaf: the parameter, or the pointer of a part of a structured argument."""
    tokens = pointer.tokens(place)
    return tokens[0] if len(tokens) == 1 else place


def argument(arguments: Mapping[str, Any], name: str) -> Any:
    """The value that a slot names."""
    return pointer.resolve(arguments, name) if name.startswith("/") else arguments[name]


def parameter(name: str) -> str:
    """The parameter that a slot belongs to."""
    return pointer.tokens(name)[0] if name.startswith("/") else name


def _pattern(name: str) -> str:
    """A slot as edges name it: indices are `*`."""
    return pointer.pattern(name) if name.startswith("/") else name


def _named(tool: Tool, parameter: str) -> tuple[Any, ...]:
    """The values that a parameter's schema lists."""
    schema = tool.properties.get(parameter)
    return tuple(schema.get("enum", ())) if isinstance(schema, dict) else ()


def complete(response: Any, items: Any) -> bool:
    """Whether a list is complete: no `total` in the response is greater than its length."""
    total = response.get("total") if isinstance(response, dict) else None
    return not (isinstance(total, int) and total > len(items))


def _found(response: Any, place: str) -> Any:
    try:
        return pointer.resolve(response, place)
    except LookupError:
        return None


def _spots(response: Any, pattern: str) -> Iterator[tuple[tuple[str, int] | None, str, str]]:
    """Every place of a pattern in a response: its element, its pointer, its value's form.

    A pattern that goes through more than one list has no element and is left out.
    """
    head, star, tail = pattern.partition("/*")
    if not star:
        text = form(_found(response, pattern))
        if text is not None:
            yield None, pattern, text
        return
    items = _found(response, head)
    for index, item in enumerate(items if isinstance(items, list) and "*" not in tail else ()):
        text = form(_found(item, tail))
        if text is not None:
            yield (head, index), f"{head}/{index}{tail}", text


__all__ = ["Bind", "Flow", "Index", "Intake", "Link", "Wish", "complete"]
