"""The command line as a person or a script meets it."""

import io
import json
import sys
from pathlib import Path

import pytest
import toy as toys

from tool_orch_env import snapshot as snapshots
from tool_orch_env.cli import main
from tool_orch_env.snapshot import load_tasks
from tool_orch_env.task import dump_tasks


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy snapshot, written as a folder."""
    return toys.folder(tmp_path_factory.mktemp("snapshots") / "toy", test=toys.tasks())


def test_demo_shows_three_policies_and_tells_an_episode(capsys: pytest.CaptureFixture) -> None:
    assert main(["demo"]) == 0
    shown = capsys.readouterr().out
    for word in ("oracle", "random", "junk", "turn 1", "score so far 1.000"):
        assert word in shown


def test_play_takes_calls_and_an_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    typed = 'search_city(name="Oslo")\n{"name": "search_city"\nThat is all.\n'
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert main(["play", "--snapshot", str(folder), "--task", "toy-0"]) == 0
    shown = capsys.readouterr().out
    assert '"city_id": 11' in shown and "reward +0.250" in shown and "Answered: score" in shown


def test_play_takes_fields_as_the_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    typed = "submit_answer(currency=1)\nsubmit_answer(currency='EUR')\n"
    played = [
        "play",
        "--snapshot",
        str(folder),
        "--task",
        "toy-1",
        "--answer-form",
        "fields",
    ]
    for text, says in ((typed, "Answered: score"), ("It is EUR.\n", "expected a call of submit_answer")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert main(played) == 0
        shown = capsys.readouterr().out
        assert "Your final answer is a call of submit_answer" in shown and says in shown


def test_play_shows_what_was_read_of_each_fact_and_why_it_does_not_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    calls = 'search_city(name="Turku")\nget_city(city_id=21)\nget_country(code="FI")\n'
    for answer, shows in (
        ("They pay in EUR.", ["currency", "1", "EUR"]),
        ("It is not EUR.", ["currency", "0", "EUR", "denied"]),
        ("It is EUR or NOK.", ["currency", "0.5", "EUR", "states something else as well"]),
        ("No idea.", ["currency", "0", "-", "not stated"]),
    ):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{calls}{answer}\n"))
        monkeypatch.setenv("COLUMNS", "200")
        assert main(["play", "--snapshot", str(folder), "--task", "toy-1"]) == 0
        facts = capsys.readouterr().out.partition("Facts of the answer")[2]
        assert all(part in facts for part in shows), facts
        assert max(map(len, facts.splitlines())) <= 80
    monkeypatch.setattr(sys, "stdin", io.StringIO("Done.\n"))
    assert main(["play", "--snapshot", str(folder), "--task", "toy-0"]) == 0
    assert "Facts" not in capsys.readouterr().out


def test_play_ends_when_the_input_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["play", "--snapshot", str(folder), "--seed", "1"]) == 0
    assert "Left before the end" in capsys.readouterr().out


def test_show_and_verify_a_snapshot(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["snapshot", "show", str(folder)]) == 0
    assert "get_city" in capsys.readouterr().out
    assert main(["snapshot", "verify", str(folder)]) == 0
    assert "valid" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["demo", "travel"])
def test_the_bundled_snapshots_verify(name: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["snapshot", "verify", name]) == 0


@pytest.mark.parametrize(
    ("name", "tasks"), [("demo", 6), pytest.param("travel", 5500, marks=pytest.mark.data)]
)
def test_audit_of_the_bundled_tasks_finds_nothing(
    name: str, tasks: int, capsys: pytest.CaptureFixture
) -> None:
    assert main(["audit", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["tasks"]
    assert len(found) == tasks and not any(task["findings"] for task in found)


def test_wording_has_a_row_for_each_split_or_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(dump_tasks(load_tasks("demo", "test")))
    assert main(["wording", "demo", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"demo train", "demo test", "some.jsonl"}
    assert found["demo test"] == found["some.jsonl"] and found["some.jsonl"]["lettered"] == 0
    assert main(["wording", "demo"]) == 0
    assert "per call" in capsys.readouterr().out
    assert main(["wording", str(tmp_path / "none.jsonl")]) == 2


def test_audit_names_task_call_and_argument(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    """A date that neither the request nor a response supplies is found."""
    from tool_orch_env.synth.audit import audit

    task = toys.task(0, "Oslo", "2013-07-10", facts=False)
    hidden = task.model_copy(update={"request": task.request.replace(" on 2013-07-10", "")})
    [finding] = audit(hidden, toys.snapshot())
    assert (finding.call, finding.argument, finding.rule) == ("d", "date", "provenance")
    assert audit(task, toys.snapshot()) == []


def test_import_writes_a_folder_that_opens(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "imported"
    assert main(["import", str(shared_data / "complexfuncbench" / "raw_5.jsonl"), "--out", str(out)]) == 0
    assert "5 tasks" in capsys.readouterr().out
    assert len(snapshots.Snapshot.open(out).tasks()) == 5
    assert main(["audit", str(out)]) == 1


def test_faults_are_told_in_one_message(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["snapshot", "show", "no_such_snapshot"]) == 2
    told = capsys.readouterr().err
    assert "no_such_snapshot" in told and "travel" in told and "Traceback" not in told
    (tmp_path / "rows.jsonl").write_text("{}\n")
    assert main(["import", str(tmp_path / "rows.jsonl"), "--out", str(tmp_path / "out")]) == 2
    assert "What to do" in capsys.readouterr().err


def test_task_files_keep_their_bytes(tmp_path: Path) -> None:
    from tool_orch_env.task import read_tasks

    file = tmp_path / "tasks.jsonl"
    file.write_bytes(dump_tasks(toys.tasks()))
    assert dump_tasks(read_tasks(file)) == file.read_bytes()
