"""TorchRL: `make(split="train")` is `ToolOrch-v0` as a TorchRL environment.

Enters: what `gym.make("ToolOrch-v0")` takes. Leaves: TorchRL's `GymEnv` around it. Text becomes `NonTensor` data,
rewards are native: one per step.
"""

from typing import Any

from .extras import need


def make(**given: Any) -> Any:
    """A `torchrl.envs.GymWrapper`; actions are set as text under `"action"`."""
    import gymnasium

    import tool_orch_env  # noqa: F401 - registers the id

    need("torchrl", "torchrl")
    wrapper = need("torchrl.envs.libs.gym", "torchrl").GymWrapper
    return wrapper(gymnasium.make("ToolOrch-v0", **given))
