"""Names and map tags: closed kinds, found by the value asked for, its aliases and the candidates.

Texts and names are compared word by word without accents, case, punctuation and the spaces between words: "Raleigh
Durham" states "Raleigh-Durham", "Airlines" states "Air Lines". Legal suffixes may be left out. A shorter form that fits
two names states neither, and a name inside a longer one is the longer one.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, NamedTuple

from ..text import LONG, fold, folded
from .base import Asked, Kind, Said

_ALONE = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts that write no spaces between words: every character may begin or end a name."""
_TOKEN = re.compile(rf"[^\W_{_ALONE}]+|[&+{_ALONE}]")
_LEGAL = frozenset(
    "inc incorporated ltd limited llc llp lp co corp corporation company plc gmbh mbh kg ag se oy oyj ab as asa aps sa"  # noqa: SIM905
    " sas srl spa bv nv pty pte kk sarl sl".split()
)
_LETTERS = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ħ": "h"}
_SAME = {
    "&": "and",
    "+": "and",
    "st": "saint",
    "mt": "mount",
    "intl": "international",
    "labour": "labor",
    "centre": "center",
    "harbour": "harbor",
    "theatre": "theater",
    "int": "international",
}


class _Words(NamedTuple):
    """A text without what is between its words: where each word starts and ends in it and in the text."""

    text: str
    starts: dict[int, int]
    ends: dict[int, int]


def _plain(word: str) -> str:
    if not word.isascii():
        word = "".join(
            _LETTERS.get(c, c) for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)
        )
    return _SAME.get(word, word)


def _squeeze(text: str) -> _Words:
    parts: list[str] = []
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    size = 0
    for match in _TOKEN.finditer(text):
        word = _plain(match[0])
        if not word:
            continue
        starts[size] = match.start()
        size += len(word)
        ends[size] = match.end()
        parts.append(word)
    return _Words("".join(parts), starts, ends)


_remembered = lru_cache(maxsize=256)(_squeeze)


def squeezed(text: str) -> _Words:
    """A folded text as names are looked for in it."""
    return _remembered(text) if len(text) <= LONG else _squeeze(text)


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared, with its legal suffix."""
    return tuple(filter(None, (_plain(match[0]) for match in _TOKEN.finditer(folded(name)))))


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """The normal form of a name: without legal suffix, article, spaces; the folded text if nothing is left."""
    return "".join(_core(words_of(name))) or folded(name)


def _core(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without article and legal suffix."""
    core = words[1:] if len(words) > 1 and words[0] == "the" else words
    while len(core) > 1 and core[-1] in _LEGAL:
        core = core[:-1]
    # "S.A." and "B.V." are two words of one letter
    if len(core) > 2 and len(core[-1]) == len(core[-2]) == 1 and core[-2] + core[-1] in _LEGAL:
        core = core[:-2]
    return core


_BUSINESS = (
    *(
        ("air", "lines"),
        ("airlines",),
        ("airways",),
        ("air", "ways"),
        ("airlines", "company"),
        ("industrie",),
    ),
    *(("international", "airport"), ("airport",)),
)
_COMPOUND = re.compile(r"[^\W\d_][-/'][^\W\d_]")
_BRAND_LEFT = re.compile(r"\b(?:an?|in|of|near|throughout|across) $")
_BRAND_RIGHT = re.compile(
    r"\s*(?:$|[^\w\s]|\d|[a-z]{2}\d|(?:flights?|operat\w+|aircraft|planes?|and|or|is|was|at|with|from|on|to|as|which|international)\b)"
)


@lru_cache(maxsize=4096)
def _short(name: str) -> tuple[str, ...]:
    """Shorter and other forms of a name, which count where no other name has them."""
    core = _core(words_of(name))
    forms = []
    if len(core) > 2 and core[-2:] == ("international", "airport"):
        forms += ["".join((*core[:-2], "airport")), "".join(core[:-1])]
    elif len(core) > 2 and core[-1] == "airport":
        forms += ["".join((*core[:-1], "internationalairport"))]
    if brand := _brand(name):
        forms.append(brand)
    return (*forms, *_plurals("".join(core)))


