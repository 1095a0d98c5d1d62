"""Choosing one of several: whether an answer leaves open which of the possible names it means.

The possible names are those that the request lets choose from, and the siblings of the right one in the response's
list. A name that is only mentioned, as a place to go from or in brackets, is not chosen.
"""

import re
from collections.abc import Sequence
from functools import cached_property

from .contrary import has_unwanted
from .facts import CLOSED, Facts
from .kinds.dates import Day, days
from .layout import CLAUSE, NEAR, Clause, Layout
from .polarity import denied
from .standing import OTHERS
from .statements import REMARK, VIA, Statement
from .text import Folded, folded
from .weighing import AGAINST, MARGIN, Weigher
from .words import better, concept, concepts

_ITEM = re.compile(r"[ \t]*(?:[-*+•·–|]|\(?\d{1,3}[.)])[ \t]*[^\w\n|]*(?:[^:\n|]{1,40}: )?")
_EITHER = re.compile(r"\beither (?:of (?:the|those|these|them)|one|would|will|could|can|is|works)\b")
_PAY = re.compile(r"\bso (?:[a-z]+ ){1,3}(?:on )?(?:[a-z]+day, )?$")
"""Before a date that is decided on: "so pay on Thursday, 2 May"."""
_NOT_SURE = re.compile(
    r"\bnot (?:sure|certain) which\b|\b(?:can't|cannot) (?:say|tell) which\b|\bhard to say which\b"
)
_OR_ELSE = re.compile(r"\bor else\b|\bunless it(?:'s| is)\b|\band so may\b")
_AND_MORE = re.compile(r"(?: ?\([^()\n]*\))?, ")
_AND = re.compile(r"(?: ?\([^()\n]*\))?,? (?:and|as well as) (?:the )?")
_AND_BEFORE = re.compile(r"(?: ?\([^()\n]*\))?,? (?:and|as well as) (?:the )?$")
_SHORTEST = 5
"""A shortened name has as many letters at least."""
_WAY = re.compile(r"(?:\b(?:from|to|at|of|near|than|against|as|via)|->|→) (?:the )?$")
_NOT = re.compile(r"\b(?:not|no|never|nor)\b|n't\b")
_AND_DATE = re.compile(r",? ?(?:(?:and|or|&)? ?(?:on )?)")
_SO_NEITHER = re.compile(r"[^.!?\n]*, (?:so|and|therefore|which means that|meaning) (?:neither|none)\b")
_BEHIND = re.compile(
    r",? (?:(?:is|was|comes?|came|would be|follows?|ranks?) )?(?:only |a close |a distant )?(?:in )?"
    r"(?:second|third|last)\b"
    r"|(?:,? [^.;:!?\n]{0,80},)? (?:is|was|would be) (?:the|your|a|an) (?:fallback|runner-up|alternative|back-?up)\b"
    r"|,? (?:\([^()\n]*\) )?as (?:a|the|your|an) (?:second|other|next|alternative|back-?up|fallback)\b"
    r"| (?:is|was|came|comes|would be) (?:close(?= with| behind| second)|a close call|not far (?:off|behind)"
    r"|nearly as)\b"
)
"""What is said of the losers of a comparison: "O'Malleys comes second"."""
_THAN = re.compile(r"\b(\w{3,}er|more|less|worse) (?:[^.;:!?\n]{0,40} )?than$")
_WHEREAS = re.compile(r"[^.;!?\n]{0,120}\b(?:while|whereas)\b")
_AS_WELL = re.compile(
    r"\b(?:too|as well|also|just as|equally|either)\b(?! (?:far|late|long|low|high|small|large))"
)
_LOSES = re.compile(r"\b(?:but|clos(?:e|es|ed|ing)|shuts?|only|than)\b")
_GOES_ON = re.compile(r"\b(?:in|for|of|at) \w")
_REACH = 200
"""How far behind a contrast, in characters, another name is looked for."""
_LEAD = 5
"""Characters before a name with which its clause may begin."""
_LISTED, _NAME_WORDS = 2, 6
"""A name in a row with so many others of at most so many words is one of a list."""


