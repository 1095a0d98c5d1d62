"""An episode that this side broke is void: it ends, earns nothing, says why, and is nobody's failure."""

import copy
import json
import pickle
import sqlite3
import threading
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import toy as toys
from breaking import Failing
from gymnasium.vector import AutoresetMode
from service import Service
from test_record_live import make, recorded, service, town

from tool_orch_env import oracle_turns
from tool_orch_env.calls.types import Status, ToolCall, Turn
from tool_orch_env.calls.void import MAX_DETAIL, VOID_MEANINGS, VoidCode, cause, cause_of
from tool_orch_env.env import ToolOrchEnv
from tool_orch_env.episode import Episode, score_turns
from tool_orch_env.errors import LiveError, NotRecordedError, SnapshotError, UsageError, VoidError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.store import Recorded
from tool_orch_env.task import Task
from tool_orch_env.taskset import TaskSet

__all__ = ["recorded", "service"]  # fixtures of the live tests

SEARCH = {"name": "search_city", "arguments": {"name": "Oslo"}}
GET = {"name": "get_city", "arguments": {"city_id": 11}}


@pytest.fixture
def store() -> Failing:
    return Failing()


@pytest.fixture
def failing(store: Failing) -> Snapshot:
    return store.snapshot


def checked(step: tuple[Any, float, bool, bool, dict[str, Any]], code: VoidCode, calls: int = 1) -> str:
    """Hold what is promised of the step that made an episode void; its cause."""
    observation, reward, terminated, truncated, info = step
    assert (reward, terminated, truncated, info["success"]) == (0.0, False, True, False)
    assert info["void"].split(":")[0] == code and info["episode_score"] == info["score"]["total"]
    assert (
        [call["code"] for call in info["calls"]]
        == ["void"] * calls
        == [reply["code"] for reply in json.loads(observation)]
    )
    assert len({message["tool_call_id"] for message in info["messages"]}) == calls
    return str(info["void"])


def test_a_failing_api_behind_a_live_miss_makes_the_episode_void(service: Service, recorded: Path) -> None:
    env = make(recorded)
    env.reset(seed=0)
    earned = env.step(town(3))[1]  # recorded
    assert earned > 0.0
    service.shutdown()
    service.server_close()
    step = env.step([town(3), town(4)])
    assert "get_town: the connection failed" in checked(step, VoidCode.LIVE_FAILED, calls=2)
    assert step[4]["episode_score"] == pytest.approx(earned) and "connection" not in step[0]
    _, reward, _, truncated, info = env.step(town(3))
    assert (reward, truncated, info["calls"][0]["code"]) == (0.0, True, "episode_over")
    assert info["void"] == step[4]["void"]
    assert "void" not in env.reset(seed=0)[1] and env.step(town(3))[1] == earned


@pytest.mark.parametrize(
    ("status", "code"),
    [("500", "void"), ("503", "void"), ("429", "void"), ("401", "void"), ("403", "not_recorded")],
)
def test_a_server_error_is_void_and_a_refusal_of_this_call_is_not(
    service: Service, recorded: Path, status: str, code: str
) -> None:
    env = make(recorded)
    env.reset(seed=0)
    call = {"name": "fetch", "arguments": {"route": "status", "case": status}}
    info = env.step(call)[4]
    assert [one["code"] for one in info["calls"]] == [code]
    assert ("void" in info) == (code == "void") and f"status {status}" in (
        info.get("void") or str(info["messages"])
    )


def test_an_overlay_that_cannot_be_read_makes_the_episode_void(service: Service, recorded: Path) -> None:
    env = make(recorded)
    env.reset(seed=0)
    with sqlite3.connect(recorded / "overlay" / "cache.db") as db:
        db.execute("DROP TABLE Cache")
    db.close()
    checked(env.step(town(4)), VoidCode.STORE_FAILED)


