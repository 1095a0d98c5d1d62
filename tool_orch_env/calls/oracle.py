"""The golden trace of a task as turns: what a perfect agent would do."""

from ..task import Task
from .types import Turn


def oracle_turns(task: Task) -> list[Turn]:
    """The golden trace, one turn per dependency level, and a final answer that states every fact."""
    turns = [Turn(calls=tuple(call.as_call() for call in layer)) for layer in task.layers]
    return [*turns, Turn(answer=oracle_answer(task))]


def oracle_answer(task: Task) -> str:
    """An answer that states every fact of the task and nothing else."""
    stated = [f"{fact.name.replace('_', ' ')}: {spoken(fact.value)}" for fact in task.answer]
    return "; ".join(stated) + "." if stated else "Done."


def spoken(value: str | bool | int | float) -> str:
    """A value as it is written in an answer: booleans as yes or no, anything else by `str`."""
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