class Choice:
    """The choice of one name, in one answer."""

    def __init__(
        self, facts: Facts, text: Folded, layout: Layout, statements: Sequence[Statement], weigher: Weigher
    ) -> None:
        self._all = facts
        self._facts = facts.facts
        self._text = text
        self._layout = layout
        self._statements = statements
        self._weigher = weigher
        self._dates = [
            frozenset(possible for day in days(folded(one.fact.ask)) for possible in day.days)
            for one in self._facts
        ]

    @cached_property
    def _requested(self) -> frozenset[tuple[int, int]]:
        """The dates of the request, as (month, day)."""
        return frozenset(possible for day in days(self._all.request) for possible in day.days)

    def left_open(self, at: int, one: Statement) -> tuple[float, str]:
        """What is left of a fact that a statement states, in [0, 1], and why; 1 and "" where the answer decides."""
        kind = self._facts[at].kind.name
        if kind in CLOSED and self._is_of_another_date(at):
            return 0.0, "said of another date"
        others = self._strangers(at, one) if kind in CLOSED else 0
        if others >= _LISTED:
            return 1 / (1 + others), f"one of {others + 1} names in a row"
        if instead := self._instead(at):
            return 0.5, f"another is singled out: {instead}"
        if kind in CLOSED and (self._is_said_shut(at) or self._is_unsure(at)):
            return 0.5, "leaves the choice open"
        if kind in CLOSED and self._is_only_set_back(at):
            return 0.5, "said as the others are"
        if kind in CLOSED and (other := self._equal(at)):
            return 0.5, f"another is said to be as good: {other}"
        if (
            (kind in CLOSED or kind == "date")
            and self._weigher.is_choice(at)
            and _EITHER.search(self._text.text)
        ):
            return 0.5, "leaves the choice open"
        if kind == "date" and (other := self._other_date(at)):
            return 0.5, f"another is singled out: {other}"
        if self._shared_with(at):
            return 0.5, "said together with another"
        if alike := self._listed_alike(at):
            return 1 / (1 + alike), f"one of {alike + 1} listed alike"
        return 1.0, ""

    def _is_unsure(self, at: int) -> bool:
        """Whether an answer says that it does not know which, or names something to choose with "or else"."""
        if _NOT_SURE.search(self._text.text):
            return True
        lines = {self._layout.at(match.start()).sentence for match in _OR_ELSE.finditer(self._text.text)}
        return any(
            one.right.get(at) and self._layout.at(one.start).sentence in lines for one in self._statements
        )

    def _is_only_set_back(self, at: int) -> bool:
        """Whether the right name has the marks of a loser wherever it is said, as have others that the request lets
        choose from: "Via Kiasma. Via Ateneum."."""
        fact = self._facts[at]
        own = [one for one in self._statements if one.right.get(at)]
        if (
            not own
            or OTHERS.search(self._all.request)  # it asks for "the holidays on the other two"
            or fact.kind.name == "list"
            or not all(self._is_set_back(one.start, one.end, at, right=True) for one in own)
            or max(self._weigher.singled(one.start, one.end, at, opening=False) for one in own) >= CLAUSE
        ):
            return False
        others = self._all.choices(fact.fact) or self._all.alternatives(fact.fact)
        others -= {folded(str(one.fact.value)) for one in self._facts}
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self._text.text) for name in others)

    def _equal(self, at: int) -> str:
        """The name that a contrast behind the right one, or a list, puts at least beside it; "" if there is none:
        "Toscanini is open until midnight, while Kaarna is too"."""
        fact = self._facts[at]
        if not self._is_chosen(at):
            return ""
        text = self._text.text
        others = self._all.choices(fact.fact) | self._all.alternatives(fact.fact)
        others |= {folded(one) for one in fact.asked.candidates}
        others -= {folded(str(one)) for other in self._facts for one in (other.fact.value, other.fact.owner)}
        for one in self._statements:
            contrast = _WHEREAS.match(text, one.end) if one.right.get(at) else None
            if contrast is None:
                continue
            after = min(self._layout.at(one.start).sentence[1], contrast.end() + _REACH)
            rest = text[contrast.end() : max(contrast.end(), after)]
            named = ((name, re.search(rf"(?<!\w){re.escape(name)}(?!\w)", rest)) for name in sorted(others))
            said, match = next(((name, match) for name, match in named if match), ("", None))
            words = {word for _, word in concepts(rest)}
            winning = better(self._facts[at].owners) & words or _AS_WELL.search(rest)
            if match is None or not winning or _NOT.search(rest) or _LOSES.search(rest):
                continue
            if not has_unwanted(self._text, self._layout, contrast.end() + match.end(), fact):
                return said
        return ""

    def _is_set_back(self, start: int, end: int, at: int, right: bool = False) -> bool:
        """Whether a name is a loser, a runner-up, passed on the way, or said in a remark or as a contrast."""
        text = self._text.text
        first, _ = self._layout.at(start).sentence
        return bool(
            (self._facts[at].kind.name != "list" and self._weigher.standing.is_second(start, end, at, right))
            or VIA.search(text, max(first, start - 120), start)
            or REMARK.search(text, max(0, start - 200), start)
            or self._is_beaten(start, end, at)
        )

    def _is_said_shut(self, at: int) -> bool:
        """Whether the answer says that its choice is closed, where the request asks for what is open."""
        own = [one for one in self._statements if one.right.get(at)]
        return self._is_chosen(at) and bool(own) and all(map(self._weigher.is_shut, own))

    def _is_chosen(self, at: int) -> bool:
        """Whether a fact is the first name asked for of its owner."""
        fact = self._facts[at]
        second = any(
            one.kind.name in CLOSED and one.fact.owner == fact.fact.owner for one in self._facts[:at]
        )
        return fact.kind.name in CLOSED and fact.fact.owner != "" and not second

    def _instead(self, at: int) -> str:
        """The name among those of which the request lets choose that is singled out rather than the fact's value; "" if
        none is."""
        fact = self._facts[at]
        if not self._is_chosen(at):
            return ""
        others = self._all.choices(fact.fact)
        if fact.place is not None and folded(str(fact.fact.value)) not in self._all.request:
            others = self._all.alternatives(fact.fact) if self._weigher.is_choice(at) else others
        own = [one for one in self._statements if one.right.get(at)]
        lost = bool(own) and all(
            self._is_beaten(one.start, one.end, at)
            or self._weigher.is_shut(one)
            or has_unwanted(self._text, self._layout, one.end, fact)
            for one in own
        )
        others -= {folded(str(one)) for other in self._facts for one in (other.fact.value, other.fact.owner)}
        if not lost:  # the others of the list are statements themselves, and have been weighed
            others -= {folded(one) for one in fact.asked.candidates}
        if not others:
            return ""
        spans = [(one.start, one.end) for one in own]
        spans += self._shortened(folded(str(fact.fact.value)), others)
        best = max((self._weigher.singled(start, end, at) for start, end in spans), default=0.0)
        best = -CLAUSE if lost else best
        if best > NEAR:
            return ""
        for name in sorted(others):
            for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", self._text.text):
                if has_unwanted(self._text, self._layout, match.end(), fact):
                    continue
                if self._weigher.singled(*match.span(), at) > best + MARGIN and self.is_said(
                    *match.span(), at
                ):
                    return name
        return ""

    def _other_date(self, at: int) -> str:
        """Another date than the fact's that the answer decides on, where the request offers several; "" if it does not:
        "Take 25 April; 27 March is a holiday in Milan"."""
        own = [one for one in self._statements if one.right.get(at)]
        best = max((self._weigher.singled(one.start, one.end, at) for one in own), default=0.0)
        for one in self._statements:
            other = at in one.plain and one not in own and self.is_said(one.start, one.end, at)
            offered = len(self._facts[at].in_request) > 1 or _PAY.search(
                self._text.text, max(0, one.start - 32), one.start
            )
            if other and offered and self._weigher.singled(one.start, one.end, at) > max(best, NEAR) + MARGIN:
                return self._text.quoted(one.start, one.end)
        return ""

    def _is_of_another_date(self, at: int) -> bool:
        """Whether a name that is asked for of one date is only said of the date of another fact: "on 25 April: Easter
        Monday", where that is the holiday of 1 April."""
        asked = self._dates[at]
        others = frozenset[tuple[int, int]]().union(*self._dates, self._requested) - asked
        own = [one for one in self._statements if one.right.get(at)]
        return bool(asked and others and own) and all(
            (near := self._dates_beside(one)) & others and not near & asked for one in own
        )

    def _dates_beside(self, one: Statement) -> frozenset[tuple[int, int]]:
        """The last date before a statement and the first one behind it, in its clause, or else in its part of the
        sentence; with dates that are joined to them by "and"."""
        text, clause = self._text.text, self._layout.at(one.start)
        first, after = clause.sentence
        first = max(first, text.rfind(";", first, one.start) + 1)
        part = text.find(";", one.end, after)
        said = _days_in(text, first, one.start)
        before, behind = said[-1:], _days_in(text, one.end, after if part < 0 else part)
        said, near = said + behind, before + behind[:1]
        near = [day for day in near if clause.start <= day.start < clause.end] or near
        for day in said + said[::-1]:
            if any(_joined(text, day, other) or _joined(text, other, day) for other in near):
                near.append(day)
        return frozenset(possible for day in near for possible in day.days)

    def _listed_alike(self, at: int) -> int:
        """How many others of those to choose from begin a list item or row as the fact's value does, where nothing
        says which of them is meant, and the value is said nowhere else."""
        fact = self._facts[at]
        if not self._is_chosen(at):
            return 0
        own = [(one.start, one.end) for one in self._statements if one.right.get(at)]
        if not own or not all(self._begins_item(start) for start, _ in own):
            return 0
        if max(self._weigher.singled(start, end, at) for start, end in own) > 0:
            return 0
        others = self._all.choices(fact.fact)
        if self._weigher.is_choice(at) and fact.place is not None:
            others |= self._all.alternatives(fact.fact)
        others -= {folded(str(one.fact.value)) for one in self._facts}
        lines = {self._line(start) for start, _ in own}
        return sum(
            any(
                self._begins_item(match.start()) and self._line(match.start()) not in lines
                for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", self._text.text)
            )
            for name in others
        )

    def _shared_with(self, at: int) -> bool:
        """Whether, of what one is to be chosen from, the right one is only ever said together with another: "Serbia and
        Greece are the large ones"."""
        fact = self._facts[at]
        offered = self._is_chosen(at) and bool(self._all.choices(fact.fact))
        if fact.kind.name not in CLOSED or not (offered or self._weigher.is_choice(at)):
            return False
        own = [one for one in self._statements if one.right.get(at)]
        values = {folded(str(other.fact.value)) for other in self._facts}
        others = (self._all.choices(fact.fact) | self._all.alternatives(fact.fact)) - values
        return bool(own) and all(self._is_coupled(one, others) for one in own)

    def _is_coupled(self, one: Statement, others: frozenset[str]) -> bool:
        text = self._text.text
        if (more := _AND_MORE.match(text, one.end)) and self._is_listed(more.end(), others):
            return True
        behind = _AND.match(text, one.end)
        before = _AND_BEFORE.search(text, max(0, one.start - 80), one.start)
        rest = text[one.end : max(one.end, self._layout.at(one.start).sentence[1])]
        return any(
            (behind is not None and text.startswith(name, behind.end()))
            or (before is not None and text.endswith(name, 0, before.start()))
            or f" so is {name}" in rest
            for name in others
        )

    def _is_listed(self, start: int, others: frozenset[str]) -> bool:
        """Whether a list of others begins at a place, and ends with "and": "Dakar, Bishkek and Libreville"."""
        text = self._text.text
        for name in others:
            if text.startswith(name, start):
                end = start + len(name)
                joined = _AND.match(text, end)
                if joined is not None and any(text.startswith(other, joined.end()) for other in others):
                    return True
        return False

    def _line(self, start: int) -> int:
        return self._text.text.rfind("\n", 0, start) + 1

    def _begins_item(self, start: int) -> bool:
        """Whether a name begins a list item or a row, or follows its label: "- Riga: Riga International Airport"."""
        return _ITEM.fullmatch(self._text.text, self._line(start), start) is not None

    def _shortened(self, name: str, others: frozenset[str]) -> list[tuple[int, int]]:
        """Where a name is said without its last words, and is no other's: "Kin Sushi" for "Kin Sushi Helsinki"."""
        words = name.split()
        found: list[tuple[int, int]] = []
        for size in range(len(words) - 1, 0, -1):
            short = " ".join(words[:size])
            if len(short) < _SHORTEST or any(short in other for other in others):
                break
            found += [
                match.span() for match in re.finditer(rf"(?<!\w){re.escape(short)}(?!\w)", self._text.text)
            ]
        return found

    def is_said(self, start: int, end: int, at: int) -> bool:
        """Whether a name is no place to start from or to go to, nothing in brackets, no loser, and nothing about it is
        denied in its clause."""
        text = self._text.text
        first, _ = self._layout.at(start).sentence
        if self._is_set_back(start, end, at):
            return False
        if denied(text, start, end):
            return False
        if _WAY.search(text, max(0, start - 16), start) and not self._weigher.standing.is_taken(start, end):
            return False
        if text.rfind("(", first, start) > text.rfind(")", first, start):
            return False
        return _NOT.search(text, end, max(end, self._layout.at(start).end)) is None

    def _is_beaten(self, start: int, end: int, at: int) -> bool:
        """Whether a name is what another is compared with, or loses the comparison: "than O'Malleys", "O'Malleys comes
        second", "... so neither works"."""
        text = self._text.text
        first, _ = self._layout.at(start).sentence
        against = AGAINST.search(text, max(first, start - 80), start)
        if against is not None:
            worse = _THAN.search(text, max(first, against.start() - 60), against.start() + 4)
            winning = better(self._facts[at].owners)
            if worse is None or not winning or winning & {worse[1], concept(worse[1])}:
                return True
        return _SO_NEITHER.match(text, end) is not None or _BEHIND.match(text, end) is not None

    def _strangers(self, at: int, one: Statement) -> int:
        """How many names that neither a reply nor the request explains are in a row with a statement."""
        clauses = self._layout.clauses
        here = next(n for n, clause in enumerate(clauses) if clause is self._layout.at(one.start))
        of_all = (fact.words.ask | fact.words.known for fact in self._facts)
        known = self._facts[at].words.row.union(*of_all)
        count = 0
        for step in (-1, 1):
            if step > 0 and _GOES_ON.search(self._text.text, one.end, max(one.end, clauses[here].end)):
                continue  # "Good Friday in South Africa, Finland and Australia"
            if step < 0 and one.start - clauses[here].start > _LEAD:
                continue
            place = here + step
            while 0 <= place < len(clauses) and clauses[place].sentence == clauses[here].sentence:
                inside = one.start < clauses[place].end and clauses[place].start < one.end
                if not inside and not self._is_stranger(clauses[place], known):
                    break
                count += not inside
                place += step
        return count

    def _states(self, clause: Clause) -> bool:
        """Whether a clause has the value of a fact."""
        return any(
            one.start < clause.end and clause.start < one.end and any(one.right.values())
            for one in self._statements
        )

    def _is_stranger(self, clause: Clause, known: frozenset[str]) -> bool:
        """Whether a clause is a bare name that says nothing of the fact's thing."""
        text = self._text.text[clause.start : clause.end].strip(" .,;\"'")
        if clause.cell or clause.json or clause.inner or not text or len(text.split()) > _NAME_WORDS:
            return False
        first = self._text.text.find(text, clause.start)
        written = self._text.written[self._text.at[first]]
        if self._states(clause) or not written.isupper() or {word for _, word in clause.own} & known:
            return False
        return not self._all.leaves.holds(text) and text not in self._all.request


def _days_in(text: str, start: int, end: int) -> list[Day]:
    """The dates in a part of a text. A name that ends with a weekday is no part of the date behind it: "Easter
    Monday (1 April)"."""
    return [
        day._replace(start=day.start + start, end=day.end + start)
        for day in days(text[start : max(start, end)])
    ]


def _joined(text: str, one: Day, other: Day) -> bool:
    """Whether two dates follow each other in a row: "1 April and 25 April"."""
    return one.end <= other.start and _AND_DATE.fullmatch(text, one.end, other.start) is not None
