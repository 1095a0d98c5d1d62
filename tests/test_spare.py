"""Spare items of the bundled tasks: without them a golden trace succeeds, without one more item it does not."""

from typing import Any

import pytest

import tool_orch_env as toe
from tool_orch_env.calls.types import ToolCall, Turn
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task

SPLITS = ("test", "hard", "train")


def tasks(split: str) -> list[Task]:
    return [task for task in Snapshot.open("travel").tasks(split) if task.meta.get("spare")]


def listed(arguments: dict[str, Any]) -> str:
    """The parameter with the list."""
    (name,) = (name for name, value in arguments.items() if isinstance(value, list))
    return name


def without(task: Task, left_out: dict[str, set[int]]) -> list[Turn]:
    """The golden trace, its calls without the items at some positions."""

    def shortened(call: ToolCall) -> ToolCall:
        if not left_out.get(call.id or ""):
            return call
        name = listed(call.arguments)
        kept = [one for at, one in enumerate(call.arguments[name]) if at not in left_out[call.id or ""]]
        return ToolCall(call.name, {**call.arguments, name: kept}, call.id)

    return [Turn(tuple(map(shortened, turn.calls)), turn.answer) for turn in toe.oracle_turns(task)]


@pytest.mark.parametrize("split", SPLITS)
def test_a_trace_without_the_spare_items_succeeds(split: str) -> None:
    found = tasks(split)
    assert found
    for task in found:
        spare = {name: set(positions) for name, positions in task.meta["spare"].items()}
        score = toe.score_turns(task, without(task, spare), Snapshot.open("travel"))
        assert score.success, (task.id, score)


@pytest.mark.parametrize("split", SPLITS)
def test_a_trace_without_one_more_item_does_not(split: str) -> None:
    for task in tasks(split):
        by_id = {call.id: call for call in task.golden}
        for name, positions in task.meta["spare"].items():
            items = by_id[name].arguments[listed(by_id[name].arguments)]
            needed = [at for at in range(len(items)) if at not in positions]
            assert needed, task.id
            if len(needed) > 1:
                score = toe.score_turns(
                    task, without(task, {name: {*positions, needed[0]}}), Snapshot.open("travel")
                )
                assert not score.success, (task.id, name)
