"""The Gymnasium side: contract, endings, budgets, infos, vector form, determinism across processes."""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import toy as toys
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import tool_orch_env as toe
from tool_orch_env.errors import NotRecordedError, SnapshotError, TaskError, UsageError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.task import GoldenCall

TASKS = toys.tasks()
SNAPSHOT = toys.snapshot()


def make(**more: Any) -> gym.Env:
    return gym.make("ToolOrch-v0", **{"snapshot": SNAPSHOT, **more})


def play(env: gym.Env, actions: list[Any], task_id: str) -> Iterator[tuple[str, float, bool, bool, dict]]:
    env.reset(seed=0, options={"task_id": task_id})
    for action in actions:
        yield env.step(action)


@pytest.mark.parametrize("snapshot", ["toy", "travel"])
def test_gymnasium_finds_nothing_to_warn_of(snapshot: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(snapshot=SNAPSHOT if snapshot == "toy" else snapshot).unwrapped)


def test_the_oracle_earns_one_and_its_rewards_add_up() -> None:
    env = make()
    for task in TASKS:
        steps = list(play(env, toe.oracle_turns(task), task.id))
        assert sum(reward for _, reward, *_ in steps) == pytest.approx(1.0, abs=1e-9)
        assert [terminated for _, _, terminated, _, _ in steps] == [False] * (len(steps) - 1) + [True]
        assert steps[-1][4]["episode_score"] == 1.0


def test_reset_shows_prompt_tools_and_request_and_says_them_as_messages_too() -> None:
    obs, info = make().reset(seed=0, options={"task_id": "toy-0"})
    assert TASKS[0].request in obs and "search_city" in obs and "<tool_call>" in obs
    assert [message["role"] for message in info["messages"]] == ["system", "user"]
    assert [tool["function"]["name"] for tool in info["tools"]] == list(TASKS[0].tools)
    assert info["task_id"] == "toy-0"


def test_a_step_shows_only_what_is_new() -> None:
    [(obs, reward, _, _, info)] = play(
        make(), ['{"name": "search_city", "arguments": {"name": "oslo"}}'], "toy-0"
    )
    assert json.loads(obs) == [
        {"tool": "search_city", "code": "ok", "response": {"results": [{"city_id": 11, "name": "Oslo"}]}}
    ]
    assert reward == 0.25
    [message] = info["messages"]
    assert (message["role"], message["tool_call_id"]) == ("tool", "call_0")
    assert json.loads(message["content"]) == {"results": [{"city_id": 11, "name": "Oslo"}]}
    [call] = info["calls"]
    assert (call["code"], call["recorded"], call["credited_to"], call["violations"]) == ("ok", True, "a", [])


def test_every_reply_code_is_reached_and_explained() -> None:
    env = make(max_calls=6)
    actions = [
        [{"name": "ping", "arguments": {}}],
        [{"name": "get_city", "arguments": {"city_id": 99}}],
        [{"name": "get_city", "arguments": {"city_id": 7}}],
        [{"name": "get_city", "arguments": {"city_id": "7", "unit": 1}}],
        "<tool_call>{</tool_call>",
        [{"name": "get_town", "arguments": {}}, {"name": "ping", "arguments": {}}],
        "too late",
    ]
    steps = list(play(env, actions, "toy-0"))
    codes = [[call["code"] for call in info["calls"]] for *_, info in steps]
    assert codes == [
        ["ok"],
        ["api_error"],
        ["not_recorded"],
        ["invalid_arguments"],
        ["unparsable"],
        ["unknown_tool", "budget_spent"],
        ["episode_over"],
    ]
    violations = steps[3][4]["calls"][0]["violations"]
    assert {(v["pointer"], v["rule"]) for v in violations} == {
        ("/city_id", "type"),
        ("/unit", "additionalProperties"),
    }
    assert "get_city" in json.loads(steps[5][0])[0]["error"]["close_names"]
    assert (steps[5][2], steps[5][3]) == (False, True)
    assert steps[6][1:4] == (0.0, False, True)


