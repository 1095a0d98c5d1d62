"""Read JSON, JSON lines and YAML files, bounded in size and depth; nothing in them is executed.

A folder's files are read in the order of their names, with those in folders below it; symbolic links are not followed.
What a file holds is decided by its content, not by its name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ImporterError
from ..files import numbered_lines
from ..importers.reading import Budget
from ..jsonvalues.canonical import NotCanonical
from ..jsonvalues.decode import json_at, parse_json

MOST_BYTES = 256 << 20
"""Maximum size of a file that is one document, in bytes."""
MOST_FILES = 20_000
ENDINGS = (".json", ".jsonl", ".jsonl.gz", ".ndjson", ".har", ".yaml", ".yml")
"""Suffixes of the files that are read in a folder. A file passed directly may have any name."""
_LINES = (".jsonl", ".jsonl.gz", ".ndjson")
_REMEDY = "correct the file, or leave it out"
_SPACE = re.compile(r"\s*")
_STEM = re.compile(r"(\.jsonl?|\.ndjson|\.har|\.ya?ml|\.gz)+$")


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON value of a file: the whole file, or a line of it. `stem` names what has no name of its own."""

    place: str
    stem: str
    value: Any


def documents(path: Path, unreadable: list[ImporterError] | None = None) -> Iterator[Document]:
    """The documents at a path. Raises `ImporterError`, or appends it to `unreadable` and goes on with the next."""
    for file in files(path):
        wrong: list[ImporterError] = []
        try:
            yield from _documents(
                file, file.relative_to(path).as_posix() if path.is_dir() else file.name, wrong
            )
        except ImporterError as error:
            wrong.append(error)
        if wrong and unreadable is None:
            raise wrong[0]
        elif unreadable is not None:
            unreadable += wrong


def files(path: Path) -> list[Path]:
    """The file at a path, or a folder's files. Raises `ImporterError`."""
    if not path.is_dir():
        return [path]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.name.endswith(ENDINGS) and file.is_file() and not _through_link(file, path)
    )
    if not found or len(found) > MOST_FILES:
        expected = f"expected 1 to {MOST_FILES} files named {', '.join(ENDINGS)}"
        raise ImporterError(f"{path.name}: {expected}, found {len(found)}", "check the path")
    return found


def _through_link(file: Path, folder: Path) -> bool:
    return any(
        part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(folder) and part != folder
    )


def _documents(file: Path, label: str, wrong: list[ImporterError]) -> Iterator[Document]:
    """The documents of a file. A line that is none is appended to `wrong`. Raises `ImporterError`."""
    stem = _STEM.sub("", file.name) or file.name
    if file.name.endswith(_LINES):
        yield from _lines(file, label, stem, wrong)
        return
    text = _text(file)
    if text.lstrip()[:1] not in ("{", "["):
        from .cassette_yaml import parse_cassette

        try:
            value = parse_cassette(text)
        except ValueError as error:
            raise ImporterError(f"{label}: neither JSON nor YAML: {error}", _REMEDY) from error
        yield Document(label, stem, _bounded(value, len(text), label))
        return
    try:
        value = parse_json(text)
    except ValueError as error:
        if "Extra data" not in str(error):
            raise ImporterError(f"{label}: not JSON: {error}", _REMEDY) from error
        yield from _one_after_another(text, label, stem)
    else:
        yield Document(label, stem, _bounded(value, len(text), label))


def _one_after_another(text: str, label: str, stem: str) -> Iterator[Document]:
    """Several JSON values in a file that is not named as JSON lines, each on one line or more."""
    line, end = 1, 0
    while start := _SPACE.match(text, end):
        line += text.count("\n", end, start.end())
        if start.end() == len(text):
            return
        place = f"{label}:{line}"
        try:
            value, end = json_at(text, start.end())
        except ValueError as error:
            raise ImporterError(f"{place}: not JSON: {error}", _REMEDY) from error
        yield Document(place, f"{stem}-{line:04d}", _bounded(value, len(text), place))
        line += text.count("\n", start.end(), end)


def _lines(file: Path, label: str, stem: str, wrong: list[ImporterError]) -> Iterator[Document]:
    for number, line in numbered_lines(file, ImporterError):
        place = f"{label}:{number}"
        try:
            value = _bounded(_parsed(line, place), len(line), place)
        except ImporterError as error:
            wrong.append(error)
        else:
            yield Document(place, f"{stem}-{number:04d}", value)


def _parsed(line: str, place: str) -> Any:
    try:
        return parse_json(line)
    except ValueError as error:
        raise ImporterError(f"{place}: not JSON: {error}", "write one JSON value per line") from error


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ImporterError(f"{file.name}: no such file or folder", "check the path") from None
    except OSError as error:
        raise ImporterError(f"{file.name}: cannot be read: {error.strerror}", "check the file") from error
    if len(data) > MOST_BYTES:
        raise ImporterError(f"{file.name}: larger than {MOST_BYTES >> 20} MiB", "split the file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = "this is a pickle, which is not read" if data[:1] == b"\x80" else f"not UTF-8: {error}"
        raise ImporterError(f"{file.name}: {what}", "convert it to JSON lines") from error


def _bounded(value: Any, size: int, place: str) -> Any:
    """The value itself. Raises `ImporterError` if it is nested too deep, or shared parts make it too large."""
    try:
        Budget(size).examine(value)
    except NotCanonical as error:
        raise ImporterError(f"{place}: expected valid JSON, found {error}", _REMEDY) from error
    return value
