"""How `cfb-offline` compares a tool call with a golden call.

Built from a description of the protocol, not from its code.

The parts of the original that are not deterministic are replaced:

===================  ===========================================================================
sentence embeddings  similarity of name, parameter names and values
the live API         equal if both calls have the same recorded, informative response
the LLM judge        omitted, or a function supplied by the caller
===================  ===========================================================================
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..calls.types import ToolCall
from ..calls.validate import validate
from ..jsonvalues.canonical import NotCanonical, canonical
from ..reward.assignment import Assignment
from ..snapshot import Snapshot
from ..snapshot.catalog import Tool
from ..snapshot.records import says_nothing
from ..task import GoldenCall, Task

FREE = frozenset(
    {
        "Location_to_Lat_Long",
        "Search_Hotel_Destination",
        "Search_Attraction_Location",
        "Search_Car_Location",
        "Search_Flight_Location",
        "Taxi_Search_Location",
    }
)
"""Functions that are not required for success."""
CHECKED_TYPES = ('"string"', '"number"', '"boolean"', '"array"')
SET_LIKE = "categories_filter"

Judge = Callable[[ToolCall, GoldenCall, Task], bool]
Deciding = Mapping[str, Sequence[str]]
"""Function -> parameters whose values must be equal for two calls to match. Functions not listed have none."""


def is_free(golden: GoldenCall) -> bool:
    return golden.tool in FREE


def all_free(golden: Sequence[GoldenCall]) -> bool:
    """Whether none of these calls is required for success. True for any list with a search for a hotel by name."""
    by_name = any(c.tool == "Search_Hotels" and c.arguments.get("search_type") == "hotel" for c in golden)
    return by_name or all(map(is_free, golden))


def same(call: ToolCall, golden: GoldenCall) -> bool:
    """Whether name, parameters and values are equal. `categories_filter` is compared as a set."""
    return call.name == golden.tool and _value(call.arguments) == _value(golden.arguments)


def _value(arguments: Mapping[str, Any]) -> str | None:
    filtered = arguments.get(SET_LIKE)
    if isinstance(filtered, str):
        arguments = {**arguments, SET_LIKE: sorted(set(filtered.split(",")))}
    elif isinstance(filtered, list):
        arguments = {**arguments, SET_LIKE: sorted(set(map(str, filtered)))}
    try:
        return canonical(dict(arguments))
    except NotCanonical:
        return None


def same_response(
    call: ToolCall, golden: GoldenCall, task: Task, snapshot: Snapshot, deciding: Deciding
) -> bool:
    """Whether the deciding values are equal and both calls have the same recorded, informative response."""
    if call.name != golden.tool:
        return False
    wanted, given = golden.arguments, call.arguments
    if any(wanted.get(name) != given.get(name) for name in deciding.get(golden.tool, ())):
        return False
    try:
        found = snapshot.lookup(call.name, given, task.id)
        expected = snapshot.lookup(golden.tool, wanted, task.id)
    except NotCanonical:
        return False
    return (
        found is not None
        and expected is not None
        and found.success
        and found.text == expected.text
        and not says_nothing(found.text)
    )


def format_error(call: ToolCall, tools: Mapping[str, Tool]) -> str | None:
    """One sentence on the first problem with a call's name, parameters or simple types; `None` if there is none."""
    if call.name not in tools:
        return f"Function {call.name[:128]} is not defined."
    try:
        found = validate(tools[call.name], call.arguments)
    except NotCanonical as error:
        return f"The arguments are not JSON: {error}."
    for violation in found:
        name = violation.pointer[1:]
        if "/" in name:
            continue
        if violation.rule == "required":
            return f"Required parameter {name} is missing."
        if violation.rule == "additionalProperties":
            return f"Parameter {name} is not defined for {call.name}."
        if violation.rule == "type" and violation.expected in CHECKED_TYPES:
            return f"Parameter {name} should be of type {violation.expected}, found {violation.found}."
    return None


def pair(calls: Sequence[ToolCall], golden: Sequence[GoldenCall]) -> dict[int, int]:
    """The one-to-one pairing with the highest total similarity: index of call -> index of golden call."""
    assignment = Assignment(len(golden))
    for row, call in enumerate(calls):
        assignment.add(row, [_similarity(call, one) for one in golden])
    return {row: column for column, row in assignment.rows()}


def _similarity(call: ToolCall, golden: GoldenCall) -> float:
    """Similarity in (0, 1): half for the name, a quarter each for parameter names and values."""
    names = call.arguments.keys() | golden.arguments.keys()
    shared = call.arguments.keys() & golden.arguments.keys()
    agree = sum(call.arguments[name] == golden.arguments[name] for name in shared)
    near = (len(shared) + agree) / (2 * len(names)) if names else 1.0
    return 0.01 + 0.49 * (call.name == golden.tool) + 0.49 * near
