"""Criteria that choose one element of a list in a response, as a person would: "the last flight".

Elements are objects, in the order of the response. A `ListBook` says which criteria have phrases; `criteria` returns
those that choose a given element and no other. A criterion is data: `select` evaluates it on any list, and the audit
evaluates it again.

===========  ==========================================================================================
only         the only element of the list
echo         its field equals an argument of the call; if several do, the one with the best `by`
min, max     the least or greatest value of a field: numbers, times, dates, or text in alphabetical order
min where    the same among the elements whose field `by` equals a value that the request states (also max)
nth          position in the list; with a field, the list must be in strictly rising order of it
nth_max      position in a list in strictly falling order of the field: "the second busiest"
where        the field equals a value that the request states
after        the element with the least field that is greater than a value that the request states
before       the element with the greatest field that is less than such a value
holds        the element for which the expression `value` holds; of several, the one with the best `by`, also an
             expression (`expressions`, over `it`)
===========  ==========================================================================================

In a book, a filtered extreme is written "sched_dep where carrier": the field, then the one to filter by. A list that
the API truncated (`total` next to it is greater) supports only criteria that the missing elements cannot change: `nth`,
`echo`, and the extreme at which a sorted list begins.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from .expressions import IT, Choice, Held, Item, Unsuitable, parse, plain
from .phrase_book import ListBook

MAX_NTH = 5
Items = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One way to choose an element. `value` is what the request states if `is_stated`, and the position (from 1) for
    `nth` and `nth_max`."""

    kind: str
    field: str = ""
    value: Any = None
    by: str = ""
    choose: str = ""

    @property
    def is_stated(self) -> bool:
        """Whether the request must state `value`."""
        return self.kind in ("where", "after", "before") or bool(self._filtered)

    @property
    def _filtered(self) -> str:
        return self.by if self.kind in ("min", "max") else ""

    @property
    def name(self) -> str:
        """The field as a book names it; with the kind it is the key of a phrase."""
        field = "" if self.kind == "echo" else self.field
        return f"{field} where {self._filtered}" if self._filtered else field

    def as_dict(self) -> dict[str, Any]:
        """The fields that are not empty, as stored in a task's `meta`."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}


def select(criterion: Criterion, items: Items) -> list[int]:
    """The indices of all elements that the criterion chooses; it is unambiguous if there is exactly one.

    Raises `KeyError` for an unknown kind.
    """
    return _SELECT[criterion.kind](criterion, items)


def _only(criterion: Criterion, items: Items) -> list[int]:
    return list(range(len(items)))


def _extreme(criterion: Criterion, items: Items) -> list[int]:
    among = range(len(items))
    if criterion.by:
        return _best(
            criterion.kind,
            criterion.field,
            items,
            [i for i in among if items[i].get(criterion.by) == criterion.value],
        )
    return _best(criterion.kind, criterion.field, items, among)


def _best(choose: str, field: str, items: Items, among: Sequence[int]) -> list[int]:
    """The elements of `among` with the least or greatest field; none if the values cannot be compared."""
    values = [items[index].get(field) for index in among]
    if not values or not _comparable(values):
        return []
    best = (min if choose == "min" else max)(values)  # type: ignore[type-var]  # checked above
    return [index for index, value in zip(among, values, strict=True) if value == best]


def _comparable(values: Sequence[Any]) -> bool:
    """Whether values can be ordered: all numbers, all text, or all dates or times of one length.

    Dates and times of different lengths do not sort correctly as text.
    """
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return True
    if not all(isinstance(value, str) for value in values):
        return False
    dated = [value[:1].isdecimal() for value in values]
    return not any(dated) or (all(dated) and len({len(value) for value in values}) == 1)


def _nth(criterion: Criterion, items: Items) -> list[int]:
    falling = criterion.kind == "nth_max"
    if len(items) < criterion.value or (criterion.field and not sorted_by(items, criterion.field, falling)):
        return []
    return [int(criterion.value) - 1]


def _where(criterion: Criterion, items: Items) -> list[int]:
    return [index for index, item in enumerate(items) if item.get(criterion.field) == criterion.value]


def _echo(criterion: Criterion, items: Items) -> list[int]:
    named = _where(criterion, items)
    return _best(criterion.choose, criterion.by, items, named) if len(named) > 1 and criterion.by else named


def _after(criterion: Criterion, items: Items) -> list[int]:
    return _beyond(criterion, items, lambda value: value > criterion.value, "min")


def _before(criterion: Criterion, items: Items) -> list[int]:
    return _beyond(criterion, items, lambda value: value < criterion.value, "max")


def _beyond(criterion: Criterion, items: Items, fits: Callable[[Any], bool], choose: str) -> list[int]:
    if not _comparable([item.get(criterion.field) for item in items]):
        return []
    return _best(
        choose, criterion.field, items, [i for i, item in enumerate(items) if fits(item[criterion.field])]
    )


def _holds(criterion: Criterion, items: Items) -> list[int]:
    """Raises `ExpressionError` if the criterion is not an expression."""
    condition = parse(criterion.value) if criterion.value else None
    fits = [
        at
        for at, item in enumerate(items)
        if condition is None or _evaluated(condition.text, item) not in (None, False)
    ]
    if not criterion.by:
        return fits
    values = [_evaluated(criterion.by, items[at]) for at in fits]
    if not fits or not _comparable(values):
        return []
    best = (min if criterion.choose == "min" else max)(values)
    return [at for at, value in zip(fits, values, strict=True) if value == best]


def _evaluated(text: str, item: Any) -> Any:
    """The value of an expression over `it`, `None` if it has none."""
    try:
        return plain(parse(text).value(Item(None, Held(item))))
    except Unsuitable:
        return None


def of_choice(choice: Choice) -> Criterion:
    """The criterion of a choice from one list: one of the plain kinds where it is one, else `holds`."""
    equal, key = _EQUAL.fullmatch(choice.condition), _FIELD.fullmatch(choice.key)
    if not choice.condition and not choice.key:
        return Criterion("only")
    if equal and not choice.key:
        return Criterion("where", equal[1], ast.literal_eval(equal[2]))
    if key and not choice.condition:
        return Criterion(choice.choose, key[1])
    if key and equal:
        return Criterion(choice.choose, key[1], ast.literal_eval(equal[2]), equal[1])
    return Criterion("holds", value=choice.condition or None, by=choice.key, choose=choice.choose)


_FIELD = re.compile(rf"{IT}\.(\w+)")
_EQUAL = re.compile(rf"{IT}\.(\w+) == ('[^'\\]*'|-?\d+(?:\.\d+)?)")

_SELECT: Mapping[str, Callable[[Criterion, Items], list[int]]] = {
    "only": _only,
    "echo": _echo,
    "min": _extreme,
    "max": _extreme,
    "nth": _nth,
    "nth_max": _nth,
    "where": _where,
    "after": _after,
    "before": _before,
    "holds": _holds,
}


def sorted_by(items: Items, field: str, falling: bool = False) -> bool:
    """Whether the elements are in strictly rising (or falling) order of a field."""
    values = [item.get(field) for item in items]
    if not _comparable(values):
        return False
    pairs = pairwise(values)
    return all((a > b) if falling else (a < b) for a, b in pairs)  # type: ignore[operator]


def criteria(
    items: Items, index: int, book: ListBook, arguments: Mapping[str, Any], complete: bool = True
) -> list[Criterion]:
    """Every criterion with a phrase in the book that chooses exactly element `index`, in the book's order.

    `arguments` are those of the call, for `echo`. `complete` is whether the API returned the whole list.
    """
    return list(choosing(items, index, book, arguments, complete))


def choosing(
    items: Items, index: int, book: ListBook, arguments: Mapping[str, Any], complete: bool = True
) -> Iterator[Criterion]:
    """The criteria of `criteria`, each found when it is asked for."""
    if book.echo is not None:
        asked = arguments.get(book.echo.parameter)
        by = book.echo.by
        echo = Criterion("echo", book.echo.field, asked, by, book.echo.choose if by else "")
        if asked is not None and select(echo, items) == [index]:
            yield echo
            return
    for kind, field in book.picks:
        for one in _candidates(kind, field, items, index):
            if select(one, items) == [index] and (complete or _survives_a_cut(one, items)):
                yield one


def _candidates(kind: str, field: str, items: Items, index: int) -> Iterator[Criterion]:
    field, _, by = field.partition(" where ")
    value = items[index].get(field)
    if by:
        yield from _filtered(kind, field, by, items, index)
    elif kind in ("min", "max"):
        if len(items) > 1:
            yield Criterion(kind, field)
    elif kind in ("nth", "nth_max"):
        if 1 <= index < min(MAX_NTH, len(items)):
            yield Criterion(kind, field, index + 1)
    elif kind == "only":
        if len(items) == 1:
            yield Criterion("only")
    elif kind == "where":
        if value is not None and len(items) > 1:
            yield Criterion("where", field, value)
    elif kind in ("after", "before"):
        yield from (Criterion(kind, field, bound) for bound in _full_hours(value, kind))


def _filtered(kind: str, field: str, by: str, items: Items, index: int) -> Iterator[Criterion]:
    """An extreme among some of the elements: more than one, or it would not be an extreme, and not all of them."""
    value = items[index].get(by)
    if isinstance(value, (str, int)) and 1 < sum(item.get(by) == value for item in items) < len(items):
        yield Criterion(kind, field, value, by)


def _full_hours(value: Any, kind: str) -> Iterator[str]:
    """The nearest full hour before a time of day (for `after`), or after it (for `before`)."""
    if isinstance(value, str) and len(value) == 5 and value[2] == ":" and value[:2].isdecimal():
        hour = int(value[:2]) + (kind == "before")
        if hour < 24 and f"{hour:02d}:00" != value:
            yield f"{hour:02d}:00"


def _survives_a_cut(criterion: Criterion, items: Items) -> bool:
    """Whether elements missing at the end of the list could not change the choice."""
    if criterion.kind == "min":
        return sorted_by(items, criterion.field)
    if criterion.kind == "max":
        return sorted_by(items, criterion.field, falling=True)
    return criterion.kind in ("nth", "nth_max", "echo")
