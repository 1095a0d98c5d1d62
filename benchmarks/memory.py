"""What episodes hold, and whether many steps leave memory where it was.

    python benchmarks/memory.py --episodes 1024     # of a vector, and of GEM's wrappers where GEM is installed
    python benchmarks/memory.py --soak 1000000      # steps of episodes of `travel`, as a model in training plays them

Each figure is taken in the process that prints it, as JSON: run it in a fresh one. Bytes are `tracemalloc`'s (what
Python holds) and the resident set's (what the machine gives). Resident bytes are read after a collection.
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
from tool_orch_env.calls.oracle import oracle_turns

SOAKED = 64
"""Episodes at a time in the soak."""
STEPS = 32
"""Steps of each episode before its memory is read."""


def resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def vector(episodes: int, kilobytes: int) -> Callable[[], Any]:
    """Makes the vector form with an episode begun in each place and `STEPS` hits taken; what it gives is to be kept."""
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
    """The same of GEM's wrapper around one dictionary."""
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
    """Bytes per episode beyond what two episodes hold, and so beyond the snapshot, the task and the memos."""
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
    """A message of a model in training: from golden calls to junk, every third of them never sent before."""
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
    """Resident bytes after a tenth of the steps and after all of them, on all of the training tasks."""
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
    """Steps the vector until so many steps are taken; gives how many are."""
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
