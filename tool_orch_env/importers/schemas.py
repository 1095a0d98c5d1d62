"""Turn published tool schemas into JSON Schema 2020-12 that the golden calls satisfy.

Published files use `dict` for `object` or `float` for `number`, and declare one tool in several versions. The result is
an entry of `tools.json` per tool, and a note for every change.

The rules, in order:
1. *repair* (`repair.py`): whatever is not JSON Schema 2020-12 is made valid.
2. *merge*: if rows declare a tool differently, the merged tool has every parameter of every version, requires what all
   of them require, and accepts either schema of a parameter that has two. So no row's valid call becomes invalid. The
   descriptions are the most common ones; the first wins ties.
3. *widen*: if a golden call still violates the schema, the violated keyword is widened, and nothing else.
4. *infer*: a tool without a declaration gets the parameters and types seen in golden calls, requires none of them, and
   allows unknown parameters.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ..jsonvalues import pointer
from ..jsonvalues.canonical import canonical
from ..jsonvalues.decode import parse_json
from .repair import repaired

_MOST_WIDENINGS = 1000
_TYPE_OF: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def tool_entry(
    name: str, declared: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]], notes: Counter[str]
) -> dict[str, Any]:
    """The entry of `tools.json` for one tool. Changes are counted in `notes`, each prefixed with the tool's name."""
    if not declared:
        notes[
            f"{name}: no schema is given; inferred from {len(calls)} golden calls, unknown parameters allowed"
        ] += 1
        return {"name": name, "parameters": inferred(calls)}
    own: Counter[str] = Counter()
    found = [canonical(entry.get("parameters")) for entry in declared]
    distinct = {text: repaired(parse_json(text), own) for text in dict.fromkeys(found)}
    versions = [distinct[text] for text in found]
    parameters = widened(merged(versions, own), calls, own)
    notes.update({f"{name}: {note}": count for note, count in own.items()})
    texts = [text for entry in declared if isinstance(text := entry.get("description"), str)]
    return {"name": name, "description": _commonest(texts) if texts else "", "parameters": parameters}


def inferred(calls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A permissive object schema: the parameters seen in `calls`, none required, others allowed."""
    properties: dict[str, Any] = {}
    for arguments in calls:
        for parameter, value in arguments.items():
            properties[parameter] = {
                "type": _joined(properties.get(parameter, {}).get("type", []), _type_of(value))
            }
    return {
        "type": "object",
        "properties": dict(sorted(properties.items())),
        "additionalProperties": True,
    }


def merged(versions: Sequence[dict[str, Any]], notes: Counter[str]) -> dict[str, Any]:
    """One object schema that accepts whatever any version accepts."""
    distinct = {canonical(version): version for version in versions}
    if len(distinct) == 1:
        return versions[0]
    notes[f"declared in {len(distinct)} versions, which are merged"] += 1
    result = dict(_commonest(versions))
    names = list(dict.fromkeys(name for version in versions for name in version["properties"]))
    result["properties"] = {
        name: _either([v["properties"][name] for v in versions if name in v["properties"]]) for name in names
    }
    result["required"] = [
        name for name in result.get("required", []) if all(name in v.get("required", []) for v in versions)
    ]
    for keyword in [k for k in result if k not in ("type", "properties", "required", "description", "title")]:
        if any(canonical(v.get(keyword)) != canonical(result[keyword]) for v in versions):
            del result[keyword]
    if any(version.get("additionalProperties", False) is not False for version in versions):
        result["additionalProperties"] = True
    return result


def widened(schema: dict[str, Any], calls: Sequence[dict[str, Any]], notes: Counter[str]) -> dict[str, Any]:
    """`schema` with every keyword widened that a golden call violates."""
    closed = {"additionalProperties": False, **schema}
    validator = Draft202012Validator(closed, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for arguments in {canonical(call): call for call in calls}.values():
        for _ in range(_MOST_WIDENINGS):
            error = next(validator.iter_errors(arguments), None)
            if error is None:
                break
            _widen(closed, error)
            place = pointer.pattern(pointer.join(*error.absolute_path)) or "the arguments"
            notes[
                f"{place}: {error.absolute_schema_path[-1]!r} widened, because golden calls violate it"
            ] += 1
    if "additionalProperties" not in schema and closed["additionalProperties"] is False:
        del closed["additionalProperties"]
    return closed


def _widen(schema: dict[str, Any], error: ValidationError) -> None:
    """Widen or remove the keyword that raised `error` so that its value becomes valid."""
    *path, keyword = error.absolute_schema_path
    node: Any = schema
    for key in path:
        node = node[key]
    value: Any = error.instance
    if keyword == "type":
        node["type"] = _joined(node["type"], _type_of(value))
    elif keyword == "required":
        node["required"] = [name for name in node["required"] if name in value]
    elif keyword == "additionalProperties" and isinstance(value, dict):
        properties = node.setdefault("properties", {})
        for name in sorted(set(value) - set(properties)):
            properties[name] = {"type": _type_of(value[name])}
    else:
        del node[keyword]


def _either(schemas: Sequence[Any]) -> Any:
    """One schema that accepts whatever any of them accepts. Schemas that differ only in wording count as one."""
    bare = {canonical(_without_words(schema)): schema for schema in reversed(schemas)}
    commonest = _commonest(schemas)
    if len(bare) == 1:
        return commonest
    return {
        **({"description": commonest["description"]} if "description" in commonest else {}),
        "anyOf": [_without_words(schema) for _, schema in sorted(bare.items())],
    }


def _without_words(schema: Any) -> Any:
    return {k: v for k, v in schema.items() if k not in ("description", "title", "examples", "example")}


def _commonest(values: Sequence[Any]) -> Any:
    """The most common value; the first wins ties."""
    counts = Counter(map(canonical, values))
    return max(values, key=lambda value: counts[canonical(value)])


def _type_of(value: Any) -> str:
    return _TYPE_OF[type(value)]


def _joined(types: str | list[str], new: str) -> str | list[str]:
    """The types with `new` added, sorted. `number` includes `integer`."""
    names = {types} if isinstance(types, str) else set(types)
    names.add(new)
    if "number" in names:
        names.discard("integer")
    return next(iter(names)) if len(names) == 1 else sorted(names)
