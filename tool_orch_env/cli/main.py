"""`tool-orch`: parse the arguments, run one command, report errors.

The exit status is 0, 1 if a command found something (findings of an audit, differences, calls that could not be
recorded), 2 after an error and 130 after Ctrl-C.
"""

import argparse
import io
import sys
from collections.abc import Sequence

from .._version import __version__
from ..errors import ToolOrchError
from . import bench, completion, imports, play, redteam, serve, snapshots, tasks
from .command import epilog
from .showable import showable

COMMANDS = (
    play.demo,
    play.play,
    bench.bench,
    bench.report,
    redteam.redteam,
    tasks.synth,
    tasks.audit,
    tasks.wording,
    snapshots.snapshot,
    snapshots.record,
    imports.import_,
    serve.serve,
    serve.export,
    completion.completion,
)
DESCRIPTION = """\
A Gymnasium environment for agents that orchestrate tools, on recorded real
API responses."""
EXAMPLES = (
    "tool-orch demo                               # see what an episode looks like",
    "tool-orch play --split test                  # solve a task yourself",
    "tool-orch snapshot show travel               # list a snapshot's tools",
    "tool-orch bench --policy oracle --out runs/a # benchmark a policy",
    "tool-orch report runs/a                      # turn the run into a web page",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. Without a command, print the help."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what its encoding does not have is shown as "?"
            stream.reconfigure(errors="replace")
    arguments = parser().parse_args((sys.argv[1:] if argv is None else argv) or ["--help"])
    try:
        return int(arguments.run(arguments))
    except ToolOrchError as error:
        return _failed(str(error))
    except BrokenPipeError:  # `tool-orch ... | head`
        sys.stderr.close()
        return 0
    except OSError as error:
        return _failed(f"{error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        print("tool-orch: stopped", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        "tool-orch",
        description=DESCRIPTION,
        epilog=epilog(EXAMPLES) + "\n\nRun `tool-orch COMMAND --help` for the options of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("-V", "--version", action="version", version=__version__)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    top.set_defaults(parser=top)  # `completion` describes it
    return top


def _failed(message: str) -> int:
    print(f"tool-orch: {showable(message)}", file=sys.stderr)
    return 2
