"""One call from one object: `{"name", "arguments"}` and its relatives, whether from JSON text or a chat message.

An object with a key that is neither a name, arguments nor known metadata is a parse error that names the key:
dropping it would turn `{"name": "f", "argz": {...}}` into a call without arguments.
"""

import re
from typing import Any

from ...jsonvalues.decode import parse_json
from ..types import ParseError, ToolCall
from .scan import Read, is_id, quoted, reason
from .typed import offered

ARGUMENT_KEYS = ("arguments", "parameters", "args", "input")
_NAME_KEYS = ("name", "tool_name")
_ID_KEYS = ("call_id", "tool_call_id", "toolUseId", "id")
_METADATA = frozenset(
    (
        *ARGUMENT_KEYS, *_NAME_KEYS, *_ID_KEYS, "function", "type", "index", "status", "object", "role", "thought",
        "thoughts", "reasoning", "explanation", "caller", "namespace", "cache_control", "provider_specific_fields",
        "extra_content", "created_by", "error",
    )
)  # fmt: skip
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.:/-]{0,255}").fullmatch
_STRANGE = "expected only name, arguments and id"


def call_of(entry: Any, where: str) -> Read:
    """The call in an object; a `ParseError` if it is none."""
    if isinstance(entry, ToolCall):
        return entry if whole(entry) else ParseError(where, "a ToolCall without a name or arguments")
    if isinstance(entry, ParseError):
        return entry
    if not isinstance(entry, dict):
        return ParseError(where, f"expected an object with name and arguments, found {type(entry).__name__}")
    call_id = _id_of(entry)
    inner = entry.get("function", entry)
    if isinstance(inner, str):
        inner = {**entry, "name": inner}
    if type(inner) is dict and len(inner) == 2 and "arguments" in inner and type(inner.get("name")) is str:
        return _with_arguments(inner["name"], inner, where, call_id)
    name = _name_of(inner)
    if name is None:
        return ParseError(where, 'no tool name: expected a string under "name"', call_id, nameless=True)
    strange = _strange_key(inner)
    if strange is None and inner is not entry and isinstance(entry.get("function"), dict):
        strange = _strange_key(entry) or next(
            (key for key in ARGUMENT_KEYS if entry.get(key) is not None), None
        )
    if strange is not None:
        return ParseError(where, f"unknown key {quoted(strange)}: {_STRANGE}", call_id, name[:256])
    return _with_arguments(name, inner, where, call_id)


def _id_of(entry: dict[Any, Any]) -> str | None:
    for key in _ID_KEYS:
        given = entry.get(key)
        if given and is_id(given):
            return str.__str__(given)
    return None


def whole(call: ToolCall) -> bool:
    """Whether a ready-made call holds what its type says."""
    return isinstance(call.name, str) and isinstance(call.arguments, dict) and is_id(call.id)


def _name_of(inner: Any) -> str | None:
    if not isinstance(inner, dict):
        return None
    name = next((inner[key] for key in _NAME_KEYS if isinstance(inner.get(key), str)), None)
    return None if name is None else str.__str__(name)


def _strange_key(inner: dict[Any, Any]) -> str | None:
    given = [key for key in ARGUMENT_KEYS if inner.get(key) is not None]
    if len(given) > 1:
        return f"{given[1]} beside {given[0]}"
    strange = [key for key, value in inner.items() if value is not None and key not in _METADATA]
    return None if not strange else str.__str__(strange[0]) if isinstance(strange[0], str) else "of no text"


def _with_arguments(name: str, inner: dict[str, Any], where: str, call_id: str | None) -> Read:
    arguments = inner.get("arguments")
    if arguments is None:
        arguments = next((inner[key] for key in ARGUMENT_KEYS if inner.get(key) is not None), {})
    if isinstance(arguments, str):
        text = str.__str__(arguments)
        try:
            arguments = {} if text == "" or text.isspace() else parse_json(text)
        except ValueError as error:
            return ParseError(f"{where}: arguments", reason(error), call_id, name[:256])
    if not isinstance(arguments, dict):
        why = f"expected an object, found {type(arguments).__name__}"
        return ParseError(f"{where}: arguments", why, call_id, name[:256])
    return ToolCall(name, arguments, call_id)


def is_call(entry: Any, tools: Any) -> bool:
    """Whether a bare JSON value is meant as a call. A JSON answer and a tool's definition are not."""
    if not isinstance(entry, dict):
        return False
    if isinstance(entry.get("tool_calls"), list):
        return True
    inner = entry.get("function", entry)
    if isinstance(inner, str):
        inner = {**entry, "name": inner}
    if not isinstance(inner, dict):
        return False
    name, given = _name_of(inner), [key for key in ARGUMENT_KEYS if key in inner]
    if name is None:
        return "arguments" in inner and len(inner) == 1
    known = offered(tools, name)
    if not given:
        return known is True and (len(inner) == 1 or _misnamed_arguments(inner))
    if "description" in inner or _is_definition(inner[given[0]]):
        return False
    if given[0] in ("args", "input") and not known and entry.get("type") not in ("tool_call", "tool_use"):
        return False
    return known is not False or _looks_like_a_tool(name, inner)


def _looks_like_a_tool(name: str, inner: dict[str, Any]) -> bool:
    """Whether an object that names no offered tool is a call all the same: its form leaves no other reading."""
    arguments = inner.get(
        "arguments", {} if "_" in name or "." in name or inner.get("type") == "function" else None
    )
    return _IDENTIFIER(name) is not None and isinstance(arguments, dict | str) and _strange_key(inner) is None


def _misnamed_arguments(inner: dict[str, Any]) -> bool:
    """Whether an object next to a tool's name is under a key that is not one for arguments."""
    strange = [value for key, value in inner.items() if key not in _METADATA]
    return len(strange) == 1 and isinstance(strange[0], dict) and "description" not in inner


def _is_definition(parameters: Any) -> bool:
    """Whether these `parameters` are a JSON Schema: the object defines a tool and does not call it."""
    return (
        isinstance(parameters, dict)
        and parameters.get("type") == "object"
        and isinstance(parameters.get("properties"), dict)
    )
