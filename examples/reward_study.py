"""Compare six rewards: PPO on `ToolOrchSlots-v0` with each, several seeds, the same budget.

    pip install '.[slots]'
    python examples/reward_study.py --out runs/study             # about an hour on two cores; rerun to resume
    python examples/reward_study.py --out runs/study --report    # tables and plots of the finished runs

Each run is the beginning of `examples/ppo_slots.py --anneal-timesteps 250000`; only reward and seed differ. Every
policy is then evaluated (`ppo_slots.evaluate`) on held-out tasks: `test` (unseen entities and templates, depth 1 to 4)
and `hard` (more calls, depth 5 to 7). Success means the same under every reward: every golden call answered, in order,
and every fact stated. The points of the learning curve are greedy play on some `test` tasks.

Writes OUT/REWARD-SEED.json for each run, OUT/study.json, OUT/study.md, OUT/curves.png and OUT/depth.png.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import tool_orch_env as toe
from tool_orch_env.task import Task

REWARDS = ("graduated", "atomic_only", "orchestration_only", "execution", "published", "binary")
T_95 = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Student's t for the 95 % confidence interval of a mean, by number of seeds."""
SPLITS = ("graph-test", "graph-hard")
ANNEAL = 250_000
"""Timesteps over which the learning rate falls; a run ends earlier."""


@cache
def _shared(snapshot: str, tasks: int) -> tuple[Any, Any, dict[str, Any]]:
    """What the runs of a process share: training tasks, tasks of the learning curve, tasks of the final evaluation."""
    from tool_orch_env.slots.env import open_slot_task_set

    opened = toe.Snapshot.open(snapshot)
    task_set = open_slot_task_set(opened, "graph-train")
    curve = task_set.beside(opened.tasks("graph-test")[:tasks])
    return task_set, curve, {split: task_set.beside(opened.tasks(split)) for split in SPLITS}


