"""Carry out a spec's plan, whatever its source: an HTTP API, an MCP server, functions. A stopped recording resumes.

This module decides what is asked and when; the `Recorder` keeps the answers and writes the folder. A call in the
journal is not made again, and the folder holds what the plan names, whatever else the journal has.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ..errors import JournalError, SpecError, UsageError
from ..jsonvalues.canonical import to_text
from ..snapshot.records import Record
from ..snapshot.store import Recorded
from ..task import read_tasks
from . import plan
from .dates import dated, pinned
from .gaps import Gap, gaps
from .prove import Proof, prove, proved, refusals
from .recorder import Call, Recorder
from .schema import FromResponses, Step
from .scrub import Scrub
from .source import Answer, Source, Unkept
from .sources import opened
from .spec import Spec


@dataclass(frozen=True, slots=True)
class Fault:
    """A planned call that the snapshot lacks, and why."""

    tool: str
    arguments: dict[str, Any]
    why: str


@dataclass
class Report:
    """The outcome of a plan.

    Numbers of calls `planned`, `left_out` because of `limits.calls`, `reused` from the journal and `asked` now;
    `repaired`, the bytes of an incomplete line cut off the journal; and `faults`, the calls without an answer.
    """

    planned: int = 0
    left_out: int = 0
    reused: int = 0
    asked: int = 0
    repaired: int = 0
    faults: list[Fault] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    """Names of steps that produced no call."""
    refused: list[str] = field(default_factory=list)
    """The rules that the API does not keep, and why."""
    gaps: list[Gap] = field(default_factory=list)
    """What the plan leaves open, if that was asked for."""


class Progress(Protocol):
    """Receives an event for every step of the plan and for every finished call."""

    def begin(self, step: str, calls: int) -> None: ...

    def done(self) -> None: ...


class Silent:
    """A `Progress` that shows nothing."""

    def begin(self, step: str, calls: int) -> None:
        pass

    def done(self) -> None:
        pass


def record(
    spec: Spec,
    out: Path,
    progress: Progress | None = None,
    *,
    coverage: bool = False,
    proofs: Sequence[Proof] = (),
) -> Report:
    """Carry out the plan and write the folder `out`. Calling it again after a stop resumes.

    The rules of the spec's tools are proved against the API; those refused are left out of the folder, and reported.
    With `coverage`, the report says which calls the replies and schemas invite that the plan does not make. `proofs`
    were made before, by an earlier recording of the same calls for instance; the tools in them are not proved again.

    Raises `UsageError` if `out` exists but is not the result of an earlier recording, `JournalError` if the journal is
    damaged or cannot be written, `SpecError` if a file that the plan reads is invalid or a fold is refused.
    """
    with open_recorder(spec, out) as recorder:
        run = _carried_out(spec, recorder, progress)
        found = _proofs(spec, recorder, recorder.records(run.planned.values()), proofs)
        run.report.refused = refusals(found)
        recorder.finish(
            {split: read_tasks(spec.beside(name)) for split, name in spec.file.tasks.items()},
            run.planned.values(),
            catalog=proved(spec.catalog, found),
            proofs=[proof.as_dict() for proof in found],
        )
        if coverage:
            run.report.gaps = gaps(spec, run.planned, run.answered)
    run.report.faults += run.refusals()
    return run.report


def sample(spec: Spec, out: Path, calls: int, progress: Progress | None = None) -> Report:
    """Make at most `calls` calls of every step and keep the answers in the journal, for an estimate of the plan.

    All of them are calls of the plan, so a later recording makes them no more. A step that limits or draws from calls
    that depend on replies is left out, because which ones it takes is not known before it has all.

    Raises what `record` raises, and `UsageError` if the spec has `limits.calls`, which a sample could exceed.
    """
    if spec.file.limits.calls is not None:
        raise UsageError("a sample could exceed limits.calls; estimate without one")
    with open_recorder(spec, out) as recorder:
        return _carried_out(spec, recorder, progress, calls).report


def open_recorder(spec: Spec, out: Path) -> Recorder:
    """The recorder of a spec, which writes the folder `out`."""
    file = spec.file
    return Recorder(
        out,
        spec.catalog,
        name=file.name,
        version=file.version,
        licence=file.licence,
        sources=file.sources,
        captured=file.captured or "",
        notice=file.notice,
        secrets=spec.secrets,
        files={name: entry.file for name, entry in file.tools.items()},
        fingerprint=spec.fingerprint,
        earlier=spec.earlier,
    )


class _Remembered:
    """The API, asked for each probe once: answers are kept in the journal."""

    def __init__(self, client: Source, recorder: Recorder) -> None:
        self._client, self._recorder = client, recorder

    async def ask(self, tool: str, arguments: dict[str, Any]) -> Answer | Unkept:
        known = self._recorder.probed(tool, arguments)
        if known is not None:
            return Answer(known.status, "", known.text)
        found = await self._client.ask(tool, arguments)
        if isinstance(found, Answer):
            self._recorder.add_probe(tool, arguments, Recorded(found.status, found.text))
        return found


def _proofs(
    spec: Spec, recorder: Recorder, records: Sequence[Record], before: Sequence[Proof]
) -> list[Proof]:
    """The proofs of all tools that have folds or rules, in the order of the tools; those made `before` are
    kept if their tool still has any.

    Raises `SpecError` if a fold is refused: it decides keys.
    """
    some = {name for name, tool in spec.catalog.items() if tool.spec.of_format_2}
    before = [proof for proof in before if proof.tool in some]
    some -= {proof.tool for proof in before}

    async def ask() -> list[Proof]:
        async with opened(spec) as client:
            return await prove(_Remembered(client, recorder), spec.catalog, records, only=some)

    order = list(spec.catalog)
    made = asyncio.run(ask()) if some else []
    proofs = sorted([*before, *made], key=lambda proof: order.index(proof.tool))
    folds = refusals([proof for proof in proofs if proof.rule == "fold"])
    if folds:
        raise SpecError(folds, "correct the folds in the spec; as they decide keys, nothing was written")
    return proofs


def _carried_out(
    spec: Spec, recorder: Recorder, progress: Progress | None, per_step: int | None = None
) -> "_Run":
    run = _Run(spec, recorder, progress or Silent(), per_step)
    try:
        asyncio.run(run.run())
    except* JournalError as group:
        raise group.exceptions[0] from group
    return run


class _Run:
    """One run over a plan. `planned` are the calls so far, by key, in the plan's order.

    `per_step` is the number of calls to make of every step, `None` for all of them.
    """

    def __init__(self, spec: Spec, recorder: Recorder, progress: Progress, per_step: int | None) -> None:
        self.spec, self.recorder, self.report = spec, recorder, Report(repaired=recorder.repaired)
        self.planned: dict[str, Call] = {}
        self._steps: dict[str, list[str]] = {}
        self._progress = progress
        self._per_step = per_step
        self._scrub = Scrub(spec.secrets)
        self._today = pinned(spec.file.captured, recorder.entries)

    async def run(self) -> None:
        """Every step after the other, its calls side by side."""
        async with opened(self.spec) as client:
            for line in self.spec.plan:
                step = dated(line, self._today)
                tool = self.spec.catalog[step.call]
                first = plan.calls(step, tool, self.spec.folder, self.answered)
                own: set[str] = set()
                keys = self._chosen(step, list(self._plan(step, first, own)))
                if not keys and not self.report.faults:
                    self.report.empty.append(step.name)
                pages = 1
                while keys or pages == 1:
                    self._steps.setdefault(step.name, []).extend(keys)
                    self._progress.begin(step.name, len(keys))
                    await self._made(client, keys)
                    keys = self._next_pages(step, keys, own, pages)
                    pages += 1

    async def _made(self, client: Source, keys: list[str]) -> None:
        """Make calls side by side."""
        waiting = iter(keys)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.spec.file.limits.concurrency, len(keys))):
                group.create_task(self._work(client, waiting))

    def _next_pages(self, step: Step, keys: list[str], own: set[str], pages: int) -> list[str]:
        """The calls for the pages that follow; too many of them are a fault. A sample has first pages only."""
        if step.pages is None or self._per_step is not None:
            return []
        following = [
            more
            for key in keys
            for arguments, response in self._replies([key])
            if (more := plan.next_page(step, arguments, response)) is not None
        ]
        if pages >= step.pages.most:
            for arguments in following:
                self._fault(step.call, arguments, f"not asked: more than {pages} pages (pages.most)")
            return []
        return list(self._plan(step, following, own))

    def _chosen(self, step: Step, keys: list[str]) -> list[str]:
        """The calls of a step to make: all, or some from beginning to end."""
        if self._per_step is None:
            return keys
        draws = step.limit is not None or step.sample is not None
        if draws and any(isinstance(rows, FromResponses) for rows in step.over):
            return []
        return keys[:: max(1, -(-len(keys) // self._per_step))]

    def _plan(self, step: Step, calls: Iterable[dict[str, Any]], own: set[str]) -> Iterator[str]:
        """Keys of the step's calls, new or not, each once; an invalid call is a fault and is not asked.

        `own` are the keys of the step's earlier pages.
        """
        most = self.spec.file.limits.calls
        for arguments in calls:
            try:
                call = self.recorder.call(step.call, arguments)
            except UsageError as error:
                self._fault(step.call, arguments, f"not asked: {error}")
                continue
            if call.key in own:
                continue
            own.add(call.key)
            if most is not None and call.key not in self.planned and len(self.planned) >= most:
                self.report.left_out += 1
                continue
            self.planned.setdefault(call.key, call)
            self.report.planned = len(self.planned)
            yield call.key

    def answered(self, step: str) -> Iterable[tuple[dict[str, Any], Any]]:
        """Arguments and response of every successful call of a step, in planned order."""
        return self._replies(dict.fromkeys(self._steps.get(step, ())))

    def _replies(self, keys: Iterable[str]) -> Iterator[tuple[dict[str, Any], Any]]:
        for key in keys:
            entry = self.recorder.entries.get(key)
            if entry is not None and not entry.refused and Recorded(entry.status, "").success:
                yield self.planned[key].arguments, self.recorder.value(key)

    async def _work(self, client: Source, waiting: Iterator[str]) -> None:
        for key in waiting:
            if key in self.recorder.entries:
                self.report.reused += 1
            else:
                await self._ask(client, self.planned[key])
            self._progress.done()

    async def _ask(self, client: Source, call: Call) -> None:
        begun = time.monotonic()
        outcome = await client.ask(call.tool, call.arguments)
        now = datetime.now(UTC)
        if isinstance(outcome, Answer):
            self.report.asked += 1
            self.recorder.add(
                call.tool,
                call.arguments,
                text=outcome.text,
                status=outcome.status,
                at=now,
                source=client.named(call.tool),
                content_type=outcome.kind,
                seconds=round(time.monotonic() - begun, 3),
            )
        elif outcome.lasting:
            self.recorder.refuse(call.tool, call.arguments, outcome.why, at=now)
        else:
            self._fault(call.tool, call.arguments, outcome.why)

    def _fault(self, tool: str, arguments: dict[str, Any], why: str) -> None:
        self.report.faults.append(Fault(tool, self._scrub.json(arguments), self._scrub.text(why)))

    def refusals(self) -> Iterator[Fault]:
        """Planned calls whose answer can never be kept."""
        for key, (_, tool, arguments) in self.planned.items():
            entry = self.recorder.entries.get(key)
            if entry is not None and entry.refused:
                yield Fault(tool, arguments, entry.refused)


def grouped(faults: Iterable[Fault]) -> list[tuple[str, str, int, str]]:
    """Faults grouped by tool and reason: tool, reason, count, and the arguments of the first."""
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.tool, fault.why), []).append(fault)
    return [
        (tool, why, len(some), to_text(some[0].arguments)) for (tool, why), some in sorted(groups.items())
    ]
