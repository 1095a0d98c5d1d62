"""A small API to record: cities, distances and prices, described by its own OpenAPI document.

    uvicorn service:app --app-dir examples/record_service

Every answer carries a time stamp and a request number, which the spec drops, and one route wants a key.
"""

import os
import time
from itertools import count
from math import hypot
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

app = FastAPI(title="towns", version="1.0.0")
numbers = count(1)
TOWNS = {
    11: ("Oslo", "NO", 59.91, 10.75),
    12: ("Bergen", "NO", 60.39, 5.32),
    21: ("Turku", "FI", 60.45, 22.27),
    31: ("Lund", "SE", 55.7, 13.19),
}
CURRENCY = {"NO": "NOK", "FI": "EUR", "SE": "SEK"}


def answer(**fields: Any) -> dict[str, Any]:
    """An answer with what changes at every request."""
    return {**fields, "meta": {"served_at": time.time(), "request": next(numbers)}}


class Trip(BaseModel):
    """Where from and where to, by town id."""

    origin: int
    destination: int
    return_trip: bool = False


@app.get("/towns", operation_id="search_towns", tags=["places"])
def search(country: str | None = None, limit: int = 10) -> dict[str, Any]:
    """Towns, all or those of one country (ISO 3166-1 alpha-2)."""
    found = [
        {"town_id": number, "name": name, "place": {"lat": lat, "lon": lon}}
        for number, (name, code, lat, lon) in TOWNS.items()
        if country in (None, code)
    ]
    return answer(count=len(found), results=found[:limit])


@app.get("/towns/{town_id}", operation_id="get_town", tags=["places"])
def get(town_id: int) -> dict[str, Any]:
    """One town by its id."""
    if town_id not in TOWNS:
        raise HTTPException(404, "no such town")
    name, code, lat, lon = TOWNS[town_id]
    return answer(name=name, country=code, lat=lat, lon=lon)


@app.get("/nearest", operation_id="nearest_town", tags=["places"])
def nearest(lat: float, lon: float) -> dict[str, Any]:
    """The town nearest to a place, in degrees of latitude and longitude."""
    number = min(TOWNS, key=lambda n: hypot(TOWNS[n][2] - lat, TOWNS[n][3] - lon))
    return answer(town_id=number)


@app.post("/trips", operation_id="price_trip", tags=["money"])
def price(trip: Trip, x_api_key: Annotated[str, Header(include_in_schema=False)] = "") -> dict[str, Any]:
    """The price of a trip, in the currency of the town where it begins."""
    if x_api_key != os.environ.get("TOWNS_KEY", ""):
        raise HTTPException(401, "wrong key")
    if not {trip.origin, trip.destination} <= TOWNS.keys():
        raise HTTPException(404, "no such town")
    start, end = TOWNS[trip.origin], TOWNS[trip.destination]
    amount = round(100 * hypot(start[2] - end[2], start[3] - end[3]) * (1 + trip.return_trip), 2)
    return answer(amount=amount, currency=CURRENCY[start[1]], asked_with=x_api_key)
