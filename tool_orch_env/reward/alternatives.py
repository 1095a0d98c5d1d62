"""Alternatives: other calls that do the work of a golden call, because their responses hold the same values.

A *need* of a golden call is a value that a binding of another golden call takes from its response, or an answer fact
that comes from it. The response to a call that is not golden meets a need if it holds the same value

- for a binding: at the pointer of a declared or mined edge into the same parameter. Declared edges are the catalog's
  `sources`; mined edges are listed by the task in `meta["mined"]`: [tool, pattern, tool, parameter];
- for a fact: under the same name, if the value is unlikely to occur by chance (`scalars.telling`).

A call to a golden tool with required arguments that no golden call has meets no need: a value may recur there by chance
(two departure boards with flights to one airport), and a wrong argument would be rewarded. A golden call without needs,
of which only the response is wanted, has no alternative.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..jsonvalues import pointer
from ..jsonvalues.memo import Memo
from ..jsonvalues.scalars import form, telling
from ..snapshot.catalog import Catalog
from ..task import AnswerFact, GoldenCall, Task

MEMO_SIZE = 1024
"""Number of responses per task whose needs are kept in the memo."""


@dataclass(frozen=True, slots=True)
class Need:
    """A value that is taken from the response to the golden call `call`.

    `consumer` is the golden call that takes the value, "" for a fact. `form` is the form of the value (`scalars.form`).
    `places` are the (tool, pattern) at which it may also be found; `name` is the leaf's name if any leaf of that name
    will do, else "". `tool` is the tool of the golden call, `asked` its required arguments as (name, form).
    """

    call: str
    consumer: str
    form: str
    places: frozenset[tuple[str, str]]
    name: str
    tool: str
    asked: tuple[tuple[str, str | None], ...]


class Alternatives:
    """The needs of a task's golden calls. A need is identified by its position in `needs`."""

    def __init__(self, task: Task, catalog: Catalog) -> None:
        self.needs = tuple(_needs(task, catalog))
        self.of: Mapping[str, tuple[int, ...]] = {
            call.id: tuple(at for at, need in enumerate(self.needs) if need.call == call.id)
            for call in task.golden
        }
        self._asked = {(call.tool, _asked(call, catalog)) for call in task.golden}
        self._golden = {call.tool: tuple(name for name, _ in _asked(call, catalog)) for call in task.golden}
        self._tools = {tool for need in self.needs for tool, _ in need.places}
        self._named = {need.name for need in self.needs} - {""}
        self._met: Memo[str, frozenset[int]] = Memo(MEMO_SIZE)

    def met(self, tool: str, arguments: Mapping[str, Any], key: str, text: str) -> frozenset[int]:
        """The needs that a recorded success meets, as positions. Kept in a memo by replay key."""
        if tool not in self._tools and not self._named:
            return frozenset()
        return self._met.remembered(key, lambda: frozenset(self.met_by(tool, arguments, json.loads(text))))

    def met_by(self, tool: str, arguments: Mapping[str, Any], response: Any) -> Iterator[int]:
        """The needs that a response of `tool` to these arguments meets, as positions."""
        if tool in self._golden:
            asked = tuple((name, form(arguments.get(name)) or "?") for name in self._golden[tool])
            if (tool, asked) not in self._asked:
                return
        held: dict[str, set[str]] = {}
        for place, value in pointer.leaves(response):
            text = form(value)
            if text is not None:
                held.setdefault(text, set()).add(pointer.pattern(place))
        for at, need in enumerate(self.needs):
            if tool == need.tool and any(form(arguments.get(name)) != text for name, text in need.asked):
                continue
            patterns = held.get(need.form, ())
            if any(
                (tool, pattern) in need.places or (need.name and _last(pattern) == need.name)
                for pattern in patterns
            ):
                yield at


def _needs(task: Task, catalog: Catalog) -> Iterator[Need]:
    by_id = {call.id: call for call in task.golden}
    for call in task.golden:
        for argument, binding in call.bindings.items():
            yield _bound(call, argument, by_id[binding.call], task, catalog)
    for fact in task.answer:
        if fact.call is not None and fact.pointer is not None:
            yield _fact(fact, by_id[fact.call], catalog)


def _bound(call: GoldenCall, argument: str, source: GoldenCall, task: Task, catalog: Catalog) -> Need:
    """The need of one binding; a part of an argument has no edges, so nothing else supplies it."""
    name = argument if argument in call.arguments else ""
    text = form(call.arguments.get(name))
    declared = catalog[call.tool].spec.sources.get(name, ())
    places = {(one.tool, one.pointer) for one in declared} | set(_mined(task, call.tool, name))
    known = frozenset(places) if text else frozenset()
    return Need(source.id, call.id, text or "", known, "", source.tool, _asked(source, catalog))


def _asked(call: GoldenCall, catalog: Catalog) -> tuple[tuple[str, str | None], ...]:
    """The required arguments, in the form in which they are compared; lists and objects are never the same."""
    required = sorted(catalog[call.tool].required)
    return tuple((name, form(call.arguments.get(name)) or "?") for name in required)


def _mined(task: Task, tool: str, parameter: str) -> Iterator[tuple[str, str]]:
    for source, place, *into in task.meta.get("mined", ()):
        if into == [tool, parameter]:
            yield source, place


def _fact(fact: AnswerFact, source: GoldenCall, catalog: Catalog) -> Need:
    assert fact.pointer is not None
    text = form(fact.value)
    name = _last(fact.pointer) if text is not None and telling(fact.value) else ""
    return Need(source.id, "", text or "", frozenset(), name, source.tool, _asked(source, catalog))


def _last(place: str) -> str:
    return place.rpartition("/")[2]
