"""Probes: calls on which a derivation rule is tried, each with the stratum that it belongs to.

A stratum names the shape of a probe: a limit of one, a limit beyond the list, a repeated id, a value of another list.
Probes vary recorded calls, at the edges of what the rule says. Whether anything follows from them is not known here.
"""

import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.canonical import encode, plain
from ..jsonvalues.decode import parse_json
from ..snapshot.bodies import Listing, listing
from ..snapshot.catalog import Tool
from ..snapshot.changes import is_number
from ..snapshot.fold import Fold
from ..snapshot.records import Record
from ..snapshot.rules import Arithmetic, Complete, Concat, Filter, Prefix, Rule, Threshold, Values

Arguments = dict[str, Any]
Probe = tuple[str, Arguments]
"""Stratum and arguments."""
_SOME = 6
"""Values of a kind that one recorded call is varied by."""
_MOST_LISTED = 2000
_SHORT = 64
"""Limits that are all tried if the schema allows no more."""
_LONGER = 0.2
"""Share of mutations that add a character instead of exchanging one."""


class Pool:
    """What the records of a snapshot say about the values of a tool's parameters."""

    def __init__(self, tool: Tool, records: Sequence[Record], everything: Sequence[Record]) -> None:
        """`records` are those of the tool, `everything` those of all tools."""
        self.tool = tool
        self.records = records
        self._listed = dict(_listed(tool, everything))
        self._recorded: dict[str, list[Any]] = {}
        self._fields: dict[tuple[str, str], list[Any]] = {}

    def recorded(self, name: str) -> list[Any]:
        """The recorded values of a parameter; the items, if it is a list."""
        if name not in self._recorded:
            items = (item for record in self.records for item in _items(record.arguments.get(name)))
            self._recorded[name] = _distinct(items)
        return self._recorded[name]

    def listed(self, name: str) -> list[Any]:
        """The values that responses offer for a parameter, as the tool's `sources` say."""
        return self._listed.get(name, [])

    def fields(self, at: str, field: str) -> list[Any]:
        """The values of a field in the elements of all recorded lists."""
        if (at, field) not in self._fields:
            values = (
                value
                for record in self.records[:_MOST_LISTED]
                if (some := listing(record.text, at)) is not None
                for value in _values(some, field)
            )
            self._fields[at, field] = _distinct(values)
        return self._fields[at, field]


def probes(
    rule: Rule, pool: Pool, arguments: Arguments, record: Record, rng: random.Random
) -> Iterator[Probe]:
    """Variations of `arguments`, which are those of `record` or were made from them."""
    match rule:
        case Prefix():
            yield from _prefix(rule, pool, arguments, record, rng)
        case Threshold():
            yield from _threshold(rule, pool, arguments, record, rng)
        case Filter():
            yield from _filter(rule, pool, arguments, record, rng)
        case Concat():
            yield from _concat(rule, pool, arguments, rng)
        case Complete():
            yield from _complete(rule, pool, rng)
        case Arithmetic():
            yield from _arithmetic(rule, arguments, rng)


def _with(arguments: Arguments, name: str, value: Any) -> Arguments:
    return {**{other: given for other, given in arguments.items() if other != name}, name: value}


def _without(arguments: Arguments, name: str) -> Arguments:
    return {other: given for other, given in arguments.items() if other != name}


def _size(count: int) -> str:
    return "no element" if not count else "one element" if count == 1 else "several elements"


