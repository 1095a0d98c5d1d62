"""OpenEnv's action, observation and state with our fields, shared by the server and `Client`."""

from functools import cache
from types import SimpleNamespace
from typing import Any

from pydantic import Field

from .extras import need


@cache
def models() -> SimpleNamespace:
    """OpenEnv's `Action`, `Observation` and `State` with our fields. Raises `UsageError` if the extra is missing."""
    types = need("openenv.core.env_server.types", "openenv")

    class ToolOrchAction(types.Action):  # type: ignore[name-defined, misc]  # the base class is imported at runtime
        message: Any
        """An assistant message: text, an OpenAI message, one call, a list of calls."""
        session: str | None = None
        """The `session` of the observation at reset: it says whose message this is. Not needed."""

    class ToolOrchObservation(types.Observation):  # type: ignore[name-defined, misc]  # the base class is imported at runtime
        text: str = ""
        messages: list[dict[str, Any]] = Field(default_factory=list)
        codes: list[str] = Field(default_factory=list)
        components: dict[str, float] = Field(default_factory=dict)
        task_id: str
        tools: list[dict[str, Any]] | None = None
        episode_score: float | None = None
        truncated: bool = False
        session: str | None = None
        """At reset: the name of the session that plays the episode."""
        void: str | None = None
        """Why the episode is void, as `CODE: detail`; it has no reward then."""

    class ToolOrchState(types.State):  # type: ignore[name-defined, misc]  # the base class is imported at runtime
        task_id: str | None = None
        rewards: list[float] = Field(default_factory=list)
        void: str | None = None
        components: dict[str, float] = Field(default_factory=dict)

    return SimpleNamespace(Action=ToolOrchAction, Observation=ToolOrchObservation, State=ToolOrchState)
