"""Which kind and unit a fact has, if the task does not say: from its value, its name and where it comes from."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.scalars import words
from ..task import AnswerFact
from .kinds import currencies
from .text import folded

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
_CLOCK = re.compile(r"([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d)?")
_ZONE = re.compile(
    r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/[A-Za-z_/+-]+\d*|UTC|GMT"
)
_HOURS = re.compile(r"24/7|.*\b(Mo|Tu|We|Th|Fr|Sa|Su|PH)\b.*\d{1,2}:\d{2}.*", re.DOTALL)
_SNAKE = re.compile(r"[a-z]+(_[a-z]+)+|[a-z_]+(;[a-z_]+)+")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9./-]*|\+?\d[\d /.-]*[A-Za-z]?")
_DECIMAL = re.compile(r"-?\d+\.\d+")
_WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())  # noqa: SIM905
_POLAR = frozenset({"yes", "no", "limited", "designated"})
_CODES = frozenset("number code id iata icao postcode tail cas callsign symbol phone".split())  # noqa: SIM905
_TAGS = frozenset({"type", "category", "cuisine", "class", "amenity", "shop", "tag"})
_MONEY = frozenset({"price", "cost", "fare", "fee", "amount", "salary", "money", "total_price"})
_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometers"), "km"),
    **dict.fromkeys(("mile", "miles"), "mi"),
    **dict.fromkeys(("ft", "feet"), "ft"),
    **dict.fromkeys(("metre", "metres", "meters"), "m"),
    **dict.fromkeys(("min", "minute", "minutes"), "min"),
    **dict.fromkeys(("pct", "percent", "percentage"), "%"),
    "hpa": "hPa", "mph": "mph", "kmh": "km/h", "ev": "eV", "pm": "pm", "kelvin": "K", "seconds": "s", "hours": "h",
    "fahrenheit": "°F", "celsius": "°C",
}  # fmt: skip
_PHRASED = (
    (re.compile(r"km2|km\^2|km²|square kilomet"), "km²"),
    (re.compile(r"g[_/]cm3|g/cm"), "g/cm³"),
    (re.compile(r"kj[_/]mol"), "kJ/mol"),
    (re.compile(r"mg[_/]kg"), "mg/kg"),
    (re.compile(r"_f\b|°f|fahrenheit"), "°F"),
    (re.compile(r"_c\b|°c|celsius"), "°C"),
    (re.compile(r"_k\b|kelvin"), "K"),
    (re.compile(r"_s$"), "s"),
    (re.compile(r"(?:in|to|into) (?:°k|k)\b"), "K"),
)
_CURRENCY = re.compile(r"[A-Z]{3}")


def kind_of_value(value: Any) -> str:
    """The kind that a value shows by its type and shape alone."""
    if isinstance(value, (tuple, list)):
        return "list"
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, (int, float)):
        return "number"
    text = str(value).strip()
    if _DATE.fullmatch(text):
        return "date"
    if _MOMENT.fullmatch(text):
        return "moment"
    if _CLOCK.fullmatch(text):
        return "clock"
    if text.casefold() in _WEEKDAYS:
        return "weekday"
    if text.casefold() in _POLAR:
        return "yes_no"
    if _ZONE.fullmatch(text):
        return "zone"
    if _HOURS.fullmatch(text):
        return "hours"
    if _SNAKE.fullmatch(text):
        return "tag"
    if _DECIMAL.fullmatch(text):
        return "number"
    return "code" if _CODE.fullmatch(text) and (len(text) <= 4 or any(map(str.isdigit, text))) else "name"


def kind_and_unit(fact: AnswerFact, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """The kind and the unit of a fact: as declared, else by its value's shape, its name and the arguments of its
    call."""
    unit = _unit_of(fact, arguments)
    if fact.kind is not None:
        polar = fact.kind == "tag" and str(fact.value).casefold() in _POLAR
        return "yes_no" if polar else fact.kind, unit
    shown = kind_of_value(fact.value)
    source, named = list(_source_words(fact)), set(_words(fact))
    if isinstance(fact.value, str):
        return _of_text(fact.value, shown, source), unit
    if shown != "number":
        return shown, unit
    if source[-1:] == ["result"] and any("currency" in name for name in arguments):
        return "money", unit
    return _of_number(fact.value, unit, source, named), unit


def _of_text(text: str, shown: str, source: list[str]) -> str:
    last = set(source)
    if "hours" in last:
        return "hours"
    if text.strip().isdecimal():
        if len(text) == 4 and last & {"year", "date", "built", "since"}:
            return "year"
        return (
            "code" if last & (_CODES | {"house", "calling"}) or text.startswith("0") or not last else "count"
        )
    if last & _TAGS and shown in ("name", "tag"):
        return "tag"
    return shown


def _of_number(value: Any, unit: str, source: list[str], named: set[str]) -> str:
    whole = float(value).is_integer()
    if named & {"delay", "late", "lateness"}:
        return "delay"
    if whole and 1000 <= value < 2200 and named & {"year", "built", "founded"}:
        return "year"
    if unit in ("min", "h", "s") and named & {"min", "minutes", "time", "duration", "hours", "seconds"}:
        return "duration"
    if whole and set(source) & _CODES and not unit:
        return "code"
    if named & {"rate"}:
        return "rate"
    if _CURRENCY.fullmatch(unit) or named & _MONEY:
        return "money"
    if unit:
        return "measure"
    return "count" if isinstance(value, int) else "number"


def _unit_of(fact: AnswerFact, arguments: Mapping[str, Any]) -> str:
    """The unit of a fact's value, from its source, the arguments of its call, and its name; "" if there is none."""
    if isinstance(fact.value, (str, bool, tuple)):
        return ""
    found = _unit_in(fact.pointer or "") or _unit_given(fact, arguments)
    found = found or _unit_in(fact.name) or _unit_in(fact.ask)
    return found or (currencies.named(folded(fact.ask)) if fact.kind == "money" else "")


def _unit_in(text: str) -> str:
    plain = text.lower()
    for pattern, unit in _PHRASED:
        if pattern.search(plain):
            return unit
    for word in words(plain):
        if word in _UNITS:
            return _UNITS[word]
    return ""


def _unit_given(fact: AnswerFact, arguments: Mapping[str, Any]) -> str:
    """A unit that the call was asked for: the currency converted to, the unit of a conversion."""
    last = (fact.pointer or "").rpartition("/")[2]
    if last not in ("result", "rate", "amount", "value", "price"):
        return ""
    for name in ("to_currency", "currency", "to_unit", "to", "unit"):
        given = arguments.get(name)
        if isinstance(given, str) and given:
            return given
    return ""


def _source_words(fact: AnswerFact) -> Iterator[str]:
    """The words of the member that the value comes from, or of the fact's name if that is not known."""
    place = fact.pointer if fact.pointer is not None else fact.name
    names = (
        [token for token in pointer.tokens(place) if not token.isdecimal()]
        if fact.pointer is not None
        else [place]
    )
    yield from words(names[-1]) if names else words(fact.name)


def _words(fact: AnswerFact) -> Iterator[str]:
    yield from words(fact.name)
    yield from words(fact.ask)
    for token in pointer.tokens(fact.pointer or ""):
        yield from words(token)
