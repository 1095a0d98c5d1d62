"""What comes from elsewhere: loaded whole, traced by value, never executed, and told apart from damage."""

import copy
import gzip
import hashlib
import json
import os
import pickle
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env import importers
from tool_orch_env.errors import FileError, ImporterError, UsageError
from tool_orch_env.importers.plain_pickle import read_plain
from tool_orch_env.importers.recordings import status
from tool_orch_env.importers.repair import repaired
from tool_orch_env.importers.schemas import inferred, merged, widened
from tool_orch_env.importers.tracing import Observed, trace
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify
from tool_orch_env.task import Task

Rows = list[dict[str, Any]]


def lines(rows: Sequence[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def function(name: str, **types: str) -> dict[str, Any]:
    properties = {parameter: {"type": kind} for parameter, kind in types.items()}
    return {"name": name, "description": name, "parameters": {"type": "object", "properties": properties}}


def cfb_row(identity: str = "Hotels-1", dest_id: str = "20088325") -> dict[str, Any]:
    """A place is found, then a hotel there and, in a turn of its own, the weather, which needs nothing."""
    return {
        "id": identity,
        "conversations": [
            {"role": "user", "content": "A hotel in Reno, please, and the weather on 3 May 2024."},
            {"role": "assistant", "function_call": [call("find_place", query="Reno")]},
            {
                "role": "observation",
                "content": [{"status": True, "data": [{"dest_id": dest_id, "dest_type": "city"}]}],
            },
            {
                "role": "assistant",
                "function_call": [call("find_hotels", dest_id=int(dest_id), search_type="city")],
            },
            {"role": "observation", "content": [{"status": False, "message": "no rooms"}]},
            {"role": "assistant", "function_call": [call("weather", city="Reno", date="2024-05-03")]},
            {"role": "observation", "content": [["sun", 21.5]]},
            {"role": "assistant", "content": ""},
        ],
        "functions": [
            function("find_place", query="string"),
            function("find_hotels", dest_id="integer", search_type="string"),
            function("weather", city="string", date="string"),
            function("distractor"),
        ],
    }


def trace_row(number: int = 0) -> dict[str, Any]:
    def step(
        position: int, name: str, arguments: dict[str, Any], needs: list[int], response: Any
    ) -> dict[str, Any]:
        executed = {"step": position, "function": name, "arguments": arguments, "success": True}
        return {
            "step": position,
            "ground_truth": {"function": name, "arguments": arguments},
            "candidate_tools": [name, "distractor"],
            "depends_on": needs,
            "execution_result": {**executed, "execution_result": response},
        }

    return {
        "query": "Attractions in Paris",
        "workflow_id": "workflow_0",
        "workflow_pattern": ["find", "search", "search"],
        "overall_success": True,
        "metadata": {"model": "m"},
        "row": number,
        "steps": [
            step(0, "find", {"query": "Paris"}, [], [{"id": "eyJ1ZmkiOi0x", "lat": 48.85661}]),
            step(1, "search", {"id": "eyJ1ZmkiOi0x", "page": 2.0}, [0], {"products": []}),
            step(2, "search", {"id": "eyJ1ZmkiOi0x", "page": 2.0}, [0], {"products": []}),
        ],
    }


def write(folder: Path, rows: Sequence[Any], name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text(lines(rows))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def assert_playable(snapshot: Snapshot, tasks: Sequence[Task]) -> None:
    """Every golden call is recorded for its task and valid, and every binding points to its value."""
    assert not verify(snapshot)
    for task in tasks:
        calls = {golden.id: golden for golden in task.golden}
        for golden in task.golden:
            assert snapshot.lookup(golden.tool, golden.arguments, task.id) is not None, (task.id, golden.id)
            assert not list(snapshot.catalog[golden.tool].validator.iter_errors(golden.arguments))
            assert all(binding.call in calls for binding in golden.bindings.values())


# --- the real files


def test_every_published_trace_loads_with_the_dependencies_of_its_file(shared_data: Path) -> None:
    folder = shared_data / "orchestration_traces"
    snapshot, tasks = importers.load(folder)
    assert_playable(snapshot, tasks)
    rows = [json.loads(line) for line in (folder / "train_60.jsonl").read_text().splitlines()]
    assert [task.id for task in tasks] == [f"traces-{row['row']:03d}" for row in rows]
    assert snapshot.splits == ("train",)
    assert len(snapshot.catalog) == 40
    for task, row in zip(tasks, rows, strict=True):
        declared = [tuple(f"c{needed}" for needed in sorted(step["depends_on"])) for step in row["steps"]]
        assert [golden.needs for golden in task.golden] == declared, task.id
        assert [golden.as_call().arguments for golden in task.golden] == [
            step["ground_truth"]["arguments"] for step in row["steps"]
        ]
        assert set(task.tools) == {name for step in row["steps"] for name in step["candidate_tools"]}
        assert task.answer == ()
    assert sum(len(golden.bindings) for task in tasks for golden in task.golden) >= 200


def test_published_schemas_are_repaired_and_the_repairs_are_listed(shared_data: Path) -> None:
    snapshot, _ = importers.load(shared_data / "orchestration_traces" / "train_60.jsonl")
    legs = snapshot.catalog["Search_Flights_Multi_Stops"].properties["legs"]
    assert legs["items"]["type"] == "object"
    assert "Booking_Summary: type 'dict' read as 'object'" in snapshot.manifest["notes"]
    assert all("inferred" not in note for note in snapshot.manifest["notes"])


def test_traces_without_their_schemas_load_with_inferred_ones(shared_data: Path, tmp_path: Path) -> None:
    text = (shared_data / "orchestration_traces" / "train_60.jsonl").read_bytes()
    (tmp_path / "renamed.data").write_bytes(text)
    snapshot, tasks = importers.load(tmp_path / "renamed.data")
    assert_playable(snapshot, tasks)
    assert any("Search_Taxi: no schema is given" in note for note in snapshot.manifest["notes"])


def test_a_pickle_of_the_same_rows_gives_the_same_snapshot(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "orchestration_traces"
    rows = [json.loads(line) for line in (source / "train_60.jsonl").read_text().splitlines()]
    (tmp_path / "booking_tools.jsonl").write_bytes((source / "booking_tools.jsonl").read_bytes())
    expected, expected_tasks = importers.load(source)
    for protocol in (0, 2, pickle.HIGHEST_PROTOCOL):
        path = tmp_path / f"rows-{protocol}"
        path.write_bytes(pickle.dumps(rows, protocol=protocol))
        snapshot, tasks = importers.load(path)
        assert tasks == expected_tasks
        assert list(snapshot.records()) == list(expected.records())
        assert snapshot.catalog.dump() == expected.catalog.dump()


def test_tracing_finds_the_place_behind_both_ends_of_a_rental(shared_data: Path) -> None:
    snapshot, tasks = importers.load(shared_data / "complexfuncbench" / "raw_5.jsonl")
    assert_playable(snapshot, tasks)
    assert [task.id for task in tasks] == [f"Car-Rental-{n}" for n in range(5)]
    for task in tasks:
        assert [golden.needs for golden in task.golden] == [(), ("c0",), ("c0",)]
        for rental in task.golden[1:]:
            assert {argument: binding.pointer for argument, binding in rental.bindings.items()} == {
                f"{end}_{axis}": f"/data/0/coordinates/{axis}"
                for end in ("pick_up", "drop_off")
                for axis in ("latitude", "longitude")
            }
        assert task.meta == {"domain": "Car-Rental", "dependencies": "traced", "turns": [0, 1, 1]}
    assert snapshot.manifest["verified"] is False


def test_reduced_rows_load_without_responses(shared_data: Path) -> None:
    snapshot, tasks = importers.load(shared_data / "complexfuncbench" / "golden_calls_50.jsonl")
    assert (len(tasks), len(snapshot)) == (50, 0)
    assert {task.meta["domain"] for task in tasks} == {
        "Hotels",
        "Flights",
        "Car-Rental",
        "Attraction",
        "Cross",
    }
    for task in tasks:
        for golden in task.golden:
            assert golden.needs == ()
            assert not list(snapshot.catalog[golden.tool].validator.iter_errors(golden.arguments))


def test_a_folder_prefers_the_row_with_responses(shared_data: Path) -> None:
    snapshot, tasks = importers.load(shared_data / "complexfuncbench")
    by_id = {task.id: task for task in tasks}
    assert len(by_id) == len(tasks) == 54
    assert by_id["Car-Rental-1"].meta["dependencies"] == "traced"
    assert snapshot.lookup("Search_Car_Location", by_id["Car-Rental-1"].golden[0].arguments) is not None


@pytest.mark.parametrize("part", ["orchestration_traces", "complexfuncbench/raw_5.jsonl"])
def test_saving_and_opening_gives_the_same_bytes_each_time(
    shared_data: Path, tmp_path: Path, part: str
) -> None:
    first, tasks = importers.load(shared_data / part)
    importers.save(first, tmp_path / "a")
    opened = Snapshot.open(tmp_path / "a")
    assert opened.tasks() == tasks
    assert list(opened.records()) == list(first.records())
    importers.save(opened, tmp_path / "b")
    importers.save(importers.load(shared_data / part)[0], tmp_path / "c")
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")
    notice = (tmp_path / "a" / "NOTICE.md").read_text()
    assert "yours to check" in notice and str(tmp_path) not in notice


# --- dependencies


def test_no_value_no_dependency_even_between_turns(tmp_path: Path) -> None:
    snapshot, [task] = importers.load(write(tmp_path, [cfb_row()]))
    place, hotels, weather = task.golden
    assert (place.needs, hotels.needs, weather.needs) == ((), ("c0",), ())
    assert {name: binding.pointer for name, binding in hotels.bindings.items()} == {
        "dest_id": "/data/0/dest_id",
        "search_type": "/data/0/dest_type",
    }
    assert task.meta["turns"] == [0, 1, 2]
    found = snapshot.lookup("find_hotels", hotels.arguments)
    assert found is not None and found.status == 400 and not found.success


def observed(turn: int, response: Any, **arguments: Any) -> Observed:
    return Observed(arguments, response, turn)


@pytest.mark.parametrize(
    ("argument", "value", "leaf", "supplied"),
    [
        ("id", "PRxBHGnBD01n", {"productId": "PRxBHGnBD01n"}, True),
        ("latitude", "32.7054977", {"lat": 32.7054977}, True),
        ("slug", "prr-harbour-cruise", {"anything": "prr-harbour-cruise"}, True),
        ("dest_id", 847, {"dest_id": 847}, True),
        ("dest_id", 847, {"hotels": 847}, False),
        ("adults", 2, {"adults": 2}, False),
        ("flag", True, {"flag": True}, False),
        ("note", "", {"note": ""}, False),
        ("sort", "popularity", {"label": "popularity"}, False),
        ("departDate", "2024-11-19", {"departureDate": "2024-11-19"}, True),
        ("departDate", "2024-11-19", {"created": "2024-11-19"}, False),
        ("city", "Springfield", {"city": "Springfield"}, False),  # the request states it
    ],
)
def test_what_counts_as_supplied(argument: str, value: Any, leaf: Any, supplied: bool) -> None:
    calls = [observed(0, {"data": [leaf]}, query="x"), observed(1, {}, **{argument: value})]
    flows = trace("Something in Springfield", calls)
    expected = {argument: (0, f"/data/0/{next(iter(leaf))}")} if supplied else {}
    assert (flows[1].bindings, flows[1].needs) == (expected, (0,) if supplied else ())


def test_an_echo_is_no_source() -> None:
    calls = [
        observed(0, {"search_key": "abcdef123456"}, key="abcdef123456"),
        observed(1, {}, key="abcdef123456"),
    ]
    assert trace("", calls)[1].needs == ()


def test_the_earliest_of_equal_sources_supplies() -> None:
    calls = [
        observed(0, {"hotel_id": 7654321}, q="a"),
        observed(1, {"hotel_id": 7654321}, hotel_id=7654321),
        observed(2, {}, hotel_id=7654321),
    ]
    assert [flow.needs for flow in trace("", calls)] == [(), (0,), (0,)]


def test_a_call_of_the_same_turn_supplies_nothing() -> None:
    calls = [observed(0, {"hotel_id": 7654321}, q="a"), observed(0, {}, hotel_id=7654321)]
    assert trace("", calls)[1].needs == ()


def test_both_coordinates_come_from_one_place() -> None:
    places = {"data": [{"lat": 48.12345, "lon": 1.0}, {"lat": 48.12345, "lon": 2.54321}]}
    calls = [observed(0, places, q="a"), observed(1, {}, latitude=48.12345, longitude=2.54321, lon=2.54321)]
    assert trace("", calls)[1].bindings["latitude"] == (0, "/data/1/lat")


def test_a_nested_argument_is_bound_by_its_pointer() -> None:
    calls = [observed(0, [{"id": "HOU.CITY"}], q="a"), observed(1, {}, legs=[{"fromId": "HOU.CITY"}])]
    assert trace("", calls)[1].bindings == {"/legs/0/fromId": (0, "/0/id")}


def test_joined_and_rounded_values_are_needed_but_not_bound() -> None:
    options = [{"id": "facility::17"}, {"id": "class::3"}, {"lat": 37.6162986755371}]
    calls = [
        observed(0, options, q="a"),
        observed(1, {}, filter="facility::17,class::3"),
        observed(1, {}, lat=37.6163),
    ]
    flows = trace("", calls)
    assert [flow.needs for flow in flows] == [(), (0,), (0,)]
    assert all(not flow.bindings for flow in flows)


def test_a_trace_that_declares_nothing_is_traced(tmp_path: Path) -> None:
    row = trace_row()
    for step in row["steps"]:
        step["depends_on"] = []
    _, [task] = importers.load(write(tmp_path, [row]))
    assert [golden.needs for golden in task.golden] == [(), ("c0",), ("c0",)]
    assert task.meta["dependencies"] == "traced"


# --- responses and schemas


def test_different_responses_to_one_call_stay_with_their_tasks(tmp_path: Path) -> None:
    rows = [cfb_row("Hotels-1"), cfb_row("Hotels-2"), cfb_row("Hotels-3", dest_id="999999")]
    snapshot, tasks = importers.load(write(tmp_path, rows))
    assert_playable(snapshot, tasks)
    kept = Counter((record.tool, record.task) for record in snapshot.records())
    assert {task for tool, task in kept if tool == "find_place"} == {"Hotels-1", "Hotels-2", "Hotels-3"}
    assert {task for tool, task in kept if tool == "weather"} == {""}
    texts = [snapshot.lookup("find_place", {"query": "Reno"}, task.id) for task in tasks]
    assert texts[0] == texts[1] != texts[2]
    assert snapshot.lookup("find_place", {"query": "Reno"}) is None
    importers.save(snapshot, tmp_path / "saved")
    assert list(Snapshot.open(tmp_path / "saved").records()) == list(snapshot.records())


def test_a_task_that_contradicts_itself_keeps_the_first_and_says_so(tmp_path: Path) -> None:
    row = trace_row()
    row["steps"][2]["execution_result"]["execution_result"] = {"products": [1]}
    snapshot, _ = importers.load(write(tmp_path, [row]))
    found = snapshot.lookup("search", {"id": "eyJ1ZmkiOi0x", "page": 2})
    assert found is not None and found.text == '{"products":[]}'
    assert any("called twice with different responses" in note for note in snapshot.manifest["notes"])


def test_versions_of_a_tool_merge_so_that_no_call_becomes_invalid() -> None:
    a = repaired(function("f", x="int", y="str")["parameters"] | {"required": ["x", "y"]}, Counter())
    b = repaired(function("f", x="float", z="str")["parameters"] | {"required": ["x"]}, Counter())
    both = merged([a, b, b], Counter())
    assert both["required"] == ["x"]
    assert set(both["properties"]) == {"x", "y", "z"}
    assert {option["type"] for option in both["properties"]["x"]["anyOf"]} == {"integer", "number"}
    notes: Counter[str] = Counter()
    assert merged([a, a], notes) == a and not notes


def test_repair_reaches_every_level_and_leaves_names_alone() -> None:
    found = {
        "type": "dict",
        "properties": {
            "type": {"type": "str", "required": True},
            "legs": {
                "type": "List[dict]",
                "items": {"type": "dict", "properties": {"at": {"type": "float"}}},
            },
            "odd": {"type": "Frobnicator", "enum": "not a list"},
            "ref": {"$ref": "http://elsewhere/schema"},
        },
    }
    notes: Counter[str] = Counter()
    result = repaired(found, notes)
    assert result["properties"]["type"] == {"type": "string"}
    assert result["required"] == ["type"]
    assert result["properties"]["legs"]["items"]["properties"]["at"] == {"type": "number"}
    assert result["properties"]["odd"] == result["properties"]["ref"] == {}
    assert notes["type 'dict' read as 'object'"] == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(JSON, st.lists(ARGUMENTS, max_size=3))
def test_any_declaration_ends_as_a_schema_that_takes_the_golden_calls(found: Any, calls: Rows) -> None:
    from jsonschema import Draft202012Validator

    nested = {
        "type": "dict",
        "properties": {"a": found, "b": {"type": "int"}},
        "required": ["b", "q"],
        "items": found,
    }
    for schema in (repaired(found, Counter()), repaired(nested, Counter()), inferred(calls)):
        wide = widened(schema, calls, Counter())
        Draft202012Validator.check_schema(wide)
        closed = Draft202012Validator({"additionalProperties": False, **wide})
        assert all(closed.is_valid(arguments) for arguments in calls)


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ({"status": True}, 200),
        ({"status": False}, 400),
        ({"error": "no"}, 400),
        ({"error": None}, 200),
        ([], 200),
    ],
)
def test_error_envelopes_are_recorded_as_errors(response: Any, code: int) -> None:
    assert status(response) == code


# --- formats and faults


def test_the_format_is_seen_from_the_rows(tmp_path: Path) -> None:
    cfb = write(tmp_path, [cfb_row()], "traces.pickle")
    packed = tmp_path / "x.jsonl.gz"
    packed.write_bytes(gzip.compress(lines([trace_row()]).encode(), mtime=0))
    assert importers.load(cfb)[0].name == "complexfuncbench"
    assert importers.load(packed)[0].name == "orchestration_traces"
    with pytest.raises(ImporterError, match="several formats"):
        importers.load(tmp_path)
    assert importers.load(tmp_path, format="orchestration_traces")[1][0].id == "traces-000"
    with pytest.raises(ImporterError, match="known format"):
        importers.load(cfb, format="orchestration_traces")
    with pytest.raises(UsageError, match="complexfuncbench, orchestration_traces"):
        importers.load(cfb, format="other")


def test_the_published_file_is_known_by_its_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    path = write(tmp_path, [cfb_row()])
    known = replace(
        importers.FORMATS["complexfuncbench"], published=hashlib.sha256(path.read_bytes()).hexdigest()
    )
    monkeypatch.setattr(importers, "FORMATS", {"complexfuncbench": known})
    snapshot, _ = importers.load(path)
    assert snapshot.manifest["verified"] is True
    importers.save(snapshot, tmp_path / "saved")
    assert "verified by its sum" in (tmp_path / "saved" / "NOTICE.md").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (lines([trace_row()]) + '{"query": \n', "rows:2: not JSON"),
        (lines([trace_row()]) + "[1]\n", "rows:2: expected an object, found a list"),
        (lines([trace_row()]) + '{"a": NaN}\n', "rows:2: not JSON: NaN"),
        (
            lines([trace_row()]) + '{"a": 1e999}\n',
            "rows:2: expected valid JSON, found a number that is NaN or inf",
        ),
        (lines([trace_row()]) + '{"a": "\\ud800"}\n', "rows:2: expected valid JSON, found a lone surrogate"),
        (
            lines([trace_row()]) + '{"a": ' + "[" * 80 + "]" * 80 + "}\n",
            "rows:2: expected valid JSON, found nesting",
        ),
        (lines([trace_row()]) + '{"a": ' + "[" * 99999 + "\n", "rows:2: not JSON"),
        (lines([trace_row(), trace_row()]), "rows:2: duplicate id 'traces-000', first used at rows:1"),
        (lines([trace_row(), {"query": 1}]), "rows:2: query: Input should be a valid string, found int"),
        (lines([{"name": "tool"}]), "known format"),
        ("", "empty file"),
        ("\x00\xff", "rows"),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ImporterError) as caught:
        importers.load(path)
    assert message in str(caught.value)
    assert "What to do: " in str(caught.value)


def _edit_trace(change: Callable[[Any], Any]) -> dict[str, Any]:
    row = trace_row()
    change(row)
    return row


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda r: r["steps"][1].update(depends_on=[2]),
            "steps.1.depends_on: expected earlier steps, found 2",
        ),
        (lambda r: r["steps"][1].update(depends_on=[9]), "expected earlier steps, found 9"),
        (lambda r: r["steps"][1].update(step=0), "expected each step number once"),
        (lambda r: r["steps"][1]["execution_result"].update(arguments={}), "found another call's"),
        (lambda r: r["steps"][1]["ground_truth"].update(arguments=[]), "steps.1.ground_truth.arguments"),
        (lambda r: r.update(steps=[]), "steps: List should have at least 1 item"),
        (lambda r: [s["ground_truth"].update(function="a b") for s in r["steps"]], "found another call's"),
    ],
)
def test_a_trace_of_another_shape_is_refused(
    tmp_path: Path, change: Callable[[Any], Any], message: str
) -> None:
    with pytest.raises(ImporterError, match=r"rows.jsonl:1: ") as caught:
        importers.load(write(tmp_path, [_edit_trace(change)]))
    assert message in str(caught.value)


