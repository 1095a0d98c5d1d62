"""The spaces of `ToolOrch-v0`: any text as observation, any assistant message as action."""

from string import printable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import create_shared_memory

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
    """Text of any length has no array: gymnasium's worker processes have to send it instead."""
    raise gym.error.CustomSpaceError('text needs vector_kwargs={"shared_memory": False}')


class AssistantMessage(AnyText):
    """Every string, and the structured forms of an action: a message or call as dict, a list of calls."""

    def contains(self, x: Any) -> bool:
        return super().contains(x) or isinstance(x, (dict, list))
