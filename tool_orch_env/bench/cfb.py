"""`cfb-offline`: the deterministic part of ComplexFuncBench's protocol, in its original (lenient) and a strict form.

Its results are not comparable with the published table: recorded responses replace the live API, a similarity measure
replaces sentence embeddings, and the LLM judge is left out unless the caller supplies one (see `cfb_match.py`).

The list of pending golden calls starts with step 0, plus step 1 if step 0 consists of free calls. A turn with at least
one match removes the matched calls from the list and appends the next step. The reply to a matched call is its recorded
observation, the reply to a format error is `{"error"}`, and the reply to any other call is `PROBLEM`. An episode ends
with one of:

==================  =========================================================================
success             final text, when only free calls are pending and every step was reached
stop_early          any other final text
no_match            a turn without a match and without a format error
func_hallucination  a call when no golden call is pending
decode_error        a call that cannot be parsed
name_error          a call without a name
turn_limit          too many turns: 100, or 2n + 4 if strict; the original has no limit
before_observation  strict only: final text, but some call was made in the same turn as, or in an
                    earlier turn than, the call that supplies its values
==================  =========================================================================

The lenient form keeps a quirk of the original: repeating a free call counts as another match. The strict form counts it
once, and the repeat does not append the next step.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..calls.types import ToolCall, Turn
from ..episode import EpisodeLimits, Step
from ..task import GoldenCall, Task
from ..taskset import CompiledTask
from .cfb_match import Deciding, Judge, all_free, format_error, is_free, pair, same, same_response
from .play import Play

SYSTEM_PROMPT = (
    "You fulfil the user's request by calling functions. Take values from the request or from what functions "
    "returned. Calls that do not depend on each other may go into one message. "
    "When nothing is left to call, answer the user without any call."
)
PROBLEM = json.dumps(
    {
        "api_status": True,
        "content": "There is a problem with your api call, please double-check for possible problems.",
    }
)
LENIENT_CAP = 100
"""Turn limit of the lenient form. The original has none."""


@dataclass(frozen=True, slots=True)
class CfbOptions:
    """`deciding` is described at `cfb_match.Deciding`. `judge` decides pairs that no other rule found equal."""

    strict: bool = False
    deciding: Deciding = field(default_factory=dict)
    judge: Judge | None = None


LENIENT = CfbOptions()


def golden_steps(task: Task) -> list[list[GoldenCall]]:
    """The golden calls grouped by the turns in `task.meta["turns"]`, or by dependency level if there are none."""
    turns = task.meta.get("turns")
    if not isinstance(turns, list) or len(turns) != len(task.golden):
        return [list(layer) for layer in task.layers]
    steps: dict[int, list[GoldenCall]] = {}
    for turn, call in zip(turns, task.golden, strict=True):
        steps.setdefault(turn, []).append(call)
    return [steps[turn] for turn in sorted(steps)]


class CfbPlay(Play):
    """One episode under `cfb-offline`. The package's own episode runs in parallel, only for the error diagnosis."""

    limits = EpisodeLimits(max_turns=1 << 62, max_calls=1 << 62)

    def __init__(self, compiled: CompiledTask, options: CfbOptions = LENIENT) -> None:
        super().__init__(compiled)
        self._options = options
        self._steps = golden_steps(compiled.task)
        self._cap = 2 * len(compiled.task.golden) + 4 if options.strict else LENIENT_CAP
        self._waiting: list[GoldenCall] = []
        self._reached = 0
        self._matched_in: dict[str, int] = {}
        self._repeats = 0
        self._append_step()
        if all_free(self._waiting):
            self._append_step()

    def opening(self) -> list[dict[str, Any]]:
        return [
            {"role": "system", "content": SYSTEM_PROMPT},
            {"role": "user", "content": self.compiled.task.request},
        ]

    def replies(self, step: Step, turn: Turn) -> list[str]:
        silent = [call.result.text for call in step.calls]
        if turn.parse_errors:
            nameless = any(error.nameless for error in turn.parse_errors)
            self.stop_reason = "name_error" if nameless else "decode_error"
            return silent
        if turn.answer is not None:
            self.stop_reason = self._ending()
            return silent
        if not self._waiting:
            self.stop_reason = "func_hallucination"
            return silent
        return self._answer([call for call in turn.calls if isinstance(call, ToolCall)])

    def _ending(self) -> str:
        if not all_free(self._waiting) or self._reached < len(self._steps):
            return "stop_early"
        return "before_observation" if self._options.strict and self._blind() else "success"

    def _answer(self, calls: Sequence[ToolCall]) -> list[str]:
        """Return the replies to a turn's calls. Appends the next golden step or sets `stop_reason`."""
        replies: list[str | None] = [None] * len(calls)
        matches, alive = self._equal_ones(calls, replies)
        rest = [i for i, reply in enumerate(replies) if reply is None]
        more, errors = self._paired_ones([calls[i] for i in rest])
        for position, text in more.items():
            replies[rest[position]] = text
        if matches + len(more) - errors > 0:
            self._append_step()
        elif not errors and not alive:
            self.stop_reason = "no_match"
        if self.stop_reason is None and self.turns >= self._cap:
            self.stop_reason = "turn_limit"
        return [reply or PROBLEM for reply in replies]

    def _equal_ones(self, calls: Sequence[ToolCall], replies: list[str | None]) -> tuple[int, bool]:
        """Fill in `replies` for calls that equal a pending or an already reached golden call.

        Returns the number of matches, and whether a repeated free call keeps the episode alive.
        """
        known = [call for step in self._steps[: self._reached] for call in step]
        matches, alive = 0, False
        for index, call in enumerate(calls):
            waiting = next((one for one in self._waiting if same(call, one)), None)
            if waiting is not None:
                matches += 1
                replies[index] = self._match(waiting)
            elif (golden := next((one for one in known if same(call, one)), None)) is not None:
                replies[index] = self._observation(golden)
                if is_free(golden):
                    alive = True
                    self._repeats += 1
                    matches += not self._options.strict
        return matches, alive

    def _paired_ones(self, calls: Sequence[ToolCall]) -> tuple[dict[int, str], int]:
        """Pair the remaining calls with pending golden calls.

        Returns replies by position (observations for pairs found equal, messages for format errors) and the number
        of format errors.
        """
        found: dict[int, str] = {}
        errors = 0
        waiting = list(self._waiting)
        for row, column in pair(calls, waiting).items():
            wrong = format_error(calls[row], self.compiled.tools)
            if wrong is not None:
                errors += 1
                found[row] = json.dumps({"error": wrong})
            elif self._equal(calls[row], waiting[column]):
                found[row] = self._match(waiting[column])
        return found, errors

    def _equal(self, call: ToolCall, golden: GoldenCall) -> bool:
        task, judge = self.compiled.task, self._options.judge
        if same_response(call, golden, task, self.compiled.snapshot, self._options.deciding):
            return True
        return judge is not None and judge(call, golden, task)

    def _match(self, golden: GoldenCall) -> str:
        self._waiting = [one for one in self._waiting if one is not golden]
        self._matched_in[golden.id] = self.turns
        return self._observation(golden)

    def _observation(self, golden: GoldenCall) -> str:
        found = self.compiled.snapshot.lookup(golden.tool, golden.arguments, self.compiled.task.id)
        return found.text if found else json.dumps({"error": "no response was recorded to this call"})

    def _append_step(self) -> None:
        if self._reached < len(self._steps):
            self._waiting += self._steps[self._reached]
            self._reached += 1

    def _blind(self) -> bool:
        """Whether a call was matched in the same turn as, or before, one that it needs.

        Also true if all golden calls of several steps were matched in the first turn.
        """
        turn_of = self._matched_in
        if (
            len(self._steps) > 1
            and len(turn_of) == len(self.compiled.task.golden)
            and set(turn_of.values()) == {1}
        ):
            return True
        return any(
            turn_of[call.id] <= turn_of[needed]
            for call in self.compiled.task.golden
            if call.id in turn_of
            for needed in call.needs
            if needed in turn_of
        )

    def verdict(self, golden: dict[str, str]) -> dict[str, Any]:
        matched, wanted = len(self._matched_in), len(self.compiled.task.golden)
        return {
            "success": self.stop_reason == "success",
            "score": matched / wanted,
            "correct_calls": matched + (0 if self._options.strict else self._repeats),
            "golden_calls": wanted,
            "correct_turns": sum(all(c.id in self._matched_in for c in step) for step in self._steps),
            "golden_turns": len(self._steps),
        }
