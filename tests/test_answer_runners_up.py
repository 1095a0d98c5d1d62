"""Whoever says the same of three places has chosen none of them, or the first, whatever their order."""

from itertools import permutations

import pytest

from tests.test_answer_rich import asked, facts, shares
from tool_orch_env.answers.facts import Facts
from tool_orch_env.task import GoldenCall

PLACES = ("Hotel Kämp", "Ravintola Säm", "Villi Wäinö")


def choice(wanted: str) -> Facts:
    return facts(
        asked(
            "place",
            wanted,
            call="a",
            pointer=f"/{PLACES.index(wanted)}/name",
            owner="the nearest",
            ask="name",
        ),
        request=f"Which of {PLACES[0]}, {PLACES[1]} and {PLACES[2]} is the nearest?",
        calls={
            "a": (GoldenCall(id="a", tool="search", arguments={}), [{"name": name} for name in PLACES]),
        },
    )


@pytest.mark.parametrize(
    "said",
    [
        "Via {}. Via {}. Via {}.",
        "Before that, {}. Before that, {}. Before that, {}.",
        "While {}. While {}. While {}.",
        "{} is close behind. {} is close behind. {} is close behind.",
        "{} is nearly as good. {} is nearly as good. {} is nearly as good.",
        "{}, as a fallback. {}, as a fallback. {}, as a fallback.",
        "{}; {}; {}.",
        "{}, {}, {}.",
        "Not far: {}. Not far: {}. Not far: {}.",
        "{} beats none. {} beats none. {} beats none.",
        "{} comes second. {} comes second. {} comes second.",
        "The others are {}, {} and {}.",
        "The others are:\n- {}\n- {}\n- {}",
        "## The other places\n\n- {}: near\n- {}: near\n- {}: near",
    ],
)
def test_whoever_says_the_same_of_three_places_is_paid_for_one_at_most(said: str) -> None:
    text = said.format(*PLACES)
    assert sum(shares(choice(wanted), text) == (1,) for wanted in PLACES) <= 1


@pytest.mark.parametrize(
    "said",
    [
        "{}. {} is close behind, then {}.",
        "{} is the nearest; {} and {} are farther.",
        "{}, ahead of {} and {}.",
        "{}. As a fallback, {} or {}.",
        "{} is nearest, while {} and {} are farther.",
        "{} is the nearest, whereas {} and {} come behind.",
        "{0}.\n\n## The others\n\n- {1}: far\n- {2}: far",
        "## The others\n\n- {1}: far\n- {2}: far\n\nMy recommendation is {0}.",
        "The others are farther:\n- {1}\n- {2}\nTake {0}.",
        "The other two, {1} and {2}, are farther, so go for {0}.",
        "| Place | Near |\n|---|---|\n| {1} | no |\n| {2} | no |\n| {0} | yes |\n\nThe only near one is {0}.",
        "Both {1} and {2} are longer walks than {0}, so {0} it is.",
        "You can't go wrong with {1} or {2}, but {0} is the nearest.",
    ],
)
def test_the_one_without_the_marks_of_the_others_is_chosen(said: str) -> None:
    for order in permutations(PLACES):
        text = said.format(*order)
        assert [shares(choice(wanted), text) == (1,) for wanted in order] == [True, False, False], order


@pytest.mark.parametrize(
    "said",
    [
        "{0} is fine, whereas {1} is nearer, so go there.",
        "{0} is near, while {1} is just as near.",
        "{0}, while {1} is nearer. {2} is far.",
        "{0}.\n\n## The rest\n- {1}: the nearest\n- {2}",
        "{0} is good. The alternatives:\n- {1} is nearer, so I recommend it",
        "You can't miss {0}, but {1} is nearer, so go to {1}.",
        "Go to {1}; {0} is the runner-up.",
    ],
)
def test_a_name_that_is_put_second_or_beside_another_is_not_chosen(said: str) -> None:
    for order in permutations(PLACES):
        assert shares(choice(order[0]), said.format(*order)) != (1,), order
