"""Compare the environment with its peers on the same work in the same run, one table after another.

    make bench                                     # runs everything, as its last part, with a soak of a million steps
    python benchmarks/peers.py --rounds 2 --soak 20000 --starts 1     # quick
    python benchmarks/peers.py --markdown docs/performance.md         # also write the tables to this page

Needs the extras [bench], [gem] and [openenv], which `make .venv-peers/ready` installs. The variants are those of
`variants.py` and `frameworks.py`. Every figure is the median over interleaved rounds, with its range (`rounds.py`).
Ratios of processor time are reliable on a busy machine. Ratios for two processes and for a served step use wall time
and are not.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frameworks
import gymnasium as gym
import processes
import rounds as timing
import stages
from rounds import CPU, WALL, Table, Times, ratios, shown
from variants import ENDLESS, baseline_b, environment, floor_j
from work import CALLS, messages, snapshot, task

HERE = Path(__file__).parent
CASES = (("hit", 1), ("hit", 10), ("hit", 50), ("miss", 10), ("invalid", 10))
PEERS = {"J": CPU, "B": CPU, "GEM": CPU, "OpenEnv": CPU, "served": WALL, "OpenEnv MCP": CPU}
"""Peer name -> the clock used for the comparison."""
SLOW = 16
"""Messages per round for variants that take milliseconds per step."""
SIZES = (1, 64, 1024)
STEPS = 1024
"""Steps per round, summed over the episodes of a vector."""


def steps(rounds: int) -> tuple[list[Table], dict[str, Times]]:
    """A single environment from `gym.make`, compared with every peer."""
    costs = Table(
        "Microseconds of a step",
        ("case", "env", *PEERS),
        f"Medians of {rounds} rounds, processor time of this machine; `served` is wall time.",
    )
    table = Table(
        "A step through gym.make over the same step of a peer", ("case", *PEERS), "Median and range."
    )
    found = {}
    sizes = sorted({size for _, size in CASES})
    with tempfile.TemporaryDirectory() as folder, frameworks.served(sizes) as served:
        for kind, size in CASES:
            made = {
                "env": environment(size),
                "J": floor_j(size),
                "B": baseline_b(size, f"{folder}/{kind}{size}"),
                "GEM": frameworks.gem(size),
                "OpenEnv": frameworks.openenv(size),
            }
            sent = messages(kind)
            runs = {name: timing.run_of(step, sent) for name, step in made.items()}
            runs["served"] = served(size, sent)
            runs["OpenEnv MCP"] = timing.run_of(frameworks.openenv_mcp(size), sent[:SLOW], 1)
            times = found[f"{kind}, {size} KB"] = timing.measure(runs, rounds)
            row = [(name, clock, ratios(times, "env", name, clock)) for name, clock in PEERS.items()]
            micro = [timing.microseconds(times, name, clock) for name, clock, _ in row]
            costs.add(
                f"{kind}, {size} KB",
                *(f"{cost:.1f}" for cost in (timing.microseconds(times, "env"), *micro)),
            )
            table.add(f"{kind}, {size} KB", *(shown(values, 3) for _, _, values in row))
    return [costs, table], found


def vectors(rounds: int) -> tuple[Table, dict[int, list[float]]]:
    """The vector per episode step, compared with one environment and with as many environments, for as many steps."""
    table = Table(
        "An episode-step of the vector form, 10 KB hits",
        (
            "episodes",
            "over one environment",
            "over as many, in a loop",
            "gymnasium's SyncVectorEnv over the loop",
            "GEM's, in a loop, over one of GEM's",
        ),
        f"`gym.make_vec` per episode-step, {rounds} rounds of {STEPS} episode-steps. A loop keeps the observations "
        "of all episodes, as the vector form does; one environment keeps one.",
    )
    held, sent, texts = snapshot(10), messages("hit"), frameworks.dictionary(10)
    given: dict[str, Any] = {"snapshot": held, "tasks": [task()], **ENDLESS}
    found = {}
    for n in SIZES:
        envs = [gym.make("ToolOrch-v0", **given) for _ in range(n)]
        vec = gym.make_vec("ToolOrch-v0", num_envs=n, **given)
        sync = gym.make_vec("ToolOrch-v0", num_envs=n, vectorization_mode="sync", **given)
        gem_one, *gems = frameworks.gem_environments(texts, n + 1)
        one = environment(10)
        for env in (*envs, vec, sync, gem_one, *gems):
            env.reset(seed=0)
        for message in sent[
            : len(task().golden)
        ]:  # what is scored from here on is the same work in every episode
            for step in (one, *(env.step for env in (*envs, gem_one, *gems))):
                step(message)
            for env in (vec, sync):
                env.step([message] * n)
        turns = [[sent[(i + turn) % CALLS] for i in range(n)] for turn in range(max(1, STEPS // n))]
        runs: dict[str, Callable[[], int]] = {
            "one": timing.run_of(one, sent, STEPS // CALLS),
            "loop": _loop([env.step for env in envs], turns),
            "vector": timing.run_of(vec.step, turns, 1),
            "sync": timing.run_of(sync.step, turns, 1),
            "GEM, one": timing.run_of(gem_one.step, sent, STEPS // CALLS),
            "GEM, loop": _loop([env.step for env in gems], turns),
        }
        times = timing.measure(runs, rounds)
        for name in ("vector", "sync"):  # a unit of theirs is a step of all episodes
            times[name] = [(cpu / n, wall / n) for cpu, wall in times[name]]
        found[n] = ratios(times, "vector", "one")
        table.add(
            f"{n:,}",
            shown(found[n]),
            shown(ratios(times, "vector", "loop")),
            shown(ratios(times, "sync", "loop")),
            shown(ratios(times, "GEM, loop", "GEM, one")),
        )
    return table, found


def _loop(step_of: list[Callable[[str], object]], turns: list[list[str]]) -> Callable[[], int]:
    def run() -> int:
        for turn in turns:
            kept = [step(message) for step, message in zip(step_of, turn, strict=True)]
        return len(turns) * len(kept)

    return run


def memory(episodes: int = 1024) -> Table:
    """Results of `memory.py`, run in fresh processes."""
    table = Table(
        f"Kilobytes per episode, {episodes:,} episodes at once, 10 KB hits",
        ("variant", "Python's objects", "resident"),
        "Beyond snapshot and task, which all share; the last observation of 10 KB is in it "
        "(`python benchmarks/memory.py`).",
    )
    for variant in ("env", "GEM"):
        found = _memory("--variant", variant, "--episodes", str(episodes))
        table.add(variant, f"{found['traced'] / 1024:.1f}", f"{found['resident'] / 1024:.1f}")
    return table


def soak(steps: int) -> tuple[Table, float]:
    found = _memory("--soak", str(steps))
    ratio = found["late"] / found["early"]
    table = Table(
        f"Resident memory over {steps:,} steps of `travel`",
        ("after a tenth, MB", "after all, MB", "most, MB", "all over a tenth"),
        "64 episodes at a time, all training tasks, a third of the messages never seen before "
        f"(`python benchmarks/memory.py --soak {steps}`).",
    )
    table.add(
        *(f"{found[name] / 2**20:.0f}" for name in ("early", "late", "most")),
        f"{ratio:.3f}",
    )
    return table, ratio


def _memory(*options: str) -> dict[str, float]:
    command = [sys.executable, str(HERE / "memory.py"), *options]
    found: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def targets(
    stepped: dict[str, Times], vector: dict[int, list[float]], two: list[float], soaked: float
) -> Table:
    """The targets and the measured values."""
    hit, invalid = stepped["hit, 10 KB"], stepped["invalid, 10 KB"]
    both = {"hit": hit["env"], "invalid": invalid["env"]}
    table = Table("Targets", ("target", "found, median and range", "verdict"))
    rows: tuple[tuple[str, list[float], Callable[[float], bool]], ...] = (
        (
            "a scored, validated hit over GEM's unvalidated one: at most 1",
            ratios(hit, "env", "GEM"),
            _most(1),
        ),
        ("the vector form of 1,024 over one environment: at most 1.1", vector[1024], _most(1.1)),
        ("a repeated invalid call over a hit: at most 3", ratios(both, "invalid", "hit"), _most(3)),
        ("two processes over one: at least 1.9", two, lambda value: value >= 1.9),
        ("memory after all steps over that after a tenth: at most 1.02", [soaked], _most(1.02)),
    )
    for name, values, met in rows:
        table.add(name, shown(values), "met" if met(timing.median(values)) else "missed")
    return table


def _most(limit: float) -> Callable[[float], bool]:
    return lambda value: value <= limit


def replaced(page: Path, tables: list[Table]) -> None:
    """Write the tables between the two markers of a page."""
    text = "\n\n".join(table.markdown() for table in tables)
    begin, end = "<!-- peers.py: begin -->", "<!-- peers.py: end -->"
    marked = re.compile(f"{begin}.*{end}", re.DOTALL)
    old = page.read_text()
    if not marked.search(old):
        raise SystemExit(f"{page}: no place for the tables; expected {begin} and {end}")
    page.write_text(marked.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", old))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds (default 15)")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each kind (default 5)")
    parser.add_argument("--soak", type=int, default=1_000_000, help="steps of the soak (default 1,000,000)")
    parser.add_argument("--markdown", type=Path, metavar="PAGE", help="put the tables into this page too")
    given = parser.parse_args()
    tables: list[Table] = []

    def show(*new: Table) -> None:
        for table in new:
            table.print()
        tables.extend(new)

    show(stages.table(given.rounds))
    costs, stepped = steps(given.rounds)
    show(*costs)
    table, vector = vectors(given.rounds)
    show(table)
    table, two = processes.two(given.rounds)
    show(table, memory(), processes.starts(given.starts))
    table, soaked = soak(given.soak)
    show(table, targets(stepped, vector, two, soaked))
    if given.markdown:
        replaced(given.markdown, tables)


if __name__ == "__main__":
    main()
