"""The audit finds what is wrong with a task, by call and argument, and nothing where nothing is."""

from collections.abc import Callable
from typing import Any

import pytest
import toy as toys

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.calls.types import Turn
from tool_orch_env.episode import score_turns
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.audit import audit
from tool_orch_env.synth.audit_set import audit_set
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task


def _rules(task: Task, snapshot: Snapshot) -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.call, finding.argument) for finding in audit(task, snapshot)]


def _changed(task: Task, **more: Any) -> Task:
    return Task.model_validate({**task.model_dump(), **more})


@pytest.mark.data
def test_the_bundled_tasks_have_no_finding_as_a_set(travel: Snapshot) -> None:
    """The command's tests audit each of them."""
    assert audit_set({split: travel.tasks(split) for split in travel.splits}) == {}


def test_a_request_that_gives_a_bound_value_away_is_found(toy: Snapshot) -> None:
    task = toys.task(0, "Oslo", "2013-07-10", facts=False)
    assert _rules(task, toy) == []
    told = _changed(task, request=f"{task.request} They pay in NOK.")
    assert _rules(told, toy) == [("given", "d", "currency")]


def test_a_fact_that_stands_in_the_request_is_found(toy: Snapshot) -> None:
    task = toys.task(0, "Oslo", "2013-07-10", facts=True)
    told = _changed(task, request=f"{task.request} They pay in NOK.")
    assert ("fact", "c", "") in _rules(told, toy)


def test_a_criterion_that_picks_more_than_one_element_or_another_is_found(
    travel: Snapshot, index: Index
) -> None:
    (task,) = [
        task
        for task in synthesise(index, Targets(calls=weights(3), depth=weights(2)), 40, 0)
        if any(pick["criterion"]["kind"] in ("min", "max") for pick in task.meta["picks"])
    ][:1]
    assert audit(task, travel) == []
    (at,) = [i for i, p in enumerate(task.meta["picks"]) if p["criterion"]["kind"] in ("min", "max")][:1]
    for wrong in ({"kind": "only"}, {"kind": "where", "field": "carrier", "value": "?"}, {"kind": "no such"}):
        picks = [dict(pick) for pick in task.meta["picks"]]
        picks[at]["criterion"] = wrong
        rules = {rule for rule, _, _ in _rules(_changed(task, meta={**task.meta, "picks": picks}), travel)}
        assert rules == {"ambiguity"}


@pytest.mark.parametrize("by_answer", [False, True])
def test_a_comparison_that_comes_out_otherwise_is_found(
    travel: Snapshot, index: Index, by_answer: bool
) -> None:
    """Both kinds: what wins feeds another call, or is what the answer is about."""
    targets = Targets(calls=weights("4-6"), depth=weights("2-4"), compares=1.0)
    task = next(
        task
        for task in synthesise(index, targets, 500, 0)
        if any(("call" not in one) == by_answer for one in task.meta.get("compared", ()))
    )
    assert audit(task, travel) == []
    (compared,) = task.meta["compared"]
    by_id = {call.id: call for call in task.golden}
    winner, loser = by_id[compared["winner"]], by_id[compared["loser"]]
    assert winner.tool == loser.tool
    other_way = {"min": "max", "max": "min"}[compared["choose"]]
    swapped = {"winner": loser.id, "loser": winner.id}
    for wrong in ({"choose": other_way}, swapped, {"pointer": "/no"}, {"winner": "c99"}):
        meta = {**task.meta, "compared": [{**compared, **wrong}]}
        assert {rule for rule, _, _ in _rules(_changed(task, meta=meta), travel)} == {"ambiguity"}
    if by_answer:
        assert {fact.call for fact in task.answer} >= {winner.id}
        return
    waiting = by_id[compared["call"]]
    assert {winner.id, loser.id} <= set(waiting.needs)
    assert loser.id not in {bound.call for bound in waiting.bindings.values()}
    unread = [Turn(calls=(one.as_call(),)) for one in task.golden if one.id != loser.id]
    late, answer = Turn(calls=(loser.as_call(),)), oracle_turns(task)[-1]
    assert score_turns(task, [*unread, answer], travel).total < 1.0
    assert score_turns(task, [*unread, late, answer], travel).total == 1.0  # a guess, and then the comparison


def test_a_golden_call_that_the_others_make_superfluous_is_found(travel: Snapshot) -> None:
    """The city search already gives the country's id; looking the city up first brings nothing."""
    city, country = 4699066, 6252001
    golden = (
        GoldenCall(id="a", tool="search_city", arguments={"name": "Houston"}),
        GoldenCall(
            id="b",
            tool="get_city",
            arguments={"geoname_id": city},
            needs=("a",),
            bindings={"geoname_id": Binding(call="a", pointer="/results/0/geoname_id")},
        ),
        GoldenCall(
            id="c",
            tool="get_country",
            arguments={"country_id": country},
            needs=("b",),
            bindings={"country_id": Binding(call="b", pointer="/country_id")},
        ),
    )
    capital = AnswerFact(name="capital", value="Washington", call="c", pointer="/capital")
    task = Task(
        id="t",
        snapshot="travel",
        request="What is the capital of the country of Houston?",
        tools=("search_city", "get_city", "get_country"),
        golden=golden,
        answer=(capital,),
    )
    assert _rules(task, travel) == [("superfluous", "b", "")]
    zone = AnswerFact(name="timezone", value="America/Chicago", call="b", pointer="/timezone")
    assert _rules(_changed(task, answer=(capital, zone)), travel) == []


@pytest.mark.parametrize(
    "change, rule",
    [
        (lambda task: _changed(task, id="other"), "duplicate"),
        (lambda task: _changed(task, id="other", request="Something else."), "duplicate"),
        (
            lambda task: _changed(
                task,
                id="other",
                request="Oslo again.",
                golden=[*task.model_dump()["golden"], {"id": "e", "tool": "ping", "arguments": {}}],
            ),
            "near-duplicate",
        ),
    ],
    ids=["the task again", "in other words", "with one call more"],
)
def test_tasks_too_alike_are_found_and_across_splits_they_are_leakage(
    change: Callable[[Task], Task], rule: str
) -> None:
    task = toys.task(0, "Oslo", "2013-07-10", facts=False)
    other = change(task)
    assert [finding.rule for finding in audit_set({"train": [task, other]})["other"]] == [rule]
    assert [finding.rule for finding in audit_set({"train": [task], "test": [other]})["other"]] == ["leakage"]
    assert audit_set({"train": [task, toys.task(1, "Turku", "2013-07-11", facts=True)]}) == {}
