"""One episode: the state machine, and the only place that knows the order of the stages.

Enters: a task on its snapshot, then whatever the agent emits. Leaves: observation, reward, and the reasons.
The way of a call is `Episode.step`: parse, check, replay, score, observe.

An episode ends *terminated* with a final answer, *truncated* when its turns or calls are spent. A step after
the end is answered `episode_over`, changes nothing and pays nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .calls import render, results
from .calls.parse import parse
from .calls.types import Answered, Code, Failure, Reply, ToolCall, Turn, close_names
from .calls.validate import check
from .errors import UsageError
from .jsonvalues.canonical import NotCanonical, encode, plain, replay_key
from .reward.config import Reward, Score, configured
from .reward.scorer import scorer
from .snapshot import Snapshot
from .snapshot.catalog import Tool
from .task import Task
from .taskset import MEMO_LIMIT, Setting, Stage


@dataclass(frozen=True, slots=True)
class Rules:
    """What an episode allows.

    `max_turns` and `max_calls` of `None` mean twice the golden calls plus 4, and four times plus 16: room to
    explore and to repair, not to try everything. `miss` is `error`, `raise` or `live`, and the last needs a stage
    with a live API; `max_response_chars` is where a recorded response is cut in the observation, `max_items` where
    each of its lists is (`None`: nowhere), and `tool_docs` is how tools are told at reset (`observe.TOOL_DOCS`).
    Raises `UsageError` on anything else.
    """

    miss: str = "error"
    max_turns: int | None = None
    max_calls: int | None = None
    max_response_chars: int = 16384
    max_items: int | None = None
    tool_docs: str = "full"

    def __post_init__(self) -> None:
        if self.miss not in results.MISS_POLICIES:
            raise UsageError(f"miss: expected one of {', '.join(results.MISS_POLICIES)}, found {self.miss!r}")
        if self.tool_docs not in render.TOOL_DOCS:
            raise UsageError(
                f"tool_docs: expected one of {', '.join(render.TOOL_DOCS)}, found {self.tool_docs!r}"
            )
        for name in ("max_turns", "max_calls", "max_response_chars", "max_items"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise UsageError(f"{name}: expected a whole number of at least 1, found {value!r}")


class Step(NamedTuple):
    """What one step gave. `calls` are the answered calls, then the unreadable ones; `ids` goes with them."""

    text: str
    reward: float
    terminated: bool
    truncated: bool
    score: Score
    calls: tuple[Answered, ...]
    ids: tuple[str, ...]
    credited: tuple[str | None, ...]


class Episode:
    """One task being played."""

    def __init__(self, setting: Setting, reward: Reward = "graduated", rules: Rules = Rules()) -> None:
        if rules.miss == "live" and setting.live is None:
            raise UsageError('miss="live" needs record=, the spec that says how the API is asked')
        n = len(setting.task.golden)
        self.setting = setting
        self.max_turns = rules.max_turns or 2 * n + 4
        self.max_calls = rules.max_calls or 4 * n + 16
        self.terminated = False
        self.truncated = False
        self.score = Score(answer=0.0 if setting.task.answer else None)
        self._rules = rules
        self._scorer = scorer(setting.rubric, reward)
        self._turns = 0
        self._calls = 0

    @property
    def over(self) -> bool:
        return self.terminated or self.truncated

    def step(self, action: Any, last: bool = False) -> Step:
        """Take one assistant message; `last` says that none follows. Never raises for what `action` holds.

        Raises `NotRecordedError` under the miss policy `raise`.
        """
        turn = parse(action)
        if self.over:
            return self._late(turn.calls, turn.failures)
        first = self._calls
        calls, reward = self.play(turn, last)
        return Step(
            render.turn_text(calls, self._rules.max_response_chars, self._rules.max_items),
            reward,
            self.terminated,
            self.truncated,
            self.score,
            calls,
            _ids((*turn.calls, *turn.failures), first),
            tuple(self._scorer.credited()),
        )

    def play(self, turn: Turn, last: bool = False) -> tuple[tuple[Answered, ...], float]:
        """Take a turn that is read already: the answered calls and the reward, without a text of them.

        For an episode that is not over; raises as `step` does.
        """
        calls = tuple([self._reply(c) for c in turn.calls] + [self._unread(f) for f in turn.failures])
        self._turns += 1
        self.terminated = turn.answer is not None
        self.truncated = not self.terminated and (
            self._turns >= self.max_turns or self._calls >= self.max_calls
        )
        before = self.score.total
        self.score = self._scorer.turn(calls, turn.answer, self.over or last)
        return calls, self.score.total - before

    def messages(self, step: Step) -> list[dict[str, Any]]:
        """The replies of a step as chat messages."""
        rules = self._rules
        return render.turn_messages(step.calls, step.ids, rules.max_response_chars, rules.max_items)

    def _reply(self, call: ToolCall) -> Answered:
        """Look up first: a recorded call is valid by construction. Check only on a miss."""
        self._calls += 1
        if self._calls > self.max_calls:
            return Answered(self._spent(), call)
        tool = self.setting.tools.get(call.name)
        if tool is None:
            return Answered(results.unknown(call.name, close_names(call.name, self.setting.task.tools)), call)
        try:
            arguments = tool.normalise(call.arguments)
            key = replay_key(tool.name, encode(arguments))
        except NotCanonical as error:
            return Answered(results.unparsable(Failure("arguments", str(error))), call)
        found = self.setting.snapshot.get(key, self.setting.task.id)
        if found is not None:
            return Answered(results.recorded(found), call, arguments, key)
        return Answered(self._verdict(call, tool, key) or self._missed(call, key), call, arguments, key)

    def _missed(self, call: ToolCall, key: str) -> Reply:
        """A valid call that is not recorded: asked now if the policy is `live`."""
        if self._rules.miss != "live" or self.setting.live is None:
            return results.missed(call, self._rules.miss)
        answer = self.setting.live.answer(key, call.name, plain(call.arguments))
        if isinstance(answer, str):
            return results.missed(call, "live", f"the API gave no answer to keep: {answer}")
        return results.recorded(answer)

    def _unread(self, failure: Failure) -> Answered:
        self._calls += 1
        return Answered(self._spent() if self._calls > self.max_calls else results.unparsable(failure))

    def _spent(self) -> Reply:
        return results.refused(Code.BUDGET_SPENT, f"all {self.max_calls} calls are spent")

    def _verdict(self, call: ToolCall, tool: Tool, key: str) -> Reply | None:
        """The reply to an invalid call, `None` if the call is valid; remembered, with a bound.

        Remembered by key, and by spelling where a tool folds: "metric" may break a pattern that "METRIC" keeps.
        """
        verdicts = self.setting.verdicts
        spelling = f"{key} {encode(plain(call.arguments))}" if tool.folds else key
        try:
            return verdicts[spelling]
        except KeyError:  # one look-up: another thread's episode may clear the memo between two
            violations = check(tool, plain(call.arguments))
        if len(verdicts) >= MEMO_LIMIT:
            verdicts.clear()
        verdict = verdicts[spelling] = results.invalid(violations) if violations else None
        return verdict

    def _late(self, calls: Sequence[ToolCall], failures: Sequence[Failure]) -> Step:
        reply = results.refused(Code.EPISODE_OVER, "the episode has ended; call reset")
        answered = tuple(Answered(reply, call) for call in calls) or (Answered(reply),)
        ids = _ids((*calls, *failures), self._calls) or (f"call_{self._calls}",)
        text = render.turn_text(answered, self._rules.max_response_chars)
        nothing = (None,) * len(answered)
        return Step(
            text, 0.0, self.terminated, self.truncated, self.score, answered, ids[: len(answered)], nothing
        )


def score_turns(task: Task, turns: Iterable[Any], snapshot: Snapshot, reward: Reward = "graduated") -> Score:
    """The score of a whole trace: `turns` are actions of any form, in order, played without limits.

    Turns after a final answer are not taken; the last turn counts as the end. Raises `TaskError`,
    `UsageError`.
    """
    if not isinstance(task, Task) or not isinstance(snapshot, Snapshot) or isinstance(turns, (str, dict)):
        found = ", ".join(type(given).__name__ for given in (task, turns, snapshot))
        raise UsageError(f"score_turns: expected a Task, a list of turns and an open Snapshot, found {found}")
    config, _ = configured(reward)
    endless = Rules(max_turns=1 << 62, max_calls=1 << 62)
    episode = Episode(Stage(snapshot, [task], config.rungs).setting(task.id), reward, endless)
    actions = list(turns)
    for index, action in enumerate(actions):
        episode.step(action, last=index == len(actions) - 1)
        if episode.over:
            break
    return episode.score


def _ids(read: Sequence[ToolCall | Failure], first: int) -> tuple[str, ...]:
    return tuple([one.id or f"call_{first + index}" for index, one in enumerate(read)])
