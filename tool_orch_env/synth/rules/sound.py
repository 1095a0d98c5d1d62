"""The rule `sound`: times of day are compared within one time zone and day, and choices come out as the task says.

The scenario file of a snapshot declares its fields with a time of day (`clocks`): how to find the time zone, and which
earlier time they follow. Elements compared by one must be in one time zone, as far as it is known, and on one day: a
time hours before the one that it follows is past midnight. Fields that are not declared are not checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ...language.expressions import FUNCTIONS
from ...language.scenarios.format import Clock
from ..findings import Finding
from .askable import fields_of
from .checked import Checked

PAST_MIDNIGHT = 180
"""A time this many minutes before the one that it follows is on the next day; less is early."""


def sound(checked: Checked) -> Iterator[Finding]:
    """Comparisons of times that cannot be compared, and choices that come out otherwise."""
    clocks = checked.declared.clocks if checked.declared else {}
    for pick in checked.task.meta.get("picks", ()):
        criterion = pick["criterion"]
        fields = _compared(criterion)
        try:
            rows = _among(checked.at(pick["call"], pick["list"]), criterion, checked)
        except (LookupError, TypeError):
            continue  # the rule `ambiguity` reports it
        for field in sorted(fields & clocks.keys()):
            why = _mixed(rows, field, clocks[field], checked)
            if why:
                yield Finding(pick["call"], "", "sound", f"{pick['list']} compared by {field}: {why}")
    for one in checked.task.meta.get("compared", ()):
        yield from _pair(one, checked, clocks)
    for one in checked.task.meta.get("choices", ()):
        yield from _choice(one, checked, clocks)


def _compared(criterion: Mapping[str, Any]) -> set[str]:
    kind = criterion["kind"]
    if kind == "holds":
        return fields_of({**criterion, "value": None})
    return (
        {criterion.get("field", "")} if kind in ("min", "max", "after", "before", "nth", "nth_max") else set()
    )


def _among(rows: Any, criterion: Mapping[str, Any], checked: Checked) -> list[Mapping[str, Any]]:
    """The elements that are compared: those that a filtered extreme keeps."""
    kept: list[Mapping[str, Any]] = [row for row in rows if isinstance(row, dict)]
    if criterion["kind"] in ("min", "max") and criterion.get("by"):
        kept = [row for row in kept if row.get(criterion["by"]) == criterion.get("value")]
    if criterion["kind"] == "holds" and criterion.get("value"):
        kept = [row for row in kept if checked.evaluated(criterion["value"], row)]
    return kept


def _mixed(rows: Sequence[Mapping[str, Any]], field: str, clock: Clock, checked: Checked) -> str:
    """Why the times in a field cannot be compared, "" if they can."""
    reasons = []
    zones = sorted({str(zone) for zone in _zones(rows, clock, checked)})
    if len(zones) > 1:
        reasons.append(f"they are in different time zones, {', '.join(zones[:3])}")
    later = [row for row in rows if clock.follows and _is_next_day(row.get(clock.follows), row.get(field))]
    if later and len(later) < len(rows):
        reasons.append(f"{len(later)} of {len(rows)} are past midnight, such as {later[0].get(field)}")
    return "; ".join(reasons)


def _zones(rows: Sequence[Mapping[str, Any]], clock: Clock, checked: Checked) -> Iterator[Any]:
    """The time zones that are known."""
    for row in rows if clock.zone else ():
        with suppress(LookupError):
            yield checked.evaluated(clock.zone, row)


def _is_next_day(earlier: Any, time: Any) -> bool:
    try:
        return bool(FUNCTIONS["minutes"](time) < FUNCTIONS["minutes"](earlier) - PAST_MIDNIGHT)
    except (TypeError, ValueError):
        return False


def _pair(one: Mapping[str, Any], checked: Checked, clocks: Mapping[str, Clock]) -> Iterator[Finding]:
    """Two replies of which the task says that one wins."""
    around, _, field = str(one.get("pointer", "")).rpartition("/")
    if field not in clocks:
        return
    try:
        rows = [checked.at(one[who], around) for who in ("winner", "loser")]
    except (LookupError, TypeError):
        return
    why = _mixed(rows, field, clocks[field], checked) or _other_days(rows)
    if why:
        yield Finding(one.get("call", ""), "", "sound", f"compared by {field}: {why}")


def _other_days(rows: Sequence[Mapping[str, Any]]) -> str:
    days = {str(row["date"]) for row in rows if "date" in row}
    return f"they are on different days, {', '.join(sorted(days))}" if len(days) > 1 else ""


def _choice(one: Mapping[str, Any], checked: Checked, clocks: Mapping[str, Clock]) -> Iterator[Finding]:
    """A choice among several replies, evaluated again."""
    try:
        rows = [checked.at(place["call"], place["pointer"]) for place in one["among"]]
        fits = [
            at for at, row in enumerate(rows) if not one.get("where") or checked.evaluated(one["where"], row)
        ]
        best = fits
        if one.get("by"):
            keys = [checked.evaluated(one["by"], rows[at]) for at in fits]
            winner = (min if one.get("choose") == "min" else max)(keys)
            best = [at for at, key in zip(fits, keys, strict=True) if key == winner]
    except (LookupError, TypeError, ValueError) as error:
        yield Finding("", "", "sound", f"a choice cannot be evaluated: {error!r}")
        return
    if best != [one.get("chosen")]:
        yield Finding("", "", "sound", f"a choice comes out as {best}, not {one.get('chosen')}")
    among = [rows[at] for at in fits if isinstance(rows[at], dict)]
    for field in sorted(fields_of({"by": one.get("by")}) & clocks.keys()):
        why = _mixed(among, field, clocks[field], checked) or _other_days(among)
        if why:
            yield Finding("", "", "sound", f"a choice by {field}: {why}")
