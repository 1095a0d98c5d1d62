"""Reward configurations and the score they produce.

A `RewardConfig` names a formula and its weights; `PRESETS` has the usual ones. A `Score` holds the components of an
episode so far. This module knows nothing of how either is computed.
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
    """Which formula scores an episode, and its weights.

    Args:
        kind: `graduated`, `binary`, `execution` or `published`; docs/reward.md has their formulas.
        atomic: Weight of A, the correctness of each call.
        orchestration: Weight of O, order and dependencies.
        answer: Weight of F, the facts of the final answer. On a task without facts the first two are renormalised.
        waste: What one wasted call per golden call costs; at least 0.
        credit: Weights of the credit ladder, within A.

    Raises `UsageError` unless `atomic`, `orchestration` and `answer`, and the weights of `credit`, are at least 0 and
    sum to 1, `waste` is at least 0, and the kind is known.
    """

    kind: Kind = "graduated"
    atomic: float = 0.4
    orchestration: float = 0.4
    answer: float = 0.2
    waste: float = 0.1
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
        """The weights of A, O and F for a task with or without facts, summing to 1.

        Raises `UsageError` for a task without facts if `answer` is the only weight.
        """
        if facts:
            return self.atomic, self.orchestration, self.answer
        rest = self.atomic + self.orchestration
        if not rest:
            raise UsageError("RewardConfig: only `answer` has a weight, and this task has no answer facts")
        return self.atomic / rest, self.orchestration / rest, 0.0

    def __setstate__(self, state: Any) -> None:
        """Restore a pickle; one of 0.1.0 lists kind, weights without facts, weights with facts, waste, credit."""
        if isinstance(state, list) and len(state) == 5:
            kind, without, (atomic, orchestration, answer), waste, credit = state
            state = [kind, atomic, orchestration, answer, waste, credit]
            rest = atomic + orchestration
            if not rest or not isclose(without[0], atomic / rest):
                raise UsageError(
                    f"RewardConfig of version 0.1.0: weights {tuple(without)} for tasks without facts differ from "
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


@dataclass(frozen=True, slots=True)
class Score:
    """Components so far, each in [0, 1] except `waste` (at least 0). `answer` is `None` on a task without facts.

    `total` is S, the sum of the rewards so far. Presets that pay at the end keep it at 0 until then. `success` says
    that every golden call was answered, in order, and every fact stated; it means the same under every reward.
    """

    atomic: float = 0.0
    orchestration: float = 0.0
    answer: float | None = None
    waste: float = 0.0
    total: float = 0.0
    success: bool = False

    def as_dict(self) -> dict[str, float | None]:
        """The components and the total by name."""
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
