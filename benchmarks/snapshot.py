"""Measure a large snapshot: opening it, its memory, and a hit on disk compared with a hit in memory.

    python benchmarks/snapshot.py [--responses 100000] [--bytes 5000] [--keep FOLDER]

Writes a synthetic snapshot (about half a gigabyte of text at the default sizes; takes a minute or two), builds its disk
store once, and measures in fresh processes. Opening and reading are wall time. Ratios compare medians of processor
time, with the variants measured in turn.
"""

import argparse
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.folder import write
from tool_orch_env.snapshot.records import Record, make_record
from tool_orch_env.task import GoldenCall, Task

OPENING = """
import json, resource, sys, time
from pathlib import Path
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.env import ToolOrchEnv
import jsonschema, referencing
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
imports = resident()
start = time.perf_counter()
snapshot = Snapshot.open(sys.argv[1])
opened = (time.perf_counter() - start) * 1000
after = resident()
step = max(1, len(snapshot) // 20000)
for number in range(0, len(snapshot), step):
    assert snapshot.lookup("get_item", {"id": number}) is not None
print(json.dumps({"open": opened, "imports": imports, "opened": after, "read": resident()}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--responses", type=int, default=100_000, help="default 100000")
    parser.add_argument("--bytes", type=int, default=5_000, help="of one response (default 5000)")
    parser.add_argument("--rounds", type=int, default=9, help="fresh processes (default 9)")
    parser.add_argument("--keep", type=Path, help="a folder for the snapshot, kept and used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        os.environ["TOOL_ORCH_CACHE"] = str(folder / "cache")
        large = folder / f"large-{given.responses}-{given.bytes}"
        if not large.exists():
            make(large, given.responses, given.bytes)
        report(large, given.rounds)


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


def report(large: Path, rounds: int) -> None:
    start = time.perf_counter()
    snapshot = Snapshot.open(large, where="disk")
    built = time.perf_counter() - start
    runs = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", OPENING, str(large)], capture_output=True, check=True
            ).stdout
        )
        for _ in range(rounds)
    ]
    table = Table(
        title=f"{len(snapshot)} responses, {snapshot.manifest['counts']['bytes'] / 1e6:.0f} MB of text"
    )
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_row("first opening: verify and build, or open if built before", f"{built:.1f} s")
    for what, name, unit in (
        ("open after that, fresh process, median", "open", "ms"),
        ("resident memory after the imports", "imports", "MB"),
        ("resident memory, opened", "opened", "MB"),
        ("resident memory, after 20,000 hits all over it", "read", "MB"),
    ):
        column = [run[name] for run in runs]
        figures = f"{statistics.median(column):.1f} {unit} ({min(column):.1f} to {max(column):.1f})"
        table.add_row(what, figures)
    hits(table, snapshot)
    readers(table, large)
    Console().print(table)


def hits(table: Table, snapshot: Snapshot) -> None:
    """Disk compared with memory on the same sample of calls: a bare lookup, and a whole environment step."""
    rng = random.Random(2)
    numbers = rng.sample(range(len(snapshot)), min(2000, len(snapshot)))
    some = [record for number in numbers if (record := record_of(snapshot, number))]
    memory = Snapshot.from_records("large", snapshot.catalog, some, {"test": snapshot.tasks()})
    keys = [record.key for record in some]
    bare = ratio(lambda: [memory.get(key) for key in keys], lambda: [snapshot.get(key) for key in keys])
    table.add_row("Snapshot.get, disk / memory", as_text(bare, len(keys)))
    actions = [{"name": "get_item", "arguments": {"id": number}} for number in numbers]
    steps = ratio(lambda: play(memory, actions), lambda: play(snapshot, actions))
    table.add_row("a hit through the environment's step, disk / memory", as_text(steps, len(actions)))


def record_of(snapshot: Snapshot, number: int) -> Record:
    found = snapshot.lookup("get_item", {"id": number})
    assert found is not None
    return make_record(snapshot.catalog, "get_item", {"id": number}, found.status, json.loads(found.text))


def play(snapshot: Snapshot, actions: list[dict[str, object]]) -> None:
    from tool_orch_env.env import ToolOrchEnv

    env = ToolOrchEnv(snapshot=snapshot, split="test", max_turns=1 << 30, max_calls=1 << 30)
    env.reset(seed=0)
    for action in actions:
        assert env.step(action)[4]["calls"][0]["recorded"]


def ratio(memory: Callable[[], object], disk: Callable[[], object], rounds: int = 7) -> tuple[float, float]:
    """Processor seconds of both variants: medians over alternating rounds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for column, work in zip(times, (memory, disk), strict=True):
            start = time.process_time()
            work()
            column.append(time.process_time() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def as_text(times: tuple[float, float], calls: int) -> str:
    memory, disk = (seconds / calls * 1e6 for seconds in times)
    return f"{disk / memory:.2f} ({disk:.1f} / {memory:.1f} µs)"


def readers(table: Table, large: Path) -> None:
    """Four concurrent processes, each reading 20,000 responses."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        alone = pool.map(read, [(str(large), 0)])
        together = pool.map(read, [(str(large), seed) for seed in range(4)], chunksize=1)
    table.add_row("20,000 random hits, one process alone", f"{alone[0]:.2f} s")
    table.add_row(f"the same in 4 processes at once, {os.cpu_count()} cores", f"{max(together):.2f} s each")


def read(what: tuple[str, int]) -> float:
    snapshot, rng = Snapshot.open(what[0], where="disk"), random.Random(what[1])
    start = time.perf_counter()
    for _ in range(20_000):
        assert snapshot.lookup("get_item", {"id": rng.randrange(len(snapshot))}) is not None
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
