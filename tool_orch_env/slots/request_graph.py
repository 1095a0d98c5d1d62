"""The content of a request as data. With the offered tools, it is all that a slots observation knows of a task.

A `RequestGraph` has

- *mentions*: the values that the request states;
- *things*: its noun phrases ("the busiest route of DL", "that airport"), each a noun and the criterion that chooses
  it; the winner of a comparison is a thing, described by both things that are compared;
- *links*: what describes a thing: a mention or another thing, the role of that ("from", "to"), and which of its
  values is meant ("the destination of");
- *facts*: what is asked, and of which thing.

The noun phrases are found from the golden calls, because the phrase book made the request from them. What no phrase
says is left out: ids, tools, parameter names, order, and calls that only look up something the words do not separate
("the airport nearest to Houston" has no word for Houston's record). The order of things depends on their words alone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from ..jsonvalues import pointer
from ..jsonvalues.canonical import canonical
from ..language.criteria import Criterion
from ..task import AnswerFact, GoldenCall, Task
from .vocabulary import COMPARE, CONTENDER, Vocabulary, picked, plain_words, quantity_words, roles_in

ITSELF = "{it}"
"""Relation of a value that identifies its thing."""

Item = tuple[str, int] | None
Spot = tuple[str, Item]
"""A golden call and an element of its response (`None` for the whole response): a thing before it is put into words.

The winner of a comparison is `("", ("", number of the comparison))`.
"""


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun phrase.

    `criterion` is `None` if the thing is not chosen from a list, or the task does not say how. `element` is whether
    it is a list element. `value` is the mention that the criterion states ("after 12:00"), -1 for none.
    """

    noun: str
    criterion: Criterion | None = None
    element: bool = False
    value: int = -1


class Link(NamedTuple):
    """`target` describes `thing` in the role `role`: the mention itself, or the value `relation` of another thing.

    `target` is a position in `mentions` if `mention`, else in `things`.
    """

    thing: int
    role: str
    relation: str
    target: int
    mention: bool


class Fact(NamedTuple):
    """Something asked of a thing (-1 if not known which), in the words `ask`; `name` is the task's name for it."""

    thing: int
    ask: str
    name: str


@dataclass(frozen=True)
class RequestGraph:
    """The content of a request. Things and mentions are identified by their positions."""

    mentions: tuple[Any, ...]
    things: tuple[Thing, ...]
    links: tuple[Link, ...]
    facts: tuple[Fact, ...]


def arranged(graph: RequestGraph, rng: np.random.Generator) -> RequestGraph:
    """The same graph with its things, links and facts in a random order."""
    order = rng.permutation(len(graph.things)).tolist()
    place = {thing: at for at, thing in enumerate(order)} | {-1: -1}
    links = [
        link._replace(thing=place[link.thing], target=link.target if link.mention else place[link.target])
        for link in graph.links
    ]
    facts = [fact._replace(thing=place[fact.thing]) for fact in graph.facts]
    return RequestGraph(
        graph.mentions,
        tuple(graph.things[thing] for thing in order),
        tuple(links[at] for at in rng.permutation(len(links))),
        tuple(facts[at] for at in rng.permutation(len(facts))),
    )


def request_graph(task: Task, vocabulary: Vocabulary) -> RequestGraph:
    """The request graph of `task`."""
    return _Reader(task, vocabulary).graph()


