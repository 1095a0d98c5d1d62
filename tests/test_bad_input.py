"""Whatever an agent emits, an episode goes on: an observation, a reward, and no exception."""

import json
import math
from typing import Any

import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tool_orch_env  # noqa: F401 - registers ToolOrch-v0
from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.calls.types import Status, ToolCall, Turn
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task

TOOLS = ["search_city", "get_city", "get_country", "rate", "tagged", "ping"]

FRAGMENTS = [
    "<tool_call>", "</tool_call>", "<think>", "</think>", "```json\n", "```", "[", "]", "{", "}", "(", ")", '"name":',
    '"arguments":', '"search_city"', '"ping"', "ping()", "search_city(name=", '"Oslo"', ",", ":", "=", "1", "\ud800",
    "\0", "1e999", "NaN", "null", "\\ud800", '"', "'", "\n", "é", "\u202e",
]  # fmt: skip
texts = (
    st.text(max_size=40)
    | st.lists(st.sampled_from(FRAGMENTS), max_size=20).map("".join)
    | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
    | st.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
odd_numbers = st.sampled_from(
    [0, -0.0, 1e308, 10**309, 10**400, 5e-324, math.nan, math.inf, -math.inf, 2**63, True]
)
known = st.sampled_from(
    ["Oslo", "oslo", "NO", "NOK", 11, 11.0, 99, "2013-07-10", "metric", ["old", "sea"], "Atlantis"]
)
odd = st.just(b"x") | st.just({1}) | st.just(1j) | st.just(...) | st.builds(object)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | odd_numbers | known | texts
argument_names = st.sampled_from(
    ["name", "city_id", "units", "code", "currency", "date", "tags", "\ud800", "a/b~c", ""]
)
values = st.recursive(
    scalars | odd,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(argument_names | texts, inner, max_size=4),
    max_leaves=8,
)
tool_names = st.sampled_from([*TOOLS, "serch_city", "", "\ud800", "x" * 500]) | texts
arguments = st.dictionaries(argument_names, known | values, max_size=4)
call_ids = st.none() | texts | st.integers()
dict_calls = st.fixed_dictionaries(
    {"name": tool_names, "arguments": arguments | values}, optional={"id": call_ids, "extra": scalars}
)
entries = st.fixed_dictionaries(
    {"function": st.fixed_dictionaries({"name": tool_names | values, "arguments": texts | arguments})},
    optional={"id": call_ids, "type": scalars},
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "role": scalars,
        "content": texts | values,
        "tool_calls": st.lists(entries | values, max_size=4) | values,
    },
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(argument_names, inner, max_size=3),
    max_leaves=6,
)
json_calls = st.fixed_dictionaries(
    {"name": tool_names, "arguments": st.dictionaries(argument_names, json_values, max_size=3)}
)
written = json_calls.map(json.dumps).flatmap(
    lambda text: st.sampled_from(
        [text, f"<tool_call>{text}</tool_call>", f"```json\n{text}\n```", text[:-2], f"[{text},{text}]"]
    )
)
turns = st.builds(
    Turn, st.lists(st.builds(ToolCall, tool_names, arguments, call_ids), min_size=1, max_size=3).map(tuple)
)  # type: ignore[arg-type]
good = st.sampled_from(
    [
        {"name": "search_city", "arguments": {"name": "Oslo"}},
        {"name": "get_city", "arguments": {"city_id": 11}},
        {"name": "get_country", "arguments": {"code": "NO"}},
        {"name": "rate", "arguments": {"currency": "NOK", "date": "2013-07-10"}},
        {"name": "get_city", "arguments": {"city_id": 99}},
    ]
)
calling = (
    good
    | dict_calls
    | entries
    | written
    | turns
    | st.lists(dict_calls | entries | values, min_size=1, max_size=4)
)
actions = calling | messages | texts | values


def steps(env: gym.Env[str, Any], emitted: list[Any]) -> list[tuple[str, float, bool, bool, dict[str, Any]]]:
    """Play `emitted` and hold every promise of `step` on the way."""
    _, info = env.reset(seed=0)
    taken, paid, ended = [], 0.0, None
    for action in emitted:
        step = env.step(action)
        observation, reward, terminated, truncated, info = step
        assert observation in env.observation_space
        observation.encode()
        replies = json.loads(observation, parse_constant=pytest.fail)
        assert isinstance(replies, list)
        assert len(replies) == len(info["calls"]) == len(info["messages"])
        assert "void" not in info and {reply["code"] for reply in replies} <= set(Status) - {Status.VOID}
        for message in info["messages"]:
            json.loads(message["content"])
            message["content"].encode()
            message["name"].encode()
            message["tool_call_id"].encode()
        assert isinstance(reward, float)
        assert math.isfinite(reward)
        assert not (terminated and truncated)
        paid += reward
        total = info["score"]["total"]
        assert 0.0 <= total <= 1.0
        assert abs(paid - total) < 1e-9
        if ended is not None:
            assert (terminated, truncated) == ended
            assert reward == 0.0
            assert {reply["code"] for reply in replies} == {Status.EPISODE_OVER}
        elif terminated or truncated:
            ended = terminated, truncated
            assert info["episode_score"] == total
        taken.append(step)
    return taken


