"""PPO of RLlib on `ToolOrchSlots-v0`, with a module that scores each open choice by its features.

pip install . 'ray[rllib]==2.60.*' torch
python examples/rllib_slots.py          # 293 of 300 tasks of graph-test, after six and a half minutes on two cores
"""

import argparse

import gymnasium as gym
import numpy as np
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.tune.registry import register_env
from torch import nn

import tool_orch_env as toe


class Scores(TorchRLModule, ValueFunctionAPI):
    """A score per choice, and a value; closed choices are masked."""

    def setup(self) -> None:
        width, inputs = 128, (self.observation_space[name].shape[-1] for name in ("choices", "context"))
        self.choice, self.context, self.inner = (nn.Linear(n, width) for n in (*inputs, width))
        self.score, self.value = nn.Linear(width, 1), nn.Linear(width, 1)

    def hidden(self, batch: dict) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        seen = {name: array.float() for name, array in batch[Columns.OBS].items()}
        at = sample, _ = seen["action_mask"].nonzero(as_tuple=True)
        hidden = torch.relu(self.choice(seen["choices"][at]) + self.context(seen["context"])[sample])
        return seen["action_mask"], at, torch.relu(self.inner(hidden))

    def _forward(self, batch: dict, **kwargs) -> dict:
        mask, at, hidden = self.hidden(batch)
        closed = torch.full_like(mask, torch.finfo(torch.float32).min)
        return {Columns.ACTION_DIST_INPUTS: closed.index_put(at, self.score(hidden).squeeze(1))}

    def compute_values(self, batch: dict, embeddings=None) -> torch.Tensor:
        mask, (sample, _), hidden = self.hidden(batch)
        total = hidden.new_zeros(len(mask), hidden.shape[1]).index_add(0, sample, hidden)
        return self.value(total / mask.sum(1, True)).squeeze(1)


def config(runners: int = 2) -> PPOConfig:
    register_env("slots", lambda given: gym.make("tool_orch_env:ToolOrchSlots-v0", **given))
    return (
        PPOConfig()
        .environment("slots", env_config={"split": "graph-train"})
        .env_runners(num_env_runners=runners, num_envs_per_env_runner=16)
        .training(train_batch_size_per_learner=2048, minibatch_size=256, num_epochs=3, lr=5e-4, gamma=1.0)
        .training(lambda_=0.95, clip_param=0.2, entropy_coeff=0.01, use_kl_loss=False, grad_clip=0.5)
        .rl_module(rl_module_spec=RLModuleSpec(module_class=Scores))
        .debugging(seed=1)
    )


def solved(module: TorchRLModule, split: str, most: int | None = None) -> list[bool]:
    """Play each task of a split once, greedily."""
    env, won = gym.make("ToolOrchSlots-v0", split=split), []
    for task in toe.load_tasks("travel", split)[:most]:
        seen, info = env.reset(seed=1, options={"task_id": task.id})
        while "success" not in info:
            batch = {Columns.OBS: {name: torch.from_numpy(array[None]) for name, array in seen.items()}}
            with torch.no_grad():
                logits = module.forward_inference(batch)[Columns.ACTION_DIST_INPUTS]
            seen, *_, info = env.step(int(logits.argmax()))
        won.append(info["success"])
    return won


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=150, help="of 2,048 decisions each")
    parser.add_argument("--tasks", type=int, help="play only so many tasks of graph-test at the end")
    given = parser.parse_args()
    algorithm = config().build_algo()
    for iteration in range(1, given.iterations + 1):
        found = algorithm.train()["env_runners"]
        print(
            iteration,
            f"{found['num_env_steps_sampled_lifetime']:.0f} decisions",
            found.get("episode_return_mean"),
        )
    won = solved(algorithm.get_module(), "graph-test", given.tasks)
    print(f"graph-test: {np.sum(won)} of {len(won)} tasks")
