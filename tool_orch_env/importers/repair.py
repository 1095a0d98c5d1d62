"""Repair a tool's `parameters` into an object schema of JSON Schema 2020-12. Each change is noted.

Type names of Python and other languages become JSON Schema's, at any depth. `required` on a parameter moves to its
object, and a list of `items` becomes `prefixItems`. References are dropped, because the document they point into is not
available, and so is every keyword whose value the meta-schema rejects.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("object", "dict", "dictionary", "map", "mapping", "hash", "struct"), "object"),
    **dict.fromkeys(("array", "list", "tuple", "set", "sequence"), "array"),
    **dict.fromkeys(("string", "str", "text", "char", "date", "datetime", "time", "uuid"), "string"),
    **dict.fromkeys(("number", "float", "double", "decimal", "real", "numeric"), "number"),
    **dict.fromkeys(("integer", "int", "long", "short"), "integer"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("null", "none", "nonetype", "nil"), "null"),
}
"""Type names found in published files, in lower case. Any other name is dropped."""

_OF_NAMES = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_REFERENCES = ("$ref", "$dynamicRef", "$id", "$schema", "$anchor", "$dynamicAnchor", "$vocabulary")
_MOST_DROPS = 1000

Notes = Counter[str]


def repaired(parameters: Any, notes: Notes) -> dict[str, Any]:
    """A valid object schema with `properties`. A missing declaration means no parameters."""
    if parameters is None:
        notes["no parameters are declared"] += 1
    schema = _schema(parameters if isinstance(parameters, dict) else {}, notes)
    if schema.get("type") != "object":
        notes[f"parameters: type {str(schema.get('type'))[:40]!r} read as 'object'"] += 1
    schema = {**schema, "type": "object"}
    if not isinstance(schema.get("properties"), dict):
        schema["properties"] = {}
    schema = _sound(schema, notes)
    known = [name for name in schema.get("required", []) if name in schema.setdefault("properties", {})]
    if len(known) < len(schema.get("required", [])):
        notes["requires parameters that it does not describe: not required"] += 1
    return {**schema, "required": known} if "required" in schema else schema


def _schema(node: Any, notes: Notes) -> dict[str, Any]:
    """A repaired copy of a value in the position of a schema."""
    if isinstance(node, str):
        node = {"type": node}
    if not isinstance(node, dict):
        notes[f"a schema that is a {type(node).__name__} accepts anything"] += 1
        return {}
    result: dict[str, Any] = {}
    for keyword, value in node.items():
        if keyword in _REFERENCES:
            notes[f"{keyword} dropped"] += 1
        elif keyword == "type":
            result |= _type(value, notes)
        elif keyword in _OF_NAMES and isinstance(value, dict):
            result[keyword] = {name: _schema(member, notes) for name, member in value.items()}
        elif keyword == "items" and isinstance(value, list):
            notes["a list of items read as prefixItems"] += 1
            result["prefixItems"] = [_schema(member, notes) for member in value]
        elif keyword in _LISTS and isinstance(value, list):
            result[keyword] = [_schema(member, notes) for member in value]
        elif keyword in _SINGLE:
            result[keyword] = value if isinstance(value, bool) else _schema(value, notes)
        else:
            result[keyword] = value
    return _hoist_required(result, notes)


def _type(value: Any, notes: Notes) -> dict[str, Any]:
    """The `type` keyword with JSON Schema's names; empty if a name is unknown."""
    names = value if isinstance(value, list) else [value]
    known = [_type_name(name) for name in names]
    for name, better in zip(names, known, strict=True):
        if better is None:
            notes[f"type {str(name)[:40]!r} is unknown and dropped"] += 1
        elif better != name:
            notes[f"type {str(name)[:40]!r} read as {better!r}"] += 1
    if None in known or not known:
        return {}
    unique = list(dict.fromkeys(known))
    return {"type": unique if isinstance(value, list) else unique[0]}


def _type_name(name: Any) -> str | None:
    """The JSON Schema type for a name; `None` if unknown. Only the outermost name counts: `List[str]` is `array`."""
    if not isinstance(name, str):
        return None
    return TYPES.get(name.split("[")[0].split("<")[0].strip().lower())


def _hoist_required(schema: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Move `"required": true` from a property to its object, where JSON Schema expects it."""
    members = schema.get("properties")
    if not isinstance(members, dict):
        return schema
    required = schema.get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    for name, member in members.items():
        if isinstance(member.get("required"), bool):
            notes["required on a parameter moved to its object"] += 1
            if member.pop("required") and name not in names:
                names.append(name)
    return (
        {**schema, "required": list(dict.fromkeys(names))} if names or isinstance(required, list) else schema
    )


def _sound(schema: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Drop the keywords whose value the meta-schema rejects, one at a time."""
    for _ in range(_MOST_DROPS):
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            keyword = _drop(schema, list(error.absolute_path))
            notes[f"{keyword}: dropped, its value is not JSON Schema"] += 1
        else:
            break
    return schema


def _drop(schema: dict[str, Any], path: list[str | int]) -> str:
    """Delete the innermost object member on the path to the error, and return its name."""
    node: Any = schema
    nodes = []
    for key in path:
        nodes.append((node, key))
        node = node[key]
    for holder, key in reversed(nodes):
        if isinstance(holder, dict):
            del holder[key]
            return str(key)
    schema.clear()
    schema.update({"type": "object", "properties": {}})
    return "everything"
