"""Executors: where work is done. This process, several processes, or a Ray cluster; the results are the same.

`open_executor` returns one by name. `base` has the interface, `local` and `ray_cluster` the implementations.
"""

from contextlib import AbstractContextManager, nullcontext

from ..errors import UsageError
from .base import Executor as Executor
from .base import in_order as in_order
from .local import Local as Local

EXECUTORS = "local, ray, ray:ADDRESS"


def open_executor(name: str, workers: int = 1) -> AbstractContextManager[Executor]:
    """The executor of that name, for as long as the block runs. Raises `UsageError`.

    `ray` connects to the cluster that RAY_ADDRESS names or that was started on this machine; if there is none it starts
    one of `workers` processes for the block. `ray:ADDRESS` connects to the cluster at that address.
    """
    kind, _, address = name.partition(":")
    if name == "local":
        return nullcontext(Local(workers))
    if kind != "ray":
        raise UsageError(f"executor {name!r}: expected one of {EXECUTORS}")
    try:
        from .ray_cluster import OnRay
    except ImportError as error:
        raise UsageError(f"the executor ray needs {error.name}: install 'tool-orch-env[ray]'") from error
    return OnRay(address or None, workers)
