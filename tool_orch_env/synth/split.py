"""Synthesising the splits of a snapshot, so that held-out tasks have unseen entities and templates, or are larger.

`train`, `validation` and `test` share neither entities nor templates (`partition`). `hard` has more calls and greater
depth than any training task, and its own entities. No task is a near-duplicate of another, in its split or in another.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from ..errors import UsageError
from ..executors import Executor, Local
from ..snapshot import Snapshot
from ..task import Task
from .index import Index
from .partition import Partition
from .synthesise import Report, synthesise, synthesise_many
from .targets import Targets, weights


@dataclass(frozen=True, slots=True)
class Plan:
    """One split: `n` tasks that meet `targets`, from the partition `part`.

    Every `ways_every`-th task has an alternative; 0 requires none.
    """

    name: str
    n: int
    targets: Targets
    part: Partition
    ways_every: int = 0


_USUAL = Targets(calls=weights("2-7"), depth=weights("1-4"), distractors=weights("0-8"))
_LARGE = Targets(calls=weights("8-11"), depth=weights("5-7"), distractors=weights("2-8"))

PLANS = (
    Plan("train", 2000, _USUAL, Partition(0.30, 1.0)),
    Plan("validation", 200, _USUAL, Partition(0.22, 0.30)),
    Plan("test", 300, _USUAL, Partition(0.08, 0.22), ways_every=2),
    Plan("hard", 200, _LARGE, Partition(0.0, 0.08, templates=False)),
)


class Sized(Protocol):
    """A plan of `n` tasks for the split `name`."""

    @property
    def name(self) -> str: ...

    @property
    def n(self) -> int: ...


P = TypeVar("P", bound=Sized)
Splits = tuple[dict[str, list[Task]], dict[str, Report]]
"""Tasks and reports by split."""
Tell = Callable[[str, int, int], None]
"""Is called with split, number made and number wanted after every task."""


def quiet(split: str, made: int, n: int) -> None:
    """Tell nothing."""


def made_splits(
    plans: Sequence[P],
    make: Callable[[P, int, Report, Sequence[Task]], Iterator[Task]],
    share: float,
    tell: Tell,
    unlike: Sequence[Task],
    whole: Mapping[str, Sequence[Task]],
) -> Splits:
    """Splits in the order of their plans. `make` gets a plan, the number of tasks, a report to add to, and the tasks
    that none may be too like; `share`, `unlike` and `whole` are as in `synthesise_splits`."""
    made: dict[str, list[Task]] = {}
    reports: dict[str, Report] = {}
    for plan in plans:
        n = max(1, round(plan.n * share))
        report = reports[plan.name] = Report()
        before = [*unlike, *(task for split, tasks in made.items() for task in whole.get(split, tasks))]
        tasks = made.setdefault(plan.name, [])
        for task in make(plan, n, report, before):
            tasks.append(task)
            tell(plan.name, len(tasks), n)
    return made, reports


def folder_of(snapshot: Snapshot) -> Path:
    """The snapshot's folder, which workers open. Raises `UsageError` if it has none."""
    if snapshot.path is None:
        raise UsageError(
            f"snapshot {snapshot.name!r}: expected a folder for several workers, found none: use one worker"
        )
    return snapshot.path


def synthesise_splits(
    index: Index,
    seed: int,
    plans: tuple[Plan, ...] = PLANS,
    share: float = 1.0,
    tell: Tell = quiet,
    unlike: Sequence[Task] = (),
    whole: Mapping[str, Sequence[Task]] = MappingProxyType({}),
    executor: Executor = Local(),  # noqa: B008  # frozen
    phrases: Path | None = None,
) -> Splits:
    """Tasks and reports by split. No task is a near-duplicate of another or of one in `unlike`.

    `share` scales the number of tasks of each plan, with at least one. `whole` are splits made before with the same
    seed: later splits have no near-duplicate of a task in them, so a share is the beginning of what a share of 1 makes.
    Workers of an `executor` need a snapshot in a folder, and `phrases` if the index has another phrase book than the
    snapshot's.
    """

    def make(plan: Plan, n: int, report: Report, before: Sequence[Task]) -> Iterator[Task]:
        prefix = f"{index.snapshot.name}-{plan.name}"
        if executor == Local():
            return synthesise(
                index, plan.targets, n, seed, prefix, report, before, plan.part, plan.ways_every
            )
        folder = folder_of(index.snapshot)
        return synthesise_many(
            folder,
            plan.targets,
            n,
            seed,
            executor,
            prefix,
            report,
            phrases,
            before,
            plan.part,
            plan.ways_every,
        )

    return made_splits(plans, make, share, tell, unlike, whole)
