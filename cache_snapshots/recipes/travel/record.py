"""Records the `travel` snapshot: starts the service, writes down the calls of the world, runs the recorder.

    python -m cache_snapshots.recipes.travel.record --out DIR [--nominatim URL --valhalla URL [--only osm]] \
        [--known FOLDER ...]

Needs the extras `[travel,record]`. The tools over the map are answered by the two servers (osm/start.sh), or taken with
their proofs from `--known`, a snapshot that holds them; without either they are left out. Answers that `--known` holds
are not asked again, once a sample of them (`--checked` of each tool) was found unchanged; of several folders, the first
that has a tool counts for it. `--only osm` records the part over the map alone, with what its tasks ask of the tables.
Nothing reads a clock: the
same versions of packages, servers and map give the same bytes. `DIR.survey` keeps the spec with its calls and tasks
until all is recorded. The tasks are those written by hand, some of them made by `handmade.py` from what was recorded;
`synthesise.py` makes the other splits from it.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import httpx

from tool_orch_env.cli.terminal import snapshots
from tool_orch_env.record import http
from tool_orch_env.record.prove import Proof
from tool_orch_env.record.spec import Spec, read_spec
from tool_orch_env.record.yaml12 import parse_yaml
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.snapshot.records import Record
from tool_orch_env.task import Task, dump_tasks

from ..serving import serving
from ..tracing import Ask
from . import again, handmade, tasks, world
from .osm import gateway, plan
from .osm import tasks as helsinki
from .server import app
from .survey import Survey

SPEC = Path(__file__).with_name("record.yaml")
MAP = "OpenStreetMap"
MAP_FILE = "responses-osm"
CHECKED = 50
"""Answers of each tool in `--known` that are compared with the service's, by default."""

Servers = tuple[str, str]
"""The URLs of Nominatim and Valhalla."""


class Known:
    """What earlier recordings hold, tool by tool. `tools` are those that have responses."""

    def __init__(self, folders: Sequence[Snapshot] = ()) -> None:
        of_tool: dict[str, Snapshot] = {}
        for snapshot in folders:
            for tool in {tool for tool, _ in snapshot.calls()}:
                of_tool.setdefault(tool, snapshot)
        self.tools = of_tool.keys()
        self._of_tool = of_tool

    def records(self, tools: Collection[str]) -> Iterator[Record]:
        """The records of these tools."""
        for snapshot in dict.fromkeys(self._of_tool.values()):
            for record in snapshot.records():
                if record.tool in tools and self._of_tool[record.tool] is snapshot and not record.task:
                    yield record

    def part(self, tools: Collection[str]) -> Snapshot:
        """These tools, without their sources, and their records as a snapshot in memory."""
        specs = [self._of_tool[tool].catalog[tool].spec for tool in tools]
        catalog = Catalog([spec.model_copy(update={"sources": {}}) for spec in specs])
        return Snapshot.from_records("known", catalog, list(self.records(tools)))

    def proofs(self, tools: Collection[str]) -> list[Proof]:
        """The proofs of the rules of these tools."""
        return [
            Proof.from_dict(entry)
            for tool in tools
            for entry in self._of_tool[tool].manifest.get("proofs", ())
            if entry["tool"] == tool
        ]


def record(
    folder: Path, servers: Servers | None, known: Known, checked: int = CHECKED, only_osm: bool = False
) -> int:
    """Write the snapshot into `folder`, a new one; returns 0 if nothing is missing and no rule was refused.

    `only_osm` leaves out the calls, rules and tasks over tables.
    """
    work = folder.with_name(folder.name + ".survey")
    versions = gateway.mount(app, *servers) if servers else {}
    with serving(app) as url:
        os.environ["TRAVEL_URL"] = url
        spec = survey(work, url, versions, known, only_osm)
        asked = {tool for tool in spec.catalog if servers or tool not in over_map(spec)}
        _take(spec, folder, known, asked, checked)
        with snapshots.RecordingBar() as bar:
            proofs = known.proofs([tool for tool in spec.catalog if tool not in asked])
            report = http.record(spec, folder, bar, proofs=proofs)
    for text in report.refused:
        print(text)
    snapshots.not_recorded(http.grouped(report.faults))
    print(f"{folder}: {report.planned} calls, {report.asked} asked, {report.reused} known before")
    if report.faults or report.refused:
        return 1
    if not only_osm and over_map(spec):
        handmade.write(folder, handmade.build(Snapshot.open(folder)))
    shutil.rmtree(work)
    for left in (".journal.jsonl", ".journal.jsonl.lock"):
        folder.with_name(folder.name + left).unlink(missing_ok=True)
    return 0


