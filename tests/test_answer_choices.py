"""What an answer singles out among several, and what it only mentions: natural answers to a few natural tasks."""

from typing import Any

import pytest
from test_answer import CAPITALS, ELEMENTS, TIMES
from test_answer_rich import LANDINGS, MUSEUMS, asked, facts, flight, shares

from tool_orch_env.answers.reader import MOST
from tool_orch_env.answers.reading import read_answer
from tool_orch_env.task import GoldenCall


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The first to land was EV 6049 at 18:25, 2 minutes late; EV 4431 was 21 minutes late, 19 minutes more.",
            (1, 1, 1),
        ),
        ("EV 6049 landed first, at 18:25, 2 minutes late, ahead of EV 4431 at 18:46.", (1, 1, 1)),
        (
            "EV 6049 (18:25, 2 minutes late) landed first, EV 4431 (18:46, 21 minutes late) second and EV 4709 (19:15, "
            "48 minutes late) last.",
            (1, 1, 1),
        ),
        ("flight number: 6049, arrival time: 18:25, arrival delay: 2 minutes", (1, 1, 1)),
        ('{"number": 6049, "arrival": "18:25", "late": 2}', (1, 1, 1)),
        ('{"number": 4431, "arrival": "18:46", "late": 21}', (0, 0, 0)),
        ("6049 landed at 18:25. That is 2 minutes late. 4431 landed at 18:46.", (1, 1, 1)),
        ("4431 landed at 18:46. 6049 landed at 18:25, 2 minutes late.", (0.5, 1, 1)),
        ("The flight to Dulles: 6049, 18:25, 2 minutes late.", (1, 1, 1)),
        ("Both 6049 and 4431 landed first, at 18:25, 2 minutes late.", (0, 1, 1)),
        ("Landing times: 18:46, 18:25, 19:15. First: 6049, 2 minutes late.", (1, 0.33, 1)),
        ("At 18:46, no, sorry, at 18:25 landed 6049, 2 minutes late.", (1, 1, 1)),
        ("At 18:25, no, sorry, at 18:46 landed 6049, 2 minutes late.", (1, 0, 1)),
    ],
)
def test_the_first_of_three_flights(text: str, expected: tuple[float, ...]) -> None:
    assert shares(LANDINGS, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ateneum is nearer (0.4 km), but it shuts at five. So go to Kiasma, 0.927 km.", (1, 1)),
        ("Kiasma is 0.927 km away. Ateneum is 0.4 km away.", (1, 1)),
        ("1. Ateneum, 0.4 km\n2. Amos Rex, 0.5 km\n3. Kiasma, 0.927 km\n\nNearest open: Kiasma.", (1, 1)),
        ("- Kiasma: 0.927 km\n- Ateneum: 0.4 km\n- Amos Rex: 0.5 km", (0.33, 0.33)),
        ("The nearest open museum is Amos Rex; Kiasma is 0.927 km away.", (0, 1)),
        ("Kiasma and Ateneum, 0.927 km", (0.5, 1)),
        ("Kiasma, because Ateneum (0.4 km) and Amos Rex (0.5 km) close at 17:00: 0.927 km.", (1, 1)),
        ("That is Kiasma, 0.927 km; 0.527 km more than Ateneum.", (1, 1)),
        ("Kiasma, 0.927 km, compared with 0.4 km to Ateneum.", (1, 1)),
        ("Kiasma. It is 0.927 km, further than Ateneum by 0.527 km.", (1, 1)),
        ("Not Ateneum, not Amos Rex, but Kiasma: 0.927 km", (1, 1)),
        ("Ateneum (0.4 km), no, Kiasma, 0.927 km", (1, 1)),
        ("Museum: Kiasma (0.927 km), alternatives: Ateneum (0.4 km)", (1, 1)),
        (
            "Ateneum, Amos Rex and Kiasma are 0.4, 0.5 and 0.927 km away; the nearest open one is Kiasma.",
            (1, 1),
        ),
        ("Name: Kiasma. Km: 0.927", (1, 1)),
        ("Name: Ateneum. Km: 0.927", (0, 1)),
        ("Km: Kiasma. Name: 0.927.", (0, 0)),
        ("It's Kiasma, 0.927 km away; either of the two would do.", (0.5, 1)),
        ("Kiasma, 0.927 km; either one works.", (0.5, 1)),
    ],
)
def test_the_nearest_open_one_of_three_museums(text: str, expected: tuple[float, ...]) -> None:
    assert shares(MUSEUMS, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Radium, cobalt and oxygen: found first in 1898, then 1735 and lastly 1774 respectively.",
            (1, 1, 1),
        ),
        (
            "Radium, cobalt and oxygen: found first in 1774, then 1735 and lastly 1898 respectively.",
            (0, 1, 0),
        ),
        ("Scheele, Brandt and Curie found oxygen in 1774, cobalt in 1735 and radium in 1898.", (1, 1, 1)),
    ],
)
def test_years_respectively(text: str, expected: tuple[float, ...]) -> None:
    assert shares(ELEMENTS, text)[:3] == expected


