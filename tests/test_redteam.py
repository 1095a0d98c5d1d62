"""The red team: what honest and careless agents do, what exploits do, and when a reward fails."""

import json
from pathlib import Path

import numpy as np
import pytest
import toy as toys

from tool_orch_env.answers.oracle import oracle_answer, oracle_turns
from tool_orch_env.bench.redteam import Report, attack, report
from tool_orch_env.bench.redteam.exploits import EVERYTHING, EXPLOITS
from tool_orch_env.bench.redteam.honest import Trace, careless, first_half, honest
from tool_orch_env.bench.redteam.target import Recorded, Target
from tool_orch_env.calls.types import ToolCall, Turn
from tool_orch_env.cli import main
from tool_orch_env.errors import UsageError
from tool_orch_env.reward.config import Reward, RewardConfig, Score
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task
from tool_orch_env.taskset import TaskSet, open_task_set

TRAVEL = 12
"""Number of tasks of `travel` that are played."""


@pytest.fixture(scope="module")
def travel() -> list[Target]:
    """Targets of some tasks whose picks are from lists."""
    snapshot = Snapshot.open("travel")
    tasks = [task for task in snapshot.tasks("test") if task.depth > 1][:TRAVEL]
    return targets(snapshot, tasks)


@pytest.fixture(scope="module")
def toy() -> list[Target]:
    return targets(toys.snapshot(), toys.tasks())


def targets(snapshot: Snapshot, tasks: list[Task]) -> list[Target]:
    task_set, recorded = TaskSet(snapshot, tasks), Recorded(snapshot)
    return [Target(task_set.compiled(task.id), recorded) for task in tasks]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def calls(trace: Trace | None) -> list[ToolCall]:
    assert trace is not None
    turns = [turn for turn in trace if isinstance(turn, Turn)]
    return [call for turn in turns for call in turn.calls if isinstance(call, ToolCall)]


def asked(call: ToolCall) -> tuple[str, str]:
    return call.name, json.dumps(call.arguments, sort_keys=True)


def golden(target: Target) -> set[tuple[str, str]]:
    return {asked(call.as_call()) for call in target.order}


def test_an_agent_that_always_picks_right_plays_the_golden_trace(travel: list[Target]) -> None:
    for target in travel:
        for agent in (honest, careless):
            assert agent(target, rng(), 1.0) == oracle_turns(target.task)


def test_an_honest_agent_repairs_every_wrong_pick_a_turn_later(travel: list[Target]) -> None:
    for target in travel:
        picks = sum(bool(call.bindings) for call in target.order)
        trace = honest(target, rng(), 0.0)
        made = [asked(call) for call in calls(trace)]
        assert len(made) == len(target.order) + picks
        assert golden(target) <= set(made)
        assert trace[-1] == Turn(answer=oracle_answer(target.task))


def test_a_careless_agent_goes_on_from_the_wrong_row(travel: list[Target]) -> None:
    for target in travel:
        trace = careless(target, rng(), 0.0)
        made = {asked(call) for call in calls(trace)}
        free = {asked(call.as_call()) for call in target.order if not call.bindings}
        assert free <= made and not golden(target) <= made
        assert len(made) <= len(target.order)


def test_wrong_picks_of_a_better_agent_are_a_part_of_those_of_a_worse_one(travel: list[Target]) -> None:
    for target in travel:
        made = [{asked(call) for call in calls(honest(target, rng(3), p))} for p in (0.2, 0.5, 0.9)]
        assert made[2] <= made[1] <= made[0]


def test_half_of_the_work_is_done_one_call_at_a_time(toy: list[Target]) -> None:
    assert first_half(toy[0])[:-1] == [Turn(calls=(call.as_call(),)) for call in toy[0].order[:2]]


def test_rows_are_other_elements_of_the_list_that_the_value_is_from(travel: list[Target]) -> None:
    target = next(target for target in travel if any(target.rows(call) for call in target.order))
    call = next(call for call in target.order if target.rows(call))
    for arguments in target.rows(call):
        assert arguments.keys() == call.arguments.keys() and arguments != call.arguments
        changed = {name for name in arguments if arguments[name] != call.arguments[name]}
        assert changed <= call.bindings.keys()


def test_a_value_in_no_list_has_other_recorded_calls_as_siblings(toy: list[Target]) -> None:
    country = toy[0].by_id["c"]
    assert toy[0].rows(country) == []
    assert {"code": "FI"} in toy[0].siblings(country) and {"code": "NO"} not in toy[0].siblings(country)


