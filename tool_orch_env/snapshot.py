"""Snapshots: recorded responses at rest. Open, verify, look up, write.

Enters: a snapshot folder (`manifest.json`, `tools.json`, `responses*.jsonl.gz`, `tasks/`). Leaves: `Snapshot`,
which answers a replay key with the recorded status and text, or with nothing.
Knows nothing of episodes or rewards. Opening verifies every sum and every key; nothing is ever softened to
an empty snapshot, and nothing in a file is executed.
"""

import gc
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from . import pointer, store
from .call import NotCanonical, encode, plain, replay_key, to_text
from .catalog import Catalog, Tool
from .errors import SnapshotError, UsageError
from .files import inside, numbered_lines, parse_json
from .store import Recorded
from .task import Task, dump_tasks, read_tasks

FORMAT = 1
REMEDY = "fetch the snapshot again, or write it again with this package"
_MOST_DOCUMENT = 32 << 20
"""Bytes of `manifest.json` and `tools.json`, at most."""
_MOST_BESIDE = 64 << 10
"""Bytes of a record beside its response, on average at most."""
SPLITS = ("train", "validation", "test")
_FILES = re.compile(r"tools\.json|NOTICE\.md|responses[\w-]*\.jsonl\.gz|tasks/[\w-]+\.jsonl(\.gz)?")


class Record(NamedTuple):
    """One recorded response. `text` is compact JSON; `task` limits the record to one task, "" means all."""

    key: str
    tool: str
    arguments: dict[str, Any]
    status: int
    text: str
    task: str = ""


def make_record(
    catalog: Catalog, tool: str, arguments: dict[str, Any], status: int, response: Any, task: str = ""
) -> Record:
    """A record whose arguments satisfy the tool's schema, so that every hit is a valid call.

    Raises `UsageError` if the tool does not exist, the arguments violate its schema, the status is no HTTP
    status or the response no JSON.
    """
    known = catalog.get(tool)
    if known is None:
        raise UsageError(f"{tool!r} is not a tool of this catalog")
    try:
        given = plain(arguments)
        key = _key(known, given)
    except NotCanonical as fault:
        raise UsageError(f"{tool}: arguments have no canonical form: {fault}") from fault
    error = next(iter(known.validator.iter_errors(given)), None)
    if error is not None:
        place = pointer.join(*error.absolute_path)
        raise UsageError(f"{tool}{place}: {error.message}; only valid calls are recorded")
    try:
        return _sound(Record(key, tool, given, status, to_text(response), task))
    except (ValueError, TypeError, RecursionError) as fault:
        raise UsageError(f"{tool} {to_text(given)}: {fault}") from fault


