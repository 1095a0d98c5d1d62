"""Classify the errors of a finished episode: counts by kind, and the state of each golden call.

Works the same for every protocol. Tool calls are matched to golden calls as the score does it
(`reward/assignment.py`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..calls.types import AnsweredCall, Status
from ..jsonvalues.canonical import encode
from ..reward.assignment import Assignment
from ..reward.credit import CompiledCall
from ..snapshot.catalog import Tool
from ..task import GoldenCall
from ..taskset import CompiledTask

KINDS: Mapping[str, str] = {
    "wrong_tool": "a tool that is not offered, or that no golden call uses",
    "missing_call": "a golden call that no call was matched to",
    "wrong_parameter": "an extra or a missing parameter",
    "wrong_type": "a value that violates the schema",
    "wrong_value_request": "a value other than the one stated in the request",
    "wrong_value_binding": "a value other than the one in an earlier response",
    "wrong_value_default": "a value other than the schema's default",
    "order": "a correct call made before its prerequisites were answered",
    "surplus_call": "an extra call of a tool that the golden trace uses",
    "miss": "a surplus call that is valid but not recorded",
    "unparsable": "a call that could not be parsed",
}
STATES: Mapping[str, str] = {
    "exact": "correct, in order",
    "order": "correct, too early",
    "inexact": "attempted, not correct",
    "missing": "never attempted",
    "optional": "optional, not scored",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Counts by kind (nonzero ones, in the order of `KINDS`), states by golden call, and the number of wasted calls."""

    errors: dict[str, int]
    golden: dict[str, str]
    wasted: int


def diagnose(compiled: CompiledTask, turns: Sequence[Sequence[AnsweredCall]]) -> Diagnosis:
    """The diagnosis of a whole episode."""
    trace = compiled.trace
    emitted = [(number, call) for number, calls in enumerate(turns) for call in calls]
    paired, left_over = _assigned(compiled, emitted)
    found: Counter[str] = Counter(_left_over_kind(compiled, call) for call in left_over)
    exact_in = {g: emitted[row][0] for g, row in paired.items() if _is_exact(compiled, emitted[row][1], g)}
    states = dict.fromkeys((golden.id for golden in trace.optional), "optional")
    by_id = {call.id: call for call in compiled.task.golden}
    for golden in trace.golden:
        state = "missing"
        if golden.index in exact_in:
            early = any(exact_in.get(n, -1) >= exact_in[golden.index] for n in golden.needs)
            state = "order" if early else "exact"
            found["order"] += early
        elif golden.index in paired:
            state = "inexact"
            call = emitted[paired[golden.index]][1]
            found.update(_differences(call, golden, by_id[golden.id], compiled.tools[golden.tool]))
        found["missing_call"] += state == "missing"
        states[golden.id] = state
    order = [call.id for call in compiled.task.golden]
    return Diagnosis(
        {kind: found[kind] for kind in KINDS if found[kind]},
        {name: states[name] for name in order},
        len(left_over),
    )


def _assigned(
    compiled: CompiledTask, emitted: Sequence[tuple[int, AnsweredCall]]
) -> tuple[dict[int, int], list[AnsweredCall]]:
    """Golden index -> row of `emitted`, and the calls that were matched to no golden call."""
    trace = compiled.trace
    assignments = {tool: Assignment(len(group)) for tool, group in trace.by_tool.items()}
    optional = [golden.key for golden in trace.optional]
    free = set()
    for row, (_, call) in enumerate(emitted):
        group = trace.by_tool.get(call.call.name) if call.call and call.key else None
        credits = trace.credits(call, group) if group else ()
        if call.key in optional and 1.0 not in credits:
            optional.remove(call.key)
            free.add(row)
        elif group and call.call:
            assignments[call.call.name].add(row, credits)
    paired = {
        group[column]: row
        for tool, group in trace.by_tool.items()
        for column, row in assignments[tool].rows()
    }
    taken = free | set(paired.values())
    return paired, [call for row, (_, call) in enumerate(emitted) if row not in taken]


def _is_exact(compiled: CompiledTask, call: AnsweredCall, golden: int) -> bool:
    group = compiled.trace.by_tool[compiled.trace.golden[golden].tool]
    return compiled.trace.credits(call, group)[group.index(golden)] == 1.0


def _left_over_kind(compiled: CompiledTask, call: AnsweredCall) -> str:
    if call.call is None or call.result.status is Status.UNPARSABLE:
        return "unparsable"
    if call.call.name not in compiled.trace.by_tool:
        submission = call.call.name not in compiled.tools and call.result.status is Status.INVALID_ARGUMENTS
        return "wrong_type" if submission else "wrong_tool"
    return "miss" if call.result.status is Status.NOT_RECORDED else "surplus_call"


def _differences(call: AnsweredCall, golden: CompiledCall, wanted: GoldenCall, tool: Tool) -> Iterator[str]:
    """One kind of error for each parameter in which a call differs from its golden call."""
    emitted = {name: encode(value) for name, value in (call.arguments or {}).items()}
    refused = {v.pointer.split("/")[1] for v in call.result.violations if v.pointer and v.rule != "required"}
    properties = tool.spec.parameters.get("properties", {})
    bound = {name.lstrip("/").split("/")[0] for name in wanted.bindings}
    for name in sorted(emitted.keys() | golden.values.keys()):
        if emitted.get(name) == golden.values.get(name):
            continue
        if name not in golden.values:
            has_default = isinstance(properties.get(name), dict) and "default" in properties[name]
            yield "wrong_value_default" if has_default else "wrong_parameter"
        elif name not in emitted:
            yield "wrong_parameter"
        elif name in refused:
            yield "wrong_type"
        else:
            yield "wrong_value_binding" if name in bound else "wrong_value_request"
