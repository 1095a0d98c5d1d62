"""Values and lists as a person writes them: "3 July 2013", "12,345", "a, b and c"."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..answers.mentions import MONTHS


def listed(parts: Sequence[str]) -> str:
    """Parts joined to a list: "a, b and c"; with semicolons if a part has a comma."""
    if len(parts) < 3:
        return (", and " if any("," in part for part in parts) else " and ").join(parts)
    comma = "; " if any("," in part for part in parts) else ", "
    return f"{comma.join(parts[:-1])}{comma.rstrip()} and {parts[-1]}"


def said(value: Any, style: int = 0) -> str:
    """A value as a person writes it. `style` (0 to 3) chooses how dates are written."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return _date(value, style)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00Z", value):
        return f"{_date(value[:10], style)} at {value[11:16]}"
    if isinstance(value, int) and value >= 10_000:
        return f"{value:,}"
    if isinstance(value, list):
        return listed([said(one, style) for one in value])
    return str(value)


def _date(value: str, style: int) -> str:
    year, month, day = int(value[:4]), MONTHS[int(value[5:7]) - 1].capitalize(), int(value[8:])
    ways: Mapping[int, str] = {
        0: f"{day} {month} {year}",
        1: f"{month} {day}, {year}",
        2: value,
        3: f"{day} {month} {year}",
    }
    return ways[style]
