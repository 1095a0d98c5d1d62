"""One episode: a task being played, and the only module that knows the order of a call's stages.

A call is parsed, looked up, validated only if it was not recorded, given its result, scored, and rendered. Recording
validates every call, so a recorded call is valid by construction. The exception are tools that fold texts: there an
invalid call can have the key of a recorded one, and every call is validated. Responses are derived for valid calls
only.

An episode ends *terminated* with a final answer, and *truncated* when its turns or calls are spent or when `end` is
called. A step after the end is answered `episode_over`; it changes nothing and its reward is 0.

An exception while a message is answered and scored is this side's failure, not the agent's: the episode is *void*. It
ends, truncated, with reward 0 for the step, and `Episode.void` says why. Only the caller's own errors are raised.

Under `answer_form="fields"`, the final answer is a valid call of the task's submit tool. It is taken after the other
calls of its message and costs no call of the budget. The scorer sees its arguments, not the call.
"""

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ._deprecated import moved
from .answers.reading import Answer, FactReading
from .answers.submit import ANSWER_FORMS
from .calls import render, results
from .calls.parse import parse_message
from .calls.types import AnsweredCall, CallResult, ParseError, Status, ToolCall, Turn, close_names
from .calls.validate import outside, validate
from .calls.void import cause_of
from .errors import LiveError, NotRecordedError, SnapshotError, UsageError, VoidError
from .jsonvalues.canonical import NotCanonical, encode, plain, replay_key
from .reward.config import Reward, Score, configured
from .reward.scorer import scorer
from .snapshot import Snapshot
from .snapshot.catalog import Tool
from .task import Task
from .taskset import CompiledTask, TaskSet

_ENDLESS = 1 << 62
_log = logging.getLogger(__name__)
_VOID = "the environment failed, through no fault of yours: this episode is void and has ended"


