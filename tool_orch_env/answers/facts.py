"""The facts of a task as the reader of answers needs them: kinds, what may be said instead, and the words of each.

Three kinds of words tell whose a value is: the *ask* ("scheduled arrival"), from the fact's name, source and `ask`; the
*known* words, by which the request speaks of its owner ("Porto", "2167", "first"); and the words of its *row*: what the
responses say about the same thing (the flight's number, where it goes).

`Leaves` are the values of all golden responses. A value that an answer states beside the facts, and that is one of
them, is the working, if the words around it say so.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.memo import Memo
from ..task import AnswerFact, GoldenCall, Task
from .infer import kind_and_unit, kind_of_value
from .kinds import KINDS, currencies
from .kinds.base import Asked, Kind
from .kinds.clocks import clocks
from .kinds.names import items
from .kinds.numerals import numerals
from .kinds.numeric import NUMERIC
from .kinds.yes_no import properties
from .text import folded
from .words import concept, is_singling, of_name, of_texts, of_value

MAX_CANDIDATES = 256
"""Values of a column that are looked for in an answer, at most."""
CLOSED = frozenset({"name", "code", "tag", "list"})
"""Kinds whose values are found by looking for given ones."""
NUMERIC_KINDS = frozenset(kind.name for kind in NUMERIC)
_PARTS = re.compile(r"[,;:.?!](?:\s|$)| and (?:also )?|\(|\)")
_OBSERVED = re.compile(r"(.+) \((?:observed|substitute day|in lieu)\)")
"""A holiday on another day than its own, which people call by its own name."""
_NAME_ALONE = 5
"""An airport is called without its city by a name of as many letters at least."""
_AIRPORT = re.compile(r"(.+?) (?:International )?Airport")
_PART_OF_NAME = re.compile(r"[^\W\d_]+|(?:[^\W\d_]\.-?)+")
_PERSON = frozenset(map(concept, ("discoverer", "artist", "sculptor", "author", "architect", "painter")))
_LISTED = re.compile(r",? (?:or |and |versus |vs\.? )?(?:the |at |in |to )?|, | ?/ ?")
_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'’.&!-]*(?: (?:& )?[A-ZÀ-ÖØ-Þ][\w'’.&!-]*)*")
_NAMES = re.compile(rf"{_NAME.pattern}(?:(?:,? (?:or|and) |, ){_NAME.pattern})+")
"""Names in a list, as the request writes them."""
_SENTENCES = re.compile(r"(?<=[a-z]{3})[.?!]\s|(?<=\d)[.?!]\s|\n\s*\n")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_BEGINS = re.compile(
    rf"(?:^(?=\w+ (?:[a-z]+ )?\d)|[,;:] (?:and )?|\b(?:and|or) )(?:from [A-Z]\w+ )?(?!(?:{_MONTHS})\b)([A-Z]\w{{2,}})"
)
"""The name at the beginning of a part of a sentence."""
_IATA = re.compile(r"[A-Z]{3}")
_HALF_A_DAY = 12 * 3600
Place = tuple[str, str]
"""A golden call's id, and a pointer into its response."""


@dataclass(frozen=True, slots=True)
class Words:
    """The concepts that tell whose a value is."""

    ask: frozenset[str]
    known: frozenset[str] = frozenset()
    row: frozenset[str] = frozenset()
    names: tuple[frozenset[str], ...] = ()
    """What the fact is called, one way or another: its name, its source, its `ask`."""


