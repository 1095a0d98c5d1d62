"""The arrays that a request fills at the start of an episode, and the candidates that each call result adds.

Built from a `RequestGraph`, the offered tools and a `Vocabulary`, and shared by all episodes of a task. Tasks are not
known here, which keeps golden calls out of the observation.

A call is *about* a thing if its arguments are everything that describes the thing, and nothing else. It is about *the
same* thing if every argument identifies that thing (its id). The values of a call result belong to things by two rules:

- a value outside lists belongs to the things that the call is about and that are not chosen from a list; if there are
  none, to the same thing;
- a value in a list element belongs to the things that the call is about and whose criterion chooses the element; and
  to the same thing, if the list has one element and the thing has the list's noun.

Of things that are compared, one is chosen once the quantity of each is known. What belongs to the winner then also
belongs to the chosen thing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..jsonvalues import pointer
from ..jsonvalues.canonical import canonical
from ..jsonvalues.memo import Memo
from ..language.criteria import Criterion, Items, select
from .candidates import (
    BELONGS,
    MEETS,
    REPLY,
    REQUEST,
    SCHEMA,
    Block,
    CandidateRow,
    Limits,
    bits_of,
    positions,
)
from .request_graph import ITSELF, RequestGraph
from .vocabulary import COMPARE, CRITERION, Intake, Leaf, Vocabulary, type_of

OTHERS = 1
"""Number of list elements, from the first, that become candidates although no criterion of the request chooses them."""
CHOSEN = 4
"""Maximum elements that one criterion may choose."""
MEMO_SIZE = 2048


class Contest(NamedTuple):
    """A comparison of the things `contenders` by a quantity. The winner, by `max` or `min`, is the thing `chosen`."""

    chosen: int
    contenders: tuple[int, ...]
    quantity: str
    choose: str


class Row(NamedTuple):
    """One candidate before it is encoded. `members` and `meets` are things as bits; `mention` is -1 for none."""

    value: Any
    source: int
    leaf: Leaf | None = None
    members: int = 0
    meets: int = 0
    position: int = 0
    length: int = 0
    intakes: tuple[Intake, ...] = ()
    mention: int = -1


class RequestEncoding:
    """What the agent sees of a request, and what it will see in call results."""

    def __init__(
        self, graph: RequestGraph, tools: Iterable[str], vocabulary: Vocabulary, limits: Limits
    ) -> None:
        """`tools` are the names of the tools offered."""
        self.vocabulary, self.limits = vocabulary, limits
        self._candidate_row = CandidateRow(vocabulary, limits)
        self.graph = _cut(graph, limits)
        self.offered = tuple(sorted(vocabulary.tool_number[name] for name in set(tools)))
        self.positions = max(vocabulary.most_parameters, limits.facts)
        self.needed = tuple(
            (number, bits_of(vocabulary.intake_number[name, one] for one in vocabulary.required(name)))
            for number in self.offered
            for name in [vocabulary.tools[number]]
        )
        """Number of each offered tool, and its required parameters as bits."""
        graph = self.graph
        self.described = [
            bits_of(at for at, link in enumerate(graph.links) if link.thing == thing)
            for thing in range(len(graph.things))
        ]
        """The links that describe each thing, as bits."""
        self._asked = {fact.ask for fact in graph.facts}
        self.contests = tuple(_contests(graph))
        self._compared = {contest.quantity for contest in self.contests}
        self.image: Any = None
        """The bytes of an encoding before any call; `None` until the first episode sets it."""
        self._replies: Memo[tuple[str, int, int], Block] = Memo(MEMO_SIZE)

    @cached_property
    def things(self) -> Any:
        """`(things, 4)` int16: noun, kind and field of the criterion, its number ("the second ..."), at most 99."""
        vocabulary, rows = self.vocabulary, np.zeros((self.limits.things, 4), dtype=np.int16)
        for at, thing in enumerate(self.graph.things):
            chosen = thing.criterion or Criterion("")
            number = chosen.value if chosen.kind.startswith("nth") and isinstance(chosen.value, int) else 0
            name = f"{COMPARE} {chosen.choose}" if chosen.kind == COMPARE else chosen.kind
            kind = vocabulary.kinds[name] if thing.element else 0
            field = vocabulary.fields[chosen.name] if chosen.name else 0
            rows[at] = vocabulary.nouns[thing.noun], kind, field, min(number, 99)
        return rows

    @cached_property
    def links(self) -> Any:
        """`(links, 6)` int16: thing, role, relation, target thing, target candidate, known. Things count from 1."""
        vocabulary, rows = self.vocabulary, np.zeros((self.limits.links, 6), dtype=np.int16)
        for at, link in enumerate(self.graph.links):
            target = (0, self.first_mention + link.target, 1) if link.mention else (link.target + 1, 0, 0)
            relation = 0 if link.mention else vocabulary.relations[link.relation]
            rows[at] = link.thing + 1, vocabulary.roles[link.role], relation, *target
        return rows

    @cached_property
    def facts(self) -> Any:
        """`(facts, 3)` int16: thing (from 1, 0 if not known), words of the ask, known."""
        rows = np.zeros((self.limits.facts, 3), dtype=np.int16)
        for at, fact in enumerate(self.graph.facts):
            rows[at] = fact.thing + 1, self.vocabulary.asks[fact.ask], 0
        return rows

    @cached_property
    def offers(self) -> Any:
        """`(tools,)` int8: 1 for each offered tool."""
        rows = np.zeros(len(self.vocabulary.tools), dtype=np.int8)
        rows[list(self.offered)] = 1
        return rows

    @property
    def first_mention(self) -> int:
        """The candidate row at which the values of the request begin."""
        return 1 + len(self.vocabulary.named)

    @cached_property
    def opening(self) -> Block:
        """The candidates before any call: omit, then values of small enums, then values of the request."""
        rows = [Row(None, 0)]
        rows += [Row(value, SCHEMA, intakes=intakes) for value, intakes in self.vocabulary.named]
        for at, value in enumerate(self.graph.mentions):
            rows.append(Row(value, REQUEST, intakes=self.vocabulary.takers(value), mention=at))
        block = self._block(rows[: self.limits.candidates])
        block.open[:, 0] = True
        return block

    def reply(
        self, tool: str, arguments: Mapping[str, Any], key: str, text: str, about: int, same: int
    ) -> Block:
        """The candidates of a recorded success; `about` and `same` are things as bits. Kept in a bounded memo."""
        identity = (key, about, same)
        return self._replies.remembered(
            identity, lambda: self._block(list(self._read(tool, arguments, json.loads(text), about, same)))
        )

    def _read(
        self, tool: str, arguments: Mapping[str, Any], response: Any, about: int, same: int
    ) -> Iterator[Row]:
        reads, book = self.vocabulary.reads[tool], self.vocabulary.book.calls[tool]
        things = self.graph.things
        whole = about & bits_of(at for at, thing in enumerate(things) if not thing.element) or same
        for leaf, value in self._found(reads.whole, response):
            yield Row(value, REPLY, leaf, whole)
        for head, leaves in reads.lists.items():
            items = _resolved(response, head)
            if not isinstance(items, list) or not items or not all(isinstance(one, dict) for one in items):
                continue
            words = book.lists.get(head)
            noun = words.noun if words else ""
            echoed = arguments.get(words.echo.parameter) if words and words.echo else None
            chosen = self._chosen(items, noun, echoed)
            alone = (
                bits_of(at for at, thing in enumerate(things) if thing.noun == noun) if len(items) == 1 else 0
            )
            others = [index for index in range(min(len(items), OTHERS + len(chosen))) if index not in chosen]
            for index in (*sorted(chosen), *others[:OTHERS]):
                meets = chosen.get(index, 0)
                for leaf, value in self._found(leaves, items[index]):
                    members = (about & meets) | (same & alone)
                    yield Row(value, REPLY, leaf, members, meets, index + 1, len(items))

    def _found(self, leaves: Sequence[Leaf], inside: Any) -> Iterator[tuple[Leaf, Any]]:
        """Leaves and values that can feed a parameter, answer a fact, or decide a comparison of the request."""
        for leaf in leaves:
            value = _resolved(inside, leaf.place)
            if value in (None, "") or isinstance(value, (list, dict)):
                continue
            if leaf.feeds or leaf.ask in self._asked or leaf.quantity in self._compared:
                yield leaf, value

    def _chosen(self, items: Items, noun: str, echoed: Any) -> dict[int, int]:
        """Indices of the elements that criteria of the request choose, each with its things as bits."""
        found: dict[int, int] = {}
        for at, thing in enumerate(self.graph.things):
            if thing.criterion is None or thing.noun != noun:
                continue
            criterion = (
                replace(thing.criterion, value=echoed) if thing.criterion.kind == "echo" else thing.criterion
            )
            for index in _selected(criterion, items)[:CHOSEN]:
                found[index] = found.get(index, 0) | 1 << at
        return found

    def _block(self, rows: Sequence[Row]) -> Block:
        n = len(rows)
        block = Block(
            [row.value for row in rows],
            np.zeros((n, self._candidate_row.size), dtype=np.uint8),
            np.zeros((self.positions, n), dtype=np.bool_),
            [canonical(row.value) for row in rows],
            [row.members for row in rows],
            [row.leaf.quantity if row.leaf else "" for row in rows],
            {},
            {},
        )
        views = self._candidate_row.views(block.rows) if n else {}
        for at, row in enumerate(rows):
            self._write(block, {name: view[at] for name, view in views.items()}, at, row)
        return block

    def _write(self, block: Block, own: Mapping[str, Any], at: int, row: Row) -> None:
        """Write one candidate into row `at` of a block."""
        vocabulary, leaf, text, serves = self.vocabulary, row.leaf, block.texts[at], self._serves(row)
        words = (
            (leaf.number, vocabulary.relations[leaf.relation], vocabulary.asks[leaf.ask])
            if leaf
            else (0, 0, 0)
        )
        words = words if leaf is None or leaf.ask else (*words[:2], 0)
        place = (0, min(row.position, 999), min(row.length, 999))
        own["candidates"][:] = row.source, type_of(row.value), *words, *place
        numbers = [vocabulary.intake_number[one] for one in (leaf.feeds if leaf else row.intakes)]
        if leaf:  # an edge of the dependency graph carries some values that the schema refuses
            numbers = [number for number in numbers if vocabulary.accepts(number, row.value, text)]
        own["fits"][numbers] = 1
        for thing, said in enumerate(self.graph.things):
            own["bond"][thing] = BELONGS if row.members >> thing & 1 else MEETS * (row.meets >> thing & 1)
            if row.mention >= 0 and said.value == row.mention:
                own["role"][thing] = vocabulary.roles[CRITERION]
        for number in positions(serves):
            own["role"][self.graph.links[number].thing] = vocabulary.roles[self.graph.links[number].role]
        for position in self._positions(numbers):
            block.open[position, at] = True
        if serves:
            block.serves[text] = block.serves.get(text, 0) | serves
        if leaf and leaf.relation == ITSELF and row.members:
            block.identifies[text] = block.identifies.get(text, 0) | row.members
        block.feeds |= bits_of(numbers)
        block.links |= serves
        if leaf:
            self._answer(block, at, leaf, row.members)

    def _answer(self, block: Block, at: int, leaf: Leaf, members: int) -> None:
        """Allow a candidate as an answer if its words are asked for, and note the facts that it answers."""
        for number, fact in enumerate(self.graph.facts):
            if leaf.ask == fact.ask:
                block.open[: len(self.graph.facts), at] = True
                if fact.thing < 0 or members >> fact.thing & 1:
                    block.facts |= 1 << number

    def _positions(self, numbers: Sequence[int]) -> set[int]:
        """Action positions at which an offered tool has one of these intakes."""
        offered = {self.vocabulary.tools[number] for number in self.offered}
        intakes = [self.vocabulary.intakes[number] for number in numbers]
        return {self.vocabulary.parameters[tool].index(name) for tool, name in intakes if tool in offered}

    def _serves(self, row: Row) -> int:
        """The links whose value a candidate is, as bits."""
        if row.mention >= 0:
            return bits_of(
                at for at, link in enumerate(self.graph.links) if link.mention and link.target == row.mention
            )
        if row.leaf is None or not row.members:
            return 0
        return bits_of(
            at
            for at, link in enumerate(self.graph.links)
            if not link.mention
            and row.members >> link.target & 1
            and link.relation in (row.leaf.relation, row.leaf.quantity)
        )


def _contests(graph: RequestGraph) -> Iterator[Contest]:
    for at, thing in enumerate(graph.things):
        if thing.criterion is not None and thing.criterion.kind == COMPARE:
            sides = tuple(link.target for link in graph.links if link.thing == at and not link.mention)
            yield Contest(at, sides, thing.criterion.field, thing.criterion.choose)


def _selected(criterion: Criterion, items: Items) -> list[int]:
    """Indices that a criterion chooses; none if its kind is unknown or the list cannot be compared by it."""
    try:
        return select(criterion, items)
    except (KeyError, TypeError, ValueError):
        return []


def _resolved(value: Any, place: str) -> Any:
    try:
        return pointer.resolve(value, place)
    except LookupError:
        return None


def _cut(graph: RequestGraph, limits: Limits) -> RequestGraph:
    """The graph without the things, links and facts beyond the limits."""
    things = limits.things
    kept = [link for link in graph.links if link.thing < things and (link.mention or link.target < things)]
    return RequestGraph(
        graph.mentions,
        graph.things[:things],
        tuple(kept[: limits.links]),
        tuple(fact for fact in graph.facts if fact.thing < things)[: limits.facts],
    )
