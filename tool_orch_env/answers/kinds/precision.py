"""When a number said states a number asked for.

The rule, for all numeric kinds:

- within the tolerance of the fact, it does, and a fact with a tolerance is stated in no other way;
- a whole number asked for without a tolerance is stated exactly or not at all: 2,475 is not "2,500";
- any other number without a tolerance is stated by a correct rounding that has at least three significant digits, or as
  many as the value has where these are fewer: "1.53" for 1.5330, "1,321.8" for 1321.84, "0.38 miles" for 0.61 km, but
  not "1.5" and not "2".
"""

import math

from .base import Asked, Said

DIGITS = 3
"""Significant digits that make a rounding precise enough."""


def number_of(value: object) -> float | None:
    """A fact's value as a finite number, `None` if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def digits_of(value: float) -> int:
    """Significant digits of a value as it is recorded, zeros at its end not counted: 0.61 has two, 1.5330 four."""
    mantissa = repr(abs(value)).partition("e")[0]
    return max(1, len(mantissa.replace(".", "").strip("0")))


def is_stated(said: Said, asked: Asked, exact: bool | None = None) -> bool:
    """Whether what was said states `asked.value`; both are numbers in the same unit.

    `exact` forbids rounding. By default a whole number without a tolerance is exact.
    """
    value = number_of(asked.value)
    if value is None or number_of(said.value) is None:
        return False
    tolerance = asked.tolerance
    both_whole = isinstance(value, int) and isinstance(said.value, int)
    try:
        off = abs(said.value - value)
        if off <= tolerance or (not both_whole and off <= tolerance + 1e-9 * abs(value)):
            return True
        if exact or tolerance or (exact is None and isinstance(value, int)):
            return False
        least = min(DIGITS, digits_of(value))
        precise = abs(said.value) >= 10 ** (least - 1) * 2 * said.slack
        return bool(precise and off <= said.slack * (1 + 1e-9))
    except OverflowError:  # an int that no float can hold
        return False
