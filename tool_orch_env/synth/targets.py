"""Targets of synthesis: the sizes of tasks, as exact values, ranges or weights.

Whether a snapshot can fill them is not known here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError

Weights = tuple[tuple[int, float], ...]
"""Pairs of value and weight, sorted by value. The weights sum to 1."""

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_WEIGHED = re.compile(r"(\d+):(\d+(?:\.\d+)?)")
MAX = 64


def weights(given: "str | int | Mapping[int, float]", name: str = "value") -> Weights:
    """The weights that `5`, `2-11` (all alike), `2:1,3:2.5` or a mapping mean. `name` is for messages.

    Raises `UsageError`.
    """
    found = dict(given) if isinstance(given, Mapping) else _parsed(str(given).replace(" ", ""), name)
    total = sum(found.values())
    if not found or total <= 0 or min(found.values()) < 0 or min(found) < 0 or max(found) > MAX:
        raise UsageError(
            f"{name}: expected whole numbers from 0 to {MAX} with weights above 0, found {given!r}"
        )
    return tuple((value, weight / total) for value, weight in sorted(found.items()) if weight > 0)


def _parsed(text: str, name: str) -> dict[int, float]:
    whole = _RANGE.fullmatch(text)
    if whole:
        low, high = int(whole[1]), int(whole[2] or whole[1])
        if low > high or high > MAX:
            raise UsageError(f"{name}: expected a rising range up to {MAX}, found {text!r}")
        return dict.fromkeys(range(low, high + 1), 1.0)
    parts = [_WEIGHED.fullmatch(part) for part in text.split(",")]
    if not all(parts):
        raise UsageError(f'{name}: expected a number, a range such as "2-11", or "2:1,3:2.5", found {text!r}')
    return {int(part[1]): float(part[2]) for part in parts if part}


def draw(found: Weights, rng: np.random.Generator) -> int:
    """A random value, by weight."""
    point = rng.random()
    for value, weight in found:
        point -= weight
        if point < 0:
            return value
    return found[-1][0]


@dataclass(frozen=True, slots=True)
class Targets:
    """What to sample. A size is a `Weights`; `None` leaves it to chance.

    Args:
        calls: Number of golden calls.
        depth: Calls on the longest dependency path.
        width: Calls on the fullest level.
        domains: Number of tool domains.
        repeats: Number of calls whose tool an earlier call used.
        distractors: Number of tools offered in addition to the golden ones.
        closeness: Share of distractors that are close to the golden tools: neighbours in the dependency graph, or tools
            of the same domain; in [0, 1].
        fan: Maximum calls that depend on one call.
        chains: Maximum calls that depend on no other; `None` means 2, or 4 if the depth is 1.
        joins: How often a call that can take values from two responses is preferred, in [0, 1].
        twins: How often a second chain begins with the tool of the first, in [0, 1].
        compares: How often two responses are compared if possible, in [0, 1].

    Raises `UsageError` if a value is out of its range.
    """

    calls: Weights = ((3, 1.0),)
    depth: Weights | None = None
    width: Weights | None = None
    domains: Weights | None = None
    repeats: Weights | None = None
    distractors: Weights = ((3, 1.0),)
    closeness: float = 0.5
    fan: int = 3
    chains: int | None = None
    joins: float = 0.5
    twins: float = 0.7
    compares: float = 0.5

    def __post_init__(self) -> None:
        if self.calls[0][0] < 1 or (self.depth and self.depth[0][0] < 1):
            raise UsageError("calls, depth: expected values of at least 1")
        for name in ("closeness", "joins", "twins", "compares"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name}: expected a share from 0 to 1, found {getattr(self, name)}")


def allows(wanted: Weights | None, value: int) -> bool:
    """Whether `value` is one of the wanted values; always if `wanted` is `None`."""
    return wanted is None or any(value == one for one, _ in wanted)
