"""`ToolOrchSlots-v0`: the Gymnasium shell around `Episode` for agents that pick from slots, and its vector form.

Enters: what `gym.make` and `gym.make_vec` pass, then arrays of choices. Leaves: Gymnasium's five-tuples with a `Dict`
of arrays. A choice becomes a JSON call, and `Episode` does the rest.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ..env import gathered, set_stage
from ..episode import Episode, Rules, Stage, Step
from ..errors import UsageError
from ..score import Reward
from ..snapshot import Snapshot
from ..task import Task
from .board import Board, Layout
from .brief import Brief, Limits
from .lexicon import Lexicon

Array = Any


class SlotStage:
    """Tasks on a snapshot with everything that their episodes share: settings, lexicon, briefs."""

    def __init__(self, stage: Stage, limits: Limits, phrases: Path | None = None) -> None:
        self.stage = stage
        self.lexicon = Lexicon(stage.snapshot, phrases)
        self.layout = Layout(self.lexicon, limits)
        self._briefs: dict[str, Brief] = {}

    def brief(self, task_id: str) -> Brief:
        """The task as slots show it, made at its first episode."""
        if task_id not in self._briefs:
            task = self.stage.setting(task_id).task
            self._briefs[task_id] = Brief(task, self.lexicon, self.layout.limits)
        return self._briefs[task_id]


def slot_stage(
    snapshot: str | Path | Snapshot = "travel",
    split: str = "train",
    tasks: str | Path | Iterable[Task] | None = None,
    reward: Reward = "graduated",
    limits: Limits | None = None,
    phrases: Path | None = None,
) -> SlotStage:
    """What environments can share by their argument `stage`; raises `UsageError` if there is no task."""
    return SlotStage(set_stage(snapshot, split, tasks, reward), limits or Limits(), phrases)


class _Play:
    """One episode after another on one board."""

    def __init__(self, stage: SlotStage, board: Board, reward: Reward, rules: Rules) -> None:
        self._stage, self.board = stage, board
        self._reward, self._rules = reward, rules
        self.episode: Episode | None = None

    def begin(self, task_id: str | None, rng: np.random.Generator) -> str:
        ids = self._stage.stage.ids
        task_id = ids[int(rng.integers(len(ids)))] if task_id is None else task_id
        self.episode = Episode(self._stage.stage.setting(task_id), self._reward, self._rules)
        self._turns = 0
        self.board.begin(self._stage.brief(task_id), rng)
        self.board.tell_time(0, self.episode.max_turns)
        return task_id

    def step(self, action: Sequence[int]) -> Step:
        episode = self.episode
        if episode is None:
            raise UsageError("step before reset: call reset first")
        called = self.board.call(action)
        if called is None:
            return episode.step(self.board.answer(action))
        over = episode.over
        step = episode.step({"name": called[0], "arguments": called[1]})
        if not over:
            self._turns += 1
            self.board.take(action, step.calls[0], self._turns)
            self.board.tell_time(self._turns, episode.max_turns)
        return step


class ToolOrchSlotsEnv(gym.Env[dict[str, Array], Array]):
    """One multi-step tool-orchestration task per episode, in slots.

    Args:
        snapshot, split, tasks, reward, max_turns, max_calls: As of `ToolOrch-v0`.
        limits: Rows of the observation; snapshots with larger requests or replies may need more.
        phrases: A phrase book for a snapshot that has none; words are then made from names.
        stage: What `slot_stage` made, to share it; the snapshot, its tasks, limits and phrases are then ignored.
        render_mode: `ansi` or `None`; `render` gives the last call and its reply code.

    Observation: a `Dict` of int and float arrays, described in docs/slots.md. Action: `MultiDiscrete`, a tool (or
    stop, the last), then a row of the pool for each of the tool's parameters in sorted order, or for each fact asked.
    `action_masks()` is flat, as masking wrappers expect. Rewards and `info` are those of `ToolOrch-v0`.
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
        max_calls: int | None = None,
        limits: Limits | None = None,
        phrases: Path | None = None,
        render_mode: str | None = None,
        stage: SlotStage | None = None,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UsageError(f"render_mode: expected None or ansi, found {render_mode!r}")
        self.stage = stage or slot_stage(snapshot, split, tasks, reward, limits, phrases)
        self.layout = self.stage.layout
        self.observation_space, self.action_space = spaces(self.layout)
        self.render_mode = render_mode
        board = Board(self.layout, self.layout.empty(1), 0)
        self.board = board
        self._play = _Play(self.stage, board, reward, Rules(max_turns=max_turns, max_calls=max_calls))
        self._last = ""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Begin a task: the one of `options["task_id"]`, else one drawn uniformly from the split."""
        super().reset(seed=seed)
        task_id = self._play.begin(_task_id(options), self.np_random)
        assert self._play.episode is not None
        self._last = f"reset: {task_id}"
        info = {"task_id": task_id, "score": self._play.episode.score.as_dict()}
        return self._play.board.observation(), info

    def step(self, action: Array) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Make the call, or stop. Never raises for what `action` holds."""
        step = self._play.step(_choices(action, self.layout))
        episode = self._play.episode
        assert episode is not None
        info: dict[str, Any] = {"task_id": episode.setting.task.id, "score": step.score.as_dict()}
        if episode.over:
            info["episode_score"] = step.score.total
            info["success"] = step.score.success
        self._last = " ".join(f"{c.call.name if c.call else '?'}: {c.reply.code}" for c in step.calls) or "stop"
        return self._play.board.observation(), step.reward, step.terminated, step.truncated, info

    def action_masks(self) -> Array:
        """`(sum of choices,)` bool: tools and stop, then for every position the rows that fit an offered tool there."""
        return self._play.board.mask()

    def render(self) -> str:
        """The last call and its reply code."""
        return self._last


