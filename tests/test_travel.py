"""The bundled snapshot `travel` and the folder that records it say the same."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import tool_orch_env as toe
from cache_snapshots.recipes.travel import handmade
from cache_snapshots.recipes.travel.osm import places
from cache_snapshots.recipes.travel.splits import GRAPH, scene_plans
from tool_orch_env.language.scenarios import read_scenarios
from tool_orch_env.language.scenarios.format import REGISTERS
from tool_orch_env.record.yaml12 import parse_yaml
from tool_orch_env.snapshot.catalog import ToolSpec
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.other_ways import Finder
from tool_orch_env.synth.wording import wording
from tool_orch_env.task import dump_tasks

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
        declared = {field: entry[field] for field in ToolSpec.model_fields if field in entry}
        assert ToolSpec(name=tool["name"], **declared) == ToolSpec.model_validate(tool)
    assert [tool["name"] for tool in recorded] == list(SPEC["tools"])


def test_every_category_of_the_spec_was_imported() -> None:
    with (TRAVEL / "osm" / "categories.csv").open(encoding="utf-8") as file:
        phrases = {row["phrase"] for row in csv.DictReader(file)}
    parameters = SPEC["tools"]["search_nearby"]["parameters"]
    assert parameters["properties"]["category"]["enum"] == sorted(places.CATEGORIES)
    assert set(places.CATEGORIES) <= phrases


def test_a_handmade_task_over_the_map_has_distractors_of_both_families() -> None:
    written = toe.load_tasks("travel", "handmade")
    tasks = [task for task in written if over_map(task) and "scenario" not in task.meta]
    assert len(tasks) == 36
    for task in tasks:
        others = set(task.tools) - {call.tool for call in task.golden}
        assert 2 <= len(others) <= 4 and others & OVER_MAP and others - OVER_MAP, task.id


def test_the_tasks_written_by_hand_are_what_their_recipe_makes_and_the_audit_finds_nothing() -> None:
    snapshot = toe.Snapshot.open("travel")
    made = handmade.build(snapshot)
    assert dump_tasks(made) == dump_tasks(snapshot.tasks("handmade"))
    assert not list(handmade.problems(made, snapshot))


def test_the_requests_of_people_are_short_and_of_many_registers() -> None:
    tasks = [task for task in toe.load_tasks("travel", "handmade") if "scenario" in task.meta]
    words = [len(task.request.split()) for task in tasks]
    calls = [len(task.golden) for task in tasks]
    assert len(tasks) == 54 and max(words) <= 60 and sum(words) <= 9 * sum(calls)
    assert min(calls) == 2 and max(calls) <= 8
    assert {task.meta["register"] for task in tasks} == set(REGISTERS)
    domains = {tool.spec.domain for tool in toe.Snapshot.open("travel").catalog.values()}
    assert {domain for task in tasks for domain in task.meta["domains"]} == domains


def test_a_scenario_that_makes_no_task_is_refused_by_name(tmp_path: Path) -> None:
    snapshot = toe.Snapshot.open("travel")
    text = (handmade.PEOPLE / "common.toml").read_text(encoding="utf-8")
    (tmp_path / "common.toml").write_text(text, encoding="utf-8")
    (tmp_path / "one.toml").write_text(
        """
[[scenario]]
id = "nobody"
goal = "g"
asker = "a"
steps = [{id = "c", call = "get_airport(iata='GDN')"}]
sense = ["c.city == 'Oslo'"]
asks = [{name = "city", value = "c.city"}]
frames = [{text = "Which city is GDN?"}]
""",
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match=r"nobody: sense: c\.city =="):
        list(handmade.people(snapshot, 0, tmp_path))


def test_the_handmade_tasks_hold_the_walks_that_synthesis_does_not_make() -> None:
    tools = {call.tool for task in toe.load_tasks("travel", "handmade") for call in task.golden}
    assert {"walk_times", "walk_route", "isochrone"} <= tools <= set(SPEC["tools"])


def test_the_synthesised_splits_are_of_the_sizes_they_should_be() -> None:
    file = read_scenarios("travel")
    sizes = {plan.name: plan.n for plan in (*scene_plans(file), *GRAPH)}
    splits = {name: toe.load_tasks("travel", name) for name in sizes}
    assert {name: len(tasks) for name, tasks in splits.items()} == sizes
    assert {len(task.golden) for task in splits["hard"]} <= set(range(8, 15))
    assert {len(task.golden) for task in splits["graph-hard"]} == {8, 9, 10, 11}
    trained = [task for name in ("train", "validation", "test") for task in splits[f"graph-{name}"]]
    assert {len(task.golden) for task in trained} == {2, 3, 4, 5, 6, 7}
    assert max(task.depth for task in trained) < min(task.depth for task in splits["graph-hard"])


def test_the_splits_share_no_scenario_and_hold_all_frames_of_theirs() -> None:
    file = read_scenarios("travel")
    plans = scene_plans(file)
    homes = [name for plan in plans for name in plan.only]
    assert sorted(homes) == sorted(one.id for one in file.scenario)
    for plan in plans:
        frames = {
            (one.id, at) for one in file.scenario if one.id in plan.only for at in range(len(one.frames))
        }
        held = {(task.meta["scenario"], task.meta["frame"]) for task in toe.load_tasks("travel", plan.name)}
        assert held <= frames and len(held) >= 0.9 * len(frames), plan.name
    assert len(next(plan for plan in plans if plan.name == "test").only) >= 15


def test_the_requests_read_like_those_of_people() -> None:
    """The targets of docs/scenarios.md, by split."""
    snapshot = toe.Snapshot.open("travel")
    for split, most in (("train", 60), ("validation", 60), ("test", 60), ("hard", 120)):
        found = wording(snapshot.tasks(split), snapshot)
        assert found.longest <= most and found.words_per_call <= 10, (split, found)
        assert found.lettered <= 0.02 and found.unconnected is not None and found.unconnected <= 0.05, (
            split,
            found,
        )
    found = wording(snapshot.tasks("test"), snapshot)
    assert found.common_opening <= 0.02 and found.openings >= 0.4, found


@pytest.mark.data
def test_at_least_a_hundred_test_tasks_have_another_way_and_each_such_trace_scores_one(index: Index) -> None:
    """Every one, in every split: the trace that makes the other call instead of the golden one."""
    snapshot = index.snapshot
    finder = Finder(index)
    outdated = 0  # listed before the reward asked where a call's arguments come from
    for plan in GRAPH:
        tasks = [task for task in snapshot.tasks(plan.name) if "other_ways" in task.meta]
        assert plan.name != "graph-test" or len(tasks) >= 100
        for task in tasks:
            ways = finder.find(task)
            said = [(way["instead_of"], way["tool"], way["arguments"]) for way in task.meta["other_ways"]]
            calls = [finder.index.calls[way.number] for way in ways]
            found = [(w.instead_of, c.tool, c.arguments) for w, c in zip(ways, calls, strict=True)]
            outdated += said != found
            assert all(one in said for one in found)
            for way in ways:
                assert way.turns != toe.oracle_turns(task)
                assert toe.score_turns(task, way.turns, snapshot).total == 1.0, task.id
    assert outdated <= 18
