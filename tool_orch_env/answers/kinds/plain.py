"""Numbers without a unit: numbers of no known kind, counts, and years."""

import re
from collections.abc import Iterator

from . import units
from .base import Asked, Kind, Said
from .numerals import Numeral, numerals
from .precision import is_stated, number_of

_YEARS = range(1900, 2101)
_YEAR_BEFORE = re.compile(r"(?<!\w)(?:in|since|during|year|until|by|of|from) $")
_MONEY_AFTER = re.compile(r"[ -]?[$€£¥₹₩₺]")
_SIGNS = frozenset("$€£¥₹₩₺")
_NONE = re.compile(
    r"(?<!\w)(?:none(?! other)|not (?:a single|even) one|(?<!was )(?<!is )not one(?= of)"
    r"|no (?!longer|more|one|doubt|delay|problem|need|data|information|records?|figures?|idea|answer|way|word)"
    r"(?=[a-z]))"
)
_NONE_OF = re.compile(
    r"(?<!\w)(?:none(?= of (?:the |them|these|those|all ))|not (?:a single|even) one|(?<!was )(?<!is )not one(?= of)"
    r"|no(?= [a-z-]{3,20} (?:was|were|got|had|left|arrived|landed|departed)\b))"
)
"""None of the things that are counted, where some are asked for."""
_ONE_OF = re.compile(
    r"(?<!\w)one(?= (?:out )?of (?:(?:the|these|those|all|our|your|its|their) )?(?:last |first )?"
    r"(?:\d|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?!\w*(?:st|nd|rd|th)\b))"
)
_ONE = re.compile(
    r"(?<!\w)one(?= (?:of (?:the|them|these|those|all|our)|was|were|has|had|is|got|never|did)(?!\w))"
)
_NO_COUNT = re.compile(
    r"(?<!\w)(?:this|that|each|other|every|no|single|even|not|the|first|last|\w{2,15}est|(?<!there )(?:was|is)) $"
)
"""What makes "one" a pronoun, or a part of "not one"."""
_BOTH = re.compile(
    r"(?:^|[.;:!?\n,] ?|\band )both(?= (?:of them |of the \w+ |\w+ (?:that day |there )?)?"
    r"(?:was|were|got|arrived|left|landed|departed)\b)"
)
_TIMES = {
    1: re.compile(
        r"(?<!at )(?<!all )(?<!\w)once(?=[ .,;:!?]*(?:$|[\n.,;:!?]|in\b|out\b|from\b|on\b|that day\b))"
    ),
    2: re.compile(r"(?<!\w)twice(?! as)(?!\w)"),
}
"""How often, of what is counted."""
_SMALL = tuple(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "  # noqa: SIM905
    "seventeen eighteen nineteen twenty".split()
)


class Number(Kind):
    """A number of which no more is known: any number said, whatever its unit."""

    name = "number"

    def read(self, text: str, asked: Asked) -> list[Said]:
        return [said_of(numeral) for numeral in plain_numbers(text, asked)]

    def same(self, said: Said, asked: Asked) -> bool:
        return is_stated(said, asked)

    def forms(self, asked: Asked) -> list[str]:
        value = number_of(asked.value)
        if value is None:
            return []
        return [
            grouped(value),
            plainly(value),
            f"the value is {plainly(value)}",
            f"= {grouped(value)}",
            *in_words(value),
            *rounded_to_millions(value, asked.tolerance),
        ]


class Count(Kind):
    """How many: a whole number without a unit. The names of flights and steps are none, nor are measures and money."""

    name = "count"

    def read(self, text: str, asked: Asked) -> list[Said]:
        value = number_of(asked.value)
        large = value is None or abs(value) >= 10**5
        found = [
            said_of(numeral)
            for numeral in plain_numbers(text, asked)
            if not numeral.label
            and not is_money(text, numeral)
            and not units.is_other(text, numeral.end)
            and (large or not _in_meters(text, numeral.end))
        ]
        return _apart(found + _in_other_words(text, value))

    def same(self, said: Said, asked: Asked) -> bool:
        return is_stated(said, asked)

    def forms(self, asked: Asked) -> list[str]:
        value = number_of(asked.value)
        if value is None:
            return []
        return [
            grouped(value),
            plainly(value),
            f"a total of {grouped(value)}",
            f"{plainly(value)} in all",
            *in_words(value),
            *rounded_to_millions(value, asked.tolerance),
            *([grouped(value).replace(",", " ")] if abs(value) >= 10**6 else []),
        ]


class Year(Kind):
    """A year of four digits, alone or as the year of a date."""

    name = "year"

    def read(self, text: str, asked: Asked) -> list[Said]:
        return [
            Said(numeral.start, numeral.end, int(numeral.value))
            for numeral in numerals(text)
            if (numeral.shape == "date" and numeral.value) or _is_year(text, numeral)
        ]

    def same(self, said: Said, asked: Asked) -> bool:
        value = number_of(asked.value)
        if value is None and isinstance(asked.value, str) and re.fullmatch(r"\d{4}", asked.value, re.ASCII):
            value = int(asked.value)
        return value is not None and abs(said.value - value) <= max(asked.tolerance, 0)

    def forms(self, asked: Asked) -> list[str]:
        year = asked.value
        return [f"{year}", f"in {year}", f"the year {year}", f"({year})", f"12 March {year}", f"since {year}"]


