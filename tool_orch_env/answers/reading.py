"""Reading a final answer of either form: text, or the arguments of the submit tool."""

from collections.abc import Mapping
from typing import Any

from .facts import Facts
from .fields import read_fields
from .reader import FactReading as FactReading
from .reader import read_text

Answer = str | Mapping[str, Any]
"""A final answer: text, or fields by name."""


def read_answer(facts: Facts, answer: Answer) -> tuple[FactReading, ...]:
    """What a final answer says of each fact, in the order of the task. Never raises for what an agent can emit."""
    return read_text(facts, answer) if isinstance(answer, str) else read_fields(facts, answer)
