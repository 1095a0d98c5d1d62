"""A run's folder: its manifest, its tasks, and a log of episodes that survives being killed at any moment.

    manifest.json    policy, protocol, settings, fingerprint
    tasks.jsonl      the tasks, as they were played
    episodes.jsonl   {"task_id", "trial", "actions", "tokens", "fault", "result"}
    times.jsonl      {"task_id", "trial", "seconds", "ended"}: the only file that depends on a clock

Each record is one line written in one call. A killed process leaves at most one incomplete last line, which is cut off
when the run is next opened; any other damage, and a symbolic link in place of a
file, raises `RunError`. The disk is synced about once a second and on close, so
a power failure loses at most the last second. Only one process can hold a run at a time. `seal` sorts the finished
episodes: the same answers give the same bytes.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ..errors import FileError, TaskError, UsageError
from ..files import MAX_LINE, inside, numbered_lines
from ..jsonvalues.decode import parse_json
from ..task import Task, dump_tasks, read_tasks
from .run_schema import problems

FORMAT = 2
REMEDY = "restore the file, or start a new run"
MANIFEST, TASKS, EPISODES, TIMES = "manifest.json", "tasks.jsonl", "episodes.jsonl", "times.jsonl"
DRAFT = ".new"
"""How the name of a file ends while it is written."""
EXTENDED = frozenset({"fingerprint.tasks", "source.limit", "trials"})
"""Settings that differ when a run is extended by more tasks or more trials."""
Record = dict[str, Any]
Key = tuple[str, int]
"""An episode: task id and trial. Trials count from 0."""


class RunError(FileError):
    """A folder is not a run, or a run is damaged."""


class RunLog:
    """The log of one run, open for writing. `records` maps each episode to its latest record."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task]) -> None:
        """Start a run, resume it, or extend it by more tasks or trials.

        Raises `UsageError` if another process holds the run or it was started with other settings, `RunError` if it is
        damaged.
        """
        self._lock = _locked(folder)
        try:
            self._open(folder, manifest, tasks)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task]) -> None:
        _begin(folder, manifest, tasks)
        self.path = inside(folder, EPISODES, RunError)
        self._order = {task.id: place for place, task in enumerate(tasks)}
        _cut_tail(self.path)
        _cut_tail(inside(folder, TIMES, RunError))
        self.records = _episodes(folder, tasks, manifest["trials"])
        self._file = self.path.open("ab", buffering=0)
        self._times = (folder / TIMES).open("ab", buffering=0)
        self._synced = time.monotonic()
        self._syncing = ThreadPoolExecutor(1)

    def append(self, record: Record) -> None:
        """Write a record as one line. Its `seconds`, and the time at which it ended, go to `times.jsonl`."""
        kept = {name: item for name, item in record.items() if name != "seconds"}
        timed = {name: record[name] for name in ("task_id", "trial", "seconds")}
        timed["ended"] = datetime.now(UTC).isoformat(timespec="seconds")
        _write(self._times, _line(timed))
        _write(self._file, _line(kept))
        self.records[kept["task_id"], kept["trial"]] = kept
        if time.monotonic() - self._synced > 1.0:
            self._synced = time.monotonic()
            self._syncing.submit(
                os.fsync, self._file.fileno()
            )  # in a thread: episodes do not wait for the disk

    def seal(self) -> None:
        """Atomically rewrite the episodes in task order, each once. Nothing may be appended afterwards."""
        keys = sorted(self.records, key=lambda key: (self._order[key[0]], key[1]))
        replace_file(self.path, b"".join(_line(self.records[key]) for key in keys))

    def close(self) -> None:
        """Sync to disk and release the lock."""
        self._syncing.shutdown()
        os.fsync(self._file.fileno())
        self._file.close()
        self._times.close()
        self._lock.close()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run. Raises `RunError`."""
    place = folder / MANIFEST
    try:
        with inside(folder, MANIFEST, RunError).open("rb") as stream:
            manifest = parse_json(stream.read(MAX_LINE))
    except FileNotFoundError as error:
        raise RunError(
            f"{folder}: not a run: no {MANIFEST} in it", "name the folder that `bench --out` wrote"
        ) from error
    except ValueError as error:
        raise RunError(f"{place}: not a manifest: {error}", REMEDY) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise RunError(f"{place}: expected format {FORMAT}", REMEDY)
    if wrong := problems(MANIFEST, manifest):
        raise RunError([f"{place}: {one}" for one in wrong], REMEDY)
    return manifest


def read_run(folder: Path) -> tuple[dict[str, Any], list[Task], list[Record]]:
    """Manifest, tasks, and records in task order. An incomplete last line is ignored. Raises `RunError`."""
    manifest = read_manifest(folder)
    try:
        tasks = read_tasks(inside(folder, TASKS, RunError))
    except TaskError as error:
        raise RunError([f"{folder}/{one}" for one in error.problems], REMEDY) from error
    records = _episodes(folder, tasks, manifest["trials"])
    place = {task.id: number for number, task in enumerate(tasks)}
    return manifest, tasks, [records[key] for key in sorted(records, key=lambda key: (place[key[0]], key[1]))]


def run_names(folders: Sequence[Path]) -> list[str]:
    """What to call runs next to each other: the names of their folders, or their paths where two have one name."""
    names = [folder.resolve().name for folder in folders]
    return [
        name if names.count(name) == 1 else str(folder) for name, folder in zip(names, folders, strict=True)
    ]


def read_times(folder: Path) -> dict[Key, float]:
    """Seconds per episode, where known. Raises `RunError`."""
    times = {key: record.get("seconds") for key, record in _read(folder, TIMES).items()}
    return {key: seconds for key, seconds in times.items() if seconds is not None}


def read_dates(folder: Path) -> list[str]:
    """When episodes ended, as ISO 8601 times in UTC, sorted; empty if not known. Raises `RunError`."""
    return sorted(record["ended"] for record in _read(folder, TIMES).values() if record.get("ended"))


def _episodes(folder: Path, tasks: Sequence[Task], trials: int) -> dict[Key, Record]:
    """The last record of every episode. Raises `RunError` on an invalid line, except an incomplete last one, and on
    episodes that are not among the tasks and trials of the run."""
    records = _read(folder, EPISODES)
    known = {task.id for task in tasks}
    strange = sorted(f"{name}/{trial}" for name, trial in records if name not in known or trial >= trials)
    if strange:
        raise RunError(f"{folder / EPISODES}: not episodes of this run: {', '.join(strange[:5])}", REMEDY)
    return records


def _read(folder: Path, name: str) -> dict[Key, Record]:
    """The last line of every episode in a file of the run."""
    path = inside(folder, name, RunError)
    if not path.is_file():
        return {}
    lines = list(numbered_lines(path, lambda text, remedy: RunError(f"{folder}/{text}", remedy)))
    records = {}
    for number, line in lines if _is_whole(path) else lines[:-1]:
        try:
            record = parse_json(line)
        except ValueError as error:
            raise RunError(f"{path}:{number}: not a record: {error}", REMEDY) from error
        if wrong := problems(name, record):
            raise RunError([f"{path}:{number}: {one}" for one in wrong], REMEDY)
        records[record["task_id"], record["trial"]] = record
    return records


def _is_whole(path: Path) -> bool:
    """Whether the last line of a file ends with a newline."""
    with path.open("rb") as stream:
        return not stream.seek(0, os.SEEK_END) or bool(
            stream.seek(-1, os.SEEK_END) >= 0 and stream.read() == b"\n"
        )


def rewrite(
    folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task], records: Sequence[Record]
) -> None:
    """Write a whole run. Each file is replaced atomically, the manifest last.

    Raises `UsageError` if the folder holds something other than this run, or another process uses it.
    """
    with _locked(folder):
        if (folder / MANIFEST).exists():
            other = [
                one for one in _changed(read_manifest(folder), manifest) if not one.startswith("fingerprint.")
            ]
            if other:
                raise UsageError(
                    f"{folder}: another run, with a different {', '.join(other)}; choose another --out"
                )
        else:
            _refuse_foreign(folder)
        replace_file(folder / TASKS, dump_tasks(tasks))
        replace_file(folder / EPISODES, b"".join(map(_line, records)))
        replace_file(folder / MANIFEST, _document(manifest))


def _locked(folder: Path) -> IO[str]:
    """The lock of a run's folder, which is made if need be; closing releases it. Raises `UsageError`."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: a file; --out names the run's folder")
    folder.mkdir(parents=True, exist_ok=True)
    lock = inside(folder, ".lock", RunError).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise UsageError(f"{folder}: another process is using this run; wait for it or stop it") from error
    return lock


