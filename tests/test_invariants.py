"""The laws of the reward, on the bundled tasks and every task imported from the shared data.

`make data` plays the larger snapshots: of each synthesised split of `travel` a seeded sample, `make thorough` all of
it. That the golden trace of every task scores 1.0 is what the audit proves (test_audit.py).
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import toy as toys

from tool_orch_env.bench.scripted import POLICIES
from tool_orch_env.calls.oracle import oracle_answer
from tool_orch_env.calls.types import ToolCall, Turn
from tool_orch_env.episode import Episode, EpisodeLimits
from tool_orch_env.jsonvalues.canonical import canonical
from tool_orch_env.reward.config import PRESETS, Score
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.folder import bundled_folder
from tool_orch_env.task import GoldenCall, Task
from tool_orch_env.taskset import TaskSet

BUNDLED = sorted({path.parent.name for path in bundled_folder().glob("*/manifest.json")} - {"demo"})
SOURCES = [
    "toy",
    "demo",
    "orchestration_traces",
    "complexfuncbench",
    *(pytest.param(name, marks=pytest.mark.data) for name in BUNDLED),
]
IMPORTED = {"orchestration_traces": "train_60.jsonl", "complexfuncbench": "raw_5.jsonl"}

Played = tuple[Snapshot, list[Task]]


@pytest.fixture(scope="module", params=SOURCES)
def played(request: pytest.FixtureRequest) -> Played:
    name = request.param
    if name == "toy":
        return toys.snapshot(), toys.tasks()
    if name in IMPORTED:
        from tool_orch_env import importers

        return importers.load(request.getfixturevalue("shared_data") / name / IMPORTED[name])
    opened = Snapshot.open(name)
    return opened, [task for split in opened.splits for task in drawn(opened.tasks(split))]


def drawn(tasks: list[Task]) -> list[Task]:
    """A split of up to 100 tasks whole, of a larger one a sample of 15; all if the tests are to be thorough."""
    if len(tasks) <= 100 or os.environ.get("HYPOTHESIS_PROFILE") == "thorough":
        return tasks
    return [tasks[i] for i in sorted(np.random.default_rng(4).choice(len(tasks), 15, replace=False).tolist())]


class Scorer:
    """Scores many traces of one task on one compiled stage."""

    def __init__(self, task: Task, snapshot: Snapshot) -> None:
        self._setting = TaskSet(snapshot, [task]).compiled(task.id)
        self._answer = Turn(answer=oracle_answer(task))

    def __call__(self, turns: Sequence[Sequence[ToolCall]], reward: str = "graduated") -> Score:
        episode = Episode(self._setting, reward, EpisodeLimits(max_turns=10**6, max_calls=10**6))
        rewards = [episode.step(Turn(calls=tuple(calls))).reward for calls in turns]
        rewards.append(episode.step(self._answer).reward)
        assert abs(sum(rewards) - episode.score.total) < 1e-9
        return episode.score


def orders(task: Task, rng: np.random.Generator, most: int = 40) -> Iterator[list[GoldenCall]]:
    """Every order that respects the DAG if there are few, else a random draw of them."""
    if len(task.golden) <= 4:
        for order in itertools.permutations(task.golden):
            seen: set[str] = set()
            if all(set(call.needs) <= seen and not seen.add(call.id) for call in order):
                yield list(order)
        return
    for _ in range(most):
        done: list[GoldenCall] = []
        while len(done) < len(task.golden):
            ids = {call.id for call in done}
            ready = [call for call in task.golden if call.id not in ids and set(call.needs) <= ids]
            done.append(ready[int(rng.integers(len(ready)))])
        yield done


def batched(order: list[GoldenCall], rng: np.random.Generator) -> list[list[ToolCall]]:
    """The order cut into turns at random, a call never in the turn of one it needs."""
    turns: list[list[GoldenCall]] = []
    for call in order:
        together = turns and not {c.id for c in turns[-1]} & set(call.needs) and rng.random() < 0.5
        turns[-1].append(call) if together else turns.append([call])
    return [[call.as_call() for call in turn] for turn in turns]


def other_value(value: Any) -> Any:
    """A different value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + " other"
    if isinstance(value, list):
        return [*value, "other"]
    return {"other": 1}


def test_the_golden_trace_scores_exactly_one_in_every_order_and_batching(played: Played) -> None:
    snapshot, tasks = played
    rng = np.random.default_rng(0)
    for task in tasks:
        score = Scorer(task, snapshot)
        for order in orders(task, rng):
            assert score([[call.as_call()] for call in order]).total == 1.0, task.id
            assert score(batched(order, rng)).total == 1.0, task.id


