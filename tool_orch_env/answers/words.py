"""Words: how labels are compared. "Departure", "left" and "took off" are one concept; "the" is none.

A *concept* is a stem, or the name of a group of words that people use for one thing in an answer ("due", "planned" and
"scheduled"). Labels, asks and owners are compared by their concepts.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from .text import folded


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TOKEN = re.compile(
    r"[0-9]+(?:st|nd|rd|th)(?![^\W\d_])|[0-9]+(?:[.:,-][0-9]+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[°%€$£✓✔✗✘→←]"
)
_LABELLED = re.compile(
    r"\b(flight|place|airport|route|city|country|airline|aircraft|holiday|element|isotope|nuclide|hotel|stop) ([a-h])"
    r"(?=[^\w'-]|'s|$)"
)
"""A label that the request gives: "flight A"."""
_IN_ALL = re.compile(r"\b(?:all in all|in all|all told|all together|taken together|put together)\b")
_SHORT_CODE = re.compile(r"(?<![\w])(?:[a-z]\d|\d[a-z])(?!\w)")
_OVER = re.compile(
    r"(?:(?<=\d )|(?<=[€$£] )|(?<=s ))(?:over|under)(?=[.,;:!?)\s]*$|[.,;:!?)]"
    r"| (?:(?:the|our|your|my) )?(?:budget|limit)\b)"
    r"|\b(?:over|under)(?=(?: (?:(?:the|our|your|my) )?(?:budget|limit))?,? by (?:about |some )?[€$£]? ?\d)"
)
"""What is an amount by itself: "20 euros over", but not "over 20 euros"."""
_OVER_BUDGET = re.compile(
    r"(?:'re|'s|\bare|\bwere|\bwas|\bis|\bwent|\bgo|\bgone)(?: slightly| a bit| a little| well| indeed)? "
    r"over (?:(?:the|our|your|my) )?budget\b(?!,? by\b)"
)
"""What says that there is an excess, and gives no amount."""
_GO = frozenset({"got", "gets", "get", "came"})
_NEXT = re.compile(r"\s(in|there|home|away|off|going|out)\b")
_SNAKE = re.compile(r"[_\s/.*-]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EMPTY = _set(
    "a about after all also an and any are as at be been before being both but by can could did do does done each "
    "for from had has have her here his how i if in into is it its just me my no nor not of on one or our out over "
    "per please put she so some than that the their them then there these they this those though thus to too under "
    "up us was we were what when where whether which while who whose will with would you your here's it's i've "
    "that's there's exactly about approximately around roughly according value values data record records recorded "
    "result results listed list found find gives given"
)
_GROUPS = {
    "departure": "dep depart departs departed departing departure departures leave leaves leaving left takeoff took "
    "takeoffs off outbound pushed ground",
    "arrival": "arr arrive arrives arrived arriving arrival arrivals land lands landed landing touch touched touchdown "
    "down reached inbound",
    "scheduled": "sched schedule scheduled should due plan planned timetable timetabled supposed published booked "
    "slated",
    "actual": "actual actually really real fact eventually finally",
    "delay": "delay delays delayed late later early behind lateness ahead",
    "air": "air airborne aloft flying air_time",
    "year": "year years",
    "built": "built build construction constructed manufactured",
    "maker": "manufacturer maker manufacturers makers",
    "people": "population people inhabitants inhabitant residents populous live lives",
    "area": "area size km2 large larger covers square acreage",
    "currency": "currency currencies money",
    "street": "street road streets roads st avenue",
    "address": "address",
    "rain": "rain rains rained raining rainy rainfall wet dry shower showers drizzle precipitation",
    "snow": "snow snows snowed snowing snowy snowfall",
    "postcode": "postcode postal zip postcodes",
    "hours": "hours hour open opening opens opened closes closed",
    "wheelchair": "wheelchair wheelchairs accessible accessibility access step",
    "temperature": "temperature temperatures temp warm cold degrees degree °",
    "wind": "wind winds windy",
    "pressure": "pressure hpa mbar barometer",
    "humidity": "humidity humid",
    "seats": "seat seats seating capacity",
    "distance": "distance distances far away length long walk km kilometre kilometres kilometer kilometers mile miles",
    "elevation": "elevation altitude elevated height ft feet",
    "rate": "rate rates exchange bought buys buy",
    "weekday": "weekday weekdays",
    "date": "date dates falls fell fall",
    "name": "name names named called known",
    "zone": "timezone zone zones",
    "operator": "operator operated operates operate runs",
    "type": "type kind class classed category classified tag",
    "cuisine": "cuisine cuisines food",
    "first": "first earliest 1st",
    "last": "last latest final",
    "nearest": "nearest closest",
    "farthest": "farthest furthest",
    "highest": "highest most top maximum largest biggest greatest longest best tallest",
    "lowest": "lowest least minimum smallest shortest cheapest fewest",
    "below": "below underneath beneath",
    "over": "excess exceed exceeds exceeded overspent overspend overran overshot",
    "north": "north northernmost northern",
    "south": "south southernmost southern",
    "east": "east easternmost eastern",
    "west": "west westernmost western",
    "total": "total altogether sum overall combined",
    "second": "second 2nd",
    "third": "third 3rd",
    "fourth": "fourth 4th",
    "fifth": "fifth 5th",
}
_CONCEPT = {word: group for group, listed in _GROUPS.items() for word in listed.split()}
SINGLING = _set(
    "first last nearest highest lowest north south east west second third fourth fifth only answer therefore hence "
    "chosen choose pick winner busiest alphabetically farthest fastest slowest newest oldest hottest coldest "
    "worst wettest windiest quietest punctual correct so conclusion total"
)
"""Concepts that single one of several things out."""
CONCLUDING = _set("answer therefore hence chosen choose pick winner correct so conclusion")
"""Concepts that mark what is meant as the answer."""
_COMPARING = tuple(
    map(
        _set,
        (
            "nearer closer shorter quicker nearest lowest",
            "farther further longer farthest highest",
            "larger bigger greater more area highest",
            "smaller fewer less lowest",
            "older earlier oldest first",
            "newer younger later newest last",
            "lighter lightest",
            "heavier heaviest",
            "weaker weakest lowest",
            "stronger strongest highest",
            "better best highest",
            "cheaper lowest",
            "faster quicker fastest first",
            "slower slowest last",
        ),
    )
)
"""Words that compare two things in one way, and the concept for more than two."""
_SHORT = 200
"""Texts of at most so many characters are remembered."""
QUANTIFIERS = re.compile(
    r"\b(?:both|(?<!in )(?<!at )(?<!after )(?<!them )all(?! day| in all)|(?:each|every)(?! day| other|(?: \w+)? \w+'s)"
    r"|neither|none|likewise|too|same|identical(?:ly)?|alike)\b"
    r"|\b(?:at|in|for|of|on|from|to) either\b(?! \w+ or\b)"
)


def is_empty(word: str) -> bool:
    """Whether a folded word says nothing by itself."""
    return word in _EMPTY


def is_singling(word: str) -> bool:
    """Whether a concept singles one of several things out: an ordinal, a superlative, a conclusion."""
    return word in SINGLING or (len(word) > 5 and word.endswith("est"))


def comparing(words: Iterable[str]) -> frozenset[str]:
    """The words by which people single out what these words compare: "shorter", of "nearer"."""
    found = set(words)
    return frozenset[str]().union(*(group for group in _COMPARING if found & group - SINGLING))


def better(words: Iterable[str]) -> frozenset[str]:
    """The words by which people put something before what these words single out: "nearer", of "nearest"."""
    found = set(words)
    return frozenset[str]().union(*(group for group in _COMPARING if found & group))


@lru_cache(maxsize=8192)
def concept(token: str) -> str:
    """The concept of a folded word; "" for words that say nothing."""
    if token in _EMPTY:
        return ""
    if token in _CONCEPT:
        return _CONCEPT[token]
    if token[0].isdigit():
        return token
    word = token.removesuffix("'s")
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("es", ""), ("s", ""), ("ing", ""), ("ed", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)] + instead
            break
    return _CONCEPT.get(word, word)


def concepts(text: str) -> Iterable[tuple[int, str]]:
    """The concepts of a folded text with their places. Those of short texts are remembered."""
    return _remembered(text) if len(text) <= _SHORT else _concepts(text)


@lru_cache(maxsize=8192)
def _remembered(text: str) -> tuple[tuple[int, str], ...]:
    return tuple(_concepts(text))


def _concepts(text: str) -> Iterator[tuple[int, str]]:
    for match in _LABELLED.finditer(text):
        yield match.start(1), f"{match[1]} {match[2]}"
    for match in _IN_ALL.finditer(text):
        yield match.start(), "total"
    for match in _OVER.finditer(text):
        yield match.start(), match[0]
    for match in _SHORT_CODE.finditer(text):
        yield match.start(), match[0]
    unsaid = [match.span() for match in _OVER_BUDGET.finditer(text)] if "over" in text else []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if any(start <= match.start() < end for start, end in unsaid):
            continue
        found = _way(text, match.end()) if token in _GO else concept(token)
        if found:
            yield match.start(), found
        if token == "due" and (way := _way(text, match.end())):
            yield match.start(), way


def _way(text: str, after: int) -> str:
    """Which way a verb means by the word behind it: to get in is an arrival, to get away a departure."""
    match = _NEXT.match(text, after)
    return "" if match is None else "arrival" if match[1] in ("in", "there", "home") else "departure"


GENERIC = frozenset(
    map(
        concept,
        _set("flight plane aircraft airport airline route city country place hotel element scheduled"),
    )
)
"""Concepts of the things that facts are facts of, which name none of them."""


def of_value(value: Any) -> Iterator[str]:
    """The concepts of a value in an argument or a response; a code of a few capitals is one, even if it looks like a
    word that says nothing ("US")."""
    text = str(value)
    if len(text) <= 3 and text.isalpha() and text.isupper():
        yield text.lower()
    else:
        yield from (found for _, found in concepts(folded(text)))


def of_name(name: str) -> Iterator[str]:
    """The concepts of an identifier: `sched_arr_2` gives "scheduled" and "arrival"."""
    for part in _SNAKE.split(_CAMEL.sub("_", name)):
        for token in _TOKEN.findall(part.lower()):
            if not token[0].isdigit():
                found = concept(token)
                if found:
                    yield found


def of_texts(texts: Iterable[str]) -> Iterator[str]:
    """The concepts of folded texts, one after another."""
    for text in texts:
        for _, found in concepts(text):
            yield found
