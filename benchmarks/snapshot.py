"""Measure a large snapshot in its store and a large catalog of tools, as ratios to a baseline in the same run.

    python benchmarks/snapshot.py                      # about four minutes
    python benchmarks/snapshot.py --bytes 5000         # half a gigabyte of text

Writes a synthetic snapshot and measures:

- opening it in fresh processes, beyond the imports: read into memory (the baseline), with its store built on the way
  (cold), and with its store already there (warm); and the resident memory of each process
- a hit in the store over the same hit in memory, alone and in a step of the environment
- a catalog of 1,000 and of 5,000 tools over jsonschema's own check of the same schemas (the baseline, on 100 of them)

Processor time unless stated otherwise. Ratios are computed within a round, in which variants are measured in turn.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import rounds as timing

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.folder import write
from tool_orch_env.snapshot.records import Record, make_record
from tool_orch_env.task import GoldenCall, Task

OPENING = """
import json, sys, time
from pathlib import Path
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.env import ToolOrchEnv
import jsonschema, referencing
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
imports = resident()
cpu, wall = time.process_time(), time.perf_counter()
snapshot = Snapshot.open(sys.argv[1], where=sys.argv[2])
spent = time.process_time() - cpu, time.perf_counter() - wall
opened = resident()
for number in range(0, len(snapshot), max(1, len(snapshot) // 20000)):
    assert snapshot.lookup("get_item", {"id": number}) is not None
print(json.dumps({"spent": spent, "imports": imports, "opened": opened, "read": resident()}))
"""
SNAPSHOTS = Path(__file__).parent.parent / "cache_snapshots"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--responses", type=int, default=100_000, help="default 100000")
    parser.add_argument("--bytes", type=int, default=420, help="of one response (default 420)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of everything (default 5)")
    parser.add_argument("--keep", type=Path, help="a folder for the snapshot, kept and used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        os.environ["TOOL_ORCH_CACHE"] = str(folder / "cache")
        large = folder / f"large-{given.responses}-{given.bytes}"
        if not large.exists():
            make(large, given.responses, given.bytes)
        counts = json.loads((large / "manifest.json").read_text())["counts"]
        size = f"{counts['responses']:,} responses, {counts['bytes'] / 1e6:.0f} MB of text"
        opens(large, size, given.rounds).print()
        hits(large, size, given.rounds).print()
        readers(large, size).print()
    schemas(given.rounds).print()


def make(folder: Path, responses: int, size: int) -> None:
    """The synthetic snapshot: one tool with an id, and responses of about `size` bytes that do not compress away."""
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    catalog = Catalog([ToolSpec(name="get_item", parameters=schema)])
    task = Task(
        id="large-0",
        snapshot="large",
        request="Get item 0.",
        tools=("get_item",),
        golden=(GoldenCall(id="a", tool="get_item", arguments={"id": 0}),),
    )
    write(
        folder,
        name="large",
        version="1",
        licence="CC0-1.0",
        sources=[{"name": "synthetic"}],
        captured="",
        catalog=catalog,
        records={"responses": list(records(catalog, responses, size))},
        splits={"test": [task]},
        notice="Synthetic.\n",
    )


def records(catalog: Catalog, responses: int, size: int) -> Iterator[Record]:
    rng = random.Random(1)
    for number in range(responses):
        items = [
            {"id": number + i, "value": rng.random(), "name": f"item {number}"} for i in range(size // 60)
        ]
        yield make_record(catalog, "get_item", {"id": number}, 200, {"id": number, "items": items})


def opens(large: Path, size: str, rounds: int) -> timing.Table:
    """Fresh processes: memory, cold and warm in turn."""
    runs: dict[str, list[dict[str, Any]]] = {"memory": [], "cold": [], "warm": []}
    for _ in range(rounds):
        shutil.rmtree(os.environ["TOOL_ORCH_CACHE"], ignore_errors=True)
        for name, found in runs.items():
            where = "memory" if name == "memory" else "disk"
            told = subprocess.run(
                [sys.executable, "-c", OPENING, str(large), where], capture_output=True, check=True
            )
            found.append(json.loads(told.stdout))
    table = timing.Table(
        f"Opening {size}",
        ("how", "CPU s", "wall s", "CPU / memory", "imports MB", "opened MB", "after hits MB"),
        "Beyond the imports. Resident memory of the process, the last after 20,000 hits all over it.",
    )
    for name, found in runs.items():
        over = [one["spent"][0] / base["spent"][0] for one, base in zip(found, runs["memory"], strict=True)]
        table.add(
            name,
            *(f"{median(one['spent'][clock] for one in found):.3f}" for clock in (timing.CPU, timing.WALL)),
            timing.shown(over, 3),
            *(f"{median(one[what] for one in found):.0f}" for what in ("imports", "opened", "read")),
        )
    return table


def hits(large: Path, size: str, rounds: int) -> timing.Table:
    """Store over memory on the same random calls: a bare lookup, and a whole step of the environment."""
    opened, memory = Snapshot.open(large, where="disk"), Snapshot.open(large, where="memory")
    numbers = random.Random(2).sample(range(len(opened)), min(2000, len(opened)))
    keys = [opened.key("get_item", {"id": number}) for number in numbers]
    actions = [{"name": "get_item", "arguments": {"id": number}} for number in numbers]
    table = timing.Table(f"A hit, {size}", ("what", "memory µs", "store µs", "store / memory"))
    for what, work in (("Snapshot.get", getting), ("a step of the environment", playing)):
        sent = keys if work is getting else actions
        variants = {"memory": work(memory, sent), "store": work(opened, sent)}
        times = timing.measure(variants, rounds)
        table.add(
            what,
            *(f"{timing.microseconds(times, name):.1f}" for name in variants),
            timing.shown(timing.ratios(times, "store", "memory")),
        )
    return table


def getting(snapshot: Snapshot, keys: list[Any]) -> Any:
    def run() -> int:
        return sum(snapshot.get(key) is not None for key in keys)

    return run


def playing(snapshot: Snapshot, actions: list[Any]) -> Any:
    from tool_orch_env.env import ToolOrchEnv

    env = ToolOrchEnv(snapshot=snapshot, split="test", max_turns=1 << 30, max_calls=1 << 30)
    env.reset(seed=0)

    def run() -> int:
        return sum(env.step(action)[4]["calls"][0]["recorded"] for action in actions)

    return run


def readers(large: Path, size: str) -> timing.Table:
    """Four concurrent processes, each reading 20,000 responses."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        alone = pool.map(read, [(str(large), 0)])
        together = pool.map(read, [(str(large), seed) for seed in range(4)], chunksize=1)
    table = timing.Table(f"20,000 random hits, {size}", ("processes", "wall s of each", "over one"))
    table.add("1", f"{alone[0]:.2f}", "1.00")
    table.add(f"4, {os.cpu_count()} cores", f"{max(together):.2f}", f"{max(together) / alone[0]:.2f}")
    return table


def read(what: tuple[str, int]) -> float:
    snapshot, rng = Snapshot.open(what[0], where="disk"), random.Random(what[1])
    start = time.perf_counter()
    for _ in range(20_000):
        assert snapshot.lookup("get_item", {"id": rng.randrange(len(snapshot))}) is not None
    return time.perf_counter() - start


def schemas(rounds: int) -> timing.Table:
    """Catalogs of the tools of the bundled snapshots, each many times under other names and descriptions."""
    from jsonschema import Draft202012Validator

    some = tools(100)

    def by_jsonschema() -> int:
        for tool in some:
            Draft202012Validator.check_schema(tool["parameters"])
        return len(some)

    table = timing.Table(
        "Reading a catalog of tools",
        ("tools", "s", "µs a tool", "jsonschema µs a tool", "catalog / jsonschema"),
        "Targets: 1,000 in 0.5 s, 5,000 in 3 s.",
    )
    for number in (1_000, 5_000):
        many = {"tools": tools(number)}
        variants = {"catalog": lambda: len(Catalog.parse(many, "tools")), "jsonschema": by_jsonschema}  # noqa: B023
        times = timing.measure(variants, rounds)
        each = timing.microseconds(times, "catalog")
        table.add(
            f"{number:,}",
            f"{each * number / 1e6:.2f}",
            f"{each:.0f}",
            f"{timing.microseconds(times, 'jsonschema'):.0f}",
            timing.shown(timing.ratios(times, "catalog", "jsonschema"), 3),
        )
    return table


def tools(number: int) -> list[dict[str, Any]]:
    """So many entries of a `tools.json`, no two schemas alike."""
    bundled = [
        {key: tool[key] for key in ("name", "parameters")}
        for name in ("travel", "elements")
        for tool in json.loads((SNAPSHOTS / name / "tools.json").read_text())["tools"]
    ]
    made = []
    for at in range(number):
        tool = json.loads(json.dumps(bundled[at % len(bundled)]))
        tool["name"] += f"_{at}"
        tool["parameters"]["description"] = f"Tool {at}."
        made.append(tool)
    return made


if __name__ == "__main__":
    main()
