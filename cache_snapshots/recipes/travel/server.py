"""A thin HTTP service over the real tables: one GET route per tool, query parameters, typed errors.

Enters: query strings. Leaves: JSON objects with status 200, or a 404 whose body says which thing was not found.
Knows nothing of snapshots or tasks. Queries and response shapes are this project's own, the values are not.
Run it by hand with `uvicorn cache_snapshots.recipes.travel.server:app`.
"""

import datetime
from bisect import bisect
from functools import cache
from math import asin, cos, radians, sin, sqrt
from typing import Any

import holidays
from currency_converter import CurrencyConverter, RateNotFoundError
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from . import tables
from .tables import Flight, folded

app = FastAPI(
    title="travel", summary="Cities, countries, airports, flights, weather, exchange rates, holidays"
)
Body = dict[str, Any]
converter: Any = CurrencyConverter()


class NotFound(Exception):
    """Nothing of this kind: `resource` is its type, `message` a sentence."""

    def __init__(self, resource: str, message: str) -> None:
        self.resource, self.message = resource, message


@app.exception_handler(NotFound)
async def _not_found(request: Request, error: NotFound) -> JSONResponse:
    body = {"error": {"code": "not_found", "resource": error.resource, "message": error.message}}
    return JSONResponse(body, status_code=404)


def _km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in kilometres on a sphere of 6,371 km."""
    a, b = radians(lat1), radians(lat2)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


SHOWN_NAMES = 6
"""Other names of a city that are shown, in the order of the table; only those in ASCII."""


@cache
def cities_by_name() -> dict[str, set[int]]:
    """Ids of cities by folded name."""
    result: dict[str, set[int]] = {}
    for number, city in tables.cities().items():
        for name in city["names"]:
            result.setdefault(folded(name), set()).add(number)
    return result


@app.get("/search_city")
def search_city(name: str, country_code: str | None = None, limit: int = 10) -> Body:
    hits = [
        tables.cities()[number]
        for number in cities_by_name().get(folded(name), ())
        if country_code in (None, tables.cities()[number]["countrycode"])
    ]
    wanted = folded(name)
    hits.sort(key=lambda city: (folded(city["name"]) != wanted, -city["population"], city["geonameid"]))
    return {
        "total": len(hits),
        "results": [
            {
                "geoname_id": city["geonameid"],
                "name": city["name"],
                "admin1_code": city["admin1code"],
                "country_code": city["countrycode"],
                "country_id": _country_id(city["countrycode"]),
                "population": city["population"],
            }
            for city in hits[:limit]
        ],
    }


@app.get("/get_city")
def get_city(geoname_id: int) -> Body:
    city = tables.cities().get(geoname_id)
    if city is None:
        raise NotFound("city", f"no city held here has the GeoNames id {geoname_id}")
    return {
        "geoname_id": geoname_id,
        "name": city["name"],
        "admin1_code": city["admin1code"],
        "country_code": city["countrycode"],
        "country_id": _country_id(city["countrycode"]),
        "latitude": city["latitude"],
        "longitude": city["longitude"],
        "timezone": city["timezone"],
        "population": city["population"],
        "alternate_names": [name for name in city["names"][1:] if name.isascii()][:SHOWN_NAMES],
    }


@cache
def countries_by_part() -> dict[str, list[dict[str, Any]]]:
    """Countries by every beginning, of three letters or more, of their folded names and of the words in these."""
    result: dict[str, list[dict[str, Any]]] = {}
    for country in tables.countries().values():
        name = folded(country["name"])
        starts = [at for at in range(len(name)) if at == 0 or not name[at - 1].isalnum()]
        parts = {name[at:end].strip() for at in starts for end in range(at + 3, len(name) + 1)}
        for part in sorted(part for part in parts if len(part) >= 3):
            result.setdefault(part, []).append(country)
    return result


@app.get("/search_country")
def search_country(name: str) -> Body:
    wanted = folded(name)
    hits = list(countries_by_part().get(wanted, ()))
    hits.sort(key=lambda country: (folded(country["name"]) != wanted, country["name"]))
    return {
        "total": len(hits),
        "results": [
            {
                "country_id": hit["geonameid"],
                "country_code": hit["iso"],
                "name": hit["name"],
                "continent_code": hit["continentcode"],
            }
            for hit in hits[:10]
        ],
    }


def _country_id(code: str) -> int | None:
    country = tables.countries().get(code)
    return country["geonameid"] if country else None


@cache
def _countries_by_id() -> dict[int, dict[str, Any]]:
    return {country["geonameid"]: country for country in tables.countries().values()}


def _country(country_id: int) -> dict[str, Any]:
    country = _countries_by_id().get(country_id)
    if country is None:
        raise NotFound("country", f"no country has the GeoNames id {country_id}")
    return country


@app.get("/get_country")
def get_country(country_id: int) -> Body:
    country = _country(country_id)
    return {
        "country_id": country_id,
        "country_code": country["iso"],
        "iso3": country["iso3"],
        "name": country["name"],
        "capital": country["capital"] or None,
        "continent_code": country["continentcode"],
        "area_km2": country["areakm2"],
        "population": country["population"],
        "currency_code": country["currencycode"] or None,
        "currency_name": country["currencyname"] or None,
        "calling_code": country["phone"],
        "languages": [code for code in country["languages"].split(",") if code],
        "neighbours": [
            {"country_id": _country_id(code), "name": tables.countries()[code]["name"]}
            for code in country["neighbours"].split(",")
            if code
        ],
    }


@cache
def airports_by_latitude() -> tuple[list[float], list[tuple[str, float, float]]]:
    """Latitudes in ascending order, and with each the airport: IATA code, latitude, longitude."""
    found = sorted((airport["lat"], iata, airport["lon"]) for iata, airport in tables.airports().items())
    return [lat for lat, _, _ in found], [(iata, lat, lon) for lat, iata, lon in found]


@app.get("/airports_near")
def airports_near(latitude: float, longitude: float, radius_km: float = 100, limit: int = 50) -> Body:
    latitudes, airports = airports_by_latitude()
    degrees = radius_km / 110 + 0.1  # a degree of latitude is 111 km
    band = slice(bisect(latitudes, latitude - degrees), bisect(latitudes, latitude + degrees))
    near = sorted((round(_km(latitude, longitude, lat, lon), 1), iata) for iata, lat, lon in airports[band])
    hits = [(distance, iata) for distance, iata in near if distance <= radius_km]
    return {
        "total": len(hits),
        "airports": [
            {"iata": iata, "name": tables.airports()[iata]["name"], "distance_km": distance}
            for distance, iata in hits[:limit]
        ],
    }


@app.get("/get_airport")
def get_airport(iata: str) -> Body:
    airport = tables.airports().get(iata)
    if airport is None:
        raise NotFound("airport", f"no airport has the IATA code {iata}")
    return {
        "iata": iata,
        "icao": airport["icao"] or None,
        "name": airport["name"],
        "city": airport["city"] or None,
        "subdivision": airport["subd"] or None,
        "country_code": airport["country"],
        "country_id": _country_id(airport["country"]),
        "latitude": round(airport["lat"], 5),
        "longitude": round(airport["lon"], 5),
        "elevation_ft": round(airport["elevation"]),
        "timezone": airport["tz"],
    }


def _listed(flight: Flight) -> Body:
    """A flight as a line of a list: enough to choose by, the rest is get_flight's."""
    return {
        "flight_id": flight.flight_id,
        "carrier": flight.carrier,
        "flight_number": flight.number,
        "origin": flight.origin,
        "dest": flight.dest,
        "sched_dep": flight.sched_dep,
        "sched_arr": flight.sched_arr,
    }


