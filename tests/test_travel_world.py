"""The world of `travel` is closed: a valid call over tables is answered, by what the service itself answers."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from string import ascii_uppercase, digits
from typing import Any

import gymnasium as gym
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tool_orch_env as toe
from cache_snapshots.recipes.serving import serving
from cache_snapshots.recipes.travel import again, server, tables, world
from cache_snapshots.recipes.travel.record import SPEC, Known, over_map
from tool_orch_env.jsonvalues import pointer
from tool_orch_env.jsonvalues.canonical import to_text
from tool_orch_env.record.spec import Spec, read_spec
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Tool
from tool_orch_env.snapshot.fold import Fold
from tool_orch_env.snapshot.records import Record

ROOT = Path(__file__).parents[1]
YEAR = [(date(2013, 1, 1) + timedelta(shift)).isoformat() for shift in range(-2, 368)]


@pytest.fixture(scope="module")
def spec() -> Spec:
    os.environ.setdefault("TRAVEL_URL", "http://127.0.0.1:9")
    return read_spec(SPEC)


def real(tool: str, arguments: dict[str, Any]) -> tuple[int, str]:
    """What the service answers, without HTTP."""
    given = {name: float(value) if name == "amount" else value for name, value in arguments.items()}
    try:
        status, body = 200, getattr(server, tool)(**given)
    except server.NotFound as error:
        inner = {"code": "not_found", "resource": error.resource, "message": error.message}
        status, body = 404, {"error": inner}
    return status, to_text(body)


def assert_answered(travel: Snapshot, tool: str, arguments: dict[str, Any]) -> None:
    found = travel.lookup(tool, arguments)
    assert found is not None, (tool, arguments)
    assert (found.status, found.text) == real(tool, arguments), (tool, arguments)


def is_valid(tool: Tool, arguments: dict[str, Any]) -> bool:
    return tool.validator.is_valid(arguments)


# the schemas allow what the world holds


@pytest.mark.parametrize("name", ["search_flights", "departures", "aircraft_rotation", "convert_currency"])
def test_the_dates_of_a_schema_are_the_days_of_the_weeks(spec: Spec, name: str) -> None:
    pattern = spec.catalog[name].properties["date"]["pattern"]
    assert [day for day in YEAR if re.search(pattern, day)] == world.days()


def test_the_hours_of_weather_are_those_of_the_weeks_and_the_day_after(spec: Spec) -> None:
    tool = spec.catalog["airport_weather"]
    hours = [f"{day}T{hour:02d}:00:00Z" for day in YEAR for hour in range(25)]
    allowed = [one for one in hours if is_valid(tool, {"origin": "JFK", "time_hour": one})]
    assert allowed == sorted({one["time_hour"] for one in world.calls()["airport_weather"]})


def test_every_flight_of_the_weeks_leaves_in_an_hour_that_weather_allows(spec: Spec) -> None:
    pattern = spec.catalog["airport_weather"].properties["time_hour"]["pattern"]
    days = set(world.days())
    hours = {flight.time_hour for flight in tables.flights().values() if flight.date in days}
    assert hours and all(re.search(pattern, hour) for hour in hours)


def test_the_currencies_years_and_origins_of_the_schemas_are_those_of_the_world(spec: Spec) -> None:
    rates, money = spec.catalog["fx_rate"].properties, spec.catalog["convert_currency"].properties
    for schema in (rates["currency"], money["from_currency"], money["to_currency"]):
        assert schema["enum"] == list(world.CURRENCIES)
    year = spec.catalog["public_holidays"].properties["year"]
    assert range(year["minimum"], year["maximum"] + 1) == world.HOLIDAY_YEARS
    assert spec.catalog["departures"].properties["origin"]["enum"] == list(world.NEW_YORK)


def test_the_world_makes_only_valid_calls(spec: Spec) -> None:
    for name, calls in world.calls().items():
        for arguments in list(calls)[::97]:
            assert is_valid(spec.catalog[name], arguments), (name, arguments)


def test_a_call_of_the_world_has_one_spelling(spec: Spec) -> None:
    for name in ("search_city", "search_country"):
        calls = [one["name"] for one in world.calls()[name]]
        assert len({tables.folded(call) for call in calls}) == len(calls)
    script = (
        "import hashlib; from cache_snapshots.recipes.travel import world\n"
        "calls = {name: list(world.calls()[name]) for name in ('search_city', 'search_country')}\n"
        "print(hashlib.sha256(repr(calls).encode()).hexdigest())"
    )
    made = [
        subprocess.check_output(
            [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2")
    ]
    assert made[0] == made[1]


def test_no_list_that_a_rule_cuts_is_cut_by_the_service(travel: Snapshot) -> None:
    assert max(map(len, server.cities_by_name().values())) <= 10
    points = list(world.calls()["airports_near"])
    assert all(server.airports_near(**point)["total"] <= 50 for point in points[::20])


def test_the_service_folds_texts_as_the_keys_do(spec: Spec) -> None:
    fold = spec.catalog["search_city"].spec.fold["name"].compiled()

    @given(st.text(max_size=100))
    @settings(max_examples=300)
    def same(text: str) -> None:
        assert tables.folded(text) == fold(text)

    same()
    assert spec.catalog["search_country"].spec.fold["name"] == Fold(case=True, accents=True, space=True)


def test_every_city_is_found_by_each_of_its_names() -> None:
    for number, city in tables.cities().items():
        for name in city["names"]:
            assert number in {hit["geoname_id"] for hit in server.search_city(name)["results"]}, name


def test_every_capital_is_a_city_that_its_countrys_name_for_it_finds() -> None:
    lost = {
        country["capital"]
        for country in tables.countries().values()
        if country["capital"] and not server.search_city(country["capital"], country["iso"])["total"]
    }
    # not in the table of cities; Belgrade is also the capital of a country that is no more
    assert lost == {"Diego Garcia", "Melekeok", "Willemstad", "Belgrade"}


# every valid call is answered, and by the service's own bytes


NUMBERS = st.integers(1, 10**8)
SPELT = st.sampled_from((str.upper, str.lower, str.title, lambda text: f"  {text} ", lambda text: text))


def optional(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=strategies)


def call(
    more: st.SearchStrategy[dict[str, Any]] | None = None, **strategies: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    required = st.fixed_dictionaries(strategies)
    return required if more is None else st.builds(lambda a, b: {**a, **b}, required, more)


def spelt(names: list[str], least: int) -> st.SearchStrategy[str]:
    known = st.builds(lambda spell, name: spell(name), SPELT, st.sampled_from(names))
    return st.one_of(known, st.text(min_size=least, max_size=100))


CLOSED = (
    *("aircraft_rotation", "airport_weather", "airports_near", "convert_currency", "departures", "fx_rate"),
    *("get_aircraft", "get_airline", "get_airport", "get_city", "get_country", "public_holidays"),
    *("search_city", "search_country", "search_flights"),
)


@cache
def names() -> list[str]:
    return sorted({name for city in tables.cities().values() for name in city["names"]})


@cache
def valid_calls() -> dict[str, st.SearchStrategy[dict[str, Any]]]:
    """Valid calls of the closed tools: of values that the tables have, and of others."""
    country_ids = [country["geonameid"] for country in tables.countries().values()]
    anything = st.text(ascii_uppercase + digits, min_size=3, max_size=3)
    codes = st.one_of(st.sampled_from(sorted(tables.airports())), anything)
    days, origins = st.sampled_from(world.days()), st.sampled_from(world.NEW_YORK)
    currencies = st.sampled_from(world.CURRENCIES)
    tails = st.one_of(st.sampled_from(sorted(tables.aircraft())), st.from_regex(r"\A[A-Z0-9]{4,6}\Z"))
    return {
        "search_city": call(
            optional(
                country_code=st.sampled_from(["US", "FR", "XX", "CO"]),
                limit=st.integers(1, 20),
            ),
            name=spelt(names(), 2),
        ),
        "get_city": call(geoname_id=st.one_of(st.sampled_from(sorted(tables.cities())), NUMBERS)),
        "search_country": call(name=spelt([one["name"] for one in tables.countries().values()], 3)),
        "get_country": call(country_id=st.one_of(st.sampled_from(country_ids), NUMBERS)),
        "airports_near": st.builds(
            lambda point, more: {**point, **more},
            st.sampled_from(list(world.calls()["airports_near"])),
            optional(
                radius_km=st.one_of(st.integers(1, 100), st.floats(0.1, 100)),
                limit=st.integers(1, 100),
            ),
        ),
        "get_airport": call(iata=codes),
        "search_flights": call(
            optional(
                carrier=st.one_of(
                    st.sampled_from(sorted(tables.airlines())),
                    st.text(ascii_uppercase, min_size=2, max_size=2),
                )
            ),
            origin=origins,
            dest=st.one_of(codes, st.sampled_from(["ATL", "ORD", "LAX", "BOS", "MIA", "SFO"])),
            date=days,
        ),
        "departures": call(origin=origins, date=days, hour=st.integers(0, 23)),
        "get_aircraft": call(tail_number=tails),
        "aircraft_rotation": call(tail_number=tails, date=days),
        "get_airline": call(carrier=st.from_regex(r"\A[A-Z0-9]{2}\Z")),
        "airport_weather": call(
            optional(units=st.sampled_from(["imperial", "metric"])),
            origin=origins,
            time_hour=st.builds(lambda day, hour: f"{day}T{hour:02d}:00:00Z", days, st.integers(0, 23)),
        ),
        "fx_rate": call(
            currency=currencies, date=st.sampled_from([day for day in YEAR if day[:4] == "2013"])
        ),
        "convert_currency": call(
            optional(to_currency=currencies),
            amount=st.one_of(
                st.integers(1, 10**9),
                st.floats(0, 10**9, exclude_min=True),
                st.decimals("0.01", "99999", places=2).map(float),
            ),
            from_currency=currencies,
            date=days,
        ),
        "public_holidays": call(
            country_id=st.one_of(st.sampled_from(country_ids), NUMBERS),
            year=st.sampled_from(world.HOLIDAY_YEARS),
        ),
    }


def test_all_tools_over_tables_but_one_are_closed(spec: Spec) -> None:
    assert set(CLOSED) == set(spec.catalog) - over_map(spec) - {"get_flight"}


@pytest.mark.parametrize("name", CLOSED)
def test_a_valid_call_is_answered_as_the_service_does(travel: Snapshot, name: str) -> None:
    @given(valid_calls()[name])
    @settings(max_examples=100)
    def answered(arguments: dict[str, Any]) -> None:
        assert is_valid(travel.catalog[name], arguments)
        assert_answered(travel, name, arguments)

    answered()


@cache
def others() -> dict[str, Any]:
    """Values of parameters that a reply does not supply."""
    return {
        "origin": world.NEW_YORK,
        "dest": ["ATL", "ORD", "BOS"],
        "date": world.days(),
        "hour": range(24),
        "year": world.HOLIDAY_YEARS,
        "amount": [1, 250, 19.99],
        "from_currency": world.CURRENCIES,
        "currency": world.CURRENCIES,
        "tail_number": sorted(tables.aircraft()),
        "name": names(),
        "time_hour": ["2013-07-04T16:00:00Z"],
    }


def offered(snapshot: Snapshot, record: Record, rng: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each edge from a reply into a tool over tables, a call with one of the values that the reply offers."""
    reply = json.loads(record.text)
    for name in (*CLOSED, "get_flight"):
        tool = snapshot.catalog[name]
        given: dict[str, Any] = {}
        for parameter, sources in tool.spec.sources.items():
            values = [
                value
                for source in sources
                if source.tool == record.tool
                for value in leaves(reply, pointer.tokens(source.pointer))
            ]
            if values:
                given[parameter] = rng.choice(values)
        if given:
            for parameter in tool.required - given.keys():
                given[parameter] = rng.choice(others()[parameter])
            yield name, given


