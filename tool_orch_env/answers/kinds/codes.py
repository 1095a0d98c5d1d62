"""Codes: "KFLL", "N814UA", "7440-36-0", "B738", flight number 1195, calling code 358.

A code of figures, or of letters and figures, is open: every token of its shape is read, since another flight number
is a rival. A code of letters only looks like any word: it, its aliases and the candidates are looked for.
"""

import re
from functools import lru_cache
from typing import ClassVar, NamedTuple

from ..text import folded
from .base import Asked, Kind, Said
from .clocks import clocks
from .dates import days

_NUCLIDE = re.compile(r"[^\W\d_]{1,2}-\d{1,3}")
"""Letters and figures as in "Ra-226" and "U-234": one letter or two."""
_DIGIT_RUN = re.compile(r"\d+")
_RUNS = re.compile(r"[^\W\d_]+|\d+|[^\w]|_")
_DIGITS = re.compile(
    r"(?<![\d.:/^$€£¥])(?<!\d,)(?<!\d-)(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?![\w/%°€£$]|[:.,-]\d)"
)
_MARK = re.compile(
    r"(?:^|(?<=[^\w.:/$€£¥%^-]))(?:\#|\+|no\.? ?|[a-z]{2,3}[ -]?|[a-z]\d[ -]|\d[a-z][ -]?|[a-z])$"
)
_UNIT = re.compile(
    r"(?: (?:and|or|to) \d{1,4})?"
    r"\s?(?:(?:km|mi|miles?|m|metres?|meters?|ft|feet|nm|kg|lbs?|min|mins|minutes?|h|hr|hrs|hours?|s|sec|seconds?|days?"
    r"|weeks?|months?|years?|euros?|eur|usd|dollars?|gbp|pounds?|percent|degrees?|mph|kt|knots?|hpa|kmh|inches"
    r"|flights|passengers|people|seats|million|billion|thousand|am|pm|st|nd|rd|th)\b)"
)
_LIST_NUMBER = re.compile(r"(?:^|\n)[ \t>*-]*$")
_YEAR_BEFORE = re.compile(
    r"\b(?:in|of|since|year|during|until|by|for|early|late|mid|and|from"
    r"|jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*),? $"
)
_PREFIX_WORDS = frozenset(
    "at by in is to of on no an or and the for was are its has via row but not all use age per day".split()  # noqa: SIM905
)
_WORDS = frozenset(
    "a am an as at be by do go he hi i if in is it la los me my no of oh ok on or pm so st to up us we ad id ma pa al"  # noqa: SIM905
    " all and are can day did for get had has her him his how its let may new not now off old one our out own per put"
    " ran ray say sea see set she sir six sky sub sun ten the too two use via was way who why yes you".split()
)
_QUOTED_LEFT = re.compile(
    r"""(?:^|[\n("'\[:|=,/]\s?|\b(?:is|are|was|code|codes|carrier|airport|country|iata|icao|to|from)\s)$"""
)
_QUOTED_RIGHT = re.compile(r"""\s?(?:$|[\n)"'\]|,;/]|[.](?:\s|$))""")


