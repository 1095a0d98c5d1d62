"""F: which share of the facts an answer states, and what it costs to recite more than they need."""

import pytest
import toy as toys

from tool_orch_env.answers.share import answer_share
from tool_orch_env.task import AnswerFact, Task

TASK = toys.tasks()[0]


def asked(*values: str | bool | float, request: str = "?", tolerance: float = 0.0) -> Task:
    facts = tuple(
        AnswerFact(name=f"fact {at}", value=value, tolerance=tolerance) for at, value in enumerate(values)
    )
    return TASK.model_copy(update={"answer": facts, "request": request})


def recited(number: int) -> str:
    """So many values that the answer lists beside the facts."""
    return " ".join(f"V{at}" for at in range(number))


def test_a_task_without_facts_has_nothing_to_miss() -> None:
    assert answer_share(asked(), "") == 1.0


@pytest.mark.parametrize(
    ("answer", "share"),
    [("", 0.0), ("Oslo", 1 / 3), ("Oslo, 7", 2 / 3), ("7 in Oslo: yes", 1.0), ("Bergen, 8, no", 0.0)],
)
def test_every_fact_counts_alike(answer: str, share: float) -> None:
    assert answer_share(asked("Oslo", 7, True), answer) == pytest.approx(share)


def test_a_fact_is_stated_within_its_tolerance() -> None:
    assert answer_share(asked(7.5, tolerance=0.1), "7.45") == 1.0
    assert answer_share(asked(7.5), "7.45") == 0.0


@pytest.mark.parametrize(
    ("values", "fair"), [(("Oslo",), 13), (("New York",), 16), (("New York", "Oslo", 7), 22)]
)
def test_three_values_per_word_of_the_facts_and_ten_more_are_free(values: tuple[str, ...], fair: int) -> None:
    """A value is a word with a digit or a capital letter, counted once; those of the request are not counted."""
    stated = "; ".join(map(str, values))
    task = asked(*values, request=stated)
    for listed, share in (
        (0, 1.0),
        (fair - 1, 1.0),
        (fair, 1.0),
        (fair + 1, fair / (fair + 1)),
        (4 * fair, 1 / 4),
    ):
        assert answer_share(task, f"{stated} {recited(listed)} {recited(listed)}") == pytest.approx(share), (
            listed
        )


def test_an_answer_of_plain_words_lists_no_values() -> None:
    assert answer_share(asked(True), "yes") == 1.0
