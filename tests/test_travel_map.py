"""The tools over the map: which places they know, and what the service makes of the two servers' replies."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tool_orch_env.jsonvalues.canonical import canonical
from tool_orch_env.record.yaml12 import parse_yaml
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec

httpx = pytest.importorskip("httpx", reason="needs the extra [record]")
pytest.importorskip("holidays", reason="needs the extra [travel]")
from fastapi.testclient import TestClient  # noqa: E402

from cache_snapshots.recipes.travel.osm import gateway, places, plan  # noqa: E402
from cache_snapshots.recipes.travel.server import app  # noqa: E402

SPEC = parse_yaml((Path(places.__file__).parents[1] / "record.yaml").read_text(encoding="utf-8"))
TOOLS = Catalog(
    [
        ToolSpec.model_validate(
            {"name": name} | {field: entry[field] for field in ToolSpec.model_fields if field in entry}
        )
        for name, entry in SPEC["tools"].items()
        if entry.get("file") == "responses-osm"
    ]
)
ATENEUM, CARLTON = (
    next(place for place in places.places() if name in place.names) for name in ("Ateneum", "Carlton")
)


class Servers:
    """Both servers: what they were asked, and what they answer by path."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}

    def __call__(self, request: Any) -> Any:
        given = json.loads(request.content) if request.content else dict(request.url.params)
        self.asked.append((request.url.path, given))
        return httpx.Response(200, json=self.answers[request.url.path])


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    both = Servers()
    client = httpx.Client(transport=httpx.MockTransport(both), base_url="http://servers")
    monkeypatch.setattr(gateway, "servers", {"nominatim": client, "valhalla": client})
    return both


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app.include_router(gateway.router)
    with TestClient(app) as made:
        yield made


def found(place: places.Place, **more: Any) -> dict[str, Any]:
    """A place as Nominatim lists it."""
    kind, number = {"N": "node", "W": "way", "R": "relation"}[place.id[0]], int(place.id[1:])
    return {"osm_type": kind, "osm_id": number, "name": place.names[0], "lat": str(place.lat), **more}


def test_no_two_places_share_an_id_or_a_point_and_at_most_a_hundred_can_be_searched_around() -> None:
    every = places.places()
    assert len({place.id for place in every}) == len(every) == len(places.places(*{p.kind for p in every}))
    assert {place.kind for place in every} == {"landmark", "street", "place", "point"}
    assert len(places.places("landmark", "street")) <= 100
    assert [place.id for place in places.places("point")] == [""]


def test_every_planned_call_is_valid_and_planned_once_for_each_place() -> None:
    made: dict[str, set[bytes]] = {name: set() for name in TOOLS}
    for tool, arguments in plan.calls():
        assert not list(TOOLS[tool].validator.iter_errors(arguments)), (tool, arguments)
        made[tool].add(canonical(arguments))
    starts, every = len(places.places("landmark", "point")), len(places.places())
    assert len(made["lookup_poi"]) == every - 1 + len(plan.NO_SUCH_IDS)
    assert len(made["reverse_geocode"]) == every + len(plan.OFF)
    assert len(made["walk_times"]) == starts * every + 2 * len(plan.OFF) + 1
    assert len(made["isochrone"]) == starts * len(plan.MINUTES) + len(plan.OFF)


def test_what_completes_a_tool_is_planned_and_gets_not_found(client: TestClient, servers: Servers) -> None:
    planned = {(tool, canonical(arguments)) for tool, arguments in plan.calls()}
    for name, tool in TOOLS.items():
        [like] = [rule.like for rule in tool.spec.derive if rule.rule == "complete"]
        assert (name, canonical(like)) in planned
        entry = SPEC["tools"][name]
        sent = {"json" if entry.get("method") == "POST" else "params": like}
        reply = client.request(entry.get("method", "GET"), entry["url"], **sent)
        assert (reply.status_code, reply.json()) == (200, []) or reply.json()["error"]["code"] == "not_found"
    assert not servers.asked