@lru_cache(maxsize=4096)
def _brand(name: str) -> str:
    """What people call a company or an airport without its kind of business; "" if that may be something else.

    An airport keeps its first words only if they are a compound, "Raleigh-Durham": others are the city's name.
    """
    words = words_of(name)
    core = _core(words)
    for ending in _BUSINESS:
        if len(core) > len(ending) and core[-len(ending) :] == ending:
            rest = core[: -len(ending)]
            if "airport" in ending and not _COMPOUND.search(folded(name)):
                return ""
            return "".join(rest) if len("".join(rest)) > 3 else ""
    return ""


def _plurals(word: str) -> tuple[str, ...]:
    if len(word) < 3 or not word[-1].isalpha() or not word.isascii():
        return ()
    if word.endswith("y") and word[-2] not in "aeiou":
        return (word[:-1] + "ies",)
    if word.endswith(("s", "x", "ch", "sh", "z")):
        return (word + "es",)
    return (word + "s",)


def _lookup(asked: Asked) -> dict[str, str]:
    values = asked.value if isinstance(asked.value, (tuple, list)) else (asked.value,)
    return table(tuple(map(str, values)), asked.aliases, asked.candidates)


@lru_cache(maxsize=1024)
def table(values: tuple[str, ...], aliases: tuple[str, ...], candidates: tuple[str, ...]) -> dict[str, str]:
    """The key of the name that each form stands for. Aliases are other texts for the first value."""
    first = key(values[0]) if values else ""
    names = [(value, key(value)) for value in values]
    names += [(alias, first) for alias in aliases] + [(other, key(other)) for other in candidates]
    full: dict[str, str] = {}
    for name, stands_for in names:
        for form in ("".join(words_of(name)), key(name)):
            full.setdefault(form, stands_for)
    shared: dict[str, set[str]] = {}
    for name, stands_for in names:
        for form in _short(name):
            shared.setdefault(form, set()).add(full.get(key(name), stands_for))
    return {
        **{form: next(iter(owners)) for form, owners in shared.items() if len(owners) == 1},
        **{form: owner for form, owner in full.items() if form},
    }


def found(text: str, forms: dict[str, str]) -> list[Said]:
    """Every form said in a folded text between ends of words, the longest first where they overlap."""
    words = squeezed(text)
    hits: list[tuple[int, int, str]] = []
    literal: list[tuple[int, int, str]] = []
    for form, owner in forms.items():
        if not form or not _TOKEN.search(form):
            literal += [(at, at + len(form), owner) for at in _places(text, form)]
            continue
        hits += [
            (at, at + len(form), owner)
            for at in _places(words.text, form)
            if at in words.starts and at + len(form) in words.ends
        ]
    said = [Said(words.starts[start], words.ends[end], owner) for start, end, owner in _longest(hits)]
    said += [Said(start, end, owner) for start, end, owner in _longest(literal)]
    return sorted(said, key=lambda one: one[:2])


def _places(text: str, form: str) -> Iterable[int]:
    at = text.find(form) if form else -1
    while at >= 0:
        yield at
        at = text.find(form, at + len(form))


