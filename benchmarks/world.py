"""Write a large snapshot for measurements: whole days of `travel`, from its table server without HTTP.

    python benchmarks/world.py --responses 130000 --out FOLDER

Every flight of a day with its aircraft's rotation, the departures of every hour, every route, the hourly weather,
exchange rates of all currencies to the euro; airports, airlines, aircraft, countries and their holidays once. Days are
consecutive from 2013-02-04, until there are as many responses as asked for. The tools and the phrase book are those of
the bundled `travel`. The same arguments write the same bytes. Needs the extra `travel`.
"""

import argparse
import datetime
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from cache_snapshots.recipes.travel import server, tables
from tool_orch_env.jsonvalues.canonical import to_text
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.folder import write
from tool_orch_env.snapshot.records import Record, key_of

FIRST = datetime.date(2013, 2, 4)
ORIGINS = ("EWR", "JFK", "LGA")
Call = tuple[Callable[..., Any], dict[str, Any]]


def calls() -> Iterator[Call]:
    """The calls of the world, those of no day first. None is repeated."""
    airports = sorted({flight.dest for flight in tables.flights().values()} | {*ORIGINS})
    known = [code for code in airports if code in tables.airports()]
    yield from ((server.get_airport, {"iata": code}) for code in known)
    yield from ((server.get_airline, {"carrier": code}) for code in sorted(tables.airlines()))
    countries = sorted(country["geonameid"] for country in tables.countries().values())
    yield from ((server.get_country, {"country_id": number}) for number in countries)
    yield from ((server.public_holidays, {"country_id": number, "year": 2013}) for number in countries)
    for code in known:
        place = server.get_airport(code)
        yield server.airports_near, {name: place[name] for name in ("latitude", "longitude")}
        if place["city"]:
            yield server.search_city, {"name": place["city"]}
    seen: set[str] = set()
    for days in range(365):
        yield from _day((FIRST + datetime.timedelta(days)).isoformat(), seen)


def _day(day: str, seen: set[str]) -> Iterator[Call]:
    """The calls of one day, with aircraft that are not in `seen`."""
    flights = [flight for origin in ORIGINS for flight in tables.flights_by_day().get((origin, day), ())]
    tails = {flight.tail_number for flight in flights if flight.tail_number}
    for origin in ORIGINS:
        for hour in range(24):
            yield server.departures, {"origin": origin, "date": day, "hour": hour}
            time_hour = f"{day} {hour:02d}:00:00"
            yield server.airport_weather, {"origin": origin, "time_hour": time_hour}
    for origin, dest in sorted({(flight.origin, flight.dest) for flight in flights}):
        yield server.search_flights, {"origin": origin, "dest": dest, "date": day}
    for origin, dest, carrier in sorted({(f.origin, f.dest, f.carrier) for f in flights}):
        yield (
            server.search_flights,
            {"origin": origin, "dest": dest, "date": day, "carrier": carrier},
        )
    yield from ((server.get_flight, {"flight_id": flight.flight_id}) for flight in flights)
    yield from ((server.aircraft_rotation, {"tail_number": tail, "date": day}) for tail in sorted(tails))
    yield from ((server.get_aircraft, {"tail_number": tail}) for tail in sorted(tails - seen))
    seen |= tails
    for code in sorted(server.converter.currencies - {"EUR"}):
        yield server.fx_rate, {"currency": code, "date": day}


def records(responses: int) -> Iterator[Record]:
    """The first `responses` records of the world."""
    catalog = Snapshot.open("travel").catalog
    for answer, arguments in islice(calls(), responses):
        try:
            status, body = 200, answer(**arguments)
        except server.NotFound as error:
            status, body = 404, {"error": {"code": "not_found", "message": error.message}}
        tool = catalog[answer.__name__]
        yield Record(key_of(tool, arguments), tool.name, arguments, status, to_text(body))


def make(folder: Path, responses: int) -> None:
    """Write the snapshot into a new folder."""
    write(
        folder,
        name="travel",
        version="0",
        licence="",
        sources=[],
        captured="",
        catalog=Snapshot.open("travel").catalog,
        records={"responses": list(records(responses))},
        splits={},
        notice="",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a large snapshot for measurements.")
    parser.add_argument("--responses", type=int, default=130_000)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    make(given.out, given.responses)


if __name__ == "__main__":
    main()
