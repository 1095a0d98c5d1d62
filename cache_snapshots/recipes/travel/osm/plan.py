"""What is asked while recording: every call about the places of `places.csv`, and what gets "not found".

Nothing is asked here. What a tool answers leads to other places of the file only, so that the calls are all there are.
"""

from collections.abc import Iterator
from typing import Any

from .places import CATEGORIES, Place, names, places

Call = tuple[str, dict[str, Any]]
"""Tool and arguments."""
MINUTES = (5, 10, 15, 20, 30)
"""Walking times of areas: the `enum` of `minutes`."""
NOWHERE = ("Hotel Atlantis", "Louvre Museum", "Cafe Nirgendwo", "Hilton Tokyo", "Aleksanterinkatu 999")
"""Names that nothing bears."""
NO_SUCH_IDS = ("N1", "W2", "R999999999")
OFF = ({"lat": 60.168, "lon": 24.94}, {"lat": 60.1711, "lon": 24.9444}, {"lat": 60.166, "lon": 24.95})
"""Points at which no place is."""


def calls() -> Iterator[Call]:
    """All calls, those that get "not found" last."""
    yield from _about_places()
    for start in places("landmark", "point"):
        yield from _walks(start)
    yield from _missing()


def _about_places() -> Iterator[Call]:
    for name in names().values():
        yield "search_poi", {"q": name}
    for name in names("landmark", "street").values():
        for category in sorted(CATEGORIES):
            yield "search_nearby", {"category": category, "near": name}
    for place in places():
        if place.id:
            yield "lookup_poi", {"osm_ids": [place.id]}
        yield "reverse_geocode", place.point


def _walks(start: Place) -> Iterator[Call]:
    for minutes in MINUTES:
        yield "isochrone", {**start.point, "minutes": minutes}
    for target in places():
        yield "walk_times", {"start": start.point, "targets": [target.point]}
    for end in places("landmark", "point"):
        yield "walk_route", {"start": start.point, "end": end.point}


def _missing() -> Iterator[Call]:
    """The replies that `complete` gives to everything else, and what their proofs are tried on."""
    for name in NOWHERE:
        yield "search_poi", {"q": name}
        yield "search_nearby", {"category": "museum", "near": name}
    for one in NO_SUCH_IDS:
        yield "lookup_poi", {"osm_ids": [one]}
    landmark, other = places("landmark")[0].point, places("place")[0].point
    for point in OFF:
        yield "reverse_geocode", point
        yield "isochrone", {**point, "minutes": 5}
    for point in (*OFF, other):
        for start, end in ((point, landmark), (landmark, point)):
            yield "walk_route", {"start": start, "end": end}
            yield "walk_times", {"start": start, "targets": [end]}