def test_observations_must_align_with_calls(tmp_path: Path) -> None:
    row = cfb_row()
    row["conversations"][2]["content"] = []
    with pytest.raises(
        ImporterError, match=r"rows.jsonl:1: conversations.2: expected 1 observations, found 0"
    ):
        importers.load(write(tmp_path, [row]))


def test_a_missing_path_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImporterError, match="no such file"):
        importers.load(tmp_path / "nothing.jsonl")
    with pytest.raises(ImporterError, match="found none"):
        importers.load(tmp_path)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x80\x04", b"]", b"{", b"(lp0\n"]))
def test_no_bytes_raise_anything_but_an_import_fault(tmp_path: Path, data: bytes, opening: bytes) -> None:
    path = tmp_path / "rows"
    path.write_bytes(opening + data)
    with pytest.raises(ImporterError):
        importers.load(path)


@given(JSON, st.sampled_from(["query", "steps", "metadata", "row", "workflow_id"]))
def test_no_value_in_a_field_raises_anything_but_a_file_fault(tmp_path: Path, value: Any, field: str) -> None:
    path = write(tmp_path, [_edit_trace(lambda row: row.update({field: value}))])
    try:
        importers.load(path)
    except FileError as error:
        assert isinstance(error, ImporterError)


# --- pickles


@given(JSON, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_reads_as_the_unpickler_reads_it(value: Any, protocol: int) -> None:
    assert read_plain(pickle.dumps(value, protocol), "x") == value
    assert read_plain(pickle.dumps([value, (value, (), 1, (2, 3, 4, 5))], protocol), "x")[1][1:] == [
        [],
        1,
        [2, 3, 4, 5],
    ]


class Runs:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.marker}",)


class Persistent(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return "out there" if obj == "away" else None


def persistent(path: Path) -> None:
    with path.open("wb") as stream:
        Persistent(stream).dump([{"query": "away"}])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_is_refused_and_calls_nothing(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "ran"
    path = tmp_path / "rows.pkl"
    path.write_bytes(pickle.dumps([{"query": Runs(marker)}], protocol))
    with pytest.raises(
        ImporterError, match=r"rows.pkl: byte \d+: expected plain data, found (STACK_)?GLOBAL"
    ):
        importers.load(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps([{"a": b"bytes"}]), "bytes are not JSON"),
        (pickle.dumps([{"a": {1, 2}}]), "sets are not JSON"),
        (pickle.dumps([{"a": bytearray(b"x")}], 5), "bytes are not JSON"),
        (pickle.dumps([{1: "a"}]), "object key: expected a string, found int"),
        (pickle.dumps([{"a": float("nan")}]), "row 0: expected valid JSON"),
        (pickle.dumps([{"a": 10**400}]), "row 0: expected valid JSON"),
        (pickle.dumps({"a": 1}), "expected a pickled list of rows, found an object"),
        (pickle.dumps(["text"]), "row 0: expected an object, found a string"),
        (pickle.dumps([trace_row()])[:-40], "not a whole pickle"),
        (pickle.dumps([trace_row()]) + b"more", "bytes follow the end"),
        (b"\x80\x7f.", "pickle protocol: expected at most 5, found 127"),
        (b"\x80\x04\x8c\xff.", "not a whole pickle"),
        (b"\x80\x04](a.", "a mark"),
        (b"\x80\x04h\x05.", "memo 5 is not set"),
        (b"\x80\x02]r\xff\xff\xff\xff\x82\x01.", "EXT1"),
        (b"\x80\x02]" * 3 + b".", "remain on the stack"),
        (b"(ios\nsystem\n.", "INST"),
    ],
)
def test_a_pickle_of_anything_else_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "rows.pkl"
    path.write_bytes(data)
    with pytest.raises(ImporterError) as caught:
        importers.load(path)
    assert message in str(caught.value) and "rows.pkl" in str(caught.value)


def test_a_persistent_id_is_refused(tmp_path: Path) -> None:
    persistent(tmp_path / "rows.pkl")
    with pytest.raises(ImporterError, match="BINPERSID: a persistent id points outside the file"):
        importers.load(tmp_path / "rows.pkl")


def _nested(depth: int) -> bytes:
    return b"\x80\x02]}X\x01\x00\x00\x00a" + b"]" * depth + b"a" * (depth - 1) + b"sa."


def _nested_tuple_key(depth: int) -> bytes:
    return b"\x80\x02]})" + b"\x85" * depth + b"K\x01sa."


def _laughs() -> bytes:
    """Each of 40 lists holds the one before it ten times."""
    level: list[Any] = ["ha"]
    for _ in range(40):
        level = [level] * 10
    return pickle.dumps([{"a": level}])


def _endless() -> bytes:
    loop: list[Any] = []
    loop += [loop] * 1000
    return pickle.dumps([{"a": loop}])


def _memo(size: int) -> bytes:
    return b"\x80\x04]" + b"\x94" * size + b"h\x00" + b"0."


@pytest.mark.parametrize(
    "data",
    [
        _nested(200_000),
        _nested_tuple_key(200_000),
        _laughs(),
        _endless(),
        _memo(100_000),
        pickle.dumps([[]] * 100_000),
    ],
    ids=["deep", "deep key", "laughs", "endless", "memo", "shared"],
)
def test_a_pickle_made_to_exhaust_is_refused_soon(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "rows.pkl"
    path.write_bytes(data)
    began = time.monotonic()
    with pytest.raises(ImporterError):
        importers.load(path)
    assert time.monotonic() - began < 20


def test_shared_parts_of_an_honest_pickle_are_read(tmp_path: Path) -> None:
    row = trace_row()
    for step in row["steps"]:
        step["execution_result"]["arguments"] = step["ground_truth"]["arguments"]
    other = copy.deepcopy(row) | {"row": 1, "metadata": row["metadata"]}
    path = tmp_path / "rows.pkl"
    path.write_bytes(pickle.dumps([row, other]))
    assert [task.id for task in importers.load(path)[1]] == ["traces-000", "traces-001"]
