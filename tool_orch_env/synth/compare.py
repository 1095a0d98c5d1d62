"""Comparisons of two responses in a request: "whichever of Finland and Norway has more inhabitants".

The *winner* is a call that exactly one other call depends on, or only the answer. The *loser* is a call of the same
tool, made no later, whose response has another number at the same place. A dependent call then needs both, and its
bindings still point to the winner; if the answer depends on the winner, the winner's facts are asked for. The loser is
in the trace for a fact or call of its own, so nothing becomes superfluous.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..jsonvalues import pointer
from .fill import Sample, slots
from .index import Index, Link

ANSWER = -1
"""Stands for the answer, in place of the position of a dependent call."""


class Comparison(NamedTuple):
    """A comparison of two calls by the number at `pointer`.

    `winner`, `loser` and `waiting` are positions of calls; `waiting` depends on the winner. `choose` is `max` or `min`,
    `words` is a phrase such as "has more seats".
    """

    winner: int
    loser: int
    waiting: int
    pointer: str
    choose: str
    words: str

    def as_dict(self) -> dict[str, Any]:
        """The entry of the task's `meta`, without `call` if the answer depends on the winner."""
        return {
            **({} if self.waiting == ANSWER else {"call": f"c{self.waiting + 1}"}),
            "winner": f"c{self.winner + 1}",
            "loser": f"c{self.loser + 1}",
            "pointer": self.pointer,
            "choose": self.choose,
        }


def compared(sample: Sample, index: Index, rng: np.random.Generator) -> tuple[Sample, Comparison] | None:
    """A random comparison that the sample allows, and the sample with the loser before the dependent call.

    `None` if the sample allows no comparison.
    """
    found = list(_comparisons(sample, index))
    if not found:
        return None
    chosen = found[int(rng.integers(len(found)))]
    if chosen.waiting == ANSWER:
        return sample, chosen
    first = _upstream(sample, chosen.loser)
    order = sorted(range(len(sample.calls)), key=lambda at: (at not in first, at))
    place = {old: new for new, old in enumerate(order)}
    winner, loser, waiting = (place[at] for at in (chosen.winner, chosen.loser, chosen.waiting))
    return _reordered(sample, order, place), chosen._replace(winner=winner, loser=loser, waiting=waiting)


def _comparisons(sample: Sample, index: Index) -> Iterator[Comparison]:
    for winner, waiting in _awaited(sample, index):
        for loser in _rivals(winner, waiting, sample):
            for place, said in index.entry(sample.calls[winner]).compares.items():
                one, other = (_number(index.response(sample.calls[at]), place) for at in (winner, loser))
                if one is None or other is None or one == other:
                    continue
                choose = "max" if one > other else "min"
                for words in said.get(choose, ()):
                    yield Comparison(winner, loser, waiting, place, choose, words)


def _awaited(sample: Sample, index: Index) -> Iterator[tuple[int, int]]:
    """Calls that only the answer waits for, or one other by a link from outside of lists; and what waits."""
    out: dict[int, list[tuple[int, Link]]] = {at: [] for at in range(len(sample.calls))}
    for at, links in enumerate(sample.links):
        for source, link in links:
            out[source].append((at, link))
    for source, found in out.items():
        if not found:
            yield source, ANSWER
        elif len(found) == 1 and found[0][1].item is None and _speakable(*found[0], source, sample, index):
            yield source, found[0][0]


def _speakable(waiting: int, link: Link, winner: int, sample: Sample, index: Index) -> bool:
    """Whether what waits speaks of the winner once, and of a thing of its own."""
    entry = index.entry(sample.calls[winner])
    words = {entry.relation(pointer.pattern(bind.pointer)) for bind in link.binds}
    own = index.entry(sample.calls[waiting]).np
    return len(words) == 1 and not (words == {"{it}"} and re.fullmatch(r"\{\w+\}", own))


def _rivals(winner: int, waiting: int, sample: Sample) -> Iterator[int]:
    """Other calls of the winner's tool that do not hang together with it, on levels above what waits."""
    level = [slot.level for slot in slots(sample.shape)]
    for loser, tool in enumerate(sample.tools):
        if loser == winner or tool != sample.tools[winner]:
            continue
        if waiting != ANSWER and level[loser] >= level[waiting]:
            continue
        if loser not in _upstream(sample, winner) and winner not in _upstream(sample, loser):
            yield loser


def _number(response: Any, place: str) -> float | None:
    try:
        value = pointer.resolve(response, place)
    except LookupError:
        return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _upstream(sample: Sample, at: int) -> set[int]:
    """A call and all that it waits for."""
    found = {at}
    for source, _ in sample.links[at]:
        found |= _upstream(sample, source)
    return found


def _reordered(sample: Sample, order: list[int], place: dict[int, int]) -> Sample:
    return replace(
        sample,
        calls=[sample.calls[at] for at in order],
        tools=[sample.tools[at] for at in order],
        links=[[(place[source], link) for source, link in sample.links[at]] for at in order],
        picks={(place[at], list_, item): criterion for (at, list_, item), criterion in sample.picks.items()},
    )
