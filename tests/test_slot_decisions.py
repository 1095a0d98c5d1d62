"""`ToolOrchSlots-v0` by decisions: every open choice leads to a valid call, and every golden trace is open."""

import copy
import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import sampling
import toy as toys
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

import tool_orch_env as toe
from tool_orch_env.calls.types import Status
from tool_orch_env.slots.candidates import Limits
from tool_orch_env.slots.decision_encoding import NOTES, STATUS, DecisionLayout
from tool_orch_env.slots.decisions import Kind
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsEnv, ToolOrchSlotsVector, open_slot_task_set
from tool_orch_env.slots.oracle import DecisionOracle
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.task import GoldenCall, Task

INVALID = {Status.INVALID_ARGUMENTS, Status.UNKNOWN_TOOL, Status.UNPARSABLE}


@pytest.fixture(scope="module")
def task_set(travel: Snapshot) -> SlotTaskSet:
    return open_slot_task_set(travel, "graph-train")


def _drawn(env: ToolOrchSlotsEnv, rng: np.random.Generator) -> int:
    """A choice that the mask opens, uniformly; a stop is drawn again once, so that episodes have some calls."""
    masked = np.flatnonzero(env.action_masks())
    choice = int(rng.choice(masked))
    stops = choice == 0 and env.player.decisions.now.kind is Kind.THING
    return int(rng.choice(masked)) if stops else choice


def _play(
    env: ToolOrchSlotsEnv, seed: int, act: Callable[[ToolOrchSlotsEnv], int], task_id: str | None = None
) -> tuple[list[Any], float, dict[str, Any]]:
    """One episode: what `render` shows of each call and of the answer, the sum of rewards, the last info."""
    seen, info = env.reset(seed=seed, options={"task_id": task_id} if task_id else None)
    shown, total, over = list[Any](), 0.0, False
    while not over:
        assert env.observation_space.contains(seen)
        assert np.array_equal(seen["action_mask"].astype(bool), env.action_masks())
        before = env.player.shown
        seen, reward, terminated, truncated, info = env.step(act(env))
        over, total = terminated or truncated, total + reward
        if env.player.shown is not before:
            shown.append(env.player.shown)
        else:
            assert reward == 0.0  # a decision that completes no call
    return shown, total, info


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
@pytest.mark.parametrize("actions", ["decisions", "calls"])
def test_gymnasium_is_content_and_shows_it(mode: str, actions: str) -> None:
    env = gym.make("ToolOrchSlots-v0", split="graph-test", render_mode=mode, actions=actions)
    check_env(env.unwrapped)
    env.reset(seed=1)
    shown: Any = env.render()
    if mode == "ansi":
        assert shown.startswith("reset travel-graph-test-")
    else:
        assert shown.dtype == np.uint8 and shown.shape[2] == 3 and set(np.unique(shown)) == {0, 255}


def test_names_of_arguments_are_checked() -> None:
    with pytest.raises(toe.errors.UsageError, match="actions: expected one of decisions, calls"):
        gym.make("ToolOrchSlots-v0", snapshot="demo", actions="words")
    with pytest.raises(toe.errors.UsageError, match="render_mode"):
        ToolOrchSlotsEnv("demo", render_mode="human")


@given(seed=st.integers(0, 2**31 - 1))
def test_no_masked_choice_leads_to_an_invalid_call(task_set: SlotTaskSet, seed: int) -> None:
    env, rng = ToolOrchSlotsEnv(task_set=task_set), np.random.default_rng(seed)
    shown, _, _ = _play(env, seed, lambda env: _drawn(env, rng))
    catalog = task_set.task_set.snapshot.catalog
    for name, arguments, *status in shown:
        if name != "stop":
            assert status[0] not in INVALID and catalog[name].validator.is_valid(arguments)


