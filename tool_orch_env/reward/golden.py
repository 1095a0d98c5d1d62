"""Compiled traces: the golden calls of a task with canonical values, replay keys and predecessors.

A trace is compiled once per task and snapshot and shared by all episodes. Compiling raises `TaskError` if the task does
not fit the snapshot.
"""

import json
from functools import cached_property
from typing import Any

from ..answers.facts import Facts
from ..calls.types import AnsweredCall, Status
from ..errors import TaskError
from ..jsonvalues import pointer
from ..jsonvalues.canonical import NotCanonical, encode, plain, replay_key
from ..jsonvalues.memo import Memo
from ..jsonvalues.scalars import form
from ..snapshot import Snapshot
from ..snapshot.records import says_nothing
from ..task import GoldenCall, Task
from .alternatives import Alternatives
from .batches import Batches, Piece
from .credit import CompiledCall, CreditWeights, credit
from .provenance import Provenance, fixed

REMEDY = "play the task on the snapshot it was made for, or correct it"


MEMO_SIZE = 1024
"""Size of a trace's memo of credits, if it does not share one."""

Credits = Memo[tuple[str, str, Status], tuple[float, ...]]
"""Credits by task id, replay key and status."""


class CompiledTrace:
    """The golden calls of a task, compiled for scoring."""

    def __init__(
        self,
        task: Task,
        snapshot: Snapshot,
        weights: CreditWeights | None = None,
        credits: Credits | None = None,
    ) -> None:
        """`weights` are the credit weights. `credits` is a memo that tasks with the same weights can share.

        Raises `TaskError` if a golden call's tool is not in the snapshot or its arguments have no canonical form.
        """
        self.task = task
        self.snapshot = snapshot
        self._weights = weights or CreditWeights()
        self._credits: Credits = Memo(MEMO_SIZE) if credits is None else credits
        wanted = {call.id: i for i, call in enumerate(call for call in task.golden if not call.optional)}
        needs = _needs_past_optional(task)
        compiled = [_compile(call, wanted, needs, task, snapshot) for call in task.golden]
        self.golden = tuple(golden for golden in compiled if golden.index >= 0)
        self.optional = tuple(golden for golden in compiled if golden.index < 0)
        self.n = len(self.golden)
        self.decisions = frozenset(golden.index for golden in self.golden if golden.id in task.decisions)
        """The calls whose replies are read to decide something, by index."""
        by_tool: dict[str, list[int]] = {}
        for golden in self.golden:
            by_tool.setdefault(golden.tool, []).append(golden.index)
        self.by_tool = {tool: tuple(indices) for tool, indices in by_tool.items()}
        self.alternatives = Alternatives(task, snapshot.catalog, self._responses)
        taken = {
            one.id: [
                need.form
                for at in self.alternatives.of[one.id]
                if not (need := self.alternatives.needs[at]).chosen
            ]
            for one in compiled
        }
        self.batches = Batches(self.golden, taken, task.meta.get("spare", {}))
        self.provenance = Provenance(task, snapshot.catalog)

    @cached_property
    def facts(self) -> Facts:
        """The task's facts, compiled for reading answers."""
        return Facts(self.task, self._responses)

    def _responses(self) -> dict[str, Any]:
        """The parsed responses to the golden calls, as far as there are any."""
        found = {}
        for call in self.task.golden:
            record = self.snapshot.lookup(call.tool, call.arguments, self.task.id)
            if record is not None:
                found[call.id] = json.loads(record.text)
        return found

    def credits(self, call: AnsweredCall, group: tuple[int, ...]) -> tuple[float, ...]:
        """Credit of a call for each golden call of `group`, the golden calls of its tool. Kept in a memo."""
        assert call.key is not None
        identity = (self.task.id, call.key, call.result.status)
        try:
            return self._credits[identity]
        except KeyError:
            found = tuple(credit(call, self.golden[index], self._weights, self._aliases) for index in group)
        self._credits[identity] = found
        return found

    def _aliases(self, golden: CompiledCall, name: str) -> frozenset[str]:
        """The values next to the one that a binding takes: other names, in the same object, of the same thing."""
        by_id = {call.id: call for call in self.task.golden}
        binding = by_id[golden.id].bindings.get(name)
        if binding is None:
            return frozenset()
        source = by_id[binding.call]
        found = self.snapshot.lookup(source.tool, source.arguments, self.task.id)
        try:
            around = pointer.resolve(
                json.loads(found.text if found else "0"), binding.pointer.rpartition("/")[0]
            )
        except LookupError:
            return frozenset()
        values = around.values() if isinstance(around, dict) else ()
        return frozenset(encode(plain(value)) for value in values if form(value) is not None)

    def work_of(self, call: AnsweredCall) -> frozenset[int | Piece]:
        """What a recorded success that is not exact can do for golden calls: needs it meets, pieces it supplies."""
        assert call.call is not None and call.key is not None
        asked = call.call.name, call.arguments or {}, call.key, call.result.text
        met: frozenset[int | Piece] = self.alternatives.met(*asked)
        pieces = self.batches.met(*asked)
        return met | pieces if pieces else met

    @cached_property
    def by_importance(self) -> tuple[int, ...]:
        """Indices of golden calls, those with the most dependent calls first.

        If an emitted call could answer either of two interchangeable golden calls, the earlier in this order is
        answered.
        """
        after: dict[int, set[int]] = {g.index: set() for g in self.golden}
        for _ in self.golden:
            for golden in self.golden:
                for needed in golden.needs:
                    after[needed] |= {golden.index} | after[golden.index]
        return tuple(sorted(after, key=lambda index: len(after[index]), reverse=True))


def _compile(
    call: GoldenCall, wanted: dict[str, int], needs: dict[str, set[str]], task: Task, snapshot: Snapshot
) -> CompiledCall:
    place = f"task {task.id}: golden call {call.id}"
    tool = snapshot.catalog.get(call.tool)
    if tool is None:
        raise TaskError(f"{place}: {call.tool!r} is not a tool of snapshot {snapshot.name!r}", REMEDY)
    try:
        arguments = tool.normalise(call.arguments)
        key = replay_key(tool.name, encode(arguments))
    except NotCanonical as error:
        raise TaskError(f"{place}: arguments: {error}", REMEDY) from error
    found = snapshot.answer(tool, call.arguments, key, task.id)
    solid = found is not None and found.success and not says_nothing(found.text)
    return CompiledCall(
        index=wanted.get(call.id, -1),
        id=call.id,
        tool=call.tool,
        key=key,
        values={name: encode(value) for name, value in arguments.items()},
        response=found.text if found is not None and solid else None,
        needs=tuple(sorted(wanted[name] for name in needs[call.id])),
        fixed=fixed(call, arguments, tool.required, task.request) if solid else frozenset(),
    )


def _needs_past_optional(task: Task) -> dict[str, set[str]]:
    """Needs of every call, an optional one among them replaced by what it needs in turn."""
    by_id = {call.id: call for call in task.golden}
    result: dict[str, set[str]] = {}
    for layer in task.layers:
        for call in layer:
            required = {name for name in call.needs if not by_id[name].optional}
            through = (result[name] for name in call.needs if by_id[name].optional)
            result[call.id] = required.union(*through)
    return result
