"""`ToolOrch-v0`: the Gymnasium shell around `Episode`, and its vector form.

Enters: what `gym.make` and `gym.make_vec` pass. Leaves: Gymnasium's five-tuples with text observations.
Knows nothing of how a call is parsed, checked, replayed or scored.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from string import printable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, create_shared_memory

from . import observe
from .call import Answered
from .config import Reward, configured
from .episode import Episode, Rules, Stage, Step
from .errors import UsageError
from .replay import Live
from .snapshot import Snapshot, load_tasks
from .task import Task

MAX_TEXT = 1 << 24
"""Characters of an observation, at most; far above what `max_response_chars` lets through."""


class AnyText(gym.spaces.Text):
    """Every Unicode string. Samples are short printable text."""

    def __init__(self, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(max_length=MAX_TEXT, min_length=0, charset=printable, seed=seed)

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and len(x) <= MAX_TEXT

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        length = int(self.np_random.integers(1, 64))
        return "".join(self.np_random.choice(list(printable), size=length))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    __hash__ = None  # type: ignore[assignment]  # as the other spaces: equal by value, mutable

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@create_shared_memory.register(AnyText)
def _unshared(space: AnyText, n: int = 1, ctx: Any = None) -> Any:
    """Text of any length has no array: gymnasium's worker processes are told to send it instead."""
    raise gym.error.CustomSpaceError('text needs vector_kwargs={"shared_memory": False}')


class AssistantMessage(AnyText):
    """Every string, and the structured forms of an action: a message or call as dict, a list of calls."""

    def contains(self, x: Any) -> bool:
        return super().contains(x) or isinstance(x, (dict, list))


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
            "messages": observe.opening_messages(setting.task),
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


class ToolOrchVectorEnv(VectorEnv[tuple[str, ...], Sequence[Any], Any]):
    """Many episodes in one process, stepped one after another, nothing copied.

    Args:
        num_envs: Episodes at a time; episode i of `reset(seed=s)` is that of a single environment with s + i.
        autoreset_mode: Gymnasium's: `NEXT_STEP` (default), `SAME_STEP` or `DISABLED`.
        others: As `ToolOrchEnv`.

    Observations are a tuple of `num_envs` strings, rewards float64 `(num_envs,)`, flags bool `(num_envs,)`.
    Infos follow Gymnasium's vector form: per key an array and a mask of who has it; `score` is a dict of such
    arrays, with NaN for an `answer` component that the task does not have.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        snapshot: str | Path | Snapshot = "travel",
        split: str = "train",
        tasks: str | Path | Iterable[Task] | None = None,
        reward: Reward = "graduated",
        record: str | Path | Live | None = None,
        overlay: str | Path | None = None,
        **others: Any,
    ) -> None:
        super().__init__()
        if num_envs < 1:
            raise UsageError(f"num_envs: expected at least 1, found {num_envs}")
        stage = set_stage(snapshot, split, tasks, reward, record, overlay)
        self.envs = [ToolOrchEnv(reward=reward, stage=stage, **others) for _ in range(num_envs)]
        self.num_envs = num_envs
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {**ToolOrchEnv.metadata, "autoreset_mode": self._mode}
        self.single_observation_space = AnyText()
        self.single_action_space = AssistantMessage()
        self._texts: list[str] = [""] * num_envs
        self._done = np.zeros(num_envs, dtype=np.bool_)

    @cached_property
    def observation_space(self) -> gym.Space[tuple[str, ...]]:  # type: ignore[override]  # 12 KB per episode
        return batch_space(self.single_observation_space, self.num_envs)

    @cached_property
    def action_space(self) -> gym.Space[Any]:  # type: ignore[override]
        return batch_space(self.single_action_space, self.num_envs)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Reset all, or those of the boolean array `options["reset_mask"]`; `options["task_id"]` is one id for all,
        or a list with one, or `None`, for each."""
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        chosen = (
            range(self.num_envs) if mask is None else np.flatnonzero(checked(mask, self.num_envs)).tolist()
        )
        if seed is None or isinstance(seed, int):
            seeds: Sequence[int | None] = [None if seed is None else seed + i for i in range(self.num_envs)]
        else:
            seeds = seed
        if len(seeds) != self.num_envs:
            raise UsageError(f"seed: expected {self.num_envs} seeds, found {len(seeds)}")
        wanted = wanted_tasks(options, self.num_envs)
        infos: list[dict[str, Any] | None] = [None] * self.num_envs
        for i in chosen:
            self._texts[i], infos[i] = self.envs[i].reset(seed=seeds[i], options={"task_id": wanted[i]})
            self._done[i] = False
        return tuple(self._texts), gathered(infos)

    def step(
        self, actions: Sequence[Any]
    ) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Step every episode; what becomes of ended ones is the autoreset mode's to say."""
        n = self.num_envs
        if isinstance(actions, (str, dict)) or len(actions) != n:
            found = f"one {type(actions).__name__}" if isinstance(actions, (str, dict)) else len(actions)
            raise UsageError(f"actions: expected a list of {n}, one per episode, found {found}")
        refuse_ended(self._mode, self._done)
        rewards = np.zeros(n, dtype=np.float64)
        terminated, truncated = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
        infos: list[dict[str, Any] | None] = [None] * n
        for i, env in enumerate(self.envs):
            if self._done[i] and self._mode is AutoresetMode.NEXT_STEP:
                self._texts[i], infos[i] = env.reset()
            else:
                self._texts[i], rewards[i], terminated[i], truncated[i], infos[i] = env.step(actions[i])
        self._done = terminated | truncated
        final = self._reset_ended(infos) if self._mode is AutoresetMode.SAME_STEP and self._done.any() else {}
        return tuple(self._texts), rewards, terminated, truncated, {**gathered(infos), **final}

    def _reset_ended(self, infos: list[dict[str, Any] | None]) -> dict[str, Any]:
        """Reset the ended episodes at once; their last observations and infos go under `final_*`."""
        ended = self._done
        final_obs = np.full(self.num_envs, None, dtype=object)
        final_infos: list[dict[str, Any] | None] = [None] * self.num_envs
        for i in np.flatnonzero(ended).tolist():
            final_obs[i], final_infos[i] = self._texts[i], infos[i]
            self._texts[i], infos[i] = self.envs[i].reset()
        self._done = np.zeros(self.num_envs, dtype=np.bool_)
        return finals(final_obs, final_infos, ended)

    def close_extras(self, **kwargs: Any) -> None:
        """Nothing is held that needs closing."""


