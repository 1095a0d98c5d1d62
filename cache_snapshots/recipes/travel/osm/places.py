"""The places that the map tools know: `places.csv`, made once from Nominatim's answers.

    python -m cache_snapshots.recipes.travel.osm.places --nominatim URL

They are the named places inside `BOX` that Nominatim finds by category around a landmark or a street, the streets on
which they lie, and what is mapped at the coordinates of any of these. All that a tool lists is among them, and they are
few enough that every walk is recorded. A row has a place's id, its kind, its coordinates, and its names:

- `landmark`: a hotel, a sight, a station or a park. Walks begin there, and one can search around it;
- `street`: one piece of every street on which a place lies. One can search around it;
- `place`: every other place;
- `point`: where the table of cities has Helsinki. It has neither id nor name, and walks begin there too.
"""

import argparse
import csv
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tool_orch_env.snapshot.fold import Fold

from .kept import KEEP, trimmed

FILE = Path(__file__).with_name("places.csv")
LANDMARKS = (
    "church", "cinema", "hostel", "hotel", "library", "museum", "park", "railway station", "theatre",
)  # fmt: skip
CATEGORIES = (
    *LANDMARKS,
    "artwork", "bakery", "bank", "bar", "bicycle rental", "bookshop", "cafe", "convenience store", "fast food",
    "nightclub", "pharmacy", "post office", "pub", "restaurant", "supermarket", "tram stop",
)  # fmt: skip
"""The categories that can be searched for. Those of landmarks come first: what has two of them is a landmark."""
BOX = (60.1660, 24.9360, 60.1742, 24.9515)
"""The quarter around the central station: south, west, north and east, in degrees."""
CENTRE = (60.16952, 24.93545)
"""Helsinki's coordinates in the table of cities."""
MOST = 50
"""Maximum number of places in a reply of Nominatim."""
SPELLING = Fold(case=True, accents=True, space=True, suffixes=(", Helsinki",))
"""Which spellings of a name are one name, as `record.yaml` declares it."""
_NAMES = ("name", "name:en", "name:fi", "name:sv", "short_name", "alt_name", "official_name")
_BETWEEN = " | "

folded = SPELLING.compiled()


class Place(NamedTuple):
    """A row: `names` are empty for a point and for what bears no name."""

    id: str
    kind: str
    lat: float
    lon: float
    names: tuple[str, ...]

    @property
    def point(self) -> dict[str, float]:
        return {"lat": self.lat, "lon": self.lon}


@cache
def places(*kinds: str) -> tuple[Place, ...]:
    """The places of these kinds, or all, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Place(
                row["id"],
                row["kind"],
                float(row["lat"]),
                float(row["lon"]),
                tuple(filter(None, row["names"].split(_BETWEEN))),
            )
            for row in csv.DictReader(file)
            if not kinds or row["kind"] in kinds
        )


@cache
def names(*kinds: str) -> Mapping[str, str]:
    """The names of the places of these kinds, or of all: folded, and as the map spells them."""
    found: dict[str, str] = {}
    for place in places(*kinds):
        for name in place.names:
            found.setdefault(folded(name), name)
    return found


class _Nominatim:
    """Asks for what the file is made from."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def search(self, q: str) -> list[dict[str, Any]]:
        """Named places inside the box."""
        south, west, north, east = BOX
        return [
            one
            for one in trimmed(self._asked("/search", q=q, limit=MOST), KEEP["places"])
            if one["name"] and south <= one["lat"] <= north and west <= one["lon"] <= east
        ]

    def details(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """What the map says of places, with `names`."""
        some = list(ids)
        return [
            trimmed([said], KEEP["details"])[0] | {"names": said.get("namedetails") or {}}
            for start in range(0, len(some), MOST)
            for said in self._asked(
                "/lookup", osm_ids=",".join(some[start : start + MOST]), addressdetails=1, namedetails=1
            )
        ]

    def at(self, lat: float, lon: float) -> str:
        """The id of what is nearest to a point, "" if it has none."""
        return str(trimmed(self._asked("/reverse", lat=lat, lon=lon), KEEP["spot"]).get("id", ""))

    def _asked(self, path: str, **query: Any) -> Any:
        query |= {"format": "jsonv2", "accept-language": "en"}
        return self._client.get(path, params=query).raise_for_status().json()


def made(url: str, first: str = "Kaivokatu") -> list[Place]:
    """The places, found by searching around a first street, then around what that leads to."""
    nominatim = _Nominatim(url)
    kinds: dict[str, str] = {}
    around, waiting = {first}, [first]
    streets: dict[str, str] = {}
    while waiting:
        near = waiting.pop()
        found: dict[str, str] = {}
        for category in CATEGORIES:
            for one in nominatim.search(f"{category} near {near}"):
                found.setdefault(one["id"], "landmark" if category in LANDMARKS else "place")
        new = [one for one in nominatim.details(found) if one["id"] not in kinds]
        kinds = {**found, **kinds}
        for one in new:
            road = one["address"].get("road")
            if road and road not in streets:
                streets[road] = _street(nominatim, road)
            leads = [one["name"]] if found[one["id"]] == "landmark" else []
            leads += [road] if road and streets[road] else []
            waiting += [name for name in leads if name not in around]
            around.update(leads)
    kinds |= {street: "street" for street in streets.values() if street and street not in kinds}
    return _closed(nominatim, kinds)


def _street(nominatim: _Nominatim, road: str) -> str:
    """The id of the first piece of a street that a search for its name lists, "" if there is none."""
    return next((one["id"] for one in nominatim.search(road) if one["category"] == "highway"), "")


def _closed(nominatim: _Nominatim, kinds: dict[str, str]) -> list[Place]:
    """The places of these ids, and those that are found at their coordinates, sorted by id."""
    rows: dict[str, Place] = {"": Place("", "point", *CENTRE, ())}
    seen = {"": nominatim.at(*CENTRE)}
    waiting = list(kinds)
    while waiting:
        for one in nominatim.details(waiting):
            spoken = (one["names"].get(name, "") for name in _NAMES)
            rows[one["id"]] = Place(
                one["id"],
                kinds.get(one["id"], "place"),
                one["lat"],
                one["lon"],
                tuple(dict.fromkeys(name for name in spoken if name)),
            )
            seen[one["id"]] = nominatim.at(one["lat"], one["lon"])
        waiting = sorted(set(seen.values()) - rows.keys())
    return [rows[one] for one in sorted(rows)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Make places.csv.")
    parser.add_argument("--nominatim", required=True, help="URL of Nominatim over the Helsinki extract")
    found = made(parser.parse_args().nominatim)
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Place._fields)
        writer.writerows([*place[:-1], _BETWEEN.join(place.names)] for place in found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
