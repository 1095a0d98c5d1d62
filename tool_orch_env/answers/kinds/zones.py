"""Time zones: the IANA id, "Los Angeles time", "Pacific Time", "PST", "UTC-8".

Names and abbreviations are CLDR's for the metazone, so "Eastern Time" states America/New_York and America/Detroit. An
offset or an abbreviation states every zone that uses it in winter or summer. The names are in `zones.txt`, which
`tests/make_zones.py` makes.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, NamedTuple

from ..text import LONG, folded
from .base import Asked, Kind, Said

_AREA = "(?:africa|america|antarctica|arctic|asia|atlantic|australia|europe|indian|pacific)"
_ID = re.compile(rf"(?<![\w/]){_AREA}/[a-z][\w+'-]*(?:/[a-z][\w+'-]*)?(?: [a-z][\w'-]*){{0,4}}")
_US = re.compile(
    r"(?<!\w)(?:us|u\.s\.|america's) ?[/ ]?(eastern|central|mountain|pacific|alaska|hawaii)(?: time)?(?!\w)"
)
_HALF = re.compile(
    r"(?<!\w)(eastern|central|mountain|pacific|alaska) (?:standard|daylight)(?! time)(?: zone)?(?!\w)"
)
_SHORT_US = re.compile(r"(?<!\w)(eastern|central|mountain|pacific)(?= ?(?:\(|[.,;|\n]|$))")
_OFFSET = re.compile(
    r"(?<!\w)(?:utc|gmt|z)? ?(?<!\d)(?P<sign>[+-]|plus |minus ) ?(?P<h>1[0-4]|0?\d)"
    r"(?::?(?P<m>00|15|30|45))?(?![\w:]|[.,]\d)"
)
_TIME = re.compile(r"(?<= )(?:time(?: ?zone)?|timezone|zone)(?!\w)")
_WORD = re.compile(r"(?<![\w'.-])[a-z]{2,5}(?![\w'-])")
_CUT = re.compile(r"""[,;:()\n|"=\[\]?!]|[a-z]{3,}\.""")
_RISKY = frozenset("act art at cat ct eat et hat ist mt pt sst wat wet east est met".split())  # noqa: SIM905
_BACK = 64


class _Zones(NamedTuple):
    """Sets of zone ids by how they are said."""

    ids: dict[str, frozenset[str]]
    names: dict[str, frozenset[str]]
    cities: dict[str, frozenset[str]]
    short: dict[str, frozenset[str]]
    offsets: dict[int, frozenset[str]]
    of_zone: dict[str, tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]]


@lru_cache(maxsize=1)
def _zones() -> _Zones:
    """The table of names, read on first use."""
    found = _Zones({}, {}, {}, {}, {}, {})
    for line in Path(__file__).with_name("zones.txt").read_text(encoding="utf-8").splitlines():
        offsets, short, names, zones = (
            part.split("," if i == 2 else None) for i, part in enumerate(line.split("\t"))
        )
        ids, names = frozenset(zones), [name for name in names if name]
        for zone in zones:
            found.of_zone[zone] = tuple(dict.fromkeys(map(int, offsets))), tuple(names), tuple(short)
            found.ids[zone] = frozenset((zone,))
            _add(found.cities, zone.rsplit("/", 1)[-1].replace("_", " "), found.ids[zone])
        for name in names:
            _add(found.names, name, ids)
        for word in short:
            _add(found.short, word, ids)
        for offset in map(int, offsets):
            found.offsets[offset] = found.offsets.get(offset, frozenset()) | ids
    return found


def _add(table: dict[str, frozenset[str]], key: str, ids: frozenset[str]) -> None:
    table[key] = table.get(key, frozenset()) | ids


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


