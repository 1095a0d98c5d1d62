"""`tool-orch synth` and `tool-orch audit`."""

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..executors import Executor, Local, in_order, open_executor
from .command import Option, command, old_spelling, option
from .options import SNAPSHOT, SPREAD, json_output

if TYPE_CHECKING:
    from ..snapshot import Snapshot
    from ..synth.audit import Finding
    from ..synth.synthesise import Report
    from ..synth.targets import Targets, Weights
    from ..task import Task


def _size(name: str, default: str | None, what: str) -> Option:
    text = what if default else f"{what} (default: any)"
    return option(f"--{name}", default=default, metavar="SIZE", help=text)


@command(
    option(
        "what",
        nargs="?",
        choices=("tasks", "graph", "shapes", "show", "check", "starter"),
        default="tasks",
        help="synthesise tasks; print (and draw) the dependency graph; list the task shapes that the snapshot "
        "can fill; print synthesised tasks with their golden calls; check a scenario file on the snapshot; or "
        "write a first one",
    ),
    option("file", nargs="?", metavar="FILE", help="scenario file to check (default: the snapshot's)"),
    SNAPSHOT,
    option("--out", type=Path, metavar="FILE", help="task file (.jsonl), or picture (.svg, .png, .pdf)"),
    option(
        "--phrase-book",
        type=Path,
        metavar="FILE",
        help="phrase book that words the requests (default: the snapshot's)",
    ),
    old_spelling("--book", "phrase_book", type=Path, metavar="FILE"),
    option(
        "--scenarios",
        nargs="?",
        const="",
        metavar="FILE",
        help="make tasks from scenarios: those of a file or, without FILE, the snapshot's",
    ),
    option(
        "--only",
        type=lambda text: tuple(filter(None, text.split(","))),
        default=(),
        metavar="IDS",
        help="only these scenarios, separated by commas",
    ),
    option("--n", type=int, default=100, metavar="N", help="number of tasks"),
    option("--seed", type=int, default=0, help="random seed; the same seed produces the same bytes"),
    _size("calls", "2-6", "golden calls; for scenarios, the sizes that are kept"),
    _size("depth", "1-5", "calls on the longest path"),
    _size("width", None, "calls on the widest level"),
    _size("domains", None, "domains of the golden tools"),
    _size("repeats", None, "calls to a tool that an earlier call used"),
    _size("distractors", "0-4", "offered tools that are not needed"),
    option(
        "--closeness",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="share of distractors taken from near the golden tools in the dependency graph",
    ),
    *SPREAD,
    option("--reword", metavar="URL", help="OpenAI-compatible API (…/v1) that rewords the requests"),
    option("--model", default="", help="model that rewords; the key is read from OPENAI_API_KEY"),
    option("--typos", type=float, metavar="SHARE", help="share of words to misspell (default: none)"),
    examples=(
        "tool-orch synth --n 1000 --calls 2-11 --depth 1-5 --out tasks.jsonl",
        "tool-orch synth show --n 50 --seed 1",
        "tool-orch synth --scenarios --n 100 --calls 1-14 --out tasks.jsonl",
        "tool-orch synth check my_scenarios.toml --snapshot my_api",
    ),
)
def synth(arguments: argparse.Namespace) -> int:
    """Synthesise tasks from a snapshot.

    A SIZE is a number ("5"), a range ("2-11") or weights ("2:1,3:2.5").
    """
    runs = {
        "tasks": _tasks,
        "graph": _graph,
        "shapes": _shapes,
        "show": _show,
        "check": _check,
        "starter": _starter,
    }
    if arguments.file is not None and arguments.what != "check":
        raise UsageError(f"synth {arguments.what}: expected no file, found {arguments.file!r}")
    return runs[arguments.what](arguments)


def _tasks(arguments: argparse.Namespace) -> int:
    from ..synth.synthesise import Report
    from ..task import dump_tasks
    from .terminal import console, tasks

    if arguments.out is None or arguments.out.is_dir():
        raise UsageError("synth: name the task file with --out, such as --out tasks.jsonl")
    if arguments.n < 1:
        raise UsageError("--n: expected at least 1")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)  # fail before the work, not after it
    report = Report()
    with open_executor(arguments.executor, arguments.workers) as executor:
        made = list(console.counted(_made(arguments, executor, report), arguments.n, "synth"))
    if arguments.reword:
        made = _reworded(made, arguments)
    if arguments.typos is not None:
        made = _misspelt(made, arguments)
    arguments.out.write_bytes(dump_tasks(made))
    tasks.synthesised(made, report)
    console.line(f"{arguments.out}: {len(made)} tasks")
    return 0


