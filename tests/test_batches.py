"""One call with a list of ids does the work of several calls with fewer, and the reverse."""

import json
from typing import Any

import pytest

import tool_orch_env as toe
from tool_orch_env.jsonvalues.canonical import canonical
from tool_orch_env.reward.batches import Batches
from tool_orch_env.reward.config import Score
from tool_orch_env.reward.credit import CompiledCall
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task

TOOLS = Catalog(
    [
        ToolSpec(
            name="find", parameters={"type": "object", "properties": {"name": {}}, "required": ["name"]}
        ),
        ToolSpec(
            name="look_up",
            parameters={
                "type": "object",
                "properties": {"ids": {"type": "array"}, "lang": {"type": "string"}},
                "required": ["ids"],
            },
            set_like=("ids",),
        ),
        ToolSpec(
            name="route",
            parameters={"type": "object", "properties": {"via": {"type": "array"}}, "required": ["via"]},
        ),
    ]
)
ROW = {n: {"id": n, "street": f"Long Street {n}"} for n in (7, 8, 9)}
LEG = {"ab": {"from": "a", "to": "b", "km": 1.25}, "bc": {"from": "b", "to": "c", "km": 2.5}}
SHOP = Snapshot.from_records(
    "shop",
    TOOLS,
    [
        make_record(TOOLS, tool, arguments, 200, response)
        for tool, arguments, response in (
            ("find", {"name": "axe"}, [{"id": 7}, {"id": 8}, {"id": 9}]),
            *(
                ("look_up", {"ids": list(ids)}, {"count": len(ids), "found": [ROW[n] for n in ids]})
                for ids in ((7,), (8,), (9,), (7, 9), (7, 8), (8, 9), (7, 8, 9))
            ),
            ("look_up", {"ids": [7, 9], "lang": "fi"}, {"count": 2, "found": [{"id": 7}, {"id": 9}]}),
            ("route", {"via": ["a", "b"]}, {"km": 1.25, "legs": [LEG["ab"]]}),
            ("route", {"via": ["b", "c"]}, {"km": 2.5, "legs": [LEG["bc"]]}),
            ("route", {"via": ["a", "b", "c"]}, {"km": 3.75, "legs": [LEG["ab"], LEG["bc"]]}),
        )
    ],
)
FIND = GoldenCall(id="a", tool="find", arguments={"name": "axe"})


def look_up(name: str, *ids: int) -> GoldenCall:
    bindings = {f"/ids/{at}": Binding(call="a", pointer=f"/{n - 7}/id") for at, n in enumerate(ids)}
    return GoldenCall(id=name, tool="look_up", arguments={"ids": list(ids)}, needs=("a",), bindings=bindings)


def street(call: str, row: int, number: int) -> AnswerFact:
    return AnswerFact(
        name=f"street {number}", value=f"Long Street {number}", call=call, pointer=f"/found/{row}/street"
    )


def task(
    *golden: GoldenCall, answer: tuple[AnswerFact, ...] = (), request: str = "Where are axe 1 and 3?"
) -> Task:
    return Task(id="t", snapshot="shop", request=request, tools=tuple(TOOLS), golden=golden, answer=answer)


SINGLES = task(FIND, look_up("b", 7), look_up("c", 9), answer=(street("b", 0, 7), street("c", 0, 9)))
BOTH = task(FIND, look_up("b", 7, 9), answer=(street("b", 0, 7), street("b", 1, 9)))
SILENT = task(FIND, look_up("b", 7), look_up("c", 9))


def call(*ids: int, **more: Any) -> dict[str, Any]:
    return {"name": "look_up", "arguments": {"ids": list(ids), **more}}


def score(of: Task, *turns: Any) -> Score:
    found = {"name": "find", "arguments": {"name": "axe"}}
    answer = "Long Street 7 and Long Street 9." if of.answer else "Done."
    return toe.score_turns(of, [found, *turns, answer], SHOP)


