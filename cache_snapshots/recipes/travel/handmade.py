"""Gives a snapshot its tasks written by hand: over tables, over the map, and the requests in `people/`.

    python -m cache_snapshots.recipes.travel.handmade [--snapshot travel] [--check]

Takes a few seconds; nothing is recorded. Every call is answered by the snapshot itself. The snapshot's folder gets the
split `handmade`, its sum and its number of tasks; all else is kept. Every task is audited under all rules first, and
none may be too like another of the split. The same snapshot gives the same bytes. With `--check` nothing
is written, but compared.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tool_orch_env.language.expressions import Unsuitable
from tool_orch_env.language.scenarios import Scenario
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.snapshot.folder import find
from tool_orch_env.synth.audit import audit
from tool_orch_env.synth.audit_set import audit_set
from tool_orch_env.synth.rules import RULES
from tool_orch_env.synth.sample import generator
from tool_orch_env.synth.scenes.build import Builder
from tool_orch_env.synth.scenes.check import ANY, chosen
from tool_orch_env.synth.scenes.search import Search, Tally
from tool_orch_env.synth.scenes.world import World
from tool_orch_env.task import Task, dump_tasks

from . import tasks
from .osm import tasks as helsinki

PEOPLE = Path(__file__).with_name("people")
SPLIT = "handmade"
SEED = 0
MAP_DOMAINS = frozenset({"places", "walking"})
Call = tuple[str, dict[str, Any]]
"""Tool and arguments."""
GENERATED = ("frame", "seed", "generator")
"""Entries of `meta` that say how a task was drawn; these are not."""


def main() -> int:
    arguments = argparse.ArgumentParser(description="Give a snapshot its tasks written by hand.")
    arguments.add_argument("--snapshot", default="travel", help="a bundled name or a folder")
    arguments.add_argument("--check", action="store_true", help="write nothing; compare with the split")
    given = arguments.parse_args()
    folder = find(given.snapshot)
    snapshot = Snapshot.open(folder)
    made = build(snapshot)
    found = list(problems(made, snapshot))
    for text in found:
        print(text)
    if found:
        return 1
    if given.check:
        same = dump_tasks(made) == dump_tasks(snapshot.tasks(SPLIT))
        print(f"{len(made)} tasks, {'the same bytes' if same else 'others than the snapshot has'}")
        return int(not same)
    write(folder, made)
    print(f"{len(made)} tasks in {folder / 'tasks' / f'{SPLIT}.jsonl'}")
    return 0


def build(snapshot: Snapshot) -> list[Task]:
    """All tasks, numbered from 1: those of `tasks`, of `osm.tasks` and of `people/`."""

    def ask(tool: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        found = snapshot.lookup(tool, dict(arguments))
        if found is None:
            raise ValueError(f"{tool} {dict(arguments)}: not answered by the snapshot")
        return found.status, json.loads(found.text)

    over_map = {name for name, tool in snapshot.catalog.items() if tool.spec.domain in MAP_DOMAINS}
    tables = Catalog([tool.spec for name, tool in snapshot.catalog.items() if name not in over_map])
    made = tasks.build(tables, ask)
    made += [batched(task) for task in helsinki.build(snapshot.catalog, (tables, over_map), ask, len(made))]
    return [*made, *people(snapshot, len(made))]


def batched(task: Task) -> Task:
    """The task with its other plans: details and walks asked for at once, or one by one."""
    layers = [[(call.tool, call.arguments) for call in layer] for layer in task.layers]
    plans = []
    for says, change in (
        ("details of all places at once", lambda calls: _merged(calls, "lookup_poi", "osm_ids")),
        ("walks to all places at once", lambda calls: _merged(calls, "walk_times", "targets")),
        ("a request for each walk", lambda calls: _split(calls, "walk_times", "targets")),
    ):
        turns = [change(calls) for calls in layers]
        if turns != layers:
            named = [[{"tool": tool, "arguments": given} for tool, given in calls] for calls in turns]
            plans.append({"says": says, "turns": named})
    return task.model_copy(update={"meta": {**task.meta, "plans": plans}}) if plans else task


def _merged(calls: Sequence[Call], tool: str, listed: str) -> list[Call]:
    """The calls, those of a tool that differ in one list only as one with all of its items."""
    merged: list[Call] = []
    for name, arguments in calls:
        same = [
            one
            for one in merged
            if one[0] == name == tool and _others(one[1], listed) == _others(arguments, listed)
        ]
        if same:
            merged[merged.index(same[0])] = (
                tool,
                {**arguments, listed: same[0][1][listed] + arguments[listed]},
            )
        else:
            merged.append((name, arguments))
    return merged


def _split(calls: Sequence[Call], tool: str, listed: str) -> list[Call]:
    """The calls, those of a tool as one for each item of a list."""
    return [
        (name, {**arguments, listed: [item]} if name == tool else arguments)
        for name, arguments in calls
        for item in (arguments[listed] if name == tool else [None])
    ]


def _others(arguments: Mapping[str, Any], listed: str) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name != listed}


def people(snapshot: Snapshot, after: int, folder: Path = PEOPLE) -> Iterator[Task]:
    """The requests in `folder`, numbered on from `after`. Raises `ValueError` for one that makes no task."""
    file = chosen(folder, snapshot).file
    world = World(snapshot)
    builder = Builder(file, world, ANY)
    for number, scenario in enumerate(file.scenario, after + 1):
        yield _task(builder, Search(scenario, file, world), scenario, f"{snapshot.name}-{SPLIT}-{number:03d}")


def _task(builder: Builder, search: Search, scenario: Scenario, name: str) -> Task:
    """The task of a scenario without slots to draw; only its distractors are drawn, by a generator of its id."""
    rng, tally = generator(SEED, name), Tally()
    (frame,) = scenario.frames
    filled = next(search.fillings(frame, rng, tally), None)
    if filled is None:
        raise ValueError(f"{scenario.id}: {tally.told()}")
    try:
        task = builder.task(filled, rng, name, SEED)
    except Unsuitable as error:
        raise ValueError(f"{scenario.id}: {error}") from error
    if len(task.meta.get("plans", ())) < len(scenario.plans):
        raise ValueError(f"{scenario.id}: a plan makes a call that is not answered, or the golden calls")
    return task.model_copy(
        update={"meta": {key: value for key, value in task.meta.items() if key not in GENERATED}}
    )


def problems(made: Sequence[Task], snapshot: Snapshot) -> Iterator[str]:
    """What the audit finds, each task by itself and all together."""
    found = {task.id: audit(task, snapshot, tuple(RULES)) for task in made}
    for task_id, findings in (*found.items(), *audit_set({SPLIT: made}).items()):
        for finding in findings:
            yield f"{task_id} {finding.call}: {finding.rule}: {finding.message}"


def write(folder: Path, made: Sequence[Task]) -> None:
    """Put the split into the folder, and its sum and number into the manifest."""
    content = dump_tasks(made)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["counts"]["tasks"][SPLIT] = len(made)
    manifest["sha256"][f"tasks/{SPLIT}.jsonl"] = hashlib.sha256(content).hexdigest()
    (folder / "tasks" / f"{SPLIT}.jsonl").write_bytes(content)
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_bytes(text.encode())
    Snapshot.open(folder)  # every sum


if __name__ == "__main__":
    sys.exit(main())
