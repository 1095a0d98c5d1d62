"""A run as one self-contained HTML page: figures, errors, and every episode turn by turn.

All data is embedded as JSON and rendered as text, so nothing a model wrote becomes markup. The page makes no network
requests.
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
"""Figures between 0 and 1, drawn on a common axis."""


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
    """Number of episodes by score, in `BINS` equal bins over [0, 1]."""
    bins = [0] * BINS
    for score in scores:
        bins[min(BINS - 1, int(score * BINS))] += 1
    return bins


def _embedded(records: Sequence[Record], tasks: Sequence[Task], times: Mapping[Key, float]) -> str:
    """The episodes as JSON that is safe inside a script element: `<` is escaped so that nothing can close it."""
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