@dataclass(frozen=True, slots=True)
class EpisodeLimits:
    """What an episode allows. Raises `UsageError` on any other value.

    Args:
        on_miss: What a valid call without a recorded response gets: `error` (a typed result), `raise`, or `live` (the
            API is asked; the episode needs a live API).
        max_turns: Assistant messages; `None` for twice the golden calls plus 4.
        max_steps: Assistant messages at most, whatever `max_turns` is: a vector's `max_episode_steps`.
        max_calls: Tool calls; `None` for four times the golden calls plus 16: room to explore and to repair, not to
            try everything.
        max_response_chars: Where a recorded response is cut in the observation, in characters.
        max_items: Where each list of a recorded response is cut, in items; `None` for nowhere.
        tool_docs: How tools are described in the first observation, a key of `render.TOOL_DOCS`.
        answer_form: What the final answer of a task with facts is: `text`, or `fields`, a call of `submit_answer`.
    """

    on_miss: str = "error"
    max_turns: int | None = None
    max_calls: int | None = None
    max_response_chars: int = 16384
    max_items: int | None = None
    tool_docs: str = "full"
    max_steps: int | None = None
    answer_form: str = "text"

    def __post_init__(self) -> None:
        for name, known in (
            ("on_miss", results.MISS_POLICIES),
            ("tool_docs", tuple(render.TOOL_DOCS)),
            ("answer_form", ANSWER_FORMS),
        ):
            if getattr(self, name) not in known:
                raise UsageError(f"{name}: expected one of {', '.join(known)}, found {getattr(self, name)!r}")
        for name in ("max_turns", "max_calls", "max_response_chars", "max_items", "max_steps"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise UsageError(f"{name}: expected a whole number of at least 1, found {value!r}")


DEFAULT_LIMITS = EpisodeLimits()


class Step(NamedTuple):
    """The outcome of one step. `calls` are in the order of the message, those that cannot be read included; `ids` and
    `credited` align with them. `credited` has the id of the golden call each is credited to so far, or `None`."""

    text: str
    reward: float
    terminated: bool
    truncated: bool
    score: Score
    calls: tuple[AnsweredCall, ...]
    ids: tuple[str, ...]
    credited: tuple[str | None, ...]


class Episode:
    """One task being played."""

    def __init__(
        self,
        compiled: CompiledTask,
        reward: Reward = "graduated",
        limits: EpisodeLimits = DEFAULT_LIMITS,
        live: results.LiveApi | None = None,
    ) -> None:
        """`live` is asked for calls that were not recorded, under `on_miss="live"`; raises `UsageError` without it."""
        if limits.on_miss == "live" and live is None:
            raise UsageError('on_miss="live" needs record=, the spec that says how the API is asked')
        n = len(compiled.task.golden)
        self.compiled = compiled
        self.task = compiled.task
        self.max_turns = min(limits.max_turns or 2 * n + 4, limits.max_steps or _ENDLESS)
        self.max_calls = limits.max_calls or 4 * n + 16
        self.terminated = False
        self.truncated = False
        self.score = Score(answer=0.0 if compiled.task.answer else None)
        self.void: str | None = None
        """Why the episode is void, a text of `calls.void`; `None` unless it is."""
        self._limits = limits
        self.answer_error: str | None = None
        """Why the final answer states no fact, where it was text instead of a call of the submit tool."""
        self._submit = compiled.submit(limits.answer_form)
        self.tools: Mapping[str, Tool] = compiled.tools
        """The tools offered, by name."""
        if self._submit is not None:
            self.tools = {**compiled.tools, self._submit.name: self._submit}
        self._live = live if limits.on_miss == "live" else None
        self._scorer = scorer(compiled.trace, reward)
        self._turns = 0
        self._calls = 0
        self._ids: set[str] = set()

    @property
    def submit_name(self) -> str | None:
        """The name of the tool that takes the final answer; `None` where that is text."""
        return None if self._submit is None else self._submit.name

    @property
    def readings(self) -> tuple[FactReading, ...]:
        """What the final answer says of each fact, and why it does not count; empty until there is one."""
        return () if self.void else self._scorer.readings()

    @property
    def over(self) -> bool:
        return self.terminated or self.truncated

    def step(self, action: Any) -> Step:
        """Take one assistant message. Never raises for what `action` holds.

        Raises `NotRecordedError` under `on_miss="raise"`, and `UsageError` for what a reward function does.
        """
        before, late, turn = self.score, self.over, Turn()
        try:
            turn = parse_message(action, self.tools)
            return self._late(turn) if late else self._step(turn)
        except Exception as error:
            if late:
                raise
            self._spoil(error, before)
        return self._refused(turn, Status.VOID, _VOID)

    def _step(self, turn: Turn) -> Step:
        ids = self._fresh_ids(turn)
        calls, reward = self._played(turn)
        return Step(
            render.turn_text(calls, self._limits.max_response_chars, self._limits.max_items),
            reward,
            self.terminated,
            self.truncated,
            self.score,
            calls,
            ids,
            self._credited(calls),
        )

    def play(self, turn: Turn) -> tuple[tuple[AnsweredCall, ...], float]:
        """Take a parsed message: the answered calls and the reward, without rendering them.

        For an episode that is not over; raises as `step` does.
        """
        before = self.score
        try:
            return self._played(turn)
        except Exception as error:
            self._spoil(error, before)
        return self._refused(turn, Status.VOID, _VOID).calls, 0.0

    def _played(self, turn: Turn) -> tuple[tuple[AnsweredCall, ...], float]:
        answer: Answer | None = turn.answer
        if self._submit is None:
            calls = tuple([self._taken(call) for call in turn.calls])
        else:
            calls, answer = self._with_submission(turn, self._submit)
        self._turns += 1
        self.terminated = answer is not None
        self.truncated = not self.terminated and (
            self._turns >= self.max_turns or self._calls >= self.max_calls
        )
        return calls, self._paid(calls, answer)

    def end(self) -> float:
        """End the episode now, as truncated, without another message; the reward that this still yields.

        For callers that cut episodes by rules of their own, a time limit for instance. Nothing happens to an episode
        that is over.
        """
        if self.over:
            return 0.0
        before = self.score
        self.truncated = True
        try:
            return self._paid((), None)
        except Exception as error:
            self._spoil(error, before)
        return 0.0

    def check(self) -> None:
        """Raise `VoidError` if the episode is void: for callers that want its score or nothing."""
        if self.void is not None:
            raise VoidError(self.void)

    def _spoil(self, error: Exception, before: Score) -> None:
        """Make the episode void; the score is what it was before the step. Raises what is the caller's own error."""
        if isinstance(error, UsageError | NotRecordedError):
            raise error
        self.void = cause_of(error)
        self.score = replace(before, success=False)
        self.terminated, self.truncated = False, True
        known = isinstance(error, LiveError | SnapshotError | OSError | sqlite3.Error)
        _log.warning("%s: void episode: %s", self.task.id, self.void, exc_info=None if known else error)

    def messages(self, step: Step) -> list[dict[str, Any]]:
        """The results of a step as chat messages."""
        limits = self._limits
        return render.turn_messages(step.calls, step.ids, limits.max_response_chars, limits.max_items)

    def _paid(self, calls: Sequence[AnsweredCall], answer: Answer | None) -> float:
        before = self.score.total
        if self._submit is not None:
            calls = [call for call in calls if not call.final]
        self.score = self._scorer.turn(calls, answer, self.over)
        return self.score.total - before

    def _credited(self, calls: Sequence[AnsweredCall]) -> tuple[str | None, ...]:
        """The golden call that each call is credited to so far; none for a final answer, which the scorer never saw."""
        credited = self._scorer.credited()
        if len(credited) == len(calls):
            return tuple(credited)
        others = iter(credited)
        return tuple([None if call.final else next(others) for call in calls])

    def _taken(self, call: ToolCall | ParseError) -> AnsweredCall:
        return self._answered(call) if isinstance(call, ToolCall) else self._unread(call)

    def _with_submission(self, turn: Turn, submit: Tool) -> tuple[tuple[AnsweredCall, ...], Answer | None]:
        """The calls of a turn, and the final answer if one of them is. The first valid submission counts.

        Text without a call is a final answer too, one that states nothing.
        """
        held = [isinstance(call, ToolCall) and call.name == submit.name for call in turn.calls]
        taken = [None if hold else self._taken(call) for call, hold in zip(turn.calls, held, strict=True)]
        answer: Answer | None = None
        for at, call in enumerate(turn.calls):
            if held[at] and isinstance(call, ToolCall):
                found = self._submitted(call, submit, again=answer is not None)
                answer = found.arguments if found.final else answer
                taken[at] = found
        if turn.answer is not None:
            self.answer_error = f"expected a call of {submit.name}, found text, which states no field"
            answer = {}
        return tuple([call for call in taken if call is not None]), answer

    def _submitted(self, call: ToolCall, submit: Tool, again: bool) -> AnsweredCall:
        """A call of the submit tool: the final answer if it is valid, else a call like any other.

        Its verdict is not remembered: the tool of another task has the same name.
        """
        if again:
            self._calls += 1
            return AnsweredCall(results.refused(Status.EPISODE_OVER, "the answer has been submitted"), call)
        try:
            arguments = submit.tidied(call.arguments) or call.arguments
            violations = validate(submit, plain(arguments))
        except NotCanonical as error:
            return self._unread(ParseError("arguments", str(error)), call)
        if not violations:
            return AnsweredCall(results.accepted(), call, plain(arguments), final=True)
        self._calls += 1
        if self._calls > self.max_calls:
            return AnsweredCall(self._spent(), call)
        return AnsweredCall(results.invalid(violations), call)

    def _answered(self, call: ToolCall) -> AnsweredCall:
        """Look the call up first; validate it only on a miss."""
        self._calls += 1
        if self._calls > self.max_calls:
            return AnsweredCall(self._spent(), call)
        tool = self.compiled.tools.get(call.name)
        if tool is None:
            return AnsweredCall(results.unknown(call.name, close_names(call.name, [*self.tools])), call)
        try:
            arguments = tool.normalise(call.arguments)
            text = encode(arguments)
            key = replay_key(tool.name, text)
        except NotCanonical as error:
            return AnsweredCall(results.unparsable(ParseError("arguments", str(error))), call)
        found = self.compiled.snapshot.get(key, self.task.id)
        if found is not None and not (tool.folds_text and self._invalid(tool, call)):
            return AnsweredCall(results.recorded(found), call, arguments, key)
        tidied = tool.tidied(call.arguments)
        if tidied is not None:
            return self._answered_tidily(call, tidied, tool)
        invalid = self._invalid(tool, call) if tool.rewrites else self.compiled.task_set.verdict(tool, text)
        return AnsweredCall(invalid or self._missed(call, key), call, arguments, key)

    def _answered_tidily(self, call: ToolCall, tidied: dict[str, Any], tool: Tool) -> AnsweredCall:
        """A call that is not recorded as it is written: without its needless nulls and spaces, if it is valid so."""
        valid = self.compiled.task_set.verdict(tool, encode(plain(tidied))) is None
        arguments = tool.normalise(tidied if valid else call.arguments)
        key = replay_key(tool.name, encode(arguments))
        if not valid:
            invalid = self._invalid(tool, call)
            return AnsweredCall(invalid or self._missed(call, key), call, arguments, key)
        found = self.compiled.snapshot.get(key, self.task.id)
        result = (
            results.recorded(found) if found is not None else self._missed(ToolCall(call.name, tidied), key)
        )
        return AnsweredCall(result, call, arguments, key)

    def _invalid(self, tool: Tool, call: ToolCall) -> CallResult | None:
        """The result of an invalid call, `None` if it is valid; what was written is what is validated."""
        return self.compiled.task_set.verdict(tool, encode(plain(call.arguments)))

    def _missed(self, call: ToolCall, key: str) -> CallResult:
        """The result of a valid call that is not recorded: derived, or as `on_miss` says."""
        tool = self.compiled.tools[call.name]
        found = self.compiled.snapshot.derived(tool, call.arguments, key)
        if found is not None:
            return results.recorded(found)
        if self._live is None:
            beyond = outside(tool, plain(call.arguments))
            return results.missed(call, self._limits.on_miss, outside=beyond)
        try:
            answer = self._live.answer(key, call.name, plain(call.arguments))
        except (LiveError, SnapshotError, sqlite3.Error):
            raise
        except Exception as error:
            raise LiveError(f"{type(error).__name__}: {error}") from error
        if isinstance(answer, str):
            return results.missed(call, "live", f"the API gave no answer to keep: {answer}")
        return results.recorded(answer)

    def _unread(self, error: ParseError, call: ToolCall | None = None) -> AnsweredCall:
        self._calls += 1
        result = self._spent() if self._calls > self.max_calls else results.unparsable(error)
        return AnsweredCall(result, call, error=None if call else error)

    def _spent(self) -> CallResult:
        return results.refused(Status.BUDGET_SPENT, f"all {self.max_calls} calls are spent")

    def _late(self, turn: Turn) -> Step:
        return self._refused(turn, Status.EPISODE_OVER, "the episode has ended; call reset")

    def _refused(self, turn: Turn, status: Status, why: str) -> Step:
        """A step in which every call gets the same result, or a message without calls gets it as a reply."""
        result = results.refused(status, why)
        answered = tuple(
            [
                AnsweredCall(result, c) if isinstance(c, ToolCall) else AnsweredCall(result, error=c)
                for c in turn.calls
            ]
        ) or (AnsweredCall(result),)
        ids = self._fresh_ids(turn) or (self._fresh_id(None),)
        text = render.turn_text(answered, self._limits.max_response_chars)
        nothing = (None,) * len(answered)
        return Step(text, 0.0, self.terminated, self.truncated, self.score, answered, ids, nothing)

    def _fresh_ids(self, turn: Turn) -> tuple[str, ...]:
        return tuple([self._fresh_id(call.id) for call in turn.calls])

    def _fresh_id(self, given: str | None) -> str:
        """The id that a call's result goes back with: as given, or numbered where it was given before, or new."""
        used = self._ids
        fresh = given or f"call_{len(used)}"
        if fresh in used:
            stem, number = given or "call", len(used)
            while (fresh := f"{stem}_{number}") in used:
                number += 1
        used.add(fresh)
        return fresh


def score_turns(
    task: Task,
    turns: Iterable[Any],
    snapshot: Snapshot,
    reward: Reward = "graduated",
    answer_form: str = "text",
) -> Score:
    """The score of a whole trace: `turns` are actions of any form, in order, played without limits.

    Turns after a final answer are ignored; without one, the episode ends after the last turn. `answer_form` is as in
    `EpisodeLimits`. Raises `TaskError`, `UsageError`, and `VoidError` if the snapshot's responses cannot be read.
    """
    if not isinstance(task, Task) or not isinstance(snapshot, Snapshot) or isinstance(turns, (str, dict)):
        found = ", ".join(type(given).__name__ for given in (task, turns, snapshot))
        raise UsageError(f"score_turns: expected a Task, a list of turns and an open Snapshot, found {found}")
    config, _ = configured(reward)
    actions = list(turns)
    limits = EpisodeLimits(max_turns=max(1, len(actions)), max_calls=_ENDLESS, answer_form=answer_form)
    episode = Episode(TaskSet(snapshot, [task], config.credit).compiled(task.id), reward, limits)
    for action in actions:
        if episode.over:
            break
        episode.step(action)
    episode.check()
    return episode.score


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "Rules": "episode:EpisodeLimits",
            "Setting": "taskset:CompiledTask",
            "Stage": "taskset:TaskSet",
        },
    )
