"""Targets: what exploits and honest agents know of the task that they play.

A target has the golden calls with their recorded replies, the values next to those that are right, and the other
recorded calls of each tool. Rewards are not known here.
"""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cached_property
from typing import Any

from ...answers.mentions import mentions
from ...answers.oracle import spoken
from ...episode import Episode
from ...jsonvalues import pointer
from ...jsonvalues.canonical import canonical
from ...jsonvalues.scalars import form
from ...snapshot import Snapshot
from ...task import AnswerFact, GoldenCall, Task, ToolCall
from ...taskset import CompiledTask

Arguments = dict[str, Any]

MAX_SCANNED = 20_000
"""Maximum number of recorded calls of one tool whose responses are searched, spread evenly over all of them."""
MAX_PEERS = 6
"""Maximum number of other recorded responses in which the values next to a value that is in no list are looked up."""


class Recorded:
    """The recorded calls of a snapshot by tool, and which of them return a value. Shared by all targets."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._holders: dict[str, dict[tuple[str, str], list[Arguments]]] = {}

    @cached_property
    def calls(self) -> dict[str, list[Arguments]]:
        """The arguments of every recorded call by tool, in the order of the snapshot."""
        found: dict[str, list[Arguments]] = {}
        for tool, arguments in self.snapshot.calls():
            found.setdefault(tool, []).append(arguments)
        return found

    def reply(self, tool: str, arguments: Arguments, task: str = "") -> Any:
        """The recorded response, parsed; `None` if there is none, or if it is an error."""
        found = self.snapshot.lookup(tool, arguments, task)
        return json.loads(found.text) if found is not None and found.success else None

    def holders(self, tool: str, pattern: str, text: str) -> list[Arguments]:
        """The recorded calls of `tool` whose response has a value of the form `text` at `pattern`."""
        if tool not in self._holders:
            self._holders[tool] = self._scan(tool)
        return self._holders[tool].get((pattern, text), [])

    def _scan(self, tool: str) -> dict[tuple[str, str], list[Arguments]]:
        calls = self.calls.get(tool, [])
        found: dict[tuple[str, str], list[Arguments]] = {}
        for arguments in calls[:: len(calls) // MAX_SCANNED + 1]:
            leaves = pointer.leaves(self.reply(tool, arguments))
            held = {(pointer.pattern(place), text) for place, value in leaves if (text := form(value))}
            for key in held:
                found.setdefault(key, []).append(arguments)
        return found


class Target:
    """One compiled task, with what can be said and called wrongly in it."""

    def __init__(self, compiled: CompiledTask, recorded: Recorded) -> None:
        self.compiled = compiled
        self.task: Task = compiled.task
        self.recorded = recorded
        self.by_id = {call.id: call for call in self.task.golden}
        self.layers = [list(layer) for layer in self.task.layers]
        self.order = [call for layer in self.layers for call in layer]
        self._siblings: dict[str, list[Arguments]] = {}

    @cached_property
    def replies(self) -> dict[str, Any]:
        """The recorded response to every golden call by its id, parsed; `None` if there is no success."""
        return {call.id: self.reply(call.tool, call.arguments) for call in self.task.golden}

    def reply(self, tool: str, arguments: Arguments) -> Any:
        """The response that this task gets to a call, parsed; `None` if there is no success."""
        return self.recorded.reply(tool, arguments, self.task.id)

    @cached_property
    def max_calls(self) -> int:
        """The number of calls that an episode of this task allows by default."""
        return Episode(self.compiled).max_calls

    def rows(self, call: GoldenCall) -> list[Arguments]:
        """The arguments of `call` with another row of the list that its values were taken from, in list order.

        Values from one row are replaced together. Empty if no value of the call is from a list.
        """
        found: list[Arguments] = []
        known = [call.arguments]
        for source, prefix, index in _picked(call):
            rows = taken(self.replies[source], prefix)
            for other in range(len(rows) if isinstance(rows, list) else 0):
                arguments = self._with_row(call, source, prefix, index, other)
                if arguments is not None and arguments not in known:
                    known.append(arguments)
                    found.append(arguments)
        return found

    def _with_row(
        self, call: GoldenCall, source: str, prefix: str, index: str, other: int
    ) -> Arguments | None:
        """The arguments with every value of row `index` taken from row `other`; `None` if that row lacks one."""
        arguments = deepcopy(call.arguments)
        row = f"{prefix}/{index}"
        for argument, binding in call.bindings.items():
            if binding.call == source and f"{binding.pointer}/".startswith(f"{row}/"):
                place = f"{prefix}/{other}{binding.pointer[len(row) :]}"
                value = taken(self.replies[source], place)
                if value is None:
                    return None
                set_argument(arguments, argument, value)
        return arguments

    def siblings(self, call: GoldenCall) -> list[Arguments]:
        """Wrong arguments that an agent may take for those of `call`: other rows, else other recorded calls."""
        if call.id not in self._siblings:
            recorded = self.recorded.calls.get(call.tool, [])
            others = [arguments for arguments in recorded if arguments != call.arguments]
            self._siblings[call.id] = self.rows(call) or others
        return self._siblings[call.id]

    def column(self, fact: AnswerFact) -> list[str]:
        """Other values that the fact could have, as texts: those of the other rows of its list, if it is in one, else
        those at the same place in other recorded responses of the tool. Numbers within the tolerance are left out."""
        if fact.call is None or fact.pointer is None:
            return []
        own = value_text(fact).lower()
        others = [value for value in self._neighbours(fact.call, fact.pointer) if not _within(fact, value)]
        return [text for text in dict.fromkeys(map(spoken, others)) if text.lower() != own]

    def _neighbours(self, call_id: str, place: str) -> Iterator[str | bool | int | float]:
        call = self.by_id[call_id]
        cut = _last_index(place)
        if cut is not None:
            prefix, index = cut
            rest = place[len(prefix) + 1 + len(index) :]
            rows = taken(self.replies[call_id], prefix)
            count = len(rows) if isinstance(rows, list) else 0
            replies: list[tuple[Any, str]] = [
                (self.replies[call_id], f"{prefix}/{row}{rest}") for row in range(count)
            ]
        else:
            others = self.recorded.calls.get(call.tool, [])
            spread = others[:: max(1, len(others) // MAX_PEERS)][:MAX_PEERS]
            replies = [(self.reply(call.tool, arguments), place) for arguments in spread]
        for reply, at in replies:
            value = taken(reply, at)
            if isinstance(value, (str, bool, int, float)) and value != "":
                yield value


def is_golden(task: Task, calls: Sequence[Sequence[ToolCall]]) -> bool:
    """Whether these turns make each golden call once, in an order that the task allows.

    A call may come before a reply that only decides on it: one of whose values it takes none, or only such as the
    agent knows from the request.
    """
    wanted = sorted(_identity(call.tool, call.arguments) for call in task.golden)
    made = [(_identity(call.name, call.arguments), turn) for turn, some in enumerate(calls) for call in some]
    if sorted(identity for identity, _ in made) != wanted:
        return False
    turns: dict[tuple[str, str], int] = {}
    for identity, turn in made:
        turns.setdefault(identity, turn)
    when = {call.id: turns[_identity(call.tool, call.arguments)] for call in task.golden}
    return all(
        needed in task.decisions - _sources(task, call) or when[needed] < when[call.id]
        for call in task.golden
        for needed in call.needs
    )


def is_told(task: Task, value: Any) -> bool:
    """Whether the request states an argument's value, or means it in other words ("Newark", EWR)."""
    meant = task.meta.get("understood", {})
    understood = [call.arguments.get(name) for call in task.golden for name in meant.get(call.id, ())]
    return value in understood or mentions(task.request, value)