def _longest(hits: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Hits that do not overlap a longer one."""
    if len(hits) < 2:
        return hits
    taken: set[int] = set()
    kept = []
    for start, end, owner in sorted(hits, key=lambda hit: (hit[0] - hit[1], hit[0])):
        if start in taken or end - 1 in taken:
            continue
        taken.update(range(start, end))
        kept.append((start, end, owner))
    return kept


def _is_name(text: str, said: Said, brands: frozenset[str]) -> bool:
    """Whether a saying is no brand, or is used as one: "United flight 15", but not "United States"."""
    words = "".join(_plain(match[0]) for match in _TOKEN.finditer(text, said.start, said.end))
    if words not in brands:
        return True
    left = _BRAND_LEFT.search(text, max(0, said.start - 12), said.start)
    return left is None and _BRAND_RIGHT.match(text, said.end) is not None


@lru_cache(maxsize=1024)
def _brands(value: str, candidates: tuple[str, ...]) -> frozenset[str]:
    forms = {"".join(words_of(name)) for name in (value, *candidates)}
    return frozenset(filter(None, map(_brand, (value, *candidates)))) - forms


class Name(Kind):
    """A name: any text, such as "Delta Air Lines Inc."."""

    name: ClassVar[str] = "name"

    def read(self, text: str, asked: Asked) -> list[Said]:
        brands = _brands(str(asked.value), asked.candidates)
        said = found(text, _lookup(asked))
        return [one for one in said if _is_name(text, one, brands)] if brands else said

    def same(self, said: Said, asked: Asked) -> bool:
        return bool(said.value == key(str(asked.value)))

    def forms(self, asked: Asked) -> list[str]:
        value = str(asked.value)
        options = [value, value.upper(), *asked.aliases, *_without_accents(value), *_without_suffix(value)]
        options += [
            value.replace("-", " "),
            value.replace("'", "’"),
            f"“{value}”",
            f"**{value}**",
            f"the {value}",
        ]
        if value.endswith(" International Airport"):
            options += [value.removesuffix(" International Airport") + " Airport"]
        return _read_back(self, asked, options)


def _read_back(kind: Kind, asked: Asked, options: Iterable[str]) -> list[str]:
    """The options that state the value, each once; the value itself first."""
    kept = [
        option
        for option in dict.fromkeys(options)
        if any(kind.same(said, asked) for said in kind.read(fold(option).text, asked))
    ]
    return kept or [str(asked.value)]


def _without_accents(value: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFD", value) if not unicodedata.combining(c))
    return [plain] if plain != value and plain else []


def _without_suffix(value: str) -> list[str]:
    words = value.split()
    if len(words) > 1 and re.sub(r"\W", "", words[-1]).casefold() in _LEGAL:
        return [" ".join(words[:-1]).rstrip(",")]
    return []


@lru_cache(maxsize=1024)
def _tags(values: tuple[str, ...], aliases: tuple[str, ...], candidates: tuple[str, ...]) -> dict[str, str]:
    forms = dict(table(values, aliases, candidates))
    for name in (*values, *candidates):
        words = words_of(name)
        single = "".join(words)
        if single.endswith("s") and len(single) > 3:
            forms.setdefault(single[:-1], key(name))
    return forms


class Tag(Kind):
    """A value of a map tag: "bus_stop", or a list such as "burger;pizza", of which all items must be said."""

    name: ClassVar[str] = "tag"

    def read(self, text: str, asked: Asked) -> list[Said]:
        aliases = asked.aliases
        said = found(text, _tags(items(asked.value), aliases, tuple(_split(asked.candidates))))
        return said if len(items(asked.value)) == 1 else together(text, said)

    def same(self, said: Said, asked: Asked) -> bool:
        tags = items(asked.value)
        if len(tags) == 1:
            return bool(said.value == key(tags[0]))
        return bool(said.value == tuple(sorted({key(item) for item in tags})))

    def forms(self, asked: Asked) -> list[str]:
        tags = [item.replace("_", " ") for item in items(asked.value)]
        if len(tags) == 1:
            item = tags[0]
            options = [item, str(asked.value), item.capitalize(), f"{item}s", item.replace(" ", "-")]
            return _read_back(self, asked, options)
        listed = ", ".join(tags[:-1]) + f" and {tags[-1]}"
        options = [
            listed,
            str(asked.value),
            ", ".join(reversed(tags)),
            "\n".join(f"- {item}" for item in tags),
        ]
        return _read_back(self, asked, [*options, " / ".join(tags)])


def items(value: object) -> tuple[str, ...]:
    """The items of a list: a tuple, or a text parted by ";"."""
    values = value if isinstance(value, (tuple, list)) else str(value).split(";")
    return tuple(dict.fromkeys(text for item in values if (text := str(item).strip()))) or (str(value),)


def _split(candidates: tuple[str, ...]) -> Iterable[str]:
    for candidate in candidates:
        yield from items(candidate)


_STOP = re.compile(r"[.!?](?=\s)|\n[ \t]*\n")


_APART = re.compile(rf"{_STOP.pattern}|[;\n,] *[^;:\n,]{{1,60}}:\s")
"""Ends a list: the end of its sentence, or the name of something else ("; type: ")."""


def together(text: str, said: list[Said]) -> list[Said]:
    """Sayings of items as sayings of lists: those of one sentence, or of neighbouring lines, are one list."""
    lists: list[tuple[int, int, set[str]]] = []
    for one in said:
        if lists and not _APART.search(text, lists[-1][1], one.start):
            start, _, values = lists[-1]
            values.add(one.value)
            lists[-1] = start, one.end, values
        else:
            lists.append((one.start, one.end, {one.value}))
    return [Said(start, end, tuple(sorted(values))) for start, end, values in lists]
