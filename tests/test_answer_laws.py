"""Laws of reading answers on every bundled task: rendered right ones count in full, wrong ones made from them do not.

`make data` runs them on all tasks, CI on some of these, the unit tests on a sample. Exceptions are listed when a limit
is broken.
"""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
import sampling

from tool_orch_env.answers.facts import Facts
from tool_orch_env.answers.oracle import oracle_answer
from tool_orch_env.answers.reading import read_answer
from tool_orch_env.answers.render import (
    LAYOUTS,
    all_listed,
    form,
    negated,
    neighbours,
    others,
    rendered,
    rotated,
)
from tool_orch_env.reward.golden import CompiledTrace
from tool_orch_env.snapshot import Snapshot

STYLES = 4
BUNDLED = ("travel", "elements", "demo")
WALKED = 10
"""Of the graph walk's tasks, whose requests are all alike, one of so many is taken."""
ALL = [pytest.param(1, marks=pytest.mark.data, id="every task"), pytest.param(25, id="a sample")]
SOME = [pytest.param(sampling.EVERY, marks=pytest.mark.data, id="tasks"), pytest.param(25, id="a sample")]


@cache
def compiled(every: int) -> tuple[Facts, ...]:
    """The facts of every `every`-th task that has some, of fewer among those of the graph walk."""
    found = []
    for name in BUNDLED:
        snapshot = Snapshot.open(name)
        walked = [
            task for split in snapshot.splits if split.startswith("graph-") for task in snapshot.tasks(split)
        ]
        others = [
            task
            for split in snapshot.splits
            if not split.startswith("graph-")
            for task in snapshot.tasks(split)
        ]
        tasks = [task for task in (*others, *walked[::WALKED]) if task.answer]
        found += [CompiledTrace(task, snapshot).facts for task in tasks[::every]]
    return tuple(found)


def mean(facts: Facts, text: str) -> float:
    return sum(one.share for one in read_answer(facts, text)) / len(facts.facts)


def check(cases: Iterator[tuple[Facts, str]], holds: Callable[[float], bool], share: float) -> None:
    """At least this share of the cases holds; else the first exceptions are shown."""
    total, broken = 0, []
    for facts, text in cases:
        total += 1
        if not holds(mean(facts, text)):
            broken.append(f"{facts.task.id}: {text}")
    assert total and len(broken) <= (1 - share) * total, f"{len(broken)} of {total}\n" + "\n".join(
        broken[:10]
    )


def in_full(value: float) -> bool:
    return value == 1.0


def in_part(value: float) -> bool:
    return value < 1.0


@pytest.mark.parametrize("every", ALL)
def test_the_golden_answer_is_read_in_full(every: int) -> None:
    check(((facts, oracle_answer(facts.task)) for facts in compiled(every)), in_full, 1.0)


@pytest.mark.parametrize("every", SOME)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_right_answers_as_people_write_them_are_read_in_full(layout: str, every: int) -> None:
    cases = ((facts, rendered(facts, layout, style)) for facts in compiled(every) for style in range(STYLES))
    check(cases, in_full, 0.99)


@pytest.mark.parametrize("every", SOME)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_rotated_among_their_names_do_not_count_in_full(layout: str, every: int) -> None:
    """The exceptions are values that fit both labels, "number of flights: 20; flight number: 5"."""
    told_apart = [
        facts for facts in compiled(every) if len({form(one).casefold() for one in facts.facts}) > 1
    ]
    check(((facts, rotated(facts, layout)) for facts in told_apart), in_part, 0.97)


@pytest.mark.parametrize("every", SOME)
def test_denied_values_do_not_count_in_full(every: int) -> None:
    check(((facts, negated(facts)) for facts in compiled(every)), in_part, 0.99)


@pytest.mark.parametrize("every", SOME)
def test_values_listed_without_a_choice_do_not_count_in_full(every: int) -> None:
    with_others = [
        facts for facts in compiled(every) if any(others(facts, at) for at in range(len(facts.facts)))
    ]
    check(((facts, all_listed(facts)) for facts in with_others), in_part, 0.99)


@pytest.mark.parametrize("every", SOME)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_neighbours_values_do_not_count_in_full(layout: str, every: int) -> None:
    cases = ((facts, text) for facts in compiled(every) if (text := neighbours(facts, layout)) is not None)
    check(cases, in_part, 0.99)
