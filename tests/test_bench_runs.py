"""Runs on the command line: killed and resumed, scored again, compared."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy as toys

from tool_orch_env.bench.intervals import ratio
from tool_orch_env.bench.metrics import passes, summary
from tool_orch_env.bench.result import EpisodeResult
from tool_orch_env.bench.run_log import RunError, read_run, read_times
from tool_orch_env.calls.write import FORMATS
from tool_orch_env.cli.main import main
from tool_orch_env.snapshot import load_tasks

TASKS = len(load_tasks("travel", "handmade"))

POLICY = '''
import hashlib, json, time

def wobbly(messages, tools):
    """The same answers in every process: now a random tool, now words; slow enough to be killed."""
    time.sleep(0.004)
    said = json.dumps([m for m in messages if m["role"] != "system"], sort_keys=True)
    draw = hashlib.sha256(said.encode()).digest()
    if draw[0] < 90:
        return "Done."
    tool = tools[draw[1] % len(tools)]["function"]["name"]
    return {"tool_calls": [{"function": {"name": tool, "arguments": "{}"}}]}
'''
COMMAND = [
    sys.executable, "-m", "tool_orch_env.cli", "bench", "--policy", "python:wobbly_policy:wobbly",
    "--tasks", "travel:handmade", "--trials", "4", "--concurrency", "8",
]  # fmt: skip


def oracle(folder: Path, *more: str, policy: str = "oracle") -> int:
    return main(["bench", "--policy", policy, "--tasks", "travel:handmade", "--out", str(folder), *more])


@pytest.mark.kill
def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    """SIGKILL at twenty random moments of its work, then resumed: the same records as an undisturbed run."""
    (tmp_path / "wobbly_policy.py").write_text(POLICY)
    command = [*COMMAND, "--out"]
    subprocess.run([*command, "whole"], cwd=tmp_path, check=True, capture_output=True)
    draw = random.Random(5)
    ledger = tmp_path / "broken" / "episodes.jsonl"
    for number in range(20):
        process = subprocess.Popen(
            [*command, "broken"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        before = ledger.stat().st_size if ledger.exists() else 0
        at_least = before + draw.randrange(6_000) if number % 4 else 0
        while process.poll() is None and (ledger.stat().st_size if ledger.exists() else 0) <= at_least:
            time.sleep(0.001)
        time.sleep(draw.random() / 100)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if number % 5 == 0 and ledger.exists():  # a write that the kill cut in two
            with ledger.open("ab") as stream:
                stream.write(b'{"task_id": "travel-ha')
    assert (
        20 < len(ledger.read_bytes().splitlines()) < 4 * TASKS
    )  # killed on the way, and at work when killed
    subprocess.run([*command, "broken"], cwd=tmp_path, check=True, capture_output=True)
    for name in ("summary.json", "episodes.jsonl", "manifest.json", "tasks.jsonl"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "broken" / name).read_bytes()
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    episodes = [(line["task_id"], line["trial"]) for line in lines]
    assert len(set(episodes)) == len(episodes) == 4 * TASKS
    assert set(read_times(tmp_path / "broken")) == set(episodes)


def test_several_processes_give_the_bytes_of_one(tmp_path: Path) -> None:
    (tmp_path / "wobbly_policy.py").write_text(POLICY)
    subprocess.run([*COMMAND, "--out", "one"], cwd=tmp_path, check=True, capture_output=True)
    several = [*COMMAND, "--out", "several", "--executor", "local", "--workers", "2"]
    subprocess.run(several, cwd=tmp_path, check=True, capture_output=True)
    for name in ("summary.json", "episodes.jsonl", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "several" / name).read_bytes()


def test_a_judge_is_asked_only_if_named_and_goes_into_the_scorer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Right names and junk for values: refused by the rules, taken by a judge that looks at names only."""
    code = "def same_name(call, golden, task):\n    return call.name == golden.tool\n"
    (tmp_path / "name_judge.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    junk = ("--protocol", "cfb-offline")
    judge = ("--judge", "python:name_judge:same_name")
    assert oracle(tmp_path / "rules", *junk, policy="junk") == 0
    assert oracle(tmp_path / "judged", *junk, *judge, policy="junk") == 0
    score = {
        name: json.loads((tmp_path / name / "summary.json").read_text())["figures"]["score"]["value"]
        for name in ("rules", "judged")
    }
    assert score["rules"] == 0.0 < score["judged"]
    before = (tmp_path / "judged" / "episodes.jsonl").read_bytes()
    assert main(["bench", "rescore", str(tmp_path / "judged")]) == 2
    assert "A judge is code" in capsys.readouterr().err
    assert main(["bench", "rescore", str(tmp_path / "judged"), *judge]) == 0
    assert (tmp_path / "judged" / "episodes.jsonl").read_bytes() == before
    assert main(["bench", "compare", str(tmp_path / "rules"), str(tmp_path / "judged")]) == 2
    assert oracle(tmp_path / "toolorch", *judge) == 2
    assert oracle(tmp_path / "other", *junk, "--judge", "no_such") == 2


def test_options_that_do_nothing_for_a_policy_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["--tool-call-parser", "hermes"],
        ["--reasoning-parser", "qwen3"],
        ["--call-format", "hermes"],
    ):
        assert oracle(tmp_path / "run", *words) == 2
        assert f"{words[0]} applies to" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_help_and_docs_name_every_call_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    docs = (Path(__file__).parent.parent / "docs" / "benchmark.md").read_text()
    for text in (capsys.readouterr().out, docs):
        assert set(FORMATS) <= set(re.findall(r"\w+", text))


