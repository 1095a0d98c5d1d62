"""The rule `purpose`: no call without a use, and no chains that have nothing to do with each other."""

from collections.abc import Iterator
from typing import Any

from ...jsonvalues import pointer
from ...jsonvalues.scalars import form, small
from ...task import GoldenCall
from ..findings import Finding
from .checked import Checked


def purpose(checked: Checked) -> Iterator[Finding]:
    """Golden calls that nothing uses, and groups of calls that share nothing with the others."""
    task = checked.task
    used = _used(checked)
    for call in task.golden:
        if task.answer and not call.optional and call.id not in used:
            message = "no later call, decision or ask uses its reply"
            yield Finding(call.id, "", "purpose", message)
    first, *others = groups(checked)
    for group in others:
        message = f"{', '.join(group)} share no value, entity or tool with {', '.join(first)}"
        yield Finding(group[0], "", "purpose", message)


def _used(checked: Checked) -> set[str]:
    """The calls whose replies a call waits for, a fact comes from, or a decision reads."""
    task = checked.task
    used = {needed for call in task.golden for needed in call.needs}
    used |= {fact.call for fact in task.answer if fact.call is not None}
    return used | task.decisions


def groups(checked: Checked) -> list[list[str]]:
    """The calls in groups that share something, the largest first."""
    task = checked.task
    links: list[set[str]] = [{call.id, *call.needs} for call in task.golden]
    links.append({str(one) for one in task.meta.get("reads", ())})
    links += [{str(one.get("winner")), str(one.get("loser"))} for one in task.meta.get("compared", ())]
    links += [{place["call"] for place in one["among"]} for one in task.meta.get("choices", ())]
    shared: dict[Any, set[str]] = {}
    for call in task.golden:
        for mark in (call.tool, *_stated(call, checked)):
            shared.setdefault(mark, set()).add(call.id)
    found: list[set[str]] = []
    for link in (*links, *shared.values()):
        link &= checked.calls.keys()
        apart = [group for group in found if not group & link]
        if link:
            found = [*apart, link.union(*(group for group in found if group & link))]
    order = [call.id for call in task.golden]
    return sorted((sorted(group, key=order.index) for group in found), key=lambda one: (-len(one), one))


def _stated(call: GoldenCall, checked: Checked) -> Iterator[tuple[str, str]]:
    """What the request says in this call: values that single something out."""
    properties = checked.snapshot.catalog[call.tool].properties
    for name, argument in call.arguments.items():
        schema = properties.get(name)
        common = schema.get("default") if isinstance(schema, dict) else None
        for _, value in pointer.leaves(argument):
            text = form(value)
            if text is not None and value != common and not small(value):
                yield "value", text.casefold()
