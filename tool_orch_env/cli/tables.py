"""What people see on the terminal: tables, one episode told call by call, an episode played by hand.

Enters: snapshots, tasks, findings. Leaves: text on the console, in rich's hands.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    track,
)
from rich.table import Table

from ..bench.scripted import POLICIES
from ..calls.oracle import oracle_turns
from ..calls.types import AnsweredCall
from ..env import ToolOrchEnv
from ..episode import Episode, Step, score_turns
from ..jsonvalues.canonical import to_text
from ..language.graph import Edge
from ..reward.config import Score
from ..snapshot import Snapshot
from ..snapshot.stats import Difference, ToolStats
from ..synth import shapes as forests
from ..synth.audit import Finding
from ..synth.sample import Outcome
from ..synth.synthesise import Report
from ..task import Task
from ..taskset import TaskSet

T = TypeVar("T")
_console = Console(highlight=False)
_COLOURS = {"ok": "green", "api_error": "yellow", "not_recorded": "yellow"}


def line(text: str, end: str = "\n") -> None:
    """One line, as it is."""
    _console.print(escape(text), end=end, soft_wrap=True)


def progress(items: Sequence[T], what: str) -> Iterable[T]:
    """The items, with a progress bar on standard error while they are worked on."""
    return track(items, description=what, console=Console(stderr=True), transient=True)


def counted(items: Iterable[T], total: int, what: str) -> Iterable[T]:
    """The items of an iterator of known length, with a progress bar on standard error."""
    return track(items, description=what, total=total, console=Console(stderr=True), transient=True)


def scores(snapshot: Snapshot, tasks: Sequence[Task], split: str, policies: Sequence[str], seed: int) -> None:
    """Mean score and components of scripted policies over the tasks."""
    table = Table(title=f"{snapshot.name}, {split}: means over {len(tasks)} tasks")
    for column in ("policy", "score", "atomic", "orchestration", "answer", "waste", "success"):
        table.add_column(column, justify="left" if column == "policy" else "right")
    for name in policies:
        rng = np.random.default_rng(seed)
        found = [score_turns(task, POLICIES[name](task, snapshot, rng), snapshot) for task in tasks]
        table.add_row(name, *_means(found), f"{np.mean([score.success for score in found]):.0%}")
    _console.print(table)


def _means(found: Sequence[Score]) -> list[str]:
    answers = [score.answer for score in found if score.answer is not None]
    columns = (
        [score.total for score in found],
        [score.atomic for score in found],
        [score.orchestration for score in found],
        answers,
        [score.waste for score in found],
    )
    return [f"{np.mean(column):.3f}" if column else "-" for column in columns]


def episode(task: Task, snapshot: Snapshot) -> None:
    """The golden trace of a task, told call by call with what each step pays."""
    played = Episode(TaskSet(snapshot, [task]).compiled(task.id))
    _console.print(Panel(escape(task.request), title=escape(task.id), title_align="left"))
    for number, turn in enumerate(oracle_turns(task), 1):
        step = played.step(turn)
        _console.print(f"[bold]turn {number}[/]")
        _tell_calls(step)
        if turn.answer is not None:
            _console.print(f"  [cyan]answer[/] {escape(turn.answer)}")
        _console.print(f"  reward [bold]{step.reward:+.3f}[/], score so far {step.score.total:.3f}")


def _tell_calls(step: Step) -> None:
    for answered, golden in zip(step.calls, step.credited, strict=True):
        code = answered.result.status
        _console.print(f"  [magenta]{escape(_shown_call(answered))}[/]", soft_wrap=True)
        credited = f" [dim]counts as {golden}[/]" if golden else ""
        told = f"    [{_COLOURS.get(code, 'red')}]{code}[/]{credited} {escape(answered.result.text[:500])}"
        _console.print(told, no_wrap=True, overflow="ellipsis")


def _shown_call(answered: AnsweredCall) -> str:
    if answered.call is None:
        return "(unreadable)"
    parts = ", ".join(
        f"{name}={_short(to_text(value), 60)}" for name, value in answered.call.arguments.items()
    )
    return f"{answered.call.name}({parts})"


def _short(text: str, limit: int = 110) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def play(snapshot: Snapshot, split: str, task_id: str | None, seed: int | None) -> None:
    """A person plays one episode: a call as JSON, or plain words as the final answer."""
    env = ToolOrchEnv(snapshot=snapshot, split=split, tool_docs="short")
    text, info = env.reset(seed=seed, options={"task_id": task_id} if task_id else None)
    _console.print(escape(text), soft_wrap=True)
    line('\nWrite a call, such as get_city(geoname_id=1) or {"name": ..., "arguments": {...}};')
    line("anything else is your final answer. Ctrl-D leaves.")
    over = False
    while not over:
        try:
            typed = _console.input("[bold]> [/]")
        except EOFError:
            line("left")
            return
        action = f"[{typed}]" if typed.rstrip().endswith(")") and "(" in typed else typed
        text, reward, terminated, truncated, info = env.step(action)
        over = terminated or truncated
        for message in info["messages"]:
            line(json.dumps(json.loads(message["content"]), indent=1, ensure_ascii=False))
        line(f"reward {reward:+.3f}")
    ended = "answered" if terminated else "out of turns or calls"
    line(f"{ended}: score {info['episode_score']:.3f} {to_text(info['score'])}")


def findings(found: Mapping[str, Sequence[Finding]]) -> None:
    """Findings by task, call and argument."""
    table = Table(title=f"{len(found)} tasks, {sum(map(bool, found.values()))} with findings")
    for column in ("task", "call", "argument", "rule", "message"):
        table.add_column(column, overflow="fold")
    for name, some in found.items():
        for one in some:
            table.add_row(*map(escape, (name, one.call, one.argument, one.rule, one.message)))
    _console.print(table if table.row_count else f"{len(found)} tasks, no finding")


def snapshot(opened: Snapshot) -> None:
    """What a snapshot holds."""
    count: dict[str, list[int]] = {name: [0, 0, 0] for name in opened.catalog}
    for record in opened.records():
        row = count[record.tool]
        row[0] += 1
        row[1] += record.status >= 400
        row[2] += len(record.text)
    table = Table(title=f"{opened.name} {opened.manifest.get('version', '')}: {len(opened)} responses")
    for column in ("tool", "domain", "responses", "errors", "mean KB", "description"):
        table.add_column(column, justify="left" if column in ("tool", "domain", "description") else "right")
    for name, (responses, errors, size) in count.items():
        spec = opened.catalog[name].spec
        mean = f"{size / responses / 1024:.1f}" if responses else "-"
        table.add_row(
            name, spec.domain, str(responses), str(errors), mean, escape(_short(spec.description, 60))
        )
    _console.print(table)
    line("tasks: " + (", ".join(f"{split} {len(opened.tasks(split))}" for split in opened.splits) or "none"))
    line(
        f"licence: {opened.manifest.get('licence', 'not stated')}; captured {opened.manifest.get('captured', '?')}"
    )
    for source in opened.manifest.get("sources", ()):
        told = (
            f"{name}: {value}" if value in ("yes", "no") else str(value) for name, value in source.items()
        )
        line("  " + ", ".join(told))


class RecordingBar:
    """Progress of a recording, step by step, with the calls per second and the time that remains."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "RecordingBar":
        self._bar.start()
        return self

    def __exit__(self, *what: object) -> None:
        self._bar.stop()

    def begin(self, step: str, calls: int) -> None:
        """A step of so many calls begins."""
        self._task = self._bar.add_task(escape(step), total=calls, rate="")

    def done(self) -> None:
        """One of its calls is done."""
        assert self._task is not None
        speed = self._bar.tasks[self._task].speed
        self._bar.update(self._task, advance=1, rate=f"{speed:.1f}/s" if speed else "")


