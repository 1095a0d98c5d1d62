"""The seven tools over OpenStreetMap, as routes of the travel service: each asks Nominatim or Valhalla.

The routes take query strings, and JSON bodies for points. They return what `kept.py` keeps of the server's reply, with
the server's status, or 502 if it is not JSON. The places are those of `places.csv`: other places are left out of
replies, and what is asked about another name or point is a 404. Knows nothing of snapshots or tasks.
"""

from functools import cache
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Body, FastAPI, Query
from fastapi.responses import JSONResponse

from ..server import NotFound
from .kept import KEEP, trimmed
from .places import MOST, folded, names, places

router = APIRouter()
servers: dict[str, httpx.Client] = {}

Point = Annotated[dict[str, float], Body()]
Points = Annotated[list[dict[str, float]], Body()]
_NAMES = {"format": "jsonv2", "accept-language": "en"}
_ON_FOOT = {"costing": "pedestrian", "units": "kilometers", "language": "en-US"}


def mount(app: FastAPI, nominatim: str, valhalla: str) -> dict[str, str]:
    """Add the routes to the service; returns the version that each of the two servers states."""
    for name, base in (("nominatim", nominatim), ("valhalla", valhalla)):
        servers[name] = httpx.Client(base_url=base, timeout=60, trust_env=False)
    app.include_router(router)
    states = {name: client.get("/status", params={"format": "json"}) for name, client in servers.items()}
    return {
        "Nominatim": states["nominatim"].json()["software_version"],
        "Valhalla": states["valhalla"].json()["version"],
    }


@router.get("/search_poi")
def search_poi(q: str, limit: int = 20) -> JSONResponse:
    return _search(_spelt(q, "no place of the map has this name"), limit)


@router.get("/search_nearby")
def search_nearby(category: str, near: str, limit: int = 20) -> JSONResponse:
    around = _spelt(near, "no landmark or street of the map has this name", "landmark", "street")
    return _search(f"{category} near {around}", limit)


@router.get("/lookup_poi")
def lookup_poi(osm_ids: Annotated[list[str], Query()]) -> JSONResponse:
    known = [one for one in osm_ids if one in _ids()]
    if not known:
        return JSONResponse([])
    return _nominatim("/lookup", "details", osm_ids=",".join(known), addressdetails=1, extratags=1)


@router.get("/reverse_geocode")
def reverse_geocode(lat: float, lon: float) -> JSONResponse:
    if not _at([{"lat": lat, "lon": lon}]):
        raise NotFound("place", "no place of the map has these coordinates")
    return _nominatim("/reverse", "spot", lat=lat, lon=lon)


@router.post("/walk_times")
def walk_times(start: Point, targets: Points) -> JSONResponse:
    if not (_at([start], "landmark", "point") and _at(targets)):
        raise NotFound("place", "the start is not a landmark of the map, or a target not a place of it")
    return _valhalla("/sources_to_targets", "walks", sources=[start], targets=targets, **_ON_FOOT)


@router.post("/walk_route")
def walk_route(start: Point, end: Point) -> JSONResponse:
    _begin([start, end])
    return _valhalla("/route", "route", locations=[start, end], **_ON_FOOT)


@router.get("/isochrone")
def isochrone(lat: float, lon: float, minutes: int) -> JSONResponse:
    here = {"lat": lat, "lon": lon}
    _begin([here])
    return _valhalla(
        "/isochrone",
        "area",
        locations=[here],
        contours=[{"time": minutes}],
        costing="pedestrian",
        polygons=True,
        generalize=50,
    )


@cache
def _ids() -> frozenset[str]:
    return frozenset(place.id for place in places() if place.id)


@cache
def _points(*kinds: str) -> frozenset[tuple[float, float]]:
    return frozenset((place.lat, place.lon) for place in places(*kinds))


def _spelt(text: str, message: str, *kinds: str) -> str:
    """The name as the map spells it; raises `NotFound` if no place of these kinds bears it."""
    name = names(*kinds).get(folded(text))
    if name is None:
        raise NotFound("place", message)
    return name


def _at(points: list[dict[str, float]], *kinds: str) -> bool:
    """Whether at each of the points there is a place of these kinds."""
    return all((point["lat"], point["lon"]) in _points(*kinds) for point in points)


def _begin(points: list[dict[str, float]]) -> None:
    """Raises `NotFound` unless at each of the points there is a landmark."""
    if not _at(points, "landmark", "point"):
        raise NotFound("landmark", "no landmark of the map has these coordinates")


def _search(q: str, limit: int) -> JSONResponse:
    """The places of the map among the first that Nominatim lists."""
    return _nominatim("/search", "places", limit, q=q, limit=MOST)


def _nominatim(path: str, keep: str, most: int = MOST, **query: Any) -> JSONResponse:
    return _passed_on(servers["nominatim"].get(path, params={**query, **_NAMES}), keep, most)


def _valhalla(path: str, keep: str, **body: Any) -> JSONResponse:
    return _passed_on(servers["valhalla"].post(path, json=body), keep)


def _passed_on(reply: httpx.Response, keep: str, most: int = MOST) -> JSONResponse:
    try:
        content = reply.json()
    except ValueError:
        return JSONResponse({"error": f"status {reply.status_code}, and no JSON"}, status_code=502)
    kept = trimmed(content, KEEP[keep if reply.status_code == 200 else "error"])
    if keep == "walks" and reply.status_code == 200:
        kept = {"walks": kept["sources_to_targets"][0], "units": kept["units"]}
    if isinstance(kept, list):
        kept = [place for place in kept if place.get("id") in _ids()][:most]
    return JSONResponse(kept, status_code=reply.status_code)
