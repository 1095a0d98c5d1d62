"""Recording an MCP server that behaves and misbehaves, over the SDK's client: a process, and nothing simulated."""

import base64
import gc
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import gymnasium as gym
import psutil
import pytest
from serving import LIMITS, answer, asked, folder_bytes, plan, recorded, spec, written

import tool_orch_env as toe
from tool_orch_env.errors import SpecError
from tool_orch_env.record.estimate import estimate
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify

SECRET = "s3cr3t/Käse+value"


def faults(report: object) -> dict[str, str]:
    return {fault.tool: fault.why for fault in report.faults}  # type: ignore[attr-defined]


def test_answers_are_structured_content_else_json_text_else_text(tmp_path: Path) -> None:
    report, snapshot = recorded(
        spec(tmp_path, plan=plan("town", "plain", "several", "embedded", "fails", "refuses"))
    )
    assert report.faults == [] and verify(snapshot) == []
    assert answer(snapshot, "town", number=1) == (200, {"id": 1, "name": "Town 1", "next": 2})
    assert answer(snapshot, "plain", number=1) == (200, {"text": "Bergen, 4°C"})
    assert answer(snapshot, "several", number=1) == (200, [{"n": 0}, {"n": 1}, {"n": 2}])
    assert answer(snapshot, "embedded", number=1) == (200, {"text": "inside"})
    assert answer(snapshot, "fails", number=1) == (400, {"why": "no such town"})
    assert answer(snapshot, "refuses", number=1)[1]["error"]["message"] == "number: out of range"
    assert snapshot.manifest["sources"] == [{"name": "towns 1.0", "captured": "2026-11-22"}]
    journal = (tmp_path / "out.journal.jsonl").read_text().splitlines()[1:]
    assert all(json.loads(line)["source"] == "towns 1.0" and json.loads(line)["at"] for line in journal)


def test_only_read_only_tools_are_recorded_and_the_others_by_name(tmp_path: Path) -> None:
    read = read_spec(spec(tmp_path, plan=plan("town")))
    assert "write_town" not in read.catalog and "town" in read.catalog
    assert read.notes[0].startswith("1 of 28 tools are not marked as read-only and left out")
    assert "write_town" in read.notes[0]
    assert any("no/name at all" in note for note in read.notes) and any(
        "bad_schema" in note for note in read.notes
    )
    _, snapshot = recorded(spec(tmp_path, tools={"write_town": {}}, plan=plan("write_town")))
    assert answer(snapshot, "write_town", number=1) == (200, {"text": "written"})
    with pytest.raises(SpecError, match=r"api\.mcp: no tool is left of the 2 that the server lists"):
        read_spec(spec(tmp_path, "writing"))
    with pytest.raises(SpecError) as raised:
        read_spec(spec(tmp_path, tools={"bad_schema": {}, "twon": {}, "town": {"method": "GET"}}))
    problems = "\n".join(raised.value.problems)
    assert "bad_schema.parameters/properties/a/type: not a JSON Schema" in problems
    assert "tools.twon: no such tool; there are" in problems
    assert "tools.town.method: only a tool of an HTTP API has it" in problems


def test_a_plan_follows_replies_and_drops_what_changes(tmp_path: Path) -> None:
    tools = {"town": {"sources": {"number": [{"tool": "towns", "pointer": "/results/*/number"}]}}}
    steps = [{"call": "towns"}, {"follow": "towns"}]
    report, snapshot = recorded(spec(tmp_path, tools=tools, plan=steps, drop=["/at"]))
    assert (report.planned, report.faults) == (41, [])
    assert answer(snapshot, "towns")[1].keys() == {"results"}
    first = folder_bytes(tmp_path / "out")
    report, _ = recorded(tmp_path / "spec.yaml")
    assert (report.asked, report.reused, folder_bytes(tmp_path / "out")) == (0, 41, first)
    assert len(asked(tmp_path)) == 41


def test_what_cannot_be_kept_is_a_fault_with_its_reason_and_the_rest_is_recorded(tmp_path: Path) -> None:
    tools = ("image", "breaks", "only_garbage", "only_wrong_id", "silent", "not_a_result", "town")
    report, snapshot = recorded(
        spec(tmp_path, plan=plan(*tools), limits={**LIMITS, "timeout": 1, "attempts": 1})
    )
    why = faults(report)
    assert why["image"] == "an answer with image, which a snapshot does not keep"
    assert why["breaks"] == "error -32603: always broken"
    assert why["silent"].startswith("no complete answer within 1 s")
    assert (
        "of its output were of no use, the first: not a message: 'Listening on port 3000'"
        in why["only_garbage"]
    )
    assert why["only_wrong_id"].startswith("no complete answer within 1 s; ")
    assert why["not_a_result"].startswith("not an answer of the protocol: ")
    assert len(snapshot) == 1 and answer(snapshot, "town", number=1)[0] == 200


