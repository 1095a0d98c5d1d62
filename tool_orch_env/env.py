"""`ToolOrch-v0`: the Gymnasium shell around `Episode`. It knows nothing of how a call is parsed, answered or scored."""

import warnings
from collections.abc import Iterable
from functools import cached_property
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym

from ._deprecated import moved
from .calls import render
from .calls.results import LiveApi
from .calls.types import AnsweredCall
from .episode import Episode, EpisodeLimits, Step
from .errors import UsageError
from .reward.config import Reward
from .snapshot import Snapshot
from .spaces import AnyText, AssistantMessage
from .task import Task
from .taskset import TaskSet, open_task_set


class ToolOrchEnv(gym.Env[str, Any]):
    """One multi-step tool-orchestration task per episode, answered from recorded API responses.

    ## Description
    A task is a user's request, the tools that may be called, and a golden trace: calls that depend on each other. The
    agent writes assistant messages. The environment parses the tool calls in a message, looks each up among the
    recorded responses, validates it against the tool's JSON Schema if it was not recorded, and returns the results. A
    message without a call is the final answer and ends the episode; under `answer_form="fields"` the final answer is a
    call of the tool `submit_answer`. `reset` draws a task uniformly, or takes
    `options={"task_id": ...}`; `env.unwrapped.task_ids` lists the tasks.

    ## Action Space
    `AssistantMessage`: any string, read as an assistant message with calls in a usual tool-call format, for example
    `<tool_call>{"name": "search_city", "arguments": {"name": "Houston"}}</tool_call>`; or an OpenAI assistant message
    (`{"content": ..., "tool_calls": [...]}`); or one call (`{"name": ..., "arguments": {...}}` or a `ToolCall`), a
    list of calls, or a `Turn`. No action raises: a call that cannot be read gets the result `unparsable`.

    ## Observation Space
    `AnyText`: only what is new. After `reset`: system prompt, tools, request. After a step: a JSON array with an
    object per call, `{"tool", "code", "response"}` for a recorded response, else `{"tool", "code", "error"}`, with
    `code` one of `ok`, `api_error`, `not_recorded`, `invalid_arguments`, `unknown_tool`, `unparsable`, `episode_over`,
    `budget_spent` and `void` (`calls.types.STATUS_MEANINGS`). A response longer than `max_response_chars` is `{"tool",
    "code", "truncated": {"shown", "of"}, "response_text"}`.

    ## Rewards
    Under `graduated`, the default, the reward of a step is S_t - S_(t-1), in [-1, 1], where the score S in [0, 1] is
    max(0, 0.4 A + 0.4 O + 0.2 F - cost): A is how correct the calls are, O the share of golden calls answered in
    order, F the share of facts that the final answer states and whose calls are answered. The cost grows with the
    square of the left-over calls per golden call. On a task without facts A and O weigh 0.5 each. Rewards sum to the
    episode's score, 1.0 only for a complete, correct trajectory. `binary`, `atomic_only`, `orchestration_only`,
    `execution` and `published` are for comparison.

    ## Episode End
    Terminated by a final answer. Truncated once `max_turns` messages or `max_calls` calls are spent. Prefer `max_turns`
    to Gymnasium's `TimeLimit` (`max_episode_steps` of `gym.make`): the wrapper does not tell the environment that the
    episode is over. Where one cuts an episode, `env.unwrapped.end()` scores it.

    Truncated and *void* if this side fails in the middle of it: the API behind a live miss, the store of responses, the
    package itself. A void episode says nothing of the agent: leave it out, or play it again.

    ## Information
    - `task_id` (str), `messages` (list of new chat messages; a tool message carries its `tool_call_id`) and `calls`
      (per call: `id`, unique in the episode; `given_id`, its id in the message; `tool`, `code`, `violations`,
      `recorded` and `derived`, whether its response was recorded or follows from recorded ones by a rule of the tool;
      `credited_to`, the golden call it is credited to so far): always.
    - `score`: `atomic`, `orchestration`, `answer` (`None` without facts), `waste`, `total`: always.
    - `tools`: the tools offered, as OpenAI function tools: after `reset`.
    - `facts` (list): at the end, what the final answer says of each fact: `name`; `share`, what of it counts; `quote`
      and `span`, where it was read in the answer; `why` it does not count in full. Empty without a final answer.
    - `void` (str): at the end of a void episode only, its cause, `CODE: detail` (`calls.void.VOID_MEANINGS`). The
      step's reward is 0, and `success` is false.
    - `answer_error` (str): at the end, where `submit_answer` was expected and the final answer was text.
    - `episode_score` (float, the sum of all rewards) and `success` (bool: every golden call answered in order, every
      fact stated, at most one left-over call per golden call; the same under every reward): at the end of the episode.

    ## Arguments
    - `snapshot` (`"travel"`): a bundled name, a folder, or an open `Snapshot`.
    - `split` (`"train"`): which of the snapshot's splits; ignored if `tasks` is given.
    - `tasks` (`None`): a task file, or a list of `Task`, in place of the split.
    - `reward` (`"graduated"`): a preset, a `RewardConfig`, or a function from `Score` to S.
    - `max_turns` (`None`): assistant messages per episode; `None` for twice the golden calls plus 4.
    - `max_calls` (`None`): tool calls per episode; `None` for four times the golden calls plus 16.
    - `on_miss` (`"error"`): what a valid call without a recorded response gets: `"error"` is the result `not_recorded`,
      `"raise"` raises `NotRecordedError`, `"live"` asks the API and keeps its answer (extra `[record]`).
    - `record`, `overlay` (`None`): under `on_miss="live"`, the recording spec's path (or an object with the method of
      `calls.results.LiveApi`), and the folder that keeps live answers (by default in the user's cache folder).
    - `max_response_chars` (16384): where a recorded response is cut in the observation, in characters.
    - `max_items` (`None`): where every list in a recorded response is cut in the observation, in items.
    - `tool_docs` (`"full"`): how the first observation describes tools: `"full"` (their schemas), `"short"`
      (signature and first sentence) or `"signature"`. `info["tools"]` is always complete.
    - `answer_form` (`"text"`): what the final answer of a task with facts is: `"text"`, or `"fields"`, a call of the
      additional tool `submit_answer`, whose typed parameters are the facts and are compared exactly.
    - `render_mode` (`None`): `"ansi"`: `render` returns the last observation.
    - `task_set` (`None`): a `TaskSet` to play, in place of `snapshot`, `split` and `tasks`. A `RewardConfig` must have
      its credit weights.

    The constructor raises `UsageError`, `SnapshotError` or `TaskError`; opening is cached per process, so that a second
    environment on the same split costs next to nothing.

    ## Version History
    - v0: first version.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - gymnasium declares it on the instance

    def __init__(
        self,
        snapshot: str | Path | Snapshot = "travel",
        split: str = "train",
        tasks: str | Path | Iterable[Task] | None = None,
        reward: Reward = "graduated",
        max_turns: int | None = None,
        on_miss: str = "error",
        max_response_chars: int = 16384,
        max_calls: int | None = None,
        render_mode: str | None = None,
        record: str | Path | LiveApi | None = None,
        overlay: str | Path | None = None,
        task_set: TaskSet | None = None,
        max_items: int | None = None,
        tool_docs: str = "full",
        answer_form: str = "text",
        *,
        max_steps: int | None = None,
        miss: str | None = None,
        stage: TaskSet | None = None,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UsageError(f"render_mode: expected None or ansi, found {render_mode!r}")
        on_miss = _renamed("miss", miss, "on_miss", on_miss)
        self.render_mode = render_mode
        self._reward = reward
        self._limits = EpisodeLimits(
            on_miss, max_turns, max_calls, max_response_chars, max_items, tool_docs, max_steps, answer_form
        )
        self._task_set = _renamed("stage", stage, "task_set", task_set) or open_task_set(
            snapshot, split, tasks, reward
        )
        self._task_set.check_reward(reward)
        self._live = live_api(record, self._task_set.snapshot, overlay)
        if on_miss == "live" and self._live is None:
            raise UsageError('on_miss="live" needs record=, the spec that says how the API is asked')
        self._episode: Episode | None = None
        self.last: str = ""
        """The last observation."""

    @cached_property
    def observation_space(self) -> AnyText:  # type: ignore[override]  # made on use: a vector's members use none
        return AnyText()

    @cached_property
    def action_space(self) -> AssistantMessage:  # type: ignore[override]
        return AssistantMessage()

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The ids that `reset(options={"task_id": ...})` takes, in the order of the tasks."""
        return self._task_set.ids

    @property
    def submit_name(self) -> str | None:
        """The name of the tool that takes the episode's final answer; `None` where that is text."""
        return self._playing().submit_name

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Begin a task: the one of `options["task_id"]`, else one drawn uniformly from the task set."""
        info = self.begin(seed, wanted_task(options))
        return self.last, info

    def step(self, action: Any) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Take one assistant message. Never raises for what `action` holds, nor for what fails on this side."""
        reward, terminated, truncated, info = self.advance(action)
        return self.last, reward, terminated, truncated, info

    def end(self) -> tuple[float, dict[str, Any]]:
        """End the episode now, as truncated: the reward that this still yields, and the final info.

        For wrappers that cut episodes by their own rules, such as `TimeLimit`. Nothing changes once the episode is
        over.
        """
        episode = self._playing()
        reward = episode.end()
        return reward, {"task_id": episode.task.id, "messages": [], "calls": [], **_scored(episode)}

    def render(self) -> str:
        """The last observation."""
        return self.last

    def begin(self, seed: int | None, task_id: str | None) -> dict[str, Any]:
        """Begin a task and return its info; the observation is in `last`."""
        super().reset(seed=None if seed is None else index(seed))
        if task_id is None:
            task_id = self._task_set.ids[int(self.np_random.integers(len(self._task_set.ids)))]
        compiled = self._task_set.compiled(task_id)
        self._episode = Episode(compiled, self._reward, self._limits, self._live)
        form = self._limits.answer_form
        self.last = compiled.opening_text(self._limits.tool_docs, form)
        return {
            "task_id": task_id,
            "messages": render.opening_messages(compiled.task, self._episode.submit_name),
            "tools": compiled.function_tools(form),
            "calls": [],
            "score": self._episode.score.as_dict(),
        }

    def advance(self, action: Any) -> tuple[float, bool, bool, dict[str, Any]]:
        """Take one assistant message; reward, terminated, truncated, info. The observation is in `last`."""
        episode = self._playing()
        step = episode.step(action)
        self.last = step.text
        info = {
            "task_id": episode.task.id,
            "messages": episode.messages(step),
            "calls": _call_infos(step),
            **_scored(episode),
        }
        return step.reward, step.terminated, step.truncated, info

    def _playing(self) -> Episode:
        if self._episode is None:
            raise UsageError("step before reset: call reset first")
        return self._episode


