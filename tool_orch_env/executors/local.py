"""The executor `local`: this process, or several processes on this machine."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

from .base import AHEAD, R, T, Work, batches


@dataclass(frozen=True, slots=True)
class Local:
    """This process if `workers` is 1, else `workers` processes on this machine."""

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


_worker: Callable[[list[Any]], Sequence[Any]] | None = None


def _begin(begin: Callable[..., Work[Any, Any]], given: tuple[Any, ...]) -> None:
    global _worker
    _worker = begin(*given)


def _work(first: int, some: list[Any]) -> list[tuple[int, Any]]:
    assert _worker is not None
    return list(enumerate(_worker(some), first))
