"""A part of what a snapshot can ask: which entities a request may name, and which templates it may have.

Enters: shares. Leaves: a `Part` that knows its own. Both are dealt out by hash, so that parts with different
shares have nothing in common: an entity or template is in the part whose range its hash falls into.

An *entity* is what a request names outright: a recorded call that needs no other. A *template* is the golden
calls' tools with what feeds what, entities aside.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from ..task import Task
from .index import Index


@dataclass(frozen=True, slots=True)
class Partition:
    """Entities and templates whose hash is in [low, high), a part of [0, 1). `templates` off: all templates."""

    low: float
    high: float
    templates: bool = True

    def roots(self, index: Index) -> Any:
        """Which recorded calls of the index are entities of this part: an array of bool."""
        return np.array([self._has(f"entity/{call.key}") for call in index.calls], dtype=bool)

    def holds(self, task: Task) -> bool:
        """Whether the task's template is of this part."""
        return not self.templates or self._has(f"template/{task.meta['template']}")

    def _has(self, text: str) -> bool:
        return self.low <= place(text) < self.high


def place(text: str) -> float:
    """A number in [0, 1) that depends on the text alone, each equally likely."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
