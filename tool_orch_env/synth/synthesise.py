"""Synthesising tasks from a snapshot: sampled, phrased, audited, and without near-duplicates.

A task depends only on snapshot, phrase book, targets, seed and its number. A near-duplicate of an earlier task is
replaced, in order, by the next attempt with the same number. One process and several therefore make the same bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..executors import Executor, in_order
from ..executors.base import Work
from ..snapshot import Snapshot
from ..task import Task
from .audit import audit
from .build import build
from .index import Index
from .near_duplicates import NearDuplicates
from .other_ways import Finder
from .partition import Partition
from .reach import Reach
from .sample import Sampler, Unfillable, generator
from .targets import Targets

ATTEMPTS = 5000
"""Maximum samples drawn for one task number; a partition with few templates takes hundreds."""
REPLACEMENTS = 200
"""Maximum near-duplicates replaced for one task number."""


class Made(NamedTuple):
    """A task and the number of its attempt. `refused` counts the samples rejected before it, by reason."""

    task: Task
    attempt: int
    refused: dict[str, int]


class TaskMaker(Protocol):
    """Makes single tasks, of a phrase book or of scenarios."""

    def make(self, number: int, attempt: int = 0) -> Made:
        """The task of a number, from attempt `attempt` on. Raises `Unfillable`."""


@dataclass
class Report:
    """Counts of a run: tasks made; samples that could not be phrased; tasks the audit rejected; near-duplicates."""

    made: int = 0
    unphrased: int = 0
    unsound: int = 0
    alike: int = 0


class Maker:
    """Makes single tasks."""

    def __init__(
        self,
        index: Index,
        targets: Targets,
        seed: int,
        prefix: str = "",
        part: Partition | None = None,
        ways_every: int = 0,
    ) -> None:
        """`part` limits entities and templates. Every `ways_every`-th task has an alternative; 0 requires none.

        `prefix` begins the task ids, by default the snapshot's name and the seed. Raises `Unfillable` if the snapshot
        has nothing that meets the targets.
        """
        self._index, self._targets, self._seed = index, targets, seed
        self._prefix = prefix or f"{index.snapshot.name}-{seed}"
        self._part, self._ways_every = part, ways_every
        self._sampler = Sampler(index, targets, Reach(index, part.roots(index) if part else None))
        self._finder = Finder(index)

    def make(self, number: int, attempt: int = 0) -> Made:
        """The task of a number, from attempt `attempt` on. Raises `Unfillable` after `ATTEMPTS` samples."""
        refused: dict[str, int] = {"unphrased": 0, "unsound": 0}
        for this in range(attempt, attempt + ATTEMPTS):
            sample = self._sampler.sample(self._seed, number, this)
            rng = generator(self._seed, number, this, "words")
            task = build(sample, self._index, self._targets, rng, f"{self._prefix}-{number:05d}", self._seed)
            if task is None:
                refused["unphrased"] += 1
            elif self._part and not self._part.holds(task):
                continue
            elif audit(task, self._index.snapshot):
                refused["unsound"] += 1
            else:
                task = self._with_other_ways(task)
                if self._ways_every == 0 or number % self._ways_every or "other_ways" in task.meta:
                    return Made(task, this, refused)
        raise Unfillable(
            f"task {number}: none of {ATTEMPTS} samples became a sound task; relax the targets or the partition"
        )

    def _with_other_ways(self, task: Task) -> Task:
        """The task, with the calls that could take a golden call's place in its `meta`."""
        found = [
            {"instead_of": way.instead_of, "tool": call.tool, "arguments": call.arguments}
            for way in self._finder.find(task)
            for call in (self._index.calls[way.number],)
        ]
        return task.model_copy(update={"meta": {**task.meta, "other_ways": found}}) if found else task


def synthesise(
    index: Index,
    targets: Targets,
    n: int,
    seed: int,
    prefix: str = "",
    report: Report | None = None,
    unlike: Iterable[Task] = (),
    part: Partition | None = None,
    ways_every: int = 0,
) -> Iterator[Task]:
    """`n` tasks without near-duplicates of each other or of `unlike`. Raises `Unfillable` if there are not so many.

    Adds to `report`.
    """
    maker = Maker(index, targets, seed, prefix, part, ways_every)
    yield from unlike_earlier(maker, map(maker.make, range(n)), report, unlike)


def synthesise_many(
    folder: Path,
    targets: Targets,
    n: int,
    seed: int,
    executor: Executor,
    prefix: str = "",
    report: Report | None = None,
    phrases: Path | None = None,
    unlike: Iterable[Task] = (),
    part: Partition | None = None,
    ways_every: int = 0,
) -> Iterator[Task]:
    """The same tasks as `synthesise` makes, by the workers of an executor, which open the snapshot in `folder`."""
    given = (Snapshot.open(folder), phrases, targets, seed, prefix, part, ways_every)
    yield from spread(_maker, given, n, executor, report, unlike)


def spread(
    begin: Callable[..., TaskMaker],
    given: tuple[Any, ...],
    n: int,
    executor: Executor,
    report: Report | None,
    unlike: Iterable[Task],
) -> Iterator[Task]:
    """`n` tasks made by the workers of an executor, each with a maker `begin(*given)`."""
    made = in_order(executor.spread(_work, (begin, given), range(n)))
    yield from unlike_earlier(begin(*given), made, report, unlike)


def unlike_earlier(
    maker: TaskMaker, made: Iterable[Made], report: Report | None, unlike: Iterable[Task]
) -> Iterator[Task]:
    """The tasks in `made`, each that is too like an earlier one made anew. Adds to `report`."""
    seen, report = NearDuplicates(unlike), report or Report()
    for number, one in enumerate(made):
        _count(report, one)
        for _ in range(REPLACEMENTS):
            if seen.like(one.task) is None:
                break
            report.alike += 1
            one = maker.make(number, one.attempt + 1)
            _count(report, one)
        else:
            raise Unfillable(
                f"found {number} tasks, then only near-duplicates of them in {REPLACEMENTS} attempts; ask for fewer "
                f"(--n {number}), for other sizes, or record more"
            )
        seen.add(one.task)
        report.made += 1
        yield one.task


def _count(report: Report, one: Made) -> None:
    report.unphrased += one.refused["unphrased"]
    report.unsound += one.refused["unsound"]


def _maker(
    snapshot: Snapshot,
    phrases: Path | None,
    targets: Targets,
    seed: int,
    prefix: str,
    part: Partition | None,
    ways_every: int,
) -> Maker:
    return Maker(Index(snapshot, phrases), targets, seed, prefix, part, ways_every)


def _work(begin: Callable[..., TaskMaker], given: tuple[Any, ...]) -> Work[int, Made]:
    """What one worker does: makes the tasks of some numbers."""
    maker = begin(*given)
    return lambda numbers: [maker.make(number) for number in numbers]
