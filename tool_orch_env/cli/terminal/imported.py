"""`tool-orch import`: what became of traces."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .console import line

if TYPE_CHECKING:
    from ...traces import Report

MOST = 20
"""Lines of a kind that are shown."""


def report(out: str, found: "Report") -> None:
    """What was recorded, what was not, and which traces are no tasks, with what is missing."""
    _counted("Tools", found.notes)
    _counted("Not recorded", found.problems)
    if found.left_out:
        line(f"No task ({len(found.left_out)} of {found.traces} traces):")
        _listed([f"{name}: {'; '.join(reasons)}" for name, reasons in found.left_out.items()])
    if found.conflicts:
        line(
            f"{found.conflicts} calls have different answers; {found.limited} answers are seen by one task only"
        )
    line(
        f"{out}: {found.tools} tools, {found.responses} responses, {found.tasks} tasks with {found.facts} facts "
        f"from {found.traces} traces"
    )


def _counted(title: str, found: Mapping[str, int]) -> None:
    if found:
        line(f"{title}:")
        _listed(
            [f"{text} ({times} times)" if times > 1 else text for text, times in Counter(found).most_common()]
        )


def _listed(lines: list[str]) -> None:
    for text in lines[:MOST]:
        line(f"  {text}")
    if len(lines) > MOST:
        line(f"  ... and {len(lines) - MOST} more; --json lists all")
