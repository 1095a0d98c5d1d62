"""Alternatives: other calls that do the work of a golden call, because their responses hold the same values.

A *need* of a golden call is a value that a binding of another golden call takes from its response, an answer fact that
comes from it, or, if there are neither, an element that the task chooses from its lists or compares (`meta["choices"]`,
`meta["picks"]`). The response to a call that is not golden meets a need if it holds the same value

- for a binding: at the pointer of a declared or mined edge into the same parameter. Declared edges are the catalog's
  `sources`; mined edges are listed by the task in `meta["mined"]`: [tool, pattern, tool, parameter];
- for a fact: under the same name, if the value is unlikely to occur by chance (`scalars.telling`);
- for any need, if it is a call of the same tool in which the arguments that matter are the same: in the same *row*, the
  innermost object in a list that holds the value, equal as JSON, in the list at the same pattern. A value outside all
  lists must be at the same pointer, and the calls may differ in numbers only: how many, how far.

The arguments that matter are those that are required, bound, stated by the request, or understood from it
(`meta["understood"]`). An optional number that the request states does not matter if the row holds a value that is
unlikely to occur by chance: whoever asks for the nearest airport within 50 km is served by 20 km, if it is there. So a
call with a smaller limit does the work as long as it finds the row. A row of less than two members, or one that occurs
twice in the golden response, is no evidence.

A call to a golden tool with required arguments that no golden call has meets no need: a value may recur there by chance
(two departure boards with flights to one airport), and a wrong argument would be rewarded. Required arguments are
compared as the tool folds them. A golden call without needs, of which only the response is wanted, has no alternative.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.canonical import encode
from ..jsonvalues.memo import Memo
from ..jsonvalues.scalars import form, telling
from ..snapshot.catalog import Catalog, Tool
from ..task import AnswerFact, GoldenCall, Task
from .provenance import fixed

MEMO_SIZE = 1024
"""Number of responses per task whose needs are kept in the memo."""


@dataclass(frozen=True, slots=True)
class Need:
    """A value that is taken from the response to the golden call `call`, where it is at `pointer`.

    `consumer` is the golden call that takes the value, "" for a fact or an element. `form` is the form of the value
    (`scalars.form`), "" for an element. `places` are the (tool, pattern) at which it may also be found; `name` is the
    leaf's name if any leaf of that name will do, else "". `tool` is the tool of the golden call, `asked` its required
    arguments as (name, form). `chosen` marks the element that a task chooses or compares.
    """

    call: str
    consumer: str
    form: str
    places: frozenset[tuple[str, str]]
    name: str
    tool: str
    asked: tuple[tuple[str, str], ...]
    pointer: str
    chosen: bool = False


_Path = tuple[str | None, ...]
"""The names on the way to a value, `None` for any element of a list."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What a call of the same tool must find: the value `text`, as JSON, at `path`.

    `values` are the arguments of the golden call by name, as JSON, `matter` the names of those that matter.
    """

    path: _Path
    text: str
    values: Mapping[str, str]
    matter: frozenset[str]


class Alternatives:
    """The needs of a task's golden calls. A need is identified by its position in `needs`."""

    def __init__(self, task: Task, catalog: Catalog, replies: Callable[[], Mapping[str, Any]] = dict) -> None:
        """`replies` gives the parsed responses by golden call, and is asked once a call needs them; without it, no row
        is compared."""
        self._task = task
        self._catalog = catalog
        self._replies = replies
        self.needs = tuple(_needs(task, catalog))
        self.of: Mapping[str, tuple[int, ...]] = {
            call.id: tuple(at for at, need in enumerate(self.needs) if need.call == call.id)
            for call in task.golden
        }
        asked = [(call.tool, _asked(call.arguments, catalog[call.tool])) for call in task.golden]
        self._asked = frozenset(asked)
        self._golden = frozenset(tool for tool, _ in asked)
        self._tools = {tool for need in self.needs for tool in (need.tool, *(one for one, _ in need.places))}
        self._named = {need.name for need in self.needs} - {""}
        self._met: Memo[str, frozenset[int]] = Memo(MEMO_SIZE)

    def met(self, tool: str, arguments: Mapping[str, Any], key: str, text: str) -> frozenset[int]:
        """The needs that a recorded success meets, as positions. Kept in a memo by replay key."""
        if tool not in self._tools and not self._named:
            return frozenset()
        return self._met.remembered(key, lambda: frozenset(self.met_by(tool, arguments, json.loads(text))))

    def met_by(self, tool: str, arguments: Mapping[str, Any], response: Any) -> Iterator[int]:
        """The needs that a response of `tool` to these arguments meets, as positions."""
        asked = _asked(arguments, self._catalog[tool]) if tool in self._golden else ()
        if tool in self._golden and (tool, asked) not in self._asked:
            return
        held: dict[str, set[str]] = {}
        for place, value in pointer.leaves(response):
            text = form(value)
            if text is not None:
                held.setdefault(text, set()).add(pointer.pattern(place))
        for at, need in enumerate(self.needs):
            if tool == need.tool and (asked != need.asked or any(text == _MANY for _, text in asked)):
                continue
            patterns = held.get(need.form, ())
            if any(
                (tool, pattern) in need.places or (need.name and _last(pattern) == need.name)
                for pattern in patterns
            ) or (tool == need.tool and self._holds_row(at, arguments, response)):
                yield at

    def _holds_row(self, at: int, arguments: Mapping[str, Any], response: Any) -> bool:
        """Whether a response of the need's tool holds the need's row, and the call asks for the same."""
        row = self._rows.get(at)
        if row is None:
            return False
        values = _values(arguments, self._catalog[self.needs[at].tool])
        differing = {
            name for name in values.keys() | row.values.keys() if values.get(name) != row.values.get(name)
        }
        if differing & row.matter:
            return False
        if None not in row.path and not all(
            _is_number(one[name]) for one in (values, row.values) for name in differing & one.keys()
        ):
            return False
        return any(encode(value) == row.text for value in _found(response, row.path))

    @cached_property
    def _rows(self) -> Mapping[int, _Row]:
        """The rows of the needs by position, as far as they have one."""
        replies = self._replies()
        by_id = {call.id: call for call in self._task.golden}
        found = {}
        for at, need in enumerate(self.needs):
            around = _around(replies[need.call], need.pointer) if need.call in replies else None
            if around is not None:
                call, tool = by_id[need.call], self._catalog[need.tool]
                values = _values(call.arguments, tool)
                found[at] = _Row(around[0], encode(around[1]), values, self._matter(call, tool, *around))
        return found

    def _matter(self, call: GoldenCall, tool: Tool, path: _Path, row: Any) -> frozenset[str]:
        """The parameters in which a call that finds the row may not differ from the golden call."""
        understood = self._task.meta.get("understood", {}).get(call.id, ())
        matter = fixed(call, call.arguments, tool.required, self._task.request).union(understood)
        if None not in path or not any(telling(value) for _, value in pointer.leaves(row)):
            return matter
        return matter - {
            name
            for name, value in call.arguments.items()
            if _is_number(encode(value)) and not telling(value)
            if name not in tool.required and name not in call.bindings
        }


