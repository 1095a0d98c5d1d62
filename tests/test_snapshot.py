"""Snapshots at rest: what is written is what is opened, and every fault is named, never softened."""

import gzip
import hashlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import toy as toys

from tool_orch_env import files
from tool_orch_env.errors import SnapshotError, UsageError
from tool_orch_env.jsonvalues.canonical import encode, replay_key
from tool_orch_env.snapshot import Snapshot, load_tasks, store
from tool_orch_env.snapshot import snapshot as snapshot_module
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.snapshot.folder import write
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.snapshot.snapshot import verify
from tool_orch_env.task import Task

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden" / "snapshot"


def forget_open_snapshots() -> None:
    """As a process does that has not opened any yet."""
    snapshot_module._OPEN.clear()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write_toy(folder: Path, **changed: Any) -> Path:
    tools = toys.catalog()
    given: dict[str, Any] = {
        "name": "toy",
        "version": "1",
        "licence": "CC0-1.0",
        "sources": [{"name": "made up", "url": "none"}],
        "captured": "2026-01-01",
        "catalog": tools,
        "records": {"responses": toys.records(tools)},
        "splits": {"train": toys.tasks()},
        "notice": "# Toy\n",
    }
    write(folder, **(given | changed))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_toy(tmp_path / "toy")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def put(folder: Path, file: str, data: bytes) -> None:
    """Replace a file and its sum: only its content can be at fault."""
    (folder / file).write_bytes(data)
    change_manifest(folder, lambda m: m["sha256"].update({file: hashlib.sha256(data).hexdigest()}))


def put_lines(folder: Path, *lines: str) -> None:
    put(folder, "responses.jsonl.gz", gzip.compress("".join(line + "\n" for line in lines).encode(), mtime=0))
    change_manifest(folder, lambda m: m["counts"].update(responses=len(lines)))


def refused(folder: Path, *said: str, where: Any = "memory") -> None:
    with pytest.raises(SnapshotError) as caught:
        Snapshot.open(folder, where=where).tasks()
    for text in (*said, "What to do: "):
        assert text in str(caught.value)


# What is written is what is opened.


@pytest.mark.parametrize("where", ["memory", "disk", "auto"])
def test_a_written_snapshot_opens_with_the_same_records_tasks_and_answers(folder: Path, where: Any) -> None:
    made, opened = toys.snapshot(), Snapshot.open(folder, where=where)
    assert list(opened.records()) == list(made.records())
    assert sorted(map(encode, (list(call) for call in opened.calls()))) == sorted(
        map(encode, (list(call) for call in made.calls()))
    )
    assert opened.tasks() == made.tasks() == load_tasks(folder, "train")
    assert len(opened) == len(made)
    for record in made.records():
        assert opened.lookup(record.tool, record.arguments) == (record.status, record.text)
    assert opened.lookup("get_city", {"city_id": 11.0, "units": "metric"}) is not None
    assert opened.lookup("get_city", {"city_id": 11, "units": "imperial"}) is None
    assert opened.lookup("none", {}) is None
    assert verify(opened) == []
    assert opened.catalog.dump() == made.catalog.dump()


def test_a_disk_store_is_built_once_and_used_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Snapshot.open(folder, where="disk")
    monkeypatch.setattr(store, "build", pytest.fail)
    again = Snapshot.open(folder, where="disk")
    assert list(first.records()) == list(again.records())
    assert again.lookup("ping", {}) == (200, '{"pong":1}')


def test_the_same_input_gives_the_same_bytes_whatever_the_order_of_records(tmp_path: Path) -> None:
    tools = toys.catalog()
    records = toys.records(tools)
    spellings = [
        make_record(
            tools, "get_city", {"units": "metric", "city_id": 11}, 200, {"name": "Oslo", "country": "NO"}
        ),
        make_record(tools, "get_city", {"city_id": 11.0}, 200, {"name": "Oslo", "country": "NO"}),
        make_record(
            tools, "search_city", {"name": "OSLO"}, 200, {"results": [{"city_id": 11, "name": "Oslo"}]}
        ),
    ]
    one = write_toy(tmp_path / "one", records={"responses": [*records, *spellings]})
    other = write_toy(tmp_path / "other", records={"responses": [*reversed(spellings), *reversed(records)]})
    assert contents(one) == contents(other)
    assert len(Snapshot.open(one)) == len(records)


