"""`ToolOrchSlots-v0`: every task can be solved from structured observations, and no observation shows golden calls.

Actions are whole calls here; decisions are in test_slot_decisions.py.
"""

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sampling
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

import tool_orch_env as toe
from tool_orch_env.slots.candidates import BELONGS, MEETS, REPLY, Limits
from tool_orch_env.slots.encoding import COLUMNS
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsEnv, ToolOrchSlotsVector, open_slot_task_set
from tool_orch_env.slots.oracle import Oracle
from tool_orch_env.slots.request_graph import arranged, request_graph
from tool_orch_env.slots.vocabulary import roles_in
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task

ROOT = Path(__file__).parent.parent
CallEnv = partial(ToolOrchSlotsEnv, actions="calls")
CallVector = partial(ToolOrchSlotsVector, actions="calls")


@pytest.fixture(scope="module")
def task_set(travel: Snapshot) -> SlotTaskSet:
    return open_slot_task_set(travel, "graph-train")


def _flights(number: int = 5, route: dict[str, Any] | None = None) -> Task:
    """From the busiest route of DL: its destination, the first flight on it, and when that landed."""
    flights = [
        GoldenCall(id="c1", tool="get_airline", arguments={"carrier": "DL"}),
        GoldenCall(
            id="c2",
            tool="search_flights",
            arguments={"origin": "LGA", "dest": "ATL", "date": "2013-07-10"},
            needs=("c1",),
            bindings={
                "origin": Binding(call="c1", pointer="/routes/0/origin"),
                "dest": Binding(call="c1", pointer="/routes/0/dest"),
            },
        ),
        GoldenCall(
            id="c3",
            tool="get_flight",
            arguments={"flight_id": f"nyc13-{number:010d}"},
            needs=("c2",),
            bindings={"flight_id": Binding(call="c2", pointer="/flights/0/flight_id")},
        ),
    ]
    return Task(
        id="by-hand",
        snapshot="travel",
        request="Take the busiest route of the airline with the code DL from New York. When did the first scheduled "
        "flight from its starting airport to its destination on 10 July 2013 actually land?",
        tools=("get_flight", "search_flights", "get_airline", "get_city"),
        golden=tuple(flights),
        answer=(AnswerFact(name="actual_arr", value="10:00", call="c3", pointer="/actual_arr"),),
        meta={
            "picks": [
                {
                    "call": "c1",
                    "list": "/routes",
                    "item": 0,
                    "criterion": route or {"kind": "max", "field": "flights"},
                },
                {
                    "call": "c2",
                    "list": "/flights",
                    "item": 0,
                    "criterion": {"kind": "min", "field": "sched_dep"},
                },
            ]
        },
    )


def _sample(mask: np.ndarray, env: Any, rng: np.random.Generator) -> np.ndarray:
    """An action that the mask allows, uniformly."""
    parts = np.split(mask, np.cumsum(env.layout.actions)[:-1])
    return np.array([rng.choice(np.flatnonzero(part)) for part in parts])


def _same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def _play(env: ToolOrchSlotsEnv, task: Task, actions: list[Any] | None = None) -> list[dict[str, np.ndarray]]:
    """The observations under given actions, or under the oracle's, which are then appended to the empty list."""
    seen, _ = env.reset(seed=3, options={"task_id": task.id})
    observations, oracle, over = [seen], Oracle(task, env.layout), False
    queue = list(actions or [])
    while not over:
        action = queue.pop(0) if queue else oracle.action(seen, env.encoding.values)
        if actions is not None and not queue and len(observations) > len(actions):
            break
        seen, _, terminated, truncated, _ = env.step(action)
        observations.append(seen)
        over = terminated or truncated
    return observations


def test_the_checker_of_gymnasium_is_content(task_set: SlotTaskSet) -> None:
    check_env(CallEnv(task_set=task_set), skip_render_check=True)


SPLITS = pytest.mark.parametrize("split", ["graph-train", "graph-validation", "graph-test", "graph-hard"])


@SPLITS
def test_the_golden_trace_can_be_said_in_slots(travel: Snapshot, task_set: SlotTaskSet, split: str) -> None:
    """Of every twentieth task; `make data` plays all."""
    _say_golden_traces(task_set, travel.tasks(split)[::20])


