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


Parts = tuple[float, float]
"""What one task adds to a ratio: numerator and denominator."""


def ratio(parts: Sequence[Parts]) -> Figure | None:
    """Sum of numerators over sum of denominators; `None` if the denominators sum to 0. One entry per task."""
    return _figure(np.asarray(parts, float)[None]) if parts else None


def difference(first: Sequence[Parts], second: Sequence[Parts]) -> Figure | None:
    """The second ratio minus the first, with the tasks of both drawn together; entry i of both is the same task."""
    return _figure(np.asarray([second, first], float)) if first else None


def mean(values: Sequence[float]) -> Figure | None:
    """The mean of one value per task; `None` if there are no tasks."""
    return ratio([(value, 1.0) for value in values])


def _figure(parts: np.ndarray) -> Figure | None:
    """The first ratio minus the others. `parts` is float64 (ratios, tasks, 2)."""
    if (parts[..., 1].sum(axis=1) <= 0).any():
        return None
    n = parts.shape[1]
    rng = np.random.default_rng(0)
    values = []
    for start in range(0, DRAWS, 250):
        drawn = parts[:, rng.integers(n, size=(min(250, DRAWS - start), n))].sum(axis=2)  # (ratios, draws, 2)
        drawn = drawn[:, (drawn[..., 1] > 0).all(axis=0)]
        values.append(_subtracted(drawn[..., 0] / drawn[..., 1]))
    low, high = np.quantile(np.concatenate(values), (0.025, 0.975))
    whole = parts.sum(axis=1)
    return Figure(float(_subtracted(whole[..., 0] / whole[..., 1])), float(low), float(high), n)


def _subtracted(ratios: np.ndarray) -> np.ndarray:
    """The first of the ratios minus the others, along the first axis."""
    found: np.ndarray = ratios[0] - ratios[1:].sum(axis=0)
    return found
