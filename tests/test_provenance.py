"""Which arguments an agent can know, and what calls with made-up arguments earn."""

import json
from typing import Any

import pytest
from test_needs import ANSWER, GOLDEN, SHOP, TASK, TOOLS, call

import tool_orch_env as toe
from tool_orch_env.answers.oracle import oracle_answer
from tool_orch_env.calls.types import AnsweredCall, CallResult, Status, ToolCall
from tool_orch_env.reward.provenance import Knowledge, Provenance
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task

FREE = Catalog(
    [
        ToolSpec(
            name="f",
            parameters={
                "type": "object",
                "properties": {
                    "must": {"enum": ["slow", "quick"]},
                    "number": {"type": "integer"},
                    "order": {"type": "string", "enum": ["up", "down"]},
                    "text": {"type": "string"},
                    "items": {"type": "array"},
                    "flag": {"type": "boolean"},
                },
                "required": ["must"],
            },
        )
    ]
)
ASKED = Task(
    id="t",
    snapshot="s",
    request="The slow train to Oslo on 10 July 2013, at four, with 3 stops.",
    tools=("f",),
    golden=(
        GoldenCall(id="a", tool="f", arguments={"must": "slow", "text": "OSL", "items": [1, 7]}),
        GoldenCall(
            id="b",
            tool="f",
            arguments={"must": "slow", "text": "BGO", "items": [5, 6]},
            needs=("a",),
            bindings={"text": Binding(call="a", pointer="/x"), "/items/1": Binding(call="a", pointer="/y")},
        ),
    ),
)


@pytest.mark.parametrize(
    ("arguments", "held"),
    [
        ({}, True),
        ({"must": "slow"}, True),
        ({"must": "SLOW"}, True),
        ({"must": "quick"}, False),  # required: a short list can be tried out
        ({"text": "Oslo"}, True),
        ({"text": "2013-07-10"}, True),
        ({"text": "osl"}, True),  # a golden call takes it from no reply
        ({"text": "BGO"}, False),
        ({"text": "Oslo, slow"}, True),
        ({"text": "Oslo, Norway"}, False),
        ({"text": "Oslo,"}, False),
        ({"text": ""}, True),
        ({"items": ["Oslo", 3, 1, 7, 5]}, True),
        ({"items": ["Oslo", "Bergen"]}, False),
        ({"items": [{"at": "Bergen"}]}, False),
        ({"number": 50}, True),  # how many
        ({"number": 471100}, False),  # which one
        ({"order": "down"}, True),
        ({"order": "sideways"}, False),
        ({"flag": True, "text": None}, True),
    ],
)
def test_an_argument_is_held_by_the_request_or_is_a_free_choice(
    arguments: dict[str, Any], held: bool
) -> None:
    assert Provenance(ASKED, FREE).holds("f", arguments, set()) is held


def test_general_knowledge_is_held_and_nothing_else_of_the_call() -> None:
    known = Catalog([FREE["f"].spec.model_copy(update={"known": ("text",)})])
    provenance = Provenance(ASKED, known)
    assert provenance.holds("f", {"must": "slow", "text": "Norway"}, set())
    assert not provenance.holds("f", {"must": "quick", "text": "Norway"}, set())
    assert not provenance.holds("f", {"must": "slow", "items": ["Norway"]}, set())


def test_a_country_may_be_looked_up_in_place_of_a_city_in_it() -> None:
    """An agent that is asked about the holidays of Tallinn knows that it is in Estonia, but not what its id is."""
    travel = Snapshot.open("travel")
    [task, *_] = [
        task
        for task in travel.tasks("hard")
        if {one.tool for one in task.golden} == {"search_city", "public_holidays"}
    ]
    city = task.golden[0]
    rest = [call(one.tool, **one.arguments) for one in task.golden[1:]]
    place = json.loads(recorded(travel, "search_city", **city.arguments))["results"][0]
    country = json.loads(recorded(travel, "get_country", country_id=place["country_id"]))["name"]
    for first, success in ([call("search_country", name=country)], True), ([], False):
        assert toe.score_turns(task, [*first, *rest, oracle_answer(task)], travel).success is success


