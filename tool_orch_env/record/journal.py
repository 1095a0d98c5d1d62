"""The journal of a recording: every answer as a JSON line next to the snapshot, synced to disk as it arrives.

Killing the recorder loses at most the requests in flight. An incomplete last line is cut off when the journal is next
opened; any other damage raises an exception. Only one process can hold a journal at a time.

The first line identifies the spec. Each other line is `{"key", "tool", "arguments", "status", "type", "at",
"response"}`, or, for an answer that can never be kept, `{"key", "tool", "arguments", "at", "refused"}`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from ..errors import JournalError, UsageError
from ..jsonvalues.canonical import to_text
from ..jsonvalues.decode import parse_json

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: its byte range in the file and the outcome of the call.

    `refused` says why an answer cannot be kept; "" if it was kept. `at` is the time of capture, ISO 8601 in UTC, to the
    second.
    """

    offset: int
    length: int
    status: int
    at: str
    refused: str = ""


class Journal:
    """The journal of one recording. `entries` are indexed by replay key; texts are read from the file on demand."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        """Open or create a journal.

        Raises `UsageError` if another process holds it or it was started with another spec, `JournalError` if it is
        damaged before its last line.
        """
        self.path = path
        self.entries: dict[str, Entry] = {}
        self.repaired = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UsageError(
                f"{path.name}: another recorder is using it; wait until it has finished"
            ) from error
        try:
            self._file = path.open("a+b")
            self._read(fingerprint)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and release the lock."""
        if hasattr(self, "_file"):
            self._file.close()
        self._lock.release()

    def answered(
        self, key: str, tool: str, arguments: Mapping[str, Any], status: int, kind: str, text: str
    ) -> None:
        """Append an answer and sync it. `text` is compact JSON, `kind` its content type."""
        head = {
            "key": key,
            "tool": tool,
            "arguments": arguments,
            "status": status,
            "type": kind,
            "at": _now(),
        }
        self._append(f'{to_text(head)[:-1]},"response":{text}}}\n')

    def refused(self, key: str, tool: str, arguments: Mapping[str, Any], why: str) -> None:
        """Append that the call's answer can never be kept, and why."""
        head = {"key": key, "tool": tool, "arguments": arguments, "at": _now(), "refused": why}
        self._append(to_text(head) + "\n")

    def text(self, key: str) -> str:
        """The response to the call `key`, as compact JSON."""
        entry = self.entries[key]
        line = os.pread(self._file.fileno(), entry.length, entry.offset).decode()
        return to_text(parse_json(line)["response"])

    def _append(self, line: str) -> None:
        offset, data = self._file.seek(0, os.SEEK_END), line.encode()
        self._file.write(data)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._index(line, offset, len(data))

    def _read(self, fingerprint: str) -> None:
        self._cut_tail()
        self._file.seek(0)
        first = self._file.readline()
        if not first:
            self._file.write((to_text({"journal": FORMAT, "spec": fingerprint}) + "\n").encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            _sync_folder(self.path.parent)
            return
        self._check_head(first, fingerprint)
        offset = len(first)
        for number, line in enumerate(self._file, 2):
            try:
                self._index(line.decode(), offset, len(line))
            except (ValueError, KeyError, TypeError) as error:
                raise JournalError(
                    f"{self.path.name}:{number}: not an entry: {error}",
                    "restore the file, or delete this line to ask its call again",
                ) from error
            offset += len(line)

    def _cut_tail(self) -> None:
        """Cut off a last line without its newline: a write that a kill interrupted."""
        size = self._file.seek(0, os.SEEK_END)
        kept, step = size, 1 << 16
        while kept > 0:
            start = max(0, kept - step)
            end = os.pread(self._file.fileno(), kept - start, start).rfind(b"\n")
            if end >= 0:
                kept = start + end + 1
                break
            kept = start
        if kept < size:
            self.repaired = size - kept
            self._file.truncate(kept)
            os.fsync(self._file.fileno())

    def _check_head(self, line: bytes, fingerprint: str) -> None:
        try:
            head = parse_json(line)
            known, spec = head["journal"], head["spec"]
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(
                f"{self.path.name}:1: not a journal's first line: {error}", "move the file away"
            ) from error
        if known != FORMAT:
            raise JournalError(
                f"{self.path.name}:1: expected format {FORMAT}, found {known!r}", "move the file away"
            )
        if spec != fingerprint:
            raise UsageError(
                f"{self.path.name}: started with a different spec (tools, API, names of secrets or dropped fields "
                "differ; the plan may change); restore the spec, or move the journal away"
            )

    def _index(self, line: str, offset: int, length: int) -> None:
        head = json.loads(line)
        entry = Entry(offset, length, head.get("status", 0), head["at"], head.get("refused", ""))
        self.entries[head["key"]] = entry


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
