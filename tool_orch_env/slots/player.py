"""One slot episode after another, in one row of a buffer, with a whole call or one decision per step.

Whatever the form of the actions, they become the same calls and answers, which `Episode` answers and scores.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from ..calls.types import ParseError, ToolCall, Turn
from ..episode import Episode, EpisodeLimits
from ..errors import UsageError
from ..reward.config import Reward
from .decision_encoding import DecisionEncoding, DecisionLayout
from .decisions import Decisions
from .encoding import Encoding
from .taskset import ORDERS, SlotTaskSet


class Player:
    """Plays episodes whose actions are whole calls."""

    def __init__(self, task_set: SlotTaskSet, row: Any, reward: Reward, limits: EpisodeLimits) -> None:
        """`row` is the row of bytes that is observed."""
        task_set.task_set.check_reward(reward)
        self._task_set, self._reward, self._limits = task_set, reward, limits
        self.encoding = Encoding(task_set.layout, row)
        self.rng = np.random.default_rng()
        self.episode: Episode | None = None
        self.shown: tuple[Any, ...] = ()
        """What `render` shows: tool, arguments and status of the last call; `stop` and the answer; `reset` and the
        task's id; `closed` and a choice that was not open."""

    def bind(self, row: Any) -> None:
        """Read and write this row from now on. A copy or a pickle of views no longer shares their buffer."""
        self.encoding.bind(row)

    def begin(self, seed: int | None, task_id: str | None) -> dict[str, Any]:
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        ids = self._task_set.task_set.ids
        drawn, order = self.rng.integers((len(ids), ORDERS)).tolist()
        task_id = ids[drawn] if task_id is None else task_id
        self.episode = Episode(self._task_set.task_set.compiled(task_id), self._reward, self._limits)
        self.encoding.begin(self._task_set.request(task_id, order))
        self.turns = 0
        self.shown = ("reset", task_id)
        return {"task_id": task_id}

    def advance(self, action: Any) -> tuple[float, bool, bool, dict[str, Any] | None]:
        """Reward, terminated, truncated, and info (`None` before the end of the episode).

        An action after the end changes nothing and its reward is 0.
        """
        episode = self.playing()
        reward = 0.0 if episode.over else self.reward_of(episode, action)
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

    def reward_of(self, episode: Episode, action: Any) -> float:
        """The reward of a slot action: a tool or stop, and rows of candidates."""
        called = self.encoding.call(action)
        if called is None:
            self.shown = ("stop", self.encoding.answer(action))
            return episode.play(Turn(answer=self.shown[1]))[1]
        answered, reward = episode.play(Turn(calls=(ToolCall(*called),)))
        self.turns += 1
        self.encoding.take(action, answered[0], self.turns)
        self.encoding.set_clock(self.turns)
        self.shown = (*called, answered[0].result.status)
        return reward


class DecisionPlayer(Player):
    """Plays episodes whose actions are decisions. A closed choice is answered like a call that cannot be read."""

    def __init__(self, task_set: SlotTaskSet, row: Any, reward: Reward, limits: EpisodeLimits) -> None:
        self._hidden = np.zeros(task_set.layout.size, dtype=np.uint8)
        super().__init__(task_set, self._hidden, reward, replace(limits, max_steps=None))
        self._most = limits.max_steps
        self.decisions = Decisions(task_set.layout, self.encoding)
        shape = DecisionLayout(task_set.layout)
        self._observed = DecisionEncoding(shape, self.encoding, self.decisions, row)

    def bind(self, row: Any) -> None:
        super().bind(self._hidden)
        self._observed.bind(row)

    def begin(self, seed: int | None, task_id: str | None) -> dict[str, Any]:
        info = super().begin(seed, task_id)
        self._steps = 0
        self.decisions.begin()
        self._observed.write(self.turns)
        return info

    def reward_of(self, episode: Episode, action: Any) -> float:
        """The reward of a decision: that of the call or answer which it completes, else 0."""
        reward = self._decided(episode, action)
        self._steps += 1
        if not episode.over and self._steps == self._most:
            reward += episode.end()
        self._observed.write(self.turns)
        if episode.over:
            self._observed.close()
        return reward

    def _decided(self, episode: Episode, choice: Any) -> float:
        decisions = self.decisions
        if choice not in decisions.now.options:
            error = ParseError("/action", f"choice {choice} is not open")
            reward = episode.play(Turn(calls=(error,)))[1]
            self.turns += 1
            self.shown = ("closed", choice)
            decisions.restart()
            return reward
        action = decisions.choose(choice)
        if action is None:
            return 0.0
        reward = super().reward_of(episode, action)
        decisions.restart()
        return reward