def test_a_store_that_is_gone_makes_the_episode_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))
    toys.folder(tmp_path / "toy", train=toys.tasks())
    env = ToolOrchEnv(snapshot=Snapshot.open(tmp_path / "toy", where="disk"))
    env.reset(options={"task_id": "toy-0"})
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    steps: list[Any] = []
    thread = threading.Thread(target=lambda: steps.append(env.step(SEARCH)))  # opens a connection of its own
    thread.start()
    thread.join()
    assert "unable to open database file" in checked(steps[0], VoidCode.STORE_FAILED)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SnapshotError("toy: gone", "build it again"), VoidCode.STORE_FAILED),
        (OSError(5, "Input/output error"), VoidCode.STORE_FAILED),
        (sqlite3.DatabaseError("malformed"), VoidCode.STORE_FAILED),
        (MemoryError(), VoidCode.INTERNAL_ERROR),
        (KeyError("x"), VoidCode.INTERNAL_ERROR),
        (LiveError("late"), VoidCode.LIVE_FAILED),
    ],
)
def test_any_exception_while_answering_makes_the_episode_void(
    failing: Snapshot, store: Failing, error: Exception, code: VoidCode, caplog: pytest.LogCaptureFixture
) -> None:
    env = gym.make("ToolOrch-v0", snapshot=failing, tasks=toys.tasks(), disable_env_checker=True)
    env.reset(options={"task_id": "toy-0"})
    before = env.step(SEARCH)[4]["score"]
    store.error = error
    step = env.step([GET, SEARCH, "no call"])
    checked(step, code, calls=3)
    assert step[4]["score"] == before and step[4]["facts"] == []
    logged = caplog.records[-1]
    assert code in logged.getMessage() and bool(logged.exc_info) == (code is VoidCode.INTERNAL_ERROR)


def test_a_reply_that_cannot_be_rendered_is_no_reward(failing: Snapshot, store: Failing) -> None:
    """What was earned in the step is not paid: its reply never reached the agent."""
    env = ToolOrchEnv(snapshot=failing, tasks=toys.tasks(), max_items=1)
    env.reset(options={"task_id": "toy-0"})
    key = failing.key("search_city", {"name": "Oslo"})
    store.records[key] = store.records[key]._replace(text='{"results":[')
    assert env.step(SEARCH)[1] == 0.0 and env.step(SEARCH)[4]["episode_score"] == 0.0


def test_the_callers_own_errors_are_raised_as_ever(
    failing: Snapshot, toy: Snapshot, toy_tasks: list[Task]
) -> None:
    env = ToolOrchEnv(snapshot=toy, tasks=toy_tasks, on_miss="raise")
    with pytest.raises(UsageError, match="reset"):
        env.step(SEARCH)
    env.reset(seed=0)
    with pytest.raises(NotRecordedError):
        env.step({"name": "search_city", "arguments": {"name": "Nowhere"}})
    env = ToolOrchEnv(snapshot=toy, tasks=toy_tasks, reward=lambda score: score.no_such_part)
    env.reset(seed=0)
    with pytest.raises(UsageError, match="the function raised AttributeError"):
        env.step(SEARCH)


def test_an_ended_episode_never_becomes_void(failing: Snapshot, store: Failing) -> None:
    task = toys.tasks()[0]
    episode = Episode(TaskSet(failing, [task]).compiled(task.id))
    for turn in oracle_turns(task):
        episode.step(turn)
    store.error = OSError("gone")
    assert episode.step(SEARCH).calls[0].result.status is Status.EPISODE_OVER
    assert episode.void is None and episode.score.success
    episode.check()


def test_what_wants_a_score_or_nothing_raises(failing: Snapshot, store: Failing) -> None:
    task = toys.tasks()[0]
    TaskSet(failing, [task]).compiled(task.id)
    turns = oracle_turns(task)
    episode = Episode(TaskSet(failing, [task]).compiled(task.id))
    store.error = OSError("gone")
    calls, reward = episode.play(Turn(calls=(ToolCall("ping", {}),)))
    assert reward == 0.0 and calls[0].result.status is Status.VOID
    with pytest.raises(VoidError, match="store_failed: OSError: gone") as raised:
        episode.check()
    assert pickle.loads(pickle.dumps(raised.value)).cause == raised.value.cause == episode.void
    store.error = None
    assert score_turns(task, turns, failing).total == 1.0

    store.error, store.only = OSError("gone"), failing.key("ping", {})
    with pytest.raises(VoidError, match="store_failed: OSError: gone"):
        score_turns(task, [SEARCH, {"name": "ping", "arguments": {}}], failing)


