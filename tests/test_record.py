"""The recorder against a real server that behaves and misbehaves."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from service import PLAN, TOOLS, Service, asks, serving, spec

from tool_orch_env.cli import main
from tool_orch_env.errors import JournalError, UsageError
from tool_orch_env.record import body
from tool_orch_env.record.http import Report, record
from tool_orch_env.record.request import Endpoint
from tool_orch_env.record.scrub import Scrub
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot import Snapshot

SECRET = "s3cr3t/Käse+value"


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


def run(path: Path, out: Path) -> tuple[Report, Snapshot]:
    report = record(read_spec(path), out)
    return report, Snapshot.open(out)


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_plan_becomes_a_snapshot(service: Service, tmp_path: Path) -> None:
    report, snapshot = run(spec(tmp_path, service.url), tmp_path / "out")
    assert (report.planned, report.asked, report.faults) == (2 + 40 + 18, 60, [])
    town = snapshot.lookup("get_town", {"id": 3})
    assert town is not None and json.loads(town.text)["name"] == "Town 3" and "served" not in town.text
    assert snapshot.manifest["captured"] == "2026-11-22"
    assert set(service.seen.values()) == {1}


def test_calls_beyond_the_limit_are_left_out_and_counted(service: Service, tmp_path: Path) -> None:
    report, snapshot = run(spec(tmp_path, service.url, limits={"calls": 10}), tmp_path / "out")
    assert (report.planned, len(snapshot), service.seen.total()) == (10, 10, 10)
    assert report.left_out == 32 + 18


def test_invalid_calls_of_a_plan_are_told_and_not_asked(service: Service, tmp_path: Path) -> None:
    plan = [{"call": "get_town", "over": [{"values": {"id": [1, "two", None]}}]}]
    report, _ = run(spec(tmp_path, service.url, plan=plan), tmp_path / "out")
    assert service.seen == {"/towns/1": 1}
    assert [fault.why.startswith("not asked: get_town/id: ") for fault in report.faults] == [True, True]


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(service: Service, tmp_path: Path) -> None:
    path, out = spec(tmp_path, service.url), tmp_path / "out"
    run(path, out)
    first, seen = folder_bytes(out), service.seen.total()
    report, _ = run(path, out)
    assert (report.asked, report.reused, service.seen.total()) == (0, 60, seen)
    assert folder_bytes(out) == first


def test_a_longer_plan_asks_only_what_is_new(service: Service, tmp_path: Path) -> None:
    run(spec(tmp_path, service.url, plan=PLAN[:2]), tmp_path / "out")
    report, snapshot = run(spec(tmp_path, service.url), tmp_path / "out")
    assert (report.asked, report.reused, len(snapshot)) == (18, 42, 60)
    _, shorter = run(spec(tmp_path, service.url, plan=PLAN[:1]), tmp_path / "out")
    assert len(shorter) == 2  # what the plan does not name stays in the journal only


def test_a_tool_may_have_a_file_of_its_own(service: Service, tmp_path: Path) -> None:
    tools = {**TOOLS, "near": {**TOOLS["near"], "file": "responses-map"}}
    _, snapshot = run(spec(tmp_path, service.url, tools=tools), tmp_path / "out")
    lines = {
        path.name: [json.loads(line)["tool"] for line in gzip.decompress(path.read_bytes()).splitlines()]
        for path in (tmp_path / "out").glob("responses*")
    }
    assert set(lines["responses.jsonl.gz"]) == {"list_towns", "get_town"}
    assert set(lines["responses-map.jsonl.gz"]) == {"near"} and len(snapshot) == 60


def test_a_file_of_calls_is_a_plan(service: Service, tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").write_text('{"id": 3}\n{"id": 4}\n{"town": 5}\n')
    plan = [{"call": "get_town", "over": [{"file": "calls.jsonl"}]}]
    report, _ = run(spec(tmp_path, service.url, plan=plan), tmp_path / "out")
    assert service.seen == {"/towns/3": 1, "/towns/4": 1}
    assert [fault.why.startswith("not asked: get_town") for fault in report.faults] == [True]


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from tool_orch_env.record import body
from tool_orch_env.record.http import record
from tool_orch_env.record.request import Endpoint
from tool_orch_env.record.scrub import Scrub
from tool_orch_env.record.spec import read_spec

spec, folder, wanted, rng = read_spec(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), random.Random(7)

def begun(out):
    child = os.fork()
    if child == 0:
        record(spec, out)
        os._exit(0)
    return child

def lines(out):
    journal = out.with_name(out.name + ".journal.jsonl")
    return journal.read_bytes().count(b"\\n") if journal.exists() else 0

def ended(child):
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

kills = number = 0
while kills < wanted:
    out = folder / f"killed-{number}"
    # Every other kill comes soon after the start; the rest by what is recorded, for no clock says how far a run is.
    child, soon = begun(out), kills % 2 == 0
    enough = 0 if soon else rng.randrange(lines(out), 62)
    while lines(out) < enough and not ended(child):
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.03 if soon else 0.003))
    os.kill(child, signal.SIGKILL)
    if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
        kills += 1
        print("killed", lines(out), flush=True)
    else:
        number += 1
record(spec, out)
"""


