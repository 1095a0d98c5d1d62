"""The second bundled snapshot: for generalisation only, as its spec says, and closed: a valid call is answered."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cache_snapshots.recipes.elements import scenes
from tool_orch_env.answers.mentions import mentions
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, Tool
from tool_orch_env.snapshot.records import Record
from tool_orch_env.task import dump_tasks, read_tasks

HERE = Path(__file__).parent
FOLDER = HERE.parent / "cache_snapshots" / "recipes" / "elements"
BY_HAND = [
    json.loads(line) for line in (HERE / "corpora" / "elements-calls.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def elements() -> Snapshot:
    return Snapshot.open("elements")


def test_every_task_is_held_out(elements: Snapshot) -> None:
    assert {split: len(elements.tasks(split)) for split in elements.splits} == {"test": 60, "handmade": 40}


def test_the_scenarios_give_the_test_tasks(elements: Snapshot) -> None:
    assert scenes.text(elements, elements.tasks("handmade")) == dump_tasks(elements.tasks("test"))


def test_no_template_and_no_tool_is_shared_with_travel(elements: Snapshot) -> None:
    travel = Snapshot.open("travel")
    templates = [{task.meta["template"] for task in some.tasks()} for some in (elements, travel)]
    assert not templates[0] & templates[1]
    assert not set(elements.catalog) & set(travel.catalog)


def test_no_request_states_what_only_a_tool_can_tell(elements: Snapshot) -> None:
    """The tasks from scenarios also ask for yes or no, and which of the elements that they name it is."""
    for task in elements.tasks():
        bound = [
            call.arguments[name]
            for call in task.golden
            for name in call.bindings
            if "enum" not in elements.catalog[call.tool].properties[name]  # a unit that people say
        ]
        asked = [] if "scenario" in task.meta else [fact.value for fact in task.answer]
        for value in (*bound, *asked):
            assert not mentions(task.request, value), (task.id, value)


def test_the_spec_beside_the_service_gives_these_tools_and_tasks(elements: Snapshot) -> None:
    pytest.importorskip("httpx", reason="needs the extra [record]")
    from tool_orch_env.record.spec import read_spec

    spec = read_spec(FOLDER / "record.yaml", {"ELEMENTS_URL": "http://127.0.0.1:1"})
    assert spec.catalog.dump() == elements.catalog.dump()
    assert read_tasks(FOLDER / "tasks.jsonl") == elements.tasks("handmade")
    assert read_tasks(FOLDER / "scenes.jsonl") == elements.tasks("test")


def of_schema(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """The values that a parameter's schema allows."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    if schema["type"] == "string":
        few = st.text("aeinorstum \u0301", min_size=schema["minLength"], max_size=schema["minLength"] + 2)
        return few | st.text(min_size=schema["minLength"], max_size=schema["maxLength"])
    numbers = st.integers if schema["type"] == "integer" else st.floats
    return numbers(min_value=schema["minimum"], max_value=schema["maximum"])


