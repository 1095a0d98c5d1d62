"""The scorer of an episode, by the formula that its reward configuration names."""

from collections.abc import Sequence
from typing import Protocol

from ..calls.types import Answered
from .config import Reward, Score, configured
from .execution import Execution
from .golden import Rubric
from .graduated import Graduated
from .published import Published


class Scorer(Protocol):
    """Running score of one episode."""

    def turn(self, calls: Sequence[Answered], answer: str | None, done: bool) -> Score:
        """Take one turn in; `answer` is the final answer, `done` says that no turn follows."""
        ...

    def credited(self) -> list[str | None]:
        """Per call of the last turn: the id of the golden call it is credited to, so far."""
        ...


def scorer(rubric: Rubric, reward: Reward) -> Scorer:
    """A fresh scorer for one episode."""
    config, total = configured(reward)
    if config.kind == "published":
        return Published(rubric)
    if config.kind == "execution":
        return Execution(rubric, config)
    return Graduated(rubric, config, total)
