"""The example of PPO in slots, and the study of rewards: they learn and repeat themselves."""

import csv
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
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsVector, open_slot_task_set
from tool_orch_env.slots.tokens import Tokens, bags

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "examples"))
from ppo_slots import Agent, Args, evaluate, pick, train  # noqa: E402

SMALL = Args(num_envs=16, num_steps=8, num_minibatches=2, width=32, eval_every=2048, total_timesteps=8192)
Curve = list[dict[str, float]]


@pytest.fixture(scope="module")
def task_set() -> SlotTaskSet:
    snapshot = toe.Snapshot.open("travel")
    return open_slot_task_set(snapshot, tasks=snapshot.tasks("graph-train")[:30])


@pytest.fixture(scope="module")
def held_out(task_set: SlotTaskSet) -> SlotTaskSet:
    return task_set.beside(task_set.task_set.snapshot.tasks("graph-validation")[:20])


@pytest.fixture(scope="module")
def curve(task_set: SlotTaskSet, held_out: SlotTaskSet, tmp_path_factory: pytest.TempPathFactory) -> Curve:
    out = tmp_path_factory.mktemp("whole")
    _, curve = train(replace(SMALL, out=str(out)), task_set, held_out)
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG") and list(out.glob("events*"))
    with (out / "curve.csv").open() as file:
        assert [float(row["score"]) for row in csv.DictReader(file)] == [point["score"] for point in curve]
    agent = Agent(task_set.layout, SMALL.width)
    agent.load_state_dict(torch.load(out / "agent.pt", weights_only=True)["agent"])
    return curve


def test_a_few_thousand_steps_raise_the_reward(curve: Curve) -> None:
    assert [point["global_step"] for point in curve] == [0, 2048, 4096, 6144, 8192]
    assert curve[-1]["train_return"] > 1.15 * curve[1]["train_return"] > 0


def test_a_seed_gives_its_curve(
    task_set: SlotTaskSet, held_out: SlotTaskSet, curve: Curve, tmp_path: Path
) -> None:
    small = replace(SMALL, total_timesteps=2048, out=str(tmp_path))
    assert train(small, task_set, held_out)[1] == curve[:2]
    assert train(replace(small, seed=2), task_set, held_out)[1] != curve[:2]


@pytest.fixture
def agent(task_set: SlotTaskSet) -> Agent:
    torch.manual_seed(0)
    return Agent(task_set.layout, 32)


def test_what_a_policy_weighs_is_what_it_drew(task_set: SlotTaskSet, agent: Agent) -> None:
    """Log-probabilities of the update are those of the rollout, and what is drawn is open to the mask."""
    envs = ToolOrchSlotsVector(16, "SameStep", task_set=task_set, actions="calls")
    seen, _ = envs.reset(seed=0)
    starts = torch.from_numpy(np.cumsum([0, *task_set.layout.actions[:-1]]))
    for _ in range(12):
        mask = envs.action_masks()
        x = agent.inputs(seen, mask)
        with torch.no_grad():
            action, logprob, _, value = agent.get_action_and_value(x)
            same, again, entropy, values = agent.get_action_and_value(x, action)
            assert torch.allclose(value, agent.get_value(x))
        assert torch.equal(same, action) and torch.allclose(again, logprob, atol=1e-4)
        assert torch.allclose(value, values) and (entropy >= 0).all()
        assert torch.from_numpy(mask).gather(1, starts + action[:, 1:]).all()
        seen, *_ = envs.step(action[:, 1:].numpy())


def test_bags_hold_what_was_found_and_nothing_else() -> None:
    rows, columns, tokens = np.array([0, 1, 0, 0]), np.array([2, 0, 2, 1]), np.array([5, 6, 7, 8])
    filled = bags([(rows, columns, tokens)], 2, 3)
    assert sorted(filled[0, 2][filled[0, 2] > 0]) == [5, 7] and filled[0, 1, 0] == 8 and filled[1, 0, 0] == 6
    assert (filled > 0).sum() == 4


def test_a_greedy_choice_is_the_best_and_a_draw_follows_the_scores() -> None:
    torch.manual_seed(0)
    scores = torch.log(torch.tensor([0.2, 0.8])).expand(20_000, 2)
    assert (pick(scores, greedy=True)[0] == 1).all()
    drawn, logprob, entropy = pick(scores)
    assert abs(drawn.float().mean().item() - 0.8) < 0.02
    assert torch.allclose(logprob[drawn == 1], torch.tensor(0.8).log())
    assert torch.allclose(entropy, torch.tensor(-(0.2 * np.log(0.2) + 0.8 * np.log(0.8))).float())


def test_an_evaluation_plays_every_task_once(task_set: SlotTaskSet, agent: Agent) -> None:
    snapshot = task_set.task_set.snapshot
    tasks = snapshot.tasks("graph-test")[:25]
    found = evaluate(agent, task_set.beside(tasks), at_once=10)
    assert [one["id"] for one in found] == [task.id for task in tasks]
    for one, task in zip(found, tasks, strict=True):
        assert toe.score_turns(task, one["turns"], snapshot).total == pytest.approx(one["total"])


def test_every_token_has_a_place(task_set: SlotTaskSet) -> None:
    tokens = Tokens(task_set.layout)
    assert sorted(tokens.at.values()) == list(tokens.at.values()) and max(tokens.at.values()) < tokens.size


def test_the_study_writes_tables_and_pictures(tmp_path: Path) -> None:
    """Two rewards, two seeds, hardly any steps; what is done already is not done again."""
    command = [sys.executable, str(ROOT / "examples/reward_study.py"), "--out", str(tmp_path / "study")]
    command += ["--steps", "2048", "--seeds", "2", "--rewards", "graduated,execution", "--tasks", "10"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "study"
    found: dict[str, Any] = json.loads((out / "study.json").read_text())
    assert set(found["rewards"]) == {"graduated", "execution"}
    assert found["seeds"] == {"graduated": 2, "execution": 2}
    assert set(found["rewards"]["graduated"]["depth"]) == {"1", "2", "3", "4", "5", "6", "7"}
    assert "| `graduated` | 2 |" in (out / "study.md").read_text()
    assert all((out / f"{name}.png").read_bytes().startswith(b"\x89PNG") for name in ("curves", "depth"))
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0 and "steps" not in again.stdout.partition("Success")[0]
