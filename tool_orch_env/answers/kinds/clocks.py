"""Times of day: "19:01", "7.01 pm", "21h27", "0723 hours", "half past seven", "noon".

A clock in twelve hours without "am", "pm" or a part of the day next to it is read as it is written, in 24 hours. In a
range such as "7:01-7:55 PM" both clocks share the mark.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar

from ..text import LONG
from .base import Asked, Kind, Said
from .numerals import numerals

DAY = 86400
"""Seconds of a day."""
HOURS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905
        1,
    )
}
_MINUTES = {
    "half": 30,
    "quarter": 15,
    "five": 5,
    "ten": 10,
    "twenty": 20,
    "twenty-five": 25,
    "twenty five": 25,
}
_HOUR_WORDS = "|".join(HOURS)
_COUNTED = (
    r"(?:twenty[- ])?(?:one|two|three|four|five|six|seven|eight|nine)|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen|twenty"
)

_CLOCK = re.compile(
    rf"""(?<![\w:.,+$€£])(?:
      (?<!utc-)(?<!gmt-)(?<!utc\ -)(?<!gmt\ -)
      (?P<h>2[0-4]|[01]?\d)(?P<sep>[:.h]|\ ?h\ ?)(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)(?:\.\d{{1,9}})?)?(?!\d|:\d|[.,]\d)
      (?P<mer>\ ?[ap](?:\.\ ?m\.|m\b\.?|\.m\b))?
    | (?P<h1>1[0-2]|0?[1-9])\ ?(?P<mer1>[ap](?:\.\ ?m\.|m\b\.?|\.m\b))
    | (?P<h2>2[0-3]|[01]\d)(?P<m2>[0-5]\d)(?:\ ?(?:hours|hrs|hr|uhr|z|utc|local\ time)\b|(?P<mer2>\ ?[ap]\.?m\b\.?))
    | (?<=at\ )(?P<h3>0\d|1\d|2[0-3])(?P<m3>[0-5]\d)(?=[\s.,;)]|$)
    | (?P<h4>\d{{1,2}}|{_HOUR_WORDS})\ ?(?:o'?clock|uhr)\b
    | (?<!\d[ -])(?P<h6>1[0-2]|[1-9]|{_HOUR_WORDS})
      (?=\ (?:in\ the\ (?:(?:early|small)\ hours|morning|afternoon|evening)|at\ night)\b)
    | (?:a\ )?(?P<part>half|quarter|twenty[- ]five|twenty|ten|five|(?:[1-5]?\d|{_COUNTED})\ minutes?)
      \ (?P<way>past|after|to|before|till)\ (?P<h5>{_HOUR_WORDS}|1[0-2]|[1-9])(?![\w:]|[.,-]\d)
      (?P<mer5>\ ?[ap](?:\.\ ?m\.|m\b\.?|\.m\b))?
    | (?:12(?::00)?\ )?(?P<name>noon|midnight|midday)(?!\w)
    )""",
    re.VERBOSE,
)
_ISO = re.compile(
    r"(?<=\dt)(2[0-4]|[01]\d):?([0-5]\d)(?::?([0-5]\d)(?:\.\d{1,9})?)?(?:z|[+-]\d\d:?\d\d)?(?!\d)"
)
_BARE_HOUR = re.compile(
    r"\b(?:(?:opens?|closes?|closed|shuts?|starts?|left|leaves|landed|lands|arrived|arrives)(?: only| up| its doors)?"
    rf" (?:at|from|until|till)|until|till) (1[0-2]|[1-9]|{_HOUR_WORDS})"
    r"(?=[,;!?)\n]|\.(?!\d)|$| (?:and|but|while|already|sharp|on)\b)"
)
_AT_HOUR = re.compile(
    rf"\bat (?P<at>{_HOUR_WORDS}|1[0-2]|[1-9])(?=[,;!?)\n]|\.(?!\d)|$| (?:and|but|while|already|sharp|on|with)\b)"
    rf"|(?<![\w.:-])(?P<part>{_HOUR_WORDS}|1[0-2]|[1-9])"
    r"(?= (?:in the (?:(?:early|small) hours|morning|afternoon|evening)|at night)\b)"
)
_SPOKEN = re.compile(rf"[a-z0-9 -]* (?:past|after|to|before|till) (?:{_HOUR_WORDS}|1[0-2]|[1-9])")
_DURATION = re.compile(r"\ ?(?:h|hr|hrs|hours?|min|mins|minutes?)\b(?! local)")
_AT = re.compile(
    r"(?:\bat|\bby|\buntil|\btill|\bfrom|\bto|\bkl\.?|\bum|\bbefore|\bafter|\baround|\babout)\s+$"
)
_AT_OR_IS = re.compile(_AT.pattern + r"|\b(?:is|was|it's|and)\s+$")
_TOOK = re.compile(r"\b(?:took|takes?|lasts?|lasted|for|duration|duration of|total of|travel time)[:\s]+$")
_MEASURE = re.compile(
    r"\s?(?:[%€$£°]|(?:km|mi|miles?|m|metres?|meters?|ft|feet|euros?|eur|usd|dollars?|gbp|pounds?|points?|percent"
    r"|kg|million|billion|degrees?|inches|in\b(?=[.,)]|$)|mph|knots?)\b)"
)
_UHR = re.compile(r"\ ?(?:uhr|o'?clock|hrs\b|local time)")
_AFTER = re.compile(
    r"(?: o'?clock| uhr)?(?:,? \(?local(?: time)?\)?)?,?"
    r"(?: (?:in the|that|this|at|on (?:[a-z]+day|the same)|same|[a-z]+day))?"
    r" (?P<part>(?:early|small) hours|morning|afternoon|evening|night|tonight)\b"
)
_BEFORE = re.compile(
    r"\b(?P<part>morning|afternoon|evening|night|tonight)(?: of [\w ,]{1,20})?"
    r",?(?: (?:flight|departure|arrival|train))?(?: it)?"
    r"(?: (?:left|leaves|landed|lands|arrived|arrives|departed|departs))?(?: at| around| about|:)? $"
)
_JOINED = re.compile(r"\s?(?:-|to|and|until|till|or)\s?")


def clocks(text: str) -> tuple[Said, ...]:
    """Every clock said in a folded text; values are seconds of the day, -1 for one that contradicts itself."""
    return _remembered(text) if len(text) <= LONG else _clocks(text)


def _clocks(text: str) -> tuple[Said, ...]:
    moments = [
        Said(m.start(), m.end(), (int(m[1]) * 3600 + int(m[2]) * 60 + int(m[3] or 0)) % DAY)
        for m in _ISO.finditer(text)
    ]
    found: list[Said] = []
    last = 0
    open_end: tuple[int, int, int, int] | None = (
        None  # a clock without a mark: place in `found`, end, hour, seconds
    )
    for match in _CLOCK.finditer(text):
        while last < len(moments) and moments[last].end <= match.start():
            last += 1
        said = _said(text, match)
        if said is None or (last < len(moments) and moments[last].start < match.end()):
            continue
        value, mark, hour = said
        if open_end is not None and mark and _JOINED.fullmatch(text, open_end[1], match.start()):
            place, _, before, seconds = open_end
            first = found[place]
            shared = _with_mark(before, seconds, mark)
            if before <= 12 and (shared <= value or hour == 12):
                found[place] = first._replace(value=shared)
        found.append(Said(match.start(), match.end(), value % DAY if value >= 0 else -1))
        open_end = (
            None if mark or not 1 <= hour <= 12 else (len(found) - 1, match.end(), hour, value - hour * 3600)
        )
    return tuple(sorted(found + moments))


_remembered = lru_cache(maxsize=256)(_clocks)


def _said(text: str, match: "re.Match[str]") -> tuple[int, str, int] | None:
    """Seconds of the day, the mark ("a", "p" or "") and the hour as written; `None` for what is no clock."""
    if name := match["name"]:
        return (0 if name == "midnight" else DAY // 2), "-", 0
    start, end = match.span()
    if match["h"] is not None:
        hour, minute, second = int(match["h"]), int(match["m"]), int(match["s"] or 0)
        mark = (match["mer"] or "").strip()[:1]
        if hour == 24 and (minute or second):
            return None
        if not mark and not _is_clock(text, match):
            return None
    elif match["part"] is not None:
        hour = HOURS.get(match["h5"]) or int(match["h5"])
        some = (
            _MINUTES.get(match["part"])
            or _MINUTES.get(match["part"].replace("-", " "))
            or int(numerals(match["part"])[0].value)
        )
        minute = some if match["way"] in ("past", "after") else -some
        second, mark = 0, (match["mer5"] or "").strip()[:1]
    else:
        written = next(match[name] for name in ("h1", "h2", "h3", "h4", "h6") if match[name] is not None)
        if match["h6"] is not None and not _AT_OR_IS.search(text[max(0, start - 16) : start]):
            return None  # "2 in the morning" may be two of something
        hour = HOURS.get(written) or int(written)
        minute, second = int(match["m2"] or match["m3"] or 0), 0
        mark = (match["mer1"] or match["mer2"] or "").strip()[:1]
        if hour > 24:
            return None
    mark = mark or _part_of_day(text, start, end, hour)
    return _with_mark(hour, minute * 60 + second, mark), mark, hour


def _is_clock(text: str, match: "re.Match[str]") -> bool:
    """Whether digits with a separator and without "am" or "pm" are a clock: no duration, decimal or measure."""
    start, end = match.span()
    before = text[max(0, start - 16) : start]
    separator = match["sep"].strip()
    if separator == ".":
        if _UHR.match(text, end):
            return True
        return _AT.search(before) is not None and not _MEASURE.match(text, end)
    if separator == "h":
        return not re.match(r" ?m(?:in)?", text[end : end + 4]) and not _TOOK.search(before)
    return not _DURATION.match(text, end) or before.endswith("at ")


def _part_of_day(text: str, start: int, end: int, hour: int) -> str:
    """The mark that a part of the day next to a clock stands for."""
    if hour > 12:
        return ""
    match = _AFTER.match(text, end, min(len(text), end + 48)) or _BEFORE.search(
        text[max(0, start - 64) : start]
    )
    if match is None:
        return ""
    part = match["part"]
    if part == "morning" or part.endswith("hours"):
        return "a"
    if part == "night":
        return "p" if 6 <= hour <= 11 else "a"
    return "p"


def _with_mark(hour: int, seconds: int, mark: str) -> int:
    """Seconds of the day; -1 if mark and hour contradict each other, such as "19:55 AM"."""
    if mark == "a":
        return -1 if hour > 12 else (hour % 12) * 3600 + seconds
    if mark == "p" and hour <= 12:
        return (hour % 12 + 12) * 3600 + seconds
    return (hour * 3600 + seconds) % DAY


_VALUE = re.compile(r"(?:\d{4}-\d\d-\d\dt)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?")


def seconds_of(value: object) -> int | None:
    """A recorded clock, "19:01" or "19:01:00", or the one of a date-time, as seconds of the day; `None` otherwise."""
    match = _VALUE.fullmatch(str(value).strip().lower())
    if match is None or int(match[1]) > 24 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return None
    return (int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)) % DAY


def close(said: int, asked: int, tolerance: float) -> bool:
    """Whether two times of day agree, within `tolerance` minutes; seconds count only where both have them."""
    if said < 0:
        return False
    if not (said % 60 and asked % 60):
        said, asked = said - said % 60, asked - asked % 60
    apart = abs(said - asked)
    return min(apart, DAY - apart) <= tolerance * 60


class Clock(Kind):
    """A time of day, recorded as "19:01" or "19:01:00"."""

    name: ClassVar[str] = "clock"

    def read(self, text: str, asked: Asked) -> list[Said]:
        known = [_in_half(text, said, asked) for said in clocks(text)]
        taken = {place for said in known for place in range(said.start, said.end)}
        bare = {said.start: said for said in _bare(text, asked) if said.start not in taken}
        return sorted((*known, *bare.values()))

    def same(self, said: Said, asked: Asked) -> bool:
        wanted = seconds_of(asked.value)
        return wanted is not None and close(said.value, wanted, asked.tolerance)

    def forms(self, asked: Asked) -> list[str]:
        wanted = seconds_of(asked.value)
        return [str(asked.value)] if wanted is None else clock_forms(wanted)


def _bare(text: str, asked: Asked) -> Iterator[Said]:
    """Hours without minutes or a mark: "it opens at 8". The half of the day is that of the clock asked for, if the hour
    is its own."""
    wanted = seconds_of(asked.value)
    for match in (*_BARE_HOUR.finditer(text), *_AT_HOUR.finditer(text)):
        hour = match.group(match.lastindex or 1)
        start, end = match.span(match.lastindex or 1)
        value = (HOURS.get(hour) or int(hour)) * 3600
        if (
            match.lastgroup == "part"
        ):  # "2 in the morning" may be two of something, unless it is what is asked
            value = _with_mark(value // 3600, 0, _part_of_day(text, start, end, value // 3600))
            if value != wanted:
                continue
        half = wanted is not None and (wanted - value) % (DAY // 2) == 0
        yield Said(start, end, wanted if half and wanted is not None else value % DAY)


def _in_half(text: str, said: Said, asked: Asked) -> Said:
    """ "Ten past seven", without a part of the day, is in the half of the day that is asked for."""
    wanted = seconds_of(asked.value)
    if wanted is None or said.value < 0 or (wanted - said.value) % (DAY // 2) or said.value == wanted:
        return said
    spoken = _SPOKEN.fullmatch(text, said.start, said.end) is not None
    hour = said.value // 3600 % 12 or 12
    return (
        said._replace(value=wanted) if spoken and not _part_of_day(text, said.start, said.end, hour) else said
    )


def clock_forms(seconds: int) -> list[str]:
    """A time of day, as people write it."""
    hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    tail = f":{second:02d}" if second else ""
    twelve, mark = hour % 12 or 12, "AM" if hour < 12 else "PM"
    dotted = f"{mark[0].lower()}.m."
    forms = [
        f"{hour:02d}:{minute:02d}{tail}",
        f"{twelve}:{minute:02d}{tail} {mark}",
        f"{twelve}:{minute:02d}{tail} {dotted}",
        f"{hour}:{minute:02d}{tail}",
        f"{twelve:02d}:{minute:02d}{tail}{mark.lower()}",
    ]
    if not second:
        forms += [
            f"{hour:02d}{minute:02d} hours",
            f"{hour:02d}h{minute:02d}",
            f"{twelve}.{minute:02d} {mark.lower()}",
        ]
        part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
        if twelve != 12:
            forms.append(f"{twelve}:{minute:02d} in the {part}")
    if not second and not minute:
        forms += [f"{twelve} {mark.lower()}"]
        forms += ["noon"] if hour == 12 else ["midnight"] if hour == 0 else []
    return forms
