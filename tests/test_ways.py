"""Other ways to the goal: found in the responses, paid like the golden way, and no gap in the laws."""

import json

import pytest
from test_invariants import Scorer, other_value

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.bench.scripted import POLICIES
from tool_orch_env.calls.types import ToolCall
from tool_orch_env.episode import score_turns
from tool_orch_env.reward.alternatives import Alternatives
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.other_ways import Finder, OtherWay
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import Binding, GoldenCall, Task

Found = list[tuple[Task, OtherWay]]


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
    """A value that comes too late was guessed. An other call that does a later golden call's work too is never late."""
    tried = 0
    for task, way in found:
        ways, other = Alternatives(task, index.snapshot.catalog), index.calls[way.number]
        met = set(ways.met_by(other.tool, other.arguments, other.response))
        done = [call.id for call in task.golden if ways.of[call.id] and set(ways.of[call.id]) <= met]
        late = [[call] for turn in way.turns[::-1] for call in turn.calls]
        if len(late) > 1 and task.depth > 1 and done == [way.instead_of]:
            assert Scorer(task, index.snapshot)(late).total < 1.0, task.id
            tried += 1
    assert tried > len(found) / 2


def test_without_the_other_call_the_trace_falls_short(index: Index, found: Found) -> None:
    for task, way in found:
        golden = {call.id for call in task.golden}
        kept = [[call] for turn in way.turns for call in turn.calls if call.id in golden]
        assert Scorer(task, index.snapshot)(kept).total < 1.0 - 1e-6, task.id


def test_a_golden_tool_asked_for_something_else_is_no_other_way(travel: Snapshot) -> None:
    """The board of the next hour has another flight to the same airport: a wrong hour must not be paid."""
    calls = [one for one in travel.calls() if one[0] == "departures"]
    boards = {(a["origin"], a["date"], a["hour"]): travel.lookup("departures", a) for _, a in calls}
    golden, wrong, dest = next(
        ((*key[:2], key[2]), key[2] + 1, flight["dest"])
        for key, found in sorted(boards.items())
        if found and boards.get((*key[:2], key[2] + 1))
        for flight in json.loads(found.text).get("flights", ())
        if f'"dest":"{flight["dest"]}"' in boards[(*key[:2], key[2] + 1)].text
        and travel.lookup("get_airport", {"iata": flight["dest"]})
    )
    asked = dict(zip(("origin", "date", "hour"), golden, strict=True))
    flights = json.loads(travel.lookup("departures", asked).text)["flights"]
    place = f"/flights/{[flight['dest'] for flight in flights].index(dest)}/dest"
    binding = Binding(call="a", pointer=place)
    task = Task(
        id="t",
        snapshot="travel",
        request="?",
        tools=("departures", "get_airport"),
        golden=(
            GoldenCall(id="a", tool="departures", arguments=asked),
            GoldenCall(
                id="b", tool="get_airport", arguments={"iata": dest}, needs=("a",), bindings={"iata": binding}
            ),
        ),
    )
    last = [task.golden[1].as_call()]
    assert Scorer(task, travel)([[task.golden[0].as_call()], last]).total == 1.0
    assert Scorer(task, travel)([[ToolCall("departures", {**asked, "hour": wrong})], last]).total < 0.9


def test_synthesised_tasks_keep_the_laws_of_the_reward(index: Index, tasks: list[Task]) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    for task in tasks:
        score = Scorer(task, index.snapshot)
        for left_out in task.golden:
            kept = [[call.as_call()] for call in task.golden if call is not left_out]
            assert score(kept).total < 1.0 - 1e-6, (task.id, left_out.id)
        for index_of, call in enumerate(task.golden):
            for name, value in call.arguments.items():
                turns = [[one.as_call()] for one in task.golden]
                turns[index_of] = [ToolCall(call.tool, {**call.arguments, name: other_value(value)})]
                assert score(turns).total < 1.0 - 1e-6, (task.id, call.id, name)
        for name in ("silent", "first_only", "names_only", "junk", "three_times", "every_tool"):
            calls = [turn.calls for turn in POLICIES[name](task, index.snapshot, rng) if turn.calls]
            assert score(calls).total < 1.0 - 1e-6, (task.id, name)
