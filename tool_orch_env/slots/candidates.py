"""The candidate values an agent chooses from, as rows of bytes: array sizes, columns, and blocks of rows.

Rows are bytes, and the rows of one call result are copied into an observation as one block. This module does not know
where candidates come from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from .vocabulary import Vocabulary

MEETS, BELONGS = 1, 2
"""Bond between a value and a thing: its list element meets the thing's criterion, or it is known to belong to it."""
SCHEMA, REQUEST, REPLY = 1, 2, 3
"""Source of a candidate; 0 is the candidate that omits a parameter."""
ALIGNMENT = 8
"""Arrays begin at multiples of this many bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows of each observation array. What does not fit is dropped: the last links, facts and things, the oldest
    candidates. `choices` is the number of different values among which one decision chooses, at most."""

    candidates: int = 128
    things: int = 16
    links: int = 32
    facts: int = 8
    calls: int = 26
    choices: int = 40


class Columns(NamedTuple):
    """Column numbers of the observation array `candidates`."""

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
    """Candidates that are added together. `open` has one column per candidate, every other field one row or entry."""

    values: list[Any]
    rows: Any
    """`(n, bytes)`: one candidate per row, laid out by `CandidateRow`."""
    open: Any
    """`(positions, n)`: the action positions at which the mask allows the candidate."""
    texts: list[str]
    """Canonical text of each row's value."""
    members: list[int]
    """Things that each row belongs to, as bits."""
    quantities: list[str]
    """Words of a comparison by each row's value, "" if there are none."""
    identifies: dict[str, int]
    """Things that a value identifies, as bits, by the value's text. Values that identify nothing are left out."""
    serves: dict[str, int]
    """Links whose value a value is, as bits, by the value's text. Values that serve no link are left out."""
    feeds: int = 0
    """Parameters that at least one row fits, as bits."""
    facts: int = 0
    """Facts that at least one row answers, as bits."""
    links: int = 0
    """Links whose value is in at least one row, as bits."""


class CandidateRow:
    """Byte layout of one candidate: columns, roles, fits and bonds, one after another."""

    def __init__(self, vocabulary: Vocabulary, limits: Limits) -> None:
        self.parts: dict[str, tuple[int, type[np.generic]]] = {
            "candidates": (len(Columns._fields), np.int16),
            "role": (limits.things, np.int16),
            "fits": (len(vocabulary.intakes), np.int8),
            "bond": (limits.things, np.int8),
        }
        """Number of columns and type of each part."""
        sizes = [columns * np.dtype(kind).itemsize for columns, kind in self.parts.values()]
        self.offsets = dict(zip(self.parts, [0, *accumulate(sizes)], strict=False))
        self.size = -(-sum(sizes) // ALIGNMENT) * ALIGNMENT

    def views(self, rows: Any) -> dict[str, Any]:
        """The parts of byte rows `(n, size)` as arrays `(n, columns)`, by name."""
        return {
            name: np.ndarray(
                (len(rows), columns), kind, rows, self.offsets[name], (self.size, np.dtype(kind).itemsize)
            )
            for name, (columns, kind) in self.parts.items()
        }


def positions(bits: int) -> list[int]:
    """Positions of the set bits, ascending."""
    return [at for at in range(bits.bit_length()) if bits >> at & 1] if bits else []


def bits_of(numbers: Iterable[int]) -> int:
    """An integer with these bits set."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found
