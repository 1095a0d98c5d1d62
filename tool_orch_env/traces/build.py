"""Turn traces into recordings and tasks.

The golden calls of a trace are those that the API answered with success, each once; detours that ended in an error are
left out. Dependencies are found from values. A trace becomes a task only if the audit finds nothing, that is, if every
argument comes from the request, an earlier reply or a default; all others are reported with what is missing.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ..answers.mentions import mentions
from ..errors import ToolOrchError, UsageError
from ..importers.assembly import task_of
from ..importers.draft import UNRECORDED, Draft, Step
from ..jsonvalues import pointer
from ..jsonvalues.canonical import to_text
from ..snapshot import Snapshot
from ..snapshot.catalog import Catalog
from ..snapshot.records import key_of, make_record
from ..synth.audit import audit
from ..synth.findings import Finding
from ..task import Task
from .facts import with_facts
from .pool import Answer, conflicts, pooled
from .tools import Functions, catalog_of, fits
from .trace import Trace
from .understood import understood

_STRANGE = re.compile(r"[^A-Za-z0-9_.:#/+=-]+")
_LONGEST_ID = 120


@dataclass(slots=True)
class Report:
    """What became of the traces.

    `left_out` maps the id of a trace that is no task to what is missing, in sentences. `problems` say what was not
    recorded, `notes` what was changed in the tools' schemas; both with how often. `conflicts` counts the calls with
    different answers.
    """

    traces: int = 0
    tasks: int = 0
    facts: int = 0
    tools: int = 0
    responses: int = 0
    limited: int = 0
    conflicts: int = 0
    left_out: dict[str, list[str]] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Built:
    """A snapshot's content: tools, the answers to keep, and tasks."""

    catalog: Catalog
    answers: list[Answer]
    tasks: list[Task]
    report: Report


def build(name: str, traces: Sequence[Trace], declared: Functions, *, with_tasks: bool = True) -> Built:
    """The recordings and tasks of some traces. `declared` are the tools' schemas. Raises `ImporterError`."""
    report = Report(traces=len(traces))
    known = [_readable(trace, report) for trace in _told_apart(traces)]
    catalog = catalog_of(known, declared, report.notes)
    answers = [answer for trace in known for answer in _answers(trace, catalog, report)]
    tasks = list(_tasks(name, known, catalog, answers, report)) if with_tasks else []
    kept = list(pooled(answers, {task.id for task in tasks}))
    report.conflicts = conflicts(answers)
    report.tasks, report.facts = len(tasks), sum(len(task.answer) for task in tasks)
    report.tools, report.responses = len(catalog), len(kept)
    report.limited = sum(bool(answer.record.task) for answer in kept)
    return Built(catalog, kept, tasks, report)


def _told_apart(traces: Sequence[Trace]) -> Iterator[Trace]:
    """The traces, each with an id of its own, in characters that a journal's keys may have."""
    seen: set[str] = set()
    for trace in traces:
        plain = _STRANGE.sub("_", trace.id)[:_LONGEST_ID] or "trace"
        name, number = plain, 1
        while name in seen:
            number += 1
            name = f"{plain}-{number}"
        seen.add(name)
        yield replace(trace, id=name)


def _readable(trace: Trace, report: Report) -> Trace:
    """The trace without tools that no snapshot can have."""
    for problem in trace.problems:
        report.problems[f"{trace.file}: {problem}"] += 1
    for name in {call.tool for call in trace.calls if not fits(call.tool)}:
        report.problems[
            f"{trace.file}: {name[:80]!r} cannot be the name of a tool; its calls are left out"
        ] += 1
    calls = tuple(call for call in trace.calls if fits(call.tool))
    functions = {name: function for name, function in trace.functions.items() if fits(name)}
    return replace(trace, calls=calls, functions=functions)


def _answers(trace: Trace, catalog: Catalog, report: Report) -> Iterator[Answer]:
    for call in trace.calls:
        if call.result is not UNRECORDED:
            try:
                record = make_record(catalog, call.tool, call.arguments, call.status, call.result)
            except UsageError as error:
                report.problems[f"{trace.file}: {_short(str(error))}"] += 1
            else:
                yield Answer(trace, record, _moment(call.at))


