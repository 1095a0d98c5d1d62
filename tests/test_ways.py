"""Other ways to the goal: found in the responses, paid like the golden way, and no gap in the laws."""

import pytest
from test_invariants import Scorer

from tool_orch_env.bench.scripted import POLICIES
from tool_orch_env.call import ToolCall
from tool_orch_env.episode import score_turns
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.other_ways import Finder, OtherWay
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import Task, oracle_turns

Found = list[tuple[Task, OtherWay]]


@pytest.fixture(scope="module")
def index(travel: Snapshot) -> Index:
    return Index(travel)


@pytest.fixture(scope="module")
def tasks(index: Index) -> list[Task]:
    targets = Targets(calls=weights("2-7"), distractors=weights("2-8"))
    return list(synthesise(index, targets, 20, 5, ways_every=1))


@pytest.fixture(scope="module")
def found(index: Index, tasks: list[Task]) -> Found:
    finder = Finder(index)
    return [(task, way) for task in tasks for way in finder.find(task)]


def test_the_other_way_scores_one_and_is_no_waste(index: Index, found: Found) -> None:
    assert len({task.id for task, _ in found}) == 20
    for task, way in found:
        score = score_turns(task, way.turns, index.snapshot)
        assert score.total == 1.0
        assert score.waste == 0.0
        assert index.calls[way.number].tool in task.tools


def test_the_other_way_and_the_golden_one_together_are_waste(index: Index, found: Found) -> None:
    for task, way in found:
        extra = ToolCall(index.calls[way.number].tool, index.calls[way.number].arguments)
        (golden,) = [call for call in task.golden if call.id == way.instead_of]
        with_both = [[extra], *[list(turn.calls) for turn in oracle_turns(task) if turn.calls]]
        assert Scorer(task, index.snapshot)(with_both).total < 1.0, (task.id, golden)


def test_an_other_call_after_its_value_was_used_does_not_answer_in_order(index: Index, found: Found) -> None:
    """A value that comes too late was guessed."""
    for task, way in found:
        late = [[call] for turn in way.turns[::-1] for call in turn.calls]
        if len(late) > 1 and task.depth > 1:
            assert Scorer(task, index.snapshot)(late).total < 1.0, task.id


def test_without_the_other_call_the_trace_falls_short(index: Index, found: Found) -> None:
    for task, way in found:
        golden = {call.id for call in task.golden}
        kept = [[call] for turn in way.turns for call in turn.calls if call.id in golden]
        assert Scorer(task, index.snapshot)(kept).total < 1.0 - 1e-6, task.id


def test_synthesised_tasks_keep_the_laws_of_the_reward(index: Index, tasks: list[Task]) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    for task in tasks:
        score = Scorer(task, index.snapshot)
        for left_out in task.golden:
            kept = [[call.as_call()] for call in task.golden if call is not left_out]
            assert score(kept).total < 1.0 - 1e-6, (task.id, left_out.id)
        for name in ("silent", "first_only", "names_only", "junk", "three_times", "every_tool"):
            calls = [turn.calls for turn in POLICIES[name](task, index.snapshot, rng) if turn.calls]
            assert score(calls).total < 1.0 - 1e-6, (task.id, name)