class ToolOrchSlotsVector(VectorEnv[dict[str, Array], Array, Array]):
    """Many episodes in one process that write into one set of arrays.

    Args:
        num_envs: Episodes at a time; episode i of `reset(seed=s)` is that of a single environment with s + i.
        autoreset_mode: Gymnasium's: `NEXT_STEP` (default), `SAME_STEP` or `DISABLED`.
        copy: Whether observations and masks are copies; without, they are overwritten by the next step.
        others: As `ToolOrchSlotsEnv`.

    `info` has `task_id`, `episode_score` (float), `success` (bool) and `score` (arrays of the components) with their
    masks, for episodes that ended with this step; after a reset it has `task_id`.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        snapshot: str | Path | Snapshot = "travel",
        split: str = "train",
        tasks: str | Path | Iterable[Task] | None = None,
        reward: Reward = "graduated",
        max_turns: int | None = None,
        max_calls: int | None = None,
        limits: Limits | None = None,
        phrases: Path | None = None,
        stage: SlotStage | None = None,
        render_mode: str | None = None,
    ) -> None:
        super().__init__()
        self.num_envs = num_envs
        self.stage = stage or slot_stage(snapshot, split, tasks, reward, limits, phrases)
        self.layout = self.stage.layout
        self.single_observation_space, self.single_action_space = spaces(self.layout)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {**ToolOrchSlotsEnv.metadata, "autoreset_mode": self._mode}
        self._copy = copy
        self._arrays = self.layout.empty(num_envs)
        rules = Rules(max_turns=max_turns, max_calls=max_calls)
        boards = [Board(self.layout, self._arrays, at) for at in range(num_envs)]
        self._plays = [_Play(self.stage, board, reward, rules) for board in boards]
        self._rngs = [np.random.default_rng() for _ in range(num_envs)]
        self._done = np.zeros(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Reset all, or those of the boolean array `options["reset_mask"]`.

        `options["task_id"]` is one id for all, or a list with one per environment.
        """
        options = dict(options or {})
        mask = options.pop("reset_mask", np.ones(self.num_envs, dtype=np.bool_))
        wanted = _per_env(_task_id(options), self.num_envs, "task_id")
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed
        for i, one in enumerate(_per_env(seeds, self.num_envs, "seed")):
            if one is not None:
                self._rngs[i] = gym.utils.seeding.np_random(one)[0]
        infos: list[dict[str, Any] | None] = [None] * self.num_envs
        for i in np.flatnonzero(mask).tolist():
            infos[i] = {"task_id": self._plays[i].begin(wanted[i], self._rngs[i])}
            self._done[i] = False
        return self._observed(), gathered(infos)

    def step(self, actions: Array) -> tuple[dict[str, Array], Array, Array, Array, dict[str, Any]]:
        """Step every episode; what becomes of ended ones is the autoreset mode's to say."""
        n = self.num_envs
        chosen = np.asarray(actions)
        if chosen.shape != (n, len(self.layout.actions)):
            raise UsageError(f"actions: expected shape ({n}, {len(self.layout.actions)}), found {chosen.shape}")
        if self._mode is AutoresetMode.DISABLED and self._done.any():
            raise UsageError(f'episodes {np.flatnonzero(self._done).tolist()} have ended: reset them by "reset_mask"')
        rewards = np.zeros(n, dtype=np.float64)
        terminated, truncated = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
        infos: list[dict[str, Any] | None] = [None] * n
        for i, (play, action) in enumerate(zip(self._plays, chosen.tolist(), strict=True)):
            if self._done[i] and self._mode is AutoresetMode.NEXT_STEP:
                infos[i] = {"task_id": play.begin(None, self._rngs[i])}
                continue
            step = play.step(action)
            rewards[i], terminated[i], truncated[i] = step.reward, step.terminated, step.truncated
            if step.terminated or step.truncated:
                infos[i] = _ended(play)
        self._done = terminated | truncated
        final = self._restart(infos) if self._mode is AutoresetMode.SAME_STEP and self._done.any() else {}
        return self._observed(), rewards, terminated, truncated, {**gathered(infos), **final}

    def action_masks(self) -> Array:
        """`(num_envs, sum of choices)` bool."""
        return self._arrays["mask"].copy() if self._copy else self._arrays["mask"]

    def close_extras(self, **kwargs: Any) -> None:
        """Nothing is held that needs closing."""

    def _observed(self) -> dict[str, Array]:
        return {
            name: array.copy() if self._copy else array for name, array in self._arrays.items() if name != "mask"
        }

    def _restart(self, infos: list[dict[str, Any] | None]) -> dict[str, Any]:
        """Reset the ended episodes at once; their last observations and infos go under `final_*`."""
        ended, observed = self._done, self._observed()
        final_obs = np.full(self.num_envs, None, dtype=object)
        final_infos = list(infos)
        for i in np.flatnonzero(ended).tolist():
            final_obs[i] = {name: array[i].copy() for name, array in observed.items()}
            infos[i] = {"task_id": self._plays[i].begin(None, self._rngs[i])}
        self._done = np.zeros(self.num_envs, dtype=np.bool_)
        return {
            "final_obs": final_obs,
            "_final_obs": ended,
            "final_info": gathered(final_infos),
            "_final_info": ended.copy(),
        }


