"""Results go back in the order of the calls, each with an id of its own; needless nulls and spaces are forgiven."""

import json
from typing import Any

import gymnasium as gym
import pytest
import toy as toys

import tool_orch_env as toe
from tool_orch_env.calls.types import ParseError
from tool_orch_env.snapshot import make_record


@pytest.fixture
def env(toy: toe.Snapshot) -> Any:
    made = gym.make("ToolOrch-v0", snapshot=toy, tasks=toys.tasks()).unwrapped
    made.reset(options={"task_id": "toy-0"})
    return made


def search(name: Any, **more: Any) -> dict[str, Any]:
    return {"name": "search_city", "arguments": {"name": name}, **more}


def message(*calls: dict[str, Any]) -> str:
    return "".join(f"<tool_call>{json.dumps(call)}</tool_call>" for call in calls)


def test_results_stand_in_the_order_of_the_calls_unreadable_ones_included(env: Any) -> None:
    broken = '<tool_call>{"name": "get_city", "arguments": {"city_id": 11}</tool_call>'
    observation, _, _, _, info = env.step(message(search("Oslo")) + broken + message(search("Turku")))
    shown = json.loads(observation)
    assert [one["code"] for one in shown] == ["ok", "unparsable", "ok"]
    assert [one["code"] for one in info["calls"]] == ["ok", "unparsable", "ok"]
    assert "Turku" in json.dumps(shown[2])
    assert [one["tool_call_id"] for one in info["messages"]] == [one["id"] for one in info["calls"]]


def test_a_call_that_cannot_be_read_keeps_its_id_and_its_name(env: Any) -> None:
    function = {"name": "get_city", "arguments": '{"city_id": 11'}
    action = {"role": "assistant", "content": None, "tool_calls": [{"id": "c7", "function": function}]}
    observation, _, _, _, info = env.step(action)
    assert json.loads(observation)[0]["tool"] == "get_city"
    assert (info["calls"][0]["id"], info["calls"][0]["tool"]) == ("c7", "get_city")
    assert (info["messages"][0]["tool_call_id"], info["messages"][0]["name"]) == ("c7", "get_city")


def test_ids_that_a_model_repeats_are_made_unique_and_mapped(env: Any) -> None:
    seen: list[str] = []
    for _ in range(3):
        calls = [
            search("Oslo", id="call_0"),
            search("Turku", id="call_0"),
            search("Lund"),
            search("Bergen", id="x"),
        ]
        info = env.step(calls)[4]
        assert [one["given_id"] for one in info["calls"]] == ["call_0", "call_0", None, "x"]
        assert [one["tool_call_id"] for one in info["messages"]] == [one["id"] for one in info["calls"]]
        seen += [one["id"] for one in info["calls"]]
    assert seen[0] == "call_0"
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "arguments",
    [
        {"city_id": 11, "units": None},  # optional, and null is not among its values
        {"city_id": 11, "units": "metric "},
        {"city_id": 11, "units": "\timperial"},
        {"city_id": 99, "units": None},
    ],
)
def test_a_needless_null_or_space_makes_a_valid_call(env: Any, arguments: dict[str, Any]) -> None:
    code = env.step({"name": "get_city", "arguments": arguments})[4]["calls"][0]["code"]
    assert code in ("ok", "api_error", "not_recorded")


def test_a_call_without_its_needless_parts_is_the_recorded_call(toy: toe.Snapshot) -> None:
    task = toys.tasks()[0]
    first, *rest = toe.oracle_turns(task)
    spaced = [search(" Oslo\n")]
    assert toe.score_turns(task, [spaced, *rest], toy) == toe.score_turns(task, [first, *rest], toy)
    null = [{"name": "get_city", "arguments": {"city_id": 11, "units": None}}]
    assert toe.score_turns(task, [first, null, *rest[1:]], toy).success


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_city", {"city_id": None}),  # required
        ("get_city", {"city_id": 11, "colour": None}),  # unknown
        ("get_city", {"city_id": " 11"}),  # still a text in place of a number
        ("rate", {"currency": "NOK", "date": None}),
    ],
)
def test_what_is_wrong_for_another_reason_stays_wrong(env: Any, name: str, arguments: dict[str, Any]) -> None:
    _, _, _, _, info = env.step({"name": name, "arguments": arguments})
    assert info["calls"][0]["code"] == "invalid_arguments"


def test_a_recorded_call_with_spaces_is_looked_up_as_it_is() -> None:
    """What was recorded comes first: trimming is only tried where the call as written has no response."""
    tools = toys.catalog()
    records = [
        make_record(tools, "get_country", {"code": code}, 200, {"name": repr(code)}) for code in (" NO", "NO")
    ]
    snapshot = toe.Snapshot.from_records("toy", tools, records, splits={"test": toys.tasks()})
    env = gym.make("ToolOrch-v0", snapshot=snapshot, tasks=toys.tasks())
    for code, found in ((" NO", " NO"), ("NO", "NO"), ("NO ", "NO")):
        env.reset(options={"task_id": "toy-0"})
        observation = env.step({"name": "get_country", "arguments": {"code": code}})[0]
        assert json.loads(observation)[0]["response"]["name"] == repr(found)


def test_a_turn_lists_its_parse_errors() -> None:
    turn = toe.parse_message(message(search("Oslo")) + '<tool_call>{"name": ')
    assert turn.parse_errors == turn.calls[1:]
    assert isinstance(turn.calls[1], ParseError)
