"""The tasks and the protocol that the options of `bench`, or the manifest of a run, name."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from ..bench.cfb_match import Judge
    from ..bench.protocols import Arena
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


def named_tasks(source: Mapping[str, Any], snapshot: str | None) -> "list[Task]":
    """The tasks that a run's manifest names, as they are installed."""
    from ..bench.taskset import load_task_set

    return load_task_set(source["tasks"], snapshot or source["snapshot"]).tasks[: source["limit"]]


def recorded_arena(
    about: Mapping[str, Any], tasks: "list[Task]", snapshot: str | None
) -> "tuple[Arena, dict[str, Any]]":
    """The arena of a run from its manifest, and the manifest that the run has with this version."""
    from ..bench.cfb import CfbOptions
    from ..bench.manifest import manifest
    from ..bench.policies.base import Settings
    from ..bench.protocols import Arena
    from ..bench.taskset import load_task_set

    opened = load_task_set(about["source"]["tasks"], snapshot or about["source"]["snapshot"]).snapshot
    options = CfbOptions(about["strict"], about["deciding"], _judge(about["judge"]))
    arena = Arena(tasks, opened, about["protocol"], options, about.get("answer_form", "text"))
    settings = Settings(**about["settings"])
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
