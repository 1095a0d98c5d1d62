"""Actions as assistant messages of OpenAI's chat API, for the history and for logs.

An action is a text, a message, a call, a list of calls, or a `Turn`. In the message every call has an id. Nothing is
parsed or validated here.
"""

import json
from collections.abc import Mapping
from typing import Any

from ..jsonvalues.canonical import to_text
from .types import ToolCall, Turn


def recordable(action: Any) -> Any:
    """The action as a JSON value that survives a round trip. Raises `ValueError`, `TypeError` or `RecursionError`."""
    if isinstance(action, Turn):
        action = turn_message(action)
    if not isinstance(action, (str, dict, list)):
        raise TypeError(f"expected a str or a dict, found {type(action).__name__}")
    return json.loads(json.dumps(action, allow_nan=False))


def turn_message(turn: Turn) -> dict[str, Any]:
    """A `Turn` as an assistant message."""
    if turn.answer is not None:
        return {"role": "assistant", "content": turn.answer}
    calls = [
        {"name": call.name, "arguments": call.arguments} for call in turn.calls if isinstance(call, ToolCall)
    ]
    return {"role": "assistant", "content": None, "tool_calls": [{"function": call} for call in calls]}


def as_message(action: Any, turn: int) -> dict[str, Any]:
    """The action as the assistant message of turn number `turn`. Calls without an id get `call_{turn}_{position}`."""
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


def content_text(message: Mapping[str, Any]) -> str:
    """The text of a message, that of its parts joined; "" if it has none."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = (
        [part.get("text") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    )
    return "".join([text for text in parts if isinstance(text, str)])


def _entry(call: Any, fresh: str) -> Any:
    """An entry of `tool_calls` in the API's form. An entry without a name only gets an id."""
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
