"""The plain functions of the language."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _minutes(clock: str) -> int:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", clock)
    if not found:
        raise ValueError(f"expected a time of day, found {clock!r}")
    return int(found[1]) * 60 + int(found[2])


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _rounded(value: float, digits: int = 0) -> float:
    return round(value, max(-12, min(digits, 12))) if digits else round(value)


def _straight_km(here: Mapping[str, Any], there: Mapping[str, Any]) -> float:
    """The great-circle distance, by the haversine formula on a sphere of 6,371 km."""
    lat, lon, other_lat, other_lon = (
        radians(float(place[name])) for place in (here, there) for name in ("lat", "lon")
    )
    half = sin((other_lat - lat) / 2) ** 2 + cos(lat) * cos(other_lat) * sin((other_lon - lon) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(min(1.0, half)))


def _distinct(values: list[Any]) -> list[Any]:
    return [value for at, value in enumerate(values) if value not in values[:at]]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": len,
    "sum": sum,
    "mean": _mean,
    "min": min,
    "max": max,
    "abs": abs,
    "round": _rounded,
    "any": any,
    "all": all,
    "distinct": _distinct,
    "lower": lambda text: text.lower(),
    "starts": lambda text, beginning: text.startswith(beginning),
    "days_after": lambda day, days: (_day(day) + timedelta(days)).isoformat(),
    "days_between": lambda day, later: (_day(later) - _day(day)).days,
    "weekday": lambda day: WEEKDAYS[_day(day).weekday()],
    "month": lambda day: _day(day).month,
    "year": lambda day: _day(day).year,
    "minutes": _minutes,
    "hour": lambda clock: _minutes(clock) // 60,
    "straight_km": _straight_km,
}
"""The functions by name. `minutes` and `hour` read a time of day ("14:05"), the others on days a date. `straight_km` is
the distance between two objects with `lat` and `lon`."""
