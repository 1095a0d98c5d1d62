"""Scripted policies: complete traces computed from a task, to show what a reward rewards.

`oracle` plays the golden trace. Every other policy cheats or fails in one particular way. A trace is a list of turns
whose last one is the final answer.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..answers.oracle import oracle_turns
from ..calls.types import ToolCall, Turn
from ..snapshot import Snapshot
from ..task import GoldenCall, Task

Trace = list[Turn]
Scripted = Callable[[Task, Snapshot, np.random.Generator], Trace]


def oracle(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """The golden trace, with parallel calls where dependencies allow, and an answer that states every fact."""
    return oracle_turns(task)


def sequential(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """The golden calls in the order of the task file, one per turn."""
    return _one_per_turn(task.golden)


def reverse(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """The golden calls in reverse order, one per turn."""
    return _one_per_turn(task.golden[::-1])


def once_per_function(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """Each golden tool once, with the arguments of its first golden call."""
    first: dict[str, GoldenCall] = {}
    for call in task.golden:
        first.setdefault(call.tool, call)
    return _one_per_turn(list(first.values()))


def three_times(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """Every golden call three times."""
    return _one_per_turn([call for call in task.golden for _ in range(3)])


def first_only(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """The first golden call, then a final answer."""
    return _one_per_turn(task.golden[:1])


def junk(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """The golden tools and parameter names, every value replaced by "x"."""
    return _turns([ToolCall(call.tool, dict.fromkeys(call.arguments, "x")) for call in task.golden])


def names_only(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """The golden tools without any argument."""
    return _turns([ToolCall(call.tool, {}) for call in task.golden])


def every_tool(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """Every offered tool once, with recorded arguments drawn at random."""
    return _turns(_drawn(task.tools, snapshot, rng))


def random(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """As many calls as in the golden trace, to random tools with recorded arguments drawn at random."""
    return _turns(_drawn([str(name) for name in rng.choice(task.tools, len(task.golden))], snapshot, rng))


def silent(task: Task, snapshot: Snapshot, rng: np.random.Generator) -> Trace:
    """No call at all."""
    return [Turn(answer="Done.")]


POLICIES: dict[str, Scripted] = {
    policy.__name__: policy
    for policy in (
        oracle,
        sequential,
        once_per_function,
        three_times,
        reverse,
        first_only,
        junk,
        names_only,
        every_tool,
        random,
        silent,
    )
}


def _one_per_turn(golden: Sequence[GoldenCall]) -> Trace:
    return _turns([ToolCall(call.tool, call.arguments) for call in golden])


def _turns(calls: Sequence[ToolCall]) -> Trace:
    return [*(Turn(calls=(call,)) for call in calls), Turn(answer="Done.")]


def _drawn(names: Sequence[str], snapshot: Snapshot, rng: np.random.Generator) -> list[ToolCall]:
    by_tool = _recorded(snapshot)
    return [
        ToolCall(name, found[int(rng.integers(len(found)))] if (found := by_tool.get(name)) else {})
        for name in names
    ]


@lru_cache(maxsize=1)
def _recorded(snapshot: Snapshot) -> dict[str, list[dict[str, Any]]]:
    """The arguments of every recorded call by tool. Kept, because a snapshot on disk reads its files for them."""
    by_tool: dict[str, list[dict[str, Any]]] = {}
    for tool, arguments in snapshot.calls():
        by_tool.setdefault(tool, []).append(arguments)
    return by_tool