@pytest.mark.parametrize("limits", [Limits(), Limits(choices=3, candidates=40)], ids=["whole", "few"])
@pytest.mark.parametrize("snapshot", ["demo", "elements", "toy"])
def test_masks_are_exact_on_other_snapshots(snapshot: str, limits: Limits, toy: Snapshot) -> None:
    """Words are made from names there, and scenarios have none; few choices drop values and keep masks exact."""
    opened = toy if snapshot == "toy" else Snapshot.open(snapshot)
    env = ToolOrchSlotsEnv(opened, split=opened.splits[-1], limits=limits)
    rng, calls = np.random.default_rng(0), Counter[Any]()
    for seed in range(15):
        calls.update(one[-1] for one in _play(env, seed, lambda env: _drawn(env, rng))[0] if one[0] != "stop")
    assert calls and not INVALID & calls.keys()


def _tied() -> tuple[Snapshot, list[Task]]:
    """A tool that wants either a name or a code, and a unit only with a code."""
    text = {"type": "string"}
    schema = {
        "type": "object",
        "properties": {"code": text, "name": text, "unit": {"type": "string", "enum": ["km", "mi"]}},
        "oneOf": [{"required": ["code"]}, {"required": ["name"]}],
        "dependentRequired": {"unit": ["code"]},
    }
    tools = Catalog([ToolSpec(name="find", domain="x", parameters=schema)])
    records = [make_record(tools, "find", {"code": "NO"}, 200, {"length": 3})]
    golden = (GoldenCall(id="a", tool="find", arguments={"code": "NO"}),)
    task = Task(id="t", snapshot="tied", request="Find NO.", tools=("find",), golden=golden)
    return Snapshot.from_records("tied", tools, records, splits={"train": [task]}, version="1"), [task]


def test_parameters_that_depend_on_each_other_are_chosen_together() -> None:
    snapshot, tasks = _tied()
    env, rng, found = ToolOrchSlotsEnv(snapshot, tasks=tasks), np.random.default_rng(0), set[Any]()
    for seed in range(40):
        for name, arguments, *status in _play(env, seed, lambda env: _drawn(env, rng))[0]:
            if name != "stop":
                assert status[0] not in INVALID
                found.add(tuple(sorted(arguments)))
    assert found == {("code",), ("name",), ("code", "unit")}


SPLITS = pytest.mark.parametrize("split", ["graph-train", "graph-validation", "graph-test", "graph-hard"])


@SPLITS
def test_the_golden_trace_is_open(travel: Snapshot, task_set: SlotTaskSet, split: str) -> None:
    """Of every twentieth task; `make data` plays all."""
    _play_golden_traces(task_set, travel.tasks(split)[::20])


@pytest.mark.data
@SPLITS
def test_the_golden_trace_of_every_task_is_open(travel: Snapshot, task_set: SlotTaskSet, split: str) -> None:
    _play_golden_traces(task_set, sampling.every(travel.tasks(split)))


def _play_golden_traces(task_set: SlotTaskSet, tasks: Sequence[Task]) -> None:
    env = ToolOrchSlotsEnv(task_set=task_set.beside(tasks))
    for task in tasks:
        oracle = DecisionOracle(task, env.layout)

        def act(env: ToolOrchSlotsEnv, oracle: DecisionOracle = oracle) -> int:
            choice = oracle.choice(env.player.decisions, env.encoding)
            assert env.action_masks()[choice], env.player.shown
            return choice

        shown, total, info = _play(env, 0, act, task.id)
        golden = {(call.tool, str(sorted(call.arguments.items()))) for call in task.golden}
        calls = {(name, str(sorted(arguments.items()))) for name, arguments, *_ in shown[:-1]}
        assert len(calls) == len(golden) and info["success"] is (task.id not in UNSAYABLE), task.id
        assert total == pytest.approx(1.0) or task.id in UNSAYABLE


UNSAYABLE = {"travel-graph-train-00510"}
"""A value of these names two things (EUR, the currency of a rate and of a sum), which slots do not tell apart."""


def test_decisions_are_paid_as_text_is(travel: Snapshot, task_set: SlotTaskSet) -> None:
    """The same calls and answer, given to `ToolOrch-v0` as messages, score the same."""
    env, rng = ToolOrchSlotsEnv(task_set=task_set), np.random.default_rng(5)
    for seed in range(30):
        shown, total, info = _play(env, seed, lambda env: _drawn(env, rng))
        turns = [
            {"content": one[1]} if one[0] == "stop" else {"name": one[0], "arguments": one[1]}
            for one in shown
        ]
        score = toe.score_turns(task_set.task_set.tasks[info["task_id"]], turns, travel)
        assert score.total == pytest.approx(total, abs=1e-9) and score.success == info["success"]
        assert score.total == pytest.approx(info["episode_score"])


