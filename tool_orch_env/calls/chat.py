"""Assistant messages in the chat form of OpenAI's API, whatever form a policy returned.

Enters: an action (text, message, call, list of calls, `Turn`). Leaves: the assistant message that stands in the
history, every call with an id, and the JSON value that is recorded of the action. Judges nothing.
"""

import json
from typing import Any

from ..jsonvalues.canonical import to_text
from .types import Turn


def recordable(action: Any) -> Any:
    """The action as JSON, the same when read back; raises `ValueError`, `TypeError` or `RecursionError`."""
    if isinstance(action, Turn):
        action = turn_message(action)
    if not isinstance(action, (str, dict, list)):
        raise TypeError(f"expected a str or a dict, found {type(action).__name__}")
    return json.loads(json.dumps(action, allow_nan=False))


def turn_message(turn: Turn) -> dict[str, Any]:
    """A ready-made turn as an assistant message."""
    if turn.answer is not None:
        return {"role": "assistant", "content": turn.answer}
    calls = [{"name": call.name, "arguments": call.arguments} for call in turn.calls]
    return {"role": "assistant", "content": None, "tool_calls": [{"function": call} for call in calls]}


def as_message(action: Any, turn: int) -> dict[str, Any]:
    """The assistant message of turn number `turn`; calls without an id get one that is new in the chat."""
    if isinstance(action, str):
        return {"role": "assistant", "content": action}
    if isinstance(action, list):
        action = {"tool_calls": action}
    elif {"role", "content", "tool_calls"}.isdisjoint(action):
        action = {"tool_calls": [action]}
    message = {"content": None, **action, "role": "assistant"}
    if isinstance(message.get("tool_calls"), list) and message["tool_calls"]:
        calls = [_entry(call, f"call_{turn}_{i}") for i, call in enumerate(message["tool_calls"])]
        message["tool_calls"] = calls
    return message


def _entry(call: Any, fresh: str) -> Any:
    """One entry of `tool_calls` in the API's form, as far as it can be read."""
    if not isinstance(call, dict):
        return call
    inner = call.get("function", call)
    if not isinstance(inner, dict) or "name" not in inner:
        return {"id": fresh, **call}
    arguments = inner.get("arguments", inner.get("parameters", {}))
    text = arguments if isinstance(arguments, str) else to_text(arguments)
    given = call.get("id")
    return {
        "id": given if isinstance(given, str) and given else fresh,
        "type": "function",
        "function": {"name": inner["name"], "arguments": text},
    }
