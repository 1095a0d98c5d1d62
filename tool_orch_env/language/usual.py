"""Recorded calls as a person would make them.

Where responses follow from others, a recording asks for the most: the highest limit, the widest radius, the amount 1.
Nobody asks that way. Such an argument is left out, so that the API's default counts, or gets a usual value, if the
snapshot answers that call. Of a tool without rules, only the paging that its schema has as the default is left out:
nobody asks for page 1.
"""

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import blake2b
from typing import Any

from ..jsonvalues.canonical import encode, plain
from ..snapshot import Snapshot
from ..snapshot.catalog import Tool
from ..snapshot.records import Record, says_nothing
from ..snapshot.rules import Arithmetic, Prefix, Rule, Threshold

PAGING = frozenset({"limit", "page", "offset", "per_page", "page_size", "cursor"})
"""Parameters that no person would state."""
LIMITS = (3, 5, 10, 20, 25, 50, 100)
"""Values for a limit or a bound that has to be stated."""
AMOUNTS = (15, 20, 35, 40, 60, 75, 80, 120, 150, 180, 250, 300, 450, 600, 750, 800, 1200, 1500, 2500, 4000)
"""Values for a number that a rule computes with."""

Arguments = dict[str, Any]
Way = Callable[[Tool, Record], Iterator[Arguments]]
"""From a recorded call to more usual ones."""


def usual(snapshot: Snapshot, record: Record) -> Record:
    """The call of a recorded success as a person would make it, with its response; the record itself if that is usual.

    Depends on the snapshot and the record alone.
    """
    tool = snapshot.catalog[record.tool]
    ways: list[Way] = [partial(_others, rule) for rule in tool.spec.derive]
    for way in ways or [_first_page]:
        for arguments in way(tool, record):
            found = snapshot.lookup(tool.name, arguments)
            if found is not None and found.success and not says_nothing(found.text):
                key = snapshot.key(tool.name, arguments)
                record = record._replace(key=key, arguments=arguments, status=found.status, text=found.text)
                break
    return record


def _first_page(tool: Tool, record: Record) -> Iterator[Arguments]:
    """The call without the paging that is the schema's default."""
    kept = {
        name: value
        for name, value in record.arguments.items()
        if name not in PAGING or name in tool.required or not _same(value, default_of(tool, name))
    }
    if kept != record.arguments:
        yield kept


def default_of(tool: Tool, name: str) -> tuple[Any, ...]:
    """The default of a parameter, as its only element; empty if its schema has none."""
    schema = tool.properties.get(name)
    return (schema["default"],) if isinstance(schema, dict) and "default" in schema else ()


def _others(rule: Rule, tool: Tool, record: Record) -> Iterator[Arguments]:
    """Usual calls in place of one with a value that is recorded for the sake of a rule."""
    if not isinstance(rule, Prefix | Threshold | Arithmetic):
        return
    name, given = rule.parameter, record.arguments
    if name not in given or not _same(given[name], rule.recorded):
        return
    if isinstance(rule, Arithmetic):
        values: tuple[int, ...] = AMOUNTS
    elif name in tool.required:
        values = LIMITS
    else:
        yield {one: value for one, value in given.items() if one != name}
        return
    start = int.from_bytes(blake2b(record.key.encode(), digest_size=8).digest(), "big") % len(values)
    for value in (*values[start:], *values[:start]):
        if value != given[name]:
            yield {**given, name: value}


def _same(value: Any, recorded: tuple[Any, ...]) -> bool:
    return encode(plain(value)) in {encode(plain(one)) for one in recorded}
