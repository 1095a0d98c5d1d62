"""The progress of reading a large snapshot, on a terminal only."""

import sys
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

WORTH_SHOWING = 20_000
"""Number of items from which progress is shown. Fewer take less than a second."""


def shown(items: Iterable[T], total: int, what: str) -> Iterable[T]:
    """The items; if there are many and standard error is a terminal, a bar shows how many were taken."""
    if total < WORTH_SHOWING or sys.stderr is None or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, what, total, console=Console(stderr=True), transient=True)