class Snapshot:
    """Recorded responses, the tools they answer, and the tasks made for them."""

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
        """Use `open` or `from_records`. `records` are those of `answers`, where they are at hand."""
        self.name = name
        self.catalog = catalog
        self.manifest = manifest
        self.path = path
        self._answers = answers
        self._splits = dict(splits or {})
        self._heads = None if records is None else [record._replace(text="") for record in records]
        self._get = answers.get

    @classmethod
    def open(cls, name_or_path: str | Path, where: Literal["auto", "memory", "disk"] = "auto") -> "Snapshot":
        """Open a bundled snapshot by name, or a folder by path, and verify it.

        `where` keeps the responses in memory or in a diskcache of text; `auto` decides by size.
        Raises `UsageError` if there is no such snapshot, `SnapshotError` if it is not what it says.
        """
        folder = find(name_or_path)
        manifest = _read_manifest(folder)
        fingerprint = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
        on_disk = where == "disk" or (where == "auto" and manifest["counts"]["bytes"] > store.MEMORY_LIMIT)
        built = store.built(manifest["name"], fingerprint) if on_disk else None
        _verify_sums(folder, manifest["sha256"], skip_responses=built is not None)
        catalog = Catalog.parse(_read_json(folder / "tools.json"), f"{folder.name}/tools.json")
        if on_disk:
            records = None
            answers = built or store.build(
                manifest["name"], fingerprint, map(_item, _read_records(folder, manifest, catalog))
            )
        else:
            with _uncollected():
                records = list(_read_records(folder, manifest, catalog))
                answers = dict(map(_item, records))
        if len(answers) != manifest["counts"]["responses"]:
            raise SnapshotError(
                f"{folder.name}/manifest.json: counts.responses: {manifest['counts']['responses']}, "
                f"but {len(answers)} are there",
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
        """A snapshot in memory. `about` goes into the manifest (version, licence, sources, captured)."""
        unique = _deduplicated(records)
        return cls(name, catalog, dict(map(_item, unique)), about, splits=splits, records=unique)

    def get(self, key: str, task: str = "") -> Recorded | None:
        """The recorded response under a replay key, `None` on a miss. A record of `task` comes first."""
        return (self._get(f"{key}@{task}") if task else None) or self._get(key)

    def lookup(self, tool: str, arguments: dict[str, Any], task: str = "") -> Recorded | None:
        """The recorded response to a call; `None` on a miss, also where the tool does not exist."""
        known = self.catalog.get(tool)
        return None if known is None else self.get(_key(known, arguments), task)

    def key(self, tool: str, arguments: dict[str, Any]) -> str:
        """The replay key of a call; raises `KeyError` if there is no such tool, `NotCanonical`."""
        return _key(self.catalog[tool], arguments)

    def records(self) -> Iterator[Record]:
        """Every record, file by file, sorted by key; one on disk reads its files again."""
        if self._heads is None:
            assert self.path is not None
            yield from _read_records(self.path, self.manifest, self.catalog)
            return
        for head in self._heads:
            found = self._get(_item(head)[0])
            assert found is not None
            yield head._replace(text=found.text)

    def calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tool and arguments of every record."""
        heads = self.records() if self._heads is None else iter(self._heads)
        return ((record.tool, record.arguments) for record in heads)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits it carries, in the order train, validation, test, others."""
        names = self._splits if self.path is None else _split_files(self.manifest)
        return tuple(sorted(names, key=lambda n: (SPLITS.index(n) if n in SPLITS else len(SPLITS), n)))

    def tasks(self, split: str | None = None) -> list[Task]:
        """The tasks of one split, or of all splits in order; raises `UsageError`, `TaskError`."""
        if split is None:
            return [task for name in self.splits for task in self.tasks(name)]
        if split not in self.splits:
            raise UsageError(
                f"snapshot {self.name!r} has no split {split!r}, only {', '.join(self.splits) or 'none'}"
            )
        if split not in self._splits:
            assert self.path is not None
            file = _split_files(self.manifest)[split]
            self._splits[split] = read_tasks(self.path / file, f"{self.path.name}/{file}")
        return list(self._splits[split])

    def __len__(self) -> int:
        return len(self._answers)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Snapshot":
        return self  # immutable in use; gymnasium copies the arguments of `make`

    def __repr__(self) -> str:
        return f"Snapshot({self.name!r}, {len(self.catalog)} tools, {len(self)} responses)"


def bundled_folder() -> Path:
    """Where the bundled snapshots lie: inside the wheel, or beside the package in a checkout."""
    inside_wheel = Path(__file__).parent / "cache_snapshots"
    return inside_wheel if inside_wheel.is_dir() else Path(__file__).parent.parent / "cache_snapshots"


def find(name_or_path: str | Path) -> Path:
    """The folder of a bundled name or a path; raises `UsageError` naming what there is."""
    if isinstance(name_or_path, str) and "/" not in name_or_path and "\\" not in name_or_path:
        bundled = bundled_folder() / name_or_path
        if name_or_path not in ("", ".", "..") and bundled.is_dir():
            return bundled
    folder = Path(name_or_path).absolute()
    if not name_or_path or not folder.is_dir():
        names = ", ".join(
            sorted(p.name for p in bundled_folder().glob("*/") if (p / "manifest.json").exists())
        )
        raise UsageError(
            f"no snapshot {str(name_or_path)!r}: neither a folder nor bundled (bundled: {names})"
        )
    return folder


def load_tasks(name_or_path: str | Path, split: str | None = None) -> list[Task]:
    """Tasks of a bundled snapshot, a snapshot folder, or a task file; raises `UsageError`, `TaskError`."""
    path = Path(name_or_path)
    if path.is_file():
        if split is not None:
            raise UsageError(f"{path.name} is a task file, which has no splits; leave split out")
        return read_tasks(path)
    return Snapshot.open(name_or_path).tasks(split)


def write(
    folder: Path,
    *,
    name: str,
    version: str,
    licence: str,
    sources: Sequence[Mapping[str, str]],
    captured: str,
    catalog: Catalog,
    records: Mapping[str, Sequence[Record]],
    splits: Mapping[str, Sequence[Task]],
    notice: str,
) -> None:
    """Write a snapshot folder; the same input gives the same bytes.

    `records` maps a file stem (`responses`, `responses-osm`) to its records. Raises `UsageError` if `folder`
    is not empty or a stem or split has no file name that `open` reads, `SnapshotError` if two records
    contradict each other or stand in two files.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder.name}: not empty; name a new folder")
    unique = {stem: _deduplicated(some) for stem, some in records.items()}
    everything = _deduplicated(record for some in unique.values() for record in some)
    if len(everything) < sum(map(len, unique.values())):
        raise SnapshotError(f"{', '.join(unique)}: a record stands in two of them", "keep it in one")
    files: dict[str, Iterable[bytes]] = {
        "tools.json": [(json.dumps(catalog.dump(), indent=1, ensure_ascii=False) + "\n").encode()],
        "NOTICE.md": [notice.encode()],
        **{f"{stem}.jsonl.gz": store.gzipped(map(_line, some)) for stem, some in unique.items()},
        **{f"tasks/{split}.jsonl": [dump_tasks(tasks)] for split, tasks in splits.items()},
    }
    misnamed = [file for file in files if not _FILES.fullmatch(file)]
    if misnamed:
        raise UsageError(
            f"{', '.join(misnamed)}: stems begin with responses, and names are of the plain kind"
        )
    (folder / "tasks").mkdir(parents=True, exist_ok=True)
    manifest = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "licence": licence,
        "sources": list(sources),
        "captured": captured,
        "counts": {
            "tools": len(catalog),
            "responses": len(everything),
            "bytes": sum(len(record.text.encode()) for record in everything),
            "tasks": {split: len(tasks) for split, tasks in splits.items()},
        },
        "sha256": {file: _written(folder / file, parts) for file, parts in sorted(files.items())},
    }
    (folder / "manifest.json").write_bytes(
        (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    )


def _written(path: Path, parts: Iterable[bytes]) -> str:
    """Write the parts; the sha256 of them all."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for part in parts:
            stream.write(part)
            digest.update(part)
    return digest.hexdigest()


def verify(snapshot: Snapshot) -> list[str]:
    """Everything that opening does not check: each recorded call is valid, each record is JSON. Problems."""
    return [
        f"{record.key} {record.tool}{pointer.join(*error.absolute_path)}: {error.message}"
        for record in snapshot.records()
        for error in snapshot.catalog[record.tool].validator.iter_errors(record.arguments)
    ]


def _key(tool: Tool, arguments: dict[str, Any]) -> str:
    return replay_key(tool.name, encode(tool.normalise(arguments)))


def _item(record: Record) -> tuple[str, Recorded]:
    """A record as the stores hold it: its key, with its task if it is limited to one, and its answer."""
    key = f"{record.key}@{record.task}" if record.task else record.key
    return key, Recorded(record.status, record.text)


def _deduplicated(records: Iterable[Record]) -> list[Record]:
    """Sorted by key, each once; raises `SnapshotError` where one call has two responses.

    Of several spellings of a call the first in order is kept, whatever the order they come in.
    """
    kept: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda r: (r.key, r.task, to_text(r.arguments))):
        first = kept.setdefault((record.key, record.task), record)
        if (first.status, first.text) != (record.status, record.text):
            raise SnapshotError(
                f"{record.tool} {to_text(record.arguments)}: recorded with two different responses",
                "limit the records to their tasks, or keep them in two snapshot versions",
            )
    return list(kept.values())


