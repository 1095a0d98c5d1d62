"""Layout: which words of an answer belong to which place of it.

An answer is cut into *clauses*: parts of sentences, list items, cells of tables, members of JSON. The words around a
value have a weight for it, the strongest place they are found at:

- `CLAUSE` for the words of the same clause; of the header of its column and the first cell of its row; of its JSON key;
- `INNER` for the words of a parenthesis in it, or of the clause that it is a parenthesis in;
- `NEAR` or less for the words of the same sentence or row: those of the clause before weigh most, those behind less; of
  the other values of its JSON object, if that is in a list;
- `ABOVE` for those of the heading or item above, of enclosing JSON keys, and of the sentence before.

A semicolon ends a sentence here.

A clause without words of its own ("or 09:10") continues the clause before it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from .text import Folded
from .words import concepts, is_empty

CLAUSE, INNER, NEAR, ABOVE = 4.0, 3.5, 2.0, 1.0
MAX_WORDS = 200
"""A clause of more words than this is no clause, and its words are nobody's."""
MOST_AROUND = 64
"""How many words of a heading, a row or the sentence before are looked at."""
_BRACES = re.compile(r"[{}\[\]]")
_OPEN = ("{", "[")
_CELLS = 12
_HEADINGS = 6
"""How many headings above a line are looked at."""
_LONGEST_HEADING = 200
"""In characters."""
_DEEPEST = 80
"""Blanks before a line that are counted."""
_BEFORE, _BEHIND = 6, 3
"""How many clauses of a sentence before and behind one are looked at."""
_SEPARATOR = re.compile(
    r" \| |[()\[\]{}]|,\s|\s(?:-|->|=>|→|←|•|·)\s|→|\t|\s(?:but|while|whereas|versus|vs\.?|compared)\s"
    r"|\s(?:and|plus)\s(?!a half\b)|,(?=\")|(?<=\D)/(?=\D)|\sthen\s|:\s?$"
)
_STOP = re.compile(r";\s|[.!?]+[\"')\]]*\s+")
_SENTENCE = re.compile(
    r";\s|(?<=[^\W\d_][^\W\d_])[.!?]+[\"')]*\s+|(?<=[\d)%\"'])[.!?]+[\"')]*\s+(?=[^\W\d]|\d{2,})|[!?]+\s"
)
_ABBREVIATIONS = re.compile(
    r"\b(?:st|no|approx|inc|co|corp|mr|mrs|dr|vs|ca|e\.g|i\.e|a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thurs?|fri|sat|sun)\.\s*$"
)
_INITIAL = re.compile(r"(?:^|[^.!?\w] ?)\b[A-Z][\w'-]+ [A-Z]$")
"""The initial in a name: "Antoine J"."""
_ITEM = re.compile(r"(\s*)(?:[-*+•·–]|\(?\d{1,3}[.)]|[a-z][.)])\s+")
_HEADING = re.compile(r"\s*#{1,6}\s+")
_SHORT = re.compile(r"(?<!\w)[a-z]{2,3}(?!\w)")
_RULE = re.compile(r"[\s|:+=-]+$")


@dataclass(slots=True)
class Clause:
    """A part of an answer: its span, its words, and what is around it by weight. A clause that a parenthesis
    interrupts has two parts, which share `own` and `near`."""

    start: int
    end: int
    own: list[tuple[int, str]]
    near: dict[str, float] = field(default_factory=dict)
    sentence: tuple[int, int] = (0, 0)
    cell: bool = False
    json: bool = False
    inner: bool = False
    """Whether this is a parenthesis."""
    within: list[tuple[int, str]] = field(default_factory=list)
    """The words of the parentheses in it."""
    host: list[tuple[int, str]] | None = None
    """The words of the clause that this is a parenthesis in."""
    under: Sequence[tuple[int, int]] = ()
    """The spans of the headings above a list or table that this is in, the outermost first."""


