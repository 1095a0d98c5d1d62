"""`toe.bench.run`: what each protocol makes of scripted policies, on real rows and on small ones."""

from typing import Any

import pytest
import toy as toys

import tool_orch_env as toe
from tool_orch_env import importers
from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.bench.cfb import PROBLEM, golden_steps
from tool_orch_env.bench.cfb_match import all_free, same
from tool_orch_env.bench.result import EpisodeResult
from tool_orch_env.calls.chat import turn_message
from tool_orch_env.calls.types import ToolCall, Turn
from tool_orch_env.errors import UsageError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import GoldenCall, Task

Step = list[GoldenCall]
END = "That is all."


@pytest.fixture(scope="module")
def rows(shared_data: Any) -> tuple[Snapshot, list[Task]]:
    return importers.load(shared_data / "complexfuncbench" / "raw_5.jsonl")


def scripted(tasks: list[Task], script: Any) -> Any:
    """A policy that plays `script(task)`, a list of messages or of calls per turn; then it says that is all."""
    by_request = {task.request: script(task) for task in tasks}

    def policy(messages: list[dict], tools: list[dict]) -> Any:
        said = sum(message["role"] == "assistant" for message in messages)
        turns = by_request[messages[1]["content"]]
        return message(turns[said]) if said < len(turns) else END

    return policy


def message(turn: Any) -> Any:
    if not isinstance(turn, list):
        return turn
    calls = [call.as_call() if isinstance(call, GoldenCall) else call for call in turn]
    return turn_message(Turn(calls=tuple(calls)))


def played(rows: tuple[Snapshot, list[Task]], script: Any, strict: bool = False) -> list[EpisodeResult]:
    snapshot, tasks = rows
    return toe.bench.run(tasks, scripted(tasks, script), "cfb-offline", snapshot, strict)


def outcome(results: list[EpisodeResult]) -> tuple[set[str], int, int]:
    """Stop reasons, correct calls, golden calls."""
    return (
        {one.stop_reason for one in results},
        sum(one.correct_calls for one in results),
        sum(one.golden_calls for one in results),
    )


def one_per_turn(task: Task) -> list[Step]:
    return [[call] for call in task.golden]


def without_free(task: Task) -> list[Step]:
    return golden_steps(task)[1:]


def free_thrice_at_once(task: Task) -> list[Step]:
    first, *rest = golden_steps(task)
    return [first * 3, *rest]


def free_thrice_in_turns(task: Task) -> list[Step]:
    first, *rest = golden_steps(task)
    return [first, first, first, *rest]


def all_at_once(task: Task) -> list[Step]:
    return [list(task.golden)]


def wrong_call(task: Task) -> list[Any]:
    first, second = golden_steps(task)
    other = {**second[0].arguments, "pick_up_date": "2031-01-01"}
    return [first, [second[0].model_copy(update={"arguments": other})]]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("script", [golden_steps, one_per_turn])
def test_replaying_the_golden_calls_succeeds(rows: Any, script: Any, strict: bool) -> None:
    assert outcome(played(rows, script, strict)) == ({"success"}, 15, 15)


@pytest.mark.parametrize("strict", [False, True])
def test_skipping_the_free_calls_succeeds_with_two_of_three_correct(rows: Any, strict: bool) -> None:
    assert outcome(played(rows, without_free, strict)) == ({"success"}, 10, 15)


@pytest.mark.parametrize("script", [free_thrice_at_once, free_thrice_in_turns])
def test_a_repeated_free_call_counts_each_time_and_once_if_strict(rows: Any, script: Any) -> None:
    assert outcome(played(rows, script)) == ({"success"}, 25, 15)
    assert outcome(played(rows, script, strict=True)) == ({"success"}, 15, 15)


def test_all_calls_at_once_succeed_and_not_if_strict(rows: Any) -> None:
    assert outcome(played(rows, all_at_once)) == ({"success"}, 15, 15)
    strict = played(rows, all_at_once, strict=True)
    assert {one.stop_reason for one in strict} == {"before_observation"}
    assert not any(one.success for one in strict)


