"""The red team's report: what each exploit earns, next to what agents that work earn on the same tasks.

Every trace is played with the default limits of an episode. A figure is a mean of S over tasks, with a 95 % interval
over tasks. An exploit is compared with its bound (`Exploit.may_earn`) on the tasks where it applies, and it fails if

- its mean is above that of the bound, or
- it earns as much as the golden trace on more than 1 % of those tasks, where that earns anything.

A trace that comes down to the golden one, such as the reversed calls of a task without dependencies, is no exploit and
is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np

from ...answers.oracle import oracle_answer, oracle_turns
from ...calls.parse import parse_message
from ...calls.types import ToolCall, Turn
from ...episode import Episode
from ...reward.config import Reward, Score
from ...task import Task
from ...taskset import CompiledTask, TaskSet
from ..intervals import Figure, mean
from .exploits import EXPLOITS, Exploit
from .honest import Trace, careless, first_half, honest
from .target import Recorded, Target, is_golden

SHOWN = (0.9, 0.8, 0.6)
"""Probabilities of a right pick of the agents that are reported."""
WORKERS = (
    "golden trace",
    *(f"honest {p}" for p in SHOWN),
    *(f"careless {p}" for p in SHOWN),
    "first half",
)
"""Agents that work, in the order in which they are reported."""
GRID = tuple(step / 10 for step in range(11))
"""Probabilities between which `break_even` interpolates."""
DRAWS = 3
"""Episodes per task of each agent that draws its picks; their mean counts."""
ALLOWED = 0.01
"""Largest share of tasks on which an exploit may earn as much as the golden trace."""
NAMED = 3
"""Number of those tasks that a fault names."""
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Result:
    """What one exploit earned.

    `bound` is the mean of what it may earn at most, over the same tasks. `successes` counts the tasks that ended with
    `success`, `golden` has the ids of those on which it earned as much as the golden trace. `even_honest` and
    `even_careless` are what `break_even` returns for honest and for careless agents. `faults` says why the exploit
    failed; it is empty if it did not.
    """

    exploit: Exploit
    earned: Figure
    bound: float
    successes: int
    golden: tuple[str, ...]
    even_honest: float | None
    even_careless: float | None
    faults: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "what": self.exploit.what,
            "earned": self.earned.as_dict(),
            "may_earn": self.exploit.may_earn,
            "bound": self.bound,
            "successes": self.successes,
            "as_golden": list(self.golden),
            "break_even": {"honest": self.even_honest, "careless": self.even_careless},
            "faults": list(self.faults),
        }


@dataclass(frozen=True, slots=True)
class Worker:
    """What an agent earned that works, and the number of tasks that ended with `success`, a mean over its episodes."""

    name: str
    earned: Figure
    successes: float


@dataclass(frozen=True, slots=True)
class Report:
    """Working agents and exploits on `tasks` tasks. `results` lacks exploits that apply to none of them."""

    tasks: int
    workers: tuple[Worker, ...]
    results: tuple[Result, ...]

    @property
    def faults(self) -> list[str]:
        """One line per reason for which an exploit failed."""
        return [f"{result.exploit.name}: {fault}" for result in self.results for fault in result.faults]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "tasks": self.tasks,
            "workers": {
                one.name: {"earned": one.earned.as_dict(), "successes": one.successes} for one in self.workers
            },
            "exploits": {result.exploit.name: result.as_dict() for result in self.results},
            "faults": self.faults,
        }


def attack(
    task_set: TaskSet,
    reward: Reward = "graduated",
    seed: int = 0,
    shown: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> Report:
    """Play every exploit and the agents that work on each task of a task set.

    The task set must have the credit weights of `reward`, as `open_task_set(..., reward=reward)` makes it. `shown`
    wraps the ids of the tasks, to show progress. The same seed gives the same report. Raises `UsageError`, and whatever
    a reward function raises.
    """
    task_set.check_reward(reward)
    recorded = Recorded(task_set.snapshot)
    played = [
        _Played(Target(task_set.compiled(name), recorded), reward, seed) for name in shown(task_set.ids)
    ]
    results = [_result(exploit, played) for exploit in EXPLOITS.values()]
    return Report(len(played), tuple(_workers(played)), tuple(result for result in results if result))


def break_even(earned: float, curve: Sequence[tuple[float, float]]) -> float | None:
    """The smallest probability p of a right pick at which work earns at least `earned`, on average.

    `curve` has the mean score of agents by p, rising; between its points the score is interpolated linearly. A policy
    whose picks are right less often than this earns more by the exploit than by trying. 0 if work earns as much even if
    every pick is wrong, `None` if it does not with every pick right.
    """
    if curve[0][1] >= earned - _SAME:
        return curve[0][0]
    for (low, before), (high, after) in pairwise(curve):
        if after >= earned - _SAME:
            return low + (high - low) * min(1.0, (earned - before) / (after - before))
    return None


class _Played:
    """The scores of one task: of every agent that works, and of every exploit that applies."""

    def __init__(self, target: Target, reward: Reward, seed: int) -> None:
        def score(trace: Trace) -> Score:
            return _score(target.compiled, trace, reward)

        def rng(draw: int = 0) -> np.random.Generator:
            return _generator(target.task, seed, draw)

        self.task_id = target.task.id
        self.golden = score([*oracle_turns(target.task)])
        self.workers = {"golden trace": [self.golden], "first half": [score(first_half(target))]}
        for p in sorted({*GRID, *SHOWN}, reverse=True):
            for agent in (honest, careless):
                self.workers[f"{agent.__name__} {p}"] = [
                    score(agent(target, rng(n), p)) for n in range(DRAWS)
                ]
        traces = {name: exploit.play(target, rng()) for name, exploit in EXPLOITS.items()}
        self.exploits = {
            name: score(trace)
            for name, trace in traces.items()
            if trace is not None and not _comes_down_to_golden(target, trace)
        }

    def earned(self, worker: str) -> float:
        """The mean score of an agent that works; 0 for `nothing`."""
        return 0.0 if worker == "nothing" else float(np.mean([one.total for one in self.workers[worker]]))

    def successes(self, worker: str) -> float:
        """The share of an agent's episodes that ended with `success`."""
        return float(np.mean([one.success for one in self.workers[worker]]))


