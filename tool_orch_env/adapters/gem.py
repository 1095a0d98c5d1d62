"""GEM: `gem.make("tool_orch:ToolOrch-v0", split="train")` after `register()`.

The environment implements GEM's interface natively: `reset(seed)`, a five-tuple from `step`, text observations, and a
reward per step. GEM's vector environment resets finished episodes immediately by default and drops their last
observation; rewards are not affected. A void episode has `info["void"]`, its cause; leave it out.
"""

from functools import cache
from typing import Any

from .extras import need
from .session import SessionFactory
from .stripped import warn_if_stripped

ENV_ID = "tool_orch:ToolOrch-v0"


@cache
def environment_class() -> type[Any]:
    """The class `ToolOrch`, derived from GEM's `Env`."""
    base = need("gem.core", "gem").Env

    class ToolOrch(base):  # type: ignore[misc, valid-type]  # the base class is imported at runtime
        def __init__(self, seed: int | None = None, task_id: str | None = None, **played: Any) -> None:
            self._given = {"task_id": task_id, **played}
            self._session = SessionFactory(**played)()
            self._seed, self._task_id = seed, task_id

        def reset(self, seed: int | None = None) -> tuple[str, dict[str, Any]]:
            """Begin the task drawn with `seed`. The first reset defaults to the seed passed to the constructor."""
            seed, self._seed = (seed if seed is not None else self._seed), None
            session = self._session.reset(self._task_id, seed)
            return session.text, {"task_id": session.task.id, "tools": session.tools}

        def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
            step = self._session.step(action)
            if step.terminated and not step.calls:
                warn_if_stripped(action, self._session.tools, "GEM")
            info = {"task_id": self._session.task.id, "codes": list(step.calls), **self._session.components()}
            if step.done:
                info["episode_score"] = self._session.episode_score
            if step.void:
                info["void"] = step.void
            return step.text, step.reward, step.terminated, step.truncated, info

        def spawn(self, same_state: bool = False, **other: Any) -> Any:
            """Another environment with the same settings. Raises `NotImplementedError` if `same_state` is true."""
            if same_state:
                raise NotImplementedError(
                    "same_state: episodes cannot be copied; spawn without it and reset with the same task_id"
                )
            return ToolOrch(**{**self._given, **other})

    ToolOrch.__qualname__ = "ToolOrch"
    return ToolOrch


def register() -> None:
    """Register the environment with GEM. Calling it again does nothing."""
    registration = need("gem.envs.registration", "gem")
    if ENV_ID not in registration.ENV_REGISTRY:
        registration.register(ENV_ID, entry_point="tool_orch_env.adapters.gem:ToolOrch")


def __getattr__(name: str) -> Any:
    if name == "ToolOrch":
        return environment_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