def test_turns_run_out_by_truncation_and_answers_terminate() -> None:
    steps = list(play(make(max_turns=2), ["[ping()]"] * 2, "toy-0"))
    assert [step[2:4] for step in steps] == [(False, False), (False, True)]
    steps = list(play(make(max_turns=1), ["That is all."], "toy-0"))
    assert steps[0][2:4] == (True, False)


def test_long_responses_are_cut_and_say_so() -> None:
    env = make(max_response_chars=10)
    [(obs, *_, info)] = play(env, ["[search_city(name='Oslo')]"], "toy-0")
    [reply] = json.loads(obs)
    assert reply["truncated"] == {"shown": 10, "of": 42}
    assert reply["response_text"] == '{"results"'
    assert json.loads(info["messages"][0]["content"])["truncated"]["of"] == 42


def test_long_lists_are_trimmed_and_say_how_much_is_missing() -> None:
    tools = Catalog([ToolSpec(name="f", parameters={"type": "object", "properties": {}})])
    response = {"rows": [{"deep": [1, 2, 3]}, {"deep": []}, 3, 4], "few": [1, 2]}
    golden = (GoldenCall(id="a", tool="f", arguments={}),)
    task = toe.Task(id="t", snapshot="s", request="?", tools=("f",), golden=golden)
    snapshot = Snapshot.from_records("s", tools, [make_record(tools, "f", {}, 200, response)])
    env = make(snapshot=snapshot, tasks=[task], max_items=2)
    [(obs, reward, *_, info)] = play(env, ["[f()]"], "t")
    trimmed = {"rows": [{"deep": [1, 2, "… 1 more"]}, {"deep": []}, "… 2 more"], "few": [1, 2]}
    assert json.loads(obs)[0]["response"] == json.loads(info["messages"][0]["content"]) == trimmed
    assert reward == 1.0


@pytest.mark.parametrize(
    ("tool_docs", "line"),
    [("short", "get_city(city_id, units?): One city."), ("signature", "get_city(city_id, units?)")],
)
def test_tools_can_be_told_shortly(tool_docs: str, line: str) -> None:
    env = make(tool_docs=tool_docs)
    obs, info = env.reset(options={"task_id": "toy-0"})
    assert line in obs.split("\n") and "<tool_call>" in obs
    assert obs.endswith(TASKS[0].request) and len(obs) < len(make().reset(seed=0)[0])
    assert {tool["function"]["name"] for tool in info["tools"]} == set(TASKS[0].tools)


