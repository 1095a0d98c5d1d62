"""What is asked while recording: the order in which answers lead on.

Enters: a function that asks a tool. Leaves nothing: the asking is the effect. Deterministic: what is asked
depends on plan.toml and on earlier answers alone.
"""

import tomllib
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from ...tracing import Ask
from .tours import best_order

Place = dict[str, Any]

TABLES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("plan.toml").read_text(encoding="utf-8"))


def point(place: Place) -> dict[str, float]:
    return {"lat": place["lat"], "lon": place["lon"]}


def explore(ask: Ask) -> None:
    """Ask everything, each part leading to the next."""
    hotels = [found[0] for name in TABLES["hotels"] if (found := ask("search_poi", {"q": name})[1])]
    sights = [found[0] for name in TABLES["sights"] if (found := ask("search_poi", {"q": name})[1])]
    around = {
        (hotel["id"], category): _near(ask, category, hotel["name"])
        for hotel in hotels
        for category in TABLES["around_hotels"]
    }
    listed = [place for places in around.values() for place in places]
    listed += [
        place
        for street in TABLES["streets"]
        for category in TABLES["around_streets"]
        for place in _near(ask, category, street)
    ]
    listed += [
        place
        for sight in sights
        for category in TABLES["around_sights"]
        for place in _near(ask, category, sight["name"])
    ]
    places = {place["id"]: place for place in (*hotels, *sights, *listed)}

    _ask_names(ask, places)
    for place_id in places:
        ask("lookup_poi", {"osm_ids": [place_id]})
    _walk(ask, hotels, sights, around)
    _reach(ask, [*hotels, *sights])
    _miss(ask, hotels)


def _near(ask: Ask, category: str, near: str) -> list[Place]:
    found: list[Place] = ask("search_nearby", {"category": category, "near": near})[1]
    return found


def _ask_names(ask: Ask, places: Mapping[str, Place]) -> None:
    for street in TABLES["streets"]:
        ask("search_poi", {"q": street})
    for place in places.values():
        if len(place["name"]) > 1:
            ask("search_poi", {"q": place["name"]})


def _walk(
    ask: Ask, hotels: list[Place], sights: list[Place], around: Mapping[tuple[str, str], list[Place]]
) -> None:
    """Matrices from each hotel to what lies around it, single walks to the sights, tours of three museums."""
    for hotel in hotels:
        start = point(hotel)
        for category in TABLES["walked_to"]:
            found = around[hotel["id"], category]
            if found:
                ask("walk_matrix", {"sources": [start], "targets": [point(place) for place in found]})
        museums = around[hotel["id"], "museum"]
        for place in museums:
            ask("walk_matrix", {"sources": [start], "targets": [point(place)]})
            ask("walk_route", {"locations": [start, point(place)]})
        if museums:
            ask("lookup_poi", {"osm_ids": [place["id"] for place in museums]})
        for sight in sights[6:9]:
            ask("walk_route", {"locations": [start, point(sight)]})
        for some, end in zip(combinations(sights[:6], 3), _others(hotels, hotel), strict=False):
            stops = [start, *map(point, some), point(end)]
            _, matrix = ask("walk_matrix", {"sources": stops, "targets": stops})
            if best_order(matrix):
                ask("walk_tour", {"locations": stops})
    for one, other in combinations(sights, 2):
        ask("walk_route", {"locations": [point(one), point(other)]})


def _others(places: list[Place], one: Place) -> list[Place]:
    return [place for place in places if place["id"] != one["id"]][:2]


def _reach(ask: Ask, starts: list[Place]) -> None:
    """What can be reached on foot, and the address at the area's outermost corners."""
    for start in starts:
        ask("reverse_geocode", point(start))
        for minutes in TABLES["minutes"]:
            _, area = ask("isochrone", {**point(start), "minutes": minutes})
            ring = area["features"][0]["geometry"]["coordinates"][0]
            corners = [pick(ring, key=lambda corner: corner[axis]) for axis in (0, 1) for pick in (min, max)]
            for lon, lat in corners if minutes == 10 else ():
                ask("reverse_geocode", {"lat": lat, "lon": lon})


def _miss(ask: Ask, hotels: list[Place]) -> None:
    """Names that nobody bears, ids that do not exist, and points off the map."""
    for name in TABLES["nowhere"]:
        ask("search_poi", {"q": name})
        ask("search_nearby", {"category": "museum", "near": name})
    for place_id in TABLES["no_such_id"]:
        ask("lookup_poi", {"osm_ids": [place_id]})
    for lat, lon in TABLES["off_the_map"]:
        ask("reverse_geocode", {"lat": lat, "lon": lon})
        ask("walk_route", {"locations": [point(hotels[0]), {"lat": lat, "lon": lon}]})
        ask("isochrone", {"lat": lat, "lon": lon, "minutes": 10})
