"""Gives a snapshot synthesised tasks: splits that share neither entities nor templates.

    python -m cache_snapshots.recipes.travel.synthesise [--snapshot travel] [--seed 7] [--share 1.0] [--out DIR]

Takes about two minutes: 2,000 train, 200 validation, 300 test and 200 hard tasks at share 1. Without --out the
snapshot's own folder is replaced; responses, tools and splits of other names (those written by hand) are kept, and no
task is too like one of theirs. Every task is audited while it is made; the whole again at the end. The same seed and
snapshot give the same bytes.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.folder import find
from tool_orch_env.synth.audit_set import audit_set
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.split import PLANS, synthesise_splits
from tool_orch_env.task import Task, dump_tasks


def main() -> int:
    arguments = argparse.ArgumentParser(description="Give a snapshot synthesised tasks.")
    arguments.add_argument("--snapshot", default="travel", help="a bundled name or a folder")
    arguments.add_argument("--book", type=Path, help="a phrase book (default: the snapshot's own)")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--share", type=float, default=1.0, help="makes less of each split, for a trial")
    arguments.add_argument("--out", type=Path, help="a new folder (default: replace the snapshot's own)")
    given = arguments.parse_args()
    folder = find(given.snapshot)
    snapshot = Snapshot.open(folder)
    planned = {plan.name for plan in PLANS}
    kept = {name: snapshot.tasks(name) for name in snapshot.splits if name not in planned}
    splits = made(
        Index(snapshot, given.book), given.seed, given.share, [t for some in kept.values() for t in some]
    )
    findings = audit_set({**kept, **splits})
    for name, some in findings.items():
        print(name, *(finding.message for finding in some))
    if not findings:
        replace(folder, given.out or folder, splits)
    return int(bool(findings))


def made(index: Index, seed: int, share: float, unlike: list[Task]) -> dict[str, list[Task]]:
    """The tasks, with a bar per split and a closing table."""
    with Progress(console=Console(stderr=True)) as progress:
        bars = {
            plan.name: progress.add_task(plan.name, total=max(1, round(plan.n * share))) for plan in PLANS
        }
        splits, reports = synthesise_splits(
            index,
            seed,
            share=share,
            tell=lambda split, done, n: progress.update(bars[split], completed=done),
            unlike=unlike,
        )
    table = Table()
    for column in (
        "split",
        "tasks",
        "templates",
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
            f"{min(calls)} to {max(calls)}",
            f"{min(depths)} to {max(depths)}",
            sum("other_ways" in task.meta for task in tasks),
            report.unphrased,
            report.unsound,
            report.alike,
        )
        table.add_row(name, *map(str, row))
    Console().print(table)
    return splits


def replace(folder: Path, out: Path, splits: dict[str, list[Task]]) -> None:
    """Copy the folder with these task files and their sums into a new place, then put it where it belongs."""
    with tempfile.TemporaryDirectory(dir=out.parent) as place:
        draft = Path(place) / folder.name
        shutil.copytree(folder, draft)
        manifest = json.loads((folder / "manifest.json").read_text())
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
