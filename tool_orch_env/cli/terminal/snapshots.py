"""`tool-orch snapshot` and `record`: what a snapshot holds, differences, the progress of a recording."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.progress import TaskID

from ...jsonvalues.canonical import to_text
from ...snapshot import Snapshot
from ...snapshot.stats import Difference, ToolStats
from .console import console, escape, line, progress_bar, share, shortened, table

if TYPE_CHECKING:
    from ...record.estimate import Estimate
    from ...record.gaps import Gap
    from ...record.spec import Spec


def snapshot(opened: Snapshot) -> None:
    """Tools with their responses, tasks by split, licence and sources."""
    title = f"{opened.name} {opened.manifest.get('version', '')}: {len(opened)} responses"
    shown = table(title, "tool", "domain", ">responses", ">errors", ">mean KB", "description")
    description = shown.columns[-1]
    description.no_wrap, description.overflow, description.ratio, shown.expand = True, "ellipsis", 1, True
    found = {name: ToolStats() for name in opened.catalog}
    for record in opened.records():
        found[record.tool].take(record)
    for name, some in found.items():
        spec = opened.catalog[name].spec
        mean = f"{some.bytes / some.responses / 1024:.1f}" if some.responses else "-"
        row = (name, spec.domain, str(some.responses), str(some.errors), mean, spec.description)
        shown.add_row(*map(escape, row))
    console.print(shown)
    line("tasks: " + (", ".join(f"{split} {len(opened.tasks(split))}" for split in opened.splits) or "none"))
    line(f"licence: {opened.manifest.get('licence', 'not stated')}")
    line(f"captured: {opened.manifest.get('captured', 'not stated')}")
    _sources(opened.manifest.get("sources", ()))


def _sources(sources: Sequence[Mapping[str, Any]]) -> None:
    if sources:
        line("sources:")
    for source in sources:
        values = [
            f"{name}: {value}" if value in ("yes", "no") else str(value) for name, value in source.items()
        ]
        console.print(Padding(escape(", ".join(values)), (0, 0, 0, 2)))


def tool_stats(title: str, found: Mapping[str, ToolStats]) -> None:
    """Counts by tool, and their sums. "golden" is how many of the tasks' golden calls are recorded."""
    columns = (">responses", ">errors", ">empty", ">KB", ">max KB", ">golden", ">hits")
    shown = table(title, "tool", *columns)
    for tool, some in [*found.items(), ("all", _sum(found))]:
        shown.add_row(
            escape(tool),
            str(some.responses),
            str(some.errors),
            share(some.empty, some.responses - some.errors),
            f"{some.bytes / 1024:.1f}",
            f"{some.largest / 1024:.1f}",
            f"{some.recorded}/{some.golden}",
            share(some.hits, some.hits + some.misses),
        )
    console.print(shown)


def _sum(found: Mapping[str, ToolStats]) -> ToolStats:
    total = ToolStats()
    for some in found.values():
        for field in ToolStats.__dataclass_fields__:
            combine = max if field == "largest" else int.__add__
            setattr(total, field, combine(getattr(total, field), getattr(some, field)))
    return total


def difference(found: Difference, limit: int = 20) -> None:
    """Tools and calls that differ; at most `limit` calls of each kind are listed."""
    for text in _differing(found, limit):
        line(text)
    line(
        f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed, "
        f"{found.same} unchanged"
    )


def _differing(found: Difference, limit: int) -> Iterator[str]:
    for sign, names in (("+", found.tools_added), ("-", found.tools_removed), ("~", found.tools_changed)):
        yield from (f"{sign} tool {name}" for name in names)
    for sign, records in (("+", found.added), ("-", found.removed), ("~", found.changed)):
        for record in records[:limit]:
            yield f"{sign} {record.key} {record.tool} {shortened(to_text(record.arguments), 80)}"
        if len(records) > limit:
            yield f"{sign} ... and {len(records) - limit} more"


