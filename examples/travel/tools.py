"""The sixteen tools: names, schemas, and where each parameter may take its value from.

A table and nothing else. Every parameter is described, every code has its pattern, and a parameter that is
often left out has a default. `SOURCES` becomes the declared dependencies of `tools.json`.
"""

from typing import Any

from tool_orch_env.catalog import Catalog, Source, ToolSpec

Schema = dict[str, Any]

DATE: Schema = {"type": "string", "format": "date"}
IATA: Schema = {"type": "string", "pattern": "^[A-Z0-9]{3}$"}
COUNTRY: Schema = {"type": "string", "pattern": "^[A-Z]{2}$"}
COUNTRY_ID: Schema = {
    "type": "integer",
    "minimum": 1,
    "description": "GeoNames id of the country, as search_country, search_city, get_airport and others give it.",
}
CURRENCY: Schema = {"type": "string", "pattern": "^[A-Z]{3}$"}
NEW_YORK: Schema = {"type": "string", "enum": ["EWR", "JFK", "LGA"]}
FLIGHT_DATE: Schema = {
    **DATE,
    "description": "Local date of departure, YYYY-MM-DD. Flights are held for 2013.",
}
RATE_DATE: Schema = {
    **DATE,
    "description": "Day of the rate, YYYY-MM-DD. On a day without a rate (weekends, bank holidays) the last one "
    "before it applies.",
}


def _described(schema: Schema, text: str, **more: Any) -> Schema:
    return {**schema, "description": text, **more}


