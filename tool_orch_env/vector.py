"""The vector form of `ToolOrch-v0`, and what it shares with the vector form of slots."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from .calls.results import Live
from .env import ToolOrchEnv, wanted_task
from .errors import UsageError
from .reward.config import Reward
from .snapshot import Snapshot
from .spaces import AnyText, AssistantMessage
from .task import Task
from .taskset import set_stage


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