def leaves(value: Any, tokens: list[str]) -> Iterator[Any]:
    if not tokens:
        if value is not None:
            yield value
    elif tokens[0] == "*":
        for item in value if isinstance(value, list) else ():
            yield from leaves(item, tokens[1:])
    elif isinstance(value, dict) and tokens[0] in value:
        yield from leaves(value[tokens[0]], tokens[1:])


def test_what_a_reply_invites_is_answered(travel: Snapshot, spec: Spec) -> None:
    rng = Random(0)
    tried = 0
    some = again.sampled(travel.records(), set(spec.catalog) - over_map(spec), 100)
    for record in some:
        for name, arguments in offered(travel, record, rng) if record.status == 200 else ():
            if is_valid(travel.catalog[name], arguments):
                assert_answered(travel, name, arguments)
                tried += 1
    assert tried > 1000


def test_what_is_outside_is_invalid_or_not_recorded(travel: Snapshot) -> None:
    refused = {
        "search_flights": {"origin": "JFK", "dest": "SEA", "date": "2013-08-19"},
        "airport_weather": {"origin": "JFK", "time_hour": "2013-08-19T12:00:00Z"},
        "fx_rate": {"currency": "SEK", "date": "2012-12-31"},
        "public_holidays": {"country_id": 660013, "year": 2011},
    }
    for name, arguments in refused.items():
        assert not is_valid(travel.catalog[name], arguments)
    other = next(flight for flight in tables.flights().values() if flight.date == "2013-08-19")
    misses = {
        "get_flight": {"flight_id": other.flight_id},
        "airports_near": {"latitude": 60.0, "longitude": 25.0},
    }
    for name, arguments in misses.items():
        tool = travel.catalog[name]
        assert is_valid(tool, arguments) and travel.lookup(name, arguments) is None
        assert [where for where, _, _ in tool.outside(arguments)] == list(arguments)


