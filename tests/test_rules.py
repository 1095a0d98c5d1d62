"""Each further rule of the audit finds its fault, and nothing in a task without it."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import scenes
import toy as toys

from tool_orch_env.cli.main import main
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.audit import audit
from tool_orch_env.synth.rules import RULES, SCENARIO_RULES
from tool_orch_env.synth.rules.checked import Checked
from tool_orch_env.task import AnswerFact, Task


@pytest.fixture(scope="module")
def theatre() -> Snapshot:
    return scenes.world()


@pytest.fixture(scope="module")
def clean(theatre: Snapshot) -> Task:
    return scenes.task(scenes.LATE, theatre)


def changed(task: Task, **more: Any) -> Task:
    return Task.model_validate({**task.model_dump(mode="json"), **more})


def found(rule: str, task: Task, snapshot: Snapshot, clocks: dict[str, Any] | None = None) -> list[str]:
    replies = {
        call.id: json.loads(record.text)
        for call in task.golden
        if (record := snapshot.lookup(call.tool, call.arguments)) is not None
    }
    declared = scenes.file(scenes.LATE)
    if clocks is not None:
        declared = declared.model_copy(update={"clocks": clocks})
    return [one.message for one in RULES[rule](Checked(task, snapshot, replies, declared))]


def picking(task: Task, *picks: tuple[str, int, dict[str, Any]]) -> Task:
    listed = [{"call": "c1", "list": place, "item": item, "criterion": one} for place, item, one in picks]
    return changed(task, meta={**task.meta, "picks": listed})


def more_calls(task: Task, *calls: dict[str, Any], facts: Sequence[AnswerFact] = ()) -> Task:
    dumped = task.model_dump(mode="json")
    tools = [*task.tools, *(call["tool"] for call in calls if call["tool"] not in task.tools)]
    answer = [*dumped["answer"], *(fact.model_dump(mode="json") for fact in facts)]
    return changed(task, tools=tools, golden=[*dumped["golden"], *calls], answer=answer)


@pytest.mark.parametrize("rule", SCENARIO_RULES)
def test_a_task_without_faults_has_no_finding(rule: str, clean: Task, theatre: Snapshot) -> None:
    assert found(rule, clean, theatre) == []


def test_purpose_finds_a_call_that_nothing_uses(clean: Task, theatre: Snapshot) -> None:
    idle = {"id": "c3", "tool": "get_show", "arguments": {"show_id": 11}}
    (message,) = found("purpose", more_calls(clean, idle), theatre)
    assert message == "no later call, decision or ask uses its reply"
    read = more_calls(clean, idle)
    assert found("purpose", changed(read, meta={**read.meta, "reads": ["c3"]}), theatre) == []
    optional = more_calls(clean, {**idle, "optional": True})
    assert found("purpose", optional, theatre) == []


def test_purpose_finds_chains_that_have_nothing_in_common(clean: Task, theatre: Snapshot) -> None:
    call = {"id": "c3", "tool": "rate", "arguments": {"currency": "SEK"}}
    fact = AnswerFact(name="rate", value=8.65, call="c3", pointer="/rate")
    (message,) = found("purpose", more_calls(clean, call, facts=[fact]), theatre)
    assert message.startswith("c3 share no value, entity or tool with c1, c2")


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        ({"kind": "nth", "value": 2}, "number 2 of a list in no order"),
        ({"kind": "min", "field": "title"}, "by title in alphabetical order"),
        ({"kind": "max", "field": "latitude"}, "by latitude"),
    ],
)
def test_askable_finds_criteria_that_nobody_has(
    criterion: dict[str, Any], words: str, clean: Task, theatre: Snapshot
) -> None:
    (message,) = found("askable", picking(clean, ("/shows", 0, criterion)), theatre)
    assert words in message
    for fine in ({"kind": "max", "field": "starts"}, {"kind": "where", "field": "title", "value": "Lear"}):
        assert found("askable", picking(clean, ("/shows", 0, fine)), theatre) == []


def test_askable_goes_by_what_the_scenario_file_declares(travel: Snapshot) -> None:
    """In `travel` nobody chooses a flight by its destination's code in the alphabet, or by its id."""
    fields = {"kind": "holds", "value": "it.flight_id > 'a'", "by": "it.sched_dep", "choose": "min"}
    (call,) = [c for c in travel.calls() if c[0] == "search_flights"][:1]
    task = Task.model_validate(
        {
            "id": "t", "snapshot": "travel", "request": "?", "tools": ["search_flights"],
            "golden": [{"id": "c1", "tool": call[0], "arguments": call[1]}],
            "meta": {"picks": [{"call": "c1", "list": "/flights", "item": 0, "criterion": fields}]},
        }
    )  # fmt: skip
    messages = [one.message for one in audit(task, travel, ["askable"]) if one.rule == "askable"]
    assert messages == ["/flights/0: chosen by flight_id, by which nobody chooses there"]


def test_closure_finds_spellings_that_are_not_answered(clean: Task, theatre: Snapshot, toy: Snapshot) -> None:
    messages = found("closure", clean, theatre)
    assert messages and all(" case is not answered" in one for one in messages)
    folded = toys.task(0, "Oslo", "2013-07-10", facts=True)  # its search folds case, and units have a default
    assert found("closure", folded, toy) == []


