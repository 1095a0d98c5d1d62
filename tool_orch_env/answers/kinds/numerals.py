"""The numerals of a text, found in one pass that all numeric kinds share.

A numeral is a number as people write it: digits with separators of thousands, a decimal point or comma, a sign, a
fraction, an exponent, number words, a multiplier ("10.3 million", "two hundred and ten"). What only looks like one is
left out: ordinals, the numbers of lists and footnotes, digits inside words and codes. Clocks, dates and codes that
begin with digits ("2h25") are found too, each with its own shape, as their digits are not numbers.

The text is a folded one (`text.fold`): lower case, ASCII hyphens, raised digits marked with "^".
"""

import re
from functools import lru_cache
from typing import NamedTuple

from ..text import LONG
from . import units


class Numeral(NamedTuple):
    """One numeral.

    `start` and `end` are its span with sign and multiplier. `value` is an exact `int` where it was written so. `slack`
    is half a unit of the last digit written. `shape` is "number", "clock" (`value` is minutes), "date" (`value` is the
    year, 0 if none was said) or "code". `sign` is "-", "+" or "". `approx` is true after "about" and its like. `label`
    is true where the number is the name of something: "flight 1195", "step 3". `letter` is a "k", "m" or "b" behind the
    digits that may be a multiplier or a unit; `scaled` reads it as a multiplier.
    """

    start: int
    end: int
    value: float
    slack: float
    shape: str = "number"
    sign: str = ""
    approx: bool = False
    label: bool = False
    letter: str = ""

    def scaled(self) -> "Numeral":
        """The same with its letter read as a multiplier: "2.475k" is 2,475."""
        if self.letter not in LETTERS:
            return self
        value, slack = _times(self.value, self.slack, LETTERS[self.letter])
        return self._replace(value=value, slack=slack, end=self.end + len(self.letter), letter="")


LETTERS = {"k": 1000, "m": 10**6, "b": 10**9}
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
    "lakh": 10**5,
    "crore": 10**7,
    "mn": 10**6,
    "mln": 10**6,
    "mio": 10**6,
    "mio.": 10**6,
    "bn": 10**9,
    "bln": 10**9,
    "tn": 10**12,
}
_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "  # noqa: SIM905
        "seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)  # noqa: SIM905
}
_BIG = {word: _SCALES[word] for word in ("hundred", "thousand", "million", "billion", "trillion", "dozen")}
_MONTHS = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)(?!\w)"
)
_LONGEST = 300
"""Numerals of more characters are codes."""

