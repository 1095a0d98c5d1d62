"""The words of a snapshot as numbers: tools, parameters, leaves of replies, and the words for them.

Enters: a snapshot and its phrase book. Leaves: `Lexicon`, the same for every task of the snapshot, so that what a
policy learns of a number holds for other tasks. Numbers are positions in sorted lists; 0 is kept for "none".
Knows nothing of tasks or episodes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..jsonvalues import pointer
from ..jsonvalues.canonical import canonical
from ..jsonvalues.memo import Memo
from ..jsonvalues.scalars import words
from ..language.graph import Edge, edges, heard
from ..language.phrase_book import Ask, CallBook, ListBook, PhraseBook, load
from ..snapshot import Snapshot
from ..snapshot.catalog import Tool

Intake = tuple[str, str]
"""A tool and one of its parameters."""

MEMO_SIZE = 65536
"""Values whose takers are remembered."""
SMALL_ENUM = 4
"""A schema's list of values is offered as candidates up to this length."""
TYPES = ("none", "string", "date", "time", "integer", "number", "boolean", "array", "object")
CRITERION = "criterion"
"""The role of a value that a criterion names: "after 12:00", "flight number 1643"."""
CONTENDER = "contender"
"""The role of things that are compared: "whichever of Finland and Norway has more inhabitants"."""
COMPARE = "compare"
"""The kind of criterion that chooses between contenders."""
_SLOT = re.compile(r"\{(\w+)\}")
_BRACKET = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]|]*))?\]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T.*|\d{1,2}:\d{2}(:\d{2})?")


class Words:
    """Words with a number each, from 1 in sorted order; 0 is none. Words that are not here are the last number."""

    def __init__(self, found: Iterable[str]) -> None:
        self.words = sorted(set(found))
        self._number = {word: number for number, word in enumerate(self.words, start=1)}

    def __len__(self) -> int:
        """How many numbers there are, 0 and the one for unknown words included."""
        return len(self.words) + 2

    def __getitem__(self, word: str) -> int:
        return self._number.get(word, len(self.words) + 1)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place in the replies of a tool that is worth a candidate. `place` is inside the element for lists.

    `relation` are the words for the value as something of its thing ("the destination of {it}", "{it}" for what
    stands for the thing itself), `ask` the words of who asks for it, `quantity` those of who compares by it, "" where
    nobody does. `feeds` are the parameters that an edge of the dependency graph leads to from here.
    """

    number: int
    place: str
    relation: str
    ask: str
    quantity: str
    feeds: frozenset[Intake]


@dataclass(frozen=True, slots=True)
class Reads:
    """What is read in the replies of a tool: leaves outside of lists, and leaves of elements by list."""

    whole: tuple[Leaf, ...]
    lists: Mapping[str, tuple[Leaf, ...]]


class Vocabulary:
    """Everything that has a number. Attributes are `Words` or tuples in the order of their numbers."""

    def __init__(self, snapshot: Snapshot, phrases: Path | None = None) -> None:
        """Raises `UsageError` if `phrases` is no phrase book."""
        calls = heard(snapshot)
        self.book: PhraseBook = load(snapshot.catalog, calls, snapshot.name, phrases)
        self.catalog = snapshot.catalog
        self.tools: tuple[str, ...] = tuple(sorted(snapshot.catalog))
        self.tool_number = {name: number for number, name in enumerate(self.tools)}
        self.parameters: dict[str, tuple[str, ...]] = {
            name: tuple(sorted(snapshot.catalog[name].properties)) for name in self.tools
        }
        self.intakes: tuple[Intake, ...] = tuple(
            (tool, name) for tool in self.tools for name in self.parameters[tool]
        )
        self.intake_number = {intake: number for number, intake in enumerate(self.intakes)}
        self.most_parameters = max(map(len, self.parameters.values()))
        self.roles = Words([CRITERION, CONTENDER, *_roles(self.book)])
        self.relations = Words([*_relations(self.book), *_quantities(self.book)])
        self.asks = Words(_asks(self.book))
        self.nouns = Words(_nouns(self.book))
        self.kinds = Words([f"{COMPARE} max", f"{COMPARE} min", *(kind for kind, _ in _picks(self.book))])
        self.fields = Words([*_quantities(self.book), *(field for _, field in _picks(self.book))])
        self.reads, self.leaves = _reads(self.book, edges(snapshot.catalog, calls), self.intake_number)
        self.named = tuple(_named_values(self))
        """Values that small schemas list, with the intakes that list them."""
        self._takers: Memo[str, tuple[Intake, ...]] = Memo(MEMO_SIZE)

    def required(self, tool: str) -> frozenset[str]:
        return self.catalog[tool].required

    def takers(self, value: Any) -> tuple[Intake, ...]:
        """The parameters whose schema a value satisfies, by itself or as the only element of an array."""
        return self._takers.remembered(
            canonical(value), lambda: tuple(one for one in self.intakes if self._accepts(one, value))
        )

    def _accepts(self, intake: Intake, value: Any) -> bool:
        tool = self.catalog[intake[0]]
        return _satisfies(tool, tool.properties[intake[1]], shaped(tool, intake[1], value))

    def feeds_table(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """`(leaves + 1, intakes)`: which parameters a leaf can feed; row 0 is no leaf."""
        table = np.zeros((len(self.leaves) + 1, len(self.intakes)), dtype=np.bool_)
        for reads in self.reads.values():
            for leaf in (*reads.whole, *(one for some in reads.lists.values() for one in some)):
                table[leaf.number, [self.intake_number[intake] for intake in leaf.feeds]] = True
        return table

    def intake_table(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """`(tools, positions)`: the number of the intake at each position of a tool's parameters, -1 for none."""
        table = np.full((len(self.tools), self.most_parameters), -1, dtype=np.int64)
        for tool, names in self.parameters.items():
            for position, name in enumerate(names):
                table[self.tool_number[tool], position] = self.intake_number[tool, name]
        return table