def set_stage(
    snapshot: str | Path | Snapshot,
    split: str,
    tasks: str | Path | Iterable[Task] | None,
    reward: Reward,
    record: str | Path | Live | None = None,
    overlay: str | Path | None = None,
) -> Stage:
    """Open what `gym.make` names; raises `UsageError` if that leaves no task."""
    opened = snapshot if isinstance(snapshot, Snapshot) else Snapshot.open(snapshot)
    chosen = opened.tasks(split) if tasks is None else _given(tasks, opened)
    if not chosen:
        raise UsageError("no task to play: the split, file or list is empty")
    return Stage(opened, chosen, configured(reward)[0].rungs, _live(record, opened, overlay))


def _given(tasks: str | Path | Iterable[Task], snapshot: Snapshot) -> list[Task]:
    """The tasks of a file, or those given themselves; raises `UsageError` for anything else."""
    if isinstance(tasks, (str, Path)):
        if str(tasks) in snapshot.splits and not Path(tasks).exists():
            raise UsageError(f"tasks: expected a task file or tasks, found a split: say split={str(tasks)!r}")
        return load_tasks(tasks)
    chosen: list[Any] = []
    strange: list[Any] = [tasks]
    if isinstance(tasks, Iterable) and not isinstance(tasks, Task):
        chosen = list(tasks)
        strange = [one for one in chosen if not isinstance(one, Task)]
    if strange:
        found = type(strange[0]).__name__
        raise UsageError(
            f"tasks: expected a task file or a list of Task, as `load_tasks` gives it, found {found}"
        )
    return chosen


def _live(record: str | Path | Live | None, snapshot: Snapshot, overlay: str | Path | None) -> Live | None:
    """The live API that `record` names; the one place where the environment reaches for the recorder."""
    if not isinstance(record, (str, Path)):
        return record
    try:
        from .record.live import open_live
    except ImportError as error:
        raise UsageError(f"miss=\"live\" needs {error.name}: install 'tool-orch-env[record]'") from error
    return open_live(record, snapshot, overlay)


def gathered(infos: Sequence[dict[str, Any] | None]) -> dict[str, Any]:
    """Infos of single environments in Gymnasium's vector form."""
    n, result = len(infos), dict[str, Any]()
    for key in dict.fromkeys(key for info in infos if info for key in info):
        mask = np.fromiter((info is not None and key in info for info in infos), np.bool_, n)
        column = [info[key] if info and key in info else None for info in infos]
        if key == "score":
            result[key] = _score_arrays(column, mask)
        elif key == "episode_score":
            result[key] = np.array([value or 0.0 for value in column])
        else:
            result[key] = np.empty(n, dtype=object)
            result[key][:] = column
        result[f"_{key}"] = mask
    return result


def _score_arrays(column: Sequence[dict[str, Any] | None], mask: np.ndarray) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name in next(score for score in column if score):
        values = [score[name] if score else 0.0 for score in column]
        arrays[name] = np.array([np.nan if value is None else value for value in values])
        arrays[f"_{name}"] = mask.copy()
    return arrays


def finals(
    observations: np.ndarray, infos: Sequence[dict[str, Any] | None], ended: np.ndarray
) -> dict[str, Any]:
    """The last observations and infos of ended episodes, as Gymnasium's vector form names them."""
    return {
        "final_obs": observations,
        "_final_obs": ended,
        "final_info": gathered(infos),
        "_final_info": ended.copy(),
    }


def refuse_ended(mode: AutoresetMode, done: np.ndarray) -> None:
    """Where nobody resets ended episodes, stepping them raises `UsageError`."""
    if mode is AutoresetMode.DISABLED and done.any():
        raise UsageError(f'episodes {np.flatnonzero(done).tolist()} have ended: reset them by "reset_mask"')


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


def wanted_tasks(options: dict[str, Any], n: int) -> list[str | None]:
    """The same for each of `n` environments: `options["task_id"]` is one id for all, or a list of `n`."""
    ids = per_env(options.get("task_id"), n, "task_id")
    return [wanted_task({**options, "task_id": one}) for one in ids]


def per_env(given: Any, n: int, name: str) -> list[Any]:
    """One value per environment: a list's, or the same for all; raises `UsageError` for a list of another length."""
    if not isinstance(given, (list, tuple)):
        return [given] * n
    if len(given) != n:
        raise UsageError(f"{name}: expected one per environment, {n}, found {len(given)}")
    return list(given)


def checked(mask: Any, n: int) -> np.ndarray:
    """A `reset_mask` as it must be; raises `UsageError` for another."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (n,) or not mask.any():
        raise UsageError(f"reset_mask: expected a boolean array of shape ({n},) with at least one True")
    return mask


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
        "tool": observe.shown_name(answered.call.name) if answered.call else None,
        "code": reply.code.value,
        "violations": [violation.as_dict() for violation in reply.violations],
        "recorded": reply.recorded,
        "credited_to": golden,
    }
