"""Which words of an answer belong to a value, and how much: every case marks the value with ‹ ›.

A word of the value's clause weighs 4 and a little more the nearer it is; one in brackets, or next to brackets, 3.5; one
of the rest of the sentence 2 or less; one of a heading, of an enclosing key, or of the sentence before 1.
"""

import pytest

from tool_orch_env.answers.layout import MAX_WORDS, Layout
from tool_orch_env.answers.text import Folded, fold


def placed(marked: str) -> tuple[Folded, int, int]:
    text = fold(marked.replace("‹", "").replace("›", ""))
    first, after = marked.index("‹"), marked.index("›") - 1
    inside = [at for at, place in enumerate(text.at) if first <= place < after]
    return text, inside[0], inside[-1] + 1


def weights(marked: str, inside: bool = False) -> dict[str, float]:
    text, start, end = placed(marked)
    around = Layout(text, [(start, end)]).around(start, end, inside)
    return {word: round(weight, 2) for word, weight in around.items()}


SENTENCES = {
    "The flight left JFK at ‹07:55› for Boston.": {
        "flight": 4.3,
        "departure": 4.4,
        "jfk": 4.53,
        "boston": 4.31,
    },
    "Oxygen, a gas, was ‹found›": {"oxygen": 1.67, "gas": 4},
    "Oxygen is a gas. Found by ‹Scheele›. It burns.": {"oxygen": 1, "gas": 1},
    "Oxygen is a gas; by ‹Scheele›.": {"oxygen": 1, "gas": 1},
    "Radium. ‹1898›": {"radium": 1},
    "Is it late? ‹yes›": {"delay": 1},
    "Late! ‹yes›": {"delay": 1},
    "Late flights and early flights: ‹12›": {"flight": 4.47, "delay": 4.35},
    "In Oslo it was 5, then ‹7›": {"oslo": 4, "5": 4},
    "Oslo or ‹Lund›": {"oslo": 4.5},
    "Oslo -> Lund -> ‹Turku›": {"lund": 4, "oslo": 1.67},
    "Boston/Dallas: ‹12›": {"boston": 2, "dalla": 4.5},
    "The first; the ‹second›; the third": {"first": 1},
    "red, blue, green, white, black, pink, grey, brown, by ‹Curie›, gold, silver, copper, tin": {
        "brown": 4,
        "grey": 1.67,
        "pink": 1.5,
        "black": 1.4,
        "white": 1.33,
        "green": 1.29,
        "gold": 1,
        "silver": 0.83,
        "copper": 0.75,
    },
    "Oslo: ‹7›. ": {"oslo": 4.57},
    "red, ‹7›, blue": {"red": 4, "blue": 1},
    "red and 5 or ‹7›": {"red": 4, "5": 4.62},
    "red, blue. green ‹7›": {"red": 1, "blue": 1, "green": 4.57},
}
STOPS = {
    "Rain: no. Last flight at ‹20:05›": {"rain": 1, "last": 4.35, "flight": 4.44},
    "St. Louis is no. 7 of ‹12›": {"street": 4.27, "loui": 4.31, "7": 4.62},
    "It was 8 a.m. Boston is at ‹9:15›": {"8": 1, "m": 1, "boston": 4.38},
    "It was 8 a.m. and Boston at ‹9:15›": {"8": 2, "m": 2, "boston": 4.44},
    "Found by Antoine J. Balard in ‹1826›": {"antoine": 4.28, "j": 4.38, "balard": 4.44},
    "The delay was 5 min. the gate ‹B7›": {"delay": 1, "5": 1, "min": 1, "gate": 4.62},
    "It is 5.5 m to ‹Turku›": {"5.5": 4.47, "m": 4.62},
    "Oslo etc. the ‹7›": {"oslo": 1, "etc": 1},
}
BRACKETS = {
    "Oxygen (found by ‹Scheele›) is a gas.": {"oxygen": 4, "gas": 3.5},
    "Oxygen (a gas) was found by ‹Scheele› in Sweden.": {"oxygen": 4.22, "gas": 3.5, "sweden": 4.33},
    "Oxygen (a gas [light]) by ‹Scheele›": {"oxygen": 4.24, "gas": 3.5, "light": 0.33},
    "Cobalt (Brandt) in 1735 (late) and oxygen (‹Scheele›) in Sweden (first), radium": {
        "cobalt": 1.4,
        "brandt": 1,
        "1735": 1.4,
        "delay": 1.17,
        "oxygen": 4,
        "sweden": 3.5,
        "first": 0.5,
        "radium": 0.83,
    },
    "(red) blue (green ‹7›) white (gold)": {
        "red": 1.67,
        "blue": 3.5,
        "green": 4.57,
        "white": 3.5,
        "gold": 0.5,
    },
    "red (blue (green) ‹7›) white": {"red": 3.5, "blue": 4.38, "green": 3.5, "white": 3.5},
    "Oslo) people ‹7›": {"oslo": 2, "people": 4.53},
    "Oslo} people ‹7›": {"oslo": 2, "people": 4.53},
}
LINES = {
    "# Oxygen\n\nby ‹Scheele›": {"oxygen": 1},
    "# Norway\n\nText of it.\n\n## Oslo\n\npeople: ‹7›": {"oslo": 1, "people": 4.5},
    "**Oxygen**\n- Year: ‹1774›\n- Place: Sweden": {"oxygen": 1, "year": 4.57},
    "**Oxygen is one.**\nYear: ‹1774›": {"oxygen": 1, "year": 4.57},
    "Capitals:\n- Oslo ‹7›": {"capital": 1, "oslo": 4.62},
    "Capitals:\n\nOslo ‹7›": {"oslo": 4.62},
    "Capitals of the north.\n- Oslo ‹7›": {"oslo": 4.62},
    "Capitals of the north\n- Oslo ‹7›": {"capital": 1, "north": 1, "oslo": 4.62},
    "1. Oslo: ‹7›\n2. Lund: 8": {"oslo": 4.57},
    "1. Lund: 8\n2. Oslo: ‹7›": {"oslo": 4.57},
    "a) Oslo: ‹7›": {"oslo": 4.57},
    "- Norway\n  - people: ‹7›": {"norway": 1, "people": 4.5},
    "- Norway\n  - Oslo\n  - people: ‹7›": {"norway": 1, "people": 4.5},
    "- Norway\n  - Oslo\n\n- people: ‹7›": {"people": 4.5},
    "- Norway\n\n  people: ‹7›": {"people": 4.5},
    "US flights, ‹7›": {"us": 4, "flight": 4},
    "us flights, ‹7›": {"flight": 4},
    "Capitals:\n\nOslo: ‹7›": {"oslo": 4.57},
    "**Oxygen is one.** \nYear: ‹1774›": {"oxygen": 1, "year": 4.57},
    "**Oxygen** is one.\nYear: ‹1774›": {"year": 4.57},
    "Here is **oxygen.**\nYear: ‹1774›": {"year": 4.57},
    "City: Oslo\n- people ‹7›": {"people": 4.53},
    "# Norway\n- Oslo\n  - people: ‹7›": {"norway": 1, "oslo": 1, "people": 4.5},
    "Oslo\n\n\n‹7›": {},
    "red:\nblue ‹7›": {"blue": 4.62},
    "- Norway\n  - Oslo\n    - people: ‹7›": {"norway": 1, "oslo": 1, "people": 4.5},
    "- Norway\n  - Oslo\n    - people: 8\n  - Lund\n    - people: ‹7›": {
        "norway": 1,
        "lund": 1,
        "people": 4.5,
    },
}
TABLES = {
    "| City | Flights | Late |\n|---|---|---|\n| Boston | ‹12› | 3 |\n| Dallas | 7 | 1 |": {
        "boston": 4,
        "flight": 4,
        "3": 2,
    },
    "| City | Flights |\n|---|---|\n| Boston | 12 |\n| Dallas | ‹7› |\n\nNext": {"dalla": 4, "flight": 4},
    "| Boston | ‹12› | late |\n| Dallas | 7 | early |": {"boston": 4, "delay": 2},
    "| ‹12› | late |": {"delay": 2},
    "Flights:\n| City | Number |\n|---|---|\n| Oslo | ‹7› |": {"flight": 1, "oslo": 4, "number": 4},
    "City | Flights | Late\n--- | --- | ---\nOslo | ‹7› | 8": {"oslo": 4, "flight": 4, "8": 2},
    "City\tFlights\nBoston\t‹12›": {"boston": 4.53},
    "Oslo | ‹7›": {"oslo": 4},
    "| Oslo | ‹7› |\n|---|---|": {"oslo": 2},
    "| Boston | 7 | ‹12› | red |": {"boston": 4, "7": 2, "red": 2},
    "| City |\n|---|\n| Oslo | ‹7› |": {"oslo": 4},
}
JSON = {
    '{"a": {"oslo": {"people": ‹7›}}, "b": 1}': {"oslo": 1, "people": 4.47},
    '{"a": {"oslo": {"people": 7}, "seats": ‹9›}, "b": 1}': {"seats": 4.5},
    '[{"city": "oslo", "people": ‹7›}, {"city": "lund"}]': {"people": 4.47, "oslo": 2},
    '[\n  {\n    "people": ‹7›,\n    "city": "oslo"\n  },\n  {"city": "lund"}\n]': {
        "people": 4.47,
        "oslo": 2,
    },
    "{\n{\npeople: ‹7›\n}": {"people": 4.5},
    '{"oxygen": {"years": ‹1774›, "place": "Sweden"}, "cobalt": 1735}': {"oxygen": 1, "year": 4.5},
    '{"red": [{"blue": ‹7›}, {"green": 8}]}': {"blue": 4.53},
    '{"red": {"blue": 5, "green": ‹7›}}': {"red": 1, "green": 4.5},
    '{"red": {"blue": 5}, "green": ‹7›}': {"green": 4.5},
    '{\n  "oslo": {\n    "people": ‹7›\n  }\n}': {"oslo": 1, "people": 4.47},
    '{\n  "lund": {\n    "seats": 8\n  },\n  "oslo": {\n    "people": ‹7›\n  }\n}': {
        "oslo": 1,
        "people": 4.47,
    },
}


