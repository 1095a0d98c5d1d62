"""What else a model may plausibly ask: the neighbours of the golden calls, so that exploring gets real answers.

Enters: a function that asks a tool, and calls to start from. Leaves nothing; whatever is asked gets recorded.
Three rings: calls beside a golden one (other dates, other airports, filters), calls that follow from a response
(every hit of a search), and a fixed table of calls, many of which find nothing.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..tracing import Ask

Call = tuple[str, dict[str, Any]]
NEW_YORK = ("EWR", "JFK", "LGA")


HOME = {
    "Porto": "PT",
    "Lisbon": "PT",
    "Kraków": "PL",
    "Gdańsk": "PL",
    "Marrakesh": "MA",
    "Osaka": "JP",
    "Madrid": "ES",
}


def _day(date: str, shift: int) -> str:
    """A day of 2013 near `date`."""
    moved = datetime.date.fromisoformat(date) + datetime.timedelta(days=shift)
    return moved.isoformat() if moved.year == 2013 else date


def _hour(time_hour: str, shift: int) -> str:
    day, hour = time_hour[:10], int(time_hour[11:13]) + shift
    return f"{_day(day, hour // 24)}T{hour % 24:02d}:00:00Z"


def _beside_search_city(name: str, **_: Any) -> Iterator[Call]:
    yield "search_city", {"name": name, "limit": 10}
    yield "search_city", {"name": name, "limit": 1}
    yield "search_city", {"name": f"{name} Airport"}
    for code in (HOME.get(name, "US"), "GB"):
        yield "search_city", {"name": name, "country_code": code}


def _beside_airports_near(
    latitude: float, longitude: float, radius_km: float = 100, **_: Any
) -> Iterator[Call]:
    place = {"latitude": latitude, "longitude": longitude}
    yield "airports_near", place
    for radius in (10, 20, 25, 30, 40, 50):
        yield "airports_near", {**place, "radius_km": radius}
    for limit in (1, 5, 20, 50):
        yield "airports_near", {**place, "radius_km": radius_km, "limit": limit}


def _beside_search_flights(origin: str, dest: str, date: str, **_: Any) -> Iterator[Call]:
    for other in NEW_YORK:
        yield "search_flights", {"origin": other, "dest": dest, "date": date}
    for shift in (-1, 1):
        yield "search_flights", {"origin": origin, "dest": dest, "date": _day(date, shift)}


def _beside_departures(origin: str, date: str, hour: int) -> Iterator[Call]:
    for other in NEW_YORK:
        yield "departures", {"origin": other, "date": date, "hour": hour}
    for shift in (-1, 1):
        yield "departures", {"origin": origin, "date": date, "hour": (hour + shift) % 24}
        yield "departures", {"origin": origin, "date": _day(date, shift), "hour": hour}


def _beside_rotation(tail_number: str, date: str) -> Iterator[Call]:
    yield "get_aircraft", {"tail_number": tail_number}
    for shift in (-1, 1):
        yield "aircraft_rotation", {"tail_number": tail_number, "date": _day(date, shift)}


def _beside_weather(origin: str, time_hour: str, **_: Any) -> Iterator[Call]:
    for other in NEW_YORK:
        yield "airport_weather", {"origin": other, "time_hour": time_hour}
        yield "airport_weather", {"origin": other, "time_hour": time_hour, "units": "metric"}
    # the usual slips: local time taken for UTC, an hour more or less
    for shift in (-5, -4, -1, 1, 4, 5):
        yield "airport_weather", {"origin": origin, "time_hour": _hour(time_hour, shift)}


def _beside_rate(currency: str, date: str, **_: Any) -> Iterator[Call]:
    for shift in (-1, 1):
        yield "fx_rate", {"currency": currency, "date": _day(date, shift)}
    if currency not in ("EUR", "USD"):
        yield "fx_rate", {"currency": currency, "date": date, "base": "USD"}
    if currency != "EUR":
        yield "fx_rate", {"currency": "EUR", "date": date, "base": currency}
        yield "convert_currency", {"amount": 1, "from_currency": "EUR", "to_currency": currency, "date": date}
        yield (
            "convert_currency",
            {"amount": 100, "from_currency": "EUR", "to_currency": currency, "date": date},
        )


def _beside_conversion(
    amount: float, from_currency: str, date: str, to_currency: str = "EUR", **_: Any
) -> Iterator[Call]:
    yield "fx_rate", {"currency": to_currency, "base": from_currency, "date": date}
    yield "fx_rate", {"currency": from_currency, "base": to_currency, "date": date}
    for other in ("EUR", "USD", "GBP"):
        if other not in (from_currency, to_currency):
            yield (
                "convert_currency",
                {"amount": amount, "from_currency": from_currency, "to_currency": other, "date": date},
            )


def _beside_holidays(country_id: int, year: int) -> Iterator[Call]:
    yield "get_country", {"country_id": country_id}
    for other in (2012, 2014):
        yield "public_holidays", {"country_id": country_id, "year": other}


BESIDE: dict[str, Callable[..., Iterator[Call]]] = {
    "search_city": _beside_search_city,
    "airports_near": _beside_airports_near,
    "search_flights": _beside_search_flights,
    "departures": _beside_departures,
    "aircraft_rotation": _beside_rotation,
    "airport_weather": _beside_weather,
    "fx_rate": _beside_rate,
    "convert_currency": _beside_conversion,
    "public_holidays": _beside_holidays,
}


def beside(tool: str, arguments: dict[str, Any]) -> list[Call]:
    """Calls of the same kind with an argument changed."""
    return [(name, _spelled(values)) for name, values in BESIDE.get(tool, lambda **_: ())(**arguments)]


def _spelled(arguments: dict[str, Any]) -> dict[str, Any]:
    """Without what equals the default: that is the same call."""
    defaults = {"base": "EUR", "to_currency": "EUR"}
    return {name: value for name, value in arguments.items() if defaults.get(name) != value}


def _city(item: dict[str, Any]) -> Iterator[Call]:
    yield "get_city", {"geoname_id": item["geoname_id"]}
    if item["country_id"]:
        yield "get_country", {"country_id": item["country_id"]}


def _country(item: dict[str, Any]) -> Iterator[Call]:
    if item["country_id"]:
        yield "get_country", {"country_id": item["country_id"]}
        yield "public_holidays", {"country_id": item["country_id"], "year": 2013}


def _airport(item: dict[str, Any]) -> Iterator[Call]:
    yield "get_airport", {"iata": item["iata"]}


def _listed(item: dict[str, Any]) -> Iterator[Call]:
    yield "get_flight", {"flight_id": item["flight_id"]}
    yield "get_airline", {"carrier": item["carrier"]}
    yield "get_airport", {"iata": item["dest"]}


def _flight(item: dict[str, Any]) -> Iterator[Call]:
    if item["tail_number"]:
        yield "get_aircraft", {"tail_number": item["tail_number"]}
        yield "aircraft_rotation", {"tail_number": item["tail_number"], "date": item["date"]}
    yield "airport_weather", {"origin": item["origin"], "time_hour": item["time_hour"]}


def _place(item: dict[str, Any]) -> Iterator[Call]:
    yield "airports_near", {"latitude": item["latitude"], "longitude": item["longitude"]}


# tool: where its items lie, how many are followed, and the calls that an item leads to
FOLLOW: dict[str, tuple[str, int, Callable[[dict[str, Any]], Iterator[Call]]]] = {
    "search_city": ("results", 3, _city),
    "search_country": ("results", 3, _country),
    "get_country": ("neighbours", 4, _country),
    "get_city": ("", 1, _place),
    "airports_near": ("airports", 4, _airport),
    "search_flights": ("flights", 4, _listed),
    "departures": ("flights", 4, _listed),
    "aircraft_rotation": ("flights", 4, _listed),
    "get_flight": ("", 1, _flight),
}


def follow(tool: str, response: Any, depth: int) -> list[tuple[Call, int]]:
    """Calls that take their arguments from this response, with the depth to which they are followed in turn.

    Of a golden call's hits (depth 2) all are followed, those past the usual number by one step only.
    """
    if tool not in FOLLOW or "error" in response:
        return []
    place, usual, calls = FOLLOW[tool]
    items = response[place] if place else [response]
    return [
        (call, depth - 1 if index < usual else 0)
        for index, item in enumerate(items if depth == 2 else items[:usual])
        for call in calls(item)
    ]


# fmt: off
# names that a person may search for; the last lines are misspelt or too small, and find nothing
CITIES = (
    "Boston", "Chicago", "Miami", "Orlando", "Atlanta", "Denver", "Phoenix", "Memphis", "Norfolk", "Omaha",
    "Tulsa", "Honolulu", "Minneapolis", "Richmond", "Milwaukee", "Baltimore", "Philadelphia", "Portland",
    "Springfield", "London", "Paris", "Madrid", "Rome", "Berlin", "Vienna", "Prague", "Budapest", "Warsaw",
    "Helsinki", "Stockholm", "Oslo", "Copenhagen", "Dublin", "Brussels", "Amsterdam", "Zurich", "Tokyo",
    "Seoul", "Bangkok", "Singapore", "Sydney", "Auckland", "Toronto", "Montreal", "Istanbul", "Ankara",
    "Johannesburg", "Pretoria", "Huston", "Nashvile", "Pitsburgh", "Krakov", "Marakech", "Gdansc", "Pheonix",
    "Mineapolis", "Lisboa-Centro", "Fairyland",
)
COUNTRIES = (
    "France", "Germany", "Italy", "Spain", "Portugal", "Austria", "Switzerland", "Belgium", "Netherlands",
    "United Kingdom", "Ireland", "Iceland", "Greece", "Bulgaria", "Romania", "Croatia", "Slovakia", "Estonia",
    "Latvia", "Lithuania", "Russia", "Ukraine", "China", "India", "Indonesia", "Malaysia", "Philippines",
    "Vietnam", "Australia", "New Zealand", "Israel", "Egypt", "Kenya", "Morocco", "Argentina", "Chile",
    "Peru", "Colombia", "Qatar", "Dominican Republic", "Haiti", "Monaco", "San Marino", "Gambia", "Korea",
    "Guinea", "Holland", "England", "Scotland", "U.S.A.", "Zubrowka", "Czech Republic",
    "USA", "America", "United States of America", "Republic of Korea", "Türkiye",
)
AIRPORTS = (
    "HEL", "ARN", "CPH", "OSL", "LHR", "CDG", "FRA", "AMS", "MAD", "LIS", "ZRH", "VIE", "PRG", "BUD", "WAW",
    "IST", "NRT", "HND", "ICN", "BKK", "SIN", "SYD", "GRU", "MEX", "YYZ",
)
CURRENCIES = (
    "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "HUF", "CZK", "TRY", "CAD", "AUD", "NZD", "BRL",
    "MXN", "ZAR", "KRW", "INR", "CNY", "SGD", "THB", "ISK", "LTL",
)
# fmt: on
RATE_DAYS = ("2013-02-14", "2013-07-01", "2013-10-14", "2013-12-25")

ABSENT: tuple[Call, ...] = (
    *(("get_airport", {"iata": code}) for code in ("QQQ", "XXX", "NYC", "LON", "XYQ", "USA", "ZZZ", "000")),
    *(
        ("get_airline", {"carrier": code})
        for code in ("BA", "LH", "AF", "NW", "CO", "AY", "SK", "ZZ", "QF", "JL")
    ),
    *(("get_aircraft", {"tail_number": tail}) for tail in ("N00000", "N12345", "GBOAC", "OHLXA")),
    *(("get_city", {"geoname_id": number}) for number in (1, 4699067, 6252001, 660013, 999999999)),
    *(("get_country", {"country_id": number}) for number in (1, 4699066, 358, 840, 246)),
    *(("public_holidays", {"country_id": number, "year": 2013}) for number in (1, 840, 8505032, 8505033)),
    *(("get_flight", {"flight_id": f"nyc13-{number:010x}"}) for number in (0, 15, 837, 1360, 2**40 - 1)),
    *(
        ("fx_rate", {"currency": code, "date": "2013-07-01"})
        for code in ("ARS", "CLP", "EGP", "KES", "QAR", "MAD")
    ),
    *(("fx_rate", {"currency": "USD", "date": day}) for day in ("1998-06-01", "2027-01-04")),
    *(
        ("search_flights", {"origin": "LGA", "dest": dest, "date": "2013-07-10"})
        for dest in ("LAX", "HNL", "LHR")
    ),
    ("search_flights", {"origin": "JFK", "dest": "SEA", "date": "2014-08-19"}),
    ("search_flights", {"origin": "JFK", "dest": "SEA", "date": "2012-08-19"}),
    ("departures", {"origin": "JFK", "date": "2013-07-04", "hour": 3}),
    ("departures", {"origin": "LGA", "date": "2014-01-01", "hour": 8}),
    ("airport_weather", {"origin": "JFK", "time_hour": "2014-01-24T12:00:00Z"}),
    ("airport_weather", {"origin": "LGA", "time_hour": "2012-01-24T12:00:00Z"}),
    ("airports_near", {"latitude": 0, "longitude": -30}),
    ("airports_near", {"latitude": 29.76328, "longitude": -95.36327, "radius_km": 1}),
)


# the widest answers: all airports within 500 km
WIDE: tuple[Call, ...] = tuple(
    ("airports_near", {"latitude": latitude, "longitude": longitude, "radius_km": 500, "limit": 200})
    for latitude, longitude in (
        (29.76328, -95.36327),
        (41.85003, -87.65005),
        (40.71427, -74.00597),
        (48.85341, 2.3488),
    )
)


def table() -> Iterable[Call]:
    """The fixed calls of the third ring."""
    yield from (("search_city", {"name": name}) for name in CITIES)
    yield from (("search_country", {"name": name}) for name in COUNTRIES)
    yield from (("get_airport", {"iata": code}) for code in AIRPORTS)
    for day in RATE_DAYS:
        yield from (("fx_rate", {"currency": code, "date": day}) for code in CURRENCIES)
    yield from ABSENT


def explore(
    ask: Ask, golden: Iterable[Call], told: Callable[[int, int], None] = lambda done, of: None
) -> None:
    """Ask all three rings. Golden calls and the table are followed twice, what lies beside a golden call once, the
    widest calls not at all.
    """
    golden = list(golden)
    start = [(call, 2) for call in (*golden, *table())]
    start += [(call, 1) for tool, arguments in golden for call in beside(tool, arguments)]
    start += [(call, 0) for call in WIDE]
    waiting = list(start)
    seen: set[Any] = set()
    done = 0
    while done < len(waiting):
        (tool, arguments), depth = waiting[done]
        done += 1
        identity = (tool, *sorted(arguments.items()))
        if identity in seen:
            continue
        seen.add(identity)
        _, response = ask(tool, arguments)
        if depth:
            waiting += follow(tool, response, depth)
        told(done, len(waiting))