_WORD = "|".join(sorted((*_SMALL, *_TENS, *_BIG, "half"), key=len, reverse=True))
_FIND = re.compile(rf"\d|(?<!\w)(?:{_WORD}|{_MONTHS[3 : _MONTHS.index(')')]})")
_PHRASE = re.compile(rf"(?:{_WORD})s?(?!\w)(?:(?:,? and |, |[ -])(?:a )?(?:{_WORD})(?!\w)){{0,11}}")
_PIECE = re.compile(rf"(,? and |, |[ -]|)(a )?({_WORD})s?(?!\w)")
_MONTH_FIRST = re.compile(
    rf"{_MONTHS}\.?,? (?:([12]\d{{3}})(?!\w|[.,]\d)|[0-3]?\d(?:st|nd|rd|th)?(?!\w|[.,:/]\d)(?:,? ([12]\d{{3}})(?!\w))?)"
)
_DAY_FIRST = re.compile(
    rf"[0-3]?\d(?:st|nd|rd|th|\.)?(?: of)?[ -]{_MONTHS}\.?(?:(?:, | of |[ -])([12]\d{{3}})(?!\w))?"
)
_ISO = re.compile(
    r"(\d{4})-\d\d?-\d\d?(?!\d)(?:[t ]\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(?: ?z(?!\w)|[+-]\d\d:?\d\d(?!\d))?"
)
_DATE = re.compile(
    r"(?:\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})|([12]\d{3})([./])\d{1,2}\4\d{1,2}|([12]\d{3})-(?:0[1-9]|1[0-2])(?!-))(?![\w/]|[.-]\d)"
)
_DATES: dict[str, tuple[tuple[re.Pattern[str], tuple[int, ...]], ...]] = {
    "-": ((_ISO, (1,)), (_DATE, (2, 3, 5)), (_DAY_FIRST, (1,))),
    "/": ((_DATE, (2, 3, 5)),),
    ".": ((_DATE, (2, 3, 5)), (_DAY_FIRST, (1,))),
    **dict.fromkeys(" snrt", ((_DAY_FIRST, (1,)),)),
    **dict.fromkeys(":ap", ()),
}
"""Patterns of dates by the character that follows their first digits, with the groups of the year."""
_AFTER_MOMENT = frozenset(_DATES)
_CLOCK = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d))?(?![\d]|:\d)")
_MERIDIEM = re.compile(r"(?:1[0-2]|0?[1-9])(?:\.[0-5]\d)? ?[ap](?:m|\.m\.?)(?!\w)")
_BODY = re.compile(
    r"(?P<comma>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?)"
    r"|(?P<dotted>\d{1,3}(?:(?:\.\d{3}){2,}(?!\d)(?:,\d+(?!\d|,\d))?|\.\d{3},\d{1,2}(?![\d,])))"
    r"|(?P<quoted>\d{1,3}(?:'\d{3})+(?!\d)(?:\.\d+)?)"
    r"|(?P<spaced>[1-9]\d{0,2}(?: \d{3})+(?![\d:])(?:[.,]\d{1,2}(?!\d))?)"
    r"|(?P<decimal>(?:\d+,\d{1,2}|\d+,\d{4,}|0,\d+)(?![\d\]]|[,./-]\d))"
    r"|(?P<plain>\d+(?:\.\d+)?|\.\d+)"
)
_FRACTION = re.compile(r"(?:(\d{1,4})[ -])?(1/[2-9]|1/10|1/16|2/[35]|3/[458]|4/5|[57]/8|5/6)(?![\w/]|[.-]\d)")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})(?![\d/]|\.\d)")
_EXPONENT = re.compile(r"e([-+]?\d{1,3})(?!\w)|(?: ?x ?| )10\^([-+]?\d{1,3})(?!\w)|\^([-+]?\d{1,3})(?![\w^])")
_SCALE = re.compile(
    rf"[ -]?({'|'.join(re.escape(word) for word in sorted(_SCALES, key=len, reverse=True))})s?(?!\w)"
)
_POWERS = frozenset("ex^1")
_SCALE_LETTERS = frozenset(word[0] for word in _SCALES)
_AND_HALF = re.compile(r" and a half(?!\w)")
_PAST = re.compile(
    r"(?:half|quarter|minutes?|five|ten|twenty|\d) past $|(?<!\w)quarter (?:to|before|of|till) $"
)
"""Before an hour: "half past six"."""
_PAST_BEHIND = re.compile(
    r"(?: minutes?)? past (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|1[0-2]|[1-9])(?!\w)"
)
_GLUED = re.compile(r"\w+")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)(?!\w)")
_REST = re.compile(r"[\w.:'-]*\w")
_LISTED = re.compile(r"(?:\d{1,3}[.)]|\d{1,3}\]) (?=\S)")
_APPROX = frozenset(
    "~ ≈ about around approx approx. approximately roughly nearly almost circa ca. c. some over under than".split()  # noqa: SIM905
)
_LABEL = frozenset(
    "note footnote step section page table figure option item flight no. gate terminal runway route boeing airbus "  # noqa: SIM905
    "room platform highway embraer erj crj cessna bombardier canadair mcdonnell douglas saab".split()
)
_SIGN_WORDS = re.compile(r"(?<!\w)(?:minus|negative) $")
_SIGN_APART = re.compile(r"(?:[:=(|,]|(?<!\w)(?:was|is|of|were|be|by|at|to|only|about|delay)) ?- $")
_NO_ONE_BEFORE = re.compile(
    r"(?<!\w)(?:this|that|which|first|second|third|last|next|other|each|every|no|any|another|earlier|later|former"
    r"|latter|right|same|wrong|\w{2,15}est) $"
)
_NO_ONE_AFTER = re.compile(
    r" (?:of|another|or|has|is|can|could|should|may|way|who|which|that|was)(?!\w)|-way|'s"
)
_JOINS = frozenset("-/.#")
_PREFIXES = ("mid-", "pre-", "post-", "early-", "late-", "~", "ca.", "c.")
_SIGNED_AFTER = " \n([{:=|,;<>\"'~/$€£¥≈"


def numerals(text: str) -> tuple[Numeral, ...]:
    """The numerals, clocks and dates of a folded text, from left to right, none overlapping another.

    Linear in the length of the text. The result is remembered: for many texts of ordinary length, for one long text.
    """
    if len(text) <= LONG:
        return _remembered(text)
    return _remembered_long(text) if len(text) <= 16 * LONG else _scan(text)


