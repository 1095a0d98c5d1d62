"""Exceptions: only for faults that are not the agent's.

What an agent writes is data and never raises. These are raised for the caller's mistakes, for files that
are not what they claim to be, and for misses under `miss="raise"`. Every message says where, what was
expected, what was found and what to do.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._deprecated import moved


class ToolOrchError(Exception):
    """Root of everything this package raises on purpose."""


class UsageError(ToolOrchError, ValueError):
    """The caller asked for something that does not exist or does not go together."""


class FileError(ToolOrchError, ValueError):
    """A file is not what its format says. Base of `SnapshotError`, `TaskError` and others.

    `problems` holds one sentence per fault, each beginning with `file` or `file:line`.
    """

    def __init__(self, problems: str | Sequence[str], remedy: str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        self.remedy = remedy
        shown = self.problems[:20]
        if len(self.problems) > len(shown):
            shown.append(f"... and {len(self.problems) - len(shown)} more")
        super().__init__("\n".join([*shown, f"What to do: {remedy}"]))

    def __reduce__(self) -> tuple[Any, ...]:  # from one process to another
        return type(self), (self.problems, self.remedy)


class SnapshotError(FileError):
    """A snapshot folder is damaged, incomplete, of an unknown format, or contradicts itself."""


class TaskError(FileError):
    """A task file does not parse, or a task cannot be played on its snapshot."""


class ImporterError(FileError):
    """A file given to an importer is in no known format, or holds what the format forbids."""


class SpecError(FileError):
    """A recording spec, or a file that it names, is not what the recorder can carry out."""


class JournalError(FileError):
    """A recording's journal is damaged before its last line."""


class NotRecordedError(ToolOrchError, LookupError):
    """A valid call has no recorded response and the miss policy is `raise`."""


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "FileFault": "errors:FileError",
            "ImportFault": "errors:ImporterError",
        },
    )
