"""Numbers for the tools, parameters, response leaves and phrases of a snapshot.

A `Vocabulary` is the same for every task of a snapshot: what a policy learns of a number carries over to other tasks.
Numbers are positions in sorted lists, and 0 is reserved for "none". Tasks and episodes are not known here.
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
from ..language.corpus import corpus
from ..language.graph import Edge
from ..language.phrase_book import Ask, CallBook, ListBook, PhraseBook, load
from ..snapshot import Snapshot
from ..snapshot.catalog import Tool

Intake = tuple[str, str]
"""A tool and one of its parameters."""

MEMO_SIZE = 65536
"""Number of values whose takers are kept in the memo."""
SMALL_ENUM = 4
"""The values of an enum become candidates if there are at most this many."""
TYPES = ("none", "string", "date", "time", "integer", "number", "boolean", "array", "object")
CRITERION = "criterion"
"""Role of a value that a criterion states: "after 12:00", "flight number 1643"."""
CONTENDER = "contender"
"""Role of things that are compared: "whichever of Finland and Norway has more inhabitants"."""
COMPARE = "compare"
"""Kind of the criterion that chooses between contenders."""
_SLOT = re.compile(r"\{(\w+)\}")
_BRACKET = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]|]*))?\]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T.*|\d{1,2}:\d{2}(:\d{2})?")


class Words:
    """Words numbered from 1 in sorted order. 0 is "none", and every unknown word has the last number."""

    def __init__(self, found: Iterable[str]) -> None:
        self.words = sorted(set(found))
        self._number = {word: number for number, word in enumerate(self.words, start=1)}

    def __len__(self) -> int:
        """Count of numbers, including 0 and the one for unknown words."""
        return len(self.words) + 2

    def __getitem__(self, word: str) -> int:
        return self._number.get(word, len(self.words) + 1)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place in the responses of a tool whose values become candidates.

    `place` is a pointer, within the element for lists. `relation` is the phrase for the value as part of its thing
    ("the destination of {it}", or "{it}" if the value identifies the thing). `ask` is the phrase that asks for it and
    `quantity` the phrase that compares by it, "" if there is none. `feeds` are the parameters that edges of the
    dependency graph lead to from here.
    """

    number: int
    place: str
    relation: str
    ask: str
    quantity: str
    feeds: frozenset[Intake]


@dataclass(frozen=True, slots=True)
class Reads:
    """What is read in the responses of a tool: leaves outside lists, and leaves of list elements by list."""

    whole: tuple[Leaf, ...]
    lists: Mapping[str, tuple[Leaf, ...]]


class Vocabulary:
    """The numbers of a snapshot. Attributes are `Words`, or tuples in the order of their numbers."""

    def __init__(self, snapshot: Snapshot, phrases: Path | None = None) -> None:
        """`phrases` replaces the bundled phrase book. Raises `UsageError` if it is not one."""
        calls, edges = corpus(snapshot)
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
        self.reads, self.leaves = _reads(self.book, edges, self.intake_number)
        self.named = tuple(_named_values(self))
        """Values of small enums, each with the intakes whose enum has it."""
        self._takers: Memo[str, tuple[Intake, ...]] = Memo(MEMO_SIZE)
        self._accepted: Memo[tuple[int, str], bool] = Memo(MEMO_SIZE)

    def required(self, tool: str) -> frozenset[str]:
        """The required parameters of a tool."""
        return self.catalog[tool].required

    def takers(self, value: Any) -> tuple[Intake, ...]:
        """The parameters whose schema a value satisfies, on its own or as the only element of an array."""
        return self._takers.remembered(
            canonical(value), lambda: tuple(one for one in self.intakes if self._accepts(one, value))
        )

    def accepts(self, number: int, value: Any, text: str) -> bool:
        """Whether a value satisfies the schema of the parameter with this number; `text` is its canonical text."""
        return self._accepted.remembered((number, text), lambda: self._accepts(self.intakes[number], value))

    def _accepts(self, intake: Intake, value: Any) -> bool:
        tool = self.catalog[intake[0]]
        return _satisfies(tool, tool.properties[intake[1]], shaped(tool, intake[1], value))

    def intake_table(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """`(tools, positions)` int64: number of the intake at each parameter position of a tool, -1 for none."""
        table = np.full((len(self.tools), self.most_parameters), -1, dtype=np.int64)
        for tool, names in self.parameters.items():
            for position, name in enumerate(names):
                table[self.tool_number[tool], position] = self.intake_number[tool, name]
        return table


def shaped(tool: Tool, parameter: str, value: Any) -> Any:
    """The value in the form that a parameter takes: a single value is wrapped in a list if the schema wants one."""
    schema = tool.properties[parameter]
    wants_list = isinstance(schema, dict) and schema.get("type") == "array"
    return [value] if wants_list and not isinstance(value, list) else value


def type_of(value: Any) -> int:
    """The index of a value's type in `TYPES`."""
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
    """What to read in the responses of each tool, and all leaves as (tool, pattern) in the order of their numbers."""
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
    """The parameter that one value fills, alone or in an array, for the target of an edge; "" if there is none."""
    tokens = pointer.tokens(name) if name.startswith("/") else [name]
    return tokens[0] if len(tokens) == 1 or tokens[1:] == ["*"] else ""


def quantity_words(entry: CallBook, place: str) -> str:
    """The phrase of a comparison by the number at a place, the same for more and less; "" if there is none."""
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
    """Up to three words before each filled slot of a template, lower case, by parameter.

    `given` are the parameters whose value the request states, `bound` those whose value comes from a response.
    """
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
    """Every template of a tool whose slots are filled with arguments."""
    yield entry.np
    yield from (ask.phrases[0] for ask in entry.facts.values() if "{it}" not in ask.phrases[0])
    for some in entry.lists.values():
        yield from (picked(some, *pick) for pick in some.picks)


def picked(some: ListBook, kind: str, name: str) -> str:
    """The phrase of a criterion, with the tail of its list; "" if the book has no phrase for it."""
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
    """A phrase made from a name, for a place that the book does not know."""
    return f"the {' '.join(words(name))} of {{it}}"
