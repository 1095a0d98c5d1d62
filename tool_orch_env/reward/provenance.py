"""Provenance: whether an agent can know the arguments of a call, or has made them up.

An argument is *held* if every string and number in it is

- stated by the request, also as an hour after noon (the request says "4 pm", the call 16), or given by a golden call
  that takes it from no reply (the request says "the last of May", the call `2013-05-31`), or
- in a reply of an earlier turn: as a value, as a key, as one item of a comma-separated text, or as the date, time or
  hour of a moment, or
- for an optional parameter only: one of the values that the schema lists, or a number that identifies nothing by itself
  (`scalars.telling`): how many, how far, which page, or
- of a parameter whose values the tool declares to be general knowledge (`known`): an agent that is asked about
  Tallinn may look up Estonia.

Upper and lower case are not distinguished, and a text "A, B" is held if A and B are. A required value that the schema
lists must be held like any other, because a short list can be tried out. Defaults, booleans and null are free.

A reply is only a source if the call that fetched it was held when it was first made, or answered a golden call.
Otherwise a value from nowhere would be held once any reply has echoed it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from ..answers.mentions import mentions
from ..calls.types import AnsweredCall
from ..jsonvalues import pointer
from ..jsonvalues.memo import Memo
from ..jsonvalues.scalars import MOMENT, form, telling
from ..snapshot.catalog import Catalog, Tool
from ..task import GoldenCall, Task

MEMO_SIZE = 256
"""Number of replies per task whose values are kept in the memo, and of arguments looked for in the request."""
_LONG_LIST = 400
"""Texts of more characters are not taken for comma-separated lists."""


class Provenance:
    """What the request of a task gives, and what is in replies. Shared by the episodes of a task."""

    def __init__(self, task: Task, catalog: Catalog) -> None:
        self._request = task.request
        self._catalog = catalog
        self._given = frozenset(text for call in task.golden for text in _given(call, catalog.get(call.tool)))
        self._stated: Memo[tuple[type, str], bool] = Memo(MEMO_SIZE)
        self._read: Memo[str, frozenset[str]] = Memo(MEMO_SIZE)

    def read(self, key: str, text: str) -> frozenset[str]:
        """The values in a recorded response, in folded form. Kept in a memo by replay key."""
        return self._read.remembered(key, lambda: frozenset(_values(json.loads(text))))

    def holds(
        self,
        tool_name: str,
        arguments: Mapping[str, Any],
        seen: set[str],
        written: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether every argument is held, given the values `seen` in replies.

        `arguments` are those of the key. A text that the tool folds is also held as it was `written`, and if a value
        seen is equal under the fold.
        """
        tool = self._catalog[tool_name]
        return all(
            name in tool.spec.known
            or self._held(value, seen)
            or (name not in tool.required and _free(tool, name, value))
            or (
                name in tool.spec.fold
                and self._held_folded(tool, name, value, (written or {}).get(name), seen)
            )
            for name, given in arguments.items()
            for _, value in pointer.leaves(given)
        )

    def _held_folded(self, tool: Tool, name: str, value: Any, written: Any, seen: set[str]) -> bool:
        spelt = [text for _, text in pointer.leaves(written) if tool.folded(name, text) == value]
        return any(self._held(text, seen) for text in spelt) or any(
            tool.folded(name, text) == value for text in seen
        )

    def _held(self, value: Any, seen: set[str]) -> bool:
        text = _folded(value)
        if text is None or text in seen or text in self._given:
            return True
        if self._stated.remembered((type(value), text), lambda: self._says(value)):
            return True
        parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else ()
        return len(parts) > 1 and all(part and self._held(part, seen) for part in parts)

    def _says(self, value: Any) -> bool:
        if mentions(self._request, value):
            return True
        if type(value) is not int or not 12 < value < 24:
            return False
        afternoon = rf"(?<![\d:.,]){value - 12}(?:[:.]\d\d)? ?p\.?m\b"
        return re.search(afternoon, self._request, re.IGNORECASE) is not None


