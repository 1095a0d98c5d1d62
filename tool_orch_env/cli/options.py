"""Options that several commands share."""

import argparse
from pathlib import Path

from ..executors import EXECUTORS
from .command import Option, old_spelling, option


def whole(text: str) -> int:
    """A whole number of at least 1."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)


def share(text: str) -> float:
    """A share from 0 to 1."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 1, found {text!r}")
    return found


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
