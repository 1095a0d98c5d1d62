"""What several runs say together: success before and after, their difference with an interval, the curve of all.

    python -m examples.ppo_vllm.report --runs graduated=runs/graduated-* binary=runs/binary-* --out docs/train.png

Runs of one group differ in their seed and share the held-out tasks. Intervals are of a bootstrap in which both the runs
and the tasks are drawn again, 95 %, percentiles.
"""

import argparse
import glob
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from . import curve

DRAWS = 4000


def table(groups: dict[str, list[Path]]) -> str:
    """Markdown: a row per group and way of answering."""
    rows = [
        "| reward | answers | seeds | imitation alone | after PPO | difference |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, runs in groups.items():
        for how in ("sampled", "greedy"):
            before, after = (successes(runs, how, which) for which in (0, -1))
            cells = [figure(one) for one in (before, after, after - before)]
            rows.append(f"| `{name}` | {how} | {len(runs)} | {' | '.join(cells)} |")
    return "\n".join(rows)


def successes(runs: Sequence[Path], how: str, which: int) -> np.ndarray:
    """Success float64 (runs, tasks) of one evaluation of each run: 0 is the first, -1 the last."""
    tables = [curve.held_out(run, how)[which]["success"] for run in runs]
    names = sorted(tables[0])
    return np.array([[one[name] for name in names] for one in tables], float)


def figure(values: np.ndarray) -> str:
    """The mean in points with its interval, values (runs, tasks)."""
    runs, tasks = values.shape
    rng = np.random.default_rng(0)
    means = [
        values[rng.integers(runs, size=runs)][:, rng.integers(tasks, size=tasks)].mean() for _ in range(DRAWS)
    ]
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{100 * values.mean():.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description="A table and a curve of several runs.")
    parser.add_argument(
        "--runs", nargs="+", required=True, metavar="NAME=PATTERN", help="groups of run folders"
    )
    parser.add_argument("--out", type=Path, required=True, help="the picture, .png or .svg")
    given = parser.parse_args()
    groups = {}
    for text in given.runs:
        name, _, pattern = text.partition("=")
        groups[name] = [Path(run) for run in sorted(glob.glob(pattern))]  # noqa: PTH207  (patterns may be absolute)
    print(table(groups))
    for name, runs in groups.items():
        for run in runs:
            told = curve.lines(run / curve.METRICS)
            rollouts, updates = (sum(one[key] for one in told) for key in ("rollout_s", "update_s"))
            tokens = sum(one["tokens"] for one in told)
            spent = f"rollouts {rollouts:.0f} s ({tokens} tokens), updates {updates:.0f} s"
            print(f"{name} {run.name}: {len(told)} updates, {spent}")
    curve.draw(groups, given.out)


if __name__ == "__main__":
    main()