def test_a_column_has_what_the_fact_could_also_be(toy: list[Target]) -> None:
    [fact] = toy[1].task.answer
    assert toy[1].column(fact) == ["NOK", "SEK"]


@pytest.mark.parametrize("name", EXPLOITS)
def test_an_exploit_plays_the_same_for_the_same_seed(
    name: str, travel: list[Target], toy: list[Target]
) -> None:
    played = [EXPLOITS[name].play(target, rng()) for target in (*travel, *toy)]
    assert played == [EXPLOITS[name].play(target, rng()) for target in (*travel, *toy)]
    assert any(played), f"{name} applies to no task"
    assert 0 < len(EXPLOITS[name].what) <= 110


@pytest.mark.parametrize("name", ["recite", "rotate", "neighbour", "negate", "list_all"])
def test_an_exploit_of_the_answer_makes_all_golden_calls_and_no_other(
    name: str, travel: list[Target]
) -> None:
    for target in travel:
        trace = EXPLOITS[name].play(target, rng())
        if trace is not None:
            assert trace[:-1] == oracle_turns(target.task)[:-1]
            assert trace[-1] != oracle_turns(target.task)[-1]


def test_placeholders_keep_what_the_request_states_and_replace_what_must_be_read(toy: list[Target]) -> None:
    made = calls(EXPLOITS["placeholders"].play(toy[0], rng()))
    assert [(call.name, call.arguments) for call in made] == [
        ("search_city", {"name": "Oslo"}),
        ("get_city", {"city_id": 1}),
        ("get_country", {"code": "x"}),
        ("rate", {"currency": "x", "date": "2013-07-10"}),
    ]


def test_enumerating_fetches_four_rows_next_to_the_right_one(travel: list[Target]) -> None:
    for target in travel:
        trace = EXPLOITS["enumerate_five"].play(target, rng())
        if trace is not None:
            more = sum(min(4, len(target.rows(call))) for call in target.order)
            assert len(calls(trace)) == len(target.order) + more


def test_calls_from_nowhere_go_to_tools_that_are_not_golden(travel: list[Target]) -> None:
    found = [trace for target in travel if (trace := EXPLOITS["from_nowhere"].play(target, rng()))]
    assert found
    for target in travel:
        trace = EXPLOITS["from_nowhere"].play(target, rng())
        if trace is not None:
            tools = {call.name for call in calls(trace)}
            assert tools <= set(target.task.tools) - {call.tool for call in target.order}


def test_a_constant_answer_does_not_depend_on_the_task(travel: list[Target]) -> None:
    assert all(EXPLOITS["constant"].play(target, rng()) == [Turn(answer=EVERYTHING)] for target in travel)


def attacked(reward: Reward, snapshot: Snapshot | None = None, tasks: list[Task] | None = None) -> Report:
    opened = snapshot or Snapshot.open("demo")
    return attack(open_task_set(opened, tasks=tasks or opened.tasks(), reward=reward), reward)


def always(score: Score) -> float:
    return 1.0


def solved(score: Score) -> float:
    return float(score.success)


def nothing(score: Score) -> float:
    return 0.0


def test_a_reward_that_always_pays_fails_every_exploit() -> None:
    found = attacked(always)
    assert {result.exploit.name for result in found.results} <= EXPLOITS.keys()
    assert all(result.faults for result in found.results)
    assert found.faults[0] == "constant: earns 1.000, 1.000 too much: it may earn nothing"


def test_a_reward_that_never_pays_fails_none() -> None:
    assert attacked(nothing).faults == []


def test_a_reward_of_success_pays_no_exploit_that_leaves_work_out() -> None:
    found = {result.exploit.name: result for result in attacked(solved).results}
    for name in ("constant", "prose", "unreadable", "placeholders", "stop_early", "request_only", "junk"):
        assert not found[name].faults and found[name].earned.value == 0.0


def test_agents_that_work_are_reported_in_order_of_skill() -> None:
    snapshot = Snapshot.open("travel")
    found = attacked("graduated", snapshot, snapshot.tasks("test")[:TRAVEL])
    earned = {one.name: one.earned.value for one in found.workers}
    assert tuple(earned) == report.WORKERS
    assert earned["golden trace"] == 1.0
    for agent in ("honest", "careless"):
        assert 1.0 > earned[f"{agent} 0.9"] > earned[f"{agent} 0.8"] > earned[f"{agent} 0.6"]
    assert earned["honest 0.6"] > earned["careless 0.6"]
    assert all(not result.golden for result in found.results if result.exploit.name in ("reverse", "recall"))


