"""Comparing an answer of fields, the arguments of the submit tool (`submit`), with a task's facts: exact, by kind."""

from collections.abc import Mapping
from typing import Any

from ..jsonvalues.canonical import to_text
from ..task import AnswerFact
from .facts import CompiledFact, Facts
from .reader import FactReading
from .submit import field_names
from .text import fold, folded

_BY_FORM = frozenset({"clock", "date", "moment", "weekday", "yes_no", "zone", "hours"})
"""Kinds of text that are compared as what they say, not letter by letter: "7:01 PM" is 19:01."""


def read_fields(facts: Facts, arguments: Mapping[str, Any]) -> tuple[FactReading, ...]:
    """What the arguments of the submit tool say of each fact, in order: a share of 1 or 0; a missing field is nothing.

    Numbers are equal within the fact's tolerance, texts if they are equal folded (`text.folded`) to the value or an
    alias, or say the same by their kind; lists if they hold the same elements in any order. Never raises for what an
    agent can emit.
    """
    names = field_names(facts.task)
    return tuple([_read(fact, name, arguments) for name, fact in zip(names, facts.facts, strict=True)])


def _read(fact: CompiledFact, name: str, arguments: Mapping[str, Any]) -> FactReading:
    if name not in arguments:
        return FactReading(fact.fact.name, 0.0, why=f"no field {name!r}")
    given = arguments[name]
    quote = _shown(given)
    if _holds(fact, given):
        return FactReading(fact.fact.name, 1.0, quote)
    return FactReading(fact.fact.name, 0.0, quote, why=f"the field {name!r} holds {quote}")


def _shown(given: Any) -> str:
    try:
        return to_text(given)[:200]
    except (TypeError, ValueError):
        return repr(given)[:200]


def _holds(fact: CompiledFact, given: Any) -> bool:
    """Whether a field has the fact's value."""
    if isinstance(fact.fact.value, tuple):
        return _same_elements(fact.fact.value, given, fact.fact.tolerance)
    if any(_equal(value, given, fact.fact.tolerance) for value in _values(fact.fact)):
        return True
    if not isinstance(given, str) or fact.kind.name not in _BY_FORM:
        return False
    text = fold(given).text.strip()
    return any(
        said.end - said.start == len(text) and fact.kind.same(said, fact.asked)
        for said in fact.kind.read(text, fact.asked)
    )


def _values(fact: AnswerFact) -> tuple[Any, ...]:
    return (fact.value, *fact.aliases)


def _same_elements(values: tuple[Any, ...], given: Any, tolerance: float) -> bool:
    if not isinstance(given, list):
        return False
    left = list(given)
    for value in values:
        at = next((i for i, one in enumerate(left) if _equal(value, one, tolerance)), None)
        if at is None:
            return False
        del left[at]
    return not left


def _equal(value: Any, given: Any, tolerance: float) -> bool:
    if isinstance(value, bool) or isinstance(given, bool):
        return value is given
    if isinstance(value, str) or isinstance(given, str):
        return isinstance(value, str) and isinstance(given, str) and folded(value) == folded(given)
    if not isinstance(given, (int, float)):
        return False
    slack = tolerance if isinstance(value, int) else tolerance + 1e-9 * abs(value)
    try:
        return bool(abs(given - value) <= slack)
    except OverflowError:  # a whole number beyond a double
        return False
