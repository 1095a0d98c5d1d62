"""Task sets are opened once per process and shared; tasks are read when they are played; success has one meaning."""

import json
import multiprocessing
import os
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
import toy as toys

import tool_orch_env as toe
from tool_orch_env import errors, taskset
from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.episode import Episode
from tool_orch_env.slots.env import open_slot_task_set
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot import snapshot as snapshots
from tool_orch_env.snapshot.shared import Shared
from tool_orch_env.task import Task, TaskFile, dump_tasks
from tool_orch_env.taskset import TaskSet, open_task_set


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toys.folder(tmp_path / "toy", test=toys.tasks())


def made(folder: Path, **more: Any) -> Any:
    return gym.make("ToolOrch-v0", snapshot=folder, split="test", **more).unwrapped


def forked(work: Any) -> Any:
    """What a forked process returns."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, pickle.dumps(work()))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        data = stream.read()
    assert os.waitpid(child, 0)[1] == 0
    return pickle.loads(data)


def test_environments_of_one_split_share_snapshot_tasks_and_compiled_tasks(folder: Path) -> None:
    one, other = made(folder), made(str(folder), reward="binary")
    assert one._task_set is other._task_set
    assert open_task_set(folder, "test").compiled("toy-0") is one._task_set.compiled("toy-0")
    assert Snapshot.open(folder) is one._task_set.snapshot
    slots = [gym.make("ToolOrchSlots-v0", snapshot=folder, split="test").unwrapped for _ in range(2)]
    assert slots[0].task_set is slots[1].task_set is open_slot_task_set(folder, "test")


def test_other_credit_weights_split_or_tasks_are_another_task_set(folder: Path) -> None:
    known = open_task_set(folder, "test")
    weights = toe.RewardConfig(credit=toe.CreditWeights(name=0.2, values=0.4))
    assert open_task_set(folder, "test", reward=weights) is not known
    assert open_task_set(folder, None) is not known
    assert open_task_set(folder, tasks=toys.tasks()) is not known


def test_a_snapshot_that_changed_is_opened_again(folder: Path) -> None:
    before = open_task_set(folder, "test")
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    toys.folder(folder, version="2", test=toys.tasks()[:1])
    after = open_task_set(folder, "test")
    assert (before.ids, after.ids) == (("toy-0", "toy-1", "toy-2"), ("toy-0",))
    assert after.snapshot.manifest["version"] == "2"
    (folder / "responses.jsonl.gz").write_bytes(b"damaged")
    with pytest.raises(errors.SnapshotError, match="sha256 expected"):
        open_task_set(folder, "test")


def test_every_spelling_of_a_path_is_one_snapshot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder, target_is_directory=True)
    monkeypatch.chdir(folder)
    known = Snapshot.open(folder)
    assert all(Snapshot.open(place) is known for place in (link, f"../{folder.name}", f"{folder}/", folder))


def test_tasks_that_changed_since_the_snapshot_was_opened_are_refused(folder: Path) -> None:
    opened = Snapshot.open(folder)
    (folder / "tasks" / "test.jsonl").write_bytes(dump_tasks(toys.tasks()[:1]))
    with pytest.raises(errors.SnapshotError, match=r"tasks/test\.jsonl: sha256 expected"):
        opened.tasks("test")


@pytest.mark.parametrize("name", ["ToolOrch-v0", "ToolOrchSlots-v0"])
def test_a_reward_with_other_credit_weights_than_the_task_set_is_refused(name: str, toy: Snapshot) -> None:
    weights = toe.CreditWeights(name=0.2, values=0.4)
    known: Any = TaskSet(toy, toys.tasks(), weights)
    if name == "ToolOrchSlots-v0":
        known = open_slot_task_set(toy, tasks=toys.tasks(), reward=toe.RewardConfig(credit=weights))
    gym.make(name, task_set=known, reward=toe.RewardConfig(waste=0.5, credit=weights))
    gym.make(name, task_set=known, reward="binary")
    for reward, match in ((toe.RewardConfig(), "not those of the task set"), ("none", "expected one of")):
        with pytest.raises(errors.UsageError, match=match):
            gym.make(name, task_set=known, reward=reward)


def test_threads_that_open_at_once_get_one_task_set(folder: Path) -> None:
    barrier = threading.Barrier(16)

    def opened(_: int) -> int:
        barrier.wait()
        return id(open_task_set(folder, "test"))

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(opened, range(16)))) == 1


def test_a_forked_process_plays_on_what_its_parent_opened(folder: Path) -> None:
    """Also if another thread of the parent was opening something at that moment."""
    known = open_task_set(folder, "test")
    with snapshots._OPEN._lock, taskset._OPEN._lock:
        threading.Thread(target=lambda: None).start()
        shared, score = forked(lambda: (open_task_set(folder, "test") is known, perfect(folder)))
    assert (shared, score) == (True, 1.0)


def perfect(folder: Path) -> float:
    env = made(folder)
    env.reset(options={"task_id": "toy-1"})
    return sum(env.step(turn)[1] for turn in oracle_turns(env._task_set.tasks["toy-1"]))


def test_a_spawned_process_opens_by_itself(folder: Path) -> None:
    """A task set, a snapshot and an environment's arguments travel as names, tasks and weights."""
    known = open_task_set(folder, "test")
    assert len(pickle.dumps(known.snapshot)) < 1000
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(perfect, (folder,)) == pytest.approx(1.0)
        assert pool.apply(ids_of, (known,)) == known.ids


