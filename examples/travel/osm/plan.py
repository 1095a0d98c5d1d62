"""What is asked while recording: names and streets as plain data, and the order in which answers lead on.

Enters: a function that asks a tool. Leaves nothing: the asking is the effect. Deterministic: what is asked
depends on the tables below and on earlier answers alone.
"""

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

Ask = Callable[[str, Mapping[str, Any]], tuple[int, Any]]
Place = dict[str, Any]

HOTELS = (
    "Carlton, EasyHomes Erottaja, GLO Hotel Kluuvi, Hilton Helsinki Strand, Holiday Inn, Hotel Arthur, Hotel Finn, "
    "Hotel Haven, Hotel Kämp, Hotel Lilla Robert, Hotel St. George, Hotelli Fabian, Hotelli Seurahuone, "
    "Hotelli Torni, Klaus K, Marski by Scandic, Omenahotelli Lönnrotinkatu, Omenahotelli Yrjönkatu, "
    "Original Sokos Hotel Helsinki, Original Sokos Hotel Vaakuna, Palace Hotel, Radisson Blu Plaza, "
    "Rivoli (Jardin), Scandic Hakaniemi, Scandic Kaisaniemi, Scandic Paasi"
).split(", ")
SIGHTS = (
    "Ateneum, Kiasma, Amos Rex, Bank of Finland Museum, Päivälehti museum, Amos Anderson Art Museum, "
    "Helsinki Central Library Oodi, The National Library of Finland, Finnish National Theatre, Svenska Teatern, "
    "Savoy-teatteri, Kinopalatsi, Bio Rex, Kino Engel, Tuomiokirkko, Stockmann, Kaisaniemen puisto"
).split(", ")
STREETS = (
    "Aleksanterinkatu, Kaivokatu, Kluuvikatu, Mannerheimintie, Fabianinkatu, Yrjönkatu, Bulevardi, "
    "Pohjoisesplanadi, Eteläesplanadi, Unioninkatu, Annankatu, Lönnrotinkatu, Kaisaniemenkatu, Liisankatu, "
    "Hakaniemenranta"
).split(", ")
AROUND = (
    "museum, restaurant, cafe, pharmacy, library, theatre, cinema, supermarket, tram stop, bar, park".split(", ")
)
FOR_STREETS = (
    "hotel, museum, restaurant, cafe, pub, bank, gallery, bookshop, hairdresser, church, bicycle rental, "
    "post office, clothes shop, fast food, artwork"
).split(", ")
NOWHERE = (
    "Hotel Atlantis, Grand Budapest Hotel, Louvre Museum, Uffizi, Cafe Nirgendwo, Sibelius Airport, Hotel Kampi, "
    "Hilton Tokyo, Museum of Broken Promises, Kiazma, Atheneum Helsinki Strand, Sheraton, Ritz, Tavastia 99, "
    "Eiffel Tower, Aleksanterinkatu 999, Svenska Teaternet, Four Seasons, Kappeli Espoo, Hotelli Tornio"
).split(", ")
NOT_THERE = (("museum", "Hotel Atlantis"), ("cafe", "Louvre Museum"), ("restaurant", "Sheraton"), ("police", "Ritz"))
OFF_THE_MAP = ((0.0, 0.0), (61.5, 23.75), (60.45, 22.27), (59.33, 18.07))
WALKED_TO = ("museum", "restaurant", "cafe", "library", "theatre", "pharmacy")
MINUTES = (5, 10, 15)


def point(place: Place) -> dict[str, float]:
    return {"lat": place["lat"], "lon": place["lon"]}


def explore(ask: Ask) -> None:
    """Ask everything, each part leading to the next."""
    hotels = [found[0] for name in HOTELS if (found := ask("search_poi", {"q": name})[1])]
    sights = [found[0] for name in SIGHTS if (found := ask("search_poi", {"q": name})[1])]
    around = {
        (hotel["id"], category): _near(ask, category, hotel["name"]) for hotel in hotels for category in AROUND
    }
    listed = [place for places in around.values() for place in places]
    listed += [place for street in STREETS for category in FOR_STREETS for place in _near(ask, category, street)]
    listed += [place for sight in sights for category in ("cafe", "restaurant") for place in _near(ask, category, sight["name"])]
    places = {place["id"]: place for place in (*hotels, *sights, *listed)}

    _ask_names(ask, places)
    for place_id in places:
        ask("lookup_poi", {"osm_ids": [place_id]})
    _walk(ask, hotels, sights, around)
    _reach(ask, [*hotels, *sights])
    _miss(ask, hotels)


def _near(ask: Ask, category: str, near: str) -> list[Place]:
    return ask("search_nearby", {"category": category, "near": near})[1]


def _ask_names(ask: Ask, places: Mapping[str, Place]) -> None:
    for street in STREETS:
        ask("search_poi", {"q": street})
    for place in places.values():
        if len(place["name"]) > 1:
            ask("search_poi", {"q": place["name"]})


def _walk(ask: Ask, hotels: list[Place], sights: list[Place], around: Mapping[tuple[str, str], list[Place]]) -> None:
    """Matrices from each hotel to what lies around it, single walks to the sights, a tour of three museums."""
    for hotel in hotels:
        start = point(hotel)
        for category in WALKED_TO:
            found = around[hotel["id"], category]
            if found:
                ask("walk_matrix", {"sources": [start], "targets": [point(place) for place in found]})
        museums = around[hotel["id"], "museum"]
        for place in museums:
            ask("walk_matrix", {"sources": [start], "targets": [point(place)]})
            ask("walk_route", {"locations": [start, point(place)]})
        ask("lookup_poi", {"osm_ids": [place["id"] for place in museums]}) if museums else None
        for sight in sights[6:11]:
            ask("walk_route", {"locations": [start, point(sight)]})
        for some in list(combinations(museums, 3))[:2]:
            ask("walk_tour", {"locations": [start, *map(point, some), start]})
    for one, other in combinations(sights, 2):
        ask("walk_route", {"locations": [point(one), point(other)]})


def _reach(ask: Ask, starts: list[Place]) -> None:
    """What can be reached on foot, and the address at the area's outermost corners."""
    for start in starts:
        ask("reverse_geocode", point(start))
        for minutes in MINUTES:
            _, area = ask("isochrone", {**point(start), "minutes": minutes})
            ring = area["features"][0]["geometry"]["coordinates"][0]
            corners = [pick(ring, key=lambda corner: corner[axis]) for axis in (0, 1) for pick in (min, max)]
            for lon, lat in corners if minutes == 10 else ():
                ask("reverse_geocode", {"lat": lat, "lon": lon})


def _miss(ask: Ask, hotels: list[Place]) -> None:
    """Names that nobody bears, ids that do not exist, and points off the map."""
    for name in NOWHERE:
        ask("search_poi", {"q": name})
    for category, near in NOT_THERE:
        ask("search_nearby", {"category": category, "near": near})
    for place_id in ("N1", "W2", "R999999999", "N99999999999"):
        ask("lookup_poi", {"osm_ids": [place_id]})
    for lat, lon in OFF_THE_MAP:
        ask("reverse_geocode", {"lat": lat, "lon": lon})
        ask("walk_route", {"locations": [point(hotels[0]), {"lat": lat, "lon": lon}]})
        ask("isochrone", {"lat": lat, "lon": lon, "minutes": 10})
