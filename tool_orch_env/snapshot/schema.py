"""JSON Schema 2020-12: checking that a document is a schema, and validators that never raise.

References must stay inside the document; nothing is fetched. Tools are not known here.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..jsonvalues import pointer
from ..jsonvalues.canonical import NotCanonical, canonical
from .metaschema import plainly_sound

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError
    from jsonschema.protocols import Validator


def additional(instance: dict[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Names in `instance` that match neither `properties` nor a pattern of `patternProperties`, in order."""
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    unknown = (name for name in instance if name not in known)
    return [name for name in unknown if not any(re.search(pattern, name) for pattern in patterns)]


@cache
def _dialect() -> Any:
    """Draft 2020-12 with the patterns of `patternProperties` tried one by one, in every part of a schema.

    jsonschema joins the patterns by "|", which raises if one sets a flag or two define the same group, and matches no
    name if the only pattern is empty. For a subschema with a `$schema` of its own, jsonschema would switch to that
    dialect's validator; `attrs.evolve` keeps this one.
    """
    import attrs
    from jsonschema import Draft202012Validator, ValidationError, validators

    def closed(validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        extras = additional(instance, schema) if isinstance(instance, dict) else []
        if isinstance(allowed, dict):
            for name in extras:
                yield from validator.descend(instance[name], allowed, path=name)
        elif extras and not allowed:
            yield ValidationError(f"not allowed: {', '.join(map(repr, extras))}")

    extend: Any = validators.extend  # untyped
    made = extend(Draft202012Validator, {"additionalProperties": closed})
    made.evolve = attrs.evolve
    return made


@cache
def _formats() -> "FormatChecker":
    """The format checks of jsonschema. If a check raises anything, the value does not have the format.

    `Exception` is caught because `re` raises more than `re.error` for patterns that it cannot compile.
    """
    from jsonschema import Draft202012Validator, FormatChecker

    formats = FormatChecker(())
    checks = Draft202012Validator.FORMAT_CHECKER.checkers.items()
    formats.checkers = {name: (is_one, Exception) for name, (is_one, _) in checks}
    return formats


def validator(schema: Mapping[str, Any]) -> "Validator":
    """A validator of draft 2020-12 with format checks. It never fetches a reference."""
    from referencing import Registry

    made: Validator = _dialect()(schema, format_checker=_formats(), registry=Registry())
    return made


def faults(schema: dict[str, Any], place: str) -> Iterator[str]:
    """Reasons why a validator of this schema could raise, each beginning with `place`; none if it never does."""
    try:
        canonical({"catalog": {"tools": [{"parameters": schema}]}})  # as deep as fingerprints have it
    except NotCanonical as error:
        yield f"{place}: not a JSON Schema: {error}"
        return
    fault = _fault(schema)
    if fault is None:
        yield from _reference_faults(schema, place)
    else:
        yield f"{place}{pointer.join(*fault.absolute_path)}: not a JSON Schema: {fault.message}"


def _fault(schema: Any) -> "SchemaError | None":
    """Why this is not a JSON Schema, `None` if it is one.

    jsonschema takes milliseconds for one. `metaschema.plainly_sound` recognises nearly all sound schemas in a hundredth
    of that; jsonschema judges the others.
    """
    if plainly_sound(schema):
        return None
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema, _formats())
    except SchemaError as fault:
        return fault
    return None


def _reference_faults(root: dict[str, Any], place: str) -> Iterator[str]:
    """References that leave the schema, and references that a validator would follow forever."""
    in_place: dict[int, list[int]] = {}
    references: dict[str, None] = {}  # without duplicates, in order
    for node in _objects(root):
        references |= dict.fromkeys(node[key] for key in _REFERENCES if isinstance(node.get(key), str))
        if isinstance(node.get("$id"), str) and node is not root:
            yield f"{place}: expected one schema; $id {node['$id']!r} begins a second one"
        in_place[id(node)] = [id(next_node) for next_node in _in_place(node, root)]
    for reference in references:
        target = _target(root, reference)
        if target is None:
            yield f"{place}: {reference!r} does not point to a schema inside this one; other schemas are not fetched"
        elif (fault := _fault(target)) is not None:  # `check_schema` does not look into unknown keywords
            yield f"{place}: {reference!r} points to something that is not a JSON Schema: {fault.message}"
    try:
        if references:  # without any there is no way back
            TopologicalSorter(in_place).prepare()
    except CycleError:
        yield f"{place}: a reference leads back to itself for the same value, without end"


_REFERENCES = ("$ref", "$dynamicRef")
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLES = ("not", "if", "then", "else")


def _in_place(node: dict[str, Any], root: dict[str, Any]) -> Iterator[Any]:
    """The schemas that a validator applies to the same value as `node`."""
    yield from (_target(root, node[key]) for key in _REFERENCES if isinstance(node.get(key), str))
    yield from (item for key in _LISTS if isinstance(node.get(key), list) for item in node[key])
    yield from (node[key] for key in _SINGLES if key in node)
    if isinstance(node.get("dependentSchemas"), dict):
        yield from node["dependentSchemas"].values()


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(item)


def _target(root: dict[str, Any], reference: str) -> Any:
    """The schema that `reference` points to inside `root`, `None` if there is none."""
    if not reference.startswith("#"):
        return None
    try:
        found = pointer.resolve(root, unquote(reference[1:]))
    except (LookupError, ValueError):
        return None
    return found if isinstance(found, (dict, bool)) else None
