"""Where a snapshot's responses lie once opened: a dict of text, or a diskcache of text built once.

Never a pickle: the disk store refuses to read one, whoever put it there.
"""

import os
import shutil
import sqlite3
import tempfile
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..errors import SnapshotError

MEMORY_LIMIT = 64 << 20
"""Bytes of response text up to which a snapshot lives in memory."""

_PAGES = 2048
"""Pages of 4 KiB that a connection keeps in memory."""
_DRAFT = "building-"
_DRAFT_SECONDS = 24 * 3600
"""No store takes a day to build."""
_RAW = 1
"""diskcache's mode of a value that stands in its row as it is."""


class Recorded(NamedTuple):
    """What a look-up gives: HTTP status and the response's text (JSON)."""

    status: int
    text: str

    @property
    def success(self) -> bool:
        return 200 <= self.status < 400


class Store(Protocol):
    """Recorded responses by key; `None` on a miss. In memory a plain dict, else a `DiskStore`."""

    def get(self, key: str, /) -> Recorded | None: ...

    def __len__(self) -> int: ...


class DiskStore:
    """A built diskcache of text, read-only: three digits of status, a space, the response.

    Read by sqlite3 itself: diskcache would write its settings at every opening and take twice the time. One
    connection per process and thread, so that it may be forked, pickled and shared.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connections: dict[tuple[int, int], sqlite3.Connection] = {}
        [(self._count,)] = self._ask("SELECT COUNT(*) FROM Cache")

    def get(self, key: str, /) -> Recorded | None:
        for mode, packed in self._ask("SELECT mode, value FROM Cache WHERE key = ? AND raw = 1", key):
            if mode != _RAW or type(packed) is not str:
                raise not_text(self._folder)
            return Recorded(int(packed[:3]), packed[4:])
        return None

    def _ask(self, query: str, *values: str) -> list[Any]:
        mine = os.getpid(), threading.get_ident()
        try:
            connection = self._connections.get(mine) or self._connections.setdefault(mine, self._connected())
            return connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _unusable(self._folder, error) from error

    def _connected(self) -> sqlite3.Connection:
        place = (self._folder.absolute() / "cache.db").as_uri()
        connection = sqlite3.connect(f"{place}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        connection.execute(f"PRAGMA cache_size = {_PAGES}")
        return connection

    def __reduce__(self) -> tuple[Any, ...]:
        return DiskStore, (self._folder,)

    def __len__(self) -> int:
        return int(self._count)


def cache_folder() -> Path:
    """The user's cache folder for built snapshots: `TOOL_ORCH_CACHE`, else the XDG cache."""
    named = os.environ.get("TOOL_ORCH_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tool-orch-env"


def built(name: str, fingerprint: str) -> Store | None:
    """The disk store that an earlier `build` finished, `None` if there is none."""
    folder = _folder(name, fingerprint)
    return DiskStore(folder) if folder.is_dir() else None


def build(name: str, fingerprint: str, items: Iterable[tuple[str, Recorded]]) -> Store:
    """Build the disk store beside its place and move it there whole: one that is killed leaves a draft nobody reads."""
    folder = _folder(name, fingerprint)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder.parent))
    try:
        with text_cache(draft) as cache, cache.transact():
            for key, found in items:
                cache.set(key, f"{found.status} {found.text}")
        try:
            draft.rename(folder)
        except OSError:  # another process finished first; its content has the same fingerprint
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return DiskStore(folder)


def _sweep(cache: Path) -> None:
    """Remove drafts so old that whoever built them was killed."""
    for draft in cache.glob(f"{_DRAFT}*"):
        with suppress(FileNotFoundError):  # another process may have finished or removed it meanwhile
            if time.time() - draft.stat().st_mtime > _DRAFT_SECONDS:
                shutil.rmtree(draft, ignore_errors=True)


def _folder(name: str, fingerprint: str) -> Path:
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    return cache_folder() / f"{safe}-{fingerprint[:32]}"


def text_cache(folder: Path) -> Any:
    """A diskcache in `folder` that gives text and nothing else; made if it is not there."""
    import diskcache

    class TextDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache ships no types
        """Text in, text out: keys and values are never unpickled, no file is read or removed."""

        def get(self, key: Any, raw: bool) -> Any:
            return key if raw and isinstance(key, str) else self._refuse()

        def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
            return value if mode == diskcache.core.MODE_RAW and isinstance(value, str) else self._refuse()

        def remove(self, file_path: str) -> None:
            self._refuse()

        def _refuse(self) -> None:
            raise not_text(folder)

    try:
        return diskcache.Cache(
            str(folder),
            disk=TextDisk,
            eviction_policy="none",
            size_limit=1 << 50,
            disk_min_file_size=1 << 30,
            sqlite_cache_size=_PAGES,
            sqlite_mmap_size=0,
        )
    except sqlite3.DatabaseError as error:
        raise _unusable(folder, error) from error


def not_text(folder: Path) -> SnapshotError:
    """The fault of a cache that holds a pickle, a number or a file's name."""
    return SnapshotError(f"{folder.name}: the cache holds something that is not text", "delete that folder")


def _unusable(folder: Path, error: sqlite3.DatabaseError) -> SnapshotError:
    return SnapshotError(
        f"{folder.name}: the cache cannot be used: {error}", "delete that folder; a snapshot's is built again"
    )


def gzipped(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines as gzip without a time stamp, in parts: the same lines give the same bytes."""
    packer = zlib.compressobj(9, wbits=31)
    for line in lines:
        yield packer.compress(line.encode())
    yield packer.flush()
