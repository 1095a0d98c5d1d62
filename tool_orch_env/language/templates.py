"""Texts with slots: `How late was {flight.carrier} {number} on {day|date}?`

A slot is an expression, optionally followed by `|` and the name of a format in `FORMATS`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from ..answers.mentions import MONTHS
from .expressions import (
    FUNCTIONS,
    WEEKDAYS,
    Expression,
    ExpressionError,
    Held,
    Scope,
    Unsuitable,
    parse,
    plain,
)

_SLOT = re.compile(r"\{([^{}]*)\}")
_FORMAT = re.compile(r"(.*)\|\s*(\w+)\s*", re.DOTALL)


@dataclass(frozen=True)
class Template:
    """A parsed text: literal pieces alternate with slots, and begin and end the text."""

    pieces: tuple[str, ...]
    slots: tuple[tuple[Expression, str], ...]

    def written(self, scope: Scope) -> Held:
        """The text with its slots filled; it needs what they need. Raises `Unsuitable`."""
        held = [expression.value(scope) for expression, _ in self.slots]
        texts = [FORMATS[name](plain(one)) for one, (_, name) in zip(held, self.slots, strict=True)]
        text = "".join(piece + said for piece, said in zip(self.pieces, [*texts, ""], strict=True))
        return Held(text).also(*held)


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Parse a text with slots. Raises `ExpressionError`."""
    parts = _SLOT.split(text)
    if any("{" in piece or "}" in piece for piece in parts[::2]):
        raise ExpressionError(f"expected every {{ to be closed in {text.strip()[:60]!r}")
    return Template(tuple(parts[::2]), tuple(map(_slot, parts[1::2])))


def _slot(text: str) -> tuple[Expression, str]:
    found = _FORMAT.fullmatch(text)
    inner, name = (found[1], found[2]) if found else (text, "text")
    if name not in FORMATS:
        raise ExpressionError(f"expected a format of {', '.join(FORMATS)}, found {name!r}")
    return parse(inner), name


def _text(value: Any) -> str:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
    raise Unsuitable(f"expected a text or a number in a text, found {str(value)[:40]!r}")


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value[:10])
    except (TypeError, ValueError) as error:
        raise Unsuitable(f"expected a date, found {str(value)[:40]!r}") from error


def _month(value: Any) -> str:
    return MONTHS[_date(value).month - 1].capitalize()


def _clock12(value: Any) -> str:
    """14:05 as 2:05 pm, 14:00 as 2 pm."""
    try:
        minutes = FUNCTIONS["minutes"](value)
    except (TypeError, ValueError) as error:
        raise Unsuitable(str(error)) from error
    hour, minute = divmod(minutes, 60)
    return f"{hour % 12 or 12}{f':{minute:02d}' if minute else ''} {'am' if hour < 12 else 'pm'}"


def _hour12(value: Any) -> str:
    return _clock12(f"{value % 24:02d}:00") if isinstance(value, int) else _clock12(value)


def _listed(value: Any, word: str = "and") -> str:
    """Texts as A, B and C."""
    if not isinstance(value, list) or not value:
        raise Unsuitable("expected a list with elements in a text")
    texts = [_text(one) for one in value]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def _grouped(value: Any) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else _text(value)


FORMATS: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "date": lambda value: f"{_date(value).day} {_month(value)} {_date(value).year}",
    "date_us": lambda value: f"{_month(value)} {_date(value).day}, {_date(value).year}",
    "day": lambda value: f"{_date(value).day} {_month(value)}",
    "weekday": lambda value: WEEKDAYS[_date(value).weekday()],
    "clock12": _clock12,
    "hour12": _hour12,
    "list": _listed,
    "or": lambda value: _listed(value, "or"),
    "grouped": _grouped,
    "lower": lambda value: _text(value).lower(),
    "upper": lambda value: _text(value).upper(),
    "title": lambda value: _text(value).title(),
}
"""How the value of a slot is written. `date` is "28 November 2013", `date_us` "November 28, 2013", `day` has no year;
`clock12` writes "14:05" as "2:05 pm", `hour12` the hour 14 as "2 pm"; `list` writes "A, B and C", `or` "A, B or C";
`grouped` writes "1,200"."""
