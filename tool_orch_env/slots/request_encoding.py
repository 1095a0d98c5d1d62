"""A task made ready for play in slots: its statement as arrays, and what a reader sees in each reply.

Enters: a `Statement`, the tools offered, a `Lexicon`. Leaves: `Brief`, shared by every episode of the task: the rows
that stand in an observation from the start, and `Block`s, the rows that a reply adds. Tasks are not known here, so
nothing of their golden calls can be.

What a reader sees in a reply. A call is *about* a thing if its arguments are all that describes the thing and
nothing else; it is about *the same* thing if every argument stands for that thing already (its id). Then

- a value outside of lists belongs to the things that the call is about and that are not chosen from a list, or
  else to the same thing;
- a value of a list's element belongs to what the call is about, if the element is the one that the thing's
  criterion chooses; and to the same thing, if it is the only element of such things.

Of things that are compared, one is chosen as soon as the quantity of each has been read; what belongs to it belongs to
the thing chosen.
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
"""Elements of a list that are candidates though no criterion of the request chooses them: the first ones."""
CHOSEN = 4
"""Elements that one criterion may choose, at most."""
MEMO_SIZE = 2048


class Contest(NamedTuple):
    """Things that are compared by a quantity, as bits; the winner, by max or min, is the thing `chosen`."""

    chosen: int
    contenders: tuple[int, ...]
    quantity: str
    choose: str


class Row(NamedTuple):
    """One candidate in the making."""

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
    """What the agent knows of a task, and what it will see in replies."""

    def __init__(
        self, statement: RequestGraph, tools: Iterable[str], vocabulary: Vocabulary, limits: Limits
    ) -> None:
        """A statement, and the names of the tools offered."""
        self.vocabulary, self.limits = vocabulary, limits
        self._pool_row = CandidateRow(vocabulary, limits)
        self.statement = _cut(statement, limits)
        self.offered = tuple(sorted(vocabulary.tool_number[name] for name in set(tools)))
        self.positions = max(vocabulary.most_parameters, limits.facts)
        self.needed = tuple(
            (number, bits_of(vocabulary.intake_number[name, one] for one in vocabulary.required(name)))
            for number in self.offered
            for name in [vocabulary.tools[number]]
        )
        """Offered tools with the parameters that they require, as bits."""
        statement = self.statement
        self.described = [
            bits_of(at for at, link in enumerate(statement.links) if link.thing == thing)
            for thing in range(len(statement.things))
        ]
        """Per thing its links, as bits."""
        self._asked = {fact.ask for fact in statement.facts}
        self.contests = tuple(_contests(statement))
        self._compared = {contest.quantity for contest in self.contests}
        self.image: Any = None
        """The bytes of a encoding of this task before any call, once there has been one."""
        self._replies: Memo[tuple[str, int, int], Block] = Memo(MEMO_SIZE)

    @cached_property
    def things(self) -> Any:
        """`(things, 4)`: noun, kind and field of the criterion, its number ("the second ...")."""
        vocabulary, rows = self.vocabulary, np.zeros((self.limits.things, 4), dtype=np.int16)
        for at, thing in enumerate(self.statement.things):
            chosen = thing.criterion or Criterion("")
            number = chosen.value if chosen.kind.startswith("nth") and isinstance(chosen.value, int) else 0
            name = f"{COMPARE} {chosen.choose}" if chosen.kind == COMPARE else chosen.kind
            kind = vocabulary.kinds[name] if thing.element else 0
            field = vocabulary.fields[chosen.name] if chosen.name else 0
            rows[at] = vocabulary.nouns[thing.noun], kind, field, min(number, 99)
        return rows

    @cached_property
    def links(self) -> Any:
        """`(links, 6)`: thing, role, relation, target thing, target row of the pool, known; things count from 1."""
        vocabulary, rows = self.vocabulary, np.zeros((self.limits.links, 6), dtype=np.int16)
        for at, link in enumerate(self.statement.links):
            target = (0, self.first_mention + link.target, 1) if link.mention else (link.target + 1, 0, 0)
            relation = 0 if link.mention else vocabulary.relations[link.relation]
            rows[at] = link.thing + 1, vocabulary.roles[link.role], relation, *target
        return rows

    @cached_property
    def facts(self) -> Any:
        """`(facts, 3)`: thing (from 1), words, known."""
        rows = np.zeros((self.limits.facts, 3), dtype=np.int16)
        for at, fact in enumerate(self.statement.facts):
            rows[at] = fact.thing + 1, self.vocabulary.asks[fact.ask], 0
        return rows

    @cached_property
    def offers(self) -> Any:
        """`(tools,)`: which are offered."""
        rows = np.zeros(len(self.vocabulary.tools), dtype=np.int8)
        rows[list(self.offered)] = 1
        return rows

    @property
    def first_mention(self) -> int:
        """The row of the pool at which the request's values begin."""
        return 1 + len(self.vocabulary.named)

    @cached_property
    def opening(self) -> Block:
        """The pool before any call: leaving out, small schemas' values, the request's values."""
        rows = [Row(None, 0)]
        rows += [Row(value, SCHEMA, intakes=intakes) for value, intakes in self.vocabulary.named]
        for at, value in enumerate(self.statement.mentions):
            rows.append(Row(value, REQUEST, intakes=self.vocabulary.takers(value), mention=at))
        block = self._block(rows[: self.limits.pool])
        block.open[:, 0] = True
        return block

    def reply(
        self, tool: str, arguments: Mapping[str, Any], key: str, text: str, about: int, same: int
    ) -> Block:
        """The rows of a recorded success; `about` and `same` are things as bits. Remembered with a bound."""
        identity = (key, about, same)
        return self._replies.remembered(
            identity, lambda: self._block(list(self._read(tool, arguments, json.loads(text), about, same)))
        )

    def _read(
        self, tool: str, arguments: Mapping[str, Any], response: Any, about: int, same: int
    ) -> Iterator[Row]:
        reads, book = self.vocabulary.reads[tool], self.vocabulary.book.calls[tool]
        things = self.statement.things
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
        """The leaves that can feed a parameter or answer a fact asked for."""
        for leaf in leaves:
            value = _resolved(inside, leaf.place)
            if value in (None, "") or isinstance(value, (list, dict)):
                continue
            if leaf.feeds or leaf.ask in self._asked or leaf.quantity in self._compared:
                yield leaf, value

    def _chosen(self, items: Items, noun: str, echoed: Any) -> dict[int, int]:
        """Elements that the criteria of the request's things choose, with those things as bits."""
        found: dict[int, int] = {}
        for at, thing in enumerate(self.statement.things):
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
            np.zeros((n, self._pool_row.size), dtype=np.uint8),
            np.zeros((self.positions, n), dtype=np.bool_),
            [canonical(row.value) for row in rows],
            [row.members for row in rows],
            [row.leaf.quantity if row.leaf else "" for row in rows],
            {},
            {},
        )
        views = self._pool_row.views(block.rows) if n else {}
        for at, row in enumerate(rows):
            self._write(block, {name: view[at] for name, view in views.items()}, at, row)
        return block

    def _write(self, block: Block, own: Mapping[str, Any], at: int, row: Row) -> None:
        """One candidate, into its row of a block."""
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
        own["fits"][numbers] = 1
        for thing, said in enumerate(self.statement.things):
            own["bond"][thing] = BELONGS if row.members >> thing & 1 else MEETS * (row.meets >> thing & 1)
            if row.mention >= 0 and said.value == row.mention:
                own["role"][thing] = vocabulary.roles[CRITERION]
        for number in positions(serves):
            own["role"][self.statement.links[number].thing] = vocabulary.roles[
                self.statement.links[number].role
            ]
        for position in self._positions(numbers):
            block.open[position, at] = True
        if serves:
            block.serves[text] = block.serves.get(text, 0) | serves
        if leaf and leaf.relation == ITSELF and row.members:
            block.stands[text] = block.stands.get(text, 0) | row.members
        block.feeds |= bits_of(numbers)
        block.links |= serves
        if leaf:
            self._answer(block, at, leaf, row.members)

    def _answer(self, block: Block, at: int, leaf: Leaf, members: int) -> None:
        """Let a candidate answer facts, and note those that it does answer."""
        for number, fact in enumerate(self.statement.facts):
            if leaf.ask == fact.ask:
                block.open[: len(self.statement.facts), at] = True
                if fact.thing < 0 or members >> fact.thing & 1:
                    block.facts |= 1 << number

    def _positions(self, numbers: Sequence[int]) -> set[int]:
        """The positions of the action at which some offered tool takes one of these intakes."""
        offered = {self.vocabulary.tools[number] for number in self.offered}
        intakes = [self.vocabulary.intakes[number] for number in numbers]
        return {self.vocabulary.parameters[tool].index(name) for tool, name in intakes if tool in offered}

    def _serves(self, row: Row) -> int:
        """The links whose value a candidate is."""
        if row.mention >= 0:
            return bits_of(
                at
                for at, link in enumerate(self.statement.links)
                if link.mention and link.target == row.mention
            )
        if row.leaf is None or not row.members:
            return 0
        return bits_of(
            at
            for at, link in enumerate(self.statement.links)
            if not link.mention
            and row.members >> link.target & 1
            and link.relation in (row.leaf.relation, row.leaf.quantity)
        )


def _contests(statement: RequestGraph) -> Iterator[Contest]:
    for at, thing in enumerate(statement.things):
        if thing.criterion is not None and thing.criterion.kind == COMPARE:
            sides = tuple(link.target for link in statement.links if link.thing == at and not link.mention)
            yield Contest(at, sides, thing.criterion.field, thing.criterion.choose)


def _selected(criterion: Criterion, items: Items) -> list[int]:
    """What a criterion chooses; nothing where it is of a kind, or the list of a form, that cannot be read."""
    try:
        return select(criterion, items)
    except (KeyError, TypeError, ValueError):
        return []


def _resolved(value: Any, place: str) -> Any:
    try:
        return pointer.resolve(value, place)
    except LookupError:
        return None


def _cut(statement: RequestGraph, limits: Limits) -> RequestGraph:
    """The statement within the limits."""
    things = limits.things
    kept = [
        link for link in statement.links if link.thing < things and (link.mention or link.target < things)
    ]
    return RequestGraph(
        statement.mentions,
        statement.things[:things],
        tuple(kept[: limits.links]),
        tuple(fact for fact in statement.facts if fact.thing < things)[: limits.facts],
    )
