"""The store of a large snapshot: built once, read by all, worth no more trust than a file of the user's."""

import gzip
import hashlib
import json
import multiprocessing
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import toy as toys

import tool_orch_env as toe
from tool_orch_env.env import ToolOrchEnv
from tool_orch_env.errors import SnapshotError
from tool_orch_env.jsonvalues.canonical import replay_key
from tool_orch_env.record.overlay import Overlay
from tool_orch_env.snapshot import Snapshot, progress, store
from tool_orch_env.snapshot import snapshot as snapshot_module
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.snapshot.snapshot import verify

PING = replay_key("ping", "{}")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toys.folder(tmp_path / "toy", train=toys.tasks())


def stored(cache: Path) -> Path:
    (file,) = cache.iterdir()
    return file


def opened_anew(folder: Path) -> Snapshot:
    """As a process does that has not opened any snapshot yet."""
    snapshot_module._OPEN.clear()
    return Snapshot.open(folder, where="disk")


def change(file: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement, values)


def same(one: Snapshot, other: Snapshot) -> bool:
    records = list(other.records())
    return list(one.records()) == records and all(
        one.get(r.key, r.task) == other.get(r.key, r.task) == (r.status, r.text) for r in records
    )


# Which snapshots have one.


def test_a_snapshot_of_many_responses_or_of_much_text_is_kept_on_disk_and_others_in_memory(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = json.loads((folder / "manifest.json").read_text())["counts"]
    for limit, count in (("MEMORY_RESPONSES", counts["responses"]), ("MEMORY_LIMIT", counts["bytes"])):
        with monkeypatch.context() as patched:
            patched.setattr(store, limit, count)
            snapshot_module._OPEN.clear()
            Snapshot.open(folder)
            assert not cache.exists()
            patched.setattr(store, limit, count - 1)
            snapshot_module._OPEN.clear()
            assert same(Snapshot.open(folder), Snapshot.open(folder, where="memory"))
            assert stored(cache).is_file()
            shutil.rmtree(cache)


def test_a_store_is_built_once_and_then_no_response_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Snapshot.open(folder, where="disk")
    monkeypatch.setattr(store, "build", pytest.fail)
    monkeypatch.setattr(snapshot_module, "read_records", pytest.fail)
    again = opened_anew(folder)
    assert again is not first
    assert again.lookup("ping", {}) == (200, '{"pong":1}')
    assert again.lookup("ping", {}, task="toy-0") == (200, '{"pong":1}')
    assert len(again) == len(toys.records(toys.catalog()))


def test_the_bundled_snapshots_of_format_1_open_and_answer_alike_in_memory_and_on_disk() -> None:
    assert same(Snapshot.open("demo", where="disk"), Snapshot.open("demo", where="memory"))


def test_travel_1_1_opens_and_plays_as_it_did(shared_data: Path) -> None:
    for where in ("memory", "disk"):
        opened = Snapshot.open(shared_data / "travel-1.1", where=where)  # type: ignore[arg-type]
        assert len(opened) == opened.manifest["counts"]["responses"]
        env = ToolOrchEnv(snapshot=opened, split="test")
        tasks = {task.id: task for task in opened.tasks("test")}
        for seed in range(3):
            _, info = env.reset(seed=seed)
            for turn in toe.oracle_turns(tasks[info["task_id"]]):
                _, _, _, _, info = env.step(turn)
            assert info["episode_score"] == 1.0


# Processes and threads.


def test_a_store_is_read_only_and_goes_where_its_snapshot_goes(folder: Path, cache: Path) -> None:
    snapshot = Snapshot.open(folder, where="disk")
    before = stored(cache).read_bytes()
    copy = pickle.loads(pickle.dumps(snapshot))
    expected = snapshot.lookup("ping", {})
    assert expected is not None
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda one: one.lookup("ping", {}), [snapshot, copy] * 8))
    assert set(found) == {expected}
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.starmap(snapshot.lookup, [("ping", {})] * 4) == [expected] * 4
    assert stored(cache).read_bytes() == before
    again = pickle.loads(pickle.dumps(snapshot._answers))
    assert again.get(PING) == expected and len(again) == len(snapshot)


def test_a_connection_is_not_used_after_a_fork(folder: Path) -> None:
    answers = Snapshot.open(folder, where="disk")._answers
    assert isinstance(answers, store.DiskStore)
    before = answers._connected()
    assert answers._connected() is before
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_renews, (answers,))


def _renews(answers: store.DiskStore) -> bool:
    return answers.get(PING) is not None


