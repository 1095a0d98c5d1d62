"""Units of measure: how they are written, and how they convert.

A value in a unit is `value * factor + offset` in the base unit of its dimension. The table is kept here because Pint,
which knows more units, takes a second to import and to load its definitions, and reads "in", "pa" or "M" otherwise than
people who write answers mean them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import currencies


class Unit(NamedTuple):
    """A unit: its usual spelling, its dimension, and how it converts to the dimension's base unit."""

    name: str
    dimension: str
    factor: float
    offset: float = 0.0

    def into(self, value: float, other: "Unit") -> float:
        """A value in this unit as one in another unit of the dimension, to ten significant digits."""
        if self == other:
            return value
        converted = (value * self.factor + self.offset - other.offset) / other.factor
        return float(f"{converted:.10g}")


_TABLE = """
length m 1 m,meter,meters,metre,metres
length km 1000 km,kms,kilometer,kilometers,kilometre,kilometres
length cm 0.01 cm,centimeter,centimeters,centimetre,centimetres
length mm 0.001 mm,millimeter,millimeters,millimetre,millimetres
length µm 1e-6 um,μm,micron,microns,micrometer,micrometers,micrometre,micrometres
length nm 1e-9 nm,nanometer,nanometers,nanometre,nanometres
length pm 1e-12 pm,picometer,picometers,picometre,picometres
length Å 1e-10 å,angstrom,angstroms
length mi 1609.344 mi,mi.,mile,miles,statute mile,statute miles
length nmi 1852 nmi,nautical mile,nautical miles
length ft 0.3048 ft,ft.,foot,feet
length yd 0.9144 yd,yds,yard,yards
length in 0.0254 in,in.,inch,inches
speed m/s 1 m/s,mps,m s^-1,meters per second,metres per second,meter per second,metre per second
speed km/h 0.2777777777777778 km/h,kmh,kph,kmph,km/hr
speed km/h 0.2777777777777778 kilometers per hour,kilometres per hour,km per hour,kilometers an hour,km an hour
speed mph 0.44704 mph,mi/h,miles per hour,miles an hour,mile per hour,miles/hour,mi/hr
speed kn 0.5144444444444445 kn,kt,kts,knot,knots
speed ft/s 0.3048 ft/s,fps,feet per second
temperature °C 1,273.15 °c,deg c,degc,c,℃,° c
temperature °C 1,273.15 celsius,centigrade,degree celsius,degrees celsius,degrees centigrade,degrees c,degree c
temperature °F 0.5555555555555556,255.3722222222222 °f,deg f,degf,f,° f
temperature °F 0.5555555555555556,255.3722222222222 fahrenheit,degree fahrenheit,degrees fahrenheit,degrees f,degree f
temperature K 1 k,kelvin,kelvins,degrees kelvin
pressure hPa 100 hpa,hectopascal,hectopascals
pressure mbar 100 mbar,mb,millibar,millibars
pressure bar 100000 bar,bars
pressure Pa 1 pa,pascal,pascals
pressure kPa 1000 kpa,kilopascal,kilopascals
pressure inHg 3386.389 inhg,in hg,inches of mercury,inches hg,"hg
pressure mmHg 133.322387415 mmhg,mm hg,millimeters of mercury,millimetres of mercury
pressure psi 6894.757293168 psi
pressure atm 101325 atm,atmosphere,atmospheres
time s 1 s,sec,secs,second,seconds
time min 60 min,mins,min.,minute,minutes
time h 3600 h,hr,hrs,hr.,hour,hours
time day 86400 d,day,days
time week 604800 week,weeks,wk,wks
time month 2629800 month,months
time year 31557600 year,years,yr,yrs
time ms 0.001 ms,millisecond,milliseconds
mass kg 1 kg,kgs,kilo,kilos,kilogram,kilograms,kilogramme,kilogrammes
mass g 0.001 g,gram,grams,gramme,grammes
mass mg 1e-6 mg,milligram,milligrams
mass t 1000 t,tonne,tonnes,metric ton,metric tons
mass lb 0.45359237 lb,lbs,lb.,pound,pounds
mass oz 0.028349523125 oz,ounce,ounces
mass u 1.66053906892e-27 u,da,dalton,daltons,amu,unified atomic mass units
area m² 1 m^2,m2,sqm,sq m,square meter,square meters,square metre,square metres
area km² 1e6 km^2,km2,sq km,sq. km,sqkm,square km,square kilometer,square kilometers,square kilometre,square kilometres
area mi² 2589988.110336 mi^2,mi2,sq mi,sq. mi,sq. mi.,square mile,square miles
area ft² 0.09290304 ft^2,ft2,sq ft,sq. ft,square foot,square feet
area ha 10000 ha,hectare,hectares
area acre 4046.8564224 acre,acres
volume l 1 l,liter,liters,litre,litres
volume ml 0.001 ml,milliliter,milliliters,millilitre,millilitres
volume m³ 1000 m^3,m3,cubic meter,cubic meters,cubic metre,cubic metres
volume gal 3.785411784 gal,gallon,gallons,us gallons
energy J 1 j,joule,joules
energy kJ 1000 kj,kilojoule,kilojoules
energy cal 4.184 cal,calorie,calories
energy kcal 4184 kcal,kilocalorie,kilocalories
energy eV 1.602176634e-19 ev,electronvolt,electronvolts,electron volt,electron volts,electron-volts
energy kWh 3600000 kwh,kilowatt hour,kilowatt hours,kilowatt-hours
molar-energy kJ/mol 1000 kj/mol,kj mol^-1,kj·mol^-1,kj per mol,kilojoules per mole,kj per mole
molar-energy kcal/mol 4184 kcal/mol,kcal per mol,kilocalories per mole
molar-energy J/mol 1 j/mol,joules per mole
molar-heat J/(mol·K) 1 j/(mol·k),j/(mol k),j/mol·k,j/mol k,j mol^-1 k^-1
heat J/(g·K) 1 j/(g·k),j/(g k),j/g·k,j/g k
conductivity W/(m·K) 1 w/(m·k),w/(m k),w/m·k,w/m k
density g/cm³ 1000 g/cm^3,g/cm3,g/cc,g cm^-3,g·cm^-3,grams per cubic centimeter,grams per cubic centimetre,g/ml
density kg/m³ 1 kg/m^3,kg/m3,kilograms per cubic meter,kilograms per cubic metre
density g/l 1 g/l,grams per liter,grams per litre
power W 1 w,watt,watts
power kW 1000 kw,kilowatt,kilowatts
power MW 1e6 mw,megawatt,megawatts
frequency Hz 1 hz,hertz
frequency MHz 1e6 mhz,megahertz
frequency GHz 1e9 ghz,gigahertz
share % 1 %,percent,per cent,pct,percentage points,% relative humidity
share ppm 0.0001 ppm,mg/kg,mg per kg,mg per kilogram,parts per million,milligrams per kilogram
share ppm 0.0001 mg in every kilogram,mg in a kilogram,mg in each kilogram,mg in every kg,mg to the kilogram
share ppm 0.0001 milligrams in every kilogram,milligrams in a kilogram,milligrams in each kilogram
share ‰ 0.1 ‰,per mille,permille
"""
DEGREES = frozenset({"°", "degree", "degrees", "deg", "deg."})
"""Degrees of whatever is asked."""


