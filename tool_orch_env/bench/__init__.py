"""Measuring policies: protocols, policies, a runner that survives, metrics with intervals, a report.

`run` plays tasks in this process; `tool-orch bench` is the whole of it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .local import run
    from .result import EpisodeResult

__all__ = ["EpisodeResult", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # on use: the scripted policies alone need none of it
        from .local import run
        from .result import EpisodeResult

        return {"EpisodeResult": EpisodeResult, "run": run}[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