def test_a_run_is_resumed_with_its_own_settings_only(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = tmp_path / "run"
    assert oracle(run, "--limit", "3") == 0
    before = (run / "episodes.jsonl").read_bytes()
    assert oracle(run, "--limit", "3") == 0
    assert (run / "episodes.jsonl").read_bytes() == before
    assert "Resuming" in capsys.readouterr().out
    assert oracle(run, "--limit", "2") == 2
    assert "started with a different fingerprint.tasks, source.limit" in capsys.readouterr().err
    assert oracle(run, "--limit", "3", "--seed", "1") == 2
    assert "settings.seed" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("private")
    assert oracle(tmp_path / "mine") == 2


def test_more_tasks_and_trials_extend_a_run_to_the_bytes_of_one_made_at_once(tmp_path: Path) -> None:
    assert oracle(tmp_path / "run", "--limit", "2") == 0
    assert oracle(tmp_path / "run", "--limit", "4") == 0
    assert oracle(tmp_path / "run", "--limit", "4", "--trials", "2") == 0
    assert oracle(tmp_path / "whole", "--limit", "4", "--trials", "2") == 0
    for name in ("manifest.json", "tasks.jsonl", "episodes.jsonl", "summary.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert oracle(tmp_path / "run", "--limit", "4") == 2  # fewer trials than it has


@pytest.mark.parametrize("damage", ["{}\n", "junk\n", '{"task_id": "no such", "trial": 0}\n'])
def test_a_damaged_ledger_is_told_and_not_repaired(tmp_path: Path, damage: str) -> None:
    run = tmp_path / "run"
    assert oracle(run, "--limit", "2") == 0
    path = run / "episodes.jsonl"
    path.write_text(damage + path.read_text())
    with pytest.raises(RunError):
        read_run(run)


def test_what_a_policy_broke_off_is_played_again_if_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    code = "import pathlib\ndef f(m, t):\n    assert pathlib.Path('up').exists()\n    return 'Done.'\n"
    (tmp_path / "down_policy.py").write_text(code)
    more = ("--limit", "2")
    assert oracle(tmp_path / "run", *more, policy="python:down_policy:f") == 1  # nothing could be played
    assert all("AssertionError" in record["fault"] for record in read_run(tmp_path / "run")[2])
    (tmp_path / "up").touch()
    assert oracle(tmp_path / "run", *more, policy="python:down_policy:f") == 1
    assert all(record["fault"] for record in read_run(tmp_path / "run")[2])
    assert oracle(tmp_path / "run", *more, "--retry-failed", policy="python:down_policy:f") == 0
    assert not any(record["fault"] for record in read_run(tmp_path / "run")[2])


def test_scored_again_offline_a_run_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert oracle(tmp_path / "run", policy="random") == 0
    before = (tmp_path / "run" / "summary.json").read_bytes()
    assert main(["bench", "rescore", str(tmp_path / "run"), "--out", str(tmp_path / "again")]) == 0
    assert "0 results changed" in capsys.readouterr().out
    assert (tmp_path / "again" / "summary.json").read_bytes() == before
    assert (tmp_path / "again" / "manifest.json").read_bytes() == (
        tmp_path / "run" / "manifest.json"
    ).read_bytes()


def test_runs_are_compared_in_pairs_and_only_where_they_mean_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for name in ("oracle", "junk"):
        assert oracle(tmp_path / name, policy=name) == 0
    assert oracle(tmp_path / "other", "--protocol", "cfb-offline") == 0
    capsys.readouterr()
    assert main(["bench", "compare", str(tmp_path / "junk"), str(tmp_path / "oracle"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tasks"] == TASKS and found["figures"]["success"]["difference"]["low"] == 1.0
    for name, place in (("junk", "first"), ("oracle", "second")):  # the figures of the summaries
        figures = json.loads((tmp_path / name / "summary.json").read_text())["figures"]
        assert {figure: one[place] for figure, one in found["figures"].items()} == {
            figure: figures[figure] for figure in found["figures"]
        }
    assert main(["bench", "compare", str(tmp_path / "junk"), str(tmp_path / "other")]) == 2
    assert "scorer" in capsys.readouterr().err
    assert main(["bench", "compare", str(tmp_path / "junk"), str(tmp_path / "other"), "--anyway"]) == 0
    assert "although the runs differ" in capsys.readouterr().out


def test_a_run_of_another_version_of_the_benchmark_is_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for name in ("now", "then"):
        assert oracle(tmp_path / name, "--limit", "2") == 0
    path = tmp_path / "then" / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest["fingerprint"]["benchmark"] == "travel-2.0"
    manifest["fingerprint"]["benchmark"] = "travel-1.1"
    path.write_text(json.dumps(manifest))
    capsys.readouterr()
    assert main(["bench", "compare", str(tmp_path / "now"), str(tmp_path / "then")]) == 2
    assert "differ in benchmark" in capsys.readouterr().err


def verified(run: Path, capsys: pytest.CaptureFixture) -> list[str]:
    """The codes of what `bench verify` finds; its status agrees."""
    capsys.readouterr()
    status = main(["bench", "verify", str(run), "--json"])
    found = [one["code"] for one in json.loads(capsys.readouterr().out)]
    assert status == bool(found)
    return found


def test_a_run_is_verified_by_scoring_it_again(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = tmp_path / "run"
    assert oracle(run, "--limit", "4", policy="random") == 0
    assert verified(run, capsys) == []
    path = run / "episodes.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    forged = json.loads(lines[1])
    forged["result"] |= {"success": True, "score": 1.0}
    path.write_text(lines[0] + json.dumps(forged) + "\n" + "".join(lines[2:]))
    assert verified(run, capsys) == ["results", "summary"]
    path.write_text("".join(lines[1:]))
    assert verified(run, capsys) == ["incomplete", "summary"]
    about = run / "manifest.json"
    kept = about.read_text()
    about.write_text(json.dumps(json.loads(kept) | {"judge": "python:this:main"}))  # code of the run's author
    assert main(["bench", "verify", str(run)]) == 2
    assert "A judge is code" in capsys.readouterr().err
    about.write_text(kept)
    path.write_text("".join(lines))
    easier = (run / "tasks.jsonl").read_text().splitlines(keepends=True)
    task = json.loads(easier[0])
    task["golden"], task["answer"] = task["golden"][:1], []
    (run / "tasks.jsonl").write_text(json.dumps(task) + "\n" + "".join(easier[1:]))
    assert {"fingerprint", "tasks"} <= set(verified(run, capsys))


def test_a_leaderboard_orders_comparable_runs_and_names_what_they_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    from model_server import serving

    toy, runs = str(toys.folder(tmp_path / "toy", test=toys.tasks())), tmp_path / "runs"
    with serving() as server:
        for name, policy in (("junk", "junk"), ("oracle", "oracle"), ("model", f"openai:good@{server.url}")):
            assert main(["bench", "--policy", policy, "--tasks", toy, "--out", str(runs / name)]) == 0
    assert oracle(runs / "other", "--limit", "2") == 0
    capsys.readouterr()
    assert main(["bench", "leaderboard", str(runs), "--json", "--price", "openai:=1,10"]) == 0
    groups = json.loads(capsys.readouterr().out)
    order = sorted([row["run"] for row in group["runs"]] for group in groups)
    assert order == [["model", "oracle", "junk"], ["other"]]
    costs = {row["run"]: row["cost"] for group in groups for row in group["runs"]}
    figures = json.loads((runs / "model" / "summary.json").read_text())
    tokens = [
        figures["figures"][f"{name} tokens"]["value"] * figures["episodes"]
        for name in ("prompt", "completion")
    ]
    assert costs.pop("model") == pytest.approx((tokens[0] + 10 * tokens[1]) / 1e6)
    assert set(costs.values()) == {None}
    assert main(["bench", "leaderboard", str(runs)]) == 0
    assert "oracle" in capsys.readouterr().out
    assert main(["bench", "leaderboard", str(runs), "--price", "openai:=1"]) == 2
    assert "POLICY=PROMPT,COMPLETION" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["bench", "leaderboard", str(tmp_path / "empty")]) == 2


def test_a_published_file_is_benchmarked_lenient_and_strict_at_once(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    rows = str(shared_data / "complexfuncbench" / "raw_5.jsonl")
    assert oracle(tmp_path / "run", "--tasks", rows, "--protocol", "cfb-offline", "--json") == 0
    told = capsys.readouterr()
    figures = json.loads(told.out)["figures"]
    assert figures["success"]["value"] == figures["strict success"]["value"] == 1.0
    assert "not the published file" in told.err
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["deciding"]["Get_Room_List"]


def test_commands_that_lack_something_are_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["bench"]) == 2
    assert main(["bench", "rescore", str(tmp_path)]) == 2
    assert oracle(tmp_path / "run", "--strict") == 2
    assert "Traceback" not in capsys.readouterr().err


def result(task: str, trial: int, success: bool, **more: Any) -> EpisodeResult:
    return EpisodeResult(task, success, float(success), "answered", 1, 2, 3, trial, **more)


def test_pass_at_k_and_pass_to_the_k_are_unbiased() -> None:
    wins = {"a": [True, False, True], "b": [False, False, False]}
    found = passes([result(task, i, win) for task, some in wins.items() for i, win in enumerate(some)])
    values = {name: round(figure["value"], 4) for name, figure in found.items()}
    assert values == {
        "pass@1": 0.3333, "pass^1": 0.3333, "pass@2": 0.5, "pass^2": 0.1667, "pass@3": 0.5, "pass^3": 0.0,
    }  # fmt: skip


def test_an_interval_is_that_of_another_implementation() -> None:
    """Percentile bootstrap of a mean: scipy's, to what the draws leave open."""
    from scipy.stats import bootstrap

    values = np.random.default_rng(1).random(60)
    other = bootstrap((values,), np.mean, method="percentile", n_resamples=20000, rng=2).confidence_interval
    found = ratio([(value, 1.0) for value in values])
    assert found is not None and abs(found.low - other.low) < 0.01 and abs(found.high - other.high) < 0.01


def test_intervals_of_pooled_figures_draw_tasks_and_cover_the_truth() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        wanted = rng.integers(1, 6, 40)
        found = ratio(list(zip(rng.binomial(wanted, 0.7), wanted, strict=True)))
        assert found is not None
        covered += found.low <= 0.7 <= found.high
    assert covered >= 176  # 95 % of 200, less what chance and 40 tasks explain


def test_a_summary_does_not_depend_on_the_order_of_its_results() -> None:
    tasks = toys.tasks()
    some = [result(task.id, trial, (len(task.id) + trial) % 2 == 0) for task in tasks for trial in range(3)]
    assert summary(some, tasks) == summary(some[::-1], tasks)
    assert set(summary(some, tasks)["by"]["depth"]) == {"2", "4"}


def test_no_key_gets_into_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_server import serving

    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    with serving() as server:
        assert (
            oracle(
                tmp_path / "run", "--limit", "1", "--retries", "0", policy=f"openai:error_500@{server.url}"
            )
            == 1
        )
    assert not any(b"sk-very-secret" in path.read_bytes() for path in (tmp_path / "run").iterdir())