def _scan(text: str) -> tuple[Numeral, ...]:
    found: list[Numeral] = []
    position, size = 0, len(text)
    while position < size:
        match = _FIND.search(text, position)
        if match is None:
            break
        start = match.start()
        if text[start].isdigit():
            position, numeral = _at_digit(text, start)
        else:
            position, numeral = _at_word(text, start, match.end())
        if numeral is not None:
            found.append(numeral)
    return tuple(found)


def _at_digit(text: str, start: int) -> tuple[int, Numeral | None]:
    """What begins with the digit at `start`: where to go on, and the numeral if it is one."""
    before = text[start - 1] if start else ""
    if before == "^":
        return _digits_end(text, start), None
    if (before.isalnum() or before == "_") and not _after_currency(text, start):
        return _code_end(text, start), None
    if before == "." and start > 1 and text[start - 2].isdigit():
        return _code_end(text, start), None
    if (
        before in _JOINS
        and start > 1
        and text[start - 2].isalpha()
        and not text.endswith(_PREFIXES, 0, start)
    ):
        return _code_end(text, start), None  # "b-738", "way/123"; a sentence's end without a blank is rarer
    run = _digits_end(text, start)
    if before == " " and _in_spoken_clock(text, start, run):
        return run, None
    following = text[run : run + 1]
    listed = _LISTED.match(text, start) if following in (".", ")", "]") else None
    if listed and _is_list_number(text, start, listed.end()):
        return listed.end(), None
    if before == "[" and _is_footnote(text, start):
        return run, None
    return _moment(text, start, run, following) or _number(text, start)


def _moment(text: str, start: int, run: int, following: str) -> tuple[int, Numeral | None] | None:
    """A date or a clock that begins at `start` with digits up to `run`."""
    if following not in _AFTER_MOMENT:
        return None
    for pattern, groups in _DATES[following]:
        match = pattern.match(text, start)
        if match:
            year = next((int(match[group]) for group in groups if match[group]), 0)
            return match.end(), Numeral(start, match.end(), year if year > 99 else 0, 0.0, "date")
    if following == ":":
        match = _CLOCK.match(text, start)
        if match:
            minutes = int(match[1]) * 60 + int(match[2]) + (int(match[3]) / 60 if match[3] else 0)
            return match.end(), Numeral(start, match.end(), minutes, 0.5, "clock")
    if run - start > 2 or following not in " .ap":
        return None
    match = _MERIDIEM.match(text, start)  # an hour; no length in picometres is as short
    return (match.end(), None) if match else None


def _number(text: str, start: int) -> tuple[int, Numeral | None]:
    fraction = _FRACTION.match(text, start)
    if fraction:
        return _fraction(text, start, fraction)
    slashed = _SLASHED.match(text, start)
    if (
        slashed
        and min(int(slashed[1]), int(slashed[2])) <= 12
        and max(int(slashed[1]), int(slashed[2])) <= 31
    ):
        return slashed.end(), None  # a day and a month
    if start and text[start - 1] == "." and (start == 1 or not text[start - 2].isalnum()):
        start -= 1  # ".5"
    body = _BODY.match(text, start)
    if body is None or body.end() - start > _LONGEST:
        return _digits_end(text, start), None
    end = body.end()
    if re.match(r"\.\d", text[end : end + 2]):  # 1.2.3
        return _code_end(text, start), None
    if text[start] == "0" and body.lastgroup == "plain" and end - start > 2 and "." not in body[0]:
        return end, Numeral(start, end, int(body[0]), 0.5, "code")
    value, slack = _valued(body)
    value, slack, end = _raised(text, end, value, slack)
    return _finish(text, start, end, value, slack)


def _valued(body: "re.Match[str]") -> tuple[float, float]:
    written, style = body[0], body.lastgroup
    if style == "dotted":
        written = written.replace(".", "").replace(",", ".")
    elif style == "decimal":
        written = written.replace(",", ".")
    elif style == "spaced":
        head, comma, tail = written.replace(" ", "").partition(",")
        written = head + ("." + tail if comma else "")
    else:
        written = written.replace(",", "").replace("'", "")
    places = len(written.partition(".")[2])
    return (float(written) if places else int(written)), 0.5 * 10.0**-places


