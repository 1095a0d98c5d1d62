"""The executor `ray`: work spread over a Ray cluster, and still done when workers or whole nodes die on the way.

The caller's process keeps all state: a batch whose worker died is worked
on again elsewhere, and only the result that arrives here counts. What workers begin from is sent once to each of
them through Ray's object store; they need this package in the same version, and modules of a policy where Python
finds them under the paths of the caller. Ray moves objects as pickles (cloudpickle): ours, over the cluster's own
connections, which must be as trusted as Ray demands anyway.
"""

import socket
import sys
from collections.abc import Callable, Iterable, Iterator
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
"""Deaths of a worker or its node that one batch survives; a batch that kills every worker must come to an end."""


class OnRay:
    """A cluster, connected to for as long as the block runs. One CPU per batch under way."""

    def __init__(self, address: str | None = None, workers: int = 1) -> None:
        """`address` as in `ray.init`; `None` is a running cluster, or a local one of `workers` CPUs."""
        self._address, self._workers = address, workers

    def __enter__(self) -> "OnRay":
        """Raises `UsageError` if there is no cluster at the address."""
        _knock(self._address)
        quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        try:
            ray.init(address=self._address or "auto", **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            if self._address:
                raise UsageError(f"ray:{self._address}: {error}") from error
            ray.init(address="local", num_cpus=self._workers, include_dashboard=False, **quiet)
        return self

    def __exit__(self, *what: object) -> None:
        ray.shutdown()

    def spread(
        self, begin: Callable[..., Work[T, R]], given: tuple[Any, ...], items: Iterable[T], batch: int = 16
    ) -> Iterator[tuple[int, R]]:
        """See `base.Executor`. Raises what a worker raised, and Ray's own fault if a batch died too often."""
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
    """Whether anybody listens at `host:port`: Ray itself would go on trying for minutes."""
    host, colon, port = (address or "").rpartition(":")
    if colon and port.isdigit() and "://" not in host:
        try:
            socket.create_connection((host, int(port)), 10).close()
        except OSError as error:
            raise UsageError(f"ray:{address}: nobody listens there: {error}") from error


def _paths() -> list[str]:
    """Where the caller finds modules, its folder first."""
    return [str(Path(path).absolute()) for path in ("", *sys.path)]


def _workers() -> int:
    """CPUs of the cluster as it is now, at least one."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]  # Ray leaves it untyped


_begun: tuple[str, Callable[[list[Any]], Any]] | None = None
"""What this worker process has begun: the id of what it was given, and its function."""


def _work(
    name: str, paths: list[str], start: list[Any], first: int, some: list[Any]
) -> list[tuple[int, Any]]:
    """Runs on a worker. `start` holds a reference, which is resolved by the first batch only."""
    global _begun
    if _begun is None or _begun[0] != name:
        sys.path += [path for path in paths if path not in sys.path]
        _begun = name, _begin(*ray.get(start[0]))
    return list(enumerate(_begun[1](some), first))


def _begin(version: str, begin: Callable[..., Work[Any, Any]], given: tuple[Any, ...]) -> Work[Any, Any]:
    if version != __version__:
        raise UsageError(f"a worker has version {__version__} of this package, the caller {version}")
    return begin(*given)
