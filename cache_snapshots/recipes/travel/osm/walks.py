"""Templates of golden traces over the Helsinki tools; the last two begin in the tables of cities and countries.

Enters: a `Trace`, which asks. Leaves nothing; the trace holds calls and facts. A place is picked by a criterion
that the request states, and a pick that is not unique is refused.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ...tracing import Ref, Reply, Trace

MOST = 20  # places of a search
KM = 0.01  # what rounding a distance to two places may lose
DEGREES = 0.0001
LEGS = {2: ("first", "last"), 3: ("first", "second", "last")}


class Spot(NamedTuple):
    """One line of a list of places."""

    found: Reply
    line: int

    def at(self, field: str) -> Ref:
        return self.found.at(f"/{self.line}/{field}")

    @property
    def point(self) -> dict[str, Ref]:
        return {"lat": self.at("lat"), "lon": self.at("lon")}


def _named(t: Trace, name: str) -> Spot:
    """The only place that answers to a name, or the only one of exactly this name."""
    found = t.call("search_poi", q=name)
    line = "/0" if len(found.value) == 1 else found.where("", name=name)
    return Spot(found, int(line[1:]))


def _around(t: Trace, category: str, near: Any, after: Sequence[Reply] = ()) -> list[Spot]:
    """All places of a category near another; refused if the list may be cut, or holds one without a name."""
    found = t.call("search_nearby", after=after, category=category, near=near)
    if len(found.value) >= MOST or not all(place["name"] for place in found.value):
        raise ValueError(f"{category} near {near}: the list may be cut, or a place has no name")
    return [Spot(found, line) for line in range(len(found.value))]


def _walks(t: Trace, start: Spot, spots: list[Spot]) -> Reply:
    """The walks from one place to several."""
    return t.call("walk_times", start=start.point, targets=[spot.point for spot in spots])


def _by_distance(walks: Reply) -> list[int]:
    """Indices of the targets, nearest first; refused if two tie, or if distance and time disagree."""
    row = walks.value["walks"]
    orders = [sorted(range(len(row)), key=lambda index: row[index][by]) for by in ("distance", "time")]
    if orders[0] != orders[1] or any(
        len({cell[by] for cell in row}) < len(row) for by in ("distance", "time")
    ):
        raise ValueError("a tie, or the nearest is not the quickest to reach")
    return orders[0]


def _ranked(t: Trace, start: str, category: str, rank: int) -> tuple[Spot, Ref, Reply]:
    """The place of a category that is the nearest (0), second nearest (1) or farthest (-1), its distance, the walks."""
    origin = _named(t, start)
    spots = _around(t, category, start)
    walks = _walks(t, origin, spots)
    index = _by_distance(walks)[rank]
    t.fact(f"the {category}", spots[index].at("name"))
    return spots[index], walks.at(f"/walks/{index}/distance"), walks


def nearest_and_detail(t: Trace, start: str, category: str, tag: str) -> None:
    spot, distance, walks = _ranked(t, start, category, 0)
    t.fact("distance in km", distance, KM)
    seen = t.call("lookup_poi", after=[walks], osm_ids=[spot.at("id")])
    t.fact(tag, seen.at(f"/0/extratags/{tag}"))


def farthest(t: Trace, start: str, category: str) -> None:
    _, distance, _ = _ranked(t, start, category, -1)
    t.fact("distance in km", distance, KM)


def second_nearest(t: Trace, start: str, category: str) -> None:
    _, distance, _ = _ranked(t, start, category, 1)
    t.fact("distance in km", distance, KM)


def which_is_closer(t: Trace, hotels: tuple[str, str], target: str) -> None:
    starts = [_named(t, hotel) for hotel in hotels]
    goal = _named(t, target)
    for hotel, start in zip(hotels, starts, strict=True):
        t.fact(f"km from {hotel}", _walks(t, start, [goal]).at("/walks/0/distance"), KM)


def details(t: Trace, name: str, tags: tuple[str, ...]) -> None:
    seen = t.call("lookup_poi", osm_ids=[_named(t, name).at("id")])
    for tag in tags:
        t.fact(tag, seen.at(f"/0/extratags/{tag}"))


def access_of_several(t: Trace, names: tuple[str, ...]) -> None:
    spots = [_named(t, name) for name in names]
    for name, spot in zip(names, spots, strict=True):
        seen = t.call("lookup_poi", osm_ids=[spot.at("id")])
        t.fact(f"wheelchair at {name}", seen.at("/0/extratags/wheelchair"), owner=name)


def nearest_around_a_street(t: Trace, start: str, street: str, category: str) -> None:
    origin = _named(t, start)
    spots = _around(t, category, street)
    walks = _walks(t, origin, spots)
    index = _by_distance(walks)[0]
    t.fact(f"the {category}", spots[index].at("name"))
    t.fact("distance in km", walks.at(f"/walks/{index}/distance"), KM)


def then_on(t: Trace, start: str, first: str, then: str) -> None:
    """The nearest of one category, and from there the nearest of another."""
    spot, distance, walk = _ranked(t, start, first, 0)
    spots = _around(t, then, spot.at("name"), after=[walk])
    walks = _walks(t, spot, spots)
    index = _by_distance(walks)[0]
    t.fact("km of the first walk", distance, KM)
    t.fact(f"the {then}", spots[index].at("name"))
    t.fact("km of the second walk", walks.at(f"/walks/{index}/distance"), KM)


def through(t: Trace, stops: tuple[str, ...]) -> None:
    """The legs of a walk through several places."""
    spots = [_named(t, name) for name in stops]
    legs = [t.call("walk_route", start=one.point, end=other.point) for one, other in pairwise(spots)]
    for which, leg in zip(LEGS[len(legs)], legs, strict=True):
        t.fact(f"km of the {which} leg", leg.at("/trip/summary/length"), KM)


def first_street(t: Trace, start: str, goal: str) -> None:
    one, other = (_named(t, name) for name in (start, goal))
    route = t.call("walk_route", start=one.point, end=other.point)
    t.fact("first street", route.at("/trip/legs/0/maneuvers/0/street_names/0"))
    t.fact("km", route.at("/trip/summary/length"), KM)


def first_of_several(t: Trace, start: str, visits: tuple[str, ...]) -> None:
    """The nearest of several places, and what is known of it."""
    origin, *spots = (_named(t, name) for name in (start, *visits))
    walks = _walks(t, origin, spots)
    index = _by_distance(walks)[0]
    seen = t.call("lookup_poi", after=[walks], osm_ids=[spots[index].at("id")])
    t.fact("first visit", seen.at("/0/name"))
    t.fact("km", walks.at(f"/walks/{index}/distance"), KM)
    t.fact("wheelchair access", seen.at("/0/extratags/wheelchair"))


def edge_of_reach(t: Trace, start: str, minutes: int, axis: int, choose: Callable[[Any], Any]) -> None:
    """How far the area within some minutes' walk extends in one direction: the coordinate of its outermost corner."""
    spot = _named(t, start)
    area = t.call("isochrone", lat=spot.at("lat"), lon=spot.at("lon"), minutes=minutes)
    ring = "/features/0/geometry/coordinates/0"
    ends = [corner[axis] for corner in area.at(ring).value[:-1]]
    if ends.count(choose(ends)) != 1:
        raise ValueError("several outermost corners")
    corner = f"{ring}/{ends.index(choose(ends))}"
    t.fact("longitude" if axis == 0 else "latitude", area.at(f"{corner}/{axis}"), DEGREES)


