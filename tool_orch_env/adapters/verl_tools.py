"""verl, tool form: a task's tools for verl's own `tool_agent` loop.

`tool_config` writes the file for `actor_rollout_ref.rollout.multi_turn.tool_config_path`; `tool-orch export --format
verl-tools` writes the rows. Each call is its own turn, and `submit_answer` ends the episode. With `compute_score` as
`reward.custom_reward_function`, the last token gets the sum of the calls' rewards, which is the score. Set
`max_tool_response_length` and `max_parallel_calls`: the defaults, 256 characters and 1, truncate most replies.

In a void episode a call's reward is NaN, because verl takes no other word of a tool. `compute_score` then raises
`VoidError`: the v1 trainer drops the rollout from its group; the older worker ends.
"""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ..calls.void import VoidCode, cause
from ..errors import UsageError, VoidError
from .export import ENV_CLASS, ONE_SCHEMA
from .extras import need
from .session import Message, Session, SessionFactory, answer_tool
from .verl import configured


@cache
def tool_class() -> type[Any]:
    """The class `ToolOrchTool`, derived from verl's `BaseTool`: one tool of the snapshot."""
    base = need("verl.tools.base_tool", "verl").BaseTool
    answered = need("verl.tools.schemas", "verl").ToolResponse

    class ToolOrchTool(base):  # type: ignore[misc, valid-type]  # the base class is imported at runtime
        """One tool. verl creates an instance per call, so the session is attached to the trajectory's `agent_data`."""

        def __init__(self, config: dict[str, Any], tool_schema: Any) -> None:
            super().__init__(config, tool_schema)
            self._factory = configured(json.dumps({k: v for k, v in config.items() if k != "type"}))

        async def execute(self, instance_id: str, parameters: dict[str, Any], **given: Any) -> Any:
            agent_data = given["agent_data"]
            session = _sessions.get(agent_data)
            if session is None:
                row = agent_data.tools_kwargs[ENV_CLASS]
                session = _sessions[agent_data] = self._factory().reset(row["task_id"])
            before = session.episode_score
            text = session.call(self.name, parameters)
            reward = math.nan if session.void else session.episode_score - before
            return answered(text=text), reward, session.components()

    ToolOrchTool.__qualname__ = "ToolOrchTool"
    return ToolOrchTool


_sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()
"""The session of each trajectory that verl's loop is playing."""


def tool_config(factory: SessionFactory, path: Path) -> None:
    """Write the file for `multi_turn.tool_config_path`: every tool that a task offers, and `submit_answer`.

    The file is JSON, which is also valid YAML. verl's schemas are flat: what they cannot express goes into the
    description. Raises `UsageError` for `answer_form="fields"`.
    """
    if factory.answer_form != "text":
        raise UsageError(ONE_SCHEMA)
    played = {"snapshot": str(factory.snapshot), "split": factory.split, "reward": factory.reward}
    catalog = factory.task_set.snapshot.catalog
    names = dict.fromkeys(name for task in factory.task_set.tasks.values() for name in task.tools)
    tools = [*(catalog[name].function for name in names), answer_tool()]
    made = [
        {
            "class_name": "tool_orch_env.adapters.verl_tools.ToolOrchTool",
            "config": {"type": "native", **played},
            "tool_schema": {"type": "function", "function": _flat(tool["function"])},
        }
        for tool in tools
    ]
    path.write_text(json.dumps({"tools": made}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def compute_score(
    data_source: str, solution_str: str, ground_truth: Any, extra_info: dict[str, Any], **_: Any
) -> dict[str, float]:
    """verl's custom reward function for the tool form: the sum of the calls' rewards, which is the score.

    Raises `VoidError` for a void episode.
    """
    score = float(sum(extra_info.get("tool_rewards") or ()))
    if math.isnan(score):
        raise VoidError(
            cause(VoidCode.INTERNAL_ERROR, "a call of this episode was answered `void`; see the log")
        )
    return {"score": score}


def _flat(function: Message) -> Message:
    """The function with parameters reduced to type, description and enum."""
    parameters = function["parameters"]
    flat = {name: _property(schema) for name, schema in parameters.get("properties", {}).items()}
    wanted = {"type": "object", "properties": flat, "required": list(parameters.get("required", ()))}
    return {**function, "description": function["description"] or function["name"], "parameters": wanted}


def _property(schema: Any) -> dict[str, Any]:
    schema = schema if isinstance(schema, dict) else {}
    left = {key: value for key, value in schema.items() if key not in ("type", "description", "enum")}
    text = (
        f"{schema.get('description', '')} JSON Schema: {json.dumps(left)}"
        if left
        else schema.get("description")
    )
    known = {
        "type": schema.get("type", "object" if "properties" in schema else "string"),
        "description": text,
    }
    return {**known, "enum": schema["enum"]} if "enum" in schema else known


def __getattr__(name: str) -> Any:
    if name == "ToolOrchTool":
        return tool_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
