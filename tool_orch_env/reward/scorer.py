"""Choosing the scorer of an episode from its reward configuration."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from ..answers.reading import Answer, FactReading
from ..calls.types import AnsweredCall
from .config import Reward, RewardConfig, Score, configured
from .execution import Execution
from .golden import CompiledTrace
from .graduated import Graduated
from .published import Published


class Formula(Protocol):
    """Computes the running score of one episode."""

    def turn(self, calls: Sequence[AnsweredCall], answer: Answer | None, done: bool) -> Score:
        """The score after another turn. `answer` is the final answer or `None`, `done` whether the episode is over."""
        ...

    def credited(self) -> list[str | None]:
        """For each call of the last turn, the id of the golden call it is credited to so far, or `None`."""
        ...


class Scorer(Formula, Protocol):
    """A formula that also explains what it read of the final answer."""

    def readings(self) -> tuple[FactReading, ...]:
        """What the final answer says of each fact, and why it does not count; empty until there is one."""
        ...


class _Otherwise:
    """A comparison formula with the `success` of the graduated score, which means the same under every reward."""

    def __init__(self, formula: Formula, graduated: Graduated) -> None:
        self._formula = formula
        self._graduated = graduated

    def turn(self, calls: Sequence[AnsweredCall], answer: Answer | None, done: bool) -> Score:
        success = self._graduated.turn(calls, answer, done).success
        return replace(self._formula.turn(calls, answer, done), success=success)

    def credited(self) -> list[str | None]:
        return self._formula.credited()

    def readings(self) -> tuple[FactReading, ...]:
        return self._graduated.readings()


def scorer(trace: CompiledTrace, reward: Reward) -> Scorer:
    """A new scorer for one episode. Raises `UsageError` if `reward` is not valid."""
    config, total = configured(reward)
    if config.kind == "published":
        return _Otherwise(Published(trace), Graduated(trace, RewardConfig()))
    if config.kind == "execution":
        return _Otherwise(Execution(trace, config), Graduated(trace, RewardConfig()))
    return Graduated(trace, config, total)