@app.get("/search_flights")
def search_flights(origin: str, dest: str, date: str, carrier: str | None = None) -> Body:
    hits = [
        flight
        for flight in tables.flights_by_day().get((origin, date), [])
        if flight.dest == dest and carrier in (None, flight.carrier)
    ]
    return {"total": len(hits), "flights": [_listed(flight) for flight in hits]}


@app.get("/departures")
def departures(origin: str, date: str, hour: int) -> Body:
    hits = [flight for flight in tables.flights_by_day().get((origin, date), []) if flight.hour == hour]
    return {"total": len(hits), "flights": [_listed(flight) for flight in hits]}


@app.get("/get_flight")
def get_flight(flight_id: str) -> Body:
    flight = tables.flights().get(flight_id)
    if flight is None:
        raise NotFound("flight", f"no flight has the id {flight_id}")
    landed = flight.arr is not None
    return {
        **_listed(flight),
        "date": flight.date,
        "hour": flight.hour,
        "time_hour": flight.time_hour,
        "status": "cancelled" if flight.dep is None else "landed" if landed else "diverted",
        "actual_dep": flight.dep,
        "actual_arr": flight.arr,
        "dep_delay_min": flight.dep_delay,
        "arr_delay_min": flight.arr_delay,
        "air_time_min": flight.air_time,
        "distance_miles": flight.distance,
        "tail_number": flight.tail_number,
    }


@app.get("/get_aircraft")
def get_aircraft(tail_number: str) -> Body:
    craft = tables.aircraft().get(tail_number)
    if craft is None:
        raise NotFound("aircraft", f"the register holds no aircraft {tail_number}")
    return craft


