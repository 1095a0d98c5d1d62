"""Stores for the responses of an open snapshot: a dict, or a diskcache that is built once.

Both hold text only. The disk store never unpickles, whatever its file contains.
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
"""Maximum bytes of response text of a snapshot that is kept in memory."""

_PAGES = 2048
"""Page cache of a connection, in pages of 4 KiB."""
_DRAFT = "building-"
_DRAFT_SECONDS = 24 * 3600
"""Age in seconds after which an unfinished store is removed; building one takes far less."""
_NAME_A_FOLDER = "set TOOL_ORCH_CACHE to a folder that can be written"
_RAW = 1
"""diskcache's mode of a value stored in its row as it is."""


class Recorded(NamedTuple):
    """A recorded response: HTTP status and text (JSON)."""

    status: int
    text: str

    @property
    def success(self) -> bool:
        """Whether the API succeeded: a status from 200 to 399."""
        return 200 <= self.status < 400


class Store(Protocol):
    """Recorded responses by key, `None` on a miss: a dict, or a `DiskStore`."""

    def get(self, key: str, /) -> Recorded | None: ...

    def __len__(self) -> int: ...


class DiskStore:
    """A finished diskcache, read-only. A value is text: three digits of status, a space, the response.

    It is read with sqlite3, because diskcache writes its settings on every opening and takes twice the time. There is
    one connection per process and thread, so the store can be forked, pickled and shared.
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
    """The user's cache folder for built snapshots: `TOOL_ORCH_CACHE`, else the XDG cache.

    `~` and variables are expanded. Raises `SnapshotError` if the user has no home folder.
    """
    named = os.environ.get("TOOL_ORCH_CACHE")
    try:
        if named:
            return expanded(named)
        return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "tool-orch-env"
    except RuntimeError as error:
        raise SnapshotError(f"no cache folder: {error}", _NAME_A_FOLDER) from error


def expanded(folder: str | Path) -> Path:
    """The folder with `~` and variables expanded, as diskcache expands them; raises `RuntimeError`."""
    return Path(os.path.expandvars(folder)).expanduser()


def built(name: str, fingerprint: str) -> Store | None:
    """The disk store finished by an earlier `build`, `None` if there is none."""
    folder = _folder(name, fingerprint)
    return DiskStore(folder) if folder.is_dir() else None


def build(name: str, fingerprint: str, items: Iterable[tuple[str, Recorded]]) -> Store:
    """Build the disk store in a draft folder, and rename that when it is complete.

    A build that is killed leaves a draft, which is never read and later removed. Raises `SnapshotError` if the cache
    folder cannot be written.
    """
    folder = _folder(name, fingerprint)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder.parent))
    except OSError as error:
        problem = f"{folder.parent}: the cache folder cannot be written: {error.strerror}"
        raise SnapshotError(problem, _NAME_A_FOLDER) from error
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
    """Remove drafts older than `_DRAFT_SECONDS`; their builds were killed."""
    for draft in cache.glob(f"{_DRAFT}*"):
        with suppress(FileNotFoundError):  # another process may have finished or removed it meanwhile
            if time.time() - draft.stat().st_mtime > _DRAFT_SECONDS:
                shutil.rmtree(draft, ignore_errors=True)


def _folder(name: str, fingerprint: str) -> Path:
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    return cache_folder() / f"{safe}-{fingerprint[:32]}"


def text_cache(folder: Path) -> Any:
    """A diskcache in `folder` that returns only text; created if it does not exist. Raises `SnapshotError`."""
    import diskcache

    class TextDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache ships no types
        """Keys and values are text. Nothing is unpickled, and no other file is read or removed."""

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
    """The error for a cache that contains a pickle, a number or a file name."""
    return SnapshotError(
        f"{folder.name}: the cache contains something that is not text", "delete that folder"
    )


def _unusable(folder: Path, error: sqlite3.DatabaseError) -> SnapshotError:
    return SnapshotError(
        f"{folder.name}: the cache cannot be used: {error}",
        "delete that folder; the cache of a snapshot is built again",
    )


def gzipped(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines as gzip, in parts. There is no time stamp: the same lines yield the same bytes."""
    packer = zlib.compressobj(9, wbits=31)
    for line in lines:
        yield packer.compress(line.encode())
    yield packer.flush()