def _raised(text: str, end: int, value: float, slack: float) -> tuple[float, float, int]:
    """The value with the exponent that follows it. A raised digit after any number but ten is a footnote's mark."""
    match = _EXPONENT.match(text, end) if text[end : end + 2].strip()[:1] in _POWERS else None
    if match is None:
        return value, slack, end
    power = int(match[1] or match[2] or match[3])
    if match[3]:
        if value != 10:
            return value, slack, match.end()
        return (10**power if power >= 0 else 10.0**power), 0.0, match.end()
    if abs(power) > _LONGEST:
        return value, slack, match.end()
    scale = 10**power if power >= 0 else 10.0**power
    try:
        return float(value * scale), slack * scale, match.end()
    except OverflowError:
        return value, slack, match.end()


def _fraction(text: str, start: int, match: "re.Match[str]") -> tuple[int, Numeral | None]:
    top, bottom = (int(part) for part in match[2].split("/"))
    value = int(match[1] or 0) + top / bottom
    return _finish(text, start, match.end(), value, 0.05 if bottom in (2, 5) else 0.005)


def _finish(text: str, start: int, end: int, value: float, slack: float) -> tuple[int, Numeral | None]:
    """A number's multiplier, glued letters and sign."""
    half = _AND_HALF.match(text, end) if text.startswith(" a", end) else None
    if half and isinstance(value, int):
        value, slack, end = value + 0.5, 0.05, half.end()
    following = text[end : end + 2]
    scale = _SCALE.match(text, end) if following.lstrip(" -")[:1] in _SCALE_LETTERS else None
    if scale:
        value, slack = _times(value, slack, _SCALES[scale[1]])
        end = scale.end()
    letter = ""
    glued = _GLUED.match(text, end)
    if glued is not None:
        if _ORDINAL.match(text, end):
            return _code_end(text, end), None
        if not units.is_suffix(glued[0]):
            after = _code_end(text, end)
            return after, Numeral(start, after, 0, 0.0, "code")
        letter = glued[0] if glued[0] in LETTERS else ""
    sign, first = _sign(text, start)
    if sign == "-":
        value = -value
    word = _word_before(text, first)
    approx = word in _APPROX or word[-1:] in ("~", "≈")
    return end, Numeral(first, end, value, slack, "number", sign, approx, word in _LABEL, letter)


def _word_before(text: str, start: int) -> str:
    """The word before a number, a currency's sign between them or not."""
    words = text[max(0, start - 18) : start].rstrip(" $€£#").rsplit(None, 1)
    return words[-1].lstrip("([") if words else ""


def _times(value: float, slack: float, scale: int) -> tuple[float, float]:
    if isinstance(value, int):
        return value * scale, slack * scale
    product = value * scale
    whole = round(product)
    # 10.3 million is a whole number, whatever its binary fraction says
    return (whole if abs(product - whole) < 1e-6 * max(1.0, abs(product)) * 1e-6 else product), slack * scale


def _sign(text: str, start: int) -> tuple[str, int]:
    """The sign before a number, and where it begins. A hyphen of a range, a list or a word is none."""
    before = text[start - 1] if start else ""
    if before in "-+" and before:
        ahead = text[start - 2] if start > 1 else " "
        return (before, start - 1) if ahead in _SIGNED_AFTER else ("", start)
    if before in "$€£¥" and before and start > 1 and text[start - 2] == "-":
        ahead = text[start - 3] if start > 2 else " "
        return ("-", start) if ahead in _SIGNED_AFTER else ("", start)
    if before != " ":
        return "", start
    near = text[max(0, start - 16) : start]
    words = _SIGN_WORDS.search(near) if near.endswith(("minus ", "negative ")) else None
    if words is not None:
        return "-", start - len(near) + words.start()
    apart = _SIGN_APART.search(near) if near.endswith("- ") else None
    return ("-", start - 2) if apart is not None else ("", start)


def _at_word(text: str, start: int, end: int) -> tuple[int, Numeral | None]:
    """What begins with a number word or the name of a month at `start`."""
    if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        return end, None
    month = _MONTH_FIRST.match(text, start)
    if month:
        return month.end(), Numeral(start, month.end(), int(month[1] or month[2] or 0), 0.0, "date")
    phrase = _PHRASE.match(text, start)
    if phrase is None:
        return end, None
    read = _phrase(text, start, phrase.end())
    if read is None:
        return max(end, _first_end(text, start, end)), None
    value, slack, after = read
    if _in_spoken_clock(text, start, after):
        return after, None
    if value == 1 and (
        _NO_ONE_AFTER.match(text, after) or _NO_ONE_BEFORE.search(text[max(0, start - 20) : start])
    ):
        return after, None
    return _finish(text, start, after, value, slack)


