"""The executor `ray`: work on a Ray cluster that completes even if workers or whole nodes die.

The caller's process keeps all state. If a worker dies, its batch runs again on another one, and only results that
arrive in the caller's process count. Initial data is sent once to each worker through Ray's object store. Workers need
the same version of this package, and must be able to import a policy's modules from the caller's paths. Ray transfers
objects as pickles (cloudpickle) over the cluster's connections, so the cluster must be trusted, as Ray requires anyway.
"""

import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, redirect_stdout, suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import ray
from ray.exceptions import RayTaskError

from .._version import __version__
from ..errors import UsageError
from .base import AHEAD, Work, batches

T = TypeVar("T")
R = TypeVar("R")
RETRIES = 20
"""How often a batch is retried after its worker or node died. Bounded, because a batch may kill every worker."""


class OnRay:
    """A Ray cluster, connected for the duration of a `with` block. Each running batch uses one CPU.

    Inside the block, standard output goes to standard error: Ray prints messages about lost nodes there, which would
    mix with a command's result.
    """

    def __init__(self, address: str | None = None, workers: int = 1) -> None:
        """`address` is as in `ray.init`. `None` means the cluster of `RAY_ADDRESS` or of the last `ray start`, else a
        new local one with `workers` CPUs, never the private cluster of another process, which ends with it.
        """
        self._address, self._workers, self._open = address, workers, ExitStack()

    def __enter__(self) -> "OnRay":
        """Raises `UsageError` if there is no cluster at the address."""
        _knock(self._address)
        with ExitStack() as opened:
            opened.enter_context(redirect_stdout(sys.stderr))
            self._connect()
            opened.callback(ray.shutdown)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *what: object) -> None:
        self._open.close()

    def _connect(self) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        try:
            if self._address:
                ray.init(address=self._address, **quiet)
                return
            with suppress(ValueError):  # where a cluster is running, which has its own number of CPUs
                ray.init(num_cpus=self._workers, include_dashboard=False, **quiet)
                return
            ray.init(**quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(f"ray:{self._address or ''}: {error}") from error

    def spread(
        self, begin: Callable[..., Work[T, R]], given: tuple[Any, ...], items: Iterable[T], batch: int = 16
    ) -> Iterator[tuple[int, R]]:
        """See `base.Executor`. Re-raises a worker's exception; raises Ray's own error if a batch died too often."""
        start = ray.put((__version__, begin, given))
        work = ray.remote(num_cpus=1, max_retries=RETRIES)(_work)
        waiting, paths = batches(items, batch), _paths()
        running: list[Any] = []
        while True:
            free = max(0, AHEAD * _workers() - len(running))
            running += [work.remote(start.hex(), paths, [start], *one) for one in islice(waiting, free)]
            if not running:
                return
            [done], running = ray.wait(running)
            try:
                yield from ray.get(done)
            except RayTaskError as error:
                raise error.cause from None


def _knock(address: str | None) -> None:
    """Raise `UsageError` if nothing listens at `host:port`. Ray itself would retry for minutes."""
    host, colon, port = (address or "").rpartition(":")
    if colon and port.isdigit() and "://" not in host:
        try:
            socket.create_connection((host, int(port)), 10).close()
        except OSError as error:
            raise UsageError(f"ray:{address}: cannot connect: {error}") from error


def _paths() -> list[str]:
    """The caller's module search path as absolute paths, the current folder first."""
    return [str(Path(path).absolute()) for path in ("", *sys.path)]


def _workers() -> int:
    """The cluster's current number of CPUs, at least 1."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]  # untyped in Ray


_begun: tuple[str, Callable[[list[Any]], Any]] | None = None
"""This worker process's state: the id of its initial data, and the function that `begin` returned."""


def _work(
    name: str, paths: list[str], start: list[Any], first: int, some: list[Any]
) -> list[tuple[int, Any]]:
    """Run a batch on a worker. `start` holds an object reference, which only the worker's first batch resolves."""
    global _begun
    if _begun is None or _begun[0] != name:
        sys.path += [path for path in paths if path not in sys.path]
        _begun = name, _begin(*ray.get(start[0]))
    return list(enumerate(_begun[1](some), first))


def _begin(version: str, begin: Callable[..., Work[Any, Any]], given: tuple[Any, ...]) -> Work[Any, Any]:
    if version != __version__:
        raise UsageError(
            f"a worker has version {__version__} of tool-orch-env, the caller has {version}: install the same version"
        )
    return begin(*given)
