"""Checking tasks against each other: duplicates, near-duplicates, and leakage between splits.

A finding belongs to the later of two tasks. Rules:

- `duplicate`: the same golden calls, or the same request, as an earlier task;
- `near-duplicate`: more than `near_duplicates.NEAR` of the golden calls of both tasks are common to both, or, of tasks
  of one scenario and frame, more than `near_duplicates.ALIKE` of their entities;
- `leakage`: either of these, if the earlier task is in another split.
"""

from collections.abc import Mapping, Sequence

from ..task import Task
from .audit import Finding
from .near_duplicates import NearDuplicates


def audit_set(splits: Mapping[str, Sequence[Task]]) -> dict[str, list[Finding]]:
    """Findings by task id; tasks without findings are left out. Splits are read in the given order."""
    seen = NearDuplicates()
    home: dict[str, str] = {}
    found: dict[str, list[Finding]] = {}
    for split, tasks in splits.items():
        for task in tasks:
            like = seen.like(task)
            if like is not None:
                found[task.id] = [_finding(split, home[like[0]], *like)]
            seen.add(task)
            home[task.id] = split
    return found


def _finding(split: str, other_split: str, other: str, share: float) -> Finding:
    kind = "duplicate" if share == 1.0 else "near-duplicate"
    if split != other_split:
        return Finding("", "", "leakage", f"{kind} of {other}, which is in the split {other_split}")
    return Finding(
        "", "", kind, f"shares {share:.0%} of the golden calls, the entities or the words with {other}"
    )
