"""Many threads and processes on one cold cache folder, and a killer among them: `python tests/store_stress.py`.

Each round takes a snapshot whose disk store nobody has built. Processes open it at once from several threads each;
one more is killed by SIGKILL in the middle of building. Every reader compares every response with the one in memory.
After the round there is one store in the cache, and a fresh reader finds it whole. tests/test_store_stress.py plays one
round.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import toy

from tool_orch_env.snapshot import Snapshot, store
from tool_orch_env.snapshot.records import make_record

WAIT = 120.0
"""Seconds that anything may take on a busy machine."""


def large_toy(folder: Path, version: str, responses: int) -> Path:
    """The toy with more cities: a store that takes long enough to be killed in."""
    tools = toy.catalog()
    more = [make_record(tools, "search_city", {"name": f"town {n}"}, 200, {"n": n}) for n in range(responses)]
    return toy.folder(folder, version, more)


def wrong(on_disk: Snapshot, in_memory: Snapshot) -> int:
    """Responses that differ between the two, in both directions."""
    records = list(in_memory.records())
    differing = sum(on_disk.get(one.key, one.task) != in_memory.get(one.key, one.task) for one in records)
    return differing + abs(len(on_disk) - len(in_memory))


def reader(folder: Path, threads: int, start: Any, found: Any) -> None:
    """Open from every thread at once, and put how many responses were wrong in each."""
    in_memory = Snapshot.open(folder, where="memory")
    start.wait(WAIT)
    with ThreadPoolExecutor(threads) as pool:
        opened = list(pool.map(lambda _: Snapshot.open(folder, where="disk"), range(threads)))
        found.put(list(pool.map(lambda one: wrong(one, in_memory), opened)))


def victim(folder: Path, building: Any) -> None:
    """Build, saying when the middle is reached, and wait there to be killed."""
    build = store.build

    def halfway(name: str, fingerprint: str, items: Any) -> Any:
        taken = list(items)

        def slowly() -> Any:
            yield from taken[: len(taken) // 2]
            building.set()
            time.sleep(WAIT)
            yield from taken[len(taken) // 2 :]

        return build(name, fingerprint, slowly())

    store.build = halfway
    Snapshot.open(folder, where="disk")


def round_(cache: Path, folder: Path, processes: int, threads: int) -> list[str]:
    """What went wrong in one round."""
    context = multiprocessing.get_context("spawn")
    start, found, building = context.Barrier(processes + 1), context.Queue(), context.Event()
    killed = context.Process(target=victim, args=(folder, building))
    killed.start()
    readers = [context.Process(target=reader, args=(folder, threads, start, found)) for _ in range(processes)]
    for process in readers:
        process.start()
    faults = [] if building.wait(WAIT) else ["nobody got to the middle of building"]
    start.wait(WAIT)  # the victim is in the middle now, its draft on disk, and the others begin
    time.sleep(random.random() * 0.05)
    os.kill(killed.pid or 0, signal.SIGKILL)
    counts = [found.get(timeout=WAIT) for _ in readers]
    for process in (*readers, killed):
        process.join(WAIT)
    if sum(map(sum, counts)):
        faults.append(f"wrong responses by process and thread: {counts}")
    codes = [process.exitcode for process in (*readers, killed)]
    if codes != [0] * processes + [-signal.SIGKILL]:
        faults.append(f"exit codes {codes}")
    stores = [path.name for path in cache.iterdir() if path.name.startswith("toy-")]
    if len(stores) != 1:
        faults.append(f"stores in the cache: {stores}")
    if wrong(Snapshot.open(folder, where="disk"), Snapshot.open(folder, where="memory")):
        faults.append("a fresh reader finds the store wrong")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--responses", type=int, default=2000)
    given = parser.parse_args()
    began, broken = time.monotonic(), 0
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder) / "cache"
            os.environ["TOOL_ORCH_CACHE"] = str(cache)
            made = large_toy(Path(folder) / "toy", str(number), given.responses)
            faults = round_(cache, made, given.processes, given.threads)
            broken += bool(faults)
            print(*(f"round {number}: {fault}" for fault in faults), sep="\n", end="\n" if faults else "")
    opened = given.rounds * (given.processes * given.threads)
    print(
        f"{given.rounds} rounds, {opened} openings by {given.processes} processes of {given.threads} threads, "
        f"{given.rounds} builders killed, {given.responses} responses compared by each: "
        f"{broken} rounds broken, {time.monotonic() - began:.0f} s"
    )
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main())
