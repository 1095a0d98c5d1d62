"""Measure how many valid tasks per second three samplers find, by number of calls, in one run on one snapshot.

    python benchmarks/synth.py                         # a few minutes
    python benchmarks/synth.py --seconds 0.5 --plot out.svg

constrained     `synth.sample`: backtracking over the reverse index, look-ahead by tree; shapes are drawn uniformly
restart         the same index and links without backtracking and look-ahead: each call is drawn from the links of the
                call above it; at a dead end the whole chain starts again, at most 50 times
unconstrained   random tools with random recorded arguments in every place of a shape, kept if the result is valid

All three draw shapes from the same set (depth 1 to 5), and their results must meet the same requirements: every link
between calls carries a value that the user does not state, no call is superfluous, and every call that feeds no other
offers a fact. All results replay by construction, because only recorded calls are drawn. Acceptance is valid tasks per
attempt; an attempt of `restart` is up to 50 chains. Times are CPU time of one process, with the samplers in turn.

A second table has tasks per second from scenarios, at one number of calls: sampled and phrased, and audited as well.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.fill import Filling, Sample, slots
from tool_orch_env.synth.index import Index, Link
from tool_orch_env.synth.reach import Reach
from tool_orch_env.synth.sample import Sampler, generator
from tool_orch_env.synth.scenes import make
from tool_orch_env.synth.scenes.check import chosen
from tool_orch_env.synth.scenes.make import SceneMaker
from tool_orch_env.synth.targets import Targets, weights

RESTARTS = 50
Try = Callable[[int], object | None]


class Checked(Filling):
    """A filling whose calls are drawn elsewhere, with the checks of the real search."""

    def accepts(self, drawn: list[tuple[int, Link | None]]) -> bool:
        """Whether these calls, in the order of the shape's places, form a valid task."""
        for at, (target, link) in enumerate(drawn):
            if target in self._sample.calls:
                return False
            self._push(at, self._slots[at], target, link)
            if self._fault(at):
                return False
        return self._every_leaf_has_a_fact()

    @property
    def sample(self) -> Sample:
        return self._sample


class Rivals:
    """The samplers for one number of calls."""

    def __init__(self, index: Index, reach: Reach, calls: int) -> None:
        self._index, self._reach = index, reach
        self._targets = Targets(calls=weights(calls), depth=weights("1-5"))
        self._sampler = Sampler(index, self._targets, reach)
        self._shapes = [shape for shapes in self._sampler._shapes.values() for shape in shapes]
        self._roots = np.flatnonzero(index.roots)
        self._by_tool = [np.array(some) for some in _by_tool(index)]

    def constrained(self, number: int) -> Sample | None:
        return self._sampler.sample(1, number)

    def restart(self, number: int) -> Sample | None:
        rng = generator(2, number)
        shape = self._shapes[int(rng.integers(len(self._shapes)))]
        for _ in range(RESTARTS):
            drawn: list[tuple[int, Link | None]] = []
            for slot in slots(shape):
                if slot.parent < 0:
                    drawn.append((int(rng.choice(self._roots)), None))
                    continue
                links = self._index.out(drawn[slot.parent][0])
                if not links:
                    break
                link = links[int(rng.integers(len(links)))]
                drawn.append((link.target, link))
            else:
                filling = self._checked(shape, rng)
                if filling.accepts(drawn):
                    return filling.sample
        return None

    def unconstrained(self, number: int) -> Sample | None:
        rng = generator(3, number)
        shape = self._shapes[int(rng.integers(len(self._shapes)))]
        drawn: list[tuple[int, Link | None]] = []
        for slot in slots(shape):
            group = self._by_tool[int(rng.integers(len(self._by_tool)))]
            target = int(rng.choice(group))
            link = None
            if slot.parent < 0:
                if not self._index.roots[target]:
                    return None
            else:
                links = self._index.into(drawn[slot.parent][0], target)
                if not links:
                    return None
                link = links[0]
            drawn.append((target, link))
        filling = self._checked(shape, rng)
        return filling.sample if filling.accepts(drawn) else None

    def _checked(self, shape: tuple, rng: np.random.Generator) -> Checked:
        return Checked(self._index, self._reach, shape, self._targets, (None, None), rng)


