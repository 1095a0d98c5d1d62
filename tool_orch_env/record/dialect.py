"""Convert OpenAPI schemas to JSON Schema 2020-12.

A schema object of OpenAPI 3.0 or 3.1 becomes the same constraints in 2020-12. References to `#/components/schemas/...`
become `#/$defs/...`, with the definitions that they need.
"""

from collections.abc import Iterator
from typing import Any

from ..jsonvalues import pointer

_COMPONENTS = "#/components/schemas/"
_WORDLESS = ("example", "xml", "discriminator", "externalDocs", "nullable", "readOnly", "writeOnly")
_OF_NAMES = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def modern(schema: Any, old: bool) -> Any:
    """Convert a schema of OpenAPI 3.0 (`old`) or 3.1 to JSON Schema 2020-12."""
    if not isinstance(schema, dict):
        return schema
    if old and "$ref" in schema:
        return {"$ref": _moved(schema["$ref"])}  # 3.0 ignores what stands beside a reference
    result = {}
    for keyword, value in schema.items():
        if keyword in _WORDLESS or keyword.startswith("x-"):
            continue
        if keyword == "$ref":
            value = _moved(value)
        elif keyword in _OF_NAMES:
            value = {name: modern(member, old) for name, member in value.items()}
        elif keyword in _LISTS:
            value = [modern(member, old) for member in value]
        elif keyword in _SINGLE:
            value = modern(value, old)
        result[keyword] = value
    return _repaired(result, schema.get("nullable") is True) if old else result


def _repaired(schema: dict[str, Any], nullable: bool) -> dict[str, Any]:
    """The keywords that 3.0 has in its own way: boolean exclusive bounds, `nullable`."""
    for bound, exclusive in _BOUNDS:
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)
    if not nullable:
        return schema
    if not isinstance(schema.get("type"), str):  # allOf with a reference, usually
        words: dict[str, Any] = {
            key: schema.pop(key) for key in ("title", "description", "default") if key in schema
        }
        return {**words, "anyOf": [schema, {"type": "null"}]} if schema else words
    schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def defined(schema: Any, document: dict[str, Any], old: bool) -> dict[str, Any]:
    """`{"$defs": ...}` with every component that `schema` references, directly or not; `{}` if there is none."""
    found: dict[str, Any] = {}
    waiting = list(_names(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = modern(document["components"]["schemas"][name], old)
            waiting += _names(found[name])
    return {"$defs": dict(sorted(found.items()))} if found else {}


def _moved(reference: str) -> str:
    """`#/components/schemas/City` is `#/$defs/City`; others stay and are refused by the catalog."""
    if reference.startswith(_COMPONENTS):
        return "#/$defs/" + reference.removeprefix(_COMPONENTS)
    return reference


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith("#/$defs/"):
            yield pointer.tokens(target[1:])[1]
    if isinstance(node, dict | list):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _names(item)
