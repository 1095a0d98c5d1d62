"""Means and ratios with bootstrap 95 % intervals. Tasks are what is drawn again: trials of a task belong together.

Enters: a numerator and a denominator per task. Leaves: `Figure`s. Seeded: the same numbers give the same intervals.
The percentile method: on a handful of tasks, or where all agree, it is too narrow, and says so by its `tasks`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with the ends of its 95 % interval, from so many tasks."""

    value: float
    low: float
    high: float
    tasks: int

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Figure | None:
    """Sum over sum, `None` if the denominators add up to 0. One entry per task."""
    above, below = np.asarray(numerators, float), np.asarray(denominators, float)
    n = len(above)
    if not n or below.sum() <= 0:
        return None
    rng = np.random.default_rng(0)
    values = []
    for start in range(0, DRAWS, 250):
        drawn = rng.integers(n, size=(min(250, DRAWS - start), n))
        under = below[drawn].sum(axis=1)
        values.append(above[drawn].sum(axis=1)[under > 0] / under[under > 0])
    low, high = np.quantile(np.concatenate(values), (0.025, 0.975))
    return Figure(float(above.sum() / below.sum()), float(low), float(high), n)


def mean(values: Sequence[float]) -> Figure | None:
    """The mean of one value per task."""
    return ratio(values, [1.0] * len(values))
