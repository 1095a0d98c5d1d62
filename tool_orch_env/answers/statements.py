"""Statements: the sayings of an answer that may say a fact, found and sorted out before anybody asks whose they are.

Every kind finds the sayings of its values; sayings of one kind that overlap are one statement. Left out are

- those that are denied;
- those that say the one before again ("0.61 km (610 m)");
- a wrong value that repeats the request, is another kind of fact's value, or a part of a code or of a sum;
- bare numbers for a fact that is stated with its unit ("flight 1585: 950 miles").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .facts import CLOSED, NUMERIC_KINDS, CompiledFact
from .kinds.base import Said
from .kinds.numerals import numerals
from .polarity import denied
from .text import Folded
from .words import concepts

_OR = re.compile(
    r"(?: [a-z]+)?[\s,(]*(?:or|and/or|or else|/|(?:or so,? )?(?:possibly|maybe|perhaps))[\s,]*"
    r"(?:maybe|possibly|perhaps|else)?[\s,]*"
    r"(?:at |on |the |in |by |is |a |an )*"
)
"""What is between two values of which one is to be right."""
_AGAIN = re.compile(
    r"[\s,]*(?:[([]|=|≈|~|/|i\.e\.|that is|or)[\s,~≈=]*(?:about |around |roughly |approximately |approx\.? |i\.e\.,? )?"
)
"""What is between a value and the same value said otherwise."""
_OPERATOR_BEHIND = re.compile(r" (?:[+x*/]|-|−) ?\d")
_OPERATOR_BEFORE = re.compile(r"\d ?(?:[+x*/]|-|−) $|[+*] ?$")
_AROUND, _SLASHES = 80, 3
_IDENTIFIED = re.compile(r"\b(?:flight|number|no\.|nr\.|room|gate|line|tram|bus) ?#?$|#$")
_ARROW = re.compile(r" ?(?:\([^()\n]{0,40}\) ?)?(?:->|=>|→|⟶|➔|>) ?")
_ARROW_BEFORE = re.compile(_ARROW.pattern + "$")
_CHAIN = 3
"""As many values joined by arrows are a chain."""
_LABEL = re.compile(r"\+? ?[:|)\]](?!\d)|\" ?:")
_THEN_SAID = re.compile(r"[^.;\n]{0,80}?(?::|\||=| - | is )\s*\"?(?:yes|no|limited|true|false)\b")
_BEGINS = re.compile(r"(?:^|[\n|{,]|[\n ][-*•]) ?[\"']?(?:the )?$")
_THEN_LABELLED = re.compile(r"[^.;\n|:]{0,80}?[\"']?(?: ?\||:)")
_ACCESS = re.compile(
    r"(?:(?:wheel-?chair|step-?free|barrier-?free|disabled|level)[ -])?(?:access(?:ibility)?|entrance)"
)
_COPULA = re.compile(r"(?: ?\([^()\n]{0,60}\))? (?:is|was|are|were) ")
_CODED = re.compile(r"(?:^|[^A-Za-z0-9])(?:[A-Z][A-Z0-9]{1,2}|\d[A-Z]) ?$")
SHAPED = frozenset({"clock", "date", "moment", "weekday", "zone", "hours"})
"""Kinds of text whose values are recognised by their shape."""
_OF_UNIT = re.compile(
    r"(?: ?(?:and|or|to|-) ?-?\d+(?:\.\d+)?)?[ -]?(?:sec(?:ond)?s?|min(?:ute)?s?|h|hours?|hrs?|days?|weeks?|km|miles?"
    r"|mi|m|mm|ft|feet|inch(?:es)?|knots|mph|km/h|%|°(?: ?[cfk])?|degrees?|percent)(?!\w)"
)
_OF_HOURS = re.compile(r"(?:, ?\d{1,2})*,? ?(?:and|or|to|-) ?\d{1,2} ?[ap]\.? ?m\b")
"""Behind the first hours of a list: "at 7, 8 and 9 am"."""
_AMONG = re.compile(r"\b(?:among|of|between) (?:the|its|their|these|those|all) $")
_THINGS = re.compile(r" (?:[a-z]+ ){0,2}[a-z]+s\b")
_TIME = r"(?:\d{1,2}(?:[:.h]\d\d)?(?: ?[ap]\.?m\.?)?|noon|midnight)"
_UNTIL = re.compile(rf" ?(?:-|->|→|to|until|till)(?: about)? ?{_TIME}(?!\w)")
_FROM = re.compile(rf"(?<!\w){_TIME} ?(?:-|->|→|to|until|till) ?$")
_CLOSING = re.compile(r"\bclos(?:es?|ing)\b|\bopen until\b", re.IGNORECASE)
_OPENING = re.compile(r"\bopen(?:s|ing)\b", re.IGNORECASE)
_BARE = frozenset({"yes", "no", "limited", "partial", "partially"})
_PRONOUNS = frozenset({"one", "two", "three", "four", "five"})
_THE = re.compile(
    r"\b(?:the|this|that|which|each|every|another|no|any)(?P<other> other| others?| last| remaining)?"
    r"(?: [a-z-]{3,14}){0,2} $"
)
_OF_THE = re.compile(r"\bof (?:the|these|those) $")
_PAUSE = re.compile(r"[,.:;)]|$")
_ONE_BEHIND = re.compile(r" (?:to|from|that|which|who|with|in|at|on|by)\b(?! (?:all|total)\b)")
_METERS = re.compile(r"[+~-]?\d{2,4} ?m")
_RANGE = re.compile(r" ?(?:-|to|through) ?\d")
_OR_BEHIND = re.compile(r"[\s,)\"']*\bor (?:maybe |perhaps |possibly |even |the |in |at |on )*(?=[^\W\d_])")
_MORE_OR = re.compile(r"(?:, [A-ZÀ-ÖØ-Þ][^,.;:\n]{1,50})+,? or [A-ZÀ-ÖØ-Þ]")
"""Behind the first of "Kiasma, Ateneum or Amos Rex"."""
_OR_BEFORE = re.compile(
    r"(?<![^\W_])([^\W\d_][\w.'-]*),? or (?:maybe |perhaps |possibly |even |the |in |at |on )*$"
)
_WHOLE = re.compile(
    r"(?:\d|\b(?:none|no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|zero|both|neither|some|any|many"
    r"|most|half|all|each|\w+est|best|worst|last|first|other)|(?:^|[.;:\n]) ?(?:out)?) ?(?:out )?of "
    r"(?:the |these |those |all |our |your |[\w-]+'s? )*(?:last |first |remaining |other )?$"
)
"""What is before the whole in "two of the three"."""
_BETWEEN = re.compile(r"\bbetween \d{1,4}(?: [ap]\.?m\.?)? and $")
_AND_NUMBER = re.compile(r"(?: [ap]\.?m\.?)? and \d")
_BOUND = re.compile(r"\b(?:by|before|after|since)(?: about| around)? $")
_NEXT_WORD = re.compile(r" (?:\w+ )?([a-z]+)")
_PERHAPS = re.compile(r"\b(?:possibly|perhaps|maybe|conceivably)(?: at| in| on| the)?,? $")
_PART = re.compile(
    r" (?:out )?of (?:the|these|those|them|its|our|your|my|\d+|two|three|four|five|six|seven|eight|nine|ten)\b"
)
VIA = re.compile(
    r"\b(?:via|by way of|(?:passing|going) through|on the way)\b(?:(?!\b(?:whereas|while|but)\b)[^.;\n]){0,80}$"
)
"""Before what is only passed: "radium-226, by way of Pu-238, U-234 and Th-230"."""
_ASIDE = (
    r"caveat|note|nb|n\.b\.?|p\.? ?s\.?|by the way|btw|fyi|mind you|(?:keep|bear) in mind|one (?:thing|caveat|note)"
    r"|heads[- ]up|for (?:reference|comparison|context)|side note|incidentally|just so you know"
    r"|a (?:note|word) of caution|careful|be aware"
)
REMARK = re.compile(
    rf"(?:^|[.!?)]\s|\n)[ >*-]{{0,4}}(?:{_ASIDE})\b"
    r"(?:(?!\b(?:actually|rather|correct|mistake|sorry|instead)\b)[^.!?\n]){0,160}$"
)
"""Before what is said beside the answer: "Caveat: 21 March is a holiday, so ..."."""
_ASKS = re.compile(r"[^.!\n|;:]{0,120}\?")
UNITED = frozenset({"measure", "money", "rate", "delay", "duration"})
"""Kinds of numbers that have a unit."""


@dataclass(slots=True)
class Statement:
    """Sayings that overlap: by fact what is said, and whether it is the fact's value."""

    start: int
    end: int
    said: dict[int, Said]
    right: dict[int, bool]
    evidence: dict[int, float] = field(default_factory=dict)
    plain: dict[int, float] = field(default_factory=dict)
    """Evidence without the words of the row."""
    instead_of: "Statement | None" = None
    """The statement that this one is joined to by "or"."""
    hedged: bool = False
    """Whether something else, of which no more is known, is joined to it by "or"."""
    again: int = 0
    """Where the same said once more ends, 0 if it is not."""
    sibling_of: set[int] = field(default_factory=set)
    """Facts whose thing is chosen from a list in which this is another row's value."""


