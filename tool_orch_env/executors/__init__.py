"""Executors: where work runs. This process, several processes, or a Ray cluster, with the same results.

`open_executor` returns an executor by name. `base` defines the interface; `local` and `ray_cluster` implement it.
"""

from contextlib import AbstractContextManager, nullcontext

from ..errors import UsageError
from .base import Executor as Executor
from .base import in_order as in_order
from .local import Local as Local

EXECUTORS = "local, ray, ray:ADDRESS"


def open_executor(name: str, workers: int = 1) -> AbstractContextManager[Executor]:
    """A context manager for the executor called `name`. Raises `UsageError`.

    `local` uses `workers` processes, or this process if `workers` is 1. `ray` connects to the cluster that RAY_ADDRESS
    names or that runs on this machine; if there is none, it starts one with `workers` CPUs for the block. `ray:ADDRESS`
    connects to the cluster at that address.
    """
    kind, _, address = name.partition(":")
    if name == "local":
        return nullcontext(Local(workers))
    if kind != "ray":
        raise UsageError(f"executor {name!r}: expected one of {EXECUTORS}")
    try:
        from .ray_cluster import OnRay
    except ImportError as error:
        raise UsageError(f"the executor ray needs {error.name}: pip install 'tool-orch-env[ray]'") from error
    return OnRay(address or None, workers)
