"""A snapshot small enough to think about: cities, countries, rates.

search_city(name) -> ids; get_city(city_id, units) -> country; get_country(code) -> currency;
rate(currency, date); tagged(tags) with a set-like parameter; ping() without parameters.
"""

from collections.abc import Sequence
from pathlib import Path

from tool_orch_env import snapshot as snapshots
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import Record, make_record
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task

CITIES = {"Oslo": (11, "NO"), "Bergen": (12, "NO"), "Turku": (21, "FI"), "Lund": (31, "SE")}
COUNTRIES = {"NO": ("Norway", "NOK"), "FI": ("Finland", "EUR"), "SE": ("Sweden", "SEK")}
DATES = ("2013-07-10", "2013-07-11")


def _schema(required: list[str], **properties: dict) -> dict:
    return {"type": "object", "properties": properties, "required": required}


def catalog() -> Catalog:
    string, integer = {"type": "string"}, {"type": "integer"}
    source = {"tool": "search_city", "pointer": "/results/*/city_id"}
    return Catalog(
        [
            ToolSpec(
                name="search_city",
                description="Cities by name.",
                domain="places",
                parameters=_schema(["name"], name=string),
                case_insensitive=("name",),
            ),
            ToolSpec(
                name="get_city",
                description="One city.",
                domain="places",
                parameters=_schema(
                    ["city_id"],
                    city_id=integer,
                    units={"type": "string", "enum": ["metric", "imperial"], "default": "metric"},
                ),
                sources={"city_id": (source,)},
            ),
            ToolSpec(name="get_country", domain="places", parameters=_schema(["code"], code=string)),
            ToolSpec(
                name="rate",
                domain="money",
                parameters=_schema(
                    ["currency", "date"], currency=string, date={"type": "string", "format": "date"}
                ),
            ),
            ToolSpec(
                name="tagged",
                domain="places",
                parameters=_schema(["tags"], tags={"type": "array", "items": string}),
                set_like=("tags",),
            ),
            ToolSpec(name="ping", domain="misc", parameters=_schema([])),
        ]
    )


def records(tools: Catalog) -> list[Record]:
    made = [make_record(tools, "ping", {}, 200, {"pong": 1})]
    for name, (city_id, code) in CITIES.items():
        found = {"results": [{"city_id": city_id, "name": name}]}
        made.append(make_record(tools, "search_city", {"name": name}, 200, found))
        made.append(
            make_record(tools, "get_city", {"city_id": city_id}, 200, {"name": name, "country": code})
        )
    for code, (name, currency) in COUNTRIES.items():
        made.append(
            make_record(tools, "get_country", {"code": code}, 200, {"name": name, "currency": currency})
        )
        for number, date in enumerate(DATES):
            rate = {"currency": currency, "date": date, "rate": 7.5 + number + len(made) / 100}
            made.append(make_record(tools, "rate", {"currency": currency, "date": date}, 200, rate))
    made.append(make_record(tools, "search_city", {"name": "Atlantis"}, 200, {"results": []}))
    made.append(make_record(tools, "get_city", {"city_id": 99}, 404, {"detail": "no such city"}))
    made.append(make_record(tools, "tagged", {"tags": ["sea", "old"]}, 200, {"names": ["Bergen"]}))
    return made


def task(number: int, city: str, date: str, facts: bool) -> Task:
    """search -> get -> country -> rate: depth 4, one chain."""
    city_id, code = CITIES[city]
    currency = COUNTRIES[code][1]
    golden = (
        GoldenCall(id="a", tool="search_city", arguments={"name": city}),
        GoldenCall(
            id="b",
            tool="get_city",
            arguments={"city_id": city_id},
            needs=("a",),
            bindings={"city_id": Binding(call="a", pointer="/results/0/city_id")},
        ),
        GoldenCall(
            id="c",
            tool="get_country",
            arguments={"code": code},
            needs=("b",),
            bindings={"code": Binding(call="b", pointer="/country")},
        ),
        GoldenCall(
            id="d",
            tool="rate",
            arguments={"currency": currency, "date": date},
            needs=("c",),
            bindings={"currency": Binding(call="c", pointer="/currency")},
        ),
    )
    answer = (AnswerFact(name="currency", value=currency, call="c", pointer="/currency"),) if facts else ()
    return Task(
        id=f"toy-{number}",
        snapshot="toy",
        request=f"Which currency do they pay with in {city}, and what was its rate on {date}?",
        tools=("rate", "search_city", "ping", "get_country", "get_city", "tagged"),
        golden=golden,
        answer=answer,
    )


def two_cities(number: int) -> Task:
    """Two parallel chains of the same tools: depth 2, width 2, every tool twice."""
    golden = []
    for letter, city in zip("ab", ("Oslo", "Turku"), strict=True):
        golden.append(GoldenCall(id=f"{letter}1", tool="search_city", arguments={"name": city}))
        golden.append(
            GoldenCall(
                id=f"{letter}2",
                tool="get_city",
                arguments={"city_id": CITIES[city][0]},
                needs=(f"{letter}1",),
                bindings={"city_id": Binding(call=f"{letter}1", pointer="/results/0/city_id")},
            )
        )
    return Task(
        id=f"toy-{number}",
        snapshot="toy",
        request="Look up the records of Oslo and Turku.",
        tools=("get_city", "search_city", "rate"),
        golden=tuple(golden),
    )


def tasks() -> list[Task]:
    return [
        task(0, "Oslo", "2013-07-10", facts=False),
        task(1, "Turku", "2013-07-11", facts=True),
        two_cities(2),
    ]


def snapshot() -> Snapshot:
    tools = catalog()
    return Snapshot.from_records("toy", tools, records(tools), splits={"train": tasks()}, version="1")


def folder(path: Path, version: str = "1", more: Sequence[Record] = (), **splits: list[Task]) -> Path:
    """The toy written to `path`, its tasks in these splits, `more` responses beside its own."""
    tools = catalog()
    snapshots.write(
        path,
        name="toy",
        version=version,
        licence="CC0-1.0",
        sources=[{"name": "invented"}],
        captured="2026-01-01",
        catalog=tools,
        records={"responses": [*records(tools), *more]},
        splits=splits,
        notice="Invented.\n",
    )
    return path