def over_map(spec: Spec) -> set[str]:
    """The tools over OpenStreetMap."""
    return {name for name, entry in spec.file.tools.items() if entry.file == MAP_FILE}


def survey(work: Path, url: str, versions: dict[str, str], known: Known, only_osm: bool) -> Spec:
    """Write into `work` the spec with its plan, the files of calls that it names, and the tasks; returns the spec.

    `versions` are those of the two servers, empty if they do not run; their tools are then answered by `known`.
    """
    spec = _spec(work, None if versions else known.tools, only_osm)
    _check_versions(spec, versions)
    map_tools = over_map(spec)
    held = None if versions or not map_tools else known.part(map_tools)
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        ask = Survey(spec, client, map_tools, held)
        written: list[Task] = []
        if not only_osm:
            for tool, calls in world.calls().items():
                for arguments in calls:
                    ask.note(tool, arguments)
            written = table_tasks(spec, ask)
        for tool, arguments in plan.calls() if versions else held.calls() if held is not None else ():
            ask.note(tool, arguments)
        if versions or held is not None:
            tables = Catalog([tool.spec for tool in spec.catalog.values() if tool.spec.name not in map_tools])
            written += helsinki.build(spec.catalog, (tables, map_tools), ask, len(written))
    ask.write(work / "calls")
    (work / spec.file.tasks["handmade"]).write_bytes(dump_tasks(written))
    return spec


def table_tasks(spec: Spec, ask: Ask) -> list[Task]:
    """The tasks written by hand over the tables."""
    map_tools = over_map(spec)
    return tasks.build(
        Catalog([tool.spec for tool in spec.catalog.values() if tool.spec.name not in map_tools]), ask
    )


def _spec(work: Path, of_map: Collection[str] | None, only_osm: bool) -> Spec:
    """The spec with its plan in its work folder, where every file that it names begins empty.

    Of the tools over the map, it has those in `of_map`; all if that is `None`. With `only_osm`, the others have no
    rules, as too little of them is recorded.
    """
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("calls", "tasks"):
        (work / folder).mkdir(parents=True)
    document = parse_yaml(SPEC.read_text(encoding="utf-8"))
    tools = {
        name: tool
        for name, tool in document["tools"].items()
        if of_map is None or name in of_map or tool.get("file") != MAP_FILE
    }
    for tool in tools.values() if only_osm else ():
        if tool.get("file") != MAP_FILE:
            for rules in ("derive", "fold", "holds"):
                tool.pop(rules, None)
    document["tools"] = tools
    document["plan"] = [{"call": name, "over": [{"file": f"calls/{name}.jsonl"}]} for name in tools]
    document["tasks"] = {"handmade": "tasks/handmade.jsonl"}
    (work / SPEC.name).write_text(json.dumps(document, indent=1), encoding="utf-8")  # JSON is YAML
    for name in (*(f"calls/{tool}.jsonl" for tool in tools), "tasks/handmade.jsonl"):
        (work / name).touch()
    return read_spec(work / SPEC.name)


def _take(spec: Spec, folder: Path, known: Snapshot, asked: Collection[str], checked: int) -> None:
    """Put into the journal of `folder` what `known` holds. Raises `SystemExit` if the service now answers otherwise.

    Of each of the tools that are `asked`, `checked` answers are compared first. Calls that the spec no longer allows
    are left out.
    """
    usable = [one for one in known.records(spec.catalog) if _is_valid(spec, one)]
    if not usable:
        return
    wrong = again.differences(spec, again.sampled(usable, asked, checked))
    if wrong:
        raise SystemExit("\n".join([f"--known: {len(wrong)} answers are others now:", *wrong[:5]]))
    with http.open_recorder(spec, folder) as recorder:
        recorder.take(usable)


def _is_valid(spec: Spec, record: Record) -> bool:
    return spec.catalog[record.tool].validator.is_valid(record.arguments)


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
    parser.add_argument(
        "--known", type=Path, nargs="+", default=(), help="snapshots whose answers are taken over"
    )
    parser.add_argument(
        "--checked", type=int, default=CHECKED, help=f"of each tool, compared first (default: {CHECKED})"
    )
    parser.add_argument("--only", choices=["osm"], help="record this part alone")
    arguments = parser.parse_args()
    if bool(arguments.nominatim) != bool(arguments.valhalla):
        parser.error("--nominatim and --valhalla go together")
    if arguments.only and not arguments.nominatim:
        parser.error("--only osm needs --nominatim and --valhalla")
    servers = (arguments.nominatim, arguments.valhalla) if arguments.nominatim else None
    known = Known([Snapshot.open(folder) for folder in arguments.known])
    return record(arguments.out, servers, known, arguments.checked, arguments.only == "osm")


if __name__ == "__main__":
    sys.exit(main())