def test_what_comes_down_to_the_golden_trace_is_no_exploit(toy: list[Target]) -> None:
    """On a task without dependencies the reversed calls are a right solution."""
    free = toys.two_cities(0).model_copy(
        update={"golden": tuple(call for call in toys.two_cities(0).golden if not call.needs)}
    )
    found = attacked("graduated", toys.snapshot(), [free])
    assert "reverse" not in {result.exploit.name for result in found.results}


@pytest.mark.parametrize(
    ("earned", "even"),
    [(0.1, 0.0), (0.2, 0.0), (0.3, 0.25), (0.4, 0.5), (0.7, 0.75), (1.0, 1.0), (1.1, None)],
)
def test_break_even_is_interpolated_between_agents(earned: float, even: float | None) -> None:
    found = report.break_even(earned, [(0.0, 0.2), (0.5, 0.4), (1.0, 1.0)])
    assert found == (None if even is None else pytest.approx(even))


def test_a_configuration_with_other_credit_weights_than_the_task_set_is_refused() -> None:
    from tool_orch_env.reward.credit import CreditWeights

    stern = RewardConfig(credit=CreditWeights(0.0, 0.0, 0.0, 1.0, 0.0))
    with pytest.raises(UsageError, match="credit weights"):
        attack(open_task_set("demo", split="test"), stern)


REWARDS = """
from tool_orch_env import RewardConfig
def always(score): return 1.0
def nothing(score): return 0.0
def broken(score): return score.nothing
stern = RewardConfig(waste=1.0)
"""


@pytest.fixture
def rewards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a module of rewards, as the current one."""
    (tmp_path / "rewards_of_mine.py").write_text(REWARDS)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("rewards")
def test_the_command_exits_with_1_and_says_which_exploits_win_by_how_much(
    capsys: pytest.CaptureFixture,
) -> None:
    assert main(["redteam", "--snapshot", "demo", "--reward", "rewards_of_mine:always"]) == 1
    shown = capsys.readouterr().out
    assert "constant: earns 1.000, 1.000 too much: it may earn nothing" in shown
    assert "repeat: earns as much as the golden trace on 3 of 3 tasks: demo-" in shown
    assert max(map(len, shown.partition("constant: ")[0].splitlines())) <= 80


@pytest.mark.usefixtures("rewards")
def test_the_command_exits_with_0_if_no_exploit_wins(capsys: pytest.CaptureFixture) -> None:
    assert main(["redteam", "--snapshot", "demo", "--reward", "python:rewards_of_mine:nothing"]) == 0
    assert "0 of" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.usefixtures("rewards")
def test_the_command_takes_a_configuration_a_task_file_and_a_number_of_tasks(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    from tool_orch_env.task import dump_tasks

    file = tmp_path / "tasks.jsonl"
    file.write_bytes(dump_tasks(Snapshot.open("demo").tasks()))
    command = ["redteam", "--tasks", str(file), "--n", "4", "--reward", "rewards_of_mine:stern", "--json"]
    assert main(command) in (0, 1)
    first = capsys.readouterr().out
    found = json.loads(first)
    assert found["tasks"] == 4 and found["reward"] == "rewards_of_mine:stern"
    assert found["workers"]["golden trace"]["earned"]["value"] == 1.0
    assert found["exploits"]["placeholders"]["may_earn"] == "first half"
    assert set(found["exploits"]["constant"]["break_even"]) == {"honest", "careless"}
    main(command)
    assert capsys.readouterr().out == first


@pytest.mark.usefixtures("rewards")
@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("--reward none", "expected one of graduated, binary"),
        ("--reward no_such_module:f", "No module named 'no_such_module'"),
        ("--reward rewards_of_mine:other", "has no attribute 'other'"),
        ("--reward rewards_of_mine:RewardConfig", "found the class RewardConfig"),
        ("--reward rewards_of_mine:broken", "'nothing' (rewards_of_mine.py:5)"),
        ("--tasks none.jsonl", "no task file 'none.jsonl'"),
        ("--split none", "has no split 'none'"),
    ],
)
def test_the_command_explains_what_it_cannot_use(
    options: str, why: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["redteam", "--snapshot", "demo", *options.split()]) == 2
    assert why in capsys.readouterr().err
