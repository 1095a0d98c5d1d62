"""Measure the cost of a step, as ratios within one process.

    python benchmarks/step.py            # about a minute; needs the extra [bench]
    python benchmarks/step.py --rounds 5 # quick

Every round times each variant of `variants.py` on the same calls, one after another, so that a slow machine slows down
all of them. Prints medians over the rounds, and the ratio to baseline B per round (median and range). Hits replay a
recorded call; invalid calls lack a required parameter and are repeated, as models do. `peers.py` makes the same
measurements together with GEM and OpenEnv.
"""

import argparse
import os
import tempfile

import rounds as timing
from variants import baseline_b, environment, floor_j, recorded
from work import messages


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=25, help="timed rounds per row (default 25)")
    rounds = parser.parse_args().rounds
    table = timing.Table(
        f"One step, medians of {rounds} interleaved rounds",
        ("case", "B µs", "J µs", "env µs", "env / B", "env / J"),
        "Microseconds of processor time are this machine's, ratios are the point.",
    )
    for kind, kilobytes in (("hit", 1), ("hit", 10), ("hit", 50), ("invalid", 10)):
        with tempfile.TemporaryDirectory() as folder:
            steps = {
                "B": baseline_b(kilobytes, folder),
                "J": floor_j(kilobytes),
                "env": environment(kilobytes),
            }
            runs = {name: timing.run_of(step, messages(kind)) for name, step in steps.items()}
            times = timing.measure(runs, rounds)
        table.add(
            f"{kind}, {kilobytes} KB",
            *(f"{timing.microseconds(times, name):.1f}" for name in steps),
            timing.shown(timing.ratios(times, "env", "B"), 3),
            timing.shown(timing.ratios(times, "env", "J"), 1),
        )
    table.print()
    travel(rounds).print()


def travel(rounds: int) -> timing.Table:
    """Hits on the bundled snapshot `travel` through the environment: its store on disk over the same in memory."""
    table = timing.Table(
        "A hit on travel, 1,024 different calls in turn",
        ("case", "memory µs", "store µs", "store / memory"),
        "At most 1.4 is the target.",
    )
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TOOL_ORCH_CACHE"] = folder
        runs = {}
        for where in ("memory", "disk"):
            step, sent = recorded(where)
            runs[where] = timing.run_of(step, sent, times=1)
        times = timing.measure(runs, rounds)
    table.add(
        "hit",
        *(f"{timing.microseconds(times, name):.1f}" for name in runs),
        timing.shown(timing.ratios(times, "disk", "memory")),
    )
    return table


if __name__ == "__main__":
    main()
