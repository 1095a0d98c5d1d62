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
from ..calls.types import ToolCall, Turn
from ..env import wanted_task
from ..episode import Episode, EpisodeLimits
from ..errors import UsageError
from ..reward.config import Reward, configured
from ..snapshot import Snapshot
from ..snapshot.shared import Shared
from ..task import Task
from ..taskset import TaskSet, open_task_set
from ..vector import EpisodeVector, at_least_one
from .candidates import Limits
from .encoding import Encoding, Layout, spaces
from .request_encoding import RequestEncoding
from .request_graph import RequestGraph, arranged, request_graph
from .vocabulary import Vocabulary

Array = Any


ORDERS = 2
"""Number of orders of a task's things, links and facts. Each episode draws one."""


class SlotTaskSet:
    """Tasks on a snapshot, and what their episodes share: compiled tasks, vocabulary, encoded requests."""

    def __init__(self, task_set: TaskSet, layout: Layout) -> None:
        self.task_set, self.layout, self.vocabulary = task_set, layout, layout.vocabulary
        self._requests: dict[tuple[str, int], RequestEncoding] = {}
        self._graphs: dict[str, RequestGraph] = {}

    def beside(self, tasks: Iterable[Task], reward: Reward = "graduated") -> "SlotTaskSet":
        """A task set of other tasks on the same snapshot, with the same vocabulary and layout."""
        return SlotTaskSet(
            TaskSet(self.task_set.snapshot, list(tasks), configured(reward)[0].credit), self.layout
        )

    def request(self, task_id: str, order: int) -> RequestEncoding:
        """The encoded request of a task, in order number `order` (below `ORDERS`). Built on first use."""
        key = (task_id, order)
        if key not in self._requests:
            task = self.task_set.compiled(task_id).task
            if task_id not in self._graphs:
                self._graphs[task_id] = request_graph(task, self.vocabulary)
            graph = arranged(self._graphs[task_id], np.random.default_rng(order))
            self._requests[key] = RequestEncoding(graph, task.tools, self.vocabulary, self.layout.limits)
        return self._requests[key]

    def __deepcopy__(self, memo: dict[int, Any]) -> "SlotTaskSet":
        return self  # immutable in use, and large; copies of an environment share it


def open_slot_task_set(
    snapshot: str | Path | Snapshot = "travel",
    split: str | None = None,
    tasks: str | Path | Iterable[Task] | None = None,
    reward: Reward = "graduated",
    limits: Limits | None = None,
    phrases: Path | None = None,
) -> SlotTaskSet:
    """The task set that the arguments of `gym.make` name, shared per process like that of `open_task_set`.

    The default split is `graph-train`, whose requests the phrase book words, or `train` if there is none. Not shared
    when `tasks` is passed. Raises `UsageError`, `SnapshotError`, `TaskError`.
    """
    opened = snapshot if isinstance(snapshot, Snapshot) else Snapshot.open(snapshot)
    worded = split or ("graph-train" if "graph-train" in opened.splits else "train")
    task_set, rows = open_task_set(opened, worded, tasks, reward), limits or Limits()

    def compiled() -> SlotTaskSet:
        return SlotTaskSet(task_set, Layout(_vocabulary(task_set.snapshot, phrases), rows))

    return compiled() if tasks is not None else _OPEN.get((task_set, rows, phrases), None, compiled)


def _vocabulary(snapshot: Snapshot, phrases: Path | None) -> Vocabulary:
    return _VOCABULARIES.get((snapshot, phrases), None, lambda: Vocabulary(snapshot, phrases))


_OPEN: Shared[tuple[TaskSet, Limits, Path | None], SlotTaskSet] = Shared(size=8)
_VOCABULARIES: Shared[tuple[Snapshot, Path | None], Vocabulary] = Shared(size=8)


