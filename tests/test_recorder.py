"""`Recorder.add`: what goes in comes out as a snapshot, whatever the source, and what is wrong is refused."""

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tool_orch_env.errors import JournalError, SnapshotError, UsageError
from tool_orch_env.record import Recorder
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.snapshot.snapshot import verify

GET_CITY = {
    "type": "function",
    "function": {
        "name": "get_city",
        "description": "One city.",
        "strict": True,
        "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
    },
}
PING = {"name": "ping", "description": "Is anybody there?"}
TOOLS = [GET_CITY, PING]


def recorder(folder: Path, **more: Any) -> Recorder:
    return Recorder(folder / "out", **{"tools": TOOLS, "name": "cities", **more})


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_is_added_is_a_snapshot(tmp_path: Path) -> None:
    with recorder(tmp_path, version="2", licence="CC0-1.0") as recording:
        assert recording.add("get_city", {"id": 1}, {"name": "Oslo", "area": 454.0})
        assert recording.add("get_city", {"id": 2}, {"detail": "no such city"}, 404)
        assert recording.add("ping", {}, None)
        assert recording.finish() == tmp_path / "out"
    snapshot = Snapshot.open(tmp_path / "out")
    assert verify(snapshot) == [] and (snapshot.name, snapshot.manifest["version"]) == ("cities", "2")
    found, missing = snapshot.lookup("get_city", {"id": 1}), snapshot.lookup("get_city", {"id": 2})
    assert found is not None and (found.text, found.success) == ('{"name":"Oslo","area":454.0}', True)
    assert missing is not None and (missing.status, missing.success) == (404, False)
    assert snapshot.catalog["get_city"].function["function"]["description"] == "One city."
    assert snapshot.catalog["ping"].spec.parameters == {"type": "object", "properties": {}}


def test_the_exact_text_of_a_body_is_kept_but_for_white_space_and_needless_escapes(tmp_path: Path) -> None:
    body = '{ "b": 1.50,\n "a": 1e3, "s": "a b \\u00e9 \\" \\/", "long": 12345678901234567890123 }'
    with recorder(tmp_path) as recording:
        recording.add("get_city", {"id": 1}, text=body)
        recording.finish()
    with recorder(tmp_path) as recording:
        kept = recording.get("get_city", {"id": 1})
    exact = '{"b":1.50,"a":1e3,"s":"a b é \\" /","long":12345678901234567890123}'
    found = Snapshot.open(tmp_path / "out").lookup("get_city", {"id": 1})
    assert found is not None and kept is not None and found.text == kept.text == exact
    assert json.loads(exact) == json.loads(body)


def test_tools_may_be_a_catalog_or_entries_of_tools_json(tmp_path: Path) -> None:
    entry = {**GET_CITY["function"], "sources": {"id": [{"tool": "ping", "pointer": "/ids/*"}]}}  # type: ignore[dict-item]
    with recorder(tmp_path, tools=[entry, PING]) as recording:
        assert recording.catalog["get_city"].spec.sources["id"][0].tool == "ping"
        catalog = recording.catalog
    assert isinstance(catalog, Catalog)
    with recorder(tmp_path, tools=catalog) as recording:
        assert recording.catalog is catalog


