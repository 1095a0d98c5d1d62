"""A run as one HTML page that needs nothing but a browser: figures, errors, and every episode turn by turn.

Enters: a run's folder. Leaves: `report.html`. All data lies in the page as JSON and is shown as text, so nothing that
a model wrote becomes markup; the page asks no network.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..task import Task
from .diagnose import KINDS, STATES
from .manifest import protocol_name
from .metrics import FIGURES, SHOWN_BY_GROUP, domains, summary
from .result import EpisodeResult
from .run_log import Key, Record, read_run, read_times

BINS = 20
SHARES = ("success", "strict success", "turn accuracy", "call accuracy", "score", "reward", "atomic",
          "orchestration", "answer", "policy errors")  # fmt: skip
"""Figures between 0 and 1, which are drawn on one axis."""


def page(folder: Path) -> str:
    """The whole page of a run; raises `RunError`."""
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
        shares=[
            (name, found["figures"][name], FIGURES[name][2]) for name in SHARES if name in found["figures"]
        ],
        others=[(name, f, FIGURES[name][2]) for name, f in found["figures"].items() if name not in SHARES],
        passes=[(name, figure) for name, figure in found["pass"].items()],
        groups=found["by"],
        group_figures=SHOWN_BY_GROUP,
        histogram=_histogram([result.score for result in results]),
        kinds=KINDS,
        states=STATES,
        data=_embedded(records, tasks, read_times(folder)),
    )


def _histogram(scores: Sequence[float]) -> list[int]:
    """Episodes by score, in `BINS` equal bins over [0, 1]."""
    bins = [0] * BINS
    for score in scores:
        bins[min(BINS - 1, int(score * BINS))] += 1
    return bins


def _embedded(records: Sequence[Record], tasks: Sequence[Task], times: Mapping[Key, float]) -> str:
    """The episodes as JSON that may stand in a script element: `<` is escaped, so that nothing ends it."""
    episodes = [
        {
            **record["result"],
            "cause": record["fault"],
            "seconds": times.get((record["task_id"], record["trial"])),
        }
        for record in records
    ]
    data = {"tasks": {task.id: _task(task) for task in tasks}, "episodes": episodes}
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


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
        "answer": {fact.name: fact.value for fact in task.answer},
    }