class _Reader:
    """Builds the request graph of one task."""

    def __init__(self, task: Task, vocabulary: Vocabulary) -> None:
        self._task, self._vocabulary = task, vocabulary
        self._calls = {call.id: call for call in task.golden}
        self._picks = {
            (pick["call"], pick["list"], pick["item"]): criterion_of(pick["criterion"])
            for pick in task.meta.get("picks", ())
        }
        self._contests: list[Mapping[str, str]] = list(task.meta.get("compared", ()))
        self._asked: dict[Spot, list[str]] = {}
        self._words_of: dict[Spot, str] = {}
        self._known: dict[Spot, tuple[tuple[str, str, Any], ...]] = {}

    def graph(self) -> RequestGraph:
        asked = list(self._fact_spots())
        facts = [(None if spot is None else self._root(spot), ask) for spot, ask in asked]
        spots = self._spots([spot for spot, _ in facts if spot is not None])
        by_words = {self._words(spot): spot for spot in spots}
        ordered = sorted(by_words, key=_digest)
        number = {words: position for position, words in enumerate(ordered)}
        mentions = sorted({text for spot in spots for text in self._stated(spot)}, key=_digest)
        links = sorted(
            {
                self._link(number[words], number, mentions, *found)
                for words in ordered
                for found in self._described(by_words[words])
            }
        )
        return RequestGraph(
            tuple(_value(text) for text in mentions),
            tuple(self._thing(by_words[words], mentions) for words in ordered),
            tuple(links),
            tuple(
                sorted(
                    Fact(number[self._words(spot)] if spot else -1, ask, fact.name)
                    for (spot, ask), fact in zip(facts, self._task.answer, strict=True)
                )
            ),
        )

    def _spots(self, asked: list[Spot]) -> list[Spot]:
        """Every thing that is asked about, ends a chain of calls, or describes such a thing."""
        found: dict[Spot, None] = {}
        queue = [*asked, *(self._root((call.id, None)) for call in self._task.golden if self._ends(call))]
        while queue:
            spot = queue.pop()
            if spot not in found:
                found[spot] = None
                queue += [target for _, _, target in self._described(spot) if not isinstance(target, str)]
        return list(found)

    def _ends(self, call: GoldenCall) -> bool:
        """Whether no fact and no binding uses the response of a call."""
        used = {one.call for other in self._task.golden for one in other.bindings.values()}
        used |= {fact.call for fact in self._task.answer if fact.call}
        return call.id not in used

    def _fact_spots(self) -> Iterator[tuple[Spot | None, str]]:
        for fact in self._task.answer:
            spot = None
            if fact.call is not None and fact.pointer is not None:
                spot = (fact.call, self._item(self._calls[fact.call].tool, fact.pointer))
            ask = self._ask(fact, spot)
            if spot is not None:
                self._asked.setdefault(spot, []).append(ask)
                spot = self._chosen(fact.call or "", None) or spot
            yield spot, ask

    def _chosen(self, winner: str, waiting: str | None) -> Spot | None:
        """The winner of a comparison as a thing, if the call `waiting` (`None`: the answer) uses it; else `None`."""
        for number, one in enumerate(self._contests):
            if (one["winner"], one.get("call")) == (winner, waiting):
                return "", ("", number)
        return None

    def _contest(self, spot: Spot) -> Mapping[str, str] | None:
        return self._contests[spot[1][1]] if spot[0] == "" and spot[1] is not None else None

    def _ask(self, fact: AnswerFact, spot: Spot | None) -> str:
        if spot is not None and fact.pointer is not None:
            entry, item = self._vocabulary.book.calls[self._calls[spot[0]].tool], spot[1]
            asks = entry.facts if item is None else entry.lists[item[0]].facts
            name = fact.pointer if item is None else fact.pointer.removeprefix(f"{item[0]}/{item[1]}/")
            if name in asks:
                return asks[name].phrases[0]
        return plain_words(fact.name)

    def _item(self, tool: str, place: str) -> Item:
        """The list and index of the element that a pointer leads into, `None` if it is in no known list."""
        for head in sorted(self._vocabulary.book.calls[tool].lists, key=len, reverse=True):
            index, slash, _ = place.removeprefix(f"{head}/").partition("/")
            if place.startswith(f"{head}/") and slash and index.isdecimal():
                return head, int(index)
        return None

    def _root(self, spot: Spot) -> Spot:
        """The thing that the words identify this one with: a flight looked up by id is the flight that was chosen."""
        described = self._described(spot)
        if len(described) == 1 and described[0][1] == ITSELF and _is_slot(self._template(spot)):
            found: Spot = described[0][2]
            return found
        return spot

    def _template(self, spot: Spot) -> str:
        """The phrase of a thing, with slots for what describes it; "" if the book has none."""
        if self._contest(spot):
            return ""
        call, item = self._calls[spot[0]], spot[1]
        entry = self._vocabulary.book.calls[call.tool]
        if item is None:
            asked = [ask for ask in sorted(self._asked.get(spot, ())) if "{it}" not in ask]
            return entry.np or (asked[0] if asked else "")
        criterion = self._picks.get((call.id, *item))
        return picked(entry.lists[item[0]], criterion.kind, criterion.name) if criterion else ""

    def _described(self, spot: Spot) -> tuple[tuple[str, str, Any], ...]:
        """Role, relation and target of everything that describes a thing; a mention is its canonical text."""
        if spot not in self._known:
            self._known[spot] = tuple(self._arguments(spot))
        return self._known[spot]

    def _arguments(self, spot: Spot) -> Iterator[tuple[str, str, Any]]:
        contest = self._contest(spot)
        if contest:
            for side in ("winner", "loser"):
                yield CONTENDER, self._quantity(contest), self._root((contest[side], None))
            return
        call = self._calls[spot[0]]
        bound = _bound(call)
        given = {
            name: value
            for name, value in call.arguments.items()
            if name not in bound and self._default(call, name) != value
        }
        entry = self._vocabulary.book.calls[call.tool]
        roles = roles_in(self._template(spot), entry, given, bound)
        said: set[tuple[str, Any]] = set()
        for name in sorted({*given, *bound}, key=lambda name: (name not in roles, name)):
            source = self._source(call.id, *bound[name]) if name in bound else ("", canonical(given[name]))
            if name in roles or source not in said:  # "near Houston" speaks of two arguments at once
                said.add(source)
                yield roles.get(name, ""), *source

    def _quantity(self, contest: Mapping[str, str]) -> str:
        entry = self._vocabulary.book.calls[self._calls[contest["winner"]].tool]
        return quantity_words(entry, contest["pointer"])

    def _source(self, waiting: str, call_id: str, place: str) -> tuple[str, Spot]:
        """Relation and source thing of a bound argument."""
        tool = self._calls[call_id].tool
        pattern = pointer.pattern(place)
        item = self._item(tool, place)
        relation = self._vocabulary.book.calls[tool].relation(pattern)
        spot = self._chosen(call_id, waiting) or self._root((call_id, item))
        return relation or plain_words(pattern.rpartition("/")[2]), spot

    def _default(self, call: GoldenCall, name: str) -> Any:
        schema = self._vocabulary.catalog[call.tool].properties.get(name)
        return schema.get("default", ...) if isinstance(schema, dict) else ...

    def _thing(self, spot: Spot, mentions: list[str]) -> Thing:
        criterion = self._criterion(spot)
        values = [mentions.index(text) for text in _named_by(criterion)]
        return Thing(self._noun(spot), criterion, spot[1] is not None, values[0] if values else -1)

    def _noun(self, spot: Spot) -> str:
        contest = self._contest(spot)
        if contest:
            return self._noun(self._root((contest["winner"], None)))
        entry = self._vocabulary.book.calls[self._calls[spot[0]].tool]
        return entry.noun if spot[1] is None else entry.lists[spot[1][0]].noun

    def _criterion(self, spot: Spot) -> Criterion | None:
        contest = self._contest(spot)
        if contest:
            return Criterion(COMPARE, self._quantity(contest), choose=contest["choose"])
        return self._picks.get((spot[0], *spot[1])) if spot[1] is not None else None

    def _stated(self, spot: Spot) -> Iterator[str]:
        """The values that the words of a thing state, as canonical text."""
        yield from (target for _, _, target in self._described(spot) if isinstance(target, str))
        yield from _named_by(self._criterion(spot))

    def _words(self, spot: Spot) -> str:
        """A text that is equal for things that the request does not distinguish."""
        if spot not in self._words_of:
            criterion = self._criterion(spot)
            noun = self._noun(spot)
            parts = sorted(
                f"{role}|{relation}|{target if isinstance(target, str) else self._words(target)}"
                for role, relation, target in self._described(spot)
            )
            chosen = canonical(criterion.as_dict()) if criterion else str(spot[1] is not None)
            self._words_of[spot] = f"({noun} {chosen} {' '.join(parts)})"
        return self._words_of[spot]

    def _link(
        self,
        thing: int,
        number: Mapping[str, int],
        mentions: list[str],
        role: str,
        relation: str,
        target: Any,
    ) -> Link:
        if isinstance(target, str):
            return Link(thing, role, relation, mentions.index(target), True)
        return Link(thing, role, relation, number[self._words(target)], False)


