"""Many episodes in one process: what the vector forms of text and slots share, and the vector form of `ToolOrch-v0`.

Gymnasium's `SyncVectorEnv` works too. These forms take a task per episode (`reset(options={"task_id": [...]})`), which
it cannot; for slots, which write into one array, they are twice as fast (`benchmarks/sharing.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import index
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from .calls.results import LiveApi
from .env import ToolOrchEnv, live_api, wanted_task
from .errors import UsageError
from .reward.config import Reward
from .snapshot import Snapshot
from .spaces import AnyText, AssistantMessage
from .task import Task
from .taskset import TaskSet, open_task_set

Info = dict[str, Any]
Obs = TypeVar("Obs")


class Member(Protocol):
    """A single environment as a vector plays it: its observation is read elsewhere."""

    def begin(self, seed: int | None, task_id: str | None) -> Info:
        """Begin a task, drawn where `task_id` is `None`."""

    def advance(self, action: Any) -> tuple[float, bool, bool, Info | None]:
        """Take an action: reward, terminated, truncated, info."""


M = TypeVar("M", bound=Member)


class EpisodeVector(VectorEnv[Obs, Any, Any], ABC, Generic[M, Obs]):
    """Members stepped one after another under Gymnasium's autoreset modes. Subclasses say what is observed.

    Episode i of `reset(seed=s)` is that of a single environment with seed s + i. Rewards are float64 `(num_envs,)`,
    flags bool `(num_envs,)`. Infos follow Gymnasium's vector form: per key an array and a mask of who has it; `score`
    is a dict of such arrays, with NaN for an `answer` component that the task does not have.
    """

    def __init__(self, envs: Sequence[M], autoreset_mode: AutoresetMode | str, metadata: Info) -> None:
        super().__init__()
        self.envs = list(envs)
        self.num_envs = len(self.envs)
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {**metadata, "autoreset_mode": self._mode}
        self._done = np.zeros(self.num_envs, dtype=np.bool_)

    @abstractmethod
    def observed(self) -> Obs:
        """The observations of all members."""

    @abstractmethod
    def observed_of(self, which: Sequence[int]) -> Iterator[Any]:
        """The observation of each of some members, as a single environment returns it."""

    @abstractmethod
    def taken(self, actions: Any) -> Sequence[Any]:
        """The actions, one per member; raises `UsageError` for anything else."""

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: Info | None = None
    ) -> tuple[Obs, Info]:
        """Reset all, or those of the boolean array `options["reset_mask"]`.

        `options["task_id"]` is one id for all, or a list with an id or `None` for each.
        """
        options = dict(options or {})
        mask = _checked(options.pop("reset_mask", np.ones(self.num_envs, dtype=np.bool_)), self.num_envs)
        wanted = [
            wanted_task({**options, "task_id": one})
            for one in _per_env(options.get("task_id"), self.num_envs, "task_id")
        ]
        infos: list[Info | None] = [None] * self.num_envs
        seeds = _seeds(seed, self.num_envs)
        for i in np.flatnonzero(mask).tolist():
            infos[i] = self.envs[i].begin(seeds[i], wanted[i])
        self._done = self._done & ~mask
        return self.observed(), _gathered(infos)

    def step(self, actions: Any) -> tuple[Obs, np.ndarray, np.ndarray, np.ndarray, Info]:
        """Step every episode. Finished episodes are reset according to `autoreset_mode`."""
        n = self.num_envs
        chosen = self.taken(actions)
        if self._mode is AutoresetMode.DISABLED and self._done.any():
            ended = np.flatnonzero(self._done).tolist()
            raise UsageError(f'episodes {ended} have ended: reset them with options={{"reset_mask": ...}}')
        rewards = np.zeros(n, dtype=np.float64)
        terminated, truncated = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
        infos: list[Info | None] = [None] * n
        begin_again = self._done if self._mode is AutoresetMode.NEXT_STEP else np.zeros_like(self._done)
        for i, env in enumerate(self.envs):
            if begin_again[i]:
                infos[i] = env.begin(None, None)
            else:
                rewards[i], terminated[i], truncated[i], infos[i] = env.advance(chosen[i])
        self._done = terminated | truncated
        final = self._restart(infos) if self._mode is AutoresetMode.SAME_STEP and self._done.any() else {}
        return self.observed(), rewards, terminated, truncated, {**_gathered(infos), **final}

    def _restart(self, infos: list[Info | None]) -> Info:
        """Reset the ended episodes at once; their last observations and infos go under `final_obs` and `final_info`."""
        ended, which = self._done, np.flatnonzero(self._done).tolist()
        final_obs = np.full(self.num_envs, None, dtype=object)
        final_infos: list[Info | None] = [None] * self.num_envs
        for i, observation in zip(which, self.observed_of(which), strict=True):
            final_obs[i], final_infos[i] = observation, infos[i]
        for i in which:
            infos[i] = self.envs[i].begin(None, None)
        self._done = np.zeros(self.num_envs, dtype=np.bool_)
        return {
            "final_obs": final_obs,
            "_final_obs": ended,
            "final_info": _gathered(final_infos),
            "_final_info": ended.copy(),
        }

    def close_extras(self, **kwargs: Any) -> None:
        """Nothing is held that needs closing."""


class ToolOrchVectorEnv(EpisodeVector[ToolOrchEnv, tuple[str, ...]]):
    """`ToolOrch-v0` many times. Observations are a tuple of `num_envs` strings.

    Args:
        num_envs: Episodes at a time.
        autoreset_mode: Gymnasium's: `NEXT_STEP` (default), `SAME_STEP` or `DISABLED`.
        max_episode_steps: Assistant messages per episode at most, as of `gym.make`.
        others: As of `ToolOrchEnv`.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        snapshot: str | Path | Snapshot = "travel",
        split: str = "train",
        tasks: str | Path | Iterable[Task] | None = None,
        reward: Reward = "graduated",
        record: str | Path | LiveApi | None = None,
        overlay: str | Path | None = None,
        task_set: TaskSet | None = None,
        max_episode_steps: int | None = None,
        **others: Any,
    ) -> None:
        shared = task_set or open_task_set(snapshot, split, tasks, reward)
        others |= {
            "task_set": shared,
            "reward": reward,
            "record": live_api(record, shared.snapshot, overlay),
            "max_steps": max_episode_steps,
        }
        envs = [ToolOrchEnv(**others) for _ in range(at_least_one(num_envs))]
        super().__init__(envs, autoreset_mode, ToolOrchEnv.metadata)
        self.single_observation_space = AnyText()
        self.single_action_space = AssistantMessage()

    @cached_property
    def observation_space(self) -> gym.Space[tuple[str, ...]]:  # type: ignore[override]  # 12 KB per episode
        return batch_space(self.single_observation_space, self.num_envs)

    @cached_property
    def action_space(self) -> gym.Space[Any]:  # type: ignore[override]
        return batch_space(self.single_action_space, self.num_envs)

    def observed(self) -> tuple[str, ...]:
        return tuple([env.last for env in self.envs])

    def observed_of(self, which: Sequence[int]) -> Iterator[str]:
        return (self.envs[i].last for i in which)

    def taken(self, actions: Any) -> Sequence[Any]:
        if isinstance(actions, (str, dict)) or len(actions) != self.num_envs:
            found = f"one {type(actions).__name__}" if isinstance(actions, (str, dict)) else len(actions)
            raise UsageError(f"actions: expected a list of {self.num_envs}, one per episode, found {found}")
        return actions  # type: ignore[no-any-return]