def _line(record: Record) -> str:
    head = {"key": record.key, "tool": record.tool, "arguments": record.arguments, "status": record.status}
    if record.task:
        head["task"] = record.task
    return f'{to_text(head)[:-1]},"response":{record.text}}}\n'


def _read_json(path: Path) -> Any:
    place = f"{path.parent.name}/{path.name}"
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_DOCUMENT + 1)
    except OSError as error:
        raise SnapshotError(f"{place}: cannot be read: {error.strerror}", REMEDY) from error
    if len(data) > _MOST_DOCUMENT:
        raise SnapshotError(
            f"{place}: larger than {_MOST_DOCUMENT} bytes, which is the most that is read", REMEDY
        )
    try:
        return parse_json(data)
    except ValueError as error:
        raise SnapshotError(f"{place}: not JSON: {error}", REMEDY) from error


def _read_manifest(folder: Path) -> dict[str, Any]:
    place = f"{folder.name}/manifest.json"
    manifest = _read_json(inside(folder, "manifest.json", SnapshotError))
    if not isinstance(manifest, dict):
        raise SnapshotError(f"{place}: expected an object", REMEDY)
    if manifest.get("format") != FORMAT:
        raise SnapshotError(
            f"{place}: format {manifest.get('format')!r} is unknown, this package reads {FORMAT}",
            "install the package version that wrote it, or write it again",
        )
    kinds = {"name": str, "version": str, "counts": dict, "sha256": dict}
    problems = [
        f"{place}: {field}: expected {kind.__name__}, found {type(manifest.get(field)).__name__}"
        for field, kind in kinds.items()
        if not isinstance(manifest.get(field), kind)
    ]
    if not problems:
        problems = [
            f"{place}: counts.{what}: expected an integer"
            for what in ("bytes", "responses")
            if not isinstance(manifest["counts"].get(what), int)
        ]
    if not problems:
        problems = [
            f"{place}: sha256: {file} is not listed"
            for file in _present(folder)
            if file not in manifest["sha256"]
        ]
    if problems:
        raise SnapshotError(problems, REMEDY)
    return manifest


