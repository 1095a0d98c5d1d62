"""`tool-orch synth` and `audit`: findings, dependency graph, shapes, synthesised tasks."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...language.graph import Edge
from ...synth import shapes as forests
from ...synth.audit import Finding
from ...synth.sample import Outcome
from ...synth.scenes.check import Checked
from ...synth.synthesise import Report
from ...synth.wording import Wording
from ...task import Task
from .console import console, escape, line, table


def findings(found: Mapping[str, Sequence[Finding]]) -> None:
    """Findings by task, call and argument."""
    with_findings = sum(map(bool, found.values()))
    title = f"{with_findings} of {len(found)} tasks have findings"
    shown = table(title, "task", "call", "argument", "rule", "message")
    for name, some in found.items():
        for one in some:
            shown.add_row(*map(escape, (name, one.call, one.argument, one.rule, one.message)))
    console.print(shown if with_findings else f"{len(found)} tasks, no findings")


def wording(found: Mapping[str, Wording]) -> None:
    """Figures of requests, a row for each set of tasks."""
    names = ("tasks", "frames", "words", "per call", "labels", "apart", "opening", "distinct")
    shown = table("Wording of requests", "set", *(f">{name}" for name in names))
    shown.columns[0].no_wrap = True
    for name, one in found.items():
        frames = f"{one.scenarios}/{one.frames}" if one.frames else ""
        sizes = (str(one.tasks), frames, f"{one.words:.0f}/{one.longest:.0f}", f"{one.words_per_call:.1f}")
        shares = (one.lettered, one.unconnected, one.common_opening, one.openings)
        written = ("" if share is None else f"{share:.1%}" for share in shares)
        shown.add_row(escape(name), *sizes, *written)
    console.print(shown)
    line("frames: scenarios/frames of scenarios. words: of the median request/at most in 95 % of requests.")
    line("per call: words per golden call. labels: requests with labels such as “flight A”.")
    line("apart: tasks with calls that share nothing with the rest.")
    line("opening: the most frequent first three words. distinct: distinct first three words per task.")


def edges(found: Sequence[Edge]) -> None:
    """The dependency graph, edge by edge: which field of which response supplies which parameter."""
    declared = sum(edge.declared for edge in found)
    shown = table(f"{len(found)} edges, {declared} of them declared", "from", "to", ">values", "origin")
    for edge in found:
        (tool, pointer), (target, parameter) = edge.source, edge.target
        origin = "declared" if edge.declared else "mined"
        row = (f"{tool} {pointer}", f"{target}({parameter})", str(edge.support), origin)
        shown.add_row(*map(escape, row))
    console.print(shown)


def shapes(outcomes: Sequence[Outcome]) -> None:
    """Which shapes a snapshot can fill, by number of calls; those it cannot, with the reason."""
    by_size: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_size.setdefault(forests.size(outcome.shape), []).append(outcome)
    shown = table("Shapes by number of calls", ">calls", ">shapes", ">filled")
    for calls, some in sorted(by_size.items()):
        shown.add_row(str(calls), str(len(some)), str(sum(outcome.filled for outcome in some)))
    console.print(shown)
    for outcome in outcomes:
        if not outcome.filled:
            line(f"{forests.written(outcome.shape)}: {outcome.reason}")


def synthesised(tasks: Sequence[Task], report: Report) -> None:
    """Means over the tasks, by number of calls, and what was rejected."""
    columns = (">calls", ">tasks", ">depth", ">width", ">domains", ">facts", ">distractors",
               ">alternatives", ">words")  # fmt: skip
    templates = len({task.meta["template"] for task in tasks})
    shown = table(f"{len(tasks)} tasks from {templates} templates", *columns)
    for calls in sorted({len(task.golden) for task in tasks}):
        some = [task for task in tasks if len(task.golden) == calls]
        shown.add_row(str(calls), str(len(some)), *_means(some))
    console.print(shown)
    line(
        f"Rejected: {report.unphrased} could not be phrased, {report.unsound} failed the audit, "
        f"{report.alike} near-duplicates"
    )


def scenarios(checked: Sequence[Checked]) -> None:
    """The frames of each scenario that the snapshot fills, and why it does not fill the others."""
    shown = table("Scenarios", "scenario", ">frames", ">filled", ">tasks", ">calls", ">words")
    for name in dict.fromkeys(one.scenario.id for one in checked):
        some = [one for one in checked if one.scenario.id == name]
        made = [task for one in some for task in one.tasks]
        calls = sorted({len(task.golden) for task in made})
        words = f"{np.mean([len(task.request.split()) for task in made]):.0f}" if made else ""
        sizes = f"{calls[0]} to {calls[-1]}" if len(calls) > 1 else "".join(map(str, calls))
        filled = sum(one.found for one in some)
        shown.add_row(escape(name), str(len(some)), str(filled), str(len(made)), sizes, words)
    console.print(shown)
    for one in checked:
        if one.reason:
            told = f"{len(one.tasks)} of {one.tried} tasks: {one.reason}"
            line(f"{one.scenario.id}, frame {one.frame}: {told}")


def _means(tasks: Sequence[Task]) -> list[str]:
    columns = (
        [task.depth for task in tasks],
        [task.meta["width"] for task in tasks],
        [len(task.meta["domains"]) for task in tasks],
        [len(task.answer) for task in tasks],
        [len(task.tools) - len({call.tool for call in task.golden}) for task in tasks],
        ["other_ways" in task.meta for task in tasks],
        [len(task.request.split()) for task in tasks],
    )
    return [f"{np.mean(column):.1f}" for column in columns]