def test_dropping_any_call_lowers_the_score(played: Played) -> None:
    snapshot, tasks = played
    for task in tasks:
        score = Scorer(task, snapshot)
        for left_out in (call for call in task.golden if not call.optional):
            kept = [[call.as_call()] for call in task.golden if call is not left_out]
            assert score(kept).total < 1.0 - 1e-6, (task.id, left_out.id)


def test_changing_any_value_lowers_the_score(played: Played) -> None:
    snapshot, tasks = played
    for task in tasks:
        score = Scorer(task, snapshot)
        for index, call in enumerate(task.golden):
            for name, value in call.arguments.items():
                changed = ToolCall(call.tool, {**call.arguments, name: other_value(value)})
                turns = [[one.as_call()] for one in task.golden]
                turns[index] = [changed]
                assert score(turns).total < 1.0 - 1e-6, (task.id, call.id, name)


def test_repeating_or_adding_a_call_never_raises_the_score(played: Played) -> None:
    snapshot, tasks = played
    rng = np.random.default_rng(0)
    recorded = list(snapshot.calls())
    for task in tasks:
        score = Scorer(task, snapshot)
        golden = [call.as_call() for call in task.golden]
        drawn = [ToolCall(*recorded[int(i)]) for i in rng.integers(len(recorded), size=6)]
        for extra in (*golden, *drawn, ToolCall("no_such_tool", {})):
            place = int(rng.integers(len(golden) + 1))
            turns = [[call] for call in (*golden[:place], extra, *golden[place:])]
            assert score(turns).total <= 1.0, (task.id, extra)
        for call in golden:  # a repetition costs, wherever it stands
            assert score([[one] for one in golden] + [[call]]).total < 1.0, (task.id, call)


def test_right_names_with_every_argument_replaced_earn_at_most_a_quarter(played: Played) -> None:
    snapshot, tasks = played
    for task in tasks:
        if any(not call.arguments for call in task.golden):
            continue
        score = Scorer(task, snapshot)
        for replace in (lambda value: "x", other_value, lambda value: None):
            turns = [
                [ToolCall(call.tool, {k: replace(v) for k, v in call.arguments.items()})]
                for call in task.golden
            ]
            answer = 0.2 if task.answer else 0.0  # the scorer's last turn states the facts
            assert score(turns).total <= 0.25 + answer, task.id


def test_no_degenerate_policy_reaches_the_golden_trace(played: Played) -> None:
    """A policy that, on some task, comes down to the golden calls in an allowed order is no cheat there."""
    snapshot, tasks = played
    rng = np.random.default_rng(0)
    for task in tasks:
        score = Scorer(task, snapshot)
        for name in (
            "silent",
            "first_only",
            "names_only",
            "junk",
            "reverse",
            "three_times",
            "once_per_function",
            "every_tool",
        ):
            calls = [turn.calls for turn in POLICIES[name](task, snapshot, rng) if turn.calls]
            if not _is_golden(task, [call for turn in calls for call in turn]):
                assert score(calls).total < 1.0 - 1e-6, (task.id, name)


def _is_golden(task: Task, calls: list[ToolCall]) -> bool:
    """Whether these calls, one per turn, are the golden ones in an order that the DAG allows."""
    wanted = sorted((call.tool, canonical(call.arguments)) for call in task.golden)
    if sorted((call.name, canonical(call.arguments)) for call in calls) != wanted:
        return False
    position = {}
    for index, call in enumerate(calls):
        position.setdefault((call.name, canonical(call.arguments)), index)
    place = {call.id: position[call.tool, canonical(call.arguments)] for call in task.golden}
    return all(place[needed] < place[call.id] for call in task.golden for needed in call.needs)


@pytest.mark.parametrize("reward", PRESETS)
def test_every_preset_stays_in_range_and_its_rewards_add_up(played: Played, reward: str) -> None:
    snapshot, tasks = played
    rng = np.random.default_rng(0)
    for task in tasks[:20]:
        score = Scorer(task, snapshot)
        for policy in POLICIES.values():
            calls = [turn.calls for turn in policy(task, snapshot, rng) if turn.calls]
            assert 0.0 <= score(calls, reward).total <= 1.0, (task.id, reward)


def test_tasks_have_a_common_share_of_repeated_functions(played: Played) -> None:
    """The laws above are only worth something if some task calls a function twice."""
    _, tasks = played
    assert any(len({c.tool for c in task.golden}) < len(task.golden) for task in tasks)
