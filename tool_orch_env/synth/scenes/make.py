"""Making tasks from scenarios: each is built, audited, and unlike the ones before.

A task depends only on snapshot, scenario file, targets, seed and its number, so one process and several make the same
bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...executors import Executor
from ...language.expressions import Unsuitable
from ...language.scenarios import Frame, Scenario, Scenarios
from ...snapshot import Snapshot
from ...task import Task
from ..audit import audit
from ..partition import Part
from ..rules import SCENARIO_RULES
from ..sample import Unfillable, generator
from ..synthesise import Made, Report, spread, unlike_earlier
from ..targets import Targets, allows
from .build import Builder
from .search import Search, Tally
from .world import World

DEALT = 2
"""Attempts for one task number with the scenario and frame whose turn it is."""
FILLINGS = 8
"""Maximum fillings of one scenario and frame that are built and audited for one task, each searched for anew."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to make tasks from: the scenarios of a file, or those named in `only`; of the entities, those in `part`."""

    file: Scenarios
    only: frozenset[str] = frozenset()
    part: Part | None = None


class SceneMaker:
    """Makes single tasks from scenarios."""

    def __init__(
        self, snapshot: Snapshot, chosen: Chosen, targets: Targets, seed: int, prefix: str = ""
    ) -> None:
        """`prefix` begins the task ids, by default the snapshot's name and the seed."""
        self._world, self._targets, self._seed = World(snapshot), targets, seed
        self._prefix = prefix or f"{snapshot.name}-{seed}"
        self._scenarios = [one for one in chosen.file.scenario if not chosen.only or one.id in chosen.only]
        self._searches = {
            one.id: Search(one, chosen.file, self._world, chosen.part) for one in self._scenarios
        }
        self._builder = Builder(chosen.file, self._world, targets)

    def make(self, number: int, attempt: int = 0) -> Made:
        """The task of a number. Scenarios and their frames are dealt out evenly, in a random order; if the one whose
        turn it is cannot be filled, or gave `DEALT` near-duplicates, another one is drawn.

        Raises `Unfillable` if no scenario can be filled.
        """
        rng = generator(self._seed, number, attempt, "scenario")
        refused = {"unphrased": 0, "unsound": 0}
        reasons = []
        order = rng.permutation(len(self._scenarios)).tolist()
        dealt, dealt_frame = self._dealt(number)
        if attempt < DEALT:
            order = [dealt, *(at for at in order if at != dealt)]
        for at in order:
            scenario = self._scenarios[at]
            frames = rng.permutation(len(scenario.frames)).tolist()
            if at == dealt and attempt < DEALT:
                frames = [dealt_frame, *(one for one in frames if one != dealt_frame)]
            for which in frames:
                frame, tally = scenario.frames[which], Tally()
                task = self.one(scenario, frame, rng, f"{self._prefix}-{number:05d}", tally, refused)
                if task is not None:
                    return Made(task, attempt, refused)
                reasons.append(f"{scenario.id}, frame {which}: {tally.told()}")
                if not tally.reached:  # the other frames are no better
                    break
        raise Unfillable(
            f"snapshot {self._world.snapshot.name!r} fills no scenario with these sizes: {'; '.join(reasons[:5])}"
        )

    def _dealt(self, number: int) -> tuple[int, int]:
        """The positions of the scenario and the frame whose turn it is."""
        turn, place = divmod(number, len(self._scenarios))
        at = int(generator(self._seed, turn, "deal").permutation(len(self._scenarios))[place])
        frames = len(self._scenarios[at].frames)
        cycle, which = divmod(turn, frames)
        return at, int(generator(self._seed, cycle, at, "frames").permutation(frames)[which])

    def one(
        self,
        scenario: Scenario,
        frame: Frame,
        rng: np.random.Generator,
        name: str,
        tally: Tally,
        refused: dict[str, int],
    ) -> Task | None:
        """A sound task of one scenario and frame, `None` if none is found. Adds to `tally` and `refused`."""
        for _ in range(FILLINGS):
            filled = next(self._searches[scenario.id].fillings(frame, rng, tally), None)
            if filled is None:
                return None
            calls = filled.scene.closed(filled.asked.needs)
            levels = filled.scene.levels(calls)
            try:
                if not self._fits(len(calls), len(levels), max(map(len, levels), default=0)):
                    tally.failed(f"{len(calls)} calls, depth {len(levels)}", filled=True)
                    continue
                task = self._builder.task(filled, rng, name, self._seed)
            except Unsuitable as error:
                tally.failed(str(error)[:200], filled=True)
                refused["unphrased"] += 1
            else:
                if not allows(self._targets.domains, len(task.meta["domains"])):
                    tally.failed(f"{len(task.meta['domains'])} domains", filled=True)
                elif found := audit(task, self._world.snapshot, SCENARIO_RULES):
                    tally.failed(f"{found[0].rule}: {found[0].message}"[:300], filled=True)
                    refused["unsound"] += 1
                else:
                    return task
        return None

    def _fits(self, calls: int, depth: int, width: int) -> bool:
        wanted = self._targets
        return allows(wanted.calls, calls) and allows(wanted.depth, depth) and allows(wanted.width, width)


def synthesise_scenes(
    snapshot: Snapshot,
    chosen: Chosen,
    targets: Targets,
    n: int,
    seed: int,
    prefix: str = "",
    report: Report | None = None,
    unlike: Iterable[Task] = (),
) -> Iterator[Task]:
    """`n` tasks without near-duplicates of each other or of `unlike`. Raises `Unfillable` if there are not so many."""
    maker = SceneMaker(snapshot, chosen, targets, seed, prefix)
    yield from unlike_earlier(maker, map(maker.make, range(n)), report, unlike)


def synthesise_scenes_many(
    folder: Path,
    chosen: Chosen,
    targets: Targets,
    n: int,
    seed: int,
    executor: Executor,
    prefix: str = "",
    report: Report | None = None,
    unlike: Iterable[Task] = (),
) -> Iterator[Task]:
    """The same tasks as `synthesise_scenes` makes, by the workers of an executor, which open the snapshot."""
    given = (Snapshot.open(folder), chosen, targets, seed, prefix)
    yield from spread(SceneMaker, given, n, executor, report, unlike)
