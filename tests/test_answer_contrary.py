"""Right values with the contrary said of them, and the spoken ways of saying a value."""

from typing import Any

import pytest

from tests.test_answer_rich import asked, facts, shares
from tool_orch_env.answers.facts import Facts
from tool_orch_env.answers.states import states
from tool_orch_env.task import GoldenCall


def one(value: Any, request: str = "Which is it?", **more: Any) -> Facts:
    """A single computed fact."""
    return facts(asked("fact", value, **more), request=request, calls={})


CAPITAL = one("Dakar", owner="the largest of the three capitals", ask="name", kind="name")
LATE = one(1, owner="the guests", ask="number who landed after 6:30 pm", kind="count")
LENGTH = one(0.571, owner="the longest stretch", ask="length of the longest stretch in km", kind="measure")
CANCELLED = one(0, owner="flights", ask="number cancelled", kind="count")
RATE = one(2.9208, owner="one euro", ask="reais for one euro", kind="rate")
DAY = one(2.4605, owner="3 June 2013", ask="lira for one euro", kind="rate", request="3 June 2013?")
LEFT = one(94.79, owner="the trip", ask="euros left of the budget", kind="money")
ACTUAL = one("16:09", owner="the next flight", ask="actual departure time", kind="clock")


@pytest.mark.parametrize(
    ("of", "text", "right"),
    [
        (CAPITAL, "Dakar has the most inhabitants.", True),
        (CAPITAL, "Dakar has the fewest inhabitants.", False),
        (CAPITAL, "Dakar isn't the largest.", False),
        (CAPITAL, "Dakar isn't far from the sea, and it has the most inhabitants.", True),
        (CAPITAL, "None of the three: even Dakar is small.", False),
        (CAPITAL, "None of the three is really large, but Dakar comes first.", True),
        (CAPITAL, "Dakar. On second thought, I can't tell.", False),
        (LATE, "Only one had landed by 6:30 pm.", False),
        (LATE, "Only one had not landed by 6:30 pm.", True),
        (LATE, "One landed after 6:30 pm.", True),
        (LENGTH, "The longest has 0.571 km; the others have 0.258 and 0.456.", True),
        (LENGTH, "The others are 0.258 and 0.571 km.", False),
        (LENGTH, "At most 1.285 km: 0.258 + 0.571 + 0.456.", False),
        (LENGTH, "It is between 0.25 and 0.571 km.", False),
        (CANCELLED, "None was cancelled.", True),
        (CANCELLED, "None of the six landed.", False),
        (CANCELLED, "No data on cancellations is available.", False),
        (RATE, "One euro fetched 2.9208 reais.", True),
        (RATE, "A hundred euros fetched 2.9208 reais.", False),
        (DAY, "On 3 June 2013 it was 2.4605.", True),
        (DAY, "On 3 July 2013 it was 2.4605.", False),
        (LEFT, "94.79 euros remain.", True),
        (LEFT, "94.79 euros were spent.", False),
        (ACTUAL, "It actually left at 16:09.", True),
        (ACTUAL, "It was scheduled for 16:09.", False),
    ],
)
def test_a_right_value_does_not_count_where_the_contrary_is_said_with_it(
    of: Facts, text: str, right: bool
) -> None:
    assert (shares(of, text) == (1,)) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("149 seats.", True),
        ("149 seats, or possibly 178.", False),
        ("149 seats. Sorry, I misread the line: that should be 139.", False),
        ("Two hundred. No, 149.", False),
        ("Embraer 190, 149 seats", True),
    ],
)
def test_a_number_that_is_hedged_or_taken_back_does_not_count(text: str, right: bool) -> None:
    seats = one(149, owner="the plane", ask="number of seats", kind="count")
    assert (shares(seats, text) == (1,)) is right


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("it opens its doors at ten, and not before", "10:00"),
        ("Calgary at ten.", "10:00"),
        ("at fourteen minutes past seven", "19:14"),
        ("ten past six", "18:10"),
        ("3 in the afternoon", "15:00"),
        ("only five in the morning", "05:00"),
        ("a quarter to nine in the evening", "20:45"),
    ],
)
def test_spoken_times_of_day(text: str, clock: str) -> None:
    assert states(text, clock, kind="clock")


@pytest.mark.parametrize(
    ("text", "clock"),
    [("ten past six in the morning", "18:10"), ("5 in the afternoon", "05:00"), ("at ten flights", "10:00")],
)
def test_spoken_times_of_another_half_of_the_day(text: str, clock: str) -> None:
    assert not states(text, clock, kind="clock")


def test_the_hours_of_spoken_times_are_no_numbers() -> None:
    for text in ("left at ten past six", "open until half past six", "at a quarter to six"):
        assert not states(text, 6, kind="count")
        assert not states(text, 10, kind="count")
    assert states("from five to six flights", 6, kind="count")


