"""The graduated score: partial credit for every call, updated turn by turn.

The running score S_t is in [0, 1]. The reward of a step is S_t - S_(t-1), so the rewards of an episode add up to its
score. With golden calls 1…n (not counting optional ones):

- A (atomic): value of the best one-to-one assignment of emitted to golden calls, by credit, over n. A call that is not
  exact earns credit only for golden calls that are ready: all they need was answered in earlier turns.
- O (orchestration): share of golden calls answered by an exact call when they were ready. One emitted call answers one
  golden call. A call that came before a reply which only decides on it (`Task.decisions`) answers once that has been
  read, if its arguments were known (`provenance`).
- F (answer): share of the answer facts that the final answer states. A fact counts only if the call that supplies it is
  answered.
- waste: calls left over by the assignment, including unparsable ones, over n; a valid call that is not recorded weighs
  half.
- S = max(0, w_A A + w_O O + w_F F - cost), with the cost of waste as in `waste_cost`.

Credit is computed from the credit weights (`credit`). A call is exact, with credit 1, if its canonical arguments equal
the golden ones, or if both calls are recorded with the same response, a success that is not empty, and the arguments
that matter are the same. docs/reward.md has the reasons, and the scores of policies that try to cheat.

A golden call also counts as answered, with credit 1, once everything it is needed for (`alternatives`), or every piece
of its response (`batches`), is in recorded responses to calls that are not exact for any golden call, and whose
arguments are known from the request and earlier replies (`provenance`). Golden calls that only such a replaced call
depends on are then not needed either. The calls that replace a golden call are not waste, unless the golden call is
made as well.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from ..answers.reading import Answer, FactReading, read_answer
from ..calls.types import AnsweredCall, Status
from ..errors import UsageError
from .assignment import Assignment
from .batches import Piece
from .config import RewardConfig, Score
from .credit import CompiledCall
from .golden import CompiledTrace
from .provenance import Knowledge


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
        self._early: dict[int, int] = {}
        """The turns of exact calls with known arguments that came before a decision on them, by golden index."""
        self._waiting = {golden.index for golden in trace.golden}
        self._turn = 0
        self._wasted = 0.0
        self._left_over: set[int] = set()
        self._supplier: dict[int | Piece, int] = {}
        self._replaced: set[int] = set()
        self._waste: list[float] = []
        self._optional_left = list(trace.optional)
        self._optional_made: set[str] = set()
        self._knowledge = Knowledge(trace.provenance)
        self._facts: float | None = 0.0 if trace.task.answer else None
        self._readings: tuple[FactReading, ...] = ()
        self._last: range = range(0)
        self._done = False

    def turn(self, calls: Sequence[AnsweredCall], answer: Answer | None, done: bool) -> Score:
        self._turn += 1
        self._done = done
        while self._early and self._answer_early():
            pass
        if self._waiting:
            self._waiting = {i for i in self._waiting if not self._ready(self._trace.golden[i])}
        self._last = range(len(self._waste), len(self._waste) + len(calls))
        for call in calls:
            self._take(call)
        if answer is not None and self._trace.task.answer:
            self._facts = self._answer_score(answer)
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
        golden = False
        if 1.0 in credits:
            exact = [index for index, credit in zip(group, credits, strict=True) if credit == 1.0]
            golden = self._answer(exact) or self._answer_later(exact, call)
        elif self._optional_left and self._is_optional(call):
            return
        left_over: int | None = row
        if group and call.call:
            left_over = self._assignments[call.call.name].add(row, self._earned(group, credits))
        if left_over is not None:
            self._left_over.add(left_over)
            self._wasted += self._waste[left_over]
        if call.key and call.result.recorded:
            if call.result.status is Status.OK and 1.0 not in credits:
                self._supply(row, call)
            self._knowledge.hear(self._turn, call, golden)

    def _is_optional(self, call: AnsweredCall) -> bool:
        """Whether this is an optional golden call: it is free, once."""
        for golden in self._optional_left:
            if golden.key == call.key:
                self._optional_left.remove(golden)
                ready = self._ready(golden)
                if ready:
                    self._optional_made.add(golden.id)
                if call.result.recorded:
                    self._knowledge.hear(self._turn, call, ready)
                return True
        return False

    def _earned(self, group: Sequence[int], credits: Sequence[float]) -> Sequence[float]:
        """The credits that count now: a call that is not exact earns nothing for a golden call that is not ready."""
        if self._waiting.isdisjoint(group):
            return credits
        return [
            0.0 if credit < 1.0 and index in self._waiting else credit
            for index, credit in zip(group, credits, strict=True)
        ]

    def _answer(self, exact: list[int]) -> bool:
        """An exact call answers the first of `exact` that waits for nothing and is not answered yet, if any is."""
        for index in filter(exact.__contains__, self._trace.by_importance):
            if self._answered_in[index] is None and index not in self._waiting:
                self._answered_in[index] = self._turn
                self._answered += 1
                return True
        return False

    def _answer_later(self, exact: list[int], call: AnsweredCall) -> bool:
        """Note an exact call that only came before a decision on it, if the agent could know its arguments."""
        for index in filter(exact.__contains__, self._trace.by_importance):
            if self._answered_in[index] is None and index not in self._early and self._undecided(index):
                if not self._knowledge.holds(call, self._turn):
                    return False
                self._early[index] = self._turn
                return True
        return False

    def _undecided(self, index: int) -> bool:
        """Whether all that a golden call still waits for are decisions, and calls that came before one themselves."""
        waits = (one for one in self._trace.golden[index].needs if not self._answered_before(one))
        return all(
            one in self._trace.decisions or self._early.get(one, self._turn) < self._turn for one in waits
        )

    def _answered_before(self, index: int) -> bool:
        turn = self._answered_in[index]
        return turn is not None and turn < self._turn

    def _answer_early(self) -> bool:
        """Let early calls answer golden calls that are ready by now; whether there was any."""
        ready = [index for index in self._early if self._ready(self._trace.golden[index])]
        for index in ready:
            made = self._early.pop(index)
            if self._answered_in[index] is None:
                needed = (self._answered_in[one] for one in self._trace.golden[index].needs)
                self._answered_in[index] = max(made, *(turn for turn in needed if turn is not None))
                self._answered += 1
        return bool(ready)

    def _supply(self, row: int, call: AnsweredCall) -> None:
        """Another call's reply does work of golden calls; those with nothing left to do are answered by it."""
        met = self._trace.work_of(call)
        if not met or not self._knowledge.holds(call, self._turn):
            return
        for work in met:
            self._supplier.setdefault(work, row)
        changed = True
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
        return (
            bool(needs)
            and all(need in self._supplier or alternatives.needs[need].consumer in gone for need in needs)
        ) or any(self._supplier.keys() >= pieces for pieces in self._trace.batches.ways(golden.id))

    def _excused(self) -> dict[int, int]:
        """Calls that take the place of a golden call which is not made itself: row to golden index."""
        found: dict[int, int] = {}
        for index in sorted(self._replaced):
            if self._credit(index) < 1.0:
                for work in self._work(self._trace.golden[index].id):
                    if work in self._supplier:
                        found.setdefault(self._supplier[work], index)
        return found

    def _work(self, golden: str) -> Iterable[int | Piece]:
        """What other calls have done in the place of a golden call: the pieces of a batch, or else its needs."""
        for pieces in self._trace.batches.ways(golden):
            if self._supplier.keys() >= pieces:
                return pieces
        return self._trace.alternatives.of[golden]

    def readings(self) -> tuple[FactReading, ...]:
        """What the final answer says of each fact; empty until there is one."""
        return self._readings

    def _answer_score(self, answer: Answer) -> float:
        """F: the mean share of the facts, where a fact that no answered call supplies counts 0."""
        self._readings = tuple(
            reading if self._is_supplied(fact.call) or not reading.share else _unsupplied(reading, fact.call)
            for fact, reading in zip(
                self._trace.task.answer, read_answer(self._trace.facts, answer), strict=True
            )
        )
        return sum(reading.share for reading in self._readings) / len(self._readings)

    def _is_supplied(self, source: str | None) -> bool:
        """Whether the call that supplies a fact is answered, or replaced.

        A fact of no call, or of an optional one that was not made, counts once every golden call is answered.
        """
        for golden in self._trace.golden:
            if golden.id == source:
                return self._answered_in[golden.index] is not None
        return source in self._optional_made or self._answered == self._trace.n

    def _credit(self, index: int) -> float:
        """What the best assignment pays for a golden call."""
        tool = self._trace.golden[index].tool
        return self._assignments[tool].credit(self._trace.by_tool[tool].index(index))

    def _ready(self, golden: CompiledCall) -> bool:
        return all(map(self._answered_before, golden.needs))

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
        success = self._answered == n and self._facts in (None, 1.0) and wasted <= n  # then A is 1 too
        return Score(*parts, self._total(success, *parts), success)

    def _weighted(
        self, success: bool, atomic: float, orchestration: float, answer: float | None, waste: float
    ) -> float:
        a, o, f = self._weights
        earned = a * atomic + o * orchestration
        if answer is not None:
            earned += f * answer
        return max(0.0, earned - waste_cost(waste, self._trace.n, self._waste_price))

    def _binary(
        self, success: bool, atomic: float, orchestration: float, answer: float | None, waste: float
    ) -> float:
        return 1.0 if self._done and success else 0.0

    def _called(
        self, success: bool, atomic: float, orchestration: float, answer: float | None, waste: float
    ) -> float:
        assert self._function is not None
        score = Score(atomic, orchestration, answer, waste, success=success)
        try:
            total = self._function(score)
        except Exception as error:
            raise UsageError(
                f"reward: the function raised {type(error).__name__}: {error}; it gets {score}"
            ) from error
        return _finite(total)


def _unsupplied(reading: FactReading, source: str | None) -> FactReading:
    """A reading that does not count, because nothing that was answered supplies the fact."""
    call = f"the call {source!r}, which supplies it," if source else "a call that may supply it"
    return replace(reading, share=0.0, why=f"{call} was not answered")


def waste_cost(waste: float, n: int, price: float) -> float:
    """The cost of `waste`, the calls left over per golden call, in a task of `n` golden calls; at least 0, unlimited.

    `price` x (w + w^2), where w = max(0, waste - 1 / 2n): half a call is free, and every further call costs more than
    the one before.
    """
    excess = max(0.0, waste - 0.5 / n)
    return price * (excess + excess * excess)


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
