"""Carry out a plan: make the calls, keep the answers, and write the snapshot's folder. A stopped recording resumes.

Answers are kept in a journal next to the folder (`<folder>.journal.jsonl`); no call in it is made again. The folder's
bytes depend only on the spec and the answers, not on the order in which answers arrived or on how often the recorder
was stopped.
"""

import asyncio
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..errors import JournalError, UsageError
from ..jsonvalues.canonical import to_text
from ..jsonvalues.decode import parse_json
from ..snapshot.folder import write
from ..snapshot.records import Record, make_record
from ..snapshot.store import Recorded
from ..task import Task, read_tasks
from . import plan
from .client import Answer, Client
from .journal import Journal
from .schema import Step
from .scrub import Scrub
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


def record(spec: Spec, out: Path, progress: Progress | None = None) -> Report:
    """Carry out the plan and write the folder `out`. Calling it again after a stop resumes.

    Raises `UsageError` if `out` exists but is not the result of an earlier recording, `JournalError` if the journal is
    damaged or cannot be written, `SpecError` if a file that the plan reads is invalid.
    """
    if not out.name or out.is_file():
        raise UsageError(f"{out}: expected the name of a new folder")
    place = out.with_name(out.name + ".journal.jsonl")
    if out.exists() and any(out.iterdir()) and not place.exists():
        raise UsageError(f"{out.name}: not empty, and there is no {place.name} next to it; name a new folder")
    with Journal(place, spec.fingerprint) as journal:
        recording = _Recording(spec, journal, progress or Silent())
        try:
            asyncio.run(recording.run())
        except* OSError as group:
            raise JournalError(
                f"{place.name}: cannot be written: {group.exceptions[0]}",
                "free disk space; rerun the same command to resume",
            ) from group
        _write(out, spec, recording)
    return recording.report


class _Recording:
    """One run over a plan. `planned` are the calls so far, by key, in the plan's order."""

    def __init__(self, spec: Spec, journal: Journal, progress: Progress) -> None:
        self.spec, self.journal, self.report = spec, journal, Report(repaired=journal.repaired)
        self.planned: dict[str, tuple[str, dict[str, Any]]] = {}
        self._steps: dict[str, list[str]] = {}
        self._progress = progress
        self._scrub = Scrub(spec.secrets)

    async def run(self) -> None:
        """Every step after the other, its calls side by side."""
        async with Client(self.spec) as client:
            for step in self.spec.file.plan:
                keys = list(self._plan(step))
                if not keys and not self.report.faults:
                    self.report.empty.append(step.name)
                self._steps.setdefault(step.name, []).extend(keys)
                self._progress.begin(step.name, len(keys))
                waiting = iter(keys)
                workers = min(self.spec.file.limits.concurrency, len(keys))
                async with asyncio.TaskGroup() as group:
                    for _ in range(workers):
                        group.create_task(self._work(client, waiting))

    def records(self) -> Iterator[Record]:
        """The answers to the planned calls."""
        for key, (tool, arguments) in self.planned.items():
            entry = self.journal.entries.get(key)
            if entry is not None and not entry.refused:
                yield Record(key, tool, arguments, entry.status, self.journal.text(key))

    def captured(self) -> str:
        """The days on which the answers came: `2026-11-22`, or `2026-11-22/2026-11-23`; "" without any."""
        entries = self.journal.entries
        days = sorted({entries[key].at[:10] for key in self.planned if key in entries})
        return "/".join(dict.fromkeys((days[0], days[-1]))) if days else ""

    def _plan(self, step: Step) -> Iterator[str]:
        """Keys of the step's calls, new or not, each once; an invalid call is a fault and is not asked."""
        most = self.spec.file.limits.calls
        own = set()
        tool = self.spec.catalog[step.call]
        for arguments in plan.calls(step, tool, self.spec.folder, self._answered):
            try:
                made = make_record(self.spec.catalog, step.call, arguments, 200, None)
            except UsageError as error:
                self._fault(step.call, arguments, f"not asked: {error}")
                continue
            if made.key in own:
                continue
            own.add(made.key)
            if most is not None and made.key not in self.planned and len(self.planned) >= most:
                self.report.left_out += 1
                continue
            self.planned.setdefault(made.key, (step.call, made.arguments))
            self.report.planned = len(self.planned)
            yield made.key

    def _answered(self, step: str) -> Iterable[tuple[dict[str, Any], Any]]:
        for key in dict.fromkeys(self._steps.get(step, ())):
            entry = self.journal.entries.get(key)
            if entry is not None and not entry.refused and Recorded(entry.status, "").success:
                yield self.planned[key][1], parse_json(self.journal.text(key))

    async def _work(self, client: Client, waiting: Iterator[str]) -> None:
        for key in waiting:
            tool, arguments = self.planned[key]
            if key in self.journal.entries:
                self.report.reused += 1
            else:
                await self._ask(client, key, tool, arguments)
            self._progress.done()

    async def _ask(self, client: Client, key: str, tool: str, arguments: dict[str, Any]) -> None:
        outcome = await client.ask(tool, arguments)
        if isinstance(outcome, Answer):
            self.report.asked += 1
            self.journal.answered(key, tool, arguments, outcome.status, outcome.kind, outcome.text)
        elif outcome.lasting:
            self.journal.refused(key, tool, arguments, outcome.why)
        else:
            self._fault(tool, arguments, outcome.why)

    def _fault(self, tool: str, arguments: dict[str, Any], why: str) -> None:
        self.report.faults.append(Fault(tool, self._scrub.json(arguments), self._scrub.text(why)))

    def refusals(self) -> Iterator[Fault]:
        """Planned calls whose answer can never be kept."""
        for key, (tool, arguments) in self.planned.items():
            entry = self.journal.entries.get(key)
            if entry is not None and entry.refused:
                yield Fault(tool, arguments, entry.refused)


