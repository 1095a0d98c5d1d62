"""Folding: a text as it is compared, without typography, Markdown and case, and where each character came from.

`folded` gives one line of plain text. `fold` keeps the lines, which carry structure, and the places: every position of
the folded text has its position in the text as written, so that a finding can be shown where it was read.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

LONG = 8192
"""Texts of more characters are not remembered."""
_SPACES = re.compile(r"\s+")
_BLANKS = re.compile(r"[^\S\n]+")
_SAME = {
    **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
    **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys(
        "\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069", ""
    ),
    "…": "...",
    "⁄": "/",
    "\r": "",
    "×": "x",
    "\u2028": "\n",
    "\u2029": "\n",
    "：": ":",
}
_MARKS = re.compile(
    r"\*{1,3}|~~|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|`+|\\boxed\{|\\text(?:bf|rm)?\{|\\[()\[\]]"
    r"|</?(?:b|i|em|strong|u|code|span|p|td|tr|th|table)(?: [^<>\n]{0,80})?>"
)
_LINK = re.compile(r"!?\[([^\[\]\n]{1,200})\]\([^()\s]{1,500}\)")
_BREAK = re.compile(r"<br ?/?>")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `at[i]` is the position, in the text as written, of folded character `i`; `strong` has the spans
    of the folded text that were written in bold."""

    text: str
    at: tuple[int, ...] | range
    written: str
    strong: tuple[tuple[int, int], ...] = ()

    def quoted(self, start: int, end: int) -> str:
        """The text as written that a span of the folded text came from."""
        first, after = self.span(start, end)
        return self.written[first:after]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the folded text as a span of the text as written."""
        if start >= end:
            return 0, 0
        return self.at[start], self.at[end - 1] + 1

    def is_strong(self, start: int) -> bool:
        """Whether the character at `start` was written in bold."""
        place = bisect_right(self.strong, (start, len(self.text))) - 1
        return place >= 0 and self.strong[place][0] <= start < self.strong[place][1]


def folded(text: str) -> str:
    """The text in one line: NFKC, case folded, without typography, with every run of white space as one space.

    Markdown stays, so that names with `_` and `*` in them are kept.
    """
    return _remembered(text) if len(text) <= LONG else _fold(text)


def _fold(text: str) -> str:
    plain = text.casefold() if text.isascii() else "".join(piece for piece, _ in _pieces(text))
    return _SPACES.sub(" ", plain).strip()


_remembered = lru_cache(maxsize=4096)(_fold)


def fold(written: str) -> Folded:
    """A text with its lines, folded for reading: typography and Markdown gone, blanks in a row as one."""
    return _remembered_lines(written) if len(written) <= LONG else _fold_lines(written)


def _fold_lines(written: str) -> Folded:
    if written.isascii():
        return _without_marks(written.casefold(), range(len(written)), written)
    pieces = list(_pieces(written))
    at = tuple(place for piece, place in pieces for _ in piece)
    return _without_marks("".join(piece for piece, _ in pieces), at, written)


def _without_marks(text: str, at: tuple[int, ...] | range, written: str) -> Folded:
    """Cut Markdown and needless blanks out of a text, and remember what was bold."""
    cuts: list[tuple[int, int, str]] = []
    for match in _LINK.finditer(text):
        cuts += [(match.start(), match.start(1), ""), (match.end(1), match.end(), "")]
    cuts += [(match.start(), match.end(), "\n") for match in _BREAK.finditer(text)]
    bold: list[int] = []
    for match in _MARKS.finditer(text):
        cuts.append((match.start(), match.end(), ""))
        if match[0] in ("**", "***", "__") or match[0].startswith(
            ("<b", "</b", "<strong", "</strong", "\\boxed")
        ):
            bold.append(match.start())
    cuts += [(m.start(), m.end(), " ") for m in _BLANKS.finditer(text) if m[0] != " "]
    if not cuts:
        return Folded(text, at, written)
    cuts.sort()
    parts: list[str] = []
    places: list[int] = []
    opened: int | None = None
    strong: list[tuple[int, int]] = []
    bolds = set(bold)
    last = 0
    for start, end, instead in cuts:
        if start < last:
            continue
        parts.append(text[last:start])
        places.extend(at[last:start])
        if start in bolds:
            if opened is None:
                opened = len(places)
            else:
                strong.append((opened, len(places)))
                opened = None
        if instead:
            parts.append(instead)
            places.append(at[start])
        last = end
    parts.append(text[last:])
    places.extend(at[last:])
    return Folded("".join(parts), tuple(places), written, tuple(strong))


def _pieces(text: str) -> "list[tuple[str, int]]":
    """Folded pieces with the place they came from: a base character with its marks is one piece."""
    found: list[tuple[str, int]] = []
    size, start = len(text), 0
    while start < size:
        character = text[start]
        end = start + 1
        if end < size and text[end] > "\u02ff" and unicodedata.combining(text[end]):
            while end < size and unicodedata.combining(text[end]):
                end += 1
        if character < "\x80" and end == start + 1:
            if character != "\r":
                found.append((character.lower(), start))
        else:
            found.append((_piece(text[start : min(end, start + 31)], found[-1][0] if found else ""), start))
        start = end
    return found


def _piece(cluster: str, before: str) -> str:
    """One cluster, folded. A vulgar fraction is parted from the digit before it, and a raised digit marked with ^."""
    first = cluster[0]
    if first in _SAME:
        return _SAME[first]
    folding = unicodedata.decomposition(first)
    if folding.startswith("<fraction>"):
        return (" " if before[-1:].isdigit() else "") + unicodedata.normalize("NFKC", first).replace("⁄", "/")
    if folding.startswith(("<super>", "<sub>")) and first not in "ªº" and before and not before.isspace():
        raised = "".join(_SAME.get(c, c) for c in unicodedata.normalize("NFKC", first))
        return ("^" if before[-1:] != "^" and "^" not in before else "") + raised.casefold()
    if unicodedata.category(first) == "Nd":
        return str(unicodedata.digit(first))
    return "".join(_SAME.get(c, c) for c in unicodedata.normalize("NFKC", cluster).casefold())


_remembered_lines = lru_cache(maxsize=256)(_fold_lines)
