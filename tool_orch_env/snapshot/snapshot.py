"""`Snapshot`: recorded responses, looked up by replay key.

Opening a snapshot verifies every file's sum, and raises if anything is wrong; there is no partly opened snapshot. A
small snapshot is read into memory, and every key is recomputed. A large one is read into a store on disk once; its keys
are recomputed by `verify`, and responses in a finished store are not read again. Episodes and rewards are not known
here.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ..errors import SnapshotError, UsageError
from ..jsonvalues import pointer
from ..task import Task, TaskFile, read_tasks
from . import store
from .catalog import Catalog, Tool
from .derive import Deriver, overlap
from .folder import (
    find,
    manifest_sum,
    read_json,
    read_manifest,
    read_records,
    split_files,
    verify_sums,
    version_of,
)
from .progress import shown
from .records import REMEDY, Record, deduplicated, key_of
from .shared import Shared
from .store import Recorded

SPLITS = ("train", "validation", "test")


class Snapshot:
    """Recorded responses, the tools they belong to, and the tasks made for them."""

    def __init__(
        self,
        name: str,
        catalog: Catalog,
        answers: store.Store,
        manifest: Mapping[str, Any],
        path: Path | None = None,
        splits: Mapping[str, Sequence[Task]] | None = None,
        records: Iterable[Record] | None = None,
    ) -> None:
        """Use `open` or `from_records` instead. `records` are the records of `answers`, if they are in memory."""
        self.name = name
        self.catalog = catalog
        self.manifest = manifest
        self.path = path
        self._answers = answers
        self._splits: dict[str, Mapping[str, Task]] = {
            split: {task.id: task for task in tasks} for split, tasks in (splits or {}).items()
        }
        self._heads = None if records is None else [record._replace(text="") for record in records]
        self._get = answers.get
        self._deriver = Deriver(answers.get)
        self._limited = store.limited(answers)

    @classmethod
    def open(cls, name_or_path: str | Path, where: Literal["auto", "memory", "disk"] = "auto") -> "Snapshot":
        """Open a bundled snapshot by name, or a folder by path, and verify it.

        A process opens a folder once: later calls return the same object while no file in it has changed. `where` says
        whether responses are kept in memory or in a store on disk; `auto` decides by number and size of the responses
        (`store.MEMORY_RESPONSES`, `store.MEMORY_LIMIT`). Raises `UsageError` if there is no such snapshot,
        `SnapshotError` if it is damaged or its store cannot be written.
        """
        folder = find(name_or_path).resolve()
        key = (cls, folder, where, os.environ.get("TOOL_ORCH_CACHE"))
        return _OPEN.get(key, version_of(folder), lambda: cls._read(folder, where))

    @classmethod
    def _read(cls, folder: Path, where: str) -> "Snapshot":
        manifest = read_manifest(folder)
        identity = manifest["name"], manifest_sum(folder)
        on_disk = where == "disk" or (where == "auto" and _large(manifest["counts"]))
        built = store.built(*identity) if on_disk else None
        verify_sums(folder, manifest["sha256"], skip_responses=built is not None)
        catalog = Catalog.parse(read_json(folder / "tools.json"), f"{folder.name}/tools.json")
        records = None
        if on_disk:
            answers = built or store.build(*identity, _items(folder, manifest, catalog))
        else:
            records = list(read_records(folder, manifest, catalog))
            answers = dict(map(_item, records))
        if len(answers) != manifest["counts"]["responses"]:
            raise SnapshotError(
                f"{folder.name}/manifest.json: counts.responses: expected {manifest['counts']['responses']}, "
                f"found {len(answers)} responses",
                REMEDY,
            )
        return cls(manifest["name"], catalog, answers, manifest, folder, records=records)

    @classmethod
    def from_records(
        cls,
        name: str,
        catalog: Catalog,
        records: Sequence[Record],
        splits: Mapping[str, Sequence[Task]] | None = None,
        **about: Any,
    ) -> "Snapshot":
        """A snapshot in memory. `about` becomes the manifest (version, licence, sources, captured).

        Raises `SnapshotError` if one call has two different responses.
        """
        unique = deduplicated(records)
        return cls(name, catalog, dict(map(_item, unique)), about, splits=splits, records=unique)

    def get(self, key: str, task: str = "") -> Recorded | None:
        """The recorded response for a replay key, `None` on a miss. A record limited to `task` takes precedence."""
        return (self._get(f"{key}@{task}") if task and self._limited else None) or self._get(key)

    def lookup(self, tool: str, arguments: dict[str, Any], task: str = "") -> Recorded | None:
        """The response to a call, recorded or derived; `None` on a miss, or if there is no such tool.

        Raises `NotCanonical`.
        """
        known = self.catalog.get(tool)
        return None if known is None else self.answer(known, arguments, key_of(known, arguments), task)

    def answer(self, tool: Tool, arguments: dict[str, Any], key: str, task: str = "") -> Recorded | None:
        """The response to a call of this tool with this replay key, recorded or derived; `None` on a miss."""
        return self.get(key, task) or self.derived(tool, arguments, key)

    def derived(self, tool: Tool, arguments: dict[str, Any], key: str) -> Recorded | None:
        """The derived response to a call that is not recorded; `None` if none follows, or the call is invalid."""
        return self._deriver.answer(tool, arguments, key)

    def key(self, tool: str, arguments: dict[str, Any]) -> str:
        """The replay key of a call. Raises `KeyError` if there is no such tool, `NotCanonical`."""
        return key_of(self.catalog[tool], arguments)

    @property
    def stored(self) -> str | None:
        """The sum of the content if responses are in a store on disk, `None` if they are in memory."""
        return self._answers.content if isinstance(self._answers, store.DiskStore) else None

    def records(self, trusting: bool = False) -> Iterator[Record]:
        """Every record. A snapshot on disk reads its files again, in their order; one in memory keeps them.

        Files that `write` wrote are sorted by key. `trusting` leaves out the checks that `parse_record` names.
        """
        if self._heads is None:
            assert self.path is not None
            yield from read_records(self.path, self.manifest, self.catalog, trusting)
            return
        for head in self._heads:
            found = self._get(_item(head)[0])
            assert found is not None
            yield head._replace(text=found.text)

    def calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tool and arguments of every record."""
        heads: Iterable[Record] = self._heads or ()
        if self._heads is None:
            assert self.path is not None
            heads = read_records(self.path, self.manifest, self.catalog, trusting=True)
        return ((record.tool, record.arguments) for record in heads)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits, in the order train, validation, test, others (sorted)."""
        names = self._splits if self.path is None else split_files(self.manifest)
        return tuple(sorted(names, key=lambda n: (SPLITS.index(n) if n in SPLITS else len(SPLITS), n)))

    def tasks(self, split: str | None = None) -> list[Task]:
        """The tasks of one split, or of all splits in order. Raises `UsageError`, `TaskError`."""
        if split is None:
            return [task for name in self.splits for task in self.tasks(name)]
        return list(self.task_file(split).values())

    def task_file(self, split: str) -> Mapping[str, Task]:
        """The tasks of one split by id. Tasks of a folder are parsed on first access.

        Raises `UsageError` if there is no such split, `SnapshotError` if its file has changed since the snapshot was
        opened; accessing a task whose line is bad raises `TaskError`.
        """
        known = self._splits.get(split)
        if known is None:
            if split not in self.splits:
                raise UsageError(self._no_split(split))
            assert self.path is not None
            file = split_files(self.manifest)[split]
            verify_sums(self.path, {file: self.manifest["sha256"][file]})
            known = self._splits.setdefault(split, TaskFile(self.path / file, f"{self.path.name}/{file}"))
        return known

    def _no_split(self, split: str) -> str:
        if self.splits:
            return f"snapshot {self.name!r} has no split {split!r}, only {', '.join(self.splits)}"
        return (
            f"snapshot {self.name!r} holds no tasks: make some with `tool-orch synth --snapshot "
            f"{self.path or self.name} --out tasks.jsonl`, and pass that file as `tasks`"
        )

    def __len__(self) -> int:
        return len(self._answers)

    def __reduce__(self) -> tuple[Any, ...]:  # another process opens the folder itself
        if self.path is not None:
            return _from_folder, (self.path,)  # a function: cloudpickle would take a class method apart
        splits = {split: list(tasks.values()) for split, tasks in self._splits.items()}
        return _from_memory, (self.name, self.catalog, list(self.records()), splits, dict(self.manifest))

    def __deepcopy__(self, memo: dict[int, Any]) -> "Snapshot":
        return self  # immutable in use; gymnasium copies the arguments of `make`

    def __repr__(self) -> str:
        return f"Snapshot({self.name!r}, {len(self.catalog)} tools, {len(self)} responses)"


def load_tasks(name_or_path: str | Path, split: str | None = None) -> list[Task]:
    """The tasks of a bundled snapshot, a snapshot folder, or a task file. Raises `UsageError`, `TaskError`."""
    path = Path(name_or_path)
    if path.is_file():
        if split is not None:
            raise UsageError(f"split: {path.name} is a task file, which has no splits; omit `split`")
        return read_tasks(path)
    if path.name.endswith((".jsonl", ".jsonl.gz")) and not path.is_dir():
        raise UsageError(f"no task file {str(name_or_path)!r}; check the path")
    return Snapshot.open(name_or_path).tasks(split)


def verify(snapshot: Snapshot) -> list[str]:
    """Problems that opening does not look for. Empty if there are none.

    Recorded calls that violate their tool's schema, recorded responses that differ from those derived from the other
    records, and responses in a store on disk that differ from the files. Raises
    `SnapshotError` for a file with another sum and a record with a wrong key: a store is built and opened without
    recomputing keys.
    """
    if snapshot.path is not None:
        verify_sums(snapshot.path, snapshot.manifest["sha256"])
    return [problem for record in snapshot.records() for problem in _problems(snapshot, record)]


def _problems(snapshot: Snapshot, record: Record) -> Iterator[str]:
    place = f"{record.key} {record.tool}"
    tool = snapshot.catalog[record.tool]
    for error in tool.validator.iter_errors(record.arguments):
        yield f"{place}{pointer.join(*error.absolute_path)}: {error.message}"
    if not record.task and (difference := overlap(tool, record, snapshot.get)):
        yield f"{place}: {difference}"
    if snapshot.get(record.key, record.task) != (record.status, record.text):
        yield f"{place}: the store in the cache has another response: delete it ({store.cache_folder()})"


def _from_folder(path: Path) -> Snapshot:
    return Snapshot.open(path)


def _from_memory(
    name: str, catalog: Catalog, records: list[Record], splits: dict[str, list[Task]], about: dict[str, Any]
) -> Snapshot:
    return Snapshot.from_records(name, catalog, records, splits, **about)


def _large(counts: Mapping[str, int]) -> bool:
    """Whether a snapshot is kept in a store on disk, if nothing else is asked for."""
    return counts["responses"] > store.MEMORY_RESPONSES or counts["bytes"] > store.MEMORY_LIMIT


def _items(folder: Path, manifest: Mapping[str, Any], catalog: Catalog) -> Iterator[tuple[str, Recorded]]:
    """The records of a folder as a store holds them, their keys not verified; shows its progress."""
    records = read_records(folder, manifest, catalog, trusting=True)
    return map(
        _item, shown(records, manifest["counts"]["responses"], f"{manifest['name']}: building its store")
    )


def _item(record: Record) -> tuple[str, Recorded]:
    """A record as stores hold it: the key, followed by `@task` if limited to a task, and the response."""
    key = f"{record.key}@{record.task}" if record.task else record.key
    return key, Recorded(record.status, record.text)


_OPEN: Shared[tuple[type[Snapshot], Path, str, str | None], Snapshot] = Shared(size=8)
"""The snapshots open in this process, by class, folder, `where` and cache folder."""