def test_a_live_api_of_ones_own_may_raise_anything(toy: Snapshot, toy_tasks: list[Task]) -> None:
    class Mine:
        def answer(self, key: str, tool: str, arguments: dict[str, Any]) -> Recorded | str:
            raise ConnectionResetError("peer went away")

    env = ToolOrchEnv(snapshot=toy, tasks=toy_tasks, on_miss="live", record=Mine())
    env.reset(seed=0)
    step = env.step({"name": "search_city", "arguments": {"name": "Nowhere"}})
    assert checked(step, VoidCode.LIVE_FAILED) == "live_failed: ConnectionResetError: peer went away"


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_a_vector_carries_the_cause_and_plays_on(
    failing: Snapshot, store: Failing, mode: AutoresetMode
) -> None:
    envs = gym.make_vec("ToolOrch-v0", num_envs=3, snapshot=failing, tasks=toys.tasks(), autoreset_mode=mode)
    for task in toys.tasks():  # compiled once, a task needs the store no more to begin
        envs.reset(options={"task_id": task.id})
    good = envs.step([SEARCH, SEARCH, SEARCH])
    assert "void" not in good[4]
    store.error = OSError("gone")
    # a call of no tool needs no look-up, so that only two of three episodes break
    nope = {"name": "nope", "arguments": {}}
    _, rewards, terminated, truncated, infos = envs.step([SEARCH, nope, SEARCH])
    store.error = None
    infos = infos["final_info"] if mode is AutoresetMode.SAME_STEP else infos
    assert truncated.tolist() == [True, False, True] and not terminated.any() and not rewards[[0, 2]].any()
    assert infos["_void"].tolist() == [True, False, True] and infos["void"][0].startswith("store_failed")
    assert infos["void"][1] is None and infos["success"].tolist() == [False] * 3
    if mode is AutoresetMode.DISABLED:
        envs.reset(options={"reset_mask": np.array([True, False, True])})
    _, _, terminated, truncated, infos = envs.step([SEARCH] * 3)
    assert not (terminated | truncated).any() and "void" not in infos


def test_a_session_is_void_and_its_reply_has_no_score(failing: Snapshot, store: Failing) -> None:
    session = store.factory().reset("toy-0")
    session.check()
    store.error = OSError("gone")
    step = session.step(SEARCH)
    assert (
        step.void == session.void == "store_failed: OSError: gone" and step.done and step.calls == ("void",)
    )
    assert session.rewards == [0.0] and json.loads(step.text)[0]["code"] == "void"
    with pytest.raises(VoidError):
        session.check()
    assert "episode_over" in session.answer("NOK")
    store.error = None
    session.reset("toy-0")
    assert session.void is None
    store.error = OSError("gone")
    assert json.loads(session.call("get_city", {"city_id": 11}))["error"]["code"] == "void"


def test_slots_carry_the_cause(failing: Snapshot, store: Failing) -> None:
    given = {"snapshot": failing, "tasks": toys.tasks(), "actions": "calls"}
    env = gym.make("ToolOrchSlots-v0", **given, disable_env_checker=True)
    env.reset(options={"task_id": "toy-0"})
    store.error = OSError("gone")
    row = env.unwrapped.action_masks().nonzero()[0][0]
    _, reward, terminated, truncated, info = env.step([row, *[0] * (env.action_space.nvec.size - 1)])
    assert (reward, terminated, truncated) == (0.0, False, True) and info["void"].startswith("store_failed")
    assert info["success"] is False


def test_causes_are_short_and_every_code_is_explained() -> None:
    assert cause(VoidCode.CAPACITY) == "capacity"
    long = cause(VoidCode.STORE_FAILED, "a\n b \ud800" + "x" * 999)
    assert long.startswith("store_failed: a b ?x") and long.endswith("…")
    assert len(long) == len("store_failed: ") + MAX_DETAIL
    assert (
        list(VOID_MEANINGS) == list(VoidCode) and cause_of(ValueError("a")) == "internal_error: ValueError: a"
    )


def test_a_void_episode_can_be_copied(failing: Snapshot, store: Failing) -> None:
    env = ToolOrchEnv(snapshot=failing, tasks=toys.tasks())
    env.reset(seed=0)
    store.error = OSError("gone")
    info = env.step(SEARCH)[4]
    assert copy.deepcopy(info) == info and json.loads(json.dumps(info)) == info
