"""`tool-orch snapshot` and `tool-orch record`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, requires_extra
from .command import Command, command, option
from .options import NEW_FOLDER, SNAPSHOT_ARGUMENT, json_output, share, split, whole

if TYPE_CHECKING:
    from ..record.http import Report

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
    call, validates it against its tool's schema, derives again what follows
    from other responses, and compiles every task. The exit status is 1 if a
    recorded call is not valid or its response differs.
    """
    from ..snapshot import snapshot as snapshots
    from ..taskset import TaskSet
    from .terminal.console import line

    opened = snapshots.Snapshot.open(arguments.snapshot)
    problems = snapshots.verify(opened)
    TaskSet(opened, opened.tasks())
    for problem in problems:
        line(problem)
    found = f"{len(problems)} problems" if problems else "valid"
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


@command(
    SNAPSHOT_ARGUMENT,
    option("--record", type=Path, required=True, metavar="SPEC", help="recording spec: how the API is asked"),
    option("--probes", type=int, default=300, metavar="N", help="probes of a rule (default 300)"),
    option("--seed", type=int, default=0, help="seed of the probes (default 0)"),
    examples=(
        "tool-orch snapshot prove my_api --record spec.yaml",
        "tool-orch snapshot prove my_api --record spec.yaml --probes 1000",
    ),
)
def prove(arguments: argparse.Namespace) -> int:
    """Prove a snapshot's derivations against the live API.

    Tries every rule and fold of tools.json on calls at its edges, and compares
    what is derived with what the API answers. The exit status is 1 if one
    differs.
    """
    from ..snapshot import Snapshot
    from .terminal.console import line

    with requires_extra("proving", "record"):
        from ..record.prove import proofs_of, refusals
        from ..record.spec import read_spec
    opened = Snapshot.open(arguments.snapshot)
    proofs = proofs_of(read_spec(arguments.record), opened, arguments.probes, arguments.seed)
    for proof in proofs:
        more = ", all there are" if proof.every else ""
        outcome = "refused" if proof.refused else f"{proof.probes} probes{more}, {proof.overlaps} overlaps"
        line(f"{proof.tool}: {proof.rule}: {outcome}")
    for refused in refusals(proofs):
        line(refused)
    return int(any(proof.refused for proof in proofs))


@command(
    SNAPSHOT_ARGUMENT,
    split("test"),
    option(
        "--calls", type=Path, metavar="FILE", help='more calls: JSON lines {"tool": ..., "arguments": ...}'
    ),
    option("--tasks", type=whole, metavar="N", help="only N tasks, drawn by --seed"),
    option("--seed", type=int, default=0, help="the same seed makes the same variants"),
    option("--show", type=whole, metavar="N", help="list N unanswered calls, drawn by --seed"),
    json_output("the report with every unanswered call"),
    option(
        "--at-least", type=share, metavar="SHARE", help="exit with status 1 below this share, such as 0.98"
    ),
    option(
        "--no-leak",
        action="store_true",
        help="exit with status 1 if a row has no answered follow-up, or no task was measured",
    ),
    examples=(
        "tool-orch snapshot coverage travel --split handmade --show 20",
        "tool-orch snapshot coverage my_api --at-least 0.98 --no-leak",
        "tool-orch snapshot coverage my_api --calls calls.jsonl --json",
    ),
)
def coverage(arguments: argparse.Namespace) -> int:
    """Measure how many sensible calls a snapshot answers.

    Makes variants of every golden call and looks them up: the same intent
    reworded, a look beside it (another date, the other origin), and what the
    reply invites. They come from schemas, declared edges, the phrase book and
    the golden replies, never from what is recorded.

    A task also chooses from rows: one flight of a list. The other rows are
    tried as well, because a row that only the golden call can follow reveals
    the answer. Tasks with a golden call that has no response are skipped.
    """
    import json
    import random

    from ..coverage import measure, read_calls
    from ..snapshot import Snapshot
    from .terminal import console
    from .terminal import coverage as shown

    opened = Snapshot.open(arguments.snapshot)
    by_hand, invalid = read_calls(arguments.calls, opened.catalog) if arguments.calls else ([], [])
    tasks = opened.tasks(arguments.split)
    if arguments.tasks is not None and arguments.tasks < len(tasks):
        tasks = random.Random(arguments.seed).sample(tasks, arguments.tasks)
    for problem in invalid:
        console.warn(problem)
    found = measure(opened, console.counted(tasks, len(tasks), "coverage"), arguments.seed, by_hand)
    if arguments.json:
        about = {"snapshot": opened.name, "split": arguments.split, "seed": arguments.seed}
        print(json.dumps({**about, **found.as_dict()}, ensure_ascii=False, indent=1))
    else:
        shown.coverage(f"{opened.name} {opened.manifest.get('version', '')}, {arguments.split}", found)
        shown.unanswered(found, arguments.show or 0, arguments.seed)
        if arguments.no_leak:
            shown.open_rows(found)
    every = found.share()
    too_low = arguments.at_least is not None and (not every.total or every.value < arguments.at_least)
    leaks = arguments.no_leak and (not found.tasks or bool(found.open_rows))
    return int(too_low or leaks)


