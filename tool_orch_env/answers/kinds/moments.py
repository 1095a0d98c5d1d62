"""Moments: a date and a time of day said near each other, in either order.

A clock goes with the nearest date of its sentence, then of its line, else with the last date before it: a heading
"Flights on 10 July 2013:" dates the lines below. Without any date before it, the date may be the one the request names.
"""

import re
from bisect import bisect_left, bisect_right
from datetime import date
from typing import ClassVar

from .base import Asked, Kind, Said
from .clocks import clock_forms, clocks, close, seconds_of
from .dates import Day, date_forms, date_of, days, resolved

_STOP = re.compile(r"\n|[.!?](?=\s)")
_APART = 120
"""A date and a clock further apart than so many characters are no one span: that of the clock is taken."""


class Moment(Kind):
    """A date-time, recorded as "2013-07-10T16:05:00Z". Its zone is not compared."""

    name: ClassVar[str] = "moment"

    def read(self, text: str, asked: Asked) -> list[Said]:
        said = clocks(text)
        if not said:
            return []
        wanted, dates = date_of(asked.value), days(text)
        starts, breaks = [day.start for day in dates], [match.start() for match in _STOP.finditer(text)]
        lines = [place for place in breaks if text[place] == "\n"]
        found: list[Said] = []
        for clock in said:
            day = _date_of_clock(clock, dates, starts, breaks, lines)
            named = _named(wanted, asked.request) if day is None else resolved(day, wanted, asked.request)
            start, end = clock.start, clock.end
            if day is not None and abs(day.start - clock.start) <= _APART and _alone(day, clock, said):
                start, end = min(start, day.start), max(end, day.end)
            if not found or start >= found[-1].end:
                found.append(Said(start, end, (named, clock.value)))
            else:
                found.append(Said(clock.start, clock.end, (named, clock.value)))
        return found

    def same(self, said: Said, asked: Asked) -> bool:
        day, clock = date_of(asked.value), seconds_of(asked.value)
        if day is None or clock is None:
            return False
        return said.value[0] == day.isoformat() and close(said.value[1], clock, asked.tolerance)

    def forms(self, asked: Asked) -> list[str]:
        day, clock = date_of(asked.value), seconds_of(asked.value)
        if day is None or clock is None:
            return [str(asked.value)]
        dates, times = date_forms(day, asked.request), clock_forms(clock)
        pairs = [(dates[i % len(dates)], times[i % len(times)]) for i in range(max(len(dates), len(times)))]
        forms = [str(asked.value), f"{day.isoformat()} {times[0]}", f"{dates[0]} at {times[1 % len(times)]}"]
        forms += [f"{d} at {t}" for d, t in pairs] + [f"{t} on {d}" for d, t in pairs[:6]]
        return list(dict.fromkeys(forms))


def _alone(day: Day, clock: Said, said: tuple[Said, ...]) -> bool:
    """Whether no other clock is between a date and its clock."""
    low, high = min(day.start, clock.start), max(day.end, clock.end)
    first = bisect_left(said, low, key=lambda other: other.start)
    return first + 1 >= len(said) or said[first + 1].start >= high or said[first].start >= high


def _date_of_clock(
    clock: Said, dates: tuple[Day, ...], starts: list[int], breaks: list[int], lines: list[int]
) -> Day | None:
    """The date that a clock goes with."""
    after = bisect_right(starts, clock.start)
    before = dates[after - 1] if after else None
    later = dates[after] if after < len(dates) else None
    near = [
        (_between(before.end, clock.start, breaks), clock.start - before.end, before) if before else None,
        (_between(clock.end, later.start, breaks), later.start - clock.end, later) if later else None,
    ]
    inside = [place for place in near if place is not None and place[0] == 0]
    if inside:
        return min(inside, key=lambda place: place[1])[2]
    same_line = [
        place
        for place in near
        if place and not _between(min(clock.end, place[2].end), max(clock.start, place[2].start), lines)
    ]
    if same_line:
        return same_line[0][2]
    return before


def _between(start: int, end: int, breaks: list[int]) -> int:
    """How many ends of sentences or lines there are between two places."""
    return bisect_left(breaks, end) - bisect_left(breaks, start)


def _named(wanted: date | None, request: str) -> str:
    """The date asked for, if the request names it."""
    if wanted and any(resolved(day, wanted, request) == wanted.isoformat() for day in days(request)):
        return wanted.isoformat()
    return "?"