@pytest.mark.parametrize("q", ["Hotel Kämp", "  hotel kamp", "HOTEL KÄMP, Helsinki"])
def test_a_spelling_of_a_name_is_asked_as_the_map_spells_it(
    client: TestClient, servers: Servers, q: str
) -> None:
    servers.answers["/search"] = []
    assert client.get("/search_poi", params={"q": q}).json() == []
    [(path, query)] = servers.asked
    assert (path, query["q"]) == ("/search", "Hotel Kämp")


def test_a_search_lists_places_of_the_map_alone_and_at_most_limit(
    client: TestClient, servers: Servers
) -> None:
    elsewhere = {"osm_type": "node", "osm_id": 1, "name": "Elsewhere", "lat": "0"}
    postcode = {"name": "00100", "lat": "60.17"}
    servers.answers["/search"] = [elsewhere, postcode, found(ATENEUM), found(CARLTON)]
    query = {"category": "museum", "near": "Ateneum"}
    listed = client.get("/search_nearby", params=query).json()
    assert [place["id"] for place in listed] == [ATENEUM.id, CARLTON.id]
    assert client.get("/search_nearby", params={**query, "limit": 1}).json() == listed[:1]
    assert servers.asked[0][1]["q"] == "museum near Ateneum"


def test_one_searches_around_landmarks_and_streets_only(client: TestClient, servers: Servers) -> None:
    servers.answers["/search"] = []
    kinds = {name: places.names(name) for name in ("landmark", "street", "place")}
    cafe = next(
        name for key, name in kinds["place"].items() if key not in kinds["landmark"] | kinds["street"]
    )
    for near, status in (("Kaivokatu", 200), ("Carlton", 200), (cafe, 404), ("Nirgendwo", 404)):
        reply = client.get("/search_nearby", params={"category": "cafe", "near": near})
        assert reply.status_code == status, near


def test_ids_that_are_not_of_the_map_are_left_out_of_a_lookup(client: TestClient, servers: Servers) -> None:
    servers.answers["/lookup"] = [found(CARLTON, extratags={"stars": "4", "phone": "1"}), found(ATENEUM)]
    reply = client.get("/lookup_poi", params={"osm_ids": [CARLTON.id, "N1", ATENEUM.id]})
    assert servers.asked[0][1]["osm_ids"] == f"{CARLTON.id},{ATENEUM.id}"
    assert [place["id"] for place in reply.json()] == [CARLTON.id, ATENEUM.id]
    assert reply.json()[0]["extratags"] == {"stars": "4"}


def test_walks_begin_at_landmarks_and_end_at_places(client: TestClient, servers: Servers) -> None:
    cells = [{"time": 60, "distance": 0.1, "from_index": 0}, {"time": 90, "distance": 0.2, "from_index": 0}]
    servers.answers["/sources_to_targets"] = {"sources_to_targets": [cells], "units": "kilometers"}
    other = places.places("place")[0].point
    reply = client.post("/walk_times", json={"start": CARLTON.point, "targets": [other, ATENEUM.point]})
    assert reply.json() == {
        "walks": [{"time": 60, "distance": 0.1}, {"time": 90, "distance": 0.2}],
        "units": "kilometers",
    }
    assert servers.asked[0][1]["sources"] == [CARLTON.point]
    for start, target in ((other, CARLTON.point), (CARLTON.point, plan.OFF[0]), (plan.OFF[0], other)):
        assert client.post("/walk_times", json={"start": start, "targets": [target]}).status_code == 404
    for start, end in ((other, CARLTON.point), (CARLTON.point, other)):
        assert client.post("/walk_route", json={"start": start, "end": end}).status_code == 404
    assert len(servers.asked) == 1


# the snapshot answers every valid call

