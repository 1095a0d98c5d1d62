"""Which sayings of an answer are statements of a fact at all: one natural fact each, and natural answers to it.

What is not a statement costs nothing: the other end of a span, a bound, a name's number, an operand, the request.
"""

from typing import Any

import pytest
from test_answer_rich import alone, asked, facts, shares

RATE = asked("rate", 1.53, 0.005, kind="rate", owner="the euro", ask="exchange rate")
DENSITY = asked(
    "dense", 22.7, 0.05, kind="number", owner="the densest neighbour", ask="inhabitants per square kilometre"
)
SEATS = asked("seats", 180, kind="count", owner="the plane", ask="number of seats")
WALK = asked("way", 0.61, 0.005, kind="measure", owner="the hotel", ask="walking distance in km")
PEOPLE = asked("population", 10_281_762, 102_817, kind="number", owner="Portugal", ask="population")
MINUTES = asked("minutes", 6, 0.6, kind="duration", owner="the hotel", ask="walk in minutes")
TOTAL = asked("total", 1284.9, 0.05, kind="money", owner="the trip", ask="total in euros")
NUMBERS = [
    (RATE, "Of its two currencies the euro has the rate 1.53.", 1),
    (RATE, "The rate is two.", 0),
    (RATE, "Rate 2: 1.53", 1),
    (RATE, "2) 1.53", 1),
    (RATE, "(2) 1.53", 1),
    (RATE, "| 2 | 1.53 |", 1),
    (RATE, "1.73 - 0.2 = 1.53", 1),
    (RATE, "1.53 + 0.2 = 1.73", 0.5),
    (RATE, "Rate: 1.5/142/7/1.53", 0),
    (RATE, "1.5/142/1.53", 0.333),
    (SEATS, "180 seats, 16 minutes late", 1),
    (SEATS, "180 seats. At 24 to 26 °C they were full, at 20-22 °C not, nor with 3 to 4 mm of rain.", 1),
    (SEATS, "180 seats, free at 7, 8 and 9 am and at 4 pm.", 1),
    (SEATS, "180, or 24 of them", 0.5),
    (SEATS, "180 seats; it was 5–7 km away, between 20 and 22 degrees, with 3-4 knots of wind.", 1),
    (SEATS, "180 seats, free at 7, 8, and 9 a.m., from 7 to 9 am and at 7 or 8 pm.", 1),
    (SEATS, "It has 24 to 26 seats.", 0),
    (DENSITY, "Among its two land neighbours the highest is Oman's, 22.7 per km².", 1),
    (DENSITY, "Of the 3 neighbouring countries Oman is densest with 22.7.", 1),
    (DENSITY, "Among the two, Oman has 22.7.", 1),
    (DENSITY, "Two people per km²", 0),
    (DENSITY, "It has 23.9 inhabitants per km², and two neighbours.", 0),
    (SEATS, "180 seats, 25% of them free", 1),
    (SEATS, "180 seats, between 7 and 8 rows", 1),
    (SEATS, "180 seats, between 7 am and 8 am", 1),
    (SEATS, "180 seats for 3 or 4 hours", 1),
    (SEATS, "180 seats and 12.5 rows", 1),
    (SEATS, "180 in a Boeing 737-824", 1),
    (SEATS, "180 (737-824)", 1),
    (PEOPLE, "10,281,762, 25% of them in Lisbon", 1),
    (PEOPLE, "10,281,762 or 25 in Lisbon", 0.5),
    (SEATS, "180 seats, flight UA 1527", 1),
    (SEATS, "180 seats on flight number 4213", 1),
    (SEATS, "180 seats at gate 12", 1),
    (SEATS, "180 seats, no. 7 in size", 1),
    (SEATS, "180 of the 200 seats", 1),
    (SEATS, "180 seats in the one to Boston", 1),
    (SEATS, "180 seats, the next one has more", 1),
    (SEATS, "180 seats, two", 0.5),
    (SEATS, "180, and 200 in the other", 0.5),
    (SEATS, "It has 200 seats.", 0),
    (WALK, "It is 0.61 km (610 m).", 1),
    (WALK, "It is 610 m, that is, 0.61 km.", 1),
    (WALK, "It is about 0.6 km (0.61 to be precise).", 1),
    (WALK, "It is 0.61 km or 0.75 km.", 0.5),
    (WALK, "0.61 km, possibly 0.75 km", 0.5),
    (WALK, "0.61 km / 0.75 km", 0.5),
    (WALK, "It is 0.61-0.75 km.", 0.5),
    (MINUTES, "540 m, about 6 minutes", 1),
    (MINUTES, "6 min, +540 m", 1),
    (MINUTES, "540 m", 0),
    (TOTAL, "121.39 + 172.35 + 991.16 = 1,284.90", 1),
    (TOTAL, "121.39 and 172.35 and 991.16, in all 1,284.90 euros", 1),
    (TOTAL, "1,284.90 euros (flight 1585)", 1),
    (TOTAL, "Each of 3 pays 428.30 euros; 1,284.90 euros together.", 1),
    (TOTAL, "600 + 684.9", 0),
]
CANCELLED = asked("cancelled", 2, kind="count", owner="the flights", ask="number cancelled")
PARTS = [
    (CANCELLED, "2 of the last 3", 1),
    (CANCELLED, "Two of the other three", 1),
    (CANCELLED, "2 out of 9", 1),
    (CANCELLED, "Out of 9, 2 were cancelled.", 1),
    (CANCELLED, "Most of the three: two", 1),
    (CANCELLED, "2 of them; 5 landed", 1),
    (CANCELLED, "2 flights (25%)", 1),
    (CANCELLED, "2, and none of the 7", 0.5),
    (CANCELLED, "One of the two", 0),
    (CANCELLED, "Two per cent", 0),
]
LANDED = asked("arr", "20:36", kind="clock", owner="the last flight", ask="arrival time")
CLOSES = asked("closes", "18:00", kind="clock", owner="Kiasma", ask="closing time")
OPENS = asked("opens", "11:00", kind="clock", owner="Kiasma", ask="opening time")
TIMES = [
    (LANDED, "It landed at 20:36, before 21:00.", 1),
    (LANDED, "All were down by about 21:00, the last at 20:36.", 1),
    (LANDED, "It was after 20:30, at 20:36.", 1),
    (LANDED, "It left at 18:00 and landed at 20:36.", 1),
    (LANDED, "It landed by 20:36.", 1),
    (LANDED, "It landed at 20:36 or 20:40.", 0.5),
    (CLOSES, "11:00-18:00", 1),
    (CLOSES, "from 11 am to about 6 pm", 1),
    (CLOSES, "11:00 till 18:00", 1),
    (CLOSES, "18:00-20:00", 0.5),
    (OPENS, "11:00-18:00", 1),
    (OPENS, "from 11 am to 6 pm", 1),
    (OPENS, "11:00 till 18:00", 1),
    (OPENS, "09:00-11:00", 0.5),
]
CAPITAL = asked("capital", "Lisbon", kind="name", owner="Portugal", ask="capital")
NUCLIDE = asked(
    "step", "Ra-226", kind="code", owner="the fourth step", ask="nuclide", aliases=("radium-226",)
)
NAMES = [
    (CAPITAL, "Lisbon or so", 1),
    (CAPITAL, "Lisbon or Porto", 0.5),
    (CAPITAL, "Porto or Lisbon", 0.5),
    (CAPITAL, "It is Lisbon, or maybe Porto.", 0.5),
    (CAPITAL, "Perhaps Porto, or Lisbon.", 0.5),
    (CAPITAL, "Lisbon, Madrid, Vienna", 0.333),
    (CAPITAL, "Porto, Lisbon, Faro, Braga", 0.25),
    (CAPITAL, "Madrid, or Lisbon", 0.5),
    (NUCLIDE, "It is Ra-226, that is, radium-226.", 1),
    (NUCLIDE, "U-234 > Th-230 > Ra-226, so Ra-226", 1),
    (NUCLIDE, "Th-230 -> Ra-226", 0.5),
    (NUCLIDE, "Ra-226 -> Rn-222, so it is Po-218.", 0.5),
    (NUCLIDE, "U-234 -> Th-230 -> Ra-226. It is Rn-222.", 0),
    (NUCLIDE, "Ra-226 or Rn-222", 0.5),
]
ACCESS = asked("access", True, kind="yes_no", owner="Kiasma", ask="wheelchair access")
POLAR = [
    (ACCESS, "Wheelchair access: yes", 1),
    (ACCESS, "| Wheelchair access | yes |", 1),
    (ACCESS, "Was there wheelchair access? Yes.", 1),
    (ACCESS, "Kiasma has wheelchair access.", 1),
    (ACCESS, "Was there wheelchair access?", 0),
    (ACCESS, "Wheelchair access: 17 minutes", 0),
    (ACCESS, "The wheelchair access of Kiasma is no", 0),
    (ACCESS, "- wheelchair access: limited", 0),
]


