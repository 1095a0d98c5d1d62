"""Working: wrong values that an answer may show without stating them.

These are the parts of a sum, and, where the right value is singled out, what the answer says of the other rows of the
same list. A value that another takes back ("no, sorry, at 10:47") is no working.
"""

import re
from collections.abc import Sequence
from typing import Any

from .facts import Facts
from .layout import Layout
from .order import value_of
from .statements import Statement
from .text import Folded
from .weighing import MARGIN, Weigher
from .words import is_singling

LISTING = re.compile(r",? and |, |,? and (?:in|at|on|by) |, (?:in|at|on|by) ")
"""The text between the values of a list."""
_CORRECTION = re.compile(
    r"\b(?:no|sorry|rather|i mean|correction|actually|make that|wait|scratch that|(?:that|it) should be"
    r"|on second thought|i misread|my mistake)\b"
)
_MOST_PARTS = 16
_NEAR_BY = 60


class Working:
    """The working shown in one answer."""

    def __init__(
        self, facts: Facts, text: Folded, layout: Layout, statements: Sequence[Statement], weigher: Weigher
    ) -> None:
        self._facts = facts.facts
        self._text = text
        self._layout = layout
        self._statements = statements
        self._weigher = weigher

    def values(self, at: int, wrong: list[Statement], rights: list[Statement]) -> set[Any]:
        """Wrong values that are working: the parts that add up to the right one, and, where the right one alone is
        singled out ("the last landed at 20:36"), other values of the responses."""
        found = {value_of(one, at) for one in wrong if id(one) in self._parts(at, wrong)}
        if any(map(is_singling, self._facts[at].owners)):
            best = max(self._weigher.singled(one.start, one.end, at) for one in rights)
            here = {self._part(one.start) for one in rights}
            found |= self._in_company(at, wrong, rights)
            found |= {
                value_of(one, at)
                for one in wrong
                if self._part(one.start) not in here
                and self._weigher.singled(one.start, one.end, at) < best - MARGIN
                and self._weigher.is_elsewhere(one, at)
                and not any(self.corrects(one, right) for right in rights)
            }
        return found - {value_of(one, at) for one in wrong if one.instead_of or one.hedged}

    def _lists_with(self, at: int, some: list[Statement]) -> bool:
        """Whether the right value is in one enumeration with others: "1, 2, 3"."""
        text = self._text.text
        return any(
            LISTING.fullmatch(text, min(one.end, right.end), max(one.start, right.start))
            for right in self._statements
            if right.right.get(at)
            for one in some
        )

    def _in_company(self, at: int, wrong: list[Statement], rights: list[Statement]) -> set[Any]:
        """Wrong values that share a part of a sentence with each other, where the right one is alone in its part: "1437
        was late; 1276, 1178 and 1416 were early"."""
        parts: dict[int, list[Statement]] = {}
        for one in (*wrong, *rights):
            parts.setdefault(self._part(one.start), []).append(one)
        if not any(len(parts[self._part(one.start)]) == 1 for one in rights):
            return set()
        return {
            value_of(one, at)
            for some in parts.values()
            if len(some) > 1 and not any(one.right[at] for one in some)
            for one in some
        }

    def has_company(self, one: Statement, at: int, rights: Sequence[Statement]) -> bool:
        """The same of values of other rows."""
        others = [other for other in self._weigher.working if at in other.sibling_of]
        alone = {self._part(right.start) for right in rights} - {self._part(other.start) for other in others}
        beside = any(
            other is not one and self._part(other.start) == self._part(one.start) for other in others
        )
        return bool(alone) and beside and self._part(one.start) not in {self._part(r.start) for r in rights}

    def _part(self, start: int) -> int:
        """Where the part of a sentence that a place is in begins."""
        return max(self._layout.at(start).sentence[0], self._text.text.rfind("; ", 0, start))

    def corrects(self, one: Statement, other: Statement) -> bool:
        """Whether a statement takes the one before it back: "at 10:52, no, sorry, at 10:47"."""
        if not 0 <= one.start - other.end <= _NEAR_BY:
            return False
        return _CORRECTION.search(self._text.text, other.end, one.start) is not None

    def _parts(self, at: int, wrong: list[Statement]) -> set[int]:
        """The identities of statements in a row, two at least, that add up to a number asked for."""
        value = self._facts[at].asked.value
        if self._facts[at].kind.name not in ("money", "measure", "count", "duration", "number"):
            return set()
        for first in range(len(wrong)):
            total = wrong[first].said[at].value
            for last in range(first + 1, min(len(wrong), first + _MOST_PARTS)):
                total += wrong[last].said[at].value
                some = wrong[first : last + 1]
                close = abs(total - value) <= 0.006 * len(some)
                if close and all(one.said[at].value > 0 for one in some) and not self._lists_with(at, some):
                    return set(map(id, some))
        return set()
