"""`ToolOrchSlots-v0` under the code bases that people train with: the real packages, and updates that really happen."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

import tool_orch_env
from tool_orch_env.slots.env import SlotTaskSet, ToolOrchSlotsEnv, open_slot_task_set


@pytest.fixture(scope="module")
def task_set() -> SlotTaskSet:
    snapshot = tool_orch_env.Snapshot.open("travel")
    return open_slot_task_set(snapshot, tasks=snapshot.tasks("graph-train")[:50])


def _weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([one.detach().flatten().clone() for one in module.parameters()])


def test_maskable_ppo_of_sb3_contrib_learns(task_set: SlotTaskSet) -> None:
    """`MaskablePPO` finds the masks by itself; its network is updated, and it never calls what is not offered."""
    from sb3_contrib import MaskablePPO
    from stable_baselines3.common.env_checker import check_env
    from stable_baselines3.common.vec_env import DummyVecEnv

    check_env(ToolOrchSlotsEnv(task_set=task_set), warn=False)
    env = DummyVecEnv([lambda: ToolOrchSlotsEnv(task_set=task_set)] * 2)
    model = MaskablePPO(
        "MultiInputPolicy",
        env,
        n_steps=32,
        batch_size=32,
        n_epochs=2,
        seed=0,
        policy_kwargs={"net_arch": [32]},
    )
    before = _weights(model.policy)
    model.learn(128)
    assert model.num_timesteps >= 128 and not torch.equal(before, _weights(model.policy))
    alone = ToolOrchSlotsEnv(task_set=task_set)
    seen, _ = alone.reset(seed=3)
    for _ in range(10):
        action, _ = model.predict(seen, action_masks=alone.action_masks())
        assert action[0] == alone.layout.tools or seen["tools"][action[0]]
        seen, _, terminated, truncated, _ = alone.step(action)
        if terminated or truncated:
            seen, _ = alone.reset()


def test_torchrl_wraps_it_and_rolls_out(task_set: SlotTaskSet) -> None:
    """`GymWrapper` keeps every array with its type; rewards of a rollout are those of the environment."""
    from torchrl.envs import GymWrapper
    from torchrl.envs.utils import check_env_specs

    env = GymWrapper(ToolOrchSlotsEnv(task_set=task_set), categorical_action_encoding=True)
    check_env_specs(env)
    env.set_seed(0)
    rollout = env.rollout(8, break_when_any_done=False)
    layout = task_set.layout
    for name, (shape, kind, _) in layout.arrays.items():
        assert rollout[name].shape[1:] == shape
        assert rollout[name].numpy().dtype == np.dtype(kind)
    assert rollout["action"].shape == (8, 1 + layout.positions)
    assert torch.isfinite(rollout["next", "reward"]).all()


@pytest.mark.parametrize("mode", ["sync", "async", "vector_entry_point"])
def test_make_vec_gives_the_same_steps_in_every_form(mode: str) -> None:
    """Synchronous, in processes, and our own: one seed, one sequence of actions, the same arrays."""

    def played(mode: str) -> list[Any]:
        some = {"snapshot": "travel", "split": "graph-validation"}
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


def test_masks_reach_the_vector_forms(task_set: SlotTaskSet) -> None:
    """`call("action_masks")` on Gymnasium's vectors, the method on ours."""
    vec = gym.make_vec("ToolOrchSlots-v0", num_envs=2, vectorization_mode="sync", task_set=task_set)
    ours = gym.make_vec("ToolOrchSlots-v0", num_envs=2, task_set=task_set)
    vec.reset(seed=0)
    ours.reset(seed=0)
    assert np.array_equal(np.stack(vec.call("action_masks")), ours.action_masks())