def test_noise_garbage_and_wrong_ids_beside_an_answer_do_no_harm(tmp_path: Path) -> None:
    tools = ("garbage", "wrong_id", "noisy", "asks", "breaks_twice")
    report, snapshot = recorded(spec(tmp_path, plan=plan(*tools)))
    assert report.faults == []
    assert {answer(snapshot, tool, number=1)[1]["name"] for tool in tools} == {"Town 1"}
    assert sum("breaks_twice" in line for line in asked(tmp_path)) == 3


def test_an_error_of_the_server_is_an_answer_if_the_spec_says_so(tmp_path: Path) -> None:
    report, snapshot = recorded(spec(tmp_path, plan=plan("breaks"), server_errors=True))
    assert report.faults == [] and answer(snapshot, "breaks", number=1)[0] == 500


def test_a_server_that_dies_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    steps = [*plan("town", numbers=tuple(range(20))), *plan("dies_once", numbers=(1, 2)), *plan("dies")]
    report, snapshot = recorded(spec(tmp_path, plan=steps))
    assert len(snapshot) == 22
    [fault] = report.faults
    assert fault.why.startswith(
        "the connection ended; the server ended with exit status 3; its last words: [2JTraceback"
    )
    assert fault.why.endswith("disk on fire, key None")
    before = len(asked(tmp_path))
    report, _ = recorded(tmp_path / "spec.yaml")
    assert (report.asked, report.reused) == (0, 22) and len(asked(tmp_path)) - before == 3  # `dies` alone


def test_a_server_that_hangs_is_started_again(tmp_path: Path) -> None:
    steps = [*plan("hangs"), *plan("town", numbers=(1, 2))]
    report, snapshot = recorded(spec(tmp_path, plan=steps, limits={**LIMITS, "timeout": 1, "attempts": 1}))
    assert faults(report) == {"hangs": "no complete answer within 1 s"} and len(snapshot) == 2


def test_an_answer_of_100_mb_is_bounded(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limits = {**LIMITS, "timeout": 60, "attempts": 1, "max_bytes": 1 << 20}
    steps = [*plan("huge", numbers=(1, 2)), *plan("town")]
    report, snapshot = recorded(spec(tmp_path, plan=steps, limits=limits))
    assert {fault.why for fault in report.faults} == {
        "an answer of more than 1048576 bytes (limits.max_bytes)"
    }
    assert len(report.faults) == 2 and len(snapshot) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB
    limits = {**limits, "timeout": 5}
    report, _ = recorded(spec(tmp_path, plan=plan("huge", numbers=(3,)), limits=limits))
    assert (
        "no complete answer within 5 s" in report.faults[0].why
        and "more than 1048576 bytes" in report.faults[0].why
    )


def test_a_deep_answer_is_a_fault(tmp_path: Path) -> None:
    report, _ = recorded(spec(tmp_path, plan=plan("deep")))
    assert faults(report) == {"deep": "nested deeper than 64"}


def test_two_thousand_tools_are_listed_page_by_page(tmp_path: Path) -> None:
    read = read_spec(spec(tmp_path, "many"))
    assert len(read.catalog) == 2000 and list(read.catalog)[-1] == "tool_1999"
    with pytest.raises(
        SpecError, match=r"api\.mcp: tools/list does not end: 2 tools, and the page '1' again"
    ):
        read_spec(spec(tmp_path, "endless"))


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("dies at once", "exit status 1; its last words: ImportError: no module named towns"),
        ("mute", "the server did not answer in time"),
        ("only noise", "the first: not a message: 'Welcome!'"),
    ],
)
def test_a_server_that_cannot_be_asked_is_a_problem_of_the_spec(tmp_path: Path, mode: str, why: str) -> None:
    with pytest.raises(SpecError) as raised:
        read_spec(spec(tmp_path, mode, limits={**LIMITS, "timeout": 1}))
    [problem] = raised.value.problems
    assert problem.startswith("spec.yaml: api.mcp: no connection: ") and why in problem


