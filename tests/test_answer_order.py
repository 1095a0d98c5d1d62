"""Attributing statements by order: groups that share facts, values said once, and the best alignment in order."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tool_orch_env.answers.kinds.base import Said
from tool_orch_env.answers.order import aligned, groups, value_of, without_repeats
from tool_orch_env.answers.statements import Statement


def stated(place: int, right: dict[int, bool], value: float | str = 0) -> Statement:
    """A statement at a place: by fact, whether it is the fact's value."""
    return Statement(place, place + 1, {at: Said(place, place + 1, value) for at in right}, right)


def pairs(found: list[tuple[int, Statement]]) -> list[tuple[int, int]]:
    return [(at, one.start) for at, one in found]


def test_statements_that_share_facts_are_one_group_in_the_order_of_the_text() -> None:
    first, second, third, apart = (
        stated(30, {0: True}), stated(20, {1: True, 2: False}), stated(10, {0: False, 1: False}), stated(5, {3: True})
    )  # fmt: skip
    found = groups([first, second, apart, third])
    assert sorted([one.start for one in group] for group in found) == [[5], [10, 20, 30]]
    assert groups([]) == []


def test_a_value_said_twice_is_one() -> None:
    twice = [stated(0, {0: True}, 7), stated(5, {0: True}, 7), stated(9, {0: False}, 8)]
    assert [one.start for one in without_repeats(twice, [0])] == [0, 9]
    assert [one.start for one in without_repeats(twice, [1])] == [0], (
        "of no fact that is asked for, all are alike"
    )


def test_what_tells_rivals_apart_is_the_value_not_its_last_bits() -> None:
    assert value_of(stated(0, {0: False}, 0.1 + 0.2), 0) == value_of(stated(3, {0: False}, 0.3), 0) == 0.3
    assert value_of(stated(0, {0: False}, 0.1234562), 0) == value_of(stated(3, {0: False}, 0.1234564), 0)
    assert value_of(stated(0, {0: False}, 0.123456), 0) != value_of(stated(3, {0: False}, 0.123457), 0)
    assert value_of(stated(0, {0: False}, "Oslo"), 0) == "Oslo"


def test_as_many_statements_as_facts_are_paired_one_by_one() -> None:
    swapped = [stated(0, {0: False, 1: True}), stated(5, {0: True, 1: False})]
    assert pairs(aligned(swapped, [0, 1])) == [(0, 0), (1, 5)], "the order decides, not what would be right"


def test_fewer_statements_than_facts_go_where_they_are_right_in_order() -> None:
    two = [stated(0, {0: False, 1: True, 2: False}), stated(5, {0: False, 1: False, 2: True})]
    assert pairs(aligned(two, [0, 1, 2])) == [(1, 0), (2, 5)]
    backwards = [stated(0, {0: False, 1: False, 2: True}), stated(5, {0: True, 1: False, 2: False})]
    assert len(aligned(backwards, [0, 1, 2])) == 2, "as many pairs as possible"
    assert not any(one.right[at] for at, one in aligned(backwards, [0, 1, 2])), "even if none is right then"


def test_a_statement_is_only_paired_with_facts_it_could_be_about() -> None:
    one, two = stated(0, {1: True}), stated(5, {0: True})
    assert len(aligned([one, two], [0, 1])) == 1
    assert aligned([], [0]) == aligned([one], []) == []


SAID = st.lists(st.dictionaries(st.integers(0, 3), st.booleans(), min_size=1), max_size=4)
"""By statement, the facts it could be about, and whether it is right of each."""


def possible(rights: list[dict[int, bool]], facts: list[int]) -> list[tuple[int, int]]:
    """Of every way to pair statements and facts, both in order: how many pairs, and how many right ones."""
    return [
        (size, sum(right[at] for right, at in zip(some, chosen, strict=True)))
        for size in range(min(len(rights), len(facts)) + 1)
        for some in itertools.combinations(rights, size)
        for chosen in itertools.combinations(facts, size)
        if all(at in right for right, at in zip(some, chosen, strict=True))
    ]


@settings(max_examples=1000)
@given(SAID, st.sets(st.integers(0, 3)).map(sorted))
def test_no_other_pairs_in_order_are_more_or_as_many_and_more_often_right(
    rights: list[dict[int, bool]], facts: list[int]
) -> None:
    group = [stated(10 * place, right) for place, right in enumerate(rights)]
    found = aligned(group, facts)
    assert [at for at, _ in found] == sorted({at for at, _ in found} & set(facts))
    assert [one.start for _, one in found] == sorted({one.start for _, one in found})
    assert all(at in one.said for at, one in found)
    assert (len(found), sum(one.right[at] for at, one in found)) == max(possible(rights, facts))
