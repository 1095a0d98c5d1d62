"""The tasks and the protocol that the options of `bench`, or the manifest of a run, name."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from ..bench.cfb_match import Judge
    from ..bench.protocols import Arena
    from ..bench.taskset import TaskSet
    from ..snapshot import Snapshot
    from ..task import Task


def named_arena(source: Mapping[str, Any], arguments: argparse.Namespace) -> "Arena":
    """The tasks that the options name, under their protocol."""
    from ..bench.cfb import CfbOptions
    from ..bench.protocols import Arena
    from ..bench.taskset import load_task_set
    from .terminal.console import warn

    loaded = load_task_set(source["tasks"], source["snapshot"], arguments.deciding)
    if loaded.verified is False:
        warn(f"{source['tasks']}: not the published file; figures are not comparable with published ones")
    tasks = loaded.tasks[: source["limit"]]
    if not tasks:
        raise UsageError(f"{source['tasks']}: no tasks")
    deciding = loaded.deciding if arguments.protocol == "cfb-offline" else {}
    options = CfbOptions(arguments.strict, deciding, _judge(arguments.judge))
    return Arena(tasks, loaded.snapshot, arguments.protocol, options, arguments.answer_form)


def recorded_set(source: Mapping[str, Any], snapshot: str | None, deciding: Path | None = None) -> "TaskSet":
    """The tasks that a run's manifest names, as they are installed, all of them.

    `snapshot` says where the snapshot is now.
    """
    from ..bench.taskset import load_task_set

    tasks: str = source["tasks"]
    if snapshot is None or Path(tasks).is_file():
        return load_task_set(tasks, snapshot or source.get("snapshot"), deciding)
    split = "" if Path(tasks).is_dir() else tasks.partition(":")[2]
    return load_task_set(f"{snapshot}:{split}" if split else snapshot, None, deciding)


def recorded_arena(
    about: Mapping[str, Any], tasks: "list[Task]", snapshot: "Snapshot", judge: str | None
) -> "tuple[Arena, dict[str, Any]]":
    """The arena of a run from its manifest, and the manifest that the run has with this version.

    `judge` is the judge that the user names. It has to be the manifest's: a run must not decide what code is run.
    """
    from ..bench.cfb import CfbOptions
    from ..bench.manifest import manifest
    from ..bench.policies.base import Settings
    from ..bench.protocols import Arena

    if about["judge"] != judge:
        raise UsageError(
            f"the run was judged by {about['judge'] or 'no judge'}; --judge names {judge or 'none'}. "
            "A judge is code: read it, then pass its name"
        )
    try:
        settings = Settings(**about["settings"])
    except TypeError as error:
        raise UsageError(f"the run has settings that this version does not know: {error}") from error
    options = CfbOptions(about["strict"], about["deciding"], _judge(judge))
    arena = Arena(tasks, snapshot, about["protocol"], options, about.get("answer_form", "text"))
    return arena, manifest(arena, about["source"], about["policy"], settings, about["trials"])


def _judge(name: str | None) -> "Judge | None":
    """The function that `python:MODULE:FUNCTION` names. Raises `UsageError`."""
    from ..bench.policies import load_function

    if name is None:
        return None
    kind, _, place = name.partition(":")
    if kind != "python":
        raise UsageError(f"judge {name!r}: expected python:MODULE:FUNCTION")
    return load_function(place)