def test_one_name_in_a_row_of_strangers_is_one_of_so_many() -> None:
    assert shares(CAPITALS, "The capital of Portugal is Lisbon, Madrid, Vienna or Rome.")[0] == 0.33
    assert shares(CAPITALS, "Lisbon, 10.3 million; Warsaw, 38 million")[0] == 1


@pytest.mark.parametrize(("values", "why"), [(MOST, ""), (MOST + 1, f"more than {MOST} values")])
def test_a_text_with_too_many_values_is_no_answer(values: int, why: str) -> None:
    assert read_answer(TIMES, "07:55, " * values)[0].why == why


RADISSON, KIRKKO = "Radisson Blu Plaza", "Vanha kirkkopuisto"
STATIONS = facts(
    asked("start", "Kaisaniemi station", kind="name", owner=RADISSON, ask=f"station nearest to {RADISSON}"),
    asked("end", "Mannerheimintie station", kind="name", owner=KIRKKO, ask=f"station nearest to {KIRKKO}"),
    request=f"Where do I unlock a bike, with the shortest walk from {RADISSON}, and where do I leave it, with the "
    f"shortest walk to {KIRKKO}?",
    calls={},
)


def test_the_second_place_asked_for_is_no_rival_of_the_first() -> None:
    text = (
        "Unlock at {} station (135 seconds, 186 m from Radisson Blu Plaza) and leave the bike at {} station, the one "
        "closest on foot to Vanha kirkkopuisto (323 seconds, 447 m). The {} station holds 16 bikes."
    )
    start, end = "Kaisaniemi", "Mannerheimintie"
    assert shares(STATIONS, text.format(start, end, end)) == (1, 1)
    assert shares(STATIONS, text.format(end, start, start))[1] == 0


OFFICES = facts(
    asked("closed", ("Madrid", "Lisbon"), kind="list", owner="the offices", ask="closed"),
    asked("open", 3, kind="count", owner="the offices", ask="number of offices that work"),
    request="Which of our offices are closed that day, and how many work?",
    calls={},
)


def test_a_label_that_names_two_facts_keeps_the_value_that_is_right_for_one() -> None:
    row = "| Closed (the offices) | {} |\n| Number of offices that work (the offices) | {} |"
    table = f"| What | Value |\n|---|---|\n{row}"
    assert shares(OFFICES, table.format("Madrid and Lisbon", 3)) == (1, 1)
    assert shares(OFFICES, table.format("Madrid and Oslo", 3))[0] < 1


def holidays(*rows: tuple[str, str]) -> tuple[GoldenCall, Any]:
    reply = {"holidays": [{"date": date, "name": name} for date, name in rows]}
    return GoldenCall(id="it", tool="public_holidays", arguments={"country_id": 7, "year": 2024}), reply


BOARD = facts(
    asked("works", "2024-03-27", kind="date", owner="the date on which everybody works", ask="date"),
    asked(
        "one", "Easter Monday", call="it", pointer="/holidays/0/name", owner="Milan", ask="holiday on 1 April"
    ),
    asked(
        "two",
        "Liberation Day",
        call="it",
        pointer="/holidays/1/name",
        owner="Milan",
        ask="holiday on 25 April",
    ),
    request="They offer me 27 March, 1 April or 25 April 2024. Find out which one is a working day for all of them, "
    "and what holidays are in the way on the other dates.",
    calls={"it": holidays(("2024-04-01", "Easter Monday"), ("2024-04-25", "Liberation Day"))},
)


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        (
            "27 March is free for all. On 1 April it is Easter Monday, on 25 April Liberation Day in Milan.",
            True,
        ),
        (
            "1 April doesn't work (Easter Monday), nor does 25 April (Liberation Day in Milan). So take 27 March.",
            True,
        ),
        (
            "1 April and 25 April are out, by Easter Monday and, in Milan, Liberation Day. 27 March is clear.",
            True,
        ),
        ("Take 25 April 2024. On 27 March Milan has Liberation Day, on 1 April Easter Monday.", False),
        ("25 April works for all. On 27 March Milan has Liberation Day.", False),
        ("The board should meet on 25 April. 27 March is out: Milan has Liberation Day.", False),
    ],
)
def test_the_date_that_is_decided_on_counts(text: str, decided: bool) -> None:
    assert (shares(BOARD, text)[0] == 1) is decided


