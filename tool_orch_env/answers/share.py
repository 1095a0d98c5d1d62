"""The share of answer facts that a final answer states, discounted where it lists many values beside them.

Enters: a task with facts and the answer's text. Leaves: F in [0, 1].

F = (stated facts / facts) x fair / max(fair, listed). `listed` counts the distinct value-like words of the
answer (with a digit, or capitalised) that the request does not hold. `fair` is three times as many as the
facts themselves need, and ten more: room for sentences, names and units, not for reciting every reply in
the hope that the right value is among them.
"""

from ..task import Task
from .stated import folded, states, values


def answer_share(task: Task, answer: str) -> float:
    """F of `answer` under the facts of `task`; 1.0 if the task asks for none."""
    if not task.answer:
        return 1.0
    stated = sum(states(answer, fact.value, fact.tolerance) for fact in task.answer)
    if not stated:
        return 0.0
    listed = len(values(answer) - values(task.request))
    fair = 3 * sum(len(folded(str(fact.value)).split()) for fact in task.answer) + 10
    return stated / len(task.answer) * (fair / max(fair, listed))
