"""Options that several commands share."""

import argparse

from ..executors import EXECUTORS


def add_executor(command: argparse.ArgumentParser) -> None:
    """`--executor` and `--workers`, for every command that spreads its work."""
    command.add_argument(
        "--executor",
        "--engine",
        dest="executor",
        default="local",
        metavar="WHERE",
        help=f"where work is done: {EXECUTORS} (default local)",
    )
    command.add_argument(
        "--workers", type=whole, default=1, metavar="N", help="processes; the bytes are the same (default 1)"
    )


def whole(text: str) -> int:
    """An argument that counts something."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)
