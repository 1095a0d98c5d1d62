"""The graduated score: partial credit for every call, updated turn by turn.

The running score S_t is in [0, 1]. The reward of a step is S_t - S_(t-1), so the rewards of an episode add up to its
score. With golden calls 1…n (not counting optional ones):

- A (atomic): value of the best one-to-one assignment of emitted to golden calls, by credit, over n.
- O (orchestration): share of golden calls answered by an exact call in a turn after those in which all calls they need
  were answered. One emitted call answers one golden call.
- F (answer): share of the answer facts stated in the final answer, discounted if the answer lists many values.
- waste: calls left over by the assignment, including unparsable ones, over n; a valid call that is not recorded weighs
  half.
- S = max(0, w_A A + w_O O + w_F F - w_waste waste).

Credit is computed from the credit weights (`credit`). A call is exact, with credit 1, if its canonical arguments equal
the golden ones, or both calls are recorded with the same response, a success that is not empty. docs/reward.md has the
reasons, and the scores of policies that try to cheat.

A golden call also counts as answered, with credit 1, once everything it is needed for (`alternatives`) is in recorded
responses to calls that are not exact for any golden call. Golden calls that only such a replaced call depends on are
then not needed either. The calls that replace a golden call are not waste, unless the golden call is made as well.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from ..answers.share import answer_share
from ..calls.types import AnsweredCall, Status
from ..errors import UsageError
from .assignment import Assignment
from .config import RewardConfig, Score
from .credit import CompiledCall
from .golden import CompiledTrace


class Graduated:
    """Scores one episode by the graduated components, for the kinds `graduated` and `binary` and for functions."""

    def __init__(
        self, trace: CompiledTrace, config: RewardConfig, total: Callable[[Score], float] | None = None
    ) -> None:
        self._trace = trace
        self._weights = config.weights(facts=bool(trace.task.answer))
        self._waste_price = config.waste
        self._function = total
        self._total = self._called if total else self._binary if config.kind == "binary" else self._weighted
        self._assignments = {tool: Assignment(len(group)) for tool, group in trace.by_tool.items()}
        self._answered_in: list[int | None] = [None] * trace.n
        self._answered = 0
        self._turn = 0
        self._wasted = 0.0
        self._left_over: set[int] = set()
        self._supplier: dict[int, int] = {}
        self._replaced: set[int] = set()
        self._waste: list[float] = []
        self._optional_left = [golden.key for golden in trace.optional]
        self._facts: float | None = 0.0 if trace.task.answer else None
        self._last: range = range(0)
        self._done = False

    def turn(self, calls: Sequence[AnsweredCall], answer: str | None, done: bool) -> Score:
        self._turn += 1
        self._done = done
        self._last = range(len(self._waste), len(self._waste) + len(calls))
        for call in calls:
            self._take(call)
        if answer is not None and self._trace.task.answer:
            self._facts = answer_share(self._trace.task, answer)
        return self._score()

    def credited(self) -> list[str | None]:
        golden_of = {
            row: self._trace.golden[group[column]].id
            for tool, group in self._trace.by_tool.items()
            for column, row in self._assignments[tool].rows()
            if row in self._last
        }
        if self._replaced:
            golden_of |= {row: self._trace.golden[index].id for row, index in self._excused().items()}
        return [golden_of.get(row) for row in self._last]

    def _take(self, call: AnsweredCall) -> None:
        row = len(self._waste)
        self._waste.append(_waste_of(call))
        group = self._trace.by_tool.get(call.call.name, ()) if call.call and call.key else ()
        credits = self._trace.credits(call, group) if group else ()
        if call.key in self._optional_left and 1.0 not in credits:
            self._optional_left.remove(call.key)  # an optional call is free, once
            return
        left_over = self._assignments[call.call.name].add(row, credits) if group and call.call else row
        if left_over is not None:
            self._left_over.add(left_over)
            self._wasted += self._waste[left_over]
        if 1.0 in credits:
            self._answer([index for index, credit in zip(group, credits, strict=True) if credit == 1.0])
        elif call.result.status is Status.OK and call.call and call.key:
            met = self._trace.alternatives.met(
                call.call.name, call.arguments or {}, call.key, call.result.text
            )
            self._supply(row, met)

    def _answer(self, exact: list[int]) -> None:
        """An exact call answers the first of `exact` that waits for nothing and is not answered yet."""
        for index in filter(exact.__contains__, self._trace.by_importance):
            if self._answered_in[index] is None and self._ready(self._trace.golden[index]):
                self._answered_in[index] = self._turn
                self._answered += 1
                return

    def _supply(self, row: int, met: frozenset[int]) -> None:
        """Another call's reply meets needs of golden calls; those that need nothing more are answered by it."""
        for need in met:
            self._supplier.setdefault(need, row)
        changed = bool(met)
        while changed:
            changed = False
            for golden in self._trace.golden:
                if self._answered_in[golden.index] is None and self._unneeded(golden):
                    self._answered_in[golden.index] = self._turn
                    self._answered += 1
                    self._replaced.add(golden.index)
                    changed = True

    def _unneeded(self, golden: CompiledCall) -> bool:
        """Whether other results hold everything that this call supplies, or it only serves a call that is replaced."""
        alternatives = self._trace.alternatives
        gone = {self._trace.golden[index].id for index in self._replaced}
        needs = alternatives.of[golden.id]
        return bool(needs) and all(
            need in self._supplier or alternatives.needs[need].consumer in gone for need in needs
        )

    def _excused(self) -> dict[int, int]:
        """Calls that take the place of a golden call which is not made itself: row to golden index."""
        found: dict[int, int] = {}
        for index in sorted(self._replaced):
            if self._credit(index) < 1.0:
                for need in self._trace.alternatives.of[self._trace.golden[index].id]:
                    if need in self._supplier:
                        found.setdefault(self._supplier[need], index)
        return found

    def _credit(self, index: int) -> float:
        """What the best assignment pays for a golden call."""
        tool = self._trace.golden[index].tool
        return self._assignments[tool].credit(self._trace.by_tool[tool].index(index))

    def _ready(self, golden: CompiledCall) -> bool:
        turns = (self._answered_in[needed] for needed in golden.needs)
        return all(turn is not None and turn < self._turn for turn in turns)

    def _score(self) -> Score:
        n = self._trace.n
        value = 0.0
        for assignment in self._assignments.values():
            value += assignment.value
        for index in self._replaced:
            value += 1.0 - self._credit(index)
        wasted = self._wasted
        for row in self._left_over.intersection(self._excused()) if self._replaced else ():
            wasted -= self._waste[row]  # 1 or 0.5, so that the order does not matter
        parts = (min(1.0, value / n), self._answered / n, self._facts, wasted / n)
        success = self._answered == n and self._facts in (None, 1.0)  # then A is 1 too
        return Score(*parts, self._total(success, *parts), success)

    def _weighted(
        self, success: bool, atomic: float, orchestration: float, answer: float | None, waste: float
    ) -> float:
        a, o, f = self._weights
        earned = a * atomic + o * orchestration
        if answer is not None:
            earned += f * answer
        return max(0.0, earned - self._waste_price * waste)

    def _binary(
        self, success: bool, atomic: float, orchestration: float, answer: float | None, waste: float
    ) -> float:
        return 1.0 if self._done and success and not waste else 0.0

    def _called(
        self, success: bool, atomic: float, orchestration: float, answer: float | None, waste: float
    ) -> float:
        assert self._function is not None
        return _finite(self._function(Score(atomic, orchestration, answer, waste, success=success)))


def _waste_of(call: AnsweredCall) -> float:
    """How much a left-over call wastes: the cache's limits are not the model's fault (arXiv 2606.14179)."""
    return 0.5 if call.result.status is Status.NOT_RECORDED else 1.0


def _finite(value: Any) -> float:
    """What a function of the caller's gave; raises `UsageError` if that is no finite number."""
    try:
        finite = isfinite(value)
    except (TypeError, OverflowError):  # no number, or one beyond a double
        finite = False
    if not finite:
        raise UsageError(f"reward: expected a finite number, found {str(value)[:80]!r}")
    return float(value)
