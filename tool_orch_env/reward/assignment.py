"""The best one-to-one assignment of emitted calls to golden calls, updated as calls arrive.

Adding a row to an optimal assignment takes one augmenting path, as in the Hungarian method: the new row takes a column,
the row of that column moves to another column, and so on, until a free column is reached or a row is left over. A row
that is left over never returns, so there are never more rows than columns. The result is exact; a row costs
O(columns^3) at worst, and the columns are the golden calls of one tool.
"""

from collections.abc import Sequence


class Assignment:
    """An assignment of rows (emitted calls, any number) to columns (golden calls). Weights are credits in [0, 1]."""

    __slots__ = ("_columns", "_row_of", "_weights", "value")

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._row_of: list[int | None] = [None] * columns
        self._weights: list[Sequence[float]] = [()] * columns
        self.value = 0.0
        """Sum of the weights of all assigned pairs; exactly the number of pairs if every weight is 1."""

    def rows(self) -> list[tuple[int, int]]:
        """The assigned pairs as (column, row)."""
        return [(column, row) for column, row in enumerate(self._row_of) if row is not None]

    def credit(self, column: int) -> float:
        """The weight of the column's pair, 0 if it has none."""
        return self._weights[column][column] if self._row_of[column] is not None else 0.0

    def add(self, row: int, weights: Sequence[float]) -> int | None:
        """Add a row with its weight per column. Returns the row that is now left over, `None` if there is none."""
        if self.value == self._columns:  # every pair weighs 1, the most there is
            return row
        gain, came_from = self._paths(weights)
        best, best_gain = None, 0.0
        for column in range(self._columns):
            held = self._weights[column][column] if self._row_of[column] is not None else 0.0
            if gain[column] - held > best_gain + 1e-12:
                best, best_gain = column, gain[column] - held
        if best is None:
            return row
        left_over = self._row_of[best]
        here: int | None = best
        while here is not None:
            before = came_from[here]
            self._row_of[here] = row if before is None else self._row_of[before]
            self._weights[here] = weights if before is None else self._weights[before]
            here = before
        self.value = sum(self._weights[column][column] for column, _ in self.rows())
        return left_over

    def _paths(self, weights: Sequence[float]) -> tuple[list[float], list[int | None]]:
        """Greatest gain of an alternating path from the new row into each column, and its last hop."""
        gain = list(weights)
        came_from: list[int | None] = [None] * self._columns
        improved = True
        while improved:
            improved = False
            for column, row in enumerate(self._row_of):
                if row is None:
                    continue
                moving = self._weights[column]
                base = gain[column] - moving[column]
                for target in range(self._columns):
                    if target != column and base + moving[target] > gain[target] + 1e-12:
                        gain[target] = base + moving[target]
                        came_from[target] = column
                        improved = True
        return gain, came_from
