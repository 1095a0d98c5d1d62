"""Checking a scenario file against a snapshot: tools and parameters first, then every frame by sampling."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ScenarioError, UsageError
from ...language.expressions import parse
from ...language.scenarios import Frame, Scenario, Scenarios, Step, read_scenarios
from ...snapshot import Snapshot
from ...task import Task
from ..sample import generator
from ..targets import Targets, weights
from .make import Chosen, SceneMaker
from .search import Tally

REMEDY = "correct the scenario file, or use the snapshot that it was written for"
ANY = Targets(calls=weights("1-64"))


@dataclass
class Checked:
    """What checking found of one frame: tasks made, of how many tried, and why others were not."""

    scenario: Scenario
    frame: int
    tried: int
    tasks: list[Task] = field(default_factory=list)
    reason: str = ""

    @property
    def found(self) -> bool:
        """Whether at least one task could be made."""
        return bool(self.tasks)


def chosen(name_or_path: str | Path, snapshot: Snapshot, only: tuple[str, ...] = ()) -> Chosen:
    """The scenarios of a file, or those named in `only`. Raises `UsageError`, and `ScenarioError` if the file does not
    fit the snapshot."""
    file = read_scenarios(name_or_path)
    known = {one.id for one in file.scenario}
    if strange := sorted(set(only) - known):
        raise UsageError(
            f"scenarios: expected some of {', '.join(sorted(known))}, found {', '.join(strange)}"
        )
    problems = [f"{name_or_path}: {one}" for one in misfits(file, snapshot)]
    if problems:
        raise ScenarioError(problems, REMEDY)
    return Chosen(file, frozenset(only))


def misfits(file: Scenarios, snapshot: Snapshot) -> Iterator[str]:
    """Tools and parameters that the snapshot does not have."""
    for scenario in file.scenario:
        place = f"scenario {scenario.id!r}"
        for draw in scenario.draw:
            calls = {draw.tool} if draw.tool else parse(draw.among or "None").calls
            for text in draw.where:
                calls = calls | parse(text).calls
            yield from _unknown(calls, snapshot, f"{place}: slot {draw.name!r}")
        steps = [*scenario.steps, *(step for plan in scenario.plans for step in plan.steps)]
        for step in steps:
            yield from _strange(step, snapshot, f"{place}: step {step.id!r}")
    for timed, clock in file.clocks.items():
        yield from _unknown(parse(clock.zone or "None").calls, snapshot, f"clocks: {timed!r}")
    for group in file.substitutes:
        yield from _unknown(set(group), snapshot, "substitutes")


def _unknown(calls: set[str] | frozenset[str], snapshot: Snapshot, place: str) -> Iterator[str]:
    for tool in sorted(calls):
        if tool not in snapshot.catalog:
            known = ", ".join(sorted(snapshot.catalog))
            yield f"{place}: expected a tool of snapshot {snapshot.name!r} ({known}), found {tool!r}"


def _strange(step: Step, snapshot: Snapshot, place: str) -> Iterator[str]:
    parsed = parse(step.call)
    (tool,) = parsed.calls
    if tool not in snapshot.catalog:
        yield from _unknown({tool}, snapshot, place)
        return
    known = snapshot.catalog[tool]
    given = {keyword.arg for keyword in getattr(parsed.tree, "keywords", ())}
    for name in sorted(name for name in given if name and name not in known.properties):
        listed = ", ".join(known.properties)
        yield f"{place}: expected parameters of {tool} ({listed}), found {name!r}"
    for name in sorted(known.required - given):
        yield f"{place}: {tool} needs {name!r}, found none"
    for name in sorted(set(step.understood) - given):
        yield f"{place}: understood: expected an argument of the call, found {name!r}"


def check(
    chosen: Chosen,
    snapshot: Snapshot,
    seed: int,
    tries: int = 2,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[Checked]:
    """Try every frame of every scenario `tries` times, as synthesis does. `tell` is called after every frame with the
    number of frames done and of all."""
    maker = SceneMaker(snapshot, chosen, ANY, seed)
    scenarios = [one for one in chosen.file.scenario if not chosen.only or one.id in chosen.only]
    frames = [(scenario, at, frame) for scenario in scenarios for at, frame in enumerate(scenario.frames)]
    for done, (scenario, at, frame) in enumerate(frames):
        found = Checked(scenario, at, tries)
        for attempt in range(tries):
            task, reason = _tried(maker, scenario, at, frame, seed, attempt)
            if task is None:
                found.reason = reason
            else:
                found.tasks.append(task)
        tell(done + 1, len(frames))
        yield found


def _tried(
    maker: SceneMaker, scenario: Scenario, at: int, frame: Frame, seed: int, attempt: int
) -> tuple[Task | None, str]:
    rng = generator(seed, "check", scenario.id, at, attempt)
    tally = Tally()
    name = f"{scenario.id}-{at}-{attempt}"
    return maker.one(scenario, frame, rng, name, tally, {"unphrased": 0, "unsound": 0}), tally.told()
