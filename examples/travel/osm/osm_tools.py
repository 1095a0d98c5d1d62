"""The eight tools over Nominatim and Valhalla: schemas, the HTTP request behind each, what is kept of the reply.

Tables and nothing else. `TABLE` and `SOURCES` are written as in the travel server's tools; `ENDPOINTS` says how
a call becomes a request, and `KEEP` which fields of the reply are recorded, the rest being dropped.
"""

import csv
from pathlib import Path
from typing import Any, NamedTuple

from tool_orch_env.catalog import Catalog, Source, ToolSpec

Schema = dict[str, Any]

with Path(__file__).with_name("categories.csv").open(encoding="utf-8") as file:
    CATEGORIES = sorted(row["phrase"] for row in csv.DictReader(file))

LATITUDE: Schema = {"type": "number", "minimum": -90, "maximum": 90, "description": "Degrees north."}
LONGITUDE: Schema = {"type": "number", "minimum": -180, "maximum": 180, "description": "Degrees east."}
LIMIT: Schema = {
    "type": "integer",
    "minimum": 1,
    "maximum": 40,
    "default": 10,
    "description": "At most this many results.",
}


def _object(required: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


POINT = _object("lat lon", lat=LATITUDE, lon=LONGITUDE)


def _points(text: str, least: int, most: int) -> Schema:
    return {"type": "array", "items": POINT, "minItems": least, "maxItems": most, "description": text}


# name, domain, description, parameters
TABLE: tuple[tuple[str, str, str, Schema], ...] = (
    (
        "search_poi",
        "places",
        "Find places in central Helsinki by name or address: id, kind, coordinates and address line, best match "
        "first. Opening hours, wheelchair access and other details come from lookup_poi.",
        _object(
            "q",
            q={
                "type": "string",
                "minLength": 2,
                "description": "Name of a place, a street, or an address, e.g. Hilton Helsinki Strand.",
            },
            limit=LIMIT,
        ),
    ),
    (
        "search_nearby",
        "places",
        "Find places of one category around a named place or street in central Helsinki. The order is not that of "
        "the walking distance. Around a place that is mapped as an outline (its id begins with W or R) nothing "
        "may be found: search around its street then.",
        _object(
            "category near",
            category={"type": "string", "enum": CATEGORIES, "description": "Category of the places wanted."},
            near={
                "type": "string",
                "minLength": 2,
                "description": "Name of the place or street to search around, e.g. Kaivokatu.",
            },
            limit=LIMIT,
        ),
    ),
    (
        "lookup_poi",
        "places",
        "Address and tags of places by id: opening hours, wheelchair access, cuisine, stars, operator and what "
        "else is mapped. A tag that nobody mapped is absent.",
        _object(
            "osm_ids",
            osm_ids={
                "type": "array",
                "items": {"type": "string", "pattern": "^[NWR][0-9]+$"},
                "minItems": 1,
                "maxItems": 10,
                "uniqueItems": True,
                "description": "OpenStreetMap ids, e.g. N606949807, from search_poi, search_nearby or "
                "reverse_geocode.",
            },
        ),
    ),
    (
        "reverse_geocode",
        "places",
        "The mapped place or street nearest to a point, with its id and address.",
        _object("lat lon", lat=LATITUDE, lon=LONGITUDE),
    ),
    (
        "walk_matrix",
        "walking",
        "Walking time in seconds and distance in kilometres from every source to every target. Rows follow the "
        "sources and columns the targets, in the order given; from_index and to_index say so.",
        _object(
            "sources targets",
            sources=_points("Where the walks begin.", 1, 10),
            targets=_points("Where they end, in the order in which they were found.", 1, 25),
        ),
    ),
    (
        "walk_route",
        "walking",
        "Walking directions through two or more points in the order given: time in seconds, length in kilometres "
        "and what to do on the way, leg by leg.",
        _object("locations", locations=_points("Start, stops on the way if any, and destination.", 2, 8)),
    ),
    (
        "walk_tour",
        "walking",
        "The quickest order in which to visit several points on foot. First and last stay first and last, the "
        "others are put in order: original_index is the position in the points given, from 0. End elsewhere than "
        "at the start: a round trip may as well be walked the other way.",
        _object(
            "locations", locations=_points("Start, the points to visit in any order, and the end.", 4, 10)
        ),
    ),
    (
        "isochrone",
        "walking",
        "The area that can be reached on foot from a point within some minutes, as a simplified GeoJSON polygon "
        "of [longitude, latitude] pairs.",
        _object(
            "lat lon minutes",
            lat=LATITUDE,
            lon=LONGITUDE,
            minutes={
                "type": "integer",
                "minimum": 1,
                "maximum": 30,
                "description": "Walking time in minutes.",
            },
        ),
    ),
)

SET_LIKE = {"lookup_poi": ("osm_ids",)}

_LISTS = ("search_poi /*", "search_nearby /*", "lookup_poi /*")
_ROADS = ("lookup_poi /*/address/road", "reverse_geocode /address/road")
_VERTEX = "isochrone /features/*/geometry/coordinates/*/*"
_LAT = (*(f"{place}/lat" for place in _LISTS), f"{_VERTEX}/1")
_LON = (*(f"{place}/lon" for place in _LISTS), f"{_VERTEX}/0")

# tool, parameter (or a pointer into the arguments): the outputs that can supply it, as "tool /pointer/pattern"
SOURCES: dict[tuple[str, str], tuple[str, ...]] = {
    ("search_poi", "q"): _ROADS,
    ("search_nearby", "near"): (*(f"{place}/name" for place in _LISTS), "reverse_geocode /name", *_ROADS),
    ("lookup_poi", "/osm_ids/*"): ("search_poi /*/id", "search_nearby /*/id", "reverse_geocode /id"),
    ("reverse_geocode", "lat"): _LAT,
    ("reverse_geocode", "lon"): _LON,
    ("isochrone", "lat"): _LAT,
    ("isochrone", "lon"): _LON,
    **{
        (tool, f"/{parameter}/*/{axis}"): sources
        for tool, parameter in (
            ("walk_matrix", "sources"),
            ("walk_matrix", "targets"),
            ("walk_route", "locations"),
            ("walk_tour", "locations"),
        )
        for axis, sources in (("lat", _LAT), ("lon", _LON))
    },
}


class Endpoint(NamedTuple):
    """How a call becomes a request. A text "{name}" stands for that argument, as it is; inside a longer text
    it is written out. `payload` is the query of a GET, the JSON body of a POST. `keep` names an entry of KEEP.
    """

    server: str
    method: str
    path: str
    payload: dict[str, Any]
    keep: str


_NAMES = {"format": "jsonv2", "accept-language": "en"}
_FULL = {**_NAMES, "addressdetails": 1, "extratags": 1}
_ON_FOOT = {"costing": "pedestrian", "units": "kilometers", "language": "en-US"}

ENDPOINTS: dict[str, Endpoint] = {
    "search_poi": Endpoint(
        "nominatim", "GET", "/search", {"q": "{q}", "limit": "{limit}", **_NAMES}, "places"
    ),
    "search_nearby": Endpoint(
        "nominatim",
        "GET",
        "/search",
        {"q": "{category} near {near}", "limit": "{limit}", **_NAMES},
        "places",
    ),
    "lookup_poi": Endpoint("nominatim", "GET", "/lookup", {"osm_ids": "{osm_ids}", **_FULL}, "details"),
    "reverse_geocode": Endpoint(
        "nominatim", "GET", "/reverse", {"lat": "{lat}", "lon": "{lon}", **_NAMES}, "spot"
    ),
    "walk_matrix": Endpoint(
        "valhalla",
        "POST",
        "/sources_to_targets",
        {"sources": "{sources}", "targets": "{targets}", **_ON_FOOT},
        "matrix",
    ),
    "walk_route": Endpoint("valhalla", "POST", "/route", {"locations": "{locations}", **_ON_FOOT}, "route"),
    "walk_tour": Endpoint(
        "valhalla", "POST", "/optimized_route", {"locations": "{locations}", **_ON_FOOT}, "tour"
    ),
    "isochrone": Endpoint(
        "valhalla",
        "POST",
        "/isochrone",
        {
            "locations": [{"lat": "{lat}", "lon": "{lon}"}],
            "contours": [{"time": "{minutes}"}],
            "costing": "pedestrian",
            "polygons": True,
            "generalize": 50,
        },
        "area",
    ),
}

# Tags that say something about a place. A list of what stays, so that no telephone, e-mail, social or web
# address of anyone slips through.
TAGS = (  # noqa: SIM905
    "access architect artist_name artwork_type backrest bicycle_parking brand branch building:levels capacity "
    "clothes covered cuisine delivery denomination diet:vegan diet:vegetarian fee height heritage "
    "internet_access layer level lit lottery material maxspeed memorial operator opening_hours outdoor_seating "
    "religion rooms seasonal second_hand self_service shelter smoking stars start_date surface takeaway "
    "toilets:wheelchair tourism wheelchair wikidata"
).split()

_STAY = dict.fromkeys(("name", "category", "type", "display_name"), "keep")
_PLACE: dict[str, Any] = {"id": "id", **_STAY, "lat": "number", "lon": "number"}
_SUMMARY = {"time": "keep", "length": "keep"}
_STEPS = [dict.fromkeys(("instruction", "street_names", "length", "time"), "keep")]

# An object keeps the fields named here, a list what its one item says. "keep": as it is; "number": a text made a
# number; "id": osm_type and osm_id as one text, N606949807. What a reply lacks is not made up.
KEEP: dict[str, Any] = {
    "places": [_PLACE],
    "details": [{**_PLACE, "address": "keep", "extratags": dict.fromkeys(TAGS, "keep")}],
    "spot": {"error": "keep", **_PLACE, "address": "keep"},
    "matrix": {
        "sources_to_targets": [[dict.fromkeys(("from_index", "to_index", "time", "distance"), "keep")]],
        "units": "keep",
    },
    "route": {
        "trip": {"summary": _SUMMARY, "legs": [{"summary": _SUMMARY, "maneuvers": _STEPS}], "units": "keep"}
    },
    "tour": {
        "trip": {
            "locations": [dict.fromkeys(("original_index", "lat", "lon"), "keep")],
            "legs": [{"summary": _SUMMARY}],
            "summary": _SUMMARY,
            "units": "keep",
        }
    },
    "area": {"features": [{"properties": {"contour": "keep", "metric": "keep"}, "geometry": "keep"}]},
    "error": dict.fromkeys(("error_code", "error", "status_code", "status"), "keep"),
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
                set_like=SET_LIKE.get(name, ()),
                sources={
                    parameter: tuple(Source(tool=text.split()[0], pointer=text.split()[1]) for text in texts)
                    for (tool, parameter), texts in SOURCES.items()
                    if tool == name
                },
            )
            for name, domain, description, parameters in TABLE
        ]
    )
