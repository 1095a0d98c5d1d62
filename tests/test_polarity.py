"""Whether a saying is denied: every case marks the saying with ‹ ›."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.answers.polarity import denied

DENIED = [
    "it left not at ‹08:00›",
    "it isn't ‹tuesday›",
    "it wasn't ‹7:55› but 8:05",
    "it never landed at ‹jfk›",
    "it is no longer ‹delta›",
    "8:05 instead of ‹x›",
    "8:05 rather than ‹7:55›",
    "neither ‹x› nor y",
    "neither x nor ‹y›",
    "‹x› is wrong",
    "‹x› is incorrect",
    "‹x› is not right",
    "‹x› is not the answer",
    "it is false that it left at ‹08:00›",
    "not monday, ‹tuesday› or friday",
    "not monday, tuesday or ‹friday›",
    "not monday, tuesday, or ‹friday›",
    "8:05, not ‹7:55›",
    "i do not think it is ‹monday›",
    "it did not land at 4 p.m. on ‹monday›",
    "it isn't at ‹08:00› or 09:00",
    "it isn't at 08:00 or ‹09:00›",
    "‹x› (wrong)",
    "the ‹08:00› departure is wrong",
    "there is no flight at ‹08:00›",
    "it can't be ‹x›",
    "‹08:00› isn't correct",
    "the answer is not ‹x›",
    "not only did it not land at ‹jfk›",
    "instead of monday it is not ‹tuesday›",
    "they did not say in any of their letters of that day that it never landed at ‹jfk›",
    "it did not land on that day in the very old city of ‹york›",  # ten words
    "not monday, tuesday morning or ‹friday›",
    "it did not land on the second day of may, tuesday or ‹friday›",  # ten words
    "not monday, the first of may, tuesday or ‹friday›",
]
SAID = [
    "it wasn't 7:55 but ‹8:05›",
    "‹8:05› rather than 7:55",
    "it did not leave until ‹08:05›",
    "not until ‹08:05›",
    "not only ‹x›",
    "no doubt it is ‹x›",
    "why not ‹x›",
    "i could not find the name, but it is ‹x›",
    "not delayed: ‹08:05›",
    "it was not late, landing at ‹10:18›",
    "not 7:55, ‹8:05›",
    "‹8:05›, not 7:55",
    "it was not late and landed at ‹10:18›",
    "instead of monday it is on ‹tuesday›",
    "the flight is not cancelled.\nit leaves at ‹8:00›",
    "it was not on monday. ‹tuesday› it was",
    "‹x›",
    "no later than ‹8:00›",
    "not before ‹8:00›",
    "‹united› was not late",
    "not a problem - it is ‹x›",
    "the flight wasn't delayed (arrived ‹8:05›)",
    "it's not late; ‹8:05›",
    "i'm not sure, but ‹x›",
    "‹x›, if not y",
    "it was not due at 7:55 - it was ‹8:05›",
    "it doesn't matter whether or not, ‹x›",
    "the flight left at ‹8:05› and is wrong gate",
    "it did not land on that day in the very old city of new ‹york›",
    "it was not late, united flight eleven or ‹8:05›",
    "not late, about ‹8:05› or so",
    "it did not land there on the second day of may, tuesday or ‹friday›",
    "not monday, the very first of may, tuesday or ‹friday›",
    "not so: monday, tuesday or ‹friday›",
    "it is not " + "incomprehensibly " * 8 + "‹x›",  # farther away than is looked
]


def placed(marked: str) -> tuple[str, int, int]:
    start, end = marked.index("‹"), marked.index("›") - 1
    return marked.replace("‹", "").replace("›", ""), start, end


@pytest.mark.parametrize("marked", DENIED)
def test_a_negation_in_the_clause_denies_what_it_reaches(marked: str) -> None:
    assert denied(*placed(marked))


@pytest.mark.parametrize("marked", SAID)
def test_a_negation_of_something_else_denies_nothing(marked: str) -> None:
    assert not denied(*placed(marked))


@given(st.text(), st.integers(0, 40), st.integers(0, 40))
def test_no_text_raises(text: str, start: int, size: int) -> None:
    denied(text, min(start, len(text)), min(start + size, len(text)))


@pytest.mark.parametrize("part", ["not ", "n't ", ", ", "or ", "is not ", "x ", "instead of ", "."])
def test_only_a_window_is_read(part: str) -> None:
    text = part * 300_000
    begun = time.perf_counter()
    for _ in range(50):
        denied(text, len(text) // 2, len(text) // 2 + 3)
    assert time.perf_counter() - begun < 1.0