def test_a_call_that_the_schema_does_not_allow_is_refused_with_its_place(tmp_path: Path) -> None:
    with recorder(tmp_path) as recording:
        with pytest.raises(UsageError, match=r"get_city/id: 'one' is not of type 'integer'"):
            recording.add("get_city", {"id": "one"}, {})
        with pytest.raises(UsageError, match=r"get_city: 'id' is a required property"):
            recording.add("get_city", {}, {})
        with pytest.raises(UsageError, match="'get_town' is not a tool"):
            recording.add("get_town", {"id": 1}, {})
        assert not recording.entries


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "expected either `result` or `text`"),
        ({"result": 1, "text": "1"}, "expected either `result` or `text`"),
        ({"text": '{"a": 1, "a": 2}'}, "not JSON: duplicate key 'a'"),
        ({"text": '{"a": NaN}'}, "not JSON: NaN"),
        ({"text": "<html>"}, "not JSON"),
        ({"text": "[" * 65 + "]" * 65}, "nested deeper than 64"),
        ({"text": '"\\ud800"'}, "surrogates"),
        ({"result": float("inf")}, "not JSON compliant"),
        ({"result": {1, 2}}, "not JSON serializable"),
        ({"result": {}, "status": 99}, "status: expected 100 to 599"),
        ({"result": {}, "at": "yesterday"}, "at: expected a date or a time in ISO 8601, found 'yesterday'"),
        ({"result": {}, "at": datetime(2026, 11, 22)}, "with a time zone"),
    ],
)
def test_an_answer_that_cannot_be_kept_is_refused(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with recorder(tmp_path) as recording:
        with pytest.raises(UsageError, match=why):
            recording.add("get_city", {"id": 1}, **given)
        assert recording.get("get_city", {"id": 1}) is None


def test_the_same_answer_again_changes_nothing_and_another_one_is_a_conflict(tmp_path: Path) -> None:
    with recorder(tmp_path) as recording:
        recording.add("get_city", {"id": 1}, {"name": "Oslo"})
        size = (tmp_path / "out.journal.jsonl").stat().st_size
        assert not recording.add("get_city", {"id": 1.0}, {"name": "Oslo"})
        assert (tmp_path / "out.journal.jsonl").stat().st_size == size
        for other in ({"result": {"name": "Bergen"}}, {"result": {"name": "Oslo"}, "status": 404}):
            with pytest.raises(
                SnapshotError, match=r'get_city {"id":1}: recorded with two different responses'
            ):
                recording.add("get_city", {"id": 1}, **other)


def test_the_finished_bytes_do_not_depend_on_order_or_clock(tmp_path: Path) -> None:
    for name, order in (("a", (1, 2, 3)), ("b", (3, 1, 2))):
        (tmp_path / name).mkdir()
        with recorder(tmp_path / name) as recording:
            for number in order:
                recording.add("get_city", {"id": number}, {"number": number}, seconds=number / 7)
            recording.finish()
    assert folder_bytes(tmp_path / "a" / "out") == folder_bytes(tmp_path / "b" / "out")
    assert Snapshot.open(tmp_path / "a" / "out").manifest["captured"] == ""


def test_sources_and_times_are_in_the_manifest_where_they_are_given(tmp_path: Path) -> None:
    described = {"name": "crm", "licence": "CC0-1.0"}
    with recorder(tmp_path, sources=[described]) as recording:
        recording.add("get_city", {"id": 1}, 1, source="crm", at="2026-11-23T00:30:00+02:00")
        recording.add("get_city", {"id": 2}, 2, source="trace", at=date(2026, 11, 24))
        recording.add("get_city", {"id": 3}, 3, source="trace", at=datetime(2026, 11, 25, 23, tzinfo=UTC))
        recording.add("get_city", {"id": 4}, 4, source="by hand")
        recording.finish()
    manifest = Snapshot.open(tmp_path / "out").manifest
    assert manifest["captured"] == "2026-11-22/2026-11-25"
    assert manifest["sources"] == [
        described,
        {"name": "by hand"},
        {"name": "trace", "captured": "2026-11-24/2026-11-25"},
    ]


def test_a_stopped_recording_goes_on_and_asks_only_for_the_rest(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), recorder(tmp_path) as recording:
        recording.add("get_city", {"id": 1}, {"name": "Oslo"})
        raise RuntimeError("the source has gone")
    assert not (tmp_path / "out").exists()
    with recorder(tmp_path) as recording:
        assert [recording.get("get_city", {"id": n}) is not None for n in (1, 2)] == [True, False]
        recording.add("get_city", {"id": 2}, {"name": "Bergen"})
        recording.finish()
    with recorder(tmp_path) as recording:
        recording.add("ping", {}, "pong")
        recording.finish()
    assert len(Snapshot.open(tmp_path / "out")) == 3


def test_answers_of_another_recording_are_taken_over_and_synced_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    with recorder(tmp_path) as recording:
        for number in range(20):
            recording.add("get_city", {"id": number}, {"name": f"City {number}", "area": 1e3})
        recording.finish()
    records = list(Snapshot.open(tmp_path / "out").records())
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(handle))
    with recorder(tmp_path / "again") as recording:
        begun = len(synced)
        recording.take(records)
        assert len(synced) == begun + 1
        recording.add("ping", {}, "pong")
        assert len(synced) == begun + 2
        with pytest.raises(SnapshotError, match="two different responses"):
            recording.take([records[0]._replace(text="[]")])
        recording.finish(calls=[recording.call(one.tool, one.arguments) for one in records])
    assert folder_bytes(tmp_path / "again" / "out") == folder_bytes(tmp_path / "out")


def test_a_full_disk_at_the_end_of_taking_answers_over_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with recorder(tmp_path) as recording:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match="cannot be written: No space left"):
            recording.take([])


def test_other_tools_do_not_go_on_with_a_journal(tmp_path: Path) -> None:
    recorder(tmp_path).close()
    with pytest.raises(UsageError, match="started with a different spec or other tools"):
        recorder(tmp_path, tools=[PING])


def test_only_chosen_calls_are_written_when_they_are_named(tmp_path: Path) -> None:
    with recorder(tmp_path) as recording:
        recording.add("get_city", {"id": 1}, 1)
        recording.add("get_city", {"id": 2}, 2)
        recording.refuse("get_city", {"id": 3}, "a page, not JSON")
        recording.finish(calls=[recording.call("get_city", {"id": number}) for number in (2, 3, 4)])
    assert [call for _, call in Snapshot.open(tmp_path / "out").calls()] == [{"id": 2}]