def _id(value: Any) -> str:
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(("fact", "text", "share"), NUMBERS + PARTS + TIMES + NAMES + POLAR, ids=_id)
def test_what_states_a_fact(fact: Any, text: str, share: float) -> None:
    assert alone(fact, "What about it?", text) == pytest.approx(share, abs=0.005)


@pytest.mark.parametrize(
    ("fact", "request_", "text", "share"),
    [
        (LANDED, "When did the last flight due at 18:00 land?", "20:36, 18:00", 1),
        (LANDED, "When did the last flight due at 18:00 land?", "The one due at 18:00 landed at 20:36.", 1),
        (LANDED, "Did the last flight land at 18:00 or 20:36?", "20:36, 18:00", 0.5),
        (LANDED, "Did the last flight land at 18:00 or 20:36?", "18:00", 0),
        (LANDED, "When did the last flight due at one o'clock land?", "Due at 13:00, it landed at 20:36.", 1),
        (PEOPLE, "Has Portugal more than 10.3 million people, or how many?", "10.3 million", 1),
        (SEATS, "How many seats has flight 33?", "33 has 180.", 1),
        (SEATS, "How many seats has flight 33?", "34 has 180.", 0.5),
    ],
    ids=_id,
)
def test_what_the_request_says_states_nothing_unless_it_lets_choose(
    fact: Any, request_: str, text: str, share: float
) -> None:
    assert alone(fact, request_, text) == share


@pytest.mark.parametrize(("text", "share"), [("10 miles are 16.1 km.", 1), ("10 miles", 0)])
def test_a_measure_of_the_request_states_no_other_unit(text: str, share: float) -> None:
    length = asked("km", 16.1, 0.05, kind="measure", owner="the race", ask="length in km")
    assert alone(length, "How many km is the race of 10 miles?", text) == share


def test_a_zone_that_a_time_is_put_under_is_stated_too() -> None:
    newark = facts(
        asked("zone", "America/New_York", kind="zone", owner="Newark", ask="time zone"),
        asked("time", "19:01", kind="clock", owner="Newark", ask="time"),
        request="Which time zone is Newark in, and what time is it there?",
        calls={},
    )
    assert shares(newark, "Eastern Time is 19:01 now.") == (1, 1)