def _tasks(
    name: str, traces: Sequence[Trace], catalog: Catalog, answers: Sequence[Answer], report: Report
) -> Iterator[Task]:
    every = {trace.id for trace in traces}
    records = [answer.record for answer in pooled(answers, every)]
    snapshot = Snapshot.from_records(name, catalog, records)
    replies: dict[str, dict[str, Any]] = {}
    for answer in answers:
        if answer.record.status < 400:
            replies.setdefault(answer.trace.id, {}).setdefault(answer.record.key, answer.record.text)
    first: dict[str, str] = {}
    for trace in traces:
        found = _task(name, trace, catalog, replies.get(trace.id, {}), snapshot)
        if isinstance(found, Task) and found.request in first:
            found = [f"it has the request of {first[found.request]!r}"]
        if isinstance(found, Task):
            first[found.request] = found.id
            yield found
        else:
            report.left_out[trace.id] = found


def _task(
    name: str, trace: Trace, catalog: Catalog, replies: Mapping[str, str], snapshot: Snapshot
) -> Task | list[str]:
    """The task of a trace, or what is missing. `replies` has its successful replies by replay key."""
    if not trace.request:
        return ["it has no request"]
    steps = tuple(_golden(trace, catalog, replies))
    if not steps:
        return ["no call was answered with success"]
    offered = tuple(dict.fromkeys([*trace.functions, *(step.tool for step in steps)]))
    meta = {"source": trace.place, "dependencies": "traced"}
    draft = Draft(trace.place, trace.id, trace.request, offered, steps, meta)
    try:
        task = task_of(name, catalog, draft)
        said = {call.id: found for call in task.golden if (found := understood(task.request, call))}
        task = task.model_copy(update={"meta": {**meta, "understood": said}}) if said else task
        findings = audit(task, snapshot)
        if findings:
            return _missing(findings, task, trace)
        by_call = {call.id: step.response for call, step in zip(task.golden, steps, strict=True)}
        full = with_facts(task, trace.answer, by_call, snapshot)
        return task if full.answer and audit(full, snapshot) else full
    except ValidationError as error:
        return [str(found["msg"]) for found in error.errors()]
    except ToolOrchError as error:
        return [_short(str(error))]


def _golden(trace: Trace, catalog: Catalog, replies: Mapping[str, str]) -> Iterator[Step]:
    """The calls that succeeded, each once, with turns counted from 0."""
    made: set[str] = set()
    turns: dict[int, int] = {}
    for call in trace.calls:
        if call.succeeded:
            key = key_of(catalog[call.tool], call.arguments)
            if key in replies and key not in made:
                made.add(key)
                turn = turns.setdefault(call.turn, len(turns))
                yield Step(call.tool, call.arguments, json.loads(replies[key]), turn)


def _missing(findings: Sequence[Finding], task: Task, trace: Trace) -> list[str]:
    """What the findings say is missing, in sentences. Arguments without a source are listed in one."""
    by_id = {call.id: call for call in task.golden}
    unsupplied: list[str] = []
    others: list[str] = []
    for found in findings:
        call = by_id.get(found.call)
        place = f"{call.tool}{'.' if found.argument else ''}{found.argument.lstrip('/')}" if call else ""
        value = _argument(call.arguments, found.argument) if call else UNRECORDED
        if found.rule == "provenance" and value is not UNRECORDED:
            known = bool(trace.context) and mentions(trace.context, value)
            hint = " (the system message states it: put it into the request)" if known else ""
            unsupplied.append(f"{place} {to_text(value)[:80]}{hint}")
        else:
            others.append(_short(f"{place}: {found.message}" if place else found.message))
    if unsupplied:
        listed = ", ".join(dict.fromkeys(unsupplied))
        others.insert(0, f"neither the request, an earlier reply nor a default supplies {listed}")
    return list(dict.fromkeys(others))


def _argument(arguments: dict[str, Any], name: str) -> Any:
    """An argument by its name, or by a pointer into the arguments; `UNRECORDED` if there is none."""
    try:
        return pointer.resolve(arguments, name if name.startswith("/") else pointer.join(name))
    except (LookupError, ValueError):
        return UNRECORDED


def _moment(text: str) -> str:
    """A time with its zone, as the recorder takes it; "" for any other text."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return text if found.tzinfo is not None else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else f"{text[:300]}…"
