"""The pool of candidates as data: how many rows an observation has, what a row says, and rows that belong together.

Candidates are kept as bytes, so that a reply's rows are copied into an observation as one block. Knows nothing of how
they come about.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from .vocabulary import Vocabulary

MEETS, BELONGS = 1, 2
"""Bonds of a value to a thing: its element meets the thing's criterion; it is known to belong to the thing."""
SCHEMA, REQUEST, REPLY = 1, 2, 3
"""Where a candidate comes from; 0 is the candidate that leaves a parameter out."""
ALIGNMENT = 8
"""Bytes at whose multiples arrays begin."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows of an observation. What is beyond is left out: last links, facts and things, oldest candidates."""

    pool: int = 128
    things: int = 16
    links: int = 32
    facts: int = 8
    calls: int = 26


class Columns(NamedTuple):
    """The columns of `candidates`."""

    source: int = 0
    type: int = 1
    leaf: int = 2
    relation: int = 3
    ask: int = 4
    call: int = 5
    position: int = 6
    length: int = 7


@dataclass(slots=True)
class Block:
    """Rows of the pool that belong together. `open` has a column per candidate, everything else a row or an entry."""

    values: list[Any]
    rows: Any
    """`(n, bytes)`: features, fits, bond and role of each candidate side by side, as `PoolRow` says."""
    open: Any
    """`(positions, n)`: where the mask lets the candidate be chosen."""
    texts: list[str]
    """Per row its value's canonical text."""
    members: list[int]
    """Per row the things it belongs to, as bits."""
    quantities: list[str]
    """Per row the words of who compares by it."""
    stands: dict[str, int]
    """By a value's text the things that it stands for, as bits, if any."""
    serves: dict[str, int]
    """By a value's text the links whose value it is, as bits, if any."""
    feeds: int = 0
    """The parameters that some row fits, as bits."""
    facts: int = 0
    """The facts that some row answers, as bits."""
    links: int = 0
    """The links whose value some row is, as bits."""


class CandidateRow:
    """One candidate in bytes: its columns, its fits, its bonds and roles, one after another."""

    def __init__(self, vocabulary: Vocabulary, limits: Limits) -> None:
        self.parts: dict[str, tuple[int, type[np.generic]]] = {
            "candidates": (len(Columns._fields), np.int16),
            "role": (limits.things, np.int16),
            "fits": (len(vocabulary.intakes), np.int8),
            "bond": (limits.things, np.int8),
        }
        """Columns and type of each part."""
        sizes = [columns * np.dtype(kind).itemsize for columns, kind in self.parts.values()]
        self.offsets = dict(zip(self.parts, [0, *accumulate(sizes)], strict=False))
        self.size = -(-sum(sizes) // ALIGNMENT) * ALIGNMENT

    def views(self, rows: Any) -> dict[str, Any]:
        """The parts of rows `(n, size)` of bytes, each `(n, columns)`."""
        return {
            name: np.ndarray(
                (len(rows), columns), kind, rows, self.offsets[name], (self.size, np.dtype(kind).itemsize)
            )
            for name, (columns, kind) in self.parts.items()
        }


def positions(bits: int) -> list[int]:
    """Where bits are set."""
    return [at for at in range(bits.bit_length()) if bits >> at & 1] if bits else []


def bits_of(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found
