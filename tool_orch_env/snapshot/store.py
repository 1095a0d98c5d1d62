"""Stores for the responses of an open snapshot: a dict, or a read-only SQLite file that is built once per content.

Both hold text only, and neither executes anything, whatever its file contains. A store file is trusted like any file of
the user's: it is checked for its format and content, not response by response.
"""

import os
import re
import shutil
import sqlite3
import threading
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..errors import SnapshotError

MEMORY_LIMIT = 32 << 20
"""Maximum bytes of response text of a snapshot that is kept in memory."""
MEMORY_RESPONSES = 10_000
"""Maximum number of responses of a snapshot that is kept in memory. Reading that many takes about 0.4 s."""
FORMAT = 1
"""Format of the store file. A file of another format is ignored, and a new one is built."""

_APPLICATION = 0x746F6F6C
"""SQLite's `application_id` of a store."""
_TABLES = """
CREATE TABLE about (content TEXT NOT NULL, responses INTEGER NOT NULL, limited INTEGER NOT NULL);
CREATE TABLE responses (key TEXT PRIMARY KEY NOT NULL, status INTEGER NOT NULL, text TEXT NOT NULL);
"""
_GET = "SELECT status, text FROM responses WHERE key = ?"
_CACHE_KIB = 16 << 10
"""Page cache of a connection to a store, in KiB."""
_OVERLAY_PAGES = 2048
"""Page cache of an overlay, in pages of 4 KiB."""
_DRAFT = "building-"
_DRAFT_SECONDS = 24 * 3600
"""Age in seconds after which an unfinished store is removed; building one takes far less."""
_MOST_NAME = 64
"""Maximum characters of a snapshot's name in a file name."""
_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})")
_NAME_A_FOLDER = "set TOOL_ORCH_CACHE to a folder that can be written"
_OR_MEMORY = f'{_NAME_A_FOLDER}, or open the snapshot with where="memory"'


class Recorded(NamedTuple):
    """A response of the API: HTTP status and text (JSON)."""

    status: int
    text: str

    @property
    def success(self) -> bool:
        """Whether the API succeeded: a status from 200 to 399."""
        return 200 <= self.status < 400

    @property
    def derived(self) -> bool:
        """Whether it was not recorded itself, but follows from recorded responses."""
        return False


class Derived(Recorded):
    """A response that follows from recorded ones by a rule of the tool."""

    __slots__ = ()

    @property
    def derived(self) -> bool:
        return True


class Store(Protocol):
    """Recorded responses by key, `None` on a miss: a dict, or a `DiskStore`."""

    def get(self, key: str, /) -> Recorded | None: ...

    def __len__(self) -> int: ...


def limited(answers: Store) -> bool:
    """Whether any of the responses may be limited to a task: its key then ends with `@` and the task's id."""
    if isinstance(answers, DiskStore):
        return answers.limited
    return not isinstance(answers, dict) or any("@" in key for key in answers)


_forks = 0
"""How often this process is the child of a fork. A connection to SQLite must not be used after one."""


def _after_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _Reader(threading.local):
    """A thread's cursor, and the `_forks` at which it was made."""

    cursor: sqlite3.Cursor | None = None
    forks = -1


class DiskStore:
    """A finished store file, read-only.

    There is one connection per process and thread, so a store can be forked, pickled and shared.
    """

    def __init__(self, path: Path, content: str) -> None:
        """Raises `SnapshotError` if the file is damaged, of another format, or not the store of `content`."""
        self._path = path.absolute()
        self.content = content
        self._reader = _Reader()
        kind = tuple(self._ask(f"PRAGMA {name}")[0][0] for name in ("application_id", "user_version"))
        if kind != (_APPLICATION, FORMAT):
            raise _unusable(path, f"expected a store of format {FORMAT}, found {kind[1]}")
        about = self._ask("SELECT content, responses, limited FROM about")
        if [tuple(map(type, row)) for row in about] != [(str, int, int)] or about[0][0] != content:
            raise _unusable(path, "it is the store of another snapshot")
        self._count: int = about[0][1]
        self.limited = bool(about[0][2])
        """Whether any response is limited to a task."""

    def get(self, key: str, /) -> Recorded | None:
        reader = self._reader
        try:
            cursor = reader.cursor if reader.forks == _forks else None
            row = (cursor or self._connected()).execute(_GET, (key,)).fetchone()
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from error
        if row is None:
            return None
        status, text = row
        if type(status) is not int or type(text) is not str:
            raise not_text(self._path)
        return Recorded(status, text)

    def _ask(self, query: str) -> list[Any]:
        try:
            return self._connected().execute(query).fetchall()
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from error

    def _connected(self) -> sqlite3.Cursor:
        reader = self._reader
        if reader.cursor is None or reader.forks != _forks:
            # A finished file is replaced, never changed: it needs no locks.
            place = f"{self._path.as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(place, uri=True, check_same_thread=False)
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute("PRAGMA trusted_schema = OFF")
            reader.cursor, reader.forks = connection.cursor(), _forks
        return reader.cursor

    def __reduce__(self) -> tuple[Any, ...]:
        return DiskStore, (self._path, self.content)

    def __len__(self) -> int:
        return self._count