@pytest.mark.parametrize(
    ("marked", "expected"),
    [pair for some in (SENTENCES, STOPS, BRACKETS, LINES, TABLES, JSON) for pair in some.items()],
)
def test_words_around_a_value_weigh_by_their_place(marked: str, expected: dict[str, float]) -> None:
    assert weights(marked) == expected


def test_a_values_own_words_count_where_they_are_asked_for_but_its_digits_do_not() -> None:
    assert weights("Delay of ‹12 minutes›") == {"delay": 4.47}
    assert weights("Delay of ‹12 minutes›", inside=True) == {"delay": 4.47, "minut": 5}


def test_words_of_other_values_name_nothing() -> None:
    text = fold("Lund then Oslo: 7")
    assert Layout(text, [(0, 4), (16, 17)]).around(16, 17) == {"oslo": pytest.approx(4 + 1 / 1.75)}


def test_a_place_is_in_the_sentence_and_clause_that_it_stands_in() -> None:
    layout = Layout(fold("Oslo. Lund, Turku"))
    assert [layout.at(place).sentence for place in (0, 6, 14)] == [(0, 6), (6, 17), (6, 17)]
    assert [(clause.start, clause.end) for clause in layout.clauses] == [(0, 6), (6, 10), (12, 17)]
    assert [clause.start for clause in Layout(fold("")).clauses] == [0]
    assert Layout(fold("\n\nOslo")).at(0).start == 2


@pytest.mark.parametrize(("words", "named"), [(MAX_WORDS, True), (MAX_WORDS + 1, False)])
def test_a_clause_of_too_many_words_is_nobodys(words: int, named: bool) -> None:
    assert ("oslo" in weights("oslo " * words + "‹7›")) is named
