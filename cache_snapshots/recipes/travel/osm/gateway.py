"""The eight tools over OpenStreetMap, as routes of the travel service: each asks Nominatim or Valhalla.

Enters: query strings, and JSON bodies where points are listed. Leaves: what `kept.py` keeps of the server's reply,
with the server's status; 502 where it gave no JSON. Knows nothing of snapshots or tasks.
"""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Body, FastAPI, Query
from fastapi.responses import JSONResponse

from .kept import KEEP, trimmed

router = APIRouter()
servers: dict[str, httpx.Client] = {}

Points = Annotated[list[dict[str, float]], Body()]
Place = Annotated[list[dict[str, float]], Body(embed=True)]
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
def search_poi(q: str, limit: int = 10) -> JSONResponse:
    return _nominatim("/search", "places", q=q, limit=limit)


@router.get("/search_nearby")
def search_nearby(category: str, near: str, limit: int = 10) -> JSONResponse:
    return _nominatim("/search", "places", q=f"{category} near {near}", limit=limit)


@router.get("/lookup_poi")
def lookup_poi(osm_ids: Annotated[list[str], Query()]) -> JSONResponse:
    return _nominatim("/lookup", "details", osm_ids=",".join(osm_ids), addressdetails=1, extratags=1)


@router.get("/reverse_geocode")
def reverse_geocode(lat: float, lon: float) -> JSONResponse:
    return _nominatim("/reverse", "spot", lat=lat, lon=lon)


@router.post("/walk_matrix")
def walk_matrix(sources: Points, targets: Points) -> JSONResponse:
    return _valhalla("/sources_to_targets", "matrix", sources=sources, targets=targets, **_ON_FOOT)


@router.post("/walk_route")
def walk_route(locations: Place) -> JSONResponse:
    return _valhalla("/route", "route", locations=locations, **_ON_FOOT)


@router.post("/walk_tour")
def walk_tour(locations: Place) -> JSONResponse:
    return _valhalla("/optimized_route", "tour", locations=locations, **_ON_FOOT)


@router.get("/isochrone")
def isochrone(lat: float, lon: float, minutes: int) -> JSONResponse:
    return _valhalla(
        "/isochrone",
        "area",
        locations=[{"lat": lat, "lon": lon}],
        contours=[{"time": minutes}],
        costing="pedestrian",
        polygons=True,
        generalize=50,
    )


def _nominatim(path: str, keep: str, **query: Any) -> JSONResponse:
    return _passed_on(servers["nominatim"].get(path, params={**query, **_NAMES}), keep)


def _valhalla(path: str, keep: str, **body: Any) -> JSONResponse:
    return _passed_on(servers["valhalla"].post(path, json=body), keep)


def _passed_on(reply: httpx.Response, keep: str) -> JSONResponse:
    try:
        content = reply.json()
    except ValueError:
        return JSONResponse({"error": f"status {reply.status_code}, and no JSON"}, status_code=502)
    kept = trimmed(content, KEEP[keep if reply.status_code == 200 else "error"])
    return JSONResponse(kept, status_code=reply.status_code)