@pytest.mark.data
@SPLITS
def test_the_golden_trace_of_every_task_can_be_said_in_slots(
    travel: Snapshot, task_set: SlotTaskSet, split: str
) -> None:
    _say_golden_traces(task_set, sampling.every(travel.tasks(split)))


UNSAYABLE = {"travel-graph-train-00510"}
"""A value of these names two things (EUR, the currency of a rate and of a sum), which slots do not tell apart."""


def _say_golden_traces(task_set: SlotTaskSet, tasks: Sequence[Task]) -> None:
    """Every choice is allowed by the mask, every call is seen to be about something, every fact becomes known."""
    env = CallEnv(task_set=task_set.beside(tasks))
    stop = env.layout.tools
    starts = np.cumsum([0, *env.layout.actions[:-1]])
    for task in (task for task in tasks if task.id not in UNSAYABLE):
        seen, _ = env.reset(seed=0, options={"task_id": task.id})
        oracle, calls, over = Oracle(task, env.layout), 0, False
        while not over:
            action = oracle.action(seen, env.encoding.values)
            assert env.action_masks()[starts + action].all(), task.id
            if action[0] == stop:
                assert (seen["facts"][:, 2] == (seen["facts"][:, 1] > 0)).all(), task.id
            seen, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
            assert over or seen["about"][calls].any(), task.id
            calls += 1
        assert info["success"] and info["episode_score"] == 1.0, task.id


def test_what_the_words_say_is_what_is_stated(task_set: SlotTaskSet) -> None:
    said = request_graph(_flights(), task_set.vocabulary)
    assert sorted(map(str, said.mentions)) == ["2013-07-10", "DL"]
    assert sorted(thing.noun for thing in said.things) == ["flight", "route"]  # no "that flight's record"
    flight = next(at for at, thing in enumerate(said.things) if thing.noun == "flight")
    links = {(link.role, link.relation, link.mention) for link in said.links if link.thing == flight}
    assert links == {
        ("scheduled flight from", "the starting airport of {it}", False),
        ("to", "the destination of {it}", False),
        ("on", "", True),
    }
    assert [fact.thing for fact in said.facts] == [flight]


def test_roles_are_the_words_before_a_value(task_set: SlotTaskSet) -> None:
    entry = task_set.vocabulary.book.calls["search_flights"]
    tail = entry.lists["/flights"].tail
    assert roles_in("the flight" + tail, entry, ["origin", "dest", "date", "carrier"], []) == {
        "origin": "the flight from",
        "dest": "to",
        "date": "on",
        "carrier": "with carrier",
    }


def test_a_request_graph_knows_no_golden_value_id_order_or_name(
    travel: Snapshot, task_set: SlotTaskSet
) -> None:
    for task in travel.tasks("graph-test")[:100]:
        renamed = {call.id: f"x{at}" for at, call in enumerate(reversed(task.golden))}
        text = task.to_json()
        for call in task.golden:
            text = text.replace(f'"{call.id}"', f'"{renamed[call.id]}"')
        other = Task.model_validate(json.loads(text))
        other = other.model_copy(
            update={"golden": tuple(reversed(other.golden)), "answer": other.answer[::-1]}
        )
        assert request_graph(other, task_set.vocabulary) == request_graph(task, task_set.vocabulary)


def test_tasks_that_differ_in_golden_calls_alone_look_the_same(task_set: SlotTaskSet) -> None:
    """One request graph, other golden values: the same actions give the same observations under every reward."""
    rng = np.random.default_rng(0)
    for seed in range(10):
        envs = [
            CallEnv(task_set=task_set.beside([_flights(number)]), reward=reward, max_turns=turns)
            for number, reward, turns in (
                (5, "graduated", None),
                (6, "graduated", 30),
                (5, "binary", None),
                (6, "published", 40),
            )
        ]
        seen = [env.reset(seed=seed)[0] for env in envs]
        over = False
        while not over:
            assert all(_same(seen[0], other) for other in seen[1:])
            assert all(np.array_equal(envs[0].action_masks(), env.action_masks()) for env in envs[1:])
            action = _sample(envs[0].action_masks(), envs[0], rng)
            steps = [env.step(action) for env in envs]
            seen = [step[0] for step in steps]
            over = any(step[2] or step[3] for step in steps)