@pytest.mark.parametrize("of", [SINGLES, SILENT], ids=["facts", "no facts"])
@pytest.mark.parametrize("turns", [[call(7, 9)], [call(9, 7)], [call(7, 8, 9)], [call(7, 8), call(8, 9)]])
def test_one_call_with_both_ids_answers_two_single_look_ups(of: Task, turns: list[Any]) -> None:
    made = score(of, *turns)
    assert (made.total, made.waste, made.success) == (1.0, 0.0, True)


@pytest.mark.parametrize(
    "turns", [[[call(7), call(9)]], [call(9), call(7)], [call(7), call(8, 9)], [call(7, 8, 9)]]
)
def test_single_look_ups_answer_one_golden_call_with_both_ids(turns: list[Any]) -> None:
    made = score(BOTH, *turns)
    assert (made.total, made.waste, made.success) == (1.0, 0.0, True)


@pytest.mark.parametrize(
    ("of", "turns"),
    [
        (SINGLES, [call(7, 8)]),  # one of the two
        (BOTH, [call(7)]),
        (BOTH, [call(7), call(8)]),
        (BOTH, [call(7, 9, lang="fi")]),  # the rows are others
    ],
)
def test_part_of_the_ids_or_other_rows_are_not_enough(of: Task, turns: list[Any]) -> None:
    assert score(of, *turns).total < 0.95
    assert not score(of, *turns).success


def test_a_batch_next_to_the_golden_calls_is_waste() -> None:
    assert score(SINGLES, call(7), call(9), call(7, 9)).waste == pytest.approx(1 / 3)
    assert score(BOTH, call(7), call(9), call(7)).waste == pytest.approx(1 / 2)
    assert score(BOTH, call(7), call(9), call(7, 9)).waste == pytest.approx(2 / 2)


def test_ids_that_nobody_has_read_are_no_batch() -> None:
    made = toe.score_turns(SILENT, [call(7, 9)], SHOP)
    assert (made.atomic, made.orchestration, made.total) == (0.0, 0.0, 0.0)


def route(*via: str) -> dict[str, Any]:
    return {"name": "route", "arguments": {"via": list(via)}}


def test_a_total_over_the_whole_list_has_no_batches() -> None:
    """The legs are rows, the length of the whole route is not: two short routes do not state it."""
    whole = GoldenCall(id="b", tool="route", arguments={"via": ["a", "b", "c"]})
    total = AnswerFact(name="km", value=3.75, call="b", pointer="/km")
    leg = AnswerFact(name="km", value=2.5, call="b", pointer="/legs/1/km")
    parts = [route("a", "b"), route("b", "c"), "3.75 km, 2.5 km"]
    for fact, success in ((total, False), (leg, True)):
        of = task(whole, answer=(fact,), request="How far is it from a by b to c?")
        assert toe.score_turns(of, parts, SHOP).success is success


def one_of_three(*calls: Any, **meta: Any) -> Score:
    """Three rows are looked up, the first is asked for. `meta` may mark items as spare."""
    of = task(FIND, look_up("b", 7, 8, 9), answer=(street("b", 0, 7),), request="Which axe?")
    found = {"name": "find", "arguments": {"name": "axe"}}
    return toe.score_turns(of.model_copy(update={"meta": meta}), [found, *calls, "Long Street 7."], SHOP)


@pytest.mark.parametrize("ids", [(7, 8), (8, 7), (7, 8, 9)])
def test_items_that_the_task_marks_as_spare_can_be_left_out(ids: tuple[int, ...]) -> None:
    assert one_of_three(call(*ids), spare={"b": [2]}).success


@pytest.mark.parametrize(
    ("ids", "spare"),
    [((7,), {"b": [2]}), ((7, 9), {"b": [2]}), ((7, 8), {}), ((8,), {"b": [2]})],
)
def test_items_that_are_not_spare_cannot(ids: tuple[int, ...], spare: dict[str, list[int]]) -> None:
    assert not one_of_three(call(*ids), spare=spare).success


def test_the_needed_items_may_be_asked_for_one_by_one() -> None:
    assert one_of_three(call(7), call(8), spare={"b": [2]}).success


