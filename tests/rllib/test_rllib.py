"""`ToolOrchSlots-v0` under RLlib, with the gymnasium that it pins: PPO updates that really happen, with masks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

import tool_orch_env  # noqa: F401 - registers the ids

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "examples"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    import ray

    assert gym.__version__ == "1.2.2"
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def _trained(config: Any, steps: int) -> Any:
    """The algorithm after one iteration that changed its weights."""
    algorithm = config.build_algo()
    before = {name: value.copy() for name, value in algorithm.get_module().get_state().items()}
    result = algorithm.train()
    after = algorithm.get_module().get_state()
    assert result["num_env_steps_sampled_lifetime"] >= steps
    assert any(not np.array_equal(before[name], after[name]) for name in before)
    return algorithm


def test_the_example_runs_as_its_header_says() -> None:
    """Its environments are made in processes of their own, which have not imported the package."""
    command = [sys.executable, "examples/rllib_slots.py", "--iterations", "1", "--tasks", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"^1 [\d,]+ decisions", done.stdout, re.MULTILINE)
    assert re.search(r"^graph-test: \d of 3 tasks$", done.stdout, re.MULTILINE)


def test_the_example_trains_and_never_takes_a_closed_choice(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rllib_slots import config, solved

    from tool_orch_env.slots.player import DecisionPlayer

    closed, decide = list[int](), DecisionPlayer.reward_of

    def watched(self: DecisionPlayer, episode: Any, choice: int) -> float:
        if choice not in self.decisions.now.options:
            closed.append(choice)
        return decide(self, episode, choice)

    monkeypatch.setattr(
        DecisionPlayer, "reward_of", watched
    )  # with no remote runner all episodes are played here
    small = config(runners=0).env_runners(num_envs_per_env_runner=4)
    small = small.training(train_batch_size_per_learner=256, minibatch_size=64, num_epochs=2)
    algorithm = _trained(small, 256)
    assert len(solved(algorithm.get_module(), "graph-test", 3)) == 3
    algorithm.stop()
    assert not closed


def test_the_mask_reaches_the_distribution() -> None:
    from ray.rllib.core.columns import Columns
    from rllib_slots import Scores

    env = gym.make("ToolOrchSlots-v0", split="graph-validation")
    module = Scores(observation_space=env.observation_space, action_space=env.action_space)
    seen, _ = env.reset(seed=0)
    batch = {Columns.OBS: {name: torch.from_numpy(array[None]) for name, array in seen.items()}}
    shares = (
        torch.softmax(module.forward_inference(batch)[Columns.ACTION_DIST_INPUTS], -1)[0].detach().numpy()
    )
    assert np.array_equal(shares > 0, seen["action_mask"] == 1)


def test_the_code_of_the_docs_registers_the_environment() -> None:
    from ray.tune.registry import ENV_CREATOR, _global_registry

    page = (ROOT / "docs/slots.md").read_text()
    (code,) = (
        one for one in re.findall(r"^```py\n(.*?)^```", page, re.DOTALL | re.MULTILINE) if "ray" in one
    )
    exec(code, {})
    made = _global_registry.get(ENV_CREATOR, "slots")({"split": "graph-test"})
    assert made.reset(seed=0)[1]["task_id"].startswith("travel-graph-test")


@pytest.mark.filterwarnings(
    "ignore:.*already in registry"
)  # RLlib registers its environment for every algorithm
def test_the_default_module_trains_on_flat_observations(cluster: None) -> None:
    """As documented: gymnasium's own wrapper puts the arrays side by side. The default module knows no masks."""
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.tune.registry import register_env

    def made(given: Any) -> gym.Env:
        from gymnasium.wrappers import DtypeObservation, FlattenObservation

        return DtypeObservation(FlattenObservation(gym.make("ToolOrchSlots-v0", **given)), np.float32)

    register_env("flat", made)
    small = (
        PPOConfig()
        .environment("flat", env_config={"split": "graph-validation", "actions": "calls"})
        .env_runners(num_env_runners=0, num_envs_per_env_runner=2)
        .training(train_batch_size_per_learner=64, minibatch_size=32, num_epochs=2)
        .rl_module(model_config={"fcnet_hiddens": [16]})
        .debugging(seed=0)
    )
    _trained(small, 64).stop()
