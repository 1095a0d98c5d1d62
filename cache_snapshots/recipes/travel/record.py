"""Records the `travel` snapshot: starts the service, surveys it, runs the recorder on what the survey found.

    python -m cache_snapshots.recipes.travel.record --out DIR [--nominatim URL --valhalla URL]

Needs the extras `[travel,record]`. Without the URLs of the two servers (osm/start.sh) only the tools over tables
are recorded, and `responses-osm.jsonl.gz` stays empty. Nothing reads a clock: the same versions of packages, servers
and map give the same bytes. `DIR.survey` keeps the spec with its calls and tasks until all is recorded. The tasks are
those written by hand; `synthesise.py` makes the other splits from what was recorded.
"""

import argparse
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import httpx

from tool_orch_env import cli
from tool_orch_env.record.spec import Spec, read_spec
from tool_orch_env.record.yaml12 import parse_yaml
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.task import dump_tasks

from ..serving import serving
from . import neighbours, tasks
from .osm import gateway, plan
from .osm import tasks as helsinki
from .server import app
from .survey import Survey

SPEC = Path(__file__).with_name("record.yaml")
MAP = "OpenStreetMap"


def record(folder: Path, osm: tuple[str, str] | None) -> int:
    """Write the snapshot into `folder`, a new one; returns the recorder's exit status, 0 if nothing is missing.

    `osm`: the URLs of Nominatim and Valhalla; `None` to leave their tools without responses and tasks.
    """
    work = folder.with_name(folder.name + ".survey")
    versions = gateway.mount(app, *osm) if osm else {}
    with serving(app) as url:
        os.environ["TRAVEL_URL"] = url
        survey(work, url, versions, osm is not None)
        status = cli.main(["record", str(work / SPEC.name), "--out", str(folder)])
    if status == 0:
        shutil.rmtree(work)
        folder.with_name(folder.name + ".journal.jsonl").unlink()
    return status


def survey(work: Path, url: str, versions: dict[str, str], osm: bool) -> None:
    """Write into `work` the spec, the files of calls that its plan names, and the tasks."""
    spec = _spec(work)
    _check_versions(spec, versions)
    over_map = {name for name, entry in spec.file.tools.items() if entry.file == "responses-osm"}
    tables = Catalog([tool.spec for tool in spec.catalog.values() if tool.spec.name not in over_map])
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        ask = Survey(spec, client)
        written = tasks.build(tables, ask)
        neighbours.explore(ask, [(call.tool, call.arguments) for task in written for call in task.golden])
        if osm:
            plan.explore(ask)
            written += helsinki.build(spec.catalog, (tables, over_map), ask, len(written))
    ask.write(work / "calls")
    (work / spec.file.tasks["handmade"]).write_bytes(dump_tasks(written))


def _spec(work: Path) -> Spec:
    """The spec in its work folder, where every file that it names begins empty."""
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("calls", "tasks"):
        (work / folder).mkdir(parents=True)
    shutil.copy(SPEC, work)
    named = parse_yaml(SPEC.read_text(encoding="utf-8"))
    for name in (*(f"calls/{tool}.jsonl" for tool in named["tools"]), *named["tasks"].values()):
        (work / name).touch()
    return read_spec(work / SPEC.name)


def _check_versions(spec: Spec, servers: dict[str, str]) -> None:
    """Raises `SystemExit` if the spec states other versions than those that answer."""
    stated = {source["name"]: source["version"] for source in spec.file.sources}
    found = {name: version(name) for name in stated if name != MAP}
    if servers:
        found[MAP] = ", ".join([stated[MAP].split(", ")[0], *map(" ".join, servers.items())])
    wrong = [
        f"{name}: {stated[name]} stated, {found[name]} found" for name in found if found[name] != stated[name]
    ]
    if wrong:
        raise SystemExit(f"{SPEC.name}: " + "; ".join(wrong))


def main() -> int:
    parser = argparse.ArgumentParser(description="Record the travel snapshot.")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--nominatim", help="URL of Nominatim over the Helsinki extract")
    parser.add_argument("--valhalla", help="URL of Valhalla over the Helsinki extract")
    arguments = parser.parse_args()
    if bool(arguments.nominatim) != bool(arguments.valhalla):
        parser.error("--nominatim and --valhalla go together")
    return record(arguments.out, (arguments.nominatim, arguments.valhalla) if arguments.nominatim else None)


if __name__ == "__main__":
    sys.exit(main())