def _needs(task: Task, catalog: Catalog) -> Iterator[Need]:
    by_id = {call.id: call for call in task.golden}
    used = set()
    for call in task.golden:
        for argument, binding in call.bindings.items():
            used.add(binding.call)
            yield _bound(call, argument, by_id[binding.call], task, catalog)
    for fact in task.answer:
        if fact.call is not None and fact.pointer is not None:
            used.add(fact.call)
            yield _fact(fact, by_id[fact.call], catalog)
    for name, places in _chosen(task).items():
        if name in by_id and name not in used:
            yield from (_need(by_id[name], place, catalog, chosen=True) for place in places)


def _need(
    source: GoldenCall,
    place: str,
    catalog: Catalog,
    *,
    consumer: str = "",
    text: str | None = None,
    places: frozenset[tuple[str, str]] = frozenset(),
    name: str = "",
    chosen: bool = False,
) -> Need:
    asked = _asked(source.arguments, catalog[source.tool])
    return Need(source.id, consumer, text or "", places, name, source.tool, asked, place, chosen)


def _bound(call: GoldenCall, argument: str, source: GoldenCall, task: Task, catalog: Catalog) -> Need:
    """The need of one binding; a part of an argument has no edges, so no other tool supplies it."""
    name = argument if argument in call.arguments else ""
    text = form(call.arguments.get(name))
    declared = catalog[call.tool].spec.sources.get(name, ())
    places = {(one.tool, one.pointer) for one in declared} | set(_mined(task, call.tool, name))
    known = frozenset(places) if text else frozenset()
    place = call.bindings[argument].pointer
    return _need(source, place, catalog, consumer=call.id, text=text, places=known)


