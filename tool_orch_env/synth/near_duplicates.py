"""Near-duplicates among tasks, by the golden calls they share.

Two tasks are duplicates if they make the same golden calls or have the same request, and near-duplicates if the calls
they share are more than `NEAR` of all calls of both.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from ..answers.stated import folded
from ..jsonvalues.canonical import NotCanonical, canonical
from ..task import Task

NEAR = 0.74
"""Share of common calls above which two tasks are near-duplicates."""

Calls = frozenset[tuple[str, str]]


def calls(task: Task) -> Calls:
    """The golden calls of a task, as tool and canonical arguments."""
    return frozenset((call.tool, _text(call.arguments)) for call in task.golden)


def _text(arguments: object) -> str:
    try:
        return canonical(arguments)
    except NotCanonical:  # the audit reports it as a call that cannot be replayed
        return repr(arguments)


class NearDuplicates:
    """The tasks seen so far, by their golden calls and their requests."""

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._calls: dict[str, Calls] = {}
        self._with: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._worded: dict[str, str] = {}
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Add a task."""
        self._calls[task.id] = calls(task)
        self._worded.setdefault(folded(task.request), task.id)
        for call in self._calls[task.id]:
            self._with[call].append(task.id)

    def like(self, task: Task) -> tuple[str, float] | None:
        """Id of the earlier task that shares the most calls, and the share (1.0 for the same request).

        `None` if the share is at most `NEAR`.
        """
        if folded(task.request) in self._worded:
            return self._worded[folded(task.request)], 1.0
        own = calls(task)
        shared = Counter(other for call in own for other in self._with[call])
        best: tuple[str, float] | None = None
        for other, common in shared.items():
            share = common / (len(own) + len(self._calls[other]) - common)
            if share > NEAR and (best is None or share > best[1]):
                best = other, share
        return best
