"""Finding, reading and writing the folder of a snapshot.

Reading verifies the sha256 sum of every file it uses and raises `SnapshotError` with file, line and remedy. It reads no
more than the manifest counts, and executes nothing.
"""

import hashlib
import json
import os
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import SnapshotError, UsageError
from ..files import inside, numbered_lines
from ..jsonvalues.decode import parse_json
from ..task import Task, dump_tasks
from . import store
from .catalog import Catalog
from .records import REMEDY, Record, deduplicated, line_of, parse_record

FORMATS = (1, 2)
"""Format 2 has derivations, folds and declared domains in `tools.json`, and proofs in the manifest."""
_MOST_DOCUMENT = 32 << 20
"""Maximum bytes of `manifest.json` and of `tools.json`."""
_MOST_OVERHEAD = 64 << 10
"""Maximum bytes of a record without its response, on average."""
_FILES = re.compile(r"tools\.json|NOTICE\.md|responses[\w-]*\.jsonl\.gz|tasks/[\w-]+\.jsonl(\.gz)?")


def bundled_folder() -> Path:
    """The folder of the bundled snapshots: inside the installed package, or next to it in a checkout."""
    package = Path(__file__).parent.parent
    inside_wheel = package / "cache_snapshots"
    return inside_wheel if inside_wheel.is_dir() else package.parent / "cache_snapshots"


def find(name_or_path: str | Path) -> Path:
    """The folder of a bundled snapshot's name, or of a path. Raises `UsageError` listing the bundled names."""
    if not isinstance(name_or_path, (str, Path)):
        raise UsageError(
            f"snapshot: expected a bundled name or a folder, found {type(name_or_path).__name__} ({_bundled()})"
        )
    if isinstance(name_or_path, str) and is_bundled(name_or_path):
        return bundled_folder() / name_or_path
    folder = Path(name_or_path).absolute()
    if folder.is_file():
        raise UsageError(
            f"snapshot: expected a folder or a bundled name, found the file {name_or_path} ({_bundled()}); "
            "pass a task file as `tasks`"
        )
    if not name_or_path or not folder.is_dir():
        raise UsageError(f"no snapshot {str(name_or_path)!r}: neither a folder nor bundled ({_bundled()})")
    return folder


def is_bundled(name: str) -> bool:
    """Whether a snapshot of this name is bundled."""
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        return False
    return (bundled_folder() / name / "manifest.json").is_file()


def _bundled() -> str:
    names = sorted(p.name for p in bundled_folder().glob("*/") if (p / "manifest.json").exists())
    return f"bundled: {', '.join(names)}"


def version_of(folder: Path) -> Hashable:
    """A value that changes whenever a file of the snapshot does: names, sizes, times and inodes. Reads no file."""
    found: list[tuple[str, str, int, int, int]] = []
    for name in ("", "tasks"):
        place = folder / name
        if place.is_dir():
            found += [(name, file.name, *_state(file.stat())) for file in os.scandir(place) if file.is_file()]
    return tuple(sorted(found))


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def manifest_sum(folder: Path) -> str:
    """The sha256 of the manifest. It identifies the content, because the manifest lists the sums of all files."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def read_json(path: Path) -> Any:
    """The strict JSON in a file of at most 32 MiB. Raises `SnapshotError`."""
    place = f"{path.parent.name}/{path.name}"
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_DOCUMENT + 1)
    except OSError as error:
        raise SnapshotError(f"{place}: cannot be read: {error.strerror}", REMEDY) from error
    if len(data) > _MOST_DOCUMENT:
        raise SnapshotError(f"{place}: larger than {_MOST_DOCUMENT} bytes, the maximum", REMEDY)
    try:
        return parse_json(data)
    except ValueError as error:
        raise SnapshotError(f"{place}: not JSON: {error}", REMEDY) from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a snapshot, checked. Raises `SnapshotError` listing every problem."""
    place = f"{folder.name}/manifest.json"
    path = inside(folder, "manifest.json", SnapshotError)
    if not path.exists():
        raise SnapshotError(
            f"{folder.name}: not a snapshot: it has no manifest.json",
            "pass the folder that `tool-orch record` or `tool-orch import` wrote",
        )
    manifest = read_json(path)
    if not isinstance(manifest, dict):
        raise SnapshotError(f"{place}: expected an object", REMEDY)
    if manifest.get("format") not in FORMATS:
        raise SnapshotError(
            f"{place}: format: expected {' or '.join(map(str, FORMATS))}, found {manifest.get('format')!r}",
            "install the version of this package that wrote the snapshot, or write it again",
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
            for file in sorted({"tools.json", *_present(folder)})
            if file not in manifest["sha256"]
        ]
    if problems:
        raise SnapshotError(problems, REMEDY)
    return manifest


