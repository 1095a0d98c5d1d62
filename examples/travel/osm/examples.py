"""Writes examples.jsonl: tasks over the Helsinki tools, traced over HTTP and audited against a recording.

    python examples/travel/osm/examples.py --recording responses-osm.jsonl --out examples/travel/osm/examples.jsonl

The servers must be running. A golden call that the recording lacks is reported, not recorded.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import osm_tools
import walks
from ask import Servers
from osm_tracing import Trace

from tool_orch_env import snapshot
from tool_orch_env.synth.audit import audit
from tool_orch_env.task import Task, dump_tasks

# template, its entities, request
ASKED: tuple[tuple[Any, dict[str, Any], str], ...] = (
    (
        walks.nearest_and_detail,
        {"start": "Hilton Helsinki Strand", "category": "museum", "tag": "wheelchair"},
        "I'm staying at Hilton Helsinki Strand. Of every museum that a search near Hilton Helsinki Strand lists, "
        "which is the nearest on foot, how many kilometres is the walk, and what is mapped about its wheelchair "
        "access?",
    ),
    (
        walks.nearest_and_detail,
        {"start": "Scandic Kaisaniemi", "category": "pharmacy", "tag": "wheelchair"},
        "Which pharmacy is the nearest on foot to Scandic Kaisaniemi? Give the distance in km and its mapped "
        "wheelchair access.",
    ),
    (
        walks.farthest,
        {"start": "Hotel Haven", "category": "library"},
        "List each library near Hotel Haven and tell me which one is the farthest to walk to, and how many "
        "kilometres it is.",
    ),
    (
        walks.second_nearest,
        {"start": "Klaus K", "category": "theatre"},
        "The theatre nearest to the hotel Klaus K is sold out. Which theatre is the second nearest on foot, and "
        "how many kilometres is it?",
    ),
    (
        walks.which_is_closer,
        {"hotels": ("Hotel Kämp", "Hotel Arthur"), "target": "Ateneum"},
        "Hotel Kämp or Hotel Arthur: which is the shorter walk to Ateneum? Give both distances in km.",
    ),
    (
        walks.details,
        {"name": "Hilton Helsinki Strand", "tags": ("stars", "rooms", "start_date")},
        "How many stars and how many rooms does Hilton Helsinki Strand have, and what start date is mapped for it?",
    ),
    (
        walks.access_of_several,
        {"names": ("Kinopalatsi", "Päivälehti museum", "Swedish Theatre")},
        "What does the map say about wheelchair access at Kinopalatsi, at the Päivälehti museum and at the "
        "Swedish Theatre?",
    ),
    (
        walks.street_of_a_place,
        {"start": "Hotelli Torni", "category": "museum"},
        "Hotelli Torni is mapped as an outline, so search around the street it stands on instead: which street is "
        "that, and which museum near it is the nearest on foot from the hotel?",
    ),
    (
        walks.then_on,
        {"start": "Hotel Arthur", "first": "cinema", "then": "pharmacy"},
        "From Hotel Arthur I walk to the nearest cinema, and from that one on to the pharmacy nearest to it. "
        "Name both and give the two distances in km.",
    ),
    (
        walks.through,
        {"stops": ("Radisson Blu Plaza", "Ateneum", "Savoy Theatre")},
        "I walk from Radisson Blu Plaza to Ateneum and on to the Savoy Theatre. How many kilometres is that in "
        "all, and how many of them are the second leg?",
    ),
    (
        walks.first_street,
        {"start": "Hotelli Fabian", "goal": "Bank of Finland Museum"},
        "I walk from Hotelli Fabian to the Bank of Finland Museum: on which street do the directions begin, and "
        "how long is the way in km?",
    ),
    (
        walks.tour,
        {
            "start": "Hilton Helsinki Strand",
            "visits": ("Päivälehti museum", "Ateneum", "Kinopalatsi"),
            "end": "Klaus K",
        },
        "I start at Hilton Helsinki Strand, want to visit the Päivälehti museum, Ateneum and Kinopalatsi in "
        "whatever order is quickest on foot, and end at Klaus K. How long is that in km, which of the three comes "
        "first, and what is mapped about wheelchair access there?",
    ),
    (
        walks.edge_of_reach,
        {"start": "Hotel Kämp", "minutes": 10, "axis": 1, "choose": max},
        "Take the polygon of the area within 10 minutes on foot of Hotel Kämp. What is the address at its northernmost "
        "corner: "
        "street and postcode?",
    ),
    (
        walks.what_stands_here,
        {"lat": 60.1702622, "lon": 24.944182, "tags": ("artist_name", "start_date")},
        "What is mapped at latitude 60.1702622, longitude 24.944182? Name, artist and start date, please.",
    ),
    (
        walks.nearest_to_each,
        {"starts": ("Hotel Haven", "Hotel Arthur"), "category": "cinema"},
        "Two of us stay at Hotel Haven and at Hotel Arthur. Which cinema is the nearest on foot to each of the two "
        "hotels, and how many km is each walk?",
    ),
)


def build(servers: Servers) -> list[Task]:
    tasks = []
    for number, (template, entities, request) in enumerate(ASKED, 1):
        trace = Trace(servers)
        template(trace, **entities)
        task = Task(
            id=f"osm-example-{number:02}",
            snapshot="travel",
            request=request,
            tools=tuple(osm_tools.ENDPOINTS),
            golden=tuple(trace.golden),
            answer=tuple(trace.facts),
            meta={"template": template.__name__, "domains": sorted(_domains(trace))},
        )
        tasks.append(task)
    return tasks


def _domains(trace: Trace) -> set[str]:
    by_tool = {name: domain for name, domain, _, _ in osm_tools.TABLE}
    return {by_tool[call.tool] for call in trace.golden}


def findings(tasks: list[Task], recording: Path) -> list[str]:
    """What the audit says of the tasks on the recording."""
    catalog = osm_tools.catalog()
    lines = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    held = snapshot.Snapshot.from_records(
        "travel", catalog, [snapshot.make_record(catalog, **line) for line in lines]
    )
    return [
        f"{task.id} {finding.call}{finding.argument} {finding.rule}: {finding.message}"
        for task in tasks
        for finding in audit(task, held)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Trace and audit the example tasks.")
    parser.add_argument("--recording", type=Path, required=True, help="what record_osm.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--nominatim", default="http://127.0.0.1:8088")
    parser.add_argument("--valhalla", default="http://127.0.0.1:8002")
    arguments = parser.parse_args()
    tasks = build(Servers({"nominatim": arguments.nominatim, "valhalla": arguments.valhalla}))
    problems = findings(tasks, arguments.recording)
    arguments.out.write_bytes(dump_tasks(tasks))
    print("\n".join(problems) or f"{arguments.out}: {len(tasks)} tasks, nothing found by the audit")
    raise SystemExit(bool(problems))


if __name__ == "__main__":
    main()
