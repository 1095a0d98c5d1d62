"""Reward configurations and scores.

A `RewardConfig` is a formula with its weights; `PRESETS` has the common ones. A `Score` has the components of an
episode so far. How a score is computed is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isclose
from typing import Any, Literal

from ..errors import UsageError
from .credit import CreditWeights

Kind = Literal["graduated", "binary", "execution", "published"]
KINDS: tuple[Kind, ...] = ("graduated", "binary", "execution", "published")


@dataclass(frozen=True, slots=True)
class RewardConfig:
    """The formula that scores an episode, and its weights.

    Args:
        kind: `graduated`, `binary`, `execution` or `published`; docs/reward.md has the formulas.
        atomic: Weight of A, the correctness of each call.
        orchestration: Weight of O, order and dependencies.
        answer: Weight of F, the facts of the final answer. For a task without facts, `atomic` and `orchestration` are
            renormalised.
        waste: The price of waste (`graduated.waste_cost`); at least 0.
        credit: Credit weights, which A is computed from.

    Raises `UsageError` unless `atomic`, `orchestration` and `answer` are at least 0 and sum to 1, the weights of
    `credit` likewise, `waste` is at least 0, and `kind` is known.
    """

    kind: Kind = "graduated"
    atomic: float = 0.4
    orchestration: float = 0.4
    answer: float = 0.2
    waste: float = 0.15
    credit: CreditWeights = field(default_factory=CreditWeights)

    def __post_init__(self) -> None:
        ladder = tuple(getattr(self.credit, name) for name in CreditWeights.__slots__)
        for names, weights in (
            ("atomic, orchestration, answer", (self.atomic, self.orchestration, self.answer)),
            ("credit", ladder),
        ):
            if min(weights) < 0 or not isclose(sum(weights), 1.0):
                raise UsageError(
                    f"RewardConfig: {names}: expected weights of at least 0 that sum to 1, found {weights}"
                )
        if not self.waste >= 0:
            raise UsageError(f"RewardConfig.waste: expected at least 0, found {self.waste}")
        if self.kind not in KINDS:
            raise UsageError(f"RewardConfig.kind: expected one of {', '.join(KINDS)}, found {self.kind!r}")

    def weights(self, facts: bool) -> tuple[float, float, float]:
        """The weights of A, O and F, which sum to 1, for a task with or without facts.

        Raises `UsageError` for a task without facts if `answer` is the only weight.
        """
        if facts:
            return self.atomic, self.orchestration, self.answer
        rest = self.atomic + self.orchestration
        if not rest:
            raise UsageError(
                "RewardConfig: only `answer` has a weight, but this task has no answer facts; "
                "raise `atomic` or `orchestration`"
            )
        return self.atomic / rest, self.orchestration / rest, 0.0

    def __setstate__(self, state: Any) -> None:
        """Restore a pickle. Version 0.1.0 stored kind, weights without facts, weights with facts, waste, credit."""
        if isinstance(state, list) and len(state) == 5:
            kind, without, (atomic, orchestration, answer), waste, credit = state
            state = [kind, atomic, orchestration, answer, waste, credit]
            rest = atomic + orchestration
            if not rest or not isclose(without[0], atomic / rest):
                raise UsageError(
                    f"RewardConfig of version 0.1.0: the weights for tasks without facts, {tuple(without)}, are not "
                    f"{(atomic, orchestration)} renormalised; choose one set of weights"
                )
        for name, value in zip(self.__slots__, state, strict=True):
            object.__setattr__(self, name, value)


PRESETS: dict[str, RewardConfig] = {
    "graduated": RewardConfig(),
    "binary": RewardConfig(kind="binary"),
    "atomic_only": RewardConfig(atomic=1.0, orchestration=0.0, answer=0.0),
    "orchestration_only": RewardConfig(atomic=0.0, orchestration=1.0, answer=0.0),
    "execution": RewardConfig(kind="execution"),
    "published": RewardConfig(kind="published"),
}
"""Rewards by name, for the argument `reward` of `gym.make`."""


@dataclass(frozen=True, slots=True)
class Score:
    """The components of the score so far, in [0, 1] except `waste` (at least 0).

    `answer` is `None` for a task without facts. `total` is S, the sum of the rewards so far; it stays 0 until the end
    for the kinds `binary` and `published`. `waste` is calls left over per golden call. `success` is whether every
    golden call was answered, in order, every fact stated, and `waste` is at most 1; it means the same under every
    reward.
    """

    atomic: float = 0.0
    orchestration: float = 0.0
    answer: float | None = None
    waste: float = 0.0
    total: float = 0.0
    success: bool = False

    def as_dict(self) -> dict[str, float | None]:
        """Components and total by name, without `success`."""
        return {
            "atomic": self.atomic,
            "orchestration": self.orchestration,
            "answer": self.answer,
            "waste": self.waste,
            "total": self.total,
        }


Reward = str | RewardConfig | Callable[[Score], float]
"""A preset's name, a configuration, or a function that computes S from the components."""


def configured(reward: Reward) -> tuple[RewardConfig, Callable[[Score], float] | None]:
    """The configuration that `reward` means, and its function if it is one. Raises `UsageError`."""
    if isinstance(reward, RewardConfig):
        return reward, None
    if isinstance(reward, str):
        if reward not in PRESETS:
            raise UsageError(f"reward: expected one of {', '.join(PRESETS)}, found {reward!r}")
        return PRESETS[reward], None
    if isinstance(reward, type):
        raise UsageError(f"reward: expected a function or an instance, found the class {reward.__name__}")
    if callable(reward):
        return RewardConfig(), reward
    raise UsageError(
        f"reward: expected a preset's name, a RewardConfig or a function, found {type(reward).__name__}"
    )
