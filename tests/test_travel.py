"""The bundled snapshot `travel` and the folder that records it say the same."""

import csv
import json
from pathlib import Path
from typing import Any

import tool_orch_env as toe
from tool_orch_env.record.yaml12 import parse_yaml

TRAVEL = Path(__file__).parents[1] / "examples" / "travel"
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


def test_a_task_over_the_map_has_distractors_of_both_families() -> None:
    tasks = [task for task in toe.load_tasks("travel") if over_map(task)]
    assert len(tasks) == 36
    for task in tasks:
        others = set(task.tools) - {call.tool for call in task.golden}
        assert 2 <= len(others) <= 4 and others & OVER_MAP and others - OVER_MAP, task.id


def test_some_templates_and_hotels_stand_in_the_test_split_only() -> None:
    seen = [task for split in ("train", "validation") for task in toe.load_tasks("travel", split)]
    test = [task for task in toe.load_tasks("travel", "test") if over_map(task)]
    assert {"tour", "edge_of_reach"} <= {t.meta["template"] for t in test} - {
        t.meta["template"] for t in seen
    }
    for hotel in ("Hilton Helsinki Strand", "Hotel Arthur", "Hotel Haven", "Hotelli Torni", "Klaus K"):
        assert any(hotel in task.request for task in test)
        assert not any(hotel in task.request for task in seen)