def _made(arguments: argparse.Namespace, executor: Executor, report: "Report") -> "Iterator[Task]":
    from ..snapshot import Snapshot
    from ..snapshot.folder import find
    from ..synth.index import Index
    from ..synth.synthesise import synthesise, synthesise_many

    if arguments.scenarios is not None:
        return _made_from_scenarios(arguments, executor, report)
    folder, targets, n, seed = find(arguments.snapshot), _targets(arguments), arguments.n, arguments.seed
    if executor == Local():
        index = Index(Snapshot.open(folder), arguments.phrase_book)
        return synthesise(index, targets, n, seed, report=report)
    return synthesise_many(folder, targets, n, seed, executor, report=report, phrases=arguments.phrase_book)


def _made_from_scenarios(
    arguments: argparse.Namespace, executor: Executor, report: "Report"
) -> "Iterator[Task]":
    from ..snapshot import Snapshot
    from ..snapshot.folder import find
    from ..synth.scenes.check import chosen
    from ..synth.scenes.make import synthesise_scenes, synthesise_scenes_many

    folder = find(arguments.snapshot)
    snapshot = Snapshot.open(folder)
    some = chosen(arguments.scenarios or snapshot.name, snapshot, arguments.only)
    targets, n, seed = _targets(arguments), arguments.n, arguments.seed
    if executor == Local():
        return synthesise_scenes(snapshot, some, targets, n, seed, report=report)
    return synthesise_scenes_many(folder, some, targets, n, seed, executor, report=report)


