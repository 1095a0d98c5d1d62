"""What a golden reply invites: every tool that a declared edge leads to, asked about rows of the reply.

A call asks about one row. What the row does not supply comes from values outside the reply's lists, then from the trace
(`Trace.known`). A tool that requires more, or several rows at a time, is not invited.
"""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from ..jsonvalues import pointer
from ..snapshot.catalog import Tool
from ..task import GoldenCall
from .rows import Row, offered
from .trace import Arguments, Strand, Trace, Wording


def follow(trace: Trace, call: GoldenCall, rng: random.Random) -> Iterator[Strand]:
    """Calls about the rows of a golden reply, by tool, the rows in an order that is drawn. Some may not be valid."""
    if call.id in trace.replies:
        for tool in trace.catalog.values():
            rows = offered(tool, call.tool, trace.replies[call.id])
            if rows:
                yield _about(trace, call, tool, rows, rng)


def _about(trace: Trace, call: GoldenCall, tool: Tool, rows: Mapping[str, Row], rng: random.Random) -> Strand:
    """Calls of one tool: with what it requires, and with all that the row supplies if that is more."""
    outside = rows.get("", {})
    places = [place for place in rows if place] or [""]
    for place in rng.sample(places, len(places)):
        row = {**outside, **rows[place]}
        made = _required(trace, call, tool, row, rng)
        if made is None:
            continue
        how = f"from {call.tool} {place}".rstrip()
        if any(_parameter(path) in tool.required for path in rows[place]):
            yield Wording(how, tool.name, made)
        supplied = {name: rng.choice(row[name]) for name in tool.properties if name in row}
        more = {name: value for name, value in supplied.items() if value not in made.values()}
        if more:
            yield Wording(how, tool.name, {**more, **made})


def _parameter(path: str) -> str:
    return pointer.tokens(path)[0] if path.startswith("/") else path


def _required(trace: Trace, call: GoldenCall, tool: Tool, row: Row, rng: random.Random) -> Arguments | None:
    """What the tool requires, `None` if it is not known or needs several rows."""
    made: Arguments = {}
    for name in tool.properties:
        if name in tool.required:
            value = rng.choice(row[name]) if name in row else _list_of_one(tool, name, row, rng)
            value = trace.known(tool, name, call) if value is None else value
            if value is None:
                return None
            made[name] = value
    return made if sum(isinstance(value, list) for value in made.values()) <= 1 else None


def _list_of_one(tool: Tool, name: str, row: Row, rng: random.Random) -> list[Any] | None:
    """A list with the row as its only item, a scalar or an object; `None` if the row does not supply it."""
    parts = {path: pointer.tokens(path)[1:] for path in tool.spec.sources if path.startswith(f"/{name}/")}
    if not parts or any(
        tokens[0] != "*" or len(tokens) > 2 or path not in row for path, tokens in parts.items()
    ):
        return None
    values = {tokens[-1]: rng.choice(row[path]) for path, tokens in parts.items()}
    return [values.get("*", values)]
