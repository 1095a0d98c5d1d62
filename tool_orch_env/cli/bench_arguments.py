"""The arguments of `tool-orch bench` and `tool-orch report`. What they do is loaded when they are run.

Enters: the subparsers of the command line. Leaves: the same with these commands added.
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .options import add_executor, whole

POLICY = "oracle, random, junk and other scripted ones, openai:MODEL@URL, vllm:PATH, python:MODULE:FUNCTION"


def add(commands: Any, command: Any) -> None:
    """Add `bench` and `report`; `command(commands, name, run, help)` makes one."""
    bench = command(
        commands, "bench", _late("..cli.bench", "run"), "benchmark a policy; again: goes on where it stopped"
    )
    _what(bench)
    _how(bench)
    bench.add_argument("--json", action="store_true", help="the summary as JSON on standard output")
    actions = bench.add_subparsers(metavar="[rescore | compare]")

    again = command(
        actions, "rescore", _late("..cli.bench", "rescore"), "score recorded messages anew, offline"
    )
    again.add_argument("run_folder", type=Path, metavar="RUN", help="the folder of a run")
    again.add_argument("--snapshot", help="where the snapshot is now, if it has moved")
    again.add_argument("--out", type=Path, metavar="DIR", help="write the run there (default: in place)")
    again.add_argument("--json", action="store_true", help="the summary as JSON on standard output")

    pair = command(
        actions, "compare", _late("..cli.bench", "compare_runs"), "paired differences between two runs"
    )
    pair.add_argument("first", type=Path, metavar="A")
    pair.add_argument("second", type=Path, metavar="B")
    pair.add_argument("--anyway", action="store_true", help="compare across different fingerprints")
    pair.add_argument("--json", action="store_true", help="as JSON on standard output")

    report = command(
        commands,
        "report",
        _late("..bench.report", "command"),
        "write one HTML page of a run, to look at offline",
    )
    report.add_argument("run_folder", type=Path, metavar="RUN", help="the folder of a run")
    report.add_argument("--out", type=Path, metavar="FILE", help="default: report.html in the run's folder")


def _what(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("--policy", help=POLICY)
    bench.add_argument(
        "--tasks", default="travel", help="NAME[:SPLIT], a folder, or a file (default travel, test)"
    )
    bench.add_argument("--snapshot", help="of a task file: a bundled name or a folder")
    bench.add_argument("--protocol", choices=("toolorch", "cfb-offline"), default="toolorch")
    bench.add_argument("--strict", action="store_true", help="cfb-offline without its loopholes")
    bench.add_argument(
        "--deciding", type=Path, metavar="FILE", help="cfb-offline: parameters that decide a call"
    )
    bench.add_argument(
        "--judge",
        metavar="python:MODULE:FUNCTION",
        help="cfb-offline: asked whether a call equals a golden one where no rule says so (default: nobody)",
    )
    bench.add_argument("--out", type=Path, metavar="DIR", help="the run's folder")
    bench.add_argument("--limit", type=whole, metavar="N", help="the first N tasks only")
    bench.add_argument("--trials", type=whole, default=1, metavar="N", help="episodes per task (default 1)")


def _how(bench: argparse.ArgumentParser) -> None:
    bench.add_argument(
        "--concurrency", type=whole, default=8, metavar="N", help="episodes at once (default 8)"
    )
    bench.add_argument(
        "--timeout", type=float, default=120.0, metavar="S", help="per request (default 120 s)"
    )
    bench.add_argument(
        "--retries", type=int, default=2, metavar="N", help="of connections, 429 and 5xx (default 2)"
    )
    bench.add_argument("--retry-failed", action="store_true", help="play again what the policy broke off")
    bench.add_argument("--seed", type=int, default=0)
    bench.add_argument(
        "--tools", choices=("native", "prompt"), default="native", help="tools by the API, or in the prompt"
    )
    bench.add_argument(
        "--vllm-args", default="", metavar="ARGS", help="of vllm: further arguments of its server"
    )
    add_executor(bench)
    bench.add_argument("--temperature", type=float, default=0.0)
    bench.add_argument(
        "--max-tokens", type=whole, default=2048, metavar="N", help="per message (default 2048)"
    )


def _late(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """A function of this package's, imported when it is called."""

    def run(arguments: argparse.Namespace) -> int:
        try:
            found = getattr(import_module(module, __package__), name)
        except ImportError as error:
            raise UsageError(f"needs {error.name}: install 'tool-orch-env[bench-models]'") from error
        return int(found(arguments))

    return run