@pytest.mark.kill
def test_fifty_kills_leave_the_bytes_of_an_undisturbed_run(service: Service, tmp_path: Path) -> None:
    service.delay = 0.003
    path = spec(tmp_path, service.url, limits={"concurrency": 4})
    run(path, tmp_path / "whole")
    service.seen.clear()
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(path), str(tmp_path), "50"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = sorted(int(line.split()[1]) for line in done.stdout.splitlines())
    assert len(lines) == 50
    assert lines[0] < 10 and lines[-1] > 50, "the kills came all at the same time of the run"
    recordings = list(tmp_path.glob("killed-*/"))
    for folder in recordings:
        assert folder_bytes(folder) == folder_bytes(tmp_path / "whole")
    # each recording asks each call once, and a kill loses at most what was in flight
    assert service.seen.total() <= 60 * (len(recordings) + 1) + 50 * 4


def test_a_journal_cut_anywhere_in_its_tail_is_repaired(service: Service, tmp_path: Path) -> None:
    path, out = spec(tmp_path, service.url), tmp_path / "out"
    run(path, out)
    whole, journal = folder_bytes(out), tmp_path / "out.journal.jsonl"
    data = journal.read_bytes()
    rng = random.Random(3)
    for cut in [len(data) - 1, *(rng.randrange(1, len(data)) for _ in range(8)), 1]:
        journal.write_bytes(data[:cut])
        report, _ = run(path, out)
        assert report.asked == 60 - max(0, data[:cut].count(b"\n") - 1)
        assert folder_bytes(out) == whole


def test_a_journal_damaged_inside_is_refused_with_its_line(service: Service, tmp_path: Path) -> None:
    path, out = spec(tmp_path, service.url), tmp_path / "out"
    run(path, out)
    journal = tmp_path / "out.journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4][:30] + b"\n"
    journal.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=r"out\.journal\.jsonl:5: not an entry"):
        run(path, out)


def test_another_spec_does_not_go_on_with_a_journal(service: Service, tmp_path: Path) -> None:
    run(spec(tmp_path, service.url), tmp_path / "out")
    with pytest.raises(UsageError, match="started with a different spec"):
        run(spec(tmp_path, service.url, drop=[]), tmp_path / "out")


