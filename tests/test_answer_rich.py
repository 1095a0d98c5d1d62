"""Rich answers: what was compared, then what follows from it, under labels, headings or names.

Each kind of working is read as working where the answer concludes, and not where it does not.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tool_orch_env.answers.facts import Facts
from tool_orch_env.answers.reading import read_answer
from tool_orch_env.reward.golden import CompiledTrace
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task, read_tasks

CORPORA = Path(__file__).parent / "corpora"
ANSWERS = CORPORA / "rich-answers.jsonl"


def asked(name: str, value: Any, tolerance: float = 0.0, **more: Any) -> AnswerFact:
    return AnswerFact(name=name, value=value, tolerance=tolerance, **more)


def facts(*wanted: AnswerFact, request: str, calls: Mapping[str, tuple[GoldenCall, Any]]) -> Facts:
    golden = tuple(call for call, _ in calls.values()) or (GoldenCall(id="z", tool="ping", arguments={}),)
    tools = tuple({call.tool for call in golden} or {"ping"})
    task = Task(id="t", snapshot="toy", request=request, tools=tools, golden=golden, answer=wanted)
    return Facts(task, lambda: {name: response for name, (_, response) in calls.items()})


def shares(of: Facts, text: str) -> tuple[float, ...]:
    return tuple(round(one.share, 2) for one in read_answer(of, text))


def flight(name: str, number: int, dest: str, arrival: str, late: int) -> tuple[GoldenCall, Any]:
    row = {"flight_number": number, "dest": dest, "actual_arr": arrival, "arr_delay_min": late}
    return GoldenCall(id=name, tool="get_flight", arguments={"flight_id": f"x{number}"}), row


FIRST = "the first to land"
LANDINGS = facts(
    asked("number", 6049, call="b", pointer="/flight_number", kind="code", owner=FIRST, ask="flight number"),
    asked("arrival", "18:25", call="b", pointer="/actual_arr", kind="clock", owner=FIRST, ask="arrival time"),
    asked("late", 2, call="b", pointer="/arr_delay_min", kind="delay", owner=FIRST, ask="arrival delay"),
    request="Which of the flights to Baltimore, Dulles and Washington National landed first: number, time, delay?",
    calls={
        "a": flight("a", 4431, "Baltimore", "18:46", 21),
        "b": flight("b", 6049, "Dulles", "18:25", 2),
        "c": flight("c", 4709, "Washington National", "19:15", 48),
    },
)
COMPARED = "EV 4431 to Baltimore landed at 18:46, EV 6049 to Dulles at 18:25, EV 4709 to Washington National at 19:15."


@pytest.mark.parametrize(
    "text",
    [
        f"{COMPARED}\n\nFirst to land was the Dulles flight:\n- Number: EV 6049\n- Arrival: 18:25\n"
        "- Arrival delay: 2 minutes",
        "| To | Flight | Landed | Arrival delay |\n|---|---|---|---|\n| Baltimore | EV 4431 | 18:46 | 21 min |\n"
        "| Dulles | EV 6049 | 18:25 | 2 min |\n| Washington National | EV 4709 | 19:15 | 48 min |\n\n"
        "First to land: number 6049 at 18:25, 2 minutes late.",
        "EV 6049 landed first, at 18:25, 2 minutes late. EV 4431 to Baltimore landed 21 minutes later, at 18:46.",
    ],
)
def test_what_was_compared_costs_nothing_where_the_answer_concludes(text: str) -> None:
    assert shares(LANDINGS, text) == (1, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        COMPARED,
        f"{COMPARED}\n- Number: EV 6049 or EV 4431\n- Arrival: 18:25, 18:46",
        f"{COMPARED}\nFirst to land:\n- Number: EV 4431\n- Arrival: 18:46\n- Arrival delay: 21 minutes",
    ],
)
def test_working_without_the_right_conclusion_does_not_count(text: str) -> None:
    number, arrival, _ = shares(LANDINGS, text)
    assert number < 1 and arrival < 1


def place(name: str, called: str) -> tuple[GoldenCall, Any]:
    at = {"name": called, "lat": len(called) + 0.5}
    return GoldenCall(id=name, tool="search_poi", arguments={"q": called}), [at]


HOTELS = ("Hotel Arthur", "Carlton", "Klaus K")
NEAREST = "the nearest hotel"
WALKS = facts(
    asked("hotel", "Klaus K", call="c", pointer="/0/name", owner=NEAREST, ask="name"),
    asked(
        "way",
        0.465,
        0.01,
        call="w",
        pointer="/walks/2/km",
        kind="measure",
        owner=NEAREST,
        ask="distance in km",
    ),
    request="Which of Hotel Arthur, Carlton and Klaus K is nearest to the museum, and how many km is it?",
    calls={
        **{name: place(name, called) for name, called in zip("abc", HOTELS, strict=True)},
        "w": (
            GoldenCall(
                id="w",
                tool="walk_times",
                arguments={"targets": [{"lat": len(called) + 0.5} for called in HOTELS]},
                bindings={
                    f"/targets/{at}/lat": Binding(call=name, pointer="/0/lat")
                    for at, name in enumerate("abc")
                },
                needs=tuple("abc"),
            ),
            {"walks": [{"km": 1.037}, {"km": 1.326}, {"km": 0.465}]},
        ),
    },
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Klaus K, 0.465 km. Hotel Arthur is 1.037 km from the museum and Carlton 1.326 km.", (1, 1)),
        (
            "Hotel Arthur: 1.037 km\nCarlton: 1.326 km\nKlaus K: 0.465 km\n\nSo the nearest is Klaus K.",
            (1, 1),
        ),
        ("The nearest is Hotel Arthur, 1.037 km. Klaus K is 1.465 km away.", (0.5, 0)),
        ("Hotel Arthur, 1.037 km; Klaus K is 1.465 km away.", (0.5, 0)),
    ],
)
def test_a_distance_belongs_to_the_thing_whose_name_stands_by_it(
    text: str, expected: tuple[float, ...]
) -> None:
    assert shares(WALKS, text) == expected


BARS = ("Olhus", "Villi", "Bar All In")
HERE = "Hotel Saint George"
MEETING = facts(
    asked("place", "Bar All In", call="c", pointer="/0/name", owner="the meeting place", ask="name"),
    asked(
        "my_walk",
        0.831,
        0.01,
        call="w",
        pointer="/walks/2/km",
        kind="measure",
        owner=HERE,
        ask=f"walking distance in km from {HERE}",
    ),
    request=f"I am at {HERE}. Which of Olhus, Villi and Bar All In is nearest, and how many km do I walk?",
    calls={
        **{name: place(name, called) for name, called in zip("abch", (*BARS, HERE), strict=True)},
        "w": (
            GoldenCall(
                id="w",
                tool="walk_times",
                arguments={"targets": [{"lat": len(called) + 0.5} for called in BARS]},
                bindings={
                    f"/targets/{at}/lat": Binding(call=name, pointer="/0/lat")
                    for at, name in enumerate("abc")
                },
                needs=tuple("abc"),
            ),
            {"walks": [{"km": 0.356}, {"km": 0.61}, {"km": 0.831}]},
        ),
    },
)


@pytest.mark.parametrize(
    ("text", "walk"),
    [
        (f"Name: Bar All In. Walking distance in km from {HERE}: 0.831 km.", 1),
        (f"Name: Bar All In. Walking distance in km from {HERE}: 0.356 km, 0.831 km.", 0.5),
        (f"Name: Bar All In. Walking distance in km from {HERE} ({HERE}): 0.356 km, 0.831 km.", 0.5),
        ("Name: Bar All In. Walking distance in km: 0.831 km, 0.356 km.", 0.5),
        (f"It is Bar All In, 0.831 km from {HERE}. Olhus is 0.356 km from {HERE}.", 1),
    ],
)
def test_two_distances_under_the_name_of_one_are_no_answer(text: str, walk: float) -> None:
    assert shares(MEETING, text) == (1, walk)


def alone(fact: AnswerFact, request: str, text: str) -> float:
    return shares(facts(fact, request=request, calls={}), text)[0]


COUNT = asked("seats", 200, kind="count", owner="the largest plane", ask="number of seats")
DELAY = asked("delay", 28, kind="delay", owner="the first flight", ask="departure delay")
WALK = asked("minutes", 6, 0.6, kind="duration", owner="the oldest work", ask="walk in minutes")
CLOSES = asked("closes", "18:00", kind="clock", owner="Amos Rex", ask="closing time")
OPENS = asked("opens", "11:00", kind="clock", owner="Amos Rex", ask="opening time")
ACCESS = asked("access", "yes", kind="tag", owner="Kappeli", ask="wheelchair access")
LOWEST = asked("visibility", 10.0, 0.2, kind="measure", owner="Newark", ask="lowest visibility in miles")
ROOM = asked("room", True, kind="yes_no", owner="the largest plane", ask="room for 48")
DEPARTURES = asked("departures", 1, kind="count", owner="the plane", ask="number of departures")


@pytest.mark.parametrize(
    ("fact", "text", "share"),
    [
        (COUNT, "The largest plane is the one to Fort Myers, with 200 seats.", 1),
        (COUNT, "The largest plane is the next one, not the other two: 200 seats.", 1),
        (DELAY, "The other flight was scheduled ten minutes later. It left 28 minutes late.", 1),
        (DELAY, "It left 10 minutes late, or 28 minutes late.", 0.5),
        (WALK, "It is 540 m, about 6 minutes.", 1),
        (CLOSES, "It is open 11:00–18:00.", 1),
        (CLOSES, "It is open from 11:00 until 20:00.", 0),
        (OPENS, "It is open from 11:00 until 18:00.", 1),
        (ACCESS, "Kappeli is wheelchair accessible. No wheelchair information is mapped for the museum.", 1),
        (ACCESS, "Kappeli is not wheelchair accessible.", 0),
        (ACCESS, "Kappeli: limited, Toscanini: no", 0),
        (LOWEST, "The visibility never fell below 10 miles.", 1),
        (ROOM, "There is room for all 48 of you.", 1),
        (ROOM, "All 48 of you fit in easily.", 1),
        (ROOM, "You don't all fit in.", 0),
        (DEPARTURES, "It was scheduled out of New York once that day.", 1),
        (DEPARTURES, "Flight 1 was one of them.", 0),
    ],
)
def test_kinds_of_remarks(fact: AnswerFact, text: str, share: float) -> None:
    assert alone(fact, "What about it?", text) == share


def test_a_code_that_would_be_another_ones_is_no_rival() -> None:
    code = asked("calling_code", "49", kind="code", owner="the neighbour", ask="calling code")
    text = "Calling code: +49 (to call Belgium from there it would be +32)"
    assert alone(code, "Which calling code has the neighbour?", text) == 1


def test_shares_in_percent_are_told_apart() -> None:
    owners = (("Mozambique", 4.3), ("Latvia", 38.5))
    wanted = [
        asked(
            f"share_{at}", value, 0.1, kind="number", owner=owner, ask="percent of the people in the capital"
        )
        for at, (owner, value) in enumerate(owners)
    ]
    of = facts(*wanted, request="What percent live in the capital of Mozambique, and of Latvia?", calls={})
    assert shares(of, "Mozambique 4.3%, Latvia 38.5%") == (1, 1)
    assert shares(of, "Mozambique 38.5%, Latvia 4.3%") == (0, 0)


LATE = facts(
    asked(
        "late",
        ("Tom", "Marek", "Joan"),
        kind="list",
        owner="the five",
        ask="names of those who landed more than half an hour late",
    ),
    request="Ines took 4127 from Kennedy to Washington Dulles, Tom 2355 from Newark to St. Louis, Priya 127 from "
    "Kennedy to Los Angeles, Marek 1116 from Newark to Boston and Joan 4333 from Kennedy to Pittsburgh. Who landed "
    "more than half an hour late?",
    calls={},
)
THREE = "\n".join(
    [
        "- Marek (1116, Newark–Boston): 242 minutes late, landed 21:22 instead of 17:20",
        "- Tom (2355, Newark–St. Louis): 97 minutes late, landed 20:07 instead of 18:30",
        "- Joan (4333, Kennedy–Pittsburgh): 75 minutes late, landed 18:15 instead of 17:00",
    ]
)
TABLE = "| Who | Delay |\n|---|---|\n| Marek | 242 min |\n| Tom | 97 min |\n| Joan | 75 min |"


@pytest.mark.parametrize(
    "text",
    [
        f"Three of the five landed late:\n\n{THREE}\n\n"
        "You owe no apology to Ines (4127, landed 16 minutes early) or Priya (127, 22 minutes early).",
        f"Landed late:\n{THREE}\n\nOn time: Ines, Priya",
        f"Landed late:\n{THREE}\n\nOn time:\n- Ines: 16 minutes early\n- Priya: 22 minutes early",
        f"{TABLE}\n\nInes and Priya were on time.",
        "- Late: Marek, Tom, Joan\n- On time: Ines, Priya",
        "Tom, Marek and Joan landed late, but Ines and Priya were on time.",
        "Tom, Marek and Joan. The others were not late.",
        "Landed late: Tom, Marek and Joan; Ines and Priya were early.",
    ],
)
def test_the_members_of_a_list_in_items_and_the_others_set_apart(text: str) -> None:
    assert shares(LATE, text) == (1,)


@pytest.mark.parametrize(
    "text",
    [
        f"Landed late:\n{THREE.rpartition(chr(10))[0]}",
        f"Landed late:\n{THREE}\n- Ines (4127): 36 minutes late",
        f"Landed late:\n{THREE}\n- Ines (4127): 16 minutes early",
        f"{TABLE}\n| Ines | 36 min |",
        "Landed late:\n- Ines\n- Priya\n\nOn time:\n- Tom\n- Marek\n- Joan",
        "- Late: Ines, Priya\n- On time: Tom, Marek, Joan",
        "You owe no apology to Tom, Marek and Joan. Ines and Priya landed late.",
        "Tom, Marek, Joan and Ines landed late.",
        f"Landed late:\n{THREE}\n\nInes and Priya landed late as well.",
        "Ines, Tom, Priya, Marek, Joan",
    ],
)
def test_a_list_with_a_member_missing_or_another_in_it_is_not_read_in_full(text: str) -> None:
    assert shares(LATE, text) < (1,)


def country(call: str, name: str, people: int, area: int) -> tuple[GoldenCall, Any]:
    row = {"name": name, "population": people, "area_km2": area}
    return GoldenCall(id=call, tool="get_country", arguments={"country_id": people}), row


CROWDED = facts(
    asked("densest", "Nigeria", call="c", pointer="/name", owner="the densest neighbour", ask="name"),
    asked("own", 102.0, tolerance=0.6, kind="number", owner="Benin", ask="inhabitants per square kilometre"),
    request="How many people per km² is Benin, and which of its neighbours Nigeria, Togo and Niger is most crowded?",
    calls={
        "b": country("b", "Benin", 11_485_048, 112_620),
        "c": country("c", "Nigeria", 195_874_740, 923_768),
        "d": country("d", "Togo", 7_889_094, 56_785),
        "e": country("e", "Niger", 22_442_948, 1_267_000),
    },
)


@pytest.mark.parametrize(
    "text",
    [
        "Benin has about 102 people per km². The most crowded is Nigeria, with about 212, twice as dense as Benin.",
        "Benin: 102 people per km². Nigeria: by far the densest of the three (Togo 139, Niger 18).",
    ],
)
def test_what_the_winner_is_compared_with_is_not_singled_out(text: str) -> None:
    assert shares(CROWDED, text) == (1, 1)


def test_another_that_is_singled_out_costs_the_right_name_its_credit() -> None:
    text = "Benin has 102 people per km². The densest neighbour is Togo; Nigeria is a large country."
    assert shares(CROWDED, text)[0] < 1


BARS = facts(
    asked("cinema", "Bio Rex", call="c", pointer="/name", owner="the nearest cinema", ask="name"),
    asked("bar", "Pickwick", owner="the nearer bar", ask="name"),
    asked("until", "02:00", kind="clock", owner="the nearer bar", ask="closing time"),
    request="Which cinema is nearest? From there, is Hemingway's or Pickwick the shorter walk, and till when?",
    calls={
        "c": place("c", "Bio Rex"),
        "h": place("h", "Hemingway's"),
        "p": place("p", "Pickwick"),
    },
)


@pytest.mark.parametrize(
    "text",
    [
        "Cinema: Bio Rex.\nAfter that: from Bio Rex, Pickwick is the shorter walk, 352 m against 719 m to Hemingway's. "
        "It is open until 2 in the morning.",
        "Bio Rex is the nearest cinema. Go to Pickwick, which is closer than Hemingway's; it closes at 2 at night.",
        "Bio Rex. Hemingway's is farther, so Pickwick, until two in the small hours.",
    ],
)
def test_a_name_that_is_only_mentioned_is_no_rival(text: str) -> None:
    assert shares(BARS, text) == (1, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "Bio Rex. Hemingway's is the shorter walk, 352 m against 719 m to Pickwick. Until 2 in the morning.",
        "Bio Rex. Pickwick is farther, Hemingway's is the shorter walk. Until 2 am.",
        "Bio Rex. Hemingway's is closer; Pickwick is a longer walk. Until 2 am.",
    ],
)
def test_the_other_of_two_may_not_be_singled_out_by_a_comparison(text: str) -> None:
    assert shares(BARS, text)[1] < 1


def holiday(call: str, country: str, *dates: str) -> tuple[GoldenCall, Any]:
    return GoldenCall(id=call, tool="public_holidays", arguments={"country": country}), [
        {"date": d} for d in dates
    ]


CLOSED_THERE = facts(
    asked(
        "first",
        "2025-01-29",
        call="s",
        pointer="/1/date",
        kind="date",
        owner="Singapore",
        ask="date of the first",
    ),
    request="When is the first weekday of 2025 that Singapore has a public holiday and the United Kingdom does not?",
    calls={
        "s": holiday("s", "SG", "2025-01-01", "2025-01-29", "2025-04-18"),
        "u": holiday("u", "UK", "2025-01-01", "2025-04-18"),
    },
)


@pytest.mark.parametrize(
    "text",
    [
        "That would be Wednesday, 29 January 2025, Chinese New Year. (1 January is a holiday in both countries.)",
        "It's 29 January 2025, because 1 January is a holiday in both countries.",
        "The first would be 1 January, but that is a holiday here too, so 29 January 2025.",
    ],
)
def test_a_value_in_a_remark_or_a_reason_is_no_rival(text: str) -> None:
    assert shares(CLOSED_THERE, text) == (1,)


@pytest.mark.parametrize(
    "text",
    [
        "1 January 2025 (29 January 2025 is another).",
        "1 January 2025, because 29 January is a holiday in Singapore only.",
        "29 January 2025 or 1 January 2025.",
        "29 January 2025 and 1 January 2025.",
    ],
)
def test_a_right_value_in_a_remark_does_not_count_in_full(text: str) -> None:
    assert shares(CLOSED_THERE, text) < (1,)


STANDBY = facts(
    asked("airport", "Newark", kind="name", owner="the most flights left", ask="airport", aliases=("EWR",)),
    asked("left", 2, kind="count", owner="the airport with more flights left", ask="number of flights left"),
    asked(
        "airline",
        "United Air Lines Inc.",
        call="c",
        pointer="/name",
        owner="the next flight from there",
        ask="airline",
    ),
    request="Which New York airport had the most flights scheduled after 6 pm on 7 March 2013, how many, and whose is "
    "the earliest one?",
    calls={
        "a": (
            GoldenCall(id="a", tool="search_flights", arguments={"origin": "EWR", "date": "2013-03-07"}),
            [{"number": 1471, "scheduled": "19:05"}, {"number": 1299, "scheduled": "20:35"}],
        ),
        "c": (
            GoldenCall(id="c", tool="get_airline", arguments={"carrier": "UA"}),
            {"name": "United Air Lines Inc."},
        ),
    },
)


@pytest.mark.parametrize(
    "text",
    [
        "On 7 March 2013, Newark had the most departures scheduled after 6 pm: two, against one each from Kennedy and "
        "LaGuardia. The earlier of the two is United Air Lines flight 1471 (the other is United 1299 at 8:35 pm).",
        "Newark, with two scheduled after 6 pm. The first of them is a flight of United Air Lines, the other is 1299.",
    ],
)
def test_an_airport_is_no_airline_unless_it_is_called_one(text: str) -> None:
    assert shares(STANDBY, text) == (1, 1, 1)


def test_a_name_under_another_names_label_is_read_there() -> None:
    assert shares(STANDBY, "Airport: United Air Lines. Flights: 2. Airline: Newark.") == (0, 1, 0)


ON_BUDGET = facts(
    asked("total", 1327.89, kind="money", owner="", ask="total in euros"),
    asked("within", True, kind="yes_no", owner="", ask="within 1,400 euros"),
    request="What is the total in euros, and is it within the 1,400 euros that we agreed on?",
    calls={},
)


@pytest.mark.parametrize(
    "text",
    [
        "1,327.89 euros in all. So yes, it stays under 1,400. No rate was published on 1 May.",
        "Total: 1,327.89 euros. Yes. No other expenses were counted.",
    ],
)
def test_no_before_a_thing_is_no_answer(text: str) -> None:
    assert shares(ON_BUDGET, text) == (1, 1)


@pytest.mark.parametrize("no", ["No, it does not.", "No it doesn't.", "No.", "No - it is more.", "no"])
def test_no_by_itself_or_before_a_pronoun_is_one(no: str) -> None:
    assert shares(ON_BUDGET, f"1,327.89 euros in all. Within the budget? {no}")[1] == 0


def museum(called: str, closes: str, km: float) -> dict[str, Any]:
    return {"name": called, "closes": closes, "walk_km": km}


MUSEUMS = facts(
    asked("museum", "Kiasma", call="m", pointer="/2/name", owner="the nearest open museum", ask="name"),
    asked(
        "km", 0.927, call="m", pointer="/2/walk_km", kind="measure", owner="the nearest open museum", ask="km"
    ),
    request="Which museum that is open at 5:15 pm is nearest on foot, and how many km is it?",
    calls={
        "m": (
            GoldenCall(id="m", tool="search_nearby", arguments={"place": "hotel"}),
            [
                museum("Ateneum", "17:00", 0.4),
                museum("Amos Rex", "17:00", 0.5),
                museum("Kiasma", "18:00", 0.927),
            ],
        )
    },
)


@pytest.mark.parametrize(
    "text",
    [
        "That would be Kiasma, 0.927 km away. Ateneum and Amos Rex are both nearer, but they shut at 5 pm.",
        "Ateneum and Amos Rex are nearer, but they are closed by then, so it's Kiasma, 0.927 km.",
        "It's Kiasma, 0.927 km on foot. Ateneum and Amos Rex are closed by then.",
    ],
)
def test_what_is_conceded_is_no_rival(text: str) -> None:
    assert shares(MUSEUMS, text) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "Ateneum, Amos Rex and Kiasma, 0.927 km.",
        "It's Ateneum, but Kiasma is 0.927 km away.",
        "Ateneum, 0.4 km.",
    ],
)
def test_a_list_of_all_or_another_choice_is_not_read_in_full(text: str) -> None:
    assert shares(MUSEUMS, text)[0] < 1


SEATS = facts(
    asked("seats", 55, kind="count", owner="the first flight", ask="number of seats"),
    asked("nuclide", "Ra-226", kind="code", owner="the fourth step", ask="nuclide", aliases=("radium-226",)),
    asked("number", 667, kind="code", owner="the latest flight", ask="flight number"),
    request="How many seats had the first flight, what is the nuclide of the fourth step, and which flight was latest?",
    calls={},
)


@pytest.mark.parametrize(
    "text",
    [
        "It had 55 seats, and was tram 4213's rival. The fourth step is radium-226 (Cm-242 -> Pu-238 -> U-234 -> "
        "Th-230 -> Ra-226). The latest flight was UA 667: due at 16:58, it came in at 17:42.",
        "We end up at Ra-226. All by alpha: Cm-242 → Pu-238 → U-234 → Th-230 → Ra-226. It had 55 seats, on flight "
        "number 667.",
    ],
)
def test_numbers_of_things_chains_and_codes_before_a_colon(text: str) -> None:
    assert shares(SEATS, text) == (1, 1, 1)


TRIP = facts(
    asked("total", 1284.9, tolerance=0.05, kind="money", owner="the trip", ask="total in euros"),
    asked("excess", 184.9, tolerance=0.05, kind="money", owner="the trip", ask="euros over the budget"),
    request="Spent: 905 kroner on Monday, 1,285 on Tuesday. What is that in euros, and how far over 1,100 euros is it?",
    calls={},
)


def test_the_rate_of_each_day_says_nothing_of_two_facts_at_once() -> None:
    text = (
        "At each day's rate it comes to 1,284.90 euros:\n\n| Day | Spent | Euros |\n|---|---|---|\n"
        "| Mon | 905 DKK | 121.39 |\n| Tue | 1,285 DKK | 172.35 |\n\nSo you are 184.90 euros over your 1,100."
    )
    assert shares(TRIP, text) == (1, 1)
    assert shares(TRIP, text.replace("1,284.90", "1,384.90")) < (1, 1)


OFFICES = facts(
    asked("closed", ("Reykjavik", "Athens"), kind="list", owner="the offices", ask="closed"),
    request="Which of our offices in Reykjavik, Singapore, Lima and Athens are closed on Easter Monday?",
    calls={},
)


def test_rows_that_are_set_apart_are_not_in_the_list() -> None:
    text = "- Reykjavik: closed (Easter Monday)\n- Athens: closed\n- Singapore and Lima: no public holiday"
    assert shares(OFFICES, text) == (1,)
    assert shares(OFFICES, text.replace("Athens: closed", "Athens: no public holiday")) < (1,)
    assert shares(OFFICES, text.replace("no public holiday", "closed")) < (1,)


def test_a_country_is_no_currency_and_the_other_museums_are_no_rivals() -> None:
    country = facts(
        asked("between", "Brazil", owner="the country between", ask="name"),
        asked("currency", "Real", call="b", pointer="/currency", owner="the country between", ask="currency"),
        request="Which country borders both Peru and Guyana, and in which currency do we pay there?",
        calls={
            "b": (
                GoldenCall(id="b", tool="get_country", arguments={"country_id": 3469034}),
                {"name": "Brazil", "currency": "Real", "neighbours": ["Peru", "Guyana"]},
            )
        },
    )
    assert shares(
        country, "The country that borders both Peru and Guyana is Brazil. You pay in reals there."
    ) == (1, 1)
    assert shares(country, "The country is Real. The currency is Brazil.") < (1, 1)
    text = "It's Kiasma, 0.927 km from the hotel. The two other museums nearby (Amos Rex and Ateneum) close at 5 pm."
    assert shares(MUSEUMS, text) == (1, 1)


def test_a_label_of_another_fact_is_believed() -> None:
    walk = facts(
        asked("km", 4.03, kind="measure", owner="the whole walk", ask="length in km"),
        asked("minutes", 48, kind="duration", owner="the whole walk", ask="minutes of walking"),
        asked("access", "yes", kind="yes_no", owner="the hotel", ask="wheelchair access"),
        request="How long is the whole walk in km and minutes, and is the hotel accessible?",
        calls={},
    )
    right = "| Length in km | 4.03 km |\n| Minutes of walking | 48 minutes |\n| Wheelchair access | yes |"
    assert shares(walk, right) == (1, 1, 1)
    swapped = "| Length in km | 48 minutes |\n| Minutes of walking | 4.03 km |\n| Wheelchair access | yes |"
    assert shares(walk, swapped) < (1, 1, 1)
    assert shares(
        walk, "| Length in km | yes |\n| Minutes of walking | 48 minutes |\n| Wheelchair access | 4.03 km |"
    ) < (
        1,
        1,
        1,
    )


@cache
def _tasks() -> dict[str, tuple[Task, Snapshot]]:
    opened = {name: Snapshot.open(name) for name in ("travel", "elements")}
    return {task.id: (task, opened[task.snapshot]) for task in read_tasks(CORPORA / "rich-tasks.jsonl.gz")}


@cache
def _compiled(task_id: str) -> Facts:
    return CompiledTrace(*_tasks()[task_id]).facts


@pytest.mark.data
@pytest.mark.parametrize("part", range(4))
def test_answers_to_tasks_of_scenarios_are_judged_as_a_fair_reader_would(part: int) -> None:
    """Right answers are read in full, and those with one wrong value are not; all but those listed in
    rich-answers-misread.txt, which is kept as short as it can be."""
    rows = [json.loads(line) for line in ANSWERS.read_text(encoding="utf-8").splitlines()][part::4]
    misread = [
        f"{row['task']} {which}"
        for row in rows
        for which in ("right", "wrong")
        if all(share == 1 for share in shares(_compiled(row["task"]), row[which])) != (which == "right")
    ]
    named = {f"{row['task']} {which}" for row in rows for which in ("right", "wrong")}
    listed = (CORPORA / "rich-answers-misread.txt").read_text(encoding="utf-8").splitlines()
    assert misread == [one for one in listed if one in named]
