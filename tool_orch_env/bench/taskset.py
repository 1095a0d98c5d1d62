"""Resolve `--tasks`: a bundled split, a snapshot folder, a task file, or a file that the importers read.

Deciding parameters are loaded from `DECIDING` if that file lies in the same folder. A published file is recognised by
its sha256; a file that only resembles it is loaded with `verified=False`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .. import importers
from ..errors import TaskError, UsageError
from ..files import numbered_lines
from ..jsonvalues.decode import parse_json
from ..snapshot import Snapshot
from ..snapshot.folder import is_bundled
from ..task import Task, read_tasks
from .cfb_match import Deciding

DECIDING = "exact_match_values.json"
"""Name of the file with deciding parameters, looked for in the folder of the task file."""


class TaskSet(NamedTuple):
    """Tasks and what playing them needs. `verified` is `None` if the tasks do not come from an importer."""

    tasks: list[Task]
    snapshot: Snapshot
    deciding: Deciding
    verified: bool | None = None


def load_task_set(name: str, snapshot: str | None = None, deciding: Path | None = None) -> TaskSet:
    """Load `NAME`, `NAME:SPLIT` (default split `test`), a folder or a file. Raises `UsageError` or a `FileError`."""
    path = Path(name)
    place, _, split = name.partition(":")
    if not is_bundled(place):  # a file or folder of that name does not replace it
        if path.is_file():
            return _from_file(path, snapshot, deciding)
        place, split = (name, "") if path.is_dir() else (place, split)
    if snapshot is not None:
        raise UsageError(f"--snapshot {snapshot}: applies to a task file; {name!r} is a snapshot itself")
    if place.endswith((".jsonl", ".jsonl.gz", ".json")):
        raise UsageError(f"no task file {name!r}: check the path")
    opened = Snapshot.open(place)
    if not split and not opened.splits:
        opened.tasks("test")  # raises an error that explains how to make tasks
    chosen = split or ("test" if "test" in opened.splits else opened.splits[0])
    return TaskSet(opened.tasks(chosen), opened, read_deciding(deciding) if deciding else {})


def _from_file(path: Path, snapshot: str | None, deciding: Path | None) -> TaskSet:
    beside = path.with_name(DECIDING)
    known = read_deciding(deciding or beside) if deciding or beside.is_file() else {}
    if _holds_tasks(path):
        tasks = read_tasks(path)
        names = {task.snapshot for task in tasks}
        if not tasks or (snapshot is None and len(names) > 1):
            raise UsageError(
                f"{path.name}: expected tasks of one snapshot, found {len(names)}; name one with --snapshot"
            )
        return TaskSet(tasks, Snapshot.open(snapshot or min(names)), known)
    opened, tasks = importers.load(path)
    return TaskSet(tasks, opened, known, bool(opened.manifest.get("verified")))


def _holds_tasks(path: Path) -> bool:
    """Whether the first line is a task in this package's format. The importers handle everything else."""
    if not path.name.endswith((".jsonl", ".jsonl.gz")):
        return False
    try:
        first = parse_json(next(numbered_lines(path, TaskError))[1])
    except (StopIteration, ValueError):
        return False
    return isinstance(first, dict) and {"request", "golden", "snapshot"} <= first.keys()


def read_deciding(path: Path) -> Deciding:
    """Read a file of deciding parameters (see `cfb_match.Deciding`). Raises `UsageError` if its shape is wrong."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path.name}: cannot be read: {error}") from error
    if not isinstance(found, Mapping) or not all(
        isinstance(some, list) and all(isinstance(one, str) for one in some) for some in found.values()
    ):
        raise UsageError(
            f"{path.name}: expected an object that maps function names to lists of parameter names"
        )
    return dict(found)
