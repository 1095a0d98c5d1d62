"""`tool-orch demo` and `tool-orch play`."""

import argparse
import time

from .command import command, option
from .options import ANSWER_FORM, SNAPSHOT, split

POLICIES = ("oracle", "random", "junk")


@command(
    SNAPSHOT,
    split("test"),
    option("--seed", type=int, default=0, help="seed of the random policy"),
    examples=(
        "tool-orch demo",
        "tool-orch demo --split handmade",
        "tool-orch demo --snapshot elements",
    ),
)
def demo(arguments: argparse.Namespace) -> int:
    """Score three policies and print one annotated episode.

    The policies are scripted: an oracle, one that makes random calls, and one
    that calls the right tools with placeholder values.
    """
    from ..snapshot import Snapshot
    from .terminal import console, episodes

    start = time.perf_counter()
    snapshot = Snapshot.open(arguments.snapshot)
    tasks = snapshot.tasks(arguments.split)
    episodes.scores(snapshot, tasks, arguments.split, POLICIES, arguments.seed)
    deepest = max(tasks, key=lambda task: (task.depth, len(task.answer) > 0, len(task.golden)))
    episodes.episode(deepest, snapshot)
    console.line(f"{len(POLICIES)} policies on {len(tasks)} tasks in {time.perf_counter() - start:.1f} s")
    return 0


@command(
    SNAPSHOT,
    split("test"),
    option("--task", metavar="ID", help="task to play (default: drawn with --seed)"),
    option("--seed", type=int, help="seed of the draw (default: a new one each time)"),
    ANSWER_FORM,
    examples=(
        "tool-orch play",
        "tool-orch play --seed 1",
        "tool-orch play --snapshot demo --task demo-004",
    ),
)
def play(arguments: argparse.Namespace) -> int:
    """Play an episode yourself in the terminal."""
    from ..snapshot import Snapshot
    from .terminal import episodes

    snapshot = Snapshot.open(arguments.snapshot)
    episodes.play(snapshot, arguments.split, arguments.task, arguments.seed, arguments.answer_form)
    return 0