def not_recorded(groups: Sequence[tuple[str, str, int, str]]) -> None:
    """Calls that could not be recorded, by tool and reason."""
    shown = table("Not recorded", "tool", "reason", ">calls", "first arguments")
    for tool, why, calls, first in groups:
        shown.add_row(escape(tool), escape(why), str(calls), escape(shortened(first, 80)))
    if groups:
        console.print(shown)


def gaps(found: Sequence["Gap"], uncalled: Sequence[str]) -> None:
    """What a recording leaves open, the plan lines that close it, and the tools that the plan does not call."""
    shown = table("Not planned", "tool", ">invited", ">missing", "first missing", "plan line that closes it")
    for gap in found:
        numbers = (f"{gap.invited:,}", f"{gap.missing:,}")
        shown.add_row(escape(gap.tool), *numbers, escape(shortened(gap.first, 60)), escape(gap.line))
    if found:
        console.print(shown)
    else:
        line("coverage: the plan makes every call that schemas, replies and declared sources invite")
    if uncalled:
        line(
            f"coverage: the plan never calls {', '.join(uncalled)}; plan their calls, or declare their `sources`"
        )


def tools_of(spec: "Spec") -> None:
    """The tools of a spec, the operations of its document that are none, and what could not be kept."""
    shown = table("Tools", "tool", "operation or URL", "calls")
    for name, endpoint in spec.endpoints.items():
        draft = spec.document.tools.get(name) if spec.document else None
        what = draft.operation if draft else f"{endpoint.method} {endpoint.url}"
        shown.add_row(
            escape(name), escape(what), "" if endpoint.safe else "by name only: not in openapi.safe"
        )
    console.print(shown)
    if spec.document is None:
        return
    skipped = table(f"{spec.document.file}: skipped", "operation", "reason")
    for one in spec.document.skipped:
        skipped.add_row(escape(one.operation), escape(one.why))
    if spec.document.skipped:
        console.print(skipped)
    for remark in spec.document.remarks:
        line(f"{spec.document.file}: {remark}")
    line(
        f"{spec.document.file}: {len(spec.document.tools)} tools, {len(spec.document.skipped)} operations skipped"
    )


def estimated_steps(found: "Estimate") -> None:
    """What every step of a plan takes: "~" marks an extrapolated number, "?" an unknown one."""
    shown = table("Plan", "step", "tool", ">calls", ">recorded", ">KB")
    for step in found.steps:
        calls = "?" if step.calls is None else f"{'' if step.exact else '~'}{step.calls:,}"
        size = "?" if step.calls is None or step.size is None else f"{step.calls * step.size / 1024:,.1f}"
        shown.add_row(escape(step.step), escape(step.tool), calls, f"{step.recorded:,}", size)
    console.print(shown)


def estimated(found: "Estimate") -> None:
    """What a whole plan takes, in a line or two."""
    about = "at least " if found.unknown else "" if found.exact else "about "
    parts = [f"{found.calls:,} calls", f"{found.recorded:,} of them recorded"]
    if found.size is not None:
        parts.append(f"{found.size / 1e6:,.1f} MB")
    if found.seconds is not None:
        parts.append(f"{_duration(found.seconds)} to go")
    line(f"plan: {about}{', '.join(parts)}")
    if found.unknown:
        line(
            f"plan: unknown until replies are recorded: {', '.join(found.unknown)} "
            "(--dry-run --sample 5 records some of every step)"
        )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class RecordingBar:
    """Progress of a recording, step by step, with the calls per second."""

    def __init__(self) -> None:
        self._bar = progress_bar("{task.description}", "rate")
        self._task: TaskID | None = None

    def __enter__(self) -> "RecordingBar":
        self._bar.start()
        return self

    def __exit__(self, *what: object) -> None:
        self._bar.stop()

    def begin(self, step: str, calls: int) -> None:
        """Begin a step of `calls` calls."""
        self._task = self._bar.add_task(escape(step), total=calls, rate="")

    def done(self) -> None:
        """Count one call of the step."""
        assert self._task is not None
        speed = self._bar.tasks[self._task].speed
        self._bar.update(self._task, advance=1, rate=f"{speed:.1f}/s" if speed else "")