@pytest.mark.parametrize(
    "text",
    [
        "27 March. Easter Monday blocks 1 April and Liberation Day blocks 25 April.",
        "27 March works; the other dates fall on Easter Monday and Liberation Day.",
        "Take 27 March.\n\n| Date | Milan |\n|---|---|\n| 1 April | Easter Monday |\n| 25 April | Liberation Day |",
        "1 April and 25 April are Easter Monday and Liberation Day respectively, so 27 March it is.",
    ],
)
def test_a_name_is_said_of_its_own_date(text: str) -> None:
    assert shares(BOARD, text) == (1, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "27 March. On 25 April Milan has Easter Monday, and 1 April is Liberation Day.",
        "27 March. Milan: Easter Monday (25 April); Liberation Day (1 April).",
        "Take 27 March.\n\n| Date | Milan |\n|---|---|\n| 25 April | Easter Monday |\n| 1 April | Liberation Day |",
    ],
)
def test_a_name_said_of_another_date_that_is_asked_about_does_not_count(text: str) -> None:
    assert shares(BOARD, text)[1:] == (0, 0)


PUBS = facts(
    asked("place", "Kaisla", kind="name", owner="the place with the shortest walks", ask="place"),
    request="Shall we meet at Villi Wäinö, Kaisla or Vltava? I'd take the place where our two walks add up to "
    "the shortest distance. Which is it?",
    calls={},
)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Kaisla it is. Vltava comes second, and Villi Wäinö is far behind.", True),
        ("Kaisla. Vltava is a close second and Villi Wäinö comes in last.", True),
        ("Vltava it is. Kaisla comes second.", False),
        ("Villi Wäinö: it beats Kaisla by 100 m, and Kaisla is a close second.", False),
        ("Vltava needs less walking than Kaisla.", False),
    ],
)
def test_the_loser_of_a_comparison_is_not_what_is_chosen(text: str, right: bool) -> None:
    assert (shares(PUBS, text) == (1,)) is right


STAIRS = facts(
    asked("hotel", "Hotel Kämp", kind="name", owner="the hotel without stairs", ask="name"),
    request="Which of Hotel Kämp, Hotel St. George and Klaus K can be reached without stairs?",
    calls={},
)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            "Only Hotel Kämp. The ways to Hotel St. George and Klaus K take stairs, so neither works for you.",
            True,
        ),
        ("Hotel Kämp: neither of the others, Klaus K and Hotel St. George, is free of stairs.", True),
        ("Only Klaus K. The ways to Hotel Kämp and Hotel St. George take stairs, so neither works.", False),
        (
            "Hotel Kämp: it is near, without any stairs.\n\n"
            "The routes to Klaus K and Hotel St. George both include stairs.",
            True,
        ),
        (
            "Klaus K: no stairs there.\n\nThe routes to Hotel Kämp and Hotel St. George both include stairs.",
            False,
        ),
    ],
)
def test_those_of_which_neither_works_are_not_what_is_chosen(text: str, right: bool) -> None:
    assert (shares(STAIRS, text) == (1,)) is right


FILM = facts(
    asked("cinema", "Kinopalatsi", kind="name", owner="the cinema", ask="cinema closest to us"),
    asked("bar", "Pickwick", kind="name", owner="the bar", ask="bar nearer to that cinema"),
    request="Which cinema is closest to us, and is Old Hat or Pickwick nearer to that cinema?",
    calls={},
)


def test_the_value_of_another_fact_that_is_only_mentioned_is_no_rival() -> None:
    text = "The cinema closest to you is Kinopalatsi. {} is nearer to Kinopalatsi than {}."
    assert shares(FILM, text.format("Pickwick", "Old Hat")) == (1, 1)
    assert shares(FILM, text.format("Old Hat", "Pickwick"))[1] < 1


def test_a_clock_may_be_followed_by_a_colon() -> None:
    text = "It left at 7:55: flight 739. It was due to land at 10:20: it was 7 minutes early."
    assert shares(TIMES, text) == (1, 1, 1)


WORST = facts(
    asked("worst", 54, kind="delay", owner="the most delayed of the five", ask="arrival delay"),
    request="Five of us landed late. How late was the worst?",
    calls={
        "a": flight("a", 2914, "Washington National", "18:46", 49),
        "b": flight("b", 5714, "Dulles", "18:25", 54),
    },
)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            "Helen landed 49 minutes late at Washington National and Kate, the worst off, 54 minutes late.",
            True,
        ),
        ("Kate landed 54 minutes late and Helen, the worst off, 49 minutes late.", False),
    ],
)
def test_what_is_said_of_the_one_singled_out_counts(text: str, right: bool) -> None:
    assert (shares(WORST, text) == (1,)) is right