class Code(Kind):
    """A code, recorded as text or as a whole number: said exactly, with the usual decoration."""

    name: ClassVar[str] = "code"

    def read(self, text: str, asked: Asked) -> list[Said]:
        value = _text(asked.value)
        if not value:
            return []
        digits = value.removeprefix("+")
        if digits.isascii() and digits.isdigit():
            found = _numbers(text, value)
        else:
            found = _exact(text, value, value)
            if _mixed(value):
                found += [(m.start(), m.end(), m[0]) for m in re.finditer(_shape(value), text)]
        for other in asked.aliases:
            found += _exact(text, _text(other), value)
            if _mixed(value) and _mixed(_text(other)):  # "cobalt-57" for "Co-57", in the place of "cobalt-60"
                taken = {place for start, end, _ in found for place in range(start, end)}
                found += [
                    (m.start(), m.end(), _DIGIT_RUN.sub(_DIGIT_RUN.findall(m[0])[-1], value))
                    for m in re.finditer(_numbered(_text(other)), text)
                    if m.start() not in taken
                ]
        for other in asked.candidates:
            if (plain := _text(other)) and not (digits.isdigit() and plain.isdigit()):
                found += _exact(text, plain, plain)
        return _apart(found)

    def same(self, said: Said, asked: Asked) -> bool:
        return bool(said.value == _text(asked.value))

    def forms(self, asked: Asked) -> list[str]:
        value = str(asked.value).strip()
        plain = _text(asked.value)
        digits = plain.removeprefix("+")
        if digits.isascii() and digits.isdigit():
            forms = [value, f"#{value}", f"no. {value}", f"code {value}"]
            if plain == digits and not digits.startswith("0") and len(digits) <= 4:
                forms += [f"UA{digits}", f"flight {digits}", f"UA {digits}", f"+{digits}"]
            return forms
        forms = [value, f"({value})", f"`{value}`", f"“{value}”", f"code: {value}"]
        if len(plain) > 2 and value.isalnum() and _mixed(plain):
            forms += [value.lower(), " ".join(re.findall(r"[^\W\d_]+|\d+", value))]
        return forms


