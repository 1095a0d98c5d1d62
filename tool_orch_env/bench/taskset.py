"""What `--tasks` names: a bundled split, a snapshot folder, a task file, or a file that the importers read.

Enters: a text. Leaves: the tasks, their snapshot, and the deciding parameters if they lie beside the file. The
published ComplexFuncBench file is known by its sum, and so is one that only looks like it.
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
from ..task import Task, read_tasks
from .cfb_match import Deciding

DECIDING = "exact_match_values.json"
"""The file of deciding parameters that is looked for beside the rows."""


class TaskSet(NamedTuple):
    """`verified` is `None` where no published sum is known."""

    tasks: list[Task]
    snapshot: Snapshot
    deciding: Deciding
    verified: bool | None = None


def load_task_set(name: str, snapshot: str | None = None, deciding: Path | None = None) -> TaskSet:
    """`NAME`, `NAME:SPLIT` (default test), a folder or a file. Raises `UsageError` and the faults of files."""
    path = Path(name)
    if path.is_file():
        return _from_file(path, snapshot, deciding)
    place, _, split = (name, "", "") if path.is_dir() else name.partition(":")
    if place.endswith((".jsonl", ".jsonl.gz", ".json")):
        raise UsageError(f"no task file {name!r}: check the path")
    opened = Snapshot.open(place)
    if not split and not opened.splits:
        opened.tasks("test")  # raises, saying how tasks are made
    chosen = split or ("test" if "test" in opened.splits else opened.splits[0])
    return TaskSet(opened.tasks(chosen), opened, read_deciding(deciding) if deciding else {})


def _from_file(path: Path, snapshot: str | None, deciding: Path | None) -> TaskSet:
    beside = path.with_name(DECIDING)
    known = read_deciding(deciding or beside) if deciding or beside.is_file() else {}
    if _holds_tasks(path):
        tasks = read_tasks(path)
        names = {task.snapshot for task in tasks}
        if not tasks or (snapshot is None and len(names) > 1):
            raise UsageError(f"{path.name}: tasks of {len(names)} snapshots; name one with --snapshot")
        return TaskSet(tasks, Snapshot.open(snapshot or min(names)), known)
    opened, tasks = importers.load(path)
    return TaskSet(tasks, opened, known, bool(opened.manifest.get("verified")))


def _holds_tasks(path: Path) -> bool:
    """Whether the first line is a task of this package; what it is otherwise, the importers say."""
    if not path.name.endswith((".jsonl", ".jsonl.gz")):
        return False
    try:
        first = parse_json(next(numbered_lines(path, TaskError))[1])
    except (StopIteration, ValueError):
        return False
    return isinstance(first, dict) and {"request", "golden", "snapshot"} <= first.keys()


def read_deciding(path: Path) -> Deciding:
    """Function -> parameters whose values decide a call; raises `UsageError` on another shape."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path.name}: cannot be read: {error}") from error
    if not isinstance(found, Mapping) or not all(
        isinstance(some, list) and all(isinstance(one, str) for one in some) for some in found.values()
    ):
        raise UsageError(f"{path.name}: expected an object from function to a list of parameters")
    return dict(found)
