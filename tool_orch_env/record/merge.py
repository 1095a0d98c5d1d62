"""Merge a snapshot and an overlay into a new snapshot version.

The snapshot's own records are copied unchanged. An overlay never contradicts them, because only calls without a
recorded response are made live.
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
    """Write `base` plus an overlay's records into the new folder `out`, and return how many were added.

    `version` defaults to the base's version with its last number increased by one. Raises `SnapshotError` if a record's
    call is not valid for the base's tools or has a different response there, `UsageError` if `out` is not empty.
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
        proofs=about.get("proofs", ()),
        notice=(base.path / "NOTICE.md").read_text(encoding="utf-8") if base.path else "",
    )
    return len(new)


def next_version(version: str) -> str:
    """The next version: `1.0.9` becomes `1.0.10`. A version that does not end in a number gets `.1` appended."""
    found = re.search(r"\d+$", version)
    return f"{version[: found.start()]}{int(found[0]) + 1}" if found else f"{version}.1"


def _checked(base: Snapshot, record: Record) -> Record:
    made = make_record(base.catalog, record.tool, record.arguments, record.status, parse_json(record.text))
    if made.key != record.key:
        raise SnapshotError(
            f"overlay: {record.tool}: key {record.key} belongs to another call under this snapshot's tools",
            "merge the overlay into the snapshot that it was recorded with",
        )
    return made