@app.get("/aircraft_rotation")
def aircraft_rotation(tail_number: str, date: str) -> Body:
    hits = [
        flight
        for origin in ("EWR", "JFK", "LGA")
        for flight in tables.flights_by_day().get((origin, date), [])
        if flight.tail_number == tail_number
    ]
    hits.sort(key=lambda flight: flight.sched_dep)
    return {"total": len(hits), "flights": [_listed(flight) for flight in hits]}


@app.get("/get_airline")
def get_airline(carrier: str) -> Body:
    name = tables.airlines().get(carrier)
    if name is None:
        raise NotFound("airline", f"no airline has the code {carrier}")
    routes = tables.routes()[carrier]
    return {
        "carrier": carrier,
        "name": name,
        "flights_2013": sum(routes.values()),
        "routes": [
            {"origin": origin, "dest": dest, "flights": count}
            for (origin, dest), count in sorted(routes.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


# field, column, factor and offset to metric, metric field
_WEATHER = (
    ("temperature_f", "temp", lambda f: (f - 32) * 5 / 9, "temperature_c"),
    ("dew_point_f", "dewp", lambda f: (f - 32) * 5 / 9, "dew_point_c"),
    ("humidity_pct", "humid", lambda x: x, "humidity_pct"),
    ("wind_direction_deg", "wind_dir", lambda x: x, "wind_direction_deg"),
    ("wind_speed_mph", "wind_speed", lambda x: x * 1.609344, "wind_speed_kmh"),
    ("wind_gust_mph", "wind_gust", lambda x: x * 1.609344, "wind_gust_kmh"),
    ("precipitation_in", "precip", lambda x: x * 25.4, "precipitation_mm"),
    ("pressure_hpa", "pressure", lambda x: x, "pressure_hpa"),
    ("visibility_mi", "visib", lambda x: x * 1.609344, "visibility_km"),
)


@app.get("/airport_weather")
def airport_weather(origin: str, time_hour: str, units: str = "imperial") -> Body:
    row = tables.weather().get((origin, time_hour))
    if row is None:
        raise NotFound("observation", f"no observation at {origin} for {time_hour}")
    body: Body = {"origin": origin, "time_hour": time_hour, "units": units}
    for field, column, to_metric, metric_field in _WEATHER:
        value = tables.decimal(row[column])
        if units == "metric":
            field, value = metric_field, None if value is None else to_metric(value)
        body[field] = None if value is None else round(value, 2 if column == "precip" else 1)
    return body


def _rate(base: str, currency: str, day: str) -> tuple[float, str]:
    """Units of `currency` for one of `base`, to six digits, and the day of publication: at most a week before `day`."""
    for code in (base, currency):
        if code not in converter.currencies:
            raise NotFound("rate", f"the European Central Bank published no rate for {code}")
    for back in range(8):
        published = datetime.date.fromisoformat(day) - datetime.timedelta(days=back)
        try:
            converter.convert(1, "EUR", "USD", date=published)
            rate = converter.convert(1, base, currency, date=published)
            return float(f"{rate:.6g}"), published.isoformat()
        except (RateNotFoundError, ValueError):
            continue
    raise NotFound("rate", f"no rate from {base} to {currency} within a week before {day}")


@app.get("/fx_rate")
def fx_rate(currency: str, date: str) -> Body:
    rate, published = _rate("EUR", currency, date)
    return {"base": "EUR", "currency": currency, "date": date, "rate_date": published, "rate": rate}


@app.get("/convert_currency")
def convert_currency(amount: float, from_currency: str, date: str, to_currency: str = "EUR") -> Body:
    rate, published = _rate(from_currency, to_currency, date)
    return {
        "amount": amount,
        "from_currency": from_currency,
        "to_currency": to_currency,
        "date": date,
        "rate_date": published,
        "rate": rate,
        "result": round(amount * rate, 2),
    }


@cache
def _calendars() -> dict[str, list[str]]:
    """The countries that have a calendar, each with the languages of its names."""
    known = holidays.list_supported_countries(include_aliases=False)
    spoken = holidays.list_localized_countries(include_aliases=False)
    return {code: spoken.get(code, []) for code in known}


@app.get("/public_holidays")
def public_holidays(country_id: int, year: int) -> Body:
    country_code = _country(country_id)["iso"]
    if country_code not in _calendars():
        raise NotFound("calendar", f"no holiday calendar for {country_code}")
    english = "en_US" in _calendars()[country_code]
    days = holidays.country_holidays(country_code, years=year, language="en_US" if english else None)
    return {
        "country_id": country_id,
        "country_code": country_code,
        "year": year,
        "holidays": [
            {"date": day.isoformat(), "weekday": day.strftime("%A"), "name": name}
            for day, name in sorted(days.items())
            if day.year == year
        ],
    }
