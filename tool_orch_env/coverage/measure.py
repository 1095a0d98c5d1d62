"""Measure the share of variants that a snapshot answers, and of unchosen rows whose follow-up it answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, NamedTuple

from ..language.phrase_book import load
from ..snapshot import Snapshot
from ..task import Task
from .leak import Sibling, siblings
from .trace import Arguments, Trace, written
from .variants import KINDS, Variant, variants

BY_HAND = "by hand"
"""The kind of calls that come from a file."""
_Z = 1.959964  # of a 95 % interval


class Share(NamedTuple):
    """How many of some calls are answered."""

    answered: int = 0
    total: int = 0

    @property
    def value(self) -> float:
        """The share, 0 to 1; 1 of nothing."""
        return self.answered / self.total if self.total else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval of the share, at 95 %. Of nothing, 0 to 1.

        It assumes independent calls. Those of one task resemble each other, so it is a little too narrow.
        """
        if not self.total:
            return 0.0, 1.0
        n, p, z = self.total, self.value, _Z
        centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (centre - half) / (1 + z * z / n)), min(1.0, (centre + half) / (1 + z * z / n))

    def plus(self, other: "Share") -> "Share":
        """Both together."""
        return Share(self.answered + other.answered, self.total + other.total)

    def as_dict(self) -> dict[str, Any]:
        """The numbers, as JSON."""
        low, high = self.interval
        return {"answered": self.answered, "total": self.total, "share": self.value, "low": low, "high": high}


@dataclass
class Coverage:
    """What was measured.

    `tasks` were measured, and have `calls` golden calls; `skipped` counts the tasks with a golden call that has no
    response. `shares` goes by (tool, kind); the tool is the one that a variant calls. `rows` is the share of unchosen
    rows with an answered follow-up. `unanswered` and `open_rows` list what has no response, with the task's id ("" for
    calls by hand). `outside` is how many of `unanswered` are outside what `tools.json` says is held.
    """

    tasks: int = 0
    skipped: int = 0
    calls: int = 0
    shares: dict[tuple[str, str], Share] = field(default_factory=dict)
    unanswered: list[tuple[str, Variant]] = field(default_factory=list)
    rows: Share = field(default_factory=Share)
    open_rows: list[tuple[str, Sibling]] = field(default_factory=list)
    outside: int = 0

    def share(self, tool: str | None = None, kind: str | None = None) -> Share:
        """The share of one tool, one kind, or of all."""
        whole = Share()
        for (of_tool, of_kind), share in self.shares.items():
            if tool in (None, of_tool) and kind in (None, of_kind):
                whole = whole.plus(share)
        return whole

    @property
    def tools(self) -> list[str]:
        """The tools that were called, sorted."""
        return sorted({tool for tool, _ in self.shares})

    @property
    def kinds(self) -> list[str]:
        """The kinds of calls, in the order of `KINDS`, calls by hand last."""
        found = {kind for _, kind in self.shares}
        return [kind for kind in (*KINDS, BY_HAND) if kind in found]

    def as_dict(self) -> dict[str, Any]:
        """The whole report as JSON."""
        return {
            "tasks": self.tasks,
            "skipped": self.skipped,
            "outside": self.outside,
            "calls": self.calls,
            "all": self.share().as_dict(),
            "kinds": {kind: self.share(kind=kind).as_dict() for kind in self.kinds},
            "tools": {
                tool: {
                    "all": self.share(tool).as_dict(),
                    **{
                        kind: self.shares[tool, kind].as_dict()
                        for kind in self.kinds
                        if (tool, kind) in self.shares
                    },
                }
                for tool in self.tools
            },
            "unanswered": [{"task": task, **variant._asdict()} for task, variant in self.unanswered],
            "rows": self.rows.as_dict(),
            "open_rows": [{"task": task, **row._asdict()} for task, row in self.open_rows],
        }


def measure(
    snapshot: Snapshot, tasks: Iterable[Task], seed: int = 0, by_hand: Sequence[Variant] = ()
) -> Coverage:
    """Make the variants of every task and look them up. The same seed makes the same variants.

    `by_hand` are further calls, each valid. Raises `SnapshotError` for a damaged store.
    """
    book = load(snapshot.catalog, None, snapshot.name)
    answers = _Answers(snapshot)
    found = Coverage()
    for task in tasks:
        trace = Trace.of(task, snapshot, book)
        if trace is None:
            found.skipped += 1
            continue
        found.tasks += 1
        found.calls += len(task.golden)
        for variant in variants(trace, seed):
            _count(found, variant, answers, task.id)
        for row in siblings(trace):
            answered = answers(row.tool, row.arguments, task.id)
            found.rows = found.rows.plus(Share(int(answered), 1))
            if not answered:
                found.open_rows.append((task.id, row))
    for variant in by_hand:
        _count(found, variant, answers, "")
    return found


def _count(found: Coverage, variant: Variant, answers: "_Answers", task: str) -> None:
    answered = answers(variant.tool, variant.arguments, task)
    place = variant.tool, variant.kind
    found.shares[place] = found.shares.get(place, Share()).plus(Share(int(answered), 1))
    if not answered:
        found.unanswered.append((task, variant))
        found.outside += answers.outside(variant.tool, variant.arguments)


class _Answers:
    """Whether a valid call has a response. Tasks repeat each other's variants, so each is looked up once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known: dict[str, bool] = {}

    def __call__(self, tool: str, arguments: Arguments, task: str) -> bool:
        text = written(tool, arguments)
        if text not in self._known:
            self._known[text] = self._snapshot.lookup(tool, arguments) is not None
        return self._known[text] or self._snapshot.lookup(tool, arguments, task) is not None

    def outside(self, tool: str, arguments: Arguments) -> bool:
        """Whether a call is outside the domain that `tools.json` declares."""
        return bool(self._snapshot.catalog[tool].outside(arguments))
