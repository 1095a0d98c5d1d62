"""Read files from untrusted places: bounded in size, and never outside their folder.

Every problem becomes one of the package's exceptions, with file and line.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ._deprecated import moved

MAX_LINE = 64 << 20
"""Maximum size of one line, in bytes."""
MAX_UNPACKED = 8 << 30
"""Maximum size of one file after decompression, in bytes."""
_BUFFER = 1 << 17
_TRANSFER = "the file is truncated or damaged: download or write it again"

ErrorType = Callable[[str, str], Exception]


def numbered_lines(path: Path, error_type: ErrorType, most: int = MAX_UNPACKED) -> Iterator[tuple[int, str]]:
    """Yield (line number, line) for the non-blank lines of a UTF-8 file. Line numbers count from 1.

    A file with the suffix `.gz` is decompressed. At most `most` bytes are read; `error_type` is raised beyond that, and
    for a file that is missing, damaged or not UTF-8.
    """
    number, unpacked = 0, 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as raw:
            stream = io.BufferedReader(raw, _BUFFER)  # twice as fast as gzip's own readline
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                unpacked += len(line)
                if len(line) > MAX_LINE or unpacked > min(most, MAX_UNPACKED):
                    raise error_type(
                        f"{path.name}:{number}: larger than this package reads", "split the file"
                    )
                if line.strip():
                    yield number, _decoded(line, f"{path.name}:{number}", error_type)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise error_type(f"{path.name}: no such file", "check the path") from error
        raise error_type(f"{path.name}:{number + 1}: {error}", _TRANSFER) from error


def _decoded(line: bytes, place: str, error_type: ErrorType) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise error_type(f"{place}: {error}", _TRANSFER) from error


def inside(folder: Path, name: str, error_type: ErrorType) -> Path:
    """`folder/name`, if `name` is a plain relative path. The file need not exist.

    Raises `error_type` for any other path, for a path through a symbolic link, and for something that exists but is not
    a regular file.
    """
    parts = PurePosixPath(name).parts
    if (
        not parts
        or name.startswith("/")
        or "\\" in name
        or not name.isprintable()
        or len(name.encode()) > 255
        or any(part in ("..", ".") or ":" in part for part in parts)
    ):
        raise error_type(f"{name!r}: not a path inside the folder", "use a plain relative path")
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise error_type(f"{name}: a symbolic link", "replace the link with the file itself")
    if path.exists() and not path.is_file():
        raise error_type(f"{name}: not a regular file", "replace it with a file")
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