def criterion_of(found: Mapping[str, Any]) -> Criterion:
    """The criterion of an entry of a task's `meta`; unknown fields are ignored."""
    known = {one.name for one in fields(Criterion)}
    if found.get("kind") == "echo":  # the name asked for may come from a reply, and the words do not say it
        known.remove("value")
    return Criterion(**{name: value for name, value in found.items() if name in known})


def _named_by(criterion: Criterion | None) -> Iterator[str]:
    """The value that a criterion adds to the arguments stated, as canonical text."""
    if criterion is not None and criterion.is_stated:
        yield canonical(criterion.value)


def _bound(call: GoldenCall) -> dict[str, tuple[str, str]]:
    """Golden call and pointer of each bound argument; a binding of a part counts for the whole argument."""
    found: dict[str, tuple[str, str]] = {}
    for name, one in sorted(call.bindings.items()):
        parameter = name if name in call.arguments else pointer.tokens(name)[0]
        found.setdefault(parameter, (one.call, one.pointer))
    return found


def _is_slot(template: str) -> bool:
    return re.fullmatch(r"\s*\{\w+\}\s*", template) is not None


def _value(text: str) -> Any:
    return json.loads(text)


def _digest(text: str) -> str:
    """A sort key that reveals neither the order of the golden calls nor the length of the words."""
    return blake2b(text.encode(), digest_size=8).hexdigest()