def test_the_day_of_a_month_that_the_request_names() -> None:
    request = "Which of 2, 4 and 10 June 2027 is free?"
    assert states("Go for the 4th.", "2027-06-04", kind="date", request=request)
    assert not states("Go for the 2nd.", "2027-06-04", kind="date", request=request)
    assert not states("Go for the 4th.", "2027-06-04", kind="date", request="Which day in June or July 2027?")
    assert not states("On the 4th floor.", "2027-06-04", kind="date", request=request)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I'm afraid not.", False),
        ("I'm afraid it isn't: 38 minutes.", False),
        ("Sadly, they can't.", False),
        ("Not a chance!", False),
        ("I'm afraid so.", True),
    ],
)
def test_short_answers(text: str, value: bool) -> None:
    fits = one(value, owner="the walk", ask="within 30 minutes", kind="yes_no")
    assert shares(fits, text) == (1,)
    assert shares(one(not value, owner="the walk", ask="within 30 minutes", kind="yes_no"), text) == (0,)


@pytest.mark.parametrize(
    "text",
    [
        "20 March 2024. Caveat: 21 March is a holiday in South Africa.",
        "Take 20 March 2024. Note that 29 March is Good Friday.",
    ],
)
def test_a_remark_behind_the_answer_is_no_rival(text: str) -> None:
    works = one(
        "2024-03-20",
        owner="the date on which everybody works",
        ask="date",
        kind="date",
        request="20 March, 29 March or 25 April 2024?",
    )
    assert shares(works, text) == (1,)


def test_names_that_the_request_offers_for_another_choice_are_no_rivals() -> None:
    evening = facts(
        asked("dinner", "Momotoko", owner="the nearest restaurant", ask="name", kind="name"),
        asked("bar", "Pickwick", owner="the nearer bar", ask="name", kind="name"),
        request="Should we eat at Leonardo, China or Momotoko, and then go to Old Hat or Pickwick?",
        calls={},
    )
    assert shares(evening, "Eat at Momotoko; Pickwick beats Old Hat by a minute.") == (1, 1)


def test_one_number_serves_two_facts_only_where_it_is_said_of_both() -> None:
    seats = facts(
        asked("first", 200, owner="the first flight", ask="number of seats", kind="count"),
        asked("last", 200, owner="the last flight", ask="number of seats", kind="count"),
        request="How many seats had the first flight, and how many the last flight?",
        calls={},
    )
    assert shares(seats, "Both had 200 seats.") == (1, 1)
    assert shares(seats, "The first flight had 200 seats, and so did the last.") == (1, 1)
    assert shares(seats, "The first flight had 200 seats; of the last one nothing is recorded.") == (1, 0)


def test_the_place_where_somebody_starts_is_no_other_choice() -> None:
    dinner = facts(
        asked(
            "restaurant",
            "Toscanini",
            call="a",
            pointer="/0/name",
            owner="the Italian one",
            ask="name",
            kind="name",
        ),
        asked("km", 0.409, owner="the Italian one", ask="walking distance in km", kind="measure"),
        request="We are at Hotel Kämp. Which of Jufu, Toscanini and Säm is Italian, and how far is it?",
        calls={
            call: (GoldenCall(id=call, tool="search", arguments={"q": name}), [{"name": name}])
            for call, name in (("a", "Toscanini"), ("b", "Hotel Kämp"), ("c", "Jufu"), ("d", "Säm"))
        },
    )
    assert shares(dinner, "It is Toscanini. The walk from Hotel Kämp is 0.409 km.") == (1, 1)
    assert shares(dinner, "It is Toscanini. The walk to Jufu is 0.409 km.") == (1, 0)
    assert shares(dinner, "Toscanini is Italian, and so is Säm. The walk is 0.409 km.")[0] == 0.5
    assert shares(dinner, "Säm and Toscanini are both Italian. The walk is 0.409 km.")[0] == 0.5


def test_members_of_a_list_may_be_taken_up_again() -> None:
    late = one(
        ("Luis", "Oskar"),
        owner="the five",
        ask="names of the late",
        kind="list",
        request="Luis, Oskar or Ida?",
    )
    assert shares(late, "Luis and Oskar. Luis had it worst.") == (1,)
    assert shares(late, "Luis. No, Oskar.") != (1,)


def test_how_the_request_finds_a_flight_says_nothing_of_what_is_asked() -> None:
    landed = one("17:06", owner="the third scheduled departure", ask="at what time got in", kind="clock")
    assert shares(landed, "Actual arrival: 17:06.") == (1,)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Cobalt-60, which outlasts cobalt-57 (272 days).", 1),
        ("It will be cobalt-60, with 5.27 years; cobalt-57 has 272 days.", 1),
        ("Either cobalt-60 or cobalt-57 will be the last.", 0.5),
        ("Cobalt-57 lasts longest; cobalt-60 is second.", 0),
        ("It is cobalt-57, ahead of cobalt-60.", 0.5),
        ("Cobalt-56, cobalt-57 and cobalt-60 are the ones.", 0.33),
    ],
)
def test_an_alias_with_another_number_is_another_code(text: str, share: float) -> None:
    isotope = facts(
        asked(
            "isotope",
            "Co-60",
            call="a",
            pointer="/0/nuclide",
            kind="code",
            owner="the longest-lived isotope",
            ask="isotope",
            aliases=("cobalt-60",),
        ),
        request="Which isotope of radioactive cobalt will be around when the others are gone?",
        calls={
            "a": (
                GoldenCall(id="a", tool="isotopes", arguments={"element": "cobalt"}),
                [{"nuclide": f"Co-{mass}"} for mass in (60, 57, 56)],
            )
        },
    )
    assert shares(isotope, text) == (share,)


