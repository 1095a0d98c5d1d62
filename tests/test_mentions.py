"""Does a text state a value? By surface forms only, and on word boundaries."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.answers.mentions import mentions, numbers
from tool_orch_env.answers.text import folded

STATED = [
    (1234.5, "It costs 1,234.5 crowns."),
    (1234567, "1,234,567 people"),
    (1234567, "1234567"),
    (-3, "It was -3 degrees."),
    (-3, "It was −3 degrees."),
    (40, "40% of them"),
    (5, "$5."),
    (5, "(5)"),
    (5, "5kg"),
    (5, "five of them"),
    (12, "Twelve"),
    (0, "zero"),
    (0.5, ".5"),
    (0.3, "0.30"),
    (0.1 + 0.2, "0.3"),
    (2.0, "2"),
    (2, "2.0"),
    (1e-7, "1e-07"),
    (1e16, "1e+16"),
    (1.5e-7, "1.5E-7"),
    (1e16, "10000000000000000"),
    (12345678901234567891, "id 12345678901234567891"),
    (10, "10-12"),
    (12, "10-12"),
    (True, "Yes, it is."),
    (True, "true"),
    (False, "No."),
    ("Oslo", "in OSLO, Norway"),
    ("New York", "new\n  york"),
    ("AA1", "flight AA1."),
    ("Zürich", "Zu\u0308rich"),
    ("Zu\u0308rich", "Zürich"),
    ("Ａｌｐｈａ", "alpha"),
    ("Straße", "STRASSE"),
    ("ΐ", "\u0390"),
    ("St. John's", "at St. John's."),
    ("C++", "in C++ code"),
    ("(x)", "f (x)"),
    ("2013-07-10T16:00:00Z", "2013-07-10T16:00:00Z"),
]
DATE_FORMS = [
    "2013-07-10",
    "10 July 2013",
    "10 Jul 2013",
    "10 Jul. 2013",
    "10th July 2013",
    "10th of July 2013",
    "10th of July, 2013",
    "10 July, 2013",
    "July 10, 2013",
    "July 10 2013",
    "July 10th, 2013",
    "jul 10th 2013",
    "Wednesday, JULY 10, 2013.",
]
NOT_STATED = [
    (12, "123"),
    (12, "312"),
    (12, "1.12"),
    (12, "A12"),
    (12, "v1.12.3"),
    (3, "-3"),
    (-3, "3"),
    (3, "10-13"),
    (1234, "1,23,4"),
    (1, "1e5"),
    (13, "thirteen"),
    (1234567890, "1234567891"),
    (12345678901234567891, "12345678901234567892"),
    (10**300, "5"),
    (1e-10, "0"),
    (True, "yesterday"),
    (False, "not nobody"),
    (True, "1"),
    ("AA1", "AA11"),
    ("AA1", "BAA1"),
    ("Oslo", "Osloer"),
    ("York", "Yorkshire"),
    ("", "anything"),
    ("x", ""),
    ("2013-07-10", "10 July 2014"),
    ("2013-07-10", "110 July 2013"),
    ("2013-07-01", "11 July 2013"),
    ("2013-07-10", "July 2013"),
    ("2013-13-01", "1 January 2013"),
    (None, "None"),
    ([1], "1"),
]


@pytest.mark.parametrize(("value", "text"), STATED)
def test_a_value_is_stated_in_its_usual_forms(value: object, text: str) -> None:
    assert mentions(text, value)


@pytest.mark.parametrize(("value", "text"), NOT_STATED)
def test_a_part_of_another_word_or_number_states_nothing(value: object, text: str) -> None:
    assert not mentions(text, value)


@pytest.mark.parametrize("form", DATE_FORMS)
def test_a_date_is_stated_in_every_usual_order(form: str) -> None:
    assert mentions(f"On {form}", "2013-07-10")


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_date_in_words_states_itself_and_not_its_neighbours(day: date) -> None:
    for form in (
        f"{day:%d %B %Y}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day:%b} {day.day} {day.year}",
        day.isoformat(),
    ):
        assert mentions(form, day.isoformat())
        assert not mentions(form, (day + timedelta(days=1)).isoformat())
        assert not mentions(form, (day - timedelta(days=1)).isoformat())


@pytest.mark.parametrize(
    ("moment", "clock", "stated"),
    [
        ("16:00", "16:00", True),
        ("16:00", "4 pm", True),
        ("16:00", "4pm", True),
        ("16:00", "4:00 PM", True),
        ("16:00", "4 am", False),
        ("16:00", "4:00", False),
        ("16:00", "15:00", False),
        ("16:05", "4:05 pm", True),
        ("16:05", "4 pm", False),
        ("04:00", "4:00", True),
        ("04:00", "04:00", True),
        ("04:00", "4 am", True),
        ("04:00", "4:00 pm", False),
        ("04:00", "14:00", False),
        ("04:00", "16:04:00", False),
        ("00:00", "12 am", True),
        ("00:00", "00:00", True),
        ("12:00", "12 pm", True),
        ("12:00", "12:00 am", False),
        ("12:00", "12:00", True),
    ],
)
def test_a_date_time_is_stated_by_its_date_and_its_hour(moment: str, clock: str, stated: bool) -> None:
    assert mentions(f"July 10, 2013 at {clock}", f"2013-07-10T{moment}:00Z") is stated
    assert not mentions(f"July 11, 2013 at {clock}", f"2013-07-10T{moment}:00Z")


@pytest.mark.parametrize("value", ["2013-07-10T99:00", "2013-02-30T10:00"])
def test_a_date_time_that_does_not_exist_is_only_its_own_text(value: str) -> None:
    assert mentions(f"at {value}", value)
    assert not mentions("10 July 2013, 30 February 2013, 10:00", value)


@pytest.mark.parametrize(("found", "stated"), [("7.49", True), ("7.51", True), ("7.56", False), ("7", False)])
def test_a_tolerance_is_absolute_and_on_both_sides(found: str, stated: bool) -> None:
    assert mentions(f"rate {found}", 7.5, tolerance=0.05) is stated


@pytest.mark.parametrize(("found", "stated"), [("104", True), ("106", False)])
def test_a_whole_number_may_have_a_tolerance(found: str, stated: bool) -> None:
    assert mentions(found, 100, tolerance=5.0) is stated


@given(st.integers(-(10**25), 10**25))
def test_a_whole_number_states_itself_and_not_its_neighbours(number: int) -> None:
    for form in (str(number), f"{number:,}"):
        assert mentions(f"It is {form}.", number)
        assert not mentions(form, number + 1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_states_itself(number: float) -> None:
    assert mentions(f"It is {number!r}.", number)


@given(st.text(), st.text(), st.floats() | st.integers() | st.booleans() | st.none())
def test_no_text_and_no_value_raises(text: str, word: str, value: object) -> None:
    assert mentions(text, word) in (True, False)
    assert mentions(text, value) in (True, False)


@given(st.text(min_size=1))
def test_a_text_states_itself_between_spaces(text: str) -> None:
    assert not folded(text) or mentions(f"so: {text} :so", text)


def test_numbers_come_in_order_and_whole_ones_exact() -> None:
    assert numbers("1,234.5 and -3, .5 then 9007199254740993") == (1234.5, -3, 0.5, 9007199254740993)


def test_a_million_combining_marks_are_read_in_no_time() -> None:
    assert folded("a" + "\u0300\u0316" * 500_000).startswith("à")


@pytest.mark.parametrize(
    "text", ["1," * 500_000, "1" * 1_000_000, "10 july " * 100_000, "A" + "." * 1_000_000, "a" * 1_000_000]
)
def test_a_megabyte_of_almost_matches_is_read(text: str) -> None:
    assert not mentions(text, "2013-07-10T04:00:00Z")
    assert not mentions(text, 77)