def _entries() -> Iterator[tuple[str, Unit]]:
    for line in _TABLE.strip().splitlines():
        dimension, name, numbers, spellings = line.split(" ", 3)
        factor, _, offset = numbers.partition(",")
        unit = Unit(name, dimension, float(factor), float(offset or 0))
        yield name, unit
        for spelling in spellings.split(","):
            yield spelling, unit


UNITS: dict[str, Unit] = dict(_entries())
"""Spelling -> unit. Spellings are folded ("km^2"); the usual ones are there as written, too ("km²")."""

_FOLDED = {spelling: unit for spelling, unit in UNITS.items() if spelling == spelling.casefold()}


def by_first(words: Iterable[str], guard: str) -> dict[str, re.Pattern[str]]:
    """Patterns that match one of `words` where `guard` holds behind it, by their first character."""
    grouped: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        grouped.setdefault(word[0], []).append(re.escape(word))
    return {first: re.compile(f"(?:{'|'.join(some)}){guard}") for first, some in grouped.items()}


_AFTER = by_first((*_FOLDED, *DEGREES), r"(?![\w^]|/[a-z])")
_FIRST = re.compile(r"\w+")
_SUFFIXES = frozenset(
    word
    for spelling in (*_FOLDED, *currencies.CODES)
    for word in _FIRST.findall(spelling)[:1]
    if spelling[0] == word[0]
) | {"k", "m", "b", "bn", "mn", "mln", "mio", "tn"}
_ADVERBS = re.compile(r" (?:\w|\()")
_MEASURED = frozenset({"length", "speed", "temperature", "pressure", "area", "energy", "density", "share"})


def find(spelling: str) -> Unit | None:
    """The unit of a spelling as a schema or a fact has it ("km", "°F", "minutes"), `None` if it is not known."""
    return UNITS.get(spelling) or UNITS.get(spelling.casefold().replace("²", "^2").replace("³", "^3"))


def after(text: str, end: int) -> tuple[str, int] | None:
    """The spelling of the unit that follows a number which ends at `end`, and where the unit ends."""
    start = end + 1 if text[end : end + 1] in (" ", "-") else end
    pattern = _AFTER.get(text[start : start + 1])
    match = pattern.match(text, start) if pattern is not None else None
    if match is None:
        return None
    spelling = match[0]
    if spelling in ("in", "a") and _ADVERBS.match(text, match.end()) and text[end : end + 1] == " ":
        return None  # "5 in total"
    return spelling, match.end()


def is_suffix(word: str) -> bool:
    """Whether a word glued to a number is a unit, a currency or a multiplier: "610m", "500usd", "2k"."""
    return word in _SUFFIXES


def is_currency_code(word: str) -> bool:
    """Whether a folded word is the code of a currency."""
    return len(word) == 3 and word.isalpha() and word in currencies.CODES


def is_other(text: str, end: int) -> bool:
    """Whether what follows a number makes it a measure, and no count: "610 km", "14 °F", "40%"."""
    found = after(text, end)
    if found is None or (len(found[0]) == 1 and found[0].isalpha()):
        return False
    unit = _FOLDED.get(found[0])
    return unit is None or unit.dimension in _MEASURED