def test_format_errors_go_on_for_fifty_turns_and_to_the_cap_if_strict(rows: Any) -> None:
    def script(task: Task) -> list[Step]:
        bare = golden_steps(task)[1][0].model_copy(update={"arguments": {}})
        return [[bare]] * 50 + golden_steps(task)

    lenient = played(rows, script)
    assert outcome(lenient) == ({"success"}, 15, 15) and {one.turns for one in lenient} == {53}
    strict = played(rows, script, strict=True)
    assert outcome(strict) == ({"turn_limit"}, 0, 15) and {one.turns for one in strict} == {10}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (wrong_call, "no_match"),
        (lambda task: [*golden_steps(task), [task.golden[1]]], "func_hallucination"),
        (lambda task: golden_steps(task)[:1], "stop_early"),
        (lambda task: [], "stop_early"),
        (lambda task: ['<tool_call>{"name": "Search_Car_Loc'], "decode_error"),
        (lambda task: ['<tool_call>{"arguments": {}}</tool_call>'], "name_error"),
        (lambda task: ['<tool_call>{"name": "f", "no tool name": 1}</tool_call>'], "decode_error"),
    ],
)
def test_the_other_ends_of_an_episode(rows: Any, script: Any, reason: str, strict: bool) -> None:
    results = played(rows, script, strict)
    assert {one.stop_reason for one in results} == {reason} and not any(one.success for one in results)


def test_replies_are_the_recorded_observation_an_error_or_a_problem(rows: Any) -> None:
    snapshot, tasks = rows
    task, seen = tasks[0], []

    def policy(messages: list[dict], tools: list[dict]) -> Any:
        seen[:] = [one["content"] for one in messages if one["role"] == "tool"]
        if seen:
            return END
        location, rentals = task.golden[0], task.golden[1]
        bare = rentals.model_copy(update={"arguments": {}})
        other = location.model_copy(update={"arguments": {"query": "nowhere"}})
        return message([location, bare, other, other])

    toe.bench.run([task], policy, "cfb-offline", snapshot)
    recorded = snapshot.lookup(task.golden[0].tool, task.golden[0].arguments, task.id)
    assert recorded is not None and seen[0] == recorded.text
    assert "missing" in seen[1] and seen[2:] == [PROBLEM, PROBLEM]


def test_a_call_with_the_same_recorded_response_is_equal_unless_a_deciding_value_differs() -> None:
    """An explicit default is another spelling of the same recorded call."""
    snapshot, task = toys.snapshot(), toys.task(0, "Oslo", "2013-07-10", facts=False)
    spelt = {"city_id": 11, "units": "metric"}
    turns = [[call] for call in task.golden]
    turns[1] = [task.golden[1].model_copy(update={"arguments": spelt})]
    policy = scripted([task], lambda task: turns)
    [result] = toe.bench.run([task], policy, "cfb-offline", snapshot)
    assert result.success and result.correct_calls == 4
    [result] = toe.bench.run([task], policy, "cfb-offline", snapshot, deciding={"get_city": ["units"]})
    assert result.stop_reason == "no_match"
    judge = lambda call, golden, task: call.name == golden.tool  # noqa: E731
    [result] = toe.bench.run(
        [task], policy, "cfb-offline", snapshot, deciding={"get_city": ["units"]}, judge=judge
    )
    assert result.success


@pytest.mark.parametrize("name", ["toy", "travel", "raw_5.jsonl", "golden_calls_50.jsonl", "train_60.jsonl"])
def test_the_golden_trace_succeeds_under_every_protocol_on_every_set(
    name: str, request: pytest.FixtureRequest
) -> None:
    if name == "toy":
        snapshot, tasks = toys.snapshot(), toys.tasks()
    elif name == "travel":
        snapshot = Snapshot.open("travel")
        tasks = snapshot.tasks("handmade") + snapshot.tasks("test")
    else:
        [path] = request.getfixturevalue("shared_data").rglob(name)
        snapshot, tasks = importers.load(path)
    assert all(one.success for one in toe.bench.run(tasks, scripted(tasks, oracle_turns), snapshot=snapshot))
    for strict in (False, True):
        results = toe.bench.run(tasks, scripted(tasks, by_step), "cfb-offline", snapshot, strict)
        assert [one.task_id for one in results if not one.success] == []


def by_step(task: Task) -> list[Any]:
    return list(golden_steps(task))


def test_a_policy_that_raises_ends_its_episode_only() -> None:
    tasks = toys.tasks()
    good = scripted(tasks, oracle_turns)

    def policy(messages: list[dict], tools: list[dict]) -> Any:
        if "Turku" in messages[1]["content"] and "rate" in messages[1]["content"]:
            raise RuntimeError("out of order")
        return good(messages, tools)

    results = toe.bench.run(tasks, policy, snapshot=toys.snapshot())
    assert [one.success for one in results] == [True, False, True]
    assert results[1].stop_reason == "policy_error" and "out of order" in str(results[1].cause)


