"""Applying one rule: the response to a call, cut out of the response to the same call with other arguments.

Each rule asks `source` for the calls that it needs, and returns `None` where what they got does not decide the answer:
a list that the API cut, an element without the field, a response of another shape.
"""

from collections.abc import Callable, Iterator
from math import inf
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.canonical import encode, plain
from .bodies import Listing, edited, listing
from .catalog import Tool
from .changes import changed, is_number, number_at
from .rules import Arithmetic, Below, Complete, Concat, Filter, Prefix, Rule, Threshold, Total, Whole
from .store import Recorded

Arguments = dict[str, Any]
Source = Callable[[Arguments], Recorded | None]
_NOTHING = object()


def apply(rule: Rule, tool: Tool, arguments: Arguments, source: Source) -> Recorded | None:
    """The response that follows by this rule, `None` if none does."""
    match rule:
        case Prefix():
            return _prefix(rule, tool, arguments, source)
        case Threshold():
            return _threshold(rule, tool, arguments, source)
        case Filter():
            return _filter(rule, tool, arguments, source)
        case Concat():
            return _concat(rule, tool, arguments, source)
        case Complete():
            return _complete(rule, tool, arguments, source)
        case Arithmetic():
            return _arithmetic(rule, tool, arguments, source)


def _with(arguments: Arguments, name: str, value: Any) -> Arguments:
    """The arguments with another value for one of them; `None` leaves it out."""
    others = {other: given for other, given in arguments.items() if other != name}
    return others if value is None else {**others, name: value}


def _answers(rule: Rule, found: Recorded | None) -> tuple[Recorded | None, Recorded | None]:
    """A success to derive from, or an error that is the answer itself."""
    if found is None or found.success:
        return found, None
    return None, found if rule.errors == "same" else None


def _kept(
    rule: Rule, tool: Tool, arguments: Arguments, found: Recorded, some: Listing, left: list[int], more: bool
) -> Recorded | None:
    """The response with only some of its elements, and the fields that follow from that."""
    edits = changed(rule.fields, tool, arguments, found.text, length=len(left), more=more)
    if edits is None:
        return None
    if len(left) < len(some.items):
        edits.append(some.with_items([some.items[index] for index in left]))
    return found._replace(text=edited(found.text, edits))


def _is_whole(whole: Whole | None, tool: Tool, arguments: Arguments, some: Listing) -> bool:
    """Whether a list has everything there is, as far as `whole` says."""
    if isinstance(whole, Total):
        return number_at(some.text, whole.total) == len(some.items)
    if isinstance(whole, Below):
        most = tool.value_of(arguments, whole.below)
        return most is None or (is_number(most) and len(some.items) < most)
    return whole == "always"


def _candidates(rule: Prefix | Threshold, tool: Tool, beyond: float) -> Iterator[tuple[Any, float]]:
    """The recorded values of the parameter, and each as a number; `beyond` stands for no bound at all."""
    for value in rule.recorded:
        effective = tool.value_of({}, rule.parameter) if value is None else value
        yield value, beyond if effective is None else float(effective)


def _prefix(rule: Prefix, tool: Tool, arguments: Arguments, source: Source) -> Recorded | None:
    asked = tool.value_of(arguments, rule.parameter)
    if asked is not None and not is_number(asked):
        return None
    wanted = inf if asked is None else asked
    found = sorted(_candidates(rule, tool, inf), key=lambda one: one[1])
    longer = [one for one in found if one[1] > wanted]
    shorter = [one for one in reversed(found) if one[1] < wanted]
    for value, most in longer + shorter:
        response, error = _answers(rule, source(_with(arguments, rule.parameter, value)))
        if error is not None:
            return error
        some = listing(response.text, rule.at) if response else None
        if response is None or some is None:
            continue
        whole = len(some.items) < most or _is_whole(rule.whole, tool, arguments, some)
        if most < wanted and not whole:
            continue
        left = list(range(len(some.items)))[: None if wanted == inf else int(wanted)]
        more = len(left) < len(some.items) or not whole
        answer = _kept(rule, tool, arguments, response, some, left, more)
        if answer is not None:
            return answer
    return None


_STAYS: dict[str, Callable[[float, float], bool]] = {
    "at_most": lambda value, bound: value <= bound,
    "below": lambda value, bound: value < bound,
    "at_least": lambda value, bound: value >= bound,
    "above": lambda value, bound: value > bound,
}


