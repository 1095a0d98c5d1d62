"""Can a task be solved from its request? A proof per golden argument, and a replay of the golden trace.

Enters: a task and its snapshot. Leaves: findings, none if the task is sound. Rules:

- `replay`: every golden call is valid and has a recorded response that is a success;
- `provenance`: every value of every golden argument is stated in the request, or found at the binding's
  pointer in the recorded response to the bound call, or a default of the schema;
- `fact`: every answer fact stands in the response it names;
- `score`: the golden trace scores exactly 1.0.

What a request states is decided by `stated.states`, by surface form alone: a value that only a person could
infer ("next Friday") counts as missing.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .. import pointer
from ..call import NotCanonical, canonical
from ..catalog import Tool
from ..check import check
from ..episode import score_turns
from ..snapshot import Snapshot
from ..stated import states
from ..task import AnswerFact, GoldenCall, Task, oracle_turns


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a task. `call` and `argument` are "" where the rule is not about one."""

    call: str
    argument: str
    rule: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def audit(task: Task, snapshot: Snapshot) -> list[Finding]:
    """Everything wrong with `task` on `snapshot`, by golden call and argument."""
    missing = [
        Finding("", "", "replay", f"offers {name!r}, which snapshot {snapshot.name!r} has not")
        for name in task.tools
        if name not in snapshot.catalog
    ]
    if missing:
        return missing
    responses = {call.id: _response(call, task, snapshot) for call in task.golden}
    findings = [
        finding
        for call in task.golden
        for finding in (*_replay(call, task, snapshot), *_provenance(call, task, snapshot, responses))
    ]
    findings += [finding for fact in task.answer for finding in _fact(fact, responses)]
    total = score_turns(task, oracle_turns(task), snapshot).total
    if total != 1.0:
        findings.append(Finding("", "", "score", f"the golden trace scores {total}, not 1.0"))
    return findings


def _response(call: GoldenCall, task: Task, snapshot: Snapshot) -> Any:
    found = snapshot.lookup(call.tool, call.arguments, task.id)
    return json.loads(found.text) if found is not None else None


def _replay(call: GoldenCall, task: Task, snapshot: Snapshot) -> Iterator[Finding]:
    for violation in check(snapshot.catalog[call.tool], call.arguments):
        yield Finding(
            call.id,
            violation.pointer,
            "replay",
            f"{violation.rule}: expected {violation.expected}, found {violation.found}",
        )
    found = snapshot.lookup(call.tool, call.arguments, task.id)
    if found is None:
        yield Finding(call.id, "", "replay", "no recorded response")
    elif not found.success:
        yield Finding(call.id, "", "replay", f"the recorded response is an error, status {found.status}")


def _provenance(
    call: GoldenCall, task: Task, snapshot: Snapshot, responses: dict[str, Any]
) -> Iterator[Finding]:
    tool = snapshot.catalog[call.tool]
    for name, value in call.arguments.items():
        if _is_default(tool, name, value) or states(task.request, value):
            continue
        for place, leaf in pointer.leaves(value, pointer.join(name)):
            argument = name if place == pointer.join(name) else place
            problem = _supplied(call, argument, place, leaf, responses)
            if problem and not states(task.request, leaf):
                yield Finding(call.id, argument, "provenance", problem)


def _is_default(tool: Tool, name: str, value: Any) -> bool:
    schema = tool.properties.get(name)
    return isinstance(schema, dict) and "default" in schema and _same(schema["default"], value)


def _supplied(
    call: GoldenCall, argument: str, place: str, leaf: Any, responses: dict[str, Any]
) -> str | None:
    """`None` if the argument's binding supplies exactly this value, else what is wrong."""
    shown = json.dumps(leaf, ensure_ascii=False)
    binding = call.bindings.get(argument) or call.bindings.get(place)
    if binding is None:
        return f"{shown} is neither stated in the request, nor bound to a response, nor a default"
    try:
        found = pointer.resolve(responses[binding.call], binding.pointer)
    except LookupError as error:
        return f"{shown} is bound to {binding.call}, whose response has {error}"
    if not _same(found, leaf):
        return f"{shown} is bound to {binding.call}{binding.pointer}, which holds {json.dumps(found)[:80]}"
    return None


def _fact(fact: AnswerFact, responses: dict[str, Any]) -> Iterator[Finding]:
    if fact.call is None or fact.pointer is None:
        return
    try:
        found = pointer.resolve(responses[fact.call], fact.pointer)
    except LookupError as error:
        yield Finding(fact.call, "", "fact", f"{fact.name}: {error}")
        return
    near = isinstance(found, (int, float)) and isinstance(fact.value, (int, float))
    if not (_same(found, fact.value) or (near and abs(found - fact.value) <= fact.tolerance)):
        yield Finding(
            fact.call, "", "fact", f"{fact.name}: expected {fact.value!r}, the response has {found!r}"
        )


def _same(one: Any, other: Any) -> bool:
    try:
        return canonical(one) == canonical(other)
    except NotCanonical:
        return False
