"""What an executor is: something that spreads work over workers and returns every result once.

`begin(*given)` runs once per worker and returns the function that takes a batch of items and returns as many
results. It must be a module-level function so that other processes can import it. `given` and the items are sent to
workers as pickles, between processes that this package started itself. Executors know nothing of the work they spread.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[list[T]], Sequence[R]]
AHEAD = 2
"""Batches under way per worker: one being worked on, one waiting."""


class Executor(Protocol):
    """Something that spreads work over workers."""

    def spread(
        self, begin: Callable[..., Work[T, R]], given: tuple[Any, ...], items: Iterable[T], batch: int = 16
    ) -> Iterator[tuple[int, R]]:
        """Yield (item number, result) for every item as results arrive; a worker's exception is raised here."""


def batches(items: Iterable[T], size: int) -> Iterator[tuple[int, list[T]]]:
    """The items in lists of `size`, each with the number of its first item."""
    source, first = iter(items), 0
    while some := list(islice(source, size)):
        yield first, some
        first += len(some)


def in_order(done: Iterable[tuple[int, R]]) -> Iterator[R]:
    """The results in the order of their items, each as soon as those before it are there."""
    early: dict[int, R] = {}
    due = 0
    for number, result in done:
        early[number] = result
        while due in early:
            yield early.pop(due)
            due += 1
