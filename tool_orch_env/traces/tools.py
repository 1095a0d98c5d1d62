"""The catalog of the tools that traces call or offer.

A schema that is valid is taken as it is; another is repaired. Schemas are widened where the API answered a call that
they do not allow. A tool without a schema gets one inferred from its calls, which a `$comment` marks.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import ImporterError, SnapshotError
from ..importers.repair import repaired
from ..importers.schemas import inferred, merged, widened
from ..jsonvalues.canonical import NotCanonical, canonical
from ..snapshot import schema
from ..snapshot.catalog import Catalog, ToolSpec
from .conversation import functions_of
from .trace import Call, Trace

INFERRED = "inferred from recorded calls"
"""What the `$comment` of an inferred schema begins with."""
_NAME = next(one.pattern for one in ToolSpec.model_fields["name"].metadata if hasattr(one, "pattern"))
_ACCEPTS: Mapping[bool, dict[str, Any]] = {True: {}, False: {"not": {}}}
"""Boolean schemas as objects."""
Functions = Mapping[str, Mapping[str, Any]]


def catalog_of(traces: Sequence[Trace], declared: Functions, notes: Counter[str]) -> Catalog:
    """The catalog, sorted by name. A tool in `declared` has that schema, another those of its traces.

    Changes are counted in `notes`, each beginning with the tool's name. Raises `ImporterError`.
    """
    calls: dict[str, list[Call]] = {}
    versions: dict[str, list[Mapping[str, Any]]] = {}
    for trace in traces:
        for name, function in trace.functions.items():
            versions.setdefault(name, []).append(function)
        for call in trace.calls:
            calls.setdefault(call.tool, []).append(call)
    versions |= {name: [declared[name]] for name in declared if name in calls or name in versions}
    names = sorted({*versions, *calls})
    entries = [_entry(name, versions.get(name, ()), calls.get(name, ()), notes) for name in names]
    try:
        return Catalog.parse({"tools": entries}, "tools")
    except SnapshotError as error:
        raise ImporterError(error.problems, "correct the tools, or declare them with --tools") from error


def fits(name: str) -> bool:
    """Whether a tool can have this name in a snapshot."""
    return re.fullmatch(_NAME, name) is not None


def _entry(
    name: str, versions: Sequence[Mapping[str, Any]], calls: Sequence[Call], notes: Counter[str]
) -> dict[str, Any]:
    answered = [call.arguments for call in calls if call.succeeded]
    own: Counter[str] = Counter()
    parameters = _parameters(versions, answered, own) if versions else None
    if parameters is None or any(schema.faults(parameters, "")):
        given = answered or [call.arguments for call in calls]
        comment = f"{INFERRED} ({len(given)})"
        notes[
            f"{name}: {'no schema is given' if parameters is None else 'its schema is not valid'}; {comment}"
        ] += 1
        return {"name": name, "parameters": {"$comment": comment, **inferred(given)}}
    notes.update({f"{name}: {note}": count for note, count in own.items()})
    descriptions = Counter(str(version.get("description") or "") for version in versions)
    return {"name": name, "description": descriptions.most_common(1)[0][0], "parameters": parameters}


def _parameters(
    versions: Sequence[Mapping[str, Any]], calls: Sequence[dict[str, Any]], notes: Counter[str]
) -> dict[str, Any]:
    distinct: dict[str, dict[str, Any]] = {}
    for version in versions:
        given = version.get("parameters")
        try:
            distinct.setdefault(canonical(given), _sound(given, notes))
        except NotCanonical:
            notes["a schema that is not JSON is left out"] += 1
    found = list(distinct.values()) or [{"type": "object", "properties": {}}]
    if len(found) > 1 and any("$defs" in one for one in found):
        notes[f"declared in {len(found)} versions with definitions; the first is used"] += 1
        found = found[:1]
    whole = merged(found, notes)
    try:
        return widened(whole, calls, notes)
    except (LookupError, TypeError, AttributeError):  # the keyword is behind a reference
        notes["calls violate a definition that is not widened"] += 1
        return whole


def _sound(given: Any, notes: Counter[str]) -> dict[str, Any]:
    """An object schema with `properties`: the one given if it is valid, else repaired."""
    if isinstance(given, dict) and given.get("type") == "object" and not any(schema.faults(given, "")):
        members = given.get("properties", {}).items()
        return {
            **given,
            "properties": {
                name: _ACCEPTS.get(one, one) if isinstance(one, bool) else one for name, one in members
            },
        }
    if given == {} or given is None:
        return {"type": "object", "properties": {}}
    return repaired(given, notes)


def declared_in(values: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    """The tools in a file of tools: a list, `{"tools": [...]}`, or one tool per line."""
    found: dict[str, Mapping[str, Any]] = {}
    for value in values:
        inner = value.get("tools", value.get("functions", [value])) if isinstance(value, dict) else value
        found |= functions_of(inner if isinstance(inner, list) else [])
    return found
