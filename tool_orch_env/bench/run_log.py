"""A run's folder: its manifest, its tasks, and a log of episodes that survives being killed at any moment.

    manifest.json    policy, protocol, settings, fingerprint
    tasks.jsonl      the tasks, as they were played
    episodes.jsonl   {"task_id", "trial", "actions", "tokens", "fault", "result"}
    times.jsonl      {"task_id", "trial", "seconds", "ended"}: the only file that depends on a clock

Each record is one line written in one call. A killed process leaves at most one incomplete last line, which is cut off
when the run is next opened; any other damage raises `RunError`. The disk is synced about once a second and on close, so
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
from typing import Any

from ..errors import FileError, UsageError
from ..files import numbered_lines
from ..jsonvalues.decode import parse_json
from ..task import Task, dump_tasks, read_tasks

FORMAT = 2
REMEDY = "restore the file, or start a new run"
TIMES = "times.jsonl"
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
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: a file; --out names the run's folder")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / ".lock").open("w")
        try:
            self._open(folder, manifest, tasks)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task]) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"{folder.name}: another process is using this run; wait for it or stop it"
            ) from error
        _begin(folder, manifest, tasks)
        self.path = folder / "episodes.jsonl"
        self._order = {task.id: place for place, task in enumerate(tasks)}
        _cut_tail(self.path)
        _cut_tail(folder / TIMES)
        self.records = read_records(folder)
        self._file = self.path.open("ab", buffering=0)
        self._times = (folder / TIMES).open("ab", buffering=0)
        self._synced = time.monotonic()
        self._syncing = ThreadPoolExecutor(1)

    def append(self, record: Record) -> None:
        """Write a record as one line. Its `seconds`, and the time at which it ended, go to `times.jsonl`."""
        kept = {name: item for name, item in record.items() if name != "seconds"}
        timed = {name: record[name] for name in ("task_id", "trial", "seconds")}
        timed["ended"] = datetime.now(UTC).isoformat(timespec="seconds")
        self._times.write(_line(timed))
        self._file.write(_line(kept))
        self.records[kept["task_id"], kept["trial"]] = kept
        if time.monotonic() - self._synced > 1.0:
            self._synced = time.monotonic()
            self._syncing.submit(
                os.fsync, self._file.fileno()
            )  # in a thread: episodes do not wait for the disk

    def seal(self) -> None:
        """Atomically rewrite the episodes in task order, each once. Nothing may be appended afterwards."""
        keys = sorted(self.records, key=lambda key: (self._order[key[0]], key[1]))
        _replace(self.path, b"".join(_line(self.records[key]) for key in keys))

    def close(self) -> None:
        """Sync to disk and release the lock."""
        self._syncing.shutdown()
        os.fsync(self._file.fileno())
        self._file.close()
        self._times.close()
        self._lock.close()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run. Raises `RunError`."""
    try:
        manifest = parse_json((folder / "manifest.json").read_bytes())
    except FileNotFoundError as error:
        raise RunError(
            f"{folder}: not a run: no manifest.json in it", "name the folder that `bench --out` wrote"
        ) from error
    except (OSError, ValueError) as error:
        raise RunError(f"{folder}/manifest.json: not a run: {error}", REMEDY) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise RunError(f"{folder.name}/manifest.json: expected format {FORMAT}", REMEDY)
    return manifest


def read_run(folder: Path) -> tuple[dict[str, Any], list[Task], list[Record]]:
    """Manifest, tasks, and records in task order. An incomplete last line is ignored."""
    manifest = read_manifest(folder)
    tasks = read_tasks(folder / "tasks.jsonl")
    place = {task.id: number for number, task in enumerate(tasks)}
    records = read_records(folder)
    strangers = sorted({name for name, _ in records} - set(place))
    if strangers:
        raise RunError(f"{folder.name}/episodes.jsonl: tasks that the run has not: {strangers[:5]}", REMEDY)
    return manifest, tasks, [records[key] for key in sorted(records, key=lambda key: (place[key[0]], key[1]))]


def read_records(folder: Path) -> dict[Key, Record]:
    """The last record of every episode. Raises `RunError` on an invalid line, except an incomplete last one."""
    return _read(folder / "episodes.jsonl")


def read_times(folder: Path) -> dict[Key, float]:
    """Seconds per episode, where known. Raises `RunError`."""
    return {key: record["seconds"] for key, record in _read(folder / TIMES).items() if "seconds" in record}


def read_dates(folder: Path) -> list[str]:
    """When episodes ended, as ISO 8601 times in UTC, sorted; empty if not known. Raises `RunError`."""
    return sorted(str(record["ended"]) for record in _read(folder / TIMES).values() if "ended" in record)


def _read(path: Path) -> dict[Key, Record]:
    """The last line of every episode."""
    if not path.is_file():
        return {}
    whole = path.read_bytes().endswith(b"\n") or not path.stat().st_size
    lines = list(numbered_lines(path, RunError))
    records = {}
    for number, line in lines if whole else lines[:-1]:
        try:
            record = parse_json(line)
            records[str(record["task_id"]), int(record["trial"])] = record
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{path.parent.name}/{path.name}:{number}: not a record: {error}", REMEDY
            ) from error
    return records


def rewrite(
    folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task], records: Sequence[Record]
) -> None:
    """Write a whole run. Each file is replaced atomically, the manifest last."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / "tasks.jsonl", dump_tasks(tasks))
    _replace(folder / "episodes.jsonl", b"".join(map(_line, records)))
    _replace(folder / "manifest.json", _document(manifest))


def _begin(folder: Path, manifest: Mapping[str, Any], tasks: Sequence[Task]) -> None:
    if (folder / "manifest.json").exists():
        other = _changed(read_manifest(folder), manifest)
        if not other:
            return
        if set(other) <= EXTENDED and _extends(folder, manifest, tasks):
            _replace(folder / "tasks.jsonl", dump_tasks(tasks))
            _replace(folder / "manifest.json", _document(manifest))
            return
        raise UsageError(
            f"{folder.name}: started with a different {', '.join(other)}; "
            "choose another --out, or use the same settings (more tasks or more trials extend a run)"
        )
    if any(path.name != ".lock" for path in folder.iterdir()) and not (folder / "tasks.jsonl").exists():
        raise UsageError(f"{folder.name}: neither empty nor a run; choose another --out")
    _replace(folder / "tasks.jsonl", dump_tasks(tasks))
    _replace(folder / "manifest.json", _document(manifest))


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
    begun = (folder / "tasks.jsonl").read_bytes()
    return dump_tasks(tasks).startswith(begun) and manifest["trials"] >= read_manifest(folder)["trials"]


def _document(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()


def _line(record: Record) -> bytes:
    return (json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n").encode()


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


def _cut_tail(path: Path) -> None:
    """Cut off a last line that has no newline: its write was interrupted."""
    if not path.is_file():
        return
    content = path.read_bytes()
    kept = content.rfind(b"\n") + 1
    if kept < len(content):
        with path.open("r+b") as stream:
            stream.truncate(kept)
