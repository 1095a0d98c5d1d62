"""What golden calls are there for, and who else may supply it: on a snapshot small enough to compute by hand."""

import dataclasses
from typing import Any

import pytest

import tool_orch_env as toe
from tool_orch_env.episode import Episode
from tool_orch_env.reward import alternatives as ways_module
from tool_orch_env.reward.alternatives import Alternatives
from tool_orch_env.reward.config import RewardConfig, Score
from tool_orch_env.reward.credit import CreditWeights
from tool_orch_env.reward.graduated import waste_cost
from tool_orch_env.reward.scorer import scorer
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task
from tool_orch_env.taskset import TaskSet

CODE = "XK-471100"
MINED = [
    ["scan", "/hits/*", "get", "id"],
    ["scan", "/lang/*", "get", "lang"],  # of another parameter
    ["scan", "/seen/*", "find", "id"],  # of another tool
]


def _tool(name: str, required: str = "", optional: str = "", **more: Any) -> ToolSpec:
    properties = {one: {} for one in (*required.split(), *optional.split())}
    parameters = {"type": "object", "properties": properties, "required": required.split()}
    return ToolSpec(name=name, parameters=parameters, **more)


SOURCES = {"id": ({"tool": "find", "pointer": "/items/*/id"}, {"tool": "browse", "pointer": "/shelf/*/id"})}
TOOLS = Catalog(
    [
        _tool("find", "name", "page"),
        _tool("get", "id", "lang", sources=SOURCES),
        _tool("browse", "shelf"),
        _tool("scan", "at"),
        _tool("label", "text"),
    ]
)
SHOP = Snapshot.from_records(
    "shop",
    TOOLS,
    [
        make_record(TOOLS, tool, arguments, status, response)
        for tool, arguments, status, response in (
            ("find", {"name": "axe"}, 200, {"items": [{"id": 7}]}),
            ("find", {"name": "axe", "page": 2}, 200, {"items": [{"id": 8}, {"id": 7}]}),
            ("find", {"name": "saw"}, 200, {"items": [{"id": 7}, {"id": 9}]}),
            ("get", {"id": 7}, 200, {"id": 7, "code": CODE, "left": 3}),
            ("browse", {"shelf": "a"}, 200, {"shelf": [{"id": 6}, {"id": 7}]}),
            ("browse", {"shelf": "b"}, 200, {"shelf": [{"id": 7}]}),
            ("browse", {"shelf": "c"}, 200, {"shelf": [{"id": 5}]}),
            ("browse", {"shelf": "d"}, 404, {"shelf": [{"id": 7}]}),
            ("scan", {"at": "door"}, 200, {"hits": [7], "seen": [5]}),
            ("scan", {"at": "wall"}, 200, {"hits": [5], "seen": [7]}),
            ("label", {"text": "axe"}, 200, {"found": {"code": CODE}}),
            ("label", {"text": "all"}, 200, {"found": [{"code": f"{CODE}{n}"} for n in range(3)]}),
            ("label", {"text": "other"}, 200, {"found": {"name": CODE}}),
        )
    ],
)
FIND = GoldenCall(id="a", tool="find", arguments={"name": "axe"})
GET = GoldenCall(
    id="b",
    tool="get",
    arguments={"id": 7},
    needs=("a",),
    bindings={"id": Binding(call="a", pointer="/items/0/id")},
)
FACT = AnswerFact(name="code", value=CODE, call="b", pointer="/code")


def task(*golden: GoldenCall, answer: tuple[AnswerFact, ...] = (FACT,)) -> Task:
    return Task(
        id="t",
        snapshot="shop",
        request="Which code has the axe? Look on the shelves a, b, c and d, at the door, at the wall, in all labels.",
        tools=tuple(TOOLS),
        golden=golden,
        answer=answer,
        meta={"mined": MINED},
    )


TASK = task(FIND, GET)


def call(tool: str, /, **arguments: Any) -> dict[str, Any]:
    return {"name": tool, "arguments": arguments}


GOLDEN = [call("find", name="axe"), call("get", id=7)]
ANSWER = f"It is {CODE}."
ONE_SLIP = waste_cost(1 / 2, 2, RewardConfig().waste)
"""The cost of one left-over call in a task of two golden calls."""


def score(*turns: Any, of: Task = TASK) -> Score:
    return toe.score_turns(of, [*turns, ANSWER], SHOP)


