"""A run on the terminal: progress with running figures, the summary, a comparison.

Enters: records as they come, summaries. Leaves: tables and a bar, in rich's hands.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from .diagnose import KINDS
from .run_log import Record

_console = Console(highlight=False)


class RunBar:
    """Progress of a run on standard error, with success, score and faults so far."""

    def __init__(self, total: int, before: Mapping[Any, Record]) -> None:
        self._bar = Progress(
            TextColumn("bench"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._n, self._success, self._score, self._faults = 0, 0, 0.0, 0
        self._task = self._bar.add_task("bench", total=total, figures="")
        for record in before.values():
            self.done(record)

    def __enter__(self) -> "RunBar":
        self._bar.start()
        return self

    def __exit__(self, *what: object) -> None:
        self._bar.stop()

    def done(self, record: Record) -> None:
        """One episode more."""
        self._n += 1
        self._success += record["result"]["success"]
        self._score += record["result"]["score"]
        self._faults += record["fault"] is not None
        figures = f"success {self._success / self._n:.1%}  score {self._score / self._n:.3f}"
        figures += f"  policy errors {self._faults}" if self._faults else ""
        self._bar.update(self._task, completed=self._n, figures=figures)


def protocol_name(manifest: Mapping[str, Any]) -> str:
    """The protocol as it is named wherever figures are shown."""
    if manifest["protocol"] != "cfb-offline":
        return str(manifest["protocol"])
    kind = "strict" if manifest["strict"] else "lenient"
    return f"cfb-offline ({kind}), not comparable with the published table"


def summary(manifest: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Figures with intervals, the errors, and why episodes ended."""
    title = f"{manifest['policy']} · {protocol_name(manifest)} · {found['episodes']} episodes, {found['tasks']} tasks"
    table = Table(title=escape(title))
    for column in ("figure", "value", "95 % interval"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    passes = {name: one for name, one in found["pass"].items() if not name.endswith("1")}
    for name, figure in {**found["figures"], **passes}.items():
        table.add_row(name, *_told(figure))
    _console.print(table)
    if found["errors"]:
        errors = Table(title="errors")
        for column in ("kind", "count", "per episode", "95 % interval", "meaning"):
            errors.add_column(column, justify="left" if column in ("kind", "meaning") else "right")
        for kind, some in found["errors"].items():
            errors.add_row(kind, str(some["count"]), *_told(some["per_episode"]), KINDS[kind])
        _console.print(errors)
    _groups(found["by"])
    for label in ("stops", "causes"):
        if found[label]:
            told = ", ".join(f"{name} {count}" for name, count in found[label].items())
            _console.print(escape(f"{label}: {told}"))


def policy_faults(records: Sequence[Record]) -> None:
    """The first fault of every kind in its own words, and what to do."""
    first: dict[str, Record] = {}
    for record in records:
        if record["fault"]:
            first.setdefault(record["result"]["cause"], record)
    for record in first.values():
        _console.print(escape(f"{record['task_id']}: {record['fault']}"), style="red", soft_wrap=True)
    if first:
        line("the same command with --retry-failed plays the episodes again that the policy broke off")


def _groups(groups: Mapping[str, Any]) -> None:
    """Success and score by domain, depth and number of golden calls."""
    table = Table(title="by domain, depth and golden calls, with 95 % intervals")
    for column in ("group", "episodes", "success", "score"):
        table.add_column(column, justify="left" if column == "group" else "right", no_wrap=True)
    for label, some in groups.items():
        for name, one in some.items():
            shown = [one["figures"][figure] for figure in ("success", "score")]
            cells = [f"{f['value']:.3f} ({f['low']:.3f}–{f['high']:.3f})" for f in shown]
            table.add_row(escape(f"{label} {name}"), str(one["episodes"]), *cells)
        table.add_section()
    _console.print(table)


def _told(figure: Mapping[str, float]) -> tuple[str, str]:
    return f"{figure['value']:.3f}", f"{figure['low']:.3f} to {figure['high']:.3f}"


def comparison(first: str, second: str, found: Mapping[str, Any]) -> None:
    """Paired differences; those whose interval leaves out 0 are marked."""
    if found["differing"]:
        _console.print(
            escape(f"compared although they differ in {', '.join(found['differing'])}"), style="red"
        )
    table = Table(title=escape(f"{second} − {first}, paired over {found['tasks']} tasks"))
    for column in ("figure", first, second, "difference", "95 % interval"):
        table.add_column(escape(column), justify="left" if column == "figure" else "right")
    for name, one in found["figures"].items():
        gap = one["difference"]
        sure = "[bold]" if gap["low"] > 0 or gap["high"] < 0 else ""
        table.add_row(
            name,
            f"{one['first']['value']:.3f}",
            f"{one['second']['value']:.3f}",
            f"{sure}{gap['value']:+.3f}",
            f"{gap['low']:+.3f} to {gap['high']:+.3f}",
        )
    _console.print(table)


def line(text: str) -> None:
    """One line, as it is."""
    _console.print(escape(text), soft_wrap=True)


def warn(text: str) -> None:
    """One line on standard error, so that `--json` stays JSON."""
    Console(stderr=True).print(escape(text), style="yellow")
