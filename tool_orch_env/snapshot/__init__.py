"""Snapshots: recorded API responses, the tools they belong to, and the tasks made for them."""

from typing import TYPE_CHECKING

from .._deprecated import moved
from .catalog import Catalog as Catalog
from .catalog import Tool as Tool
from .catalog import ToolSpec as ToolSpec
from .folder import write as write
from .records import Record as Record
from .records import make_record as make_record
from .snapshot import Snapshot as Snapshot
from .snapshot import load_tasks as load_tasks

if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "bundled_folder": "snapshot.folder",
            "find": "snapshot.folder",
            "verify": "snapshot.snapshot",
            "SPLITS": "snapshot.snapshot",
        },
    )