def test_what_is_seen_in_a_reply_is_what_the_criterion_chooses(task_set: SlotTaskSet) -> None:
    task = _flights()
    env = CallEnv(task_set=task_set.beside([task]))
    seen, _ = env.reset(seed=0)
    oracle = Oracle(task, env.layout)
    seen, *_ = env.step(oracle.action(seen, env.encoding.values))
    nouns = env.layout.vocabulary.nouns
    route = seen["things"][:, 0].tolist().index(nouns["route"])
    rows = np.flatnonzero(seen["bond"][:, route] == BELONGS)
    assert set(seen["candidates"][rows, COLUMNS.position]) == {1}  # the list falls by flights
    assert set(seen["candidates"][rows, COLUMNS.source]) == {REPLY}
    others = seen["candidates"][:, COLUMNS.position] > 1
    assert others.any() and not seen["bond"][others].any()  # another element is offered, and not marked
    assert "LGA" in [env.encoding.values[row] for row in rows]


def test_an_element_that_meets_a_criterion_by_chance_does_not_belong(task_set: SlotTaskSet) -> None:
    """The busiest route of another airline: it meets the words, but it is not what was spoken of."""
    env = CallEnv(task_set=task_set.beside([_flights()]))
    env.reset(seed=0)
    vocabulary = env.layout.vocabulary
    number, row = vocabulary.tool_number["get_airline"], env.encoding.values.index("DL")
    env.encoding.values[row] = "UA"
    env.encoding._texts[row] = '"UA"'
    env.encoding._serves['"UA"'] = env.encoding._identifies['"UA"'] = 0
    seen, *_ = env.step([number, row, *[0] * (env.layout.positions - 1)])
    assert MEETS in seen["bond"] and BELONGS not in seen["bond"]


def test_a_kind_of_criterion_that_is_not_known_chooses_nothing(task_set: SlotTaskSet) -> None:
    task = _flights(route={"kind": "strangest", "field": "flights", "than": {"field": "dest"}})
    env = CallEnv(task_set=task_set.beside([task]))
    seen, _ = env.reset(seed=0)
    oracle = Oracle(task, env.layout)
    seen, *_ = env.step(oracle.action(seen, env.encoding.values))
    assert not seen["bond"].any() and (seen["candidates"][:, COLUMNS.source] == REPLY).any()


@given(seed=st.integers(0, 2**31 - 1), data=st.data())
def test_no_action_raises_and_every_observation_is_in_the_space(
    task_set: SlotTaskSet, seed: int, data: st.DataObject
) -> None:
    env = CallEnv(task_set=task_set)
    seen, _ = env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        assert env.observation_space.contains(seen)
        masked = _sample(env.action_masks(), env, rng)
        junk = st.sampled_from(
            [masked, env.action_space.sample(), [99] * 9, [-1] * 9, [], "x", None, [float("nan")] * 9]
        )
        seen, reward, *_ = env.step(data.draw(junk))
        assert -1.0 <= reward <= 1.0


def test_masked_actions_are_calls_of_offered_tools(task_set: SlotTaskSet) -> None:
    env = CallEnv(task_set=task_set)
    rng = np.random.default_rng(1)
    offered = 0
    for seed in range(30):
        seen, _ = env.reset(seed=seed)
        over = False
        while not over:
            action = _sample(env.action_masks(), env, rng)
            offered += action[0] < env.layout.tools and seen["tools"][action[0]]
            assert action[0] == env.layout.tools or seen["tools"][action[0]]
            seen, _, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
    assert offered > 30


