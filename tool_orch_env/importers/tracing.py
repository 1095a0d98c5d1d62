"""Find dependencies by tracing values: which earlier response supplies an argument's value.

The result has, for each golden call, the calls that it needs and its bindings (argument -> call and JSON pointer). This
module knows nothing about file formats.

A *flow* is a scalar argument that occurs as a leaf in the response to a call of an earlier turn. Text and numbers are
compared as one value ("32.5" equals 32.5), because APIs mix them. These are never flows:

- booleans, null, empty text, and whole numbers below 100;
- a value that the request states (`mentions.mentions`), or that the tool's own schema mentions (an enumeration);
- a value that an earlier call already used without a flow: whoever made that call already knew the value, and the
  response merely echoes it.

The remaining values are *distinctive* or *vague*. Distinctive values (identifiers, coordinates, names of several words)
are accepted wherever they occur. Vague values (single words, small numbers, dates, times) also occur in responses by
chance. Their leaf must have the same name as the argument, or a similar name in a response that supplies a distinctive
value to the same call. A date derived from the request ("tomorrow") can still be mistaken for a flow if an unrelated
response has a leaf with that same name.

Among several leaves, prefer the one whose name is most like the argument's; then the object that supplies most of the
call's arguments (latitude and longitude of one place); then the earliest response (the weaker claim: nothing later was
needed); then the first in the document.

Some arguments are derived from values in a response: several values joined with commas, or a rounded coordinate. The
call is then needed, but there is no binding, because no leaf has that exact value.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..answers.mentions import mentions
from ..jsonvalues import pointer
from ..jsonvalues.scalars import MOMENT, one_word, words
from .draft import UNRECORDED

_NUMERIC = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,18})?")
_WORD = re.compile(r"[A-Za-z]+(?:[ _-][A-Za-z]+)?")
_LEAST_NUMBER = 100
_DISTINCTIVE_NUMBER = 100_000
_DISTINCTIVE_DECIMALS = 3
_DISTINCTIVE_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Observed:
    """A golden call to be traced. `turn` counts from 0; `documented` maps each parameter to its schema as text."""

    arguments: dict[str, Any]
    response: Any
    turn: int
    documented: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flows:
    """What one call takes from others: their positions, sorted, and bindings, argument -> (position, pointer)."""

    needs: tuple[int, ...]
    bindings: dict[str, tuple[int, str]]


class _Leaf(NamedTuple):
    call: int
    pointer: str
    affinity: int


class _Wanted(NamedTuple):
    """A scalar argument: its pointer, its value in comparable form, and whether that is distinctive."""

    pointer: str
    form: str
    distinctive: bool


class _Index(NamedTuple):
    """A response's leaf pointers by comparable value, in document order, and the values its decimals round to."""

    places: dict[str, list[str]]
    rounded: set[str]


def trace(
    request: str, calls: Sequence[Observed], declared: Sequence[Collection[int]] | None = None
) -> list[Flows]:
    """The flows of every call. With `declared`, a call takes values only from its declared dependencies."""
    last = max((call.turn for call in calls), default=0)
    indices = [_index(call.response if call.turn < last else UNRECORDED) for call in calls]
    unbound: dict[str, int] = {}
    flows = []
    for position, call in enumerate(calls):
        allowed = [
            other
            for other, earlier in enumerate(calls)
            if earlier.turn < call.turn and (declared is None or other in declared[position])
        ]
        wanted = [
            want
            for want in _wanted(call.arguments)
            if not _given(request, call, want) and unbound.get(want.form, call.turn) >= call.turn
        ]
        chosen = _choose(wanted, indices, allowed)
        derived = _derived([want for want in wanted if want.pointer not in chosen], indices, allowed)
        flows.append(_flows(chosen, derived))
        for want in _wanted(call.arguments):
            if want.pointer not in chosen and want.pointer not in derived:
                unbound.setdefault(want.form, call.turn)
    return flows


def _flows(chosen: Mapping[str, _Leaf], derived: Mapping[str, set[int]]) -> Flows:
    bindings = {_argument(place): (leaf.call, leaf.pointer) for place, leaf in chosen.items()}
    needs = {leaf.call for leaf in chosen.values()}.union(*derived.values())
    return Flows(tuple(sorted(needs)), bindings)


def _argument(place: str) -> str:
    """The name of an argument in bindings: the plain name at top level, the pointer if nested."""
    tokens = pointer.tokens(place)
    return tokens[0] if len(tokens) == 1 and not tokens[0].startswith("/") else place


def _index(response: Any) -> _Index:
    index = _Index({}, set())
    if response is not UNRECORDED:
        for place, value in pointer.leaves(response):
            form = _form(value)
            if form is not None:
                index.places.setdefault(form, []).append(place)
                index.rounded.update(_roundings(form))
    return index


def _roundings(form: str) -> Iterator[str]:
    """The shorter decimals that a decimal rounds to, down to the fewest distinctive digits."""
    decimals = len(form.partition(".")[2]) if _NUMERIC.fullmatch(form) else 0
    for kept in range(_DISTINCTIVE_DECIMALS, decimals):
        yield _number_form(round(float(form), kept))


