"""What every format is brought to before a snapshot is made of it.

Enters: nothing; this is the vocabulary between the formats and `assembly`. A `Draft` is one row as its file
tells it: nothing traced, no schema repaired, no response pooled.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

UNRECORDED: Final = object()
"""Stands for the response of a call to which the file gives none; `None` is a response (JSON null)."""


class Row(NamedTuple):
    """One row of a file; `place` is `file:line`, or `file: row N` in a pickle (N counts from 0)."""

    place: str
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One golden call.

    `turn` counts from 0 and is `None` where the file does not say in which turn the call stands. `needs` are
    positions of golden calls, or `None` where the file declares no dependencies.
    """

    tool: str
    arguments: dict[str, Any]
    response: Any = UNRECORDED
    turn: int | None = None
    needs: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One row. `functions` are the tool schemas it carries itself, by name, as they are in the file."""

    place: str
    id: str
    request: str
    tools: tuple[str, ...]
    steps: tuple[Step, ...]
    meta: dict[str, Any]
    functions: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def recorded(self) -> bool:
        """Whether the file gives a response to every golden call."""
        return all(step.response is not UNRECORDED for step in self.steps)


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is known and read.

    `drafts` reads one row and raises `ValueError` (pydantic's among them) if it has another shape;
    `published` is the sha256 of the whole published file, "" if none is known.
    """

    name: str
    title: str
    split: str
    source: str
    recognises: Callable[[dict[str, Any]], bool]
    draft: Callable[[Row, int], Draft]
    published: str = ""
