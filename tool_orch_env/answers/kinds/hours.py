"""Opening hours: OSM's syntax and what people write, compared as weeks.

Both are read by the same rules: days, or a range or list of them, with times, "closed" or "24 hours" next to them. A
week is seven tuples of (opens, closes) in minutes; one that closes after midnight closes past 1440. Days that are not
said are closed. Values with months, weeks, comments or open ends are compared as text.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar, NamedTuple

from ..text import LONG, fold, folded
from .base import Asked, Kind, Said
from .dates import WEEKDAYS, day_number

Times = tuple[tuple[int, int], ...]
Week = tuple[Times, ...]
ALL_DAY: Times = ((0, 1440),)
OSM_DAYS = tuple("Mo Tu We Th Fr Sa Su".split())  # noqa: SIM905

_NAME = (
    r"(?:mo(?:n(?:day)?)?|tu(?:es?(?:day)?)?|we(?:d(?:s|nesday)?)?|th(?:u(?:rs?(?:day)?)?)?|fr(?:i(?:day)?)?"
    r"|sa(?:t(?:urday)?)?|su(?:n(?:day)?)?)"
)
_TIME = r"(?:\d{1,2}(?:[:.h]\d{2})?(?: ?[ap]\.? ?m\b\.?| ?uhr| ?h\b)?|noon|midnight|midday)"
_TOKEN = re.compile(
    rf"(?<![\w])(?:(?P<first>{_NAME})(?:(?<=day)s|\.)?"
    rf"(?: ?(?:-|to|through|thru|until|till|bis) ?(?P<last>{_NAME})(?:(?<=day)s|\.)?)?(?![^\W\d_])"
    r"|(?P<set>weekdays?|working days|weekends?|daily|every ?day|each day"
    r"|all week|all days|(?:seven|7) days(?: a| per)? week"
    r"|every day of the week|(?:public )?holidays|ph|sh)(?![^\W\d_])"
    r"|(?P<all>24 ?/ ?7|(?:open )?24[ -]?(?:hours?|h)(?: a day)?"
    r"|around the clock|round the clock|all day|open all hours)(?!\w)"
    rf"|(?:from |between )?(?<!\d-)(?P<opens>{_TIME}) ?"
    rf"(?:-|to|until|till|through|and (?:it )?closes at|bis|and) ?(?P<closes>{_TIME})"
    r"(?![\w:]|\.\d|\+| ?(?:km|m|eur|usd|euros?|min|minutes)\b)"
    r"|(?P<closed>closed|not open|isn't open|doesn't open|shut|off)(?!\w))"
)
_PARTS = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(?: ?([ap])\.? ?m\b\.?)?")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FILLER = frozenset(
    "open opens opening hours hour from on is are it the its and also while but with to until between at local time"  # noqa: SIM905
    " times every each other rest of during remains stays closed closes schedule uhr day days as for all in morning"
    " afternoon evening then again only they both that s".split()
)
_FAR = 48
_LABEL = re.compile(r"[;.,\n] *\"?(?:opening[ _]hours|hours|open)[\w ]*\"?:\s")
"""Other hours begin: "; opening hours 2: "."""
_MOST = 24
_CUE = re.compile(r"\b(?:open|opens|opening|hours|opening_hours)\b[\w :\"']{0,24}$")
_DAYS_BEHIND = re.compile(rf" (?:on |every )?(?:{_NAME}\b|weekdays?|weekends?|daily|every ?day|each day)")
_UNSUPPORTED = re.compile(
    r"[\"'\[\]]|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|week"
    r"|easter|sunrise|sunset|dawn|dusk)|\+|-\s*(?:[,;]|$)|unknown"
)


class _Token(NamedTuple):
    start: int
    end: int
    days: tuple[int, ...] | None
    times: Times | None
    closed: bool = False


def week_of(value: str) -> Week | None:
    """A recorded value as a week; `None` if it is not of the grammar that is read."""
    plain = fold(value).text.strip()
    if not plain or _UNSUPPORTED.search(plain):
        return None
    rest, last = [], 0
    tokens = _tokens(plain)
    for token in tokens:
        rest.append(plain[last : token.start])
        last = token.end
    rest.append(plain[last:])
    if _WORD.search(" ".join(rest)) or re.search(r"\d", " ".join(rest)):
        return None
    week: dict[int, Times] = {}
    for rule in _rules(plain, tokens):
        week.update(_assigned(rule))
    return _week(week) if week else None


_week_of = lru_cache(maxsize=1024)(week_of)


def _rules(text: str, tokens: list[_Token]) -> list[list[_Token]]:
    """Tokens by rule: after ";" a rule replaces the days of those before it."""
    rules: list[list[_Token]] = [[]]
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and ";" in text[before.end : token.start]:
            rules.append([])
        rules[-1].append(token)
    return rules


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match["first"]:
            found.append(_Token(start, end, _days(match["first"], match["last"]), None))
        elif name := match["set"]:
            found.append(_Token(start, end, _set(name), None))
        elif match["all"]:
            always = match["all"].startswith("24") and "7" in match["all"]
            if always:
                found.append(_Token(start, start, tuple(range(7)), None))
            found.append(_Token(start, end, None, ALL_DAY))
        elif match["closed"]:
            found.append(_Token(start, end, None, (), closed=True))
        elif (times := _times(match["opens"], match["closes"])) is not None:
            bare = match["opens"].isdigit() and match["closes"].isdigit()
            if not bare or _beside_days(text, start, end, found):
                found.append(_Token(start, end, None, (times,)))
    return found


def _beside_days(text: str, start: int, end: int, before: list[_Token]) -> bool:
    """Whether days or "open" stand next to a range of bare numbers: else "14-20" is a house number."""
    if before and start - before[-1].end <= 8 and ";" not in text[before[-1].end : start]:
        return True
    if _CUE.search(text, max(0, start - 40), start) is not None:
        return True
    return _DAYS_BEHIND.match(text, end) is not None


def _days(first: str, last: str | None) -> tuple[int, ...]:
    begin = day_number(_long(first))
    if last is None:
        return (begin,)
    end = day_number(_long(last))
    return tuple((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _long(name: str) -> str:
    return next(day for day in WEEKDAYS if day.startswith(name[:2]))


def _set(name: str) -> tuple[int, ...]:
    if name.startswith(("weekday", "working")):
        return (0, 1, 2, 3, 4)
    if name.startswith("weekend"):
        return (5, 6)
    return () if "holiday" in name or name in ("ph", "sh") else tuple(range(7))


def _times(opens: str, closes: str) -> tuple[int, int] | None:
    """A range as minutes; a mark is shared ("9-5 pm"), and hours without minutes or mark may be of twelve ("9-5")."""
    first, last = _clock(opens), _clock(closes)
    if first is None or last is None:
        return None
    (begin, mark, exact), (end, end_mark, end_exact) = first, last
    if not mark and end_mark and begin <= 720:
        same = begin % 720 + (720 if end_mark == "p" else 0)
        if same < end:
            begin = same
    if mark and not end_mark and not end_exact and end <= 720 and end <= begin:
        end = end % 720 + 720
    if not mark and not end_mark and not end_exact and not exact and end <= begin < 720:
        end += 720
    if end <= begin:
        end += 1440
    return begin, end


def _clock(text: str) -> tuple[int, str, bool] | None:
    """Minutes of the day, the mark ("a", "p", ""), and whether the hour is surely of 24."""
    if text in ("noon", "midday", "midnight"):
        return (0 if text == "midnight" else 720), "n", True
    match = _PARTS.match(text)
    if match is None:
        return None
    hour, minute, mark = int(match[1]), int(match[2] or 0), match[3] or ""
    if hour > 28 or minute > 59:
        return None
    if mark and hour <= 12:
        return hour % 12 * 60 + minute + (720 if mark == "p" else 0), mark, True
    return (
        hour * 60 + minute,
        "",
        len(match[1]) == 2 and (hour > 12 or match[1][0] == "0" or match[2] is not None),
    )


def _assigned(tokens: list[_Token]) -> dict[int, Times]:
    """The times of each day in a rule or a block of text."""
    week: dict[int, Times] = {}
    pending: list[int] = []  # days that wait for times
    waiting: Times | None = None  # times that wait for days
    latest: list[int] = []  # days that got the last times
    times_first = bool(tokens) and bool(tokens[0].times) and any(token.days is not None for token in tokens)
    for place, token in enumerate(tokens):
        if token.days is not None:
            if waiting is not None:
                latest = list(token.days)
                _put(week, latest, waiting)
                if not _more_days(tokens, place):
                    waiting = None
            else:
                if latest and not pending:
                    latest = []
                pending += token.days or (-1,)
        elif token.times is not None:
            if pending:
                _put(week, pending, token.times)
                latest, pending = pending, []
            elif token.closed or times_first:
                waiting = () if token.closed else _joined(waiting or (), token.times)
            elif latest:
                _put(week, latest, token.times)
            else:
                waiting = _joined(waiting or (), token.times)
    if waiting and not week:
        _put(week, list(range(7)), waiting)
    week.pop(-1, None)
    return week


def _more_days(tokens: list[_Token], place: int) -> bool:
    return place + 1 < len(tokens) and tokens[place + 1].days is not None


def _put(week: dict[int, Times], days: list[int], times: Times) -> None:
    for day in days:
        said = week.get(day, ())
        week[day] = _joined(said, times)


def _joined(said: Times, more: Times) -> Times:
    """Times of one day, each once, and not more than any shop has."""
    if len(said) >= _MOST:
        return said
    return said + tuple(time for time in more if time not in said)


def _week(week: dict[int, Times]) -> Week:
    return tuple(_merged(week.get(day, ())) for day in range(7))


def _merged(times: Times) -> Times:
    """Times in order, those that touch or overlap joined."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(times):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


