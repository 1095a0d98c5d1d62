"""Every value that a schema allows, where there are finitely many.

Finite are `const`, `enum`, booleans, `null`, integers between bounds, dates between bounds, references to such schemas
of the same tool, and unions of them. Dates have no bounds in JSON Schema: the keywords `formatMinimum` and
`formatMaximum` are read, and a plan may state bounds.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.canonical import canonical

Bound = int | str
MOST_VALUES = 1_000_000
"""Maximum number of values that a plan may take from a schema."""


def values(
    parameters: Mapping[str, Any], name: str, low: Bound | None = None, high: Bound | None = None
) -> Sequence[Any] | None:
    """The values of one parameter, in order; `None` if its schema has no finite number of them, or too many.

    `parameters` is the tool's schema. `low` and `high` are further bounds, both included: integers or ISO dates.
    """
    schema = parameters.get("properties", {}).get(name)
    return _values(schema, parameters, low, high, 0)


def _values(
    schema: Any, parameters: Mapping[str, Any], low: Bound | None, high: Bound | None, depth: int
) -> Sequence[Any] | None:
    if not isinstance(schema, dict) or depth > 8:
        return None
    if "$ref" in schema:
        return _values(_referred(schema["$ref"], parameters), parameters, low, high, depth + 1)
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    if listed is not None:
        return [value for value in listed if _between(value, low, high)]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return _united(_values(member, parameters, low, high, depth + 1) for member in schema[union])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _united(_of_type(one, schema, low, high) for one in kind)
    return _of_type(kind, schema, low, high)


def _of_type(
    kind: Any, schema: Mapping[str, Any], low: Bound | None, high: Bound | None
) -> Sequence[Any] | None:
    if kind == "null":
        return [None]
    if kind == "boolean":
        return [False, True]
    if kind == "integer":
        return _integers(schema, low, high)
    if kind == "string" and schema.get("format") == "date":
        return _dates(schema, low, high)
    return None


def _integers(schema: Mapping[str, Any], low: Bound | None, high: Bound | None) -> Sequence[int] | None:
    below = [low, schema.get("minimum"), _shifted(schema.get("exclusiveMinimum"), 1)]
    above = [high, schema.get("maximum"), _shifted(schema.get("exclusiveMaximum"), -1)]
    first, last = (
        [-int(-b // 1) for b in below if _is_number(b)],
        [int(b // 1) for b in above if _is_number(b)],
    )
    step = schema.get("multipleOf", 1)
    if not first or not last or not _is_number(step) or step != int(step) or step < 1:
        return None
    step, start = int(step), max(first)
    found = range(start + -start % step, min(last) + 1, step)
    return found if len(found) <= MOST_VALUES else None


def _dates(schema: Mapping[str, Any], low: Bound | None, high: Bound | None) -> Sequence[str] | None:
    try:
        first = [date.fromisoformat(b) for b in (low, schema.get("formatMinimum")) if isinstance(b, str)]
        last = [date.fromisoformat(b) for b in (high, schema.get("formatMaximum")) if isinstance(b, str)]
    except ValueError:
        return None
    if not first or not last:
        return None
    days = range(max(first).toordinal(), min(last).toordinal() + 1)
    return [date.fromordinal(day).isoformat() for day in days] if len(days) <= MOST_VALUES else None


def _shifted(bound: Any, by: int) -> Any:
    """The nearest integer inside an exclusive bound."""
    if not _is_number(bound):
        return None
    return bound + by if bound == int(bound) else bound


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _between(value: Any, low: Bound | None, high: Bound | None) -> bool:
    """Whether a listed value is within bounds; a bound of another type says nothing about it."""
    kind = str if isinstance(value, str) else int | float
    return not ((isinstance(low, kind) and value < low) or (isinstance(high, kind) and value > high))


def _united(parts: Any) -> Sequence[Any] | None:
    found = list(parts)
    if any(part is None for part in found):
        return None
    return list({canonical(value): value for value in chain.from_iterable(found)}.values())


def _referred(target: Any, parameters: Mapping[str, Any]) -> Any:
    if not isinstance(target, str) or not target.startswith("#"):
        return None
    try:
        return pointer.resolve(parameters, target[1:])
    except (LookupError, ValueError):
        return None
