"""Narrower and wider calls of a golden tool: paid if they find the row that is wanted, whatever its value is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import tool_orch_env as toe
from tool_orch_env.answers.oracle import oracle_answer
from tool_orch_env.calls.types import ToolCall, Turn
from tool_orch_env.reward.alternatives import Alternatives
from tool_orch_env.reward.golden import CompiledTrace
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.fold import Fold
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task, read_tasks

CORPUS = Path(__file__).parent / "corpora" / "narrower.jsonl"
REAL = {task.id: task for task in read_tasks(CORPUS)}


def tool(name: str, required: str, **optional: Any) -> ToolSpec:
    properties = {required: {"type": "string"}, **optional}
    parameters = {"type": "object", "properties": properties, "required": [required]}
    return ToolSpec(name=name, parameters=parameters, fold={required: Fold(case=True)})


NUMBER = {"type": "integer"}
TOOLS = Catalog(
    [
        tool("near", "town", limit=NUMBER, km=NUMBER, day={"type": "string"}),
        tool("hours", "town", limit=NUMBER, day={"type": "string"}),
        tool("other", "town"),
    ]
)
ROWS = [
    {"stop": "Harbour Bridge", "km": 2},
    {"stop": "Old Market Hall", "km": 7},
    {"stop": "Airport Road", "km": 9},
]
HOURS = [{"hour": 8, "open": 3}, {"hour": 9, "open": 3}]


def near(rows: list[dict[str, Any]], total: int = 3) -> dict[str, Any]:
    return {"total": total, "stops": rows}


TOWN = Snapshot.from_records(
    "town",
    TOOLS,
    [
        make_record(TOOLS, name, arguments, 200, response)
        for name, arguments, response in (
            ("near", {"town": "Alba"}, near(ROWS)),
            ("near", {"town": "Alba", "limit": 1}, near(ROWS[:1])),
            ("near", {"town": "Alba", "limit": 2}, near(ROWS[:2])),
            ("near", {"town": "Alba", "km": 8}, near(ROWS[:2], 2)),
            ("near", {"town": "Alba", "km": 9}, near([*ROWS, {"stop": "Elsewhere Hill", "km": 9}], 4)),
            ("near", {"town": "Alba", "km": 5}, near(ROWS[:1], 1)),
            ("near", {"town": "Alba", "day": "Sunday"}, near([{**ROWS[0], "km": 3}])),
            ("near", {"town": "Berg"}, near([ROWS[0], {"stop": "Town Hall Square", "km": 4}], 2)),
            ("near", {"town": "Berg", "limit": 1}, near(ROWS[:1], 2)),
            ("near", {"town": "Corte"}, near(ROWS)),
            ("hours", {"town": "Alba", "day": "Monday"}, {"hours": HOURS}),
            ("hours", {"town": "Alba", "day": "Monday", "limit": 1}, {"hours": HOURS[:1]}),
            ("hours", {"town": "Alba", "day": "Sunday"}, {"hours": HOURS}),
            ("hours", {"town": "Alba", "day": "Sunday", "limit": 1}, {"hours": HOURS[:1]}),
            ("other", {"town": "Alba"}, near(ROWS)),
        )
    ],
)
A = GoldenCall(id="a", tool="near", arguments={"town": "Alba"})
B = GoldenCall(id="b", tool="near", arguments={"town": "Berg"})


def fact(call: str, pointer: str, value: Any) -> AnswerFact:
    return AnswerFact(name=pointer.rpartition("/")[2], value=value, call=call, pointer=pointer)


def task(*golden: GoldenCall, answer: tuple[AnswerFact, ...] = (), request: str = "", **meta: Any) -> Task:
    return Task(
        id="t",
        snapshot="town",
        request=request or "Stops near Alba, Berg and Corte? Also on Sunday.",
        tools=tuple(TOOLS),
        golden=golden,
        answer=answer,
        meta=meta,
    )


def score(task: Task, changed: Mapping[str, ToolCall], snapshot: Snapshot = TOWN) -> toe.Score:
    """The golden trace with other calls in the place of some, by id."""
    turns = [
        Turn(calls=tuple(changed.get(call.id, call.as_call()) for call in layer)) for layer in task.layers
    ]
    return toe.score_turns(task, [*turns, Turn(answer=oracle_answer(task))], snapshot)


def asked(task: Task, tool: str = "near", **arguments: Any) -> toe.Score:
    """What the golden trace scores with this call in the place of `a`."""
    return score(task, {"a": ToolCall(tool, {"town": "Alba", **arguments})})


FIRST = task(A, answer=(fact("a", "/stops/0/km", 2),))
SECOND = task(A, answer=(fact("a", "/stops/1/km", 7),))


def test_a_call_that_finds_the_row_of_a_fact_does_the_golden_calls_work() -> None:
    for arguments in ({"limit": 1}, {"limit": 2}, {"km": 8}, {"km": 5}, {"km": 9}):
        assert asked(FIRST, **arguments).total == 1.0, arguments
        assert asked(FIRST, **arguments).success


def test_a_call_that_misses_the_row_or_finds_another_one_does_not() -> None:
    for arguments in ({"limit": 1}, {"km": 5}, {"day": "Sunday"}):
        assert asked(SECOND, **arguments).orchestration == 0.0, arguments
    assert asked(FIRST, day="Sunday").orchestration == 0.0
    assert asked(SECOND, limit=2).total == 1.0


def test_another_tool_and_other_required_arguments_do_not() -> None:
    assert asked(FIRST, tool="other").orchestration == 0.0
    assert score(FIRST, {"a": ToolCall("near", {"town": "Corte"})}).orchestration == 0.0
    both = task(A, B, answer=(fact("a", "/stops/0/km", 2), fact("b", "/stops/0/km", 2)))
    twice = {
        "a": ToolCall("near", {"town": "Alba", "limit": 1}),
        "b": ToolCall("near", {"town": "Alba", "km": 5}),
    }
    assert score(both, twice).orchestration == 0.5


def test_a_limit_that_comes_from_nowhere_is_free_but_a_town_is_not() -> None:
    """A call with a row that is wanted, of a town that nobody named."""
    unnamed = task(A, B, answer=FIRST.answer, request="Which stop is nearest?")
    assert score(unnamed, {"a": ToolCall("near", {"town": "Corte"})}).orchestration == 0.5


def test_required_arguments_are_compared_as_the_tool_folds_them() -> None:
    for town in ("Alba", "alba", "ALBA"):
        assert score(FIRST, {"a": ToolCall("near", {"town": town, "limit": 1})}).total == 1.0, town


def test_a_value_outside_all_lists_must_be_the_same_and_only_numbers_may_differ() -> None:
    total = task(A, answer=(fact("a", "/total", 3),))
    for arguments in ({"limit": 1}, {"limit": 2}):
        assert asked(total, **arguments).total == 1.0
    for arguments in ({"km": 8}, {"km": 9}, {"day": "Sunday"}):
        assert asked(total, **arguments).orchestration == 0.0


def test_a_number_that_the_request_states_matters_to_a_value_outside_all_lists_only() -> None:
    within = GoldenCall(id="a", tool="near", arguments={"town": "Alba", "km": 8})
    request = "Stops within 8 km of Alba?"
    row = task(within, answer=(fact("a", "/stops/0/km", 2),), request=request)
    count = task(within, answer=(fact("a", "/total", 2),), request=request)
    for arguments in ({"km": 5}, {"km": 9}, {}):
        assert asked(row, **arguments).total == 1.0, arguments
        assert asked(count, **arguments).orchestration == 0.0, arguments


def test_a_row_that_could_recur_by_chance_needs_the_arguments_that_the_request_states() -> None:
    monday = GoldenCall(id="a", tool="hours", arguments={"town": "Alba", "day": "Monday"})
    stated = task(monday, answer=(fact("a", "/hours/0/open", 3),), request="Alba on Monday, not on Sunday?")
    assert asked(stated, "hours", day="Monday", limit=1).total == 1.0
    assert asked(stated, "hours", day="Sunday", limit=1).orchestration == 0.0
    understood = stated.model_copy(
        update={"request": "Alba, tomorrow? Not on Sunday.", "meta": {"understood": {"a": ["day"]}}}
    )
    assert asked(understood, "hours", day="Monday", limit=1).orchestration == 1.0
    assert asked(understood, "hours", day="Sunday", limit=1).orchestration == 0.0


@pytest.mark.parametrize("rows", [[ROWS[0], ROWS[0]], [{"km": 2}, {"km": 3}], [2, 3]])
def test_a_row_that_is_no_evidence_has_no_other_place(rows: list[Any]) -> None:
    place = "/stops/0" if rows == [2, 3] else "/stops/0/km"
    one = task(A, answer=(fact("a", place, 2),))
    ways = Alternatives(one, TOOLS, lambda: {"a": near(rows)})
    assert list(ways.met_by("near", {"town": "Alba", "limit": 1}, near(rows[:1]))) == []
    ways = Alternatives(one, TOOLS, lambda: {"a": near([ROWS[0], *rows])})
    assert list(ways.met_by("near", {"town": "Alba", "limit": 1}, near([ROWS[1]]))) == []


def test_a_row_is_the_innermost_element_and_at_the_same_pattern() -> None:
    inner = {"stop": "Mill", "km": 2}
    golden = {"lines": [{"name": "1", "stops": [inner, {"stop": "Quay", "km": 5}]}]}
    one = task(A, answer=(fact("a", "/lines/0/stops/0/km", 2),))
    ways = Alternatives(one, TOOLS, lambda: {"a": golden})

    def met(response: Any) -> list[int]:
        return list(ways.met_by("near", {"town": "Alba", "limit": 1}, response))

    assert met({"lines": [{"name": "2", "stops": []}, {"name": "1", "stops": [inner]}]}) == [0]
    assert met({"lines": [{"name": "1", "stops": [{**inner, "km": 2.5}]}]}) == []
    assert met({"lines": [inner]}) == met({"stops": [inner]}) == met(inner) == []


def test_a_binding_without_edges_is_supplied_by_its_row() -> None:
    bound = GoldenCall(
        id="c",
        tool="other",
        arguments={"town": "Alba"},
        needs=("a",),
        bindings={"town": Binding(call="a", pointer="/stops/1/stop")},
    )
    two = task(A, bound)
    assert asked(two, limit=2).total == 1.0
    assert asked(two, limit=1).orchestration < 0.5


def compared(*pointers: str) -> dict[str, Any]:
    return {
        "choices": [
            {"among": [{"call": call, "pointer": place} for call, place in zip("ab", pointers, strict=True)]}
        ]
    }


def test_a_call_that_only_feeds_a_comparison_is_needed_for_the_row_that_is_compared() -> None:
    answer = (fact("b", "/stops/1/stop", "Town Hall Square"),)
    rows = task(A, B, answer=answer, **compared("/stops/0", "/stops/0"))
    assert asked(rows, limit=1).total == 1.0
    second = task(A, B, answer=answer, **compared("/stops/1", "/stops/1"))
    assert asked(second, limit=1).orchestration == 0.5
    assert asked(second, limit=2).total == 1.0
    assert asked(rows, tool="other").orchestration == 0.5
    whole = task(A, B, answer=answer, **compared("", ""))
    assert asked(whole, limit=1).orchestration == 0.5


def test_a_comparison_adds_no_need_to_a_call_that_has_others() -> None:
    both = task(A, B, answer=FIRST.answer, **compared("/stops/1", "/stops/0"))
    ways = Alternatives(both, TOOLS)
    assert [(need.call, need.pointer, need.chosen) for need in ways.needs] == [
        ("a", "/stops/0/km", False),
        ("b", "/stops/0", True),
    ]


def test_a_picked_row_is_a_need_unless_the_response_is_compared_as_a_whole() -> None:
    pick = {"picks": [{"call": "a", "list": "/stops", "item": 1, "criterion": {"kind": "only"}}]}
    assert asked(task(A, **pick), limit=2).total == 1.0
    assert asked(task(A, **pick), limit=1).orchestration == 0.0
    assert asked(task(A, B, **pick, **compared("", "")), limit=2).orchestration == 0.5


def test_replies_are_asked_for_once_and_only_if_a_call_of_the_tool_needs_them() -> None:
    loads = []

    def replies() -> dict[str, Any]:
        loads.append(1)
        return {"a": near(ROWS)}

    ways = Alternatives(FIRST, TOOLS, replies)
    assert ways.met("other", {"town": "Alba"}, "k0", "not even JSON") == frozenset()
    list(ways.met_by("near", {"town": "Berg"}, near(ROWS)))
    assert not loads
    for _ in range(2):
        assert list(ways.met_by("near", {"town": "Alba", "limit": 1}, near(ROWS[:1]))) == [0]
    assert loads == [1]
    assert list(Alternatives(FIRST, TOOLS).met_by("near", {"town": "Alba"}, near(ROWS))) == []


def test_a_golden_call_without_a_reply_or_with_another_one_has_no_row() -> None:
    for found in ({}, {"a": {"stops": []}}, {"a": {"stops": None}}):
        ways = Alternatives(FIRST, TOOLS, lambda found=found: found)
        assert list(ways.met_by("near", {"town": "Alba", "limit": 1}, near(ROWS[:1]))) == []


def test_playing_the_golden_trace_reads_no_row() -> None:
    trace = CompiledTrace(FIRST, TOWN)
    assert "_rows" not in vars(trace.alternatives)
    assert score(FIRST, {}).total == 1.0


@pytest.fixture(scope="module")
def snapshots() -> dict[str, Snapshot]:
    return {name: Snapshot.open(name) for name in ("travel", "elements")}


@pytest.mark.parametrize(
    ("task", "call", "more", "total"),
    [
        ("travel-0-00008", "c9", {"limit": 1}, 1.0),  # 12.4 km, and how many in all
        ("travel-0-00008", "c7", {"limit": 1}, 1.0),  # Rome, folded, and Lomé after it
        ("travel-0-00008", "c9", {"radius_km": 20}, None),  # within 30 km, how many?
        ("travel-0-00004", "c1", {"limit": 1}, 1.0),  # only compared
        ("travel-0-00004", "c2", {"limit": 1}, 1.0),
        ("elements-0-00000", "c2", {"limit": 1}, 1.0),  # actinium, and protactinium after it
        ("elements-0-00000", "c3", {"kind": "radioactive"}, 1.0),
        ("elements-0-00000", "c3", {"kind": "natural"}, None),  # without iodine-131
    ],
)
def test_real_tasks(
    task: str, call: str, more: dict[str, Any], total: float | None, snapshots: dict[str, Snapshot]
) -> None:
    played, snapshot = REAL[task], snapshots[task.partition("-")[0]]
    (golden,) = [one for one in played.golden if one.id == call]
    made = score(played, {call: ToolCall(golden.tool, {**golden.arguments, **more})}, snapshot)
    assert made.total == total if total else made.orchestration < 1.0
    assert made.success is bool(total)
