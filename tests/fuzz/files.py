"""Laws of what comes in files: lines of responses, snapshot folders, task files."""

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import toy

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.errors import FileError, SnapshotError, TaskError, UsageError
from tool_orch_env.jsonvalues.canonical import canonical
from tool_orch_env.reward.config import PRESETS
from tool_orch_env.snapshot import Snapshot, records, schema
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.snapshot.records import Record, key_of, line_of, make_record, parse_record
from tool_orch_env.snapshot.snapshot import verify
from tool_orch_env.task import Task, dump_tasks, read_tasks

from .play import deep_in_a_program, play_all
from .source import ODD, Source, as_text

FIELDS = (
    "key", "tool", "arguments", "status", "response", "task", "name", "parameters", "properties", "type", "default",
    "set_like", "case_insensitive", "sources", "pointer", "id", "snapshot", "request", "tools", "golden", "needs",
    "bindings", "call", "optional", "answer", "value", "tolerance", "meta", "mined", "counts", "bytes", "responses",
    "format", "version", "sha256", "city_id", "units", "tags", "results",
)  # fmt: skip
WORDS = (
    *ODD, "search_city", "get_city", "ping", "tagged", "a", "b", "c", "d", "toy", "/results/0/city_id", "/country",
    "toy-0", "object", "string", ["search_city", "/results/*/city_id", "get_city", "city_id"], "responses.jsonl.gz",
)  # fmt: skip


@cache
def _catalog() -> Catalog:
    return toy.catalog()


@cache
def _toy() -> Snapshot:
    return toy.snapshot()


@contextmanager
def _folder() -> Iterator[Path]:
    """A fresh folder, in memory where the system has such."""
    shm = Path("/dev/shm")
    path = Path(tempfile.mkdtemp(prefix="fuzz-", dir=shm if shm.is_dir() else None))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def line(data: bytes) -> None:
    """A line of responses is a record or a `SnapshotError` at its place; the quick way of reading and the thorough
    one take the same lines and read the same in them; a record written again is the same record."""
    text = _line(Source(data))
    quick = _read(text)
    with patch.object(records, "_as_written", return_value=None):
        thorough = _read(text)
    assert (quick is None) == (thorough is None), text
    if quick is None or thorough is None:
        return
    assert quick._replace(text="") == thorough._replace(text="")
    assert repr(json.loads(quick.text)) == repr(json.loads(thorough.text))
    assert _read(line_of(quick)) == quick
    found = make_record(
        _catalog(), quick.tool, quick.arguments, quick.status, json.loads(quick.text), quick.task
    ) if _catalog()[quick.tool].validator.is_valid(quick.arguments) else None  # fmt: skip
    assert found is None or found.key == quick.key


def _line(source: Source) -> str:
    """Any text, or the line of a call of the toy with anything in place of its parts."""
    if source.below(4) == 0:
        return as_text(source.rest())
    tool, arguments = source.pick(
        (
            ("ping", {}),
            ("search_city", {"name": "Oslo"}),
            ("get_city", {"city_id": 1}),
            ("tagged", {"tags": ["é"]}),
        )
    )
    status = source.pick(("200", "404", "599", "600", "99", "0200", "2e2", "true", "200.0", '"200"', " 200"))
    task = source.pick(
        ("", "", ',"task":""', ',"task":"x"', ',"task":"\\ud800"', ',"task":1', ',"task":null')
    )
    spelt = source.pick((str(json.dumps(arguments)), json.dumps(arguments, separators=(",", ":"))))
    key = key_of(_catalog()[tool], arguments)
    end = source.pick(("}\n", "}", "} \t\r\n", "}\u2003", "}}", ",", ',"odd":1}', "}\x1c"))
    return (
        f'{{"key":"{key}","tool":"{tool}","arguments":{spelt},"status":{status}{task},"response":'
        f"{as_text(source.rest())}{end}"
    )


def _read(text: str) -> Record | None:
    try:
        return parse_record(text, "toy/responses.jsonl.gz:1", _catalog())
    except SnapshotError as fault:
        assert fault.problems[0].startswith("toy/responses.jsonl.gz:1: ")
        return None