def _blocks(text: str) -> list[list[_Token]]:
    """Runs of tokens with little but filling between them; a day said again, after other words, starts another."""
    blocks: list[list[_Token]] = []
    seen: set[int] = set()
    for token in _tokens(text):
        if blocks:
            gap = text[blocks[-1][-1].end : token.start]
            foreign = any(word not in _FILLER for word in _WORD.findall(gap))
            again = token.days is not None and not seen.isdisjoint(token.days)
            if (
                len(gap) <= _FAR
                and not _LABEL.search(gap)
                and not (foreign and (again or len(gap) > _FAR // 2))
                and not (again and "\n" in gap)
            ):
                blocks[-1].append(token)
                seen.update(token.days or ())
                continue
        blocks.append([token])
        seen = set(token.days or ())
    return blocks


def weeks(text: str) -> tuple[Said, ...]:
    """Every week of opening hours said in a folded text."""
    return _remembered(text) if len(text) <= LONG else _weeks(text)


def _weeks(text: str) -> tuple[Said, ...]:
    found = []
    for block in _blocks(text):
        start, end = block[0].start, block[-1].end
        if not any(token.times is not None for token in block):
            continue
        cued = _CUE.search(text, max(0, start - _FAR), start) or text.startswith("open", start)
        if not cued and not any(token.days for token in block):
            continue
        week: dict[int, Times] = {}
        for rule in _rules(text, block):
            week.update(_assigned(rule))
        if week:
            found.append(Said(start, end, _week(week)))
    return tuple(found)


_remembered = lru_cache(maxsize=256)(_weeks)


class Hours(Kind):
    """Opening hours in OSM's syntax: "Mo-Fr 09:00-21:00; Sa 09:00-19:00", "24/7"."""

    name: ClassVar[str] = "hours"

    def read(self, text: str, asked: Asked) -> list[Said]:
        if _week_of(str(asked.value)) is None:
            wanted = folded(str(asked.value))
            return (
                [Said(m.start(), m.end(), wanted) for m in _literal(wanted).finditer(text)] if wanted else []
            )
        return list(weeks(text))

    def same(self, said: Said, asked: Asked) -> bool:
        week = _week_of(str(asked.value))
        return bool(said.value == (folded(str(asked.value)) if week is None else week))

    def forms(self, asked: Asked) -> list[str]:
        value = str(asked.value)
        week = _week_of(value)
        if week is None:
            return [value]
        if all(times == ALL_DAY for times in week):
            forms = [value, "open 24 hours a day, every day", "24/7", "daily, around the clock"]
        else:
            groups = _groups(week)
            forms = [
                value,
                "; ".join(f"{_span(days, OSM_DAYS, '-')} {_written(times, _24)}" for days, times in groups),
                ", ".join(f"{_span(days, _LONG, ' to ')} {_written(times, _12)}" for days, times in groups),
                "\n".join(
                    f"- {_span(days, _LONG, '–')}: {_written(times, _24, '–')}" for days, times in groups
                ),
                "\n".join(
                    f"| {_LONG[day]} | {_written(week[day], _24, '–') or 'closed'} |" for day in range(7)
                ),
            ]
        return [form for form in dict.fromkeys(forms) if self._states(form, asked)] or [value]

    def _states(self, form: str, asked: Asked) -> bool:
        return any(self.same(said, asked) for said in self.read(fold(form).text, asked))


_LONG = tuple(day.capitalize() for day in WEEKDAYS)


@lru_cache(maxsize=256)
def _literal(text: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, text.split())) + r"(?!\w)")


def _groups(week: Week) -> list[tuple[list[int], Times]]:
    """Days in a row with the same times, without closed ones."""
    groups: list[tuple[list[int], Times]] = []
    for day, times in enumerate(week):
        if times and groups and groups[-1][1] == times and groups[-1][0][-1] == day - 1:
            groups[-1][0].append(day)
        elif times:
            groups.append(([day], times))
    return groups


def _span(days: list[int], names: tuple[str, ...], dash: str) -> str:
    return names[days[0]] + (dash + names[days[-1]] if len(days) > 1 else "")


def _written(times: Times, write: Callable[[int], str], dash: str = "-") -> str:
    return ", ".join(f"{write(begin)}{dash}{write(end)}" for begin, end in times)


def _24(minutes: int) -> str:
    return "24:00" if minutes == 1440 else f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _12(minutes: int) -> str:
    hour = minutes // 60 % 24
    return (
        f"{hour % 12 or 12}"
        + (f":{minutes % 60:02d}" if minutes % 60 else "")
        + (" am" if hour < 12 else " pm")
    )