class Zone(Kind):
    """A time zone, recorded as an IANA id such as "America/Los_Angeles"."""

    name: ClassVar[str] = "zone"

    def read(self, text: str, asked: Asked) -> list[Said]:
        wanted = folded(str(asked.value))
        known = _zones().of_zone.get(wanted)
        found = [
            *_long(text),
            *_abbreviations(text, known[2] if known else ()),
        ]
        if known is None and wanted:
            found += [(m.start(), m.end(), frozenset((wanted,))) for m in re.finditer(_bounded(wanted), text)]
        found.sort(key=lambda one: (one[0], -one[1]))
        said: list[Said] = []
        for start, end, ids in found:
            if not said or start >= said[-1].end:
                said.append(Said(start, end, wanted if wanted in ids else text[start:end]))
        return said

    def same(self, said: Said, asked: Asked) -> bool:
        return bool(said.value == folded(str(asked.value)))

    def forms(self, asked: Asked) -> list[str]:
        value = str(asked.value)
        known = _zones().of_zone.get(folded(value))
        if known is None:
            return [value]
        offsets, names, short = known
        city = value.rsplit("/", 1)[-1].replace("_", " ")
        forms = [value, *(name.title() for name in names), f"{city} time", f"the {city} time zone"]
        forms += [f"({word.upper()})" if word in _RISKY else word.upper() for word in short]
        return forms + [_offset_text(offset) for offset in offsets]


def _offset_text(offset: int) -> str:
    hours, minutes = divmod(abs(offset), 60)
    return f"UTC{'-' if offset < 0 else '+'}{hours}" + (f":{minutes:02d}" if minutes else "")


@lru_cache(maxsize=256)
def _bounded(text: str) -> str:
    return rf"(?<!\w){re.escape(text)}(?!\w)"


_Found = tuple[int, int, frozenset[str]]


def _long(text: str) -> tuple[_Found, ...]:
    """Every saying but abbreviations."""
    return _remembered(text) if len(text) <= LONG else _read(text)


def _read(text: str) -> tuple[_Found, ...]:
    return (*_named(text), *_times(text), *_offsets(text))


_remembered = lru_cache(maxsize=256)(_read)


def _named(text: str) -> list[_Found]:
    """IANA ids, and the zones of the United States by their short names."""
    table, found = _zones(), list[_Found]()
    for match in _ID.finditer(text):
        words = match[0].split(" ")
        for count in range(len(words), 0, -1):
            ids = table.ids.get(_plain("_".join(words[:count])))
            if ids or count == 1:
                found.append(
                    (match.start(), match.start() + len(" ".join(words[:count])), ids or frozenset())
                )
                break
    for pattern in (_US, _HALF, _SHORT_US):
        for match in pattern.finditer(text):
            found.append((match.start(), match.end(), table.names.get(f"{match[1]} time", frozenset())))
    return found


def _times(text: str) -> list[_Found]:
    """Names that end in "time": CLDR's, and those of cities."""
    table, found = _zones(), list[_Found]()
    for match in _TIME.finditer(text):
        before = text[max(0, match.start() - _BACK) : match.start() - 1]
        for cut in _CUT.finditer(before):
            last = cut.end()
            before = " " * last + before[last:]
        words = before.split()[-5:]
        for first in range(len(words)):
            name = _plain(" ".join(words[first:]))
            ids = table.names.get(f"{name} time") or table.names.get(name) or table.cities.get(name)
            if ids:
                size = len(before) - before.rfind(" ".join(words[first:]))
                found.append((match.start() - 1 - size, match.end(), ids))
                break
    return found


def _offsets(text: str) -> list[_Found]:
    table, found = _zones(), list[_Found]()
    for match in _OFFSET.finditer(text):
        if not match[0].startswith(("utc", "gmt")):
            continue
        offset = int(match["h"]) * 60 + int(match["m"] or 0)
        offset = -offset if match["sign"].strip() in ("-", "minus") else offset
        found.append((match.start(), match.end(), table.offsets.get(offset, frozenset())))
    return found


def _abbreviations(text: str, own: tuple[str, ...]) -> list[_Found]:
    """Abbreviations. Those that are words too: in brackets, or at the end of a clause if they are the zone's own."""
    table, found = _zones(), list[_Found]()
    for match in _WORD.finditer(text):
        ids = table.short.get(match[0])
        if ids is None:
            continue
        if match[0] in _RISKY:
            before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
            bracketed = before in ("", "(", "[", '"', "|", "/") and after in ("", ")", "]", '"', "|", "/")
            if not bracketed and (match[0] not in own or after not in ("", ".", ",", "\n", ";", ")")):
                continue
        found.append((match.start(), match.end(), ids))
    return found