def _prefix(
    rule: Prefix, pool: Pool, arguments: Arguments, record: Record, rng: random.Random
) -> Iterator[Probe]:
    some = listing(record.text, rule.at) if record.status < 400 else None
    count = len(some.items) if some else 0
    size = _size(count) if some else "an error"
    schema = pool.tool.properties[rule.parameter]
    edges = [schema.get("minimum"), schema.get("maximum"), schema.get("default")]
    limits = {1, 2, count - 1, count, count + 1, count // 2, rng.randint(1, max(2, 2 * count)), *edges}
    low, high = edges[0] or 0, edges[1]
    if is_number(high) and high - low <= _SHORT:
        limits |= set(range(low, high + 1))
    limits |= {value + step for value in rule.recorded if value is not None for step in (-1, 0, 1)}
    yield f"left out, {size}", _without(arguments, rule.parameter)
    for limit in sorted(limit for limit in limits if is_number(limit)):
        kind = "one" if limit == 1 else "inside" if limit < count else "all" if limit == count else "beyond"
        yield f"{kind}, {size}", _with(arguments, rule.parameter, limit)


def _threshold(
    rule: Threshold, pool: Pool, arguments: Arguments, record: Record, rng: random.Random
) -> Iterator[Probe]:
    some = listing(record.text, rule.at) if record.status < 400 else None
    numbers = sorted(filter(is_number, _values(some, rule.field) if some else ()))
    size = _size(len(numbers))
    yield f"left out, {size}", _without(arguments, rule.parameter)
    bounds = [("recorded", value) for value in rule.recorded if value is not None]
    for value in rng.sample(numbers, min(_SOME, len(numbers))):
        step = rng.choice((0.001, 0.04, 0.06, 1))
        bounds += [("edge", value), ("just below", value - step), ("just above", value + step)]
    if numbers:
        bounds += [("none", numbers[0] - 1), ("none", numbers[0] / 2), ("all", numbers[-1] + 1)]
        bounds += [("inside", rng.uniform(numbers[0], numbers[-1]))]
    schema = pool.tool.properties[rule.parameter]
    bounds += [("extreme", schema[k]) for k in ("minimum", "maximum", "default") if k in schema]
    most = max([abs(bound) for _, bound in bounds], default=1)
    bounds += [("anywhere", rng.uniform(0, most)), ("anywhere", rng.randint(0, int(most) + 1))]
    for kind, bound in bounds:
        for value in {round(bound, 4), round(bound)}:
            yield f"{kind}, {size}", _with(arguments, rule.parameter, value)


def _filter(
    rule: Filter, pool: Pool, arguments: Arguments, record: Record, rng: random.Random
) -> Iterator[Probe]:
    base = _without(arguments, rule.parameter)
    some = listing(record.text, rule.at) if record.status < 400 else None
    here = _distinct(_values(some, rule.field)) if some else []
    size = _size(len(here))
    schema = pool.tool.properties[rule.parameter]
    kinds = [("in the list", rng.sample(here, min(_SOME, len(here))))]
    kinds += [("elsewhere", _some(pool.fields(rule.at, rule.field), rng, 3))]
    kinds += [("of the schema", _some(list(schema.get("enum", ())), rng, 3))]
    for value in kinds[0][1] + kinds[1][1]:
        if isinstance(value, str) and value:
            kinds += [("other case", [value.swapcase(), value.upper(), value.lower()])]
            kinds += [
                ("a part", [value[:-1], value[0], value[1:]]),
                ("longer", [value + value[-1], f"{value} "]),
            ]
            kinds += [("near", [_mutated(value, rng)])]
        elif is_number(value):
            kinds += [("near", [value + 1, value - 1])]
    for kind, values in kinds:
        for value in values:
            yield f"{kind}, {size}", _with(base, rule.parameter, value)


def _concat(rule: Concat, pool: Pool, arguments: Arguments, rng: random.Random) -> Iterator[Probe]:
    schema = pool.tool.properties[rule.parameter]
    most = min(schema.get("maxItems", 12), 12)
    known = pool.recorded(rule.parameter)
    if not known:
        return
    for size in {2, 3, most, rng.randint(2, max(2, most))}:
        some = _some(known, rng, size)
        yield f"{size} items", _with(arguments, rule.parameter, some)
        yield "swapped", _with(arguments, rule.parameter, some[::-1])
        yield "shuffled", _with(arguments, rule.parameter, rng.sample(some, len(some)))
        unknown = [_mutated(rng.choice(known), rng), *_some(pool.listed(rule.parameter), rng, 1)]
        yield "one unknown", _with(arguments, rule.parameter, [*some[1:], unknown[0]])
        yield "unknown first", _with(arguments, rule.parameter, [unknown[-1], *some[1:]])
        yield "repeated", _with(arguments, rule.parameter, [*some[:-1], some[0]])
        yield (
            "repeated last",
            _with(arguments, rule.parameter, [some[0], *some[:-1], some[-1]][-max(2, size) :]),
        )
    none = [_mutated(rng.choice(known), rng) for _ in range(2)]
    yield "only unknown", _with(arguments, rule.parameter, none)


def _complete(rule: Complete, pool: Pool, rng: random.Random) -> Iterator[Probe]:
    """Values are listed by responses, recorded with other calls, drawn from the domain, or near recorded ones."""
    for kind in ("listed", "recorded", "drawn", "near", "mixed", "mixed"):
        made: Arguments = {}
        for name, values in rule.domain.items():
            if name not in pool.tool.required and rng.random() < 0.5:
                continue
            value = _value(name, values, pool, rng, kind)
            if value is None:
                break
            declared = pool.tool.properties[name]
            made[name] = [value] if declared.get("type") == "array" else value
        else:
            yield kind, made


def _value(name: str, values: Values, pool: Pool, rng: random.Random, kind: str) -> Any:
    """A value of a parameter for a probe of this kind, `None` if there is none."""
    wanted = rng.choice(("listed", "recorded", "drawn", "near")) if kind == "mixed" else kind
    recorded = pool.recorded(name)
    made = {
        "listed": lambda: _some(pool.listed(name) or recorded, rng, 1),
        "recorded": lambda: _some(recorded, rng, 1),
        "drawn": lambda: [_drawn(values, pool.tool.properties[name], recorded, rng)],
        "near": lambda: [_mutated(one, rng) for one in _some(recorded, rng, 1)],
    }[wanted]()
    return made[0] if made and values.hold(made[0]) else None


def _drawn(values: Values, schema: Mapping[str, Any], recorded: Sequence[Any], rng: random.Random) -> Any:
    """A value of the domain, uniformly where it is listed or bounded by numbers."""
    listed = values.enum or schema.get("enum")
    if listed:
        return rng.choice(list(listed))
    low = schema.get("minimum") if values.minimum is None else values.minimum
    high = schema.get("maximum") if values.maximum is None else values.maximum
    days = [_day(values.from_), _day(values.to)]
    if days[0] and days[1]:
        return date.fromordinal(rng.randint(days[0], days[1])).isoformat()
    if low is not None and high is not None:
        return rng.randint(int(low), int(high)) if schema.get("type") == "integer" else rng.uniform(low, high)
    return _mutated(rng.choice(list(recorded)), rng, times=4) if recorded else None


def _day(text: str | None) -> int | None:
    """The ordinal of an ISO date, `None` for other texts."""
    try:
        return date.fromisoformat(text or "").toordinal()
    except ValueError:
        return None


def _arithmetic(rule: Arithmetic, arguments: Arguments, rng: random.Random) -> Iterator[Probe]:
    made = {
        "zero": 0,
        "one": 1,
        "small": rng.randint(2, 99),
        "large": rng.randint(100, 10**9),
        "negative": -rng.randint(1, 10_000),
        "fraction": round(rng.uniform(0, 1000), rng.randint(1, 6)),
        "negative fraction": -round(rng.uniform(0, 1000), 2),
        "tiny": rng.uniform(0, 1e-6),
        "huge": rng.uniform(1e9, 1e18),
        "half": rng.randint(1, 2000) + 0.5,
    }
    for kind, value in made.items():
        yield kind, _with(arguments, rule.parameter, value)


def spellings(tool: Tool, arguments: Arguments, rng: random.Random) -> Iterator[Probe]:
    """Other spellings of a call that have the same key under the tool's folds, among others that have not."""
    folds = {**{name: Fold(case=True) for name in tool.spec.case_insensitive}, **tool.spec.fold}
    for name, fold in folds.items():
        value = arguments.get(name)
        if isinstance(value, str):
            for kind, text in _spelt(value, fold, rng):
                yield f"{name}: {kind}", _with(arguments, name, text)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                for kind, text in _spelt(item, fold, rng) if isinstance(item, str) else ():
                    yield (
                        f"{name}: {kind}",
                        _with(arguments, name, [*value[:index], text, *value[index + 1 :]]),
                    )
    for name in tool.spec.set_like:
        value = arguments.get(name)
        if isinstance(value, list) and value:
            yield f"{name}: swapped", _with(arguments, name, value[::-1])
            yield f"{name}: shuffled", _with(arguments, name, rng.sample(value, len(value)))
            yield f"{name}: repeated", _with(arguments, name, [*value, value[0]])


def _spelt(text: str, fold: Fold, rng: random.Random) -> Iterator[tuple[str, str]]:
    if fold.case:
        yield from (("upper case", text.upper()), ("lower case", text.lower()), ("title case", text.title()))
        yield "swapped case", text.swapcase()
    if fold.accents:
        parts = unicodedata.normalize("NFD", text)
        yield "no accents", "".join(c for c in parts if not unicodedata.combining(c))
        yield "decomposed", parts
        letters = [index for index, c in enumerate(text) if c.lower() in "aeou"]
        if letters:
            at = rng.choice(letters)
            yield (
                "more accents",
                unicodedata.normalize("NFC", text[: at + 1] + rng.choice("\u0301\u0308") + text[at + 1 :]),
            )
    if fold.trim or fold.space:
        yield from (("space before", f" {text}"), ("space after", f"{text}  "))
    if fold.space:
        yield "wide space", text.replace(" ", "  ")
    for suffix in fold.suffixes:
        yield f"with {suffix!r}", text + suffix
        yield f"with {suffix!r}, upper case", text + suffix.upper()
        if text.endswith(suffix):
            yield f"without {suffix!r}", text[: -len(suffix)]
    folded = fold.compiled()
    same = [one for pair in fold.aliases.items() for one in pair if folded(one) == folded(text)]
    yield from (("alias", one) for one in same)


def _mutated(value: Any, rng: random.Random, times: int = 1) -> Any:
    """A value near another: a digit or a letter is exchanged for one of its kind, a number is moved."""
    if is_number(value):
        return (
            value + rng.choice((-1, 1)) * rng.choice((1, 2, 10, 1000))
            if isinstance(value, int)
            else value + rng.gauss(0, 1)
        )
    if not isinstance(value, str):
        return value
    for _ in range(times):
        places = [index for index, c in enumerate(value) if c.isascii() and c.isalnum()]
        if not places:
            return value
        at = rng.choice(places)
        old = value[at]
        kinds = "0123456789" if old.isdigit() else "abcdef" if old in "abcdef" else "ghijklmnopqrstuvwxyz"
        new = rng.choice(kinds.upper() if old.isupper() else kinds)
        kept = old if rng.random() < _LONGER else ""
        value = f"{value[:at]}{kept}{new}{value[at + 1 :]}"
    return value


def _some(values: Sequence[Any], rng: random.Random, count: int) -> list[Any]:
    return rng.sample(list(values), min(count, len(values)))


def _distinct(values: Iterator[Any] | Sequence[Any]) -> list[Any]:
    return list({encode(plain(value)): value for value in values}.values())


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else () if value is None else (value,)


def _values(some: Listing, field: str) -> Iterator[Any]:
    for element in some.values:
        try:
            yield pointer.resolve(element, field)
        except LookupError:
            continue


def _listed(tool: Tool, everything: Sequence[Record]) -> Iterator[tuple[str, list[Any]]]:
    """The values that responses offer, by parameter; at most `_MOST_LISTED` of each."""
    for path, sources in tool.spec.sources.items():
        name = path.removeprefix("/").split("/")[0]
        found = (
            value
            for source in sources
            for record in everything
            if record.tool == source.tool and record.status < 400
            for value in _matching(parse_json(record.text), pointer.tokens(source.pointer))
        )
        yield name, _distinct(list(islice(found, _MOST_LISTED * 10)))[:_MOST_LISTED]


def _matching(value: Any, tokens: Sequence[str]) -> Iterator[Any]:
    if not tokens:
        if value is not None and not isinstance(value, (dict, list)):
            yield value
    elif tokens[0] == "*":
        for item in value if isinstance(value, list) else ():
            yield from _matching(item, tokens[1:])
    else:
        try:
            inner = pointer.step(value, tokens[0])
        except LookupError:
            return
        yield from _matching(inner, tokens[1:])
