"""Objects of client libraries as plain dicts, by duck typing: no client library is imported."""

from collections.abc import Mapping
from typing import Any

_FIELDS = (
    "type", "role", "content", "tool_calls", "function_call", "function", "name", "arguments", "args", "input", "id",
    "call_id", "text", "refusal", "output", "choices", "message", "invalid_tool_calls", "additional_kwargs",
    "candidates", "parts", "thought",
)  # fmt: skip
_SCALARS = (str, bytes, int, float, complex, bool, list, tuple, set, frozenset, type(None))


def is_object(value: Any) -> bool:
    """Whether a value has named parts: a dict, a mapping, or an object of a client library."""
    if isinstance(value, dict):
        return True
    if isinstance(value, (*_SCALARS, type)) or callable(value):
        return False
    return bool(as_plain(value))


def as_plain(value: Any) -> dict[str, Any]:
    """The named parts of a value, empty if it has none. What the object's own code raises means it has none."""
    if isinstance(value, dict):
        return dict(dict.items(value))
    try:
        if isinstance(value, Mapping):
            return {key: value[key] for key in value}
        dumped = value.model_dump() if hasattr(value, "model_dump") else None
        if isinstance(dumped, dict):
            return dict(dict.items(dumped))
        return {name: getattr(value, name) for name in _FIELDS if hasattr(value, name)}
    except Exception:  # whatever code of an unknown object raises
        return {}
