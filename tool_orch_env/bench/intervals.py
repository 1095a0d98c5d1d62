"""Means and ratios with 95 % bootstrap intervals.

Tasks are resampled, not episodes, because trials of one task are correlated. The generator is seeded: the same numbers
give the same intervals. With few tasks, or when all tasks agree, percentile intervals are too narrow; each figure
reports its number of tasks.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, the bounds of its 95 % interval, and the number of tasks it comes from."""

    value: float
    low: float
    high: float
    tasks: int

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Figure | None:
    """Sum of numerators over sum of denominators; `None` if the denominators sum to 0. One entry per task."""
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
    """The mean of one value per task; `None` if there are no tasks."""
    return ratio(values, [1.0] * len(values))