POINTS = st.one_of(
    st.sampled_from([place.point for place in places.places()]),
    st.fixed_dictionaries({"lat": st.floats(60.16, 60.18), "lon": st.floats(24.93, 24.96)}),
)
NAMES = st.one_of(
    st.sampled_from(list(places.names().values())).flatmap(
        lambda name: st.sampled_from([name, name.upper(), f" {name.lower()}  ", f"{name}, helsinki"])
    ),
    st.text(min_size=2, max_size=40),
)
LIMITS = st.fixed_dictionaries({}, optional={"limit": st.integers(1, 20)})
IDS = st.one_of(
    st.sampled_from([place.id for place in places.places() if place.id]),
    st.from_regex("[NWR][0-9]+", fullmatch=True),
)
CALLS = st.one_of(
    st.tuples(st.just("search_poi"), LIMITS, st.fixed_dictionaries({"q": NAMES})),
    st.tuples(
        st.just("search_nearby"),
        LIMITS,
        st.fixed_dictionaries({"category": st.sampled_from(places.CATEGORIES), "near": NAMES}),
    ),
    st.tuples(
        st.just("lookup_poi"),
        st.just({}),
        st.fixed_dictionaries({"osm_ids": st.lists(IDS, min_size=1, max_size=10, unique=True)}),
    ),
    st.tuples(st.just("reverse_geocode"), st.just({}), POINTS),
    st.tuples(
        st.just("walk_times"),
        st.just({}),
        st.fixed_dictionaries({"start": POINTS, "targets": st.lists(POINTS, min_size=1, max_size=25)}),
    ),
    st.tuples(st.just("walk_route"), st.just({}), st.fixed_dictionaries({"start": POINTS, "end": POINTS})),
    st.tuples(
        st.just("isochrone"), st.fixed_dictionaries({"minutes": st.sampled_from(plan.MINUTES)}), POINTS
    ),
)


@pytest.fixture(scope="module")
def travel() -> Snapshot:
    return Snapshot.open("travel")


@given(CALLS)
@settings(deadline=None, max_examples=300)
def test_a_valid_call_is_answered(travel: Snapshot, call: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    tool, some, others = call
    arguments = some | others
    assert travel.catalog[tool].validator.is_valid(arguments)
    assert travel.lookup(tool, arguments) is not None, (tool, arguments)


def test_whatever_a_reply_lists_leads_to_answered_calls(travel: Snapshot) -> None:
    """Of every tenth reply each row: its name, id and coordinates, and the street in it."""
    landmarks = [place.point for place in places.places("landmark")]
    rng = Random(18)
    known = {place.id for place in places.places()}
    replies = [json.loads(one.text) for one in travel.records() if one.tool in TOOLS and one.status == 200]
    lists = [reply if isinstance(reply, list) else [reply] for reply in replies[::10]]
    rows = {row["id"]: row for some in lists for row in some if "id" in row}
    assert len(rows) > 300 and rows.keys() <= known
    for row in rows.values():
        point, landmark = {"lat": row["lat"], "lon": row["lon"]}, rng.choice(landmarks)
        names = [row["name"], row.get("address", {}).get("road", "")]
        calls = [
            ("lookup_poi", {"osm_ids": [row["id"]]}),
            ("reverse_geocode", point),
            ("isochrone", {**point, "minutes": 10}),
            ("walk_times", {"start": landmark, "targets": [point]}),
            ("walk_times", {"start": point, "targets": [landmark, point]}),
            ("walk_route", {"start": point, "end": landmark}),
            *(("search_poi", {"q": name}) for name in names),
            *(("search_nearby", {"category": "cafe", "near": name}) for name in names),
        ]
        for tool, arguments in calls:
            if travel.catalog[tool].validator.is_valid(arguments):
                assert travel.lookup(tool, arguments) is not None, (tool, arguments)
        assert json.loads(travel.lookup("lookup_poi", {"osm_ids": [row["id"]]}).text)[0]["id"] == row["id"]
        assert travel.lookup("walk_times", {"start": landmark, "targets": [point]}).status == 200
