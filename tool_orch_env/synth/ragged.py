"""Lists of numbers of different lengths, as two flat arrays."""

from typing import Any, NamedTuple

import numpy as np

Array = Any
"""A numpy array of integers or booleans."""


class Ragged(NamedTuple):
    """Row `i` is `values[start[i]:start[i + 1]]`. `start` is `(rows + 1,)`, of int64."""

    start: Array
    values: Array

    @classmethod
    def grouped(cls, rows: Array, values: Array, size: int) -> "Ragged":
        """The values by their row in `range(size)`; those of one row are sorted, and none occurs twice."""
        pairs = np.unique(rows.astype(np.int64) << 32 | values)
        found = pairs >> 32
        start = np.searchsorted(found, np.arange(size + 1))
        return cls(start, (pairs & 0xFFFFFFFF).astype(np.int32))

    def __len__(self) -> int:
        return len(self.start) - 1

    def row(self, number: int) -> Array:
        start, end = self.start[number : number + 2].tolist()
        return self.values[start:end]

    def lengths(self) -> Array:
        return np.diff(self.start)

    def rows(self, numbers: Array) -> tuple[Array, Array]:
        """The rows of these numbers, one after the other: for every value its place in `numbers`, and the value."""
        first = self.start[numbers]
        length = self.start[numbers + 1] - first
        place = np.repeat(np.arange(len(numbers)), length)
        within = np.arange(len(place)) - np.repeat(np.cumsum(length) - length, length)
        return place, self.values[first[place] + within]

    def owner(self) -> Array:
        """The row of every value."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths())
