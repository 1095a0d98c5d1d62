"""The scorer of an episode, by the formula that its reward configuration names."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from ..calls.types import AnsweredCall
from .config import Reward, RewardConfig, Score, configured
from .execution import Execution
from .golden import CompiledTrace
from .graduated import Graduated
from .published import Published


class Scorer(Protocol):
    """Running score of one episode."""

    def turn(self, calls: Sequence[AnsweredCall], answer: str | None, done: bool) -> Score:
        """Take one turn in; `answer` is the final answer, `done` says that no turn follows."""
        ...

    def credited(self) -> list[str | None]:
        """Per call of the last turn: the id of the golden call it is credited to, so far."""
        ...


class _Otherwise:
    """A comparison formula, with the success that the graduated score determines: one meaning under every reward."""

    def __init__(self, formula: Scorer, graduated: Graduated) -> None:
        self._formula = formula
        self._graduated = graduated

    def turn(self, calls: Sequence[AnsweredCall], answer: str | None, done: bool) -> Score:
        success = self._graduated.turn(calls, answer, done).success
        return replace(self._formula.turn(calls, answer, done), success=success)

    def credited(self) -> list[str | None]:
        return self._formula.credited()


def scorer(trace: CompiledTrace, reward: Reward) -> Scorer:
    """A fresh scorer for one episode."""
    config, total = configured(reward)
    if config.kind == "published":
        return _Otherwise(Published(trace), Graduated(trace, RewardConfig()))
    if config.kind == "execution":
        return _Otherwise(Execution(trace, config), Graduated(trace, RewardConfig()))
    return Graduated(trace, config, total)
