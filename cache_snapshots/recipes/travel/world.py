"""The world that is recorded: every call over tables that has an answer of its own, tool by tool.

It reads the tables and returns the arguments of calls. All other calls that the schemas in `record.yaml` allow follow
from these by its rules, except points that are neither a city nor an airport, and ids of flights on other days.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from . import tables

Arguments = dict[str, Any]

WEEKS = ("2013-03-04", "2013-04-29", "2013-07-01", "2013-09-09", "2013-11-25")
"""Mondays of the weeks of flights: a snow storm, May Day, Independence Day, thunderstorms, Thanksgiving."""
NEW_YORK = ("EWR", "JFK", "LGA")
CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HUF"),
    *("JPY", "KRW", "MXN", "NOK", "PLN", "SEK", "TRY", "USD", "ZAR"),
)
SPENT = (35, 250, 80, 1800, 420)
HOLIDAY_YEARS = range(2012, 2028)


def days(more: int = 0) -> list[str]:
    """The days of the weeks; `more` days after each week are added."""
    return [
        (date.fromisoformat(monday) + timedelta(shift)).isoformat()
        for monday in WEEKS
        for shift in range(7 + more)
    ]


def calls() -> dict[str, Iterator[Arguments]]:
    """The arguments of the calls of each tool, some twice."""
    return {
        "search_city": _names_of_cities(),
        "get_city": ({"geoname_id": number} for number in (*tables.cities(), 1)),
        "search_country": _names_of_countries(),
        "get_country": ({"country_id": number} for number in _country_ids()),
        "airports_near": _points(),
        "get_airport": ({"iata": iata} for iata in (*tables.airports(), "QQQ")),
        "search_flights": _routes(),
        "departures": (
            {"origin": origin, "date": day, "hour": hour}
            for day in days()
            for origin in NEW_YORK
            for hour in range(24)
        ),
        "get_flight": ({"flight_id": flight.flight_id} for flight in _flights()),
        "get_aircraft": ({"tail_number": tail} for tail in (*tables.aircraft(), "N00000")),
        "aircraft_rotation": _rotations(),
        "get_airline": ({"carrier": carrier} for carrier in (*tables.airlines(), "ZZ")),
        "airport_weather": _hours(),
        "fx_rate": _rates(),
        "convert_currency": _conversions(),
        "public_holidays": (
            {"country_id": number, "year": year} for number in _country_ids() for year in HOLIDAY_YEARS
        ),
    }


def _names_of_cities() -> Iterator[Arguments]:
    yield {"name": "Fairyland"}
    names = {tables.folded(name): name for city in tables.cities().values() for name in city["names"]}
    yield from ({"name": name} for name in names.values())


def _names_of_countries() -> Iterator[Arguments]:
    from .server import countries_by_part

    yield {"name": "Zubrowka"}
    yield from ({"name": part} for part in countries_by_part())


def _country_ids() -> list[int]:
    return [1, *(country["geonameid"] for country in tables.countries().values())]


def _points() -> Iterator[Arguments]:
    """The coordinates of all cities and airports, as the service gives them."""
    for city in tables.cities().values():
        yield {"latitude": city["latitude"], "longitude": city["longitude"]}
    for airport in tables.airports().values():
        yield {"latitude": round(airport["lat"], 5), "longitude": round(airport["lon"], 5)}


def _flights() -> Iterator[tables.Flight]:
    for day in days():
        for origin in NEW_YORK:
            yield from tables.flights_by_day().get((origin, day), ())


def _routes() -> Iterator[Arguments]:
    yield {"origin": "LGA", "dest": "LGA", "date": WEEKS[0]}
    for flight in _flights():
        yield {"origin": flight.origin, "dest": flight.dest, "date": flight.date}


def _rotations() -> Iterator[Arguments]:
    yield {"tail_number": "N00000", "date": WEEKS[0]}
    for flight in _flights():
        if flight.tail_number:
            yield {"tail_number": flight.tail_number, "date": flight.date}


def _hours() -> Iterator[Arguments]:
    """All hours, in UTC: the evenings of a week's last day are hours of the next day."""
    for day in days(more=1):
        for hour in range(24):
            for origin in NEW_YORK:
                seen = {"origin": origin, "time_hour": f"{day}T{hour:02d}:00:00Z"}
                yield from (seen, {**seen, "units": "metric"})


def _rates() -> Iterator[Arguments]:
    first = date(2013, 1, 1)
    for shift in range(365):
        day = (first + timedelta(shift)).isoformat()
        yield from ({"currency": currency, "date": day} for currency in CURRENCIES)


def _conversions() -> Iterator[Arguments]:
    """Of one unit, from which every other amount follows, and of an amount that somebody may have spent."""
    for number, day in enumerate(days()):
        for place, of in enumerate(CURRENCIES):
            spent = SPENT[(number + place) % len(SPENT)]
            yield {"amount": spent, "from_currency": of, "date": day}
            for to in CURRENCIES:
                yield {"amount": 1, "from_currency": of, "to_currency": to, "date": day}