def faults(groups: Sequence[tuple[str, str, int, str]]) -> None:
    """Calls that a recording lacks, by tool and reason."""
    table = Table(title="not recorded")
    for column in ("tool", "why", "calls", "first"):
        table.add_column(column, overflow="fold", justify="right" if column == "calls" else "left")
    for tool, why, count, first in groups:
        table.add_row(escape(tool), escape(why), str(count), escape(_short(first, 80)))
    if groups:
        _console.print(table)


def holdings(name: str, found: Mapping[str, ToolStats]) -> None:
    """Counts by tool, and their sums."""
    table = Table(title=name)
    for column in ("tool", "responses", "errors", "empty", "KB", "largest KB", "golden recorded", "hit rate"):
        table.add_column(column, justify="left" if column == "tool" else "right", no_wrap=column == "tool")
    whole = ToolStats()
    for some in found.values():
        for field in ToolStats.__dataclass_fields__:
            total = max if field == "largest" else int.__add__
            setattr(whole, field, total(getattr(whole, field), getattr(some, field)))
    for tool, some in [*found.items(), ("all", whole)]:
        table.add_row(
            escape(tool),
            str(some.responses),
            str(some.errors),
            _share(some.empty, some.responses - some.errors),
            f"{some.bytes / 1024:.1f}",
            f"{some.largest / 1024:.1f}",
            f"{some.recorded}/{some.golden}",
            _share(some.hits, some.hits + some.misses),
        )
    _console.print(table)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def difference(found: Difference, most: int = 20) -> None:
    """Tools and calls that differ; at most `most` calls of each kind are listed."""
    for sign, names in (("+", found.tools_added), ("-", found.tools_removed), ("~", found.tools_changed)):
        for name in names:
            line(f"{sign} tool {name}")
    for sign, records in (("+", found.added), ("-", found.removed), ("~", found.changed)):
        for record in records[:most]:
            line(f"{sign} {record.key} {record.tool} {_short(to_text(record.arguments), 80)}")
        if len(records) > most:
            line(f"{sign} ... and {len(records) - most} more")
    line(
        f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed, "
        f"{found.same} the same"
    )


