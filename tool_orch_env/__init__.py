"""A Gymnasium environment for training and benchmarking agents that orchestrate tools.

Importing registers `ToolOrch-v0` and nothing else: the public names load their modules on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import register

from . import _deprecated
from ._version import __version__ as __version__

if TYPE_CHECKING:
    from . import answers, bench, errors, importers
    from .answers.oracle import oracle_turns
    from .calls.parse import parse_message
    from .calls.types import CallResult, ToolCall, Turn
    from .episode import score_turns
    from .reward.config import RewardConfig, Score
    from .reward.credit import CreditWeights
    from .snapshot import Snapshot, load_tasks
    from .snapshot.catalog import Catalog, Tool, ToolSpec
    from .task import Task

__all__ = [
    "CallResult",
    "Catalog",
    "CreditWeights",
    "RewardConfig",
    "Score",
    "Snapshot",
    "Task",
    "Tool",
    "ToolCall",
    "ToolSpec",
    "Turn",
    "answers",
    "bench",
    "errors",
    "importers",
    "load_tasks",
    "oracle_turns",
    "parse_message",
    "score_turns",
]

_HOME = {
    "Catalog": "snapshot",
    "CallResult": "calls.types",
    "RewardConfig": "reward.config",
    "CreditWeights": "reward.credit",
    "Score": "reward.config",
    "Snapshot": "snapshot",
    "Task": "task",
    "Tool": "snapshot",
    "ToolCall": "calls.types",
    "ToolSpec": "snapshot",
    "Turn": "calls.types",
    "load_tasks": "snapshot",
    "oracle_turns": "answers.oracle",
    "parse_message": "calls.parse",
    "score_turns": "episode",
}

_deprecated.install()
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


_moved = _deprecated.moved(
    __name__, {"Reply": "calls.types:CallResult", "Rungs": "reward.credit:CreditWeights"}
)


def __getattr__(name: str) -> Any:
    if name in ("answers", "bench", "errors", "importers"):
        return import_module(f".{name}", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    return _moved(name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
