"""Spans of time: how long something took, and how late or early it was."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ..text import LONG
from . import units
from .base import Asked, Kind, Said
from .numerals import Numeral, numerals
from .plain import in_words, is_money, is_year_said, plainly
from .precision import is_stated, number_of

_MINUTES = {"s": 1 / 60, "min": 1.0, "h": 60.0, "day": 1440.0, "week": 10080.0}
"""Minutes in the units that spans are said in."""
_JOINT = re.compile(r",? (?:(?:and|&) )?|-?")
_AND_HALF = re.compile(r" and a half(?!\w)")
_PACKED = re.compile(
    r"(?:(\d{1,3})d)?(?:(\d{1,4})h(?:rs?)?)?(?:(\d{1,2})(?:m|min|mins)?)?(?:(\d{1,2})s(?:ec)?)?"
)
_ISO = re.compile(r"(?<!\w)p(?:(\d{1,3})d)?(?:t(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?)?(?!\w)")
_SPELLED = re.compile(
    r"(?<!\w)(?:(half) an? |(a quarter|quarter|three[- ]quarters) of an |an? )(hour|minute|day|week)(?!\w)"
    r"( and a half(?!\w))?"
)
_PER_HOUR = re.compile(
    r"(?<!\w)(?:km|kms|kilometers|kilometres|miles|knots|flights|times|once|twice|dollars|euros) $"
)
_CLOCK_UNIT = re.compile(r" ?(?:h|hrs?|hours?|hh:mm)(?!\w)")
_CLOCK_TITLE = re.compile(
    r"(?<!\w)(?:took|takes|lasted|lasts|duration|flight time|air time|travel time|flying time)"
    r"(?: (?:of|is|was))?[ :|]{0,3}$"
)


class Stretch(NamedTuple):
    """A span said: in minutes, with its sign as written. `bare` is true if no unit of time was said."""

    start: int
    end: int
    minutes: float
    slack: float
    bare: bool
    sign: str = ""


class Duration(Kind):
    """How long: hours and minutes in any form. The normal form is minutes.

    A number without a unit counts as said in the unit asked for, minutes if none is.
    """

    name = "duration"

    def read(self, text: str, asked: Asked) -> list[Said]:
        bare = _bare_minutes(asked)
        return [
            Said(s.start, s.end, *((s.minutes * bare, s.slack * bare) if s.bare else (s.minutes, s.slack)))
            for s in stretches(text)
        ]

    def same(self, said: Said, asked: Asked) -> bool:
        return is_stated(said, _in_minutes(asked), exact=False)

    def forms(self, asked: Asked) -> list[str]:
        value = number_of(_in_minutes(asked).value)
        if value is None:
            return []
        if value != int(value) or value < 60:
            number = plainly(int(value) if value == int(value) else value)
            return [f"{number} {noun}" for noun in ("minutes", "min", "mins")] + [
                f"{number}min",
                f"it took {number} minutes",
            ]
        hours, rest = divmod(int(value), 60)
        forms = [
            f"{hours} h {rest} min",
            f"{int(value)} minutes",
            f"{hours} hour{'s' * (hours != 1)} and {rest} minute{'s' * (rest != 1)}",
            f"{hours} hrs {rest} mins",
            f"{hours}h{rest:02d}",
            f"{hours}:{rest:02d} h",
        ]
        return [*forms, f"{hours} h {rest:02d}"]


class Delay(Kind):
    """How late, in minutes: early is negative, on time is zero."""

    name = "delay"

    def read(self, text: str, asked: Asked) -> list[Said]:
        bare = _bare_minutes(asked)
        found: list[Said] = []
        for stretch in stretches(text):
            found.append(_signed(text, stretch, bare, found[-1].end if found else 0))
        found += [Said(match.start(), match.end(), 0) for match in _ON_TIME.finditer(text)]
        return sorted(found)

    def same(self, said: Said, asked: Asked) -> bool:
        return is_stated(said, _in_minutes(asked))

    def forms(self, asked: Asked) -> list[str]:
        value = number_of(_in_minutes(asked).value)
        if value is None:
            return []
        if value == 0:
            return ["on time", "0 minutes", "no delay", "right on schedule", "punctual"]
        size = abs(int(value) if value == int(value) else value)
        number = plainly(size)
        noun = "minute" if size == 1 else "minutes"
        words = [f"{word} {noun}" for word in in_words(size)]
        if value < 0:
            forms = [f"{number} {noun} early", f"-{number} {noun}", f"{number} min ahead of schedule"]
            forms += [
                f"early by {number} {noun}",
                f"a delay of -{number}",
                *(f"{word} early" for word in words),
            ]
        else:
            forms = [f"{number} {noun} late", f"a delay of {number} {noun}", f"+{number} min"]
            forms += [f"late by {number} {noun}", *(f"{word} behind schedule" for word in words)]
        if isinstance(size, int) and size >= 60:
            side = "early" if value < 0 else "late"
            forms.append(f"{size // 60} hour{'s' * (size >= 120)} {size % 60} minutes {side}")
        return forms


_ON_TIME = re.compile(
    r"(?<!\w)(?:(?:right |exactly |precisely )?(?:on[- ]time(?! performance)|on schedule)"
    r"|(?:no|without|without any|zero) delays?|delays?: none|punctual(?:ly)?|not delayed"
    r"|neither early nor late|as scheduled)(?!\w)"
)
_AHEAD = (
    r"(?:early|ahead of(?= (?:its |the )?(?:scheduled|timetabled|planned)\b)|ahead(?! by)"
    r"|before (?:the |its |their )?(?:schedule|scheduled|planned|time|plan)|in advance|sooner|earlier)(?!\w)"
)
_EARLY_AFTER = re.compile(rf"[ ,(\[-]{{0,3}}(?:too )?{_AHEAD}")
_LATE_AFTER = re.compile(
    r"[ ,(\[-]{0,3}(?:too )?(?:late|later|behind|delayed?|overdue"
    r"|after (?:the |its |their )?(?:schedule|planned))(?!\w)"
)
_EARLY_BEFORE = re.compile(
    r"(?<!\w)(?:early|ahead(?: of (?:its |the )?(?:schedule|time|plan))?|earlier|earliness)"
    r"(?: (?:arrival|departure))?[ :(,=-]{0,3}(?:(?:by|of|was|is) )?(?:about |around |only |just )?$"
)


def _signed(text: str, stretch: Stretch, bare: float, taken: int) -> Said:
    """A span with the sign of the words around it; those before `taken` belong to another."""
    scale = bare if stretch.bare else 1.0
    minutes: float = stretch.minutes * scale
    if minutes == int(minutes):
        minutes = int(minutes)
    start, end = stretch.start, stretch.end
    early = _EARLY_AFTER.match(text, end)
    if early is not None:
        minutes, end = -abs(minutes), early.end()
    elif _LATE_AFTER.match(text, end) is None:
        before = _EARLY_BEFORE.search(text[max(taken, start - 48) : start])
        if before is not None and not stretch.sign:
            minutes = -abs(minutes)
    return Said(start, end, minutes, stretch.slack * scale)


def _bare_minutes(asked: Asked) -> float:
    """Minutes in the unit asked for."""
    unit = units.find(asked.unit) if asked.unit else None
    return _MINUTES.get(unit.name, 1.0) if unit is not None else 1.0


def _in_minutes(asked: Asked) -> Asked:
    value, scale = number_of(asked.value), _bare_minutes(asked)
    if value is None or scale == 1:
        return asked
    return asked._replace(value=value * scale, tolerance=asked.tolerance * scale)


def stretches(text: str) -> list[Stretch]:
    """The spans of time said in a folded text, and the numbers without a unit, from left to right."""
    return _remembered(text) if len(text) <= LONG else _stretches(text)


def _stretches(text: str) -> list[Stretch]:
    spelled = _spelled(text)
    found: list[Stretch] = []
    everything = numerals(text)
    index = 0
    while index < len(everything):
        index, stretch = _chain(text, everything, index)
        if stretch is not None:
            found.append(stretch)
    if not spelled:
        return found
    return sorted([*spelled, *_apart(found, spelled)])


def _apart(found: list[Stretch], spelled: list[Stretch]) -> Iterator[Stretch]:
    """Those of `found` that none of `spelled` covers; both are in order."""
    place = 0
    for stretch in found:
        while place < len(spelled) and spelled[place].end <= stretch.start:
            place += 1
        if place == len(spelled) or spelled[place].start >= stretch.end:
            yield stretch


def _chain(text: str, everything: tuple[Numeral, ...], index: int) -> tuple[int, Stretch | None]:
    """The span that begins with a numeral, over as many of the next as belong to it: "1 hour, 5 minutes"."""
    first = everything[index]
    index += 1
    if first.shape == "clock":
        return index, _clock(text, first)
    if first.shape == "code":
        return index, _packed(text, first)
    if first.shape != "number":
        return index, None
    found = _time_unit(text, first)
    if found is None:
        return index, _bare(text, first)
    scale, end = found
    minutes, slack = abs(first.value) * scale, first.slack * scale
    half = _AND_HALF.match(text, end)
    if half:
        minutes, end = minutes + scale / 2, half.end()
    while index < len(everything):
        part = _part(text, everything[index], end, scale)
        if part is None:
            break
        more, slack, end, scale = part
        minutes += more
        index += 1
    minutes = float(f"{minutes:.12g}")
    return index, Stretch(
        first.start, end, -minutes if first.sign == "-" else minutes, slack, False, first.sign
    )


def _part(text: str, numeral: Numeral, end: int, scale: float) -> tuple[float, float, int, float] | None:
    """The minutes of a smaller unit that follow: "25 min" after "2 h", or "25" alone; the slack, the end, the unit."""
    joint = _JOINT.match(text, end, numeral.start)
    if numeral.shape != "number" or numeral.sign or joint is None or joint.end() != numeral.start:
        return None
    found = _time_unit(text, numeral)
    if found is not None:
        smaller, after = found
        if smaller >= scale:
            return None
        return numeral.value * smaller, numeral.slack * smaller, after, smaller
    if scale != 60 or not 0 <= numeral.value < 60 or "," in joint[0] or isinstance(numeral.value, float):
        return None
    if not text[numeral.start : numeral.end].isdigit() or _followed(text, numeral.end):
        return None
    return numeral.value, 0.5, numeral.end, 1.0


def _followed(text: str, end: int) -> bool:
    """Whether a word that counts things follows a number: "2 h 25 flights"."""
    return units.after(text, end) is not None


def _time_unit(text: str, numeral: Numeral) -> tuple[float, int] | None:
    """Minutes in the unit of time that follows a numeral, and its end. "m" is minutes here."""
    found = units.after(text, numeral.end)
    if found is None:
        return None
    spelling, end = found
    if spelling == "m":
        return 1.0, end
    scale = _MINUTES.get(units.UNITS[spelling].name) if spelling in units.UNITS else None
    return (scale, end) if scale is not None else None


def _bare(text: str, numeral: Numeral) -> Stretch | None:
    """A number without a unit; none if another unit, a currency or a name says that it is no time."""
    if numeral.label or numeral.letter or is_money(text, numeral) or is_year_said(text, numeral):
        return None
    found = units.after(text, numeral.end)
    if found is not None and found[0] != "in":
        return None
    return Stretch(numeral.start, numeral.end, numeral.value, numeral.slack, True, numeral.sign)


def _clock(text: str, clock: Numeral) -> Stretch | None:
    """ "2:25 h", or "took 2:25"; any other clock is a time of day."""
    unit = _CLOCK_UNIT.match(text, clock.end)
    if unit is not None:
        return Stretch(clock.start, unit.end(), clock.value, clock.slack, False)
    if _CLOCK_TITLE.search(text[max(0, clock.start - 24) : clock.start]):
        return Stretch(clock.start, clock.end, clock.value, clock.slack, False)
    return None


def _packed(text: str, code: Numeral) -> Stretch | None:
    """ "2h25", "2h25m", "1d2h"."""
    match = _PACKED.fullmatch(text, code.start, code.end)
    if match is None or not (match[1] or match[2] or match[4] or text[code.end - 1].isalpha()):
        return None
    return Stretch(code.start, code.end, _sum(match), 0.5, False)


def _sum(match: "re.Match[str]") -> float:
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return days * 1440 + hours * 60 + minutes + seconds / 60


def _spelled(text: str) -> list[Stretch]:
    """Spans that begin with no numeral: "an hour and a half", "half an hour", "PT2H25M", and what follows them."""
    found: list[Stretch] = []
    for match in _SPELLED.finditer(text):
        if match[3] in ("day", "week") and not match[1]:
            continue  # "twice a day"
        if _PER_HOUR.search(text[max(0, match.start() - 12) : match.start()]):
            continue
        scale = {"hour": 60.0, "minute": 1.0, "day": 1440.0, "week": 10080.0}[match[3]]
        part = 0.5 if match[1] else 1.0
        if match[2]:
            part = 0.75 if match[2].startswith("three") else 0.25
        minutes = scale * (part + (0.5 if match[4] else 0.0))
        end = match.end()
        more = _more(text, end) if scale == 60 and part == 1 and not match[4] else None
        if more is not None:
            minutes, end = minutes + more[0], more[1]
        found.append(Stretch(match.start(), end, minutes, 0.5, False))
    found += [
        Stretch(match.start(), match.end(), _sum(match), 0.5, False)
        for match in _ISO.finditer(text)
        if any(match.groups())
    ]
    return sorted(found)


_MORE = re.compile(r",? (?:and )?([a-z0-9][a-z0-9-]{0,15} (?:minutes?|mins?))(?!\w)")


def _more(text: str, end: int) -> tuple[float, int] | None:
    """The minutes that follow "an hour": "and five minutes"."""
    match = _MORE.match(text, end)
    if match is None:
        return None
    numeral = next(iter(numerals(match[1])), None)
    if numeral is None or numeral.start or numeral.shape != "number":
        return (1.0, match.end()) if match[1].startswith("a ") else None
    return numeral.value, match.end()


_remembered = lru_cache(maxsize=64)(_stretches)