class Layout:
    """The clauses of a folded text, in order."""

    def __init__(self, folded: Folded, values: Sequence[tuple[int, int]] = ()) -> None:
        """`values` are spans, in order, whose words name nothing: the values that the words around are about."""
        self.text = folded.text
        self.clauses: list[Clause] = []
        _Cutter(folded, self.clauses, values).run()
        self._starts = [clause.start for clause in self.clauses]

    def at(self, place: int) -> Clause:
        """The clause that a place is in."""
        return self.clauses[max(0, bisect_right(self._starts, place) - 1)]

    def around(self, start: int, end: int, inside: bool = False) -> Mapping[str, float]:
        """The weight of every concept around a span; nearer words weigh a little more, those before it more than those
        behind it. `inside` includes the words of the span itself, such as its unit; never its digits."""
        clause = self.at(start)
        weights = dict(clause.near)
        if len(clause.own) > MAX_WORDS:
            return weights
        if inside:
            within = {
                word: CLAUSE + 1.0 for _, word in concepts(self.text[start:end]) if not word[0].isdigit()
            }
            weights |= within
        for place, word in clause.own:
            if start <= place < end:
                continue
            distance = start - place if place < start else 2 * (place - end) + 8
            weights[word] = max(weights.get(word, 0.0), CLAUSE + 1.0 / (1.0 + distance / 8))
        return weights