def test_a_holiday_that_is_observed_on_another_day_may_be_called_by_its_name() -> None:
    of = facts(
        asked(
            "holiday",
            "Anzac Day (observed)",
            call="it",
            pointer="/holidays/1/name",
            owner="New Zealand",
            ask="holiday",
        ),
        request="What do they celebrate in New Zealand on 26 April 2027?",
        calls={"it": holidays(("2027-04-25", "Anzac Day"), ("2027-04-26", "Anzac Day (observed)"))},
    )
    for text in (
        "Anzac Day.",
        "Anzac Day (observed) is on the 26th, because Anzac Day itself falls on a Sunday.",
    ):
        assert shares(of, text) == (1,)
    assert shares(of, "Easter Monday.") == (0,)


def test_where_a_percentage_is_asked_for_and_given_other_numbers_are_none() -> None:
    of = facts(
        *(
            asked(name, value, 0.1, kind="number", owner=owner, ask="percent of the people in the capital")
            for name, value, owner in (("share_1", 39.9, "Gabon"), ("share_2", 5.1, "Nepal"))
        ),
        request="What share of their people have the capitals of Gabon and Nepal, in percent?",
        calls={},
    )
    rows = "| Gabon | 846,090 | {} % |\n| Nepal | 1,442,271 | {} % |"
    table = f"| Country | Inhabitants of capital | Share |\n|---|---|---|\n{rows}"
    assert shares(of, table.format(39.9, 5.1)) == (1, 1)
    assert shares(of, table.format(5.1, 39.9)) == (0, 0)


def test_a_currency_in_a_wrong_amount_does_not_hide_the_amount() -> None:
    place = GoldenCall(id="city", tool="get_country", arguments={"country_id": 1})
    changed = GoldenCall(id="fx", tool="convert_currency", arguments={"amount": 200})
    of = facts(
        asked("currency", "Krona", call="city", pointer="/currency_name"),
        asked("money", 1343.82, 0.5, call="fx", pointer="/result", kind="money"),
        request="I land at ARN with 200 USD. What is the currency, and how much of it do I get?",
        calls={
            "city": (place, {"currency_name": "Krona", "currency_code": "SEK"}),
            "fx": (changed, {"result": 1343.82, "to": "SEK"}),
        },
    )
    assert shares(of, "The currency is the Swedish krona. You get 1,343.82 SEK.") == (1, 1)
    assert shares(of, "Currency: SEK. Money: 1,343.82 SEK, 1,680.78 SEK, 939.67 SEK.")[1] < 1


PLANES = facts(
    asked(
        "fitting",
        ("Denver", "New Orleans"),
        kind="list",
        owner="the destinations",
        ask="plane with room for 48",
    ),
    request="There were flights to Denver, New Orleans and Boston. Which of these had room for all 48 of us?",
    calls={},
)


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ("- Denver, at 19:00: 189 seats, yes\n- New Orleans: 200 seats, yes\n- Boston: 20 seats, no", 1),
        ("| Denver | 189 | yes |\n| New Orleans | 200 | yes |\n| Boston | 20 | no |", 1),
        ("- Denver: 189 seats, no\n- New Orleans: 200 seats, yes\n- Boston: 20 seats, yes", 0),
        ("- Denver: 189 seats\n- New Orleans: 200 seats\n- Boston: 20 seats", 0),
    ],
)
def test_rows_that_say_no_are_not_in_the_list(rows: str, share: float) -> None:
    assert shares(PLANES, f"Two of the three would have done.\n\n{rows}") == (share,)


def test_rows_that_say_no_to_something_else_are_in_the_list() -> None:
    rows = "- Denver: 189 seats, wifi: no\n- New Orleans: 200 seats, wifi: yes"
    assert shares(PLANES, rows) == (1,)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Kiasma is close, at 0.927 km, and open until 6 pm. Ateneum closes at 5 pm.", True),
        ("Kiasma is open, but the others, Ateneum and Amos Rex, are closed. It is 0.927 km.", True),
        ("Kiasma is not far, 0.927 km, while Ateneum is closed by then.", True),
        ("Kiasma closes only at 6 pm. Ateneum closes at 5 pm. It is 0.927 km.", True),
        ("Ateneum closes at 8 pm, so go there. Kiasma closes at 5 pm. It is 0.927 km.", False),
        ("Ateneum. It is the only one open; Kiasma and Amos Rex both close at 5 pm. It is 0.927 km.", False),
    ],
)
def test_what_is_closed_is_not_what_is_chosen(text: str, right: bool) -> None:
    assert (shares(MUSEUMS, text) == (1, 1)) is right
