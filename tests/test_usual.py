"""Calls as a person would make them: a recording's widest limits and amounts of 1 are no part of a task."""

import json

import pytest
import toy_api as toys

from tool_orch_env.language.corpus import corpus
from tool_orch_env.language.usual import usual
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.synth.audit import audit
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights

WORLD = toys.snapshot()
RECORDS = {(record.tool, json.dumps(record.arguments)): record for record in WORLD.records()}
HITS = [record for record in RECORDS.values() if 200 <= record.status < 400]


def asked(tool: str, **arguments: object) -> dict[str, object]:
    """The call that is indexed for a recorded one."""
    return usual(WORLD, RECORDS[tool, json.dumps(arguments)]).arguments


def test_a_limit_or_bound_that_is_only_the_recorded_maximum_is_left_out() -> None:
    assert asked("shops", name="Straße 7", limit=20) == {"name": "Straße 7"}
    assert asked("near", place="north", radius_km=10, limit=40) == {"place": "north"}


def test_another_limit_stays() -> None:
    assert asked("near", place="north", limit=3) == {"place": "north", "limit": 3}


def test_an_amount_of_one_becomes_another_amount_and_not_the_same_for_all() -> None:
    units = [name for name in toys.UNITS if toys.UNITS[name][0] == toys.UNITS["metre"][0]]
    values = [asked("convert", value=1, from_unit="metre", to_unit=unit)["value"] for unit in units]
    assert 1 not in values
    assert len(set(values)) > 1


@pytest.mark.parametrize("record", HITS, ids=lambda record: f"{record.tool}{record.arguments}")
def test_the_snapshot_answers_the_usual_call_which_is_usual_itself(record: object) -> None:
    found = usual(WORLD, record)  # type: ignore[arg-type]
    assert WORLD.lookup(found.tool, found.arguments) == (found.status, found.text)
    assert WORLD.key(found.tool, found.arguments) == found.key
    assert usual(WORLD, found) == found


def test_a_call_that_the_snapshot_does_not_answer_is_not_indexed_in_its_place() -> None:
    tools = toys.catalog()
    body = toys.Api().near("north", 10, 2)[1]  # cut short: the bound cannot be derived
    record = make_record(tools, "near", {"place": "north", "radius_km": 10, "limit": 2}, 200, body)
    assert usual(Snapshot.from_records("cut", tools, [record]), record) == record


def test_a_bound_that_has_to_be_stated_gets_a_usual_value() -> None:
    schema = toys._object(
        ["place", "limit"], place={"type": "string"}, limit={"type": "integer", "minimum": 1}
    )
    rule = {"rule": "prefix", "parameter": "limit", "at": "", "recorded": [40]}
    tools = Catalog([ToolSpec.model_validate({"name": "shops", "parameters": schema, "derive": [rule]})])
    record = make_record(tools, "shops", {"place": "Oslo", "limit": 40}, 200, [{"n": n} for n in range(40)])
    found = usual(Snapshot.from_records("stated", tools, [record]), record)
    assert found.arguments["place"] == "Oslo"
    assert len(json.loads(found.text)) == found.arguments["limit"] < 40


def test_calls_without_rules_are_indexed_as_recorded() -> None:
    demo = Snapshot.open("demo")
    calls = {call.key: call.arguments for call in corpus(demo).calls}
    recorded = {record.key: record.arguments for record in demo.records()}
    assert calls == {key: recorded[key] for key in calls}


def test_one_call_to_a_person_is_indexed_once() -> None:
    keys = [call.key for call in corpus(WORLD).calls]
    assert len(keys) == len(set(keys))
    assert WORLD.key("shops", {"name": "Kappeli"}) in keys  # recorded with the limit and without it


def test_tasks_of_a_closed_world_ask_as_a_person_does_and_are_sound() -> None:
    targets = Targets(calls=weights("1-2"), depth=weights("1-2"), distractors=weights(0))
    tasks = list(synthesise(Index(WORLD), targets, 12, seed=5))
    golden = [call for task in tasks for call in task.golden]
    assert not [call.arguments for call in golden if call.arguments.get("limit") in (20, 40)]
    assert not [call.arguments for call in golden if call.arguments.get("value") == 1]
    assert any(WORLD.get(WORLD.key(call.tool, call.arguments)) is None for call in golden)
    assert [audit(task, WORLD) for task in tasks] == [[]] * len(tasks)


def test_the_paging_that_is_the_default_is_left_out_and_other_pages_stay() -> None:
    paged = {"page": {"type": "integer", "default": 1}, "kind": {"type": "string"}}
    tool = ToolSpec(name="list", parameters={"type": "object", "properties": paged})
    tools = Catalog([tool])
    first, second = (
        make_record(tools, "list", {"kind": "tea", "page": page}, 200, {"rows": [page]}) for page in (1, 2)
    )
    shop = Snapshot.from_records("paged", tools, [first, second])
    assert usual(shop, first).arguments == {"kind": "tea"}
    assert usual(shop, second) == second