def test_slots_are_paid_as_text_is(travel: Snapshot, task_set: SlotTaskSet) -> None:
    """The same calls and answer, given to `ToolOrch-v0` as a message, score the same."""
    env, rng = CallEnv(task_set=task_set), np.random.default_rng(5)
    for seed in range(40):
        _, info = env.reset(seed=seed)
        task, turns, total, over = task_set.task_set.tasks[info["task_id"]], list[Any](), 0.0, False
        while not over:
            action = _sample(env.action_masks(), env, rng)
            turns.append(env.encoding.message(action))
            _, reward, terminated, truncated, info = env.step(action)
            total, over = total + reward, terminated or truncated
        score = toe.score_turns(task, turns, travel)
        assert score.total == pytest.approx(total, abs=1e-9) and score.success == info["success"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("vector", [False, True])
def test_a_copy_in_the_middle_of_an_episode_goes_on_by_itself(
    toy: Snapshot, toy_tasks: list[Task], copied: Any, vector: bool
) -> None:
    known = open_slot_task_set(toy, tasks=toy_tasks)
    env: Any = CallVector(2, task_set=known) if vector else CallEnv(task_set=known)
    start, _ = env.reset(seed=0)
    other = copied(env)
    assert copied is not copy.deepcopy or other.task_set is known
    action = np.zeros((2, len(env.layout.actions)) if vector else len(env.layout.actions), dtype=np.int64)
    seen, untouched = other.step(action)[0], env.action_masks()
    assert not _same(seen, start)
    assert np.array_equal(env.action_masks(), untouched)
    assert _same(env.step(action)[0], seen)
    assert np.array_equal(env.action_masks(), other.action_masks())


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_a_vector_is_its_single_environments(task_set: SlotTaskSet, mode: str) -> None:
    n, rng = 6, np.random.default_rng(2)
    vec = CallVector(n, mode, task_set=task_set)
    singles = [CallEnv(task_set=task_set) for _ in range(n)]
    seen, _ = vec.reset(seed=40)
    alone = [env.reset(seed=40 + i)[0] for i, env in enumerate(singles)]
    done = np.zeros(n, dtype=bool)
    for _ in range(25):
        masks = vec.action_masks()
        for i, env in enumerate(singles):
            assert _same({name: array[i] for name, array in seen.items()}, alone[i])
            assert np.array_equal(masks[i], env.action_masks())
        actions = np.stack([_sample(mask, vec, rng) for mask in masks])
        before = done
        seen, rewards, terminated, truncated, infos = vec.step(actions)
        done = terminated | truncated
        for i, env in enumerate(singles):
            if mode == "NextStep" and before[i]:
                alone[i], _ = env.reset()
                continue
            alone[i], reward, *flags, info = env.step(actions[i])
            assert reward == rewards[i] and flags == [terminated[i], truncated[i]]
            if done[i]:
                last = infos["final_info"] if mode == "SameStep" else infos
                assert (
                    last["episode_score"][i] == info["episode_score"]
                    and last["success"][i] == info["success"]
                )
            if done[i] and mode == "SameStep":
                assert _same(infos["final_obs"][i], alone[i])
                alone[i], _ = env.reset()
        if mode == "Disabled" and done.any():
            with pytest.raises(toe.errors.UsageError):
                vec.step(actions)
            seen, _ = vec.reset(options={"reset_mask": done})
            for i in np.flatnonzero(done):
                alone[i], _ = singles[i].reset()
            done[:] = False


def test_a_vector_plays_the_tasks_it_is_given(travel: Snapshot, task_set: SlotTaskSet) -> None:
    ids = [task.id for task in travel.tasks("graph-test")[:5]]
    vec = CallVector(5, task_set=task_set.beside(travel.tasks("graph-test")))
    _, infos = vec.reset(seed=0, options={"task_id": ids})
    assert infos["task_id"].tolist() == ids
    with pytest.raises(toe.errors.UsageError, match="one per environment"):
        vec.reset(options={"task_id": ids[:2]})
    with pytest.raises(toe.errors.UsageError, match="expected task_id"):
        vec.reset(options={"task": 1})
    with pytest.raises(toe.errors.UsageError, match="expected shape"):
        vec.step(np.zeros((5, 2), dtype=int))
    vec.step(np.full((5, 9), -7))


def test_of_two_that_are_compared_one_is_known_once_both_are_read(
    travel: Snapshot, task_set: SlotTaskSet
) -> None:
    tasks = [task for task in travel.tasks("graph-train") if "compared" in task.meta][:40]
    env = CallEnv(task_set=task_set.beside(tasks))
    kinds = {env.layout.vocabulary.kinds[f"compare {choose}"]: choose for choose in ("max", "min")}
    for task in tasks:
        seen, _ = env.reset(seed=1, options={"task_id": task.id})
        chosen = [at for at, kind in enumerate(seen["things"][:, 1]) if kind in kinds]
        sides = {env.layout.vocabulary.roles["contender"]} & set(seen["links"][:, 1].tolist())
        assert len(chosen) == 1 and sides
        contest, calls, read = task.meta["compared"][0], {c.id: c for c in task.golden}, set[str]()
        oracle, over = Oracle(task, env.layout), False
        while not over:
            if oracle._left:
                read.add(oracle._left[0].id)
            seen, _, terminated, truncated, _ = env.step(oracle.action(seen, env.encoding.values))
            over = terminated or truncated
            if not {contest["winner"], contest["loser"]} <= read:
                assert not (seen["bond"][:, chosen[0]] == BELONGS).any()
        assert (seen["bond"][:, chosen[0]] == BELONGS).any() and calls


def test_full_candidates_drop_what_belongs_to_nothing_first(travel: Snapshot) -> None:
    env = CallEnv(task_set=open_slot_task_set(travel, "graph-hard", limits=Limits(candidates=64)))
    dropped = 0
    for task in travel.tasks("graph-hard")[:60]:
        seen, _ = env.reset(seed=0, options={"task_id": task.id})
        oracle, over = Oracle(task, env.layout), False
        while not over:
            before, belongs = list(env.encoding.values), (seen["bond"] == BELONGS).any(1)
            replied = seen["candidates"][:, COLUMNS.source] == REPLY
            try:
                action = oracle.action(seen, env.encoding.values)
            except LookupError:
                break  # the candidates are too few for this task
            seen, _, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
            now = env.encoding.values
            assert len(now) <= 64 and env.observation_space.contains(seen)
            if now[: len(before)] != before:
                dropped += 1
                rows = [row for row in range(len(before)) if replied[row]]
                first = [row for row in rows if not belongs[row]] + [row for row in rows if belongs[row]]
                left = [
                    [v for row, v in enumerate(before) if row not in first[:n]] for n in range(len(first) + 1)
                ]
                assert any(now[: len(some)] == some for some in left)
    assert dropped


def test_any_snapshot_can_be_played_by_words_made_from_names(toy: Snapshot, toy_tasks: list[Task]) -> None:
    env = CallEnv(toy, tasks=toy_tasks)
    rng = np.random.default_rng(0)
    for seed in range(20):
        seen, _ = env.reset(seed=seed)
        over = False
        while not over:
            assert env.observation_space.contains(seen)
            seen, _, terminated, truncated, _ = env.step(_sample(env.action_masks(), env, rng))
            over = terminated or truncated


def test_arranging_a_request_graph_changes_its_order_alone(task_set: SlotTaskSet) -> None:
    said = request_graph(_flights(), task_set.vocabulary)
    other = arranged(said, np.random.default_rng(1))

    def content(one: Any) -> set[Any]:
        name = [str(thing) for thing in one.things]
        links = {
            (
                name[link.thing],
                link.role,
                link.relation,
                str(link.target) if link.mention else name[link.target],
            )
            for link in one.links
        }
        return links | {(name[fact.thing], fact.ask) for fact in one.facts}

    assert content(other) == content(said)
    assert {str(arranged(said, np.random.default_rng(seed)).things) for seed in range(8)} == {
        str(said.things),
        str(said.things[::-1]),
    }


@pytest.mark.parametrize("snapshot", ["demo", pytest.param("travel", marks=pytest.mark.data)])
def test_the_same_seed_gives_the_same_bytes_in_every_process(snapshot: str) -> None:
    code = (
        "import hashlib, gymnasium as gym, numpy as np, tool_orch_env\n"
        f"env = gym.make('ToolOrchSlots-v0', snapshot='{snapshot}', split='test', actions='calls')\n"
        "rng = np.random.default_rng(0); digest = hashlib.sha256()\n"
        "for seed in range(5):\n"
        "    seen, _ = env.reset(seed=seed); over = False\n"
        "    while not over:\n"
        "        for name in sorted(seen): digest.update(seen[name].tobytes())\n"
        "        parts = np.split(env.unwrapped.action_masks(), np.cumsum(env.unwrapped.layout.actions)[:-1])\n"
        "        action = [rng.choice(np.flatnonzero(part)) for part in parts]\n"
        "        seen, reward, end, cut, _ = env.step(np.array(action)); over = end or cut\n"
        "        digest.update(repr(reward).encode())\n"
        "print(digest.hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed, "PATH": "/usr/bin:/bin"},
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert runs[0] == runs[1] and len(runs[0]) == 65


def test_limits_cut_a_request_that_is_too_large(travel: Snapshot) -> None:
    tiny = replace(Limits(), things=3, links=4, facts=2)
    env = CallEnv(task_set=open_slot_task_set(travel, "graph-hard", limits=tiny))
    for seed in range(20):
        seen, _ = env.reset(seed=seed)
        assert env.observation_space.contains(seen) and seen["things"].shape == (3, 4)