@lru_cache(maxsize=2048)
def _text(value: object) -> str:
    """A code as it is compared; a whole number without decimals."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return folded(str(value))


def _mixed(value: str) -> bool:
    """Whether a code has figures, and letters or marks too."""
    return any(c.isdigit() for c in value) and any(c.isalpha() or c in "-/" for c in value)


@lru_cache(maxsize=1024)
def _shape(value: str) -> str:
    """A pattern of what has letters, figures and marks in the same places: as many letters (in a nuclide one or two),
    any number of figures."""
    parts = []
    for run in _RUNS.findall(value):
        if run.isdigit():
            parts.append(r"\d{1,12}")
        elif run.isalpha():
            parts.append(r"[^\W\d_]{1,2}" if _NUCLIDE.fullmatch(value) else rf"[^\W\d_]{{{len(run)}}}")
        else:
            parts.append(re.escape(run))
    if (
        value.isalnum() and len(parts) in (2, 3) and value[0].isalpha()
    ):  # a tail number may end in letters or not
        parts[2:] = [r"[^\W\d_]{0,2}"]
    return r"(?<![\w./-])" + "".join(parts) + r"(?![\w/]|[.,-]\w)"


@lru_cache(maxsize=1024)
def _numbered(value: str) -> str:
    """A pattern of what differs in its figures only."""
    parts = (r"\d{1,12}" if run.isdigit() else re.escape(run) for run in _RUNS.findall(value))
    return r"(?<![\w./-])" + "".join(parts) + r"(?![\w/]|[.,-]\w)"


@lru_cache(maxsize=2048)
def _runs(value: str) -> tuple[str, ...]:
    return tuple(_RUNS.findall(value))


@lru_cache(maxsize=2048)
def _exactly(value: str) -> re.Pattern[str]:
    """A pattern of a code itself; between its letters and figures there may be a space or a hyphen."""
    runs = _runs(value)
    pieces = [re.escape(run) for run in runs]
    joined = pieces[0] if pieces else ""
    for before, run, piece in zip(runs, runs[1:], pieces[1:], strict=False):
        joined += ("[ -]?" if before.isalnum() and run.isalnum() else " ?" if run == "(" else "") + piece
    if value.isalnum() and len(value) == 2:  # a carrier's code, alone or before a flight number
        return re.compile(rf"(?<!\w){value}(?:(?!\w)|(?=[ -]?\d{{1,4}}(?!\w)))")
    left = r"(?<!\w)" if value[:1].isalnum() else ""
    right = r"(?!\w)" if value[-1:].isalnum() else ""
    return re.compile(left + joined + right)


def _exact(text: str, code: str, value: str) -> list[tuple[int, int, str]]:
    """Where a code is said; one that is a common word only where it is marked as a code."""
    if not code or any(run not in text for run in _runs(code)):
        return []
    found = [(match.start(), match.end(), value) for match in _exactly(code).finditer(text)]
    if code not in _WORDS:
        return found
    return [
        one
        for one in found
        if text[one[1] : one[1] + 1].isdigit()
        or (_QUOTED_LEFT.search(text[max(0, one[0] - 12) : one[0]]) and _QUOTED_RIGHT.match(text, one[1]))
    ]


def _numbers(text: str, value: str) -> list[tuple[int, int, str]]:
    """Every whole number that may be a code: no part of a clock, date, decimal or measure, and no list number."""
    busy = sorted(
        [(said.start, said.end) for said in clocks(text)] + [(day.start, day.end) for day in days(text)]
    )
    at, found = 0, []
    for match in _DIGITS.finditer(text):
        token = _token(text, match)
        if token is None:
            continue
        while at < len(busy) and busy[at][1] <= token.start:
            at += 1
        overlaps = at < len(busy) and busy[at][0] < token.end
        equal = _equal(token, value)
        if equal and (overlaps and busy[at][1] - busy[at][0] > token.end - token.start + 1):
            continue
        if equal and not token.mark and _UNIT.match(text, token.end):
            continue
        if not equal and (overlaps or _no_code(text, token)):
            continue
        found.append((token.start, token.end, value if equal else token.digits))
    return found


class _Token(NamedTuple):
    """A whole number: where it starts, with its mark; its figures; and the mark, "" for a word that is none."""

    start: int
    end: int
    digits: str
    mark: str


def _token(text: str, match: "re.Match[str]") -> _Token | None:
    """The number of a match with the mark before it; `None` inside a word."""
    start, end = match.span()
    digits = match[0].replace(",", "")
    left = _MARK.search(text, max(0, start - 5), start)
    mark = left[0] if left else ""
    if start and text[start - 1].isalpha():
        if len(mark) == 1:  # a carrier such as B6: "b615" is 15
            return _Token(start - 1, end, digits[1:], mark + digits[0]) if len(digits) > 1 else None
        return _Token(start - len(mark), end, digits, mark) if mark else None
    if not mark.strip(" -") or mark.strip(" -") in _PREFIX_WORDS or mark == " ":
        return None if start and text[start - 1] == "-" else _Token(start, end, digits, "")
    return _Token(start - len(mark), end, digits, mark.strip(" -"))


def _equal(token: _Token, value: str) -> bool:
    """Whether figures state a code: as they are; a calling code also with "+" or "00" before it."""
    wanted = value.removeprefix("+")
    if token.digits == wanted:
        return True
    return token.digits == "00" + wanted and len(wanted) <= 4 and not token.mark


def _no_code(text: str, token: _Token) -> bool:
    """Whether a whole number is a measure, a year, or the number of a list item."""
    if token.mark in ("#", "+", "no", "no."):
        return False
    if _UNIT.match(text, token.end):
        return True
    if re.match(r"[.)]\s+\S", text[token.end : token.end + 4]) and _LIST_NUMBER.search(
        text[max(0, token.start - 8) : token.start]
    ):
        return True
    if len(token.digits) != 4 or token.digits[:2] not in ("19", "20"):
        return False
    return bool(_YEAR_BEFORE.search(text[max(0, token.end - 20) : token.end - 4]))


def _apart(found: list[tuple[int, int, str]]) -> list[Said]:
    """Sayings from left to right; of those that overlap, the first and longest."""
    said: list[Said] = []
    for start, end, value in sorted(set(found), key=lambda one: (one[0], -one[1], one[2])):
        if not said or start >= said[-1].end:
            said.append(Said(start, end, value))
    return said