def split_files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The task file of each split, by the name of the split."""
    files = (
        file for file in sorted(manifest["sha256"]) if file.startswith("tasks/") and _FILES.fullmatch(file)
    )
    return {file.removeprefix("tasks/").split(".")[0]: file for file in files}


def _present(folder: Path) -> list[str]:
    """The files in the folder that opening would read."""
    patterns = ("tools.json", "responses*.jsonl.gz", "tasks/*.jsonl", "tasks/*.jsonl.gz")
    return sorted(path.relative_to(folder).as_posix() for p in patterns for path in folder.glob(p))


def verify_sums(folder: Path, sums: Mapping[str, str], skip_responses: bool = False) -> None:
    """Check the sha256 of every listed file. Raises `SnapshotError` listing every file that differs."""
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
    if problems:
        raise SnapshotError(problems, REMEDY)


def read_records(
    folder: Path, manifest: Mapping[str, Any], catalog: Catalog, trusting: bool = False
) -> Iterator[Record]:
    """The records of all response files. Raises `SnapshotError` with file and line.

    Every key is verified, unless `trusting`: see `parse_record`. Reading stops as soon as there is more than the
    manifest counts, so a gzip bomb is not unpacked.
    """
    seen: set[tuple[str, str]] = set()
    counts = manifest["counts"]
    most = counts["bytes"] * 2 + counts["responses"] * _MOST_OVERHEAD + (1 << 20)
    left = counts["bytes"]
    for file in sorted(manifest["sha256"]):
        if not file.startswith("responses"):
            continue
        for number, line in numbered_lines(inside(folder, file, SnapshotError), SnapshotError, most):
            place = f"{folder.name}/{file}:{number}"
            record = parse_record(line, place, catalog, trusting)
            if (record.key, record.task) in seen:
                raise SnapshotError(f"{place}: duplicate key {record.key}", REMEDY)
            seen.add((record.key, record.task))
            left -= len(record.text.encode())
            for what, exceeded in (("responses", len(seen) > counts["responses"]), ("bytes", left < 0)):
                if exceeded:
                    raise SnapshotError(
                        f"{place}: more than counts.{what} in manifest.json: {counts[what]}", REMEDY
                    )
            yield record


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
    proofs: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write a snapshot folder. The same input writes the same bytes.

    `records` maps a file stem (`responses`, `responses-osm`) to its records. `proofs` are those of the tools' rules, as
    `record.prove` makes them. The format is 1 if nothing of format 2 is used. Raises `UsageError` if `folder` is not
    empty or a stem or split makes a file name that `Snapshot.open` would not read; `SnapshotError` if two records
    contradict each other or one record is in two files.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder.name}: the folder is not empty; choose a new one")
    unique = {stem: deduplicated(some) for stem, some in records.items()}
    everything = deduplicated(record for some in unique.values() for record in some)
    if len(everything) < sum(map(len, unique.values())):
        raise SnapshotError(f"{', '.join(unique)}: the same record is in two of them", "keep it in one")
    files: dict[str, Iterable[bytes]] = {
        "tools.json": [(json.dumps(catalog.dump(), indent=1, ensure_ascii=False) + "\n").encode()],
        "NOTICE.md": [notice.encode()],
        **{f"{stem}.jsonl.gz": store.gzipped(map(line_of, some)) for stem, some in unique.items()},
        **{f"tasks/{split}.jsonl": [dump_tasks(tasks)] for split, tasks in splits.items()},
    }
    misnamed = [file for file in files if not _FILES.fullmatch(file)]
    if misnamed:
        raise UsageError(
            f"{', '.join(misnamed)}: not a file name of a snapshot; stems begin with `responses`, and stems and splits "
            "have only letters, digits, `_` and `-`"
        )
    (folder / "tasks").mkdir(parents=True, exist_ok=True)
    manifest: dict[str, Any] = {
        "format": 2 if proofs or any(tool.spec.of_format_2 for tool in catalog.values()) else 1,
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
    if proofs:
        manifest["proofs"] = list(proofs)
    (folder / "manifest.json").write_bytes(
        (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    )


def _written(path: Path, parts: Iterable[bytes]) -> str:
    """Write the parts and return their sha256."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for part in parts:
            stream.write(part)
            digest.update(part)
    return digest.hexdigest()