@pytest.mark.parametrize(
    ("spare", "words"),
    [
        ({"x": [0]}, "does not exist"),
        ({"a": [0]}, "the one list"),
        ({"b": [3]}, r"found \[3\]"),
        ({"b": [-1]}, r"found \[-1\]"),
        ({"b": [0, 1, 2]}, "not all"),
    ],
)
def test_spare_items_must_be_some_of_a_golden_calls_list(spare: dict[str, list[int]], words: str) -> None:
    of = task(FIND, look_up("b", 7, 8, 9))
    with pytest.raises(ValueError, match=words):
        Task.model_validate({**of.model_dump(), "meta": {"spare": spare}})


def listed(id: str, tool: str, response: str, **values: object) -> CompiledCall:
    texts = {name: canonical(value) for name, value in values.items()}
    return CompiledCall(index=0, id=id, tool=tool, key=id, values=texts, response=response, needs=())


def pieces(golden: list[CompiledCall], tool: str, text: str, **arguments: Any) -> set[tuple[str, str, str]]:
    return set(Batches(golden, {}).met(tool, arguments, repr((tool, arguments)), text))


ROWS = '[{"id":7},{"id":9}]'
B = listed("b", "look_up", ROWS, ids=[7, 9], lang="fi", sort="up")


@pytest.mark.parametrize(
    ("tool", "arguments", "met"),
    [
        ("look_up", {"ids": [7], "lang": "fi", "sort": "up"}, {("b", "ids", "7"), ("b", "", '{"id": 7}')}),
        ("look_up", {"ids": [7], "lang": "fi"}, set()),
        ("look_up", {"ids": [7], "lang": "fi", "sort": "up", "more": 1}, set()),
        ("look_up", {"ids": [7], "lang": "sv", "sort": "up"}, set()),
        ("look_up", {"ids": [7, 9], "lang": "sv", "sort": "up"}, set()),
        ("look_up", {"ids": 7, "lang": "fi", "sort": "up"}, set()),
        ("look_up", {"ids": [7, 9], "lang": ["fi"], "sort": "up"}, set()),
        ("look_up", {"ids": [7, 9], "lang": "fi", "sort": "up"}, set()),  # the golden call itself
        ("zoom", {"ids": [7], "lang": "fi", "sort": "up"}, set()),
        ("find", {"ids": [7], "lang": "fi", "sort": "up"}, set()),
    ],
)
def test_a_call_supplies_pieces_only_if_it_differs_in_one_list_alone(
    tool: str, arguments: dict[str, Any], met: set[tuple[str, str, str]]
) -> None:
    others = [listed("a", "find", "[]", ids=[1]), listed("z", "zoom", "[]", ids=[1])]
    assert pieces([B, *others], tool, '[{"id":7}]', **arguments) == met


def test_a_row_is_the_same_in_any_order_of_its_keys() -> None:
    golden = listed("b", "look_up", '[{"id":7,"name":"Kämp"},{"id":9,"name":"x"}]', ids=[7, 9])
    assert len(pieces([golden], "look_up", '[{"name":"K\\u00e4mp","id":7}]', ids=[7])) == 2


def test_each_call_has_the_ways_of_its_own_lists_and_none_without_a_response() -> None:
    a, c = listed("a", "look_up", '[{"id":1}]', ids=[1]), listed("c", "look_up", '[{"id":3}]', ids=[3])
    silent = CompiledCall(index=0, id="d", tool="look_up", key="d", values=a.values, response=None, needs=())
    found = Batches([a, B, c, silent], {})
    assert {id: [{piece[0] for piece in way} for way in found.ways(id)] for id in "abcd"} == {
        "a": [{"a"}],
        "b": [{"b"}],
        "c": [{"c"}],
        "d": [],
    }


@pytest.mark.parametrize("rows", ['[{"id":7}]', '[{"id":7},{"id":8},{"id":9}]'])
def test_spare_items_have_rows_of_their_own_only_where_there_are_as_many(rows: str) -> None:
    golden = listed("b", "look_up", rows, ids=[7, 9])
    [way] = Batches([golden], {}, {"b": [0]}).ways("b")
    assert {piece[2] for piece in way if not piece[1]} == {
        f'{{"id": {row["id"]}}}' for row in json.loads(rows)
    }
