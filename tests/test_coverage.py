"""Coverage: variants of golden calls, the share that a snapshot answers, and the rows that give an answer away."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import toy as toys
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.cli import main
from tool_orch_env.coverage import KINDS, Share, Variant, measure, read_calls
from tool_orch_env.coverage.leak import siblings
from tool_orch_env.coverage.parameters import valid
from tool_orch_env.coverage.trace import Trace, written
from tool_orch_env.coverage.variants import LEAST, variants
from tool_orch_env.errors import UsageError
from tool_orch_env.language.phrase_book import load
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import Record, make_record
from tool_orch_env.task import Binding, GoldenCall, Task

DATES = {"type": "string", "format": "date"}
ROUTE = {
    "origin": {"type": "string", "enum": ["EWR", "JFK", "LGA"]},
    "dest": {"type": "string", "pattern": "^[A-Z]{3}$"},
}
TOOLS = [
    ToolSpec(
        name="find_place",
        parameters={
            "type": "object",
            "properties": {
                "q": {"type": "string", "minLength": 2},
                "limit": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
            },
            "required": ["q"],
        },
    ),
    ToolSpec(
        name="flights",
        parameters={
            "type": "object",
            "properties": {**ROUTE, "date": DATES, "carrier": {"type": "string", "pattern": "^[A-Z0-9]{2}$"}},
            "required": ["origin", "dest", "date"],
        },
    ),
    ToolSpec(
        name="flight",
        parameters={"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        sources={"id": ({"tool": "flights", "pointer": "/flights/*/id"},)},
    ),
    ToolSpec(
        name="board",
        parameters={
            "type": "object",
            "properties": {
                "origin": ROUTE["origin"],
                "date": DATES,
                "hour": {"type": "integer", "minimum": 0},
            },
            "required": ["origin", "date", "hour"],
        },
        sources={"hour": ({"tool": "flights", "pointer": "/flights/*/hour"},)},
    ),
    ToolSpec(
        name="rate",
        parameters={
            "type": "object",
            "properties": {
                "base": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "default": "EUR"},
                "date": {**DATES, "formatMinimum": "2013-07-01", "formatMaximum": "2013-07-02"},
            },
            "required": ["base", "date"],
        },
        sources={
            "base": ({"tool": "flight", "pointer": "/money"},),
            "currency": ({"tool": "flight", "pointer": "/money"},),
        },
    ),
    ToolSpec(
        name="look_up",
        parameters={
            "type": "object",
            "properties": {
                "ids": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3}
            },
            "required": ["ids"],
        },
        set_like=("ids",),
        sources={"/ids/*": ({"tool": "find_place", "pointer": "/*/id"},)},
    ),
    ToolSpec(
        name="walk",
        parameters={
            "type": "object",
            "properties": {"points": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
            "required": ["points"],
        },
        sources={"/points/*": ({"tool": "find_place", "pointer": "/*/id"},)},
    ),
]
FLIGHTS = [
    {"id": 1, "carrier": "UA", "hour": 8},
    {"id": 2, "carrier": "B6", "hour": 9},
    {"id": 3, "carrier": "UA", "hour": 9},
]
PLACES = [{"id": f"N{number}", "name": f"Kämp {number}"} for number in (1, 2, 3)]
FLIGHTS_CALL = {"origin": "EWR", "dest": "BOS", "date": "2013-07-10"}
GOLDEN = (
    GoldenCall(id="a", tool="flights", arguments=FLIGHTS_CALL),
    GoldenCall(
        id="b",
        tool="flight",
        arguments={"id": 2},
        needs=("a",),
        bindings={"id": Binding(call="a", pointer="/flights/1/id")},
    ),
    GoldenCall(id="c", tool="rate", arguments={"base": "USD", "date": "2013-07-01"}),
    GoldenCall(id="d", tool="find_place", arguments={"q": "Hotel Kämp"}),
    GoldenCall(
        id="e",
        tool="look_up",
        arguments={"ids": ["N2"]},
        needs=("d",),
        bindings={"/ids/0": Binding(call="d", pointer="/1/id")},
    ),
)
TASK = Task(
    id="t",
    snapshot="made",
    request="?",
    tools=tuple(tool.name for tool in TOOLS),
    golden=GOLDEN,
)
BOOK = """
[call.find_place]
noun = "place"
user.q = "{value} in Helsinki"
"""


def made(
    more: Mapping[str, list[dict[str, Any]]] = MappingProxyType({}),
    tools: list[ToolSpec] = TOOLS,
    without: str = "",
) -> Snapshot:
    """A snapshot with the golden calls but `without`, and more calls by tool."""
    catalog = Catalog(tools)
    replies: dict[str, Any] = {
        "flights": {"flights": FLIGHTS},
        "flight": {"money": "NOK"},
        "rate": {"rate": 2},
        "find_place": PLACES,
        "look_up": [],
        "board": [],
    }
    calls = [(call.tool, call.arguments) for call in GOLDEN if call.id != without]
    calls += [(tool, arguments) for tool, some in more.items() for arguments in some]
    records: list[Record] = [make_record(catalog, tool, given, 200, replies[tool]) for tool, given in calls]
    return Snapshot.from_records("made", catalog, records, {"test": [TASK]}, version="1")


def made_of(snapshot: Snapshot, tmp_path: Path | None = None, seed: int = 0) -> list[Variant]:
    book = load(snapshot.catalog, None, snapshot.name)
    if tmp_path is not None:
        (tmp_path / "book.toml").write_text(BOOK)
        book = load(snapshot.catalog, None, snapshot.name, tmp_path / "book.toml")
    trace = Trace.of(TASK, snapshot, book)
    assert trace is not None
    return variants(trace, seed)


def calls(found: list[Variant], kind: str, tool: str) -> list[dict[str, Any]]:
    return [variant.arguments for variant in found if (variant.kind, variant.tool) == (kind, tool)]


def test_a_text_is_reworded_as_a_person_writes_it(tmp_path: Path) -> None:
    texts = [
        given["q"] for given in calls(made_of(made(), tmp_path), "reworded", "find_place") if len(given) == 1
    ]
    assert {"hotel kämp", "Hotel Kamp", "Hotel Kämp, Helsinki"} <= set(texts)


def test_declared_suffixes_and_aliases_are_tried_and_answered() -> None:
    fold = {"q": {"case": True, "suffixes": [", Helsinki"], "aliases": {"Kämp Hotel": "Hotel Kämp"}}}
    tools = [tool.model_copy(update={"fold": {}}) for tool in TOOLS]
    tools[0] = ToolSpec.model_validate({**TOOLS[0].model_dump(by_alias=True), "fold": fold})
    found = measure(made(tools=tools), [TASK])
    texts = [given["q"] for given in calls(made_of(made(tools=tools)), "reworded", "find_place")]
    assert {"Hotel Kämp, Helsinki", "Kämp Hotel", "hotel kämp"} <= set(texts)
    missing = [
        v.arguments["q"] for _, v in found.unanswered if (v.tool, v.kind) == ("find_place", "reworded")
    ]
    assert not {"Hotel Kämp, Helsinki", "Kämp Hotel", "hotel kämp"} & set(missing)


def test_a_filter_has_the_values_that_the_rows_show() -> None:
    carriers = [given["carrier"] for given in calls(made_of(made()), "reworded", "flights")]
    assert sorted(carriers) == ["B6", "UA"]


def test_ids_are_looked_up_in_a_batch_with_other_rows() -> None:
    assert {"ids": ["N2", "N1", "N3"]} in calls(made_of(made()), "reworded", "look_up")


def test_a_look_beside_has_neighbouring_dates_other_origins_and_swaps_within_the_schema() -> None:
    found = made_of(made())
    beside = calls(found, "beside", "flights")
    assert {given["origin"] for given in beside} == {"EWR", "JFK", "LGA"}
    assert {"2013-07-09", "2013-07-11"} <= {given["date"] for given in beside}
    rates = calls(found, "beside", "rate")
    assert {given["date"] for given in rates} == {
        "2013-07-01",
        "2013-07-02",
    }  # 2013-06-30 is before formatMinimum
    assert {"base": "EUR", "currency": "USD", "date": "2013-07-01"} in rates


def test_a_reply_invites_what_its_rows_and_the_call_supply() -> None:
    found = made_of(made())
    assert sorted(given["id"] for given in calls(found, "follow", "flight")) == [1, 3]
    boards = calls(found, "follow", "board")
    assert {given["hour"] for given in boards} == {8, 9}
    assert all((given["origin"], given["date"]) == ("EWR", "2013-07-10") for given in boards)
    assert calls(found, "follow", "look_up") and not calls(found, "follow", "walk")  # a walk needs two rows
    assert not calls(found, "follow", "rate")  # nothing in the reply to `flight` or in that call is a date


def test_variants_are_valid_and_neither_golden_nor_repeated() -> None:
    snapshot = made()
    found = made_of(snapshot)
    assert all(valid(snapshot.catalog[v.tool], v.arguments) for v in found)
    texts = [written(v.tool, v.arguments) for v in found]
    golden = {written(call.tool, call.arguments) for call in GOLDEN}
    assert len(set(texts)) == len(texts) and not golden & set(texts)
    assert {v.kind for v in found} == set(KINDS)


def test_what_else_is_recorded_does_not_change_the_variants() -> None:
    more = {"flight": [{"id": 1}, {"id": 9}], "board": [{"origin": "EWR", "date": "2013-07-10", "hour": 8}]}
    assert made_of(made()) == made_of(made(more))


def test_the_same_seed_makes_the_same_variants() -> None:
    by_seed = [made_of(made(), seed=seed) for seed in range(5)]
    assert by_seed == [made_of(made(), seed=seed) for seed in range(5)]
    assert any(one != by_seed[0] for one in by_seed)


def test_shares_count_what_has_a_response() -> None:
    bare, fuller = measure(made(), [TASK]), measure(made({"flight": [{"id": 1}]}), [TASK])
    assert bare.share("flight", "follow") == Share(0, 2) and fuller.share("flight", "follow") == Share(1, 2)
    assert fuller.share().answered == bare.share().answered + 1
    assert len(fuller.unanswered) == fuller.share().total - fuller.share().answered
    total = Share()
    for kind in fuller.kinds:
        total = total.plus(fuller.share(kind=kind))
    assert total == fuller.share()


def test_everything_recorded_is_everything_answered() -> None:
    more: dict[str, list[dict[str, Any]]] = {}
    for variant in made_of(made()):
        more.setdefault(variant.tool, []).append(variant.arguments)
    assert measure(made(more), [TASK]).share("flights").value == 1.0


def test_a_derived_response_is_an_answer() -> None:
    rule = {
        "rule": "filter",
        "parameter": "carrier",
        "at": "/flights",
        "field": "/carrier",
        "whole": "always",
    }
    tools = list(TOOLS)
    tools[1] = ToolSpec.model_validate({**TOOLS[1].model_dump(by_alias=True), "derive": [rule]})
    assert measure(made(), [TASK]).share("flights", "reworded") == Share(0, 2)
    assert measure(made(tools=tools), [TASK]).share("flights", "reworded") == Share(2, 2)


def test_a_task_whose_golden_calls_are_not_held_is_skipped_and_counted() -> None:
    found = measure(made(without="c"), [TASK])
    assert (found.tasks, found.skipped, found.share().total) == (0, 1, 0)


def test_rows_that_were_not_chosen_must_have_a_follow_up() -> None:
    snapshot = made({"flight": [{"id": 1}]})
    trace = Trace.of(TASK, snapshot, load(snapshot.catalog, None, snapshot.name))
    assert trace is not None
    found = {(row.tool, row.row): row.arguments for row in siblings(trace)}
    assert found == {
        ("flight", "/flights/0"): {"id": 1},
        ("flight", "/flights/2"): {"id": 3},
        ("look_up", "/0"): {"ids": ["N1"]},
        ("look_up", "/2"): {"ids": ["N3"]},
    }
    measured = measure(snapshot, [TASK])
    assert measured.rows == Share(1, 4) and len(measured.open_rows) == 3


@pytest.mark.parametrize("name", ["nothing", "/id/x", "/", "/~", "id"])
def test_a_binding_that_leads_nowhere_makes_no_row(name: str) -> None:
    odd = GOLDEN[1].model_copy(update={"bindings": {name: Binding(call="a", pointer="/flights/1/id")}})
    task = TASK.model_copy(update={"golden": (GOLDEN[0], odd)})
    assert measure(made(), [task]).rows == (Share(0, 2) if name == "id" else Share())


@pytest.mark.parametrize("token", ["9" * 5000, "٣", "007"])
def test_a_binding_to_an_index_that_no_list_has_makes_no_row(token: str) -> None:
    binding = Binding(call="a", pointer=f"/flights/{token}/id")
    task = TASK.model_copy(
        update={"golden": (GOLDEN[0], GOLDEN[1].model_copy(update={"bindings": {"id": binding}}))}
    )
    assert measure(made(), [task]).rows == Share()


def test_a_reply_that_names_a_member_twice_is_measured_as_it_is_played() -> None:
    records = [
        record._replace(text='{"money":"SEK","money":"NOK"}') if record.tool == "flight" else record
        for record in made().records()
    ]
    snapshot = Snapshot.from_records("made", Catalog(TOOLS), records, version="1")
    assert measure(snapshot, [TASK]).shares == measure(made(), [TASK]).shares


def test_a_default_that_the_schema_does_not_allow_is_no_variant() -> None:
    tools = list(TOOLS)
    parameters = json.loads(json.dumps(TOOLS[0].parameters))
    parameters["properties"]["limit"]["default"] = "many"
    tools[0] = ToolSpec(name="find_place", parameters=parameters)
    limits = [given.get("limit") for given in calls(made_of(made(tools=tools)), "reworded", "find_place")]
    assert "many" not in limits and len(set(limits)) > 2


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_holds_the_share_and_is_within_0_and_1(answered: int, more: int) -> None:
    share = Share(answered, answered + more)
    low, high = share.interval
    assert 0 <= low <= share.value <= high <= 1


def test_the_interval_is_wilsons() -> None:
    from scipy.stats import binomtest

    interval = binomtest(7, 40).proportion_ci(method="wilson")
    assert Share(7, 40).interval == pytest.approx((interval.low, interval.high), abs=1e-6)


def test_calls_by_hand_are_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_text(
        '{"tool": "flight", "arguments": {"id": 1}}\n{"name": "flight", "arguments": {"id": 2}}\n'
        '{"tool": "flight", "arguments": {"id": "x"}}\n'
    )
    by_hand, invalid = read_calls(file, Catalog(TOOLS))
    assert [call.arguments for call in by_hand] == [{"id": 1}, {"id": 2}]
    assert invalid == ["calls.jsonl:3: not valid for the schema of flight"]
    assert measure(made(), [TASK], by_hand=by_hand).share("flight", "by hand") == Share(1, 2)
    file.write_text('{"tool": "nothing", "arguments": {}}\n[]\n{"tool": 1}\nx\n')
    with pytest.raises(UsageError) as problem:
        read_calls(file, Catalog(TOOLS))
    assert [f"calls.jsonl:{number}" in str(problem.value) for number in (1, 2, 3, 4)] == [True] * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield str(toys.folder(tmp_path_factory.mktemp("snapshots") / "toy", test=toys.tasks()))


def test_the_command_reports_and_exits_by_its_conditions(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["snapshot", "coverage", folder, "--show", "3"]) == 0
    shown = capsys.readouterr().out
    assert "3 tasks, 12 golden calls" in shown and shown.count("beside: ") + shown.count("reworded: ") == 3
    assert main(["snapshot", "coverage", folder, "--at-least", "0"]) == 0
    assert main(["snapshot", "coverage", folder, "--at-least", "1"]) == 1
    assert main(["snapshot", "coverage", folder, "--no-leak"]) == 0


def test_the_command_prints_json_of_the_same_bytes(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for _ in range(2):
        assert main(["snapshot", "coverage", folder, "--json", "--tasks", "2", "--seed", "5"]) == 0
        outputs.append(capsys.readouterr().out)
    report = json.loads(outputs[0])
    assert outputs[0] == outputs[1] and report["tasks"] == 2
    assert report["all"]["total"] == sum(kind["total"] for kind in report["kinds"].values())


def test_nothing_measured_is_not_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = toys.task(0, "Oslo", "2020-01-01", facts=False)
    folder = str(toys.folder(tmp_path / "toy", test=[task]))
    assert main(["snapshot", "coverage", folder, "--at-least", "0"]) == 1
    assert main(["snapshot", "coverage", folder, "--no-leak"]) == 1
    assert "skipped: 1 tasks" in capsys.readouterr().out


def test_leaks_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tool_orch_env import snapshot as snapshots

    snapshot = made()
    snapshots.write(
        tmp_path / "made",
        name="made",
        version="1",
        licence="CC0-1.0",
        sources=[{"name": "invented"}],
        captured="2026-01-01",
        catalog=snapshot.catalog,
        records={"responses": list(snapshot.records())},
        splits={"test": [TASK]},
        notice="Invented.\n",
    )
    assert main(["snapshot", "coverage", str(tmp_path / "made"), "--no-leak"]) == 1
    assert 'open: flight {"id":1}  (t b, row /flights/0)' in capsys.readouterr().out


def test_eight_variants_are_made_where_schema_and_reply_allow() -> None:
    snapshot = made()
    trace = Trace.of(
        Task(id="t", snapshot="made", request="?", tools=TASK.tools, golden=GOLDEN[:1]),
        snapshot,
        load(snapshot.catalog, None, "made"),
    )
    assert trace is not None
    assert len(variants(trace, 0)) >= LEAST
