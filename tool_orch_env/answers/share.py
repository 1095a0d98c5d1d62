"""F, the share of a task's facts that the final answer states, discounted if the answer lists many other values.

F = (stated facts / facts) x fair / max(fair, listed), in [0, 1]. `listed` is the number of distinct value-like words in
the answer (with a digit, or capitalised) that are not in the request. `fair` is three times the number of words in the
facts, plus ten: enough for sentences, names and units, but not for reciting every response in the hope that the right
value is among them.
"""

from ..task import Task
from .stated import folded, states, values


def answer_share(task: Task, answer: str) -> float:
    """F of `answer` for the facts of `task`; 1.0 if the task has no facts."""
    if not task.answer:
        return 1.0
    stated = sum(states(answer, fact.value, fact.tolerance) for fact in task.answer)
    if not stated:
        return 0.0
    listed = len(values(answer) - values(task.request))
    fair = 3 * sum(len(folded(str(fact.value)).split()) for fact in task.answer) + 10
    return stated / len(task.answer) * (fair / max(fair, listed))
