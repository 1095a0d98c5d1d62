"""Steps per second of `ToolOrchSlots-v0`, compared with CartPole-v1 vectors of the same size in the same process.

    python benchmarks/slots.py               # a minute or two
    python benchmarks/slots.py --rounds 2 --steps 50

Each round steps every variant in turn. Printed are medians over the rounds, in steps per second of process time. A
slot step includes the action mask, copying the observation, and resetting finished episodes.

golden      the vector form of `ToolOrchSlots-v0`; the oracle plays every episode to the end
random      the same, with actions drawn uniformly from the mask: many short episodes and invalid calls
decisions   one decision per step, drawn uniformly from the exact mask
text        the vector form of `ToolOrch-v0`, with the golden calls as messages
CartPole    `CartPole-v1` by `gymnasium.make_vec`: one environment after another (sync), and its numpy form
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Generator
from typing import Any

import gymnasium as gym
import numpy as np
from rich.console import Console
from rich.table import Table

import tool_orch_env as toe
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsVector, open_slot_task_set
from tool_orch_env.slots.oracle import Oracle

Step = Callable[[Any], Any]


def golden(n: int, task_set: SlotTaskSet) -> Generator[tuple[Step, Any], Any, None]:
    """Endless pairs of step function and actions. Actions are chosen between the steps, outside the timing."""
    vec = ToolOrchSlotsVector(n, "SameStep", task_set=task_set, actions="calls")
    seen, infos = vec.reset(seed=0)
    oracles = [Oracle(task_set.task_set.tasks[task_id], task_set.layout) for task_id in infos["task_id"]]
    while True:
        actions = np.zeros((n, len(task_set.layout.actions)), dtype=np.int64)
        for i, oracle in enumerate(oracles):
            actions[i] = oracle.action({name: array[i] for name, array in seen.items()}, vec.values(i))
        done = yield _masked(vec), actions
        seen, infos = done
        for i in np.flatnonzero(infos.get("_task_id", ())).tolist():
            oracles[i] = Oracle(task_set.task_set.tasks[infos["task_id"][i]], task_set.layout)


def random(n: int, task_set: SlotTaskSet) -> Generator[tuple[Step, Any], Any, None]:
    vec = ToolOrchSlotsVector(n, "SameStep", task_set=task_set, actions="calls")
    rng = np.random.default_rng(0)
    vec.reset(seed=0)
    while True:
        parts = np.split(vec.action_masks(), np.cumsum(task_set.layout.actions)[:-1], axis=1)
        actions = [np.argmax(rng.random(part.shape, dtype=np.float32) * part, axis=1) for part in parts]
        yield _masked(vec), np.stack(actions, axis=1)


def decisions(n: int, task_set: SlotTaskSet) -> Generator[tuple[Step, Any], Any, None]:
    vec = ToolOrchSlotsVector(n, "SameStep", task_set=task_set)
    rng = np.random.default_rng(0)
    vec.reset(seed=0)
    while True:
        mask = vec.action_masks()
        yield _masked(vec), np.argmax(rng.random(mask.shape, dtype=np.float32) * mask, axis=1)


def text(n: int, task_set: SlotTaskSet) -> Generator[tuple[Step, Any], Any, None]:
    given = {"snapshot": task_set.task_set.snapshot, "split": "graph-train"}
    vec = gym.make_vec("ToolOrch-v0", num_envs=n, autoreset_mode="SameStep", **given)
    tasks = {task.id: toe.oracle_turns(task) for task in task_set.task_set.snapshot.tasks("graph-train")}
    _, infos = vec.reset(seed=0)
    left = [_calls(tasks[task_id]) for task_id in infos["task_id"]]
    while True:
        _, infos = yield vec.step, [queue.pop(0) for queue in left]
        for i, queue in enumerate(left):
            if not queue:
                left[i] = _calls(tasks[infos["task_id"][i]])


def cart_pole(n: int, mode: str) -> Generator[tuple[Step, Any], Any, None]:
    vec = gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode=mode)
    rng = np.random.default_rng(0)
    vec.reset(seed=0)
    while True:
        yield vec.step, rng.integers(0, 2, n)


def _masked(vec: ToolOrchSlotsVector) -> Step:
    def step(actions: Any) -> Any:
        found = vec.step(actions)
        vec.action_masks()
        return found

    return step


def _calls(turns: list[Any]) -> list[Any]:
    """One message per call, as in slots."""
    calls = [{"name": call.name, "arguments": call.arguments} for turn in turns for call in turn.calls]
    return [*calls, {"content": turns[-1].answer}]


class Variant:
    """A variant being stepped; each round continues where the last one ended."""

    def __init__(self, play: Generator[tuple[Step, Any], Any, None], n: int) -> None:
        self._play, self._n = play, n
        self._next = next(play)

    def rate(self, steps: int) -> float:
        """Environment steps per second of process time."""
        spent = 0.0
        gc.disable()
        for _ in range(steps):
            step, actions = self._next
            start = time.process_time()
            found = step(actions)
            spent += time.process_time() - start
            self._next = self._play.send((found[0], found[4]))
        gc.enable()
        return steps * self._n / spent


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of a slot step.")
    parser.add_argument("--envs", type=int, default=64)
    parser.add_argument("--steps", type=int, default=200, help="vector steps per round and variant")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=300, help="training tasks that are played")
    given = parser.parse_args()
    n = given.envs
    snapshot = toe.Snapshot.open("travel")
    task_set = open_slot_task_set(snapshot, tasks=snapshot.tasks("graph-train")[: given.tasks])
    variants = {
        "golden": golden(n, task_set),
        "random": random(n, task_set),
        "decisions": decisions(n, task_set),
        "text": text(n, task_set),
        "CartPole sync": cart_pole(n, "sync"),
        "CartPole numpy": cart_pole(n, "vector_entry_point"),
    }
    stepped = {name: Variant(play, n) for name, play in variants.items()}
    for variant in stepped.values():
        variant.rate(given.steps)  # warm up what is built once per task
    rounds = [{name: one.rate(given.steps) for name, one in stepped.items()} for _ in range(given.rounds)]
    table = Table(title=f"{n} environments, one core")
    for column in ("variant", "steps per second", "of CartPole sync", "of CartPole numpy"):
        table.add_column(column, justify="left" if column == "variant" else "right")
    for name in variants:
        ratios = [
            statistics.median(one[name] / one[f"CartPole {kind}"] for one in rounds)
            for kind in ("sync", "numpy")
        ]
        table.add_row(
            name, f"{statistics.median(one[name] for one in rounds):,.0f}", *(f"{r:.3f}" for r in ratios)
        )
    Console().print(table)


if __name__ == "__main__":
    main()
