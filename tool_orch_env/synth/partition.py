"""Partitions of entities and templates, which keep splits apart.

An *entity* is what a request names directly: for the graph walk, a recorded call that needs no other; for a scenario,
what a slot is drawn from. A *template* is the golden calls' tools and what feeds what, without entities. Both are
assigned by hash: partitions whose ranges do not overlap have nothing in common.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from ..task import Task
from .index import Index


@dataclass(frozen=True, slots=True)
class Part:
    """What has a hash in [low, high), a part of [0, 1)."""

    low: float
    high: float

    def has(self, text: str) -> bool:
        """Whether the entity with this name belongs to the part."""
        return self.low <= place(text) < self.high


@dataclass(frozen=True, slots=True)
class Partition(Part):
    """A part of entities and templates. If `templates` is false, every template belongs to it."""

    templates: bool = True

    def roots(self, index: Index) -> Any:
        """Which recorded calls of the index are entities of this partition: `(calls,)` bool."""
        return np.array([self.has(f"entity/{key}") for key in index.calls.replay_keys()], dtype=bool)

    def holds(self, task: Task) -> bool:
        """Whether the task's template belongs to this partition."""
        return not self.templates or self.has(f"template/{task.meta['template']}")


def place(text: str) -> float:
    """A hash of the text, uniform in [0, 1)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