def tasks(data: bytes) -> None:
    """A task file is tasks, or a `TaskError` that names the line of every fault; tasks written again read the same,
    and can be played on any snapshot that has their tools, or are refused by `TaskError`."""
    source = Source(data)
    lines = [json.loads(task.to_json()) for task in toy.tasks()]
    content = b"\n".join(_document(_changed(entry, source)) for entry in lines)
    content = _damaged(content, source)
    with _folder() as folder:
        file = folder / source.pick(("tasks.jsonl", "tasks.jsonl.gz"))
        file.write_bytes(gzip.compress(content, 1) if file.suffix == ".gz" else content)
        try:
            read = deep_in_a_program(lambda: read_tasks(file))
        except TaskError as fault:
            assert all(problem.startswith(f"{file.name}:") for problem in fault.problems)
            return
        file.write_bytes(gzip.compress(dump_tasks(read)) if file.suffix == ".gz" else dump_tasks(read))
        assert read_tasks(file) == read
    for task in read:
        _consistent(task)
    reward = source.pick(tuple(PRESETS))
    deep_in_a_program(lambda: play_all(_toy(), read, reward))


def _consistent(task: Task) -> None:
    at = {call.id: depth for depth, layer in enumerate(task.layers) for call in layer}
    assert all(at[needed] < at[call.id] for call in task.golden for needed in call.needs)
    assert sum(len(turn.calls) for turn in oracle_turns(task)) == len(task.golden)


@cache
def _files() -> dict[str, bytes]:
    """The toy's folder, unpacked."""
    with _folder() as folder:
        toy.folder(folder / "toy", train=toy.tasks())
        paths = [path for path in sorted((folder / "toy").rglob("*")) if path.is_file()]
        read = {path.relative_to(folder / "toy").as_posix(): path.read_bytes() for path in paths}
    return {name: gzip.decompress(data) if name.endswith(".gz") else data for name, data in read.items()}


def opening(data: bytes) -> None:
    """A snapshot folder opens or is refused by `SnapshotError` that names a file of it; what opens in memory holds the
    same on disk, what opens on disk only is refused by `verify`, and what opens can be played: no episode raises."""
    source = Source(data)
    with _folder() as folder, patch.object(schema, "_fault", _fault):
        path = folder / "toy"
        _lay_out(path, source)
        try:
            snapshot = deep_in_a_program(lambda: Snapshot.open(path, where="memory"))
        except SnapshotError as fault:
            _named(fault)
            snapshot = None
        if source.below(4) == 0:
            _same_on_disk(path, snapshot, folder / "cache")
        if snapshot is not None:
            verify(snapshot)
            try:
                read = snapshot.tasks()
            except (TaskError, SnapshotError, UsageError) as fault:
                _named(fault)
                read = []
            reward = source.pick(tuple(PRESETS))
            deep_in_a_program(lambda: play_all(snapshot, read or toy.tasks()[:1], reward))


_judged: dict[str, Any] = {}
_judge = schema._fault


def _fault(document: Any) -> Any:
    """The package's own verdict, remembered: most schemas are those of the toy, and judging takes most of the time."""
    text = canonical(document)
    if text not in _judged:
        _judged[text] = _judge(document)
    return _judged[text]


def _named(fault: Exception) -> None:
    problems = fault.problems if isinstance(fault, FileError) else [str(fault)]
    assert problems
    assert all(problem.isascii() or problem.encode() for problem in problems)


def _same_on_disk(path: Path, snapshot: Snapshot | None, cache_folder: Path) -> None:
    with patch.dict(os.environ, TOOL_ORCH_CACHE=str(cache_folder)):
        try:
            on_disk = deep_in_a_program(lambda: Snapshot.open(path, where="disk"))
        except SnapshotError:
            assert snapshot is None
            return
        if snapshot is None:  # a fault that building a store leaves to `verify`
            _refused_by_verify(on_disk)
            deep_in_a_program(lambda: play_all(on_disk, toy.tasks()[:1], "graduated"))
            return
        assert list(on_disk.records()) == list(snapshot.records())
        for record in snapshot.records():
            assert on_disk.get(record.key, record.task) == snapshot.get(record.key, record.task)


