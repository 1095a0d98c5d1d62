"""Phrase books: how a person speaks of a snapshot's tools. One TOML file per snapshot.

A tool that the file does not describe gets plain phrases made from names and types, so any snapshot can be phrased.

    [call.TOOL]
    noun = "flight"                   what one response describes
    np = "{flight_id}"                noun phrase for it; {parameter} is the value, or the thing it identifies
    hidden = ["flight_id"]            parameters that no person would give
    user.date = "on {value}"          words around a value that the user gives
    bound.base = "unit of {value}"    words around a value that is taken from a response
    value."/dest" = "..{it}.."        words for a value taken from the response; without words it is not taken
    compare."/seats" = {max = ["has more seats"], min = ["has fewer seats"]}   comparison of two such things
    fact."/seats" = {ask, tolerance, kind}  what a person may ask: noun phrases; a tolerance below 0.1 is a share of
                                      the value, otherwise it is absolute; a kind of `answers.kinds`
    [call.TOOL.list."/flights"]       a list in the response; noun, value and fact as above, by field, and
    pick.KIND.FIELD = ["..."]         phrases that choose one element (`criteria`), followed by `tail`
    short.KIND.FIELD = "..."          its name from then on, if no other thing would have that name
    echo = {field, parameter, by, choose}   elements whose field equals an argument of the call
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..jsonvalues import pointer
from ..jsonvalues.scalars import form, telling, words
from ..snapshot.catalog import Catalog, Tool
from .heard import Calls, Heard
from .usual import PAGING

FOLDER = Path(__file__).parent / "books"
EXAMPLES = 30
"""Number of recorded calls from which the phrases of a tool are derived."""
_VERBS = frozenset({"get", "search", "list", "find", "fetch", "lookup", "query", "show", "read"})
_ID = re.compile(r"(^|_)(id|ids|key|uuid|token)$", re.IGNORECASE)
_UNITS = frozenset(
    "mm cm m km g kg ml l ms s min minutes hours days cents eur usd gbp percent mph kmh".split()  # noqa: SIM905
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that a person may ask for: noun phrases with `{it}`, the tolerance of its value, and its kind, by default
    inferred from the value."""

    phrases: tuple[str, ...]
    tolerance: float = 0.0
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Echo:
    """Elements whose `field` equals the argument `parameter`; if there are several, the one with the best `by`.

    `choose` is `min` or `max`.
    """

    field: str
    parameter: str
    by: str = ""
    choose: str = "max"


@dataclass(frozen=True, slots=True)
class ListBook:
    """The phrases of a list in a response. `picks` and `shorts` go by (kind, field); field is "" if there is none."""

    noun: str
    tail: str = ""
    picks: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    echo: Echo | None = None
    note: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Ask] = field(default_factory=dict)
    shorts: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallBook:
    """The phrases of a tool.

    `user` and `bound` go by parameter, `values`, `facts` and `compares` by pointer into the response, `lists` by the
    pointer of a list.
    """

    noun: str
    np: str = ""
    hidden: frozenset[str] = frozenset()
    user: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Ask] = field(default_factory=dict)
    lists: Mapping[str, ListBook] = field(default_factory=dict)
    compares: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def relation(self, pattern: str) -> str | None:
        """The phrase for the value at a pointer pattern, `None` if the value is not taken."""
        if pattern in self.values:
            return self.values[pattern]
        head, star, tail = pattern.partition("/*/")
        return self.lists[head].values.get(tail) if star and head in self.lists else None


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """The phrases of all tools.

    Calls with a parameter in `never` do not occur in tasks. `substitutes` are groups of tools that can do each other's
    work, and are never distractors for each other.
    """

    calls: Mapping[str, CallBook]
    never: frozenset[str]
    substitutes: tuple[frozenset[str], ...] = ()