@dataclass(frozen=True, slots=True)
class CompiledFact:
    """One fact: its kind, what is asked, its words, and its place. `chosen` is the list that the fact's thing is
    chosen from by a criterion, so that naming its rows one by one chooses none; `None` if the request names it."""

    fact: AnswerFact
    kind: Kind
    asked: Asked
    words: Words
    place: Place | None
    chosen: Place | None
    in_request: frozenset[Any] = frozenset()
    """What the request says in the form of this kind: a value from there restates the question."""
    given: frozenset[str] = frozenset()
    """The other values of the fact's row in the reply, if it is a code: in a chain, what is before it."""

    @property
    def owners(self) -> frozenset[str]:
        """The concepts of what the task calls the owner."""
        return frozenset(of_texts([folded(self.fact.owner)]))

    @property
    def is_shaped(self) -> bool:
        """Whether this is a code of letters and figures, such as "Ra-226"."""
        value = str(self.fact.value)
        return self.kind.name == "code" and any(map(str.isalpha, value)) and any(map(str.isdigit, value))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value in a golden response."""

    place: Place
    words: Words


class Facts:
    """The facts of one task, compiled with the responses to its golden calls."""

    def __init__(self, task: Task, load: Callable[[], Mapping[str, Any]]) -> None:
        """`load` gives the parsed responses by golden call; a call may be missing. They are not kept."""
        self.task = task
        self._load = load
        self._responses: Mapping[str, Any] = load()
        self._calls = {call.id: call for call in task.golden}
        self.request = folded(task.request)
        self.facts = _told_apart([self._compiled(fact) for fact in task.answer])
        self._responses = {}

    @property
    def leaves(self) -> "Leaves":
        """The values of all golden responses; those of a few tasks are kept."""
        return _LEAVES.remembered(self, self._read_leaves)

    def _read_leaves(self) -> "Leaves":
        known = {call.id: frozenset(self._known(call)) for call in self.task.golden}
        return Leaves(self._load(), known, self._calls)

    def alternatives(self, fact: AnswerFact) -> frozenset[str]:
        """The texts of a fact's property of other things, folded, among which its own was to be chosen."""
        own = folded(str(fact.value))
        if fact.call is not None and fact.pointer is not None:
            places = [(fact.call, fact.pointer)]
        else:
            places = [leaf.place for leaf in self.leaves.text(own)]
        return self.leaves.alike(places, self.are_alike) - {own}

    def choices(self, fact: AnswerFact) -> frozenset[str]:
        """The alternatives to a fact's value that the request lists beside it: "Hotel Arthur, Carlton or Klaus K"."""
        own = folded(str(fact.value))
        named = sorted(
            (match.start(), match.end(), name)
            for name in (own, *self.alternatives(fact))
            for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", self.request)
        )
        lists: list[list[str]] = []
        last = -1
        for start, end, name in named:
            if lists and start >= last and _LISTED.fullmatch(self.request, last, start):
                lists[-1].append(name)
            else:
                lists.append([name])
            last = end
        written = (_NAME.findall(match[0]) for match in _NAMES.finditer(self.task.request))
        lists += [list(map(folded, names)) for names in written]
        return frozenset(name for one in lists if own in one for name in one) - {own}

    @cached_property
    def listed_apart(self) -> tuple[frozenset[str], ...]:
        """By fact, the names that the request lists for another fact to choose from: of "dinner at Momotoko, Leonardo
        or China, and then Old Hat or Pickwick", the pubs are no answer to where to eat."""
        lists = [
            frozenset(map(folded, _NAME.findall(match[0]))) for match in _NAMES.finditer(self.task.request)
        ]
        values = [folded(str(one.fact.value)) if one.kind.name in CLOSED else "" for one in self.facts]
        chosen = [one for one in lists if any(value in one for value in values)]
        return tuple(
            frozenset[str]().union(*(one for one in chosen if value not in one))
            if value and value in self.request
            else frozenset[str]()
            for value in values
        )

    def _listed_beside(self, fact: AnswerFact) -> Iterator[str]:
        """The names that the request lists beside the items of a list: "Ines took 4127, Tom 2355 and Priya 127"."""
        own = set(map(folded, items(fact.value)))
        for sentence in _SENTENCES.split(self.task.request):
            lists = [_NAME.findall(match[0]) for match in _NAMES.finditer(sentence)]
            lists = [names for names in lists if own <= set(map(folded, names))]
            if not lists:
                begun = [match[1] for match in _BEGINS.finditer(sentence)]
                lists = [
                    [
                        name
                        for name in begun
                        if not re.search(rf"\b(?:from|to|at) {name}\b|\b{name} to\b", sentence)
                    ]
                ]
            for names in lists:
                if own <= set(map(folded, names)):
                    yield from (name for name in names if folded(name) not in own and "'" not in name)

    def are_alike(self, one: Place, two: Place) -> bool:
        """Whether two places are the same property of two things: in rows of one list, or in replies of one tool."""
        a, b = self._calls.get(one[0]), self._calls.get(two[0])
        if a is None or b is None or a.tool != b.tool or one == two:
            return False
        return one[1] == two[1] or pointer.pattern(one[1]) == pointer.pattern(two[1])

    def _compiled(self, fact: AnswerFact) -> CompiledFact:
        call = self._calls.get(fact.call or "")
        name, unit = kind_and_unit(fact, self._circumstances(fact, call))
        kind = KINDS.get(name) or KINDS["name"]
        candidates = tuple(self._candidates(fact)) if name in CLOSED else ()
        if name == "list":
            candidates = tuple(dict.fromkeys((*candidates, *self._listed_beside(fact))))
        value = _number(fact.value) if name in NUMERIC_KINDS else fact.value
        aliases = fact.aliases
        if name == "yes_no" and not aliases:
            aliases = properties(fact.ask)
        if name == "name":
            if observed := _OBSERVED.fullmatch(str(fact.value)):
                aliases = (*aliases, observed[1])
            aliases = (
                *aliases,
                *self._family_names(fact),
                *self._names_beside(fact),
                *self._without_airport(fact),
            )
        asked = Asked(value, fact.tolerance, unit, aliases, candidates, self.request)
        place = (fact.call, fact.pointer) if fact.call is not None and fact.pointer is not None else None
        said = frozenset(one.value for one in kind.read(self.request, asked))
        chosen = self._chosen(fact)
        if name in NUMERIC_KINDS:  # "for one euro" in the ask as well
            said |= self._request_numbers
            said |= {one.value // 3600 % 12 or 12 for one in clocks(self.request)}  # "after six"
            said |= {one.value for text in (fact.ask, fact.owner) for one in numerals(folded(text))}
        if name == "code":
            said |= {str(int(one)) for one in self._request_numbers if one == one // 1}
        if name == "clock":  # "before one o'clock" is 13:00
            said |= {(one + _HALF_A_DAY) % (2 * _HALF_A_DAY) for one in said}
        beside = _beside(self._responses.get(fact.call or ""), fact.pointer or "") if name == "code" else ()
        given = frozenset(folded(str(text)) for text in beside)
        return CompiledFact(
            fact, kind, asked, self._words(fact, call, chosen is not None), place, chosen, said, given
        )

    def _names_beside(self, fact: AnswerFact) -> tuple[str, ...]:
        """What else a reply's row calls a thing: an airport by its code, a currency as its code is spelled."""
        own = pointer.tokens(fact.pointer or "")
        if not own or own[-1] not in ("name", "currency_name") or fact.call is None:
            return ()
        value = self._responses.get(fact.call)
        try:
            for part in own[:-1]:
                value = pointer.step(value, part)
        except LookupError:
            return ()
        row = value if isinstance(value, dict) else {}
        if own[-1] == "currency_name":
            return currencies.spellings(str(row.get("currency_code", "")))
        code = row.get("iata")
        return (code,) if isinstance(code, str) and _IATA.fullmatch(code) else ()

    def _family_names(self, fact: AnswerFact) -> tuple[str, ...]:
        """A person's family name with and without particles; none if the fact is no person or another has that name."""
        words = str(fact.value).split()
        if not _PERSON & set(of_texts([folded(fact.ask or fact.name)])) or len(words) < 2:
            return ()
        first = len(words) - 1
        while first > 1 and words[first - 1].islower():
            first -= 1
        if first > 1 and words[first].islower():
            first -= first > 2  # "Lecoq de Boisbaudran"
        family = " ".join(words[first:])
        named = [
            folded(str(one)) for one in (*self.column(fact), *(other.value for other in self.task.answer))
        ]
        others = [text for text in named if text != folded(str(fact.value))]
        taken = any(folded(words[-1]) in text for text in (self.request, *others))
        return () if taken or not all(map(_PART_OF_NAME.fullmatch, words)) else (family, words[-1])

    def _without_airport(self, fact: AnswerFact) -> tuple[str, ...]:
        """ "Buffalo Niagara" for "Buffalo Niagara International Airport", where the request speaks of Buffalo; and
        "Midway" of Chicago."""
        found = _AIRPORT.fullmatch(str(fact.value))
        short = folded(found[1]) if found else ""
        first, _, rest = short.partition(" ")
        if (
            not found
            or not rest
            or short in self.request
            or not re.search(rf"\b{re.escape(first)}\b", self.request)
        ):
            return ()
        alone = len(rest) >= _NAME_ALONE and rest not in self.request
        return (found[1], found[1].partition(" ")[2]) if alone else (found[1],)

    def _circumstances(self, fact: AnswerFact, call: GoldenCall | None) -> dict[str, Any]:
        """The arguments of a fact's call, and the texts beside the fact in its response: a unit may be among them."""
        beside: dict[str, Any] = {}
        if call is not None and fact.pointer is not None:
            value = self._responses.get(call.id)
            for part in pointer.tokens(fact.pointer)[:-1]:
                try:
                    value = pointer.step(value, part)
                except LookupError:
                    break
            if isinstance(value, dict):
                beside = {name: item for name, item in value.items() if isinstance(item, str)}
        return {**beside, **(call.arguments if call else {})}

    @cached_property
    def _request_numbers(self) -> frozenset[float]:
        """The numbers that the request or an argument of a golden call holds, years and parts of dates too."""
        given = [self.request, *(folded(str(call.arguments)) for call in self.task.golden)]
        return frozenset(one.value for text in given for one in numerals(text))

    def _words(self, fact: AnswerFact, call: GoldenCall | None, chosen: bool) -> Words:
        source = of_name(_last_name(fact.pointer)) if fact.pointer is not None else ()
        total = ("total",) if "in_all" in fact.name else ()
        called = ({*of_name(fact.name), *total}, set(source), set(of_texts([folded(fact.ask)])))
        names = tuple(frozenset(words) for words in called if words)
        ask = frozenset().union(*names)
        if call is None:
            return Words(ask, frozenset(of_texts([folded(fact.owner)])), names=names)
        picked = set(self._picked(fact))
        if chosen and not picked:
            picked = {word for word in of_texts([self.request]) if is_singling(word)}
        known = {*self._known(call), *of_texts([folded(fact.owner)]), *picked, *self._labels(fact)}
        known = {word for word in known if len(word) > 1 or not word.isdigit()}  # "road 2" is no second road
        row = set(_concepts_beside(self._responses.get(call.id), fact.pointer or ""))
        row.update(_concepts_bound(call, fact.pointer or "", self._responses))
        row -= {*known, *of_texts([folded(str(fact.value))])}
        return Words(ask, frozenset(known), frozenset(word for word in row if len(word) > 1), names)

    def _labels(self, fact: AnswerFact) -> set[str]:
        """The labels with which the request asks for a fact: "the delay of flight B"."""
        at = self._segment_of.get(fact.name)
        while at is not None and at < len(self._segments):
            labels = {word for word in self._segments[at] if " " in word}
            if labels or not self._segments[at] <= set(of_name(fact.name)):
                return labels
            at += 1  # "the date and the weekday of holiday A"
        return set()

    @cached_property
    def _segments(self) -> list[set[str]]:
        """The concepts of the parts of the request between commas, "and" and ends of sentences."""
        return [set(of_texts([part])) for part in _PARTS.split(self.request)]

    @cached_property
    def _segment_of(self) -> dict[str, int]:
        """By fact, the part of the request that asks for it: asks come last, and in the order of the facts."""
        found: dict[str, int] = {}
        last = len(self._segments) - 1
        before: set[str] = set()
        for fact in reversed(self.task.answer):
            name = set(of_name(fact.name))
            source = set(of_name(_last_name(fact.pointer))) if fact.pointer is not None else set()
            start = last - (name == before)
            for at in range(start, -1, -1):
                words = self._segments[at]
                if any(some and 2 * len(some & words) > len(some) for some in (name, source)):
                    found[fact.name] = last = at
                    break
            before = name
        return found

    def _known(self, call: GoldenCall) -> Iterator[str]:
        """The concepts of what the request gives to a call, or to the calls that it needs."""
        seen, waiting = {call.id}, [call]
        while waiting:
            one = waiting.pop()
            for name, value in one.arguments.items():
                for place, leaf in pointer.leaves(value, pointer.join(name)):
                    if name not in one.bindings and place not in one.bindings:
                        yield from of_value(leaf)
            for needed in one.needs:
                if needed not in seen:
                    seen.add(needed)
                    waiting.append(self._calls[needed])

    def _picked(self, fact: AnswerFact) -> Iterator[str]:
        """The concepts of the criteria by which the request chooses what the fact is a fact of."""
        through = set(self._through(fact))
        for pick in self.task.meta.get("picks", ()):
            place = pick.get("call"), f"{pick.get('list', '')}/{pick.get('item')}"
            if place in through and isinstance(pick.get("criterion"), dict):
                criterion = pick["criterion"]
                yield from of_texts([folded(str(criterion.get("value", "")))])
                yield from _of_criterion(criterion)

    def _through(self, fact: AnswerFact) -> Iterator[Place]:
        """The elements of lists that lead to a fact: those its pointer goes through, and those of its call's
        bindings."""
        if fact.call is None or fact.pointer is None:
            return
        call = self._calls[fact.call]
        places = [(fact.call, fact.pointer), *((one.call, one.pointer) for one in call.bindings.values())]
        for source, place in places:
            parts = pointer.tokens(place)
            for depth, part in enumerate(parts):
                if part.isdecimal():
                    yield source, pointer.join(*parts[: depth + 1])

    def _chosen(self, fact: AnswerFact) -> Place | None:
        """The list that the fact's thing is chosen from, unless the request names the thing itself."""
        for source, place in self._through(fact):
            listed, _, item = place.rpartition("/")
            try:
                rows = pointer.resolve(self._responses.get(source), listed)
            except LookupError:
                continue
            if isinstance(rows, list) and len(rows) > 1 and not self._named(rows, int(item)):
                return source, listed
        return None

    def _named(self, rows: Sequence[Any], item: int) -> bool:
        """Whether the request holds a value by which one row differs from all others."""
        own = _scalars(rows[item])
        others = {text for at, row in enumerate(rows) if at != item for text in _scalars(row)}
        return any(len(text) > 2 and text in self.request for text in own - others)

    def _candidates(self, fact: AnswerFact) -> Iterator[str]:
        """What may be said in a fact's place: the rest of its column, and the texts of the other facts."""
        seen = {folded(str(fact.value))}
        others = (
            one.value
            for one in self.task.answer
            if kind_of_value(one.value) in CLOSED and not str(one.value).isdecimal()
        )
        called = (
            name
            for one in self.task.answer
            if one.value != fact.value
            for name in (*one.aliases, *self._family_names(one))
        )
        for value in (*self.column(fact), *others, *called):
            text = folded(str(value))
            if isinstance(value, (str, int)) and not isinstance(value, bool) and text and text not in seen:
                seen.add(text)
                yield str(value)
                if len(seen) > MAX_CANDIDATES:
                    return

    def owner(self, fact: AnswerFact) -> str:
        """What the request calls the thing that the fact is a fact of, as far as it can be told from the calls: the
        criterion it is chosen by, else what the request gives to its call or to those it needs; "" if nothing."""
        through = set(self._through(fact))
        for pick in self.task.meta.get("picks", ()):
            criterion = pick.get("criterion")
            if (
                isinstance(criterion, dict)
                and (pick.get("call"), f"{pick.get('list', '')}/{pick.get('item')}") in through
            ):
                told = str(criterion.get("value", "")) if criterion.get("kind") in ("where", "echo") else ""
                told = told or " ".join(_of_criterion(criterion))
                if told and told != "only":
                    return told
        return ", ".join(self._given(fact))

    def _given(self, fact: AnswerFact) -> Iterator[str]:
        """What the request gives to the fact's call, else to the nearest calls it needs."""
        level = [self._calls[fact.call]] if fact.call is not None else []
        while level:
            found = [
                str(leaf)
                for call in level
                for name, value in call.arguments.items()
                for place, leaf in pointer.leaves(value, pointer.join(name))
                if name not in call.bindings and place not in call.bindings
            ]
            if found:
                yield from dict.fromkeys(found)
                return
            level = [self._calls[needed] for call in level for needed in call.needs]

    def column(self, fact: AnswerFact) -> Iterator[Any]:
        """The values of the fact's column in the response it comes from, its own among them."""
        if fact.call is None or fact.pointer is None:
            return
        wanted = pointer.pattern(fact.pointer)
        for place, value in pointer.leaves((self._responses or self._load()).get(fact.call)):
            if pointer.pattern(place) == wanted:
                yield value


_LEAVES: Memo[Facts, "Leaves"] = Memo(16)


class Leaves:
    """The values of golden responses: numbers in order, texts by their folded form, each with its words."""

    def __init__(
        self,
        responses: Mapping[str, Any],
        known: Mapping[str, frozenset[str]],
        calls: Mapping[str, GoldenCall],
    ) -> None:
        """`known` are the concepts by which the request speaks of what each golden call is about."""
        self._responses = responses
        self._calls = calls
        self._known = known
        self._numbers: list[tuple[float, Place]] = []
        self._texts: dict[str, list[Place]] = {}
        self._written: dict[str, str] = {}
        self._shaped: dict[str, list[str]] = {}
        for call, response in responses.items():
            for place, value in pointer.leaves(response):
                if isinstance(value, bool) or value is None:
                    continue
                if isinstance(value, (int, float)):
                    self._numbers.append((value, (call, place)))
                else:
                    text = folded(str(value))
                    self._written.setdefault(text, str(value))
                    self._texts.setdefault(text, []).append((call, place))
        self._numbers.sort(key=lambda pair: pair[0])
        self._keys = [number for number, _ in self._numbers]
        self._words: dict[Place, Words] = {}
        self._alike: dict[tuple[Place, ...], frozenset[str]] = {}

    def number(self, value: float, slack: float) -> Iterator[Leaf]:
        """The numbers that a saying of `value`, `slack` more or less, may be."""
        first = bisect_left(self._keys, value - slack - 1e-9 * abs(value))
        after = bisect_right(self._keys, value + slack + 1e-9 * abs(value))
        for _, place in self._numbers[first : min(after, first + 16)]:
            yield self._leaf(place)

    def text(self, text: str) -> Iterator[Leaf]:
        """The texts that are this one, folded."""
        for place in self._texts.get(text, ())[:16]:
            yield self._leaf(place)

    def of_kind(self, kind: str) -> Iterator[tuple[str, list[Place]]]:
        """The texts whose shape is that of a kind, with their places."""
        if kind not in self._shaped:
            self._shaped[kind] = [text for text in self._texts if kind_of_value(self._written[text]) == kind]
        for text in self._shaped[kind]:
            yield self._written[text], self._texts[text]

    def at(self, places: Sequence[Place]) -> Iterator[Leaf]:
        """The leaves at some places, of calls that have a response."""
        for place in places[:16]:
            if place[0] in self._responses:
                yield self._leaf(place)

    def alike(self, places: Sequence[Place], are_alike: Callable[[Place, Place], bool]) -> frozenset[str]:
        """The texts at places that are alike one of these; asked for again, they are remembered."""
        asked = tuple(places)
        if asked not in self._alike:
            self._alike[asked] = frozenset(
                text
                for text, found in self._texts.items()
                if len(text) > 2 and any(are_alike(one, place) for one in found[:16] for place in asked)
            )
        return self._alike[asked]

    def holds(self, text: str) -> bool:
        """Whether a folded text is a value as a whole."""
        return text in self._texts

    def _leaf(self, place: Place) -> Leaf:
        found = self._words.get(place)
        if found is None:
            call, where = place
            beside = {
                *_concepts_beside(self._responses[call], where),
                *_concepts_bound(self._calls[call], where, self._responses),
            }
            row = frozenset(word for word in beside if len(word) > 1)
            ask = frozenset(of_name(_last_name(where)))
            found = self._words[place] = Words(ask, self._known.get(call, frozenset()), row)
        return Leaf(place, found)


def _number(value: Any) -> Any:
    """A number that a response holds as text, as a number."""
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        try:
            return float(value)
        except ValueError:
            return value


def _told_apart(facts: Sequence[CompiledFact]) -> tuple[CompiledFact, ...]:
    """The facts, each without those of its known words by which only another one is named."""
    found = []
    for fact in facts:
        names = {word for other in facts if other is not fact for word in other.words.ask}
        known = fact.words.known - (names - fact.words.ask)
        own = set(of_texts([folded(fact.fact.owner)]))
        if own:
            owners = {word for other in facts for word in of_texts([folded(other.fact.owner)])}
            known -= owners - own  # a call may be given all owners at once
        found.append(replace(fact, words=replace(fact.words, known=known)))
    return tuple(found)


def _last_name(place: str) -> str:
    """The member's name at a pointer: the last token that is no index, and the one before it where it is a list."""
    names = [token for token in pointer.tokens(place) if not token.isdecimal()]
    return names[-1] if names else ""


def _concepts_beside(response: Any, place: str) -> Iterator[str]:
    for value in _beside(response, place):
        yield from of_value(value)


def _concepts_bound(call: GoldenCall, place: str, responses: Mapping[str, Any]) -> Iterator[str]:
    """The concepts of what is beside the values that a call was given. Where both the argument and the response are
    lists, the item belongs to the item of the same number; of other lists there is none, as they are of many things."""
    item = next((token for token in pointer.tokens(place) if token.isdecimal()), None)
    given: dict[str | None, dict[Place, str]] = {}
    for argument, binding in call.bindings.items():
        number = next((token for token in argument.split("/") if token.isdecimal()), None)
        element = binding.call, binding.pointer.rpartition("/")[0]
        given.setdefault(number, {}).setdefault(element, binding.pointer)
    listed = {number for number in given if number is not None}
    wanted = (None, item) if item in listed else (None, *listed)
    elements = {one: where for number in wanted for one, where in given.get(number, {}).items()}
    for (source, _), where in elements.items() if len(elements) <= 2 else ():
        yield from _concepts_beside(responses.get(source), where)


def _beside(response: Any, place: str) -> Iterator[str | int | float]:
    """The scalars of the objects around a pointer, the value at the pointer itself left out."""
    parts = pointer.tokens(place)
    value = response
    for depth, part in enumerate(parts):
        if isinstance(value, dict):
            last = depth == len(parts) - 1
            for name, item in value.items():
                if (
                    not (last and name == part)
                    and isinstance(item, (str, int, float))
                    and not isinstance(item, bool)
                ):
                    yield item
        try:
            value = pointer.step(value, part)
        except LookupError:
            return


def _scalars(row: Any) -> set[str]:
    return {folded(str(value)) for _, value in pointer.leaves(row) if isinstance(value, (str, int, float))}


_CRITERIA = {
    "min": {
        "": "lowest first",
        "sched": "first",
        "dist": "nearest",
        "lat": "south",
        "lon": "west",
        "name": "alphabetically first",
    },
    "max": {
        "": "highest last",
        "sched": "last",
        "dist": "farthest",
        "lat": "north",
        "lon": "east",
        "name": "alphabetically last",
    },
}
"""The concepts of a criterion by its kind, and by how the name of its field begins."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def _of_criterion(criterion: Mapping[str, Any]) -> Iterator[str]:
    """The concepts that a criterion is put in: "first", "nearest", "second"."""
    kind = str(criterion.get("kind", ""))
    name = str(criterion.get("field", ""))
    if kind.startswith("nth") and isinstance(criterion.get("value"), int):
        number = criterion["value"]
        yield _ORDINALS[number - 1] if 0 < number <= len(_ORDINALS) else str(number)
    for start, said in _CRITERIA.get(kind, {}).items():
        if (start and name.startswith(start)) or not start:
            yield from said.split()
    if kind == "only":
        yield "only"
    if kind == "after":
        yield from ("next", "first")
    if kind == "before":
        yield "last"
