"""Compare the throughput of two processes with that of one, and time a fresh process up to its first step.

The tables are for `peers.py`.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rounds import Table, Times, ratios, shown
from variants import environment
from work import CALLS, messages

HERE = Path(__file__).parent
BUSY = 20_000
"""Steps per round and process."""


def two(rounds: int) -> tuple[Table, list[float]]:
    """Throughput of two processes over that of one, in steps per second of wall time; and the machine's own limit."""
    table = Table(
        "Two processes over one, steps per second of wall time",
        ("work", "two over one"),
        f"{rounds} rounds of {BUSY:,} steps per process, 10 KB hits. The second row is a loop that adds numbers: "
        "what two processes get of this machine at this time.",
    )
    rates: dict[str, list[float]] = {"env": [], "counting": []}
    with _workers(2) as pipes:
        for number in range(-1, rounds):
            for work, values in rates.items():
                one, both = _rate(pipes[:1], work), _rate(pipes, work)
                if number >= 0:
                    values.append(both / one)
    table.add("gym.make, a step", shown(rates["env"]))
    table.add("counting", shown(rates["counting"]))
    return table, rates["env"]


def _rate(pipes: list[Any], work: str) -> float:
    start = time.perf_counter()
    for pipe in pipes:
        pipe.send(work)
    for pipe in pipes:
        pipe.recv()
    return len(pipes) / (time.perf_counter() - start)


@contextmanager
def _workers(count: int) -> Iterator[list[Any]]:
    spawn = multiprocessing.get_context("spawn")
    pipes, started = [], []
    for _ in range(count):
        ours, theirs = spawn.Pipe()
        pipes.append(ours)
        started.append(spawn.Process(target=_work, args=(theirs,), daemon=True))
        started[-1].start()
    try:
        yield pipes
    finally:
        for pipe, process in zip(pipes, started, strict=True):
            pipe.send(None)
            process.join()


def _work(pipe: Any) -> None:
    step, sent = environment(10), messages("hit")
    while work := pipe.recv():
        if work == "env":
            for number in range(BUSY):
                step(sent[number % CALLS])
        else:
            sum(number & 7 for number in range(BUSY * 200))
        pipe.send(BUSY)


STARTS = {
    "env, travel": "import gymnasium as gym, tool_orch_env\nenv = gym.make('ToolOrch-v0')",
    "env, the toy of 6 tools": (
        "import gymnasium as gym, tool_orch_env\nenv = gym.make('ToolOrch-v0', snapshot={toy!r})"
    ),
    "GEM, a dictionary": (
        "import sys; sys.path.insert(0, {here!r})\nimport frameworks\n[env] = frameworks.gem_environments({{}}, 1)"
    ),
    "OpenEnv in process, the toy": (
        "from tool_orch_env.adapters import openenv\nfrom tool_orch_env.adapters.session import SessionFactory\n"
        "env = openenv.environment_class()(SessionFactory({toy!r}))\nAction = openenv.models().Action"
    ),
}
"""The code that makes `env` in a fresh process, which then resets it and steps once."""
FIRST = "env.reset(seed=0)\nenv.step({action})"


def starts(rounds: int) -> Table:
    """Time from starting a fresh process to its first step, including the interpreter's startup."""
    table = Table(
        "From a fresh process to the first step",
        ("what", "ms of processor time", "ms of wall time", "over env, travel"),
        f"{rounds} processes each: import, make, reset, step. The ratio is of processor time.",
    )
    sys.path.append(str(HERE.parent / "tests"))
    import toy

    with tempfile.TemporaryDirectory() as folder:
        place = str(toy.folder(Path(folder) / "toy", train=toy.tasks()))
        runs = {name: _start(code.format(toy=place, here=str(HERE))) for name, code in STARTS.items()}
        spent: Times = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                spent[name].append(run())
    for name in runs:
        table.add(
            name,
            shown([cpu * 1e3 for cpu, _ in spent[name]], 0),
            shown([wall * 1e3 for _, wall in spent[name]], 0),
            shown(ratios(spent, name, "env, travel")),
        )
    return table


def _start(code: str) -> Callable[[], tuple[float, float]]:
    action = "Action(message='Done.')" if "Action" in code else "'Done.'"
    command = [sys.executable, "-c", f"{code}\n{FIRST.format(action=action)}"]

    def run() -> tuple[float, float]:
        before, wall = os.times(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return cpu, time.perf_counter() - wall

    return run
