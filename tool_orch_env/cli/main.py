"""The command line: `tool-orch`.

Enters: arguments. Leaves: tables and text for a person, JSON where asked, exit status 0, 1 (findings) or 2
(a fault, told in one message). Everything here calls the library; nothing here is needed by it.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..errors import ToolOrchError, UsageError
from ..executors import in_order, open_executor
from . import bench_arguments, serve, synth
from .examples import EXAMPLES
from .options import add_executor

if TYPE_CHECKING:
    from ..snapshot import Snapshot
    from ..task import Task

_EPILOG = """
Examples (`tool-orch COMMAND --help` has more):
  tool-orch demo                                # what the reward pays three policies, and one episode told
  tool-orch play --split test                   # solve a task yourself
  tool-orch snapshot show travel                # what a snapshot holds
  tool-orch import rows.jsonl --out my_snapshot # make a snapshot of a published file
  tool-orch record spec.yaml --out my_snapshot  # ask a live API and keep its answers; stop and resume at will
  tool-orch snapshot diff old new               # what changed between two versions
  tool-orch bench --policy oracle --out runs/a  # benchmark a policy; again: goes on where it stopped
  tool-orch report runs/a                       # one HTML page of a run
  tool-orch synth --n 100 --out tasks.jsonl     # make tasks from a snapshot
  tool-orch serve openenv --port 8000           # episodes for trainers, over WebSocket
  tool-orch export --format trl --out t.jsonl   # rows of a trainer's dataset
  tool-orch audit my_snapshot --json            # which golden arguments come from nowhere
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; faults of this package are told, not traced. Without a command, the help is shown."""
    arguments = parser().parse_args((sys.argv[1:] if argv is None else argv) or ["--help"])
    try:
        return int(arguments.run(arguments))
    except ToolOrchError as error:
        print(f"tool-orch: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `tool-orch ... | head`
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"tool-orch: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("tool-orch: stopped", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        "tool-orch",
        description="A Gymnasium environment for agents that orchestrate tools, on recorded real API responses.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    demo = _command(
        commands, "demo", _demo, "score three scripted policies on a split, then tell one episode"
    )
    _which_tasks(demo, "test")
    demo.add_argument("--seed", type=int, default=0, help="seed of the random policy (default 0)")

    play = _command(commands, "play", _play, "play an episode yourself, in the terminal")
    _which_tasks(play, "test")
    play.add_argument("--task", metavar="ID", help="which task (default: one drawn with --seed)")
    play.add_argument("--seed", type=int, default=None, help="seed of the draw")

    load = _command(commands, "import", _import, "turn a published file into a snapshot folder")
    load.add_argument("path", type=Path, help="JSON lines, the published pickle, or their folder")
    load.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    load.add_argument(
        "--format", choices=("complexfuncbench", "orchestration_traces"), help="default: detected"
    )

    record = _command(commands, "record", _record, "ask a live API by a spec and write a snapshot; resumes")
    record.add_argument("spec", type=Path, help="a YAML file, see docs/record.md")
    record.add_argument("--out", type=Path, required=True, metavar="DIR", help="the snapshot's folder")
    synth.add(commands)

    audit = _command(commands, "audit", _audit, "prove that every golden argument can be known")
    audit.add_argument(
        "path", help="a snapshot (bundled name or folder), a task file, or what `import` reads"
    )
    audit.add_argument("--snapshot", help="of a task file: where it is played (default: the one it names)")
    audit.add_argument("--split", help="one split only")
    audit.add_argument("--json", action="store_true", help="findings as JSON on standard output")

    add_executor(audit)

    bench_arguments.add(commands, _command)
    serve.add(commands, _command)

    snapshot = _command(commands, "snapshot", None, "look at a snapshot, verify, compare or merge it")
    actions = snapshot.add_subparsers(required=True, metavar="ACTION")
    for name, run, text in (
        ("show", _show, "what a snapshot holds: tools, responses, tasks, sources"),
        ("verify", _verify, "check every sum, key, schema and recorded call, and every task"),
    ):
        _command(actions, name, run, text).add_argument("snapshot", help="a bundled name or a folder")
    stats = _command(actions, "stats", _stats, "count responses, sizes, empty answers and hits by tool")
    stats.add_argument("snapshot", help="a bundled name or a folder")
    stats.add_argument("--log", type=Path, help="JSON lines of the infos of a run: gives the hit rates")

    diff = _command(actions, "diff", _diff, "compare two versions by key; exit status 1 if they differ")
    diff.add_argument("old", help="a bundled name or a folder")
    diff.add_argument("new", help="a bundled name or a folder")

    merge = _command(actions, "merge", _merge, "make a new version of a snapshot and a live overlay")
    merge.add_argument("snapshot", help="a bundled name or a folder")
    merge.add_argument("overlay", type=Path, help="the overlay's folder")
    merge.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    merge.add_argument("--version", help="default: the last number of the old version, plus one")
    return top


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog="\n".join(["Examples:", *(f"  {example}" for example in EXAMPLES[name])]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def _which_tasks(command: argparse.ArgumentParser, split: str) -> None:
    command.add_argument("--snapshot", default="travel", help="a bundled name or a folder (default travel)")
    command.add_argument("--split", default=split, help=f"split of its tasks (default {split})")


def _demo(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from . import tables

    start = time.perf_counter()
    snapshot = Snapshot.open(arguments.snapshot)
    tasks = snapshot.tasks(arguments.split)
    tables.scores(snapshot, tasks, arguments.split, ("oracle", "random", "junk"), arguments.seed)
    tables.episode(
        max(tasks, key=lambda task: (task.depth, len(task.answer) > 0, len(task.golden))), snapshot
    )
    tables.line(f"{time.perf_counter() - start:.1f} s, {len(tasks)} tasks, 3 policies")
    return 0


def _play(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from . import tables

    tables.play(Snapshot.open(arguments.snapshot), arguments.split, arguments.task, arguments.seed)
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from .. import importers
    from . import tables

    snapshot, tasks = importers.load(arguments.path, arguments.format)
    importers.save(snapshot, arguments.out)
    tables.line(
        f"{arguments.out}: {len(snapshot.catalog)} tools, {len(snapshot)} responses, {len(tasks)} tasks"
    )
    return 0


def _record(arguments: argparse.Namespace) -> int:
    from . import tables

    try:
        from ..record.recorder import grouped, record
        from ..record.spec import read_spec
    except ImportError as error:
        raise UsageError(f"recording needs {error.name}: install 'tool-orch-env[record]'") from error
    try:
        with tables.RecordingBar() as bar:
            report = record(read_spec(arguments.spec), arguments.out, bar)
    except KeyboardInterrupt:
        tables.line("stopped; the same command goes on from here")
        return 130
    tables.faults(grouped(report.faults))
    for step in report.empty:
        tables.line(
            f"plan step {step}: no call: what its `over` names gives no row; look at `each` and `take`"
        )
    lacking = f", {len(report.faults)} not recorded" if report.faults else ""
    lacking += f", {report.left_out} left out by limits.calls" if report.left_out else ""
    tables.line(
        f"{arguments.out}: {report.planned} calls, {report.asked} asked now, "
        f"{report.reused} answered before{lacking}"
    )
    return int(bool(report.faults))


def _audit(arguments: argparse.Namespace) -> int:
    from ..synth.audit import auditor
    from ..synth.audit_set import audit_set
    from . import tables

    snapshot, splits = _audited(arguments)
    tasks = [task for some in splits.values() for task in some]
    with open_executor(arguments.executor, arguments.workers) as executor:
        audited = in_order(executor.spread(auditor, (snapshot,), tasks))
        findings = list(tables.counted(audited, len(tasks), "audit"))
    found = {task.id: some for task, some in zip(tasks, findings, strict=True)}
    for name, some in audit_set(splits).items():
        found[name] += some
    if arguments.json:
        listed = [{"id": name, "findings": [one.as_dict() for one in some]} for name, some in found.items()]
        print(json.dumps({"tasks": listed}, indent=1, ensure_ascii=False))
    else:
        tables.findings(found)
    return int(any(found.values()))


def _audited(arguments: argparse.Namespace) -> "tuple[Snapshot, dict[str, list[Task]]]":
    """What the path holds: a snapshot with its splits, a task file on its snapshot, or a published file."""
    from .. import importers
    from ..errors import TaskError
    from ..snapshot import Snapshot
    from ..snapshot.folder import find
    from ..task import read_tasks

    path = Path(arguments.path)
    if not path.is_file():
        snapshot = Snapshot.open(find(arguments.path))
        names = snapshot.splits if arguments.split is None else (arguments.split,)
        return snapshot, {name: snapshot.tasks(name) for name in names}
    try:
        tasks = read_tasks(path)
    except TaskError:
        snapshot, tasks = importers.load(path)
        return snapshot, {path.name: tasks}
    return Snapshot.open(arguments.snapshot or (tasks[0].snapshot if tasks else "travel")), {path.name: tasks}


def _show(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from . import tables

    tables.snapshot(Snapshot.open(arguments.snapshot))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from ..snapshot import snapshot as snapshots
    from ..taskset import TaskSet
    from . import tables

    opened = snapshots.Snapshot.open(arguments.snapshot)
    problems = snapshots.verify(opened)
    TaskSet(opened, opened.tasks())
    for problem in problems:
        tables.line(problem)
    sums = len(opened.manifest["sha256"])
    tables.line(
        f"{opened.name}: {sums} files, {len(opened)} responses, {len(opened.tasks())} tasks: ", end=""
    )
    tables.line("sound" if not problems else f"{len(problems)} recorded calls are not valid")
    return int(bool(problems))


def _stats(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..snapshot.stats import tool_stats
    from . import tables

    opened = Snapshot.open(arguments.snapshot)
    tables.holdings(f"{opened.name} {opened.manifest.get('version', '')}", tool_stats(opened, arguments.log))
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..snapshot.stats import difference
    from . import tables

    found = difference(Snapshot.open(arguments.old), Snapshot.open(arguments.new))
    tables.difference(found)
    return int(bool(found))


def _merge(arguments: argparse.Namespace) -> int:
    from ..record.merge import merge
    from ..record.overlay import Overlay
    from ..snapshot import Snapshot
    from . import tables

    if not arguments.overlay.is_dir():
        raise UsageError(f"{arguments.overlay.name}: no such overlay")
    base = Snapshot.open(arguments.snapshot)
    added = merge(base, Overlay(arguments.overlay).records(), arguments.out, arguments.version)
    tables.line(f"{arguments.out}: {len(base)} responses of {base.name}, {added} added")
    return 0
