"""A Gymnasium environment for training and benchmarking agents that orchestrate tools.

Importing registers `ToolOrch-v0` and nothing else: the public names load their modules on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import register

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from . import bench, importers
    from .calls.oracle import oracle_turns
    from .calls.types import Reply, ToolCall, Turn
    from .episode import score_turns
    from .reward.config import RewardConfig, Score
    from .reward.credit import Rungs
    from .snapshot import Snapshot, load_tasks
    from .snapshot.catalog import Catalog, Tool, ToolSpec
    from .task import Task

__all__ = [
    "Catalog",
    "Reply",
    "RewardConfig",
    "Rungs",
    "Score",
    "Snapshot",
    "Task",
    "Tool",
    "ToolCall",
    "ToolSpec",
    "Turn",
    "bench",
    "importers",
    "load_tasks",
    "oracle_turns",
    "score_turns",
]

_HOME = {
    "Catalog": "snapshot",
    "Reply": "calls.types",
    "RewardConfig": "reward.config",
    "Rungs": "reward.credit",
    "Score": "reward.config",
    "Snapshot": "snapshot",
    "Task": "task",
    "Tool": "snapshot",
    "ToolCall": "calls.types",
    "ToolSpec": "snapshot",
    "Turn": "calls.types",
    "load_tasks": "snapshot",
    "oracle_turns": "calls.oracle",
    "score_turns": "episode",
}

register(
    id="ToolOrch-v0",
    entry_point="tool_orch_env.env:ToolOrchEnv",
    vector_entry_point="tool_orch_env.vector:ToolOrchVectorEnv",
)
register(
    id="ToolOrchSlots-v0",
    entry_point="tool_orch_env.slots.env:ToolOrchSlotsEnv",
    vector_entry_point="tool_orch_env.slots.env:ToolOrchSlotsVector",
)


def __getattr__(name: str) -> Any:
    if name in ("bench", "importers"):
        return import_module(f".{name}", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