def _by_tool(index: Index) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for number, call in enumerate(index.calls):
        groups.setdefault(call.tool, []).append(number)
    return [groups[tool] for tool in sorted(groups)]


def measured(attempt: Try, seconds: float, first: int) -> tuple[int, int, float]:
    """Valid tasks, attempts and CPU seconds, running for at least `seconds` CPU seconds."""
    valid = attempts = 0
    start = time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for _ in range(10):
            valid += attempt(first + attempts) is not None
            attempts += 1
    return valid, attempts, spent


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare three samplers.")
    parser.add_argument("--snapshot", default="travel")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="per sampler, size and round (three rounds)"
    )
    parser.add_argument("--calls", default="2-11")
    parser.add_argument("--plot", type=Path, help="an .svg or .png")
    given = parser.parse_args()
    index = Index(Snapshot.open(given.snapshot))
    index.masks  # noqa: B018  # built before the clock runs
    reach = Reach(index)
    names = ("constrained", "restart", "unconstrained")
    rates: dict[str, list[float]] = {name: [] for name in names}
    table = Table(title="valid tasks per second of CPU time, and acceptance")
    for column in ("calls", *names, "constrained / restart", "constrained / unconstrained"):
        table.add_column(column, justify="right")
    sizes = [calls for calls, _ in weights(given.calls)]
    for calls in sizes:
        rivals = Rivals(index, reach, calls)
        for number in range(200):
            rivals.constrained(10**6 + number)  # options of links are remembered; warm as a long run is
        found = {name: [0, 0, 0.0] for name in names}
        for turn in range(3):
            for name in names:
                got = measured(getattr(rivals, name), given.seconds, turn * 10**5)
                found[name] = [a + b for a, b in zip(found[name], got, strict=True)]
        cells = []
        for name in names:
            valid, attempts, spent = found[name]
            rates[name].append(valid / spent)
            cells.append(f"{valid / spent:,.1f} ({valid / attempts:.2%})")
        ratios = [ratio(rates["constrained"][-1], found[name][0], found[name][2]) for name in names[1:]]
        table.add_row(str(calls), *cells, *ratios)
    Console(width=130).print(table)
    Console(width=130).print(scenes(index.snapshot, given.seconds))
    if given.plot:
        plot(sizes, rates, given.plot)


def scenes(snapshot: Snapshot, seconds: float, calls: int = 4) -> Table:
    """Tasks of `calls` calls per second of CPU time, without and with the audit, from the scenarios of which most tasks
    in `train` have that size."""
    sizes: dict[str, list[int]] = {}
    for task in snapshot.tasks("train"):
        sizes.setdefault(task.meta["scenario"], []).append(len(task.golden))
    usual = tuple(name for name, some in sizes.items() if 2 * some.count(calls) > len(some))
    table = Table("scenarios", "tasks per second", title=f"tasks of {calls} calls from scenarios")
    maker = SceneMaker(
        snapshot, chosen(snapshot.name, snapshot, usual), Targets(calls=weights(str(calls))), 0
    )
    for number in range(40):
        maker.make(10**6 + number)
    for what in ("sampled and phrased", "audited as well"):
        with patch.object(make, "audit", make.audit if what == "audited as well" else lambda *_: []):
            valid, _, spent = measured(lambda number: maker.make(number).task, 5 * seconds, 0)
        table.add_row(what, f"{valid / spent:,.1f}")
    return table


def ratio(one: float, valid: int, spent: float) -> str:
    """Speed ratio as text; a lower bound if the other sampler found nothing in its time."""
    return f"{one * spent / valid:,.1f}" if valid else f"> {one * spent:,.0f}"


def plot(sizes: list[int], rates: dict[str, list[float]], path: Path) -> None:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "tool-orch-env"}):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for (name, found), mark in zip(rates.items(), "os^", strict=True):
            shown = [(n, rate) for n, rate in zip(sizes, found, strict=True) if rate > 0]
            axes.plot(*zip(*shown, strict=True), marker=mark, label=name)
        axes.set(yscale="log", xlabel="calls", ylabel="valid tasks per second, one core", xticks=sizes)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