def load(catalog: Catalog, calls: Calls | None, name: str, path: Path | None = None) -> PhraseBook:
    """The phrase book of the snapshot `name`, or the one at `path`. Raises `UsageError` if the file is not one.

    `calls` are the recorded successes, from which phrases are derived for tools that the book does not describe; with
    `None` they are derived from the schemas alone.
    """
    file = path or FOLDER / f"{name}.toml"
    document: dict[str, Any] = {}
    if path or file.is_file():
        try:
            document = tomllib.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise UsageError(f"{file.name}: not a phrase book: {error}") from error
    examples: dict[str, list[Heard]] = {tool: [] for tool in catalog}
    for call in calls.first(EXAMPLES) if calls is not None else ():
        examples[call.tool].append(call)
    written = document.get("call", {})
    strange = sorted({*document} - {"call", "never", "substitutes"})
    strange += [f"call.{tool}" for tool in written if path and tool not in catalog]
    if strange:
        raise UsageError(
            f"{file.name}: expected never, substitutes and [call.TOOL] for tools of {name!r} "
            f"({', '.join(catalog)}), found {', '.join(strange)}"
        )
    return PhraseBook(
        {
            tool: _written(written[tool], file.name) if tool in written else _derived(catalog[tool], some)
            for tool, some in examples.items()
        },
        frozenset(document.get("never", PAGING)),
        tuple(frozenset(group) for group in document.get("substitutes", ())),
    )


