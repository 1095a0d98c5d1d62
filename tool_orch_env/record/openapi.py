"""Turn an OpenAPI 3.0 or 3.1 document into tools.

Each operation becomes a `Drafted` tool: its method, its path, one JSON Schema 2020-12 object for all parameters and the
body, and where each parameter goes. openapi-spec-validator checks the document. References must stay inside the
document; nothing is fetched. Cookie parameters are left out, and an operation that requires one is a problem.

A body that is a JSON object becomes one parameter per property; any other body becomes the parameter `body`. A
parameter that occurs in two places (a path and a body, say) is a problem.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..jsonvalues import pointer
from .dialect import defined, modern
from .request import Place, Style
from .schema import ToolEntry
from .yaml12 import parse_yaml

REMEDY = "correct the document, or describe the tool by hand"
_METHODS = ("get", "post", "put", "patch", "delete", "head")
_STYLES: Mapping[tuple[str, bool], Style] = {
    ("form", True): "repeat",
    ("form", False): "comma",
    ("spaceDelimited", False): "space",
    ("pipeDelimited", False): "pipe",
    ("deepObject", True): "deep",
}
"""(style, explode) of an OpenAPI query parameter -> our style."""
_NOT_PARAMETERS = frozenset(("header", name) for name in ("accept", "content-type", "authorization"))
"""Header parameters that OpenAPI says to ignore."""


@dataclass(frozen=True)
class Drafted:
    """A tool before it is compiled. `entry` is the spec's own entry for it, if any."""

    method: str
    url: str
    parameters: Mapping[str, Any]
    places: Mapping[str, Place]
    description: str = ""
    domain: str = ""
    entry: ToolEntry | None = None


@dataclass
class _Assembly:
    """Parameters of one operation while they are collected."""

    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, name: str, schema: Any, required: bool, place: Place) -> None:
        if name in self.properties:
            self.problems.append(f"parameter {name!r} occurs in two places")
        self.properties[name] = schema
        self.places[name] = place
        if required:
            self.required.append(name)


def operations(
    path: Path, chosen: Mapping[str, str] | None = None, given: frozenset[tuple[str, str]] = frozenset()
) -> dict[str, Drafted]:
    """The tools of a document by name. Raises `SpecError`.

    `chosen` maps tool names to operations (an operationId or `GET /path`); by default, all operations are used. `given`
    has parameters, as (place, lower-case name), that every request carries anyway; tools do not get them.
    """
    document = _read(path)
    known = {label: found for found in _all(document) for label in found[0]}
    if chosen is None:
        chosen = {_name(labels[0]): labels[0] for labels, *_ in _all(document)}
    drafts, problems = {}, []
    for name, label in chosen.items():
        if label not in known:
            problems.append(f"{path.name}: no operation {label!r}")
            continue
        _, method, url, operation, shared = known[label]
        drafts[name], found = _drafted(document, method, url, operation, shared, given | _NOT_PARAMETERS)
        problems += [f"{path.name}: {label}: {problem}" for problem in found]
    if problems:
        raise SpecError(problems, REMEDY)
    return drafts


def _read(path: Path) -> dict[str, Any]:
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path.name}: cannot be read: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise SpecError(f"{path.name}: neither YAML nor JSON: {error}", REMEDY) from error
    version = str(document.get("openapi", "")) if isinstance(document, dict) else ""
    if not version.startswith(("3.0", "3.1")):
        raise SpecError(f"{path.name}: openapi: expected 3.0 or 3.1, found {version or 'none'}", REMEDY)
    problems = list(_dangling(document, document)) or list(_invalid(document, version))
    if problems:
        raise SpecError([f"{path.name}: {problem}" for problem in problems], REMEDY)
    assert isinstance(document, dict)
    return document


def _dangling(node: Any, document: Any, place: str = "") -> Iterator[str]:
    """References that do not lead to something in the document. Checked first: a validator would fetch them."""
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        target = node["$ref"]
        try:
            if not target.startswith("#"):
                raise LookupError
            pointer.resolve(document, target[1:])
        except (LookupError, ValueError):
            yield f"{place}: $ref {target!r} does not point into this document, and nothing is fetched"
    if isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _dangling(item, document, place + pointer.join(key))


