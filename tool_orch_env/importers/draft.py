"""The intermediate form of an imported row, between the format modules and `assembly`.

A `Draft` is one row as its file has it: nothing traced, no schema repaired, no response pooled.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

UNRECORDED: Final = object()
"""The response of a call for which the file has none. `None` is a response: JSON null."""


class Row(NamedTuple):
    """One row of a file. `place` is `file:line`, or `file: row N` in a pickle (N counts from 0)."""

    place: str
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One golden call.

    `turn` counts from 0 and is `None` if the file does not give the call's turn. `needs` has positions of golden
    calls, or is `None` if the file declares no dependencies.
    """

    tool: str
    arguments: dict[str, Any]
    response: Any = UNRECORDED
    turn: int | None = None
    needs: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One row. `functions` maps names to the row's own tool schemas, as they are in the file."""

    place: str
    id: str
    request: str
    tools: tuple[str, ...]
    steps: tuple[Step, ...]
    meta: dict[str, Any]
    functions: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def recorded(self) -> bool:
        """Whether the file has a response to every golden call."""
        return all(step.response is not UNRECORDED for step in self.steps)


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is recognised and read.

    `draft` reads one row (the row and its position) and raises `ValueError`, possibly pydantic's, if its shape is
    wrong. `published` is the sha256 of the published file, "" if none is known.
    """

    name: str
    title: str
    split: str
    source: str
    recognises: Callable[[dict[str, Any]], bool]
    draft: Callable[[Row, int], Draft]
    published: str = ""