def _begin(folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task]) -> None:
    """Write tasks and manifest, unless they are there: of a run that is resumed, or that was killed when it began or
    was extended."""
    if (folder / MANIFEST).exists():
        other = _changed(read_manifest(folder), manifest)
        if not set(other) <= EXTENDED or (other and not _extends(folder, manifest, tasks)):
            raise UsageError(
                f"{folder}: started with a different {', '.join(other)}; "
                "choose another --out, or use the same settings (more tasks or more trials extend a run)"
            )
    else:
        _refuse_foreign(folder)
    for name, content in ((TASKS, dump_tasks(tasks)), (MANIFEST, _document(manifest))):
        path = inside(folder, name, RunError)
        if not path.exists() or path.read_bytes() != content:
            replace_file(path, content)


def _refuse_foreign(folder: Path) -> None:
    """Raise `UsageError` if a folder without a manifest has files that no run left there."""
    names = {path.name for path in folder.iterdir()}
    if TASKS not in names and any(not (name == ".lock" or name.endswith(DRAFT)) for name in names):
        raise UsageError(f"{folder}: neither empty nor a run; choose another --out")


def _changed(found: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    """The settings in which two manifests differ, such as `source.limit`."""
    one, other = _flat(found), _flat(manifest)
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def _flat(manifest: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in manifest.items():
        nested = {f"{name}.{key}": some for key, some in value.items()} if isinstance(value, dict) else {}
        found |= nested or {name: value}
    return found


def _extends(folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task]) -> bool:
    """Whether a run of these tasks and trials has all episodes of the run in the folder."""
    begun = inside(folder, TASKS, RunError).read_bytes()
    return dump_tasks(tasks).startswith(begun) and manifest["trials"] >= read_manifest(folder)["trials"]


def _document(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _line(record: Record) -> bytes:
    return (json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n").encode()


def replace_file(path: Path, content: bytes) -> None:
    """Write a file atomically. A symbolic link in its place is replaced, not followed."""
    fresh = path.with_name(f".{path.name}{DRAFT}")
    fresh.unlink(missing_ok=True)
    with fresh.open("xb", buffering=0) as stream:
        _write(stream, content)
        os.fsync(stream.fileno())
    fresh.replace(path)


def _write(stream: IO[bytes], content: bytes) -> None:
    """Write all of it to an unbuffered file. A full disk takes a part first, and fails at the rest."""
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[stream.write(rest) :]
    except OSError as error:
        error.filename = stream.name
        raise


def _cut_tail(path: Path) -> None:
    """Cut off a last line that has no newline: its write was interrupted."""
    if not path.is_file():
        return
    content = path.read_bytes()
    kept = content.rfind(b"\n") + 1
    if kept < len(content):
        with path.open("r+b") as stream:
            stream.truncate(kept)