def _open_and_count(folder: Path, start: Any, counts: Any) -> None:
    start.wait()
    snapshot = Snapshot.open(folder, where="disk")
    counts.put(sum(snapshot.lookup(tool, arguments) is not None for tool, arguments in snapshot.calls()))


def test_four_processes_may_build_the_store_at_once(folder: Path, cache: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, counts = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_open_and_count, args=(folder, start, counts)) for _ in range(4)]
    for process in processes:
        process.start()
    found = [counts.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert found == [len(Snapshot.open(folder))] * 4
    assert stored(cache).is_file()


def test_a_reader_goes_on_while_its_store_is_replaced(folder: Path, cache: Path) -> None:
    snapshot = Snapshot.open(folder, where="disk")
    store.build("toy", snapshot.stored or "", [])
    assert snapshot.lookup("ping", {}) == (200, '{"pong":1}')
    stored(cache).unlink()
    assert snapshot.lookup("get_country", {"code": "NO"}) is not None


# A store that is damaged, of another format or of another content is built again; one that lies is found by `verify`.

DAMAGES = {
    "no database": lambda file: file.write_bytes(b"not a database" * 1000),
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: os.truncate(file, file.stat().st_size // 4096 // 2 * 4096),
    "a page short": lambda file: os.truncate(file, file.stat().st_size - 4096),
    "of an earlier format": lambda file: change(file, "PRAGMA user_version = 0"),
    "of a later format": lambda file: change(file, "PRAGMA user_version = 99"),
    "of another program": lambda file: change(file, "PRAGMA application_id = 1"),
    "of another content": lambda file: change(file, "UPDATE about SET content = ?", "0" * 64),
    "of two contents": lambda file: change(file, "INSERT INTO about SELECT * FROM about"),
    "of no content": lambda file: change(file, "DELETE FROM about"),
    "without its table": lambda file: change(file, "DROP TABLE about"),
    "with a number for a name": lambda file: change(file, "UPDATE about SET content = x'00'"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_store_that_cannot_be_used_is_built_again(folder: Path, cache: Path, damage: Any) -> None:
    Snapshot.open(folder, where="disk")
    sound = stored(cache).read_bytes()
    damage(stored(cache))
    assert stored(cache).read_bytes() != sound
    assert same(opened_anew(folder), Snapshot.open(folder, where="memory"))
    assert stored(cache).read_bytes() == sound


def test_a_store_that_is_damaged_while_it_is_read_is_refused_by_name(folder: Path, cache: Path) -> None:
    snapshot = Snapshot.open(folder, where="disk")
    size = stored(cache).stat().st_size
    stored(cache).write_bytes(b"\xff" * size)
    with pytest.raises(
        SnapshotError, match=r"toy-\w+\.store1: the cache cannot be used.*\n.*delete .*built again"
    ):
        for record in toys.records(toys.catalog()):
            pickle.loads(pickle.dumps(snapshot._answers)).get(record.key)


@pytest.mark.parametrize("lie", [b"200 {}", 7, b"\x80\x04."], ids=["bytes", "number", "pickle"])
def test_what_is_not_text_in_a_store_is_refused_and_never_run(folder: Path, cache: Path, lie: Any) -> None:
    Snapshot.open(folder, where="disk")
    change(stored(cache), "CREATE TABLE other (key PRIMARY KEY, status, text)")
    change(stored(cache), "INSERT INTO other SELECT * FROM responses")
    change(stored(cache), "DROP TABLE responses")
    change(stored(cache), "ALTER TABLE other RENAME TO responses")
    change(stored(cache), "UPDATE responses SET text = ? WHERE key = ?", lie, PING)
    with pytest.raises(SnapshotError, match=r"not text.*\n.*What to do: delete "):
        opened_anew(folder).lookup("ping", {})


def test_a_store_that_differs_from_the_files_is_found_by_verify(folder: Path, cache: Path) -> None:
    assert verify(Snapshot.open(folder, where="disk")) == []
    change(stored(cache), "UPDATE responses SET text = '8' WHERE key = ?", PING)
    (problem,) = verify(opened_anew(folder))
    assert problem.startswith(f"{PING} ping: the store in the cache has another response: delete it")
    change(stored(cache), "DELETE FROM responses WHERE key = ?", PING)
    assert len(verify(opened_anew(folder))) == 1


def test_a_response_file_that_changed_since_its_store_was_built_is_found_by_verify(folder: Path) -> None:
    Snapshot.open(folder, where="disk")
    (folder / "responses.jsonl.gz").write_bytes(gzip.compress(b""))
    snapshot = opened_anew(folder)  # what is in the store had the right sums
    assert snapshot.lookup("ping", {}) is not None
    with pytest.raises(SnapshotError, match=r"toy/responses\.jsonl\.gz: sha256 expected"):
        verify(snapshot)


# A hostile folder answers wrongly for itself, and that is all.


def forged(folder: Path, lines: bytes) -> None:
    """Give a folder these response lines, with sums and counts that fit."""
    packed = gzip.compress(lines)
    (folder / "responses.jsonl.gz").write_bytes(packed)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["responses.jsonl.gz"] = hashlib.sha256(packed).hexdigest()
    manifest["counts"] |= {"responses": lines.count(b"\n"), "bytes": len(lines)}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_wrong_key_answers_wrongly_for_its_own_folder_and_is_found_by_verify(
    folder: Path, tmp_path: Path
) -> None:
    hostile = shutil.copytree(folder, tmp_path / "hostile")
    forged(
        hostile,
        f'{{"key":"{PING}","tool":"get_city","arguments":{{"city_id":11}},"status":200,"response":666}}\n'.encode(),
    )
    lying = Snapshot.open(hostile, where="disk")
    assert lying.lookup("ping", {}) == (200, "666")
    with pytest.raises(SnapshotError, match=r"hostile/responses\.jsonl\.gz:1: key: expected"):
        verify(lying)
    with pytest.raises(SnapshotError, match=r"hostile/responses\.jsonl\.gz:1: key: expected"):
        list(lying.records())
    with pytest.raises(SnapshotError, match="key: expected"):
        Snapshot.open(hostile, where="memory")
    assert Snapshot.open(folder, where="disk").lookup("ping", {}) == (200, '{"pong":1}')


def test_a_folder_with_the_manifest_of_another_cannot_answer_for_it(folder: Path, tmp_path: Path) -> None:
    hostile = shutil.copytree(folder, tmp_path / "hostile")
    (hostile / "responses.jsonl.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(SnapshotError, match="sha256 expected"):
        Snapshot.open(hostile, where="disk")
    assert same(Snapshot.open(folder, where="disk"), Snapshot.open(folder, where="memory"))


@pytest.mark.parametrize(
    "name",
    ["../../escaped", "/etc/escaped", "a\\b", "~", "$HOME", "x" * 5000, "é\u202e?:*", "", "building-x"],
)
def test_whatever_a_folder_calls_itself_nothing_is_written_outside_the_cache(
    folder: Path, cache: Path, tmp_path: Path, name: str
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "name": name}))
    before = {path for path in tmp_path.rglob("*") if cache not in path.parents}
    assert Snapshot.open(folder, where="disk").lookup("ping", {}) is not None
    assert {path for path in tmp_path.rglob("*") if cache not in path.parents} == before | {cache}
    assert stored(cache).parent == cache and len(stored(cache).name) < 120


# The cache folder.


def test_a_cache_folder_is_expanded_as_a_shell_would(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the package and by diskcache alike, so that both mean the same folder."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATA", "data")
    for named, place in (
        ("~/cache", tmp_path / "home" / "cache"),
        (f"{tmp_path}/$DATA/c", tmp_path / "data" / "c"),
        (f"{tmp_path}/${{DATA}}/d", tmp_path / "data" / "d"),
    ):
        monkeypatch.setenv("TOOL_ORCH_CACHE", named)
        assert len(Snapshot.open(folder, where="disk")) > 0
        assert [path.name.split("-")[0] for path in place.iterdir()] == ["toy"]
    assert sorted(path.name for path in tmp_path.iterdir() if "$" in path.name or "~" in path.name) == []


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("{tmp}/file", "{tmp}/file: the cache folder cannot be written: File exists"),
        ("{tmp}/file/cache", "{tmp}/file/cache: the cache folder cannot be written: Not a directory"),
        ("{tmp}/$NOT_SET_ANYWHERE/c", r"no cache folder: .*: \$NOT_SET_ANYWHERE is not set"),
        ("~nobody-of-this-name/cache", "no cache folder: "),
    ],
)
def test_a_cache_folder_that_cannot_be_made_is_named_with_the_variable_that_sets_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, says: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TOOL_ORCH_CACHE", named.format(tmp=tmp_path))
    before = set(tmp_path.rglob("*"))
    with pytest.raises(
        SnapshotError, match=says.format(tmp=tmp_path) + r".*\n.*set TOOL_ORCH_CACHE .*where=\"memory\""
    ):
        Snapshot.open(folder, where="disk")
    assert set(tmp_path.rglob("*")) == before
    assert len(Snapshot.open(folder, where="memory")) > 0


def test_a_user_without_a_home_is_told_which_variable_to_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "XDG_CACHE_HOME", "TOOL_ORCH_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it does for a user without a home
    with pytest.raises(SnapshotError, match=r"no cache folder: .*home.*\n.*set TOOL_ORCH_CACHE"):
        Snapshot.open(folder, where="disk")


def test_a_folder_in_the_place_of_a_store_is_named(folder: Path, cache: Path) -> None:
    Snapshot.open(folder, where="disk")
    file = stored(cache)
    file.unlink()
    file.mkdir()
    with pytest.raises(SnapshotError, match=f"{file}: .*cannot be written"):
        opened_anew(folder)
    assert list(cache.iterdir()) == [file]


def test_a_finished_store_in_a_read_only_cache_is_used(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Snapshot.open(folder, where="disk")
    stored(cache).chmod(0o444)
    cache.chmod(0o555)
    monkeypatch.setattr(store, "build", pytest.fail)
    try:
        assert opened_anew(folder).lookup("ping", {}) is not None
    finally:
        cache.chmod(0o755)


def test_a_read_only_cache_folder_without_a_store_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as cache:
        Path(cache).chmod(0o555)
        monkeypatch.setenv("TOOL_ORCH_CACHE", cache)
        root = os.geteuid() == 0  # who may write to any folder
        if root:
            os.seteuid(12345)
        try:
            with pytest.raises(SnapshotError, match=f"{cache}: the cache folder cannot be written: "):
                store.build("toy", "f" * 64, [("k", store.Recorded(200, "{}"))])
        finally:
            if root:
                os.seteuid(0)
            Path(cache).chmod(0o755)


FULL = """
import resource, sys
from tool_orch_env.errors import SnapshotError
from tool_orch_env.snapshot import Snapshot
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    Snapshot.open(sys.argv[1], where="disk")
except SnapshotError as error:
    print(error)
"""


@pytest.mark.parametrize("room", [0, 1, 8192, 100_000])
def test_a_full_disk_is_one_clear_error_and_leaves_nothing_behind(
    tmp_path: Path, cache: Path, room: int
) -> None:
    """The system is made to refuse files beyond a size, as a full disk does."""
    tools = toys.catalog()
    more = [make_record(tools, "search_city", {"name": f"t{n}"}, 200, "x" * 500) for n in range(1000)]
    folder = toys.folder(tmp_path / "toy", "1", more)
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), str(room)], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith(f"{cache}: the cache folder cannot be written: "), told
    assert "set TOOL_ORCH_CACHE" in told.stdout
    assert list(cache.iterdir()) == []


