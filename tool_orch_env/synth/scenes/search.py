"""Filling the slots of a scenario by backtracking.

Slots are drawn in the order of the file. The candidates of a slot come in a random order, and each condition is checked
as soon as all slots that it leads to are filled; where no candidate fits, the slot before is drawn again. So every
filling can be found, and the first slot is uniform over the candidates that lead to one, if the budget suffices.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...jsonvalues.canonical import canonical
from ...language.expressions import Held, Unsuitable, items, parse, plain
from ...language.scenarios import Frame, Scenario, Scenarios
from ...language.scenarios.format import uses
from ..partition import Part
from .scene import Asked, Scene
from .world import World

BUDGET = 4000
"""Maximum candidates tried for one scenario and frame."""
SHORT = 20
"""A list with fewer elements is not divided among splits: the flights of a board, a choice of limits."""


class Filled(NamedTuple):
    """A scenario whose slots are filled, with a frame and what it asks."""

    scenario: Scenario
    frame: Frame
    slots: dict[str, Held]
    scene: Scene
    asked: Asked


class Tally:
    """How many candidates may still be tried, and how often each reason came up."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.left = budget
        self.reached = False
        """Whether all slots were filled at least once."""
        self._reasons: dict[str, tuple[bool, int]] = {}

    def failed(self, why: str, filled: bool = False) -> None:
        """Note a reason; `filled` if all slots were filled."""
        self._reasons[why] = filled, self._reasons.get(why, (filled, 0))[1] + 1

    def told(self) -> str:
        """The most frequent reason, in words: one that came up with all slots filled, if there is any."""
        if not self._reasons:
            return "no candidates"
        why = max(self._reasons, key=lambda one: self._reasons[one])
        return f"{why} ({self._reasons[why][1]} times)"


class Search:
    """Searches for fillings of one scenario in one world."""

    def __init__(self, scenario: Scenario, file: Scenarios, world: World, part: Part | None = None) -> None:
        """`part` limits the recorded calls and the elements of long lists that slots are drawn from."""
        self.scenario, self._file, self._world, self._part = scenario, file, world, part
        drawn = [one.name for one in scenario.draw]
        graph = uses(scenario)
        self._sense: list[list[str]] = [[] for _ in range(len(drawn) + 1)]
        for condition in scenario.sense:
            names = _reached(parse(condition).names, graph)
            level = max((at + 1 for at, name in enumerate(drawn) if name in names), default=0)
            self._sense[level].append(condition)

    def fillings(self, frame: Frame, rng: np.random.Generator, tally: Tally) -> Iterator[Filled]:
        """Fillings for a frame, in a random order; ends if the budget is spent or there are no more."""
        yield from self._fill(0, {}, frame, rng, tally)

    def _scene(self, slots: Mapping[str, Held]) -> Scene:
        return Scene(self.scenario, self._file.tables, self._world, slots)

    def _fill(
        self, at: int, slots: dict[str, Held], frame: Frame, rng: np.random.Generator, tally: Tally
    ) -> Iterator[Filled]:
        scene = self._scene(slots)
        for condition in self._sense[at]:
            if not scene.holds(condition):
                tally.failed(f"sense: {condition.strip()[:60]}")
                return
        if at == len(self.scenario.draw):
            tally.reached = True
            yield from self._asked(scene, slots, frame, tally)
            return
        draw = self.scenario.draw[at]
        try:
            candidates = self._candidates(at, scene)
        except Unsuitable as error:
            tally.failed(f"{draw.name}: {error}")
            return
        for number in rng.permutation(len(candidates)).tolist():
            if tally.left <= 0:
                return
            tally.left -= 1
            try:
                value = self._value(at, candidates[number])
            except Unsuitable as error:
                tally.failed(f"{draw.name}: {error}")
                continue
            inner = {**slots, draw.name: value}
            around = self._scene(inner)
            wrong = next((one for one in draw.where if not around.holds(one)), None)
            if wrong is None:
                yield from self._fill(at + 1, inner, frame, rng, tally)
            else:
                tally.failed(f"{draw.name}: {wrong.strip()[:60]}")

    def _candidates(self, at: int, scene: Scene) -> list[Any]:
        draw = self.scenario.draw[at]
        found: list[Any]
        if draw.tool is not None:
            found = self._world.recorded(draw.tool)
        else:
            assert draw.among is not None
            found = items(parse(draw.among).value(scene))
        if self._part is None or len(found) < SHORT:
            return found
        return [one for one in found if self._part.has(f"slot/{canonical(plain(one))}")]

    def _value(self, at: int, candidate: Any) -> Held:
        tool = self.scenario.draw[at].tool
        return Held(plain(candidate)) if tool is None else self._world.drawn(tool, candidate)

    def _asked(self, scene: Scene, slots: dict[str, Held], frame: Frame, tally: Tally) -> Iterator[Filled]:
        try:
            if frame.when is not None and not scene.holds(frame.when):
                raise Unsuitable("the frame's `when` does not hold")
            fresh = self._scene(slots)  # without the calls that only a guard looked at
            yield Filled(self.scenario, frame, slots, fresh, fresh.asked(self.scenario.asked_by(frame)))
        except Unsuitable as error:
            tally.failed(str(error)[:200], filled=True)


def _reached(names: frozenset[str], graph: Mapping[str, frozenset[str]]) -> set[str]:
    """The names and all that their definitions lead to."""
    waiting, found = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph.get(name, ())
    return found
