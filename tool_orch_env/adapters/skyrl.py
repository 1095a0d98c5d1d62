"""SkyRL: a text environment for `skyrl_gym`, paid turn by turn or once at the end.

Enters: rows of `tool-orch export --format skyrl`, whose prompt shows the tools, for SkyRL hands none to the model; and
the environment's settings (`snapshot`, `split`, `reward`, and `pay`). Leaves: replies as user messages. SkyRL puts a
turn's reward on its last token; where it keeps only the last turn's (step-wise trajectories, custom chat templates),
set `pay: end`, and the whole score is paid there.

`register(snapshot=..., pay=...)` makes it known as `tool_orch`; SkyRL's workers need the call too. Settings under
`environment.skyrl_gym.tool_orch` in SkyRL's configuration, where it takes any, come before those.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..errors import UsageError
from .export import ENV_CLASS
from .extras import need
from .session import SessionFactory

PAY = ("turn", "end")


@cache
def environment_class() -> type[Any]:
    """`ToolOrch`, on SkyRL's `BaseTextEnv`."""
    base = need("skyrl_gym.envs.base_text_env", "skyrl").BaseTextEnv

    class ToolOrch(base):  # type: ignore[misc, valid-type]  # a class known only here
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
            played["max_turns"] = min(limits, default=None)  # SkyRL stops there; the end must be paid
            self._session = _factory(tuple(sorted(played.items())))().reset(
                row.get("task_id"), row.get("seed")
            )
            self.max_turns = row.get("max_turns", 1)

        def init(self, prompt: list[dict[str, str]]) -> tuple[list[dict[str, str]], dict[str, Any]]:
            return prompt, {"task_id": self._session.task.id}

        def step(self, action: str) -> dict[str, Any]:
            step = self._session.step(action)
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
    """Make `skyrl_gym.make("tool_orch", extras=row)` work, with these settings; the last call counts."""
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
