"""`tool-orch synth`: the dependency graph of a snapshot, and tasks made from it.

Enters: arguments. Leaves: a picture, a task file, tables. Everything here calls `tool_orch_env.synth`.
"""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """The command, into the parser of `cli`."""
    text = "make tasks from a snapshot, or draw its dependency graph"
    command: argparse.ArgumentParser = commands.add_parser("synth", help=text, description=text)
    command.add_argument("what", nargs="?", choices=("tasks", "graph"), default="tasks")
    command.add_argument("--snapshot", default="travel", help="a bundled name or a folder (default travel)")
    command.add_argument("--out", type=Path, metavar="FILE", help="tasks: .jsonl; graph: .svg, .png or .pdf")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run `tool-orch synth`."""
    return _graph(arguments)


def _graph(arguments: argparse.Namespace) -> int:
    from . import tell
    from .snapshot import Snapshot
    from .synth import graph

    snapshot = Snapshot.open(arguments.snapshot)
    found = graph.edges(snapshot.catalog, graph.heard(snapshot))
    tell.edges(found)
    if arguments.out:
        from .synth.draw import draw

        draw(graph.digraph(found, snapshot.catalog), arguments.out)
    return 0
