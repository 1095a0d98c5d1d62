"""The exceptions of this package. They are raised for the caller's mistakes, never for the agent's.

What an agent writes is data and never raises. The one exception is a call without a recorded response under
`on_miss="raise"`. What breaks on this side in the middle of an episode does not raise either: the episode becomes void
(`calls.void`). Every message says where, what was expected, what was found, and what to do.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._deprecated import moved


class ToolOrchError(Exception):
    """Base class of all exceptions that this package raises on purpose."""


class UsageError(ToolOrchError, ValueError):
    """An argument names something that does not exist, or arguments contradict each other."""


class FileError(ToolOrchError, ValueError):
    """A file violates its format. Base class of `SnapshotError`, `TaskError` and others.

    `problems` has one sentence per problem, each starting with `file` or `file:line`. `remedy` says what to do.
    """

    def __init__(self, problems: str | Sequence[str], remedy: str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        self.remedy = remedy
        shown = self.problems[:20]
        if len(self.problems) > len(shown):
            shown.append(f"... and {len(self.problems) - len(shown)} more")
        super().__init__("\n".join([*shown, f"What to do: {remedy}"]))

    def __reduce__(self) -> tuple[Any, ...]:  # pickling, to pass it between processes
        return type(self), (self.problems, self.remedy)


class SnapshotError(FileError):
    """A snapshot folder is damaged, incomplete, inconsistent, or has an unknown format."""


class TaskError(FileError):
    """A task file cannot be parsed, or a task cannot be played on its snapshot."""


class ImporterError(FileError):
    """A file passed to an importer has no known format, or violates its format."""


class SpecError(FileError):
    """A recording spec, or a file that it names, is invalid."""


class ScenarioError(FileError):
    """A scenario file violates its format."""


class JournalError(FileError):
    """The journal of a recording is damaged before its last line."""


class NotRecordedError(ToolOrchError, LookupError):
    """A valid call has no recorded response, under `on_miss="raise"`."""


class LiveError(ToolOrchError):
    """The API behind `on_miss="live"` gave no answer. `step` does not raise it: the episode becomes void."""


class VoidError(ToolOrchError):
    """An episode is void; `cause` says why. Raised by adapters whose trainer drops or retries what raises."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"void episode: {cause}")

    def __reduce__(self) -> tuple[Any, ...]:  # pickling, to pass it between processes
        return type(self), (self.cause,)


@contextmanager
def requires_extra(what: str, extra: str) -> Iterator[None]:
    """Turn an `ImportError` into a `UsageError` that names the extra to install."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f"{what} needs {error.name}: pip install 'tool-orch-env[{extra}]'") from error


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "FileFault": "errors:FileError",
            "ImportFault": "errors:ImporterError",
        },
    )
