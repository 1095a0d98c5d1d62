"""The interface of an executor, which spreads work over workers and returns every result exactly once.

`begin(*given)` runs once per worker and returns a function that takes a batch of items and returns one result for each.
It must be a module-level function so that other processes can import it. `given` and the items are pickled, but only
between processes that this package started itself. Executors know nothing about the work.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[list[T]], Sequence[R]]
AHEAD = 2
"""Batches in flight per worker: one running, one waiting."""


class Executor(Protocol):
    """Spreads work over workers."""

    def spread(
        self, begin: Callable[..., Work[T, R]], given: tuple[Any, ...], items: Iterable[T], batch: int = 16
    ) -> Iterator[tuple[int, R]]:
        """Yield (item number, result) for every item as results arrive. Re-raises a worker's exception."""


def batches(items: Iterable[T], size: int) -> Iterator[tuple[int, list[T]]]:
    """Split items into lists of at most `size`, each with the number of its first item."""
    source, first = iter(items), 0
    while some := list(islice(source, size)):
        yield first, some
        first += len(some)


def in_order(done: Iterable[tuple[int, R]]) -> Iterator[R]:
    """Yield results in item order, each as soon as all earlier ones have arrived."""
    early: dict[int, R] = {}
    due = 0
    for number, result in done:
        early[number] = result
        while due in early:
            yield early.pop(due)
            due += 1
