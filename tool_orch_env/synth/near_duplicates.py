"""Near-duplicates among tasks, by the golden calls they share, and by scenario, frame and entities.

Two tasks are duplicates if they make the same golden calls or have the same request, and near-duplicates if the calls
they share are more than `NEAR` of all calls of both. Tasks of one scenario and frame are near-duplicates as well if
they share more than `ALIKE` of their entities: the values that are not bound to a reply, and those that single an
element out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from ..answers.text import folded
from ..jsonvalues.canonical import NotCanonical, canonical
from ..task import Task

NEAR = 0.74
"""Share of common calls above which two tasks are near-duplicates."""
ALIKE = 0.6
"""Share of common entities above which two tasks of one frame are near-duplicates."""

Calls = frozenset[tuple[str, str]]


def calls(task: Task) -> Calls:
    """The golden calls of a task, as tool and canonical arguments."""
    return frozenset((call.tool, _text(call.arguments)) for call in task.golden)


def entities(task: Task) -> frozenset[str]:
    """What a task of a scenario is about, as canonical texts."""
    given = [
        call.arguments[name] for call in task.golden for name in call.arguments if name not in call.bindings
    ]
    picked = [pick["criterion"].get("value") for pick in task.meta.get("picks", ())]
    return frozenset(map(_text, (*given, *picked)))


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
        self._framed: dict[tuple[str, int], list[tuple[str, frozenset[str]]]] = defaultdict(list)
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Add a task."""
        self._calls[task.id] = calls(task)
        self._worded.setdefault(folded(task.request), task.id)
        for call in self._calls[task.id]:
            self._with[call].append(task.id)
        if "scenario" in task.meta:
            self._framed[_frame(task)].append((task.id, entities(task)))

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
        return best or self._framed_alike(task)

    def _framed_alike(self, task: Task) -> tuple[str, float] | None:
        if "scenario" not in task.meta:
            return None
        own = entities(task)
        for other, its in self._framed[_frame(task)]:
            share = len(own & its) / max(1, len(own | its))
            if share > ALIKE:
                return other, share
        return None


def _frame(task: Task) -> tuple[str, int]:
    return str(task.meta["scenario"]), int(task.meta.get("frame", 0))
