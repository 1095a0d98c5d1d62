"""Records the `travel` snapshot: starts the server on the loopback, asks it over HTTP, writes the folder.

    python -m examples.travel.record --out DIR [--captured 2026-11-22]

Needs the `[travel]` extra. The plan is fixed and nothing reads a clock, so two runs with the same package
versions give the same bytes.
"""

import argparse
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
from rich.progress import Progress

from tool_orch_env import snapshot
from tool_orch_env.snapshot import Record

from ..serving import serving
from . import neighbours, notice, tasks, tools
from .server import app

VERSION = "1.0.0"
CAPTURED = "2026-11-22"


class Recorder:
    """Asks each call once over HTTP and keeps the answer. Only calls that satisfy the schema are sent."""

    def __init__(self, client: httpx.Client) -> None:
        self.catalog = tools.catalog()
        self.records: dict[str, Record] = {}
        self._client = client
        self._answers: dict[str, tuple[int, Any]] = {}

    def ask(self, tool: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and response; raises `UsageError` for an invalid call, `RuntimeError` for another status."""
        key = snapshot.make_record(self.catalog, tool, dict(arguments), 200, None).key
        if key not in self._answers:
            reply = self._client.get(f"/{tool}", params=dict(arguments))
            if reply.status_code not in (200, 404):
                raise RuntimeError(f"{tool} {arguments}: status {reply.status_code}: {reply.text[:200]}")
            self._answers[key] = reply.status_code, reply.json()
            self.records[key] = snapshot.make_record(
                self.catalog, tool, dict(arguments), reply.status_code, reply.json()
            )
        return self._answers[key]


def record(folder: Path, captured: str) -> int:
    """Write the snapshot into `folder`; returns the number of responses."""
    with serving(app) as url, httpx.Client(base_url=url, timeout=60) as client, Progress() as progress:
        bar = progress.add_task("asking")
        recorder = Recorder(client)
        splits = tasks.build(recorder.catalog, recorder.ask)
        golden = [
            (call.tool, call.arguments) for some in splits.values() for task in some for call in task.golden
        ]
        neighbours.explore(
            recorder.ask, golden, lambda done, of: progress.update(bar, completed=done, total=of)
        )
    versions = {name: version(name) for name in notice.PACKAGES}
    snapshot.write(
        folder,
        name="travel",
        version=VERSION,
        licence=notice.LICENCE,
        sources=notice.sources(versions),
        captured=captured,
        catalog=recorder.catalog,
        records={"responses": list(recorder.records.values())},
        splits=splits,
        notice=notice.text(versions, captured),
    )
    return len(recorder.records)


def main() -> None:
    parser = argparse.ArgumentParser(description="Record the travel snapshot from the tables in packages.")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--captured", default=CAPTURED, help="capture date written into the manifest")
    arguments = parser.parse_args()
    count = record(arguments.out, arguments.captured)
    print(f"{arguments.out}: {count} responses")


if __name__ == "__main__":
    main()
