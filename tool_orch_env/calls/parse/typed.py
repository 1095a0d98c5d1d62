"""Values of syntaxes without types, typed by the tool's schema.

A value takes the first type its schema allows and its text fits: enum member, null, boolean, number, array or object,
string. Without a schema, or where no allowed type fits, the value stays text, and validation explains it later.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ...jsonvalues.decode import parse_json
from .pythonic import literal

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?").fullmatch
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("null", "None", "NULL")
_MAX_PARTS = 64
_MISSING = object()
_ALL = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})


def offered(tools: Any, name: str) -> bool | None:
    """Whether a tool of that name is offered, `None` if the tools are not known."""
    return None if tools is None else _entry(tools, name) is not None


def parameters_of(tools: Any, name: str) -> dict[str, Any]:
    """The JSON Schema of a tool's arguments, empty if it is not known."""
    entry = None if tools is None else _entry(tools, name)
    if isinstance(entry, dict):
        function = entry.get("function", entry)
        found = (
            function.get("parameters", function.get("input_schema")) if isinstance(function, dict) else None
        )
    else:
        found = getattr(getattr(entry, "spec", entry), "parameters", None)
    return found if isinstance(found, dict) else {}


def _entry(tools: Any, name: str) -> Any:
    if hasattr(tools, "get"):
        return tools.get(name)
    for tool in tools:
        function = tool.get("function", tool) if isinstance(tool, dict) else getattr(tool, "spec", tool)
        known = function.get("name") if isinstance(function, dict) else getattr(function, "name", None)
        if known == name:
            return tool
    return None


def property_of(schema: Any, name: str, root: dict[str, Any]) -> Any:
    """The schema of one property, `None` if the schema does not describe it."""
    for part in _parts(schema, root):
        properties = part.get("properties")
        if isinstance(properties, dict) and name in properties:
            return properties[name]
    for part in _parts(schema, root):
        more = part.get("additionalProperties")
        if isinstance(more, dict):
            return more
    return None


def items_of(schema: Any, root: dict[str, Any]) -> Any:
    """The schema of an array's items, `None` if the schema does not describe them."""
    return next((part["items"] for part in _parts(schema, root) if isinstance(part.get("items"), dict)), None)


def types_of(schema: Any, root: dict[str, Any]) -> frozenset[str]:
    """The JSON types a schema allows, empty where it says nothing about types."""
    found: set[str] = set()
    for part in _parts(schema, root):
        given = part.get("type")
        if isinstance(given, str):
            found.add(given)
        elif isinstance(given, list):
            found.update([kind for kind in given if isinstance(kind, str)])
        elif "enum" not in part and "const" not in part:
            found.update(
                {"properties": "object", "items": "array"}[key]
                for key in ("properties", "items")
                if key in part
            )
    return _ALL & found


def typed(raw: str, schema: Any, root: dict[str, Any]) -> Any:
    """The value a text stands for under a schema; the text itself where it fits no allowed type."""
    if schema is None or schema is True:
        return raw
    for member in _members(schema, root):
        if member == raw if isinstance(member, str) else _written(member, raw.strip()):
            return member
    kinds, text = types_of(schema, root), raw.strip()
    if kinds in (frozenset(), {"string"}):
        return raw
    if text == "null" if "string" in kinds else text in _NULLS:
        return raw if "string" in kinds and "null" not in kinds else None
    value = _scalar(text, kinds)
    if value is _MISSING and kinds & {"array", "object"} and text[:1] in ("{", "["):
        value = _structure(text, kinds)
    return raw if value is _MISSING else value


def _parts(schema: Any, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema, what it refers to, and its alternatives, at most `_MAX_PARTS` of them."""
    waiting, seen = [schema], 0
    while waiting and seen < _MAX_PARTS:
        part, seen = waiting.pop(0), seen + 1
        if isinstance(part, dict):
            yield part
            if isinstance(part.get("$ref"), str):
                waiting.append(_referred(part["$ref"], root))
            for key in ("anyOf", "oneOf", "allOf"):
                waiting += part[key] if isinstance(part.get(key), list) else ()


def _referred(reference: str, root: dict[str, Any]) -> Any:
    node: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node if reference.startswith("#") else None


def _members(schema: Any, root: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for part in _parts(schema, root):
        found += part["enum"] if isinstance(part.get("enum"), list) else ()
        found += [part["const"]] if "const" in part else ()
    return found


def _written(member: Any, text: str) -> bool:
    """Whether a text spells a member of an enum that is no string."""
    if isinstance(member, bool):
        return _BOOLEANS.get(text) is member
    return member is not None and text == json.dumps(member)


def _scalar(text: str, kinds: frozenset[str]) -> Any:
    if "boolean" in kinds and text in _BOOLEANS:
        return _BOOLEANS[text]
    if not kinds & {"integer", "number"} or not _NUMBER(text):
        return _MISSING
    if "string" in kinds and not _is_json(text):
        return _MISSING  # `0042` where both are allowed is the string
    number: int | float = int(text) if _INTEGER(text) else float(text)
    whole_only = "number" not in kinds
    if number in (float("inf"), float("-inf")) or (whole_only and number != int(number)):
        return _MISSING
    return number


def _is_json(text: str) -> bool:
    digits = text.removeprefix("-")
    return (
        digits[:1] not in ("+", ".")
        and not (digits[:1] == "0" and digits[1:2].isdigit())
        and text[-1:] != "."
    )


def _structure(text: str, kinds: frozenset[str]) -> Any:
    try:
        value = parse_json(text)
    except ValueError:
        try:
            value = literal(text)  # as Python writes it
        except ValueError:
            return _MISSING
    return value if ("object" if isinstance(value, dict) else "array") in kinds else _MISSING
