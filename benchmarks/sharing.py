"""What a second environment of the same split costs, and the vector forms compared with Gymnasium's `SyncVectorEnv`.

    python benchmarks/sharing.py
    python benchmarks/sharing.py --rounds 3 --starts 3

The first table is of fresh processes: processor time and resident memory of the first `gym.make("ToolOrch-v0")` and of
later ones, each with its first `reset`. The second plays the first golden call of tasks of `train` in 64 and 1,024
episodes, four steps a round, through `gym.make_vec` and through `SyncVectorEnv` over the same shared task set.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import SyncVectorEnv
from rounds import Table, measure, microseconds, ratios, shown

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.calls.chat import turn_message
from tool_orch_env.slots.env import open_slot_task_set
from tool_orch_env.taskset import open_task_set

STEPS = 4
SIZES = (64, 1024)
PROBE = """
import gc, json, time
import gymnasium as gym, psutil
import tool_orch_env
def resident():
    gc.collect()
    return psutil.Process().memory_info().rss
seconds, memory, kept = [], [resident()], []
for _ in range(9):
    start = time.process_time()
    env = gym.make("ToolOrch-v0")
    env.reset(seed=0)
    seconds.append(time.process_time() - start)
    kept.append(env)
    memory.append(resident())
print(json.dumps([seconds, memory]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default 9)")
    parser.add_argument("--starts", type=int, default=9, help="fresh processes (default 9)")
    given = parser.parse_args()
    opening(given.starts).print()
    vectors(given.rounds).print()


def opening(starts: int) -> Table:
    """The first environment and later ones."""
    runs = [
        json.loads(subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=True).stdout)
        for _ in range(starts)
    ]
    table = Table(f"gym.make and reset, {starts} fresh processes", ("what", "median (range)"))
    first = [seconds[0] for seconds, _ in runs]
    second = [seconds[1] for seconds, _ in runs]
    later = [median(seconds[2:]) for seconds, _ in runs]
    table.add("first, ms of processor time", shown([one * 1e3 for one in first], 0))
    table.add("second, ms", shown([one * 1e3 for one in second], 2))
    table.add("later ones, ms", shown([one * 1e3 for one in later], 2))
    table.add("second / first", shown([b / a for a, b in zip(first, second, strict=True)], 4))
    table.add("first, MB resident", shown([(memory[1] - memory[0]) / 2**20 for _, memory in runs], 1))
    table.add("second, MB", shown([(memory[2] - memory[1]) / 2**20 for _, memory in runs], 2))
    table.add("eight more, MB each", shown([(memory[9] - memory[1]) / 2**20 / 8 for _, memory in runs], 2))
    return table


def vectors(rounds: int) -> Table:
    """Both ways to step many episodes, on the same task set."""
    runs: dict[str, Callable[[], int]] = {}
    for size in SIZES:
        runs |= {f"text {size} {name}": run for name, run in text_runs(size).items()}
        runs |= {f"slots {size} {name}": run for name, run in slot_runs(size).items()}
    times = measure(runs, rounds)
    table = Table(
        f"a step of one episode, medians of {rounds} rounds, processor time",
        ("episodes", "make_vec, µs", "SyncVectorEnv, µs", "SyncVectorEnv / make_vec"),
    )
    for kind in ("text", "slots"):
        for size in SIZES:
            ours, sync = f"{kind} {size} make_vec", f"{kind} {size} sync"
            cells = (f"{microseconds(times, name):.1f}" for name in (ours, sync))
            table.add(f"{kind}, {size}", *cells, shown(ratios(times, sync, ours)))
    return table


def text_runs(size: int) -> dict[str, Callable[[], int]]:
    """Runs of `ToolOrch-v0`; every episode sends the first golden call of its task again and again."""
    task_set = open_task_set()
    single = {"task_set": task_set}
    vec = gym.make_vec("ToolOrch-v0", num_envs=size, **single)
    sync = SyncVectorEnv([lambda: gym.make("ToolOrch-v0", **single).unwrapped] * size)

    drawn = vec.reset(seed=0)[1]["task_id"]
    sent = [turn_message(oracle_turns(task_set.tasks[name])[0]) for name in drawn]

    def run(env: Any) -> Callable[[], int]:
        def steps() -> int:
            env.reset(seed=0)
            for _ in range(STEPS):
                env.step(sent)
            return STEPS * size

        return steps

    return {"make_vec": run(vec), "sync": run(sync)}


def slot_runs(size: int) -> dict[str, Callable[[], int]]:
    """Runs of `ToolOrchSlots-v0` with random actions that the masks allow."""
    task_set = open_slot_task_set()
    vec = gym.make_vec("ToolOrchSlots-v0", num_envs=size, task_set=task_set, actions="calls")
    sync = SyncVectorEnv(
        [lambda: gym.make("ToolOrchSlots-v0", task_set=task_set, actions="calls").unwrapped] * size
    )
    rng = np.random.default_rng(0)
    actions = rng.integers(0, task_set.layout.actions, size=(STEPS, size, len(task_set.layout.actions)))
    actions[..., 0] %= task_set.layout.tools  # a call, not the end

    def run(env: Any) -> Callable[[], int]:
        def steps() -> int:
            env.reset(seed=0)
            for step in actions:
                env.step(step)
            return STEPS * size

        return steps

    return {"make_vec": run(vec), "sync": run(sync)}


if __name__ == "__main__":
    main()
