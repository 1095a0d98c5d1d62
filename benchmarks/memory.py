"""Measure the memory that episodes use, and check that many steps do not leak any.

    python benchmarks/memory.py --episodes 1024     # a vector, and GEM's wrappers if GEM is installed
    python benchmarks/memory.py --soak 1000000      # steps of episodes of `travel`, played like a model in training

Figures are printed as JSON and measured in the printing process, so use a fresh process for each. Bytes are
`tracemalloc`'s (what Python holds) and the resident set's (what the operating system has assigned). Resident bytes are
read after a garbage collection.
"""

import argparse
import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import psutil

import tool_orch_env as toe
from tool_orch_env.answers.oracle import oracle_turns

SOAKED = 64
"""Number of concurrent episodes in the soak."""
STEPS = 32
"""Steps of each episode before memory is measured."""


def resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def vector(episodes: int, kilobytes: int) -> Callable[[], Any]:
    """A function that makes a vector with `STEPS` hits taken in every episode. Keep its result alive."""
    from variants import ENDLESS
    from work import CALLS, messages, snapshot, task

    held, sent = snapshot(kilobytes), messages("hit")

    def make() -> Any:
        vec = gym.make_vec("ToolOrch-v0", num_envs=episodes, snapshot=held, tasks=[task()], **ENDLESS)
        kept = vec.reset(seed=0)
        for step in range(STEPS):
            kept = vec.step([sent[(i + step) % CALLS] for i in range(episodes)])
        return vec, kept

    return make


def gem_wrappers(episodes: int, kilobytes: int) -> Callable[[], Any]:
    """The same for GEM's wrappers around one shared dictionary."""
    from frameworks import dictionary, gem_environments
    from work import CALLS, messages

    held, sent = dictionary(kilobytes), messages("hit")

    def make() -> Any:
        envs = gem_environments(held, episodes)
        kept = [env.reset(seed=0) for env in envs]
        for step in range(STEPS):
            kept = [env.step(sent[(i + step) % CALLS]) for i, env in enumerate(envs)]
        return envs, kept

    return make


VARIANTS = {"env": vector, "GEM": gem_wrappers}


def per_episode(variant: str, episodes: int, kilobytes: int) -> dict[str, float]:
    """Bytes per episode, beyond those of two episodes: that excludes the snapshot, the task and the caches."""
    few, many = VARIANTS[variant](2, kilobytes), VARIANTS[variant](episodes, kilobytes)
    first = few()
    before = resident()
    kept = many()
    found = {"resident": (resident() - before) / episodes}
    del kept
    tracemalloc.start()
    gc.collect()
    base, _ = tracemalloc.get_traced_memory()
    kept = many()
    gc.collect()
    found["traced"] = (tracemalloc.get_traced_memory()[0] - base) / episodes
    del first, kept
    return found


def played(tasks: dict[str, toe.Task], rng: np.random.Generator) -> Callable[[str, int], Any]:
    """A message of a model in training, from golden calls to junk. Every third message is new."""
    golden = {task_id: oracle_turns(task) for task_id, task in tasks.items()}

    def message(task_id: str, turn: int) -> Any:
        kind, number = rng.random(), int(rng.integers(1 << 60))
        call = next(iter(tasks[task_id].golden))
        if kind < 0.5:
            return golden[task_id][min(turn, len(golden[task_id]) - 1)]
        if kind < 0.66:  # invalid, and never the same
            return {"name": call.tool, "arguments": {**call.arguments, f"made_up_{number}": number}}
        if kind < 0.82:  # another value: mostly valid and not recorded
            first = next(iter(call.arguments), "q")
            return {"name": call.tool, "arguments": {**call.arguments, first: f"{number}"}}
        if kind < 0.9:
            return f'<tool_call>{{"name": "tool_{number}", "arguments": {{}}}}</tool_call>'
        return f'<tool_call>{{"name": {number}' if kind < 0.97 else f"It is {number}."

    return message


def soak(steps: int) -> dict[str, float]:
    """Resident bytes after a tenth of the steps and after all of them, on all training tasks."""
    vec = gym.make_vec("ToolOrch-v0", num_envs=SOAKED, autoreset_mode="SameStep")
    message = played({task.id: task for task in toe.load_tasks("travel", "train")}, np.random.default_rng(0))
    seen: list[tuple[int, int]] = []
    done = 0
    for taken in _rounds(vec, message, steps):
        if taken * 10 >= steps * (len(seen) + 1):
            seen.append((taken, resident()))
        done = taken
    return {"steps": done, "early": seen[0][1], "late": seen[-1][1], "most": max(size for _, size in seen)}


def _rounds(vec: Any, message: Callable[[str, int], Any], steps: int) -> Iterator[int]:
    """Step the vector until `steps` steps are taken, and yield how many are taken so far."""
    _, infos = vec.reset(seed=0)
    turns = [0] * SOAKED
    for taken in range(SOAKED, steps + SOAKED, SOAKED):
        ids = infos["task_id"]
        _, _, terminated, truncated, infos = vec.step([message(ids[i], turns[i]) for i in range(SOAKED)])
        over = terminated | truncated
        turns = [0 if over[i] else turns[i] + 1 for i in range(SOAKED)]
        yield taken


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--episodes", type=int, default=1024)
    parser.add_argument("--kilobytes", type=int, default=10)
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="env")
    parser.add_argument("--soak", type=int, metavar="N", help="soak for N steps instead")
    given = parser.parse_args()
    found = soak(given.soak) if given.soak else per_episode(given.variant, given.episodes, given.kilobytes)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