def _result(exploit: Exploit, played: Sequence[_Played]) -> Result | None:
    tasks = [one for one in played if exploit.name in one.exploits]
    scores = [one.exploits[exploit.name] for one in tasks]
    earned = mean([score.total for score in scores])
    if earned is None:
        return None
    bound = float(np.mean([one.earned(exploit.may_earn) for one in tasks]))
    golden = tuple(
        one.task_id
        for one, score in zip(tasks, scores, strict=True)
        if one.golden.total > 0 and score.total >= one.golden.total - _SAME
    )
    return Result(
        exploit=exploit,
        earned=earned,
        bound=bound,
        successes=sum(score.success for score in scores),
        golden=golden,
        even_honest=break_even(earned.value, _curve(tasks, "honest")),
        even_careless=break_even(earned.value, _curve(tasks, "careless")),
        faults=tuple(_faults(exploit, earned, bound, golden)),
    )


def _faults(exploit: Exploit, earned: Figure, bound: float, golden: Sequence[str]) -> Iterator[str]:
    if earned.value > bound + _SAME:
        limit = (
            "it may earn nothing"
            if exploit.may_earn == "nothing"
            else f"{exploit.may_earn} earns {bound:.3f}"
        )
        yield f"earns {earned.value:.3f}, {earned.value - bound:.3f} too much: {limit}"
    if len(golden) > ALLOWED * earned.tasks:
        some = ", ".join(golden[:NAMED]) + (", …" if len(golden) > NAMED else "")
        yield f"earns as much as the golden trace on {len(golden)} of {earned.tasks} tasks: {some}"


def _curve(tasks: Sequence[_Played], agent: str) -> list[tuple[float, float]]:
    return [(p, float(np.mean([one.earned(f"{agent} {p}") for one in tasks]))) for p in GRID]


def _workers(played: Sequence[_Played]) -> Iterator[Worker]:
    for name in WORKERS:
        earned = mean([one.earned(name) for one in played])
        if earned is not None:
            yield Worker(name, earned, sum(one.successes(name) for one in played))


def _score(compiled: CompiledTask, trace: Trace, reward: Reward) -> Score:
    episode = Episode(compiled, reward)
    for turn in trace:
        if episode.over:
            break
        episode.play(turn if isinstance(turn, Turn) else parse_message(turn, compiled.tools))
    episode.end()
    episode.check()
    return episode.score


def _comes_down_to_golden(target: Target, trace: Trace) -> bool:
    """Whether a trace makes the golden calls in an order that the task allows, and gives the golden answer."""
    if any(isinstance(turn, str) for turn in trace):
        return False
    turns = [turn for turn in trace if isinstance(turn, Turn)]
    calls = [[call for call in turn.calls if isinstance(call, ToolCall)] for turn in turns]
    return turns[-1].answer == oracle_answer(target.task) and is_golden(target.task, calls)


def _generator(task: Task, seed: int, draw: int) -> np.random.Generator:
    """A generator per task, so that the order and number of tasks do not matter."""
    identity = int.from_bytes(blake2b(task.id.encode(), digest_size=8).digest())
    return np.random.default_rng([seed, draw, identity])