def calls_of(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    values = {name: of_schema(schema) for name, schema in tool.properties.items()}
    return st.fixed_dictionaries(
        {name: values[name] for name in tool.required},
        optional={name: value for name, value in values.items() if name not in tool.required},
    )


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_every_valid_call_is_answered(elements: Snapshot, data: st.DataObject) -> None:
    tool = elements.catalog[data.draw(st.sampled_from(sorted(elements.catalog)))]
    arguments = data.draw(calls_of(tool))
    assert tool.validator.is_valid(arguments)
    assert elements.lookup(tool.name, arguments) is not None


def test_calls_as_an_agent_writes_them_are_answered(elements: Snapshot) -> None:
    assert {call["tool"] for call in BY_HAND} == set(elements.catalog)
    for call in BY_HAND:
        assert elements.catalog[call["tool"]].validator.is_valid(call["arguments"]), call
        assert elements.lookup(call["tool"], call["arguments"]) is not None, call


def test_every_row_of_a_list_has_all_its_details(elements: Snapshot) -> None:
    """No row tells by a missing answer that it is not the one to choose."""
    ids: dict[str, set[str]] = {
        "element_id": set(),
        "isotope_id": set(),
        "group_id": set(),
        "series_id": set(),
    }
    for record in elements.records():
        for name, found in ids.items():
            if record.status < 400:
                found |= set(_values(json.loads(record.text), name))
    for tool in elements.catalog.values():
        for name in ids.keys() & tool.required:
            unknown = [one for one in ids[name] if not _known(elements, tool.name, {name: one})]
            assert not unknown, (tool.name, unknown[:3])


def _known(elements: Snapshot, tool: str, arguments: dict[str, Any]) -> bool:
    """Whether the snapshot answers the call, and not by saying that no such thing exists."""
    found = elements.lookup(tool, arguments)
    return found is not None and f"has the id {next(iter(arguments.values()))}" not in found.text


def _values(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get(name), str):
            yield value[name]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _values(inner, name)


def test_every_rule_is_proved_with_300_probes(elements: Snapshot) -> None:
    proofs = json.loads((HERE.parent / "cache_snapshots" / "elements" / "manifest.json").read_text())[
        "proofs"
    ]
    assert all(proof["probes"] == 300 and "refused" not in proof for proof in proofs)
    proved = {(proof["tool"], proof["index"]) for proof in proofs}
    for tool in elements.catalog.values():
        assert {(tool.name, index) for index in range(len(tool.spec.derive))} <= proved
        assert not tool.spec.fold or (tool.name, -1) in proved


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The live service that was recorded."""
    for extra in ("fastapi", "uvicorn", "mendeleev", "httpx"):
        pytest.importorskip(extra, reason="needs the extras [record,elements]")
    from cache_snapshots.recipes.elements.server import app
    from cache_snapshots.recipes.serving import serving

    with serving(app) as url:
        yield url


def with_client(service: str, use: Callable[[Any], Any]) -> Any:
    from tool_orch_env.record.client import Client
    from tool_orch_env.record.spec import read_spec

    async def run() -> Any:
        async with Client(read_spec(FOLDER / "record.yaml", {"ELEMENTS_URL": service})) as client:
            return await use(client)

    return asyncio.run(run())


def test_they_are_answered_as_by_the_service(elements: Snapshot, service: str) -> None:
    async def ask(client: Any) -> None:
        for call in BY_HAND:
            found, real = (
                elements.lookup(call["tool"], call["arguments"]),
                await client.ask(call["tool"], call["arguments"]),
            )
            assert found is not None and (found.status, found.text) == (real.status, real.text), call

    with_client(service, ask)


WRONG: list[tuple[str, int, dict[str, Any]]] = [
    ("search_element", 0, {"fields": {"/total": "length"}}),
    ("search_element", 1, {"like": {"name": "gold"}}),
    ("ionization_energies", 0, {"fields": {}}),
    ("list_isotopes", 0, {"fields": {}}),
    ("search_discoveries", 0, {"keep": "above"}),
    ("search_discoveries", 0, {"fields": {"/total": "length"}}),
]


@pytest.mark.parametrize(("tool", "index", "change"), WRONG)
def test_a_wrong_rule_is_refused(
    elements: Snapshot, service: str, tool: str, index: int, change: dict[str, Any]
) -> None:
    assert refused(service, changed(elements, tool, index, change), elements.records(), tool) >= {index}


def test_six_digits_are_not_five(elements: Snapshot, service: str) -> None:
    [rule] = elements.catalog["convert_unit"].spec.derive
    fields = rule.model_dump(by_alias=True, exclude_unset=True)["fields"]
    fields["/result"]["digits"] = 5
    wrong = changed(elements, "convert_unit", 0, {"fields": fields})
    assert refused(service, wrong, elements.records(), "convert_unit") == {0}


@pytest.mark.parametrize("tool", ["search_series", "elements_in_group", "get_isotope"])
def test_what_was_not_recorded_is_not_taken_for_missing(elements: Snapshot, service: str, tool: str) -> None:
    """Without one in ten of the responses, the rule that there is nothing else is refused."""
    found = [record for record in elements.records() if record.tool == tool and record.status < 400]
    lost = {record.key for record in found[::10]}
    rest = [record for record in elements.records() if record.key not in lost]
    assert lost and refused(service, elements.catalog, rest, tool) == {0}


def changed(elements: Snapshot, tool: str, index: int, change: dict[str, Any]) -> Catalog:
    """The catalog with one rule changed."""
    document = elements.catalog.dump()
    [entry] = [one for one in document["tools"] if one["name"] == tool]
    entry["derive"][index].update(change)
    return Catalog.parse(document, "tools")


def refused(service: str, catalog: Catalog, records: Any, tool: str) -> set[int]:
    """The indices of a tool's rules that the prover refuses, other than those together."""
    from tool_orch_env.record.prove import prove

    some: list[Record] = list(records)
    proofs = with_client(service, lambda client: prove(client, catalog, some, 60, only=[tool]))
    return {proof.index for proof in proofs if proof.refused and proof.rule != "together"}
