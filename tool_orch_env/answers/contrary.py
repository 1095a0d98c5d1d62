"""The contrary: words around a right value by which an answer says something else with it.

"Dakar has the fewest inhabitants" names the right city and says the opposite of what is asked; so do "one had landed by
6:30" of those who landed later, "the others are 0.26 and 0.57 km" of the longest, and "a hundred euros fetched 2.92" of
one euro. A right value counts if one of its sayings is free of such words.
"""

import re
from collections.abc import Sequence

from .facts import CLOSED, NUMERIC_KINDS, CompiledFact, Facts
from .kinds.dates import WEEKDAYS, days
from .kinds.names import items
from .layout import Layout
from .standing import LEAVES, OTHERS
from .statements import Statement
from .text import Folded, folded
from .words import concepts, is_singling

_SUPERLATIVES = tuple(
    (re.compile(rf"\b(?:{one})\b"), re.compile(rf"\b(?:{other})\b"))
    for pair in (
        ("most|largest|highest|biggest|greatest|longest|tallest|busiest", "fewest|smallest|lowest|shortest"),
        ("nearest|closest", "farthest|furthest"),
        ("first|earliest", "last|latest"),
        ("oldest", "newest|youngest"),
        ("fastest", "slowest"),
        ("hottest|warmest", "coldest"),
        ("worst", "best"),
    )
    for one, other in (pair, pair[::-1])
)
"""What is asked for, and the opposite that may be said in its place."""
_PAIRS = (
    (
        re.compile(r"\b(?:more|over|above|after|later than|warmer|hotter)\b"),
        re.compile(
            r"\b(?:less|fewer) than\b|(?<!just )(?<!little )(?<!bit )(?<!well )\b(?:under|below)\b"
            r"|\b(?:before|within|colder|cooler)\b|\bby (?:\d{1,2}:\d\d|\d{1,2} ?[ap]\.?m|half|noon|a quarter)"
        ),
    ),
    (
        re.compile(r"\b(?:less|fewer|under|below|before|colder|cooler)\b"),
        re.compile(r"\b(?:more|over|above|after|warmer|hotter)\b"),
    ),
    (re.compile(r"\b(?:rain|snow|wet)\b"), re.compile(r"\bdry\b")),
    (re.compile(r"\b(?:left|remain\w*)\b"), re.compile(r"\b(?:over|short|spent|overspent|missing|excess)\b")),
    (
        re.compile(
            r"(?<!\bleft )(?<!\bnot )(?<!n't )\bover\b|\b(?:excess|exceed\w*|over(?:spent|spend|ran|shot))\b"
            r"|\btoo much\b|\bmore\b"
        ),
        re.compile(r"\b(?:left|remain\w*|to spare|under|not over)\b|n't over\b"),
    ),
)
"""Words of an ask, and words that say the contrary in a clause that has none of the first."""
_AMOUNTS = frozenset({"count", "number", "measure", "money"})
"""Kinds of which less, more and the like may be asked: "before schedule" is an ordinary delay."""
_EVENTS = (
    (
        re.compile(r"\bactual"),
        re.compile(r"\b(?:scheduled|planned|due|supposed)(?: to [a-z]+)?(?: for| at)? $"),
    ),
    (re.compile(r"\bscheduled\b"), re.compile(r"\bactually [a-z]+(?: at)? $")),
    (
        re.compile(r"\b(?:arriv|land)"),
        re.compile(r"\b(?:left|departed|took off|departure(?: delay| time)?)[ :](?:at |was |of )?$"),
    ),
    (
        re.compile(r"\b(?:depart|left)"),
        re.compile(
            r"\b(?:landed|arrived|came in|got in|touched down|arrival(?: delay| time)?)[ :](?:at |was |of )?$"
        ),
    ),
)
"""Words of an ask, and what is right before the time of the other event."""
_REACH = 200
"""How far, in characters, words belong to a saying."""
_LONGEST = 1000
"""A clause of more characters is none."""
_TURNED = re.compile(
    r"\b(?:not|no|none|never|neither|nor|still|yet|hardly|without|free of|zero|(?<![.\d])0(?![.\d])|avoid\w*|skip\w*)\b"
    r"|n't\b"
)
_CAN_NOT = re.compile(
    r"(?:(?:'s)? (?:is|are|was|were|can|could|will|would|do|does|did|has|have|had)(?:n't| not)| won't| can't| cannot)"
    r"(?! (?:only|just|merely))\b([^.,;:!?\n]*)"
)
_COUNTED = re.compile(
    r"\b(?:hundred|thousand|dozen|ten|100|1,?000) (?:euros?|dollars?|pounds?|units?)\b"
    r"(?:(?!\b(?:rates?|each|per|at)\b)[^.,;:]){0,60}$"
)
_TERM = re.compile(r"\d ?[+*] ?(?:\w{1,3} )?$")
_TERM_BEHIND = re.compile(r"(?: ?[a-z°%/]+)? ?[+*] ?\d")
_NONE_OF = re.compile(
    r"\s*(?:none|neither|not one) (?:of (?:the|these|them|those)\b|of (?:two|three|four|five|six)\b)[^.\n]*"
)
_COMPARED = re.compile(
    r"\b(?:before|than|ahead of|against|not|unlike|over|from|with|beats?) (?:either of |any of )?$"
)
_LABELS = frozenset({"airline", "airport", "country", "city", "currency", "capital"})
_FLEW = re.compile(r"\b(?:flew|landed|arrived|left|departed|took off|operated)\b")
_CANCELLED = re.compile(r"\b(?:cancel\w*|called off|scrapped|scratched|dropped)\b")
_WEEKDAYS = frozenset(day.casefold() for day in WEEKDAYS)
_DAY = re.compile("|".join(sorted(_WEEKDAYS)))
_DATE = r"(?:,? \d{1,2}(?:st|nd|rd|th)? [a-z]+(?: \d{4})?)?"
_DAYS = re.compile(rf"(?:(?:{_DAY.pattern}){_DATE}[,;]? (?:and )?(?:on )?)+(?:{_DAY.pattern})")
_BETWEEN = re.compile(r"\bbetween [\d.,]+(?: ?[a-z°%/]+)? and $")
_AND = re.compile(r"(?: ?[a-z°%/]+)? and [\d.]")
_TAKEN_BACK = re.compile(r"\bon second thoughts?\b|\bscratch that\b|\bi take (?:that|it) back\b")
_SO_NONE = re.compile(
    r"[^.!?\n]{0,160}\bso (?:(?:none|neither) of (?:the|these|them|those)\b(?! (?:\w+ )?others?\b)|none (?:is|are)\b)"
)
_AVOID = re.compile(r" (?:is|would be) (?:(?:the )?one )?to avoid\b")
_WITHOUT = re.compile(r"\bwithout (?:any |an? |the )?(\w+)")
_CONTRAST = re.compile(r"\b(?:whereas|while|unlike)\b")
_STOP = re.compile(r"[;!?]\s|(?<!\bst)\.\s")
_EXCEPT = re.compile(r"\b(?:but|except|apart from|other than|save|only)\b")


