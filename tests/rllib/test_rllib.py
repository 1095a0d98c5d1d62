"""`ToolOrchSlots-v0` under RLlib, with the gymnasium that it pins: a PPO update that really happens."""

from typing import Any

import gymnasium as gym
import numpy as np

import tool_orch_env  # noqa: F401 - registers the ids


def _made(config: Any) -> gym.Env:
    """RLlib asks for one space of one type: the arrays are put side by side by gymnasium's own wrapper."""
    from gymnasium.wrappers import DtypeObservation, FlattenObservation

    env = gym.make("ToolOrchSlots-v0", snapshot="travel", split="graph-validation", disable_env_checker=True)
    return DtypeObservation(FlattenObservation(env), np.float32)


def test_rllib_trains_on_it() -> None:
    import ray
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.tune.registry import register_env

    assert gym.__version__ == "1.2.2"
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        register_env("slots", _made)
        config = (
            PPOConfig()
            .environment("slots")
            .env_runners(num_env_runners=0, num_envs_per_env_runner=2)
            .training(train_batch_size_per_learner=64, minibatch_size=32, num_epochs=2)
            .rl_module(model_config={"fcnet_hiddens": [16]})
            .debugging(seed=0)
        )
        algorithm = config.build_algo()
        module = algorithm.get_module()
        before = {name: value.copy() for name, value in module.get_state().items()}
        result = algorithm.train()
        after = algorithm.get_module().get_state()
        assert result["num_env_steps_sampled_lifetime"] >= 64
        assert any(not np.array_equal(before[name], after[name]) for name in before)
        algorithm.stop()
    finally:
        ray.shutdown()
