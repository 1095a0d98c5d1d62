"""The work that every benchmark variant does: the same calls of one tool and the same responses.

There are `CALLS` recorded calls with eight parameters, among `N_TOOLS` tools, with responses of a few kilobytes, and
messages that are hits, misses, or invalid. Messages are written as Hermes and Qwen models write them.
"""

import json

import tool_orch_env as toe
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.task import GoldenCall

PARAMETERS = {
    "type": "object",
    "properties": {
        "origin": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "dest": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "date": {"type": "string", "format": "date"},
        "adults": {"type": "integer", "minimum": 1, "maximum": 9},
        "cabin": {"type": "string", "enum": ["economy", "business"]},
        "max_price": {"type": "number"},
        "direct": {"type": "boolean"},
        "page": {"type": "integer", "minimum": 1},
    },
    "required": ["origin", "dest", "date"],
    "additionalProperties": False,
}
TOOL = "search_flights"
N_TOOLS = 8
CALLS = 64
OPEN, CLOSE = "<tool_call>", "</tool_call>"


def arguments(number: int) -> dict[str, object]:
    """Arguments of a recorded call for 0 to `CALLS` - 1, and of a valid but unrecorded one from there on."""
    return {
        "origin": "JFK",
        "dest": "LAX",
        "date": f"2013-07-{number % 28 + 1:02d}",
        "adults": number % 9 + 1,
        "cabin": "economy",
        "max_price": 100.5 + number,
        "direct": bool(number % 2),
        "page": number + 1,
    }


def response(number: int, kilobytes: int) -> dict[str, object]:
    flights = [
        {
            "flight_id": f"WN{number}-{i}",
            "departure": "10:05",
            "arrival": "13:20",
            "price": 99.5 + i,
            "seats": i % 7,
        }
        for i in range(kilobytes * 1024 // 88)
    ]
    return {"count": len(flights), "flights": flights}


def message(given: dict[str, object]) -> str:
    return OPEN + json.dumps({"name": TOOL, "arguments": given}) + CLOSE


def messages(kind: str) -> list[str]:
    """`CALLS` messages, each a `hit`, a `miss` (valid, not recorded) or `invalid` (a required parameter is missing)."""
    first = CALLS if kind == "miss" else 0
    made = [arguments(number) for number in range(first, first + CALLS)]
    if kind == "invalid":
        for given in made:
            del given["date"]
    return [message(given) for given in made]


def snapshot(kilobytes: int) -> Snapshot:
    """A snapshot of `N_TOOLS` tools with `CALLS` recorded calls of one of them."""
    specs = [ToolSpec(name=TOOL if i == 0 else f"tool_{i}", parameters=PARAMETERS) for i in range(N_TOOLS)]
    catalog = Catalog(specs)
    records = [make_record(catalog, TOOL, arguments(i), 200, response(i, kilobytes)) for i in range(CALLS)]
    return Snapshot.from_records("bench", catalog, records)


def task() -> toe.Task:
    """A task whose golden calls are a chain of four recorded calls."""
    golden = tuple(
        GoldenCall(id=f"c{i}", tool=TOOL, arguments=arguments(i), needs=(f"c{i - 1}",) if i else ())
        for i in range(4)
    )
    tools = (TOOL, *(f"tool_{i}" for i in range(1, N_TOOLS)))
    return toe.Task(id="bench", snapshot="bench", request="Compare flights.", tools=tools, golden=golden)
