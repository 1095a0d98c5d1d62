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

from ..calls.types import ToolCall, Turn
from ..env import wanted_task
from ..episode import Episode, Rules
from ..errors import UsageError
from ..reward.config import Reward, configured
from ..snapshot import Snapshot
from ..task import Task
from ..taskset import Stage, set_stage
from ..vector import checked, finals, gathered, per_env, refuse_ended, wanted_tasks
from .candidates import Limits
from .encoding import Board, Layout
from .request_encoding import Brief
from .request_graph import Statement, arranged, state
from .vocabulary import Lexicon

Array = Any


ORDERS = 2
"""Orders in which the things, links and facts of a task may stand; an episode draws one."""


class SlotStage:
    """Tasks on a snapshot with everything that their episodes share: settings, lexicon, briefs."""

    def __init__(self, stage: Stage, layout: Layout) -> None:
        self.stage, self.layout, self.lexicon = stage, layout, layout.lexicon
        self._briefs: dict[tuple[str, int], Brief] = {}
        self._statements: dict[str, Statement] = {}

    def beside(self, tasks: Iterable[Task], reward: Reward = "graduated") -> "SlotStage":
        """Other tasks on the same snapshot; the lexicon is shared."""
        return SlotStage(Stage(self.stage.snapshot, list(tasks), configured(reward)[0].rungs), self.layout)

    def brief(self, task_id: str, order: int) -> Brief:
        """The task as slots show it, its parts in one of `ORDERS` orders; made at its first episode."""
        key = (task_id, order)
        if key not in self._briefs:
            task = self.stage.setting(task_id).task
            if task_id not in self._statements:
                self._statements[task_id] = state(task, self.lexicon)
            statement = arranged(self._statements[task_id], np.random.default_rng(order))
            self._briefs[key] = Brief(statement, task.tools, self.lexicon, self.layout.limits)
        return self._briefs[key]


def slot_stage(
    snapshot: str | Path | Snapshot = "travel",
    split: str = "train",
    tasks: str | Path | Iterable[Task] | None = None,
    reward: Reward = "graduated",
    limits: Limits | None = None,
    phrases: Path | None = None,
) -> SlotStage:
    """What environments can share by their argument `stage`; raises `UsageError` if there is no task."""
    stage = set_stage(snapshot, split, tasks, reward)
    return SlotStage(stage, Layout(Lexicon(stage.snapshot, phrases), limits or Limits()))