def test_cloudpickle_sends_names_too(folder: Path) -> None:
    """Ray and AsyncVectorEnv pickle by it; it takes apart what it cannot import by name, locks included."""
    env = made(folder)
    env.reset(seed=0)
    for one in (env._task_set, env._task_set.snapshot, env):
        data = cloudpickle.dumps(one)
        assert len(data) < 50_000
        assert type(pickle.loads(data)) is type(one)


def ids_of(task_set: TaskSet) -> tuple[str, ...]:
    return task_set.ids


def test_a_pickled_task_set_returns_to_the_shared_one(folder: Path, toy: Snapshot) -> None:
    env = made(folder)
    assert len(pickle.dumps(env._task_set)) < 1000
    assert pickle.loads(pickle.dumps(env))._task_set is env._task_set
    mine = TaskSet(toy, toys.tasks()[:1])
    assert pickle.loads(pickle.dumps(mine)).ids == ("toy-0",)


def test_a_snapshot_in_memory_travels_whole(toy: Snapshot) -> None:
    copy = pickle.loads(pickle.dumps(toy))
    assert list(copy.records()) == list(toy.records())
    assert copy.splits == toy.splits
    assert copy.tasks() == toy.tasks()


def test_what_was_opened_is_kept_up_to_a_bound_and_can_be_forgotten() -> None:
    shared: Shared[int, list[int]] = Shared(size=2)
    first = shared.get(1, None, lambda: [1])
    assert shared.get(1, None, list) is first
    assert shared.get(1, "another version", list) == []
    for key in (2, 3):
        shared.get(key, None, lambda key=key: [key])
    assert shared.get(1, "another version", lambda: [4]) == [4]
    shared.clear()
    assert shared.get(3, None, lambda: [5]) == [5]
    with pytest.raises(ZeroDivisionError):
        shared.get(6, None, lambda: [1 // 0])
    assert shared.get(6, None, lambda: [6]) == [6]


# --- tasks are read when they are played


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "tasks.jsonl"
    path.write_bytes(dump_tasks(toys.tasks()))
    return path


def test_a_task_is_parsed_when_it_is_first_asked_for(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    validate = Task.model_validate

    def counting(value: Any) -> Task:
        parsed.append(value["id"])
        return validate(value)

    monkeypatch.setattr(Task, "model_validate", counting)
    tasks = TaskFile(lines)
    assert (list(tasks), len(tasks), "toy-1" in tasks, "toy-9" in tasks) == (
        ["toy-0", "toy-1", "toy-2"],
        3,
        True,
        False,
    )
    assert parsed == []
    assert tasks["toy-1"] is tasks["toy-1"]
    assert parsed == ["toy-1"]


def test_a_bad_line_is_named_when_its_task_is_played(lines: Path) -> None:
    first, second, third = lines.read_text().splitlines()
    lines.write_text("\n".join([first, second.replace('"golden"', '"goldne"'), third]))
    tasks = TaskFile(lines)
    assert tasks["toy-0"].id == "toy-0"
    with pytest.raises(errors.TaskError, match=r"tasks\.jsonl:2: golden: Field required"):
        tasks["toy-1"]


def test_a_file_that_somebody_else_wrote_is_read_at_once(lines: Path) -> None:
    tasks = [json.loads(line) for line in lines.read_text().splitlines()]
    lines.write_text("\n".join(json.dumps(dict(reversed(task.items()))) for task in tasks))
    assert list(TaskFile(lines).values()) == toys.tasks()
    lines.write_text(f'{{"id":"x"}}\n{{"id":"x"}}\n{json.dumps(tasks[0])}\n')
    with pytest.raises(errors.TaskError) as caught:
        TaskFile(lines)
    assert {problem.split(": ")[0] for problem in caught.value.problems} == {"tasks.jsonl:1", "tasks.jsonl:2"}


def test_a_task_whose_tools_the_snapshot_lacks_is_refused_when_it_is_played(toy: Snapshot) -> None:
    strange = toys.tasks()[0].model_copy(update={"tools": ("fly", *toys.tasks()[0].tools)})
    with pytest.raises(errors.TaskError, match="'toy' has no tool 'fly'"):
        TaskSet(toy, {strange.id: strange}).compiled(strange.id)


# --- an episode that a wrapper cuts


def test_an_episode_that_a_wrapper_cut_is_scored_by_end(toy: Snapshot) -> None:
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=toys.tasks()[:1], reward="binary", max_episode_steps=4)
    env.reset(seed=0)
    for turn in oracle_turns(toys.tasks()[0])[:-1]:
        _, reward, _, truncated, info = env.step(turn)
    assert truncated
    assert "success" not in info
    reward, info = env.unwrapped.end()
    assert (reward, info["episode_score"], info["success"]) == (1.0, 1.0, True)
    assert env.unwrapped.end()[0] == 0.0
    assert "episode_over" in env.unwrapped.step("Done.")[0]


def test_ending_an_episode_before_reset_is_refused(toy: Snapshot) -> None:
    with pytest.raises(errors.UsageError, match="call reset first"):
        gym.make("ToolOrch-v0", snapshot=toy, tasks=toys.tasks()).unwrapped.end()


def test_an_answer_weight_alone_needs_facts(toy: Snapshot) -> None:
    only = toe.RewardConfig(atomic=0.0, orchestration=0.0, answer=1.0)
    task_set = TaskSet(toy, toys.tasks())
    assert Episode(task_set.compiled("toy-1"), only).score.total == 0.0
    with pytest.raises(errors.UsageError, match="has no answer facts"):
        Episode(task_set.compiled("toy-0"), only)


# --- the vector forms take Gymnasium's arguments


@pytest.mark.parametrize("name", ["ToolOrch-v0", "ToolOrchSlots-v0"])
def test_vectors_heed_max_episode_steps_and_numpy_seeds(name: str, folder: Path) -> None:
    vec = gym.make_vec(name, num_envs=3, snapshot=folder, split="test", max_episode_steps=2)
    ids = vec.reset(seed=np.int64(5))[1]["task_id"]
    assert vec.reset(seed=np.array([5, 6, 7]))[1]["task_id"].tolist() == ids.tolist()
    for i in range(3):
        one = gym.make(name, snapshot=folder, split="test")
        assert one.reset(seed=np.int64(5 + i) if i else 5)[1]["task_id"] == ids[i]
    stay: Any = [{"name": "ping", "arguments": {}}] * 3
    if name == "ToolOrchSlots-v0":
        stay = np.ones(3, dtype=np.int64)  # a thing, then a tool: choices that end no episode
    for expected in (False, True):
        _, _, terminated, truncated, infos = vec.step(stay)
        assert not terminated.any()
        assert truncated.tolist() == [expected] * 3
    assert infos["success"].tolist() == [False] * 3
    assert infos["_success"].all()
