"""Make the snapshot `demo`: six tasks of `travel` 1.1 and the recorded responses around them.

    python -m cache_snapshots.recipes.demo [--travel FOLDER] [--out FOLDER]

`demo` is a fixture for tests, documentation and examples, so that they can name a task that never changes; it is not a
benchmark. It was made once, from `travel` 1.1.0, and stays as it is when `travel` is recorded anew. The same `travel`
gives the same bytes. Its responses are those of the golden calls, the flights that a golden list offers, and a few
others.
"""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.snapshot.folder import bundled_folder, read_manifest, write
from tool_orch_env.task import Task

MADE_FROM = "1.1.0"
TASKS = {  # in the order of their new ids
    "travel-handmade-013": "demo-001",
    "travel-handmade-003": "demo-002",
    "travel-handmade-015": "demo-003",
    "travel-test-00035": "demo-004",
    "travel-test-00079": "demo-005",
    "travel-test-00047": "demo-006",
}
LEFT_OUT = ("lookup_poi", "reverse_geocode", "walk_tour", "walk_route")
"""Tools over OpenStreetMap, whose licence is another: distractors in `travel`, not offered here."""
ALSO = ("travel-handmade-014", "travel-handmade-016", "travel-handmade-025")
"""Tasks that are not taken, but the responses to whose calls are kept, so that there is something else to ask for."""
FLIGHTS = 5
"""Flights of a golden list whose `get_flight` is kept, in the order of the list."""

NOTICE = """# Notice

Snapshot `demo`: six tasks and a few dozen responses taken from the snapshot `travel` 1.1.0 by
`cache_snapshots/recipes/demo.py`. It is a fixture and an example for tests and documentation, **not a benchmark**: it
is too small to train on or to compare agents with.

The responses are those of `travel`, unchanged; nothing in them is from OpenStreetMap. The values are real: they were
looked up in the tables named below. The queries, the shapes of the responses and the `flight_id` values are this
project's own. Currency conversions are computed from the reference rates and are for information only.

"""


def tasks(travel: Snapshot) -> list[Task]:
    known = {task.id: task for task in travel.tasks()}
    return [
        known[old].model_copy(
            update={
                "id": new,
                "snapshot": "demo",
                "tools": tuple(tool for tool in known[old].tools if tool not in LEFT_OUT),
                "meta": {**known[old].meta, "taken_from": old},
            }
        )
        for old, new in TASKS.items()
    ]


def calls(travel: Snapshot, chosen: list[Task], tools: set[str]) -> Iterator[tuple[str, dict]]:
    """The calls whose responses are kept; some twice."""
    for task in chosen:
        for call in task.golden:
            yield call.tool, dict(call.arguments)
            reply = travel.lookup(call.tool, call.arguments)
            assert reply is not None, (task.id, call.id)
            if call.tool == "search_flights":
                for flight in json.loads(reply.text)["flights"][:FLIGHTS]:
                    if travel.lookup("get_flight", one := {"flight_id": flight["flight_id"]}):
                        yield "get_flight", one
    for task in travel.tasks():
        if task.id in ALSO:
            yield from ((call.tool, dict(call.arguments)) for call in task.golden if call.tool in tools)
    for tool in sorted(tools):  # the shortest response: an empty list, or an error
        recorded = [(name, arguments) for name, arguments in travel.calls() if name == tool]
        yield min(recorded, key=lambda call: _size(travel, *call))


def _size(travel: Snapshot, tool: str, arguments: dict) -> tuple[int, str]:
    reply = travel.lookup(tool, arguments)
    assert reply is not None
    return len(reply.text), travel.key(tool, arguments)


def catalog(travel: Snapshot, tools: set[str]) -> Catalog:
    """The tools as `travel` has them, less the declared sources that are not kept."""
    specs = [tool.spec for tool in travel.catalog.values() if tool.name in tools]
    kept = [
        {name: tuple(one for one in sources if one.tool in tools) for name, sources in spec.sources.items()}
        for spec in specs
    ]
    return Catalog(
        [
            spec.model_copy(update={"sources": {name: some for name, some in sources.items() if some}})
            for spec, sources in zip(specs, kept, strict=True)
        ]
    )


def make(folder: Path, of: str = "travel") -> None:
    """Write the snapshot into `folder`, a new one; `of` is `travel` 1.1.0 by name or path."""
    travel = Snapshot.open(of)
    assert travel.path is not None
    manifest = read_manifest(travel.path)
    if manifest["version"] != MADE_FROM:
        raise SystemExit(f"demo is made from travel {MADE_FROM}; {of} is {manifest['version']}")
    sources = [one for one in manifest["sources"] if one["name"] != "OpenStreetMap"]
    chosen = tasks(travel)
    tools = catalog(travel, {tool for task in chosen for tool in task.tools})
    kept = {travel.key(*call) for call in calls(travel, chosen, set(tools))}
    attributions = "".join(
        textwrap.fill(
            f"- **{one['name']} {one['version']}** ({one['licence']}): {one['content']}. {one['attribution']}.",
            width=118,
            subsequent_indent="  ",
        )
        + "\n"
        for one in sources
    )
    licences = (travel.path / "NOTICE.md").read_text(encoding="utf-8")
    end = licences[licences.index("GeoNames data:") : licences.index("## OpenStreetMap")]
    mit = licences[licences.index("## MIT licence") :]
    write(
        folder,
        name="demo",
        version="1.0.0",
        licence="CC-BY-4.0 AND CC0-1.0 AND MIT AND Apache-2.0",
        sources=sources,
        captured=manifest["captured"],
        catalog=tools,
        records={"responses": [record for record in travel.records() if record.key in kept]},
        splits={"train": chosen[:3], "test": chosen[3:]},
        notice=f"{NOTICE}{attributions}\n{end}{mit}",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the snapshot `demo` from `travel` 1.1.0.")
    parser.add_argument(
        "--travel", default="travel", help="`travel` 1.1.0, a folder if the bundled one is newer"
    )
    parser.add_argument("--out", type=Path, default=bundled_folder() / "demo", help="replaced if it exists")
    given = parser.parse_args()
    shutil.rmtree(given.out, ignore_errors=True)
    make(given.out, given.travel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