def study(snapshot: str, reward: str, seed: int, steps: int, tasks: int, out: str) -> str:
    """Train and evaluate one policy and write its file. Returns a line to print."""
    from ppo_slots import Args, evaluate, train

    path = Path(out) / f"{reward}-{seed}.json"
    task_set, held_out, final = _shared(snapshot, tasks)
    args = Args(
        seed=seed,
        snapshot=snapshot,
        reward=reward,
        total_timesteps=steps,
        anneal_timesteps=ANNEAL,
        eval_every=max(1, steps // 10),
        out=f"{out}/{reward}-{seed}",
    )
    agent, curve = train(args, task_set, held_out)
    played = {
        split: [
            _judged(entry, some.task_set.tasks[entry["id"]], task_set.task_set.snapshot, reward)
            for entry in evaluate(agent, some)
        ]
        for split, some in final.items()
    }
    path.write_text(json.dumps({"args": asdict(args), "curve": curve, "played": played}))
    return f"{reward} {seed}: " + ", ".join(
        f"{s} {mean(e['success'] for e in played[s]):.1%}" for s in SPLITS
    )


def _judged(entry: dict[str, Any], task: Task, snapshot: toe.Snapshot, reward: str) -> dict[str, Any]:
    """An entry of `evaluate` with its score under the training reward, and counts of what the policy did."""
    turns = entry.pop("turns")
    made = Counter(turn["name"] for turn in turns if "name" in turn)
    wanted = Counter(call.tool for call in task.golden)
    replies = [snapshot.lookup(turn["name"], turn["arguments"]) for turn in turns if "name" in turn]
    distinct = {json.dumps(turn, sort_keys=True) for turn in turns if "name" in turn}
    return entry | {
        "paid": toe.score_turns(task, turns, snapshot, reward).total,
        "golden_paid": toe.score_turns(task, toe.oracle_turns(task), snapshot, reward).total,
        "golden_calls": len(task.golden),
        "calls": len(replies),
        "junk": sum(reply is None or not reply.success for reply in replies),
        "repeated": len(replies) - len(distinct),
        "repeats": any(count > 1 for count in wanted.values()),
        "skipped": any(wanted[tool] > 1 and 0 < made[tool] < wanted[tool] for tool in wanted),
    }


def interval(values: list[float]) -> tuple[float, float]:
    """Mean over seeds, and half the width of its 95 % confidence interval."""
    n = len(values)
    return mean(values), T_95.get(n, 1.96) * stdev(values) / n**0.5 if n > 1 else 0.0


MEASURES = {
    "paid": ("own reward", "score under the training reward, relative to that of the golden trace"),
    "success": ("success", "every golden call answered in order, every fact stated"),
    "traced": ("calls right", "every golden call answered in order, whatever the facts"),
    "paid_in_full": (
        "rewarded, unsolved",
        "at least the golden trace's score under the training reward, without success",
    ),
    "skipped": (
        "skipped",
        "share of the tasks that need a tool more than once in which it was called too rarely",
    ),
    "junk": ("junk", "share of calls without a recorded success"),
    "repeated": ("repeated", "share of calls that had been made before"),
    "waste": ("waste", "calls that earn no credit, per golden call"),
    "calls": ("calls", "calls per golden call"),
}
"""Heading and meaning of each measure of a policy."""


def measured(entries: list[dict[str, Any]]) -> dict[str, float]:
    """The measures of one policy on some tasks."""
    calls, golden = (max(1, sum(e[name] for e in entries)) for name in ("calls", "golden_calls"))
    repeats = [e for e in entries if e["repeats"]]
    return {
        "paid": sum(e["paid"] for e in entries) / max(1e-9, sum(e["golden_paid"] for e in entries)),
        "success": mean(e["success"] for e in entries),
        "traced": mean(e["atomic"] == e["orchestration"] == 1.0 for e in entries),
        "paid_in_full": mean(e["paid"] >= e["golden_paid"] - 1e-9 and not e["success"] for e in entries),
        "skipped": mean(e["skipped"] for e in repeats) if repeats else 0.0,
        "junk": sum(e["junk"] for e in entries) / calls,
        "repeated": sum(e["repeated"] for e in entries) / calls,
        "waste": mean(e["waste"] for e in entries),
        "calls": sum(e["calls"] for e in entries) / golden,
    }


def report(out: Path) -> dict[str, Any]:
    """Summarise the finished runs as JSON, tables and plots."""
    runs: dict[str, list[dict[str, Any]]] = {reward: [] for reward in REWARDS}
    for reward in REWARDS:
        runs[reward] = [json.loads(path.read_text()) for path in sorted(out.glob(f"{reward}-*.json"))]
    runs = {reward: some for reward, some in runs.items() if some}
    found = {reward: _summed(some) for reward, some in runs.items()}
    first = next(iter(runs.values()))[0]["args"]
    study = {
        "steps": first["total_timesteps"],
        "seeds": {r: len(some) for r, some in runs.items()},
        "rewards": found,
    }
    (out / "study.json").write_text(json.dumps(study, indent=1) + "\n")
    (out / "study.md").write_text("\n".join(_tables(study)) + "\n")
    _pictures(study, out)
    return study


def _summed(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and confidence intervals over the seeds of one reward."""
    everything = [[e for split in SPLITS for e in run["played"][split]] for run in runs]
    depths = sorted({e["depth"] for e in everything[0]})
    return {
        "curve": [
            [point[0]["global_step"], *interval([p["success"] for p in point])]
            for point in zip(*(run["curve"] for run in runs), strict=True)
        ],
        "depth": {
            depth: interval([mean(e["success"] for e in some if e["depth"] == depth) for some in everything])
            for depth in depths
        },
        "splits": {
            split: {
                name: interval([measured(run["played"][split])[name] for run in runs]) for name in MEASURES
            }
            for split in SPLITS
        },
    }


def _tables(study: dict[str, Any]) -> Iterator[str]:
    depths = list(next(iter(study["rewards"].values()))["depth"])
    yield f"Success on held-out tasks by depth after {study['steps']:,} slot steps, with 95 % intervals over seeds:\n"
    yield "| reward | seeds | " + " | ".join(f"depth {depth}" for depth in depths) + " | test | hard |"
    yield "| --- |" + " ---: |" * (len(depths) + 3)
    for reward, found in study["rewards"].items():
        cells = [_percent(found["depth"][depth]) for depth in depths]
        cells += [_percent(found["splits"][split]["success"]) for split in SPLITS]
        yield f"| `{reward}` | {study['seeds'][reward]} | " + " | ".join(cells) + " |"
    yield "\nBehaviour of the policies on `test`:\n"
    yield "| reward | " + " | ".join(heading for heading, _ in MEASURES.values()) + " |"
    yield "| --- |" + " ---: |" * len(MEASURES)
    for reward, found in study["rewards"].items():
        cells = [
            f"{found['splits']['graph-test'][name][0]:.2f}"
            if name in ("waste", "calls")
            else _percent(found["splits"]["graph-test"][name])
            for name in MEASURES
        ]
        yield f"| `{reward}` | " + " | ".join(cells) + " |"
    yield "\n" + "; ".join(f"*{heading}*: {meaning}" for heading, meaning in MEASURES.values()) + "."


def _percent(of: tuple[float, float]) -> str:
    return f"{of[0] * 100:.1f} ± {of[1] * 100:.1f} %"


def _pictures(study: dict[str, Any], out: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    def points(axes: Any, label: str, rows: list[tuple[float, float, float]]) -> None:
        x, y, half = zip(*rows, strict=True)
        (line,) = axes.plot(x, y, label=label, marker=".")
        low, high = (
            [max(0, a - b) for a, b in zip(y, half, strict=True)],
            [min(1, a + b) for a, b in zip(y, half, strict=True)],
        )
        axes.fill_between(x, low, high, alpha=0.15, color=line.get_color(), linewidth=0)

    for name, xlabel in (("curves", "slot steps"), ("depth", "depth of the golden calls' DAG")):
        figure, axes = pyplot.subplots(figsize=(6.5, 4))
        for reward, found in study["rewards"].items():
            rows = found["curve"] if name == "curves" else [(int(d), *v) for d, v in found["depth"].items()]
            points(axes, reward, rows)
        axes.set(xlabel=xlabel, ylabel="success on held-out tasks", ylim=(0, 1.02))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        figure.savefig(out / f"{name}.png", dpi=110, bbox_inches="tight")
        pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description="PPO in slots under six rewards.")
    parser.add_argument("--out", default="runs/study")
    parser.add_argument("--snapshot", default="travel")
    parser.add_argument("--rewards", default=",".join(REWARDS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument(
        "--tasks", type=int, default=60, help="held-out tasks per point of the learning curve"
    )
    parser.add_argument("--workers", type=int, default=2, help="number of single-threaded processes")
    parser.add_argument("--report", action="store_true", help="only summarise the finished runs")
    given = parser.parse_args()
    out = Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    left = [
        (given.snapshot, reward, seed, given.steps, given.tasks, given.out)
        for seed in range(1, given.seeds + 1)
        for reward in given.rewards.split(",")
        if not (out / f"{reward}-{seed}.json").exists()
    ]
    if not given.report:
        with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
            for done in pool.map(study, *zip(*left, strict=True)) if left else ():
                print(done, flush=True)
    report(out)
    print((out / "study.md").read_text())


if __name__ == "__main__":
    main()