class Knowledge:
    """What the replies of one episode have told so far. Nothing is read until somebody asks."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance
        self._unread: list[tuple[int, AnsweredCall, bool]] = []
        self._heard: set[str] = set()
        self._seen: set[str] = set()

    def hear(self, turn: int, call: AnsweredCall, golden: bool) -> None:
        """Take a recorded reply of this turn; `golden`: it answered a golden call. Repetitions add nothing."""
        assert call.key is not None
        if golden or call.key not in self._heard:
            self._heard.add(call.key)
            self._unread.append((turn, call, golden))

    def holds(self, call: AnsweredCall, turn: int) -> bool:
        """Whether every argument of a call in this turn is held."""
        self._read_before(turn)
        return self._holds(call)

    def _holds(self, call: AnsweredCall) -> bool:
        assert call.call is not None
        return self._provenance.holds(call.call.name, call.arguments or {}, self._seen, call.call.arguments)

    def _read_before(self, turn: int) -> None:
        """Read the replies of earlier turns, in order; those of one turn do not know of each other."""
        earlier = [one for one in self._unread if one[0] < turn]
        del self._unread[: len(earlier)]
        for _, at_once in groupby(earlier, key=itemgetter(0)):
            sources = [call for _, call, golden in at_once if golden or self._holds(call)]
            for call in sources:
                assert call.key is not None
                self._seen |= self._provenance.read(call.key, call.result.text)


def argument_leaves(call: GoldenCall) -> Iterator[tuple[str, Any, bool]]:
    """Every scalar in the arguments: its parameter, the value, and whether a binding supplies it."""
    bound = [pointer.join(name) if name in call.arguments else name for name in call.bindings]
    for name, argument in call.arguments.items():
        for place, value in pointer.leaves(argument, pointer.join(name)):
            yield name, value, any(place == one or place.startswith(f"{one}/") for one in bound)


def fixed(
    call: GoldenCall, arguments: Mapping[str, Any], required: frozenset[str], request: str
) -> frozenset[str]:
    """The parameters that are required, bound, or stated by the request; the others are the agent's choice."""
    chosen = {
        name
        for name, value, bound in argument_leaves(call)
        if not (bound or name in required or mentions(request, value))
    }
    return frozenset(arguments.keys() - chosen)


def _given(call: GoldenCall, tool: Tool | None) -> Iterator[str]:
    for name, value, bound in argument_leaves(call):
        for spelt in (value, tool.folded(name, value) if tool is not None else value):
            text = _folded(spelt)
            if text is not None and not bound:
                yield text


def _free(tool: Tool, name: str, value: Any) -> bool:
    """Whether an optional parameter may have this value without a source."""
    schema = tool.properties.get(name)
    listed = schema.get("enum", ()) if isinstance(schema, dict) else ()
    if isinstance(value, str):
        return any(isinstance(one, str) and one.casefold() == value.casefold() for one in listed)
    return not telling(value)


def _folded(value: Any) -> str | None:
    """The form in which values are compared, `None` for one that needs no source."""
    text = form(value)
    return None if text is None else text.casefold()


def _values(reply: Any) -> Iterator[str]:
    """The values in a reply: keys, strings and numbers, and the parts of lists and moments in strings."""
    waiting = [reply]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from map(str.casefold, value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif (text := _folded(value)) is not None:
            yield text
            if isinstance(value, str):
                yield from _parts(text)


def _parts(text: str) -> Iterator[str]:
    if "," in text and len(text) <= _LONG_LIST:
        yield from filter(None, map(str.strip, text.split(",")))
    if MOMENT.fullmatch(text.upper()):
        date, _, time = text.upper().replace("T", " ").rpartition(" ")
        if ":" in time:
            yield from (date, time[:5], str(int(time.partition(":")[0])))