class Finder:
    """Finds the statements of one answer."""

    def __init__(self, facts: tuple[CompiledFact, ...], text: Folded) -> None:
        self._facts = facts
        self._text = text
        self._properties = {
            alias for fact in facts if fact.kind.name == "yes_no" for alias in fact.asked.aliases
        }
        self.denied: dict[int, Said] = {}
        """By fact where its value is first said and denied."""

    def found(self) -> list[Statement]:
        """The statements that are not denied, in the order of the text. Those of one kind do not overlap."""
        found: dict[str, list[tuple[int, int, int, Said]]] = {}
        for at, fact in enumerate(self._facts):
            of_kind = found.setdefault(fact.kind.name, [])
            for said in fact.kind.read(self._text.text, fact.asked):
                if fact.kind.name != "yes_no" and denied(self._text.text, said.start, said.end):
                    if fact.kind.same(said, fact.asked):
                        self.denied.setdefault(at, said)
                else:
                    of_kind.append((said.start, -said.end, at, said))
        statements = [one for of_kind in found.values() for one in self._joined(of_kind)]
        return sorted(statements, key=lambda one: (one.start, -one.end))

    def _joined(self, found: list[tuple[int, int, int, Said]]) -> list[Statement]:
        """The sayings of one kind, those that overlap as one statement."""
        statements: list[Statement] = []
        for start, end, at, said in sorted(found, key=lambda one: one[:3]):
            right = self._facts[at].kind.same(said, self._facts[at].asked)
            last = statements[-1] if statements else None
            if last is None or start >= last.end:
                statements.append(Statement(start, -end, {at: said}, {at: right}))
                continue
            last.end = max(last.end, -end)
            if at not in last.said or (right and not last.right[at]):
                last.said[at], last.right[at] = said, right
        return self._linked(statements)

    def _linked(self, statements: list[Statement]) -> list[Statement]:
        """The statements without those that say the one before again ("0.61 km (610 m)"); where two are joined by
        "or", the second remembers the first."""
        kept: list[Statement] = []
        for one in statements:
            last = kept[-1] if kept else None
            if last is not None and one.start - last.end <= 24:
                between = self._text.text[last.end : one.start]
                if _AGAIN.fullmatch(between) and self._said_again(last, one):
                    last.again = one.end
                    for at in last.said.keys() & one.said.keys():
                        if one.right[at] and not last.right[at]:  # "about 4 km (4.03 to be precise)"
                            last.said[at], last.right[at] = one.said[at], True
                    continue
                if _OR.fullmatch(between) and set(last.said) & set(one.said):
                    one.instead_of = last
            kept.append(one)
        return kept

    def _said_again(self, one: Statement, two: Statement) -> bool:
        """Whether two statements say the same: both are one fact's value, or they are equal to the digits said."""
        if any(one.right[at] and two.right.get(at) for at in one.said):
            return True
        return any(equal(one.said[at], two.said[at]) for at in one.said if at in two.said)

    def sorted_out(self, statements: list[Statement]) -> list[Statement]:
        """The statements that are left."""
        kept = self._concluded(self._explicit(self._at_home(statements)))
        linked = {id(one.instead_of) for one in kept} | {id(one) for one in kept if one.instead_of}
        for one in kept:
            if id(one) not in linked:
                one.hedged = self._hedged(one) if self.kind(one) in CLOSED else self._in_range(one)
            others = any(
                other is not one and other.said.keys() & one.said.keys() and not any(other.right.values())
                for other in kept
            )
            one.hedged = one.hedged or (
                (others or self.kind(one) == "list") and self._before(_PERHAPS, one, 24) is not None
            )
        return kept

    def _concluded(self, statements: list[Statement]) -> list[Statement]:
        """Without chains, "Ra-226 -> Rn-222 -> Po-218", for facts that as many values elsewhere are said of: the chain
        is the working."""
        for kind in CLOSED:
            of_kind = [one for one in statements if one.said and self.kind(one) == kind]
            chained = self._chained(of_kind)
            apart = [one for one in of_kind if id(one) not in chained]
            if not chained or not apart:
                continue
            alike: dict[str, list[int]] = {}
            for at, fact in enumerate(self._facts):
                alike.setdefault(fact.fact.ask, []).append(at)
            for facts in alike.values():
                if len([one for one in apart if set(one.said) & set(facts)]) >= len(facts):
                    for one in of_kind:
                        if id(one) in chained:
                            one.said = {at: said for at, said in one.said.items() if at not in facts}
        return [one for one in statements if one.said]

    def _chained(self, of_kind: list[Statement]) -> set[int]:
        """The identities of the statements in chains."""
        found: set[int] = set()
        run: list[Statement] = []
        for one in of_kind:
            if run and not _ARROW.fullmatch(self._text.text, run[-1].end, one.start):
                run = []
            run.append(one)
            if len(run) >= _CHAIN:
                found |= set(map(id, run))
        return found - {id(one) for one in of_kind if one.again}  # "... -> Pb-210, that is, lead-210"

    def _in_range(self, one: Statement) -> bool:
        """Whether a number is the first of a range: "1932-1935"."""
        return self.kind(one) in NUMERIC_KINDS and _RANGE.match(self._text.text, one.end) is not None

    def _hedged(self, one: Statement) -> bool:
        """Whether "or" and a name stand next to a statement: "Turku or Helsinki"."""
        text, written = self._text.text, self._text.written
        _, after = self._text.span(one.start, one.end)
        if _MORE_OR.match(written, after):
            return True
        behind = _OR_BEHIND.match(text, one.end)
        if behind is not None and behind.end() < len(text):
            return written[self._text.at[behind.end()]].isupper()
        before = self._before(_OR_BEFORE, one, 40)
        return before is not None and written[self._text.at[before.start(1)]].isupper()

    def _at_home(self, statements: list[Statement]) -> list[Statement]:
        """Without the facts for which a statement repeats the request, is another kind of fact's value, or is a part of
        a code or a sum."""
        right = [(one.start, one.end, self.kind(one)) for one in statements if any(one.right.values())]
        told = {
            at: one.start for one in reversed(statements) for at, is_right in one.right.items() if is_right
        }
        for one in statements:
            elsewhere = any(
                first < one.end
                and one.start < after
                and kind != self.kind(one)
                and not (kind in CLOSED and one.start < first and self.kind(one) == "money")  # "1,680 SEK"
                for first, after, kind in right
            )
            for at in list(one.said):
                said = one.said[at]
                wrong = not one.right[at] and (
                    elsewhere or self._no_statement(said, at) or self._is_beside(said, at, told)
                )
                label = self.kind(one) == "yes_no" and (
                    self._no_statement(said, at) or self._names_another(said, right)
                )
                if wrong or label or self._question(said, at) or self._in_run(said):
                    del one.said[at]
        return [one for one in statements if one.said]

    def _is_beside(self, said: Said, at: int, told: Mapping[int, int]) -> bool:
        """Whether a wrong value is only passed on the way, or in a remark behind the answer, which `told` is the place
        of by fact."""
        if self._facts[at].kind.name in CLOSED and self._before(VIA, said, 120):
            return True
        return told.get(at, said.start) < said.start and self._before(REMARK, said, 200) is not None

    def kind(self, one: Statement) -> str:
        return self._facts[next(iter(one.said))].kind.name

    def _no_statement(self, said: Said, at: int) -> bool:
        """Whether a wrong value is none that the answer gives: the request has it, or it is in a code or a sum."""
        fact = self._facts[at]
        if fact.kind.name == "yes_no":
            # "wheelchair access of X: no", "Was there any rain?"
            text = self._text.text
            if text[said.start : said.end] in _BARE:
                return False
            said_of = _THEN_SAID.match(text, said.end) or _ASKS.match(text, said.end)
            return said_of is not None or self._is_label(said)
        if said.value in fact.in_request and not self._asked_back(at):
            return True
        if fact.kind.name == "clock" and (self._is_other_end(said, fact) or self._is_bound(said, fact)):
            return True
        if fact.is_shaped and self._is_head(said):
            return True
        if fact.kind.name not in NUMERIC_KINDS and fact.kind.name != "code":
            return False
        if fact.kind.name in ("count", "number") and self._is_whole(said):
            return True
        if self._is_number_of_one(said) or self._in_meters(said, fact) or self._is_between(said):
            return True
        if fact.kind.name == "count" and self._before(_IDENTIFIED, said, 16):
            return True  # "flight number 4213" counts nothing
        if fact.kind.name in ("count", "number") and self._is_measure(said, fact):
            return True
        if self._is_of_things(said, fact):
            return True
        if self._is_pronoun(said) or (fact.kind.name == "count" and said.value % 1):
            return True
        return fact.kind.name != "code" and (self._in_code(said) or self._in_sum(said))

    def _is_head(self, said: Said) -> bool:
        """Whether a chain, "Th-232 -> Ra-228", starts with what the first fact in it is a fact of."""
        if not _ARROW.match(self._text.text, said.end) or self._before(_ARROW_BEFORE, said, 50):
            return False
        known = any(said.value in fact.given for fact in self._facts)
        return known and not any(fact.kind.same(said, fact.asked) for fact in self._facts)

    def _is_label(self, said: Said) -> bool:
        """Whether a property is only the label of what follows: "| Rain or snow (Newark) | ..."."""
        text = self._text.text
        return (
            said.value == "yes"
            and (
                text[said.start : said.end] in self._properties
                or _ACCESS.fullmatch(text, said.start, said.end) is not None
            )
            and self._before(_BEGINS, said, 8) is not None
            and _THEN_LABELLED.match(text, said.end) is not None
        )

    def _names_another(self, said: Said, right: list[tuple[int, int, str]]) -> bool:
        """Whether a property is the name that another kind of value is put under: "the rain or snow is 17 minutes"."""
        text = self._text.text
        begins = self._before(_BEGINS, said, 8) or text.endswith((". the ", ". "), 0, said.start)
        return bool(begins) and any(
            kind != "yes_no" and 0 <= first - said.end < 80 and _COPULA.fullmatch(text, said.end, first)
            for first, _, kind in right
        )

    def _is_number_of_one(self, said: Said) -> bool:
        """Whether a number of one or two digits is the name of something: "rate 2: 1.53", "| 2 | 1.53 |", "2) 1.53"."""
        text = self._text.text
        label = _LABEL.match(text, said.end)
        if label is None or said.end - said.start > 2:
            return False
        line = text[text.rfind("\n", 0, said.start) + 1 : said.start].rstrip(" ")
        if label[0].endswith("|") and line.endswith("|"):  # a cell of its own; only the first is a name
            return line.strip(" ") == "|"
        return not (label[0].endswith(")") and line.endswith("("))

    def _is_measure(self, said: Said, fact: CompiledFact) -> bool:
        """Whether a number has a unit that is not the fact's: "16 minutes" is no number of flights."""
        if _OF_HOURS.match(self._text.text, said.end):
            return True
        unit = _OF_UNIT.match(self._text.text, said.end)
        if unit is None:
            return False
        percent = unit[0].strip() in ("%", "percent")
        return not (percent and (fact.asked.unit == "%" or "percent" in fact.fact.ask))

    def _is_of_things(self, said: Said, fact: CompiledFact) -> bool:
        """Whether a small number only counts things, where a fraction is asked for: "its two land neighbours", "of the
        two"."""
        value = fact.asked.value
        if not isinstance(value, float) or not value % 1 or not 1 < said.value < 13 or said.value % 1:
            return False
        if self._before(_AMONG, said, 16):
            return True
        things = _THINGS.match(self._text.text, said.end)
        return things is not None and not {word for _, word in concepts(things[0])} & fact.words.ask

    def _is_other_end(self, said: Said, fact: CompiledFact) -> bool:
        """Whether a time is when something opens that is asked when it closes, or the other way round."""
        if _CLOSING.search(fact.fact.ask):
            return _UNTIL.match(self._text.text, said.end) is not None
        return _OPENING.search(fact.fact.ask) is not None and self._before(_FROM, said, 24) is not None

    def _is_bound(self, said: Said, fact: CompiledFact) -> bool:
        """Whether a time is only a bound: "all down by a quarter to four"."""
        if _CLOSING.search(fact.fact.ask) or _OPENING.search(fact.fact.ask):
            return False
        return self._before(_BOUND, said, 24) is not None

    def _is_pronoun(self, said: Said) -> bool:
        """Whether a number only takes up a thing: "the one to Fort Myers", "the next one", "the other two"."""
        text = self._text.text
        word = text[said.start : said.end]
        if word not in _PRONOUNS:
            return False
        if _OF_THE.search(text, max(0, said.start - 16), said.start) and _PAUSE.match(text, said.end):
            return True  # "the smaller of the two: a 737"
        behind = word == "one" and _ONE_BEHIND.match(text, said.end) is not None
        before = self._before(_THE, said, 32)
        return behind or (before is not None and (word == "one" or before["other"] is not None))

    def _is_between(self, said: Said) -> bool:
        """Whether a number is an end of a span: "between 7 and 8"."""
        text = self._text.text
        return self._before(_BETWEEN, said, 24) is not None or (
            _AND_NUMBER.match(text, said.end) is not None and text.endswith("between ", 0, said.start)
        )

    def _in_meters(self, said: Said, fact: CompiledFact) -> bool:
        """Whether minutes are rather meters: "540 m, about 6 minutes"."""
        return fact.kind.name in ("duration", "delay") and (
            _METERS.fullmatch(self._text.text, said.start, said.end) is not None
        )

    def _is_whole(self, said: Said) -> bool:
        """Whether a number is the whole of which a part is counted: "two of the three"."""
        return self._before(_WHOLE, said, 40) is not None

    def _before(
        self, pattern: "re.Pattern[str]", said: Said | Statement, reach: int
    ) -> "re.Match[str] | None":
        """What a pattern that ends in `$` finds right before a saying; so many characters are looked at."""
        return pattern.search(self._text.text, max(0, said.start - reach), said.start)

    def _question(self, said: Said, at: int) -> bool:
        """Whether a measure is the one that the request gives, which says the fact in another unit only."""
        fact = self._facts[at]
        if fact.kind.name != "measure":
            return False
        raw = {numeral.value for numeral in numerals(self._text.text[said.start : said.end])}
        return bool(raw & fact.in_request) and fact.asked.value not in raw | fact.in_request

    def _asked_back(self, at: int) -> bool:
        """Whether the fact's own value is in the request: then the request's values are the choice."""
        fact = self._facts[at]
        return any(fact.kind.same(Said(0, 0, value), fact.asked) for value in fact.in_request)

    def _in_run(self, said: Said) -> bool:
        """Whether a value is one of many in a row without a space, "1.5/142/7/12": nobody says anything like this."""
        text, start = self._text.text, max(0, said.start - _AROUND)
        before = text[start : said.start]
        cut = max(before.rfind(" "), before.rfind("\n")) + 1
        ends = [at for mark in " \n" if (at := text.find(mark, said.end, said.end + _AROUND)) >= 0]
        after = min(ends, default=min(len(text), said.end + _AROUND))
        return text.count("/", start + cut, after) >= _SLASHES

    def _in_sum(self, said: Said) -> bool:
        """Whether a number is an operand: "201 - 80", "0.567 + 0.839"."""
        text = self._text.text
        return (
            _OPERATOR_BEHIND.match(text, said.end) is not None
            or self._before(_OPERATOR_BEFORE, said, 6) is not None
        )

    def _in_code(self, said: Said) -> bool:
        """Whether a number is in a code, "737-824", or is behind capitals, as a flight's does: "UA 1527"."""
        text = self._text.text
        if (text[said.start - 1 : said.start] == "-" and text[said.start - 2 : said.start - 1].isalnum()) or (
            text[said.end : said.end + 1] == "-" and text[said.end + 1 : said.end + 2].isdigit()
        ):
            return True
        first, _ = self._text.span(said.start, said.end)
        return _CODED.search(self._text.written, max(0, first - 5), first) is not None and self._bare_number(
            said
        )

    def _explicit(self, statements: list[Statement]) -> list[Statement]:
        """Without bare numbers for a fact that is stated with its unit: "flight 1585: 950 miles" states no 1,585; and
        without other numbers for a count that is stated as a part: "two of the three"."""
        for at, fact in enumerate(self._facts):
            if fact.kind.name == "count":
                self._parts_of_wholes(statements, at)
            if fact.kind.name == "list":
                self._members_again(statements, at)
            if fact.kind.name not in UNITED:
                continue
            of = [one for one in statements if at in one.said]
            if any(one.right[at] and not self._bare_number(one.said[at]) for one in of):
                for one in of:
                    if not one.right[at] and one.instead_of is None and self._bare_number(one.said[at]):
                        del one.said[at]
        return [one for one in statements if one.said]

    def _members_again(self, statements: list[Statement], at: int) -> None:
        """Without what only takes up members of the list that is stated before: "Ines, Tom and Ida. Ida was last"."""
        first = next((one for one in statements if one.right.get(at)), None)
        for one in statements:
            if first is None or at not in one.said or one.right[at] or one.start < first.end:
                continue
            said, whole = one.said[at].value, first.said[at].value
            if isinstance(said, tuple) and isinstance(whole, tuple) and set(said) < set(whole):
                del one.said[at]

    def _parts_of_wholes(self, statements: list[Statement], at: int) -> None:
        of = [one for one in statements if at in one.said]
        if any(
            one.right[at]
            and _PART.match(self._text.text, one.end)
            and not self._text.text.endswith("(", 0, one.start)
            for one in of
        ):
            for one in of:
                if not one.right[at] and one.instead_of is None and not _PART.match(self._text.text, one.end):
                    del one.said[at]

    def _bare_number(self, said: Said) -> bool:
        text = self._text.text[said.start : said.end]
        for numeral in reversed(numerals(text)):
            text = text[: numeral.start] + text[numeral.end :]
        return not text.strip(" -+~°")

    def is_value(self, one: Statement) -> bool:
        """Whether a statement's digits are a value, and not the name of something, such as a flight."""
        kinds = {self._facts[at].kind.name for at in one.said}
        return bool(kinds & SHAPED) or (any(one.right.values()) and not kinds <= CLOSED)


def equal(one: Said, two: Said) -> bool:
    """Whether two sayings are the same value, as exactly as they are said."""
    if isinstance(one.value, (int, float)) and isinstance(two.value, (int, float)):
        return abs(one.value - two.value) <= max(one.slack, two.slack, 1e-9 * abs(one.value))
    return bool(one.value == two.value)
