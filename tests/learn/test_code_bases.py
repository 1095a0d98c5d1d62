"""`ToolOrchSlots-v0` under the code bases that people train with: the real packages, and updates that really happen."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

import tool_orch_env
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsEnv, open_slot_task_set

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "examples"))


@pytest.fixture(scope="module")
def task_set() -> SlotTaskSet:
    snapshot = tool_orch_env.Snapshot.open("travel")
    return open_slot_task_set(snapshot, tasks=snapshot.tasks("graph-train")[:50])


def _weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([one.detach().flatten().clone() for one in module.parameters()])


def _plays_validly(model: Any, task_set: SlotTaskSet, steps: int) -> None:
    """Every call of a model is valid: it finds the masks by itself while training, and is given them here."""
    env = ToolOrchSlotsEnv(task_set=task_set)
    seen, _ = env.reset(seed=3)
    for _ in range(steps):
        action, _ = model.predict(seen, action_masks=env.action_masks())
        seen, _, terminated, truncated, _ = env.step(action)
        assert (
            env.player.shown[-1] not in ("invalid_arguments", "unknown_tool")
            and env.player.shown[0] != "closed"
        )
        if terminated or truncated:
            seen, _ = env.reset()


@pytest.mark.parametrize("policy", ["MultiInputPolicy", "of the example"])
def test_maskable_ppo_of_sb3_contrib_learns(task_set: SlotTaskSet, policy: str, tmp_path: Path) -> None:
    """As documented: `make_vec_env` makes the environments, and `MaskablePPO` finds the masks by itself."""
    from sb3_contrib import MaskablePPO
    from sb3_maskable import Policy, Scores
    from stable_baselines3.common.env_checker import check_env
    from stable_baselines3.common.env_util import make_vec_env

    check_env(ToolOrchSlotsEnv(task_set=task_set), warn=False)
    envs = make_vec_env("ToolOrchSlots-v0", 2, seed=0, env_kwargs={"task_set": task_set})
    settings: Any = {"n_steps": 32, "batch_size": 32, "n_epochs": 2, "seed": 0}
    if policy == "MultiInputPolicy":
        model = MaskablePPO(policy, envs, policy_kwargs={"net_arch": [32]}, **settings)
    else:
        network = {"features_extractor_class": Scores, "net_arch": [], "ortho_init": False}
        model = MaskablePPO(Policy, envs, policy_kwargs=network, **settings)
    before = _weights(model.policy)
    model.learn(128)
    assert model.num_timesteps >= 128 and not torch.equal(before, _weights(model.policy))
    _plays_validly(model, task_set, 20)
    model.save(tmp_path / "model")
    seen, _ = ToolOrchSlotsEnv(task_set=task_set).reset(seed=1)
    loaded = MaskablePPO.load(tmp_path / "model")
    given = {"deterministic": True, "action_masks": seen["action_mask"]}
    assert loaded.predict(seen, **given)[0] == model.predict(seen, **given)[0]


def test_the_network_of_the_example_scores_choices_by_their_features_alone(task_set: SlotTaskSet) -> None:
    """Choices in another order have their scores in that order, and the value does not change."""
    from sb3_maskable import Scores

    env = ToolOrchSlotsEnv(task_set=task_set)
    seen, _ = env.reset(seed=0)
    network, order = Scores(env.observation_space), np.random.default_rng(0).permutation(env.action_space.n)
    other = {"context": seen["context"], **{name: seen[name][order] for name in ("choices", "action_mask")}}
    both = {name: torch.from_numpy(np.stack([seen[name], other[name]])).float() for name in seen}
    found = network(both).detach()
    assert torch.allclose(found[0, :-1][torch.from_numpy(order)], found[1, :-1], atol=1e-5)
    assert torch.allclose(found[0, -1], found[1, -1], atol=1e-5) and found[0, 1] != 0


@pytest.mark.parametrize("actions", ["decisions", "calls"])
def test_torchrl_wraps_it_and_rolls_out(task_set: SlotTaskSet, actions: str) -> None:
    """`GymWrapper` keeps every array with its type; rewards of a rollout are those of the environment."""
    from torchrl.envs import GymWrapper
    from torchrl.envs.utils import check_env_specs

    single = ToolOrchSlotsEnv(task_set=task_set, actions=actions)
    env = GymWrapper(single, categorical_action_encoding=True)
    check_env_specs(env)
    env.set_seed(0)
    rollout = env.rollout(8, break_when_any_done=False)
    for name, space in single.observation_space.spaces.items():
        assert rollout[name].shape[1:] == space.shape and rollout[name].numpy().dtype == space.dtype
    assert rollout["action"].shape == (8, *single.action_space.shape)
    assert torch.isfinite(rollout["next", "reward"]).all()


def test_torchrl_masks_by_the_observation(task_set: SlotTaskSet) -> None:
    """`ActionMask` reads `action_mask`: a random rollout makes no invalid call."""
    from torchrl.envs import ActionMask, Compose, DTypeCastTransform, GymWrapper, TransformedEnv

    single = ToolOrchSlotsEnv(task_set=task_set)
    env = GymWrapper(single, categorical_action_encoding=True)
    masked = DTypeCastTransform(torch.int8, torch.bool, in_keys=["action_mask"])
    env = TransformedEnv(env, Compose(masked, ActionMask()))
    env.set_seed(0)
    rollout = env.rollout(60, break_when_any_done=False)
    chosen = rollout["action"].long()[:, None]
    assert rollout["action_mask"].gather(1, chosen).all()


@pytest.mark.parametrize("mode", ["sync", "async", "vector_entry_point"])
@pytest.mark.parametrize("actions", ["decisions", "calls"])
def test_make_vec_gives_the_same_steps_in_every_form(mode: str, actions: str) -> None:
    """Synchronous, in processes, and our own: one seed, one sequence of actions, the same arrays."""

    def played(mode: str) -> list[Any]:
        some = {"snapshot": "travel", "split": "graph-validation", "actions": actions}
        vec = gym.make_vec("ToolOrchSlots-v0", num_envs=2, vectorization_mode=mode, **some)
        seen, _ = vec.reset(seed=5)
        vec.action_space.seed(1)
        found = [{name: array.copy() for name, array in seen.items()}]
        for _ in range(4):
            seen, reward, terminated, truncated, _ = vec.step(vec.action_space.sample())
            found += [{name: array.copy() for name, array in seen.items()}, reward, terminated, truncated]
        vec.close()
        return found

    for one, other in zip(played(mode), played("vector_entry_point"), strict=True):
        if isinstance(one, dict):
            assert all(np.array_equal(one[name], other[name]) for name in other)
        else:
            assert np.array_equal(one, other)


@pytest.mark.parametrize("actions", ["decisions", "calls"])
def test_masks_reach_the_vector_forms(task_set: SlotTaskSet, actions: str) -> None:
    """`call("action_masks")` on Gymnasium's vectors, the method on ours."""
    given: Any = {"num_envs": 2, "task_set": task_set, "actions": actions}
    vec = gym.make_vec("ToolOrchSlots-v0", vectorization_mode="sync", **given)
    ours = gym.make_vec("ToolOrchSlots-v0", **given)
    vec.reset(seed=0)
    ours.reset(seed=0)
    assert np.array_equal(np.stack(vec.call("action_masks")), ours.action_masks())


@pytest.mark.parametrize("package", ["sb3_contrib", "torchrl"])
def test_the_code_of_the_docs_runs_as_it_is_printed(package: str, tmp_path: Path) -> None:
    page = (ROOT / "docs/slots.md").read_text()
    (code,) = (
        one for one in re.findall(r"^```py\n(.*?)^```", page, re.DOTALL | re.MULTILINE) if package in one
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
