"""The two forms of action of `ToolOrchSlots-v0`: what is observed, what an action is, which actions the mask allows.

`decisions` asks one question per step and its mask is exact: an allowed choice never leads to a call that breaks a
schema. `calls` takes a tool and all its arguments at once; a mask per position cannot say which values go together.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import gymnasium as gym
import numpy as np

from ..episode import EpisodeLimits
from ..errors import UsageError
from ..reward.config import Reward
from .decision_encoding import DecisionLayout
from .encoding import Layout, spaces
from .player import DecisionPlayer, Player
from .taskset import SlotTaskSet

Array = Any
CLOSED = 2**31
"""Stands for whatever is no number of an action."""


class Form(Protocol):
    """A form of action, with the observation that goes with it."""

    size: int
    """Bytes of one observation."""

    def spaces(self) -> tuple[gym.spaces.Dict, gym.Space[Any]]:
        """Observation and action space of a single environment."""

    def player(self, task_set: SlotTaskSet, row: Array, reward: Reward, limits: EpisodeLimits) -> Player:
        """What plays episodes in one row of a buffer."""

    def seen(self, buffer: Array) -> dict[str, Array]:
        """The observation arrays of a byte buffer `(n, size)`, as views."""

    def masks(self, buffer: Array) -> Array:
        """The action masks of a byte buffer, `(n, width)` bool, as a view."""

    def one(self, action: Any) -> Any:
        """An action of a single environment as a player takes it. Never raises."""

    def many(self, actions: Any, n: int) -> Sequence[Any]:
        """Actions of a vector as players take them. Raises `UsageError` for another shape."""


class CallForm:
    """A tool, or stop, and a candidate for each of its parameters: the action of `Layout`."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self.size = layout, layout.size

    def spaces(self) -> tuple[gym.spaces.Dict, gym.Space[Any]]:
        return spaces(self._layout)

    def player(self, task_set: SlotTaskSet, row: Array, reward: Reward, limits: EpisodeLimits) -> Player:
        return Player(task_set, row, reward, limits)

    def seen(self, buffer: Array) -> dict[str, Array]:
        views = self._layout.views(buffer)
        del views["mask"]
        return views

    def masks(self, buffer: Array) -> Array:
        return self._layout.views(buffer)["mask"]

    def one(self, action: Any) -> list[int]:
        """A malformed action becomes a stop with an empty answer."""
        chosen = _whole(action)
        if len(chosen) == len(self._layout.actions):
            return chosen
        return [self._layout.tools] + [0] * self._layout.positions

    def many(self, actions: Any, n: int) -> Sequence[list[int]]:
        chosen = _of_shape(actions, (n, len(self._layout.actions)))
        return np.maximum(chosen, 0).tolist()  # type: ignore[no-any-return]


class DecisionForm:
    """The number of a choice of the decision at hand: the rows of `DecisionLayout`."""

    def __init__(self, layout: Layout) -> None:
        self._shape = DecisionLayout(layout)
        self.size = self._shape.size

    def spaces(self) -> tuple[gym.spaces.Dict, gym.Space[Any]]:
        return self._shape.spaces()

    def player(self, task_set: SlotTaskSet, row: Array, reward: Reward, limits: EpisodeLimits) -> Player:
        return DecisionPlayer(task_set, row, reward, limits)

    def seen(self, buffer: Array) -> dict[str, Array]:
        return self._shape.views(buffer)

    def masks(self, buffer: Array) -> Array:
        return self._shape.views(buffer)["action_mask"].view(np.bool_)

    def one(self, action: Any) -> int:
        """A malformed action becomes a closed choice."""
        if isinstance(action, (int, np.integer)):
            return int(action)
        chosen = _whole(action)
        return chosen[0] if len(chosen) == 1 else CLOSED

    def many(self, actions: Any, n: int) -> Sequence[int]:
        return _of_shape(actions, (n,)).tolist()  # type: ignore[no-any-return]


FORMS: dict[str, type[CallForm] | type[DecisionForm]] = {"decisions": DecisionForm, "calls": CallForm}


def form_of(actions: str, layout: Layout) -> Form:
    """The form of this name. Raises `UsageError` for another name."""
    if actions not in FORMS:
        raise UsageError(f"actions: expected one of {', '.join(FORMS)}, found {actions!r}")
    return FORMS[actions](layout)


def _whole(action: Any) -> list[int]:
    """The numbers of an action, clipped to 0 and above; none if it holds anything else."""
    try:
        given = np.asarray(action, dtype=np.float64).ravel()
    except (TypeError, ValueError, OverflowError):
        given = np.empty(0)
    return np.clip(np.nan_to_num(given), 0, CLOSED).astype(np.int64).tolist()  # type: ignore[no-any-return]


def _of_shape(actions: Any, shape: tuple[int, ...]) -> Array:
    chosen = np.asarray(actions)
    if chosen.shape != shape:
        raise UsageError(f"actions: expected shape {shape}, found {chosen.shape}")
    return chosen.astype(np.int64)
