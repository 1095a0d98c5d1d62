"""The bundled snapshot `travel` and the folder that records it say the same."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import tool_orch_env as toe
from tool_orch_env.record.yaml12 import parse_yaml
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.other_ways import Finder

TRAVEL = Path(__file__).parents[1] / "cache_snapshots" / "recipes" / "travel"
SPEC: dict[str, Any] = parse_yaml((TRAVEL / "record.yaml").read_text(encoding="utf-8"))
OVER_MAP = {name for name, entry in SPEC["tools"].items() if entry.get("file") == "responses-osm"}


def over_map(task: toe.Task) -> bool:
    return any(call.tool in OVER_MAP for call in task.golden)


def test_the_tools_are_those_of_the_spec() -> None:
    snapshot = toe.Snapshot.open("travel")
    assert snapshot.path is not None
    recorded = json.loads((snapshot.path / "tools.json").read_text(encoding="utf-8"))["tools"]
    for tool in recorded:
        entry = SPEC["tools"][tool["name"]]
        assert all(entry.get(field) == value for field, value in tool.items() if field != "name")
    assert [tool["name"] for tool in recorded] == list(SPEC["tools"])


def test_every_category_of_the_spec_was_imported() -> None:
    with (TRAVEL / "osm" / "categories.csv").open(encoding="utf-8") as file:
        phrases = sorted(row["phrase"] for row in csv.DictReader(file))
    parameters = SPEC["tools"]["search_nearby"]["parameters"]
    assert parameters["properties"]["category"]["enum"] == phrases


def test_a_handmade_task_over_the_map_has_distractors_of_both_families() -> None:
    tasks = [task for task in toe.load_tasks("travel", "handmade") if over_map(task)]
    assert len(tasks) == 36
    for task in tasks:
        others = set(task.tools) - {call.tool for call in task.golden}
        assert 2 <= len(others) <= 4 and others & OVER_MAP and others - OVER_MAP, task.id


def test_the_handmade_tasks_hold_the_walks_that_synthesis_does_not_make() -> None:
    tools = {call.tool for task in toe.load_tasks("travel", "handmade") for call in task.golden}
    assert {"walk_matrix", "walk_route", "walk_tour", "isochrone"} <= tools <= set(SPEC["tools"])


def test_the_synthesised_splits_are_of_the_sizes_they_should_be() -> None:
    splits = {split: toe.load_tasks("travel", split) for split in ("train", "validation", "test", "hard")}
    assert {split: len(tasks) for split, tasks in splits.items()} == {
        "train": 2000,
        "validation": 200,
        "test": 300,
        "hard": 200,
    }
    assert {len(task.golden) for task in splits["hard"]} == {8, 9, 10, 11}
    trained = [task for split in ("train", "validation", "test") for task in splits[split]]
    assert {len(task.golden) for task in trained} == {2, 3, 4, 5, 6, 7}
    assert max(task.depth for task in trained) < min(task.depth for task in splits["hard"])


@pytest.mark.data
def test_at_least_a_hundred_test_tasks_have_another_way_and_each_such_trace_scores_one(index: Index) -> None:
    """Every one, in every split: the trace that makes the other call instead of the golden one."""
    snapshot = index.snapshot
    finder = Finder(index)
    for split in ("train", "validation", "test", "hard"):
        tasks = [task for task in snapshot.tasks(split) if "other_ways" in task.meta]
        assert split != "test" or len(tasks) >= 100
        for task in tasks:
            ways = finder.find(task)
            said = [(way["instead_of"], way["tool"], way["arguments"]) for way in task.meta["other_ways"]]
            calls = [finder.index.calls[way.number] for way in ways]
            assert said == [(w.instead_of, c.tool, c.arguments) for w, c in zip(ways, calls, strict=True)]
            for way in ways:
                assert way.turns != toe.oracle_turns(task)
                assert toe.score_turns(task, way.turns, snapshot).total == 1.0, task.id