def edges(found: Sequence[Edge]) -> None:
    """The dependency graph, edge by edge."""
    table = Table(title=f"{len(found)} edges, {sum(edge.declared for edge in found)} of them declared")
    for column in ("from", "pointer", "to", "parameter", "values", "declared"):
        table.add_column(column, justify="right" if column == "values" else "left", overflow="fold")
    for edge in found:
        declared = "yes" if edge.declared else "mined"
        row = (*edge.source, *edge.target, str(edge.support), declared)
        table.add_row(*map(escape, row))
    _console.print(table)


def shapes(outcomes: Sequence[Outcome]) -> None:
    """Which shapes a snapshot can fill, by number of calls; those it cannot, with the reason."""
    by_size: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_size.setdefault(forests.size(outcome.shape), []).append(outcome)
    table = Table(title="shapes by number of calls")
    for column in ("calls", "shapes", "filled"):
        table.add_column(column, justify="right")
    for calls, some in sorted(by_size.items()):
        table.add_row(str(calls), str(len(some)), str(sum(outcome.filled for outcome in some)))
    _console.print(table)
    for outcome in outcomes:
        if not outcome.filled:
            line(f"{forests.written(outcome.shape)}: {outcome.reason}")


def synthesised(tasks: Sequence[Task], report: Report) -> None:
    """What was made, by number of calls, and what was refused on the way."""
    table = Table(title=f"{len(tasks)} tasks, {len({task.meta['template'] for task in tasks})} templates")
    for column in (
        "calls",
        "tasks",
        "depth",
        "width",
        "domains",
        "facts",
        "distractors",
        "other ways",
        "words",
    ):
        table.add_column(column, justify="right")
    for calls in sorted({len(task.golden) for task in tasks}):
        some = [task for task in tasks if len(task.golden) == calls]
        columns = (
            [task.depth for task in some],
            [task.meta["width"] for task in some],
            [len(task.meta["domains"]) for task in some],
            [len(task.answer) for task in some],
            [len(task.tools) - len({call.tool for call in task.golden}) for task in some],
            ["other_ways" in task.meta for task in some],
            [len(task.request.split()) for task in some],
        )
        table.add_row(str(calls), str(len(some)), *(f"{np.mean(column):.1f}" for column in columns))
    _console.print(table)
    line(
        f"not kept: {report.unphrased} that no words fitted, {report.unsound} with findings of the audit, "
        f"{report.alike} too like another"
    )
