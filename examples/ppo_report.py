"""Table and curve of several runs of `ppo_vllm.py`: success by reward, on one budget of updates.

    python examples/ppo_report.py runs/* --out runs

The figures are those of the sampled evaluations. A task counts with its mean over the seeds, so that several seeds do
not pretend to be more tasks; intervals are 95 %, by bootstrap over tasks. Runs of one reward must have the same tasks
and updates.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from examples.lora_report import interval, lines

Curves = dict[str, dict[int, list[np.ndarray]]]
"""Success by task, float (tasks,), for each seed, by reward and update."""


def curves(runs: Sequence[Path], tasks: Sequence[str] = ()) -> Curves:
    """`tasks` are the ids that count, by default all that the runs were evaluated on."""
    found: Curves = defaultdict(lambda: defaultdict(list))
    for run in runs:
        given = json.loads((run / "args.json").read_text())
        tasks = tasks or ids(Path(given["held_out"]))
        for line in lines(run / "evaluations.jsonl"):
            if line["how"] == "sampled":
                succeeded = np.array([float(task in line["succeeded"]) for task in tasks])
                found[given["reward"]][line["update"]].append(succeeded)
    return found


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def table(found: Curves) -> str:
    """A row per reward: success at the start and at the end, each seed's end, and the difference from `graduated`."""
    rows = [
        "| reward | seeds | before | after | each seed | `graduated` minus this |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    ends = {reward: np.mean(by_update[max(by_update)], 0) for reward, by_update in found.items()}
    for reward, by_update in found.items():
        seeds = by_update[max(by_update)]
        before, after = (shown(np.mean(by_update[at], 0)) for at in (0, max(by_update)))
        each = ", ".join(f"{100 * one.mean():.1f}" for one in seeds)
        gap = "" if reward == "graduated" else shown(ends["graduated"] - ends[reward])
        rows.append(f"| `{reward}` | {len(seeds)} | {before} | {after} | {each} | {gap} |")
    return "\n".join(rows)


def shown(values: np.ndarray) -> str:
    mean, low, high = (100 * one for one in interval(values))
    return f"{mean:.1f} % ({low:.1f} to {high:.1f})"


def draw(found: Curves, path: Path) -> None:
    """Mean success by update, a line per reward, thin lines for the seeds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for color, (reward, by_update) in enumerate(found.items()):
        updates = sorted(by_update)
        means = np.array([[one.mean() for one in by_update[at]] for at in updates])
        axes.plot(updates, means.mean(1), "o-", color=f"C{color}", label=reward)
        axes.plot(updates, means, color=f"C{color}", alpha=0.35, linewidth=0.8)
    axes.set(xlabel="update", ylabel="success", ylim=(0, None))
    axes.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description="Table and curve of several runs of `ppo_vllm.py`.")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tasks", type=Path, help="count only the tasks of this file")
    given = parser.parse_args()
    found = curves(given.runs, ids(given.tasks) if given.tasks else ())
    text = table(found)
    (given.out / "table.md").write_text(text + "\n")
    draw(found, given.out / "curve.png")
    print(text)


if __name__ == "__main__":
    main()