def test_a_folder_that_is_no_recording_is_not_touched(service: Service, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        run(spec(tmp_path, service.url), tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


BAD = {
    "stall/a": "no complete answer within 2 s",
    "drip/a": "no complete answer within 2 s",
    "truncated/a": "the connection failed: RemoteProtocolError",
    "short/a": "not JSON",
    "text/html": "text/html, 18 bytes, not JSON",
    "text/broken": "not JSON",
    "text/nan": "NaN is not JSON",
    "text/surrogate": "not JSON",
    "text/deep": "nested",
    "text/empty": "an empty body",
    "text/huge": "a body of more than 200000 bytes",
    "bomb/a": "a body of more than 200000 bytes",
    "redirect/away": "refused: redirected to ",
    "redirect/loop": "more than 5 redirects",
    "status/500": "status 500",
    "status/401": "credentials are missing or wrong",
    "status/304": "status 304",
}
GOOD = {"redirect/home", "flaky/1", "busy/0", "status/404", "status/418"}


def test_what_cannot_be_kept_is_told_and_the_rest_is_recorded(service: Service, tmp_path: Path) -> None:
    with serving() as other:
        service.elsewhere = f"{other.url}/towns/1"
        routes, cases = zip(*(case.split("/") for case in [*BAD, *GOOD]), strict=True)
        plan = [{"call": "fetch", "over": [{"values": {"route": routes, "case": cases}}]}]
        limits = {"concurrency": 32, "timeout": 2, "attempts": 2, "backoff": 0.01, "max_bytes": 200_000}
        report, snapshot = run(spec(tmp_path, service.url, plan=plan, limits=limits), tmp_path / "out")
        assert not other.seen
    found = {f"{f.arguments['route']}/{f.arguments['case']}": f.why for f in report.faults}
    assert found.keys() == BAD.keys()
    for case, why in BAD.items():
        assert why in found[case], case
    assert {f"{call['route']}/{call['case']}" for _, call in snapshot.calls()} == GOOD


def test_lasting_refusals_are_not_asked_again_and_passing_ones_are(service: Service, tmp_path: Path) -> None:
    path = spec(tmp_path, service.url, plan=[asks("text", "html"), asks("flaky", "2")])
    first, _ = run(path, tmp_path / "out")
    second, snapshot = run(path, tmp_path / "out")
    assert len(first.faults) == 2 and [f.arguments["case"] for f in second.faults] == ["html"]
    assert service.seen == {"/text/html": 1, "/flaky/2": 3} and len(snapshot) == 1


def test_the_spec_may_wrap_text_and_keep_server_errors(service: Service, tmp_path: Path) -> None:
    plan = [asks("text", "html"), asks("status", "503")]
    path = spec(tmp_path, service.url, plan=plan, wrap_text=True, server_errors=True)
    report, snapshot = run(path, tmp_path / "out")
    page = snapshot.lookup("fetch", {"route": "text", "case": "html"})
    down = snapshot.lookup("fetch", {"route": "status", "case": "503"})
    assert page is not None and page.text == '{"text":"<html>hello</html>"}'
    assert down is not None and down.status == 503 and not down.success and not report.faults
    assert service.seen["/status/503"] == 2


def test_retry_after_is_honoured_and_bounded(service: Service, tmp_path: Path) -> None:
    limits = {"attempts": 2, "backoff": 0.0, "patience": 1.5}
    path = spec(tmp_path, service.url, plan=[asks("busy", "1", "3600")], limits=limits)
    report, snapshot = run(path, tmp_path / "out")
    assert [f.why for f in report.faults] == [
        "status 429: too many requests; Retry-After asks to wait 3600 s"
    ]
    assert len(snapshot) == 1 and service.seen["/busy/3600"] == 1
    assert service.times[-1] - service.times[0] >= 1.0  # the server said so; less would be asking too early


def test_requests_are_spaced_by_the_rate(service: Service, tmp_path: Path) -> None:
    plan = [{"call": "get_town", "over": [{"values": {"id": list(range(12))}}]}]
    run(spec(tmp_path, service.url, plan=plan, limits={"rate": 40, "concurrency": 12}), tmp_path / "out")
    assert service.times[-1] - service.times[0] >= 11 / 40 * 0.9  # a lower bound, whatever else is slow


def test_no_secret_is_kept_or_shown(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    from base64 import b64encode
    from urllib.parse import quote, quote_plus

    from tool_orch_env.cli.main import main

    monkeypatch.setenv("SERVICE_KEY", SECRET.replace("ä", "ae"))
    secret = SECRET.replace("ä", "ae")
    api = {
        "base_url": service.url,
        "headers": {"Authorization": "Bearer ${SERVICE_KEY}"},
        "query": {"key": "${SERVICE_KEY}"},
    }
    plan = [
        {"call": "echo", "over": [{"values": {"status": [200, 404, 401]}}]},
        {"call": "echo", "id": "said", "over": [{"values": {"say": [secret, "nothing"]}}]},
    ]
    path = spec(tmp_path, service.url, api=api, secrets=["SERVICE_KEY"], plan=plan)
    assert main(["record", str(path), "--out", str(tmp_path / "out")]) == 1
    shown = capfd.readouterr()
    path.unlink()
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    import gzip

    kept += gzip.decompress((tmp_path / "out" / "responses.jsonl.gz").read_bytes())
    kept += (shown.out + shown.err).encode()
    forms = (
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        b64encode(secret.encode()).decode(),
    )
    for form in (*forms, "c00kie-value-1"):
        assert form.encode() not in kept, form
    assert b"[secret]" in kept and not any(form in path for path in service.seen for form in ("say=s3cr3t",))


def test_cookies_are_not_sent_back(service: Service, tmp_path: Path) -> None:
    plan = [{"call": "echo", "over": [{"values": {"say": ["a", "b", "c"]}}]}]
    _, snapshot = run(spec(tmp_path, service.url, plan=plan, limits={"concurrency": 1}), tmp_path / "out")
    assert all("cookie" not in record.text.lower() for record in snapshot.records())


def test_a_body_is_json_and_arguments_go_where_the_spec_says(service: Service, tmp_path: Path) -> None:
    tool = {
        "method": "POST",
        "url": "/echo/{id}",
        "parameters": {
            "type": "object",
            "properties": {
                "id": {},
                "tags": {"type": "array"},
                "deep": {"type": "object"},
                "amount": {},
                "who": {},
            },
            "required": ["id"],
        },
        "places": {
            "tags": {"at": "query", "style": "comma"},
            "deep": {"at": "query", "style": "deep"},
            "who": {"at": "header", "name": "X-Who"},
        },
    }
    call = {"id": "a/../b", "tags": ["x", "y&z"], "deep": {"k": 1}, "amount": 2.5, "who": "me"}
    plan = [{"call": "send", "arguments": call}, {"call": "send", "id": "up", "arguments": {"id": ".."}}]
    report, snapshot = run(spec(tmp_path, service.url, tools={"send": tool}, plan=plan), tmp_path / "out")
    assert list(service.seen) == ['/echo/a%2F..%2Fb?tags=x,y%26z&deep%5Bk%5D=1 {"amount":2.5}']
    assert len(snapshot) == 1 and "another endpoint" in report.faults[0].why


def test_an_open_tool_sends_what_its_schema_allows(service: Service, tmp_path: Path) -> None:
    more = {"type": "object", "properties": {"say": {}}, "additionalProperties": {"type": "string"}}
    tools = {"echo": {"url": "/echo?status=200", "parameters": more}}
    plan = [{"call": "echo", "arguments": {"say": "a", "colour": "red"}}]
    report, _ = run(spec(tmp_path, service.url, tools=tools, plan=plan), tmp_path / "out")
    assert list(service.seen) == ["/echo?status=200&say=a&colour=red"] and not report.faults


@pytest.mark.parametrize(
    ("method", "kind", "status", "kept"),
    [
        ("POST", "application/json", 202, True),
        ("DELETE", "", 200, True),
        ("HEAD", "application/json", 200, True),
        ("GET", "", 404, True),
        ("GET", "application/json", 204, True),
        ("GET", "application/json", 200, False),
        ("POST", "application/json", 502, False),
    ],
)
def test_an_empty_body_is_null_where_it_is_a_whole_answer(
    method: str, kind: str, status: int, kept: bool
) -> None:
    endpoint = Endpoint("it", method, "http://x.test", {})
    try:
        assert body.kept(b"", kind, status, endpoint, Scrub([])) == "null" and kept
    except body.NotJson:
        assert not kept


def test_a_dry_run_lists_tools_and_what_was_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cookie = {"name": "c", "in": "cookie", "required": True}
    operations = {
        "get": {"operationId": "towns.list"},
        "post": {"operationId": "add"},
        "put": {"operationId": "change", "parameters": [cookie]},
    }
    (tmp_path / "doc.json").write_text(json.dumps({"openapi": "3.1.0", "paths": {"/towns": operations}}))
    path = spec(
        tmp_path, "http://x.test", openapi={"file": "doc.json"}, tools={}, plan=[{"call": "towns_list"}]
    )
    assert main(["record", str(path), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    for text in (
        "GET /towns (towns.list)",
        "by name only: not in openapi.safe",
        "requires the cookie 'c'",
        "doc.json: 2 tools, 1 operations skipped",
        "plan: 1 calls",
    ):
        assert text in shown, text


def test_two_recorders_do_not_share_a_journal(service: Service, tmp_path: Path) -> None:
    from tool_orch_env.record.journal import Journal

    path = spec(tmp_path, service.url)
    held = Journal(tmp_path / "out.journal.jsonl", read_spec(path).fingerprint)
    try:
        with pytest.raises(UsageError, match="another recorder"):
            run(path, tmp_path / "out")
    finally:
        held.close()


def test_an_interrupt_is_told_and_resumed(service: Service, tmp_path: Path) -> None:
    service.delay = 0.05
    path = spec(tmp_path, service.url, limits={"concurrency": 2})
    command = [
        sys.executable,
        "-m",
        "tool_orch_env.cli",
        "record",
        str(path),
        "--out",
        str(tmp_path / "out"),
    ]
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    )
    while service.seen.total() < 10:
        assert running.poll() is None
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGINT)
    out, _ = running.communicate()
    assert running.returncode == 130 and "Rerun the same command to resume." in out
    report, snapshot = run(path, tmp_path / "out")
    assert report.reused >= 8 and len(snapshot) == 60