def test_said_finds_facts_that_a_right_answer_cannot_state(clean: Task, theatre: Snapshot) -> None:
    """ "Late or early" in the words of the ask contradicts a delay that follows it."""
    fact = clean.answer[0].model_dump(mode="json")
    odd = {**fact, "value": -15, "ask": "how late or early the most punctual show began"}
    odd["owner"] = "the most punctual show"
    assert found("said", changed(clean, answer=[odd, {**fact, "name": "late"}]), theatre)


def test_told_apart_finds_facts_that_a_wrong_answer_states(clean: Task, theatre: Snapshot) -> None:
    """A fact whose aliases hold the wrong values too is read in an undecided answer."""
    both = [
        {"name": "venue", "value": "north", "kind": "name", "owner": "Faust", "aliases": ["south"]},
        {"name": "venue_2", "value": "south", "kind": "name", "owner": "Carmen", "aliases": ["north"]},
    ]
    assert found("told_apart", changed(clean, answer=both), theatre)


def test_sound_finds_times_past_midnight_and_in_other_zones(clean: Task) -> None:
    """The first show of Aland ends at 00:10, after midnight, and Lear is played in another zone."""
    tools = scenes.catalog()
    rows = [
        {"show_id": 1, "title": "Faust", "starts": "21:00", "ends": "00:10", "venue": 1},
        {"show_id": 2, "title": "Lear", "starts": "19:00", "ends": "22:00", "venue": 2},
    ]
    records = [
        scenes.make_record(tools, "list_shows", {"town": "Aland"}, 200, {"shows": rows}),
        *(
            scenes.make_record(tools, "get_venue", {"venue_id": at}, 200, {"zone": zone})
            for at, zone in ((1, "Europe/Oslo"), (2, "Asia/Tokyo"))
        ),
    ]
    snapshot = Snapshot.from_records("theatre", tools, records)
    task = Task.model_validate(
        {
            "id": "t", "snapshot": "theatre", "request": "Aland?", "tools": ["list_shows"],
            "golden": [{"id": "c1", "tool": "list_shows", "arguments": {"town": "Aland"}}],
        }
    )  # fmt: skip
    ends = picking(task, ("/shows", 0, {"kind": "max", "field": "ends"}))
    follows = scenes.file('\n[clocks]\nends = {follows = "starts"}\n'.join(split_head()))
    zones = scenes.file(
        '\n[clocks]\nends = {zone = "get_venue(venue_id=it.venue).zone"}\n'.join(split_head())
    )
    (late,) = found("sound", ends, snapshot, follows.clocks)
    assert "1 of 2 are past midnight, such as 00:10" in late
    (apart,) = found("sound", ends, snapshot, zones.clocks)
    assert "different time zones, Asia/Tokyo, Europe/Oslo" in apart
    starts = picking(task, ("/shows", 0, {"kind": "max", "field": "starts"}))
    assert found("sound", starts, snapshot, {**follows.clocks, **zones.clocks}) == []
    one = {"kind": "max", "field": "ends", "by": "title", "value": "Lear"}
    assert found("sound", picking(task, ("/shows", 1, one)), snapshot, follows.clocks) == []


def split_head() -> list[str]:
    head, _, rest = scenes.LATE.partition("\n[[scenario]]")
    return [head, "[[scenario]]" + rest]


def test_sound_evaluates_choices_among_replies_again(clean: Task, theatre: Snapshot) -> None:
    task = more_calls(
        clean,
        *(
            {"id": f"c{at}", "tool": "get_show", "arguments": {"show_id": show}}
            for at, show in ((3, 11), (4, 12))
        ),
    )
    among = [{"call": "c3", "pointer": ""}, {"call": "c4", "pointer": ""}]
    for chosen, messages in ((0, []), (1, ["a choice comes out as [0], not 1"])):
        choice = {"among": among, "chosen": chosen, "by": "it.delay_min", "choose": "max"}
        assert found("sound", changed(task, meta={**task.meta, "choices": [choice]}), theatre) == messages


def test_minimal_finds_a_call_whose_reply_adds_nothing(clean: Task, theatre: Snapshot) -> None:
    title = AnswerFact(name="title", value=clean.answer[0].owner, call="c2", pointer="/title")
    task = changed(clean, answer=[title.model_dump(mode="json")])
    (message,) = found("minimal", task, theatre)
    assert message == "what is taken from its reply already is in the reply to c1"
    assert found("minimal", changed(task, meta={**task.meta, "reads": ["c2"]}), theatre) == []


def test_hostile_meta_is_a_finding_not_a_crash(clean: Task, theatre: Snapshot) -> None:
    for text in ("it.title ==", "(" * 5000, "[x for x in x for y in y for z in z]", "it" + ".a" * 900):
        task = picking(clean, ("/shows", 0, {"kind": "holds", "value": text}))
        assert any(one.rule == "ambiguity" for one in audit(task, theatre))
        assert isinstance(audit(task, theatre, tuple(RULES)), list)


def test_rules_are_asked_for_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "demo", "--rules", "porpoise"]) == 2
    assert "expected all, or some of purpose, askable" in capsys.readouterr().err
    assert main(["audit", "demo", "--rules", "said,told_apart"]) in (0, 1)
