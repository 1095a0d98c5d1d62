"""`tool-orch synth`: the dependency graph of a snapshot, tasks made from it, and the shapes it can fill.

Enters: arguments. Leaves: a picture, a task file, tables. Everything here calls `tool_orch_env.synth`.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..executors import Executor, Local, open_executor
from .options import add_executor

if TYPE_CHECKING:
    from ..synth.targets import Targets, Weights
    from ..task import Task

_EPILOG = """
Sizes are exact ("5"), a range ("2-11") or weights ("2:1,3:2.5").

Examples:
  tool-orch synth graph --out graph.svg
  tool-orch synth --n 1000 --calls 2-11 --depth 1-5 --distractors 0-8 --seed 7 --out tasks.jsonl
  tool-orch synth shapes --calls 2-5
  tool-orch synth show --n 50 --seed 1     some of a snapshot's synthesised tasks, with their golden traces
"""


def add(commands: Any) -> None:
    """The command, into the parser of `cli`."""
    text = "make tasks from a snapshot, read some, draw its dependency graph, or list the shapes it can fill"
    command: argparse.ArgumentParser = commands.add_parser(
        "synth",
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("what", nargs="?", choices=tuple(_RUN), default="tasks")
    command.add_argument("--snapshot", default="travel", help="a bundled name or a folder (default travel)")
    command.add_argument("--out", type=Path, metavar="FILE", help="tasks: .jsonl; graph: .svg, .png or .pdf")
    command.add_argument(
        "--book", type=Path, metavar="FILE", help="a phrase book (default: the snapshot's own)"
    )
    command.add_argument("--n", type=int, default=100, help="how many tasks (default 100)")
    command.add_argument("--seed", type=int, default=0, help="the same seed gives the same bytes (default 0)")
    for size, default, help_text in (
        ("calls", "2-6", "golden calls"),
        ("depth", "1-5", "calls on the longest path"),
        ("width", None, "calls on the fullest level"),
        ("domains", None, "domains of the golden tools"),
        ("repeats", None, "calls of a tool that an earlier call used"),
        ("distractors", "0-4", "tools offered beside the golden ones"),
    ):
        command.add_argument(
            f"--{size}", default=default, metavar="SIZE", help=f"{help_text} (default {default or 'any'})"
        )
    command.add_argument(
        "--closeness", type=float, default=0.5, help="share of distractors near the golden tools"
    )
    add_executor(command)
    command.add_argument(
        "--reword", metavar="URL", help="an OpenAI-compatible API (…/v1) that rewords requests"
    )
    command.add_argument(
        "--model", default="", help="the model to reword with; the key is taken from OPENAI_API_KEY"
    )
    command.add_argument(
        "--typos", type=float, metavar="SHARE", help="mistype this share of the plain words (default none)"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run `tool-orch synth`."""
    return _RUN[arguments.what](arguments)


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


def _graph(arguments: argparse.Namespace) -> int:
    from ..language import graph
    from ..snapshot import Snapshot
    from . import tables

    snapshot = Snapshot.open(arguments.snapshot)
    found = graph.edges(snapshot.catalog, graph.heard(snapshot))
    tables.edges(found)
    if arguments.out:
        from ..synth.draw import draw

        draw(graph.digraph(found, snapshot.catalog), arguments.out)
    return 0


def _shapes(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..synth.index import Index
    from ..synth.sample import Sampler
    from . import tables

    index = Index(Snapshot.open(arguments.snapshot), arguments.book)
    tables.shapes(Sampler(index, _targets(arguments)).survey(arguments.seed))
    return 0


def _tasks(arguments: argparse.Namespace) -> int:
    from ..synth.synthesise import Report
    from ..task import dump_tasks
    from . import tables

    if arguments.out is None or arguments.out.is_dir():
        raise UsageError("synth: name the task file with --out, such as --out tasks.jsonl")
    if arguments.n < 1:
        raise UsageError("--n: expected at least 1")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)  # before the work that would be lost
    report = Report()
    with open_executor(arguments.executor, arguments.workers) as executor:
        made = list(tables.counted(_made(arguments, executor, report), arguments.n, "synth"))
    if arguments.reword:
        made = _reworded(made, arguments)
    if arguments.typos is not None:
        made = _mistyped(made, arguments)
    arguments.out.write_bytes(dump_tasks(made))
    tables.synthesised(made, report)
    tables.line(f"{arguments.out}: {len(made)} tasks")
    return 0


def _made(arguments: argparse.Namespace, executor: Executor, report: Any) -> "Iterator[Task]":
    from ..snapshot import Snapshot
    from ..snapshot.folder import find
    from ..synth.index import Index
    from ..synth.synthesise import synthesise, synthesise_many

    folder, targets, n, seed = find(arguments.snapshot), _targets(arguments), arguments.n, arguments.seed
    if executor == Local():
        return synthesise(Index(Snapshot.open(folder), arguments.book), targets, n, seed, report=report)
    return synthesise_many(folder, targets, n, seed, executor, report=report, phrases=arguments.book)


def _reworded(made: "list[Task]", arguments: argparse.Namespace) -> "list[Task]":
    from ..snapshot import Snapshot
    from ..synth.reword import Endpoint, Reworded, reword
    from . import tables

    endpoint = Endpoint(arguments.reword, arguments.model, os.environ.get("OPENAI_API_KEY", ""))
    counts = Reworded()
    other = reword(made, Snapshot.open(arguments.snapshot), endpoint, counts)
    made = list(tables.counted(other, len(made), "reword"))
    tables.line(f"reworded {counts.accepted}, refused {counts.refused}, failed {counts.failed}")
    return made


def _mistyped(made: "list[Task]", arguments: argparse.Namespace) -> "list[Task]":
    from ..snapshot import Snapshot
    from ..synth.typos import mistyped
    from . import tables

    other = mistyped(made, Snapshot.open(arguments.snapshot), arguments.typos, arguments.seed)
    return list(tables.counted(other, len(made), "typos"))


def _show(arguments: argparse.Namespace) -> int:
    from ..snapshot import Snapshot
    from ..synth.show import drawn, told
    from . import tables

    some = drawn(Snapshot.open(arguments.snapshot).tasks(), arguments.n, arguments.seed)
    for task in some:
        tables.line(told(task))
    if not some:
        tables.line(f"no synthesised task in the splits of {arguments.snapshot}")
    return 0


_RUN = {"tasks": _tasks, "graph": _graph, "shapes": _shapes, "show": _show}
