"""Dates and weekdays: "2013-11-11", "11 November 2013", "Monday, November 11", "11/11/2013".

A date without a year takes one that the request names; without such a request it states no date. Figures that may be
day and month or month and day are both. A weekday next to a date that falls on another day contradicts it.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import ClassVar, NamedTuple

from ..text import LONG
from .base import Asked, Kind, Said

MONTHS = tuple(
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
WEEKDAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())  # noqa: SIM905
_MONTH_OF = {
    **{name: number for number, name in enumerate(MONTHS, 1)},
    **{name[:3]: number for number, name in enumerate(MONTHS, 1)},
    "sept": 9,
}
_DAY_OF = {
    **{name: number for number, name in enumerate(WEEKDAYS)},
    **{name[:3]: number for number, name in enumerate(WEEKDAYS)},
    **{"tues": 1, "weds": 2, "thur": 3, "thurs": 3},
}
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = "(?:mon|tues?|wed(?:s|nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_YEAR = r"(?:,?[ ]?(?:(?:of|in)[ ])?|[-/.])"

_DATE = re.compile(
    rf"""(?<![\w/])(?:
      (?<![\d]-)(?<!\d\.)(?P<y1>[12]\d{{3}})(?P<s1>[-/.])(?P<m1>0?[1-9]|1[0-2])(?P=s1)
      (?P<d1>3[01]|[12]\d|0?[1-9])(?!\d|[-/.]\d)
    | (?<![\d]-)(?<!\d\.)(?P<a>\d{{1,2}})(?P<s2>[./-])\ ?(?P<b>\d{{1,2}})(?P=s2)\ ?
      (?P<y2>[12]\d{{3}}|\d{{2}})(?![\w]|[-/.]\d|%)
    | (?P<d3>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|\.)?[ -]?(?:day\ )?(?:of\ )?(?P<m3>{_MONTH})(?![^\W\d_])\.?
      (?:{_YEAR}(?P<y3>[12]\d{{3}})(?!\d|:\d|[.,]\d))?
    | (?P<m4>{_MONTH})(?![^\W\d_])\.?[ -]?(?:the\ )?
      (?P<d4>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?![\w:]|[.,]\d)
      (?:{_YEAR}(?P<y4>[12]\d{{3}})(?!\d|:\d|[.,]\d))?
    )""",
    re.VERBOSE,
)
_LEFT = re.compile(rf"\b(?P<day>{_WEEKDAY})\.?(?:,? ?\(?)(?:the |on the )?$")
_RIGHT = re.compile(
    rf"(?:,| -)? ?\(?(?:(?:which )?(?:is|was|fell on|falls on|being) )?(?:a )?(?P<day>{_WEEKDAY})\b"
    rf"\.?(?!,? (?:the )?(?:\d|{_MONTH}))"
)
_DAYS = re.compile(rf"(?<![^\W_])(?P<day>{_WEEKDAY})(?P<s>s)?(?![^\W_])")
_YEARS = re.compile(r"(?<!\d)([12]\d{3})(?!\d)")
_NEAR = 24
_MORE = re.compile(
    r"\s?(?:-|and|&|to|,|or)\s?(?:the )?(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?![\w:/-]|[.,]\d)"
    r"(?:,? ?([12]\d{3})(?![\d:]))?"
)
"""A second day of a month: "November 28 and 29, 2013"."""
_FEWER = re.compile(
    r"(?<![\w:./,-])(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|\.)?\s?(?:-|and|&|to|or)\s?(?:the )?$"
)
"""A first day: "28-29 November 2013"."""
_ORDINAL = re.compile(
    r"\b(?:the |on )(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)(?!\w|-)"
    r"(?=[,.;:!?)\n]|$| (?:is|was|and|or|would|works?|it|for|then)\b| [a-z]+day\b)"
)
_MONTHS = re.compile(rf"\b{_MONTH}\b")
_ROW = re.compile(
    r"(?P<days>(?:\d{1,2}(?:st|nd|rd|th)?(?:, | and | or |, and |, or ))+\d{1,2}(?:st|nd|rd|th)?)"
    rf" (?P<month>{_MONTH})\b"
)
_INHERIT = re.compile(r"\s?(?:-|to|and|or|until|through|,|&)\s?(?:on |the )?")


class Day(NamedTuple):
    """A date as said: every possible (month, day), its year or `None`, and the weekday said with it or -1."""

    start: int
    end: int
    days: tuple[tuple[int, int], ...]
    year: int | None
    weekday: int


def days(text: str) -> tuple[Day, ...]:
    """Every date said in a folded text."""
    return _remembered(text) if len(text) <= LONG else _days(text)


def _days(text: str) -> tuple[Day, ...]:
    found: list[Day] = []
    for match in _DATE.finditer(text):
        parts = _parts(match)
        if parts is None:
            continue
        possible, year = parts
        start, end = match.span()
        left = _LEFT.search(text, max(found[-1].end if found else 0, start - _NEAR), start)
        weekday = -1
        if left:
            start, weekday = left.start(), day_number(left["day"])
        elif right := _RIGHT.match(text, end, end + 2 * _NEAR):
            weekday = day_number(right["day"])
        if (
            found
            and year is not None
            and found[-1].year is None
            and _INHERIT.fullmatch(text, found[-1].end, start)
        ):
            found[-1] = found[-1]._replace(year=year)
        if match["d3"] and (
            first := _FEWER.search(text, max(found[-1].end if found else 0, start - _NEAR), start)
        ):
            found.append(Day(first.start(), first.end(1), ((possible[0][0], int(first[1])),), year, -1))
        found.append(Day(start, end, possible, year, weekday))
        if match["d4"] and year is None and (more := _MORE.match(text, end)):
            year = int(more[2]) if more[2] else None
            found[-1] = found[-1]._replace(year=year)
            found.append(Day(more.start(1), more.end(), ((possible[0][0], int(more[1])),), year, -1))
    return tuple(found)


_remembered = lru_cache(maxsize=256)(_days)


def _parts(match: "re.Match[str]") -> tuple[tuple[tuple[int, int], ...], int | None] | None:
    """The possible (month, day) and the year of a match."""
    if match["y1"]:
        return ((int(match["m1"]), int(match["d1"])),), int(match["y1"])
    if match["a"]:
        first, second, year = int(match["a"]), int(match["b"]), int(match["y2"])
        if len(match["y2"]) == 2:
            year += 2000 if year < 70 else 1900
        both = {(second, first), (first, second)} if match["s2"] != "." else {(second, first)}
        possible = tuple(sorted((m, d) for m, d in both if 1 <= m <= 12 and 1 <= d <= 31))
        return (possible, year) if possible else None
    month, day, written = (
        (match["m3"] or match["m4"]),
        (match["d3"] or match["d4"]),
        (match["y3"] or match["y4"]),
    )
    return ((_MONTH_OF[month] if month in _MONTH_OF else _MONTH_OF[month[:3]], int(day)),), int(
        written
    ) if written else None


def day_number(name: str) -> int:
    """Monday is 0; -1 for no weekday."""
    return _DAY_OF.get(name.strip(".").removesuffix("s") if name.endswith("days") else name.strip("."), -1)


@lru_cache(maxsize=512)
def years(request: str) -> frozenset[int]:
    """The years that a request names."""
    return frozenset(int(year) for year in _YEARS.findall(request))


def resolved(day: Day, wanted: date | None, request: str) -> str:
    """The date said, in ISO form: the one asked for if it may be that, else the first it may be.

    "?" stands for a missing year. A weekday decides between the dates that the digits may be, and is otherwise a saying
    of its own.
    """
    if day.year is not None:
        known: tuple[int, ...] = (day.year,)
    else:
        named = years(request)
        known = (wanted.year,) if wanted and wanted.year in named else tuple(sorted(named))
    options = [(year, month, number) for year in known for month, number in day.days]
    fitting = [option for option in options if day.weekday < 0 or _weekday(*option) == day.weekday]
    possible = fitting or options
    if wanted and (wanted.year, wanted.month, wanted.day) in possible:
        return wanted.isoformat()
    if possible:
        year, month, number = possible[0]
        return f"{year:04d}-{month:02d}-{number:02d}"
    return f"?-{day.days[0][0]:02d}-{day.days[0][1]:02d}"


@lru_cache(maxsize=1024)
def _weekday(year: int, month: int, day: int) -> int:
    try:
        return date(year, month, day).weekday()
    except ValueError:
        return -1


def date_of(value: object) -> date | None:
    """A recorded date, or the one of a date-time; `None` otherwise."""
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None


class Date(Kind):
    """A date, recorded as "2013-11-11"."""

    name: ClassVar[str] = "date"

    def read(self, text: str, asked: Asked) -> list[Said]:
        wanted = date_of(asked.value)
        said = [Said(day.start, day.end, resolved(day, wanted, asked.request)) for day in days(text)]
        return sorted((*said, *_of_the_month(text, wanted, said, asked.request)))

    def same(self, said: Said, asked: Asked) -> bool:
        wanted = date_of(asked.value)
        return wanted is not None and bool(said.value == wanted.isoformat())

    def forms(self, asked: Asked) -> list[str]:
        wanted = date_of(asked.value)
        return [str(asked.value)] if wanted is None else date_forms(wanted, asked.request)


def _of_the_month(text: str, wanted: date | None, said: list[Said], request: str) -> Iterator[Said]:
    """ "The 9th" alone, where the request names one day of that number, or else one month: that of the date asked."""
    ordinals = list(_ORDINAL.finditer(text))
    if not ordinals or wanted is None or wanted.year not in years(request):
        return
    named = {possible for day in days(request) for possible in day.days} | _said_in_row(request)
    months = {month for month, _ in named} | {_MONTH_OF[match[0][:3]] for match in _MONTHS.finditer(request)}
    taken = {place for one in said for place in range(one.start, one.end)}
    for match in ordinals:
        day = int(match[1])
        possible = {month for month, number in named if number == day} or months
        if match.start(1) not in taken and possible == {wanted.month}:
            yield Said(match.start(1), match.end(), f"{wanted.year:04d}-{wanted.month:02d}-{day:02d}")


def _said_in_row(request: str) -> set[tuple[int, int]]:
    """The days of "2, 4 and 10 June"."""
    found = set()
    for match in _ROW.finditer(request):
        month = _MONTH_OF[match["month"][:3]]
        found |= {(month, int(day)) for day in re.findall(r"\d{1,2}", match["days"]) if 0 < int(day) < 32}
    return found


def date_forms(day: date, request: str = "") -> list[str]:
    """A date, as people write it; without its year too if the request names that."""
    name = MONTHS[day.month - 1].capitalize()
    suffix = "th" if 10 <= day.day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    weekday, year = WEEKDAYS[day.weekday()].capitalize(), f"{day.year:04d}"
    forms = [
        day.isoformat(),
        f"{day.day} {name} {year}",
        f"{name} {day.day}, {year}",
        f"{name} {day.day}{suffix}, {year}",
        f"the {day.day}{suffix} of {name} {year}",
        f"{weekday}, {day.day} {name} {year}",
        f"{weekday}, {name} {day.day}, {year}",
        f"{name[:3]} {day.day}, {year}",
        f"{day.day:02d}.{day.month:02d}.{year}",
        f"{day.month:02d}/{day.day:02d}/{year}",
        f"{day.day:02d}/{day.month:02d}/{year}",
        f"{year}/{day.month:02d}/{day.day:02d}",
    ]
    if day.year < 1000:
        forms = forms[:1]
    if day.year in years(request):
        forms += [
            f"{name} {day.day}",
            f"{day.day} {name}",
            f"{weekday}, {name} {day.day}",
            f"{name} {day.day}{suffix}",
        ]
    return forms


_COMMON = frozenset("sun sat wed mon".split())  # noqa: SIM905
_WORD_LEFT = re.compile(r"\b(?:the|in|he|she|it|they|we|i|you|that|who|cat|full|hot|rising|setting|newly) $")
_WORD_RIGHT = re.compile(
    r" (?:down|on|in|at|for|and|was|is|are|were|rose|sets|rises|set|shines|the|next|by|his|her|a)\b"
)


class Weekday(Kind):
    """A day of the week, recorded as "Tuesday"."""

    name: ClassVar[str] = "weekday"

    def read(self, text: str, asked: Asked) -> list[Said]:
        found = []
        for match in _DAYS.finditer(text):
            day = day_number(match["day"])
            if day < 0 or (match["s"] and not match["day"].endswith("day")):
                continue
            start, end = match.span()
            if match["day"] in _COMMON and (
                _WORD_LEFT.search(text, max(0, start - 10), start) or _WORD_RIGHT.match(text, end)
            ):
                continue
            found.append(Said(start, end, WEEKDAYS[day]))
        return found

    def same(self, said: Said, asked: Asked) -> bool:
        return bool(said.value == WEEKDAYS[day]) if (day := _day_of(asked.value)) >= 0 else False

    def forms(self, asked: Asked) -> list[str]:
        day = _day_of(asked.value)
        if day < 0:
            return [str(asked.value)]
        name = WEEKDAYS[day].capitalize()
        return [name, f"a {name}", name[:3] + ".", name.upper(), f"{name}s"]


def _day_of(value: object) -> int:
    """The number of a recorded weekday: a name, or the one of a date."""
    found = day_number(str(value).strip().lower())
    if found < 0 and (wanted := date_of(value)):
        return wanted.weekday()
    return found