def shaped(tool: Tool, parameter: str, value: Any) -> Any:
    """A value as a parameter takes it: one id becomes a list of one where a list is wanted."""
    schema = tool.properties[parameter]
    wants_list = isinstance(schema, dict) and schema.get("type") == "array"
    return [value] if wants_list and not isinstance(value, list) else value


def type_of(value: Any) -> int:
    """The number of a value's type in `TYPES`."""
    if isinstance(value, bool):
        return 6
    if isinstance(value, str):
        return 2 if _DATE.fullmatch(value) else 3 if _TIME.fullmatch(value) else 1
    by_type = {int: 4, float: 5, list: 7, dict: 8}
    return by_type.get(type(value), 0)


def _satisfies(tool: Tool, schema: Any, value: Any) -> bool:
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "string" and not isinstance(value, str):
        return False  # most pairs end here, and a validator is slow
    if kind in ("integer", "number") and not isinstance(value, (int, float)):
        return False
    return bool(tool.validator.evolve(schema=schema).is_valid(value))


def _reads(
    book: PhraseBook, found: Iterable[Edge], known: Mapping[Intake, int]
) -> tuple[dict[str, Reads], tuple[tuple[str, str], ...]]:
    """What to read in each tool's replies, and all leaves as (tool, pattern) in the order of their numbers."""
    feeds: dict[tuple[str, str], set[Intake]] = {}
    for edge in found:
        intake = (edge.target.tool, _parameter(edge.target.parameter))
        if intake in known:
            feeds.setdefault((edge.source.tool, edge.source.pattern), set()).add(intake)
    for tool, entry in book.calls.items():
        for place in (*entry.facts, *entry.compares):
            feeds.setdefault((tool, place), set())
        for head, some in entry.lists.items():
            for field in some.facts:
                feeds.setdefault((tool, f"{head}/*/{field}"), set())
    leaves = tuple(sorted(key for key in feeds if key[1].count("*") < 2 and not key[1].endswith("*")))
    whole: dict[str, list[Leaf]] = {}
    lists: dict[str, dict[str, list[Leaf]]] = {}
    for number, (tool, pattern) in enumerate(leaves, start=1):
        entry = book.calls[tool]
        head, star, tail = pattern.partition("/*")
        place = tail if star else pattern
        relation = entry.relation(pattern) or plain_words(pattern.rpartition("/")[2])
        quantity = quantity_words(entry, pattern)
        leaf = Leaf(number, place, relation, _ask(entry, pattern), quantity, frozenset(feeds[tool, pattern]))
        if star:
            lists.setdefault(tool, {}).setdefault(head, []).append(leaf)
        else:
            whole.setdefault(tool, []).append(leaf)
    reads = {
        tool: Reads(
            tuple(whole.get(tool, ())),
            {head: tuple(some) for head, some in lists.get(tool, {}).items()},
        )
        for tool in book.calls
    }
    return reads, leaves


