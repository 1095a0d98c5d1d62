"""Synthesising the splits of a snapshot, so that held-out tasks have unseen entities and templates, or are larger.

`train`, `validation` and `test` share neither entities nor templates (`partition`). `hard` has more calls and greater
depth than any training task, and its own entities. No task is a near-duplicate of another, in its split or in another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..task import Task
from .index import Index
from .partition import Partition
from .synthesise import Report, synthesise
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


def synthesise_splits(
    index: Index,
    seed: int,
    plans: tuple[Plan, ...] = PLANS,
    share: float = 1.0,
    tell: Callable[[str, int, int], None] = lambda split, made, n: None,
    unlike: Sequence[Task] = (),
) -> tuple[dict[str, list[Task]], dict[str, Report]]:
    """Tasks and reports by split. No task is a near-duplicate of another or of one in `unlike`.

    `share` scales the number of tasks of each plan, with at least one. `tell` is called with split, number made and
    number wanted after every task.
    """
    made: dict[str, list[Task]] = {}
    reports: dict[str, Report] = {}
    for plan in plans:
        n = max(1, round(plan.n * share))
        report = reports[plan.name] = Report()
        before = [*unlike, *(task for tasks in made.values() for task in tasks)]
        prefix = f"{index.snapshot.name}-{plan.name}"
        tasks = made.setdefault(plan.name, [])
        for task in synthesise(
            index, plan.targets, n, seed, prefix, report, before, plan.part, plan.ways_every
        ):
            tasks.append(task)
            tell(plan.name, len(tasks), n)
    return made, reports