def test_a_server_that_is_not_there_is_a_problem_of_the_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no connection: .*No such file or directory"):
        read_spec(written(tmp_path, api={"mcp": {"command": ["no-such-server"]}}))
    with pytest.raises(SpecError, match=r"no connection: "):
        read_spec(written(tmp_path, api={"mcp": {"url": "http://127.0.0.1:1/mcp"}}, limits={"timeout": 1}))


def test_a_server_that_its_era_kills_is_asked_the_old_way(tmp_path: Path) -> None:
    report, _ = recorded(spec(tmp_path, "discovery kills", plan=plan("town")))
    assert report.faults == []


def test_fields_of_a_server_are_checked(tmp_path: Path) -> None:
    for server, why in (
        ({}, "expected either `command` or `url`"),
        ({"command": ["a"], "url": "http://x"}, "expected either `command` or `url`"),
        ({"command": ["a"], "headers": {"a": "b"}}, "`env` goes with `command`, `headers` with `url`"),
        (
            {"command": ["a"], "env": {"GITHUB_TOKEN": "ghp_123"}},
            "api.mcp.env.GITHUB_TOKEN: a credential must not be",
        ),
        (
            {"url": "http://x", "headers": {"Authorization": "Bearer 1"}},
            "api.mcp.headers.Authorization: a credential",
        ),
        ({"command": ["${NOT_SET}"]}, "api.mcp.command.0: the environment variable NOT_SET is not set"),
        ({"url": "ftp://x"}, "expected http:// or https:// and a host"),
    ):
        with pytest.raises(SpecError) as raised:
            read_spec(written(tmp_path, api={"mcp": server}), {})
        assert why in str(raised.value) and "ghp_123" not in str(raised.value)
    with pytest.raises(SpecError, match="`mcp` allows no other key"):
        read_spec(written(tmp_path, api={"mcp": {"command": ["a"]}, "base_url": "http://x"}))


def test_no_secret_is_kept_or_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps = [*plan("tells", numbers=(0, 1, 2)), *plan("dies", "told")]
    environ = {"TOWN_TOKEN": SECRET}
    path = spec(
        tmp_path, "telling", env={"TOWN_TOKEN": "${TOWN_TOKEN}"}, secrets=["TOWN_TOKEN"], plan=steps[:2]
    )
    report, snapshot = recorded(path, environ)
    assert answer(snapshot, "tells", number=0) == (200, {"text": "key [secret], [secret]"})
    assert answer(snapshot, "tells", number=2)[0] == 400
    assert {fault.why for fault in report.faults} == {
        "error -32603: bad key [secret]",
        "the connection ended; the server ended with exit status 3; its last words: "
        "[2JTraceback: disk on fire, key [secret]",
    }
    assert snapshot.catalog["told"].spec.description == "key [secret]"
    coded = base64.b64encode(SECRET.encode())
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "asked")
    assert SECRET.encode() not in kept and coded not in kept
    shown = capfd.readouterr()
    assert SECRET not in shown.out + shown.err
    with pytest.raises(SpecError) as raised:
        read_spec(spec(tmp_path, "writing", env={"A": "${TOWN_TOKEN}"}, secrets=["TOWN_TOKEN"]), environ)
    assert SECRET not in str(raised.value)


def test_a_server_gets_a_short_environment_and_the_folder_of_its_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE_ALONE", "1")
    _, snapshot = recorded(spec(tmp_path, env={"TOWN": "a"}, plan=plan("environment")))
    _, found = answer(snapshot, "environment", number=1)
    assert "TOWN" in found["names"] and "PATH" in found["names"] and "MINE_ALONE" not in found["names"]
    assert found["folder"] == str(tmp_path)


def test_limits_and_the_estimate_are_those_of_any_recording(tmp_path: Path) -> None:
    path = spec(
        tmp_path, plan=plan("town", numbers=tuple(range(10))), limits={**LIMITS, "calls": 6, "rate": 20}
    )
    assert estimate(read_spec(path), tmp_path / "out").calls == 6
    begun = time.monotonic()
    report, snapshot = recorded(path)
    assert (report.planned, report.left_out, len(snapshot)) == (6, 4, 6) and time.monotonic() - begun > 0.2
    other = spec(tmp_path, plan=plan("town"), drop=["/name"])
    with pytest.raises(toe.errors.UsageError, match="started with a different spec"):
        recorded(other)


