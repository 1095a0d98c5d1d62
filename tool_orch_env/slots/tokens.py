"""The observation of whole calls as tokens, for networks that embed them.

A thing of the request is a bag of tokens: the numbers of a snapshot's vocabulary side by side. A candidate has a kind.
Works on batches, in numpy alone.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .candidates import BELONGS
from .encoding import COLUMNS, Layout
from .vocabulary import TYPES

TOKENS = 40
"""Maximum tokens per thing."""
Found = tuple[Any, Any, Any]
"""Rows of the batch, things, and the token that each has."""


class Tokens:
    """Numbers the tokens of a layout. Token 0 is padding."""

    def __init__(self, layout: Layout) -> None:
        words, self._things = layout.vocabulary, layout.limits.things
        self.leaves = len(words.leaves) + 1
        """Number of leaves with 0; also the kind of an empty row of candidates, and of the row that leaves out."""
        roles, relations = len(words.roles), len(words.relations)
        sizes = {"noun": len(words.nouns), "kind": len(words.kinds), "field": len(words.fields), "number": 8}
        sizes |= {"role": 2 * roles, "described": 2 * relations, "describes": 2 * relations}
        sizes |= {"asked": 2 * len(words.asks), "called": 4 * layout.tools}
        sizes |= {"has": self.leaves, "given": self.leaves}
        ends = np.cumsum([1, *sizes.values()]).tolist()
        self.at, self.size = dict(zip(sizes, ends[:-1], strict=True)), int(ends[-1])
        """First token of each group, and the number of tokens."""
        self.kinds = self.leaves + 4 * len(TYPES)
        """Number of kinds of candidates."""

    def of_candidates(self, seen: Mapping[str, Any]) -> Any:
        """`(n, candidates)`: the leaf that a value was read from, or else its source and type."""
        source, kind, leaf = np.moveaxis(seen["candidates"][:, :, :3], -1, 0)
        return np.where(leaf > 0, leaf, self.leaves + source * len(TYPES) + kind)

    def of_things(self, seen: Mapping[str, Any]) -> Any:
        """`(n, things, TOKENS)` int16, padded with 0.

        What a thing is, what describes it, what it describes, what is asked of it, which calls were about it, and where
        its values and those that describe it were read. Tokens of links and facts come in pairs, unknown and known.
        """
        found = [*self._words(seen), *self._links(seen), *self._read(seen)]
        return bags(found, len(seen["things"]), self._things)

    def _words(self, seen: Mapping[str, Any]) -> list[Found]:
        noun, kind, field, number = np.moveaxis(seen["things"], -1, 0)
        row, thing = np.nonzero(noun)
        columns = {"noun": noun, "kind": kind, "field": field, "number": np.minimum(number, 7)}
        return [(row, thing, self.at[name] + column[row, thing]) for name, column in columns.items()]

    def _links(self, seen: Mapping[str, Any]) -> list[Found]:
        at = self.at
        row, column = np.nonzero(seen["links"][:, :, 0])
        thing, role, relation, target, _, known = seen["links"][row, column].T
        inner = target > 0
        found = [
            (row, thing - 1, at["role"] + 2 * role + known),
            (row, thing - 1, at["described"] + 2 * relation + known),
            (row[inner], target[inner] - 1, at["describes"] + 2 * relation[inner] + known[inner]),
        ]
        row, column = np.nonzero(seen["facts"][:, :, 0])
        thing, ask, known = seen["facts"][row, column].T
        return [*found, (row, thing - 1, at["asked"] + 2 * ask + known)]

    def _read(self, seen: Mapping[str, Any]) -> list[Found]:
        row, column, thing = np.nonzero(seen["about"])
        called = 4 * (seen["calls"][row, column, 0] - 1) + seen["about"][row, column, thing]
        found = [(row, thing, self.at["called"] + called)]
        leaf = seen["candidates"][:, :, COLUMNS.leaf]
        given = (seen["role"] > 0) & (leaf > 0)[:, :, None]
        for name, related in (("has", seen["bond"] == BELONGS), ("given", given)):
            row, column, thing = np.nonzero(related)
            found.append((row, thing, self.at[name] + leaf[row, column]))
        return found


def bags(found: list[Found], n: int, things: int) -> Any:
    """Collect tokens into `(n, things, TOKENS)` int16, padded with 0."""
    rows, columns, tokens = (np.concatenate(parts) for parts in zip(*found, strict=True))
    place = rows.astype(np.int64) * things + columns
    order = np.argsort(place, kind="stable")
    place, tokens = place[order], tokens[order]
    rank = np.arange(len(place)) - np.searchsorted(place, place)
    kept = rank < TOKENS
    filled = np.zeros((n * things, TOKENS), dtype=np.int16)
    filled[place[kept], rank[kept]] = tokens[kept]
    return filled.reshape(n, things, TOKENS)
