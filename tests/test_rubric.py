"""A task made ready for scoring: what is compiled, remembered and refused."""

import math
from typing import Any

import pytest
import toy as toys

import tool_orch_env as toe
from tool_orch_env.calls.types import AnsweredCall, CallResult, Status
from tool_orch_env.errors import TaskError
from tool_orch_env.jsonvalues.memo import Memo
from tool_orch_env.reward import golden as traces
from tool_orch_env.reward.credit import CreditWeights
from tool_orch_env.reward.golden import CompiledTrace
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.records import make_record, says_nothing
from tool_orch_env.task import GoldenCall, Task

SNAPSHOT = toys.snapshot()
CHAIN, FACTS, PAIR = toys.tasks()


def golden(name: str, tool: str, /, *needs: str, optional: bool = False, **arguments: Any) -> GoldenCall:
    return GoldenCall(id=name, tool=tool, arguments=arguments, needs=needs, optional=optional)


def task(*calls: GoldenCall) -> Task:
    return CHAIN.model_copy(update={"golden": calls})


def answered(code: Status, key: str = "k") -> AnsweredCall:
    return AnsweredCall(CallResult(code, "{}"), toe.ToolCall("ping", {}), {}, key)


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("null", True),
        ('""', True),
        ("[]", True),
        ("{}", True),
        ('{"count":0,"results":[]}', True),
        ('{"count":0,"results":[],"more":{}}', True),
        ('{"results":[],"more":{"a":1}}', False),
        ('{"results":[0]}', False),
        ('{"count":0}', False),
        ("[0]", False),
        ("0", False),
        ("false", False),
        ('"x"', False),
    ],
)
def test_a_response_of_empty_containers_says_nothing(text: str, nothing: bool) -> None:
    assert says_nothing(text) is nothing


def test_golden_calls_are_compiled_in_order_and_optional_ones_apart() -> None:
    calls = (
        golden("a", "search_city", name="Oslo"),
        golden("o", "ping", "a", optional=True),
        golden("p", "ping", "o", optional=True),
        golden("c", "get_country", "p", code="NO"),
        golden("b", "search_city", "c", "a", name="Bergen"),
    )
    trace = CompiledTrace(task(*calls), SNAPSHOT)
    assert [(one.id, one.index, one.needs) for one in trace.golden] == [
        ("a", 0, ()),
        ("c", 1, (0,)),
        ("b", 2, (0, 1)),
    ]
    assert [(one.id, one.index, one.needs) for one in trace.optional] == [("o", -1, (0,)), ("p", -1, (0,))]
    assert trace.n == 3
    assert trace.by_tool == {"search_city": (0, 2), "get_country": (1,)}


def test_only_a_recorded_success_that_says_something_can_make_another_call_equal() -> None:
    calls = (
        golden("a", "search_city", name="Oslo"),
        golden("b", "search_city", name="Atlantis"),
        golden("c", "get_city", city_id=99),
        golden("d", "get_country", code="XX"),
    )
    responses = [one.response for one in CompiledTrace(task(*calls), SNAPSHOT).golden]
    assert responses == ['{"results":[{"city_id":11,"name":"Oslo"}]}', None, None, None]


def test_two_calls_that_fail_alike_are_not_the_same() -> None:
    tools = toys.catalog()
    lost = [make_record(tools, "get_city", {"city_id": n}, 404, {"detail": "none"}) for n in (97, 98)]
    snapshot = Snapshot.from_records("toy", tools, lost)
    one = task(golden("a", "get_city", city_id=97))
    assert toe.score_turns(one, [{"name": "get_city", "arguments": {"city_id": 97}}], snapshot).total == 1.0
    other = toe.score_turns(one, [{"name": "get_city", "arguments": {"city_id": 98}}], snapshot)
    assert (other.atomic, other.orchestration) == (pytest.approx(0.4), 0.0)


def test_golden_calls_that_most_others_wait_for_come_first() -> None:
    """Through others too, whatever the order in which they are listed; equal ones by their place."""
    calls = (
        golden("z", "rate", "y", currency="NOK", date="2013-07-10"),
        golden("y", "get_city", "x", city_id=11),
        golden("w", "search_city", name="Oslo"),
        golden("v", "get_country", "w", code="NO"),
        golden("x", "search_city", name="Oslo"),
        golden("u", "ping"),
    )
    trace = CompiledTrace(task(*calls), SNAPSHOT)
    assert [trace.golden[index].id for index in trace.by_importance] == ["x", "y", "w", "z", "v", "u"]


def test_a_call_that_two_golden_calls_ask_for_answers_the_one_that_more_wait_for() -> None:
    wanted = task(
        golden("w", "search_city", name="Oslo"),
        golden("x", "search_city", name="Oslo"),
        golden("y", "get_city", "x", city_id=11),
    )
    made = [toe.ToolCall("search_city", {"name": "Oslo"}), toe.ToolCall("get_city", {"city_id": 11})]
    score = toe.score_turns(wanted, [toe.Turn(calls=(call,)) for call in made], SNAPSHOT)
    assert score.orchestration == 2 / 3


def test_credits_are_remembered_by_task_key_and_status_and_the_oldest_forgotten_beyond_the_limit() -> None:
    memo: traces.Credits = Memo(2)
    trace = CompiledTrace(task(golden("a", "ping")), SNAPSHOT, CreditWeights(), memo)
    ping = trace.golden[0].key
    assert trace.credits(answered(Status.OK, ping), (0,)) == (1.0,)
    assert trace.credits(answered(Status.NOT_RECORDED), (0,)) == (pytest.approx(0.9),)
    assert memo.remembered((CHAIN.id, ping, Status.OK), tuple) == (1.0,)
    assert memo.remembered((CHAIN.id, "k", Status.NOT_RECORDED), tuple) == (pytest.approx(0.9),)
    assert trace.credits(answered(Status.API_ERROR), (0,)) == (pytest.approx(0.9),)
    assert memo.remembered((CHAIN.id, ping, Status.OK), lambda: (0.5,)) == (0.5,)


def test_a_golden_call_that_the_snapshot_cannot_hold_is_refused() -> None:
    with pytest.raises(TaskError, match="golden call a: 'fly' is not a tool of snapshot 'toy'"):
        CompiledTrace(task(golden("a", "fly")), SNAPSHOT)
    endless = golden("a", "search_city").model_copy(update={"arguments": {"name": math.nan}})
    with pytest.raises(TaskError, match="golden call a: arguments: a number that is NaN"):
        CompiledTrace(task(endless), SNAPSHOT)


def test_a_trace_credits_by_the_weights_it_is_given() -> None:
    weights = CreditWeights(name=1.0, parameters=0.0, types=0.0, values=0.0, executed=0.0)
    wrong = answered(Status.NOT_RECORDED)
    for given, credit in ((weights, pytest.approx(1.0, abs=1e-5)), (None, pytest.approx(0.9))):
        assert CompiledTrace(task(golden("a", "ping")), SNAPSHOT, given).credits(wrong, (0,)) == (credit,)
