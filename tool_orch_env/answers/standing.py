"""Standing: which of several names an answer puts first, and which it sets back.

"So go to Kiasma" and "Kiasma it is" decide on a name. "The other two", a heading "Alternatives" and "whereas Ateneum
..." set names back, unless words beside them put them first all the same: "whereas Ateneum is nearer".
"""

import re
from collections.abc import Sequence

from .facts import CLOSED, Facts
from .kinds.names import items, key
from .layout import Layout
from .statements import Statement
from .text import Folded, folded
from .words import better, concepts, is_singling

_SO = re.compile(
    r"\b(?:so|thus|therefore|hence|take|choose|pick|go (?:to|for|with)|opt for|recommend|suggest"
    r"|meet (?:at|on)|stay at|book|(?:that|which) makes (?:it|that)|that comes to|that's|that adds up to"
    r"|i'd say|my (?:pick|choice|guess|money) (?:is|would be|is on)|(?:that|which) makes"
    r"|the (?:one|place)(?: for (?:you|him|her|them))? is|the answer is|send (?:him|her|them) to|pay (?:it )?on"
    r"|the (?:only )?remaining (?:one|[a-z]+[^s ])(?: is)?"
    r"|the only (?:one|[a-z]+[^s ])(?: [a-z0-9:.]+){0,6} is"
    r"|should (?:have )?(?:gone?|taken?|pick(?:ed)?|choose|chosen|book(?:ed)?)(?: to| for| with)?)\b"
    r"[:,]? (?:[a-z']+ ){0,3}$"
)
_IT_IS = re.compile(
    r",? it is(?: then)?(?=[.,:;!)\n]|$)"
    r"|(?:'s| is| was) (?:the (?:one|place|winner|answer|pick|choice|right one)|your (?:best bet|pick|one|early bird))"
    r"\b"
    r"|(?:(?!\b(?:while|whereas)\b)[^.!?;,\n]){0,60},? (?:so|and) (?:i'd |i would |i |you should )?"
    r"(?:go (?:there|to it)|take (?:it|this one|that one)|recommend it)\b"
)
"""What follows a name that an answer decides on: "Kiasma it is"."""
OTHERS = re.compile(
    r"\b(?:before that,?|as (?:a|an|the|your) (?:fallback|back-?up|alternative|second choice|runner-up)"
    r"|if (?:that|it)(?:'s| is) (?:too )?(?:full|booked|crowded|busy|closed|packed|out)"
    r"|the (?:(?:\d+|two|three|four|five|six|seven) )?others?(?! (?:hand|group|party|is|was|one is)\b)"
    r"|the rest(?! of (?:the|your|my|our) (?:evening|night|day|trip|tour|way|time|week|walk|afternoon|morning))"
    r"|(?:the )?(?:other (?:options?|choices?|candidates?)|alternatives?)|runners?-up"
    r"|the (?:second|third)[- ]placed|second choices?"
    r"|(?:next|second)[- ](?:best|nearest|closest|latest|worst|longest|shortest|earliest)(?: \w+)?)\b"
)
_FALLBACK = re.compile(
    r",? as (?:a|an|the|your) (?:fallback|back-?up|alternative|runner-up|second choice|plan b)(?=\s*[.,;!)\n]|\s*$)"
)
CONTRAST = re.compile(r"\b(?:while|whereas|unlike)\b[^.,;\n]{0,60}$")
"""What stands before a name that another is contrasted with: "while O'Malleys is farther"."""
LEAVES = re.compile(
    r",? (?:so|but|while|whereas|therefore|hence|which leaves|leaving|then)\b|[;!] |, [^,;]{0,40} leaves? "
)
"""What ends what is said of the others: "the other two have stairs, so go to Hotel Kämp"."""
_OF_THE = re.compile(r"\b(?:of|than|to|with|unlike|against|over|from|before|ahead of|beats|like) $")
"""What stands before the others where something else is compared with them."""
_TAKEN = re.compile(
    r"[^.!?\n]*\b(?:(?:so|and) (?:i'd |i would |i |you should |you'd better )?(?:go|take|pick|choose|book|recommend)"
    r"|(?:go|take|pick|choose|book) (?:there|this one|that one|it)|recommend it|just as"
    r"|too|as well|equally|also|most)\b"
)
"""What is said behind a name that is not set back by the words before it: "so go there", "as well"."""
_REACH = 200
"""How far, in characters, words put a name first or second."""
_NOT_FIRST = frozenset({"only", "total", "north", "south", "east", "west"})
"""Singling words that put nothing first."""
_RIGHTS = 8
"""How many sayings of a right list are looked at."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_NOT = re.compile(r"\b(?:not|no|none|neither)\b|n't\b")
_OF_LISTS = frozenset("names of those the who which a an in on at or and by than number list".split())  # noqa: SIM905
"""Words of an ask that say nothing of which things are asked for."""


class Standing:
    """What one answer puts first and second."""

    def __init__(self, facts: Facts, text: Folded, layout: Layout, statements: Sequence[Statement]) -> None:
        self._facts = facts.facts
        self._text = text
        self._layout = layout
        self._statements = statements

    def is_taken(self, start: int, end: int) -> bool:
        """Whether an answer decides on the name at a span: "so go to Kiasma", "Kiasma it is"."""
        before = self._text.text[max(self._layout.at(start).sentence[0], start - _REACH) : start]
        return _SO.search(before) is not None or _IT_IS.match(self._text.text, end) is not None

    def is_second(self, start: int, end: int, at: int, right: bool = False) -> bool:
        """Whether what is at a span is one of the others, or contrasted with something, and no words behind it put it
        first all the same: "whereas Ateneum is nearer". A right name may be the second half of a contrast: "Ateneum
        closes at five, whereas Kiasma is open"."""
        text, (first, after) = self._text.text, self._layout.at(start).sentence
        said = self.behind_others(start)
        if said is None:
            contrast = CONTRAST.search(text, max(first, start - 80), start)
            if contrast is None or (right and contrast.start() > first):
                return False
            said = contrast.start()
        around = (
            text[max(said, start - _REACH) : start] + " " + text[end : min(max(end, after), end + _REACH)]
        )
        behind = {word for _, word in concepts(around)} - _NOT_FIRST
        first_all_the_same = behind & better(self._facts[at].owners) or any(map(is_singling, behind))
        return not (first_all_the_same or _TAKEN.match(text, end, end + _REACH))

    def is_runner_up(self, one: Statement) -> bool:
        """Whether a name is said to be no more than second, or is what the right one is contrasted with, and the right
        one is said too."""
        if any(self._facts[at].kind.name not in CLOSED for at in one.said):
            return False
        set_back = _FALLBACK.match(self._text.text, one.end) is not None or all(
            self.is_second(one.start, one.end, at) for at in one.said
        )
        return set_back and any(any(other.right.get(at) for at in one.said) for other in self._statements)

    def is_of_others(self, one: Statement) -> bool:
        """Whether a value is said of "the other two", and no words put it first all the same."""
        others = self.behind_others(one.start) is not None
        return others and all(self.is_second(one.start, one.end, at) for at in one.said)

    def behind_others(self, place: int) -> int | None:
        """Where words end by which what is at a place is only one of others, "the other two" in its sentence or in a
        heading above; `None` if there are none."""
        text, clause = self._text.text, self._layout.at(place)
        said = max(OTHERS.finditer(text, clause.sentence[0], place), key=re.Match.end, default=None)
        if said is not None and not LEAVES.search(text, said.end(), place):
            return None if self._compares(said, clause.sentence[0]) else said.end()
        for start, end in clause.under:
            said = OTHERS.search(text, start, end)
            if said is not None and not self._compares(said, start):
                return clause.sentence[0]
        return None

    def _compares(self, others: re.Match[str], start: int) -> bool:
        """Whether something else is compared with the others: "compared with the other two"."""
        return _OF_THE.search(self._text.text, max(start, others.start() - 24), others.start()) is not None

    def is_complement(self, one: Statement) -> bool:
        """Whether a list is of those that are not asked for: it has none of the right list, which is said too, with
        words of the ask that are not said of this one, or without the "not" that is: "Lima is open; the other two are
        closed: Paris and Rome"."""
        return all(self._is_complement(one, at) for at in one.said)

    def _is_complement(self, one: Statement, at: int) -> bool:
        fact, text = self._facts[at], self._text.text
        if fact.kind.name != "list":
            return False
        said = key(text[one.start : one.end])
        if any(key(str(name)) in said for name in items(fact.fact.value)):
            return False
        ask = set(folded(fact.fact.ask).split()) - _OF_LISTS
        denied = _NOT.search(text, one.end, self._layout.at(one.start).end) is not None
        own = self._words_beside(one) & ask
        rights = [other for other in self._statements if other.right.get(at)]
        told = [self._words_beside(other) for other in rights[:_RIGHTS]]
        return any("not" not in words and (denied or own < words & ask) for words in told)

    def _words_beside(self, one: Statement) -> set[str]:
        """The words of a statement's sentence and of the headings above it, with "not" for any negation."""
        here = self._layout.at(one.start)
        sentence = (
            max(here.sentence[0], one.start - _REACH),
            min(max(here.sentence[1], one.end), one.end + _REACH),
        )
        text = "\n".join(self._text.text[start:end] for start, end in (sentence, *here.under))
        return set(_WORD.findall(text)) | ({"not"} if _NOT.search(text) else set())