def _mined(task: Task, tool: str, parameter: str) -> Iterator[tuple[str, str]]:
    for source, place, *into in task.meta.get("mined", ()):
        if into == [tool, parameter]:
            yield source, place


def _fact(fact: AnswerFact, source: GoldenCall, catalog: Catalog) -> Need:
    assert fact.pointer is not None
    text = form(fact.value)
    name = _last(fact.pointer) if text is not None and telling(fact.value) else ""
    return _need(source, fact.pointer, catalog, text=text, name=name)


def _chosen(task: Task) -> dict[str, list[str]]:
    """The elements that a task chooses or compares, as pointers by golden call. Nothing for a call whose response is
    compared as a whole."""
    found: dict[str, dict[str, None]] = {}
    for pick in task.meta.get("picks", ()):
        found.setdefault(pick["call"], {})[f"{pick['list']}/{pick['item']}"] = None
    for choice in task.meta.get("choices", ()):
        for one in choice["among"]:
            found.setdefault(one["call"], {})[one["pointer"]] = None
    return {call: list(places) for call, places in found.items() if all(map(_is_element, places))}


def _is_element(place: str) -> bool:
    return pointer.pattern(place).endswith("/*")


_MANY = "?"
"""What stands for a list or an object among the arguments that are compared: two of them are never the same."""


def _asked(arguments: Mapping[str, Any], tool: Tool) -> tuple[tuple[str, str], ...]:
    """The required arguments, folded, in the form in which they are compared."""
    return tuple(
        (name, form(tool.folded(name, arguments.get(name))) or _MANY) for name in sorted(tool.required)
    )


def _values(arguments: Mapping[str, Any], tool: Tool) -> dict[str, str]:
    return {name: encode(value) for name, value in tool.normalise(dict(arguments)).items()}


def _is_number(text: str) -> bool:
    return text[0] in "-0123456789"


def _around(response: Any, place: str) -> tuple[_Path, Any] | None:
    """The row of a place, and the path to it. `None` if nothing is there, or the row could recur by chance."""
    path: list[str | None] = []
    value, end, row = response, 0, None
    try:
        for part in pointer.tokens(place):
            listed = isinstance(value, list)
            value = pointer.step(value, part)
            path.append(None if listed else part)
            if listed:
                end, row = len(path), value
    except LookupError:
        return None
    if not end:
        return None if isinstance(value, (dict, list)) else (tuple(path), value)
    distinct = isinstance(row, dict) and len(row) > 1 and _found(response, tuple(path[:end])).count(row) == 1
    return (tuple(path[:end]), row) if distinct else None


def _found(response: Any, path: _Path) -> list[Any]:
    """The values at a path."""
    found = [response]
    for part in path:
        if part is None:
            found = [item for value in found if isinstance(value, list) for item in value]
        else:
            found = [value[part] for value in found if isinstance(value, dict) and part in value]
    return found


def _last(place: str) -> str:
    return place.rpartition("/")[2]