def cache_folder() -> Path:
    """The user's cache folder for built snapshots: `TOOL_ORCH_CACHE`, else the XDG cache.

    `~` and variables are expanded. Raises `SnapshotError` if the user has no home folder or a variable is not set.
    """
    named = os.environ.get("TOOL_ORCH_CACHE")
    try:
        if named:
            return expanded(named)
        return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "tool-orch-env"
    except RuntimeError as error:
        raise SnapshotError(f"no cache folder: {error}", _OR_MEMORY) from error


def expanded(folder: str | Path) -> Path:
    """The folder with `~` and variables expanded.

    Raises `RuntimeError` if there is no such user, the user has no home folder, or a variable is not set.
    """
    unset = [name for name in _VARIABLE.findall(str(folder)) if name.strip("{}") not in os.environ]
    if unset:
        raise RuntimeError(f"{folder}: ${unset[0]} is not set")
    return Path(os.path.expandvars(folder)).expanduser()


def built(name: str, content: str) -> Store | None:
    """The store that an earlier `build` finished, `None` if there is none that can be used.

    A store that is damaged, of another format or of another content counts as none: `build` replaces it.
    """
    path = _path(name, content)
    try:
        return DiskStore(path, content) if path.is_file() else None
    except (SnapshotError, OSError):
        return None


def build(name: str, content: str, items: Iterable[tuple[str, Recorded]]) -> Store:
    """Build the store of `content`, the sha256 of a manifest. Raises `SnapshotError` as `replacing` does."""
    path = _path(name, content)
    with replacing(path) as draft:
        _fill(draft, content, items)
    return DiskStore(path, content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft for a file in the cache folder, which takes the place of the file at `path` when it is complete.

    Several processes may build the same file at once: the last one to finish replaces the file with an equal one. A
    build that is killed leaves a draft, which is never read and later removed. Raises `SnapshotError` if the cache
    folder cannot be written or is full.
    """
    draft = path.parent / f"{_DRAFT}{uuid.uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        yield draft
        _put(draft, path)
    except (OSError, sqlite3.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        place = path if os.path.isdir(path) else path.parent  # noqa: PTH112  # never raises
        problem = f"{place}: the cache folder cannot be written: {reason}"
        raise SnapshotError(problem, _OR_MEMORY) from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _fill(draft: Path, content: str, items: Iterable[tuple[str, Recorded]]) -> None:
    """Write a store. It is synced to the disk once, at its end."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        for setting in ("journal_mode = OFF", "locking_mode = EXCLUSIVE", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("BEGIN")
        for table in _TABLES.strip().splitlines():
            connection.execute(table)
        rows = ((key, found.status, found.text) for key, found in items)
        connection.executemany("INSERT INTO responses VALUES (?, ?, ?)", rows)
        connection.execute(
            "INSERT INTO about SELECT ?, COUNT(*), COALESCE(MAX(key LIKE '%@%'), 0) FROM responses",
            (content,),
        )
        connection.execute("COMMIT")


def _put(draft: Path, path: Path) -> None:
    try:
        draft.replace(path)
    except (
        PermissionError
    ):  # Windows does not replace a file that another process reads; its content is the same
        if not path.is_file():
            raise


def _sweep(cache: Path) -> None:
    """Remove drafts older than `_DRAFT_SECONDS`; their builds were killed."""
    for draft in cache.glob(f"{_DRAFT}*"):
        with suppress(OSError):  # another process may have finished or removed it meanwhile
            if time.time() - draft.stat().st_mtime > _DRAFT_SECONDS:
                shutil.rmtree(draft) if draft.is_dir() else draft.unlink()


def _path(name: str, content: str) -> Path:
    return place_of(name, content, f"store{FORMAT}")


def place_of(name: str, content: str, suffix: str) -> Path:
    """Where the cache folder has what is built from the snapshot `name` with this content. Raises `SnapshotError`."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:_MOST_NAME]
    return cache_folder() / f"{safe}-{content[:32]}.{suffix}"


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
            sqlite_cache_size=_OVERLAY_PAGES,
            sqlite_mmap_size=0,
        )
    except sqlite3.DatabaseError as error:
        raise _unusable(folder, error) from error
    except OSError as error:
        raise SnapshotError(
            f"{folder}: the cache folder cannot be written: {error.strerror}", _NAME_A_FOLDER
        ) from error


def not_text(place: Path) -> SnapshotError:
    """The error for a cache that contains a pickle, a number or a file name."""
    return SnapshotError(f"{place.name}: the cache contains something that is not text", f"delete {place}")


def _unusable(place: Path, reason: object) -> SnapshotError:
    return SnapshotError(
        f"{place.name}: the cache cannot be used: {reason}",
        f"delete {place}; the store of a snapshot is built again",
    )


def gzipped(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines as gzip, in parts. There is no time stamp: the same lines yield the same bytes."""
    packer = zlib.compressobj(9, wbits=31)
    for line in lines:
        yield packer.compress(line.encode())
    yield packer.flush()