def _invalid(document: dict[str, Any], version: str) -> Iterator[str]:
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

    kind = OpenAPIV30SpecValidator if version.startswith("3.0") else OpenAPIV31SpecValidator
    for error in kind(document).iter_errors():
        yield f"{pointer.join(*error.absolute_path) or '/'}: {error.message.splitlines()[0][:300]}"


def _name(label: str) -> str:
    """A tool's name from an operationId or from `GET /path`: `get_path`."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", label.lower() if " " in label else label).strip("_")


Found = tuple[tuple[str, ...], str, str, dict[str, Any], list[Any]]


def _all(document: dict[str, Any]) -> Iterator[Found]:
    """Labels (operationId first), method, path, operation and the path's shared parameters."""
    for url, given in document.get("paths", {}).items():
        item = _resolved(document, given)
        for method in _METHODS:
            if method in item:
                operation = item[method]
                plain = f"{method.upper()} {url}"
                labels = (operation["operationId"], plain) if "operationId" in operation else (plain,)
                yield labels, method.upper(), url, operation, item.get("parameters", [])


def _drafted(
    document: dict[str, Any],
    method: str,
    url: str,
    operation: dict[str, Any],
    shared: list[Any],
    given: frozenset[tuple[str, str]],
) -> tuple[Drafted, list[str]]:
    parts = _Assembly()
    old = document["openapi"].startswith("3.0")
    by_name = {}
    for entry in (*shared, *operation.get("parameters", ())):  # an operation's own comes later and replaces
        parameter = _resolved(document, entry)
        by_name[parameter["name"], parameter["in"]] = parameter
    for (name, at), parameter in by_name.items():
        if (at, name.lower()) not in given:
            _add_parameter(parts, parameter, old)
    if "requestBody" in operation:
        _add_body(parts, document, _resolved(document, operation["requestBody"]), old)
    schema = {
        "type": "object",
        "properties": parts.properties,
        "required": parts.required,
        "additionalProperties": False,
    }
    schema |= defined(schema, document, old)
    words = [operation.get("summary", ""), operation.get("description", "")]
    description = "\n".join(dict.fromkeys(text.strip() for text in words if text.strip()))
    domain = next(iter(operation.get("tags", ())), "")
    return Drafted(method, url, schema, parts.places, description, domain), parts.problems


def _add_parameter(parts: _Assembly, parameter: dict[str, Any], old: bool) -> None:
    name, at = parameter["name"], parameter["in"]
    required = at == "path" or parameter.get("required", False)
    if at == "cookie":
        if required:
            parts.problems.append(f"requires the cookie {name!r}, but cookies are not sent")
        return
    style: Style = "repeat"
    if at == "query":
        form = parameter.get("style", "form")
        style = _STYLES.get((form, parameter.get("explode", form == "form")), "repeat")
    if "content" in parameter:
        schema, style = next(iter(parameter["content"].values())).get("schema", {}), "json"
    else:
        schema = parameter.get("schema", {})
    schema = modern(schema, old)
    if "description" in parameter and isinstance(schema, dict):
        schema = {"description": parameter["description"], **schema}
    parts.add(name, schema, required, Place(at=at, style=style))


def _add_body(parts: _Assembly, document: dict[str, Any], body: dict[str, Any], old: bool) -> None:
    kinds = [kind for kind in body["content"] if kind.split(";")[0].strip() == "application/json"]
    if not kinds:
        parts.problems.append(f"body: expected application/json, found {', '.join(body['content'])}")
        return
    given = body["content"][kinds[0]].get("schema", {})
    schema = _resolved(document, given)
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        for name, member in schema["properties"].items():
            if not _resolved(document, member).get("readOnly"):
                required = body.get("required", False) and name in schema.get("required", ())
                parts.add(name, modern(member, old), required, Place(at="body"))
    else:
        parts.add("body", modern(given, old), body.get("required", False), Place(at="body", name=""))


def _resolved(document: dict[str, Any], node: Any) -> dict[str, Any]:
    """What stands behind a chain of references."""
    for _ in range(64):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            break
        node = pointer.resolve(document, node["$ref"][1:])
    return node if isinstance(node, dict) else {}
