"""Convert the schemas of an OpenAPI document to JSON Schema 2020-12, as a request has them.

A schema of Swagger 2.0, OpenAPI 3.0 or 3.1 becomes the same constraints in 2020-12. What is `readOnly` is left out, at
any depth: no request may have it. References become `#/$defs/...`, wherever in the document they lead.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..jsonvalues import pointer
from .document import Document, Node, Unusable
from .ecma import python_pattern

_SILENT = "example xml discriminator externalDocs nullable x-nullable readOnly writeOnly collectionFormat"
WORDLESS = frozenset(_SILENT.split())
"""Keywords that say nothing about a value."""
_OF_NAMES = ("properties", "patternProperties", "$defs", "dependentSchemas")
_IN_PLACE = ("allOf", "anyOf", "oneOf")
_LISTS = (*_IN_PLACE, "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
_DATA = ("examples", "default")
"""Keywords whose values are data: a validator would take a `$ref` in it for a reference."""
_DEFS = "#/$defs/"
_MOST_DEPTH = 64
_MOST_SIZE = 100_000
"""Maximum number of values in the definitions of one tool."""
_NOTHING: frozenset[str] = frozenset()


class Schemas:
    """Converts schemas of one document. `remarks` say what could not be kept; `old` is for Swagger 2.0 and 3.0."""

    def __init__(self, document: Document, old: bool) -> None:
        self._document, self._old = document, old
        self._names: dict[tuple[str, tuple[str, ...]], str] = {}
        self._targets: dict[str, Node] = {}
        self._made: dict[str, Any] = {}
        self._uses: dict[str, tuple[str, ...]] = {}
        self._sizes: dict[str, int] = {}
        self.remarks: dict[str, None] = {}

    def modern(self, node: Node, hidden: frozenset[str] = _NOTHING, depth: int = 0) -> Any:
        """The schema in JSON Schema 2020-12, without the properties in `hidden`. Raises `Unusable`."""
        schema, file = node
        if not isinstance(schema, dict):
            return schema
        if depth > _MOST_DEPTH:
            raise Unusable(f"a schema is nested deeper than {_MOST_DEPTH}")
        if self._old and isinstance(schema.get("$ref"), str):
            return {"$ref": self._reference(schema["$ref"], file)}  # 3.0 ignores what is beside a reference
        hidden |= self._read_only(node)
        result: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in WORDLESS or keyword.startswith("x-") or (keyword in _DATA and _refers(value)):
                continue
            if keyword == "$ref" and isinstance(value, str):
                value = self._reference(value, file)
            elif keyword in _OF_NAMES and isinstance(value, dict):
                left_out = hidden if keyword == "properties" else _NOTHING
                value = {
                    name: self.modern(Node(member, file), depth=depth + 1)
                    for name, member in value.items()
                    if name not in left_out
                }
            elif keyword in _LISTS and isinstance(value, list):
                inner = hidden if keyword in _IN_PLACE else _NOTHING
                value = [self.modern(Node(member, file), inner, depth + 1) for member in value]
            elif keyword in _SINGLE:
                value = self.modern(Node(value, file), depth=depth + 1)
            elif keyword == "required" and isinstance(value, list):
                value = [name for name in value if not (isinstance(name, str) and name in hidden)]
            result[keyword] = value
        self._translate_patterns(result)
        return _repaired(result, _is_nullable(schema)) if self._old else result

    def defined(self, schema: Any) -> dict[str, Any]:
        """`{"$defs": ...}` with all that a converted schema refers to, directly or not; `{}` if there is nothing.

        Raises `Unusable`.
        """
        found: dict[str, Any] = {}
        size, waiting = 0, list(_names(schema))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._definition(name)
                waiting += self._uses[name]
                size += self._sizes[name]
            if size > _MOST_SIZE:
                raise Unusable(
                    f"its schemas have more than {_MOST_SIZE:,} values, more than a model can read"
                )
        return {"$defs": dict(sorted(found.items()))} if found else {}

    def _definition(self, name: str) -> Any:
        if name not in self._made:
            try:
                made = self.modern(self._targets[name])
            except Unusable as error:
                raise Unusable(f"{name}: {error}") from error
            self._made[name], self._uses[name] = made, tuple(dict.fromkeys(_names(made)))
            self._sizes[name] = _size(made)
        return self._made[name]

    def _reference(self, reference: str, file: str) -> str:
        """The place in `$defs` of what a reference leads to: named as it is there, made unique."""
        target, tokens = self._document.target(reference, file)
        if not isinstance(target.value, dict | bool):
            raise Unusable(f"$ref {reference!r:.200} leads to {target.value!r:.80}, not to a schema")
        place = (target.file, tokens)
        if place not in self._names:
            plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", tokens[-1] if tokens else target.file) or "_"
            name, number = plain, 1
            while name in self._targets:
                number += 1
                name = f"{plain}_{number}"
            self._names[place], self._targets[name] = name, target
        return _DEFS + self._names[place]

    def _read_only(self, node: Node) -> frozenset[str]:
        """The properties that a schema, or one that it applies to the same value, declares `readOnly`."""
        if not isinstance(node.value, dict):
            return _NOTHING
        properties = node.value.get("properties")
        found = {
            name
            for name, member in (properties.items() if isinstance(properties, dict) else ())
            if self._is_read_only(Node(member, node.file))
        }
        for keyword in _IN_PLACE:
            members = node.value.get(keyword)
            for member in members if isinstance(members, list) else ():
                inner = Node(member, node.file)
                if isinstance(member, dict) and "$ref" in member:
                    inner = self._document.followed(inner)
                properties = inner.value.get("properties") if isinstance(inner.value, dict) else None
                for name, declared in properties.items() if isinstance(properties, dict) else ():
                    if self._is_read_only(Node(declared, inner.file)):
                        found.add(name)
        return frozenset(found)

    def _is_read_only(self, node: Node) -> bool:
        if not isinstance(node.value, dict) or node.value.get("readOnly") is True:
            return isinstance(node.value, dict)
        return "$ref" in node.value and self._document.followed(node).value.get("readOnly") is True

    def _translate_patterns(self, schema: dict[str, Any]) -> None:
        """Patterns of ECMA 262 as Python reads them. One that it cannot read is dropped, with a remark."""
        if isinstance(schema.get("pattern"), str):
            made = python_pattern(schema["pattern"])
            if made is None:
                self._remark(
                    f"the pattern {schema.pop('pattern')!r:.200} is dropped: Python's `re` cannot read it"
                )
            else:
                schema["pattern"] = made
        by_pattern = schema.get("patternProperties")
        if isinstance(by_pattern, dict):
            for pattern in by_pattern:
                if python_pattern(pattern) is None:
                    raise Unusable(f"patternProperties: Python's `re` cannot read {pattern!r:.200}")
            schema["patternProperties"] = {python_pattern(name): one for name, one in by_pattern.items()}

    def _remark(self, text: str) -> None:
        self.remarks[text] = None


def _is_nullable(schema: Mapping[str, Any]) -> bool:
    return schema.get("nullable") is True or schema.get("x-nullable") is True


def _repaired(schema: dict[str, Any], nullable: bool) -> dict[str, Any]:
    """The keywords that 3.0 has in its own way: boolean exclusive bounds, `nullable`; and Swagger's `file`."""
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
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _names(node: Any) -> Iterator[str]:
    """The definitions that a converted schema refers to."""
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith(_DEFS):
            yield pointer.tokens(target[1:])[1]
    if isinstance(node, dict | list):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _names(item)


def _size(value: Any) -> int:
    """Number of values in a JSON value, itself included."""
    if isinstance(value, dict | list):
        return 1 + sum(map(_size, value.values() if isinstance(value, dict) else value))
    return 1


def _refers(value: Any) -> bool:
    """Whether data has a `$ref`, which a validator would take for a reference."""
    if isinstance(value, dict):
        return "$ref" in value or any(map(_refers, value.values()))
    return isinstance(value, list) and any(map(_refers, value))
