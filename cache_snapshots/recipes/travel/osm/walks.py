"""Templates of golden traces over the Helsinki tools; the last two begin in the tables of cities and countries.

Enters: a `Trace`, which asks. Leaves nothing; the trace holds calls and facts. A place is picked by a criterion
that the request states, and a pick that is not unique is refused.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...tracing import Ref, Reply, Trace
from .tours import best_order

ROW = "/sources_to_targets/0"
KM = 0.01  # what rounding a distance to two places may lose


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
    if len(found.value) >= 10 or not all(place["name"] for place in found.value):
        raise ValueError(f"{category} near {near}: the list may be cut, or a place has no name")
    return [Spot(found, line) for line in range(len(found.value))]


def _walks(t: Trace, start: Spot, spots: list[Spot]) -> Reply:
    """The walks from one place to several, as one matrix."""
    return t.call("walk_matrix", sources=[start.point], targets=[spot.point for spot in spots])


def _by_distance(walks: Reply) -> list[int]:
    """Indices of the targets, nearest first; refused if two tie, or if distance and time disagree."""
    row = walks.value["sources_to_targets"][0]
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
    return spots[index], walks.at(f"{ROW}/{index}/distance"), walks


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
    walks = t.call("walk_matrix", sources=[start.point for start in starts], targets=[goal.point])
    for index, hotel in enumerate(hotels):
        t.fact(f"km from {hotel}", walks.at(f"/sources_to_targets/{index}/0/distance"), KM)


def details(t: Trace, name: str, tags: tuple[str, ...]) -> None:
    seen = t.call("lookup_poi", osm_ids=[_named(t, name).at("id")])
    for tag in tags:
        t.fact(tag, seen.at(f"/0/extratags/{tag}"))


def access_of_several(t: Trace, names: tuple[str, ...]) -> None:
    spots = [_named(t, name) for name in names]
    for name, spot in zip(names, spots, strict=True):
        seen = t.call("lookup_poi", osm_ids=[spot.at("id")])
        t.fact(f"wheelchair access of {name}", seen.at("/0/extratags/wheelchair"))


def street_of_a_place(t: Trace, start: str, category: str) -> None:
    origin = _named(t, start)
    road = t.call("lookup_poi", osm_ids=[origin.at("id")]).at("/0/address/road")
    spots = _around(t, category, road)
    nearest = spots[_by_distance(_walks(t, origin, spots))[0]]
    t.fact("street", road)
    t.fact(f"the {category}", nearest.at("name"))


def then_on(t: Trace, start: str, first: str, then: str) -> None:
    """The nearest of one category, and from there the nearest of another."""
    spot, distance, walk = _ranked(t, start, first, 0)
    spots = _around(t, then, spot.at("name"), after=[walk])
    walks = _walks(t, spot, spots)
    index = _by_distance(walks)[0]
    t.fact("km of the first walk", distance, KM)
    t.fact(f"the {then}", spots[index].at("name"))
    t.fact("km of the second walk", walks.at(f"{ROW}/{index}/distance"), KM)


def through(t: Trace, stops: tuple[str, ...]) -> None:
    route = t.call("walk_route", locations=[_named(t, name).point for name in stops])
    t.fact("km in all", route.at("/trip/summary/length"), KM)
    t.fact("km of the last leg", route.at(f"/trip/legs/{len(stops) - 2}/summary/length"), KM)


def first_street(t: Trace, start: str, goal: str) -> None:
    route = t.call("walk_route", locations=[_named(t, name).point for name in (start, goal)])
    t.fact("first street", route.at("/trip/legs/0/maneuvers/0/street_names/0"))
    t.fact("km", route.at("/trip/summary/length"), KM)


def tour(t: Trace, start: str, visits: tuple[str, ...], end: str) -> None:
    """Several visits in the quickest order, and what is known of the first of them.

    Refused unless the order is clearly the best of all.
    """
    spots = [_named(t, name) for name in (start, *visits, end)]
    trip = t.call("walk_tour", locations=[spot.point for spot in spots])
    order = [place["original_index"] for place in trip.value["trip"]["locations"]]
    if order != best_order(t.aside("walk_matrix", _all_pairs(spots))):
        raise ValueError(f"{order} is not clearly the quickest order")
    first = spots[order[1]]
    seen = t.call("lookup_poi", after=[trip], osm_ids=[first.at("id")])
    t.fact("km in all", trip.at("/trip/summary/length"), KM)
    t.fact("first visit", seen.at("/0/name"))
    t.fact("wheelchair access", seen.at("/0/extratags/wheelchair"))


def _all_pairs(spots: list[Spot]) -> dict[str, Any]:
    points = [{axis: ref.value for axis, ref in spot.point.items()} for spot in spots]
    return {"sources": points, "targets": points}


def edge_of_reach(t: Trace, start: str, minutes: int, axis: int, choose: Callable[[Any], Any]) -> None:
    """The address nearest to the outermost corner of the area within some minutes' walk."""
    spot = _named(t, start)
    area = t.call("isochrone", lat=spot.at("lat"), lon=spot.at("lon"), minutes=minutes)
    ring = "/features/0/geometry/coordinates/0"
    ends = [corner[axis] for corner in area.at(ring).value[:-1]]
    if ends.count(choose(ends)) != 1:
        raise ValueError("several outermost corners")
    corner = f"{ring}/{ends.index(choose(ends))}"
    seen = t.call("reverse_geocode", lat=area.at(f"{corner}/1"), lon=area.at(f"{corner}/0"))
    t.fact("street", seen.at("/address/road"))
    t.fact("postcode", seen.at("/address/postcode"))


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
        t.fact(f"km from {start}", walks.at(f"{ROW}/{index}/distance"), KM)


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
    walks = t.call("walk_matrix", sources=[{"lat": lat, "lon": lon}], targets=[spot.point for spot in spots])
    for index, goal in enumerate(goals):
        t.fact(f"km to {goal}", walks.at(f"{ROW}/{index}/distance"), KM)


def centre_of_the_capital(t: Trace, country: str, goal: str) -> None:
    """From a country to its capital, the address at its point, and the walk to a place on the map."""
    found = t.call("search_country", name=country)
    line = found.where("/results", name=country)
    profile = t.call("get_country", country_id=found.at(line + "/country_id"))
    lat, lon = _centre(t, profile.at("/capital"))
    seen = t.call("reverse_geocode", lat=lat, lon=lon)
    spot = _named(t, goal)
    route = t.call("walk_route", locations=[{"lat": lat, "lon": lon}, spot.point])
    t.fact("capital", profile.at("/capital"))
    t.fact("street", seen.at("/address/road"))
    t.fact("km", route.at("/trip/summary/length"), KM)
