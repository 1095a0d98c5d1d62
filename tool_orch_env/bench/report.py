"""A run as one self-contained HTML page: figures, errors, and every episode turn by turn.

All data is embedded as JSON and rendered as text, so nothing a model wrote becomes markup. The page makes no network
requests.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..jsonvalues.canonical import to_text
from ..task import AnswerFact, Task
from .diagnose import KINDS, STATES
from .manifest import played, protocol_name
from .metrics import FIGURES, SHOWN_BY_GROUP, counted, domains, summary
from .result import EpisodeResult
from .run_log import Key, Record, read_dates, read_run, read_times

BINS = 20
SHARES = ("success", "strict success", "turn accuracy", "call accuracy", "score", "reward", "atomic",
          "orchestration", "answer", "policy errors")  # fmt: skip
"""Figures between 0 and 1, drawn on a common axis."""
HEADLINE = {
    "success": "episodes that succeed",
    "call accuracy": "golden calls made correctly",
    "score": "mean score",
}
FEW = 10
"""Tasks below which a group is faded."""


def page(folder: Path) -> str:
    """The page of a run as HTML. Raises `RunError`."""
    about, tasks, records = read_run(folder)
    results = [EpisodeResult.from_dict(record["result"]) for record in records]
    found = summary(results, tasks)
    environment = Environment(
        loader=PackageLoader("tool_orch_env.bench", "templates"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2").render(
        name=folder.resolve().name,
        about=about,
        protocol=protocol_name(about),
        found=found,
        headline=[
            (name, found["figures"][name], text)
            for name, text in HEADLINE.items()
            if name in found["figures"]
        ],
        settings=settings(about, found, read_dates(folder)),
        few=FEW,
        shares=[
            (name, found["figures"][name], FIGURES[name][2]) for name in SHARES if name in found["figures"]
        ],
        others=[(name, f, FIGURES[name][2]) for name, f in found["figures"].items() if name not in SHARES],
        passes=[(name, figure) for name, figure in found["pass"].items()],
        groups=found["by"],
        group_figures=SHOWN_BY_GROUP,
        histogram=_histogram([result.score for result in counted(results)]),
        kinds=KINDS,
        states=STATES,
        data=_embedded(records, results, tasks, read_times(folder)),
    )


def settings(
    about: Mapping[str, Any], found: Mapping[str, Any], dates: Sequence[str]
) -> list[tuple[str, str]]:
    """What was run: names and values, as the page's header shows them."""
    given, source = about["settings"], about["source"]
    episodes = f"{found['episodes']} over {found['tasks']} tasks"
    episodes += f", {about['trials']} trials each" if about["trials"] > 1 else ""
    rows = {
        "protocol": protocol_name(about),
        "benchmark": about["fingerprint"].get("benchmark", ""),
        "tasks": played(source),
        "episodes": episodes,
        "tools": f"{given['tools']}, {given['call_format']}"
        if given.get("call_format")
        else given.get("tools"),
        "sampling": f"temperature {given.get('temperature')}, seed {given.get('seed')}",
        "max tokens": given.get("max_tokens"),
        "package": about["fingerprint"].get("package", ""),
        "played": " to ".join(sorted({dates[0][:10], dates[-1][:10]})) if dates else "",
    }
    return [(name, str(value)) for name, value in rows.items() if value not in ("", None)]


def _histogram(scores: Sequence[float]) -> list[int]:
    """Number of episodes by score, in `BINS` equal bins over [0, 1]."""
    bins = [0] * BINS
    for score in scores:
        bins[min(BINS - 1, int(score * BINS))] += 1
    return bins


def _embedded(
    records: Sequence[Record],
    results: Sequence[EpisodeResult],
    tasks: Sequence[Task],
    times: Mapping[Key, float],
) -> str:
    """The episodes as JSON that is safe inside a script element: `<` is escaped so that nothing can close it."""
    by_id = {task.id: task for task in tasks}
    episodes = [
        {
            **record["result"],
            "cause": record["fault"],
            "seconds": times.get((record["task_id"], record["trial"])),
            "refused": result.facts_refused,
            "facts": fact_rows(by_id[result.task_id], result, kept="facts" in record["result"]),
            "answer": marked(_answer(result), result.facts),
        }
        for record, result in zip(records, results, strict=True)
    ]
    data = {"tasks": {task.id: _task(task) for task in tasks}, "episodes": episodes}
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def fact_rows(task: Task, result: EpisodeResult, kept: bool = True) -> list[dict[str, Any]]:
    """Each fact of a task: name, expected value, what was read, share, and why it is not 1.

    `kept` is false for runs from before readings were kept; `share` is then `None`.
    """
    missing = "no final answer" if kept else "not kept by this run; tool-orch bench rescore adds it"
    nothing = {"quote": "", "share": 0.0 if kept else None, "why": missing}
    readings = result.facts or [nothing] * len(task.answer)
    return [
        {
            "name": fact.name,
            "expected": _expected(fact),
            "read": reading["quote"],
            "share": reading["share"],
            "why": reading["why"],
        }
        for fact, reading in zip(task.answer, readings, strict=True)
    ]


def _expected(fact: AnswerFact) -> str:
    """The value of a fact, with its tolerance if it has one."""
    value = fact.value if isinstance(fact.value, str) else to_text(fact.value)
    return f"{value} ± {fact.tolerance:.10g}" if fact.tolerance else value


def marked(answer: str, readings: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """An answer in pieces: text, `counted`, `refused` or "", and the names of the facts that were read there.

    A piece is refused if what any of its facts reads there does not count in full.
    """
    spans = [(*reading["span"], reading) for reading in readings if reading["span"][1] > reading["span"][0]]
    edges = sorted({0, len(answer), *(place for start, end, _ in spans for place in (start, end))})
    pieces = []
    for start, end in pairwise(edges):
        here = [reading for first, after, reading in spans if first <= start and end <= after]
        state = "counted" if all(reading["share"] == 1 for reading in here) else "refused"
        names = ", ".join(reading["name"] for reading in here)
        pieces.append((answer[start:end], state if here else "", names))
    return pieces


def _answer(result: EpisodeResult) -> str:
    """The final answer; "" if there is none."""
    return (result.log[-1]["answer"] or "") if result.log else ""


def _task(task: Task) -> Mapping[str, Any]:
    level = {call.id: depth for depth, layer in enumerate(task.layers) for call in layer}
    return {
        "request": task.request,
        "domains": domains(task),
        "golden": [
            {
                "id": call.id,
                "tool": call.tool,
                "arguments": call.arguments,
                "needs": list(call.needs),
                "level": level[call.id],
            }
            for call in task.golden
        ],
    }
