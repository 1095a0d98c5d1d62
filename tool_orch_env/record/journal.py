"""The journal of a recording: every answer as a JSON line next to the snapshot, synced to disk as it arrives.

Killing the recorder loses at most the requests in flight. An incomplete last line is cut off when the journal is next
opened; any other damage raises an exception. Only one process can hold a journal at a time.

The first line identifies the spec or the tools. Others are `{"key", "tool", "arguments", "status", "response"}`,
with `type`, `at`, `source` and `seconds` before the response where they are known, or, for an answer that can never be
kept, `{"key", "tool", "arguments", "at", "refused"}`. Of two lines with one key the later counts.
"""

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from ..errors import JournalError, UsageError
from ..jsonvalues.canonical import to_text
from ..jsonvalues.decode import json_at, parse_json

FORMAT = 1
_HEAD = re.compile(r'\{"key":"[^"\\]*","tool":"[^"\\]*","arguments":')
_RESPONSE = ',"response":'


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: its byte range in the file and the outcome of the call.

    `size` is the length of the response in bytes. `refused` says why an answer cannot be kept; "" if it was kept. `at`
    is the time of capture, ISO 8601 in UTC, `source` where the answer comes from; both "" if unknown. `seconds` is how
    long the answer took, `None` if unknown.
    """

    offset: int
    length: int
    status: int
    size: int = 0
    at: str = ""
    source: str = ""
    seconds: float | None = None
    refused: str = ""


class Journal:
    """The journal of one recording. `entries` are indexed by replay key; texts are read from the file on demand."""

    def __init__(self, path: Path, fingerprint: str, earlier: str = "") -> None:
        """Open or create a journal. `earlier` is the fingerprint that version 0.1.0 gave the same spec.

        Raises `UsageError` if another process holds it or it was started with another spec, `JournalError` if it is
        damaged before its last line.
        """
        self.path = path
        self.entries: dict[str, Entry] = {}
        self.repaired = 0
        self._writing = threading.Lock()
        self._syncs = True
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
            self._read(fingerprint, earlier)
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

    @contextmanager
    def synced_once(self) -> Iterator[None]:
        """What is appended inside the block is synced at its end, not line by line. Raises `JournalError`."""
        self._syncs = False
        try:
            yield
        finally:
            self._syncs = True
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise self._unwritable(error) from error

    def answered(
        self,
        key: str,
        tool: str,
        arguments: Mapping[str, Any],
        status: int,
        text: str,
        *,
        kind: str = "",
        at: str = "",
        source: str = "",
        seconds: float | None = None,
    ) -> None:
        """Append an answer and sync it. `text` is compact JSON, `kind` its content type. Raises `JournalError`."""
        known = {"type": kind, "at": at, "source": source, "seconds": seconds}
        head = {"key": key, "tool": tool, "arguments": arguments, "status": status}
        head |= {name: value for name, value in known.items() if value not in ("", None)}
        self._append(f"{to_text(head)[:-1]}{_RESPONSE}{text}}}\n")

    def refused(self, key: str, tool: str, arguments: Mapping[str, Any], why: str, at: str = "") -> None:
        """Append that the call's answer can never be kept, and why. Raises `JournalError`."""
        head = {"key": key, "tool": tool, "arguments": arguments, "at": at, "refused": why}
        self._append(to_text(head) + "\n")

    def line(self, key: str) -> tuple[dict[str, Any], str]:
        """The fields of a call's line, without the response, and the response as it was appended."""
        entry = self.entries[key]
        line = os.pread(self._file.fileno(), entry.length, entry.offset).decode()
        start = _response_at(line)
        return parse_json(line[: start - len(_RESPONSE)] + "}"), line[start:-2]

    def text(self, key: str) -> str:
        """The response to the call `key`, as it was appended."""
        return self.line(key)[1]

    def _append(self, line: str) -> None:
        """Write, sync and index a line. A line that could not be written whole is taken back."""
        data = line.encode()
        with self._writing:
            offset = self._file.seek(0, os.SEEK_END)
            try:
                _write_all(self._file.fileno(), data)
                if self._syncs:
                    os.fsync(self._file.fileno())
            except OSError as error:
                os.ftruncate(self._file.fileno(), offset)
                raise self._unwritable(error) from error
            self._index(line, offset, len(data))

    def _unwritable(self, error: OSError) -> JournalError:
        return JournalError(
            f"{self.path.name}: cannot be written: {error.strerror}",
            "free disk space, then run it again to resume",
        )

    def _read(self, fingerprint: str, earlier: str) -> None:
        self._cut_tail()
        self._file.seek(0)
        first = self._file.readline()
        if not first:
            self._file.write((to_text({"journal": FORMAT, "spec": fingerprint}) + "\n").encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            _sync_folder(self.path.parent)
            return
        self._check_head(first, fingerprint, earlier)
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

    def _check_head(self, line: bytes, fingerprint: str, earlier: str) -> None:
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
        if spec not in (fingerprint, earlier):
            raise UsageError(
                f"{self.path.name}: started with a different spec or other tools (tools, API, names of secrets or "
                "dropped fields differ; the plan and sources may change); restore them, or choose another --out"
            )

    def _index(self, line: str, offset: int, length: int) -> None:
        head = json.loads(line)
        size = 0 if "refused" in head else len(line[_response_at(line) : -2].encode())
        self.entries[head["key"]] = Entry(
            offset,
            length,
            head.get("status", 0),
            size,
            head.get("at", ""),
            head.get("source", ""),
            head.get("seconds"),
            head.get("refused", ""),
        )


def _response_at(line: str) -> int:
    """Where the response begins in a line. Raises `ValueError` if the line has none."""
    head = _HEAD.match(line)
    if head is None:
        raise ValueError("expected key, tool and arguments")
    _, end = json_at(line, head.end())  # after the arguments come scalars only
    return line.index(_RESPONSE, end) + len(_RESPONSE)


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
