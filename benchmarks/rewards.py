"""Score the same scripted policies with two rewards: the published formula and the graduated reward.

    python benchmarks/rewards.py                                    # the bundled test split
    python benchmarks/rewards.py PATH                               # a file that `tool-orch import` reads
    python benchmarks/rewards.py PATH --json                        # machine-readable output

Prints means over all tasks with 95 % bootstrap intervals over tasks (5,000 resamples, seed 0). `beats` is the share of
tasks on which the policy scores higher than the golden trace.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tool_orch_env import importers
from tool_orch_env.bench.scripted import POLICIES
from tool_orch_env.episode import score_turns
from tool_orch_env.reward.config import Score
from tool_orch_env.snapshot import Snapshot

REWARDS = ("published", "graduated")


def interval(values: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    means = rng.choice(values, (5000, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", type=Path, help="a file to import; left out: travel's test split")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.path:
        snapshot, tasks = importers.load(arguments.path)
    else:
        snapshot = Snapshot.open("travel")
        tasks = snapshot.tasks("test")
    found: dict[str, dict[str, list[Score]]] = {}
    for name, policy in POLICIES.items():
        rng = np.random.default_rng(0)
        traces = [policy(task, snapshot, rng) for task in tasks]
        found[name] = {
            reward: [score_turns(t, trace, snapshot, reward) for t, trace in zip(tasks, traces, strict=True)]
            for reward in REWARDS
        }
    if arguments.json:
        print(json.dumps(figures(found), indent=1))
    else:
        Console().print(table(found, len(tasks)))


def figures(found: dict[str, dict[str, list[Score]]]) -> dict[str, dict[str, list[float]]]:
    """Mean R, R_atomic and R_orch per policy and reward."""
    return {
        name: {
            reward: [
                float(np.mean([getattr(s, part) for s in scores]))
                for part in ("total", "atomic", "orchestration")
            ]
            for reward, scores in by_reward.items()
        }
        for name, by_reward in found.items()
    }


def table(found: dict[str, dict[str, list[Score]]], count: int) -> Table:
    made = Table(title=f"{count} tasks: mean reward [95 % interval], atomic, orchestration")
    made.add_column("policy")
    for reward in REWARDS:
        for column in (reward, "atomic", "orch.", "beats"):
            made.add_column(column, justify="right")
    golden = {reward: np.array([s.total for s in found["oracle"][reward]]) for reward in REWARDS}
    for name, by_reward in found.items():
        row = []
        for reward in REWARDS:
            totals = np.array([s.total for s in by_reward[reward]])
            row += [
                interval(totals),
                f"{np.mean([s.atomic for s in by_reward[reward]]):.3f}",
                f"{np.mean([s.orchestration for s in by_reward[reward]]):.3f}",
                f"{np.mean(totals > golden[reward] + 1e-9):.0%}",
            ]
        made.add_row(name, *row)
    return made


if __name__ == "__main__":
    main()
