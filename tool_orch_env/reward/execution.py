"""A score that needs no golden trace, after TIER (arXiv 2605.16790). It sees only the calls and their results.

    S = 0.1 format + 0.1 names + 0.1 parameters + 0.1 types + 0.1 execution + 0.5 F, over the sum of weights

format, names, parameters and types are 1 at the first call and lose a quarter per mismatch: unparsable calls, tools
that are not offered, unknown or missing parameters, values that violate the schema. execution is the share of calls
answered by a recorded success; a valid call that is not recorded weighs half. F is left out for tasks without answer
facts; then this score cannot see whether the work was finished (docs/reward.md shows the consequences).

In the `Score`, `atomic` is the mean of the first four and `orchestration` is execution. The reward of a step is the
difference of S, as for the graduated score.
"""

from collections.abc import Sequence

from ..answers.reading import Answer, read_answer
from ..calls.types import AnsweredCall, Status
from .config import RewardConfig, Score
from .golden import CompiledTrace

_COST = 0.25
_PARAMETER_RULES = frozenset({"required", "additionalProperties", "unevaluatedProperties"})


class Execution:
    """Scores one episode by its calls and their results."""

    def __init__(self, trace: CompiledTrace, config: RewardConfig) -> None:
        self._trace = trace
        self._mismatches = {"format": 0, "names": 0, "parameters": 0, "types": 0}
        self._weight = 0.0
        self._succeeded = 0
        self._facts: float | None = 0.0 if trace.task.answer else None
        self._last = 0

    def turn(self, calls: Sequence[AnsweredCall], answer: Answer | None, done: bool) -> Score:
        self._last = len(calls)
        for call in calls:
            self._take(call)
        if answer is not None and self._trace.task.answer:
            readings = read_answer(self._trace.facts, answer)
            self._facts = sum(reading.share for reading in readings) / len(readings)
        return self._score()

    def credited(self) -> list[str | None]:
        return [None] * self._last

    def _take(self, call: AnsweredCall) -> None:
        code = call.result.status
        self._weight += 0.5 if code is Status.NOT_RECORDED else 1.0
        self._succeeded += code is Status.OK
        self._mismatches["format"] += code in (Status.UNPARSABLE, Status.BUDGET_SPENT)
        self._mismatches["names"] += code is Status.UNKNOWN_TOOL
        shape = sum(violation.rule in _PARAMETER_RULES for violation in call.result.violations)
        self._mismatches["parameters"] += shape
        self._mismatches["types"] += len(call.result.violations) - shape

    def _score(self) -> Score:
        if not self._weight:
            return Score(answer=self._facts, total=0.5 * (self._facts or 0.0))
        looks = [max(0.0, 1.0 - _COST * count) for count in self._mismatches.values()]
        execution = self._succeeded / self._weight
        earned = 0.1 * (sum(looks) + execution)
        total = earned / 0.5 if self._facts is None else earned + 0.5 * self._facts
        return Score(sum(looks) / len(looks), execution, self._facts, 0.0, total)
