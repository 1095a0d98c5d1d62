"""Whether a text states a value, by the kinds of facts alone: no task, no other facts, no rivals."""

from typing import Any

from .infer import kind_of_value
from .kinds import KINDS
from .kinds.base import Asked, Said
from .polarity import denied
from .text import fold, folded


def states(text: str, value: Any, tolerance: float = 0.0, kind: str | None = None, request: str = "") -> bool:
    """Whether `text` states `value` and does not deny it.

    `tolerance` is absolute, for numbers. `kind` is a name in `answers.kinds.KINDS`, by default the one that the value's
    type and shape show. What `request` says, a year for instance, need not be said again. Raises `KeyError` for an
    unknown kind.
    """
    plain = fold(text).text
    asked = Asked(value, tolerance, request=folded(request))
    name = kind or kind_of_value(value)
    return any(
        KINDS[used].same(said, asked) and (used == "yes_no" or not denied(plain, said.start, said.end))
        for used, said in _sayings(plain, asked, name, given=kind is not None)
    )


def _sayings(plain: str, asked: Asked, name: str, given: bool) -> list[tuple[str, Said]]:
    """The sayings of a kind; a number of no declared kind may be a delay, whose sign is said in words."""
    found = [(name, said) for said in KINDS[name].read(plain, asked)]
    if given or name != "number":
        return found
    delays = [("delay", said) for said in KINDS["delay"].read(plain, asked)]
    apart = [
        (used, one)
        for used, one in found
        if not any(one.start < late.end and late.start < one.end for _, late in delays)
    ]
    return apart + delays
