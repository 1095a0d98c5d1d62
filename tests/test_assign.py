"""The assignment of emitted to golden calls, row by row, against SciPy's of the whole matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from tool_orch_env.reward.assignment import Assignment

matrices = st.integers(1, 4).flatmap(
    lambda columns: st.lists(
        st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.4, 0.75, 1.0]), min_size=columns, max_size=columns),
        min_size=1,
        max_size=8,
    )
)


def taken(*rows: tuple[float, ...]) -> tuple[Assignment, list[int | None]]:
    """An assignment after these rows, and which row each of them left over."""
    assignment = Assignment(len(rows[0]))
    return assignment, [assignment.add(row, weights) for row, weights in enumerate(rows)]


@given(matrices)
def test_the_assignment_is_optimal_after_every_row(rows: list[list[float]]) -> None:
    assignment, matrix = Assignment(len(rows[0])), np.array(rows)
    for row, weights in enumerate(rows):
        assignment.add(row, weights)
        so_far = matrix[: row + 1]
        assert assignment.value == pytest.approx(so_far[linear_sum_assignment(so_far, maximize=True)].sum())


@given(matrices)
def test_every_row_is_assigned_once_or_left_over_once(rows: list[list[float]]) -> None:
    assignment, left_over = taken(*map(tuple, rows))
    columns, kept = zip(*assignment.rows(), strict=True) if assignment.rows() else ((), ())
    gone = [row for row in left_over if row is not None]
    assert sorted([*kept, *gone]) == list(range(len(rows)))
    assert list(columns) == sorted(set(columns))
    assert assignment.value == sum(rows[row][column] for column, row in assignment.rows())
    for column, row in enumerate(dict(assignment.rows()).get(at) for at in range(len(rows[0]))):
        assert assignment.credit(column) == (0.0 if row is None else rows[row][column])


def test_a_row_that_weighs_the_same_as_one_before_it_is_left_over() -> None:
    assert taken((0.4,), (0.4,))[1] == [None, 1]
    assert taken((0.4, 0.1), (0.1, 0.4), (0.4, 0.4))[1] == [None, None, 2]
    assert taken((1.0,), (1.0,), (0.5,))[1] == [None, 1, 2]


def test_a_row_that_weighs_more_takes_the_place_of_the_one_that_is_missed_least() -> None:
    assert taken((0.4,), (0.75,), (0.5,))[1] == [None, 0, 2]
    assignment, left_over = taken((0.4, 0.25), (0.75, 0.1), (0.75, 0.75))
    assert left_over == [None, None, 0]
    assert assignment.rows() == [(0, 1), (1, 2)]


def test_a_row_moves_on_to_make_room_along_the_whole_path() -> None:
    """The fourth row takes the first column, whose row takes the second one, and so on to the free column."""
    assignment, left_over = taken(
        (0.9, 0.8, 0.0, 0.0), (0.0, 0.9, 0.8, 0.0), (0.0, 0.0, 0.9, 0.8), (0.9, 0.0, 0.0, 0.0)
    )
    assert left_over == [None] * 4
    assert assignment.rows() == [(0, 3), (1, 0), (2, 1), (3, 2)]
    assert assignment.value == pytest.approx(0.9 + 3 * 0.8)


def test_a_row_that_weighs_nothing_is_left_over_though_columns_are_free() -> None:
    assignment, left_over = taken((0.0, 0.0))
    assert left_over == [0]
    assert assignment.rows() == []
    assert assignment.value == assignment.credit(0) == assignment.credit(1) == 0.0


def test_full_credit_everywhere_is_a_whole_number_and_takes_no_other_row() -> None:
    assignment, left_over = taken((1.0, 1.0), (1.0, 1.0), (1.0, 1.0))
    assert assignment.value == 2.0
    assert left_over == [None, None, 2]