def test_an_overlay_in_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in ("file", "file/inside"):
        with pytest.raises(SnapshotError, match=r"file.*cannot be (written|used).*\n.*What to do"):
            Overlay(tmp_path / place)


def test_another_content_is_another_store(folder: Path, tmp_path: Path, cache: Path) -> None:
    Snapshot.open(folder, where="disk")
    Snapshot.open(toys.folder(tmp_path / "other", "2"), where="disk")
    assert len(list(cache.iterdir())) == 2


def test_a_build_that_fails_leaves_nothing_behind(cache: Path) -> None:
    def items() -> Iterator[tuple[str, store.Recorded]]:
        yield "k", store.Recorded(200, "{}")
        raise SnapshotError("the files are bad", "mend them")

    with pytest.raises(SnapshotError, match="the files are bad"):
        store.build("toy", "f" * 64, items())
    assert list(cache.iterdir()) == []


def test_a_build_removes_what_killed_builders_left_and_nothing_newer(folder: Path, cache: Path) -> None:
    cache.mkdir(parents=True)
    old, new, of_0_1 = cache / "building-old", cache / "building-new", cache / "building-0.1"
    for draft in (old, new):
        draft.write_bytes(b"half")
    of_0_1.mkdir()
    (of_0_1 / "cache.db").write_bytes(b"half")
    for draft in (old, of_0_1):
        os.utime(draft, (time.time() - 2 * 24 * 3600,) * 2)
    Snapshot.open(folder, where="disk")
    assert not old.exists() and not of_0_1.exists() and new.exists()


# Progress.


def test_progress_is_shown_on_a_terminal_for_many_items_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    many = range(progress.WORTH_SHOWING)
    assert progress.shown(many, len(many), "building") is many
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert progress.shown(many, len(many) - 1, "building") is many
    assert list(progress.shown(many, len(many), "building")) == list(many)
    told = capsys.readouterr()
    assert "building" in told.err and told.out == ""
