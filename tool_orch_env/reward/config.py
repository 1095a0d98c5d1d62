"""Reward configurations and the score they produce.

A `RewardConfig` says which formula scores an episode and with which weights; `PRESETS` names the usual ones. A
`Score` holds the components of an episode so far. This module knows nothing of how either is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isclose
from typing import Literal

from ..errors import UsageError
from .credit import Rungs

Kind = Literal["graduated", "binary", "execution", "published"]


@dataclass(frozen=True, slots=True)
class RewardConfig:
    """Which formula, and its weights. `weights` are (w_A, w_O), `weights_with_facts` (w_A, w_O, w_F).

    Raises `UsageError` unless each group has its number of weights, at least 0, that add up to 1, and `waste` is
    at least 0.
    """

    kind: Kind = "graduated"
    weights: tuple[float, float] = (0.5, 0.5)
    weights_with_facts: tuple[float, float, float] = (0.4, 0.4, 0.2)
    waste: float = 0.1
    rungs: Rungs = field(default_factory=Rungs)

    def __post_init__(self) -> None:
        rungs = (
            self.rungs.name,
            self.rungs.parameters,
            self.rungs.types,
            self.rungs.values,
            self.rungs.executed,
        )
        for name, group, count in (
            ("weights", self.weights, 2),
            ("weights_with_facts", self.weights_with_facts, 3),
            ("rungs", rungs, 5),
        ):
            if len(group) != count or min(group) < 0 or not isclose(sum(group), 1.0):
                raise UsageError(
                    f"RewardConfig.{name}: expected {count} numbers of at least 0 that add up to 1, found {group}"
                )
        if not self.waste >= 0:
            raise UsageError(f"RewardConfig.waste: expected at least 0, found {self.waste}")
        if self.kind not in ("graduated", "binary", "execution", "published"):
            raise UsageError(f"RewardConfig.kind: unknown {self.kind!r}")


PRESETS: dict[str, RewardConfig] = {
    "graduated": RewardConfig(),
    "binary": RewardConfig(kind="binary"),
    "atomic_only": RewardConfig(weights=(1.0, 0.0), weights_with_facts=(1.0, 0.0, 0.0)),
    "orchestration_only": RewardConfig(weights=(0.0, 1.0), weights_with_facts=(0.0, 1.0, 0.0)),
    "execution": RewardConfig(kind="execution"),
    "published": RewardConfig(kind="published"),
}


@dataclass(frozen=True, slots=True)
class Score:
    """Components so far, each in [0, 1] except `waste` (at least 0). `answer` is `None` without facts.

    `total` is S, what the rewards so far add up to. Presets that pay at the end keep it at 0 until then.
    """

    atomic: float = 0.0
    orchestration: float = 0.0
    answer: float | None = None
    waste: float = 0.0
    total: float = 0.0

    @property
    def success(self) -> bool:
        """Every golden call answered exactly and in order, and every fact stated; waste aside."""
        return self.atomic == 1.0 and self.orchestration == 1.0 and self.answer in (None, 1.0)

    def as_dict(self) -> dict[str, float | None]:
        return {
            "atomic": self.atomic,
            "orchestration": self.orchestration,
            "answer": self.answer,
            "waste": self.waste,
            "total": self.total,
        }


Reward = str | RewardConfig | Callable[[Score], float]
"""A preset's name, a configuration, or a function from components to S."""


def configured(reward: Reward) -> tuple[RewardConfig, Callable[[Score], float] | None]:
    """The configuration and the total function that `reward` means; raises `UsageError`."""
    if isinstance(reward, RewardConfig):
        return reward, None
    if isinstance(reward, str):
        if reward not in PRESETS:
            raise UsageError(f"no reward preset {reward!r}; there are {', '.join(PRESETS)}")
        return PRESETS[reward], None
    if isinstance(reward, type):
        raise UsageError(f"reward: expected a function, found the class {reward.__name__}: call it")
    if callable(reward):
        return RewardConfig(), reward
    raise UsageError(
        f"reward: expected a preset's name, a RewardConfig or a function, found {type(reward).__name__}"
    )
