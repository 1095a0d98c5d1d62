"""A task under the rules of this package: its replies, and what the scenario file of its snapshot declares."""

import json
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from ...answers.facts import Facts
from ...jsonvalues import pointer
from ...jsonvalues.canonical import NotCanonical
from ...language.expressions import Choice, ExpressionError, Held, Item, Unsuitable, parse, plain
from ...language.scenarios import COMMON, FOLDER, Scenarios, read_scenarios
from ...snapshot import Snapshot
from ...task import GoldenCall, Task


class Checked:
    """A task whose golden calls all have a parsed reply."""

    def __init__(
        self,
        task: Task,
        snapshot: Snapshot,
        replies: Mapping[str, Any],
        declared: Scenarios | None = None,
    ) -> None:
        """`declared` is a scenario file, by default the one of the task's snapshot, if there is one."""
        self.task, self.snapshot, self.replies = task, snapshot, replies
        self.declared = declared or _declared(snapshot.name)
        self.calls: Mapping[str, GoldenCall] = {call.id: call for call in task.golden}

    @cached_property
    def facts(self) -> Facts:
        """The task's facts, compiled for reading answers."""
        return Facts(self.task, lambda: self.replies)

    def get(self, name: str) -> Held:
        raise Unsuitable(f"no value for {name!r}")

    def ask(self, tool: str, arguments: dict[str, Held]) -> Held:
        """A look at the recorded world, for expressions."""
        given = {name: plain(held) for name, held in arguments.items()}
        try:
            found = self.snapshot.lookup(tool, given)
        except NotCanonical as error:
            raise Unsuitable(str(error)) from error
        if found is None or not found.success:
            raise Unsuitable(f"{tool}: no success is recorded")
        return Held(json.loads(found.text))

    def chose(self, choice: Choice) -> None:
        """Choices in a rule's expressions are of no interest."""

    def evaluated(self, text: str, row: Any) -> Any:
        """The value of an expression over `it`. Raises `LookupError` if it has none."""
        try:
            return plain(parse(text).value(Item(self, Held(row))))
        except (Unsuitable, ExpressionError) as error:
            raise LookupError(str(error)) from error

    def at(self, call: str, place: str) -> Any:
        """The value at a pointer in a golden reply. Raises `LookupError`."""
        return pointer.resolve(self.replies[call], place)


@cache
def _declared(name: str) -> Scenarios | None:
    if not name.replace("_", "").replace("-", "").isalnum() or not (FOLDER / name / COMMON).is_file():
        return None
    return read_scenarios(name)
