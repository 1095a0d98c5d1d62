"""The rule `minimal`: no golden call only supplies what the reply before it already says of the same thing.

A call that takes its argument from an element of an earlier reply is superfluous if everything that is taken from its
own reply can be read in that element: as a value under the same name or one that is unlikely to occur by chance, or as
a part of a text with commas ("Fazer, 4, Töölönlahdenkatu, Helsinki"). Calls that a decision reads are exempt.
"""

from collections.abc import Iterator
from typing import Any

from ...jsonvalues import pointer
from ...jsonvalues.scalars import form, telling
from ...task import GoldenCall
from ..findings import Finding
from .checked import Checked


def minimal(checked: Checked) -> Iterator[Finding]:
    """Golden calls whose whole use an earlier reply serves."""
    task = checked.task
    exempt = task.decisions
    for call in task.golden:
        if call.optional or call.id in exempt:
            continue
        uses = list(_uses(call, checked))
        if not uses:
            continue
        for source, element in _elements(call, checked):
            if all(_read_in(element, name, value) for name, value in uses):
                message = f"what is taken from its reply already is in the reply to {source}"
                yield Finding(call.id, "", "minimal", message)
                break


def _uses(call: GoldenCall, checked: Checked) -> Iterator[tuple[str, Any]]:
    """Name and value of whatever is taken from a call's reply."""
    places = {
        binding.pointer
        for other in checked.task.golden
        for binding in other.bindings.values()
        if binding.call == call.id
    }
    places |= {
        fact.pointer for fact in checked.task.answer if fact.call == call.id and fact.pointer is not None
    }
    for place in sorted(places):
        try:
            yield place.rpartition("/")[2], checked.at(call.id, place)
        except LookupError:
            continue


def _elements(call: GoldenCall, checked: Checked) -> Iterator[tuple[str, Any]]:
    """The objects in earlier replies from which the call's arguments are taken."""
    for binding in call.bindings.values():
        try:
            yield binding.call, checked.at(binding.call, binding.pointer.rpartition("/")[0])
        except LookupError:
            continue


def _read_in(element: Any, name: str, value: Any) -> bool:
    wanted = form(value)
    if wanted is None or not isinstance(element, (dict, list)):
        return False
    for place, found in pointer.leaves(element):
        same = form(found) == wanted
        if same and (place.rpartition("/")[2] == name or telling(value)):
            return True
        parts = found.split(", ") if isinstance(found, str) and ", " in found else ()
        if isinstance(value, str) and len(value) > 2 and value in parts:
            return True
    return False
