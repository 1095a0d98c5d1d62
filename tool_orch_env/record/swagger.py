"""Swagger 2.0 in the words of OpenAPI 3.0: parameters, bodies and servers of one operation.

Schemas are the same but for the type `file` and `x-nullable`, which `dialect` knows.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from .document import Node, Unusable

_NOT_SCHEMA = frozenset(
    ("name", "in", "description", "required", "collectionFormat", "allowEmptyValue", "schema")
)
_STYLES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("query", "csv"): {"style": "form", "explode": False},
    ("query", "multi"): {"style": "form", "explode": True},
    ("query", "ssv"): {"style": "spaceDelimited", "explode": False},
    ("query", "pipes"): {"style": "pipeDelimited", "explode": False},
    ("path", "csv"): {"style": "simple"},
    ("header", "csv"): {"style": "simple"},
}
"""(place, collectionFormat) -> style of OpenAPI 3. A form has the styles of a query."""
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def parameters(given: Iterable[Node], consumes: Any) -> tuple[list[Node], Node | None]:
    """The parameters of an operation, with references followed, and its request body. Raises `Unusable`."""
    kept: list[Node] = []
    fields: list[Mapping[str, Any]] = []
    body: Node | None = None
    kinds = [kind for kind in consumes if isinstance(kind, str)] if isinstance(consumes, list) else []
    file = ""
    for node in given:
        parameter = node.value
        at = parameter.get("in")
        if at == "body":
            content = {
                kind: {"schema": parameter.get("schema", {})} for kind in kinds or ["application/json"]
            }
            body = Node({"required": parameter.get("required", False), "content": content}, node.file)
        elif at == "formData":
            fields.append(parameter)
            file = node.file
        else:
            kept.append(Node(_parameter(parameter), node.file))
    if fields:
        body = Node(_form(fields, kinds), file)
    return kept, body


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: parameter[name] for name in ("name", "in", "description", "required") if name in parameter}
    return {**made, "schema": _schema(parameter), **_style(parameter, str(parameter.get("in")))}


def _schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = {name: value for name, value in parameter.items() if name not in _NOT_SCHEMA}
    return {"type": "string", "format": "binary"} if schema.get("type") == "file" else schema


def _style(parameter: Mapping[str, Any], at: str) -> Mapping[str, Any]:
    if parameter.get("type") != "array":
        return {}
    written = str(parameter.get("collectionFormat", "csv"))
    if (at, written) not in _STYLES:
        raise Unusable(f"parameter {parameter.get('name')!r}: the collectionFormat {written!r} in a {at}")
    return _STYLES[at, written]


def _form(fields: list[Mapping[str, Any]], kinds: list[str]) -> dict[str, Any]:
    files = any(field.get("type") == "file" for field in fields)
    media = _MULTIPART if files or (_MULTIPART in kinds and _FORM not in kinds) else _FORM
    properties = {
        str(field.get("name")): {**_schema(field), "description": field.get("description", "")}
        for field in fields
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": [str(field.get("name")) for field in fields if field.get("required") is True],
    }
    encoding = {
        str(field.get("name")): style
        for field in fields
        if (style := _style(field, "query")) and media == _FORM
    }
    return {"required": True, "content": {media: {"schema": schema, "encoding": encoding}}}


def servers(root: Mapping[str, Any]) -> list[dict[str, str]]:
    """The servers of a document: every scheme with its host and base path."""
    host, path = str(root.get("host", "")), str(root.get("basePath", ""))
    schemes = root.get("schemes")
    return [
        {"url": f"{scheme}://{host}{path}" if host else path}
        for scheme in (schemes if isinstance(schemes, list) and schemes else ["https"])
    ]
