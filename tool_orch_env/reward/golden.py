"""A task made ready for scoring: golden calls with canonical values, replay keys and predecessor sets.

Enters: a task and the snapshot it is played on. Leaves: `Rubric`, compiled once per task and shared by every
episode of it. Raises `TaskError` if the two do not fit.
"""

from functools import cached_property

from ..calls.types import AnsweredCall, Status
from ..errors import TaskError
from ..jsonvalues.canonical import NotCanonical, encode, replay_key
from ..jsonvalues.memo import Memo
from ..snapshot import Snapshot
from ..snapshot.records import says_nothing
from ..task import GoldenCall, Task
from .alternatives import Alternatives
from .credit import CompiledCall, CreditWeights, credit

REMEDY = "play the task on the snapshot it was made for, or correct it"


MEMO_SIZE = 1024
"""Calls whose credits a trace remembers that shares no memo."""

Credits = Memo[tuple[str, str, Status], tuple[float, ...]]
"""Credits by task id, replay key and status."""


class CompiledTrace:
    """What an episode of `task` is scored against."""

    def __init__(
        self,
        task: Task,
        snapshot: Snapshot,
        weights: CreditWeights | None = None,
        credits: Credits | None = None,
    ) -> None:
        """`weights` are those of the credit ladder. `credits` is a memo shared by tasks under the same weights."""
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
        by_tool: dict[str, list[int]] = {}
        for golden in self.golden:
            by_tool.setdefault(golden.tool, []).append(golden.index)
        self.by_tool = {tool: tuple(indices) for tool, indices in by_tool.items()}
        self.alternatives = Alternatives(task, snapshot.catalog)

    def credits(self, call: AnsweredCall, group: tuple[int, ...]) -> tuple[float, ...]:
        """Credit of a call against each golden call of `group`, those of its tool; remembered by key."""
        assert call.key is not None
        identity = (self.task.id, call.key, call.result.status)
        try:
            return self._credits[identity]
        except KeyError:
            found = tuple(credit(call, self.golden[index], self._weights) for index in group)
        self._credits[identity] = found
        return found

    @cached_property
    def by_importance(self) -> tuple[int, ...]:
        """Indices of golden calls, those that most others wait for first.

        Where one emitted call could answer either of two interchangeable golden calls, the earlier in this
        order is answered.
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
    found = snapshot.get(key, task.id)
    solid = found is not None and found.success and not says_nothing(found.text)
    return CompiledCall(
        index=wanted.get(call.id, -1),
        id=call.id,
        tool=call.tool,
        key=key,
        values={name: encode(value) for name, value in arguments.items()},
        response=found.text if found is not None and solid else None,
        needs=tuple(sorted(wanted[name] for name in needs[call.id])),
        raw=call.arguments,
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
