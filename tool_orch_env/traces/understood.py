"""Arguments that a request states in other words, where no judgement is needed to see it.

These are names of several words ("premium economy" for PREMIUM_ECONOMY) and times of day ("5 pm" for 17:00). Whatever
takes knowledge, such as an airport's code for its city, is not found here: the audit reports it.
"""

import re

from ..answers.mentions import mentions
from ..jsonvalues.scalars import words
from ..task import GoldenCall

_NAME = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)+|[a-z]+(?:[A-Z][a-z]+)+")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::00)?")


def understood(request: str, call: GoldenCall) -> list[str]:
    """The names of the call's arguments that the request states in other words, and nothing else supplies."""
    return [
        name
        for name, value in call.arguments.items()
        if isinstance(value, str)
        and name not in call.bindings
        and not mentions(request, value)
        and any(mentions(request, said) for said in _ways(value))
    ]


def _ways(value: str) -> list[str]:
    """Other ways to write a value."""
    clock = _CLOCK.fullmatch(value)
    if clock:
        hour, minute = int(clock[1]), clock[2]
        half, twelve = ("am", "a.m.") if hour < 12 else ("pm", "p.m."), hour % 12 or 12
        times = [f"{twelve}:{minute}", *([str(twelve)] if minute == "00" else [])]
        named = [f"{time}{space}{name}" for time in times for space in ("", " ") for name in half]
        return [*named, *(["noon"] if value[:5] == "12:00" else []), f"{hour}:{minute}"]
    return [" ".join(words(value))] if _NAME.fullmatch(value) else []
