"""Measure the overhead of the benchmark runner with a policy that takes 50 ms per answer.

    python benchmarks/bench.py                 # 640 episodes of 4 turns, 32 at a time, about half a minute
    python benchmarks/bench.py --rounds 1      # quick

The policy sleeps 50 ms per turn and returns the golden trace. A task has three chained calls, so an episode has four
turns. The baseline (floor) is the same number of sleeps under the same concurrency limit and nothing else; it includes
the event loop's own delay. Prints, per round: wall time beyond the floor's, as a share, and processor time per episode
beyond the floor's, as a share of the episode's 200 ms.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import tool_orch_env as toe
from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.bench.manifest import manifest
from tool_orch_env.bench.policies.base import Said, Settings
from tool_orch_env.bench.protocols import Arena
from tool_orch_env.bench.run_log import RunLog
from tool_orch_env.bench.runner import jobs, play_all
from tool_orch_env.task import Task

TURNS = 4
ANSWER = 0.05


class Sleeper:
    """Answers with the golden trace, after 50 ms per answer."""

    name, patience = "sleeper", 60.0

    def __init__(self, tasks: list[Task]) -> None:
        self._turns = {task.id: oracle_turns(task) for task in tasks}

    def begin(self, arena: Arena, task: Task, trial: int) -> Any:
        turns = iter(self._turns[task.id])

        async def speak(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Said:
            await asyncio.sleep(ANSWER)
            return Said(next(turns))

        return speak

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass


async def floor(episodes: int, concurrency: int) -> None:
    """The same number of sleeps, and nothing else."""
    waiting = iter(range(episodes))

    async def work() -> None:
        for _ in waiting:
            for _ in range(TURNS):
                await asyncio.sleep(ANSWER)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())


def timed(run: Any) -> tuple[float, float]:
    """Wall time and processor time in seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(run)
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--episodes", type=int, default=640)
    parser.add_argument("--concurrency", type=int, default=32)
    given = parser.parse_args()
    snapshot = toe.Snapshot.open("travel")
    tasks = [task for task in snapshot.tasks() if task.depth == TURNS - 1]
    arena = Arena(tasks, snapshot)
    trials = -(-given.episodes // len(tasks))
    about = manifest(arena, {"tasks": "travel"}, Sleeper.name, Settings(), trials)
    shares = []
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            ledger = RunLog(Path(folder) / "run", about, tasks)
            todo = jobs(arena, trials, ledger)[: given.episodes]
            wall, cpu = timed(play_all(arena, Sleeper(tasks), ledger, todo, given.concurrency))
            ledger.close()
            assert all(
                r["result"]["success"] and r["result"]["turns"] == TURNS for r in ledger.records.values()
            )
        bare_wall, bare_cpu = timed(floor(len(todo), given.concurrency))
        own = (cpu - bare_cpu) / len(todo)
        shares.append(own / (TURNS * ANSWER))
        print(
            f"round {number + 1}: {len(todo)} episodes, wall {wall:.2f} s, floor {bare_wall:.2f} s "
            f"({wall / bare_wall - 1:+.1%}); own {own * 1e3:.2f} ms per episode ({shares[-1]:.1%} of 200 ms)"
        )
    print(f"median: {statistics.median(shares):.1%} of an episode's 200 ms is the runner's own")


if __name__ == "__main__":
    main()