@pytest.mark.parametrize("action", [None, 7, {"x": {1, 2}}, {"content": float("nan")}])
def test_what_is_no_message_is_the_policys_fault(action: Any) -> None:
    results = toe.bench.run(toys.tasks(), lambda messages, tools: action, snapshot=toys.snapshot())
    assert {one.stop_reason for one in results} == {"policy_error"}


@pytest.mark.parametrize(
    "action",
    [
        {},
        [],
        {"tool_calls": 3},
        {"tool_calls": [None, 3, {"function": {}}]},
        {"content": 5},
        "",
        "[",
        "\ud800",
    ],
)
@pytest.mark.parametrize("protocol", ["toolorch", "cfb-offline"])
def test_any_message_whatever_is_played(action: Any, protocol: str) -> None:
    for one in toe.bench.run(toys.tasks(), lambda messages, tools: action, protocol, toys.snapshot()):
        assert not one.success and one.stop_reason != "policy_error"


def test_errors_are_told_by_kind_and_golden_calls_by_state() -> None:
    task = toys.task(0, "Oslo", "2013-07-10", facts=False)
    a, b, c, d = task.golden

    def changed(call: GoldenCall, **arguments: Any) -> GoldenCall:
        return call.model_copy(update={"arguments": arguments})

    turns = [
        [a, b],  # b in the turn of what it needs
        [changed(c, code="SE"), changed(d, currency="NOK", date="2013-07-11")],
        [changed(a, name="Lund"), changed(c.model_copy(update={"tool": "ping"}))],
        "<tool_call>{",
    ]
    [result] = toe.bench.run([task], scripted([task], lambda task: turns), snapshot=toys.snapshot())
    assert result.golden == {"a": "exact", "b": "order", "c": "inexact", "d": "inexact"}
    assert result.errors == {
        "wrong_tool": 1,
        "wrong_value_request": 1,
        "wrong_value_binding": 1,
        "order": 1,
        "surplus_call": 1,
        "unparsable": 1,
    }
    assert result.wasted_calls == 3 and result.correct_calls == 2 and result.correct_turns == 1
    assert EpisodeResult.from_dict(result.as_dict()) == result


def test_a_protocol_that_is_none_and_options_of_another_are_refused() -> None:
    for protocol, strict in (("cfb", False), ("toolorch", True)):
        with pytest.raises(UsageError):
            toe.bench.run(toys.tasks(), lambda m, t: END, protocol, toys.snapshot(), strict)


@pytest.mark.parametrize(
    ("turns", "reason", "correct"),
    [
        (["a1", "a2", "b1", "b2"], "success", 4),  # the next step comes although the first is unfinished
        (["a1", "b1", "a2", "b2"], "success", 4),
        (["a2"], "no_match", 0),  # not reached yet
        (["a1", "a1"], "no_match", 1),  # answered already, and not free
        (["a1", "a2"], "stop_early", 2),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_each_turn_with_a_match_brings_the_next_step(
    turns: list[str], reason: str, correct: int, strict: bool
) -> None:
    task = toys.two_cities(0)
    by_id = {call.id: call for call in task.golden}
    policy = scripted([task], lambda task: [[by_id[name]] for name in turns])
    [result] = toe.bench.run([task], policy, "cfb-offline", toys.snapshot(), strict)
    assert (result.stop_reason, result.correct_calls) == (reason, correct)


def test_a_list_with_a_search_for_one_hotel_counts_as_free() -> None:
    def call(tool: str, **arguments: Any) -> GoldenCall:
        return GoldenCall(id=tool, tool=tool, arguments=arguments)

    other = call("Get_Room_List")
    assert all_free([call("Search_Hotels", search_type="hotel"), other])
    assert not all_free([call("Search_Hotels", search_type="city"), other])
    assert all_free([call("Taxi_Search_Location")]) and all_free([]) and not all_free([other])


def test_the_filter_of_categories_compares_as_a_set() -> None:
    golden = GoldenCall(id="c", tool="f", arguments={"categories_filter": "a,b", "x": "a,b"})
    assert same(ToolCall("f", {"categories_filter": "b,a", "x": "a,b"}), golden)
    assert not same(ToolCall("f", {"categories_filter": "b,a", "x": "b,a"}), golden)
    assert not same(ToolCall("g", golden.arguments), golden)