def _split_files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The task file of each split."""
    files = (
        file for file in sorted(manifest["sha256"]) if file.startswith("tasks/") and _FILES.fullmatch(file)
    )
    return {file.removeprefix("tasks/").split(".")[0]: file for file in files}


def _present(folder: Path) -> list[str]:
    """The files that opening would read, as they lie there."""
    patterns = ("tools.json", "responses*.jsonl.gz", "tasks/*.jsonl", "tasks/*.jsonl.gz")
    return sorted(path.relative_to(folder).as_posix() for p in patterns for path in folder.glob(p))


def _verify_sums(folder: Path, sums: Mapping[str, str], skip_responses: bool) -> None:
    problems = []
    for file, expected in sums.items():
        if skip_responses and file.startswith("responses"):
            continue
        path = inside(folder, file, SnapshotError)
        try:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            problems.append(f"{folder.name}/{file}: cannot be read: {error.strerror}")
            continue
        if found != expected:
            problems.append(f"{folder.name}/{file}: sha256 expected {expected}, found {found}")
    if "tools.json" not in sums:
        problems.append(f"{folder.name}/manifest.json: sha256: tools.json is not listed")
    if problems:
        raise SnapshotError(problems, REMEDY)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: nothing that is read is garbage, and each would walk the whole heap."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read_records(folder: Path, manifest: Mapping[str, Any], catalog: Catalog) -> Iterator[Record]:
    """The records of all response files, every key checked; raises `SnapshotError` with file and line.

    Reading ends where there is more than the manifest counts: a gzip bomb is not unpacked.
    """
    seen: set[tuple[str, str]] = set()
    counts = manifest["counts"]
    most = counts["bytes"] * 2 + counts["responses"] * _MOST_BESIDE + (1 << 20)
    left = counts["bytes"]
    for file in sorted(manifest["sha256"]):
        if not file.startswith("responses"):
            continue
        for number, line in numbered_lines(inside(folder, file, SnapshotError), SnapshotError, most):
            place = f"{folder.name}/{file}:{number}"
            record = _parse_record(line, place, catalog)
            if (record.key, record.task) in seen:
                raise SnapshotError(f"{place}: duplicate key {record.key}", REMEDY)
            seen.add((record.key, record.task))
            left -= len(record.text.encode())
            for what, exceeded in (("responses", len(seen) > counts["responses"]), ("bytes", left < 0)):
                if exceeded:
                    raise SnapshotError(f"{place}: counts.{what}: {counts[what]}, but there are more", REMEDY)
            yield record


def _parse_record(line: str, place: str, catalog: Catalog) -> Record:
    try:
        entry = parse_json(line)
        record = Record(
            entry["key"],
            entry["tool"],
            entry["arguments"],
            entry["status"],
            to_text(entry["response"]),
            entry.get("task", ""),
        )
        key = _key(catalog[record.tool], record.arguments)
        _sound(record)
    except KeyError as error:
        raise SnapshotError(f"{place}: missing field or unknown tool {error}", REMEDY) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SnapshotError(f"{place}: not a record: {error}", REMEDY) from error
    if key != record.key:
        raise SnapshotError(
            f"{place}: key {record.key!r} does not belong to its call, which has {key}", REMEDY
        )
    return record


def _sound(record: Record) -> Record:
    """The record itself; raises `ValueError` where it is not what the stores and files can hold."""
    if not isinstance(record.arguments, dict):
        raise ValueError("arguments expected an object")
    if not isinstance(record.status, int) or not 100 <= record.status <= 599:
        raise ValueError(f"status expected 100 to 599, found {record.status!r}")
    if not isinstance(record.task, str):
        raise ValueError(f"task expected a string, found {record.task!r}")
    record.text.encode()  # raises where a lone surrogate is in it
    return record
