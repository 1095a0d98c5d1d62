"""Public task sets brought to this package's form: `load` reads one, `save` writes it as a snapshot folder.

Enters: a file or a folder from elsewhere. Leaves: a `Snapshot` and its tasks. A format is a table entry, one file
per format. Which format a file has is seen from its rows, not from its name. Nothing in a file is executed, and
whatever is wrong with it is an `ImportFault` that says where.
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

_VERSION_DIGITS = 12


def load(path: str | Path, format: str | None = None) -> tuple[Snapshot, list[Task]]:
    """The snapshot and the tasks in a file or a folder; `format` is a key of `FORMATS`, or found by content.

    The snapshot's manifest lists in `notes` every repair, and says in `verified` whether the published file was
    read, byte by byte. Tasks stand in the order of the file, in the split `test` (ComplexFuncBench) or `train`
    (traces). Raises `ImportFault`; `UsageError` if there is no such format.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"format {format!r} is unknown, expected one of {', '.join(FORMATS)}")
    place = Path(path)
    found = find(place, [FORMATS[format]] if format else list(FORMATS.values()))
    form = found[0].format
    sources = [_source(file) for file in found]
    version = "-".join(file.sha256[:_VERSION_DIGITS] for file in found)
    snapshot = assemble(form, _drafts(found), schemas_beside(place), version, sources)
    return snapshot, snapshot.tasks(form.split)


def save(snapshot: Snapshot, folder: str | Path) -> None:
    """Write an imported snapshot as a folder, the same bytes each time; raises `UsageError` if it is not empty."""
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
    """The drafts of all files, each id once; raises `ImportFault` listing every row of another shape.

    Where one id stands in a row with responses and in a reduced one, the row with responses counts.
    """
    kept: dict[str, Draft] = {}
    problems: list[str] = []
    for file in found:
        for position, row in enumerate(file.rows):
            try:
                draft = file.format.draft(row, position)
            except ValidationError as error:
                problems += [f"{row.place}: {_fault(fault)}" for fault in error.errors()]
            except ValueError as error:
                problems.append(f"{row.place}: {error}")
            else:
                first = kept.setdefault(draft.id, draft)
                if first.recorded != draft.recorded:
                    kept[draft.id] = first if first.recorded else draft
                elif first is not draft:
                    problems.append(f"{row.place}: id {draft.id!r} stands already at {first.place}")
    if problems:
        raise ImporterError(problems, REMEDY)
    return list(kept.values())


def _fault(fault: Mapping[str, object]) -> str:
    """`steps.0.depends_on: Input should be a valid list, found str`."""
    loc = fault["loc"]
    assert isinstance(loc, tuple)
    return f"{'.'.join(map(str, loc))}: {fault['msg']}, found {type(fault['input']).__name__}"


def _notice(snapshot: Snapshot) -> str:
    """Where the data comes from and what was changed; a folder that is written again keeps its notice."""
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