def recorded(snapshot: Snapshot, tool: str, /, **arguments: Any) -> str:
    reply = snapshot.lookup(tool, arguments)
    assert reply is not None
    return reply.text


def heard(*replies: tuple[int, str], **arguments: Any) -> Knowledge:
    """The knowledge of an episode with these replies, by turn, to calls with these arguments."""
    knowledge = Knowledge(Provenance(ASKED, FREE))
    for number, (turn, text) in enumerate(replies):
        knowledge.hear(turn, answered(text, f"k{number}", **arguments), golden=False)
    return knowledge


def answered(text: str = "{}", key: str = "k", /, **arguments: Any) -> AnsweredCall:
    return AnsweredCall(CallResult(Status.OK, text), ToolCall("f", arguments), arguments, key)


@pytest.mark.parametrize(
    "value", ["BGO", "bgo", "Airport of Bergen", "NOK", "SEK", "2013-07-11", "16:20", 16, 471100, "x/y"]
)
def test_a_value_in_an_earlier_reply_is_held(value: Any) -> None:
    reply = (
        '{"code":"BGO","name":"Airport of Bergen","rates":{"NOK":1},"also":"DKK, SEK",'
        '"at":"2013-07-11T16:20:00Z","no":[471100],"x/y":null}'
    )
    knowledge = heard((1, reply))
    assert not knowledge.holds(answered(must=value), 1), "a reply of the same turn"
    assert knowledge.holds(answered(must=value), 2)


def test_a_reply_to_a_call_from_nowhere_is_no_source() -> None:
    assert not heard((1, '{"code":"BGO"}'), text="Bergen").holds(answered(text="BGO"), 2)
    assert heard((1, '{"code":"BGO"}'), text="Oslo").holds(answered(text="BGO"), 2)


def test_replies_of_one_turn_do_not_make_each_other_known() -> None:
    for second, held in ((1, False), (2, True)):
        knowledge = Knowledge(Provenance(ASKED, FREE))
        knowledge.hear(1, answered('{"code":"BGO"}', "k1", text="Oslo"), golden=False)
        knowledge.hear(second, answered('{"code":"TRD"}', "k2", text="BGO"), golden=False)
        assert knowledge.holds(answered(text="TRD"), 3) is held


def test_a_golden_reply_is_always_a_source() -> None:
    knowledge = Knowledge(Provenance(ASKED, FREE))
    knowledge.hear(1, answered('{"code":"TRD"}', text="BGO"), golden=True)
    assert knowledge.holds(answered(text="TRD"), 2)


def test_a_call_from_nowhere_takes_no_golden_calls_place() -> None:
    """Shelf e has the axe as well, and nobody said so; nor does asking twice make it known."""
    more = [
        make_record(TOOLS, "browse", {"shelf": "east"}, 200, {"shelf": [{"id": 7}], "name": "east"}),
        *SHOP.records(),
    ]
    shop = Snapshot.from_records("shop", TOOLS, more)
    nowhere = call("browse", shelf="east")
    for turns in ([nowhere], [nowhere, nowhere], [nowhere, nowhere, nowhere]):
        assert toe.score_turns(TASK, [*turns, ANSWER], shop).total == 0.0
        assert toe.score_turns(TASK, [*turns, GOLDEN[1], ANSWER], shop).orchestration == 0.0
    said = TASK.model_copy(update={"request": f"{TASK.request} The east shelf has it."})
    assert toe.score_turns(said, [nowhere, GOLDEN[1], ANSWER], shop).total == 1.0


def test_a_fact_is_not_supplied_by_a_call_from_nowhere() -> None:
    fact = AnswerFact(name="code", value="XK-471100", call="b", pointer="/code")
    quiet = TASK.model_copy(update={"request": "Which code has it?", "answer": (fact,)})
    assert toe.score_turns(quiet, [call("label", text="other"), ANSWER], SHOP).total == 0.0
    assert toe.score_turns(quiet, [call("label", text="all"), ANSWER], SHOP).total == 0.0