def test_two_of_the_five_of_a_possessive() -> None:
    assert shares(
        one(2, owner="neighbours of Kenya", ask="number more densely settled", kind="count"),
        "Two of Kenya's five land neighbours are more densely populated: Uganda and Ethiopia.",
    ) == (1,)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (
            one("23:01", owner="the flight", ask="at what time landed", kind="clock"),
            "The flight you booked landed at 23:01.",
        ),
        (
            one(5, owner="the first departure after 15:00", ask="minutes early", kind="minutes"),
            "It left 5 minutes before schedule.",
        ),
        (
            one("Klaus K", owner="the hotel without a pool", ask="name", kind="name"),
            "Klaus K, near the park.",
        ),
        (
            one(0.655, owner="the hotel that I can reach without stairs", ask="km", kind="measure"),
            "Hotel Kämp: 0.655 km with zero stairs.",
        ),
        (one("Hotel Kämp", owner="the nearest hotel", ask="name", kind="name"), "You can't miss Hotel Kämp."),
        (
            one("Hotel Kämp", owner="the nearest hotel", ask="name", kind="name"),
            "You can't go wrong with Hotel Kämp.",
        ),
        (
            one(2.9208, owner="one euro", ask="reais for one euro", kind="rate"),
            "Converted at a rate of 2.9208.",
        ),
        (
            one(
                "2027-06-04",
                owner="the free day",
                ask="date",
                kind="date",
                request="Is 2, 4 or 9 June 2027 free?",
            ),
            "4 June 2027, the 2nd option.",
        ),
    ],
)
def test_words_that_look_like_the_contrary_and_are_not(of: Facts, text: str) -> None:
    assert shares(of, text) == (1,)


@pytest.mark.parametrize(
    ("said", "share"),
    [
        (
            "Only Houston would be woken: it is 1:00 there.\n\nThe other two are not:\n- Osaka: 15:00\n- Madrid: 08:00",
            1,
        ),
        ("Houston: it is 01:00 there.\n\n## The others\n\n- Osaka: 15:00\n- Madrid: 08:00", 1),
        ("## The others\n\n- Osaka: 15:00\n- Madrid: 08:00", 0),
        ("The others are:\n- Houston\n- Osaka\n- Madrid", 0),
    ],
)
def test_what_is_listed_under_the_others_is_not_the_answer(said: str, share: float) -> None:
    asleep = facts(
        asked("asleep", ("Houston",), owner="the cities", ask="before 6 am", kind="list"),
        request="For which of Osaka, Madrid and Houston would it be before 6 in the morning?",
        calls={},
    )
    assert shares(asleep, said) == (pytest.approx(share, abs=0.01),)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("You are 217.53 euros over.\n\n- Denmark: 318.55 euros\n- Sweden: 535.66 euros", True),
        ("You overspent by 217.53 euros. Denmark was 318.55 euros and Sweden 535.66 euros.", True),
        ("Spent: 1,417.53 euros. Over budget by 217.53 euros.", True),
        ("Denmark was 217.53 euros. You are 318.55 euros over.", False),
        ("You are 1,417.53 euros over; Sweden was 217.53 euros.", False),
    ],
)
def test_over_is_a_word_where_it_is_an_amount_by_itself(text: str, right: bool) -> None:
    excess = one(217.53, owner="the trip", ask="euros over the budget", kind="money", tolerance=0.5)
    assert (shares(excess, text) == (1,)) is right


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("Lima is open.\n\nThe other two are closed:\n- Paris\n- Rome", True),
        ("Closed are Paris and Rome. Lima and Oslo are open.", True),
        ("Lima and Oslo aren't. Paris and Rome are closed.", True),
        ("The offices that aren't closed are Paris and Rome. Lima and Oslo have a holiday.", False),
        ("Paris and Rome are open. Lima and Oslo are closed.", False),
        ("Paris and Rome are closed, and so are Lima and Oslo.", False),
        ("Closed are Paris and Rome. Closed are Lima and Oslo.", False),
    ],
)
def test_a_list_beside_its_complement(said: str, right: bool) -> None:
    closed = facts(
        asked("closed", ("Paris", "Rome"), owner="the offices", ask="closed", kind="list"),
        request="Which of our offices in Paris, Rome, Lima and Oslo are closed on 1 May?",
        calls={},
    )
    assert (shares(closed, said) == (1,)) is right
