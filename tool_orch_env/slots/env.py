"""`ToolOrchSlots-v0` and its vector form: structured observations for agents that are not language models.

An action becomes a tool call or an answer, which `Episode` answers and scores as it does for `ToolOrch-v0`.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from .._deprecated import moved
from ..env import wanted_task
from ..episode import EpisodeLimits
from ..errors import UsageError
from ..reward.config import Reward
from ..snapshot import Snapshot
from ..task import Task
from ..vector import EpisodeVector, at_least_one
from .candidates import Limits
from .encoding import Encoding
from .forms import form_of
from .player import Player
from .taskset import SlotTaskSet as SlotTaskSet
from .taskset import open_slot_task_set as open_slot_task_set

Array = Any
PIXEL = 4
"""Width and height at which `render` shows one number of the observation."""


class ToolOrchSlotsEnv(gym.Env[dict[str, Array], Any]):
    """Structured observations for non-LLM agents: one multi-step tool-orchestration task per episode.

    ## Action Space

    `Discrete(41)` on `travel`: a choice of the decision at hand. A call is a thing of the request to work on, then a
    tool, then a value for each of its parameters; choice 0 instead of a thing stops, and each fact asked is answered by
    a value. The choices in `action_mask` are exactly those that lead to a valid call. With `actions="calls"`, a
    `MultiDiscrete` of a tool, or stop, and a candidate row for each of its parameters in sorted order or, when
    stopping, for each fact asked. No action raises.

    `action_masks()` returns the mask as masking wrappers expect it.

    ## Observation Space

    A `Dict` of arrays: `choices`, a row of 0 and 1 per choice; `context`, the decision and the thing chosen;
    `action_mask`. docs/slots.md lists their columns, and the arrays of `actions="calls"`.

    ## Rewards and Information

    As in `ToolOrch-v0`. A decision that completes no call has reward 0.

    ## Arguments

    snapshot, tasks, reward, max_turns, max_calls: As for `ToolOrch-v0`.
    split: Default: `graph-train`, or `train` if the snapshot has no such split. Only requests that a phrase book words
        are read into the observation: of `travel`, those of the `graph-` splits.
    actions: `decisions` or `calls`.
    limits: Rows of the observation arrays. Snapshots with larger requests or responses may need more.
    phrases: Path of a phrase book, for a snapshot without one. Default: the bundled book of the snapshot's name, else
        words made from names.
    task_set: A `SlotTaskSet` to play. `snapshot`, `split`, `tasks`, `limits` and `phrases` are then ignored.
    render_mode: `ansi`: `render` returns the last call and its status. `rgb_array`: it returns a picture of the
        observation, a dot per number of its largest array. `None`: as `ansi`.

    Raises `UsageError`, `SnapshotError` or `TaskError` when constructed.
    """

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 1}  # noqa: RUF012 - as gymnasium declares it

    def __init__(
        self,
        snapshot: str | Path | Snapshot = "travel",
        split: str | None = None,
        tasks: str | Path | Iterable[Task] | None = None,
        reward: Reward = "graduated",
        max_turns: int | None = None,
        max_calls: int | None = None,
        limits: Limits | None = None,
        phrases: Path | None = None,
        render_mode: str | None = None,
        task_set: SlotTaskSet | None = None,
        actions: str = "decisions",
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UsageError(f"render_mode: expected None, ansi or rgb_array, found {render_mode!r}")
        self.task_set = task_set or open_slot_task_set(snapshot, split, tasks, reward, limits, phrases)
        self.layout = self.task_set.layout
        self._form = form_of(actions, self.layout)
        self.observation_space, self.action_space = self._form.spaces()
        self.render_mode = render_mode
        allowed = EpisodeLimits(max_turns=max_turns, max_calls=max_calls)
        self._buffer = np.zeros((1, self._form.size), dtype=np.uint8)
        self.player = self._form.player(self.task_set, self._buffer[0], reward, allowed)

    @property
    def encoding(self) -> Encoding:
        """The candidates of the episode, and the calls and answers that they make."""
        return self.player.encoding

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Begin the task `options["task_id"]`, or one drawn uniformly from the split."""
        super().reset(seed=None if seed is None else index(seed))
        self.player.rng = self.np_random
        self.player.begin(None, wanted_task(options))
        return self._observed(), self.player.info()

    def step(self, action: Any) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Take a decision, make a call, or stop. No value of `action` raises.

        A malformed action is a choice that is not open or, with `actions="calls"`, stops with an empty answer.
        """
        reward, terminated, truncated, _ = self.player.advance(self._form.one(action))
        return self._observed(), reward, terminated, truncated, self.player.info()

    def __setstate__(self, state: dict[str, Any]) -> None:  # a copy or an unpickled environment
        vars(self).update(state)
        self.player.bind(self._buffer[0])

    def action_masks(self) -> Array:
        """The choices that are open, `(41,)` bool on `travel`.

        With `actions="calls"` `(sum of choices,)`: tools and stop, then per position the rows that fit an offered tool
        there.
        """
        return self._form.masks(self._buffer)[0].copy()

    def render(self) -> Any:
        """The last call and its status, or the picture of the observation as `(height, width, 3)` uint8."""
        if self.render_mode != "rgb_array":
            return " ".join(map(str, self.player.shown))
        array = max(self._observed().values(), key=lambda one: one.size)
        dots = np.kron((array != 0).astype(np.uint8) * 255, np.ones((PIXEL, PIXEL), dtype=np.uint8))
        return np.repeat(dots[:, :, np.newaxis], 3, axis=2)

    def _observed(self) -> dict[str, Array]:
        return {name: view[0] for name, view in self._form.seen(self._buffer.copy()).items()}


class ToolOrchSlotsVector(EpisodeVector[Player, dict[str, Array]]):
    """Many episodes in one process, sharing one set of arrays.

    Args:
        num_envs: Number of episodes played at a time. Environment i after `reset(seed=s)` plays the episode of a single
            environment with seed s + i.
        autoreset_mode: Gymnasium's `NEXT_STEP` (default), `SAME_STEP` or `DISABLED`.
        copy: Whether observations and masks are copies. If false, the next step overwrites them.
        max_episode_steps: Maximum actions per episode, as in `gym.make`.
        others: As for `ToolOrchSlotsEnv`.

    After a reset, `info` has `task_id`. After a step it has `task_id`, `episode_score` (float), `success` (bool),
    `score` (one array per component) and, if an episode is void, `void` (its cause) for the episodes that ended with
    this step, with Gymnasium's `_` masks.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        snapshot: str | Path | Snapshot = "travel",
        split: str | None = None,
        tasks: str | Path | Iterable[Task] | None = None,
        reward: Reward = "graduated",
        max_turns: int | None = None,
        max_calls: int | None = None,
        limits: Limits | None = None,
        phrases: Path | None = None,
        task_set: SlotTaskSet | None = None,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        actions: str = "decisions",
    ) -> None:
        self.task_set = task_set or open_slot_task_set(snapshot, split, tasks, reward, limits, phrases)
        self.layout = self.task_set.layout
        self._form, self._copy = form_of(actions, self.layout), copy
        self._buffer = np.zeros((at_least_one(num_envs), self._form.size), dtype=np.uint8)
        allowed = EpisodeLimits(max_turns=max_turns, max_calls=max_calls, max_steps=max_episode_steps)
        players = [self._form.player(self.task_set, row, reward, allowed) for row in self._buffer]
        super().__init__(players, autoreset_mode, ToolOrchSlotsEnv.metadata)
        self.single_observation_space, self.single_action_space = self._form.spaces()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def observed(self) -> dict[str, Array]:
        return self._form.seen(self._buffer.copy() if self._copy else self._buffer)

    def observed_of(self, which: Sequence[int]) -> Iterator[dict[str, Array]]:
        last = self._form.seen(self._buffer[which])
        return ({name: array[at] for name, array in last.items()} for at in range(len(which)))

    def taken(self, actions: Any) -> Sequence[Any]:
        return self._form.many(actions, self.num_envs)

    def __setstate__(self, state: dict[str, Any]) -> None:  # a copy or an unpickled vector
        vars(self).update(state)
        for player, row in zip(self.envs, self._buffer, strict=True):
            player.bind(row)

    def action_masks(self) -> Array:
        """`(num_envs, width)` bool."""
        mask = self._form.masks(self._buffer)
        return mask.copy() if self._copy else mask

    def message(self, i: int, action: Sequence[int]) -> dict[str, Any]:
        """A call action of environment `i` as an assistant message: a call, or `{"content": answer}`."""
        return self.envs[i].encoding.message([int(one) for one in action])

    def values(self, i: int) -> list[Any]:
        """The candidate values of environment `i`, by row."""
        return list(self.envs[i].encoding.values)


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "SlotStage": "slots.taskset:SlotTaskSet",
            "slot_stage": "slots.taskset:open_slot_task_set",
        },
    )
