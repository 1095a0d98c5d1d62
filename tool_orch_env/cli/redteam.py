"""`tool-orch redteam`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ToolOrchError, UsageError
from .command import command, option
from .options import json_output, split, whole

if TYPE_CHECKING:
    from ..reward.config import Reward, Score
    from ..task import Task
    from ..taskset import TaskSet


@command(
    option("--snapshot", help="bundled snapshot or folder (default: travel, or the one of --tasks)"),
    split("test"),
    option("--tasks", type=Path, metavar="FILE", help="task file, or a file that `import` reads"),
    option(
        "--reward",
        default="graduated",
        metavar="REWARD",
        help="a preset, or MODULE:NAME of a RewardConfig or of a function from Score to a number",
    ),
    option("--n", type=whole, metavar="N", help="number of tasks, drawn with --seed (default: all)"),
    option("--seed", type=int, default=0, help="seed of tasks, agents and exploits"),
    json_output("the report"),
    examples=(
        "tool-orch redteam --n 50                     # about five seconds",
        "tool-orch redteam --reward mine:my_reward    # my_reward in mine.py",
        "tool-orch redteam --reward binary --split hard",
        "tool-orch redteam --tasks tasks.jsonl --json",
    ),
)
def redteam(arguments: argparse.Namespace) -> int:
    """Attack a reward with a library of exploits.

    Each exploit tries to be paid without doing the work: it rotates the facts
    of the answer, fetches every row, calls tools with placeholders, and so on.
    What it earns is shown next to agents that work. "Honest" ones see a wrong
    pick in its reply and repair it; "careless" ones do not. A pick is a call
    with a value from another reply, and is right with probability p.

    The exit status is 1 if an exploit earns more than it may.

    A reward of your own is a function of the score so far, for example in
    mine.py:

        def my_reward(score):
            return 0.5 * score.atomic + 0.5 * score.success
    """
    from ..bench.redteam import attack
    from .terminal import redteam
    from .terminal.console import counted

    reward = _reward(arguments.reward)
    task_set = _task_set(arguments, reward)
    report = attack(
        task_set, reward, arguments.seed, lambda names: counted(names, len(task_set.ids), "redteam")
    )
    if arguments.json:
        print(json.dumps({"reward": arguments.reward, "seed": arguments.seed, **report.as_dict()}, indent=1))
    else:
        redteam.report(report, arguments.reward, task_set.snapshot.name)
    return 1 if report.faults else 0


def _reward(text: str) -> "Reward":
    """The preset, or what `MODULE:NAME` names. Raises `UsageError`."""
    from ..bench.imported import imported
    from ..reward.config import PRESETS, RewardConfig, configured

    if text in PRESETS:
        return text
    if ":" not in text:
        raise UsageError(
            f"--reward {text!r}: expected one of {', '.join(PRESETS)}, or MODULE:NAME, such as mine:my_reward"
        )
    found = imported(text.removeprefix("python:"), example="my_reward")
    configured(found)
    return found if isinstance(found, RewardConfig) else _guarded(found, text)


def _guarded(function: "Callable[[Score], Any]", name: str) -> "Callable[[Score], float]":
    """The user's function, with what it raises as a `UsageError` that says where."""
    from ..bench.imported import raised_at

    def reward(score: "Score") -> float:
        try:
            return function(score)  # type: ignore[no-any-return]  # checked where it is used
        except ToolOrchError:
            raise
        except Exception as error:
            raise UsageError(f"{name}: {type(error).__name__}: {error}{raised_at(error)}") from error

    return reward


def _task_set(arguments: argparse.Namespace, reward: "Reward") -> "TaskSet":
    """The tasks that the options name."""
    from ..bench.taskset import load_task_set
    from ..snapshot import Snapshot
    from ..taskset import open_task_set

    if arguments.tasks is not None:
        if not arguments.tasks.is_file():
            raise UsageError(f"--tasks: no task file {str(arguments.tasks)!r}")
        loaded = load_task_set(str(arguments.tasks), arguments.snapshot)
        snapshot, tasks = loaded.snapshot, loaded.tasks
    else:
        snapshot = Snapshot.open(arguments.snapshot or "travel")
        tasks = snapshot.tasks(arguments.split)
    if arguments.n is not None and arguments.n < len(tasks):
        tasks = _drawn(tasks, arguments.n, arguments.seed)
    return open_task_set(snapshot, tasks=tasks, reward=reward)


def _drawn(tasks: "list[Task]", n: int, seed: int) -> "list[Task]":
    """`n` of the tasks, in their order."""
    import numpy as np

    chosen = np.random.default_rng(seed).choice(len(tasks), n, replace=False)
    return [tasks[index] for index in sorted(chosen.tolist())]
