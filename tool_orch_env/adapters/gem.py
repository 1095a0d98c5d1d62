"""GEM: the environment in its registry, `gem.make("tool_orch:ToolOrch-v0", split="train")`.

Enters: settings of `SessionFactory`. Leaves: GEM's `reset(seed)` and five-tuple, natively: text, step rewards, ends.
GEM's vector form resets an ended episode at once by default and drops its last observation; rewards are not touched.
"""

from functools import cache
from typing import Any

from .extras import need
from .session import SessionFactory

ENV_ID = "tool_orch:ToolOrch-v0"


@cache
def environment_class() -> type[Any]:
    """`ToolOrch`, on GEM's `Env`."""
    base = need("gem.core", "gem").Env

    class ToolOrch(base):  # type: ignore[misc, valid-type]  # a class known only here
        def __init__(self, seed: int | None = None, task_id: str | None = None, **played: Any) -> None:
            self._given = {"task_id": task_id, **played}
            self._session = SessionFactory(**played)()
            self._seed, self._task_id = seed, task_id

        def reset(self, seed: int | None = None) -> tuple[str, dict[str, Any]]:
            """A task drawn for the seed; the seed given when made is for the first reset."""
            seed, self._seed = (seed if seed is not None else self._seed), None
            session = self._session.reset(self._task_id, seed)
            return session.text, {"task_id": session.task.id, "tools": session.tools}

        def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
            step = self._session.step(action)
            info = {"task_id": self._session.task.id, "codes": list(step.calls), **self._session.components()}
            if step.done:
                info["episode_score"] = self._session.episode_score
            return step.text, step.reward, step.terminated, step.truncated, info

        def spawn(self, same_state: bool = False, **other: Any) -> Any:
            """Another environment of the same settings; GEM's `same_state` would copy an episode, which is refused."""
            if same_state:
                raise NotImplementedError("an episode is not copied: spawn and reset with its task_id")
            return ToolOrch(**{**self._given, **other})

    ToolOrch.__qualname__ = "ToolOrch"
    return ToolOrch


def register() -> None:
    """Make `gem.make(ENV_ID)` work; again does nothing."""
    registration = need("gem.envs.registration", "gem")
    if ENV_ID not in registration.ENV_REGISTRY:
        registration.register(ENV_ID, entry_point="tool_orch_env.adapters.gem:ToolOrch")


def __getattr__(name: str) -> Any:
    if name == "ToolOrch":
        return environment_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