def _form(value: Any) -> str | None:
    """A value in comparable form, equal for values that APIs treat as equal; `None` if it is never traced."""
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return None
    if isinstance(value, str):
        text = value.strip()
        return _number_form(float(text)) if _NUMERIC.fullmatch(text) and "." in text else text or None
    return _number_form(value)


def _number_form(value: float) -> str:
    """The number as canonical JSON writes it."""
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)


def _wanted(arguments: dict[str, Any]) -> Iterator[_Wanted]:
    """The scalar arguments that can be flows."""
    for place, value in pointer.leaves(arguments):
        form = _form(value)
        if form is not None and not (
            _NUMERIC.fullmatch(form) and abs(float(form)) < _LEAST_NUMBER and "." not in form
        ):
            yield _Wanted(place, form, _distinctive(form))


def _distinctive(form: str) -> bool:
    """Whether a value is unlikely to occur in a response by chance."""
    if _NUMERIC.fullmatch(form):
        decimals = len(form.partition(".")[2])
        return decimals >= _DISTINCTIVE_DECIMALS or (
            decimals == 0 and abs(float(form)) >= _DISTINCTIVE_NUMBER
        )
    if MOMENT.fullmatch(form) or len(form) < _DISTINCTIVE_LENGTH:
        return False
    word = _WORD.fullmatch(form)
    return word is None or " " in form


def _given(request: str, call: Observed, want: _Wanted) -> bool:
    """Whether the agent knows the value from the request or from the tool's schema."""
    value = pointer.resolve(call.arguments, want.pointer)
    if mentions(request, value) or (_NUMERIC.fullmatch(want.form) and mentions(request, float(want.form))):
        return True
    text = call.documented.get(pointer.tokens(want.pointer)[0], "")
    return not want.distinctive and re.search(rf"(?<!\w){re.escape(want.form)}(?!\w)", text) is not None


def _choose(wanted: Sequence[_Wanted], indices: Sequence[_Index], allowed: Sequence[int]) -> dict[str, _Leaf]:
    """The leaf of each argument that flows. Distinctive values decide which vague ones are accepted."""
    leaves = {
        want.pointer: [
            _Leaf(call, place, _affinity(want.pointer, place))
            for call in allowed
            for place in indices[call].places.get(want.form, ())
        ]
        for want in wanted
    }
    distinctive = {want.pointer for want in wanted if want.distinctive}
    sources = {leaf.call for place in distinctive for leaf in leaves[place]}
    for want in wanted:
        if not want.distinctive:
            leaves[want.pointer] = [
                leaf
                for leaf in leaves[want.pointer]
                if leaf.affinity == 2 or (leaf.affinity == 1 and leaf.call in sources)
            ]
    suppliers = Counter(
        holder
        for found in leaves.values()
        for holder in {(leaf.call, _holder(leaf.pointer)) for leaf in found}
    )
    return {
        place: max(
            found,
            key=lambda leaf: (leaf.affinity, suppliers[leaf.call, _holder(leaf.pointer)], -leaf.call),
        )
        for place, found in leaves.items()
        if found
    }


def _holder(place: str) -> str:
    return place.rpartition("/")[0]


def _derived(
    wanted: Sequence[_Wanted], indices: Sequence[_Index], allowed: Sequence[int]
) -> dict[str, set[int]]:
    """For each argument derived from response values, joined with commas or rounded: the supplying calls."""
    derived = {}
    for want in wanted:
        suppliers = {_supplier(part, indices, allowed) for part in _parts(want.form)} or {None}
        if None not in suppliers:
            derived[want.pointer] = {call for call in suppliers if call is not None}
    return derived


def _parts(form: str) -> list[str]:
    """The distinctive parts of `form` between commas; empty if any part is not distinctive."""
    parts = [part.strip() for part in form.split(",")]
    return parts if all(part and _distinctive(part) for part in parts) else []


def _supplier(form: str, indices: Sequence[_Index], allowed: Sequence[int]) -> int | None:
    """The earliest allowed call whose response has the value, or a longer decimal that rounds to it; else `None`."""
    return next(
        (call for call in allowed if form in indices[call].places or form in indices[call].rounded), None
    )


def _affinity(argument: str, leaf: str) -> int:
    """Similarity of the last names of leaf and argument: 2 for the same words, 1 for some in common, 0 for none."""
    wanted = words(_last_name(argument))
    if _alike(wanted, words(_last_name(leaf))):
        return 2
    near = words(_last_name(leaf)) + words(_last_name(_holder(leaf)))
    return int(any(one_word(a, b) for a in wanted for b in near))


def _last_name(place: str) -> str:
    names = [token for token in place.split("/") if token and not token.isdecimal()]
    return names[-1] if names else ""


def _alike(wanted: list[str], found: list[str]) -> bool:
    return len(wanted) == len(found) and all(one_word(a, b) for a, b in zip(wanted, found, strict=True))
