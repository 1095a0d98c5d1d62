"""What tasks are asked for: sizes as exact values, ranges or weights.

Enters: text of the command line, numbers, or weights. Leaves: `Targets`. Whether a snapshot can fill them is not
known here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError

Weights = tuple[tuple[int, float], ...]
"""Values with their weights, by value; weights add up to 1."""

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_WEIGHED = re.compile(r"(\d+):(\d+(?:\.\d+)?)")
MAX = 64


def weights(given: "str | int | Mapping[int, float]", name: str = "value") -> Weights:
    """The weights in `5`, `2-11` (each alike) or `2:1,3:2.5`; raises `UsageError`."""
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
            raise UsageError(f"{name}: expected a range that rises, up to {MAX}, found {text!r}")
        return dict.fromkeys(range(low, high + 1), 1.0)
    parts = [_WEIGHED.fullmatch(part) for part in text.split(",")]
    if not all(parts):
        raise UsageError(f'{name}: expected a number, a range such as "2-11", or "2:1,3:2.5", found {text!r}')
    return {int(part[1]): float(part[2]) for part in parts if part}


def draw(found: Weights, rng: np.random.Generator) -> int:
    """One value, by its weight."""
    point = rng.random()
    for value, weight in found:
        point -= weight
        if point < 0:
            return value
    return found[-1][0]


@dataclass(frozen=True, slots=True)
class Targets:
    """What to sample. Each size is a `Weights`; `None` leaves it to chance.

    `calls` and `depth` (calls on the longest path) are exact per task. `width` is the fullest level, `domains`
    the number of tool domains, `repeats` how many calls use a tool that an earlier one used. `fan` bounds the
    calls that wait for one call. `joins` is how often a call that could take
    values from two responses is preferred, `twins` how often a second chain begins with the first one's tool;
    `compares` how often two responses are compared where they can be; all in [0, 1].
    `chains` is the most calls that wait for none; `None` means 2, or 4 where nothing waits for anything.
    `distractors` are tools offered beyond the golden ones; `closeness` is the share of them that stands near the
    golden tools in the dependency graph.
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
            raise UsageError("calls, depth: expected at least 1")
        for name in ("closeness", "joins", "twins", "compares"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name}: expected a share from 0 to 1, found {getattr(self, name)}")


def allows(wanted: Weights | None, value: int) -> bool:
    """Whether `value` is among the wanted ones; anything is, where nothing is asked."""
    return wanted is None or any(value == one for one, _ in wanted)
