"""The laws of the reward, on the bundled tasks and every task imported from the shared data.

`make data` plays the larger snapshots, and CI a part of their tasks. Laws that take many traces per task play a seeded
sample of each synthesised split of `travel` there, and all of it under `make thorough`.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import sampling
import toy as toys

from tool_orch_env.answers.mentions import mentions
from tool_orch_env.answers.oracle import oracle_answer
from tool_orch_env.bench.redteam.target import is_golden
from tool_orch_env.bench.scripted import POLICIES
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

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"

Played = tuple[Snapshot, list[Task]]


@pytest.fixture(scope="module", params=SOURCES)
def played(request: pytest.FixtureRequest) -> Played:
    opened, splits = source(request)
    return opened, [task for tasks in splits for task in drawn(tasks)]


@pytest.fixture(scope="module", params=SOURCES)
def every(request: pytest.FixtureRequest) -> Played:
    """The tasks of every split, for laws that take a few traces each."""
    opened, splits = source(request)
    return opened, list(itertools.chain.from_iterable(map(sampling.every, splits)))


def source(request: pytest.FixtureRequest) -> tuple[Snapshot, list[list[Task]]]:
    name = request.param
    if name == "toy":
        return toys.snapshot(), [toys.tasks()]
    if name in IMPORTED:
        from tool_orch_env import importers

        opened, tasks = importers.load(request.getfixturevalue("shared_data") / name / IMPORTED[name])
        return opened, [tasks]
    opened = Snapshot.open(name)
    return opened, [opened.tasks(split) for split in opened.splits]


def drawn(tasks: list[Task]) -> list[Task]:
    """A split of up to 150 tasks whole, of a larger one a sample of 15; all if the tests are to be thorough."""
    if len(tasks) <= 150 or THOROUGH:
        return tasks
    return [tasks[i] for i in sorted(np.random.default_rng(4).choice(len(tasks), 15, replace=False).tolist())]


class Scorer:
    """Scores many traces of one task on one compiled stage."""

    def __init__(self, task: Task, snapshot: Snapshot, answer: str = "") -> None:
        """Traces end with `answer`, by default with one that states every fact."""
        self._setting = TaskSet(snapshot, [task]).compiled(task.id)
        self._answer = Turn(answer=answer or oracle_answer(task))

    def __call__(self, turns: Sequence[Sequence[ToolCall]], reward: str = "graduated") -> Score:
        episode = Episode(self._setting, reward, EpisodeLimits(max_turns=10**6, max_calls=10**6))
        rewards = [episode.step(Turn(calls=tuple(calls))).reward for calls in turns]
        rewards.append(episode.step(self._answer).reward)
        assert abs(sum(rewards) - episode.score.total) < 1e-9
        return episode.score


def orders(task: Task, rng: np.random.Generator) -> list[list[GoldenCall]]:
    """Every order that respects the DAG if there are not too many, else a random draw of them."""
    most, drawn = (200, 40) if THOROUGH else (48, 16)
    every = list(itertools.islice(extended(task, []), most + 1))
    return every if len(every) <= most else [at_random(task, rng) for _ in range(drawn)]


def extended(task: Task, done: list[GoldenCall]) -> Iterator[list[GoldenCall]]:
    """Every order that begins with `done`."""
    if len(done) == len(task.golden):
        yield done
    for call in ready(task, done):
        yield from extended(task, [*done, call])


def at_random(task: Task, rng: np.random.Generator) -> list[GoldenCall]:
    done: list[GoldenCall] = []
    while len(done) < len(task.golden):
        choice = ready(task, done)
        done.append(choice[int(rng.integers(len(choice)))])
    return done


def ready(task: Task, done: list[GoldenCall]) -> list[GoldenCall]:
    """The calls that can be made next."""
    ids = {call.id for call in done}
    return [call for call in task.golden if call.id not in ids and set(call.needs) <= ids]


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


def test_the_golden_trace_scores_exactly_one_in_every_order_and_batching(every: Played) -> None:
    snapshot, tasks = every
    rng = np.random.default_rng(0)
    for task in tasks:
        score = Scorer(task, snapshot)
        for order in orders(task, rng):
            assert score([[call.as_call()] for call in order]).total == 1.0, task.id
            assert score(batched(order, rng)).total == 1.0, task.id


def test_dropping_any_call_lowers_the_score(every: Played) -> None:
    snapshot, tasks = every
    for task in tasks:
        score = Scorer(task, snapshot)
        for left_out in (call for call in task.golden if not call.optional):
            kept = [[call.as_call()] for call in task.golden if call is not left_out]
            assert score(kept).total < 1.0 - 1e-6, (task.id, left_out.id)


def test_changing_any_value_lowers_the_score(every: Played) -> None:
    """But for an optional number that identifies nothing: a wider radius finds the same nearest airport."""
    snapshot, tasks = every
    for task in tasks:
        score = Scorer(task, snapshot)
        for index, call in enumerate(task.golden):
            for name, value in call.arguments.items():
                changed = ToolCall(call.tool, {**call.arguments, name: other_value(value)})
                turns = [[one.as_call()] for one in task.golden]
                turns[index] = [changed]
                bound = isinstance(value, int) and name not in snapshot.catalog[call.tool].required
                if bound and snapshot.lookup(call.tool, dict(changed.arguments or {})) is not None:
                    continue
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
            assert score(turns).total <= 0.25, task.id


def test_placeholders_earn_nothing_and_less_than_half_the_work(every: Played) -> None:
    """All golden calls at once, with a made-up value wherever one has to be read.

    The calls that need no reading are work done right; with them alone the same turn earns at least as much.
    """
    snapshot, tasks = every
    burst, half = [], []
    for task in tasks:
        score = Scorer(task, snapshot, answer="Done.")
        known = [call.as_call() for call in task.golden if not call.bindings]
        made_up = [stubbed(call, snapshot) for call in task.golden if call.bindings]
        all_at_once = score([[*known, *made_up]]).total
        assert all_at_once <= score([known] if known else []).total, task.id
        if len(known) <= len(task.golden) / 2:
            order = [call.as_call() for layer in task.layers for call in layer]
            burst.append(all_at_once)
            half.append(score([[call] for call in order[: max(1, len(order) // 2)]]).total)
    assert not burst or np.mean(burst) < np.mean(half)


def stubbed(call: GoldenCall, snapshot: Snapshot) -> ToolCall:
    """The call with the first valid value that comes to mind in the place of each one that has to be read."""
    arguments = call.as_call().arguments
    for argument in call.bindings:
        name = argument if argument in arguments else argument.split("/")[1]
        schema = snapshot.catalog[call.tool].properties.get(name, {})
        kinds = schema.get("type", "string")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        plain = {"integer": 1, "number": 1.0, "boolean": True, "array": ["x"], "object": {}}.get(kind, "x")
        listed = [one for one in schema.get("enum", ()) if one != call.arguments.get(name)]
        arguments[name] = listed[0] if listed else plain
    return ToolCall(call.tool, arguments)


def test_calls_from_nowhere_take_no_golden_calls_place(every: Played) -> None:
    """A recorded call that is not golden, first of all: whatever its reply holds, its arguments are known or it earns
    nothing in order, and O stays 0 for it alone."""
    snapshot, tasks = every
    rng = np.random.default_rng(0)
    recorded = list(snapshot.calls())
    for task in tasks:
        score = Scorer(task, snapshot, answer="Done.")
        given = {text for call in task.golden for text in map(str, call.arguments.values())}
        golden = {(call.tool, canonical(call.arguments)) for call in task.golden}
        for at in rng.integers(len(recorded), size=12):
            tool, arguments = recorded[int(at)]
            words = [str(value) for value in arguments.values()]
            if (
                tool in task.tools
                and (tool, canonical(arguments)) not in golden
                and words
                and all(word not in given and not mentions(task.request, word) for word in words)
            ):
                assert score([[ToolCall(tool, arguments)]]).orchestration == 0.0, (task.id, tool, arguments)


def test_an_answer_without_calls_earns_nothing(every: Played) -> None:
    snapshot, tasks = every
    for task in tasks:
        assert Scorer(task, snapshot)([]).total == 0.0, task.id


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
            if not is_golden(task, calls):
                assert score(calls).total < 1.0 - 1e-6, (task.id, name)


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