def _sources(task: Task, call: GoldenCall) -> set[str]:
    """The golden calls whose replies alone tell an argument of `call`."""
    return {
        binding.call
        for argument, binding in call.bindings.items()
        if not is_told(task, call.arguments.get(argument))
    }


def value_text(fact: AnswerFact) -> str:
    """The fact's value as a text; the values of a list are separated by commas."""
    values = fact.value if isinstance(fact.value, tuple) else (fact.value,)
    return ", ".join(spoken(value) for value in values)


def _within(fact: AnswerFact, value: str | bool | int | float) -> bool:
    """Whether a number is within the tolerance of the fact's value."""
    if isinstance(value, (bool, str)) or isinstance(fact.value, (bool, str, tuple)):
        return False
    return abs(value - fact.value) <= fact.tolerance


def bound_names(call: GoldenCall) -> set[str]:
    """The names of the arguments that take a value, or a part of it, from another call's reply."""
    return {pointer.tokens(name)[0] if name.startswith("/") else name for name in call.bindings}


def set_argument(arguments: Arguments, argument: str, value: Any) -> None:
    """Set an argument by its name, or a part of one by a JSON Pointer into `arguments`, which is changed."""
    if not argument.startswith("/"):
        arguments[argument] = value
        return
    *path, last = pointer.tokens(argument)
    inner: Any = arguments
    for token in path:
        inner = pointer.step(inner, token)
    inner[int(last) if isinstance(inner, list) else last] = value


def taken(reply: Any, place: str) -> Any:
    """The value at a pointer in a parsed reply; `None` if there is none."""
    try:
        return pointer.resolve(reply, place)
    except LookupError:
        return None


def _picked(call: GoldenCall) -> list[tuple[str, str, str]]:
    """The rows that the call takes values from: the source call, the pointer of the list, the index."""
    found = []
    for binding in call.bindings.values():
        cut = _last_index(binding.pointer)
        if cut is not None and (binding.call, *cut) not in found:
            found.append((binding.call, *cut))
    return found


def _last_index(place: str) -> tuple[str, str] | None:
    """The pointer of the innermost list that `place` leads through, and the index in it."""
    parts = place.split("/")
    for at in range(len(parts) - 1, 0, -1):
        if parts[at].isdecimal():
            return "/".join(parts[:at]), parts[at]
    return None


def _identity(tool: str, arguments: Arguments) -> tuple[str, str]:
    return tool, canonical(arguments)
