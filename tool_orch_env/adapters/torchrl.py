"""TorchRL: `make(split="train")` returns `ToolOrch-v0` as a TorchRL environment.

It wraps the environment in TorchRL's `GymWrapper`. Text is stored as `NonTensor` data; there is one reward per step.
"""

from typing import Any

from .extras import need


def make(**given: Any) -> Any:
    """Return a `torchrl.envs.GymWrapper`. Arguments are those of `gym.make("ToolOrch-v0")`.

    Set actions as text under `"action"`.
    """
    import gymnasium

    import tool_orch_env  # noqa: F401 - registers the environment

    need("torchrl", "torchrl")
    wrapper = need("torchrl.envs.libs.gym", "torchrl").GymWrapper
    return wrapper(gymnasium.make("ToolOrch-v0", **given))