def _check(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..synth.scenes.check import check, chosen
    from .terminal import tasks

    snapshot = Snapshot.open(arguments.snapshot)
    some = chosen(arguments.file or snapshot.name, snapshot, arguments.only)
    checked = list(check(some, snapshot, arguments.seed))
    tasks.scenarios(checked)
    return int(not all(one.found for one in checked))


def _starter(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..synth.starter import starter, unplaced_lines
    from .terminal.console import line

    if arguments.out is None or arguments.out.exists():
        raise UsageError(
            "synth starter: name a new scenario file with --out, such as --out my_scenarios.toml"
        )
    text, unplaced = starter(Snapshot.open(arguments.snapshot))
    for one in unplaced_lines(unplaced):
        line(one)
    if not text:
        raise UsageError(
            "synth starter: no tool describes what another lists; declare sources in tools.json, or write the file by "
            "hand (docs/scenarios.md)"
        )
    arguments.out.write_text(text, encoding="utf-8")
    line(f"{arguments.out}: {text.count('[[scenario]]')} scenarios")
    return 0


def _targets(arguments: argparse.Namespace) -> "Targets":
    from ..synth.targets import Targets, weights

    def size(name: str) -> "Weights | None":
        given = getattr(arguments, name)
        return None if given is None else weights(given, f"--{name}")

    return Targets(
        calls=weights(arguments.calls, "--calls"),
        depth=size("depth"),
        width=size("width"),
        domains=size("domains"),
        repeats=size("repeats"),
        distractors=weights(arguments.distractors, "--distractors"),
        closeness=arguments.closeness,
    )


def _reworded(made: "list[Task]", arguments: argparse.Namespace) -> "list[Task]":
    from ..snapshot import Snapshot
    from ..synth.reword import Endpoint, Reworded, reword
    from .terminal import console

    endpoint = Endpoint(arguments.reword, arguments.model, os.environ.get("OPENAI_API_KEY", ""))
    counts = Reworded()
    reworded = reword(made, Snapshot.open(arguments.snapshot), endpoint, counts)
    made = list(console.counted(reworded, len(made), "reword"))
    console.line(f"Reworded: {counts.accepted} accepted, {counts.refused} rejected, {counts.failed} failed")
    return made


def _misspelt(made: "list[Task]", arguments: argparse.Namespace) -> "list[Task]":
    from ..snapshot import Snapshot
    from ..synth.typos import mistyped
    from .terminal import console

    misspelt = mistyped(made, Snapshot.open(arguments.snapshot), arguments.typos, arguments.seed)
    return list(console.counted(misspelt, len(made), "typos"))


def _graph(arguments: argparse.Namespace) -> int:
    from ..language import graph
    from ..language.corpus import corpus
    from ..snapshot import Snapshot
    from .terminal import tasks

    snapshot = Snapshot.open(arguments.snapshot)
    found = corpus(snapshot).edges
    tasks.edges(found)
    if arguments.out:
        from ..synth.draw import draw

        draw(graph.digraph(found, snapshot.catalog), arguments.out)
    return 0


def _shapes(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..synth.index import Index
    from ..synth.sample import Sampler
    from .terminal import tasks

    index = Index(Snapshot.open(arguments.snapshot), arguments.phrase_book)
    tasks.shapes(Sampler(index, _targets(arguments)).survey(arguments.seed))
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..synth.show import drawn, told
    from .terminal.console import line

    some = drawn(Snapshot.open(arguments.snapshot).tasks(), arguments.n, arguments.seed)
    for task in some:
        line(told(task))
    if not some:
        line(f"{arguments.snapshot}: no synthesised tasks")
    return 0


@command(
    option("path", metavar="PATH", help="snapshot, task file, or a file that `import` reads"),
    option("--snapshot", help="snapshot of a task file (default: the one it names)"),
    option("--split", help="audit one split of a snapshot (default: all)"),
    option(
        "--rules",
        default="",
        metavar="RULES",
        help="further rules, separated by commas, or `all`: purpose, askable, closure, said, told_apart, sound, "
        "minimal",
    ),
    json_output("the findings"),
    *SPREAD,
    examples=(
        "tool-orch audit travel --split test",
        "tool-orch audit tasks.jsonl --snapshot my_api",
        "tool-orch audit rows.jsonl --json",
        "tool-orch audit travel --split handmade --rules purpose,said",
    ),
)
def audit(arguments: argparse.Namespace) -> int:
    """Check that tasks can be solved from their requests.

    Traces every golden argument to the request, an earlier response or the
    schema, replays the golden calls, and looks for ambiguity, superfluous
    calls, duplicates and leakage between splits. The exit status is 1 if
    anything is found.
    """
    from .terminal import tasks

    rules = _rules(arguments)
    snapshot, splits = _audited(arguments.path, arguments)
    found = _findings(arguments, snapshot, splits, rules)
    if arguments.json:
        listed = [{"id": name, "findings": [one.as_dict() for one in some]} for name, some in found.items()]
        print(json.dumps({"tasks": listed}, indent=1, ensure_ascii=False))
    else:
        tasks.findings(found)
    return int(any(found.values()))


@command(
    option(
        "paths", nargs="+", metavar="PATH", help="bundled snapshots, folders, task files or published files"
    ),
    option("--split", help="only this split of snapshots (default: all)"),
    option("--snapshot", help="snapshot of task files (default: the one they name)"),
    json_output("the figures"),
    examples=(
        "tool-orch wording travel elements",
        "tool-orch wording travel tasks.jsonl rows.jsonl",
    ),
)
def wording(arguments: argparse.Namespace) -> int:
    """Show how requests are worded: length, labels, openings, unconnected chains.

    Prints a row for each split or file. Words per call, lettered labels
    ("flight A"), chains of calls that share nothing, and the openings (first
    three words) tell puzzles from requests that people write.
    """
    from ..synth.wording import wording as figures
    from .terminal import tasks

    found: dict[str, Any] = {}
    for path in arguments.paths:
        snapshot, splits = _audited(path, arguments)
        first = "" if len(arguments.paths) == 1 or Path(path).is_file() else f"{snapshot.name} "
        found |= {f"{first}{name}": figures(some, snapshot) for name, some in splits.items() if some}
    if arguments.json:
        print(json.dumps({name: one._asdict() for name, one in found.items()}, indent=1))
    else:
        tasks.wording(found)
    return 0


def _rules(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The further rules asked for. Raises `UsageError`."""
    from ..synth.rules import RULES

    named = tuple(RULES) if arguments.rules == "all" else tuple(filter(None, arguments.rules.split(",")))
    if strange := [name for name in named if name not in RULES]:
        raise UsageError(f"--rules: expected all, or some of {', '.join(RULES)}, found {', '.join(strange)}")
    return named


def _audited(given: str, arguments: argparse.Namespace) -> "tuple[Snapshot, dict[str, list[Task]]]":
    """What a path holds: a snapshot with its splits, a task file with its snapshot, or a published file."""
    from .. import importers
    from ..errors import TaskError
    from ..snapshot import Snapshot
    from ..snapshot.folder import find
    from ..task import read_tasks

    path = Path(given)
    if not path.is_file():
        snapshot = Snapshot.open(find(given))
        names = snapshot.splits if arguments.split is None else (arguments.split,)
        return snapshot, {name: snapshot.tasks(name) for name in names}
    try:
        tasks = read_tasks(path)
    except TaskError:
        snapshot, tasks = importers.load(path)
        return snapshot, {path.name: tasks}
    return Snapshot.open(arguments.snapshot or (tasks[0].snapshot if tasks else "travel")), {path.name: tasks}


def _findings(
    arguments: argparse.Namespace,
    snapshot: "Snapshot",
    splits: "dict[str, list[Task]]",
    rules: tuple[str, ...],
) -> "dict[str, list[Finding]]":
    """Findings by task id: of each task, and of the tasks as a set."""
    from ..synth.audit import auditor
    from ..synth.audit_set import audit_set
    from .terminal.console import counted

    tasks = [task for some in splits.values() for task in some]
    with open_executor(arguments.executor, arguments.workers) as executor:
        audited: Iterator[Any] = in_order(executor.spread(auditor, (snapshot, rules), tasks))
        findings = list(counted(audited, len(tasks), "audit"))
    found = {task.id: some for task, some in zip(tasks, findings, strict=True)}
    for name, some in audit_set(splits).items():
        found[name] += some
    return found