def fingerprint(book: PhraseBook) -> str:
    """A sum of all that the book says: equal for equal books, in every process."""
    return sha256(json.dumps(_plain(book), default=str).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A part of a book as JSON."""
    if is_dataclass(value):
        return [_plain(getattr(value, one.name)) for one in fields(value)]
    if isinstance(value, Mapping):
        return [[_plain(key), _plain(item)] for key, item in value.items()]
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _written(entry: Mapping[str, Any], file: str) -> CallBook:
    try:
        return CallBook(
            noun=entry["noun"],
            np=entry.get("np", ""),
            hidden=frozenset(entry.get("hidden", ())),
            user=entry.get("user", {}),
            bound=entry.get("bound", {}),
            values=entry.get("value", {}),
            facts=_asks(entry),
            lists={place: _written_list(some) for place, some in entry.get("list", {}).items()},
            compares={
                place: {choose: tuple(phrases) for choose, phrases in some.items()}
                for place, some in entry.get("compare", {}).items()
            },
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{file}: not a phrase book: an entry lacks or misspells a field: {error}"
        ) from error


def _written_list(entry: Mapping[str, Any]) -> ListBook:
    picks: dict[tuple[str, str], tuple[str, ...]] = {}
    for kind, found in entry.get("pick", {}).items():
        by_field = found.items() if isinstance(found, dict) else [("", found)]
        picks |= {(kind, name): tuple(phrases) for name, phrases in by_field}
    echo = Echo(**entry["echo"]) if "echo" in entry else None
    return ListBook(
        entry["noun"],
        entry.get("tail", ""),
        picks,
        echo,
        entry.get("note", ""),
        entry.get("value", {}),
        _asks(entry),
        {
            (kind, name): words
            for kind, found in entry.get("short", {}).items()
            for name, words in found.items()
        },
    )


def _asks(entry: Mapping[str, Any]) -> dict[str, Ask]:
    return {
        place: Ask(tuple(some["ask"]), some.get("tolerance", 0.0), some.get("kind"))
        for place, some in entry.get("fact", {}).items()
    }


def _derived(tool: Tool, examples: list[Heard]) -> CallBook:
    """Plain phrases for a tool that the book does not describe."""
    noun = _noun(tool.name)
    given = [name for name in tool.properties if any(name in call.arguments for call in examples)]
    hidden = frozenset(name for name in tool.spec.sources if _unspeakable(name, examples))
    dates = {name for name in given if _is_date(name, examples)}
    slots = "".join(
        f"[ {'of' if name in hidden else 'on' if name in dates else 'with'} {{{name}}}]" for name in given
    )
    itself = len(given) == 1 and given[0] in hidden and _identified(given[0], noun)
    book = CallBook(
        noun,
        f"{{{given[0]}}}" if itself else f"the {noun}{slots}",
        hidden,
        {
            name: "{value}" if name in dates else f"{' '.join(words(name))} {{value}}"
            for name in tool.properties
        },
    )
    for call in examples:
        book = _learnt(book, call, slots)
    return book


def _noun(name: str) -> str:
    parts = [word for word in words(name) if word not in _VERBS]
    return " ".join(parts or words(name) or [name])


def _unspeakable(name: str, examples: list[Heard]) -> bool:
    """Whether a parameter that other tools feed takes values that nobody would type: ids and coordinates."""
    values = [call.arguments[name] for call in examples if name in call.arguments]
    numbers = [value for value in values if isinstance(value, (int, float))]
    return bool(_ID.search(name)) or (bool(numbers) and all(map(telling, numbers)))


def worded(*names: str) -> str:
    """Names of fields as a person says them: "height in cm" for `height_cm`, "due date" for `due_on`."""
    *most, last = [word for name in names for word in words(name)] or [""]
    if most and last in _UNITS:
        return " ".join([*most, "in", last])
    return " ".join([*most, "date" if most and last == "on" else last])


def _is_date(name: str, examples: list[Heard]) -> bool:
    values = [call.arguments[name] for call in examples if name in call.arguments]
    return bool(values) and all(isinstance(value, str) and _DATE.fullmatch(value) for value in values)


def _identified(name: str, noun: str) -> bool:
    """Whether an id is that of the thing itself: `id`, or `book_id` of a book."""
    stem = _stem(name)
    return not stem or stem == singular(noun)


def _stem(name: str) -> str:
    """The words of an id before "id": "book" for `book_id`."""
    return " ".join(words(_ID.sub("", name)))


def _id_of(name: str, noun: str) -> str:
    """The words for what an id identifies, by the thing whose value it is: an `author_id` of a book is its author."""
    return "{it}" if _identified(name, noun) else f"the {_stem(name)} of {{it}}"


def singular(noun: str) -> str:
    """One of a noun in the plural, by its ending."""
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "ches", "shes", "xes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") and len(noun) > 3 else noun


def _learnt(book: CallBook, call: Heard, slots: str) -> CallBook:
    """`book`, extended by the leaves and lists of one more response."""
    own = {form(value) for value in call.arguments.values()}
    values, facts, lists = dict(book.values), dict(book.facts), dict(book.lists)
    for place, value in pointer.leaves(call.response):
        tokens = pointer.tokens(place)
        if (
            form(value) is None
            or form(value) in own
            or any(token.isdecimal() for token in tokens)
            or not tokens
        ):
            continue
        said = worded(*tokens)
        is_id = bool(_ID.search(tokens[-1]))
        values[place] = _id_of(tokens[-1], book.noun) if is_id else f"the {said} of {{it}}"
        if not is_id:
            facts[place] = Ask((f"the {said} of {{it}}",))
    for place, items in _lists(call.response):
        lists[place] = _learnt_list(lists.get(place), place, items, slots)
    return replace(book, values=values, facts=facts, lists=lists)


def _lists(response: Any, prefix: str = "") -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """The lists of objects in a response that are not inside other lists."""
    if isinstance(response, list) and response and all(isinstance(item, dict) for item in response):
        yield prefix, response
    elif isinstance(response, dict):
        for name, inner in response.items():
            yield from _lists(inner, prefix + pointer.join(name))


def _learnt_list(known: ListBook | None, place: str, items: list[dict[str, Any]], slots: str) -> ListBook:
    name = " ".join(words(place.rpartition("/")[2])) or "result"
    noun = singular(name)
    first = {("only", ""): (f"the only {noun}",), ("nth", ""): (f"the {{nth}} {noun} listed",)}
    book = known or ListBook(noun, slots, first)
    picks, values, facts = dict(book.picks), dict(book.values), dict(book.facts)
    for item in items:
        for key, value in item.items():
            if form(value) is None:
                continue
            said = worded(key)
            is_id = bool(_ID.search(key))
            values[key] = _id_of(key, noun) if is_id else f"the {said} of {{it}}"
            if not is_id:
                facts[key] = Ask((f"the {said} of {{it}}",))
                picks |= _derived_picks(noun, key, said, value)
    return replace(book, picks=picks, values=values, facts=facts)


def _derived_picks(noun: str, key: str, said: str, value: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    if isinstance(value, (int, float)) or re.match(r"\d{4}-\d{2}|\d{1,2}:\d{2}", str(value)):
        low, high = ("lowest", "highest") if isinstance(value, (int, float)) else ("earliest", "latest")
        return {
            ("min", key): (f"the {noun} with the {low} {said}",),
            ("max", key): (f"the {noun} with the {high} {said}",),
        }
    chosen = "called {value}" if words(key)[-1:] in (["name"], ["title"]) else f"whose {said} is {{value}}"
    return {("where", key): (f"the {noun} {chosen}",)}
