"""`tool-orch snapshot`, `tool-orch record` and `tool-orch import`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .command import Command, command, option, requires_extra
from .options import NEW_FOLDER, SNAPSHOT_ARGUMENT

if TYPE_CHECKING:
    from ..record.recorder import Report

STOPPED = 130


@command(
    SNAPSHOT_ARGUMENT,
    examples=("tool-orch snapshot show travel", "tool-orch snapshot show ./my_api"),
)
def show(arguments: argparse.Namespace) -> int:
    """List a snapshot's tools, responses, tasks and sources."""
    from ..snapshot import Snapshot
    from .terminal import snapshots

    snapshots.snapshot(Snapshot.open(arguments.snapshot))
    return 0


@command(
    SNAPSHOT_ARGUMENT,
    examples=("tool-orch snapshot verify travel", "tool-orch snapshot verify ./my_api"),
)
def verify(arguments: argparse.Namespace) -> int:
    """Check a snapshot's files, schemas, calls and tasks.

    Compares the checksums of all files, recomputes the key of every recorded
    call, validates it against its tool's schema and compiles every task. The
    exit status is 1 if a recorded call is not valid.
    """
    from ..snapshot import snapshot as snapshots
    from ..taskset import TaskSet
    from .terminal.console import line

    opened = snapshots.Snapshot.open(arguments.snapshot)
    problems = snapshots.verify(opened)
    TaskSet(opened, opened.tasks())
    for problem in problems:
        line(problem)
    found = f"{len(problems)} recorded calls are not valid" if problems else "valid"
    files = len(opened.manifest["sha256"])
    line(
        f"{opened.name}: {found} ({files} files, {len(opened)} responses, {len(opened.tasks())} tasks checked)"
    )
    return int(bool(problems))


@command(
    SNAPSHOT_ARGUMENT,
    option(
        "--log",
        type=Path,
        metavar="FILE",
        help="JSON lines of the `info` dictionaries of a run, for hit rates",
    ),
    examples=("tool-orch snapshot stats travel", "tool-orch snapshot stats my_api --log infos.jsonl"),
)
def stats(arguments: argparse.Namespace) -> int:
    """Count responses, errors, sizes and hit rates by tool."""
    from ..snapshot import Snapshot
    from ..snapshot.stats import tool_stats
    from .terminal import snapshots

    opened = Snapshot.open(arguments.snapshot)
    title = f"{opened.name} {opened.manifest.get('version', '')}"
    snapshots.tool_stats(title, tool_stats(opened, arguments.log))
    return 0


@command(
    option("old", metavar="OLD", help="bundled snapshot or folder"),
    option("new", metavar="NEW", help="bundled snapshot or folder"),
    examples=("tool-orch snapshot diff my_api my_api-2", "tool-orch snapshot diff travel ./travel"),
)
def diff(arguments: argparse.Namespace) -> int:
    """Compare two versions of a snapshot.

    The exit status is 1 if they differ.
    """
    from ..snapshot import Snapshot
    from ..snapshot.stats import difference
    from .terminal import snapshots

    found = difference(Snapshot.open(arguments.old), Snapshot.open(arguments.new))
    snapshots.difference(found)
    return int(bool(found))


@command(
    SNAPSHOT_ARGUMENT,
    option("overlay", type=Path, metavar="OVERLAY", help="folder of a live overlay"),
    NEW_FOLDER,
    option("--version", help="new version (default: the last number of the old one plus 1)"),
    examples=(
        "tool-orch snapshot merge my_api overlay --out my_api-2",
        "tool-orch snapshot merge my_api overlay --out my_api-2 --version 2.0",
    ),
)
def merge(arguments: argparse.Namespace) -> int:
    """Merge a snapshot and a live overlay into a new version."""
    from ..record.merge import merge
    from ..record.overlay import Overlay
    from ..snapshot import Snapshot
    from .terminal.console import line

    if not arguments.overlay.is_dir():
        raise UsageError(f"{arguments.overlay.name}: no such overlay")
    base = Snapshot.open(arguments.snapshot)
    added = merge(base, Overlay(arguments.overlay).records(), arguments.out, arguments.version)
    line(f"{arguments.out}: {len(base)} responses from {base.name}, {added} added")
    return 0


snapshot = Command(
    "snapshot",
    "Show, verify, count, compare or merge snapshots.",
    examples=(
        "tool-orch snapshot show travel",
        "tool-orch snapshot verify my_api",
        "tool-orch snapshot diff my_api my_api-2",
    ),
    subcommands=(show, verify, stats, diff, merge),
)


@command(
    option("spec", type=Path, metavar="SPEC", help="YAML file, see docs/record.md"),
    option("--out", type=Path, required=True, metavar="DIR", help="folder of the snapshot"),
    examples=(
        "tool-orch record spec.yaml --out my_api",
        "tool-orch synth --snapshot my_api --n 50 --out tasks.jsonl       # then",
        "tool-orch bench --policy oracle --tasks tasks.jsonl --out runs/a # then",
    ),
)
def record(arguments: argparse.Namespace) -> int:
    """Record a live API as a snapshot.

    Rerun the same command to resume: no call is requested twice. The exit
    status is 1 if calls could not be recorded.
    """
    from .terminal import console, snapshots

    with requires_extra("recording", "record"):
        from ..record.recorder import record
        from ..record.spec import read_spec
    try:
        with snapshots.RecordingBar() as bar:
            report = record(read_spec(arguments.spec), arguments.out, bar)
    except KeyboardInterrupt:
        console.line("Stopped. Rerun the same command to resume.")
        return STOPPED
    _show_recorded(arguments.out, report)
    return int(bool(report.faults))


def _show_recorded(out: Path, report: "Report") -> None:
    """What a recording did, and what it could not record."""
    from ..record.recorder import grouped
    from .terminal import console, snapshots

    snapshots.not_recorded(grouped(report.faults))
    for step in report.empty:
        console.line(f"plan step {step}: no calls, because `over` yields no rows; check `each` and `take`")
    counts = [
        f"{report.planned} calls",
        f"{report.asked} requested now",
        f"{report.reused} from the journal",
    ]
    if report.faults:
        counts.append(f"{len(report.faults)} not recorded")
    if report.left_out:
        counts.append(f"{report.left_out} skipped by limits.calls")
    console.line(f"{out}: {', '.join(counts)}")


@command(
    option("path", type=Path, metavar="PATH", help="JSON lines, the published pickle, or its folder"),
    NEW_FOLDER,
    option(
        "--format",
        choices=("complexfuncbench", "orchestration_traces"),
        help="format of the file (default: detected)",
    ),
    name="import",
    examples=(
        "tool-orch import ComplexFuncBench.jsonl --out cfb",
        "tool-orch bench --policy oracle --tasks cfb --out runs/cfb    # then",
    ),
)
def import_(arguments: argparse.Namespace) -> int:
    """Convert a published data set to a snapshot."""
    from .. import importers
    from .terminal.console import line

    opened, tasks = importers.load(arguments.path, arguments.format)
    importers.save(opened, arguments.out)
    line(f"{arguments.out}: {len(opened.catalog)} tools, {len(opened)} responses, {len(tasks)} tasks")
    return 0
