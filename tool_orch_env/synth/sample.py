"""Constrained sampling: draw a shape, and fill it with recorded calls.

A sample depends on the seed and its number alone, not on earlier samples or the process. `Unfillable` is raised, with
the reason, if the snapshot has nothing that meets the targets.
"""

from collections import Counter
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from ..errors import UsageError
from .fill import BUDGET, Filling, Sample, Spent
from .index import Index
from .reach import Reach
from .shapes import Forest, depth, fan, forests, size, width, written
from .targets import Targets, Weights, allows, draw

MAX_CALLS = 14
"""Maximum calls of a task. There are 87,811 forests of this many calls, and three times as many with one more."""
TRIES = 24
"""Maximum shapes of one size tried for one task."""


class Unfillable(UsageError):
    """The snapshot has nothing that meets the targets, or the targets contradict each other."""


class Outcome(NamedTuple):
    """Whether a shape was filled; `reason` says why not, "" if it was."""

    shape: Forest
    filled: bool
    reason: str


def generator(seed: int, *number: int | str) -> np.random.Generator:
    """A generator that depends on `seed` and `number` alone."""
    text = "/".join(map(str, (seed, *number))).encode()
    return np.random.Generator(np.random.PCG64(int.from_bytes(blake2b(text, digest_size=16).digest(), "big")))


class Sampler:
    """Draws samples from one index under one set of targets."""

    def __init__(self, index: Index, targets: Targets, reach: Reach | None = None) -> None:
        """Raises `Unfillable` if links rule out every shape of every size in the targets."""
        self.index = index
        self.targets = targets
        self.reach = reach or Reach(index)
        self._shapes: dict[tuple[int, int], list[Forest]] = {}
        self.refused: list[Outcome] = []
        """The shapes that links rule out, with reasons."""
        self.sizes = self._sizes()
        if not self.sizes:
            raise Unfillable(self._why())

    def _sizes(self) -> list[tuple[int, int, float]]:
        """Numbers of calls and depths that can be had together, with their weight."""
        if self.targets.calls[-1][0] > MAX_CALLS:
            raise UsageError(f"calls: expected at most {MAX_CALLS}, found {self.targets.calls[-1][0]}")
        found = []
        for calls, weight in self.targets.calls:
            deep: Weights = self.targets.depth or tuple((d, 1.0) for d in range(1, calls + 1))
            found += [(calls, level, weight * dict(deep)[level]) for level in self._by_depth(calls, deep)]
        return found

    def _by_depth(self, calls: int, deep: Weights) -> list[int]:
        by_depth: dict[int, list[Forest]] = {}
        for shape in forests(calls, deep[-1][0], max(self.targets.fan, self._chains(1))):
            if len(shape) > self._chains(depth(shape)) or fan(shape) > self.targets.fan:
                continue
            if not allows(deep, depth(shape)) or not allows(self.targets.width, width(shape)):
                continue
            reason = self.reach.reason(shape)
            if reason is None:
                by_depth.setdefault(depth(shape), []).append(shape)
            else:
                self.refused.append(Outcome(shape, False, reason))
        for level, shapes in by_depth.items():
            self._shapes[calls, level] = shapes
        return sorted(by_depth)

    def _chains(self, deep: int) -> int:
        """The most trees in a shape of that depth."""
        return self.targets.chains or (4 if deep == 1 else 2)

    def _why(self) -> str:
        """In words, what keeps every size from being filled."""
        counted = Counter(outcome.reason for outcome in self.refused)
        if not counted:
            return (
                f"no shape has {_said(self.targets.calls)} calls, depth {_said(self.targets.depth)} and width "
                f"{_said(self.targets.width)} with at most {self.targets.fan} calls waiting for one"
            )
        listed = "; ".join(f"{reason} ({times} shapes)" for reason, times in counted.most_common(3))
        return f"snapshot {self.index.snapshot.name!r} cannot fill this: {listed}"

    def sample(self, seed: int, *number: int | str) -> Sample:
        """The sample of a seed and number. Raises `Unfillable` if no size can be filled with the numbers of domains
        and repeated tools drawn."""
        rng = generator(seed, *number)
        sizes = list(self.sizes)
        limits = tuple(
            None if wanted is None else draw(wanted, rng)
            for wanted in (self.targets.domains, self.targets.repeats)
        )
        while sizes:
            weights = np.array([weight for _, _, weight in sizes])
            at = int(np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(), side="right"))
            calls, deep, _ = sizes.pop(min(at, len(sizes) - 1))
            found = self._of_size(self._shapes[calls, deep], (limits[0], limits[1]), rng)
            if found is not None:
                return found
        raise Unfillable(
            f"snapshot {self.index.snapshot.name!r}: no filling found with {_said(self.targets.calls)} calls, depth "
            f"{_said(self.targets.depth)}, {_said(limits[0])} domains and {_said(limits[1])} repeated tools"
        )

    def _of_size(
        self, shapes: list[Forest], limits: tuple[int | None, int | None], rng: np.random.Generator
    ) -> Sample | None:
        """A shape of this size drawn uniformly, then others while it cannot be filled."""
        for attempt in range(min(TRIES, 4 * len(shapes))):
            shape = shapes[int(rng.random() * len(shapes))]
            try:
                found = Filling(
                    self.index,
                    self.reach,
                    shape,
                    self.targets,
                    limits,
                    rng,
                    BUDGET if attempt else BUDGET // 10,
                ).run()
            except Spent:
                continue
            if found is not None:
                return found
        return None

    def survey(self, seed: int, budget: int = 20 * BUDGET, restarts: int = 3) -> list[Outcome]:
        """Try every shape of every size in the targets: each filled, or the reason why not, in order of size.

        Each shape gets `restarts` searches of `budget` calls.
        """
        found = list(self.refused)
        for shapes in self._shapes.values():
            found += [self._tried(shape, seed, budget, restarts) for shape in shapes]
        return sorted(found, key=lambda outcome: (size(outcome.shape), outcome.shape))

    def _tried(self, shape: Forest, seed: int, budget: int, restarts: int) -> Outcome:
        told = ""
        for attempt in range(restarts):
            rng = generator(seed, "survey", written(shape), attempt)
            search = Filling(self.index, self.reach, shape, self.targets, (None, None), rng, budget)
            try:
                if search.run() is not None:
                    return Outcome(shape, True, "")
            except Spent:
                told = f"not found in {attempt + 1} searches of {budget} calls: {search.stuck()}"
            else:
                return Outcome(shape, False, f"searched through: {search.stuck()}")
        return Outcome(shape, False, told)


def _said(wanted: Weights | int | None) -> str:
    if wanted is None:
        return "any"
    if isinstance(wanted, int):
        return str(wanted)
    values = [value for value, _ in wanted]
    return str(values[0]) if len(values) == 1 else f"{values[0]} to {values[-1]}"