class Contrary:
    """What one answer says to the contrary of a fact."""

    def __init__(self, facts: Facts, text: Folded, layout: Layout, statements: Sequence[Statement]) -> None:
        self._facts = facts.facts
        self._text = text
        self._layout = layout
        self._statements = statements

    def why(self, at: int) -> str:
        """Why no right value of a fact counts; "" if one does, or there is none."""
        rights = [one for one in self._statements if one.right.get(at)]
        if rights and _TAKEN_BACK.search(self._text.text, rights[-1].end):
            return "taken back"
        first = ""
        for one in rights:
            if not (why := self._of(one, at)):
                return ""
            first = first or why
        return first

    def _of(self, one: Statement, at: int) -> str:
        fact = self._facts[at]
        clause = self._layout.at(one.start)
        if clause.end - clause.start > _LONGEST:
            return ""
        own = self._text.text[clause.start : clause.end]
        ask, spoken = folded(fact.fact.ask), folded(f"{fact.fact.owner} {fact.fact.ask}")
        if fact.kind.name != "yes_no" and _is_opposite(own, spoken):
            return "said of the opposite"
        if fact.kind.name in _AMOUNTS and _is_contrary(own, ask):
            return "said of the opposite"
        if fact.kind.name in ("clock", "delay") and _is_other_event(
            own[: one.start - clause.start], own, ask
        ):
            return "said of another event"
        if fact.kind.name in CLOSED and self._is_denied(one, spoken):
            return "denied"
        if _AVOID.match(self._text.text, one.end):
            return "denied"
        if fact.kind.name in CLOSED and has_unwanted(self._text, self._layout, one.end, fact):
            return "said of the opposite"
        if fact.kind.name in (*CLOSED, "date") and (
            self._is_none(one) or _SO_NONE.match(self._text.text, one.end) is not None
        ):
            return "said to be none"
        if fact.kind.name in CLOSED and self._is_instead_of(one, fact):
            return "another is named"
        if fact.kind.name == "list" and self._has_more_days(one, fact):
            return "names another day as well"
        if fact.kind.name in NUMERIC_KINDS:
            return self._of_number(one, fact, own)
        return ""

    def _of_number(self, one: Statement, fact: CompiledFact, own: str) -> str:
        text = self._text.text
        if fact.kind.name == "rate" and _COUNTED.search(text, self._layout.at(one.start).start, one.start):
            return "said of another amount"
        if _TERM_BEHIND.match(text, one.end) or _TERM.search(text, max(0, one.start - 8), one.start):
            return "only a part of a sum"
        if self._is_of_others(one, folded(f"{fact.fact.owner} {fact.fact.ask}")):
            return "said of the others"
        if _BETWEEN.search(text, max(0, one.start - 24), one.start) or (
            text.endswith("between ", 0, one.start) and _AND.match(text, one.end)
        ):
            return "only a bound"
        if fact.asked.value == 0 and self._is_of_other_event(own, fact):
            return "said of something else"
        return "said of another date" if self._is_of_another_date(own, fact) else ""

    def _is_denied(self, one: Statement, spoken: str) -> bool:
        """Whether what is asked for is denied of a name right behind it: "Kiasma isn't the nearest"."""
        behind = _CAN_NOT.match(self._text.text, one.end)
        if behind is None:
            return False
        asked = {word for _, word in concepts(spoken)}
        return bool(asked & {word for _, word in concepts(behind[1])})

    def _is_instead_of(self, one: Statement, fact: CompiledFact) -> bool:
        """Whether the answer puts another name where this one is asked for: "the airline to write to is JetBlue"."""
        ask = folded(fact.fact.ask)
        if ask not in _LABELS or fact.kind.name != "name":
            return False
        for match in re.finditer(rf"\bthe {ask}(?: [a-z]+){{0,3}} (?:is|was) (?:the )?", self._text.text):
            starts = (
                match.end() < len(self._text.text)
                and self._text.written[self._text.at[match.end()]].isupper()
            )
            named = any(
                any(other.right.values()) and match.end() - 4 <= other.start <= match.end()
                for other in self._statements
            )
            if starts and not named and not match.start() <= one.start < match.end() + 40:
                return True
        return False

    def _has_more_days(self, one: Statement, fact: CompiledFact) -> bool:
        """Whether a list of weekdays goes on with another one."""
        wanted = set(map(folded, map(str, items(fact.fact.value))))
        if not wanted <= _WEEKDAYS:
            return False
        return any(
            match.start() < one.end and one.start < match.end() and set(_DAY.findall(match[0])) - wanted
            for match in _DAYS.finditer(self._text.text)
        )

    def _is_of_other_event(self, own: str, fact: CompiledFact) -> bool:
        """Whether "none" is said of what is not counted: "none of them landed", where cancellations are asked for."""
        return "cancel" in fact.fact.ask and _FLEW.search(own) is not None and not _CANCELLED.search(own)

    def _is_none(self, one: Statement) -> bool:
        """Whether the answer opens with "none of the three", and the name is no exception."""
        opening = _NONE_OF.match(self._text.text)
        return (
            opening is not None
            and one.start < opening.end()
            and not _EXCEPT.search(self._text.text, 0, one.start)
        )

    def _is_of_others(self, one: Statement, spoken: str) -> bool:
        """Whether a number is said of "the others", where it is one thing's."""
        asked = [ask for ask, _ in _SUPERLATIVES if ask.search(spoken)]
        if not asked:
            return False
        first, _ = self._layout.at(one.start).sentence
        first = max(first, one.start - _REACH)
        others = OTHERS.search(self._text.text, first, one.start)
        if others is None or _COMPARED.search(self._text.text, max(0, others.start() - 24), others.start()):
            return False
        between = self._text.text[others.end() : one.start]
        if LEAVES.search(between):
            return False
        before = {word for _, word in concepts(self._text.text[first : others.start()])}
        return not any(ask.search(between) for ask in asked) and not any(map(is_singling, before))

    def _is_of_another_date(self, own: str, fact: CompiledFact) -> bool:
        """Whether a number that is asked for of one date stands by another one: "2.46 on 3 July"."""
        wanted = {possible for day in days(folded(fact.fact.owner)) for possible in day.days}
        said = {possible for day in days(own) for possible in day.days}
        return bool(wanted and said) and not wanted & said