@given(seed=st.integers(0, 2**31 - 1), data=st.data())
def test_no_action_raises(task_set: SlotTaskSet, seed: int, data: st.DataObject) -> None:
    env, rng = ToolOrchSlotsEnv(task_set=task_set), np.random.default_rng(seed)
    seen, _ = env.reset(seed=seed)
    for _ in range(8):
        junk = st.sampled_from(
            [_drawn(env, rng), env.action_space.sample(), -1, 99, [], "x", None, np.nan, [1, 2]]
        )
        seen, reward, *_ = env.step(data.draw(junk))
        assert env.observation_space.contains(seen) and -1.0 <= reward <= 1.0


def test_a_closed_choice_is_a_call_that_cannot_be_read(task_set: SlotTaskSet) -> None:
    env = ToolOrchSlotsEnv(task_set=task_set)
    env.reset(seed=0)
    env.step(1)
    assert env.player.decisions.now.kind is Kind.TOOL and not env.action_masks()[0]
    _, _, terminated, truncated, info = env.step(0)
    assert env.player.turns == 1 and env.player.shown == ("closed", 0) and not terminated and not truncated
    assert info["score"]["waste"] > 0 and env.player.decisions.now.kind is Kind.THING
    for _ in range(100):
        *_, truncated, info = env.step(40)
    assert truncated and info["success"] is False


def test_what_a_choice_shows_follows_the_decision(task_set: SlotTaskSet) -> None:
    """Of a thing its noun, of a tool its number, of a value whether it describes the thing chosen."""
    env, shape = ToolOrchSlotsEnv(task_set=task_set), DecisionLayout(task_set.layout)
    at, n = shape.choice.at, shape.choice.sizes
    for task in list(task_set.task_set.tasks.values())[:40]:
        seen, _ = env.reset(seed=0, options={"task_id": task.id})
        oracle, over = DecisionOracle(task, env.layout), False
        while not over:
            now, own = env.player.decisions.now, env.encoding.arrays
            assert seen["context"][int(now.kind)] == 1
            for choice in (one for one in now.options if one):
                row = seen["choices"][choice]
                if now.kind is Kind.THING:
                    assert row[at["noun"] + own["things"][choice - 1, 0]] == 1
                    unknown = own["links"][(own["links"][:, 0] == choice) & (own["links"][:, 5] == 0)]
                    assert row[at["status"] + STATUS.index("ready")] == (len(unknown) == 0)
                elif now.kind is Kind.TOOL:
                    assert row[at["tool"] : at["tool"] + n["tool"]].nonzero()[0].tolist() == [choice - 1]
                else:
                    related = (own["bond"][now.options[choice], now.thing] == 2).any()
                    assert row[at["bond"]] == related or now.thing < 0
            if 0 in now.options:
                assert seen["choices"][0, at["note"] + NOTES.index("none")] == 1
            seen, _, terminated, truncated, _ = env.step(oracle.choice(env.player.decisions, env.encoding))
            over = terminated or truncated


def test_a_repeated_call_is_marked_before_it_is_made(travel: Snapshot, task_set: SlotTaskSet) -> None:
    """Its tool for the same thing, and each value that makes a call begin like one made before."""
    env = ToolOrchSlotsEnv(task_set=task_set)
    column = DecisionLayout(task_set.layout).choice.at["note"] + NOTES.index("made")
    marked = 0
    for task in travel.tasks("graph-train")[:20]:
        seen, _ = env.reset(seed=0, options={"task_id": task.id})
        oracle, thing = DecisionOracle(task, env.layout), 0
        while env.player.turns == 0:  # the first golden call
            assert not seen["choices"][:, column].any()
            choice = oracle.choice(env.player.decisions, env.encoding)
            thing = thing or choice
            seen, *_ = env.step(choice)
        tool, arguments, _ = env.player.shown
        seen, *_ = env.step(thing)  # and once more
        if env.player.decisions.now.kind is Kind.TOOL:
            number = env.layout.vocabulary.tool_number[tool]
            assert seen["choices"][:, column].nonzero()[0].tolist() == [number + 1]
            seen, *_ = env.step(number + 1)
        now = env.player.decisions.now
        if now.kind is Kind.PARAMETER:
            marks = seen["choices"][:, column].nonzero()[0]
            values = [env.encoding.values[now.options[choice][0]] for choice in marks]
            assert values == [arguments.get(env.layout.vocabulary.parameters[tool][now.at])]
            marked += 1
    assert marked > 5


