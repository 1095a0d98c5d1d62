"""Other plans that a task lists, as turns."""

from collections.abc import Mapping
from typing import Any

from ..calls.types import ToolCall, Turn


def plan_turns(plan: Mapping[str, Any], answer: str) -> list[Turn]:
    """The turns of another plan as a task's `meta` lists it, ended by an answer."""
    turns = [
        Turn(calls=tuple(ToolCall(call["tool"], dict(call["arguments"])) for call in turn))
        for turn in plan["turns"]
    ]
    return [*turns, Turn(answer=answer)]