def _is_opposite(own: str, spoken: str) -> bool:
    """Whether a clause says "fewest" where "most" is asked for."""
    return any(
        ask.search(spoken) and not other.search(spoken) and other.search(own) and not ask.search(own)
        for ask, other in _SUPERLATIVES
    )


def _is_contrary(own: str, ask: str) -> bool:
    """Whether a clause has "less than" where "more than" is asked for, and nothing that turns it round."""
    return any(
        asked.search(ask) and contrary.search(own) and not asked.search(own) and not _TURNED.search(own)
        for asked, contrary in _PAIRS
    )


def _is_other_event(before: str, own: str, ask: str) -> bool:
    """Whether the words right before a time say that it is that of another event: "scheduled for 16:09"."""
    return any(
        asked.search(ask) and not other.search(f"{ask} ") and other.search(before) and not asked.search(own)
        for asked, other in _EVENTS
    )


def has_unwanted(text: Folded, layout: Layout, start: int, fact: CompiledFact) -> bool:
    """Whether the rest of a sentence says of a place what the request wants to avoid: of "the hotel without stairs",
    that "the routes to it and to St. George both include stairs"."""
    unwanted = _WITHOUT.search(folded(fact.fact.owner))
    if unwanted is None:
        return False
    after = min(layout.at(start).sentence[1], start + _REACH)
    rest = _STOP.split(text.text[start : max(start, after)], maxsplit=1)[0]
    rest = _CONTRAST.split(rest, maxsplit=1)[0]
    word = re.search(rf"\b{re.escape(unwanted[1])}", rest)
    return word is not None and _TURNED.search(rest) is None and OTHERS.search(rest, 0, word.start()) is None
