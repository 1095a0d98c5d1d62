"""A snapshot and an overlay made one new snapshot version.

Enters: an open snapshot and an `Overlay`. Leaves: a new folder. The snapshot's own records come unchanged; an
overlay never contradicts them, because only misses are asked.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import SnapshotError
from ..jsonvalues.decode import parse_json
from ..snapshot import Snapshot
from ..snapshot.folder import write
from ..snapshot.records import Record, make_record


def merge(base: Snapshot, added: Iterable[Record], out: Path, version: str | None = None) -> int:
    """Write `base` with the records of an overlay into the new folder `out`; how many were added.

    `version` is by default the base's with its last number one higher. Raises `SnapshotError` where a record's
    call is not valid for the base's tools or has another response there, `UsageError` if `out` is not empty.
    """
    new = [_checked(base, record) for record in added]
    about = base.manifest
    write(
        out,
        name=base.name,
        version=version or next_version(str(about.get("version", "0"))),
        licence=about.get("licence", "not stated"),
        sources=about.get("sources", []),
        captured=about.get("captured", ""),
        catalog=base.catalog,
        records={"responses": [*base.records(), *new]},
        splits={split: base.tasks(split) for split in base.splits},
        notice=(base.path / "NOTICE.md").read_text(encoding="utf-8") if base.path else "",
    )
    return len(new)


def next_version(version: str) -> str:
    """`1.0.9` is followed by `1.0.10`; a version without a number at its end gets `.1`."""
    found = re.search(r"\d+$", version)
    return f"{version[: found.start()]}{int(found[0]) + 1}" if found else f"{version}.1"


def _checked(base: Snapshot, record: Record) -> Record:
    made = make_record(base.catalog, record.tool, record.arguments, record.status, parse_json(record.text))
    if made.key != record.key:
        raise SnapshotError(
            f"overlay: {record.tool}: key {record.key} belongs to another call under this snapshot's tools",
            "merge it into the snapshot that it was recorded beside",
        )
    return made
