"""Which recorded calls can be at the root of a tree of calls, judged by links alone: a necessary condition."""

from typing import Any

import numpy as np

from .links import Links
from .ragged import Ragged
from .shapes import Tree

Mask = Any
"""A numpy array of bool over recorded calls."""


class Masks:
    """The masks of all trees, computed when they are asked for. Most trees share theirs with others."""

    def __init__(self, links: Links) -> None:
        self._calls = len(links.wished)
        owner = np.repeat(np.arange(self._calls, dtype=np.int64), np.diff(links.units))
        place, needs = links.offers.rows(np.arange(len(links.offers)))
        self._met = Ragged.grouped(owner[place], needs, self._calls)
        """The needs that each response meets."""
        self._source = self._met.owner()
        self._takers = links.takers
        pairs = links.takers.owner().astype(np.int64) << 32 | links.takers.values
        self._self = np.isin(self._met.values.astype(np.int64) << 32 | self._source, pairs)
        """Whether the response's own call has the need that it meets."""
        self._masks: dict[Tree, bytes] = {(): _bits(links.wished)}
        self._fed: dict[tuple[bytes, int], bytes] = {}
        """By the bits of a set of calls and a number: those that feed at least so many of the set."""

    def mask(self, tree: Tree) -> Mask:
        """The calls that feed enough different calls for the children of `tree`, as `(calls,)` bool."""
        if tree not in self._masks:
            children = {child: self.mask(child) for child in set(tree)}
            mask = self._feeding(np.any(list(children.values()), axis=0), len(tree))
            for child, inside in children.items():
                mask = mask & self._feeding(inside, tree.count(child))
            self._masks[tree] = _bits(mask)
        return self._mask(self._masks[tree])

    def _feeding(self, inside: Mask, least: int) -> Mask:
        key = _bits(inside), least
        if key not in self._fed:
            self._fed[key] = _bits(self._feed(inside, least))
        return self._mask(self._fed[key])

    def _mask(self, bits: bytes) -> Mask:
        return np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=self._calls).view(bool)

    def _feed(self, inside: Mask, least: int) -> Mask:
        """The calls whose responses feed at least `least` different calls of a set.

        Most have that many takers of one need, or not that many of all. Only for the others are takers compared.
        """
        among = inside[self._takers.values]
        ends = np.concatenate([[0], np.cumsum(among)])
        takers = Ragged(ends[self._takers.start], self._takers.values[among])
        each = takers.lengths()[self._met.values] - (self._self & inside[self._source])
        filled = np.flatnonzero(self._met.lengths())
        found = np.zeros(self._calls, dtype=bool)
        if len(filled) == 0:
            return found
        first = self._met.start[filled]
        found[filled] = np.maximum.reduceat(each, first) >= least
        doubtful = np.zeros(self._calls, dtype=bool)
        doubtful[filled] = np.add.reduceat(each, first) >= least
        rows = np.flatnonzero((doubtful & ~found)[self._source] & (each > 0))
        at, targets = takers.rows(self._met.values[rows])
        sources = self._source[rows][at].astype(np.int64)
        pairs = np.unique((sources << 32 | targets)[sources != targets])
        return found | (np.bincount(pairs >> 32, minlength=self._calls) >= least)


def _bits(mask: Mask) -> bytes:
    return np.packbits(mask).tobytes()
