"""Checking that a task can be solved from its request.

The audit traces every golden argument to its source and replays the golden trace. It returns findings, none if the task
is sound. Rules:

- `replay`: every golden call is valid and has a recorded response that is a success;
- `provenance`: every value of every golden argument is stated in the request, or is at the binding's pointer in the
  recorded response to the bound call, or is a default of the schema;
- `fact`: every answer fact is in the response it names, and not already in the request;
- `given`: the request does not state a value that a binding supplies (except whole numbers below 100 and values that
  the schema lists, which coincide by chance);
- `ambiguity`: the criterion of a picked element (`meta["picks"]`) chooses that element and no other, and of two
  compared responses (`meta["compared"]`) the bound one wins;
- `superfluous`: no golden call only supplies values that other golden calls, made no later, supply as well, outside
  lists or in an element that the task chooses anyway (calls that a decision reads, `meta["reads"]`, are exempt);
- `score`: the golden trace scores exactly 1.0, and so does every other plan (`meta["plans"]`).

An argument listed in `meta["understood"]` is one that the request states in other words ("Newark" for EWR); it needs no
other source. The rules in `rules` are checked if they are asked for.

`mentions.mentions` decides what a request states, by surface form: any other value that only a person could infer
("next Friday") counts as missing.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ..answers.mentions import mentions
from ..answers.oracle import oracle_answer, oracle_turns
from ..answers.text import folded
from ..calls.validate import validate
from ..episode import score_turns
from ..executors.base import Work
from ..jsonvalues import pointer
from ..jsonvalues.canonical import NotCanonical, canonical
from ..jsonvalues.scalars import form, small
from ..language.criteria import Criterion, select
from ..reward.alternatives import Alternatives, Need
from ..snapshot import Snapshot
from ..snapshot.catalog import Tool
from ..task import AnswerFact, GoldenCall, Task
from .findings import Finding as Finding
from .plans import plan_turns
from .rules import RULES, Checked


def audit(task: Task, snapshot: Snapshot, rules: Sequence[str] = ()) -> list[Finding]:
    """The problems of `task` on `snapshot`; an empty list if it is sound. `rules` are further rules, of `RULES`.

    A task that offers an unknown tool gets no other findings. The rules from `given` to `superfluous` are checked only
    if the others before them find nothing.
    """
    missing = [
        Finding("", "", "replay", f"offers {name!r}, which is not a tool of snapshot {snapshot.name!r}")
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
    findings += [finding for fact in task.answer for finding in _fact(fact, task, responses)]
    if not findings:  # the rest presupposes responses that are as they should be
        findings += [
            *_given(task, snapshot),
            *_ambiguous(task, responses),
            *_miscompared(task, responses),
            *_superfluous(task, snapshot, responses),
        ]
    findings += _scores(task, snapshot)
    if all(response is not None for response in responses.values()):
        checked = Checked(task, snapshot, responses)
        findings += [finding for name in rules for finding in RULES[name](checked)]
    return findings


def auditor(snapshot: Snapshot, rules: Sequence[str] = ()) -> Work[Task, list[Finding]]:
    """The work of one executor worker: audit a batch of tasks."""
    return lambda tasks: [audit(task, snapshot, rules) for task in tasks]


def _scores(task: Task, snapshot: Snapshot) -> Iterator[Finding]:
    """The golden trace, or another plan that the task lists, scores less than 1.0."""
    total = score_turns(task, oracle_turns(task), snapshot).total
    if total != 1.0:
        yield Finding("", "", "score", f"the golden trace scores {total}, not 1.0")
    for plan in task.meta.get("plans", ()):
        total = score_turns(task, plan_turns(plan, oracle_answer(task)), snapshot).total
        if total != 1.0:
            yield Finding("", "", "score", f"the plan {plan.get('says', '')!r} scores {total}, not 1.0")


def _response(call: GoldenCall, task: Task, snapshot: Snapshot) -> Any:
    found = snapshot.lookup(call.tool, call.arguments, task.id)
    return json.loads(found.text) if found is not None else None


def _replay(call: GoldenCall, task: Task, snapshot: Snapshot) -> Iterator[Finding]:
    for violation in validate(snapshot.catalog[call.tool], call.arguments):
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
    understood = task.meta.get("understood", {}).get(call.id, ())
    for name, value in call.arguments.items():
        if _is_default(tool, name, value) or name in understood or mentions(task.request, value):
            continue
        for place, leaf in pointer.leaves(value, pointer.join(name)):
            argument = name if place == pointer.join(name) else place
            problem = _supplied(call, argument, place, leaf, responses)
            if problem and not mentions(task.request, leaf):
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


def _given_away(fact: AnswerFact, task: Task) -> bool:
    """Whether the request holds the fact: neither as part of a longer name, nor as one of several to choose from."""
    if isinstance(fact.value, bool) or small(fact.value):
        return False
    text, value = folded(task.request), folded(str(fact.value))
    named: dict[tuple[str, str], set[str]] = {}
    for call in task.golden:
        for name, given in call.arguments.items():
            if isinstance(given, str):
                named.setdefault((call.tool, name), set()).add(folded(given))
    if any(value in names and len(names) > 1 for names in named.values()):
        return False
    for longer in sorted(
        (n for names in named.values() for n in names if value in n and n != value), key=len, reverse=True
    ):
        text = text.replace(longer, " ")
    return mentions(text, fact.value)


def _fact(fact: AnswerFact, task: Task, responses: dict[str, Any]) -> Iterator[Finding]:
    if _given_away(fact, task):
        yield Finding(fact.call or "", "", "fact", f"{fact.name}: {fact.value!r} is already in the request")
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
            fact.call, "", "fact", f"{fact.name}: expected {fact.value!r}, found {found!r} in the response"
        )


def _given(task: Task, snapshot: Snapshot) -> Iterator[Finding]:
    for call in task.golden:
        for name in call.bindings:
            value = call.arguments.get(name)
            listed = (
                schema.get("enum", ()) if isinstance(schema := _schema(call, name, snapshot), dict) else ()
            )
            if form(value) is None or small(value) or value in listed or not mentions(task.request, value):
                continue
            message = (
                f"{json.dumps(value, ensure_ascii=False)} is bound to a response, but the request states it"
            )
            yield Finding(call.id, name, "given", message)


def _schema(call: GoldenCall, name: str, snapshot: Snapshot) -> Any:
    return snapshot.catalog[call.tool].properties.get(name)


def _ambiguous(task: Task, responses: dict[str, Any]) -> Iterator[Finding]:
    for pick in task.meta.get("picks", ()):
        place = f"{pick['list']}/{pick['item']}"
        try:
            items = pointer.resolve(responses[pick["call"]], pick["list"])
            found = select(Criterion(**pick["criterion"]), items)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            yield Finding(
                pick["call"], "", "ambiguity", f"{place}: the criterion cannot be evaluated: {error}"
            )
            continue
        if found != [pick["item"]]:
            told = json.dumps(pick["criterion"], ensure_ascii=False)
            yield Finding(pick["call"], "", "ambiguity", f"{place}: {told} picks the elements {found}")


def _miscompared(task: Task, responses: dict[str, Any]) -> Iterator[Finding]:
    """Comparisons that come out otherwise, or whose outcome no call waits for."""
    by_id = {call.id: call for call in task.golden}
    for one in task.meta.get("compared", ()):
        try:
            waiting = by_id[one["call"]] if "call" in one else None
            winner, loser = (
                pointer.resolve(responses[one[who]], one["pointer"]) for who in ("winner", "loser")
            )
            wins = winner > loser if one["choose"] == "max" else winner < loser
            taken = (
                (binding.call for binding in waiting.bindings.values())
                if waiting
                else (f.call for f in task.answer)
            )
            takes = one["winner"] in set(taken) and (waiting is None or one["loser"] in waiting.needs)
        except (LookupError, TypeError) as error:
            yield Finding("", "", "ambiguity", f"a comparison cannot be evaluated: {error!r}")
            continue
        if not wins or not takes:
            message = (
                f"{one['winner']} compared with {one['loser']}: {winner} and {loser} at {one['pointer']}"
            )
            yield Finding(waiting.id if waiting else "", "", "ambiguity", message)


def _superfluous(task: Task, snapshot: Snapshot, responses: dict[str, Any]) -> Iterator[Finding]:
    """Golden calls all of whose needs stand in replies to golden calls that do not wait for them."""
    ways = Alternatives(task, snapshot.catalog)
    decides = {str(one) for one in task.meta.get("reads", ())}
    used = _used(task)
    met = {
        call.id: set(ways.met_by(call.tool, call.arguments, _chosen(responses[call.id], "", used[call.id])))
        for call in task.golden
    }
    after = _after(task)
    for call in task.golden:
        others = [one.id for one in task.golden if one.id != call.id and one.id not in after[call.id]]
        needs = ways.of[call.id]
        met_elsewhere = [
            any(at in met[other] and _in_time(other, ways.needs[at], after) for other in others)
            for at in needs
        ]
        if needs and all(met_elsewhere) and call.id not in decides:
            yield Finding(
                call.id, "", "superfluous", "other golden calls supply everything that this one is needed for"
            )


def _used(task: Task) -> dict[str, list[str]]:
    """The pointers that bindings and facts take from each golden call."""
    used: dict[str, list[str]] = {call.id: [] for call in task.golden}
    for call in task.golden:
        for binding in call.bindings.values():
            used[binding.call].append(binding.pointer)
    for fact in task.answer:
        if fact.call is not None and fact.pointer is not None:
            used[fact.call].append(fact.pointer)
    return used


def _chosen(value: Any, place: str, used: list[str]) -> Any:
    """A response without the elements of longer lists that the task never chooses: to take a value from one of
    those, one must know which, and that is what the other call tells."""
    if isinstance(value, dict):
        return {name: _chosen(item, place + pointer.join(name), used) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    return [
        _chosen(item, f"{place}/{index}", used)
        for index, item in enumerate(value)
        if len(value) == 1 or any(f"{one}/".startswith(f"{place}/{index}/") for one in used)
    ]


def _in_time(other: str, need: Need, after: dict[str, set[str]]) -> bool:
    """Whether a call's reply can be there when the need arises."""
    return not need.consumer or (other != need.consumer and other not in after[need.consumer])


def _after(task: Task) -> dict[str, set[str]]:
    """For each golden call, those that wait for it, directly or not."""
    after: dict[str, set[str]] = {call.id: set() for call in task.golden}
    for layer in reversed(task.layers):
        for call in layer:
            for needed in call.needs:
                after[needed] |= {call.id} | after[call.id]
    return after


def _same(one: Any, other: Any) -> bool:
    try:
        return canonical(one) == canonical(other)
    except NotCanonical:
        return False
