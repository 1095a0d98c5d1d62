"""Compares a snapshot with its recipe: a sample is recorded again over HTTP, and everything is proved again.

    python -m cache_snapshots.recipes.travel.check [--snapshot travel] [--sample 200]

Of the tools over tables: so many seeded calls of each, the proofs of their rules, and the tasks written by hand. Byte
for byte; the exit status is 1 if anything differs. Needs the extras `[travel,record]`.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Collection, Iterator, Sequence

import httpx

from tool_orch_env.record.client import Client
from tool_orch_env.record.prove import Proof, prove
from tool_orch_env.record.spec import Spec, read_spec
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.records import Record
from tool_orch_env.task import dump_tasks

from ..serving import serving
from . import again
from .record import SPEC, over_map, table_tasks
from .server import app
from .survey import Survey

SAMPLE = 200
"""Calls of each tool that are recorded again, by default."""


def check(snapshot: Snapshot, sample: int = SAMPLE) -> list[str]:
    """The differences between a snapshot and what its recipe makes now, a text for each."""
    with serving(app) as url:
        os.environ["TRAVEL_URL"] = url
        spec = read_spec(SPEC)
        tools = set(spec.catalog) - over_map(spec)
        records = list(snapshot.records())
        return [
            *again.differences(spec, again.sampled(records, tools, sample)),
            *_proofs(spec, snapshot, records, tools),
            *_tasks(spec, snapshot, url),
        ]


def _proofs(
    spec: Spec, snapshot: Snapshot, records: Sequence[Record], tools: Collection[str]
) -> Iterator[str]:
    """The proofs that are others than those in the manifest."""

    async def ask() -> list[Proof]:
        async with Client(spec) as client:
            return await prove(client, spec.catalog, records, only=tools)

    now = {(proof.tool, proof.index, proof.rule): proof.as_dict() for proof in asyncio.run(ask())}
    then = {
        (entry["tool"], entry["index"], entry["rule"]): entry
        for entry in snapshot.manifest.get("proofs", ())
        if entry["tool"] in tools
    }
    for name in sorted(now.keys() | then.keys()):
        if now.get(name) != then.get(name):
            yield f"proof of {name}:\n  recorded {then.get(name)}\n  now      {now.get(name)}"


def _tasks(spec: Spec, snapshot: Snapshot, url: str) -> Iterator[str]:
    """The tasks written by hand over tables that are others than those in the snapshot."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        written = table_tasks(spec, Survey(spec, client))
    held = {task.id: task for task in snapshot.tasks("handmade")}
    for task in written:
        if task.id not in held or dump_tasks([held[task.id]]) != dump_tasks([task]):
            yield f"{task.id}: another task is made now"


def main() -> int:
    parser = argparse.ArgumentParser(description="Record a sample of the travel snapshot again, and compare.")
    parser.add_argument("--snapshot", default="travel", help="a bundled name or a folder")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"calls of each tool (default: {SAMPLE})")
    arguments = parser.parse_args()
    found = check(Snapshot.open(arguments.snapshot), arguments.sample)
    for text in found:
        print(text)
    print(f"{len(found)} differences" if found else "recorded again over tables, the same bytes")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
