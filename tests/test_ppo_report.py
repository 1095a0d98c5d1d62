"""The table of several PPO runs: by reward, with intervals over tasks."""

import json
import sys
from pathlib import Path

import pytest

from examples import ppo_report

TASKS = [f"t{n}" for n in range(20)]


def run(folder: Path, reward: str, seed: int, solved: int) -> Path:
    """A run whose last evaluation solves the first `solved` tasks, and whose first one solves none."""
    (folder / "tasks.jsonl").write_text("".join(json.dumps({"id": task}) + "\n" for task in TASKS))
    out = folder / f"{reward}-{seed}"
    out.mkdir()
    (out / "args.json").write_text(json.dumps({"reward": reward, "held_out": str(folder / "tasks.jsonl")}))
    lines = [
        {"update": update, "how": how, "succeeded": TASKS[: solved if update else 0]}
        for update in (0, 5)
        for how in ("sampled", "greedy")
    ]
    (out / "evaluations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return out


def test_rewards_are_compared_task_by_task_over_the_seeds(tmp_path: Path) -> None:
    runs = [run(tmp_path, "graduated", seed, 10 + seed) for seed in (0, 2)]
    runs += [run(tmp_path, "binary", seed, 2) for seed in (0, 2)]
    rows = {
        line.split("|")[1].strip(" `"): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in ppo_report.table(ppo_report.curves(runs)).splitlines()[2:]
    }
    assert rows["graduated"][0] == "2" and rows["graduated"][1].startswith("0.0 %")
    assert rows["graduated"][2].startswith("55.0 %") and rows["graduated"][3] == "50.0, 60.0"
    assert rows["binary"][2].startswith("10.0 %")
    assert rows["binary"][4].startswith("45.0 points")


def test_only_some_tasks_may_count(tmp_path: Path) -> None:
    runs = [run(tmp_path, "graduated", 0, 10)]
    found = ppo_report.curves(runs, TASKS[5:15])
    assert [list(by_task) for by_task in found["graduated"][5]] == [[1.0] * 5 + [0.0] * 5]


def test_runs_of_other_tasks_or_updates_are_not_mixed(tmp_path: Path) -> None:
    first, second = (run(tmp_path, reward, 0, 10) for reward in ("graduated", "binary"))
    lines = (second / "evaluations.jsonl").read_text().splitlines()
    (second / "evaluations.jsonl").write_text("\n".join(lines[:2]))
    with pytest.raises(ValueError, match=r"binary-0: expected .* updates \[0, 5\].* found .* \[0\]"):
        ppo_report.curves([first, second])
    with pytest.raises(ValueError, match="no runs"):
        ppo_report.curves([])


def test_folders_that_are_no_runs_are_ignored_and_no_reward_is_needed_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, out = run(tmp_path, "binary", 0, 10), tmp_path / "report"
    monkeypatch.setattr(sys, "argv", ["ppo_report", str(one), str(tmp_path), "--out", str(out)])
    ppo_report.main()
    assert "50.0 %" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"table.md", "curve.png"}
