"""Where work is done: in this process, in several, or on a Ray cluster. What comes of it is the same.

Enters: how a worker begins, and items. Leaves: every item's result, once, with the item's number. Results come as
they are done; `in_order` puts them in order. An engine knows nothing of what is worked on.

`begin(*given)` makes the function of one worker, which takes a batch of items and gives as many results. It is a
module's function, so that other processes can import it; `given` and the items are sent to them, as pickles of our
own objects between our own processes.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from .errors import UsageError

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[list[T]], Sequence[R]]
ENGINES = "local, ray, ray:ADDRESS"
AHEAD = 2
"""Batches under way per worker: one being worked on, one waiting."""


class Engine(Protocol):
    """Something that spreads work over workers."""

    def spread(
        self, begin: Callable[..., Work[T, R]], given: tuple[Any, ...], items: Iterable[T], batch: int = 16
    ) -> Iterator[tuple[int, R]]:
        """(number of the item, its result) for every item, in any order. What a worker raises is raised here."""


@dataclass(frozen=True, slots=True)
class Local:
    """This process, or `workers` processes of this machine."""

    workers: int = 1

    def spread(
        self, begin: Callable[..., Work[T, R]], given: tuple[Any, ...], items: Iterable[T], batch: int = 16
    ) -> Iterator[tuple[int, R]]:
        if self.workers == 1:
            work = begin(*given)
            for first, some in batches(items, batch):
                yield from enumerate(work(some), first)
            return
        with ProcessPoolExecutor(self.workers, get_context("spawn"), _begin, (begin, given)) as pool:
            waiting = batches(items, batch)
            running: set[Future[Any]] = set()
            running |= {pool.submit(_work, *some) for some in islice(waiting, AHEAD * self.workers)}
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(_work, *some) for some in islice(waiting, len(done))}
                for one in done:
                    yield from one.result()


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


def open_engine(name: str, workers: int = 1) -> AbstractContextManager[Engine]:
    """The engine of that name, for as long as the block runs. Raises `UsageError`.

    `ray` is the cluster that RAY_ADDRESS names or that was started on this machine, else one of `workers` processes
    started for the block; `ray:ADDRESS` is the one at that address.
    """
    kind, _, address = name.partition(":")
    if name == "local":
        return nullcontext(Local(workers))
    if kind != "ray":
        raise UsageError(f"engine {name!r}: expected one of {ENGINES}")
    try:
        from .engine_ray import OnRay
    except ImportError as error:
        raise UsageError(f"the engine ray needs {error.name}: install 'tool-orch-env[ray]'") from error
    return OnRay(address or None, workers)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """`--engine` and `--workers`, for every command that spreads its work."""
    command.add_argument(
        "--engine", default="local", metavar="WHERE", help=f"where work is done: {ENGINES} (default local)"
    )
    command.add_argument(
        "--workers", type=whole, default=1, metavar="N", help="processes; the bytes are the same (default 1)"
    )


def whole(text: str) -> int:
    """An argument that counts something."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)


_worker: Callable[[list[Any]], Sequence[Any]] | None = None


def _begin(begin: Callable[..., Work[Any, Any]], given: tuple[Any, ...]) -> None:
    global _worker
    _worker = begin(*given)


def _work(first: int, some: list[Any]) -> list[tuple[int, Any]]:
    assert _worker is not None
    return list(enumerate(_worker(some), first))
