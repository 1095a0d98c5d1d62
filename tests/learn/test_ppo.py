"""The example of PPO in slots, and the study of rewards: they learn, repeat themselves, go on where they were cut."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import tool_orch_env as toe
from tool_orch_env.slots.env import SlotTaskSet, open_slot_task_set

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "examples"))
from ppo_slots import Exam, Reader, Run, Settings, _bags, _pick  # noqa: E402

SMALL = Settings(
    envs=16, rollout=8, minibatch=64, width=32, evaluate_every=2048, evaluate_tasks=20, steps=8192
)


@pytest.fixture(scope="module")
def task_set() -> SlotTaskSet:
    snapshot = toe.Snapshot.open("travel")
    return open_slot_task_set(snapshot, tasks=snapshot.tasks("graph-train")[:30])


@pytest.fixture(scope="module")
def curve(task_set: SlotTaskSet, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, float]]:
    out = tmp_path_factory.mktemp("whole")
    log = Run(replace(SMALL, out=str(out)), task_set=task_set).train()
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG") and list(out.glob("events*"))
    return log


def test_a_few_thousand_steps_raise_the_reward(curve: list[dict[str, float]]) -> None:
    assert curve[-1]["train_reward"] > 1.15 * curve[1]["train_reward"] > 0


def test_the_same_seed_gives_the_same_curve(
    task_set: SlotTaskSet, curve: list[dict[str, float]], tmp_path: Path
) -> None:
    assert Run(replace(SMALL, out=str(tmp_path)), task_set=task_set).train() == curve


def test_another_seed_gives_another_curve(
    task_set: SlotTaskSet, curve: list[dict[str, float]], tmp_path: Path
) -> None:
    assert Run(replace(SMALL, seed=2, out=str(tmp_path)), task_set=task_set).train() != curve


def test_a_resumed_run_gives_the_curve_of_one_that_was_not_cut(
    task_set: SlotTaskSet, curve: list[dict[str, float]], tmp_path: Path
) -> None:
    class Cut(Exception):
        pass

    class Cutting(Run):
        def _restart(self) -> None:
            super()._restart()
            if self.steps >= 4096:
                raise Cut

    settings = replace(SMALL, out=str(tmp_path))
    with pytest.raises(Cut):
        Cutting(settings, task_set=task_set).train()
    assert Run(settings, resume=True, task_set=task_set).train() == curve


def test_what_a_policy_weighs_is_what_it_drew(task_set: SlotTaskSet, tmp_path: Path) -> None:
    """Log-probabilities of the update are those of the rollout: the parts of an action are the same parts."""
    run = Run(replace(SMALL, out=str(tmp_path)), task_set=task_set)
    run._restart()
    batch = run._rollout()
    flat = {
        name: torch.from_numpy(array.reshape(-1, *array.shape[2:])) for name, array in vars(batch).items()
    }
    log_prob, entropy, value = run.agent.weigh(flat)
    assert torch.allclose(log_prob, flat["log_prob"], atol=1e-4) and (entropy >= 0).all()
    assert torch.allclose(value, flat["value"], atol=1e-4)


def test_drawn_actions_are_open_to_the_mask(task_set: SlotTaskSet, tmp_path: Path) -> None:
    run = Run(replace(SMALL, out=str(tmp_path)), task_set=task_set)
    run._restart()
    starts = np.cumsum([0, *task_set.layout.actions[:-1]])
    for _ in range(20):
        mask = run.vec.action_masks().copy()
        action, _ = run.agent.act(run._seen, mask)
        assert np.take_along_axis(mask, starts + action, axis=1).all()
        run._seen, *_ = run.vec.step(action)


def test_bags_hold_what_was_found_and_nothing_else() -> None:
    rows, columns, tokens = np.array([0, 1, 0, 0]), np.array([2, 0, 2, 1]), np.array([5, 6, 7, 8])
    bags = _bags([(rows, columns, tokens)], 2, 3)
    assert sorted(bags[0, 2][bags[0, 2] > 0]) == [5, 7] and bags[0, 1, 0] == 8 and bags[1, 0, 0] == 6
    assert (bags > 0).sum() == 4


def test_a_greedy_choice_is_the_best_and_a_draw_follows_the_scores() -> None:
    torch.manual_seed(0)
    scores = torch.log(torch.tensor([0.2, 0.8])).expand(20_000, 2)
    assert (_pick(scores, greedy=True)[0] == 1).all()
    drawn, log_prob, entropy = _pick(scores)
    assert abs(drawn.float().mean().item() - 0.8) < 0.02
    assert torch.allclose(log_prob[drawn == 1], torch.tensor(0.8).log())
    assert torch.allclose(entropy, torch.tensor(-(0.2 * np.log(0.2) + 0.8 * np.log(0.8))).float())


def test_an_exam_plays_every_task_once(task_set: SlotTaskSet, tmp_path: Path) -> None:
    run = Run(replace(SMALL, out=str(tmp_path)), task_set=task_set)
    exam = Exam(task_set, "graph-test", 25)
    found = exam.sit(run.agent, at_once=10)
    assert [one["id"] for one in found] == exam.ids and len(exam.ids) == 25
    for one in found:
        task = exam.task_set.task_set.tasks[one["id"]]
        assert toe.score_turns(task, one["turns"], task_set.task_set.snapshot).total == pytest.approx(
            one["total"]
        )


def test_every_token_has_a_place(task_set: SlotTaskSet) -> None:
    reader = Reader(task_set.layout)
    assert sorted(reader.at.values()) == list(reader.at.values()) and max(reader.at.values()) < reader.tokens


def test_the_study_writes_tables_and_pictures(tmp_path: Path) -> None:
    """Two rewards, two seeds, hardly any steps; what is done already is not done again."""
    command = [
        sys.executable,
        str(ROOT / "examples/reward_study.py"),
        "--out",
        str(tmp_path / "study"),
        "--steps",
        "2048",
    ]
    command += ["--seeds", "2", "--rewards", "graduated,execution", "--tasks", "10"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "study"
    found: dict[str, Any] = json.loads((out / "study.json").read_text())
    assert set(found["rewards"]) == {"graduated", "execution"} and found["seeds"] == {
        "graduated": 2,
        "execution": 2,
    }
    assert set(found["rewards"]["graduated"]["depth"]) == {"1", "2", "3", "4", "5", "6", "7"}
    assert "| `graduated` | 2 |" in (out / "study.md").read_text()
    assert all((out / f"{name}.png").read_bytes().startswith(b"\x89PNG") for name in ("curves", "depth"))
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0 and "steps" not in again.stdout.partition("Success")[0]
