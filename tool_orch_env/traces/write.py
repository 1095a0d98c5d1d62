"""Import traces: read them, make recordings and tasks, and write a snapshot folder through the recorder."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from ..errors import ImporterError, UsageError
from ..record.recorder import NAME, Call, Recorder
from ..record.scrub import SHORTEST, Scrub
from .build import Built, Report, build
from .documents import Document, documents
from .formats import TraceFormat, check, look, named
from .masking import scrubbed
from .operations import Operations
from .tools import Functions, declared_in
from .trace import Trace

SPLIT = "test"


def import_traces(
    path: str | Path,
    out: str | Path,
    format: str | None = None,
    *,
    openapi: str | Path | None = None,
    tools: str | Path | None = None,
    servers: Sequence[str] = (),
    name: str | None = None,
    licence: str = "not stated",
    secrets: Iterable[str] = (),
    split: str = SPLIT,
) -> Report:
    """Write the traces at `path`, a file or a folder, as the snapshot folder `out`, with tasks in one split.

    - `format`: a key of `formats.FORMATS`, by default that of the first document.
    - `openapi`: an OpenAPI document: schemas of tools named as its operations, and what HTTP exchanges are matched
      with. `servers` are further URLs at which its API was reached.
    - `tools`: a file of OpenAI function tools, whose schemas count before those in the traces.
    - `name`: the snapshot's name, by default the folder's.
    - `secrets`: texts of at least 6 characters that are masked in everything that is kept.

    HTTP exchanges make recordings and no tasks. Importing the same traces into the same folder again changes nothing.
    Raises `ImporterError` if a file has another format or nothing is recorded; `SpecError`, `UsageError`; what
    `Recorder` raises.
    """
    path, out = Path(path), Path(out)
    operations = Operations(openapi, servers) if openapi else None
    declared: Functions = operations.functions if operations else {}
    if tools:
        declared = {**declared, **declared_in(document.value for document in documents(Path(tools)))}
    problems: list[str] = []
    form, traces = _read(path, format, operations, problems)
    given = set(secrets)
    if any(len(secret) < SHORTEST for secret in given):
        raise UsageError(f"secrets: expected texts of at least {SHORTEST} characters, found a shorter one")
    masked = given | (operations.secrets if operations else set())
    scrub = Scrub(secret for secret in masked if len(secret) >= SHORTEST)
    snapshot_name = name or out.name
    built = build(
        snapshot_name,
        [scrubbed(trace, masked) for trace in traces],
        declared,
        with_tasks=form.traces is not None,
    )
    for problem in problems:
        built.report.problems[problem] += 1
    if not built.answers:
        found = [
            f"{one} ({times} times)" if times > 1 else one for one, times in built.report.problems.items()
        ]
        raise ImporterError(
            [f"{path.name}: no call with a result was found", *map(scrub.text, found)], "check the traces"
        )
    _write(out, built, snapshot_name, licence, masked, split)
    return built.report


def _read(
    path: Path, format: str | None, operations: Operations | None, problems: list[str]
) -> tuple[TraceFormat, list[Trace]]:
    """The format and the traces of all documents. What cannot be read beside them is a problem."""
    wrong: list[ImporterError] = []
    found = documents(path, wrong)
    first = next(found, None)
    if first is None:
        raise wrong[0] if wrong else ImporterError(f"{path.name}: expected traces, found none", "check it")
    form = named(format or look(first.value) or "openai-messages")
    if not path.is_dir():
        check(first, form)
    if form.exchanges is not None and operations is None:
        raise UsageError(
            f"{path.name}: {form.title} has HTTP requests, not calls: name the OpenAPI document of their API with "
            "--openapi"
        )
    of_form = _of_form(chain([first], found), form, wrong)
    traces = list(form.read(of_form, operations))
    if not traces and wrong:
        raise wrong[0]
    problems += [problem for error in wrong for problem in error.problems]
    return form, traces


def _of_form(found: Iterable[Document], form: TraceFormat, wrong: list[ImporterError]) -> Iterator[Document]:
    """The documents that have this format. What is wrong with the others is appended to `wrong`."""
    for document in found:
        try:
            check(document, form)
        except ImporterError as error:
            wrong.append(error)
        else:
            yield document


def _write(out: Path, built: Built, name: str, licence: str, secrets: Iterable[str], split: str) -> None:
    if not re.fullmatch(NAME, name):
        raise UsageError(f"--name: expected letters, digits, `_`, `.` and `-`, found {name!r:.80}")
    long_enough = sorted(secret for secret in secrets if len(secret) >= SHORTEST)
    notice = _notice(name, licence, built)
    with Recorder(
        out, built.catalog, name=name, licence=licence, secrets=long_enough, notice=notice
    ) as recorder:
        calls: list[Call] = []
        with recorder.synced_once():
            for trace, record, at in built.answers:
                recorder.add(
                    record.tool,
                    record.arguments,
                    text=record.text,
                    status=record.status,
                    source=trace.file,
                    at=at,
                    task=record.task,
                )
                calls.append(recorder.call(record.tool, record.arguments, record.task))
        recorder.finish({split: built.tasks} if built.tasks else {}, calls)


def _notice(name: str, licence: str, built: Built) -> str:
    """The text of NOTICE.md: where the answers come from, and what was changed."""
    lines = [f"# {name}", "", f"Imported by tool-orch-env from traces. Licence: {licence}.", ""]
    lines += [f"- {file}" for file in sorted({answer.trace.file for answer in built.answers})]
    if built.report.notes:
        lines += ["", "Tool schemas:", ""]
        lines += [
            f"- {note}" if times == 1 else f"- {note} ({times} times)"
            for note, times in sorted(built.report.notes.items())
        ]
    return "\n".join(lines) + "\n"
