"""Is there one quickest order in which to visit several points? By trying all, from a matrix of walking times.

Valhalla looks for the order by chance, and among equals it answers now one, now the other: such tours are neither
recorded nor asked for.
"""

from itertools import pairwise, permutations
from typing import Any

CLEAR = 60
"""Seconds by which the best order must beat the second best."""


def best_order(matrix: Any) -> list[int] | None:
    """The quickest way from the first point through all others to the last; `None` if it is not a clear one."""
    seconds = [[cell["time"] for cell in row] for row in matrix["sources_to_targets"]]
    last = len(seconds) - 1
    ways = sorted(
        (sum(seconds[one][other] for one, other in pairwise(way)), way)
        for way in ([0, *middle, last] for middle in permutations(range(1, last)))
    )
    return ways[0][1] if ways[1][0] - ways[0][0] > CLEAR else None
