"""Benchmarks for policies: protocols, a resumable runner, metrics with intervals, and an HTML report.

`run` plays tasks in this process. `tool-orch bench` adds concurrency, run folders, and reports.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .local import run
    from .result import EpisodeResult

__all__ = ["EpisodeResult", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # lazy: importing only the scripted policies loads none of this
        from .local import run
        from .result import EpisodeResult

        return {"EpisodeResult": EpisodeResult, "run": run}[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
