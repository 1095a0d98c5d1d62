"""Tasks as text for a reader: request, golden trace and facts, with the source of each bound value."""

from collections.abc import Sequence

from ..jsonvalues.canonical import to_text
from ..task import GoldenCall, Task
from .sample import generator


def drawn(tasks: Sequence[Task], n: int, seed: int) -> list[Task]:
    """`n` random synthesised tasks in their order, or all if there are fewer; the same ones for the same seed."""
    made = [task for task in tasks if "generator" in task.meta]
    chosen = generator(seed, "show").choice(len(made), min(n, len(made)), replace=False)
    return [made[at] for at in sorted(chosen.tolist())]


def told(task: Task) -> str:
    """A task in several lines: id and request, then one line per golden call, pick, comparison and fact."""
    facts = [f"  = {fact.name}: {to_text(fact.value)} ({fact.call}{fact.pointer})" for fact in task.answer]
    picks = [
        f"  ? {pick['call']}{pick['list']}/{pick['item']}: {to_text(pick['criterion'])}"
        for pick in task.meta.get("picks", ())
    ]
    compared = [f"  ? {to_text(one)}" for one in task.meta.get("compared", ())]
    return "\n".join([f"{task.id}: {task.request}", *map(_call, task.golden), *picks, *compared, *facts])


def _call(call: GoldenCall) -> str:
    said = [
        f"{name}={to_text(value)}" + (f" <- {bound.call}{bound.pointer}" if bound else "")
        for name, value in call.arguments.items()
        for bound in (call.bindings.get(name),)
    ]
    parts = [
        f"{place} <- {bound.call}{bound.pointer}" for place, bound in call.bindings.items() if place[0] == "/"
    ]
    waits = f"  [after {', '.join(call.needs)}]" if call.needs else ""
    return f"  {call.id} {call.tool}({', '.join([*said, *parts])}){waits}"
