"""How the requests of a set of tasks are worded: length, labels, openings, and chains that share nothing.

The figures say whether requests read like those that people write. A label is a single capital letter after a word
("flight A"); an opening is the first three words.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..answers.text import folded
from ..snapshot import Snapshot
from ..task import Task
from .rules.checked import Checked
from .rules.purpose import groups

OPENING = 3
"""Words of an opening."""
_LABEL = re.compile(
    r"\b(?!degrees |in )[a-z]+ [B-HX-Z]\b(?![’'.]\w)|\b[a-z]+ A\b(?= (?:and|or)\b|[,.?!;)])|\([ABab]\)"
)


class Wording(NamedTuple):
    """Figures of a set of tasks. Shares are between 0 and 1.

    - `tasks`, `scenarios`, `frames`: how many; a frame is one of a scenario (0 for other tasks);
    - `calls`: mean number of golden calls;
    - `words`, `longest`: words of the median request, and the number that 95 % of requests do not exceed;
    - `words_per_call`: words of all requests per golden call;
    - `lettered`: share of requests with a lettered label;
    - `unconnected`: share of tasks with golden calls that share no value, entity, decision or tool with the rest;
      `None` if no call waits for another, as in files without responses;
    - `common_opening`: share of the most frequent opening; `openings`: distinct openings per task.
    """

    tasks: int
    scenarios: int
    frames: int
    calls: float
    words: float
    longest: float
    words_per_call: float
    lettered: float
    unconnected: float | None
    common_opening: float
    openings: float


def wording(tasks: Sequence[Task], snapshot: Snapshot) -> Wording:
    """The figures of at least one task. Raises `ValueError` if there is none."""
    if not tasks:
        raise ValueError("expected at least one task, found none")
    words = [len(task.request.split()) for task in tasks]
    calls = [len(task.golden) for task in tasks]
    openings = Counter(" ".join(re.findall(r"\w+", folded(task.request))[:OPENING]) for task in tasks)
    framed = {(task.meta["scenario"], task.meta.get("frame")) for task in tasks if "scenario" in task.meta}
    return Wording(
        tasks=len(tasks),
        scenarios=len({scenario for scenario, _ in framed}),
        frames=len(framed),
        calls=float(np.mean(calls)),
        words=float(np.median(words)),
        longest=float(np.percentile(words, 95, method="higher")),
        words_per_call=sum(words) / sum(calls),
        lettered=sum(bool(_LABEL.search(task.request)) for task in tasks) / len(tasks),
        unconnected=sum(len(groups(Checked(task, snapshot, {}))) > 1 for task in tasks) / len(tasks)
        if any(call.needs for task in tasks for call in task.golden)
        else None,
        common_opening=max(openings.values()) / len(tasks),
        openings=len(openings) / len(tasks),
    )
