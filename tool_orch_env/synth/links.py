"""The links of an index, as flat arrays: what each response offers, and which calls need just that.

One response can feed thousands of calls: everything that was asked about its date. So pairs of calls are not listed. A
*flow* is a value that a parameter takes. A *need* is a set of flows of one tool that make a link to a call: those that
a person could not give, and at least one that the tool's schema does not name. A *unit* is a list element of a
response, or the response outside its lists; it offers flows. A response is linked to a call if one of its units offers
all flows of one of the call's needs.
"""

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..jsonvalues import pointer
from ..jsonvalues.scalars import form
from ..language.graph import Edge
from ..language.heard import Calls
from ..snapshot.kept import Arrays, Texts
from .ragged import Array, Ragged

Flow = tuple[str, str, str]
"""Tool, parameter and form of a value that a response can supply and a call can take."""
Item = tuple[str, int] | None
"""Pointer of a list and index of an element in it; `None` outside lists."""


class Words(Protocol):
    """What the builder has to know of the phrase book and the calls, an `Index`."""

    calls: Calls
    edges: list[Edge]

    def needs(self, number: int) -> list[tuple[Flow, ...]]:
        """The needs of a call."""

    def spoken(self, tool: str) -> Mapping[str, list[Edge]]:
        """The edges out of a tool that have words, by pattern."""

    def stated(self, number: int) -> Mapping[str, str]:
        """The forms of a call's arguments, by slot."""

    def can_be_chosen(self, number: int, place: str, index: int) -> bool:
        """Whether there is a phrase that chooses an element."""

    def begins(self, number: int) -> bool:
        """Whether a person could ask for the call directly."""

    def offers_a_fact(self, number: int) -> bool:
        """Whether the response has a fact that a person may ask for."""


class Links(NamedTuple):
    """The arrays, by their meaning. Calls, units, needs, texts and places have numbers from 0."""

    units: Array
    """`(calls + 1,)`: the units of call `i` are `units[i]` to `units[i + 1]`."""
    item: Array
    """`(units, 2)`: number of the list in `lists` and index in it, -1 outside lists."""
    lists: list[str]
    offers: Ragged
    """The needs that each unit meets."""
    takers: Ragged
    """The calls that have each need."""
    needs: Ragged
    """The needs of each call."""
    texts: Texts
    """The forms of all arguments, and of all values at which an edge begins; sorted."""
    asked: Ragged
    """The calls that have each text among their arguments."""
    places: dict[tuple[str, str], int]
    """The tools and patterns at which an edge begins."""
    held: Array
    """`(values,)`, sorted: `place * texts + text` of every value at such a place,"""
    holder: Array
    """and the call whose response has it."""
    begins: Array
    """`(calls,)` bool: whether a person could ask for the call directly."""
    wished: Array
    """`(calls,)` bool: whether the response has a fact that a person may ask for."""

    @classmethod
    def of(cls, arrays: Arrays) -> "Links":
        """The links in the arrays that `arrays_of` made."""

        def ragged(name: str) -> Ragged:
            return Ragged(arrays[f"{name}.start"], arrays[f"{name}.values"])

        lists, places = json.loads(arrays["names"].tobytes())
        return cls(
            arrays["units"],
            arrays["item"],
            lists,
            ragged("offers"),
            ragged("takers"),
            ragged("needs"),
            Texts.of(arrays, "texts"),
            ragged("asked"),
            {(tool, pattern): number for number, (tool, pattern) in enumerate(places)},
            arrays["held"],
            arrays["holder"],
            arrays["begins"],
            arrays["wished"],
        )

    def where(self, unit: int) -> Item:
        """The item of a unit."""
        which, index = self.item[unit].tolist()
        return None if which < 0 else (self.lists[which], index)

    def out(self, source: int) -> tuple[Array, Array]:
        """Every link out of a response, as arrays of targets and units, sorted by target, then unit."""
        first, end = self.units[source : source + 2].tolist()
        units = np.arange(first, end)
        place, needs = self.offers.rows(units)
        at, targets = self.takers.rows(needs)
        pairs = np.unique(targets.astype(np.int64) << 32 | units[place[at]])
        pairs = pairs[pairs >> 32 != source]
        return (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)

    def fed(self, source: int) -> Array:
        """The calls that a response feeds, in no order and some more than once."""
        first, end = self.units[source : source + 2].tolist()
        needs = self.offers.values[self.offers.start[first] : self.offers.start[end]]
        targets = self.takers.rows(needs)[1]
        return targets[targets != source]

    def between(self, source: int, target: int) -> list[int]:
        """The units of a response that feed a call."""
        if source == target:
            return []
        first, end = self.units[source : source + 2].tolist()
        place, needs = self.offers.rows(np.arange(first, end))
        found: list[int] = np.unique(place[np.isin(needs, self.needs.row(target))]).tolist()
        return [first + unit for unit in found]

    def holders(self, place: tuple[str, str], text: str) -> list[int]:
        """The calls that have a value at a place of an edge in their responses, sorted."""
        where, number = self.places.get(place, -1), self.texts.find(text)
        if where < 0 or number < 0:
            return []
        code = where * len(self.texts) + number
        found: list[int] = self.holder[
            np.searchsorted(self.held, code) : np.searchsorted(self.held, code + 1)
        ].tolist()
        return found


