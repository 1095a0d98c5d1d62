"""The thing that an answer decides on: "the museum is Kiasma", and what it says of that and of others by their names.

A fact may be one of a thing that the answer has to name first: the closing time of the nearest open museum. Once the
name is read, right and alone, what the answer says under another name is that one's.
"""

import re
from collections.abc import Callable, Sequence

from .facts import CLOSED, Facts
from .layout import Layout
from .statements import Statement
from .text import Folded, folded
from .weighing import Weigher
from .words import GENERIC, concept, of_texts, of_value
from .working import Working

_CONTRAST = re.compile(r"\b(?:while|whereas|but|against|compared)\b")
_IT = re.compile(r"\b(?:it|its|it's|there)\b")
_SHORT_NAME = 5
"""The first word of a name stands for it if it has as many letters at least."""


class Decided:
    """What one answer says of the things that it decides on."""

    def __init__(
        self,
        facts: Facts,
        text: Folded,
        layout: Layout,
        statements: Sequence[Statement],
        weigher: Weigher,
        working: Working,
        is_read: Callable[[int], bool],
    ) -> None:
        """`is_read` tells whether a fact has been read in full by now."""
        self._all, self._facts = facts, facts.facts
        self._text = text
        self._layout = layout
        self._statements = statements
        self._weigher = weigher
        self._working = working
        self._is_read = is_read

    def by(self, at: int) -> int | None:
        """The fact in which the answer names the thing that a fact is a fact of; `None` if it has not."""
        own = self._facts[at]
        row = {
            word for leaf in self._all.leaves.at([own.place] if own.place else []) for word in leaf.words.row
        }
        for other, fact in enumerate(self._facts):
            if other == at or fact.kind.name not in CLOSED or not self._is_read(other):
                continue
            words = set(of_value(fact.fact.value))
            spoken_of = set(of_texts([folded(fact.fact.ask)])) & self._facts[at].owners
            if fact.fact.owner == own.fact.owner != "" or (words and words <= row) or (not row and spoken_of):
                return other
        return None

    def beside(self, at: int, of: list[Statement]) -> list[Statement]:
        """What is said of a fact in the sentences that decide on its thing, if that is right and is not taken back:
        "Newark had the most, five. From Kennedy there were four"."""
        name = self.by(at)
        if name is None or self._facts[at].kind.name in CLOSED:
            return of
        lines = self._lines(name)
        told = [one for one in of if one.right[at] and self._line(one) in lines]
        if not told:
            return of
        rest = [
            one
            for one in of
            if not one.right[at]
            and not (
                one.start > told[-1].end
                and _CONTRAST.search(self._text.text, told[-1].end, one.start) is not None
            )
        ]
        behind = [one for one in rest if one.start > told[-1].end]
        taken_back = any(self._working.corrects(one, told[-1]) for one in behind[:1])
        return of if taken_back or any(self._line(one) in lines for one in rest) else told

    def without_others(self, at: int, of: list[Statement]) -> list[Statement]:
        """What is attributed to a fact, without what is said of other things by their names: "the museum is Kiasma;
        Ateneum closes at 17:00"."""
        name = self.by(at)
        if name is None or not any(one.right[at] for one in of):
            return of
        others = self._other_names(at, name)
        kept = [one for one in of if one.right[at] or not self._is_behind(one, others, name)]
        return of if len(kept) == len(of) else kept

    def is_under_another(self, one: Statement, at: int) -> bool:
        """Whether the last name before a statement in its sentence is not that of the thing decided on."""
        name = self.by(at)
        return name is not None and self._is_behind(one, self._other_names(at, name), name)

    def only_of_another(self, at: int) -> bool:
        """Whether right values of the thing decided on are said of another thing only, in sentences that do not name
        the right one."""
        name = self.by(at)
        if name is None or self._facts[at].kind.name in CLOSED:
            return False
        fact = self._facts[name].fact
        others = self._all.choices(fact) or {
            one for one in self._all.alternatives(fact) if one not in self._all.request
        }
        lines = self._lines(name)
        rights = [one for one in self._statements if one.right.get(at)]
        return bool(rights) and all(
            self._line(one) not in lines and self._is_of_one_of(one, others) for one in rights
        )

    def _lines(self, name: int) -> set[tuple[int, int]]:
        """The sentences that name the thing decided on."""
        return {self._line(one) for one in self._statements if one.right.get(name)}

    def _line(self, one: Statement) -> tuple[int, int]:
        return self._layout.at(one.start).sentence

    def _is_of_one_of(self, one: Statement, names: frozenset[str] | set[str]) -> bool:
        """Whether a statement is said of one of some names: it is before it in its sentence, or right behind it."""
        before = self._text.text[self._line(one)[0] : one.start]
        behind = self._text.text[one.end : self._layout.at(one.start).end]
        return _IT.search(before) is None and any(
            re.search(rf"(?<!\w){re.escape(name)}(?!\w)", before)
            or re.search(rf"\b(?:to|at|for|is) {re.escape(name)}(?!\w)", behind)
            for name in names
        )

    def _other_names(self, at: int, name: int) -> frozenset[str]:
        """The names of other things than the one decided on, whole and by their first words, without those by which
        the fact is asked for: "km from Hotel Arthur" names no other bar."""
        spoken = folded(f"{self._facts[at].fact.owner} {self._facts[at].fact.ask}")
        decided = self._facts[name].fact
        names = self._all.alternatives(decided)
        own = folded(str(decided.value))
        firsts = [one.partition(" ")[0] for one in (*names, own)]
        common = GENERIC | self._facts[name].owners
        short = {
            first
            for first in firsts
            if len(first) >= _SHORT_NAME
            and firsts.count(first) == 1
            and first not in own
            and concept(first) not in common
        }
        return frozenset(one for one in names | short if one not in spoken)

    def _is_behind(self, one: Statement, others: frozenset[str], name: int) -> bool:
        """Whether the last name before a statement in its sentence is one of others."""
        first = self._line(one)[0]
        before = self._text.text[first : one.start]
        named = (other for other in self._statements if other.right.get(name))
        own = max((other.end - first for other in named if first <= other.start < one.start), default=0)
        return any(before.rfind(other) + len(other) > own for other in others if other in before)
