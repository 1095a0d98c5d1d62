"""Tasks on a snapshot with what their slot episodes share: vocabulary, layout, encoded requests.

Opened once per process and shared. Episodes are not known here.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..reward.config import Reward, configured
from ..snapshot import Snapshot
from ..snapshot.shared import Shared
from ..task import Task
from ..taskset import TaskSet, open_task_set
from .candidates import Limits
from .encoding import Layout
from .request_encoding import RequestEncoding
from .request_graph import RequestGraph, arranged, request_graph
from .vocabulary import Vocabulary

ORDERS = 2
"""Number of orders of a task's things, links and facts. Each episode draws one."""


class SlotTaskSet:
    """Tasks on a snapshot, and what their episodes share: compiled tasks, vocabulary, encoded requests."""

    def __init__(self, task_set: TaskSet, layout: Layout) -> None:
        self.task_set, self.layout, self.vocabulary = task_set, layout, layout.vocabulary
        self._requests: dict[tuple[str, int], RequestEncoding] = {}
        self._graphs: dict[str, RequestGraph] = {}

    def beside(self, tasks: Iterable[Task], reward: Reward = "graduated") -> "SlotTaskSet":
        """A task set of other tasks on the same snapshot, with the same vocabulary and layout."""
        return SlotTaskSet(
            TaskSet(self.task_set.snapshot, list(tasks), configured(reward)[0].credit), self.layout
        )

    def request(self, task_id: str, order: int) -> RequestEncoding:
        """The encoded request of a task, in order number `order` (below `ORDERS`). Built on first use."""
        key = (task_id, order)
        if key not in self._requests:
            task = self.task_set.compiled(task_id).task
            if task_id not in self._graphs:
                self._graphs[task_id] = request_graph(task, self.vocabulary)
            graph = arranged(self._graphs[task_id], np.random.default_rng(order))
            self._requests[key] = RequestEncoding(graph, task.tools, self.vocabulary, self.layout.limits)
        return self._requests[key]

    def __deepcopy__(self, memo: dict[int, Any]) -> "SlotTaskSet":
        return self  # immutable in use, and large; copies of an environment share it


def open_slot_task_set(
    snapshot: str | Path | Snapshot = "travel",
    split: str | None = None,
    tasks: str | Path | Iterable[Task] | None = None,
    reward: Reward = "graduated",
    limits: Limits | None = None,
    phrases: Path | None = None,
) -> SlotTaskSet:
    """The task set that the arguments of `gym.make` name, shared per process like that of `open_task_set`.

    The default split is `graph-train`, whose requests the phrase book words, or `train` if there is none. Not shared
    when `tasks` is passed. Raises `UsageError`, `SnapshotError`, `TaskError`.
    """
    opened = snapshot if isinstance(snapshot, Snapshot) else Snapshot.open(snapshot)
    worded = split or ("graph-train" if "graph-train" in opened.splits else "train")
    task_set, rows = open_task_set(opened, worded, tasks, reward), limits or Limits()

    def compiled() -> SlotTaskSet:
        return SlotTaskSet(task_set, Layout(_vocabulary(task_set.snapshot, phrases), rows))

    return compiled() if tasks is not None else _OPEN.get((task_set, rows, phrases), None, compiled)


def _vocabulary(snapshot: Snapshot, phrases: Path | None) -> Vocabulary:
    return _VOCABULARIES.get((snapshot, phrases), None, lambda: Vocabulary(snapshot, phrases))


_OPEN: Shared[tuple[TaskSet, Limits, Path | None], SlotTaskSet] = Shared(size=8)
_VOCABULARIES: Shared[tuple[Snapshot, Path | None], Vocabulary] = Shared(size=8)