def what_stands_here(t: Trace, lat: float, lon: float, tags: tuple[str, ...]) -> None:
    here = t.call("reverse_geocode", lat=lat, lon=lon)
    seen = t.call("lookup_poi", osm_ids=[here.at("/id")])
    t.fact("name", here.at("/name"))
    for tag in tags:
        t.fact(tag, seen.at(f"/0/extratags/{tag}"))


def nearest_to_each(t: Trace, starts: tuple[str, str], category: str) -> None:
    """The nearest of a category to each of two places."""
    for start in starts:
        origin = _named(t, start)
        spots = _around(t, category, start)
        walks = _walks(t, origin, spots)
        index = _by_distance(walks)[0]
        t.fact(f"{category} nearest to {start}", spots[index].at("name"))
        t.fact(f"km from {start}", walks.at(f"/walks/{index}/distance"), KM)


def _centre(t: Trace, city: Any) -> tuple[Ref, Ref]:
    """Latitude and longitude that the table of cities gives for the largest city of a name."""
    found = t.call("search_city", name=city)
    name = city.value if isinstance(city, Ref) else city
    line = found.best("/results", "population", max, name=name)
    place = t.call("get_city", geoname_id=found.at(line + "/geoname_id"))
    return place.at("/latitude"), place.at("/longitude")


def from_the_centre(t: Trace, city: str, goals: tuple[str, ...]) -> None:
    """The walks from the point that the table of cities gives to places on the map."""
    lat, lon = _centre(t, city)
    spots = [_named(t, goal) for goal in goals]
    walks = t.call("walk_times", start={"lat": lat, "lon": lon}, targets=[spot.point for spot in spots])
    for index, goal in enumerate(goals):
        t.fact(f"km to {goal}", walks.at(f"/walks/{index}/distance"), KM)


def centre_of_the_capital(t: Trace, country: str, goal: str) -> None:
    """From a country to its capital, the address at its point, and the walk to a place on the map."""
    found = t.call("search_country", name=country)
    line = found.where("/results", name=country)
    profile = t.call("get_country", country_id=found.at(line + "/country_id"))
    lat, lon = _centre(t, profile.at("/capital"))
    seen = t.call("reverse_geocode", lat=lat, lon=lon)
    spot = _named(t, goal)
    route = t.call("walk_route", start={"lat": lat, "lon": lon}, end=spot.point)
    t.fact("capital", profile.at("/capital"))
    t.fact("street", seen.at("/address/road"))
    t.fact("km", route.at("/trip/summary/length"), KM)
