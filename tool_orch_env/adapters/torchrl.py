"""TorchRL: `make(split="train")` returns `ToolOrch-v0` as a TorchRL environment.

It wraps the environment in TorchRL's `GymWrapper`. Text is stored as `NonTensor` data; there is one reward per step.
The entry `void`, a boolean, is true from the step on that made the episode void: leave the trajectory out.
"""

from functools import cache
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
    return wrapper(gymnasium.make("ToolOrch-v0", **given)).set_info_dict_reader(reader_class()())


@cache
def reader_class() -> type[Any]:
    """The reader of `info`, derived from TorchRL's: it takes `void` over."""
    torch = need("torch", "torchrl")
    base = need("torchrl.envs.gym_like", "torchrl").BaseInfoDictReader
    specs = need("torchrl.data", "torchrl")

    class VoidReader(base):  # type: ignore[misc, valid-type]  # the base class is imported at runtime
        @property
        def info_spec(self) -> dict[str, Any]:
            return {"void": specs.Binary(1, shape=(1,), dtype=torch.bool)}

        def __call__(self, info_dict: dict[str, Any], tensordict: Any) -> Any:
            return tensordict.set("void", torch.tensor(["void" in info_dict]))

    return VoidReader