class _Cutter:
    """Cuts a text into clauses."""

    def __init__(self, folded: Folded, clauses: list[Clause], values: Sequence[tuple[int, int]]) -> None:
        self._folded = folded
        self._values = values
        self._text = folded.text
        self._clauses = clauses
        self._headings: list[tuple[float, dict[str, float], tuple[int, int]]] = []  # level, words, span
        self._blank = True

    def run(self) -> None:
        lines = list(_lines(self._text))
        closed = dict(_closed(self._text))
        at = 0
        while at < len(lines):
            start, end = lines[at]
            while end < closed.get(start, 0):  # the lines of an object are one
                at += 1
                end = lines[at][1]
            last = at
            while last < len(lines) and _is_row(self._text[slice(*lines[last])]):
                last += 1
            if last > at and start not in closed:
                self._table(lines[at:last])
                at = last
                continue
            self._line(start, end)
            at += 1
        if not self._clauses:
            self._clauses.append(Clause(0, len(self._text), []))

    def _table(self, rows: list[tuple[int, int]]) -> None:
        """A table: the header names columns, the first cell names its row."""
        header: list[list[tuple[int, str]]] = []
        above = self._above()
        has_header = len(rows) > 1 and _RULE.match(self._text[slice(*rows[1])]) is not None
        for number, (start, end) in enumerate(rows):
            line = self._text[start:end]
            if _RULE.match(line):
                continue
            cells = [(a, b, list(self._words(a, b))) for a, b in _cells(line, start)]
            if number == 0 and has_header:
                header = [words for _, _, words in cells]
            for column, (a, b, words) in enumerate(cells):
                nearby = cells[max(0, column - _CELLS) : column + _CELLS]
                row = {word: NEAR for cell in nearby if cell[0] != a for _, word in cell[2][:MOST_AROUND]}
                near = {**above, **row}
                if number or not has_header:
                    label = header[column] if column < len(header) else []
                    named = cells[0][2] if column else []
                    near |= {word: CLAUSE for _, word in (*label, *named)}
                self._clauses.append(Clause(a, b, words, near, (start, end), True, under=self._under()))

    def _line(self, start: int, end: int) -> None:
        line = self._text[start:end]
        if not line.strip():
            self._blank = True
            return
        item = _ITEM.match(line)
        indent = self._indent(start)
        heading = _HEADING.match(line)
        json_like = line.lstrip()[:1] in '{["' or line.rstrip()[-1:] in "{["
        begin = start + (item.end() if item else 0)
        heads = heading is not None or self._heads(line, begin, end)
        level = -1.0 if heading else indent if item or json_like else indent - 0.5
        if heads or item or json_like:
            self._headings = [one for one in self._headings if one[0] < level]
        elif self._blank:
            self._headings = [one for one in self._headings if one[0] < -0.5]
        self._sentences(begin, end, self._under() if item or json_like else [])
        if heads or (item and len(line) < _LONGEST_HEADING):
            words = {word: ABOVE for _, word in islice(self._words(begin, end), MOST_AROUND)}
            self._headings.append((level, words, (begin, min(end, begin + _LONGEST_HEADING))))
        self._blank = False

    def _indent(self, start: int) -> int:
        """How many blanks a line begins with, as it was written: folding leaves one of several."""
        written = self._folded.written
        first = written.rfind("\n", 0, self._folded.at[start]) + 1
        line = written[first : first + _DEEPEST]
        return len(line) - len(line.lstrip())

    def _heads(self, line: str, start: int, end: int) -> bool:
        """Whether a line is the heading of those below: it ends openly, is all bold, or is a bare short phrase."""
        ends = line.rstrip()
        if ends.endswith((":", "{", "[")):
            return True
        last = end - 1 - (len(line) - len(ends))
        if self._folded.is_strong(start) and self._folded.is_strong(last):
            return True
        return len(ends) < 80 and ends[-1] not in ".;,!?" and ":" not in ends

    def _above(self) -> dict[str, float]:
        return {word: weight for _, words, _ in self._headings[-_HEADINGS:] for word, weight in words.items()}

    def _under(self) -> list[tuple[int, int]]:
        return [span for _, _, span in self._headings[-_HEADINGS:]]

    def _sentences(self, start: int, end: int, under: Sequence[tuple[int, int]]) -> None:
        above = self._above()
        for first, after in _sentences(self._folded, start, end):
            clauses = list(self._cut(first, after))
            own = _apart(clauses)
            for at, clause in enumerate(own):
                clause.near |= {**above, **_beside(own, at), **clause.near}
            for clause in clauses:
                clause.sentence = first, after
                clause.under = under
            self._clauses += clauses
            said = [word for clause in own[-_BEFORE:] for _, word in clause.own[:MOST_AROUND]]
            above = self._above() | dict.fromkeys(said[-MOST_AROUND:], ABOVE)

    def _cut(self, start: int, end: int) -> Iterator[Clause]:
        """The clauses of a sentence; one without words takes those of the clause before, members of JSON their keys."""
        keys: list[dict[str, float]] = []
        objects: list[list[Clause]] = []
        rows: list[bool] = []
        hosts: list[Clause] = []
        before: list[tuple[int, str]] = []
        going_on: Clause | None = None
        place = start
        for cut in (*_SEPARATOR.finditer(self._text, start, end), None):
            after = cut.start() if cut else end
            words = list(self._words(place, after))
            last = None
            if after > place and going_on is not None:
                going_on.own.extend(words)
                last = Clause(
                    place, after, going_on.own, going_on.near, inner=going_on.inner, within=going_on.within
                )
                last.host = going_on.host
            elif after > place:
                near = {word: weight for level in keys for word, weight in level.items()}
                named = [word for _, word in words if not word[0].isdigit()]
                if not named and before:
                    near |= {word: CLAUSE for _, word in before[:MOST_AROUND]}
                last = Clause(place, after, words, near, json=bool(keys), inner=bool(hosts))
                if hosts:
                    hosts[-1].within.extend(words)
                    last.host = hosts[-1].own
                elif named:
                    before = words
            if last is not None:
                yield last
                if objects:
                    objects[-1].append(last)
            if cut is None:
                return
            going_on = None
            mark = cut[0]
            if mark == "{":
                keys = [*keys[-_CELLS:], {word: ABOVE for _, word in words[:MOST_AROUND]}]
                objects.append([])
                rows.append(self._text[max(0, start - 1) : cut.start()].rstrip()[-1:] in ("[", ","))
                before = []
            elif mark == "}" and keys:
                members, row = objects.pop(), rows.pop()
                if not keys.pop() and row:
                    self._name_row(members)
                before = []
            elif mark in "([" and last is not None:
                hosts.append(last)
            elif mark in ")]" and hosts:
                going_on = hosts.pop()
            place = cut.end()

    def _name_row(self, members: Sequence[Clause]) -> None:
        """Values of an object in a list name what its other members are about, as the cells of a row do."""
        values = [
            {
                word: NEAR
                for place, word in one.own[:MOST_AROUND]
                if place > self._text.find(":", one.start, one.end) >= 0
            }
            for one in members[:_CELLS]
        ]
        for one in members:
            for at, words in enumerate(values):
                if members[at] is not one:
                    one.near |= words | one.near

    def _words(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        """The concepts of a span with their places, without those of values. A short word in capitals is a code."""
        at = bisect_right(self._values, (start, -1)) - 1
        for offset, word in sorted((*concepts(self._text[start:end]), *self._codes(start, end))):
            place = start + offset
            while at + 1 < len(self._values) and self._values[at + 1][0] <= place:
                at += 1
            if at >= 0 and place < self._values[at][1]:
                continue
            yield place, word

    def _codes(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        """Words of two or three letters that say nothing in small letters and are written in capitals: "US", "AS"."""
        for match in _SHORT.finditer(self._text, start, end):
            first, after = self._folded.span(match.start(), match.end())
            if self._folded.written[first:after].isupper() and is_empty(match[0]):
                yield match.start() - start, match[0]


def _apart(clauses: Sequence[Clause]) -> list[Clause]:
    """The clauses of a sentence, of those with two parts the first."""
    found: list[Clause] = []
    for clause in clauses:
        if not any(clause.own is one.own for one in found[-3:]):
            found.append(clause)
    return found


def _beside(clauses: Sequence[Clause], at: int) -> dict[str, float]:
    """The words of the sentence's other clauses; a parenthesis is closest to the clause around it; members of JSON have
    nothing to do with each other."""
    here = clauses[at]
    if here.json:
        return {}
    found: dict[str, float] = {}
    for other in range(max(0, at - _BEFORE), min(len(clauses), at + _BEHIND + 1)):
        there = clauses[other]
        weight = 1 + 2 / (1 + at - other) if other < at else 0.5 + 1 / (1 + other - at)
        if there.host is here.own or here.host is there.own:
            weight = INNER
        elif there.inner:
            weight -= 0.5
        for _, word in there.own[:MOST_AROUND] if other != at else ():
            found[word] = max(found.get(word, 0.0), weight)
    return found


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _closed(text: str) -> Iterator[tuple[int, int]]:
    """Where objects and lists begin and end that have objects in them."""
    opened: list[int] = []
    for mark in _BRACES.finditer(text):
        if mark[0] in _OPEN:
            opened.append(mark.start())
        elif opened:
            start = opened.pop()
            if text.find("{", start + 1, mark.end()) >= 0:
                yield start, mark.end()


def _is_row(line: str) -> bool:
    return line.count("|") >= 2 or "\t" in line.strip()


def _cells(line: str, start: int) -> Iterator[tuple[int, int]]:
    mark = "|" if line.count("|") >= 2 else "\t"
    at = 0
    parts = line.split(mark)
    if mark == "|" and not parts[0].strip():  # the bar that opens the row
        at, parts = len(parts[0]) + 1, parts[1:]
    for part in parts:
        lead = len(part) - len(part.lstrip())
        yield start + at + (lead if part.strip() else 0), start + at + len(part.rstrip())
        at += len(part) + 1


def _sentences(folded: Folded, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of a line. A full stop ends one before a capital, and otherwise behind a word or number."""
    text, first = folded.text, start
    for match in _STOP.finditer(text, start, end):
        capital = match.end() < end and folded.written[folded.at[match.end()]].isupper()
        if not capital and not _SENTENCE.match(text, match.start()):
            continue
        if _INITIAL.search(folded.written, max(0, folded.at[match.start()] - 24), folded.at[match.start()]):
            continue
        abbreviation = _ABBREVIATIONS.search(text, max(first, match.start() - 8), match.start() + 2)
        if abbreviation and not (capital and abbreviation[0].startswith(("a.m", "p.m", "no."))):
            continue  # "no. 7", but "Rain: no. Last flight"
        yield first, match.end()
        first = match.end()
    if first < end:
        yield first, end