def arrays_of(words: Words) -> Arrays:
    """The arrays of `Links`."""
    return _Builder(words).arrays()


class _Builder:
    def __init__(self, words: Words) -> None:
        self._words = words
        self._texts: dict[str, int] = {}
        self._needs: dict[tuple[Flow, ...], int] = {}
        self._lists: dict[str, int] = {}
        self._places = {place: number for number, place in enumerate(_places(words.edges))}

    def arrays(self) -> Arrays:
        calls = len(self._words.calls)
        asked, needing, begins = self._asked()
        offered, held = self._offered()
        texts = sorted(self._texts, key=lambda text: text.encode("utf-8", "surrogatepass"))
        rank = np.empty(len(texts), dtype=np.int64)
        rank[[self._texts[text] for text in texts]] = np.arange(len(texts))
        place, text, holder = held
        value = place.astype(np.int64) * len(texts) + rank[text]
        order = np.lexsort((holder, value))
        names = json.dumps([list(self._lists), [list(place) for place in self._places]])
        return {
            **offered,
            **_named("takers", Ragged.grouped(needing[0], needing[1], len(self._needs))),
            **_named("needs", Ragged.grouped(needing[1], needing[0], calls)),
            **_named("asked", Ragged.grouped(rank[asked[0]], asked[1], len(texts))),
            **Texts.arrays(texts, "texts"),
            "names": np.frombuffer(names.encode(), dtype=np.uint8),
            "held": value[order],
            "holder": holder[order],
            "begins": begins,
        }

    def _asked(self) -> tuple[tuple[Array, Array], tuple[Array, Array], Array]:
        """What the calls ask for: pairs of text and call, pairs of need and call, and whether a call can begin."""
        words, calls = self._words, self._words.calls
        text, asking, need, needing = array("i"), array("i"), array("i"), array("i")
        begins = np.zeros(len(calls), dtype=bool)
        for number in range(len(calls)):
            begins[number] = words.begins(number)
            for one in set(words.stated(number).values()):
                text.append(self._text(one))
                asking.append(number)
            for flows in words.needs(number):
                need.append(self._needs.setdefault(flows, len(self._needs)))
                needing.append(number)
        return (np.asarray(text), np.asarray(asking)), (np.asarray(need), np.asarray(needing)), begins

    def _offered(self) -> tuple[dict[str, Array], tuple[Array, Array, Array]]:
        """What the responses offer, and every value at a place of an edge: place, text and call."""
        words, calls = self._words, self._words.calls
        finder = _Finder(self._needs)
        units, lists, index = array("i", [0]), array("i"), array("i")
        starts, offers = array("q", [0]), array("i")
        place, text, holder = array("i"), array("i"), array("i")
        wished = np.zeros(len(calls), dtype=bool)
        for number in calls.numbers("finding which calls feed which"):
            for where, value in set(self._values(number)):
                place.append(where)
                text.append(value)
                holder.append(number)
            wished[number] = words.offers_a_fact(number)
            by_item = _offers(words, number, finder)
            for item in sorted(by_item, key=str):
                offers.extend(sorted(by_item[item]))
                starts.append(len(offers))
                lists.append(-1 if item is None else self._lists.setdefault(item[0], len(self._lists)))
                index.append(-1 if item is None else item[1])
            units.append(len(lists))
        arrays = {
            "units": np.asarray(units, dtype=np.int64),
            "item": np.stack([np.asarray(lists), np.asarray(index)], axis=1),
            **_named("offers", Ragged(np.asarray(starts), np.asarray(offers))),
            "wished": wished,
        }
        return arrays, (np.asarray(place), np.asarray(text), np.asarray(holder))

    def _values(self, number: int) -> Iterator[tuple[int, int]]:
        """Place and text of every value in a response at which an edge begins."""
        tool = self._words.calls.tool(number)
        for pattern, value in pointer.patterns(self._words.calls.response(number)):
            where = self._places.get((tool, pattern))
            if where is not None and (text := form(value)) is not None:
                yield where, self._text(text)

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))