def test_a_task_is_played_when_the_server_is_gone_and_misses_are_answered_live(tmp_path: Path) -> None:
    golden = [{"id": "a", "tool": "town", "arguments": {"number": 1}}]
    task = {
        "id": "t",
        "snapshot": "towns",
        "request": "Which town is 1?",
        "tools": ["town", "dies"],
        "golden": golden,
    }
    (tmp_path / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    path = spec(tmp_path, plan=plan("town"), tasks={"test": "tasks.jsonl"})
    recorded(path)
    snapshot = Snapshot.open(tmp_path / "out")
    [task] = snapshot.tasks("test")
    before = len(asked(tmp_path))
    assert toe.score_turns(task, toe.oracle_turns(task), snapshot).total == 1.0
    assert len(asked(tmp_path)) == before
    overlay = str(tmp_path / "overlay")
    env = gym.make(
        "ToolOrch-v0", snapshot=snapshot, split="test", on_miss="live", record=str(path), overlay=overlay
    )
    env.reset(seed=0)
    calls = [{"name": "town", "arguments": {"number": number}} for number in (1, 7)]
    text, *_, info = env.step(calls)
    assert [call["code"] for call in info["calls"]] == ["ok", "ok"] and "Town 7" in text
    before = len(asked(tmp_path))
    env.step(calls)
    assert len(asked(tmp_path)) == before, "the overlay answers what was asked"
    env.step({"name": "town", "arguments": {"number": 8}})
    env.step({"name": "town", "arguments": {"number": 9}})
    assert len(_servers(tmp_path)) == 1, "one server answers all misses"
    *_, truncated, info = env.step({"name": "dies", "arguments": {"number": 1}})
    assert truncated and info["void"].startswith("live_failed: dies:") and "exit status 3" in info["void"]
    del env
    gc.collect()
    assert _servers(tmp_path) == [], "the server ends with the environment"


def _servers(folder: Path) -> list[int]:
    """The scripted servers of a folder that are running."""
    log = str(folder / "asked")
    return [p.pid for p in psutil.process_iter(["cmdline"]) if log in (p.info["cmdline"] or [])]


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from tool_orch_env.record import mcp
from tool_orch_env.record.http import record
from tool_orch_env.record.spec import read_spec

spec, folder, wanted, rng = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), random.Random(7)

def lines(out):
    journal = out.with_name(out.name + ".journal.jsonl")
    return journal.read_bytes().count(b"\\n") if journal.exists() else 0

def ended(child):
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

record(read_spec(spec), folder / "whole")
for number in range(10):
    out = folder / f"killed-{number}"
    for turn in range(wanted // 10):
        child = os.fork()
        if child == 0:
            record(read_spec(spec), out)
            os._exit(0)
        enough = 0 if turn == 0 else rng.randrange(lines(out), 43)
        while lines(out) < enough and not ended(child):
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.5 if turn == 0 else 0.01))  # the first while the server starts
        os.kill(child, signal.SIGKILL)
        print("killed", lines(out), os.WIFSIGNALED(os.waitpid(child, 0)[1]), flush=True)
    record(read_spec(spec), out)
"""


@pytest.mark.kill
def test_fifty_kills_leave_the_bytes_of_an_undisturbed_run_and_no_server(tmp_path: Path) -> None:
    tools = {"town": {"sources": {"number": [{"tool": "towns", "pointer": "/results/*/number"}]}}}
    limits = {**LIMITS, "concurrency": 4}
    steps = [{"call": "towns"}, {"follow": "towns"}]
    path = spec(tmp_path, tools=tools, plan=steps, drop=["/at"], limits=limits, env={"DELAY": "0.01"})
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(path), str(tmp_path), "60"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    kills = [line.split() for line in done.stdout.splitlines()]
    found = sorted(int(lines) for _, lines, killed in kills if killed == "True")
    assert len(kills) == 60 and len(found) >= 50
    assert found[0] < 10 and found[-1] > 35, "the kills came all at the same time of the run"
    whole = folder_bytes(tmp_path / "whole")
    for number in range(10):
        assert folder_bytes(tmp_path / f"killed-{number}") == whole
        assert len((tmp_path / f"killed-{number}.journal.jsonl").read_bytes().splitlines()) == 42
    # each recording asks each call once, and a kill loses at most what was in flight
    assert len(asked(tmp_path)) <= 41 * 11 + 60 * 4
    for _ in range(100):
        if not _servers(tmp_path):
            break
        time.sleep(0.1)
    assert _servers(tmp_path) == []
