"""Runs that other people wrote, or a broken disk: refused with file and line, or reported by `verify`; never obeyed."""

import dataclasses
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import toy as toys

from tool_orch_env.bench import runner
from tool_orch_env.bench.result import EpisodeResult
from tool_orch_env.bench.run_log import RunError, read_run
from tool_orch_env.bench.run_schema import STORED
from tool_orch_env.cli.main import main

Record = dict[str, Any]
POLICY = """
import sys

async def leaves(messages, tools):
    sys.exit(3)

def leaves_too(messages, tools):
    sys.exit(3)

def half(messages, tools):
    return "half of a pair: \\ud800"

def long(messages, tools):
    return "x" * 3000
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toys.folder(tmp_path_factory.mktemp("toy") / "toy", test=toys.tasks())


@pytest.fixture(scope="module")
def made(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("made") / "run"
    assert bench(run, toy) == 0
    assert main(["report", str(run)]) == 0
    return run


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy of a run of the oracle, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "run"))


def bench(out: Path, tasks: Path | str, *more: str, policy: str = "oracle") -> int:
    return main(["bench", "--policy", policy, "--tasks", str(tasks), "--out", str(out), *more])


def readers(run: Path) -> list[list[str]]:
    """Every command that reads a run."""
    return [
        ["bench", "verify", str(run)],
        ["bench", "leaderboard", str(run)],
        ["bench", "compare", str(run), str(run)],
        ["bench", "rescore", str(run)],
        ["bench", "export", str(run), "--out", str(run.parent / "conversations.jsonl")],
        ["report", str(run)],
    ]


def change(run: Path, how: Callable[[list[Record]], Any]) -> None:
    """Change the records of a run in place."""
    path = run / "episodes.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    how(records)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def manifest(run: Path, **changed: Any) -> None:
    about = json.loads((run / "manifest.json").read_text())
    for name, value in changed.items():
        about[name] = {**about[name], **value} if isinstance(value, dict) else value
    (run / "manifest.json").write_text(json.dumps(about))


def verified(run: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    """The codes of what `verify` finds; its status agrees."""
    capsys.readouterr()
    status = main(["bench", "verify", str(run), "--json", *more])
    found = [one["code"] for one in json.loads(capsys.readouterr().out)]
    assert status == bool(found)
    return found


def refused(run: Path, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every reader refuses the run with status 2 and these words, and changes nothing."""
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for command in readers(run):
        capsys.readouterr()
        assert main(command) == 2, command
        assert words in capsys.readouterr().err, command
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.name != ".lock"} == {
        name: content for name, content in before.items() if name != ".lock"
    }


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("actions", 5),
        ("actions", [5]),
        ("tokens", []),
        ("tokens", [{"prompt": -1, "completion": 0}] * 5),
        ("fault", 7),
        ("fault", "a fault that the result has not"),
        ("trial", "0"),
        ("trial", -1),
        ("trial", 0.5),
        ("trial", 1),
        ("task_id", "no such task"),
        ("result", []),
        ("result", {"task_id": "half"}),
        ("result.task_id", "another"),
        ("result.trial", True),
        ("result.score", "1"),
        ("result.score", 7),
        ("result.score", float("1e308")),
        ("result.success", 9),
        ("result.turns", 10**400),
        ("result.void", 5),
        ("result.void", ""),
        ("result.stop_reason", 5),
        ("result.errors", {"order": "x"}),
        ("result.components", {"answer": "x"}),
        ("result.log", [{}]),
        ("result.facts", [{}]),
        ("result.facts", []),
    ],
)
def test_a_record_that_the_runner_cannot_have_written_is_refused_by_every_command(
    run: Path, capsys: pytest.CaptureFixture[str], place: str, value: Any
) -> None:
    def changed(records: list[Record]) -> None:
        inner, _, name = place.rpartition(".")
        (records[1][inner] if inner else records[1])[name] = value

    change(run, changed)
    if place == "result.facts" and not value:  # as runs from before readings were kept
        assert read_run(run)
        return
    refused(run, "episodes.jsonl", capsys)


@pytest.mark.parametrize("number", ["1e999", "NaN", "[" * 100_000 + "]" * 100_000])
def test_what_is_no_finite_json_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    path = run / "episodes.jsonl"
    path.write_text(path.read_text().replace('"score":1.0', f'"score":{number}', 1))
    refused(run, "episodes.jsonl:1", capsys)


@pytest.mark.parametrize(
    "changed",
    [
        {"trials": 0},
        {"trials": "2"},
        {"policy": 5},
        {"judge": 5},
        {"deciding": 5},
        {"source": 5},
        {"source": {"tasks": 5}},
        {"source": {"limit": -1}},
        {"source": {"limit": "3"}},
        {"settings": []},
        {"settings": {"seed": []}},
        {"fingerprint": []},
        {"fingerprint": {"tasks": {}}},
    ],
)
def test_a_manifest_that_the_runner_cannot_have_written_is_refused_by_every_command(
    run: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, Any]
) -> None:
    manifest(run, **changed)
    refused(run, f"{run}/manifest.json: ", capsys)


