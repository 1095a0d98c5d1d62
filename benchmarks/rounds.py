"""Interleaved rounds, ratios per round, and tables of them for the terminal and for Markdown.

Every round times each variant on the same work, one after another, so that a slow machine slows down all of them. A
ratio is computed within a round; tables show the median over the rounds and the range.
"""

import gc
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

CPU, WALL = 0, 1
"""Index of the clock: processor time of this process, or wall time if another process works too."""
Times = dict[str, list[tuple[float, float]]]
"""Seconds of processor time and of wall time per unit of work, by variant and round."""


def measure(variants: Mapping[str, Callable[[], int]], rounds: int) -> Times:
    """Time each variant: a function that does some work and returns its number of units. One extra round warms up."""
    times: Times = {name: [] for name in variants}
    for number in range(-1, rounds):
        for name, run in variants.items():
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            units = run()
            spent = (time.process_time() - cpu) / units, (time.perf_counter() - wall) / units
            if number >= 0:
                times[name].append(spent)
    return times


def run_of(step: Callable[[Any], object], sent: Sequence[Any], times: int = 4) -> Callable[[], int]:
    """A run of all messages, repeated some times; its unit is a step."""

    def run() -> int:
        for _ in range(times):
            for message in sent:
                step(message)
        return times * len(sent)

    return run


def microseconds(times: Times, name: str, clock: int = CPU) -> float:
    """The median of one variant."""
    return median(spent[clock] for spent in times[name]) * 1e6


def ratios(times: Times, one: str, other: str, clock: int = CPU) -> list[float]:
    """The time of `one` over that of `other`, per round."""
    return [a[clock] / b[clock] for a, b in zip(times[one], times[other], strict=True)]


def shown(values: Sequence[float], digits: int = 2) -> str:
    """Median and range as text."""
    low, high = min(values), max(values)
    return f"{median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


@dataclass
class Table:
    """A table of results. `note` explains the columns."""

    title: str
    columns: tuple[str, ...]
    note: str = ""
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def print(self) -> None:
        table = RichTable(title=self.title, caption=self.note or None, box=box.SIMPLE_HEAD)
        for at, column in enumerate(self.columns):
            table.add_column(column, justify="right" if at else "left")
        for row in self.rows:
            table.add_row(*row)
        Console(width=max(100, Console().width)).print(table)

    def markdown(self) -> str:
        def line(cells: Iterable[str]) -> str:
            return f"| {' | '.join(cells)} |"

        rule = line("---:" if at else "---" for at in range(len(self.columns)))
        head = f"**{self.title}.** {self.note}".strip()
        return "\n".join([head, "", line(self.columns), rule, *map(line, self.rows)])