def test_no_secret_is_kept(tmp_path: Path) -> None:
    secret = "s3cr3t/value"
    with recorder(tmp_path, secrets=[secret]) as recording:
        recording.add("get_city", {"id": 1}, {"url": f"/?key={secret}"}, source=f"crm {secret}")
        recording.add("get_city", {"id": 2}, text='{"url": "s3cr3t%2Fvalue", "n": 1.50}')
        recording.add("get_city", {"id": 4}, text='{"n": 1.50}')
        recording.refuse("get_city", {"id": 3}, f"no {secret} here")
        with pytest.raises(UsageError, match="is not of type") as raised:
            recording.add("get_city", {"id": secret}, {})
        assert secret not in str(raised.value)
        recording.finish()
    found = [record.text for record in Snapshot.open(tmp_path / "out").records()]
    assert sorted(found) == ['{"n":1.50}', '{"url":"/?key=[secret]"}', '{"url":"[secret]","n":1.5}']
    assert secret.encode() not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    with pytest.raises(UsageError, match="at least 6 characters"):
        recorder(tmp_path, secrets=["short"])


def test_a_secret_in_the_arguments_is_refused(tmp_path: Path) -> None:
    tool = {"name": "find", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}
    with (
        recorder(tmp_path, tools=[tool], secrets=["s3cr3t/value"]) as recording,
        pytest.raises(UsageError, match="find: the arguments contain a secret"),
    ):
        recording.add("find", {"text": "by s3cr3t/value"}, {})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": "../cities"}, "name: expected letters"),
        ({"tools": [{"name": "bad name", "parameters": {}}]}, "tools: bad name/name: String should match"),
        ({"tools": [PING, PING]}, "ping: two tools have this name"),
        ({"tools": ["ping"]}, "expected function tools, found str"),
    ],
)
def test_what_a_recorder_cannot_be_made_from_is_refused(
    tmp_path: Path, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        recorder(tmp_path, **given)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_recording_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        recorder(tmp_path)
    assert folder_bytes(tmp_path) == {"out/mine.txt": b"mine"}


def test_a_full_disk_is_one_clear_error_and_leaves_a_whole_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorder(tmp_path) as recording:
        recording.add("get_city", {"id": 1}, 1)
        before = (tmp_path / "out.journal.jsonl").read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(JournalError, match=r"out\.journal\.jsonl: cannot be written: No space"):
                recording.add("get_city", {"id": 2}, 2)
        assert (tmp_path / "out.journal.jsonl").read_bytes() == before
        assert recording.add("get_city", {"id": 2}, 2)
        recording.finish()
    assert len(Snapshot.open(tmp_path / "out")) == 2


def full(handle: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_old_home_of_the_http_recorder_works_with_a_warning() -> None:
    from tool_orch_env.record import http, recorder

    with pytest.warns(
        DeprecationWarning, match=r"record\.recorder\.record has moved to tool_orch_env\.record\.http"
    ):
        assert recorder.record is http.record


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from tool_orch_env.record import Recorder

TOOL = {"name": "square", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}

def recorded(out):
    with Recorder(out, [TOOL], name="squares") as recorder:
        for n in range(300):
            if recorder.get("square", {"n": n}) is None:
                recorder.add("square", {"n": n}, {"square": n * n}, source="arithmetic", at="2026-11-22")
        recorder.finish()

def lines(out):
    journal = out.with_name(out.name + ".journal.jsonl")
    return journal.read_bytes().count(b"\\n") if journal.exists() else 0

folder, wanted, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(7)
recorded(folder / "whole")
kills = number = 0
while kills < wanted:
    out = folder / f"killed-{number}"
    child = os.fork()
    if child == 0:
        recorded(out)
        os._exit(0)
    enough = rng.randrange(lines(out), 302)
    while lines(out) < enough and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        pass
    time.sleep(rng.uniform(0, 0.002))
    os.kill(child, signal.SIGKILL)
    if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
        kills += 1
    else:
        number += 1
recorded(out)
"""


@pytest.mark.kill
def test_fifty_kills_leave_the_bytes_of_an_undisturbed_run(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLS, str(tmp_path), "50"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folders = list(tmp_path.glob("killed-*/"))
    assert folders
    for folder in folders:
        assert folder_bytes(folder) == folder_bytes(tmp_path / "whole")


def test_an_answer_may_be_for_one_task_only(tmp_path: Path) -> None:
    with recorder(tmp_path) as recording:
        for task, name in (("", "Oslo"), ("t-1", "Bergen"), ("t-2", "Moss")):
            assert recording.add("get_city", {"id": 1}, {"name": name}, task=task)
            assert not recording.add("get_city", {"id": 1}, {"name": name}, task=task)
        with pytest.raises(SnapshotError, match="two different responses"):
            recording.add("get_city", {"id": 1}, {"name": "Turku"}, task="t-2")
        with pytest.raises(UsageError, match="task: expected printable ASCII"):
            recording.add("get_city", {"id": 1}, {}, task='t"3')
    with recorder(tmp_path) as recording:  # resumed
        recording.finish()
    snapshot = Snapshot.open(tmp_path / "out")
    assert verify(snapshot) == []
    for task, name in (("", "Oslo"), ("t-1", "Bergen"), ("t-2", "Moss"), ("t-3", "Oslo")):
        found = snapshot.lookup("get_city", {"id": 1}, task)
        assert found is not None and found.text == f'{{"name":"{name}"}}'
