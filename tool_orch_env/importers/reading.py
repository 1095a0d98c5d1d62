"""Read rows from a file or folder: JSON lines, plain or gzipped, and pickles of plain data.

Formats are detected from the content; all this module knows of a format is how to recognise its rows. Any problem with
a file raises `ImporterError` with its location, and nothing in a file is executed.

Limits: rows nest at most 64 levels deep (the deepest known has 24); a pickle has at most 1 GiB, and one with shared
parts may expand to at most 16 times its size.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ImporterError
from ..files import numbered_lines
from ..jsonvalues.canonical import NotCanonical, plain
from ..jsonvalues.decode import parse_json
from .draft import Format, Row
from .plain_pickle import read_plain

MAX_DEPTH = 64
MAX_PICKLE = 1 << 30
UNFOLDING = 16
SCHEMAS = "booking_tools.jsonl"
"""Name of the file with tool schemas, looked for in the same folder."""
ENDINGS = (".jsonl", ".jsonl.gz", ".pkl", ".pickle")
"""Suffixes of the files that are read in a folder. A file passed directly may have any name."""
_END = object()


@dataclass(frozen=True, slots=True)
class Found:
    """One file with rows of one format. `sha256` is that of the file on disk, compressed or not."""

    path: Path
    format: Format
    rows: list[Row]
    sha256: str


def find(path: Path, formats: Sequence[Format]) -> list[Found]:
    """The files to import at `path`, sorted by name, all of one format. Raises `ImporterError`.

    In a folder, files of unknown format are ignored as long as at least one file has a known format.
    """
    if path.is_dir():
        files = sorted(
            p for p in path.iterdir() if p.is_file() and p.name.endswith(ENDINGS) and p.name != SCHEMAS
        )
        found = [file for file in (_read(p, formats) for p in files) if file is not None]
    else:
        found = [file for file in (_read(path, formats),) if file is not None]
    if not found:
        shapes = "; ".join(f"{form.name}: {form.title}" for form in formats)
        raise ImporterError(
            f"{path.name}: expected rows of a known format ({shapes}), found none",
            "check the path, or name the format of agents' traces with --format",
        )
    if len({file.format.name for file in found}) > 1:
        listed = ", ".join(f"{file.path.name} ({file.format.name})" for file in found)
        raise ImporterError(
            f"{path.name}: files of several formats: {listed}", "name one file, or the format"
        )
    return found


def schemas_beside(path: Path) -> dict[str, dict[str, Any]]:
    """The tool schemas in the folder's `SCHEMAS` file, by name; empty if there is no such file."""
    file = (path if path.is_dir() else path.parent) / SCHEMAS
    if not file.is_file():
        return {}
    schemas: dict[str, dict[str, Any]] = {}
    problems = []
    for place, value in _lines(file):
        if isinstance(value.get("name"), str) and value["name"] not in schemas:
            schemas[value["name"]] = value
        else:
            problems.append(
                f'{place}: expected an object with a new "name", found {str(value.get("name"))[:60]!r}'
            )
    if problems:
        raise ImporterError(
            problems, "correct the file of tool schemas, or move it away so that schemas are inferred"
        )
    return schemas


def _read(path: Path, formats: Sequence[Format]) -> Found | None:
    """The file if one of the formats recognises its first row, else `None`. Raises `ImporterError` if it is damaged."""
    rows = _pickled(path) if _is_pickle(path) else _lines(path)
    first = next(rows, None)
    if first is None:
        raise ImporterError(f"{path.name}: expected rows, found an empty file", "fetch the file again")
    form = next((form for form in formats if form.recognises(first.value)), None)
    if form is None:
        return None
    with path.open("rb") as stream:
        return Found(path, form, [first, *rows], hashlib.file_digest(stream, "sha256").hexdigest())


def _is_pickle(path: Path) -> bool:
    """Whether the first byte is that of a pickle. Gzipped files are always read as JSON lines."""
    if path.suffix == ".gz":
        return False
    try:
        with path.open("rb") as stream:
            opening = stream.read(64).lstrip(b" \t\r\n\xef\xbb\xbf")
    except FileNotFoundError:
        raise ImporterError(f"{path.name}: no such file or folder", "check the path") from None
    except OSError as error:
        raise ImporterError(f"{path.name}: cannot be read: {error.strerror}", "check the file") from error
    # `]` opens a pickled list of protocol 1, `(` one of protocol 0, 0x80 a later one
    return opening[:1] in (b"]", b"(", b"\x80")


def _lines(path: Path) -> Iterator[Row]:
    """The rows of a JSON lines file. Raises `ImporterError` at the first invalid line."""
    for number, line in numbered_lines(path, ImporterError):
        place = f"{path.name}:{number}"
        try:
            value = parse_json(line)
        except ValueError as error:
            raise ImporterError(f"{place}: not JSON: {error}", "write one JSON object per line") from error
        yield _row(place, value, Budget(len(line)))


def _pickled(path: Path) -> Iterator[Row]:
    """The rows of a pickled list."""
    if path.stat().st_size > MAX_PICKLE:
        raise ImporterError(f"{path.name}: larger than {MAX_PICKLE >> 20} MiB", "convert it to JSON lines")
    data = path.read_bytes()
    rows = read_plain(data, path.name)
    if not isinstance(rows, list):
        raise ImporterError(
            f"{path.name}: expected a pickled list of rows, found {_kind(rows)}", "check the file"
        )
    budget = Budget(len(data))
    for number, value in enumerate(rows):
        yield _row(f"{path.name}: row {number}", value, budget)


def _row(place: str, value: Any, budget: "Budget") -> Row:
    """The value as a `Row`. Raises `ImporterError` unless it is an object of valid JSON."""
    if not isinstance(value, dict):
        raise ImporterError(
            f"{place}: expected an object, found {_kind(value)}", "write one JSON object per line"
        )
    try:
        budget.examine(value)
    except NotCanonical as error:
        raise ImporterError(
            f"{place}: expected valid JSON, found {error}", "correct the row, or leave it out"
        ) from error
    return Row(place, value)


class Budget:
    """How far a file may still expand. Without shared parts, it has fewer values and characters than bytes."""

    def __init__(self, size: int) -> None:
        self.left = UNFOLDING * size + 1000

    def examine(self, value: Any) -> None:
        """Raise `NotCanonical` if `value` is too deep, too large, contains itself, or has non-JSON numbers or text."""
        open_containers: list[Iterator[Any]] = [iter((value,))]
        while open_containers:
            item = next(open_containers[-1], _END)
            if item is _END:
                open_containers.pop()
            elif isinstance(item, dict):
                for name in item:
                    self._examine_scalar(name)
                open_containers.append(iter(item.values()))
            elif isinstance(item, list):
                open_containers.append(iter(item))
            else:
                self._examine_scalar(item)
            if len(open_containers) > MAX_DEPTH:
                raise NotCanonical(f"nesting deeper than {MAX_DEPTH}")

    def _examine_scalar(self, item: Any) -> None:
        self.left -= 1 + (len(item) if isinstance(item, str) else 0)
        if self.left < 0:
            raise NotCanonical(f"shared parts that expand to more than {UNFOLDING} times the file size")
        if isinstance(item, str):
            _examine_text(item)
        else:
            plain(item)


def _examine_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate, which is not UTF-8") from error


def _kind(value: Any) -> str:
    names: dict[type, str] = {list: "a list", dict: "an object", str: "a string", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")
