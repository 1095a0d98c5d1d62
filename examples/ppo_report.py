"""Table and curve of several runs of `ppo_vllm.py`: success by reward, on one budget of updates.

    python examples/ppo_report.py runs/* --out runs

The figures are those of the sampled evaluations. A task counts with its mean over the seeds, so that several seeds do
not pretend to be more tasks; intervals are 95 %, by bootstrap over tasks. All runs must have the same tasks and
updates.
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
    """Sampled success of all `runs`.

    `tasks` are the ids that count, by default all that the runs were evaluated on. Raises `ValueError` if there are no
    runs, or if one has other tasks or updates than the first.
    """
    found: Curves = defaultdict(lambda: defaultdict(list))
    first: tuple[list[str], list[int]] | None = None
    for run in runs:
        given = json.loads((run / "args.json").read_text())
        held_out = ids(Path(given["held_out"]))
        sampled = [line for line in lines(run / "evaluations.jsonl") if line["how"] == "sampled"]
        has = (held_out, [line["update"] for line in sampled])
        first = first or has
        if has != first or not sampled:
            raise ValueError(
                f"{run}: expected evaluations of {len(first[0])} tasks after updates {first[1]}, as in {runs[0]}; "
                f"found {len(held_out)} tasks after updates {has[1]}; report the runs of one setting together"
            )
        for line in sampled:
            succeeded = np.array([float(task in line["succeeded"]) for task in tasks or held_out])
            found[given["reward"]][line["update"]].append(succeeded)
    if not found:
        raise ValueError("no runs: expected folders that ppo_vllm.py has written, with args.json in them")
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
        before, after = (shown(np.mean(by_update[at], 0)) for at in (min(by_update), max(by_update)))
        each = ", ".join(f"{100 * one.mean():.1f}" for one in seeds)
        gap = ""
        if reward != "graduated" and "graduated" in ends:
            gap = shown(ends["graduated"] - ends[reward], "points")
        rows.append(f"| `{reward}` | {len(seeds)} | {before} | {after} | {each} | {gap} |")
    return "\n".join(rows)


def shown(values: np.ndarray, unit: str = "%") -> str:
    mean, low, high = (100 * one for one in interval(values))
    return f"{mean:.1f} {unit} ({low:.1f} to {high:.1f})"


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
    parser.add_argument(
        "runs", nargs="+", type=Path, help="folders of runs; others, without args.json, are ignored"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for table.md and curve.png")
    parser.add_argument("--tasks", type=Path, help="count only the tasks of this file")
    given = parser.parse_args()
    runs = [run for run in given.runs if (run / "args.json").is_file()]
    found = curves(runs, ids(given.tasks) if given.tasks else ())
    text = table(found)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "table.md").write_text(text + "\n")
    draw(found, given.out / "curve.png")
    print(text)


if __name__ == "__main__":
    main()