def _threshold(rule: Threshold, tool: Tool, arguments: Arguments, source: Source) -> Recorded | None:
    bound = tool.value_of(arguments, rule.parameter)
    if not is_number(bound):
        return None
    upper = rule.keep in ("at_most", "below")
    beyond = inf if upper else -inf
    wider = [one for one in _candidates(rule, tool, beyond) if (one[1] > bound if upper else one[1] < bound)]
    for value, _ in sorted(wider, key=lambda one: abs(one[1] - bound)):
        changed_call = _with(arguments, rule.parameter, value)
        response, error = _answers(rule, source(changed_call))
        if error is not None:
            return error
        some = listing(response.text, rule.at) if response else None
        if response is None or some is None or not _is_whole(rule.whole, tool, changed_call, some):
            continue
        numbers = [_field(element, rule.field) for element in some.values]
        if all(map(is_number, numbers)):
            left = [i for i, number in enumerate(numbers) if _STAYS[rule.keep](number, bound)]
            return _kept(rule, tool, arguments, response, some, left, more=False)
    return None


def _filter(rule: Filter, tool: Tool, arguments: Arguments, source: Source) -> Recorded | None:
    if rule.parameter not in arguments:
        return None
    unfiltered = _with(arguments, rule.parameter, None)
    response, error = _answers(rule, source(unfiltered))
    if error is not None:
        return error
    some = listing(response.text, rule.at) if response else None
    if response is None or some is None or not _is_whole(rule.whole, tool, unfiltered, some):
        return None
    wanted = encode(plain(arguments[rule.parameter]))
    found = [_field(element, rule.field) for element in some.values]
    if any(value is _NOTHING for value in found):
        return None
    left = [i for i, value in enumerate(found) if encode(plain(value)) == wanted]
    return _kept(rule, tool, arguments, response, some, left, more=False)


def _concat(rule: Concat, tool: Tool, arguments: Arguments, source: Source) -> Recorded | None:
    asked = arguments.get(rule.parameter)
    if not isinstance(asked, list) or len(asked) < 2:
        return None
    single: dict[str, tuple[Recorded, Listing]] = {}
    order = []
    for item in asked:
        name = encode(item)
        if name not in single:
            found = source({**arguments, rule.parameter: [item]})
            some = listing(found.text, rule.at) if found is not None and found.success else None
            if some is not None and found is not None and some.items:
                single[name] = found, some
            elif found is None or (some is None and found.success) or rule.missing == "unknown":
                return None
            elif rule.missing == "error":
                return found
            elif some is not None:
                single[name] = found, some
            else:
                continue
        elif rule.repeated == "once":
            continue
        order.append(single[name])
    return _joined(rule, tool, arguments, order)


def _joined(
    rule: Concat, tool: Tool, arguments: Arguments, parts: list[tuple[Recorded, Listing]]
) -> Recorded | None:
    """One response with the elements of all parts, `None` if they differ in more than their elements."""
    elements = [one for _, some in parts for one in zip(some.items, some.values, strict=True)]
    if rule.order != "given":
        fields = [_field(value, rule.order) for _, value in elements]
        if not (all(map(is_number, fields)) or all(isinstance(one, str) for one in fields)):
            return None
        elements = [one for _, one in sorted(zip(fields, elements, strict=True), key=lambda pair: pair[0])]
    made = set()
    for found, some in parts:
        edits = changed(rule.fields, tool, arguments, found.text, length=len(elements), more=False)
        if edits is None:
            return None
        inside = (some.inside, ",".join(text for text, _ in elements))
        made.add(found._replace(text=edited(found.text, [*edits, inside])))
    return made.pop() if len(made) == 1 else None


def _complete(rule: Complete, tool: Tool, arguments: Arguments, source: Source) -> Recorded | None:
    given = tool.normalise(arguments)
    if not all(name in rule.domain for name in given):
        return None
    if not all(
        values.hold(value)
        for name, values in rule.domain.items()
        if (value := tool.value_of(arguments, name)) is not None
    ):
        return None
    found = source(rule.like)
    edits = changed(rule.fields, tool, arguments, found.text) if found else None
    return None if found is None or edits is None else found._replace(text=edited(found.text, edits))


def _arithmetic(rule: Arithmetic, tool: Tool, arguments: Arguments, source: Source) -> Recorded | None:
    asked = tool.value_of(arguments, rule.parameter)
    if not is_number(asked):
        return None
    for value in rule.recorded:
        if value == asked:
            continue
        response, error = _answers(rule, source({**arguments, rule.parameter: value}))
        if error is not None:
            return error
        edits = changed(rule.fields, tool, arguments, response.text) if response else None
        if response is not None and edits is not None:
            return response._replace(text=edited(response.text, edits))
    return None


def _field(element: Any, place: str) -> Any:
    try:
        return pointer.resolve(element, place)
    except LookupError:
        return _NOTHING
