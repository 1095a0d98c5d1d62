"""The ladder of credit, rung by rung, on one call and one golden call."""

import dataclasses
from typing import Any

import pytest

from tool_orch_env.calls.types import AnsweredCall, CallResult, Status, ToolCall, Violation
from tool_orch_env.jsonvalues.canonical import encode
from tool_orch_env.reward.credit import CompiledCall, CreditWeights, credit

RESPONSE = '{"found":1}'


def golden(response: str | None = RESPONSE, **arguments: Any) -> CompiledCall:
    values = {name: encode(value) for name, value in arguments.items()}
    return CompiledCall(0, "a", "f", "the key", values, response, ())


def answered(
    code: Status = Status.NOT_RECORDED, text: str = "{}", broken: tuple[str, ...] = (), **arguments: Any
) -> AnsweredCall:
    violations = tuple(Violation(place, "type", "", "") for place in broken)
    return AnsweredCall(
        CallResult(code, text, violations), ToolCall("f", arguments), arguments, "another key"
    )


LADDER = {
    name: CreditWeights(**{**dict.fromkeys(CreditWeights.__slots__, 0.0), name: 0.5})
    for name in CreditWeights.__slots__
}


@pytest.mark.parametrize(
    ("emitted", "wanted", "parameters", "types", "values"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, 1.0, 1.0, 1 / 2),
        ({"a": 1}, {"a": 1, "b": 3}, 2 / 3, 1 / 2, 1 / 2),
        ({"a": 1, "b": 3, "c": 4}, {"a": 1, "b": 3}, 4 / 5, 1.0, 1.0),
        ({"a": 1, "c": 4, "d": 5}, {"a": 1, "b": 3}, 2 / 5, 1 / 2, 1 / 2),
        ({"c": 1}, {"a": 1}, 0.0, 0.0, 0.0),
        ({}, {"a": 1, "b": 2}, 0.0, 0.0, 0.0),
        ({"c": 1}, {}, 0.0, 1.0, 1.0),
        ({}, {}, 1.0, 1.0, 1.0),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, 1.0, 1.0, 1.0),
    ],
)
def test_each_rung_counts_its_share_of_the_golden_parameters(
    emitted: dict[str, Any], wanted: dict[str, Any], parameters: float, types: float, values: float
) -> None:
    shares = {"name": 1.0, "parameters": parameters, "types": types, "values": values, "executed": 0.0}
    for rung, share in shares.items():
        assert credit(answered(**emitted), golden(**wanted), LADDER[rung]) == pytest.approx(share / 2), rung
    assert credit(answered(Status.OK, **emitted), golden(**wanted), LADDER["executed"]) == 0.5


@pytest.mark.parametrize(
    ("broken", "share"),
    [
        ((), 1.0),
        (("/a",), 1 / 2),
        (("/a/0", "/a/1/x"), 1 / 2),
        (("/a", "/b"), 0.0),
        (("/c",), 1.0),
        (("",), 1.0),
        (("", "/b"), 1 / 2),
    ],
)
def test_a_parameter_with_a_violation_anywhere_in_it_has_no_right_type(
    broken: tuple[str, ...], share: float
) -> None:
    call = answered(Status.INVALID_ARGUMENTS, broken=broken, a=[1], b=2)
    assert credit(call, golden(a=1, b=2), LADDER["types"]) == share / 2


@pytest.mark.parametrize("code", [code for code in Status if code is not Status.OK])
def test_only_a_recorded_success_was_executed_and_can_make_a_call_equal(code: Status) -> None:
    assert credit(answered(code), golden(), LADDER["executed"]) == 0.0
    assert credit(answered(code, RESPONSE, b=2), golden(a=1), LADDER["name"]) == 0.5


def test_a_call_is_exact_by_its_key_or_by_the_same_recorded_success() -> None:
    weights = CreditWeights()
    other = {"a": 2}
    assert credit(answered(**other)._replace(key="the key"), golden(a=1), weights) == 1.0
    assert credit(answered(Status.OK, RESPONSE, **other), golden(a=1), weights) == 1.0
    for text in ('{"found":0}', '{"found":2}'):
        assert credit(answered(Status.OK, text, **other), golden(a=1), weights) == pytest.approx(0.5)
    assert credit(answered(Status.OK, RESPONSE, **other), golden(None, a=1), weights) == pytest.approx(0.5)


def test_a_call_that_is_not_exact_earns_almost_one_at_most_whatever_the_weights() -> None:
    only_the_name = CreditWeights(name=1.0, parameters=0.0, types=0.0, values=0.0, executed=0.0)
    assert credit(answered(b=1), golden(a=1), only_the_name) == 1.0 - 1 / 1048576


def test_golden_calls_and_weights_are_shared_by_episodes_and_cannot_be_changed() -> None:
    for shared in (golden(), CreditWeights()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(shared, dataclasses.fields(shared)[0].name, None)
        assert not hasattr(shared, "__dict__")
