"""How many calls, bytes and minutes a plan takes, before it is carried out. Nothing is asked.

Steps that take their rows from files, lists and schemas are counted. A step that takes them from replies is counted as
far as these are in the journal, and extrapolated from there. Rows repeat, so the number of different calls grows more
slowly than that of rows: as the power of it that fits the first half of the recorded replies and all of them. Sizes and
times are the journal's averages by tool, or over all tools where a tool has no response yet.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from ..errors import UsageError
from ..jsonvalues.decode import parse_json
from ..snapshot.records import make_record
from ..snapshot.store import Recorded
from . import plan
from .dates import dated, pinned
from .journal import Entry, Journal
from .recorder import journal_of
from .schema import FromResponses, Step
from .spec import Spec


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """The calls of one step that no earlier step makes.

    `calls` is `None` if the step depends on replies of which none is recorded yet. `exact` says that it is counted, not
    extrapolated. `recorded` of the calls are in the journal. `size` is the mean size of a response in bytes, `seconds`
    the mean time of a request; `None` if the journal has none.
    """

    step: str
    tool: str
    calls: int | None
    exact: bool
    recorded: int
    size: float | None = None
    seconds: float | None = None

    @property
    def left(self) -> int:
        """Calls still to be made, as far as known."""
        return max(0, (self.calls or 0) - self.recorded)


@dataclass(frozen=True)
class Estimate:
    """The estimate of a plan. Its numbers are sums over the steps that are known: `unknown` names the others."""

    steps: tuple[StepEstimate, ...]
    concurrency: int
    rate: float | None
    most: int | None
    """`limits.calls` of the spec."""

    @property
    def unknown(self) -> list[str]:
        """Steps whose calls cannot be estimated yet."""
        return list(dict.fromkeys(step.step for step in self.steps if step.calls is None))

    @property
    def exact(self) -> bool:
        return all(step.exact for step in self.steps)

    @property
    def calls(self) -> int:
        total = sum(step.calls or 0 for step in self.steps)
        return total if self.most is None else min(total, self.most)

    @property
    def recorded(self) -> int:
        return sum(step.recorded for step in self.steps)

    @property
    def size(self) -> float | None:
        """Bytes of all responses; `None` if the journal has none to judge by."""
        sizes = [
            step.calls * step.size if step.size is not None else None for step in self.steps if step.calls
        ]
        return sum(size for size in sizes if size is not None) if None not in sizes and sizes else None

    @property
    def seconds(self) -> float | None:
        """Seconds until the plan is carried out, at the spec's rate and concurrency; `None` if nothing says how long a
        request takes.
        """
        waiting = [step for step in self.steps if step.left]
        by_rate = sum(step.left for step in waiting) / self.rate if self.rate else 0.0
        times = [step.seconds for step in waiting]
        if None in times:
            return by_rate or None
        by_time = sum(step.left * (step.seconds or 0.0) for step in waiting) / self.concurrency
        return max(by_rate, by_time)


def estimate(spec: Spec, out: Path | None = None) -> Estimate:
    """The estimate of a spec's plan, with the journal of the folder `out` if there is one.

    Raises `UsageError` if another recorder uses the journal or it belongs to another spec, `JournalError` if it is
    damaged, `SpecError` if a file that the plan reads is invalid.
    """
    place = None if out is None else journal_of(out)
    if place is None or not place.exists():
        return _Estimator(spec, {}, lambda key: "null").estimate()
    with Journal(place, spec.fingerprint, spec.earlier) as journal:
        return _Estimator(spec, journal.entries, journal.text).estimate()


@dataclass
class _Known:
    """What is known of the steps of one name: their calls by key, and how many there will be, `None` if unknown.

    `exact` says that there will be no others.
    """

    arguments: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: float | None = 0.0
    exact: bool = True


class _Estimator:
    """Walks a plan as the recorder does, with the replies that are recorded."""

    def __init__(self, spec: Spec, entries: Mapping[str, Entry], text: Callable[[str], str]) -> None:
        self._spec, self._entries, self._text = spec, entries, text
        self._seen: set[str] = set()
        self._known: dict[str, _Known] = {}
        self._kept: dict[str, dict[str, Entry]] = {}

    def estimate(self) -> Estimate:
        today = pinned(self._spec.file.captured, self._entries)
        steps = tuple(self._step(dated(step, today)) for step in self._spec.plan)
        limits = self._spec.file.limits
        return Estimate(
            tuple(self._with_averages(step) for step in steps), limits.concurrency, limits.rate, limits.calls
        )

    def _step(self, step: Step) -> StepEstimate:
        sources = list(dict.fromkeys(rows.from_ for rows in step.over if isinstance(rows, FromResponses)))
        found, rows = self._calls(step, self._settled)
        factor = self._factor(step, sources, len(found), rows)
        new = [key for key in found if key not in self._seen]
        recorded = sum(key in self._entries for key in new)
        self._seen.update(found)
        kept = {
            key: self._entries[key] for key in new if key in self._entries and not self._entries[key].refused
        }
        self._kept.setdefault(step.call, {}).update(kept)
        exact = all(self._known[name].exact and self._ratio(name) == 1.0 for name in sources)
        exact &= step.pages is None or all(key in self._entries for key in found)
        known = self._known.setdefault(step.name, _Known())
        known.exact &= exact
        known.arguments |= found
        everything = None if factor is None else _bounded(len(found) * factor, step)
        known.calls = None if known.calls is None or everything is None else known.calls + everything
        calls = None if factor is None else round(_bounded(len(new) * factor, step))
        return StepEstimate(step.name, step.call, calls, exact, recorded)

    def _factor(self, step: Step, sources: Sequence[str], found: int, rows: int) -> float | None:
        """How many times the calls found so far the step has: 1 if every reply it takes from is recorded."""
        ratios = [self._ratio(source) for source in sources]
        if None in ratios:
            return None
        ratio = math.prod(r for r in ratios if r is not None)
        if ratio == 1.0 or not found:
            return ratio
        half, half_rows = self._calls(step, self._half)
        if not half or half_rows == rows:
            return ratio
        growth = math.log(found / len(half)) / math.log(rows / half_rows)
        return ratio ** min(1.0, max(0.0, growth))

    def _settled(self, name: str) -> list[str]:
        """Keys of the calls of a step that have an outcome, in the plan's order."""
        return [key for key in self._known[name].arguments if key in self._entries]

    def _half(self, name: str) -> list[str]:
        """The first half of them."""
        settled = self._settled(name)
        return settled[: (len(settled) + 1) // 2]

    def _ratio(self, source: str) -> float | None:
        """Calls of a step by calls with an outcome; `None` if none has one."""
        known = self._known[source]
        settled = len(self._settled(source))
        if known.calls is None or (known.calls and not settled):
            return None
        return max(1.0, known.calls / settled) if settled else 1.0

    def _calls(
        self, step: Step, replies: Callable[[str], list[str]]
    ) -> tuple[dict[str, dict[str, Any]], int]:
        """The valid calls of a step by key, from these recorded replies, and how many rows they come from."""

        def answered(name: str) -> Iterable[tuple[dict[str, Any], Any]]:
            for key in replies(name):
                entry = self._entries[key]
                if not entry.refused and Recorded(entry.status, "").success:
                    yield self._known[name].arguments[key], parse_json(self._text(key))

        catalog, found, rows = self._spec.catalog, dict[str, dict[str, Any]](), 0
        waiting = deque(plan.calls(step, catalog[step.call], self._spec.folder, answered))
        while waiting:
            try:
                made = make_record(catalog, step.call, waiting.popleft(), 200, None)
            except UsageError:
                continue  # it will not be asked
            rows += 1
            if made.key in found:
                continue
            found[made.key] = made.arguments
            if step.pages is not None and (more := self._next_page(step, made.key, made.arguments)):
                waiting.append(more)
        return found, rows

    def _next_page(self, step: Step, key: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """The page after a recorded one."""
        entry = self._entries.get(key)
        if entry is None or entry.refused or not Recorded(entry.status, "").success:
            return None
        return plan.next_page(step, arguments, parse_json(self._text(key)))

    def _with_averages(self, step: StepEstimate) -> StepEstimate:
        entries = [*self._kept.get(step.tool, {}).values()]
        entries = entries or [entry for some in self._kept.values() for entry in some.values()]
        seconds = [entry.seconds for entry in entries if entry.seconds is not None]
        return replace(
            step,
            size=fmean(entry.size for entry in entries) if entries else None,
            seconds=fmean(seconds) if seconds else None,
        )


def _bounded(calls: float, step: Step) -> float:
    """The number of calls, at most what the step draws or takes."""
    return min([calls, *(most for most in (step.sample, step.limit) if most is not None)])