def test_a_damaged_task_file_is_named_with_its_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "tasks.jsonl").write_text((run / "tasks.jsonl").read_text() * 2)
    refused(run, f"{run}/tasks.jsonl:", capsys)


def test_messages_that_are_not_those_of_a_whole_episode_are_found(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut before calls that waste, or with words after the end: the result is the one that they earn."""

    def longer(records: list[Record]) -> None:
        records[0]["actions"].append("and more")
        records[0]["tokens"].append(None)

    def shorter(records: list[Record]) -> None:
        records[0]["actions"].pop()
        records[0]["tokens"].pop()

    assert verified(run, capsys) == []
    whole = (run / "episodes.jsonl").read_bytes()
    for how in (longer, shorter):
        (run / "episodes.jsonl").write_bytes(whole)
        change(run, how)
        assert main(["bench", "rescore", str(run)]) == 0
        assert verified(run, capsys) == ["messages"]


def test_a_manifest_that_asks_for_more_trials_than_fit_a_memory_is_incomplete(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest(run, trials=10**12)
    assert verified(run, capsys) == ["incomplete"]


def test_a_run_that_decides_matches_by_a_table_of_its_own_is_found(
    toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "lax.json"
    table.write_text(json.dumps({"get_city": []}))
    run = tmp_path / "run"
    assert bench(run, toy, "--protocol", "cfb-offline", "--deciding", str(table)) == 0
    assert verified(run, capsys) == ["deciding"]
    assert verified(run, capsys, "--deciding", str(table)) == []


def test_the_verdict_names_protocol_and_limit(
    toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert bench(run, toy, "--protocol", "cfb-offline", "--limit", "2") == 0
    capsys.readouterr()
    assert main(["bench", "verify", str(run)]) == 0
    assert "the first 2, cfb-offline (lenient)" in capsys.readouterr().out
    assert main(["bench", "leaderboard", str(run)]) == 0
    assert "the first 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "tasks.jsonl", "episodes.jsonl", "times.jsonl", "summary.json", "report.html", ".lock"]
    + [f".{name}.new" for name in ("manifest.json", "tasks.jsonl", "episodes.jsonl", "summary.json")],
)
def test_a_link_in_a_run_is_never_followed(run: Path, toy: Path, name: str) -> None:
    target = run.parent / "precious"
    (run / name).unlink(missing_ok=True)
    target.write_bytes(b"precious")
    (run / name).symlink_to(target)
    for command in (*readers(run), ["bench", "--policy", "oracle", "--tasks", str(toy), "--out", str(run)]):
        assert main(command) in (0, 1, 2)
        assert target.read_bytes() == b"precious", command


def test_a_pipe_in_place_of_a_file_does_not_block(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "manifest.json").unlink()
    os.mkfifo(run / "manifest.json")
    for command in readers(run)[:1]:
        assert main(command) == 2
        assert "not a regular file" in capsys.readouterr().err


def test_a_leaderboard_ranks_whole_runs_only(
    toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failures that are removed or void lift a run's figures, but not above runs that have all episodes."""
    for place, policy in (("a/m", "once_per_function"), ("b/m", "oracle"), ("c", "oracle")):
        assert bench(tmp_path / place, toy, policy=policy) == 0
    change(tmp_path / "b" / "m", lambda records: records.pop())
    change(tmp_path / "c", lambda records: records[0]["result"].update(void="store_failed: gone"))
    capsys.readouterr()
    board = ["bench", "leaderboard", str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "c")]
    assert main([*board, "--json"]) == 0
    [group] = json.loads(capsys.readouterr().out)
    rows = [(row["run"], row["episodes"], row["missing"], row["void"]) for row in group["runs"]]
    assert rows[0] == (str(tmp_path / "a" / "m"), 3, 0, 0)
    assert sorted(rows[1:]) == [(str(tmp_path / "b" / "m"), 2, 1, 0), ("c", 2, 0, 1)]
    assert main(board) == 0
    assert "c: not ranked: 0 episodes not played, 1 void" in capsys.readouterr().out.replace("\n", " ")


