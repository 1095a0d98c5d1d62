"""Task sets: tasks compiled on the snapshot they are played on, opened once and shared by every episode."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from .calls import render
from .calls.results import Live
from .calls.types import Reply, close_names
from .errors import TaskError, UsageError
from .reward.config import Reward, configured
from .reward.credit import Rungs
from .reward.golden import Memo, Rubric
from .snapshot import Snapshot, load_tasks
from .task import Task

MEMO_LIMIT = 16384
"""Calls without a recorded response whose verdict is remembered per snapshot."""


class Stage:
    """Tasks on the snapshot they are played on, compiled once and shared by every episode."""

    def __init__(
        self,
        snapshot: Snapshot,
        tasks: Sequence[Task],
        rungs: Rungs = Rungs(),
        live: Live | None = None,
    ) -> None:
        """`live` is asked under `miss="live"`.

        Raises `TaskError` listing every task whose id stands twice or whose tools the snapshot has not.
        """
        times = Counter(task.id for task in tasks)
        problems = [f"task {name}: given twice" for name, count in times.items() if count > 1]
        problems += [
            f"task {task.id}: made for snapshot {task.snapshot!r}, offers {name!r}, which {snapshot.name!r} has not"
            for task in tasks
            for name in task.tools
            if name not in snapshot.catalog
        ]
        if problems:
            raise TaskError(problems, "give each task once, and the snapshot that they were made for")
        self.snapshot = snapshot
        self.live = live
        self.tasks = {task.id: task for task in tasks}
        self.ids = tuple(self.tasks)
        self._rungs = rungs
        self._settings: dict[str, Setting] = {}
        self.verdicts: dict[str, Reply | None] = {}
        self.credits: Memo = {}

    def setting(self, task_id: str) -> "Setting":
        """The compiled task; raises `UsageError` if there is none of this id."""
        known = self._settings.get(task_id)
        if known is None:
            if task_id not in self.tasks:
                raise UsageError(f"no task {task_id!r} among {len(self.ids)}; {self._where(task_id)}")
            known = self._settings[task_id] = Setting(self, self.tasks[task_id], self._rungs)
        return known

    def _where(self, task_id: str) -> str:
        """Where a task that is not on this stage may be meant to be."""
        for split in self.snapshot.splits:
            if any(task.id == task_id for task in self.snapshot.tasks(split)):
                return f"it is in the split {split!r}"
        return f"close: {', '.join(close_names(task_id, self.ids)) or 'none'}"


class Setting:
    """One task ready to be played: its rubric, the tools it offers, what is shown at reset."""

    def __init__(self, stage: Stage, task: Task, rungs: Rungs) -> None:
        self.task = task
        self.snapshot = stage.snapshot
        self.live = stage.live
        self.verdicts = stage.verdicts
        self.rubric = Rubric(task, stage.snapshot, rungs, stage.credits)
        self.tools = {name: stage.snapshot.catalog[name] for name in task.tools}
        self._openings: dict[str, str] = {}

    def opening_text(self, tool_docs: str = "full") -> str:
        """What is shown at reset, tools told in the form `tool_docs`."""
        if tool_docs not in self._openings:
            self._openings[tool_docs] = render.opening_text(self.task, self.snapshot.catalog, tool_docs)
        return self._openings[tool_docs]

    @cached_property
    def _function_tools(self) -> str:
        return json.dumps(render.function_tools(self.task, self.snapshot.catalog))

    def function_tools(self) -> list[dict[str, Any]]:
        """The tools offered, as OpenAI function tools; a new list each time, the caller's to change."""
        tools: list[dict[str, Any]] = json.loads(self._function_tools)
        return tools


def set_stage(
    snapshot: str | Path | Snapshot,
    split: str,
    tasks: str | Path | Iterable[Task] | None,
    reward: Reward,
    record: str | Path | Live | None = None,
    overlay: str | Path | None = None,
) -> Stage:
    """Open what `gym.make` names; raises `UsageError` if that leaves no task."""
    opened = snapshot if isinstance(snapshot, Snapshot) else Snapshot.open(snapshot)
    chosen = opened.tasks(split) if tasks is None else _given(tasks, opened)
    if not chosen:
        raise UsageError("no task to play: the split, file or list is empty")
    return Stage(opened, chosen, configured(reward)[0].rungs, _live(record, opened, overlay))


def _given(tasks: str | Path | Iterable[Task], snapshot: Snapshot) -> list[Task]:
    """The tasks of a file, or those given themselves; raises `UsageError` for anything else."""
    if isinstance(tasks, (str, Path)):
        if str(tasks) in snapshot.splits and not Path(tasks).exists():
            raise UsageError(f"tasks: expected a task file or tasks, found a split: say split={str(tasks)!r}")
        return load_tasks(tasks)
    chosen: list[Any] = []
    strange: list[Any] = [tasks]
    if isinstance(tasks, Iterable) and not isinstance(tasks, Task):
        chosen = list(tasks)
        strange = [one for one in chosen if not isinstance(one, Task)]
    if strange:
        found = type(strange[0]).__name__
        raise UsageError(
            f"tasks: expected a task file or a list of Task, as `load_tasks` gives it, found {found}"
        )
    return chosen


def _live(record: str | Path | Live | None, snapshot: Snapshot, overlay: str | Path | None) -> Live | None:
    """The live API that `record` names; the one place where the environment reaches for the recorder."""
    if not isinstance(record, (str, Path)):
        return record
    try:
        from .record.live import open_live
    except ImportError as error:
        raise UsageError(f"miss=\"live\" needs {error.name}: install 'tool-orch-env[record]'") from error
    return open_live(record, snapshot, overlay)
