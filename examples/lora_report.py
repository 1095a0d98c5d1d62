"""Curve and table of one or several runs of `lora_grpo.py`, with intervals by bootstrap over tasks.

    python examples/lora_report.py build/lora/0 build/lora/1 --out build/lora

A task counts with its mean over the runs, so that runs of several seeds do not pretend to be more tasks.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

STAGES = {
    "pretrained": "before anything",
    "imitation": "imitation, best checkpoint",
    "grpo": "then GRPO",
    "control": "then more imitation instead",
}
RESAMPLED = 10_000


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """Mean of `values`, float (tasks,), and the bounds of its 95 % interval by bootstrap."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(RESAMPLED, len(values)))].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


def by_task(found: Sequence[dict[str, Any]], key: str) -> dict[str, np.ndarray]:
    """Values by stage, one per task in the order of their ids; a stage that misses tasks or runs is left out."""
    tasks, seeds = sorted({one["task"] for one in found}), {one["seed"] for one in found}
    values = {}
    for stage in STAGES:
        some = [one for one in found if one["stage"] == stage]
        if len(some) == len(tasks) * len(seeds):
            values[stage] = np.array(
                [np.mean([float(one[key]) for one in some if one["task"] == task]) for task in tasks]
            )
    return values


def table(found: Sequence[dict[str, Any]]) -> str:
    """Success and score of every stage, and differences between stages task by task, in Markdown."""
    success, score = by_task(found, "success"), by_task(found, "score")
    n, seeds = len({one["task"] for one in found}), sorted({one["seed"] for one in found})
    rows = [
        f"{n} held-out tasks, seeds {', '.join(map(str, seeds))}, 95 % intervals by bootstrap over tasks.",
        "",
    ]
    rows += ["| | success % | 95 % | score | 95 % | minutes |", "| --- | --- | --- | --- | --- | --- |"]
    for stage, values in success.items():
        mean, low, high = (100 * one for one in interval(values))
        level, below, above = interval(score[stage])
        minutes = np.mean([one["seconds"] for one in found if one["stage"] == stage]) / 60
        spans = f"{mean:.1f} | {low:.1f} to {high:.1f} | {level:.3f} | {below:.3f} to {above:.3f}"
        rows.append(f"| {STAGES[stage]} | {spans} | {minutes:.1f} |")
    rows += ["", "| difference | success, points | 95 % | score | 95 % |", "| --- | --- | --- | --- | --- |"]
    for one, other in (("grpo", "imitation"), ("grpo", "control"), ("control", "imitation")):
        if one in success and other in success:
            mean, low, high = (100 * value for value in interval(success[one] - success[other]))
            level, below, above = interval(score[one] - score[other])
            spans = f"{mean:+.1f} | {low:+.1f} to {high:+.1f} | {level:+.3f} | {below:+.3f} to {above:+.3f}"
            rows.append(f"| {one} less {other} | {spans} |")
    return "\n".join(rows) + "\n"


def curve(folders: Sequence[Path], path: Path) -> None:
    """Training score and success of GRPO by update, and success on the validation tasks, one line per run."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    axes = figure.subplots(1, 2)
    for folder in folders:
        made = lines(folder / "metrics.jsonl")
        played = [one for one in made if one["phase"] == "grpo"]
        for axis, key in zip(axes, ("score", "success"), strict=True):
            updates = [one["update"] for one in played]
            axis.plot(
                updates, [one[key] for one in played], alpha=0.35, label=f"{folder.name}, training, sampled"
            )
            seen = [(one["step"], one[key]) for one in made if one["phase"] == "validated grpo"]
            start = [(0, one[key]) for one in made if one["phase"] == "validated imitation"]
            points = [*sorted(start)[-1:], *seen]  # GRPO begins from the best
            places, values = [one[0] for one in points], [one[1] for one in points]
            axis.plot(places, values, "o-", label=f"{folder.name}, validation, greedy")
            axis.set(xlabel="update of GRPO", ylabel=key, ylim=(0, 1))
    axes[0].legend(fontsize=7)
    figure.savefig(path, dpi=120)


def write_report(folders: Sequence[Path], out: Path) -> None:
    """Write `table.md`, and `curve.png` where matplotlib is installed."""
    found = [one for folder in folders for one in lines(folder / "evaluations.jsonl")]
    (out / "table.md").write_text(table(found))
    try:
        curve(folders, out / "curve.png")
    except ImportError:
        print("matplotlib is not installed: no curve")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="folders that lora_grpo.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of table.md and curve.png")
    given = parser.parse_args()
    write_report(given.runs, given.out)
    print((given.out / "table.md").read_text())


if __name__ == "__main__":
    main()
