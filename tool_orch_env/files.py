"""Reading files from elsewhere: bounded, JSON only, and never outside their folder.

Every fault becomes one of the package's exceptions with file and line.
"""

import gzip
import io
import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

MAX_LINE = 64 << 20
"""Bytes of one line of a file, at most."""
MAX_UNPACKED = 8 << 30
"""Bytes of one file after unpacking, at most."""
_BUFFER = 1 << 17
_TRANSFER = "the file is cut or damaged: fetch or write it again"

Fault = Callable[[str, str], Exception]


def parse_json(text: str | bytes) -> Any:
    """Strict JSON: no NaN, no duplicate keys; raises `ValueError`, also where nesting is too deep."""
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode())
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An `object_pairs_hook` that refuses a key given twice."""
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"duplicate key {twice[:128]!r}")
    return result


def refuse_constant(name: str) -> Any:
    """A `parse_constant` that refuses NaN and the infinities."""
    raise ValueError(f"{name} is not JSON")


def finite(digits: str) -> float:
    """A `parse_float` that refuses what is read as an infinity."""
    number = float(digits)
    if number in (math.inf, -math.inf):
        raise ValueError(f"{digits[:128]} is beyond the range of numbers")
    return number


def json_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `start`, and where it ends; strict as `parse_json`, and finite."""
    try:
        return _FINITE.raw_decode(text, start)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def depth(value: Any) -> int:
    """Levels of lists and objects in a JSON value, 0 for a scalar."""
    levels, inner = 0, [value] if isinstance(value, (dict, list)) else []
    while inner:
        levels += 1
        inner = [
            child
            for node in inner
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
    return levels


_DECODER = json.JSONDecoder(object_pairs_hook=unique_keys, parse_constant=refuse_constant)
_FINITE = json.JSONDecoder(object_pairs_hook=unique_keys, parse_float=finite, parse_constant=refuse_constant)


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