def met(tool: str, response: Any, of: Task = TASK, **arguments: Any) -> list[int]:
    """Positions of the needs met: in `TASK` 0 is the id that `get` takes, 1 the code that is asked for."""
    return list(Alternatives(of, TOOLS).met_by(tool, arguments, response))


def test_a_task_has_a_need_for_every_binding_and_for_every_fact_with_a_source() -> None:
    ways = Alternatives(TASK, TOOLS)
    assert [(need.call, need.consumer, need.form, need.name, need.tool) for need in ways.needs] == [
        ("a", "b", "7", "", "find"),
        ("b", "", CODE, "code", "get"),
    ]
    assert ways.of == {"a": (0,), "b": (1,)}
    assert (
        Alternatives(task(FIND, GET, answer=(FACT.model_copy(update={"call": None}),)), TOOLS).of["b"] == ()
    )
    assert (
        Alternatives(task(FIND, GET, answer=(FACT.model_copy(update={"pointer": None}),)), TOOLS).of["b"]
        == ()
    )


@pytest.mark.parametrize(
    ("tool", "response", "needs"),
    [
        ("browse", {"shelf": [{"id": 1}, {"id": 7}]}, [0]),
        ("browse", {"shelf": [{"id": "7"}]}, [0]),
        ("browse", {"shelf": [{"id": 7.0}]}, [0]),
        ("browse", {"shelf": [{"id": 8}]}, []),
        ("browse", {"shelf": [{"no": 7}]}, []),
        ("browse", {"id": 7}, []),
        ("scan", {"shelf": [{"id": 7}]}, []),
        ("scan", {"hits": [7]}, [0]),
        ("scan", {"seen": [7]}, []),
        ("scan", {"lang": [7]}, []),
        ("label", {"any": [{"code": CODE}]}, [1]),
        ("label", {"code": "XK-471101"}, []),
        ("label", {"name": CODE}, []),
        ("label", {"bar code": CODE}, []),
        ("label", {"code/x": CODE}, []),
        ("browse", {"shelf": [{"id": 7, "code": CODE}]}, [0, 1]),
    ],
)
def test_a_need_is_met_at_a_declared_or_mined_place_and_a_fact_under_its_name(
    tool: str, response: Any, needs: list[int]
) -> None:
    assert met(tool, response) == needs


def test_a_fact_that_could_stand_anywhere_by_chance_has_no_other_place() -> None:
    three = task(FIND, GET, answer=(AnswerFact(name="left", value=3, call="b", pointer="/left"),))
    assert met("label", {"left": 3}, three) == []


def test_a_golden_tool_meets_needs_only_when_asked_what_a_golden_call_asks() -> None:
    found = {"items": [{"id": 7}]}
    assert met("find", found, name="axe") == [0]
    assert met("find", found, name="axe", page=2) == [0]
    assert met("find", found, name="saw") == []
    assert met("find", found) == []
    other = GoldenCall(id="c", tool="find", arguments={"name": "saw"})
    assert met("find", found, task(FIND, GET, other), name="saw") == []
    assert met("find", found, task(FIND, GET, other), name="axe") == [0]


def test_each_golden_call_of_a_tool_meets_its_own_needs() -> None:
    saw = GoldenCall(id="c", tool="find", arguments={"name": "saw"})
    nine = {
        "id": "d",
        "arguments": {"id": 9},
        "needs": ("c",),
        "bindings": {"id": Binding(call="c", pointer="")},
    }
    both = task(FIND, saw, GET, GET.model_copy(update=nine), answer=())
    everything = {"items": [{"id": 7}, {"id": 9}]}
    assert met("find", everything, both, name="axe") == [0]
    assert met("find", everything, both, name="saw") == [1]


def test_only_required_arguments_tell_what_a_golden_tool_was_asked() -> None:
    second_page = task(FIND.model_copy(update={"arguments": {"name": "axe", "page": 2}}), GET)
    assert met("find", {"items": [{"id": 7}]}, second_page, name="axe") == [0]


def test_needs_are_shared_by_episodes_and_cannot_be_changed() -> None:
    (need, _) = Alternatives(TASK, TOOLS).needs
    with pytest.raises(dataclasses.FrozenInstanceError):
        need.form = "8"  # type: ignore[misc]
    assert not hasattr(need, "__dict__")


