"""Lists: all items said in any order, in one sentence, in neighbouring lines, or in one table.

List items, or rows of a table, that each begin with a name are one list of these names, whatever else they say; of
those that end with "yes", where all end with that or "no". Names that a sentence or heading sets apart ("on time:
Ines", "you owe no apology to Ines") are not counted beside the list.
"""

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from ..text import fold
from .base import Asked, Kind, Said
from .names import found, items, key, table, together

_ITEM = re.compile(r"[ \t]*(?:[-*+•·–]|\(?\d{1,3}[.)]|\|)[ \t]+[^\w\n|]*")
"""The mark before a list item, or the bar before a row."""
_RULE = re.compile(r"[\s|:+=-]*$")
_JOINED = re.compile(r" ?[,/&+]? ?(?:and |or )?")
_APART = re.compile(
    r"\b(?:no|not|nor|never|none|neither|nobody|others?|rest|remaining|except|without|only|early|ahead|on time|in time"
    r"|punctual(?:ly)?|within|under|less|fine|open|too|working|normal(?:ly)?|ordinary|usual|staffed|available)\b|n't\b"
)
"""What sets names apart from those asked for."""
_CONTRAST = re.compile(r"\b(?:but|while|whereas|though|although|except|not|the others?|the rest)\b")
_VERDICT = re.compile(r"(?:\s*:|.*[,;|(–—-])\s*(yes|no)[\s.|)!]*")
"""The end of a row that answers the question itself: ": yes", "189 seats, yes", but not "landlocked: yes"."""
_END = re.compile(r"[.!?](?=\s)|\n")


class List(Kind):
    """A list: a tuple of values, or a text of values parted by ";". With another candidate among them it is another."""

    name: ClassVar[str] = "list"

    def read(self, text: str, asked: Asked) -> list[Said]:
        hits = found(text, table(items(asked.value), (), tuple(asked.candidates)))
        said: list[Said] = []
        place = 0
        for block in _blocks(text, hits):
            start, end = block[0][0].start, _line_end(text, block[-1][0].start)
            said += self._in_sentences(text, [one for one in hits if place <= one.start < start], asked)
            whole = _listed([one for row in block for one in row])
            mixed = any(len(row) > 1 for row in block) and not self.same(whole, asked)
            said += self._rows(text, block, asked) if mixed else [_with_yes(text, block) or whole]
            place = end
        said += self._in_sentences(text, [one for one in hits if one.start >= place], asked)
        return self._counted(text, said, asked)

    def _rows(self, text: str, block: list[list[Said]], asked: Asked) -> list[Said]:
        """The lists of rows that begin with one name or several. Rows that nothing sets apart are one list, if that is
        the one asked for: "Oslo: closed", "Athens: closed", "Lima and Lisbon: no holiday"."""
        apart = [_APART.search(text, row[-1].end, _line_end(text, row[-1].end)) is not None for row in block]
        plain = [one for row, is_apart in zip(block, apart, strict=True) if not is_apart for one in row]
        if not plain or not self.same(_listed(plain), asked):
            return list(map(_listed, block))
        others = [_listed(row) for row, is_apart in zip(block, apart, strict=True) if is_apart]
        return sorted([_listed(plain), *others], key=lambda one: one.start)

    def _in_sentences(self, text: str, hits: list[Said], asked: Asked) -> list[Said]:
        """The lists in sentences; one that is not the one asked for as a whole may be parted by a semicolon."""
        said: list[Said] = []
        for whole in _parted(text, hits):
            inside = [one for one in hits if whole.start <= one.start < whole.end]
            cut = text.find(";", whole.start, whole.end)
            parts = [[one for one in inside if (one.start < cut) == first] for first in (True, False)]
            lists = [_listed(part) for part in parts if part]
            right = cut >= 0 and any(self.same(one, asked) for one in lists)
            said += lists if right and not self.same(whole, asked) else [whole]
        return said

    def _counted(self, text: str, said: list[Said], asked: Asked) -> list[Said]:
        """Without the lists set apart from the one asked for, where that one is said."""
        own = {key(item) for item in items(asked.value)}
        if not any(self.same(one, asked) and not _is_apart(text, one, said, asked) for one in said):
            return said
        return [one for one in said if own & set(one.value) or not _is_apart(text, one, said, asked)]

    def same(self, said: Said, asked: Asked) -> bool:
        return bool(said.value == tuple(sorted({key(item) for item in items(asked.value)})))

    def forms(self, asked: Asked) -> list[str]:
        texts = list(items(asked.value))
        head, last = ", ".join(texts[:-1]), texts[-1]
        options = [
            f"{head} and {last}" if head else last,
            ", ".join(texts),
            ", ".join(reversed(texts)),
            "\n".join(f"- {text}" for text in texts),
            "; ".join(texts),
            "\n".join(f"{place}. {text}" for place, text in enumerate(texts, 1)),
        ]
        read = [
            option
            for option in options
            if any(self.same(s, asked) for s in self.read(fold(option).text, asked))
        ]
        return list(dict.fromkeys(read)) or [", ".join(texts)]