def at_least_one(num_envs: int) -> int:
    """`num_envs` itself; raises `UsageError` unless it is a whole number of at least 1."""
    if index(num_envs) < 1:
        raise UsageError(f"num_envs: expected at least 1, found {num_envs}")
    return index(num_envs)


def _seeds(seed: Any, n: int) -> list[int | None]:
    """One seed per member: those given, or `seed`, `seed + 1`, and so on. Numpy's whole numbers will do."""
    if seed is None or isinstance(seed, (list, tuple, np.ndarray)):
        given = _per_env(seed if seed is None else list(seed), n, "seed")
        return [None if one is None else index(one) for one in given]
    return [index(seed) + i for i in range(n)]


def _per_env(given: Any, n: int, name: str) -> list[Any]:
    """One value per member: a list's, or the same for all; raises `UsageError` for a list of another length."""
    if not isinstance(given, (list, tuple)):
        return [given] * n
    if len(given) != n:
        raise UsageError(f"{name}: expected one per environment, {n}, found {len(given)}")
    return list(given)


def _checked(mask: Any, n: int) -> np.ndarray:
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (n,) or not mask.any():
        raise UsageError(f"reset_mask: expected a boolean array of shape ({n},) with at least one True")
    return mask


def _gathered(infos: Sequence[Info | None]) -> Info:
    """Infos of single environments in Gymnasium's vector form."""
    n, result = len(infos), dict[str, Any]()
    for key in dict.fromkeys(key for info in infos if info for key in info):
        mask = np.fromiter((info is not None and key in info for info in infos), np.bool_, n)
        column = [info[key] if info and key in info else None for info in infos]
        if key == "score":
            result[key] = _score_arrays(column, mask)
        elif key == "episode_score":
            result[key] = np.array([value or 0.0 for value in column])
        elif key == "success":
            result[key] = np.array([bool(value) for value in column])
        else:
            result[key] = np.empty(n, dtype=object)
            result[key][:] = column
        result[f"_{key}"] = mask
    return result


def _score_arrays(column: Sequence[Info | None], mask: np.ndarray) -> Info:
    arrays: Info = {}
    for name in next(score for score in column if score):
        values = [score[name] if score else 0.0 for score in column]
        arrays[name] = np.array([np.nan if value is None else value for value in values])
        arrays[f"_{name}"] = mask.copy()
    return arrays
