"""Finding alternatives: recorded calls that can do a golden call's work in a task.

An `OtherWay` is a recorded call to an offered tool that an agent can make with what it knows, and the trace that uses
it. Only traces that score exactly 1.0 are returned.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from ..answers.mentions import mentions
from ..answers.oracle import oracle_answer
from ..calls.types import ToolCall, Turn
from ..episode import score_turns
from ..jsonvalues.scalars import form
from ..reward.alternatives import Alternatives
from ..snapshot import Snapshot
from ..task import GoldenCall, Task
from .index import Index

MAX_TRIED = 40
"""Maximum calls tried in place of one golden call."""


class OtherWay(NamedTuple):
    """An alternative: the recorded call `number` replaces the golden call `instead_of` in the trace `turns`."""

    instead_of: str
    number: int
    turns: list[Turn]


class Finder:
    """Finds alternatives for the tasks of one index."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def find(self, task: Task, most: int = 3) -> list[OtherWay]:
        """At most `most` alternatives, at most one per golden call, those of earlier golden calls first."""
        return list(islice(self._ways(task), most))

    def _ways(self, task: Task) -> Iterator[OtherWay]:
        ways = Alternatives(task, self.index.snapshot.catalog)
        golden = {self.index.snapshot.key(call.tool, call.arguments) for call in task.golden}
        for call in task.golden:
            tried = 0
            for number in self._candidates(task, ways, call):
                other = self.index.calls[number]
                if other.key in golden or tried == MAX_TRIED:
                    continue
                tried += 1
                if not set(ways.of[call.id]) <= set(ways.met_by(other.tool, other.arguments, other.response)):
                    continue
                turns = self._trace(task, ways, call, number)
                if turns and score_turns(task, turns, self.index.snapshot).total == 1.0:
                    yield OtherWay(call.id, number, turns)
                    break

    def _candidates(self, task: Task, ways: Alternatives, call: GoldenCall) -> list[int]:
        """Calls to offered tools whose responses hold the first value that a binding takes from this call."""
        bound = [ways.needs[at] for at in ways.of[call.id] if ways.needs[at].places]
        if not bound:
            return []
        found = {
            number
            for place in bound[0].places
            if place[0] in task.tools
            for number in self.index.links.holders(place, bound[0].form)
        }
        return sorted(found)

    def _trace(self, task: Task, ways: Alternatives, call: GoldenCall, number: int) -> list[Turn]:
        """The golden trace with another call in the place of one, and without what only that one needed."""
        gone = _unneeded(task, ways, call.id)
        other = self.index.calls[number]
        kept = [[one for one in layer if one.id not in gone] for layer in task.layers]
        for level in range(len(kept)):
            known = [one for layer in kept[:level] for one in layer]
            if self._knowable(task, number, known):
                first = [ToolCall(other.tool, dict(other.arguments))]
                layers = [[one.as_call() for one in layer] for layer in kept]
                layers.insert(level, first)
                turns = [Turn(calls=tuple(layer)) for layer in layers if layer]
                return [*turns, Turn(answer=oracle_answer(task))]
        return []

    def _knowable(self, task: Task, number: int, known: list[GoldenCall]) -> bool:
        """Whether every required argument is stated, or supplied by a call made before; others are free."""
        other = self.index.calls[number]
        required = self.index.snapshot.catalog[other.tool].required
        supplied = {flow for one in known for flow in self._supplies(one, self.index.snapshot)}
        return all(
            mentions(task.request, value) or (other.tool, name, form(value)) in supplied
            for name, value in other.arguments.items()
            if name in required
        )

    def _supplies(self, call: GoldenCall, snapshot: Snapshot) -> frozenset[tuple[str, str, str]]:
        number = self._numbers.get(self.index.snapshot.key(call.tool, call.arguments))
        return self.index.supplies[number] if number is not None else frozenset()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {key: number for number, key in enumerate(self.index.calls.replay_keys())}


def _unneeded(task: Task, ways: Alternatives, replaced: str) -> set[str]:
    """The replaced call, and every call that is there only for it."""
    gone = {replaced}
    for layer in reversed(task.layers):
        for call in layer:
            needs = [ways.needs[at] for at in ways.of[call.id]]
            if needs and all(need.consumer in gone for need in needs):
                gone.add(call.id)
    return gone
