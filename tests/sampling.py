"""How many of the bundled tasks the tests of `make data` look at: all, or every `EVERY`-th, as CI does."""

import os
from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")

EVERY = int(os.environ.get("EVERY", "1"))


def every(tasks: Sequence[One]) -> Sequence[One]:
    """Every `EVERY`-th of some tasks; all of a few."""
    return tasks[::EVERY] if len(tasks) > 20 * EVERY else tasks
