"""Task sets: tasks compiled on the snapshot they are played on, opened once per process and shared by every episode."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from .answers.submit import submit_tool, submits
from .calls import render, results
from .calls.types import CallResult, close_names
from .calls.validate import validate
from .errors import TaskError, UsageError
from .jsonvalues.memo import Memo
from .reward.config import Reward, configured
from .reward.credit import CreditWeights
from .reward.golden import CompiledTrace, Credits
from .snapshot import Snapshot, load_tasks
from .snapshot.catalog import Tool, ToolSpec
from .snapshot.shared import Shared
from .task import Task

MEMO_SIZE = 16384
"""Calls whose verdict, and whose credits, a task set remembers."""
Tasks = TypeVar("Tasks", list[Task], Mapping[str, Task])


class TaskSet:
    """Tasks on the snapshot they are played on. Each is compiled when it is first played."""

    def __init__(
        self,
        snapshot: Snapshot,
        tasks: Sequence[Task] | Mapping[str, Task],
        credit: CreditWeights | None = None,
    ) -> None:
        """`tasks` is a sequence of tasks, or a mapping from id to task. `credit` weighs the credit ladder.

        Raises `TaskError` listing every id that occurs twice and every tool that the snapshot does not have. The
        tools of a mapping's tasks are checked when a task is played.
        """
        self.snapshot = snapshot
        self.credit = credit or CreditWeights()
        if isinstance(tasks, Mapping):
            self.tasks = tasks
        else:
            _check(tasks, snapshot)
            self.tasks = {task.id: task for task in tasks}
        self.ids = tuple(self.tasks)
        self._compiled: dict[str, CompiledTask] = {}
        self._split: tuple[str | None] | None = None  # of a task set that the process shares
        self.credits: Credits = Memo(MEMO_SIZE)
        self._verdicts: Memo[tuple[str, str], CallResult | None] = Memo(MEMO_SIZE)

    def compiled(self, task_id: str) -> "CompiledTask":
        """The compiled task; raises `UsageError` if there is none of this id, `TaskError` if it cannot be played."""
        known = self._compiled.get(task_id)
        if known is None:
            if task_id not in self.tasks:
                raise UsageError(f"no task {task_id!r} among {len(self.ids)}; {self._where(task_id)}")
            task = self.tasks[task_id]
            _check([task], self.snapshot)
            known = self._compiled.setdefault(task_id, CompiledTask(self, task))
        return known

    def verdict(self, tool: Tool, arguments: str) -> CallResult | None:
        """The result of an invalid call, `None` if the call is valid. `arguments` is canonical text; remembered by
        it."""
        return self._verdicts.remembered((tool.name, arguments), lambda: _verdict(tool, arguments))

    def _where(self, task_id: str) -> str:
        """Where a task that is not in this set may be meant to be."""
        for split in self.snapshot.splits:
            if task_id in self.snapshot.task_file(split):
                return f"it is in the split {split!r}"
        return f"close: {', '.join(close_names(task_id, self.ids)) or 'none'}"

    def __deepcopy__(self, memo: dict[int, Any]) -> "TaskSet":
        return self  # immutable in use; gymnasium copies the arguments of `make`

    def check_reward(self, reward: Reward) -> None:
        """Raise `UsageError` if `reward` is not valid, or is a `RewardConfig` with other credit weights.

        Presets and functions use the credit weights of the task set.
        """
        config, _ = configured(reward)
        if config is reward and config.credit != self.credit:
            raise UsageError(
                f"reward: its credit weights, {config.credit}, are not those of the task set, {self.credit}; "
                "open the task set with this reward"
            )

    def __reduce__(self) -> tuple[Any, ...]:  # to a worker process: memos and locks stay here
        if self._split is not None:
            return _opened, (self.snapshot, *self._split, self.credit)
        return TaskSet, (self.snapshot, list(self.tasks.values()), self.credit)


class CompiledTask:
    """One task ready to play: its compiled trace, the tools it offers, what is shown at reset."""

    def __init__(self, task_set: TaskSet, task: Task) -> None:
        self.task = task
        self.task_set = task_set
        self.snapshot = task_set.snapshot
        self.trace = CompiledTrace(task, task_set.snapshot, task_set.credit, task_set.credits)
        self.tools = {name: task_set.snapshot.catalog[name] for name in task.tools}
        self._openings: dict[tuple[str, str], str] = {}

    def opening_text(self, tool_docs: str = "full", answer_form: str = "text") -> str:
        """The first observation, with tools described in the form `tool_docs`."""
        form = tool_docs, answer_form
        if form not in self._openings:
            submit = self.submit(answer_form)
            self._openings[form] = render.opening_text(self.task, self.snapshot.catalog, tool_docs, submit)
        return self._openings[form]

    @cached_property
    def _function_tools(self) -> str:
        return json.dumps(render.function_tools(self.task, self.snapshot.catalog))

    def function_tools(self, answer_form: str = "text") -> list[dict[str, Any]]:
        """The tools offered, as OpenAI function tools; a new list each time, the caller's to change."""
        tools: list[dict[str, Any]] = json.loads(self._function_tools)
        return [*tools, submit_tool(self.task)] if submits(self.task, answer_form) else tools

    def submit(self, answer_form: str) -> Tool | None:
        """The tool that takes the final answer; `None` where that is text."""
        return self._submit if submits(self.task, answer_form) else None

    @cached_property
    def _submit(self) -> Tool:
        return Tool(ToolSpec(**submit_tool(self.task)["function"]))