class _Finder:
    """Finds the needs that a set of flows meets."""

    def __init__(self, needs: Mapping[tuple[Flow, ...], int]) -> None:
        rare = Counter(flow for need in needs for flow in need)
        self.alone: dict[Flow, int] = {need[0]: number for need, number in needs.items() if len(need) == 1}
        self.joint: dict[Flow, list[tuple[frozenset[Flow], int]]] = defaultdict(list)
        for need, number in needs.items():
            if len(need) > 1:
                self.joint[min(need, key=lambda flow: (rare[flow], flow))].append((frozenset(need), number))
        self.flows = self.alone.keys() | {flow for need in needs if len(need) > 1 for flow in need}

    def met(self, flows: set[Flow]) -> set[int]:
        found = {self.alone[flow] for flow in flows if flow in self.alone}
        for flow in flows:
            found.update(number for need, number in self.joint.get(flow, ()) if need <= flows)
        return found


def _offers(words: Words, number: int, finder: _Finder) -> dict[Item, set[int]]:
    """The needs that each unit of a response meets, without units that meet none."""
    flows: dict[Item, set[Flow]] = defaultdict(set)
    own = set(words.stated(number).values())
    response = words.calls.response(number)
    for pattern, edges in words.spoken(words.calls.tool(number)).items():
        for item, _, text in spots(response, pattern):
            if text not in own:
                some = [flow for edge in edges if (flow := (*edge.target, text)) in finder.flows]
                if some:
                    flows[item].update(some)
    met = {item: found for item, some in flows.items() if (found := finder.met(some))}
    return {item: found for item, found in met.items() if item is None or words.can_be_chosen(number, *item)}


def spots(response: Any, pattern: str) -> Iterator[tuple[Item, str, str]]:
    """Every place of a pattern in a response: its element, its pointer, its value's form.

    A pattern that goes through more than one list has no element and is left out.
    """
    head, star, tail = pattern.partition("/*")
    if not star:
        text = form(found(response, pattern))
        if text is not None:
            yield None, pattern, text
        return
    items = found(response, head)
    for index, item in enumerate(items if isinstance(items, list) and "*" not in tail else ()):
        text = form(found(item, tail))
        if text is not None:
            yield (head, index), f"{head}/{index}{tail}", text


def found(response: Any, place: str) -> Any:
    """The value at a pointer, `None` if there is none."""
    try:
        return pointer.resolve(response, place)
    except LookupError:
        return None


def _places(edges: list[Edge]) -> list[tuple[str, str]]:
    return sorted({(edge.source.tool, edge.source.pattern) for edge in edges})


def _named(name: str, ragged: Ragged) -> dict[str, Array]:
    return {f"{name}.start": ragged.start, f"{name}.values": ragged.values}
