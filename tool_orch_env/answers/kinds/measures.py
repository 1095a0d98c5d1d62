"""Measures: numbers with a unit, converted into the unit asked for."""

import math
import re

from . import units
from .base import Asked, Kind, Said
from .numerals import Numeral, numerals
from .plain import grouped, is_money, is_year_said, plainly
from .precision import is_stated, number_of
from .units import Unit

_STOP = re.compile(r"[.;!?\n](?!\d)")
_ALSO = {
    "km": ("m", 1000),
    "m": ("km", 0.001),
    "pm": ("nm", 0.001),
    "g/cm³": ("kg/m³", 1000),
    "kJ": ("J", 1000),
}
"""Units whose values are another's with the decimal point moved."""
_LONG = {
    "km": "kilometers",
    "m": "meters",
    "mi": "miles",
    "ft": "feet",
    "km²": "square kilometers",
    "°C": "degrees Celsius",
    "°F": "degrees Fahrenheit",
    "%": "percent",
    "mph": "miles per hour",
    "km/h": "kilometers per hour",
    "pm": "picometers",
    "eV": "electronvolts",
    "hPa": "hectopascals",
    "mbar": "millibars",
    "min": "minutes",
    "h": "hours",
}


class Measure(Kind):
    """A quantity in a unit.

    What is said in another unit of the same dimension is converted into the unit asked for, to ten significant
    digits: "0.61 km (610 m)" is one value said twice. A number without a unit counts as said in the unit asked for. A
    number in a unit of another dimension is no saying.
    """

    name = "measure"

    def read(self, text: str, asked: Asked) -> list[Said]:
        unit = units.find(asked.unit) if asked.unit else None
        found: list[Said] = []
        spelled: tuple[int, Unit] | None = None
        for numeral in numerals(text):
            said = _said(text, numeral, unit, asked) if numeral.shape == "number" else None
            if said is None:
                continue
            behind = units.after(text, numeral.end)
            if behind is not None and behind[0] in units.UNITS:
                spelled = said.end, units.UNITS[behind[0]]
            elif spelled is not None and unit is not None and not _STOP.search(text, spelled[0], said.start):
                said = _like_the_one_before(said, spelled[1], unit, asked)
            found.append(said)
        return found

    def same(self, said: Said, asked: Asked) -> bool:
        return is_stated(said, asked, exact=False)

    def forms(self, asked: Asked) -> list[str]:
        value = number_of(asked.value)
        if value is None:
            return []
        unit = units.find(asked.unit) if asked.unit else None
        if unit is None:
            behind = f" {asked.unit}" if asked.unit else ""
            return [
                f"{shape}{behind}" for shape in (plainly(value), grouped(value), f"about {plainly(value)}")
            ] + [f"it is {plainly(value)}"]
        forms = [
            f"{plainly(value)} {unit.name}",
            f"{grouped(value)} {_LONG.get(unit.name, unit.name)}",
            f"{plainly(value)}{unit.name}",
            plainly(value),
        ]
        other = _ALSO.get(unit.name)
        if other is not None:
            moved = float(f"{value * other[1]:.12g}")
            if math.isfinite(moved):
                forms.append(f"{grouped(int(moved) if moved.is_integer() else moved)} {other[0]}")
        return forms


def _like_the_one_before(said: Said, named: Unit, unit: Unit, asked: Asked) -> Said:
    """ "792" of "400 m for you, 792 for me", if that makes it what is asked for."""
    if named == unit or named.dimension != unit.dimension:
        return said
    other = said._replace(value=named.into(said.value, unit), slack=said.slack * named.factor / unit.factor)
    return other if is_stated(other, asked, exact=False) and not is_stated(said, asked, exact=False) else said


def _said(text: str, numeral: Numeral, unit: Unit | None, asked: Asked) -> Said | None:
    """A number with what follows it, in the unit asked for; `None` if that is another dimension."""
    found = units.after(text, numeral.end)
    numeral, found = _with_letter(text, numeral, found, unit)
    start, end, value, slack = numeral.start, numeral.end, numeral.value, numeral.slack
    if found is None:
        if numeral.label or is_money(text, numeral) or is_year_said(text, numeral):
            return None
        return Said(start, end, value, slack)
    spelling, after = found
    if spelling in units.DEGREES:
        neutral = unit is None or unit.dimension in ("temperature", "angle") or asked.unit in units.DEGREES
        return Said(start, after, value, slack) if neutral else None
    named = units.UNITS[spelling]
    if unit is None:
        return Said(start, after, value, slack) if asked.unit not in units.DEGREES else None
    if named.dimension != unit.dimension:
        # "14 c", "5 d": a letter of another dimension is hardly meant as a unit
        return None if len(spelling) > 1 or spelling in "m%‰" else Said(start, end, value, slack)
    try:
        converted = named.into(value, unit)
        slack = slack if named == unit else slack * named.factor / unit.factor
    except OverflowError:
        return None
    return Said(start, after, converted, slack) if math.isfinite(converted) else None


def _with_letter(
    text: str, numeral: Numeral, found: tuple[str, int] | None, unit: Unit | None
) -> tuple[Numeral, tuple[str, int] | None]:
    """A letter glued to the digits is a multiplier if a unit follows ("9.63m km²") or if it cannot be one itself."""
    if not numeral.letter:
        return numeral, found
    behind = units.after(text, numeral.end + 1)
    meant = units.UNITS.get(numeral.letter)
    if behind is not None or (unit is not None and meant is not None and meant.dimension != unit.dimension):
        return numeral.scaled(), behind
    return numeral, found
