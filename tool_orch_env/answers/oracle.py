"""The golden trace of a task as turns: what a perfect agent would do."""

from ..calls.types import ToolCall, Turn
from ..task import Task
from .submit import golden_fields, submit_name, submits


def oracle_turns(task: Task, answer_form: str = "text") -> list[Turn]:
    """The golden trace, one turn per dependency level, and a final answer that states every fact.

    Under `answer_form="fields"`, a task with facts ends with a call of its `submit_answer` tool.
    """
    turns = [Turn(calls=tuple(call.as_call() for call in layer)) for layer in task.layers]
    return [*turns, oracle_ending(task, answer_form)]


def oracle_ending(task: Task, answer_form: str = "text") -> Turn:
    """The last turn of the golden trace: the final answer in the given form."""
    if submits(task, answer_form):
        return Turn(calls=(ToolCall(submit_name(task), golden_fields(task), "answer"),))
    return Turn(answer=oracle_answer(task))


def oracle_answer(task: Task) -> str:
    """An answer that states every fact of the task and nothing else."""
    stated = [f"{fact.name.replace('_', ' ')}: {spoken(fact.value)}" for fact in task.answer]
    return "; ".join(stated) + "." if stated else "Done."


def spoken(value: object) -> str:
    """A value as it is written in an answer: booleans as yes or no, anything else by `str`."""
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
