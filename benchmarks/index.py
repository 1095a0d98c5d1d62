"""Measure the index of synthesis on worlds of several sizes: building it once, opening it again, making tasks.

    python benchmarks/index.py                                # 6,000, 67,000 and 130,000 responses, 100 tasks each
    python benchmarks/index.py --responses 67000 --tasks 1000

Every row is a world of `world.py` in a temporary folder with an empty cache. Its store is built first; then the index,
in a process of its own; then it is opened in another, which makes the tasks (2 to 7 calls, depth 1 to 4). Times are CPU
seconds without the imports, memory is the peak of the whole process.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights

SIZES = [6_000, 67_000, 130_000]


def measured(folder: str, tasks: int) -> dict[str, float]:
    """In this process: CPU seconds for the index, and for the tasks; peak memory in MB."""
    snapshot = Snapshot.open(folder, where="disk")
    start = time.process_time()
    index = Index(snapshot)
    opened = time.process_time()
    targets = Targets(calls=weights("2-7"), depth=weights("1-4"), distractors=weights("0-8"))
    made = sum(1 for _ in synthesise(index, targets, tasks, seed=7)) if tasks else 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"index": opened - start, "tasks": time.process_time() - opened, "made": made, "peak": peak}


def child(folder: str, tasks: int, cache: str) -> dict[str, float]:
    """The same in a new process."""
    command = [sys.executable, __file__, "--measure", folder, "--tasks", str(tasks)]
    environment = {**os.environ, "TOOL_ORCH_CACHE": cache}
    found: dict[str, float] = json.loads(
        subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the index of synthesis.")
    parser.add_argument("--responses", type=int, nargs="+", default=SIZES)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--measure", metavar="FOLDER", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.measure, given.tasks)))
        return
    table = Table(title="CPU seconds and peak MB")
    for column in ("responses", "build", "peak", "open again", f"{given.tasks} tasks", "peak", "MB on disk"):
        table.add_column(column, justify="right")
    for size in given.responses:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as place:
            world, cache = f"{place}/world", f"{place}/cache"
            script = str(Path(__file__).with_name("world.py"))
            subprocess.run([sys.executable, script, "--responses", str(size), "--out", world], check=True)
            opening = f"from tool_orch_env.snapshot import Snapshot; Snapshot.open({world!r}, where='disk')"
            environment = {**os.environ, "TOOL_ORCH_CACHE": cache}
            subprocess.run([sys.executable, "-c", opening], env=environment, check=True)
            first, again = child(world, 0, cache), child(world, given.tasks, cache)
            kept = sum(file.stat().st_size for file in Path(cache).glob("*[sl]1")) / 2**20
            cells = (first["index"], first["peak"], again["index"], again["tasks"], again["peak"], kept)
            formats = ("{:.1f}", "{:.0f}", "{:.3f}", "{:.1f}", "{:.0f}", "{:.1f}")
            texts = (form.format(cell) for form, cell in zip(formats, cells, strict=True))
            table.add_row(f"{size:,}", *texts)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
