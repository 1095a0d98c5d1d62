"""Compare two runs: paired per-task differences with intervals.

Figures are compared on the tasks that both runs played; void episodes are left out. Runs with different fingerprints
are refused unless `anyway` is set, because their figures do not measure the same thing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .intervals import difference, ratio
from .manifest import differing
from .metrics import FIGURES, counted, per_task
from .result import EpisodeResult
from .run_log import read_run, run_names


def compare(first: Path, second: Path, anyway: bool = False) -> dict[str, Any]:
    """`{"differing", "tasks", "figures": {name: {"first", "second", "difference"}}}`; differences are second − first.

    Raises `UsageError` if the fingerprints differ and `anyway` is not set, or if no task is in both.
    """
    names = " and ".join(run_names([first, second]))
    one, _, records = read_run(first)
    other, _, more = read_run(second)
    parts = differing(one, other)
    if parts and not anyway:
        raise UsageError(
            f"{names} differ in {', '.join(parts)}, so their figures are not comparable: "
            "run both the same way, rescore the older run, or pass --anyway"
        )
    a, b = (
        counted([EpisodeResult.from_dict(record["result"]) for record in some]) for some in (records, more)
    )
    shared = {result.task_id for result in a} & {result.task_id for result in b}
    if not shared:
        raise UsageError(f"{names} have no task in common")
    figures = {name: _paired(a, b, name) for name in FIGURES}
    return {
        "differing": parts,
        "tasks": len(shared),
        "figures": {name: found for name, found in figures.items() if found is not None},
    }


def _paired(a: Sequence[EpisodeResult], b: Sequence[EpisodeResult], name: str) -> dict[str, Any] | None:
    """A figure of both runs and its difference, over the tasks that have it in both; `None` if none has.

    Each run's figure is the one of its summary, if both played the same tasks.
    """
    first, second = per_task(a, name), per_task(b, name)
    shared = sorted(first.keys() & second.keys())
    one, other = [first[task] for task in shared], [second[task] for task in shared]
    found = {"first": ratio(one), "second": ratio(other), "difference": difference(one, other)}
    return {key: figure.as_dict() for key, figure in found.items() if figure is not None} or None