@pytest.fixture(scope="module", params=[0, 1, 2], ids=["chain", "facts", "wide"])
def env(request: pytest.FixtureRequest, toy: Snapshot, toy_tasks: list[Task]) -> gym.Env[str, Any]:
    return gym.make(
        "ToolOrch-v0", snapshot=toy, tasks=[toy_tasks[request.param]], disable_env_checker=True
    ).unwrapped


@given(st.lists(texts, min_size=1, max_size=3))
def test_any_text_gives_an_observation(env: gym.Env[str, Any], emitted: list[Any]) -> None:
    steps(env, emitted)


@given(st.lists(calling, min_size=1, max_size=30))
def test_any_sequence_of_calls_gives_observations(env: gym.Env[str, Any], emitted: list[Any]) -> None:
    steps(env, emitted)


@given(st.lists(actions, min_size=1, max_size=30))
def test_any_sequence_of_actions_gives_observations(env: gym.Env[str, Any], emitted: list[Any]) -> None:
    steps(env, emitted)


@given(st.lists(actions, max_size=8))
def test_the_same_actions_give_the_same_steps(env: gym.Env[str, Any], emitted: list[Any]) -> None:
    assert repr(steps(env, emitted)) == repr(steps(env, emitted))


def test_a_step_after_the_end_is_answered_and_changes_nothing(env: gym.Env[str, Any]) -> None:
    answer = oracle_turns(env.unwrapped._task_set.tasks[env.reset()[1]["task_id"]])[-1].answer
    good_call = {"name": "search_city", "arguments": {"name": "Oslo"}}
    taken = steps(
        env, ["nothing", good_call, answer, "", [good_call] * 3, {"tool_calls": ["x", good_call]}, None]
    )
    assert taken[0][2]
    assert [len(step[4]["calls"]) for step in taken[1:]] == [1, 1, 1, 3, 2, 1]


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


looped: list[Any] = []
looped.append(looped)
looped_dict: dict[str, Any] = {}
looped_dict["name"] = looped_dict

GIANTS = {
    "a megabyte of tags": "<tool_call>" * 95_000,
    "a megabyte of objects": "<tool_call>[" + "{}," * 300_000 + "{}]</tool_call>",
    "a megabyte of calls": "[" + ",".join(['{"name": "ping", "arguments": {}}'] * 30_000) + "]",
    "a million numbers": [1] * 1_000_000,
    "a hundred thousand calls": [{"name": "search_city", "arguments": {"name": "Oslo"}}] * 100_000,
    "a call with a megabyte of text": {"name": "search_city", "arguments": {"name": "x" * 1_000_000}},
    "a call with a megabyte of parameter": {"name": "search_city", "arguments": {"x" * 30_000_000: 1}},
    "a call with many parameters": {"name": "search_city", "arguments": {str(i): i for i in range(100_000)}},
    "a call of a tool with a long name": {"name": "x" * 30_000_000, "arguments": {}},
    "deep arguments": {"name": "search_city", "arguments": {"name": nested(100_000)}},
    "arguments of themselves": {"name": "search_city", "arguments": {"name": looped}},
    "an action of itself": looped_dict,
    "a list of itself": looped,
    "a huge integer": {"name": "get_city", "arguments": {"city_id": 10**5000}},
    "not a number": {"name": "get_city", "arguments": {"city_id": math.nan}},
    "many wrong items": {"name": "tagged", "arguments": {"tags": [1] * 300_000}},
    "many marks": "a" + "\u0300\u0316" * 400_000,
    "many dates": "10 July " * 100_000,
    "bytes": b"<tool_call>",
    "too much text": "x" * 2_000_000,
}


@pytest.mark.parametrize("action", GIANTS.values(), ids=GIANTS)
def test_a_giant_gives_an_observation_of_bounded_size(
    action: Any, toy: Snapshot, toy_tasks: list[Task]
) -> None:
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=[toy_tasks[1]], disable_env_checker=True).unwrapped
    (step,) = steps(env, [action])
    assert len(step[0]) < 1 << 20
