"""The index of a snapshot for sampling: which recorded call can feed which other recorded call.

An `Index` numbers the recorded successes. It has every `Link` from a response to a recorded call that takes a value
from it, and all values that each response could supply. A link exists only if the phrase book has words for it: for the
value, and for choosing the list element that the value is in.

What takes long to compute is in flat arrays (`links`), which are kept on disk beside a snapshot's store. The rest is
computed for a call when it is needed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, overload

import numpy as np

from .._version import __version__
from ..jsonvalues import pointer
from ..jsonvalues.memo import Memo
from ..jsonvalues.scalars import form
from ..language.corpus import corpus
from ..language.criteria import Criterion, choosing
from ..language.graph import Edge
from ..language.heard import Calls, Heard
from ..language.phrase_book import Ask, CallBook, PhraseBook, fingerprint, load
from ..snapshot import Snapshot, kept
from ..snapshot.catalog import Tool
from ..snapshot.store import MEMORY_RESPONSES
from .links import Flow, Item, Links, arrays_of, found, spots
from .masks import Masks
from .ragged import Array

KIND = "links1"
"""Suffix of the file of `Links`, with the number of its format. A change of what is computed needs another number."""
MAX_PARTS = 2
"""Maximum parts of structured arguments in a call that is fed: one id, or one point. More would need several
responses."""
_MOST_LINKS = 200_000
"""Number of links that are remembered."""

T = TypeVar("T")


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
    item: Item
    binds: tuple[Bind, ...]
    flows: tuple[Flow, ...]


class Wish(NamedTuple):
    """A fact that a response offers: name, pointer, the element it is in (`None` outside lists), value and phrases."""

    name: str
    pointer: str
    item: Item
    value: Any
    form: str
    ask: Ask


class PerCall(Generic[T]):
    """Something of every call, by its number: computed when it is asked for, and remembered for a while."""

    def __init__(self, compute: Callable[[int], T]) -> None:
        self._compute = compute
        self._known: Memo[int, T] = Memo(MEMORY_RESPONSES)

    def __getitem__(self, number: int) -> T:
        return self._known.remembered(number, lambda: self._compute(number))


class Group(Sequence[Link]):
    """Links out of one response, made when they are needed."""

    def __init__(self, index: "Index", source: int, targets: Array, units: Array) -> None:
        self._index, self.source = index, source
        self.targets, self._units = targets, units

    def __len__(self) -> int:
        return len(self.targets)

    @overload
    def __getitem__(self, at: int) -> Link: ...
    @overload
    def __getitem__(self, at: slice) -> "Group": ...
    def __getitem__(self, at: "int | slice") -> "Link | Group":
        if isinstance(at, slice):
            return self.only(at)
        return self._index.link(self.source, int(self.targets[at]), int(self._units[at]))

    def only(self, chosen: "Array | slice") -> "Group":
        """The links at these places: a mask, numbers or a slice."""
        return Group(self._index, self.source, self.targets[chosen], self._units[chosen])

    def by_tool(self) -> "list[Group]":
        """A group per tool of the targets, in the order of the tools."""
        return [self.only(at) for at in by_tool(self._index.calls, self.targets)]


class Index:
    """A snapshot prepared for sampling. Calls are identified by their positions in `calls`."""

    def __init__(self, snapshot: Snapshot, phrases: Path | None = None) -> None:
        """`phrases` replaces the bundled phrase book.

        Raises `UsageError` if it is not one, `SnapshotError` if the index has to be kept and the cache folder cannot be
        written.
        """
        self.snapshot = snapshot
        self.calls: Calls
        self.edges: list[Edge]
        self.calls, self.edges = corpus(snapshot)
        self.book: PhraseBook = load(snapshot.catalog, self.calls, snapshot.name, phrases)
        self.tools: tuple[str, ...] = self.calls.tools
        self.domain: Mapping[str, str] = {name: tool.spec.domain for name, tool in snapshot.catalog.items()}
        self.forms = PerCall(self.stated)
        """The forms of each call's arguments, by slot."""
        self.supplies = PerCall(lambda number: frozenset(self._supplied(number)))
        """Everything that each response could supply to any call, by any edge. Decides what is superfluous."""
        self.leaves = PerCall(self._leaves)
        """The forms of all values in each response."""
        self.wishes = PerCall(lambda number: tuple(self._wishes(number)))
        """The facts that each response offers."""
        self._choices: Memo[tuple[int, str, int], list[Criterion]] = Memo(20 * MEMORY_RESPONSES)
        self._known_links: Memo[tuple[int, int, int], Link] = Memo(_MOST_LINKS)
        self._patterns: dict[str, dict[str, list[Edge]]] = defaultdict(dict)
        for edge in self.edges:
            self._patterns[edge.source.tool].setdefault(edge.source.pattern, []).append(edge)
        self._spoken: dict[str, dict[str, list[Edge]]] = {
            tool: {
                pattern: some
                for pattern, some in patterns.items()
                if self.book.calls[tool].relation(pattern) is not None
            }
            for tool, patterns in self._patterns.items()
        }
        self.links = self._linked()
        self.roots: Array = self.links.begins
        """`(calls,)` bool: which calls a person could ask for directly."""

    def _linked(self) -> Links:
        if self.snapshot.stored is None:
            return Links.of(arrays_of(self))
        computed_from = f"{__version__} {self.snapshot.stored} {fingerprint(self.book)}"
        place = self.snapshot.name, sha256(computed_from.encode()).hexdigest(), KIND
        return Links.of(kept.opened(*place) or kept.keep(*place, arrays_of(self)))

    @cached_property
    def masks(self) -> Masks:
        """Which calls can begin which trees."""
        return Masks(self.links)

    def askable(self, number: int) -> bool:
        """Whether a person could ask for this call: it has no parameter in the book's `never`, such as paging."""
        return self.book.never.isdisjoint(self.calls.arguments(number))

    def begins(self, number: int) -> bool:
        """Whether a person could ask for this call directly, because every argument can be put into words."""
        return self.askable(number) and not self._unsaid(number)

    def _unsaid(self, number: int) -> list[str]:
        """The slots of a call that a person could not give: hidden arguments, parts of structured ones."""
        hidden = self.entry(number).hidden
        return [name for name in self.forms[number] if name.startswith("/") or name in hidden]

    def needs(self, number: int) -> list[tuple[Flow, ...]]:
        """The sets of flows that each make a link to a call: all slots that a person could not give, and at least one
        whose value the tool's own schema does not name."""
        forms, unsaid = self.forms[number], self._unsaid(number)
        if not self.askable(number) or sum(name.startswith("/") for name in forms) > MAX_PARTS:
            return []
        carries = [name for name in forms if self._carries(number, name)]
        enough = not set(unsaid).isdisjoint(carries)
        sets = [unsaid] if enough else [[*unsaid, name] for name in carries]
        tool = self.calls.tool(number)
        return sorted({tuple(sorted({(tool, _pattern(n), forms[n]) for n in names})) for names in sets})

    def _carries(self, number: int, name: str) -> bool:
        """Whether the value in a slot is one that the tool's own schema does not name."""
        named = _named(self.snapshot.catalog[self.calls.tool(number)], name)
        return argument(self.calls.arguments(number), name) not in named

    def response(self, number: int) -> Any:
        """The parsed response to a recorded call."""
        return self.calls.response(number)

    def entry(self, number: int) -> CallBook:
        """The entry of a recorded call's tool in the phrase book."""
        return self.book.calls[self.calls.tool(number)]

    def spoken(self, tool: str) -> Mapping[str, list[Edge]]:
        """The edges out of a tool whose value has words, by pattern."""
        return self._spoken.get(tool, {})

    def stated(self, number: int) -> dict[str, str]:
        """The forms of a call's arguments, by slot."""
        return {
            slot(place): text
            for place, value in pointer.leaves(self.calls.arguments(number))
            if (text := form(value)) is not None
        }

    def stating(self, texts: Iterable[str]) -> Array:
        """The calls that have one of these forms among their arguments, some more than once."""
        numbers = [number for text in texts if (number := self.links.texts.find(text)) >= 0]
        return self.links.asked.rows(np.array(numbers, dtype=np.int64))[1]

    def out(self, source: int) -> Group:
        """Every link out of a response, by target, then by the item as text."""
        return Group(self, source, *self.links.out(source))

    def into(self, source: int, target: int) -> list[Link]:
        """The links from a response to a call, in the order of `out`."""
        return [self.link(source, target, unit) for unit in self.links.between(source, target)]

    def link(self, source: int, target: int, unit: int) -> Link:
        """The link from a unit of a response to a call that it feeds."""
        key = source, target, unit
        return self._known_links.remembered(key, lambda: self._link(*key))

    def _link(self, source: int, target: int, unit: int) -> Link:
        item = self.links.where(unit)
        tool, forms = self.calls.tool(target), self.forms[target]
        own = set(self.forms[source].values())
        binds: dict[str, Bind] = {}
        for edge in self.edges_between(self.calls.tool(source), tool):
            for place, text in _spot(self.calls.response(source), edge.source.pattern, item):
                for name, value in forms.items() if text not in own else ():
                    if value == text and _pattern(name) == edge.target.parameter:
                        binds.setdefault(name, Bind(name, place, text))
        flows = tuple((tool, _pattern(bind.parameter), bind.form) for bind in binds.values())
        return Link(source, target, item, tuple(binds.values()), flows)

    def edges_between(self, source: str, target: str) -> list[Edge]:
        """The edges with words from one tool to another, in order."""
        return self._between.get((source, target), [])

    @cached_property
    def _between(self) -> dict[tuple[str, str], list[Edge]]:
        between: dict[tuple[str, str], list[Edge]] = defaultdict(list)
        for edge in self.edges:
            if edge.source.pattern in self.spoken(edge.source.tool):
                between[edge.source.tool, edge.target.tool].append(edge)
        return between

    def choices(self, number: int, place: str, index: int) -> list[Criterion]:
        """The criteria that choose element `index` of the list at `place`; empty if there are no phrases for it."""
        return self._choices.remembered(
            (number, place, index), lambda: list(self._chosen(number, place, index))
        )

    def can_be_chosen(self, number: int, place: str, index: int) -> bool:
        """Whether there is a phrase that chooses an element."""
        return next(self._chosen(number, place, index), None) is not None

    def _chosen(self, number: int, place: str, index: int) -> Iterator[Criterion]:
        book, response = self.entry(number).lists.get(place), self.calls.response(number)
        if book:
            items = pointer.resolve(response, place)
            yield from choosing(items, index, book, self.calls.arguments(number), complete(response, items))

    def _supplied(self, number: int) -> Iterator[Flow]:
        response = self.calls.response(number)
        for pattern, some in self._patterns.get(self.calls.tool(number), {}).items():
            for text in {text for _, _, text in spots(response, pattern)}:
                for edge in some:
                    yield (*edge.target, text)

    def _leaves(self, number: int) -> frozenset[str]:
        values = pointer.patterns(self.calls.response(number))
        return frozenset(text for _, value in values if (text := form(value)) is not None)

    def offers_a_fact(self, number: int) -> bool:
        """Whether the response has a fact that a person may ask for."""
        return next(self._wishes(number), None) is not None

    def _wishes(self, number: int) -> Iterator[Wish]:
        response, entry = self.calls.response(number), self.entry(number)
        own = set(self.forms[number].values())
        for place, ask in entry.facts.items():
            value = found(response, place)
            text = form(value)
            if text is not None and text not in own:
                yield Wish(pointer.tokens(place)[-1], place, None, value, text, ask)
        for place, book in entry.lists.items():
            items = found(response, place)
            for index in range(len(items)) if isinstance(items, list) and book.facts else ():
                if not self.can_be_chosen(number, place, index):
                    continue
                for name, ask in book.facts.items():
                    value = found(items[index], f"/{name}")
                    text = form(value)
                    if text is not None and text not in own:
                        where = f"{place}/{index}/{name}"
                        yield Wish(name.rpartition("/")[2], where, (place, index), value, text, ask)


def by_tool(calls: Calls, numbers: Array) -> list[Array]:
    """The places of calls of one tool among `numbers`, one array per tool, in the order of the tools."""
    tools = calls.tool_of[numbers]
    order = np.argsort(tools, kind="stable")
    ends = np.cumsum(np.bincount(tools, minlength=len(calls.tools)))
    return [some for some in np.split(order, ends) if len(some)]


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


def _spot(response: Any, pattern: str, item: Item) -> Iterator[tuple[str, str]]:
    """Pointer and form of the value at a pattern in one element, or outside lists; nothing if there is none."""
    head, star, tail = pattern.partition("/*")
    if bool(star) != bool(item) or (item and head != item[0]) or "*" in tail:
        return
    place = f"{head}/{item[1]}{tail}" if item else pattern
    text = form(found(response, place))
    if text is not None:
        yield place, text


__all__ = ["Bind", "Flow", "Group", "Heard", "Index", "Item", "Link", "Wish", "complete"]