def _write(out: Path, spec: Spec, recording: _Recording) -> None:
    """Write the folder beside its place and exchange the two; a kill in between leaves a whole one."""
    recording.report.faults += recording.refusals()
    file = spec.file
    draft, old = (out.with_name(f".{out.name}.{what}") for what in ("draft", "old"))
    for left in (draft, old):
        shutil.rmtree(left, ignore_errors=True)
    write(
        draft,
        name=file.name,
        version=file.version,
        licence=file.licence,
        sources=list(file.sources),
        captured=file.captured or recording.captured(),
        catalog=spec.catalog,
        records=_by_file(spec, recording.records()),
        splits=_tasks(spec),
        notice=file.notice or _notice(spec),
    )
    if out.exists():
        out.rename(old)
    draft.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _by_file(spec: Spec, records: Iterable[Record]) -> dict[str, list[Record]]:
    """Records by the stem of their file; one that the plan leaves empty is written all the same."""
    stems = {name: entry.file for name, entry in spec.file.tools.items()}
    found: dict[str, list[Record]] = {stem: [] for stem in ("responses", *sorted(set(stems.values())))}
    for record in records:
        found[stems.get(record.tool, "responses")].append(record)
    return found


def _tasks(spec: Spec) -> dict[str, list[Task]]:
    return {split: read_tasks(spec.beside(name)) for split, name in spec.file.tasks.items()}


def _notice(spec: Spec) -> str:
    lines = [f"# {spec.file.name}", "", f"Recorded by tool-orch-env. Licence: {spec.file.licence}.", ""]
    lines += [f"- {', '.join(source.values())}" for source in spec.file.sources]
    return "\n".join(lines).rstrip() + "\n"


def grouped(faults: Iterable[Fault]) -> list[tuple[str, str, int, str]]:
    """Faults grouped by tool and reason: tool, reason, count, and the arguments of the first."""
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.tool, fault.why), []).append(fault)
    return [
        (tool, why, len(some), to_text(some[0].arguments)) for (tool, why), some in sorted(groups.items())
    ]