def test_a_report_refuses_facts_that_its_tasks_have_not(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(run, lambda records: records[1]["result"]["facts"].extend(records[1]["result"]["facts"] * 2))
    assert main(["report", str(run)]) == 2
    assert "facts, found" in capsys.readouterr().err
    assert verified(run, capsys) == ["results"]


def test_a_run_and_its_report_say_that_episodes_are_missing(run: Path) -> None:
    change(run, lambda records: records.pop())
    assert main(["report", str(run)]) == 0
    assert "2 over 2 tasks, 1 not played" in (run / "report.html").read_text()


def test_a_run_is_scored_again_on_a_snapshot_that_was_moved(
    tmp_path: Path, toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(shutil.copytree(toy, tmp_path / "before"))
    run = tmp_path / "run"
    assert bench(run, before) == 0
    before.rename(tmp_path / "after")
    assert main(["bench", "rescore", str(run)]) == 2
    assert main(["bench", "rescore", str(run), "--snapshot", str(tmp_path / "after")]) == 0
    assert verified(run, capsys, "--snapshot", str(tmp_path / "after")) == []
    assert bench(tmp_path / "other", toy, "--snapshot", "travel") == 2
    assert "applies to a task file" in capsys.readouterr().err


def test_rescoring_does_not_overwrite_another_run(
    toy: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = run.parent / "other"
    assert bench(other, toy, policy="junk") == 0
    before = (other / "episodes.jsonl").read_bytes()
    assert main(["bench", "rescore", str(run), "--out", str(other)]) == 2
    assert "another run, with a different policy" in capsys.readouterr().err
    assert (other / "episodes.jsonl").read_bytes() == before


def test_nothing_of_that_name_replaces_a_bundled_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("travel").write_text("a file")
    Path("travel:test").mkdir()
    for tasks in ("travel", "travel:test"):
        assert bench(tmp_path / "run" / tasks, tasks, "--limit", "1") == 0


def test_a_full_disk_stops_a_run_that_is_resumed_to_the_same_bytes(tmp_path: Path, toy: Path) -> None:
    """Full at several sizes: when the run begins, in the middle of a record, and at the end."""
    assert bench(tmp_path / "whole", toy, "--trials", "9") == 0
    command = ["bench", "--policy", "oracle", "--tasks", str(toy), "--trials", "9", "--out"]
    for size in (100, 20_000, 50_000):
        broken = tmp_path / str(size)
        limited = subprocess.run(
            [sys.executable, "-m", "tool_orch_env.cli", *command, str(broken)],
            preexec_fn=lambda size=size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),  # type: ignore[misc]
            capture_output=True,
            text=True,
        )
        assert limited.returncode == 2 and "File too large" in limited.stderr, limited.stderr
        assert str(broken) in limited.stderr and "Traceback" not in limited.stderr
        assert main([*command, str(broken)]) == 0
        for name in ("manifest.json", "tasks.jsonl", "episodes.jsonl", "summary.json"):
            assert (broken / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_extension_that_was_killed_before_its_manifest_is_no_damage(
    tmp_path: Path, toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    assert bench(run, toy, "--limit", "2") == 0
    assert bench(whole, toy) == 0
    shutil.copy(whole / "tasks.jsonl", run / "tasks.jsonl")
    assert bench(run, toy, "--limit", "2") == 0
    assert verified(run, capsys) == []


def test_policies_that_leave_or_write_without_end_lose_no_run(
    tmp_path: Path, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaving_policy.py").write_text(POLICY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(runner, "MOST", 2000)
    for name, fault in (("leaves", "SystemExit"), ("leaves_too", "SystemExit"), ("long", "more than 2000")):
        assert bench(tmp_path / name, toy, policy=f"python:leaving_policy:{name}") == 1
        assert all(fault in record["fault"] for record in read_run(tmp_path / name)[2])


def test_half_a_pair_is_kept_scored_shown_and_exported(
    tmp_path: Path, toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "leaving_policy.py").write_text(POLICY)
    monkeypatch.syspath_prepend(tmp_path)
    run = tmp_path / "half"
    assert bench(run, toy, policy="python:leaving_policy:half") == 0
    assert [main(command) for command in readers(run)] == [0] * 6
    lines = (tmp_path / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["messages"][-1]["content"] == "half of a pair: \ud800"


@pytest.mark.parametrize(
    "words", [("--temperature", "nan"), ("--timeout", "nan"), ("--timeout", "0"), ("--retries", "-1")]
)
def test_numbers_without_meaning_are_refused(tmp_path: Path, toy: Path, words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        bench(tmp_path / "run", toy, *words)
    assert not (tmp_path / "run").exists()


def test_output_is_written_in_any_encoding(run: Path) -> None:
    for command in readers(run):
        done = subprocess.run(
            [sys.executable, "-m", "tool_orch_env.cli", *command],
            env={**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "40"},
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr


def test_a_run_is_named_where_the_folder_has_no_name(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run)
    assert main(["bench", "leaderboard", ".", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["runs"][0]["run"] == "run"
    (run / "manifest.json").unlink()
    with pytest.raises(RunError):
        read_run(Path())


def test_the_schema_of_a_record_has_every_field_of_a_result() -> None:
    stored = STORED["episodes.jsonl"].model_fields["result"].annotation
    assert stored.model_fields.keys() == {field.name for field in dataclasses.fields(EpisodeResult)}