def _parameter(name: str) -> str:
    """The parameter that an edge's target fills by one value: its own, or that of an array of such values."""
    tokens = pointer.tokens(name) if name.startswith("/") else [name]
    return tokens[0] if len(tokens) == 1 or tokens[1:] == ["*"] else ""


def quantity_words(entry: CallBook, place: str) -> str:
    """The words of a comparison by the number at a place, the same for more and for less; "" if there are none."""
    said = entry.compares.get(place, {})
    return said[min(said)][0] if said else ""


def _ask(entry: CallBook, pattern: str) -> str:
    head, star, tail = pattern.partition("/*/")
    asks = entry.lists[head].facts if star and head in entry.lists else entry.facts
    found: Ask | None = asks.get(tail if star else pattern)
    return found.phrases[0] if found else ""


def _named_values(vocabulary: Vocabulary) -> Iterator[tuple[Any, tuple[Intake, ...]]]:
    by_text: dict[str, tuple[Any, list[Intake]]] = {}
    for tool, parameter in vocabulary.intakes:
        schema = vocabulary.catalog[tool].properties[parameter]
        listed = schema.get("enum", ()) if isinstance(schema, dict) else ()
        for value in listed if len(listed) <= SMALL_ENUM else ():
            by_text.setdefault(canonical(value), (value, []))[1].append((tool, parameter))
    for _, (value, intakes) in sorted(by_text.items()):
        yield value, tuple(intakes)


def roles_in(template: str, entry: CallBook, given: Iterable[str], bound: Iterable[str]) -> dict[str, str]:
    """The words before each slot of a template that is filled: by a given value, or by one taken from a reply."""
    given, bound = set(given), set(bound)

    def bracket(match: re.Match[str]) -> str:
        return match[1] if all(name in given | bound for name in _SLOT.findall(match[1])) else match[2] or ""

    text, roles, end = _BRACKET.sub(bracket, template), dict[str, str](), 0
    for match in _SLOT.finditer(text):
        name, before = match[1], text[end : match.start()]
        end = match.end()
        around = entry.bound if name in bound else entry.user if name in given else {}
        before += around.get(name, "{value}").partition("{")[0]
        roles.setdefault(name, " ".join(re.findall(r"\w+", before.lower())[-3:]))
    roles.pop("it", None)
    return roles


def templates(entry: CallBook) -> Iterator[str]:
    """Every template whose slots are filled with arguments."""
    yield entry.np
    yield from (ask.phrases[0] for ask in entry.facts.values() if "{it}" not in ask.phrases[0])
    for some in entry.lists.values():
        yield from (picked(some, *pick) for pick in some.picks)


def picked(some: ListBook, kind: str, name: str) -> str:
    """The words that choose an element, with its list's tail; "" for a criterion that has no words."""
    phrases = some.picks.get((kind, name))
    return phrases[0] + ("" if kind == "echo" else some.tail) if phrases else ""


def _roles(book: PhraseBook) -> Iterator[str]:
    yield ""
    for entry in book.calls.values():
        for template in templates(entry):
            slots = _SLOT.findall(template)
            yield from roles_in(template, entry, slots, ()).values()
            yield from roles_in(template, entry, (), slots).values()


def _relations(book: PhraseBook) -> Iterator[str]:
    for entry in book.calls.values():
        yield from entry.values.values()
        for some in entry.lists.values():
            yield from some.values.values()


def _quantities(book: PhraseBook) -> Iterator[str]:
    for entry in book.calls.values():
        yield from (quantity_words(entry, place) for place in entry.compares)


def _asks(book: PhraseBook) -> Iterator[str]:
    for entry in book.calls.values():
        for ask in (
            *entry.facts.values(),
            *(a for some in entry.lists.values() for a in some.facts.values()),
        ):
            yield ask.phrases[0]


def _nouns(book: PhraseBook) -> Iterator[str]:
    for entry in book.calls.values():
        yield entry.noun
        yield from (some.noun for some in entry.lists.values())


def _picks(book: PhraseBook) -> Iterator[tuple[str, str]]:
    for entry in book.calls.values():
        for some in entry.lists.values():
            yield from some.picks


def plain_words(name: str) -> str:
    """Words for a place that the book has none for."""
    return f"the {' '.join(words(name))} of {{it}}"
