"""Reading files from elsewhere: bounded in size, and never outside their folder.

Every fault becomes one of the package's exceptions with file and line.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ._deprecated import moved

MAX_LINE = 64 << 20
"""Bytes of one line of a file, at most."""
MAX_UNPACKED = 8 << 30
"""Bytes of one file after unpacking, at most."""
_BUFFER = 1 << 17
_TRANSFER = "the file is cut or damaged: fetch or write it again"

Fault = Callable[[str, str], Exception]


def numbered_lines(path: Path, fault: Fault, most: int = MAX_UNPACKED) -> Iterator[tuple[int, str]]:
    """The non-empty lines of a UTF-8 file, gunzipped if named so, with their numbers from 1; at most `most` bytes."""
    number, unpacked = 0, 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as raw:
            stream = io.BufferedReader(raw, _BUFFER)  # gzip's own readline takes twice the time
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                unpacked += len(line)
                if len(line) > MAX_LINE or unpacked > min(most, MAX_UNPACKED):
                    raise fault(f"{path.name}:{number}: larger than this package reads", "split the file")
                if line.strip():
                    yield number, _decoded(line, f"{path.name}:{number}", fault)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise fault(f"{path.name}: no such file", "check the path") from error
        raise fault(f"{path.name}:{number + 1}: {error}", _TRANSFER) from error


def _decoded(line: bytes, place: str, fault: Fault) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise fault(f"{place}: {error}", _TRANSFER) from error


def inside(folder: Path, name: str, fault: Fault) -> Path:
    """`folder/name`, if `name` is a plain relative path to a regular file in it, through no link."""
    parts = PurePosixPath(name).parts
    if (
        not parts
        or name.startswith("/")
        or "\\" in name
        or not name.isprintable()
        or len(name.encode()) > 255
        or any(part in ("..", ".") or ":" in part for part in parts)
    ):
        raise fault(f"{name!r}: not a path inside the folder", "use plain relative names")
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise fault(f"{name}: a symbolic link", "replace the link by the file itself")
    if path.exists() and not path.is_file():
        raise fault(f"{name}: not a regular file", "replace it by a file")
    return path


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "depth": "jsonvalues.decode",
            "finite": "jsonvalues.decode",
            "json_at": "jsonvalues.decode",
            "parse_json": "jsonvalues.decode",
            "refuse_constant": "jsonvalues.decode",
            "unique_keys": "jsonvalues.decode",
        },
    )
