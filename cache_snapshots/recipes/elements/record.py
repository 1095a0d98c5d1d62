"""Records the `elements` snapshot: starts the service, runs the recorder on `record.yaml`, traces the tasks.

    python -m cache_snapshots.recipes.elements.record --out DIR

Needs the `[elements]` extra. The recorder runs twice: what it recorded gives the tasks, and a second run, which
finds every answer in its journal, puts them into the folder. `openapi.json`, `parts.json`, `tasks.jsonl` and
`scenes.jsonl` beside the spec are written anew. With the same package versions, the same bytes.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from tool_orch_env import cli
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import read_tasks

from ..serving import serving
from . import openapi, parts, scenes, tasks
from .server import app

BENCHMARK = "elements-2.0"
HERE = Path(__file__).parent
SPEC, TASKS, SCENES = HERE / "record.yaml", HERE / "tasks.jsonl", HERE / "scenes.jsonl"


def record(folder: Path) -> int:
    """Write the snapshot into `folder`, a new one; returns the recorder's exit status, 0 if nothing is missing."""
    (HERE / "openapi.json").write_text(openapi.document(), encoding="utf-8")
    (HERE / "parts.json").write_text(parts.document(), encoding="utf-8")
    for path in (TASKS, SCENES):
        path.write_text("", encoding="utf-8")
    with serving(app) as url:
        os.environ["ELEMENTS_URL"] = url
        status = cli.main(["record", str(SPEC), "--out", str(folder)])
    if status == 0:
        written = tasks.text(Snapshot.open(folder))
        TASKS.write_text(written, encoding="utf-8")
        SCENES.write_bytes(scenes.text(Snapshot.open(folder), read_tasks(TASKS)))
        status = cli.main(["record", str(SPEC), "--out", str(folder)])  # asks nothing: the service has gone
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | {
            "benchmark": BENCHMARK
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (folder / "manifest.json").write_bytes(text.encode())
    for left in (".journal.jsonl", ".journal.jsonl.lock"):
        folder.with_name(folder.name + left).unlink(missing_ok=True)
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description="Record the elements snapshot from the tables in a package.")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    return record(parser.parse_args().out)


if __name__ == "__main__":
    sys.exit(main())
