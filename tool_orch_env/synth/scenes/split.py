"""Splits of tasks from scenarios: no two share a scenario, and held-out ones have entities of their own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ...executors import Executor, Local
from ...language.scenarios import Scenarios
from ...snapshot import Snapshot
from ...task import Task
from ..partition import Part
from ..split import Splits, Tell, folder_of, made_splits, quiet
from ..synthesise import Report
from ..targets import Targets
from .make import Chosen, synthesise_scenes, synthesise_scenes_many


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """One split: `n` tasks that meet `targets`, from the scenarios `only` and the entities in `part`."""

    name: str
    n: int
    targets: Targets
    only: frozenset[str]
    part: Part | None = None


def synthesise_scene_splits(
    snapshot: Snapshot,
    file: Scenarios,
    plans: Sequence[ScenePlan],
    seed: int,
    executor: Executor = Local(),  # noqa: B008  # frozen
    share: float = 1.0,
    tell: Tell = quiet,
    unlike: Sequence[Task] = (),
    whole: Mapping[str, Sequence[Task]] = MappingProxyType({}),
) -> Splits:
    """Tasks and reports by split; the rest is as in `synth.split.synthesise_splits`.

    Workers of an `executor` need a snapshot in a folder.
    """

    def make(plan: ScenePlan, n: int, report: Report, before: Sequence[Task]) -> Iterator[Task]:
        chosen, prefix = Chosen(file, plan.only, plan.part), f"{snapshot.name}-{plan.name}"
        if executor == Local():
            return synthesise_scenes(snapshot, chosen, plan.targets, n, seed, prefix, report, before)
        folder = folder_of(snapshot)
        return synthesise_scenes_many(folder, chosen, plan.targets, n, seed, executor, prefix, report, before)

    return made_splits(plans, make, share, tell, unlike, whole)
