"""SkyRL: a text environment for `skyrl_gym`, rewarded per turn or once at the end.

It plays rows of `tool-orch export --format skyrl`, whose prompt lists the tools because SkyRL does not pass tools to
the model. Replies are user messages. SkyRL puts a turn's reward on the turn's last token. Where it keeps only the last
turn's reward (step-wise trajectories, custom chat templates), set `pay: end` to get the whole score there.

SkyRL trains on every episode that ends, and an environment can mask nothing. So `step` raises `VoidError` for a void
episode, which ends the batch.

`register(snapshot=..., pay=...)` registers it as `tool_orch`, with the settings `snapshot`, `split`, `reward`, `pay`
and the like. SkyRL's workers must call it too. Settings under `environment.skyrl_gym.tool_orch` in SkyRL's
configuration, if it accepts any there, take precedence.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..errors import UsageError
from .export import ENV_CLASS
from .extras import need
from .session import SessionFactory
from .stripped import warn_if_stripped

PAY = ("turn", "end")


@cache
def environment_class() -> type[Any]:
    """The class `ToolOrch`, derived from SkyRL's `BaseTextEnv`."""
    base = need("skyrl_gym.envs.base_text_env", "skyrl").BaseTextEnv

    class ToolOrch(base):  # type: ignore[misc, valid-type]  # the base class is imported at runtime
        def __init__(
            self,
            env_config: Mapping[str, Any] | None = None,
            extras: Mapping[str, Any] | None = None,
            settings: Mapping[str, Any] | None = None,
        ) -> None:
            super().__init__()
            config, row = {**(settings or {}), **(env_config or {})}, dict(extras or {})
            self._pay = config.pop("pay", "turn")
            if self._pay not in PAY:
                raise UsageError(f"pay: expected one of {', '.join(PAY)}, found {self._pay!r}")
            played = {name: config[name] for name in SessionFactory.__dataclass_fields__ if name in config}
            limits = [turns for turns in (played.get("max_turns"), row.get("max_turns")) if turns]
            played["max_turns"] = min(
                limits, default=None
            )  # SkyRL stops there, so the episode must end there too
            self._session = _factory(tuple(sorted(played.items())))().reset(
                row.get("task_id"), row.get("seed")
            )
            self.max_turns = row.get("max_turns", 1)

        def init(self, prompt: list[dict[str, str]]) -> tuple[list[dict[str, str]], dict[str, Any]]:
            return prompt, {"task_id": self._session.task.id}

        def step(self, action: str) -> dict[str, Any]:
            step = self._session.step(action)
            self._session.check()
            if step.terminated and not step.calls:
                warn_if_stripped(action, self._session.tools, "SkyRL")
            self.turns += 1
            total = self._session.episode_score if step.done else 0.0
            return {
                "observations": [{"role": "user", "content": step.text}] if not step.done else [],
                "reward": step.reward if self._pay == "turn" else total,
                "done": step.done,
                "metadata": {"codes": list(step.calls), **self._session.components()},
            }

        def get_metrics(self) -> dict[str, Any]:
            return self._session.components()

    ToolOrch.__qualname__ = "ToolOrch"
    return ToolOrch


def register(**settings: Any) -> None:
    """Make `skyrl_gym.make("tool_orch", extras=row)` work with these settings. A later call replaces them."""
    skyrl_gym = need("skyrl_gym", "skyrl")
    registry = need("skyrl_gym.envs.registration", "skyrl").registry
    registry.pop(ENV_CLASS, None)
    entry = "tool_orch_env.adapters.skyrl:ToolOrch"
    skyrl_gym.register(id=ENV_CLASS, entry_point=entry, kwargs={"settings": settings})


@cache
def _factory(played: tuple[tuple[str, Any], ...]) -> SessionFactory:
    return SessionFactory(**{"split": None, **dict(played)})


def __getattr__(name: str) -> Any:
    if name == "ToolOrch":
        return environment_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
