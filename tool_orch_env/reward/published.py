"""The reward formula published with arXiv 2603.24709, implemented to the letter for comparison.

It is rewarded once, at the end of the episode. It can be gamed: docs/reward.md has the rewards of policies that skip
work or make junk calls.

    AST(call)  = 0.33 [name] + 0.33 (shared / golden params)(share of shared params of the same type)
                 + 0.34 [strict value check]                         no golden call of that name: 0
    Sem(call)  = 1 if a response exists, is not empty, and has neither `error` nor `status: false`
    R_atomic   = mean over emitted calls of (AST + Sem) / 2          unparsable calls are dropped
    R_orch     = share of golden calls for which some emitted call has the same name and comes after the
                 calls that matched its prerequisites
    R          = 0.5 R_atomic + 0.5 R_orch

Each emitted call is compared with the first golden call of its name; one emitted call may match several. The strict
check requires every golden parameter and no other; the same type (an integer passes for a float); strings that are
equal after removing spaces and `,./-_*^`, lowering the case and replacing single quotes by double; lists that match
element by element. An object never passes: BFCL's checker reads a golden object as a table of alternatives and finds no
match in it, and the published figures include that.
"""

import json
from collections.abc import Sequence
from typing import Any

from ..answers.reading import Answer
from ..calls.types import AnsweredCall
from .config import Score
from .golden import CompiledTrace

_DROPPED = str.maketrans({**dict.fromkeys(" ,./-_*^"), "'": '"'})


class Published:
    """Scores one episode by the published formula."""

    def __init__(self, trace: CompiledTrace) -> None:
        self._golden = trace.task.golden
        self._calls: list[tuple[str, dict[str, Any], str | None]] = []
        self._last = 0

    def turn(self, calls: Sequence[AnsweredCall], answer: Answer | None, done: bool) -> Score:
        self._last = len(calls)
        self._calls += [
            (c.call.name, c.call.arguments, c.result.text if c.result.recorded else None)
            for c in calls
            if c.call
        ]
        atomic, orchestration = self._atomic(), self._orchestration()
        total = 0.5 * atomic + 0.5 * orchestration if done else 0.0
        return Score(atomic, orchestration, None, 0.0, total)

    def credited(self) -> list[str | None]:
        return [None] * self._last

    def _atomic(self) -> float:
        if not self._calls:
            return 0.0
        return sum(self._call_score(*call) for call in self._calls) / len(self._calls)

    def _call_score(self, name: str, arguments: dict[str, Any], text: str | None) -> float:
        golden = next((g for g in self._golden if g.tool == name), None)
        if golden is None:
            return 0.0
        return (_ast(arguments, golden.arguments) + _sem(text)) / 2

    def _orchestration(self) -> float:
        matched: dict[str, int] = {}
        for golden in self._golden:
            for position, (name, _, _) in enumerate(self._calls):
                after = all(needed in matched and matched[needed] < position for needed in golden.needs)
                if name == golden.tool and after:
                    matched[golden.id] = position
                    break
        return len(matched) / len(self._golden)


def _ast(arguments: dict[str, Any], golden: dict[str, Any]) -> float:
    shared = arguments.keys() & golden.keys()
    same = sum(_kind(arguments[name]) == _kind(golden[name]) for name in shared)
    present = len(shared) / len(golden) if golden else 1.0
    typed = same / len(shared) if shared else float(not golden)
    return 0.33 + 0.33 * present * typed + 0.34 * _strict(arguments, golden)


def _sem(text: str | None) -> float:
    response = json.loads(text) if text is not None else None
    if not response:
        return 0.0
    broken = isinstance(response, dict) and ("error" in response or response.get("status") is False)
    return 0.0 if broken else 1.0


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def _strict(arguments: dict[str, Any], golden: dict[str, Any]) -> bool:
    return arguments.keys() == golden.keys() and all(_same(arguments[k], golden[k]) for k in golden)


def _same(value: Any, golden: Any) -> bool:
    if type(value) is not type(golden) and not (type(value) is int and type(golden) is float):
        return False
    if isinstance(golden, list):
        return len(value) == len(golden) and all(map(_same, value, golden))
    return not isinstance(golden, dict) and bool(_standard(value) == _standard(golden))


def _standard(value: Any) -> Any:
    return value.translate(_DROPPED).lower() if isinstance(value, str) else value