@pytest.mark.parametrize("mode", ["sync", "vector_entry_point"])
def test_vectors_are_their_single_environments(task_set: SlotTaskSet, mode: str) -> None:
    n = 3
    vec: Any = gym.make_vec("ToolOrchSlots-v0", num_envs=n, vectorization_mode=mode, task_set=task_set)
    singles = [ToolOrchSlotsEnv(task_set=task_set) for _ in range(n)]
    seen, _ = vec.reset(seed=7)
    alone = [env.reset(seed=7 + i)[0] for i, env in enumerate(singles)]
    rng, done = np.random.default_rng(1), np.zeros(n, dtype=bool)
    for _ in range(120):
        masks = vec.action_masks() if mode != "sync" else np.stack(vec.call("action_masks"))
        assert np.array_equal(masks, seen["action_mask"].astype(bool))
        for i, one in enumerate(alone):
            assert all(np.array_equal(seen[name][i], one[name]) for name in one)
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in masks])
        before = done
        seen, rewards, terminated, truncated, _ = vec.step(actions)
        done = terminated | truncated
        for i, env in enumerate(singles):
            if before[i]:
                alone[i], _ = env.reset()
                continue
            alone[i], reward, *flags, _ = env.step(actions[i])
            assert reward == rewards[i] and flags == [terminated[i], truncated[i]]
    assert vec.single_action_space == singles[0].action_space


def test_a_vector_counts_decisions_as_steps(task_set: SlotTaskSet) -> None:
    vec = ToolOrchSlotsVector(2, task_set=task_set, max_episode_steps=5)
    vec.reset(seed=0)
    for step in range(5):
        masks = vec.action_masks()
        *_, terminated, truncated, info = vec.step(np.array([np.flatnonzero(mask)[-1] for mask in masks]))
        assert not terminated.any() and truncated.tolist() == [step == 4] * 2
    assert info["success"].tolist() == [False, False]
    with pytest.raises(toe.errors.UsageError, match=r"expected shape \(2,\)"):
        vec.step(np.zeros((2, 9), dtype=int))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("vector", [False, True])
def test_a_copy_in_the_middle_of_a_call_goes_on_by_itself(toy: Snapshot, copied: Any, vector: bool) -> None:
    known = open_slot_task_set(toy, tasks=toys.tasks())
    env: Any = ToolOrchSlotsVector(2, task_set=known) if vector else ToolOrchSlotsEnv(task_set=known)
    one = np.ones(2, dtype=np.int64) if vector else 1
    env.reset(seed=0)
    env.step(one)
    other, before = copied(env), env.action_masks()
    seen = other.step(one)[0]
    assert np.array_equal(env.action_masks(), before) and not np.array_equal(other.action_masks(), before)
    mine = env.step(one)[0]
    assert all(np.array_equal(mine[name], seen[name]) for name in seen)


def test_tasks_that_differ_in_rewards_alone_look_the_same(task_set: SlotTaskSet) -> None:
    envs = [
        ToolOrchSlotsEnv(task_set=task_set, reward=reward) for reward in ("graduated", "binary", "published")
    ]
    rng = np.random.default_rng(0)
    for seed in range(8):
        seen = [env.reset(seed=seed)[0] for env in envs]
        over = False
        while not over:
            assert all(np.array_equal(seen[0][name], one[name]) for one in seen for name in one)
            choice = _drawn(envs[0], rng)
            steps = [env.step(choice) for env in envs]
            seen, over = [step[0] for step in steps], any(step[2] or step[3] for step in steps)