# recording again, and asking live


def test_a_sample_depends_on_seed_and_records_only(travel: Snapshot) -> None:
    records = [record for record in travel.records() if record.tool in ("get_airline", "get_country")]
    chosen = again.sampled(records, {"get_airline", "get_country"}, 20)
    assert chosen == again.sampled(records[::-1], {"get_country", "get_airline"}, 20)
    assert chosen != again.sampled(records, {"get_airline", "get_country"}, 20, seed=1)
    assert [record.tool for record in chosen].count("get_country") == 20


def test_an_answer_that_changed_is_found(travel: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(server.app) as url:
        monkeypatch.setenv("TRAVEL_URL", url)
        records = again.sampled(travel.records(), {"get_airline", "convert_currency"}, 5)
        assert again.differences(read_spec(SPEC), records) == []
        wrong = records[3]._replace(text=records[3].text.replace("a", "b"))
        (found,) = again.differences(read_spec(SPEC), [*records[:3], wrong, *records[4:]])
    assert found.startswith(f"{wrong.tool} {to_text(wrong.arguments)}")


def test_of_several_known_snapshots_the_first_that_has_a_tool_counts(travel: Snapshot) -> None:
    demo = Snapshot.open("demo")
    known = Known([demo, travel])
    assert known.tools >= demo.catalog.keys()
    assert {record.key for record in known.records(["get_city"])} == {
        record.key for record in demo.records() if record.tool == "get_city"
    }
    proofs = known.proofs(["get_city", "isochrone"])  # demo, which has cities, has no proofs
    assert proofs and {proof.tool for proof in proofs} == {"isochrone"}
    assert len(known.part(["get_airline"])) == sum(
        r.tool == "get_airline" for r in known.records(["get_airline"])
    )


def test_the_table_server_answers_live_what_the_snapshot_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cache_snapshots.recipes.travel.serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout is not None
            said = served.stdout.readline().strip()
            assert said == f"export TRAVEL_URL=http://127.0.0.1:{port}"
            monkeypatch.setenv("TRAVEL_URL", said.split("=")[1])
            _wait(f"http://127.0.0.1:{port}/get_airline?carrier=AA")
            observation, info = _stepped(tmp_path)
        finally:
            served.terminate()
    assert info["calls"][0]["code"] == "ok"
    assert real("airports_near", NOWHERE)[1] in observation


NOWHERE = {"latitude": 60.0, "longitude": 25.0, "radius_km": 50}


def _stepped(folder: Path) -> tuple[str, dict[str, Any]]:
    """Observation and info of one call at a point that is not recorded."""
    env = gym.make(
        "ToolOrch-v0",
        snapshot="travel",
        split="handmade",
        on_miss="live",
        record=SPEC,
        overlay=folder / "overlay",
    )
    task = next(task for task in toe.load_tasks("travel", "handmade") if "airports_near" in task.tools)
    env.reset(seed=0, options={"task_id": task.id})
    observation, *_, info = env.step({"name": "airports_near", "arguments": NOWHERE})
    env.close()
    return str(observation), info


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(url, timeout=5, trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