snapshot = Command(
    "snapshot",
    "Show, verify, prove, count, measure, compare or merge snapshots.",
    examples=(
        "tool-orch snapshot show travel",
        "tool-orch snapshot verify my_api",
        "tool-orch snapshot diff my_api my_api-2",
    ),
    subcommands=(show, verify, prove, stats, coverage, diff, merge),
)


@command(
    option(
        "spec",
        type=Path,
        metavar="SPEC",
        nargs="?",
        help="YAML file, see docs/record.md; required unless --functions",
    ),
    option(
        "--functions",
        metavar="MODULE:NAME",
        help="call Python functions: one, a list, or an object's public methods",
    ),
    option("--out", type=Path, metavar="DIR", help="folder of the snapshot; required unless --dry-run"),
    option(
        "--dry-run",
        action="store_true",
        help="list tools and skipped operations, estimate calls, bytes and minutes, and record nothing",
    ),
    option(
        "--sample",
        type=int,
        metavar="N",
        help="with --dry-run and --out: first request N calls of every step",
    ),
    option(
        "--coverage",
        action="store_true",
        help="at the end, list calls that the replies and schemas invite and the plan lacks",
    ),
    examples=(
        "tool-orch record spec.yaml --out my_api",
        "tool-orch record spec.yaml --out my_api --dry-run --sample 5",
        "tool-orch record --functions shop:FUNCTIONS --out shop",
        "tool-orch synth --snapshot my_api --n 50 --out tasks.jsonl       # then",
    ),
)
def record(arguments: argparse.Namespace) -> int:
    """Record a live API, an MCP server or Python functions as a snapshot.

    Rerun the same command to resume: no call is requested twice. The exit
    status is 1 if calls could not be recorded, or a rule of `derive` was
    refused because the API does not keep it.

    --dry-run lists the tools, the operations of an OpenAPI document that
    were skipped and why, and estimates every step of the plan.

    The estimate knows only replies that are recorded. --sample records some;
    they stay in the journal and are not requested again.
    """
    from .terminal import console, snapshots

    out, sampled = arguments.out, arguments.sample
    if out is None and (not arguments.dry_run or sampled is not None):
        raise UsageError("--out is required, except by --dry-run without --sample")
    if sampled is not None and (sampled < 1 or not arguments.dry_run):
        raise UsageError("--sample: expected a number of calls from 1 on, with --dry-run")
    if arguments.spec is None and arguments.functions is None:
        raise UsageError("expected SPEC, or --functions MODULE:NAME")
    with requires_extra("recording", "record"):
        from ..record import functions, http
        from ..record.estimate import estimate
        from ..record.gaps import uncalled
        from ..record.spec import read_spec
    called = None if arguments.functions is None else functions.load(arguments.functions)
    spec = read_spec(arguments.spec, functions=called)
    if arguments.dry_run:
        snapshots.tools_of(spec)
    elif spec.document is not None:
        found = spec.document
        console.line(
            f"{found.file}: {len(found.tools)} tools, {len(found.skipped)} operations skipped (--dry-run lists them)"
        )
    for note in spec.notes:
        console.line(note)
    try:
        if sampled is not None:
            with snapshots.RecordingBar() as bar:
                http.sample(spec, out, sampled, bar)
        estimated = estimate(spec, out)
        if arguments.dry_run:
            snapshots.estimated_steps(estimated)
        snapshots.estimated(estimated)
        if arguments.dry_run:
            return 0
        with snapshots.RecordingBar() as bar:
            report = http.record(spec, out, bar, coverage=arguments.coverage)
    except KeyboardInterrupt:
        console.line("Stopped. Rerun the same command to resume.")
        return STOPPED
    _show_recorded(out, report)
    if arguments.coverage:
        snapshots.gaps(report.gaps, uncalled(spec))
    return int(bool(report.faults or report.refused))


def _show_recorded(out: Path, report: "Report") -> None:
    """What a recording did, and what it could not record."""
    from ..record.http import grouped
    from .terminal import console, snapshots

    snapshots.not_recorded(grouped(report.faults))
    for step in report.empty:
        console.line(f"plan step {step}: no calls, because `over` yields no rows; check `each` and `take`")
    for refused in report.refused:
        console.line(refused)
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
