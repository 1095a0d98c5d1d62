"""Thirty-six tasks over the Helsinki tools: hand-written requests over the templates of `walks.py`.

Enters: a function that asks a tool. Leaves: tasks of the split `handmade`, numbered on from those over tables. They
hold what synthesis does not make: walks to several places, directions, reachable areas. Each task has a distractor
of either family of tools.
"""

from collections.abc import Collection, Sequence

from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.task import Task

from ...tracing import Ask, Row, traced
from . import walks

ROWS: tuple[Row, ...] = (
    (
        walks.nearest_and_detail,
        {"start": "Carlton", "category": "cinema", "tag": "wheelchair"},
        "I'm at the Carlton and want to see a film tonight. Of every cinema that a search near Carlton lists, which "
        "is the nearest on foot, how many kilometres is it, and what is mapped about its wheelchair access?",
    ),
    (
        walks.nearest_and_detail,
        {"start": "GLO Hotel Kluuvi", "category": "theatre", "tag": "wheelchair"},
        "Which theatre is the nearest on foot to GLO Hotel Kluuvi, how far is it in km, and does the map say that "
        "one gets in with a wheelchair?",
    ),
    (
        walks.nearest_and_detail,
        {"start": "Scandic Kaisaniemi", "category": "pharmacy", "tag": "wheelchair"},
        "Which pharmacy is the nearest on foot to Scandic Kaisaniemi? Give the distance in km and its mapped "
        "wheelchair access.",
    ),
    (
        walks.nearest_and_detail,
        {"start": "Hotel Kämp", "category": "museum", "tag": "wheelchair"},
        "My mother uses a wheelchair and we stay at Hotel Kämp. What is the nearest museum to walk to from "
        "there, how many kilometres away is it, and what wheelchair access is mapped for it?",
    ),
    (
        walks.farthest,
        {"start": "Hotel Kämp", "category": "cinema"},
        "List each cinema near Hotel Kämp and tell me which one is the farthest to walk to, and how many "
        "kilometres it is.",
    ),
    (
        walks.farthest,
        {"start": "Omenahotelli Yrjönkatu", "category": "theatre"},
        "I feel like a long walk before the play. Take every theatre found near Omenahotelli Yrjönkatu: which is "
        "the farthest on foot, and how far is it in km?",
    ),
    (
        walks.which_is_closer,
        {"hotels": ("Carlton", "Holiday Inn"), "target": "Kiasma"},
        "We can book either Carlton or Holiday Inn. How many km on foot is it to Kiasma from each of them, and "
        "which is closer?",
    ),
    (
        walks.which_is_closer,
        {"hotels": ("Scandic Kaisaniemi", "Radisson Blu Plaza"), "target": "Amos Rex"},
        "Compare the walks to Amos Rex from Scandic Kaisaniemi and from Radisson Blu Plaza: both distances in km, "
        "please, and the shorter one.",
    ),
    (
        walks.details,
        {"name": "Hotel Kämp", "tags": ("stars",)},
        "How many stars does the map give Hotel Kämp?",
    ),
    (
        walks.details,
        {"name": "The National Library of Finland", "tags": ("opening_hours",)},
        "Quote the mapped opening hours of The National Library of Finland.",
    ),
    (
        walks.access_of_several,
        {"names": ("Ateneum", "Svenska Teatern")},
        "What wheelchair access does the map state for Ateneum, and what for Svenska Teatern?",
    ),
    (
        walks.access_of_several,
        {"names": ("Kiasma", "Bio Rex", "Lilla Teatern")},
        "I'm planning an accessible day out. Please check the mapped wheelchair access of three places: Kiasma, "
        "Bio Rex and Lilla Teatern.",
    ),
    (
        walks.nearest_around_a_street,
        {"start": "Hotelli Seurahuone", "street": "Kaivokatu", "category": "pharmacy"},
        "Hotelli Seurahuone is on Kaivokatu. Which pharmacy, of all that a search near that street lists, is the "
        "nearest on foot from the hotel, and how many kilometres is it?",
    ),
    (
        walks.through,
        {"stops": ("Holiday Inn", "Bio Rex", "Kiasma")},
        "From Holiday Inn I walk to Bio Rex and from there to Kiasma. How long is each of the two walks in km?",
    ),
    (
        walks.through,
        {"stops": ("Hotel Arthur", "Kinopalatsi", "Ateneum", "Kiasma")},
        "Plan walks in exactly this order: Hotel Arthur, Kinopalatsi, Ateneum, Kiasma, and get me directions for each "
        "stretch. How many kilometres is each: the first, to Kinopalatsi, the second, to Ateneum, and the last, to "
        "Kiasma?",
    ),
    (
        walks.first_street,
        {"start": "Holiday Inn", "goal": "Svenska Teatern"},
        "I leave Holiday Inn on foot for Svenska Teatern. Which street do the directions start on, "
        "and how many km is it?",
    ),
    (
        walks.nearest_to_each,
        {"starts": ("Scandic Kaisaniemi", "Hotelli Seurahuone"), "category": "theatre"},
        "Half of our group sleeps at Scandic Kaisaniemi, the other half at Hotelli Seurahuone. What is the nearest "
        "theatre on foot for each half, and how many km does each have to walk?",
    ),
    (
        walks.from_the_centre,
        {"city": "Helsinki", "goals": ("Kinopalatsi", "Kiasma")},
        "Take the coordinates that the city table gives for Helsinki (the most populous one). How many kilometres "
        "is the walk from that point to Kinopalatsi, and how many is it to Kiasma?",
    ),
    (
        walks.nearest_and_detail,
        {"start": "Hotel St. George", "category": "theatre", "tag": "wheelchair"},
        "From Hotel St. George, which theatre is the nearest one on foot? I'd like the distance in km and what is "
        "mapped about wheelchair access there.",
    ),
    (
        walks.second_nearest,
        {"start": "Omenahotelli Yrjönkatu", "category": "pharmacy"},
        "The pharmacy nearest to Omenahotelli Yrjönkatu has closed for today. Which one is the second nearest on "
        "foot, and how many kilometres is it?",
    ),
    (
        walks.which_is_closer,
        {"hotels": ("Hotel Kämp", "Holiday Inn"), "target": "Kinopalatsi"},
        "Hotel Kämp or Holiday Inn: from which of the two is Kinopalatsi the shorter walk? State both distances "
        "in km.",
    ),
    (
        walks.through,
        {"stops": ("Hotel St. George", "Rikhardinkadun kirjasto", "Svenska Teatern")},
        "On the way from Hotel St. George to Svenska Teatern I have to return a book at Rikhardinkadun kirjasto. How "
        "many km is it to the library, and how many from there on?",
    ),
    (
        walks.then_on,
        {"start": "Carlton", "first": "cinema", "then": "library"},
        "From Carlton I walk to the nearest cinema, and afterwards on to the library nearest to that cinema. Name "
        "both, with the two distances in km.",
    ),
    (
        walks.what_stands_here,
        {"lat": 60.1675863, "lon": 24.9513987, "tags": ("artist_name", "start_date")},
        "I took a photo of a sculpture at latitude 60.1675863, longitude 24.9513987. What is it called, who made "
        "it, and from which year is it?",
    ),
    (
        walks.nearest_and_detail,
        {"start": "Radisson Blu Plaza", "category": "museum", "tag": "wheelchair"},
        "I'm staying at Radisson Blu Plaza. Of every museum that a search near Radisson Blu Plaza lists, "
        "which is the nearest on foot, how many kilometres is the walk, and what is mapped about its wheelchair "
        "access?",
    ),
    (
        walks.second_nearest,
        {"start": "Klaus K", "category": "theatre"},
        "The theatre nearest to the hotel Klaus K is sold out. Which theatre is the second nearest on foot, and "
        "how many kilometres is it?",
    ),
    (
        walks.details,
        {"name": "Marski by Scandic", "tags": ("wheelchair", "start_date")},
        "What does the map say about wheelchair access at Marski by Scandic, and what start date is mapped for it?",
    ),
    (
        walks.nearest_around_a_street,
        {"start": "Hotelli Torni", "street": "Yrjönkatu", "category": "museum"},
        "Hotelli Torni is mapped as an outline, so search around its street, Yrjönkatu, instead: which museum near "
        "that street is the nearest on foot from the hotel, and how far is it in km?",
    ),
    (
        walks.then_on,
        {"start": "Hotel Arthur", "first": "library", "then": "theatre"},
        "From Hotel Arthur I walk to the nearest library, and from that one on to the theatre nearest to it. Name "
        "both and give the two distances in km.",
    ),
    (
        walks.nearest_to_each,
        {"starts": ("Hotel Kämp", "Hotel Arthur"), "category": "cinema"},
        "Two of us stay at Hotel Kämp and at Hotel Arthur. Which cinema is the nearest on foot to each of the two "
        "hotels, and how many km is each walk?",
    ),
    (
        walks.what_stands_here,
        {"lat": 60.1686688, "lon": 24.9409553, "tags": ("artist_name", "start_date")},
        "My meeting point is latitude 60.1686688, longitude 24.9409553. Which artwork stands there, by whom, and "
        "since when?",
    ),
    (
        walks.edge_of_reach,
        {"start": "Klaus K", "minutes": 10, "axis": 1, "choose": max},
        "Take the polygon of the area within 10 minutes on foot of Klaus K. What is the latitude of its "
        "northernmost corner?",
    ),
    (
        walks.edge_of_reach,
        {"start": "Hotel Arthur", "minutes": 5, "axis": 0, "choose": max},
        "How far east can I get from Hotel Arthur in five minutes' walk? Take the easternmost corner of the area "
        "that is within 5 minutes, and tell me its longitude.",
    ),
    (
        walks.first_of_several,
        {"start": "Radisson Blu Plaza", "visits": ("Kiasma", "Ateneum", "Kinopalatsi")},
        "I start at Radisson Blu Plaza and want to visit Kiasma, Ateneum and Kinopalatsi, the nearest one on foot "
        "first. Which of the three is that, how many km is it, and what is mapped about wheelchair access there?",
    ),
    (
        walks.first_of_several,
        {"start": "Hotel Arthur", "visits": ("Kiasma", "Amos Rex", "Ateneum")},
        "From Hotel Arthur I'd like to see Kiasma, Amos Rex and Ateneum, beginning with the one that is the shortest "
        "walk away. Tell me which that is, the distance in kilometres, and its mapped wheelchair access.",
    ),
    (
        walks.centre_of_the_capital,
        {"country": "Finland", "goal": "Ateneum"},
        "What is the capital of Finland? Look up the coordinates of the capital in the city table (the most "
        "populous city of the name): on which street does the map place that point, and how many km is the walk "
        "from it to Ateneum?",
    ),
)

# what could do a golden tool's work another way is no distractor
SUBSTITUTES = {
    "walk_times": ("walk_route",),
    "walk_route": ("walk_times",),
    "lookup_poi": ("reverse_geocode",),
}


def build(catalog: Catalog, families: Sequence[Collection[str]], ask: Ask, after: int) -> list[Task]:
    """All tasks, numbered on from the `after` tasks over tables; `ask` is called with every golden call."""
    return [
        traced("travel", f"travel-handmade-{number:03d}", row, catalog, ask, SUBSTITUTES, families)
        for number, row in enumerate(ROWS, after + 1)
    ]