class _Player:
    """Plays one episode after another in one row of a buffer. Used by the single environment and the vector form."""

    def __init__(
        self, task_set: SlotTaskSet, encoding: Encoding, reward: Reward, limits: EpisodeLimits
    ) -> None:
        task_set.task_set.check_reward(reward)
        self._task_set, self.encoding = task_set, encoding
        self._reward, self._limits = reward, limits
        self.rng = np.random.default_rng()
        self.episode: Episode | None = None
        self.shown: tuple[Any, ...] = ()
        """What `render` shows: tool, arguments and status of the last call, or `reset` and the task's id."""

    def begin(self, seed: int | None, task_id: str | None) -> dict[str, Any]:
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        ids = self._task_set.task_set.ids
        drawn, order = self.rng.integers((len(ids), ORDERS)).tolist()
        task_id = ids[drawn] if task_id is None else task_id
        self.episode = Episode(self._task_set.task_set.compiled(task_id), self._reward, self._limits)
        self.encoding.begin(self._task_set.request(task_id, order))
        self._turns = 0
        self.shown = ("reset", task_id)
        return {"task_id": task_id}

    def advance(self, action: Sequence[int]) -> tuple[float, bool, bool, dict[str, Any] | None]:
        """Reward, terminated, truncated, and info (`None` before the end of the episode).

        An action after the end changes nothing and its reward is 0.
        """
        episode = self.playing()
        reward = 0.0 if episode.over else self._reward_of(episode, action)
        info = self.info() if episode.over else None
        return reward, episode.terminated, episode.truncated, info

    def info(self) -> dict[str, Any]:
        """`task_id` and `score`; at the end of an episode also `episode_score`, `success` and perhaps `void`."""
        episode = self.playing()
        info: dict[str, Any] = {"task_id": episode.task.id, "score": episode.score.as_dict()}
        if episode.over:
            info |= {"episode_score": episode.score.total, "success": episode.score.success}
            info |= {} if episode.void is None else {"void": episode.void}
        return info

    def playing(self) -> Episode:
        if self.episode is None:
            raise UsageError("step: no episode has begun; call reset first")
        return self.episode

    def _reward_of(self, episode: Episode, action: Sequence[int]) -> float:
        called = self.encoding.call(action)
        if called is None:
            return episode.play(Turn(answer=self.encoding.answer(action)))[1]
        answered, reward = episode.play(Turn(calls=(ToolCall(*called),)))
        self._turns += 1
        self.encoding.take(action, answered[0], self._turns)
        self.encoding.set_clock(self._turns)
        self.shown = (*called, answered[0].result.status)
        return reward


