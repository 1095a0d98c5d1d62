"""What a step costs, as ratios measured in one process.

    python benchmarks/step.py            # about a minute; needs the extra [bench]
    python benchmarks/step.py --rounds 5 # quick

Every round times each variant on the same calls, one after the other, so that a slow machine slows all of
them; printed are medians over the rounds and, per round, the ratio to baseline B (median and range).

B      what one builds first: json.loads, a pydantic model of the call, one kept jsonschema
       validator, diskcache of pickled dicts, json.dumps
J      the floor: orjson and a dict of bytes, jsonschema-rs on a miss only; scores nothing, explains nothing
env    `gym.make("ToolOrch-v0")`: parsed, validated, replayed, scored with `graduated`, with infos

B and J do a trivial reward. Hits replay a recorded call; invalid calls lack a required parameter and are
repeated, as models do.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable

import diskcache
import gymnasium as gym
import jsonschema
import jsonschema_rs
import orjson
import pydantic
from rich.console import Console
from rich.table import Table

import tool_orch_env as toe
from tool_orch_env.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot import Snapshot, make_record
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


def arguments(number: int) -> dict[str, object]:
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


def snapshot(kilobytes: int) -> Snapshot:
    """CALLS recorded calls of one tool, among N_TOOLS tools."""
    specs = [ToolSpec(name=TOOL if i == 0 else f"tool_{i}", parameters=PARAMETERS) for i in range(N_TOOLS)]
    catalog = Catalog(specs)
    records = [make_record(catalog, TOOL, arguments(i), 200, response(i, kilobytes)) for i in range(CALLS)]
    return Snapshot.from_records("bench", catalog, records)


def baseline_b(kilobytes: int, folder: str) -> Callable[[str], object]:
    cache = diskcache.Cache(folder)
    for i in range(CALLS):
        cache[TOOL + json.dumps(arguments(i), sort_keys=True)] = response(i, kilobytes)
    validator = jsonschema.Draft202012Validator(
        PARAMETERS, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )

    class Call(pydantic.BaseModel):
        name: str
        arguments: dict[str, object]

    def step(message: str) -> object:
        call = Call.model_validate(json.loads(message))
        errors = [error.message for error in validator.iter_errors(call.arguments)]
        if errors:
            return json.dumps({"error": errors}), 0.0
        found = cache.get(call.name + json.dumps(call.arguments, sort_keys=True))
        return json.dumps(found), float(found is not None)

    return step


def floor_j(kilobytes: int) -> Callable[[str], object]:
    sort = orjson.OPT_SORT_KEYS
    store = {
        TOOL.encode() + orjson.dumps(arguments(i), option=sort): json.dumps(response(i, kilobytes)).encode()
        for i in range(CALLS)
    }
    validator = jsonschema_rs.validator_for(PARAMETERS)

    def step(message: str) -> object:
        call = orjson.loads(message)
        found = store.get(call["name"].encode() + orjson.dumps(call["arguments"], option=sort))
        if found is not None:
            return found.decode(), 1.0
        return str([error.message for error in validator.iter_errors(call["arguments"])]), 0.0

    return step


def environment(kilobytes: int) -> Callable[[str], object]:
    """One long episode whose golden calls are the recorded ones of a 4-call task."""
    golden = tuple(
        GoldenCall(id=f"c{i}", tool=TOOL, arguments=arguments(i), needs=(f"c{i - 1}",) if i else ())
        for i in range(4)
    )
    tools = (TOOL, *(f"tool_{i}" for i in range(1, N_TOOLS)))
    task = toe.Task(id="bench", snapshot="bench", request="Compare flights.", tools=tools, golden=golden)
    env = gym.make(
        "ToolOrch-v0",
        snapshot=snapshot(kilobytes),
        tasks=[task],
        max_turns=1 << 40,
        max_calls=1 << 40,
        max_response_chars=1 << 20,
    )
    env.reset(seed=0)
    return env.step


def messages(kind: str) -> list[str]:
    made = []
    for i in range(CALLS):
        given = arguments(i)
        if kind == "invalid":
            del given["date"]
        made.append(json.dumps({"name": TOOL, "arguments": given}))
    return made


def measure(
    variants: dict[str, Callable[[str], object]], sent: list[str], rounds: int
) -> dict[str, list[float]]:
    """Microseconds of CPU time per step, per variant and round; the variants take turns."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for step in variants.values():  # warm up
        for message in sent:
            step(message)
    for _ in range(rounds):
        for name, step in variants.items():
            gc.collect()
            start = time.process_time()
            for _ in range(4):
                for message in sent:
                    step(message)
            times[name].append((time.process_time() - start) / (4 * len(sent)) * 1e6)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=25, help="timed rounds per row (default 25)")
    rounds = parser.parse_args().rounds
    table = Table(
        title=f"one step, medians of {rounds} interleaved rounds (µs are this machine's, ratios are the point)"
    )
    for column in ("case", "B µs", "J µs", "env µs", "env / B", "range", "env / J"):
        table.add_column(column, justify="left" if column == "case" else "right")
    for kind, kilobytes in (("hit", 1), ("hit", 10), ("hit", 50), ("invalid", 10)):
        with tempfile.TemporaryDirectory() as folder:
            variants = {
                "B": baseline_b(kilobytes, folder),
                "J": floor_j(kilobytes),
                "env": environment(kilobytes),
            }
            times = measure(variants, messages(kind), rounds)
        ratios = [one / b for one, b in zip(times["env"], times["B"], strict=True)]
        medians = {name: statistics.median(some) for name, some in times.items()}
        table.add_row(
            f"{kind}, {kilobytes} KB",
            *(f"{medians[name]:.1f}" for name in ("B", "J", "env")),
            f"{statistics.median(ratios):.3f}",
            f"{min(ratios):.3f} to {max(ratios):.3f}",
            f"{medians['env'] / medians['J']:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
