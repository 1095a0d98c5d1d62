"""The variants of a task: valid calls that an agent could as well make as the golden ones."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from . import parameters
from .beside import beside
from .follow import follow
from .reworded import reworded
from .trace import Arguments, Strand, Trace, written

KINDS = {"reworded": reworded, "beside": beside, "follow": follow}
"""The kinds of variants, in the order in which they are made, and what makes them."""
LEAST = 8
"""Variants of a golden call, if its tool's schema and its reply suggest that many."""
_FIRST = {"reworded": 2, "beside": 2, "follow": 3}
"""Alternatives of a strand that are always taken, by kind. Further ones make up for a lack of variants."""


class Variant(NamedTuple):
    """A valid call made from a golden call. `how` says what was changed, or where its values come from."""

    kind: str
    how: str
    tool: str
    arguments: Arguments


def variants(trace: Trace, seed: int) -> list[Variant]:
    """The variants of all golden calls of a task, without its golden calls and without duplicates."""
    seen = {written(call.tool, call.arguments) for call in trace.task.golden}

    def new(kind: str, strand: Strand) -> Iterator[Variant]:
        for how, tool, arguments in strand:
            if parameters.valid(trace.catalog[tool], arguments):
                text = written(tool, arguments)
                if text not in seen:
                    seen.add(text)
                    yield Variant(kind, how, tool, arguments)

    found: list[Variant] = []
    for call in trace.task.golden:
        rng = random.Random(f"{seed} {trace.task.id} {call.id}")
        strands = [
            (new(kind, strand), _FIRST[kind])
            for kind, make in KINDS.items()
            for strand in make(trace, call, rng)
        ]
        found += _taken(strands)
    return found


def _taken(strands: Sequence[tuple[Iterator[Variant], int]]) -> list[Variant]:
    """So many of each strand, then one more of each in turn until there are `LEAST`."""
    found = [variant for strand, first in strands for variant in islice(strand, first)]
    left = [strand for strand, _ in strands]
    while left and len(found) < LEAST:
        further = [(strand, next(strand, None)) for strand in left]
        left = [strand for strand, variant in further if variant is not None]
        found += [variant for _, variant in further if variant is not None][: LEAST - len(found)]
    return found