def live_api(
    record: str | Path | LiveApi | None, snapshot: Snapshot, overlay: str | Path | None
) -> LiveApi | None:
    """The live API that `record` names; the one place where the environment uses the recorder."""
    if not isinstance(record, (str, Path)):
        return record
    try:
        from .record.live import open_live
    except ImportError as error:
        raise UsageError(
            f"on_miss=\"live\" needs {error.name}: pip install 'tool-orch-env[record]'"
        ) from error
    return open_live(record, snapshot, overlay)


def wanted_task(options: dict[str, Any] | None) -> str | None:
    """The id in `options["task_id"]`, `None` for a task to be drawn; raises `UsageError` for any other option."""
    if not isinstance(options, (dict, type(None))):
        raise UsageError(f'reset options: expected {{"task_id": ...}}, found {type(options).__name__}')
    unknown = sorted(map(str, set(options or {}) - {"task_id"}))
    if unknown:
        raise UsageError(f"reset options: expected task_id, found {', '.join(unknown)}")
    task_id = (options or {}).get("task_id")
    if not isinstance(task_id, (str, type(None))):
        raise UsageError(f"reset options: task_id: expected the id of one task, found {task_id!r}")
    return task_id


def _scored(episode: Episode) -> dict[str, Any]:
    """The score so far; at the end of the episode also `episode_score`, `success`, `facts` and perhaps `void` and
    `answer_error`."""
    score = episode.score
    if not episode.over:
        return {"score": score.as_dict()}
    ended = {"score": score.as_dict(), "episode_score": score.total, "success": score.success}
    if episode.void is not None:
        ended["void"] = episode.void
    if episode.answer_error is not None:
        ended["answer_error"] = episode.answer_error
    return {**ended, "facts": [reading.as_dict() for reading in episode.readings]}


def _call_infos(step: Step) -> list[dict[str, Any]]:
    return [
        _call_info(answered, call_id, golden)
        for answered, call_id, golden in zip(step.calls, step.ids, step.credited, strict=True)
    ]


def _call_info(answered: AnsweredCall, call_id: str, golden: str | None) -> dict[str, Any]:
    result = answered.result
    return {
        "id": call_id,
        "given_id": answered.given_id,
        "tool": None if answered.name is None else render.shown_name(answered.name),
        "code": result.status.value,
        "violations": [violation.as_dict() for violation in result.violations],
        "recorded": answered.recorded and not result.derived,
        "derived": result.derived,
        "credited_to": golden,
    }


def _renamed(old: str, given: Any, new: str, value: Any) -> Any:
    """The value of an argument that version 0.1.0 called `old`."""
    if given is None:
        return value
    warnings.warn(f"the argument {old!r} is now called {new!r}", DeprecationWarning, stacklevel=3)
    return given


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "ToolOrchVectorEnv": "vector",
            "AnyText": "spaces",
            "AssistantMessage": "spaces",
            "set_stage": "taskset:open_task_set",
        },
    )