def open_task_set(
    snapshot: str | Path | Snapshot = "travel",
    split: str | None = "train",
    tasks: str | Path | Iterable[Task] | None = None,
    reward: Reward = "graduated",
) -> TaskSet:
    """The task set that the arguments of `gym.make` name; a `split` of `None` is all splits.

    A split of a snapshot is opened once per process: later calls return the same object as long as the snapshot's
    files have not changed. Safe in threads, after a fork, and in spawned processes. Raises `UsageError` if there is
    no task to play, `SnapshotError`, `TaskError`.
    """
    opened = snapshot if isinstance(snapshot, Snapshot) else Snapshot.open(snapshot)
    credit = configured(reward)[0].credit
    if tasks is not None:
        return TaskSet(opened, _nonempty(_given(tasks, opened)), credit)
    return _opened(opened, split, credit)


def _opened(snapshot: Snapshot, split: str | None, credit: CreditWeights) -> TaskSet:
    """The task set that this process shares; a pickled one returns to it."""

    def read() -> TaskSet:
        task_set = TaskSet(snapshot, _nonempty(_of(snapshot, split)), credit)
        task_set._split = (split,)
        return task_set

    return _OPEN.get((snapshot.path or snapshot, split, credit), snapshot, read)  # one of a folder at a time


_OPEN: Shared[tuple[Snapshot | Path, str | None, CreditWeights], TaskSet] = Shared(size=8)
"""The task sets that this process has open, by snapshot, split and credit weights."""


def _of(snapshot: Snapshot, split: str | None) -> Mapping[str, Task]:
    return {task.id: task for task in snapshot.tasks()} if split is None else snapshot.task_file(split)


def _check(tasks: Sequence[Task], snapshot: Snapshot) -> None:
    times = Counter(task.id for task in tasks)
    problems = [f"task {name}: given twice" for name, count in times.items() if count > 1]
    problems += [
        f"task {task.id}: was built for snapshot {task.snapshot!r}; {snapshot.name!r} has no tool {name!r}"
        for task in tasks
        for name in task.tools
        if name not in snapshot.catalog
    ]
    if problems:
        raise TaskError(problems, "give each task once, with the snapshot it was built for")


def _verdict(tool: Tool, arguments: str) -> CallResult | None:
    violations = validate(tool, json.loads(arguments))
    return results.invalid(violations) if violations else None


def _nonempty(tasks: Tasks) -> Tasks:
    if not tasks:
        raise UsageError("no task to play: the split, file or list is empty")
    return tasks


def _given(tasks: str | Path | Iterable[Task], snapshot: Snapshot) -> list[Task]:
    """The tasks of a file, or the tasks themselves; raises `UsageError` for anything else."""
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
            f"tasks: expected a task file or a list of Task, as `load_tasks` returns it, found {found}"
        )
    return chosen