def _object(required: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


# name, domain, description, parameters
TABLE: tuple[tuple[str, str, str, Schema], ...] = (
    (
        "search_city",
        "cities",
        "Find cities of at least 15,000 inhabitants by name, in any common spelling. Cities that bear exactly "
        "this name come first, the most populous of them at the top.",
        _object(
            "name",
            name=_described(
                {"type": "string", "minLength": 2}, "City name without state or country, e.g. Houston."
            ),
            country_code=_described(COUNTRY, "Only cities of this country, ISO 3166-1 alpha-2."),
            limit=_described(
                {"type": "integer", "minimum": 1, "maximum": 20}, "At most this many results.", default=5
            ),
        ),
    ),
    (
        "get_city",
        "cities",
        "Coordinates, time zone, population and country of one city.",
        _object(
            "geoname_id",
            geoname_id=_described(
                {"type": "integer", "minimum": 1}, "GeoNames id of the city, from search_city."
            ),
        ),
    ),
    (
        "search_country",
        "countries",
        "Find countries by English name or a part of it.",
        _object("name", name=_described({"type": "string", "minLength": 3}, "Country name, e.g. Finland.")),
    ),
    (
        "get_country",
        "countries",
        "Capital, area, population, currency, languages and land neighbours of one country.",
        _object("country_id", country_id=COUNTRY_ID),
    ),
    (
        "airports_near",
        "airports",
        "Airports with an IATA code within a radius of a point, nearest first.",
        _object(
            "latitude longitude",
            latitude=_described({"type": "number", "minimum": -90, "maximum": 90}, "Degrees north."),
            longitude=_described({"type": "number", "minimum": -180, "maximum": 180}, "Degrees east."),
            radius_km=_described(
                {"type": "number", "exclusiveMinimum": 0, "maximum": 500},
                "Radius in kilometres.",
                default=100,
            ),
            limit=_described(
                {"type": "integer", "minimum": 1, "maximum": 200}, "At most this many airports.", default=10
            ),
        ),
    ),
    (
        "get_airport",
        "airports",
        "Name, place, country, elevation and time zone of one airport.",
        _object("iata", iata=_described(IATA, "IATA code of the airport, e.g. JFK.")),
    ),
    (
        "search_flights",
        "flights",
        "Scheduled flights on one route and day, by scheduled departure. Origins are the three New York airports.",
        _object(
            "origin dest date",
            origin=_described(NEW_YORK, "IATA code of the New York airport of departure."),
            dest=_described(IATA, "IATA code of the destination."),
            date=FLIGHT_DATE,
            carrier=_described(
                {"type": "string", "pattern": "^[A-Z0-9]{2}$"}, "Only flights of this carrier code, e.g. UA."
            ),
        ),
    ),
    (
        "departures",
        "flights",
        "All flights scheduled to leave a New York airport within one local hour.",
        _object(
            "origin date hour",
            origin=_described(NEW_YORK, "IATA code of the New York airport."),
            date=FLIGHT_DATE,
            hour=_described(
                {"type": "integer", "minimum": 0, "maximum": 23},
                "Local hour of the schedule: 8 is 08:00 to 08:59.",
            ),
        ),
    ),
    (
        "get_flight",
        "flights",
        "Schedule, actual times, delays, aircraft and status of one flight.",
        _object(
            "flight_id",
            flight_id=_described(
                {"type": "string", "pattern": "^nyc13-[0-9a-f]{10}$"},
                "Id of the flight, from search_flights, departures or aircraft_rotation.",
            ),
        ),
    ),
    (
        "get_aircraft",
        "aircraft",
        "Manufacturer, model, year of construction, engines and seats of one aircraft.",
        _object(
            "tail_number",
            tail_number=_described(
                {"type": "string", "pattern": "^[A-Z0-9]{4,6}$"}, "Registration of the aircraft, e.g. N439WN."
            ),
        ),
    ),
    (
        "aircraft_rotation",
        "aircraft",
        "The departures of one aircraft from the New York airports on one day, in order.",
        _object(
            "tail_number date",
            tail_number=_described(
                {"type": "string", "pattern": "^[A-Z0-9]{4,6}$"}, "Registration of the aircraft, e.g. N439WN."
            ),
            date=FLIGHT_DATE,
        ),
    ),
    (
        "get_airline",
        "airlines",
        "Name of one airline, and its routes from New York in 2013 with the number of flights on each.",
        _object(
            "carrier",
            carrier=_described(
                {"type": "string", "pattern": "^[A-Z0-9]{2}$"}, "Two-character carrier code, e.g. DL."
            ),
        ),
    ),
    (
        "airport_weather",
        "weather",
        "Weather observed at a New York airport in one hour of 2013.",
        _object(
            "origin time_hour",
            origin=_described(NEW_YORK, "IATA code of the New York airport."),
            time_hour=_described(
                {"type": "string", "format": "date-time", "pattern": "T[0-9]{2}:00:00Z$"},
                "Full hour in UTC, e.g. 2013-07-10T16:00:00Z.",
            ),
            units=_described(
                {"type": "string", "enum": ["imperial", "metric"]},
                "Imperial (°F, mph, inches, miles) or metric (°C, km/h, mm, km).",
                default="imperial",
            ),
        ),
    ),
    (
        "fx_rate",
        "currency",
        "Reference rate of the European Central Bank: how much of a currency one unit of the base buys.",
        _object(
            "currency date",
            currency=_described(CURRENCY, "ISO 4217 code of the currency, e.g. SEK."),
            date=RATE_DATE,
            base=_described(CURRENCY, "ISO 4217 code of the base.", default="EUR"),
        ),
    ),
    (
        "convert_currency",
        "currency",
        "Convert an amount at the reference rate of one day.",
        _object(
            "amount from_currency date",
            amount=_described(
                {"type": "number", "exclusiveMinimum": 0}, "Amount in the currency converted from."
            ),
            from_currency=_described(CURRENCY, "ISO 4217 code of the currency converted from."),
            to_currency=_described(CURRENCY, "ISO 4217 code of the currency converted to.", default="EUR"),
            date=RATE_DATE,
        ),
    ),
    (
        "public_holidays",
        "holidays",
        "National public holidays of one country and year, by date.",
        _object(
            "country_id year",
            country_id=COUNTRY_ID,
            year=_described({"type": "integer", "minimum": 2000, "maximum": 2030}, "Calendar year."),
        ),
    ),
)

_AIRPORT = "airports_near /airports/*/iata"
_FLIGHT = "search_flights /flights/*", "departures /flights/*", "aircraft_rotation /flights/*"
_DAY = "public_holidays /holidays/*/date", "get_flight /date"
_COUNTRY_ID = (
    "search_country /results/*/country_id",
    "search_city /results/*/country_id",
    "get_city /country_id",
    "get_airport /country_id",
    "get_country /neighbours/*/country_id",
)
_MONEY = ("get_country /currency_code",)
_NEW_YORK = (_AIRPORT, "get_flight /origin", "aircraft_rotation /flights/*/origin")

# tool, parameter: the outputs that can supply it, as "tool /pointer/pattern"
SOURCES: dict[tuple[str, str], tuple[str, ...]] = {
    ("search_city", "name"): ("get_country /capital",),
    ("search_city", "country_code"): ("search_country /results/*/country_code", "get_country /country_code"),
    ("get_city", "geoname_id"): ("search_city /results/*/geoname_id",),
    ("get_country", "country_id"): _COUNTRY_ID,
    ("airports_near", "latitude"): ("get_city /latitude", "get_airport /latitude"),
    ("airports_near", "longitude"): ("get_city /longitude", "get_airport /longitude"),
    ("get_airport", "iata"): (
        _AIRPORT,
        "get_flight /dest",
        "departures /flights/*/dest",
        "aircraft_rotation /flights/*/dest",
    ),
    ("search_flights", "origin"): (*_NEW_YORK, "get_airline /routes/*/origin"),
    ("search_flights", "dest"): (
        _AIRPORT,
        "get_flight /dest",
        "departures /flights/*/dest",
        "aircraft_rotation /flights/*/dest",
    ),
    ("search_flights", "date"): _DAY,
    ("search_flights", "carrier"): tuple(f"{some}/carrier" for some in _FLIGHT),
    ("departures", "origin"): _NEW_YORK,
    ("departures", "date"): _DAY,
    ("departures", "hour"): ("get_flight /hour",),
    ("get_flight", "flight_id"): tuple(f"{some}/flight_id" for some in _FLIGHT),
    ("get_aircraft", "tail_number"): ("get_flight /tail_number",),
    ("aircraft_rotation", "tail_number"): ("get_flight /tail_number",),
    ("aircraft_rotation", "date"): _DAY,
    ("get_airline", "carrier"): (*(f"{some}/carrier" for some in _FLIGHT), "get_flight /carrier"),
    ("airport_weather", "origin"): _NEW_YORK,
    ("airport_weather", "time_hour"): ("get_flight /time_hour",),
    ("fx_rate", "currency"): _MONEY,
    ("fx_rate", "base"): _MONEY,
    ("fx_rate", "date"): _DAY,
    ("convert_currency", "from_currency"): _MONEY,
    ("convert_currency", "to_currency"): _MONEY,
    ("convert_currency", "date"): _DAY,
    ("public_holidays", "country_id"): _COUNTRY_ID,
}


def catalog() -> Catalog:
    """The tools of the table with their sources."""
    return Catalog(
        [
            ToolSpec(
                name=name,
                description=description,
                domain=domain,
                parameters=parameters,
                sources={
                    parameter: tuple(Source(tool=text.split()[0], pointer=text.split()[1]) for text in texts)
                    for (tool, parameter), texts in SOURCES.items()
                    if tool == name
                },
            )
            for name, domain, description, parameters in TABLE
        ]
    )