class _Play:
    """One episode after another on one board."""

    def __init__(self, stage: SlotStage, board: Board, reward: Reward, rules: Rules) -> None:
        self._stage, self.board = stage, board
        self._reward, self._rules = reward, rules
        self.episode: Episode | None = None
        self.told: tuple[Any, ...] = ()
        """The last call: tool, arguments, reply code."""

    def begin(self, task_id: str | None, rng: np.random.Generator) -> str:
        ids = self._stage.stage.ids
        drawn, order = rng.integers((len(ids), ORDERS)).tolist()
        task_id = ids[drawn] if task_id is None else task_id
        self.episode = Episode(self._stage.stage.setting(task_id), self._reward, self._rules)
        self.board.begin(self._stage.brief(task_id, order))
        self._turns = 0
        return task_id

    def step(self, action: Sequence[int]) -> float:
        """The reward. An action after the end changes nothing and pays nothing."""
        episode, board = self.episode, self.board
        if episode is None:
            raise UsageError("step before reset: call reset first")
        if episode.over:
            return 0.0
        called = board.call(action)
        if called is None:
            return episode.play(Turn(answer=board.answer(action)))[1]
        answered, reward = episode.play(Turn(calls=(ToolCall(*called),)))
        self._turns += 1
        board.take(action, answered[0], self._turns)
        board.tell_time(self._turns)
        self.told = (*called, answered[0].reply.code)
        return reward


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
        self._buffer = np.zeros((1, self.layout.size), dtype=np.uint8)
        self.board = Board(self.layout, self._buffer[0])
        self._play = _Play(self.stage, self.board, reward, Rules(max_turns=max_turns, max_calls=max_calls))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Begin a task: the one of `options["task_id"]`, else one drawn uniformly from the split."""
        super().reset(seed=seed)
        task_id = self._play.begin(wanted_task(options), self.np_random)
        assert self._play.episode is not None
        self._play.told = ("reset", task_id)
        return self._observed(), {"task_id": task_id, "score": self._play.episode.score.as_dict()}

    def step(self, action: Array) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Make the call, or stop. Never raises for what `action` holds."""
        reward = self._play.step(_choices(action, self.layout))
        episode = self._play.episode
        assert episode is not None
        info: dict[str, Any] = {"task_id": episode.setting.task.id, "score": episode.score.as_dict()}
        if episode.over:
            info["episode_score"] = episode.score.total
            info["success"] = episode.score.success
        return self._observed(), reward, episode.terminated, episode.truncated, info

    def action_masks(self) -> Array:
        """`(sum of choices,)` bool: tools and stop, then for every position the rows that fit an offered tool there."""
        mask: Array = self.layout.views(self._buffer)["mask"][0].copy()
        return mask

    def render(self) -> str:
        """The last call and its reply code."""
        return " ".join(map(str, self._play.told))

    def _observed(self) -> dict[str, Array]:
        return {name: view[0] for name, view in _seen(self.layout, self._buffer.copy()).items()}


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
        self._buffer = np.zeros((num_envs, self.layout.size), dtype=np.uint8)
        rules = Rules(max_turns=max_turns, max_calls=max_calls)
        boards = [Board(self.layout, row) for row in self._buffer]
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
        mask = checked(options.pop("reset_mask", np.ones(self.num_envs, dtype=np.bool_)), self.num_envs)
        wanted = wanted_tasks(options, self.num_envs)
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed
        for i, one in enumerate(per_env(seeds, self.num_envs, "seed")):
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
            raise UsageError(
                f"actions: expected shape ({n}, {len(self.layout.actions)}), found {chosen.shape}"
            )
        refuse_ended(self._mode, self._done)
        rewards = np.zeros(n, dtype=np.float64)
        terminated, truncated = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
        infos: list[dict[str, Any] | None] = [None] * n
        chosen = np.maximum(chosen.astype(np.int64), 0)
        for i, (play, action) in enumerate(zip(self._plays, chosen.tolist(), strict=True)):
            if self._done[i] and self._mode is AutoresetMode.NEXT_STEP:
                infos[i] = {"task_id": play.begin(None, self._rngs[i])}
                continue
            rewards[i] = play.step(action)
            episode = play.episode
            assert episode is not None
            if episode.over:
                terminated[i], truncated[i] = episode.terminated, episode.truncated
                infos[i] = _ended(episode)
        self._done = terminated | truncated
        final = self._restart(infos) if self._mode is AutoresetMode.SAME_STEP and self._done.any() else {}
        return self._observed(), rewards, terminated, truncated, {**gathered(infos), **final}

    def action_masks(self) -> Array:
        """`(num_envs, sum of choices)` bool."""
        mask: Array = self.layout.views(self._buffer)["mask"]
        return mask.copy() if self._copy else mask

    def message(self, i: int, action: Sequence[int]) -> dict[str, Any]:
        """The assistant message that an action of environment `i` is: a call, or `{"content": answer}`."""
        return self._plays[i].board.message([int(one) for one in action])

    def values(self, i: int) -> list[Any]:
        """The values of environment `i`'s candidates, by row of the pool."""
        return list(self._plays[i].board.values)

    def close_extras(self, **kwargs: Any) -> None:
        """Nothing is held that needs closing."""

    def _observed(self) -> dict[str, Array]:
        return _seen(self.layout, self._buffer.copy() if self._copy else self._buffer)

    def _restart(self, infos: list[dict[str, Any] | None]) -> dict[str, Any]:
        """Reset the ended episodes at once; their last observations and infos go under `final_*`."""
        ended, which = self._done, np.flatnonzero(self._done).tolist()
        last = _seen(self.layout, self._buffer[which])
        final_obs = np.full(self.num_envs, None, dtype=object)
        final_infos = list(infos)
        for at, i in enumerate(which):
            final_obs[i] = {name: array[at] for name, array in last.items()}
            infos[i] = {"task_id": self._plays[i].begin(None, self._rngs[i])}
        self._done = np.zeros(self.num_envs, dtype=np.bool_)
        return finals(final_obs, final_infos, ended)


def _seen(layout: Layout, buffer: Array) -> dict[str, Array]:
    """What of a buffer is observation."""
    views = layout.views(buffer)
    del views["mask"]
    return views


def spaces(layout: Layout) -> tuple[gym.spaces.Dict, gym.spaces.MultiDiscrete]:
    """The spaces of a single environment."""
    observed: dict[str, gym.Space[Any]] = {}
    for name, (shape, kind, sizes) in layout.arrays.items():
        high = np.broadcast_to(np.array(sizes) - 1, shape).astype(kind)
        observed[name] = gym.spaces.Box(np.zeros_like(high), high, dtype=kind)
    return gym.spaces.Dict(observed), gym.spaces.MultiDiscrete(layout.actions)


def _choices(action: Any, layout: Layout) -> list[int]:
    """An action as a list of whole numbers; anything that is none is a stop that names nothing."""
    try:
        given = np.asarray(action, dtype=np.float64).ravel()
    except (TypeError, ValueError, OverflowError):
        given = np.empty(0)
    chosen = np.clip(np.nan_to_num(given), 0, 2**31).astype(np.int64).tolist()
    whole = chosen if len(chosen) == len(layout.actions) else [layout.tools] + [0] * layout.positions
    return whole


def _ended(episode: Episode) -> dict[str, Any]:
    return {
        "task_id": episode.setting.task.id,
        "episode_score": episode.score.total,
        "success": episode.score.success,
        "score": episode.score.as_dict(),
    }