def test_the_format_on_disk_is_that_of_the_golden_folder(tmp_path: Path) -> None:
    written = contents(write_toy(tmp_path / "toy"))
    packed = written.pop("responses.jsonl.gz")
    assert gzip.decompress(packed) == (GOLDEN / "responses.jsonl").read_bytes()
    assert {name: data for name, data in written.items() if name != "manifest.json"} == {
        name: data
        for name, data in contents(GOLDEN).items()
        if name not in ("manifest.json", "responses.jsonl")
    }
    manifest, golden = (
        json.loads(text) for text in (written["manifest.json"], (GOLDEN / "manifest.json").read_text())
    )
    for some in (manifest, golden):
        some["sha256"].pop("responses.jsonl.gz")  # zlib's bytes differ between builds
    assert manifest == golden


def test_a_record_of_a_task_is_seen_by_that_task_only(tmp_path: Path) -> None:
    tools = toys.catalog()
    records = [
        make_record(tools, "ping", {}, 200, {"pong": 1}),
        make_record(tools, "ping", {}, 200, {"pong": 2}, task="t"),
        make_record(tools, "get_city", {"city_id": 5}, 200, {}, task="t"),
    ]
    for where in ("memory", "disk"):
        target = tmp_path / where
        opened = Snapshot.open(write_toy(target, records={"responses": records}), where=where)  # type: ignore[arg-type]
        assert opened.lookup("ping", {}) == opened.lookup("ping", {}, "u") == (200, '{"pong":1}')
        assert opened.lookup("ping", {}, "t") == (200, '{"pong":2}')
        assert opened.lookup("get_city", {"city_id": 5}) is None
        assert opened.lookup("get_city", {"city_id": 5}, "t") == (200, "{}")


def test_records_may_lie_in_several_files(tmp_path: Path) -> None:
    tools = toys.catalog()
    records = toys.records(tools)
    folder = write_toy(tmp_path / "two", records={"responses": records[:3], "responses-more": records[3:]})
    assert len(Snapshot.open(folder)) == len(records)


# What cannot be written is refused before anything is on disk.


def refuse_to_write(folder: Path, kind: type[Exception], says: str, **changed: Any) -> None:
    with pytest.raises(kind, match=says):
        write_toy(folder, **changed)
    assert not folder.exists()


def test_contradicting_records_are_refused(tmp_path: Path) -> None:
    tools = toys.catalog()
    twice = [make_record(tools, "ping", {}, 200, {"pong": pong}) for pong in (1, 2)]
    refuse_to_write(tmp_path / "x", SnapshotError, "two different responses", records={"responses": twice})
    with pytest.raises(SnapshotError, match="two different responses"):
        Snapshot.from_records("x", tools, twice)
    statuses = [make_record(tools, "ping", {}, status, {}) for status in (200, 404)]
    refuse_to_write(tmp_path / "x", SnapshotError, "two different responses", records={"responses": statuses})


def test_a_record_in_two_files_is_refused(tmp_path: Path) -> None:
    ping = make_record(toys.catalog(), "ping", {}, 200, {"pong": 1})
    records = {"responses-a": [ping], "responses-b": [ping]}
    refuse_to_write(tmp_path / "x", SnapshotError, "is in two", records=records)


def test_names_that_opening_would_not_read_are_refused(tmp_path: Path) -> None:
    refuse_to_write(tmp_path / "x", UsageError, "osm", records={"osm": toys.records(toys.catalog())})
    refuse_to_write(tmp_path / "x", UsageError, "evil", splits={"../../evil": toys.tasks()})


