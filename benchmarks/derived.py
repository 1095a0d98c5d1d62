"""Measure a derived hit against a recorded one: cold, and warm from the memo; by look-up and through a step.

    python benchmarks/derived.py [--calls 2000] [--disk]

The world is that of tests/toy_api.py, with its lists made `--rows` long. Processor time; medians of rounds in turn.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import toy_api as toys

from tool_orch_env.episode import Episode, EpisodeLimits
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.folder import write
from tool_orch_env.task import GoldenCall, Task
from tool_orch_env.taskset import TaskSet

CALLS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "prefix": (
        "near",
        [{"place": place, "radius_km": 10, "limit": n} for place in toys.PLACES for n in range(1, 11)],
    ),
    "threshold + prefix": (
        "near",
        [{"place": place, "radius_km": n / 2, "limit": 3} for place in toys.PLACES for n in range(1, 11)],
    ),
    "filter + prefix": (
        "shops",
        [{"name": "fazer", "kind": kind, "limit": n} for kind in toys.KINDS for n in range(1, 11)],
    ),
    "concat of 3": (
        "lookup",
        [{"ids": [f"n{n}", f"n{n + 1}", "n9"]} for n in range(1, 30) if n not in (8, 9)],
    ),
    "complete": ("get", [{"id": f"n{n}"} for n in range(100, 130)]),
    "arithmetic": (
        "convert",
        [{"value": n, "from_unit": "celsius", "to_unit": "kelvin"} for n in range(2, 32)],
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each measurement (default 15)")
    parser.add_argument(
        "--disk", type=Path, help="a new folder: the snapshot is written there and opened from disk"
    )
    given = parser.parse_args()
    open_one = toys.snapshot if given.disk is None else opened_from(given.disk)
    recorded = {
        tool: measured(
            open_one, tool, [call for name, call in toys.plan() if name == tool][:30], given.rounds
        )
        for tool in toys.SPECS
    }
    print("microseconds; times a recorded hit of the same tool")
    print(f"{'':20} {'recorded':>9} {'cold look-up':>16} {'warm look-up':>16} {'warm step':>16}")
    for name, (tool, calls) in CALLS.items():
        _, hit, step = recorded[tool]
        times = measured(open_one, tool, calls, given.rounds)
        cells = (f"{t * 1e6:9.1f} {t / b:5.1f}x" for t, b in zip(times, (hit, hit, step), strict=True))
        print(f"{name:20} {hit * 1e6:9.1f}", *cells)


def opened_from(folder: Path) -> Callable[[], Snapshot]:
    about = {"name": "toy", "version": "1", "licence": "CC0-1.0", "sources": [], "captured": "", "notice": ""}
    records = {"responses": toys.recorded(toys.Api())}
    write(folder, catalog=toys.CATALOG, records=records, splits={}, **about)  # type: ignore[arg-type]

    def opened() -> Snapshot:
        first = Snapshot.open(folder, where="disk")
        return Snapshot(
            first.name, first.catalog, first._answers, first.manifest, first.path
        )  # with an empty memo

    return opened


def measured(
    open_one: Callable[[], Snapshot], tool: str, calls: list[dict[str, Any]], rounds: int
) -> tuple[float, float, float]:
    """Seconds of a look-up that was never made, of one that was, and of a step with one call."""
    cold, warm, steps = [], [], []
    for _ in range(rounds):
        world = open_one()
        world.lookup(tool, {**calls[0]})  # compiles the schema
        look_up = partial(world.lookup, tool)
        cold.append(timed(look_up, calls[1:]))
        warm.append(timed(look_up, calls))
        golden = GoldenCall(id="a", tool=tool, arguments=calls[0])
        task = Task(id="t", snapshot=world.name, request="x", tools=tuple(toys.SPECS), golden=(golden,))
        compiled = TaskSet(world, [task]).compiled("t")
        limits = EpisodeLimits(max_turns=1000, max_calls=1000)
        messages = [{"tool_calls": [{"name": tool, "arguments": call}]} for call in calls]
        Episode(compiled, limits=limits).step(messages[0])
        for message in messages:
            Episode(compiled, limits=limits).step(message)
        steps.append(timed(Episode(compiled, limits=limits).step, messages))
    return statistics.median(cold), statistics.median(warm), statistics.median(steps)


def timed(act: Callable[[Any], Any], items: Iterable[Any]) -> float:
    """Seconds per item."""
    some = list(items)
    start = time.process_time()
    for item in some:
        act(item)
    return (time.process_time() - start) / len(some)


if __name__ == "__main__":
    main()
