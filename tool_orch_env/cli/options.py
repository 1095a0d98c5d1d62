"""Options that several commands share."""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

from ..executors import EXECUTORS
from .command import Option, old_spelling, option


def whole(text: str) -> int:
    """A whole number of at least 1."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)


def natural(text: str) -> int:
    """A whole number of at least 0."""
    if not text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, found {text!r}")
    return int(text)


def number(least: float, most: float = sys.float_info.max) -> Callable[[str], float]:
    """A finite number of at least `least` and at most `most`."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not least <= found <= most:
            upto = f"from {least:g} to {most:g}" if most < sys.float_info.max else f"of at least {least:g}"
            raise argparse.ArgumentTypeError(f"expected a number {upto}, found {text!r}")
        return found

    return read


share = number(0, 1)
"""A share."""


def split(default: str) -> Option:
    """`--split`."""
    return option("--split", default=default, help="split of the snapshot's tasks")


def json_output(what: str) -> Option:
    """`--json`."""
    return option("--json", action="store_true", help=f"print {what} as JSON")


SNAPSHOT = option("--snapshot", default="travel", help="bundled snapshot or folder")
SNAPSHOT_ARGUMENT = option("snapshot", metavar="SNAPSHOT", help="bundled snapshot or folder")
ANSWER_FORM = option(
    "--answer-form",
    choices=("text", "fields"),
    default="text",
    help="the final answer: text, or a call of submit_answer with the facts as typed fields",
)
RUN = option("run_folder", type=Path, metavar="RUN", help="folder of a run")
RECORDED_JUDGE = option(
    "--judge",
    metavar="python:MODULE:FUNCTION",
    help="the judge that the run names: it is code, so it only runs if you name it too",
)
NEW_FOLDER = option("--out", type=Path, required=True, metavar="DIR", help="folder to create")

SPREAD = (
    option("--executor", default="local", metavar="WHERE", help=f"where to do the work: {EXECUTORS}"),
    old_spelling("--engine", "executor"),
    option(
        "--workers",
        type=whole,
        default=1,
        metavar="N",
        help="number of processes; the result does not depend on it",
    ),
)