def _in_other_words(text: str, value: float | None) -> list[Said]:
    """Small counts that are no numerals: "none", "not a single one", "one of the three", "both were late". What may be
    a pronoun as well ("one was late, the other was not") is read only where it is the value asked for."""
    nothing = _NONE if value == 0 else _NONE_OF
    found = [Said(match.start(), match.end(), 0) for match in nothing.finditer(text)]
    for pattern in (_ONE_OF, _ONE) if value == 1 else (_ONE_OF,):
        ones = (
            m for m in pattern.finditer(text) if not _NO_COUNT.search(text, max(0, m.start() - 20), m.start())
        )
        found += [Said(match.start(), match.end(), 1) for match in ones]
    for times, said in _TIMES.items():
        if value == times:
            found += [Said(match.start(), match.end(), times) for match in said.finditer(text)]
    if value == 2:
        found += [Said(match.end() - len("both"), match.end(), 2) for match in _BOTH.finditer(text)]
    return found


def _apart(found: list[Said]) -> list[Said]:
    """Sayings from left to right; of those that overlap, the first and longest."""
    apart: list[Said] = []
    for said in sorted(found, key=lambda one: (one.start, -one.end)):
        if not apart or said.start >= apart[-1].end:
            apart.append(said)
    return apart


def _is_year(text: str, numeral: Numeral) -> bool:
    if numeral.shape != "number" or numeral.sign or numeral.letter or numeral.end - numeral.start != 4:
        return False
    if not text[numeral.start : numeral.end].isdigit() or not 1000 <= numeral.value <= 2999:
        return False
    return units.after(text, numeral.end) is None


def _in_meters(text: str, end: int) -> bool:
    """Whether a number ends with "m", or has it behind: meters, where no millions can be meant."""
    found = (
        units.after(text, end - 1)
        if text[end - 1] == "m" and text[end - 2].isdigit()
        else units.after(text, end)
    )
    return found is not None and found[0] == "m"


def plain_numbers(text: str, asked: Asked) -> Iterator[Numeral]:
    """The numbers of a text, letters such as "k" read as multipliers.

    Numbers said as years ("in 2013") are left out, unless a number like a year is asked for.
    """
    value = number_of(asked.value)
    years = value is None or round(abs(value)) in _YEARS
    for numeral in numerals(text):
        if numeral.shape != "number":
            continue
        if not years and is_year_said(text, numeral):
            continue
        yield numeral.scaled()


def is_year_said(text: str, numeral: Numeral) -> bool:
    """Whether a number is a year by the word before it: "in 2013"."""
    if numeral.end - numeral.start != 4 or numeral.value not in _YEARS:
        return False
    return _YEAR_BEFORE.search(text[max(0, numeral.start - 8) : numeral.start]) is not None


def is_money(text: str, numeral: Numeral) -> bool:
    """Whether a currency's sign is before or behind a number."""
    if is_formula(text, numeral.start, numeral.end):
        return False
    return text[max(0, numeral.start - 2) : numeral.start].strip()[-1:] in _SIGNS or (
        _MONEY_AFTER.match(text, numeral.end) is not None
    )


def is_formula(text: str, start: int, end: int) -> bool:
    """Whether the dollars around a number only mark a formula: "$2475$", and what is left of "$\\boxed{2475}$"."""
    return text[start - 1 : start] == "$" and text.startswith(("$", "}"), end)


def said_of(numeral: Numeral) -> Said:
    """A numeral as a saying of its value."""
    return Said(numeral.start, numeral.end, numeral.value, numeral.slack)


def plainly(value: float) -> str:
    """A number in digits, without exponent."""
    return str(value) if isinstance(value, int) else decimals(value)


def grouped(value: float) -> str:
    """A number with commas between its thousands."""
    if isinstance(value, int):
        return f"{value:,}"
    whole, point, rest = decimals(value).partition(".")
    sign = whole[:1] if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{rest}"


def decimals(value: float) -> str:
    """A float as its shortest decimals that are read back as the same number, without exponent."""
    shortest = repr(value)
    if "e" not in shortest:
        return shortest
    mantissa, _, power = shortest.partition("e")
    places = len(mantissa.partition(".")[2]) - int(power)
    return f"{value:.{max(places, 1)}f}"


def in_words(value: float) -> list[str]:
    """Small whole numbers as words."""
    return [_SMALL[value]] if isinstance(value, int) and 0 <= value < len(_SMALL) and value != 1 else []


def rounded_to_millions(value: float, tolerance: float) -> list[str]:
    """The value in millions, where it is large enough and the rounding is within the tolerance."""
    if abs(value) < 10**6 or abs(value) >= 10**9:
        return []
    short = round(value / 10**6, 1)
    if abs(short * 10**6 - value) > tolerance:
        return []
    return [f"{short:g} million", f"about {short:g} million", f"{short:g}M"]
