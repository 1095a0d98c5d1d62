"""Gives the snapshot `travel` its synthesised tasks: splits from scenarios, and those of the graph walk (`splits`).

    python -m cache_snapshots.recipes.travel.synthesise [graph] [scenes] [--seed 7] [--share 1.0] [--workers 2]
        [--out DIR | --check]

By default both kinds are made, first the graph walk's, which take about a quarter of an hour on one core; the others
take two minutes. Without --out the snapshot's own folder is replaced; responses, tools and splits of other names (those
written by hand) are kept, and no task is too like one of theirs. Every task is audited while it is made; the whole
again at the end. The same seed and snapshot give the same bytes, with any number of workers. `--check` makes a share
again and compares it with the beginning of every split.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tool_orch_env.executors import Local
from tool_orch_env.language.scenarios import read_scenarios
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.folder import find
from tool_orch_env.synth.audit_set import audit_set
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.scenes.split import synthesise_scene_splits
from tool_orch_env.synth.split import synthesise_splits
from tool_orch_env.synth.synthesise import Report
from tool_orch_env.task import Task, dump_tasks

from .splits import GRAPH, scene_plans

BENCHMARK = "travel-2.0"
KINDS = ("graph", "scenes")
Made = tuple[dict[str, list[Task]], dict[str, Report]]


def main() -> int:
    arguments = argparse.ArgumentParser(description="Give the snapshot travel its synthesised tasks.")
    arguments.add_argument("kinds", nargs="*", metavar="KIND", help=f"{' and '.join(KINDS)} (default: both)")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--share", type=float, default=1.0, help="makes less of each split, for a trial")
    arguments.add_argument("--workers", type=int, default=1, help="processes")
    arguments.add_argument(
        "--check",
        action="store_true",
        help="write nothing; do the snapshot's splits begin with what is made?",
    )
    arguments.add_argument("--out", type=Path, help="a new folder (default: replace the snapshot's own)")
    given = arguments.parse_args()
    kinds = tuple(given.kinds) or KINDS
    if strange := set(kinds) - set(KINDS):
        arguments.error(f"expected {' or '.join(KINDS)}, found {', '.join(sorted(strange))}")
    folder = find("travel")
    snapshot = Snapshot.open(folder)
    file = read_scenarios("travel")
    plans = {"graph": GRAPH, "scenes": scene_plans(file)}
    planned = [plan.name for kind in KINDS for plan in plans[kind]]
    held = {name: snapshot.tasks(name) for name in snapshot.splits}
    first = {name: tasks for name, tasks in held.items() if name not in planned}
    splits: dict[str, list[Task]] = {}
    reports: dict[str, Report] = {}
    with Progress(console=Console(stderr=True)) as progress:
        for kind in KINDS:
            names = [plan.name for plan in plans[kind]]
            known = {name: held[name] for name in names if given.check and name in held}
            if kind not in kinds:
                first |= {name: held[name] for name in names if name in held}
                continue
            sizes = {plan.name: max(1, round(plan.n * given.share)) for plan in plans[kind]}
            bars = {name: progress.add_task(name, total=size) for name, size in sizes.items()}
            unlike = [task for tasks in first.values() for task in tasks]

            def tell(split: str, done: int, n: int, bars: dict[str, Any] = bars) -> None:
                progress.update(bars[split], completed=done)

            shared = {"share": given.share, "tell": tell, "unlike": unlike, "whole": known}
            if kind == "graph":
                made = synthesise_splits(
                    Index(snapshot), given.seed, GRAPH, executor=Local(given.workers), **shared
                )
            else:
                made = synthesise_scene_splits(
                    snapshot, file, plans[kind], given.seed, Local(given.workers), **shared
                )
            splits |= made[0]
            reports |= made[1]
            first |= known or made[0]
    show(splits, reports)
    if given.check:
        return differing(splits, held)
    findings = audit_set({**first, **splits})
    for name, some in findings.items():
        print(name, *(finding.message for finding in some))
    if not findings:
        replace(folder, given.out or folder, splits)
    return int(bool(findings))


def differing(splits: dict[str, list[Task]], whole: dict[str, list[Task]]) -> int:
    """1 if a split of `whole` does not begin with the tasks of `splits`, byte for byte; says the first that differs."""
    for name, tasks in splits.items():
        for task, held in zip_longest(tasks, whole[name][: len(tasks)]):
            if held is None or dump_tasks([task]) != dump_tasks([held]):
                print(f"{name}: {task.id} is another task than the snapshot's")
                return 1
        print(f"{name}: made {len(tasks)} of {len(whole[name])} again, the same bytes")
    return 0


def show(splits: dict[str, list[Task]], reports: dict[str, Report]) -> None:
    """A table with a row per split."""
    table = Table()
    for column in (
        "split",
        "tasks",
        "templates",
        "scenarios",
        "frames",
        "calls",
        "depth",
        "other ways",
        "no words",
        "unsound",
        "alike",
    ):
        table.add_column(column, justify="left" if column == "split" else "right")
    for name, tasks in splits.items():
        calls, depths = [len(task.golden) for task in tasks], [task.depth for task in tasks]
        report = reports[name]
        row = (
            len(tasks),
            len({task.meta["template"] for task in tasks}),
            len({task.meta.get("scenario") for task in tasks} - {None}),
            len({(task.meta["scenario"], task.meta["frame"]) for task in tasks if "frame" in task.meta}),
            f"{min(calls)} to {max(calls)}",
            f"{min(depths)} to {max(depths)}",
            sum("other_ways" in task.meta or "plans" in task.meta for task in tasks),
            report.unphrased,
            report.unsound,
            report.alike,
        )
        table.add_row(name, *map(str, row))
    Console().print(table)


def replace(folder: Path, out: Path, splits: dict[str, list[Task]]) -> None:
    """Copy the folder with these task files and their sums into a new place, then put it where it belongs."""
    with tempfile.TemporaryDirectory(dir=out.parent) as place:
        draft = Path(place) / folder.name
        shutil.copytree(folder, draft)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["benchmark"] = BENCHMARK
        manifest["counts"]["tasks"] |= {split: len(tasks) for split, tasks in splits.items()}
        for split, tasks in splits.items():
            (draft / "tasks" / f"{split}.jsonl").write_bytes(dump_tasks(tasks))
            manifest["sha256"][f"tasks/{split}.jsonl"] = hashlib.sha256(dump_tasks(tasks)).hexdigest()
        manifest["sha256"] = dict(sorted(manifest["sha256"].items()))
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (draft / "manifest.json").write_bytes(text.encode())
        Snapshot.open(draft)  # every sum, before anything is replaced
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)


if __name__ == "__main__":
    sys.exit(main())
