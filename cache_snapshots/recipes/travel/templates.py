"""The golden traces by template: a function per template asks the tools in order and names the facts.

Enters: a `Trace` and a task's entities. Leaves nothing; the trace holds the calls. A value picked from a list
is picked by a criterion that the request states, and the trace refuses a pick that is not unique.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..tracing import Reply, Trace

FIRST, LAST = min, max
ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]


def _country(t: Trace, name: str) -> Any:
    """The id of the country of exactly this name."""
    found = t.call("search_country", name=name)
    return found.at(found.where("/results", name=name) + "/country_id")


def _city(t: Trace, name: str) -> tuple[Reply, str]:
    """The most populous city of exactly this name: the search and the pointer of its line."""
    found = t.call("search_city", name=name)
    return found, found.best("/results", "population", max, name=name)


def _place(t: Trace, name: str) -> Reply:
    found, line = _city(t, name)
    return t.call("get_city", geoname_id=found.at(line + "/geoname_id"))


def _around(t: Trace, name: str, radius_km: int) -> Reply:
    place = _place(t, name)
    return t.call(
        "airports_near", latitude=place.at("/latitude"), longitude=place.at("/longitude"), radius_km=radius_km
    )


def _closest(near: Reply) -> Any:
    return near.at(near.best("/airports", "distance_km", min) + "/iata")


def _slack(rate: float) -> float:
    """What rounding a rate for a person may lose."""
    return 0.5 if rate >= 100 else 0.01


def _airline(t: Trace, found: Reply, line: str) -> None:
    """Who flies the flight in a line of a list."""
    t.fact("airline", t.call("get_airline", carrier=found.at(line + "/carrier")).at("/name"))


def weather_at_hour(t: Trace, airports: Sequence[str], time_hour: str, units: str = "") -> None:
    for airport in airports:
        more: dict[str, Any] = {"units": units} if units else {}
        seen = t.call("airport_weather", origin=airport, time_hour=time_hour, **more)
        t.fact(f"temperature at {airport}", seen.at("/temperature_c" if units else "/temperature_f"), 0.5)


def rates_of_day(t: Trace, currencies: Sequence[str], date: str) -> None:
    for currency in currencies:
        rate = t.call("fx_rate", currency=currency, date=date).at("/rate")
        t.fact(f"rate of {currency}", rate, _slack(rate.value))


def conversions(t: Trace, amounts: Sequence[tuple[int, str]], date: str, to: str = "") -> None:
    for amount, currency in amounts:
        more: dict[str, Any] = {"to_currency": to} if to else {}
        done = t.call("convert_currency", amount=amount, from_currency=currency, date=date, **more)
        t.fact(f"amount from {currency}", done.at("/result"), 0.5)


def airports_compared(t: Trace, airports: Sequence[str]) -> None:
    for airport in airports:
        t.fact(f"elevation of {airport}", t.call("get_airport", iata=airport).at("/elevation_ft"))


def route_of_day(t: Trace, origins: Sequence[str], dest: str, date: str) -> None:
    for origin in origins:
        t.call("search_flights", origin=origin, dest=dest, date=date)


def holiday_dates(t: Trace, named: Sequence[tuple[str, str]], year: int) -> None:
    codes = [_country(t, country) for country, _ in named]
    for code, (country, holiday) in zip(codes, named, strict=True):
        days = t.call("public_holidays", country_id=code, year=year)
        t.fact(f"{holiday} in {country}", days.at(days.where("/holidays", name=holiday) + "/date"))


def one_flight(
    t: Trace, origin: str, dest: str, date: str, pick: Callable[[Any], Any], airline: bool = False
) -> None:
    found = t.call("search_flights", origin=origin, dest=dest, date=date)
    line = found.best("/flights", "sched_dep", pick)
    flight = t.call("get_flight", flight_id=found.at(line + "/flight_id"))
    t.fact("actual departure", flight.at("/actual_dep"))
    t.fact("actual arrival", flight.at("/actual_arr"))
    if airline:
        _airline(t, found, line)


def countries_of_cities(t: Trace, cities: Sequence[str]) -> None:
    found = [_city(t, city) for city in cities]
    for city, (reply, line) in zip(cities, found, strict=True):
        country = t.call("get_country", country_id=reply.at(line + "/country_id"))
        t.fact(f"capital of the country of {city}", country.at("/capital"))
        t.fact(f"population of the country of {city}", country.at("/population"), 500_000)


def departure_in_hour(t: Trace, origin: str, date: str, hour: int, number: int, flight: bool = False) -> None:
    board = t.call("departures", origin=origin, date=date, hour=hour)
    line = board.where("/flights", flight_number=number)
    t.fact("destination", t.call("get_airport", iata=board.at(line + "/dest")).at("/name"))
    _airline(t, board, line)
    if flight:
        t.fact("departed", t.call("get_flight", flight_id=board.at(line + "/flight_id")).at("/actual_dep"))


def day_of_aircraft(t: Trace, tail_number: str, date: str) -> None:
    day = t.call("aircraft_rotation", tail_number=tail_number, date=date)
    craft = t.call("get_aircraft", tail_number=tail_number)
    t.fact("seats", craft.at("/seats"))
    for index in range(day.value["total"]):
        flight = t.call("get_flight", flight_id=day.at(f"/flights/{index}/flight_id"))
        t.fact(f"{ORDINALS[index]} departure", flight.at("/actual_dep"))


def flight_and_aircraft(
    t: Trace, origin: str, dest: str, date: str, pick: Callable[[Any], Any], airline: bool = False
) -> None:
    found = t.call("search_flights", origin=origin, dest=dest, date=date)
    line = found.best("/flights", "sched_dep", pick)
    flight = t.call("get_flight", flight_id=found.at(line + "/flight_id"))
    craft = t.call("get_aircraft", tail_number=flight.at("/tail_number"))
    sky = t.call("airport_weather", origin=origin, time_hour=flight.at("/time_hour"))
    if airline:
        _airline(t, found, line)
    t.fact("seats", craft.at("/seats"))
    t.fact("year built", craft.at("/year_built"))
    t.fact("wind speed", sky.at("/wind_speed_mph"), 0.5)


def airports_of_cities(t: Trace, cities: Sequence[str], radius_km: int) -> None:
    for city in cities:
        _around(t, city, radius_km)


def currencies_of_countries(t: Trace, countries: Sequence[str], date: str) -> None:
    for name in countries:
        country = t.call("get_country", country_id=_country(t, name))
        rate = t.call("fx_rate", currency=country.at("/currency_code"), date=date).at("/rate")
        t.fact(f"currency of {name}", country.at("/currency_name"))
        t.fact(f"rate of the currency of {name}", rate, _slack(rate.value))


def rate_on_holiday(t: Trace, named: Sequence[tuple[str, str]], year: int) -> None:
    for name, holiday in named:
        code = _country(t, name)
        days = t.call("public_holidays", country_id=code, year=year)
        country = t.call("get_country", country_id=code)
        date = days.at(days.where("/holidays", name=holiday) + "/date")
        rate = t.call("fx_rate", currency=country.at("/currency_code"), date=date).at("/rate")
        t.fact(f"date of {holiday}", date)
        t.fact(f"currency of {name}", country.at("/currency_name"))
        t.fact(f"rate in {name}", rate, _slack(rate.value))


def first_and_last(t: Trace, origin: str, dest: str, date: str, weather: bool = False) -> None:
    found = t.call("search_flights", origin=origin, dest=dest, date=date)
    lines = [found.best("/flights", "sched_dep", pick) for pick in (FIRST, LAST)]
    flights = [t.call("get_flight", flight_id=found.at(line + "/flight_id")) for line in lines]
    for which, flight in zip(("first", "last"), flights, strict=True):
        craft = t.call("get_aircraft", tail_number=flight.at("/tail_number"))
        t.fact(f"seats on the {which} flight", craft.at("/seats"))
    if weather:
        for which, flight in zip(("first", "last"), flights, strict=True):
            sky = t.call("airport_weather", origin=origin, time_hour=flight.at("/time_hour"))
            t.fact(f"temperature at the {which} departure", sky.at("/temperature_f"), 0.5)


def money_at_airport(t: Trace, iata: str, amount: int, currency: str, date: str) -> None:
    airport = t.call("get_airport", iata=iata)
    country = t.call("get_country", country_id=airport.at("/country_id"))
    done = t.call(
        "convert_currency",
        amount=amount,
        from_currency=currency,
        to_currency=country.at("/currency_code"),
        date=date,
    )
    t.fact("currency", country.at("/currency_name"))
    t.fact("local money", done.at("/result"), 0.5)


def neighbour_capitals(t: Trace, name: str) -> None:
    country = t.call("get_country", country_id=_country(t, name))
    for index in range(len(country.value["neighbours"])):
        neighbour = t.call("get_country", country_id=country.at(f"/neighbours/{index}/country_id"))
        t.fact(f"capital of the {ORDINALS[index]} neighbour", neighbour.at("/capital"))


def closest_airports(t: Trace, cities: Sequence[str], radius_km: int) -> None:
    for city in cities:
        near = _around(t, city, radius_km)
        t.fact(f"elevation at {city}", t.call("get_airport", iata=_closest(near)).at("/elevation_ft"))


def _holiday(t: Trace, country: str, holiday: str, year: int) -> Any:
    days = t.call("public_holidays", country_id=_country(t, country), year=year)
    return days.at(days.where("/holidays", name=holiday) + "/date")


def departure_on_holiday(
    t: Trace, country: str, holiday: str, year: int, origin: str, hour: int, number: int, more: bool = False
) -> None:
    date = _holiday(t, country, holiday, year)
    board = t.call("departures", origin=origin, date=date, hour=hour)
    line = board.where("/flights", flight_number=number)
    flight = t.call("get_flight", flight_id=board.at(line + "/flight_id"))
    t.fact("date", date)
    t.fact("departed", flight.at("/actual_dep"))
    if more:
        _airline(t, board, line)
        dest = t.call("get_airport", iata=board.at(line + "/dest"))
        t.fact("elevation", dest.at("/elevation_ft"))


def flights_to_city(
    t: Trace, city: str, radius_km: int, origins: Sequence[str], date: str, profile: bool = False
) -> None:
    dest = _closest(_around(t, city, radius_km))
    for origin in origins:
        found = t.call("search_flights", origin=origin, dest=dest, date=date)
        if profile:
            t.fact(f"flights from {origin}", found.at("/total"))
    if profile:
        t.fact("elevation", t.call("get_airport", iata=dest).at("/elevation_ft"))


def only_neighbour(t: Trace, name: str, date: str) -> None:
    country = t.call("get_country", country_id=_country(t, name))
    (_,) = country.value["neighbours"]
    neighbour = t.call("get_country", country_id=country.at("/neighbours/0/country_id"))
    rate = t.call("fx_rate", currency=neighbour.at("/currency_code"), date=date).at("/rate")
    t.fact("currency", neighbour.at("/currency_name"))
    t.fact("rate", rate, _slack(rate.value))


def _rotation(t: Trace, origin: str, dest: str, date: str) -> tuple[Reply, Reply]:
    """The first flight on a route, and the last departure of its aircraft that day."""
    found = t.call("search_flights", origin=origin, dest=dest, date=date)
    line = found.best("/flights", "sched_dep", FIRST)
    flight = t.call("get_flight", flight_id=found.at(line + "/flight_id"))
    day = t.call("aircraft_rotation", tail_number=flight.at("/tail_number"), date=date)
    last = day.at(day.best("/flights", "sched_dep", LAST) + "/flight_id")
    if last.value == flight.value["flight_id"]:
        raise ValueError("the aircraft left only once: choose another flight")
    return flight, t.call("get_flight", flight_id=last)


def rotation_of_flight(t: Trace, origin: str, dest: str, date: str) -> None:
    flight, last = _rotation(t, origin, dest, date)
    t.fact("seats", t.call("get_aircraft", tail_number=flight.at("/tail_number")).at("/seats"))
    t.fact("left", last.at("/actual_dep"))


def weather_at_last_leg(t: Trace, origin: str, dest: str, date: str, craft: bool = False) -> None:
    flight, last = _rotation(t, origin, dest, date)
    sky = t.call("airport_weather", origin=last.at("/origin"), time_hour=last.at("/time_hour"))
    t.fact("airport", last.at("/origin"))
    t.fact("temperature", sky.at("/temperature_f"), 0.5)
    if craft:
        t.fact("seats", t.call("get_aircraft", tail_number=flight.at("/tail_number")).at("/seats"))


def flight_to_city(
    t: Trace,
    city: str,
    radius_km: int,
    origin: str,
    date: str,
    picks: Sequence[Callable[[Any], Any]],
    airline: bool = False,
) -> None:
    dest = _closest(_around(t, city, radius_km))
    found = t.call("search_flights", origin=origin, dest=dest, date=date)
    for pick in picks:
        line = found.best("/flights", "sched_dep", pick)
        flight = t.call("get_flight", flight_id=found.at(line + "/flight_id"))
        t.fact(f"arrival of the {'first' if pick is FIRST else 'last'}", flight.at("/actual_arr"))
        if airline:
            _airline(t, found, line)


def aircraft_on_holiday(
    t: Trace, country: str, holiday: str, year: int, origin: str, hour: int, number: int, more: int = 0
) -> None:
    """`more` adds, in this order: weather, airline, destination."""
    date = _holiday(t, country, holiday, year)
    board = t.call("departures", origin=origin, date=date, hour=hour)
    line = board.where("/flights", flight_number=number)
    flight = t.call("get_flight", flight_id=board.at(line + "/flight_id"))
    craft = t.call("get_aircraft", tail_number=flight.at("/tail_number"))
    t.fact("date", date)
    t.fact("seats", craft.at("/seats"))
    t.fact("year built", craft.at("/year_built"))
    if more > 0:
        sky = t.call("airport_weather", origin=origin, time_hour=flight.at("/time_hour"))
        t.fact("temperature", sky.at("/temperature_f"), 0.5)
    if more > 1:
        _airline(t, board, line)
    if more > 2:
        t.fact("destination", t.call("get_airport", iata=board.at(line + "/dest")).at("/name"))


def neighbour_rate_on_holiday(t: Trace, name: str, holiday: str, year: int) -> None:
    country = t.call("get_country", country_id=_country(t, name))
    (_,) = country.value["neighbours"]
    neighbour = t.call("get_country", country_id=country.at("/neighbours/0/country_id"))
    days = t.call("public_holidays", country_id=country.at("/neighbours/0/country_id"), year=year)
    date = days.at(days.where("/holidays", name=holiday) + "/date")
    rate = t.call("fx_rate", currency=neighbour.at("/currency_code"), date=date).at("/rate")
    t.fact("date", date)
    t.fact("currency", neighbour.at("/currency_name"))
    t.fact("rate", rate, _slack(rate.value))


def capital_across_border(t: Trace, city: str) -> None:
    found, line = _city(t, city)
    country = t.call("get_country", country_id=found.at(line + "/country_id"))
    (_,) = country.value["neighbours"]
    neighbour = t.call("get_country", country_id=country.at("/neighbours/0/country_id"))
    capital = t.call("search_city", name=neighbour.at("/capital"))
    line = capital.best("/results", "population", max, name=neighbour.value["capital"])
    place = t.call("get_city", geoname_id=capital.at(line + "/geoname_id"))
    t.fact("capital", neighbour.at("/capital"))
    t.fact("timezone", place.at("/timezone"))