@pytest.mark.parametrize("wrong", [{"tool_docs": "none"}, {"max_items": 0}, {"max_items": "3"}])
def test_a_wrong_form_of_observations_is_refused(wrong: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        make(**wrong)


@pytest.mark.parametrize("order", [("Metric", "metric"), ("metric", "Metric")])
def test_the_verdict_on_a_call_does_not_depend_on_what_was_called_before(order: tuple[str, str]) -> None:
    """`u` is case-insensitive, so both spellings are one call; its schema takes only one of them."""
    schema = {"type": "object", "properties": {"u": {"enum": ["Metric"]}}}
    tools = Catalog([ToolSpec(name="f", parameters=schema, case_insensitive=("u",))])
    golden = (GoldenCall(id="a", tool="f", arguments={}),)
    task = toe.Task(id="t", snapshot="s", request="?", tools=("f",), golden=golden)
    env = make(snapshot=Snapshot.from_records("s", tools, []), tasks=[task])
    calls = [{"name": "f", "arguments": {"u": spelling}} for spelling in order]
    codes = {u: step[4]["calls"][0]["code"] for u, step in zip(order, play(env, calls, "t"), strict=True)}
    assert codes == {"Metric": "not_recorded", "metric": "invalid_arguments"}


def test_a_trace_that_is_changed_leaves_the_task_as_it_was() -> None:
    toe.oracle_turns(TASKS[0])[0].calls[0].arguments["name"] = "changed"
    assert TASKS[0].golden[0].arguments["name"] == "Oslo"


def test_a_miss_can_raise() -> None:
    env = make(on_miss="raise")
    with pytest.raises(NotRecordedError, match="get_city"):
        list(play(env, ["[get_city(city_id=7)]"], "toy-0"))


def test_the_callers_mistakes_raise_with_what_to_do() -> None:
    env = make()
    with pytest.raises(UsageError, match="toy-0"):
        env.reset(options={"task_id": "toy-00"})
    with pytest.raises(UsageError, match="task_id"):
        env.reset(options={"taskid": "toy-0"})
    with pytest.raises(UsageError, match="reset"):
        env.unwrapped.__class__(snapshot=SNAPSHOT).step("x")
    for wrong, error in (
        ({"split": "exam"}, UsageError),
        ({"snapshot": "no_such"}, UsageError),
        ({"snapshot": Path(__file__).parent}, SnapshotError),
        ({"reward": "most"}, UsageError),
        ({"on_miss": "invent"}, UsageError),
        ({"max_turns": 0}, UsageError),
        ({"tasks": []}, UsageError),
        ({"tasks": [TASKS[0], TASKS[0]]}, TaskError),
        ({"tasks": [TASKS[0].model_copy(update={"tools": ("fly",)})]}, TaskError),
    ):
        with pytest.raises(error):
            make(**wrong)


def test_tasks_come_from_a_split_a_file_or_a_list(tmp_path: Path) -> None:
    from tool_orch_env.task import dump_tasks

    file = tmp_path / "tasks.jsonl"
    file.write_bytes(dump_tasks(TASKS[:1]))
    for tasks in (TASKS[:1], file, str(file)):
        assert make(tasks=tasks).reset(seed=3)[1]["task_id"] == "toy-0"
    assert toe.load_tasks(file) == TASKS[:1]


def test_the_seed_chooses_the_task_uniformly() -> None:
    env = make()
    first = [env.reset(seed=seed)[1]["task_id"] for seed in range(60)]
    assert first == [env.reset(seed=seed)[1]["task_id"] for seed in range(60)]
    assert set(first) == {task.id for task in TASKS}


def test_infos_are_the_callers_to_change() -> None:
    env = make()
    _, info = env.reset(options={"task_id": "toy-0"})
    info["tools"][0]["function"]["name"] = "changed"
    _, again = env.reset(options={"task_id": "toy-0"})
    assert again["tools"][0]["function"]["name"] == TASKS[0].tools[0]


_EPISODES = """
import sys, json, gymnasium as gym, numpy as np, tool_orch_env
sys.path.insert(0, {tests!r})
import toy as toys
from tool_orch_env.bench.scripted import POLICIES
env = gym.make("ToolOrch-v0", snapshot={snapshot})
rng = np.random.default_rng(5)
task_set = env.unwrapped._task_set
for seed in range(12):
    obs, info = env.reset(seed=seed)
    print(repr(obs), json.dumps(info))
    task = task_set.tasks[info["task_id"]]
    for policy in ("oracle", "random", "every_tool"):
        env.reset(options={{"task_id": task.id}})
        for action in POLICIES[policy](task, task_set.snapshot, rng):
            print(repr(env.step(action)))
"""


@pytest.mark.parametrize("snapshot", ["toys.snapshot()", "'travel'"])
def test_two_processes_with_the_same_seed_give_the_same_bytes(snapshot: str) -> None:
    code = _EPISODES.format(tests=str(Path(__file__).parent), snapshot=snapshot)
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1] and len(outputs[0]) > 1000


# -- the vector form ----------------------------------------------------------------------------------


def make_vec(
    mode: AutoresetMode | str = AutoresetMode.NEXT_STEP, n: int = 3, **more: Any
) -> gym.vector.VectorEnv:
    return gym.make_vec("ToolOrch-v0", num_envs=n, snapshot=SNAPSHOT, autoreset_mode=mode, **more)


def test_make_vec_gives_the_vector_form_without_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = make_vec()
    assert type(env).__name__ == "ToolOrchVectorEnv"
    obs, info = env.reset(seed=0)
    assert obs in env.observation_space
    assert env.observation_space.shape is None or len(obs) == 3
    assert info["tools"].shape == (3,)