class ToolOrchSlotsEnv(gym.Env[dict[str, Array], Array]):
    """Structured observations for non-LLM agents: one multi-step tool-orchestration task per episode.

    ## Action Space

    `MultiDiscrete`: a tool, or stop (the last value); then one candidate row for each of the tool's parameters in
    sorted order or, when stopping, for each fact asked. `action_masks()` returns a flat mask, as masking wrappers
    expect. No action raises.

    ## Observation Space

    A `Dict` of integer and float arrays; docs/slots.md lists their shapes and columns.

    ## Rewards and Information

    As in `ToolOrch-v0`.

    ## Arguments

    snapshot, tasks, reward, max_turns, max_calls: As for `ToolOrch-v0`.
    split: Default: `graph-train`, or `train` if the snapshot has no such split. Only requests that a phrase book words
        are read into the observation: of `travel`, those of the `graph-` splits.
    limits: Rows of the observation arrays. Snapshots with larger requests or responses may need more.
    phrases: Path of a phrase book, for a snapshot without one. Default: the bundled book of the snapshot's name, else
        words made from names.
    task_set: A `SlotTaskSet` to play. `snapshot`, `split`, `tasks`, `limits` and `phrases` are then ignored.
    render_mode: `ansi` or `None`. `render` returns the last call and its status.

    Raises `UsageError`, `SnapshotError` or `TaskError` when constructed.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - gymnasium declares it on the instance

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
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UsageError(f"render_mode: expected None or ansi, found {render_mode!r}")
        self.task_set = task_set or open_slot_task_set(snapshot, split, tasks, reward, limits, phrases)
        self.layout = self.task_set.layout
        self.observation_space, self.action_space = spaces(self.layout)
        self.render_mode = render_mode
        allowed = EpisodeLimits(max_turns=max_turns, max_calls=max_calls)
        self._buffer = np.zeros((1, self.layout.size), dtype=np.uint8)
        self.encoding = Encoding(self.layout, self._buffer[0])
        self._player = _Player(self.task_set, self.encoding, reward, allowed)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Begin the task `options["task_id"]`, or one drawn uniformly from the split."""
        super().reset(seed=None if seed is None else index(seed))
        self._player.rng = self.np_random
        self._player.begin(None, wanted_task(options))
        return self._observed(), self._player.info()

    def step(self, action: Array) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Make the call, or stop. No value of `action` raises; a malformed one stops with an empty answer."""
        reward, terminated, truncated, _ = self._player.advance(_choices(action, self.layout))
        return self._observed(), reward, terminated, truncated, self._player.info()

    def __setstate__(self, state: dict[str, Any]) -> None:  # a copy or an unpickled environment
        vars(self).update(state)
        self.encoding.bind(self._buffer[0])

    def action_masks(self) -> Array:
        """`(sum of choices,)` bool: tools and stop, then per position the rows that fit an offered tool there."""
        mask: Array = self.layout.views(self._buffer)["mask"][0].copy()
        return mask

    def render(self) -> str:
        """The last call and its status."""
        return " ".join(map(str, self._player.shown))

    def _observed(self) -> dict[str, Array]:
        return {name: view[0] for name, view in _seen(self.layout, self._buffer.copy()).items()}


class ToolOrchSlotsVector(EpisodeVector[_Player, dict[str, Array]]):
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
    ) -> None:
        self.task_set = task_set or open_slot_task_set(snapshot, split, tasks, reward, limits, phrases)
        self.layout = self.task_set.layout
        self._copy = copy
        self._buffer = np.zeros((at_least_one(num_envs), self.layout.size), dtype=np.uint8)
        allowed = EpisodeLimits(max_turns=max_turns, max_calls=max_calls, max_steps=max_episode_steps)
        encodings = [Encoding(self.layout, row) for row in self._buffer]
        players = [_Player(self.task_set, encoding, reward, allowed) for encoding in encodings]
        super().__init__(players, autoreset_mode, ToolOrchSlotsEnv.metadata)
        self.single_observation_space, self.single_action_space = spaces(self.layout)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def observed(self) -> dict[str, Array]:
        return _seen(self.layout, self._buffer.copy() if self._copy else self._buffer)

    def observed_of(self, which: Sequence[int]) -> Iterator[dict[str, Array]]:
        last = _seen(self.layout, self._buffer[which])
        return ({name: array[at] for name, array in last.items()} for at in range(len(which)))

    def taken(self, actions: Any) -> Sequence[Any]:
        chosen = np.asarray(actions)
        if chosen.shape != (self.num_envs, len(self.layout.actions)):
            raise UsageError(
                f"actions: expected shape ({self.num_envs}, {len(self.layout.actions)}), found {chosen.shape}"
            )
        return np.maximum(chosen.astype(np.int64), 0).tolist()  # type: ignore[no-any-return]

    def __setstate__(self, state: dict[str, Any]) -> None:  # a copy or an unpickled vector
        vars(self).update(state)
        for player, row in zip(self.envs, self._buffer, strict=True):
            player.encoding.bind(row)

    def action_masks(self) -> Array:
        """`(num_envs, sum of choices)` bool."""
        mask: Array = self.layout.views(self._buffer)["mask"]
        return mask.copy() if self._copy else mask

    def message(self, i: int, action: Sequence[int]) -> dict[str, Any]:
        """An action of environment `i` as an assistant message: a call, or `{"content": answer}`."""
        return self.envs[i].encoding.message([int(one) for one in action])

    def values(self, i: int) -> list[Any]:
        """The candidate values of environment `i`, by row."""
        return list(self.envs[i].encoding.values)


def _seen(layout: Layout, buffer: Array) -> dict[str, Array]:
    """The observation arrays of a buffer: all but the mask."""
    views = layout.views(buffer)
    del views["mask"]
    return views


def _choices(action: Any, layout: Layout) -> list[int]:
    """An action as a list of integers. A malformed action becomes a stop with an empty answer."""
    try:
        given = np.asarray(action, dtype=np.float64).ravel()
    except (TypeError, ValueError, OverflowError):
        given = np.empty(0)
    chosen = np.clip(np.nan_to_num(given), 0, 2**31).astype(np.int64).tolist()
    whole = chosen if len(chosen) == len(layout.actions) else [layout.tools] + [0] * layout.positions
    return whole


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "SlotStage": "slots.env:SlotTaskSet",
            "slot_stage": "slots.env:open_slot_task_set",
        },
    )