def test_an_argument_that_is_a_list_is_never_asked_the_same() -> None:
    listed = GoldenCall(id="a", tool="find", arguments={"name": ["axe"]})
    assert met("find", {"items": [{"id": 7}]}, task(listed, GET), name=["axe"]) == []


def test_a_part_of_an_argument_and_a_value_that_never_travels_are_supplied_by_nothing_else() -> None:
    """Its place is not among the edges of the parameter, even if the parameter has some."""
    bound = {"bindings": {"/id/0": Binding(call="a", pointer="/items/0/id")}, "arguments": {"id": [7]}}
    for get in (GET.model_copy(update=bound), GET.model_copy(update={"arguments": {"id": True}})):
        (need, _) = Alternatives(task(FIND, get), TOOLS).needs
        assert (need.form, need.places) == ("", frozenset())


def test_needs_are_remembered_by_key_and_forgotten_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways_module, "MEMO_SIZE", 2)
    ways = Alternatives(TASK, TOOLS)
    text = '{"shelf":[{"id":7}]}'
    assert ways.met("browse", {}, "k1", text) == frozenset({0})
    assert ways.met("browse", {}, "k1", "{}") == frozenset({0})
    assert ways.met("browse", {}, "k2", "{}") == frozenset()
    assert ways.met("browse", {}, "k1", "{}") == frozenset({0})
    assert ways.met("browse", {}, "k3", text) == frozenset({0})
    assert ways.met("browse", {}, "k1", "{}") == frozenset()


def test_a_task_whose_needs_have_no_other_place_reads_no_reply() -> None:
    assert Alternatives(task(FIND, answer=()), TOOLS).met("browse", {}, "k", "not even JSON") == frozenset()


def test_a_call_that_supplies_what_a_golden_call_is_there_for_takes_its_place() -> None:
    for other in (call("browse", shelf="a"), call("scan", at="door"), call("find", name="axe", page=2)):
        assert score(other, GOLDEN[1]) == Score(1.0, 1.0, 1.0, 0.0, 1.0, True), other
    for other in (call("browse", shelf="c"), call("scan", at="wall"), call("browse", shelf="d")):
        assert score(other, GOLDEN[1]) == Score(0.5, 0.0, 0.0, 0.5, pytest.approx(0.4 * 0.5 - ONE_SLIP)), (
            other
        )


def test_what_only_a_replaced_call_waits_for_is_needed_no_longer() -> None:
    assert score(call("label", text="axe")) == Score(1.0, 1.0, 1.0, 0.0, 1.0, True)
    assert score(call("label", text="other")).orchestration == 0.0


def test_a_value_must_be_supplied_in_an_earlier_turn_than_it_is_used() -> None:
    browse = call("browse", shelf="a")
    assert score([browse, GOLDEN[1]]).orchestration == 0.5
    assert score(GOLDEN[1], browse) == Score(1.0, 0.5, 0.0, 0.0, pytest.approx(0.4 + 0.2))
    assert score(GOLDEN[1], browse, GOLDEN[1]).orchestration == 1.0


DECIDED = task(
    FIND,
    GoldenCall(id="d", tool="label", arguments={"text": "other"}),
    GET.model_copy(update={"needs": ("a", "d")}),
    GoldenCall(id="e", tool="scan", arguments={"at": "door"}, needs=("b",)),
).model_copy(update={"meta": {"mined": MINED, "reads": ["b", "d"]}})
"""The reply to `d` decides whether `b` is made; `e` comes after it."""
DECIDE, LAST = call("label", text="other"), call("scan", at="door")


@pytest.mark.parametrize(
    "turns",
    [
        [GOLDEN[0], [GOLDEN[1], DECIDE], LAST],
        [GOLDEN[0], GOLDEN[1], DECIDE, LAST],
        [GOLDEN[0], GOLDEN[1], [DECIDE, LAST]],
        [GOLDEN[0], GOLDEN[1], LAST, DECIDE],
        [GOLDEN[0], [GOLDEN[1], DECIDE, LAST]],
        [[GOLDEN[0], DECIDE], GOLDEN[1], LAST],
    ],
)
def test_a_call_with_known_arguments_may_come_before_the_reply_that_decides_on_it(turns: list[Any]) -> None:
    assert score(*turns, of=DECIDED) == Score(1.0, 1.0, 1.0, 0.0, 1.0, True)