def test_a_folder_that_holds_something_is_not_written_to(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(UsageError, match="not empty"):
        write_toy(folder)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "response", "says"),
    [
        ("none", {}, 200, {}, "is not a tool"),
        ("get_city", {}, 200, {}, "only valid calls are recorded"),
        ("get_city", {"city_id": "11"}, 200, {}, "get_city/city_id"),
        ("rate", {"currency": "NOK", "date": "2013-02-30"}, 200, {}, "/date"),
        ("search_city", {"name": "\ud800"}, 200, {}, "no canonical form"),
        ("get_city", {"city_id": float("nan")}, 200, {}, "no canonical form"),
        ("ping", {}, 99, {}, "status: expected 100 to 599"),
        ("ping", {}, 1000, {}, "status: expected 100 to 599"),
        ("ping", {}, True, {}, "status: expected 100 to 599"),
        ("ping", {}, "200", {}, "status: expected 100 to 599"),
        ("ping", {}, 200, {"a": float("nan")}, "ping"),
        ("ping", {}, 200, {"a": b"x"}, "ping"),
        ("ping", {}, 200, "\ud800", "ping"),
        ("ping", {}, 200, json.loads("[" * 64 + "]" * 64), None),
        ("ping", {}, 200, json.loads("[" * 65 + "]" * 65), "nested deeper than 64"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_only_valid_calls_with_json_responses_become_records(
    tool: str, arguments: dict[str, Any], status: int, response: Any, says: str | None
) -> None:
    if says is None:
        assert make_record(toys.catalog(), tool, arguments, status, response).text.startswith("[[[")
        return
    with pytest.raises(UsageError, match=says):
        make_record(toys.catalog(), tool, arguments, status, response)


def test_a_record_keeps_no_hold_on_the_callers_arguments() -> None:
    tags = ["old"]
    record = make_record(toys.catalog(), "tagged", {"tags": tags}, 200, {})
    tags.append("sea")
    assert record.arguments == {"tags": ["old"]}


# Damage is named with file and line.


@pytest.mark.parametrize("where", ["memory", "disk"])
@pytest.mark.parametrize("file", ["tools.json", "responses.jsonl.gz", "tasks/train.jsonl", "NOTICE.md"])
def test_an_altered_byte_in_any_file_is_noticed(folder: Path, file: str, where: Any) -> None:
    data = bytearray((folder / file).read_bytes())
    for place in (0, len(data) // 2, len(data) - 1):
        altered = bytes([*data[:place], data[place] ^ 1, *data[place + 1 :]])
        (folder / file).write_bytes(altered)
        refused(folder, f"toy/{file}: sha256 expected", where=where)
    (folder / file).write_bytes(data[:-5])
    refused(folder, f"toy/{file}: sha256 expected", where=where)
    (folder / file).unlink()
    refused(folder, f"toy/{file}: ", where=where)


def test_several_faults_are_all_listed(folder: Path) -> None:
    (folder / "NOTICE.md").write_text("x")
    (folder / "tasks" / "train.jsonl").unlink()
    refused(folder, "toy/NOTICE.md: sha256", "toy/tasks/train.jsonl: cannot be read")


def test_a_cut_gzip_is_noticed_even_where_the_sum_is_right(folder: Path) -> None:
    put(folder, "responses.jsonl.gz", (folder / "responses.jsonl.gz").read_bytes()[:-20])
    refused(folder, "responses.jsonl.gz:", "truncated or damaged")
    put(folder, "responses.jsonl.gz", b"plain text")
    refused(folder, "responses.jsonl.gz:1: ", "truncated or damaged")


@pytest.mark.parametrize("file", ["responses-more.jsonl.gz", "tasks/test.jsonl", "tasks/test.jsonl.gz"])
def test_a_file_that_the_manifest_does_not_list_is_refused(folder: Path, file: str) -> None:
    (folder / file).write_bytes(gzip.compress(b""))
    refused(folder, "toy/manifest.json: sha256: ", f"{file} is not listed")


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 0


def line(tool: str = "ping", arguments: Any = None, status: Any = 200, response: Any = 1, **more: Any) -> str:
    given = {} if arguments is None else arguments
    key = replay_key(tool, encode(given))
    return json.dumps(
        {"key": key, "tool": tool, "arguments": given, "status": status, "response": response} | more
    )


BAD_LINES = {
    "not JSON": ("{", "not a record"),
    "no object": ("[]", "not a record"),
    "number": ("7", "not a record"),
    "NaN": (line().replace('"response": 1', '"response": NaN'), "NaN is not JSON"),
    "infinite": (line().replace('"response": 1', '"response": 1e999'), "not a record"),
    "infinite inside": (line(response={"a": [1]}).replace("[1]", "[-1e999]"), "not a record"),
    "duplicate field": (line().replace('"tool"', '"status": 200, "tool"'), "duplicate key 'status'"),
    "deep": (line().replace('"response": 1', '"response": ' + "[" * 10_000), "nested too deep"),
    "just too deep": (line(response=nested(65)), "response nested deeper than 64"),
    "duplicate key inside": (
        line("get_country", {"code": "NO"}, response={"a": {"b": 2}}).replace('"b"', '"b": 1, "b"'),
        "duplicate key 'b'",
    ),
    "a space of another kind at the end": (line() + "\u2003", "not a record"),
    "lone surrogate": (line(response="\ud800"), "surrogates"),
    "no response": (line().replace('"response"', '"reply"'), "missing field"),
    "unknown tool": (line("pong"), "unknown tool 'pong'"),
    "tool of a wrong type": (line().replace('"ping"', "[]"), "not a record"),
    "key of another call": (line(key="0" * 32), "the key of the call, found"),
    "key of a wrong type": (line(key=7), "the key of the call, found"),
    "arguments of a wrong type": (line(arguments=[1]), "arguments: expected an object, found list"),
    "status too low": (line(status=99), "status: expected 100 to 599, found 99"),
    "status too high": (line(status=1000), "status: expected 100 to 599, found 1000"),
    "status of a wrong type": (line(status="200"), "status: expected 100 to 599"),
    "task of a wrong type": (line(task=[]), "task: expected a string"),
    "same call twice": (line(), "duplicate key"),
    "same call, other response": (line(response=2), "duplicate key"),
}


LEFT_TO_VERIFY = {"duplicate key inside", "key of another call"}
"""Faults of a line as `write` writes it that building a store does not look for."""


@pytest.mark.parametrize("where", ["memory", "disk"])
@pytest.mark.parametrize("compact", [False, True], ids=["spaced", "as written"])
@pytest.mark.parametrize("fault", BAD_LINES)
def test_a_bad_record_is_named_with_file_and_line(
    folder: Path, fault: str, compact: bool, where: Any, cache: Path
) -> None:
    bad, says = BAD_LINES[fault]
    if compact:
        bad = bad.replace('": ', '":').replace(', "', ',"')
    put_lines(folder, line(), "", bad)
    if compact and where == "disk" and fault in LEFT_TO_VERIFY:
        change_manifest(folder, lambda m: m["counts"].update(responses=2))
        with pytest.raises(SnapshotError, match=r"responses\.jsonl\.gz:3: .*" + says):
            verify(Snapshot.open(folder, where=where))
        return
    refused(folder, "toy/responses.jsonl.gz:3: ", says, where=where)
    assert not cache.exists() or list(cache.iterdir()) == []


@pytest.mark.parametrize("space", [" ", "\t", "\r"])
def test_spaces_between_the_parts_of_a_line_change_nothing(folder: Path, space: str) -> None:
    compact = line("get_country", {"code": "NO"}, 200, [1]).replace('": ', '":').replace(', "', ',"')
    for part in ('"arguments":', '"status":', '"response":'):
        put_lines(folder, compact.replace(part, part + space))
        assert Snapshot.open(folder).lookup("get_country", {"code": "NO"}) == (200, "[1]")


def test_a_response_may_be_as_deep_as_arguments(folder: Path) -> None:
    put_lines(folder, line(response=nested(64)))
    assert Snapshot.open(folder).lookup("ping", {}) == (200, json.dumps(nested(64)))


def test_bytes_that_are_no_text_are_named_with_their_line(folder: Path) -> None:
    put(folder, "responses.jsonl.gz", gzip.compress(line().encode() + b"\n\xff\n"))
    refused(folder, "responses.jsonl.gz:2: ")


def test_missing_records_are_no_smaller_snapshot(folder: Path) -> None:
    (folder / "responses.jsonl.gz").unlink()
    change_manifest(folder, lambda m: m["sha256"].pop("responses.jsonl.gz"))
    for where in ("memory", "disk"):
        refused(folder, "toy/manifest.json: counts.responses", where=where)


def test_a_line_or_a_file_too_large_is_refused_before_it_fills_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "responses.jsonl.gz", gzip.compress(b" " * 10_000_000))
    monkeypatch.setattr(files, "MAX_LINE", 1_000_000)
    refused(folder, "responses.jsonl.gz:1: larger than this package reads")
    put(folder, "responses.jsonl.gz", gzip.compress(b"\n" * 10_000))
    monkeypatch.setattr(files, "MAX_UNPACKED", 9_000)
    refused(folder, "responses.jsonl.gz:9001: larger than this package reads")


def test_a_gzip_bomb_is_not_unpacked_beyond_what_the_manifest_counts(folder: Path) -> None:
    whole = (folder / "responses.jsonl.gz").read_bytes()
    put(folder, "responses.jsonl.gz", whole + gzip.compress(b"\n" * 50_000_000))
    refused(folder, "larger than this package reads")
    line = gzip.decompress(whole).splitlines(keepends=True)[0]
    put(
        folder,
        "responses.jsonl.gz",
        gzip.compress(line.replace(b'"response":', b'"response":' + b" " * 40_000_000)),
    )
    refused(folder, "responses.jsonl.gz:1: larger than this package reads")
    put(folder, "responses.jsonl.gz", whole)
    change_manifest(folder, lambda m: m["counts"].update(bytes=100))
    refused(folder, "more than counts.bytes in manifest.json: 100")


def test_a_million_tools_are_refused_before_any_is_checked(folder: Path) -> None:
    entry = '{"name":"t%d","parameters":{}}'
    put(folder, "tools.json", ('{"tools":[' + ",".join(entry % n for n in range(1_000_000)) + "]}").encode())
    refused(folder, "toy/tools.json: larger than")
    put(folder, "tools.json", ('{"tools":[' + ",".join(entry % n for n in range(20_000)) + "]}").encode())
    refused(folder, "toy/tools.json: expected at most 10000 tools, found 20000")


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "unknown format": (lambda m: m.update(format=3), "format: expected 1 or 2, found 3"),
    "no format": (lambda m: m.pop("format"), "format: expected 1 or 2, found None"),
    "no name": (lambda m: m.pop("name"), "name: expected str, found NoneType"),
    "version of a wrong type": (lambda m: m.update(version=1), "version: expected str, found int"),
    "counts of a wrong type": (lambda m: m.update(counts=[]), "counts: expected dict, found list"),
    "sums of a wrong type": (lambda m: m.update(sha256="x"), "sha256: expected dict, found str"),
    "bytes of a wrong type": (lambda m: m["counts"].update(bytes="1"), "counts.bytes: expected an integer"),
    "responses of a wrong type": (
        lambda m: m["counts"].pop("responses"),
        "counts.responses: expected an integer",
    ),
    "wrong count": (
        lambda m: m["counts"].update(responses=1),
        "more than counts.responses in manifest.json: 1",
    ),
    "tools not listed": (lambda m: m["sha256"].pop("tools.json"), "tools.json is not listed"),
    "sum of a wrong type": (
        lambda m: m["sha256"].update({"NOTICE.md": 7}),
        "toy/NOTICE.md: sha256 expected 7",
    ),
    "parent folder": (
        lambda m: m["sha256"].update({"../secret": "0"}),
        "'../secret': not a path inside the folder",
    ),
    "parent folder within": (
        lambda m: m["sha256"].update({"tasks/../../x": "0"}),
        "not a path inside the folder",
    ),
    "absolute": (lambda m: m["sha256"].update({"/etc/hostname": "0"}), "'/etc/hostname': not a path inside"),
    "empty": (lambda m: m["sha256"].update({"": "0"}), "'': not a path inside the folder"),
    "drive": (lambda m: m["sha256"].update({"C:\\x": "0"}), "not a path inside the folder"),
    "null character": (lambda m: m["sha256"].update({"a\0b": "0"}), "not a path inside the folder"),
    "lone surrogate": (lambda m: m["sha256"].update({"\ud800": "0"}), "not a path inside the folder"),
    "endless": (lambda m: m["sha256"].update({"x" * 5000: "0"}), "not a path inside the folder"),
    "folder": (lambda m: m["sha256"].update({"tasks": "0"}), "tasks: not a regular file"),
    "missing file": (lambda m: m["sha256"].update({"more.md": "0"}), "toy/more.md: cannot be read"),
}


@pytest.mark.parametrize(("change", "says"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_is_not_what_it_should_be_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    change_manifest(folder, change)
    refused(folder, says)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff", b'{"format": NaN}', b'{"a": 1, "a": 2}', b"[" * 10_000]
)
def test_a_manifest_that_is_no_json_object_is_refused(folder: Path, data: bytes) -> None:
    (folder / "manifest.json").write_bytes(data)
    refused(folder, "toy/manifest.json: ")


def test_a_folder_without_a_manifest_is_refused(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    refused(folder, "toy: not a snapshot: it has no manifest.json")


def test_a_name_that_is_nothing_is_a_usage_error(tmp_path: Path) -> None:
    for name in (tmp_path / "none", "no-such-snapshot", "", "a\0b"):
        with pytest.raises(UsageError, match="neither a folder nor bundled"):
            Snapshot.open(name)


@pytest.mark.parametrize("file", ["manifest.json", "tools.json", "responses.jsonl.gz", "tasks/train.jsonl"])
def test_a_symbolic_link_in_place_of_a_file_is_refused(folder: Path, file: str) -> None:
    elsewhere = folder.parent / "elsewhere"
    (folder / file).rename(elsewhere)
    (folder / file).symlink_to(elsewhere)
    refused(folder, f"{file}: a symbolic link")


def test_a_symbolic_link_in_place_of_a_folder_is_refused(folder: Path) -> None:
    (folder / "tasks").rename(folder.parent / "elsewhere")
    (folder / "tasks").symlink_to(folder.parent / "elsewhere")
    refused(folder, "tasks/train.jsonl: a symbolic link")


# Tools.


def f(name: str = "f", schema: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "parameters": {"type": "object"} if schema is None else schema, **more}


def properties(**some: Any) -> dict[str, Any]:
    return {"type": "object", "properties": some}


TOOLS: dict[str, tuple[Any, str]] = {
    "a list": ([], 'expected an object with a list "tools"'),
    "tools of a wrong type": ({"tools": {}}, 'expected an object with a list "tools"'),
    "a tool of a wrong type": ({"tools": [7]}, "tools.json: 0"),
    "a tool without a name": ({"tools": [{"parameters": {}}]}, "tools.json: 0/name: Field required"),
    "a tool without parameters": ({"tools": [{"name": "f"}]}, "tools.json: f/parameters: Field required"),
    "a bad name": ({"tools": [f("a b")]}, "tools.json: a b/name"),
    "a name with a line end": ({"tools": [f("a\n")]}, "/name"),
    "an extra field": ({"tools": [f(extra=1)]}, "f/extra: Extra inputs"),
    "named twice": ({"tools": [f(), f()]}, "tools.json: f: two tools have this name"),
    "no object schema": ({"tools": [f(schema={"type": "array"})]}, 'f.parameters: expected "type": "object"'),
    "no type": ({"tools": [f(schema={})]}, 'expected "type": "object", found None'),
    "no schema": (
        {"tools": [f(schema=properties(a={"type": "text"}))]},
        "f.parameters/properties/a/type: not a JSON",
    ),
    "a bad pattern": (
        {"tools": [f(schema=properties(a={"pattern": "["}))]},
        "not a JSON Schema: '[' is not a 'regex'",
    ),
    "a pattern too large to compile": (
        {"tools": [f(schema=properties(a={"pattern": "a{99999999999999999999}"}))]},
        "f.parameters/properties/a/pattern: not a JSON Schema",
    ),
    "a reference to what is no schema": (
        {"tools": [f(schema={**properties(a={"$ref": "#/notes"}), "notes": {"type": "text"}})]},
        "f.parameters: '#/notes' points to something that is not a JSON Schema: 'text' is not valid",
    ),
    "a remote reference": (
        {"tools": [f(schema=properties(a={"$ref": "https://x.test/s"}))]},
        "other schemas are not fetched",
    ),
    "a file reference": (
        {"tools": [f(schema=properties(a={"$ref": "file:///etc/passwd"}))]},
        "other schemas are not fetched",
    ),
    "a reference to nothing": (
        {"tools": [f(schema=properties(a={"$ref": "#/$defs/x"}))]},
        "'#/$defs/x' does not point",
    ),
    "a reference to no schema": (
        {"tools": [f(schema=properties(a={"$ref": "#/type"}))]},
        "does not point to a schema",
    ),
    "a reference to itself": (
        {"tools": [f(schema=properties(a={"$ref": "#/properties/a"}))]},
        "leads back to itself",
    ),
    "references in a circle": (
        {
            "tools": [
                f(
                    schema={
                        "type": "object",
                        "anyOf": [{"$ref": "#/$defs/a"}],
                        "$defs": {"a": {"not": {"$ref": "#"}}},
                    }
                )
            ]
        },
        "leads back to itself",
    ),
    "a schema in the schema": (
        {"tools": [f(schema=properties(a={"$id": "https://x.test/s"}))]},
        "begins a second one",
    ),
    "too deep": ({"tools": [f(schema=json.loads('{"not":' * 80 + "{}" + "}" * 80))]}, "nested deeper"),
    "an unknown set": ({"tools": [f(set_like=["x"])]}, "f.set_like: 'x' is not a parameter"),
    "a set inside": (
        {"tools": [f(schema=properties(a={}), set_like=["/a"])]},
        "f.set_like: '/a' is not a parameter",
    ),
    "an unknown source": (
        {"tools": [f(schema=properties(a={}), sources={"a": [{"tool": "g", "pointer": "/x"}]})]},
        "f.sources.a: 'g' is not a tool of this snapshot",
    ),
    "a source of nothing": (
        {"tools": [f(sources={"a": [{"tool": "f", "pointer": "/x"}]})]},
        "f.sources: 'a' is not a parameter",
    ),
}


@pytest.mark.parametrize(("document", "says"), TOOLS.values(), ids=TOOLS)
def test_tools_that_cannot_be_used_are_refused(folder: Path, document: Any, says: str) -> None:
    put(folder, "tools.json", json.dumps(document).encode())
    refused(folder, "toy/tools.json: ", says)


def test_every_fault_of_every_tool_is_listed() -> None:
    with pytest.raises(SnapshotError) as caught:
        Catalog.parse(
            {"tools": [f(schema={}), f("g", {"type": 7}), f("h", properties(a={"$ref": "x"}))]}, "tools"
        )
    assert [problem.split(".")[0] for problem in caught.value.problems] == [
        "tools: f",
        "tools: g",
        "tools: h",
    ]


def test_a_schema_may_refer_to_itself_through_a_value() -> None:
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#"}, "50%": {"$ref": "#/$defs/a%20b"}},
        "$defs": {"a b": {}},
    }
    catalog = Catalog.parse({"tools": [f(schema=tree)]}, "tools")
    assert catalog["f"].validator.is_valid({"left": {"left": {}}, "50%": 1})
    assert not catalog["f"].validator.is_valid({"left": {"left": 1}})


# Tasks of a snapshot.


def test_tasks_are_read_by_split_and_all_in_order(tmp_path: Path) -> None:
    first, second, third = toys.tasks()
    folder = write_toy(tmp_path / "x", splits={"test": [first], "extra": [second], "train": [third]})
    snapshot = Snapshot.open(folder)
    assert snapshot.splits == ("train", "test", "extra")
    assert [task.id for task in snapshot.tasks()] == [third.id, first.id, second.id]
    assert load_tasks(folder / "tasks" / "test.jsonl") == [first]
    with pytest.raises(UsageError, match="has no split 'dev'"):
        snapshot.tasks("dev")


def test_a_file_beside_the_tasks_is_no_split(folder: Path) -> None:
    put(folder, "tasks/README.md", b"About the tasks.")
    assert Snapshot.open(folder).splits == ("train",)


def test_a_bad_task_is_named_with_snapshot_file_and_line(folder: Path) -> None:
    put(folder, "tasks/train.jsonl", b'{"id": 7}\n')
    with pytest.raises(ValueError, match=r"toy/tasks/train.jsonl:1: id"):
        Snapshot.open(folder).tasks()


def test_the_callers_list_of_tasks_is_the_callers(toy: Snapshot, toy_tasks: list[Task]) -> None:
    toy.tasks("train").clear()
    assert toy.tasks("train") == toy_tasks


def test_the_wheel_carries_every_bundled_snapshot_and_no_recipe() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    bundled = {path.parent.name for path in (ROOT / "cache_snapshots").glob("*/manifest.json")}
    assert pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {
        f"cache_snapshots/{name}": f"tool_orch_env/cache_snapshots/{name}" for name in bundled
    }


def test_a_folder_next_to_the_bundled_snapshots_is_none_of_them() -> None:
    with pytest.raises(UsageError, match=r"no snapshot 'recipes': .*\(bundled: demo, elements, travel\)"):
        Snapshot.open("recipes")