def _listed(hits: Iterable[Said]) -> Said:
    some = list(hits)
    return Said(some[0].start, some[-1].end, tuple(sorted({one.value for one in some})))


def _with_yes(text: str, block: list[list[Said]]) -> Said | None:
    """The list of the names in rows that end with "yes", if every row ends with that or "no"; `None` if not."""
    rests = [text[row[-1].end : _line_end(text, row[-1].end)] for row in block]
    verdicts = [_VERDICT.fullmatch(rest) for rest in rests]
    chosen = [
        one for row, said in zip(block, verdicts, strict=True) if said and said[1] == "yes" for one in row
    ]
    return _listed(chosen) if all(verdicts) and chosen else None


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _parted(text: str, hits: list[Said]) -> list[Said]:
    """The lists in sentences; "but" and the like part two."""
    runs: list[list[Said]] = []
    for one in hits:
        if runs and not _CONTRAST.search(text, runs[-1][-1].end, one.start):
            runs[-1].append(one)
        else:
            runs.append([one])
    return [one for run in runs for one in together(text, run)]


def _blocks(text: str, hits: list[Said]) -> Iterator[list[list[Said]]]:
    """The lists of two items or rows at least, each of which begins with a name: the names that each begins with."""
    block: list[list[Said]] = []
    start = at = indent = 0
    for line in text.split("\n"):
        after = start + len(line)
        while at < len(hits) and hits[at].start < start:
            at += 1
        item = _ITEM.match(line)
        row: list[Said] = []
        for one in hits[at:]:
            first = not row and item is not None and one.start == start + item.end()
            if one.start >= after or not (first or (row and _JOINED.fullmatch(text, row[-1].end, one.start))):
                break
            row.append(one)
        margin = len(line) - len(line.lstrip())
        below = bool(block) and margin > indent
        if row and not below:
            indent = margin
            block.append(row)
        elif not below and not _RULE.match(line):
            if len(block) > 1:
                yield block
            block = []
        start = after + 1
    if len(block) > 1:
        yield block


def _is_apart(text: str, one: Said, said: list[Said], asked: Asked) -> bool:
    """Whether the sentence of a list, or the heading above it, sets it apart; words of the request do not."""
    line = text.rfind("\n", 0, one.start) + 1
    several = "\n" in text[one.start : one.end]
    before = [other.end for other in said if other.end <= one.start]
    behind = [other.start for other in said if other.start >= one.end]
    if several or (_ITEM.match(text, line) and not text[line : one.start].strip(" -*+•·–|0123456789.)(")):
        above = text[max(0, line - 240) : line].rstrip()
        context = above[above.rfind("\n") + 1 :]
        if not several:
            context += " " + text[one.end : _line_end(text, one.end)]
    else:
        first = max(line, max(before, default=0))
        stops = [match.end() for match in _END.finditer(text, first, one.start)]
        last = _END.search(text, one.end)
        end = min(last.start() if last else len(text), min(behind, default=len(text)))
        context = text[max([first, *stops]) : end]
    return any(match[0] not in asked.request for match in _APART.finditer(context))