def test_the_vector_form_plays_the_same_episodes_as_gymnasiums_own() -> None:
    ours = make_vec(n=4)
    theirs = gym.make_vec("ToolOrch-v0", num_envs=4, vectorization_mode="sync", snapshot=SNAPSHOT)
    actions = ["[search_city(name='Oslo')]", "[get_city(city_id=11)]", "done", "[ping()]", "[pong()]"]
    a, b = ours.reset(seed=7), theirs.reset(seed=7)
    assert tuple(a[0]) == tuple(b[0])
    assert list(a[1]["task_id"]) == list(b[1]["task_id"])
    for action in actions:
        one, two = ours.step([action] * 4), theirs.step([action] * 4)
        assert tuple(one[0]) == tuple(two[0])
        for mine, other in zip(one[1:4], two[1:4], strict=True):
            assert mine.dtype == other.dtype
            np.testing.assert_array_equal(mine, other)
        assert one[4]["score"]["total"] == pytest.approx(two[4]["score"]["total"])
        assert set(two[4]) <= set(one[4])


def test_next_step_autoreset_spends_a_step_on_the_reset() -> None:
    env = make_vec(AutoresetMode.NEXT_STEP)
    env.reset(seed=0)
    obs, _, terminated, _, info = env.step(["done", "[ping()]", "done"])
    assert terminated.tolist() == [True, False, True]
    assert info["_episode_score"].tolist() == [True, False, True]
    obs, reward, terminated, _, info = env.step(["ignored", "[ping()]", "ignored"])
    assert "Request:" in obs[0] and "Request:" not in obs[1]
    assert reward[0] == 0.0 and not terminated.any()
    assert info["_tools"].tolist() == [True, False, True]


def test_same_step_autoreset_keeps_the_last_observation_and_info() -> None:
    env = make_vec(AutoresetMode.SAME_STEP)
    env.reset(seed=0)
    obs, _, terminated, _, info = env.step(["done", "[ping()]", "done"])
    assert terminated.tolist() == [True, False, True]
    assert "Request:" in obs[0]
    assert info["final_obs"].tolist() == ["[]", None, "[]"]
    assert info["_final_info"].tolist() == [True, False, True]
    assert info["final_info"]["_episode_score"].tolist() == [True, False, True]
    assert not env.step(["[ping()]"] * 3)[2].any()


def test_disabled_autoreset_waits_for_the_mask() -> None:
    env = make_vec(AutoresetMode.DISABLED)
    env.reset(seed=0)
    _, _, terminated, _, _ = env.step(["done", "[ping()]", "done"])
    with pytest.raises(UsageError, match="reset_mask"):
        env.step(["[ping()]"] * 3)
    obs, info = env.reset(options={"reset_mask": terminated})
    assert "Request:" in obs[0] and "Request:" not in obs[1]
    assert info["_task_id"].tolist() == [True, False, True]
    env.step(["[ping()]"] * 3)
    for mask in ([True], np.zeros(3, dtype=bool), np.ones(2, dtype=bool), np.ones(3)):
        with pytest.raises(UsageError, match="reset_mask"):
            env.reset(options={"reset_mask": mask})


def test_seeds_are_given_per_episode() -> None:
    env = make_vec(n=3)
    single = make()
    expected = [single.reset(seed=seed)[1]["task_id"] for seed in (5, 6, 9)]
    assert list(env.reset(seed=[5, 6, 9])[1]["task_id"]) == expected
    with pytest.raises(UsageError, match="seed"):
        env.reset(seed=[1])


def test_one_snapshot_serves_all_episodes() -> None:
    env = make_vec(n=8).unwrapped
    assert len({id(one._task_set) for one in env.envs}) == 1


def test_each_episode_of_a_vector_plays_the_task_that_it_is_given() -> None:
    env = gym.make_vec("ToolOrch-v0", num_envs=3, split="handmade")
    ids = env.unwrapped.envs[0].task_ids
    _, infos = env.reset(seed=1, options={"task_id": [ids[5], None, ids[2]]})
    drawn = gym.make("ToolOrch-v0", split="handmade").reset(seed=2)[1]["task_id"]
    assert infos["task_id"].tolist() == [ids[5], drawn, ids[2]]
    _, infos = env.reset(options={"task_id": ids[7]})
    assert infos["task_id"].tolist() == [ids[7]] * 3
