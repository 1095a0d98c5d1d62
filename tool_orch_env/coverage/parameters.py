"""What the schema of one parameter says about the values that make sense for it."""

from collections.abc import Mapping
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.canonical import NotCanonical, plain
from ..jsonvalues.scalars import words
from ..snapshot.catalog import Tool

_LIMITS = frozenset({"limit", "count", "size", "top", "max", "results", "rows"})


def schema(tool: Tool, name: str) -> Mapping[str, Any]:
    """The schema of a parameter, empty if it is not an object."""
    found = tool.properties.get(name)
    return found if isinstance(found, dict) else {}


def is_free_text(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter takes any words: a string without enum, pattern or format."""
    return schema.get("type") == "string" and not schema.keys() & {"enum", "const", "pattern", "format"}


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two parameters of one name take the same values: dates, codes of one pattern, numbers; not free texts."""
    fields = ("type", "format", "pattern", "enum")
    return [one.get(f) for f in fields] == [other.get(f) for f in fields] and not is_free_text(one)


def is_limit(tool: Tool, name: str) -> bool:
    """Whether an optional whole number says, by its name, how much of an answer is wanted."""
    return (
        name not in tool.required
        and schema(tool, name).get("type") == "integer"
        and bool(_LIMITS & set(words(name)))
    )


def is_filter(tool: Tool, name: str) -> bool:
    """Whether a parameter can be left out without anything in its place."""
    return name not in tool.required and "default" not in schema(tool, name)


def listed(schema: Mapping[str, Any]) -> list[Any]:
    """The values that a schema lists, in order; empty if it lists none."""
    if schema.get("type") == "boolean":
        return [False, True]
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return list(values)


def bounds(schema: Mapping[str, Any]) -> tuple[int, int] | None:
    """The least and the greatest whole number that a schema allows, `None` if it does not bound both sides."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if (
        schema.get("type") != "integer"
        or not isinstance(low, (int, float))
        or not isinstance(high, (int, float))
    ):
        return None
    return -int(-low // 1), int(high // 1)


def items(schema: Mapping[str, Any]) -> tuple[int, int | None]:
    """The least (at least 1) and the greatest number of items that an array schema allows; `None` if any number."""
    most = schema.get("maxItems")
    return max(1, int(schema.get("minItems", 1))), None if most is None else int(most)


def is_sourced(tool: Tool, name: str) -> bool:
    """Whether responses supply a parameter, or a part of it."""
    return any(path == name or path.startswith(f"/{name}/") for path in tool.spec.sources)


def sources(tool: Tool, name: str) -> frozenset[tuple[str, str]]:
    """The tools and patterns that supply a parameter. A pattern for a part of it carries the part's name."""
    return frozenset(
        (one.tool, f"{one.pointer} {path.removeprefix(f'/{name}')}" if path != name else one.pointer)
        for path, some in tool.spec.sources.items()
        if path == name or path.startswith(f"/{name}/")
        for one in some
    )


def valid(tool: Tool, arguments: Mapping[str, Any]) -> bool:
    """Whether the tool's schema allows a call. Bounds of dates (`formatMinimum`, `formatMaximum`) count too."""
    try:
        given = plain(arguments)
    except NotCanonical:
        return False
    return all(_in_time(schema(tool, name), value) for name, value in given.items()) and bool(
        tool.validator.is_valid(given)
    )


def _in_time(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a date or time is within the bounds that JSON Schema has no keyword for. All are ISO texts."""
    if not isinstance(value, str):
        return True
    low, high = schema.get("formatMinimum"), schema.get("formatMaximum")
    return not (isinstance(low, str) and value < low) and not (isinstance(high, str) and value > high)


def fields(reply: Any, name: str) -> list[Any]:
    """The distinct values that a reply shows under a name, in document order; no nulls."""
    found = (
        value
        for place, value in pointer.leaves(reply)
        if value is not None and place.rpartition("/")[2] == name
    )
    return list(dict.fromkeys(found))