def spaces(layout: Layout) -> tuple[gym.spaces.Dict, gym.spaces.MultiDiscrete]:
    """The spaces of a single environment."""
    observed = {
        name: gym.spaces.Box(0, (np.broadcast_to(np.array(sizes), shape) - (kind is not np.float32)).astype(kind), shape, kind)
        for name, (shape, kind, sizes) in layout.arrays.items()
    }
    return gym.spaces.Dict(observed), gym.spaces.MultiDiscrete(layout.actions)


def _choices(action: Any, layout: Layout) -> list[int]:
    """An action as a list of whole numbers; anything that is none is a stop that names nothing."""
    try:
        chosen = np.asarray(action).astype(np.int64).ravel().tolist()
    except (TypeError, ValueError, OverflowError):
        chosen = []
    whole = chosen if len(chosen) == len(layout.actions) else [layout.tools] + [0] * layout.positions
    return [max(0, one) for one in whole]


def _task_id(options: dict[str, Any] | None) -> Any:
    unknown = sorted(set(options or {}) - {"task_id"})
    if unknown:
        raise UsageError(f"reset options: expected task_id, found {', '.join(unknown)}")
    return (options or {}).get("task_id")


def _per_env(given: Any, n: int, name: str) -> list[Any]:
    """One value per environment: a list's, or the same for all."""
    if isinstance(given, (list, tuple)):
        if len(given) != n:
            raise UsageError(f"{name}: expected one per environment, {n}, found {len(given)}")
        return list(given)
    return [given] * n


def _ended(play: _Play) -> dict[str, Any]:
    episode = play.episode
    assert episode is not None
    return {
        "task_id": episode.setting.task.id,
        "episode_score": episode.score.total,
        "success": episode.score.success,
        "score": episode.score.as_dict(),
    }