def _in_spoken_clock(text: str, start: int, end: int) -> bool:
    """Whether a number is the hour or the minutes of "ten past six"."""
    if text.startswith((" past", " minute"), end) and _PAST_BEHIND.match(text, end):
        return True
    near = text[max(0, start - 16) : start]
    return near.endswith((" past ", "quarter to ", "quarter before ", "quarter of ", "quarter till ")) and (
        _PAST.search(near) is not None
    )


def _first_end(text: str, start: int, end: int) -> int:
    piece = _PIECE.match(text, start)
    return piece.end() if piece else end


def _phrase(text: str, start: int, limit: int) -> tuple[float, float, int] | None:
    """The value of the number words from `start`, its slack, and where it ends: as many words as make one number."""
    total: float = 0
    group: float | None = None
    last, slack, end, ceiling = 0, 0.5, start, 10**15
    value: float
    position = start
    while position < limit:
        piece = _PIECE.match(text, position, limit)
        if piece is None:
            break
        joint, article, word = piece[1], piece[2], piece[3]
        room = 100 if last == 100 else 10 if last == 10 else 0
        if word == "half":
            if group is None and not total:
                if text.startswith(" past", piece.end()) or text.startswith("-", piece.end()):
                    return None
                group, slack, last = 0.5, 0.05, 1
            elif joint == " and " and article:
                group, slack, last = (group or 0) + 0.5, 0.05, 1
            else:
                break
        elif article:
            scale = _BIG.get(word)
            if scale is None or group != 0.5:  # half a million
                break
            group, slack, last = group * scale, slack * scale, scale
        elif word in _BIG:
            scale = _BIG[word]
            if group is None and (total or start != position or not _article(text, start)):
                break
            if scale >= ceiling or (scale == 100 and last == 100) or (joint and joint not in (" ", "-")):
                break
            group = (1 if group is None else group) * scale
            slack, last = (slack if last else 0.5) * (scale if slack >= 0.05 else 1), scale
            if scale >= 1000:
                total, group, ceiling = total + group, None, scale
        else:
            value = _SMALL.get(word, _TENS.get(word, 0))
            if group is None:
                if total and joint.strip(", ") not in ("", "and"):
                    break
            elif not (
                (room == 100 and joint in (" ", " and "))
                or (room == 10 and 0 < value < 10 and joint in (" ", "-"))
            ):
                break
            group, slack = (group or 0) + value, 0.5
            last = 10 if word in _TENS else 1
        position = end = piece.end()
    if end == start:
        return None
    value = total + (group or 0)
    return (int(value) if value == int(value) else value), slack, end


def _article(text: str, start: int) -> bool:
    """Whether "a" or a like word is before a multiplier: "a dozen", "a hundred"."""
    return re.search(r"(?<!\w)(?:an?|about|around|the|per) $", text[max(0, start - 8) : start]) is not None


def _is_list_number(text: str, start: int, end: int) -> bool:
    """Whether the number at `start`, with a stop or a bracket behind it, only numbers a point of a list."""
    line = text.rfind("\n", max(0, start - 6), start)
    lead = text[max(line + 1, start - 6) : start]
    if (line >= 0 or start <= 6) and not lead.strip(" (-["):
        return text[start - 1 : start] != "[" or text[end - 2] == "]"
    if text[end - 2] != ")" or text[start - 1] != " ":
        return False
    near = text[max(0, start - 200) : start]
    return near.rfind("(") <= near.rfind(")") and not near.rstrip().endswith((":", "=", "is", "was", "of"))


def _is_footnote(text: str, start: int) -> bool:
    """Whether "[3]" is a mark in a text, and no list of JSON."""
    mark = _MARK.match(text, start)
    if mark is None:
        return False
    if start < 2:
        return mark.end() < len(text)
    ahead = text[start - 3 : start - 1].rstrip(" ")[-1:]
    return not ahead or ahead not in ":=,["


def _after_currency(text: str, start: int) -> bool:
    return units.is_currency_code(text[max(0, start - 3) : start]) and (
        start < 4 or not (text[start - 4].isalnum() or text[start - 4] == "_")
    )


_MARK = re.compile(r"\d{1,3}\]")
_DIGITS = re.compile(r"\d+")


def _digits_end(text: str, start: int) -> int:
    match = _DIGITS.match(text, start)
    return match.end() if match else start + 1


def _code_end(text: str, start: int) -> int:
    match = _REST.match(text, start)
    return match.end() if match else start + 1


_remembered = lru_cache(maxsize=256)(_scan)
_remembered_long = lru_cache(maxsize=1)(_scan)
