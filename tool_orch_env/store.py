"""Where a snapshot's responses lie once opened: a dict of text, or a diskcache of text built once.

Never a pickle: the disk store refuses to read one, whoever put it there.
"""

import os
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from .errors import SnapshotError

MEMORY_LIMIT = 64 << 20
"""Bytes of response text up to which a snapshot lives in memory."""


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
    """A diskcache of text: three digits of status, a space, the response."""

    def __init__(self, folder: Path) -> None:
        self._cache = text_cache(folder)

    def get(self, key: str, /) -> Recorded | None:
        packed = self._cache.get(key)
        return None if packed is None else Recorded(int(packed[:3]), packed[4:])

    def __len__(self) -> int:
        return len(self._cache)


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
    """Build the disk store beside its place and move it there whole: a killed build leaves nothing."""
    folder = _folder(name, fingerprint)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
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
            raise SnapshotError(
                f"{folder.name}: the cache holds something that is not text", "delete that folder"
            )

    try:
        return diskcache.Cache(
            str(folder),
            disk=TextDisk,
            eviction_policy="none",
            size_limit=1 << 50,
            disk_min_file_size=1 << 30,
            sqlite_cache_size=2048,  # pages of 4 KiB: with the defaults a reader grows to 150 MB,
            sqlite_mmap_size=0,  # and is no faster for it
        )
    except sqlite3.DatabaseError as error:
        raise SnapshotError(
            f"{folder.name}: the cache cannot be used: {error}",
            "delete that folder; a snapshot's is built again",
        ) from error


def gzipped(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines as gzip without a time stamp, in parts: the same lines give the same bytes."""
    packer = zlib.compressobj(9, wbits=31)
    for line in lines:
        yield packer.compress(line.encode())
    yield packer.flush()
