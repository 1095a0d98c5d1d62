"""Adding typing errors to requests, seeded, and never in a value that a request must state.

Two letters are swapped, one is left out, or one is typed twice, in plain words of five letters or more. A request that
would fail the audit is left as it is. The same task, seed and share always make the same request.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..answers.text import folded
from ..errors import UsageError
from ..jsonvalues import pointer
from ..snapshot import Snapshot
from ..task import Task
from .audit import audit
from .sample import generator

_WORD = re.compile(r"(?<![\w'’-])[a-z]{5,}(?![\w'’-])")


def mistyped(tasks: Iterable[Task], snapshot: Snapshot, share: float, seed: int = 0) -> Iterator[Task]:
    """The tasks, with typing errors in about `share` of the plain words of each request.

    Raises `UsageError` unless 0 < `share` <= 1.
    """
    if not 0 < share <= 1:
        raise UsageError(f"typos: expected a share of words above 0 and up to 1, found {share}")
    for task in tasks:
        rng = generator(seed, task.id, "typos")
        other = task.model_copy(update={"request": _typed(task, share, rng)})
        yield task if audit(other, snapshot) else other


def _typed(task: Task, share: float, rng: np.random.Generator) -> str:
    kept = set(_words_of_values(task))

    def typed(match: re.Match[str]) -> str:
        word = match[0]
        return word if rng.random() >= share or word in kept else _slip(word, rng)

    return _WORD.sub(typed, task.request)


def _words_of_values(task: Task) -> Iterator[str]:
    """Every word of the values that golden calls take and criteria name."""
    values: list[Any] = [value for call in task.golden for _, value in pointer.leaves(call.arguments)]
    values += [pick["criterion"].get("value") for pick in task.meta.get("picks", ())]
    for value in values:
        yield from re.findall(r"\w+", folded(str(value)))


def _slip(word: str, rng: np.random.Generator) -> str:
    """The word with one slip after its first letter."""
    at = int(rng.integers(1, len(word) - 1))
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return (swapped, word[:at] + word[at + 1 :], word[: at + 1] + word[at:])[int(rng.integers(3))]
