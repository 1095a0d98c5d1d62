"""Import public task sets: `load` reads one, `save` writes it as a snapshot folder.

Each format has one module and an entry in `FORMATS`. The format of a file is detected from its rows, not from its name.
Nothing in a file is executed; any problem with a file raises `ImporterError` with its location.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from ..errors import ImporterError, UsageError
from ..snapshot import Snapshot
from ..snapshot.folder import write
from ..task import Task
from . import complexfuncbench, orchestration_traces
from .assembly import REMEDY, assemble
from .draft import Draft, Format
from .reading import Found, find, schemas_beside

FORMATS: Mapping[str, Format] = {
    form.name: form for form in (complexfuncbench.FORMAT, orchestration_traces.FORMAT)
}
"""Formats by name, for the argument `format` of `load`."""

_VERSION_DIGITS = 12


def load(path: str | Path, format: str | None = None) -> tuple[Snapshot, list[Task]]:
    """Load a snapshot and its tasks from a file or a folder.

    `format` is a key of `FORMATS`; by default it is detected from the content. The snapshot's manifest lists every
    repair in `notes`; `verified` says whether the file is byte for byte the published one. Tasks are in file order, in
    the split `test` (ComplexFuncBench) or `train` (traces). Raises `ImporterError`, or `UsageError` if `format` is
    unknown.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"format: expected one of {', '.join(FORMATS)}, found {format!r}")
    place = Path(path)
    found = find(place, [FORMATS[format]] if format else list(FORMATS.values()))
    form = found[0].format
    sources = [_source(file) for file in found]
    version = "-".join(file.sha256[:_VERSION_DIGITS] for file in found)
    snapshot = assemble(form, _drafts(found), schemas_beside(place), version, sources)
    return snapshot, snapshot.tasks(form.split)


def save(snapshot: Snapshot, folder: str | Path) -> None:
    """Write an imported snapshot as a folder, with the same bytes each time. Raises `UsageError` if it is not empty."""
    about = snapshot.manifest
    write(
        Path(folder),
        name=snapshot.name,
        version=about["version"],
        licence=about["licence"],
        sources=about["sources"],
        captured=about["captured"],
        catalog=snapshot.catalog,
        records={"responses": list(snapshot.records())},
        splits={split: snapshot.tasks(split) for split in snapshot.splits},
        notice=_notice(snapshot),
    )


def _source(file: Found) -> dict[str, str]:
    verified = "yes" if file.format.published and file.sha256 == file.format.published else "no"
    return {"name": file.format.source, "file": file.path.name, "sha256": file.sha256, "verified": verified}


def _drafts(found: Sequence[Found]) -> list[Draft]:
    """The drafts of all files, one per id. Raises `ImporterError` listing every invalid row.

    If an id occurs both in a row with responses and in a reduced row, the row with responses is used.
    """
    kept: dict[str, Draft] = {}
    problems: list[str] = []
    for file in found:
        for position, row in enumerate(file.rows):
            try:
                draft = file.format.draft(row, position)
            except ValidationError as error:
                problems += [f"{row.place}: {_sentence(found)}" for found in error.errors()]
            except ValueError as error:
                problems.append(f"{row.place}: {error}")
            else:
                first = kept.setdefault(draft.id, draft)
                if first.recorded != draft.recorded:
                    kept[draft.id] = first if first.recorded else draft
                elif first is not draft:
                    problems.append(f"{row.place}: duplicate id {draft.id!r}, first used at {first.place}")
    if problems:
        raise ImporterError(problems, REMEDY)
    return list(kept.values())


def _sentence(found: Mapping[str, object]) -> str:
    """One pydantic error, such as `steps.0.depends_on: Input should be a valid list, found str`."""
    loc = found["loc"]
    assert isinstance(loc, tuple)
    return f"{'.'.join(map(str, loc))}: {found['msg']}, found {type(found['input']).__name__}"


def _notice(snapshot: Snapshot) -> str:
    """The text of NOTICE.md: sources and changes. A snapshot opened from a folder keeps its notice."""
    if snapshot.path is not None and (snapshot.path / "NOTICE.md").is_file():
        return (snapshot.path / "NOTICE.md").read_text(encoding="utf-8")
    about = snapshot.manifest
    lines = [f"# {snapshot.name}", "", "Imported by tool-orch-env from:", ""]
    for source in about["sources"]:
        lines.append(f"- {source['name']}: `{source['file']}`, sha256 {source['sha256']}")
        if source["verified"] == "yes":
            lines.append("  (the published file, verified by its sum)")
    lines += [
        "",
        f"The authors state the licence {about['licence']}. The requests, calls and responses are theirs and those",
        "of the services that they queried; whether your use of them is allowed is yours to check.",
    ]
    if about.get("notes"):
        lines += ["", "Changed on import:", "", *(f"- {note}" for note in about["notes"])]
    return "\n".join(lines) + "\n"
