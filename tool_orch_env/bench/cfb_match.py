"""When `cfb-offline` takes an emitted call for a golden one. Built from a description of the protocol, not its code.

Enters: an emitted and a golden call. Leaves: equal or not, a format error or none, and the pairing of a turn's calls
with the golden calls that wait. What stands in for the parts that are not deterministic:

=================  ===========================================================================
sentence vectors   likeness by name, parameter names and values
the live API       both calls are recorded with the same response, which says something
the judge          nothing, or a function given by the caller
=================  ===========================================================================
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
"""Functions that a success does not depend on."""
CHECKED_TYPES = ('"string"', '"number"', '"boolean"', '"array"')
SET_LIKE = "categories_filter"

Judge = Callable[[ToolCall, GoldenCall, Task], bool]
Deciding = Mapping[str, Sequence[str]]
"""Function -> the parameters whose values decide a call. A function that is not in it has none."""


def is_free(golden: GoldenCall) -> bool:
    return golden.tool in FREE


def all_free(golden: Sequence[GoldenCall]) -> bool:
    """Whether success depends on none of these; a search for one hotel by name makes any list so."""
    by_name = any(c.tool == "Search_Hotels" and c.arguments.get("search_type") == "hotel" for c in golden)
    return by_name or all(map(is_free, golden))


def same(call: ToolCall, golden: GoldenCall) -> bool:
    """Equality by rule: the same name, parameters and values; `categories_filter` as a set."""
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
    """Whether the deciding values agree and both calls are recorded with the same response that says something."""
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
    """What is wrong with name, parameters or plain types of a call, in one sentence; `None` if nothing is."""
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
    """The best one-to-one pairing by likeness: index of call -> index of golden call."""
    assignment = Assignment(len(golden))
    for row, call in enumerate(calls):
        assignment.add(row, [_likeness(call, one) for one in golden])
    return {row: column for column, row in assignment.rows()}


def _likeness(call: ToolCall, golden: GoldenCall) -> float:
    """In (0, 1): half for the name, a quarter each for names and values of the parameters."""
    names = call.arguments.keys() | golden.arguments.keys()
    shared = call.arguments.keys() & golden.arguments.keys()
    agree = sum(call.arguments[name] == golden.arguments[name] for name in shared)
    near = (len(shared) + agree) / (2 * len(names)) if names else 1.0
    return 0.01 + 0.49 * (call.name == golden.tool) + 0.49 * near
