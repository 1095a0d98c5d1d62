"""`ToolOrch-v0`: the Gymnasium shell around `Episode`, and its vector form.

Enters: what `gym.make` and `gym.make_vec` pass. Leaves: Gymnasium's five-tuples with text observations.
Knows nothing of how a call is parsed, checked, replayed or scored.
"""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import gymnasium as gym

from .calls import render
from .calls.results import Live
from .calls.types import Answered
from .episode import Episode, Rules, Step
from .errors import UsageError
from .reward.config import Reward
from .snapshot import Snapshot
from .spaces import AnyText, AssistantMessage
from .task import Task
from .taskset import Stage, set_stage


class ToolOrchEnv(gym.Env[str, Any]):
    """One multi-step tool-orchestration task per episode.

    Args:
        snapshot: A bundled name, a folder, or an open `Snapshot`.
        split: Which split of the snapshot's tasks; ignored if `tasks` is given.
        tasks: `None` for the snapshot's split, a task file, or tasks.
        reward: A preset's name, a `RewardConfig`, or a function from `Score` to S in [0, 1].
        max_turns: Assistant messages per episode; `None` for twice the golden calls plus 4.
        miss: What a valid call without a recorded response gets: `error` (a typed reply), `raise`, or `live`
            (asks the API by the spec `record` and keeps the answer; needs the `[record]` extra).
        max_response_chars: Where a recorded response is cut in the observation, in characters.
        max_items: Where every list in a recorded response is cut in the observation, in items; `None` for nowhere.
        tool_docs: How tools are told in the first observation: `full` (their schemas), `short` (signature and first
            sentence) or `signature`. `info["tools"]` is whole in any case.
        max_calls: Tool calls per episode; `None` for four times the golden calls plus 16.
        render_mode: `ansi` or `None`; `render` gives the last observation.
        stage: Tasks on a snapshot that another environment set up, to share them; the first three arguments
            are then ignored.
        record: Under `miss="live"`, the recording spec's path, or anything with the method of `replay.Live`.
        overlay: The folder that keeps live answers; `None` for one in the user's cache folder.

    Observation: text, only what is new. Action: see `tool_orch_env.parse`. Rewards add up to the episode's
    score, in [0, 1]; a single reward is in [-1, 1]. `info` is described in docs/environment.md.
    Raises `UsageError`, `SnapshotError`, `TaskError` when made; never for what an action holds.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - gymnasium declares it on the instance

    def __init__(
        self,
        snapshot: str | Path | Snapshot = "travel",
        split: str = "train",
        tasks: str | Path | Iterable[Task] | None = None,
        reward: Reward = "graduated",
        max_turns: int | None = None,
        miss: str = "error",
        max_response_chars: int = 16384,
        max_calls: int | None = None,
        render_mode: str | None = None,
        record: str | Path | Live | None = None,
        overlay: str | Path | None = None,
        stage: Stage | None = None,
        max_items: int | None = None,
        tool_docs: str = "full",
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UsageError(f"render_mode: expected None or ansi, found {render_mode!r}")
        self.render_mode = render_mode
        self._reward = reward
        self._rules = Rules(miss, max_turns, max_calls, max_response_chars, max_items, tool_docs)
        self._stage = stage or set_stage(snapshot, split, tasks, reward, record, overlay)
        if miss == "live" and self._stage.live is None:
            raise UsageError('miss="live" needs record=, the spec that says how the API is asked')
        self._episode: Episode | None = None
        self._last: str = ""

    @cached_property
    def observation_space(self) -> AnyText:  # type: ignore[override]  # made on use: a vector's members use none
        return AnyText()

    @cached_property
    def action_space(self) -> AssistantMessage:  # type: ignore[override]
        return AssistantMessage()

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The ids that `reset(options={"task_id": ...})` takes, in the order of the tasks."""
        return self._stage.ids

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Begin a task: the one of `options["task_id"]`, else one drawn uniformly from the split."""
        super().reset(seed=seed)
        task_id = wanted_task(options)
        if task_id is None:
            task_id = self._stage.ids[int(self.np_random.integers(len(self._stage.ids)))]
        setting = self._stage.setting(task_id)
        self._episode = Episode(setting, self._reward, self._rules)
        self._last = setting.opening_text(self._rules.tool_docs)
        return self._last, {
            "task_id": task_id,
            "messages": render.opening_messages(setting.task),
            "tools": setting.function_tools(),
            "calls": [],
            "score": self._episode.score.as_dict(),
        }

    def step(self, action: Any) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Take one assistant message. Never raises for what `action` holds."""
        episode = self._episode
        if episode is None:
            raise UsageError("step before reset: call reset first")
        step = episode.step(action)
        info: dict[str, Any] = {
            "task_id": episode.setting.task.id,
            "messages": episode.messages(step),
            "calls": _call_infos(step),
            "score": step.score.as_dict(),
        }
        if episode.over:
            info["episode_score"] = step.score.total
        self._last = step.text
        return step.text, step.reward, step.terminated, step.truncated, info

    def render(self) -> str:
        """The last observation."""
        return self._last


def wanted_task(options: dict[str, Any] | None) -> str | None:
    """What `options["task_id"]` says, `None` for a task to be drawn; raises `UsageError` for any other option."""
    if not isinstance(options, (dict, type(None))):
        raise UsageError(f'reset options: expected {{"task_id": ...}}, found {type(options).__name__}')
    unknown = sorted(map(str, set(options or {}) - {"task_id"}))
    if unknown:
        raise UsageError(f"reset options: expected task_id, found {', '.join(unknown)}")
    task_id = (options or {}).get("task_id")
    if not isinstance(task_id, (str, type(None))):
        raise UsageError(f"reset options: task_id: expected the id of one task, found {task_id!r}")
    return task_id


def _call_infos(step: Step) -> list[dict[str, Any]]:
    return [
        _call_info(answered, call_id, golden)
        for answered, call_id, golden in zip(step.calls, step.ids, step.credited, strict=True)
    ]


def _call_info(answered: Answered, call_id: str, golden: str | None) -> dict[str, Any]:
    """Per call: status code, violations, whether recorded, the golden call it is credited to so far."""
    reply = answered.reply
    return {
        "id": call_id,
        "tool": render.shown_name(answered.call.name) if answered.call else None,
        "code": reply.code.value,
        "violations": [violation.as_dict() for violation in reply.violations],
        "recorded": reply.recorded,
        "credited_to": golden,
    }