def test_an_early_call_counts_only_if_the_decision_is_read_and_its_arguments_were_known() -> None:
    undecided = score(GOLDEN[0], GOLDEN[1], LAST, of=DECIDED)
    assert (undecided.orchestration, undecided.answer, undecided.success) == (0.25, 0.0, False)
    guessed = score(GOLDEN[1], GOLDEN[0], DECIDE, LAST, of=DECIDED)
    assert (guessed.orchestration, guessed.answer) == (0.5, 0.0)
    again = score(GOLDEN[1], [GOLDEN[0], DECIDE], GOLDEN[1], LAST, of=DECIDED)
    assert (again.orchestration, again.answer, again.waste) == (1.0, 1.0, 0.25)


def test_where_nothing_is_decided_the_order_has_to_be_kept() -> None:
    ordered = DECIDED.model_copy(update={"meta": {"mined": MINED}})
    early = score(GOLDEN[0], [GOLDEN[1], DECIDE], LAST, of=ordered)
    assert (early.orchestration, early.answer) == (0.5, 0.0)


def test_a_call_repeated_once_it_is_ready_answers_once() -> None:
    twice = score(GOLDEN[0], GOLDEN[1], DECIDE, GOLDEN[1], LAST, of=DECIDED)
    assert (twice.orchestration, twice.answer, twice.waste) == (1.0, 1.0, 0.25)


def test_another_way_beside_the_golden_call_or_a_second_one_is_waste() -> None:
    browse, again = call("browse", shelf="a"), call("browse", shelf="b")
    for turns in ([browse, *GOLDEN], [GOLDEN[0], browse, GOLDEN[1]], [browse, again, GOLDEN[1]]):
        assert score(*turns) == Score(1.0, 1.0, 1.0, 0.5, pytest.approx(1 - ONE_SLIP), True), turns


def test_a_wrong_try_at_a_golden_call_that_is_then_replaced_is_paid_once() -> None:
    tried = score(call("find", name="saw"), call("browse", shelf="a"), GOLDEN[1])
    assert tried == Score(1.0, 1.0, 1.0, 0.0, 1.0, True)


def test_a_call_that_is_replaced_counts_one_whatever_was_tried_before() -> None:
    browse, wrong = call("browse", shelf="a"), call("find", name="saw")
    for turns in ([browse], [wrong, browse], [browse, wrong]):
        made = score(*turns)
        assert (made.atomic, made.orchestration) == (0.5, 0.5), turns


def test_rounding_lifts_no_component_above_one() -> None:
    """0.4 + 0.4 + 0.4 and 3 × (1 − 0.4) are more than 3 in floating point."""
    calls = tuple(GoldenCall(id=f"f{n}", tool="find", arguments={"name": f"n{n}"}) for n in range(3))
    facts = tuple(
        AnswerFact(name="code", value=f"{CODE}{n}", call=f"f{n}", pointer="/code") for n in range(3)
    )
    weights = CreditWeights(name=0.4, parameters=0.0, types=0.0, values=0.6, executed=0.0)
    turns = [[call("find")] * 3, call("label", text="all")]
    made = toe.score_turns(task(*calls, answer=facts), turns, SHOP, RewardConfig(credit=weights))
    assert (made.atomic, made.orchestration) == (1.0, 1.0)


def test_every_need_of_a_golden_call_has_to_be_met() -> None:
    second = GET.model_copy(update={"id": "c", "arguments": {"id": 9}})
    both = task(GoldenCall(id="a", tool="find", arguments={"name": "saw"}), GET, second)
    assert score(call("browse", shelf="a"), GOLDEN[1], of=both).orchestration == 0.0


def test_a_golden_call_without_needs_has_no_other_way() -> None:
    alone = task(FIND, answer=())
    assert score(call("browse", shelf="a"), of=alone) == Score(0.0, 0.0, None, 1.0, 0.0)


def test_calls_are_credited_to_the_golden_call_they_make_or_replace() -> None:
    setting = TaskSet(SHOP, [TASK]).compiled("t")
    assert scorer(setting.trace, "graduated").credited() == []
    episode = Episode(setting)
    assert episode.step(call("browse", shelf="c")).credited == (None,)
    assert episode.step([call("browse", shelf="a"), call("scan", at="door")]).credited == ("a", None)
    assert episode.step([call("label", text="other"), GOLDEN[1]]).credited == (None, "b")
    assert episode.step([GOLDEN[0], call("browse", shelf="b")]).credited == ("a", None)
    assert episode.step(ANSWER).credited == ()
