"""When a number said states a number asked for: tolerance, whole numbers, roundings, and the edges of each."""

import pytest

from tool_orch_env.answers.kinds.base import Asked, Said
from tool_orch_env.answers.kinds.precision import digits_of, is_stated


def stated(
    said: float, slack: float, value: float, tolerance: float = 0.0, exact: bool | None = None
) -> bool:
    return is_stated(Said(0, 1, said, slack), Asked(value, tolerance), exact)


@pytest.mark.parametrize(
    ("value", "digits"),
    [(0, 1), (0.0, 1), (100.0, 1), (0.61, 2), (1.533, 4), (-12.5, 3), (1e-7, 1), (2.5e20, 2), (1200, 2)],
)
def test_zeros_around_a_value_are_no_digits(value: float, digits: int) -> None:
    assert digits_of(value) == digits


@pytest.mark.parametrize(
    ("said", "value", "tolerance", "right"),
    [
        (11, 10, 2, True),
        (12, 10, 2, True),
        (13, 10, 2, False),
        (8, 10, 2, True),
        (0.4, 0.3, 0.1, True),  # 0.4 - 0.3 is a little more than 0.1 in binary
        (0.41, 0.3, 0.1, False),
        (0.2, 0.3, 0.1, True),
        (10.1, 10, 0.1, True),
        (10_000_000_001, 10_000_000_000, 0, False),
        (10_000_000_001.0, 10_000_000_000, 0, True),  # nearer than floats in a response are kept
        (10_000_000_001, 10_000_000_000.0, 0, True),
        (10_000_000_020.0, 10_000_000_000, 0, False),
    ],
)
def test_within_the_tolerance_and_no_farther(
    said: float, value: float, tolerance: float, right: bool
) -> None:
    assert stated(said, 0.0, value, tolerance) is right


@pytest.mark.parametrize(
    ("said", "slack", "value", "right"),
    [
        (1.53, 0.005, 1.533, True),
        (1.13, 0.005, 1.135, True),  # half a unit away, a little more in binary
        (1.53, 0.005, 1.538, False),
        (1.5, 0.05, 1.533, False),  # two digits
        (1.00, 0.005, 1.004, True),  # the least that has three digits
        (0.90, 0.005, 0.904, False),
        (0.050, 0.0005, 0.0502, False),
        (0.0502, 0.00005, 0.0502, True),
        (12_300, 50, 12_345.6, True),
        (12_300, 50, 12_360.2, False),
        (0.6, 0.05, 0.61, False),
        (0.61, 0.005, 0.61, True),
        (0.5, 0.05, 0.5, True),
        (1321.8, 0.05, 1321.84, True),
    ],
)
def test_a_rounding_has_three_digits_or_all_there_are(
    said: float, slack: float, value: float, right: bool
) -> None:
    assert stated(said, slack, value) is right


def test_a_whole_number_is_said_exactly_unless_it_may_be_rounded() -> None:
    assert not stated(10_300_000, 50_000, 10_281_762)
    assert stated(10_300_000, 50_000, 10_281_762, exact=False)


def test_a_fact_with_a_tolerance_or_an_exact_one_takes_no_rounding() -> None:
    assert not stated(10.3, 0.05, 10.26, tolerance=0.01)
    assert not stated(1.53, 0.005, 1.533, exact=True)
    assert stated(1.533, 0.0005, 1.533, exact=True)


@pytest.mark.parametrize("value", [True, "7", None, float("nan"), float("inf")])
def test_what_is_no_finite_number_is_neither_asked_nor_said(value: object) -> None:
    assert not is_stated(Said(0, 1, 7), Asked(value))
    assert not is_stated(Said(0, 1, value), Asked(7))


def test_a_number_too_large_for_a_float_is_compared_without_an_error() -> None:
    assert not stated(10**400, 0.0, 1.5)
    assert stated(10**400, 0.0, 10**400)
