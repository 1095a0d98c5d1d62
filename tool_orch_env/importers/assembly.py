"""Turn drafts into a snapshot with tasks: schemas repaired, dependencies traced, responses pooled.

It knows nothing about how rows look in a file. The same drafts give the same bytes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ..errors import ImporterError, SnapshotError, UsageError
from ..jsonvalues.canonical import NotCanonical, to_text
from ..snapshot import Snapshot
from ..snapshot.catalog import Catalog
from ..snapshot.records import Record
from ..task import Binding, GoldenCall, Task
from .draft import UNRECORDED, Draft, Format
from .recordings import Recording, pooled
from .schemas import tool_entry
from .tracing import Flows, Observed, trace

REMEDY = "correct the row, or leave it out"
LICENCE = "Apache-2.0"

Declared = Mapping[str, dict[str, Any]]


def assemble(
    form: Format,
    drafts: Sequence[Draft],
    beside: Declared,
    version: str,
    sources: Sequence[Mapping[str, str]],
) -> Snapshot:
    """The snapshot of these drafts, with all tasks in one split. Raises `ImporterError` listing every bad row."""
    notes: Counter[str] = Counter()
    catalog = _catalog(form, drafts, beside, notes)
    records = _records(catalog, drafts, notes)
    tasks = _tasks(form, catalog, drafts)
    return Snapshot.from_records(
        form.name,
        catalog,
        records,
        splits={form.split: tasks},
        version=version,
        licence=LICENCE,
        sources=list(sources),
        captured="unknown",
        verified=any(source["verified"] == "yes" for source in sources),
        notes=[text if count == 1 else f"{text} ({count} times)" for text, count in notes.items()],
    )


def _catalog(form: Format, drafts: Sequence[Draft], beside: Declared, notes: Counter[str]) -> Catalog:
    """The catalog of every tool that is offered, called or declared, sorted by name."""
    declared: dict[str, list[dict[str, Any]]] = {name: [schema] for name, schema in beside.items()}
    calls: dict[str, list[dict[str, Any]]] = {}
    for draft in drafts:
        for name, schema in draft.functions.items():
            # a row's own tool schemas take precedence over the schema file
            known = declared.setdefault(name, [])
            declared[name] = [s for s in known if s is not beside.get(name)] + [schema]
        for name in draft.tools:
            calls.setdefault(name, [])
        for step in draft.steps:
            calls.setdefault(step.tool, []).append(step.arguments)
    names = sorted(set(declared) | set(calls))
    try:
        entries = [tool_entry(name, declared.get(name, ()), calls.get(name, ()), notes) for name in names]
        return Catalog.parse({"tools": entries}, f"{form.name}: tool schemas")
    except SnapshotError as error:
        raise ImporterError(error.problems, "correct the tool schemas of the file") from error
    except NotCanonical as error:
        raise ImporterError(
            f"{form.name}: tool schemas: {error}", "correct the tool schemas of the file"
        ) from error


def _records(catalog: Catalog, drafts: Sequence[Draft], notes: Counter[str]) -> list[Record]:
    recordings = (
        Recording(draft.id, step.tool, step.arguments, step.response)
        for draft in drafts
        for step in draft.steps
        if step.response is not UNRECORDED
    )
    try:
        return pooled(catalog, recordings, notes)
    except UsageError as error:
        raise ImporterError(str(error), REMEDY) from error


def _tasks(form: Format, catalog: Catalog, drafts: Sequence[Draft]) -> list[Task]:
    tasks, problems = [], []
    for draft in drafts:
        try:
            tasks.append(task_of(form.name, catalog, draft))
        except ValidationError as error:
            problems += [f"{draft.place}: {found['msg']}" for found in error.errors()]
    if problems:
        raise ImporterError(problems, REMEDY)
    return tasks


def task_of(snapshot: str, catalog: Catalog, draft: Draft) -> Task:
    """The task of a draft, its calls `c0`, `c1` and so on. Raises `ValidationError`."""
    flows = _flows(catalog, draft)
    golden = tuple(
        GoldenCall(
            id=f"c{position}",
            tool=step.tool,
            arguments=step.arguments,
            needs=tuple(f"c{n}" for n in (flow.needs if step.needs is None else step.needs)),
            bindings={
                argument: Binding(call=f"c{call}", pointer=place)
                for argument, (call, place) in flow.bindings.items()
            },
        )
        for position, (step, flow) in enumerate(zip(draft.steps, flows, strict=True))
    )
    return Task(
        id=draft.id,
        snapshot=snapshot,
        request=draft.request,
        tools=draft.tools,
        golden=golden,
        meta=draft.meta,
    )


def _flows(catalog: Catalog, draft: Draft) -> list[Flows]:
    """The flows of a draft. Nothing can be traced without turns or responses."""
    observed = [
        Observed(step.arguments, step.response, step.turn or 0, dict(_documentation(catalog, step.tool)))
        for step in draft.steps
    ]
    declares = [step.needs for step in draft.steps if step.needs is not None]
    return trace(draft.request, observed, declares if len(declares) == len(observed) else None)


def _documentation(catalog: Catalog, tool: str) -> Iterator[tuple[str, str]]:
    for name, schema in catalog[tool].properties.items():
        yield name, to_text(schema)