def _refused_by_verify(snapshot: Snapshot) -> None:
    try:
        verify(snapshot)
    except SnapshotError as fault:
        _named(fault)
    else:
        raise AssertionError("refused in memory, sound on disk")


def _lay_out(path: Path, source: Source) -> None:
    """The toy's files with some of them changed, the sums made right unless the bytes say otherwise."""
    files = dict(_files())
    manifest = json.loads(files.pop("manifest.json"))
    for _ in range(source.below(3)):
        name = source.pick(sorted(files))
        files[name] = _edited(name, files[name], source)
    packed = {name: gzip.compress(data, 1) if name.endswith(".gz") else data for name, data in files.items()}
    if source.below(8) == 1:
        name = source.pick(sorted(packed))
        packed[name] = _damaged(packed[name], source)
    if source.below(8) != 1:
        manifest["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in packed.items()}
        responses = [json.loads(one) for one in _lines(files["responses.jsonl.gz"])]
        texts = [
            json.dumps(one.get("response"), ensure_ascii=False) for one in responses if isinstance(one, dict)
        ]
        manifest["counts"] |= {
            "responses": len(responses), "bytes": sum(len(text.encode(errors="replace")) for text in texts),
        }  # fmt: skip
    if source.below(4) == 1:
        manifest = _changed(manifest, source)
    for name, data in {**packed, "manifest.json": _document(manifest)}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)


def _lines(data: bytes) -> list[str]:
    """The lines that are JSON."""
    found = []
    for raw in data.split(b"\n"):
        try:
            json.loads(raw)
        except (ValueError, RecursionError):
            continue
        found.append(raw.decode("utf-8", "surrogateescape"))
    return found


def _edited(name: str, data: bytes, source: Source) -> bytes:
    if source.below(8) == 1:
        return _damaged(data, source)
    if name == "NOTICE.md":
        return source.rest()
    lines = [data] if name == "tools.json" else data.splitlines()
    at = source.below(max(1, len(lines)))
    try:
        entry = _changed(json.loads(lines[at]), source)
    except (IndexError, ValueError, RecursionError):
        return data  # changed before, past reading
    if name.startswith("responses") and source.below(4):
        entry = _keyed(entry)
    lines[at] = _document(entry)
    return b"\n".join(lines[: 1 + source.below(len(lines))] if source.below(8) == 1 else lines) + b"\n"


def _keyed(entry: Any) -> Any:
    """The record with the key that belongs to its call, so that more than the key is looked at."""
    try:
        return {**entry, "key": key_of(_catalog()[entry["tool"]], entry["arguments"])}
    except (KeyError, TypeError, ValueError, AttributeError):
        return entry


def _changed(document: Any, source: Source) -> Any:
    """A copy with one or more places replaced, added or removed."""
    document = deepcopy(document)
    for _ in range(source.below(3)):
        node, steps = document, source.below(7)
        for _ in range(steps):
            inner = _keys(node)
            if not inner:
                break
            key = source.pick(inner)
            if not _keys(node[key]):
                break
            node = node[key]
        inner = _keys(node)
        act = source.below(3)
        if act == 0 and isinstance(node, dict):
            node[source.pick(FIELDS)] = source.value(FIELDS, WORDS)
        elif inner and act == 1:
            del node[source.pick(inner)]
        elif inner:
            node[source.pick(inner)] = source.value(FIELDS, WORDS)
    return document


def _keys(node: Any) -> list[Any]:
    return list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []


def _document(value: Any) -> bytes:
    """Compact JSON in which NaN, infinities and lone surrogates are written as they come."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    except (RecursionError, ValueError):
        return b"[" * 2000


def _damaged(content: bytes, source: Source) -> bytes:
    """The bytes cut, changed, doubled, or with others put in."""
    act = source.below(8)
    at = source.below(max(1, len(content)))
    if act == 1:
        return content[:at]
    if act == 2:
        return content[:at] + bytes([source.byte()]) + content[at + 1 :]
    if act == 3:
        return content[:at] + source.raw() + content[at:]
    if act == 4:
        return content + b"\n" + content
    return content
