"""Reading scenario files. Every problem is reported with file and line."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...errors import ScenarioError, UsageError
from .format import Scenarios

FOLDER = Path(__file__).parent
COMMON = "common.toml"
"""What the scenario files of a folder share: format, snapshot, tables, askable, clocks, substitutes."""
REMEDY = "correct the file; docs/scenarios.md describes the format"
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\-\"' ]+?)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*[{,]?\s*([\w\-.]+|\"[^\"]*\")\s*=")
Place = tuple[str | int, ...]


def read_scenarios(name_or_path: str | Path) -> Scenarios:
    """The scenarios of a bundled snapshot by its name, of a file, or of the files of a folder.

    The files of a folder share what its `common.toml` defines. Raises `UsageError`, `ScenarioError`.
    """
    path = Path(name_or_path)
    if not path.suffix and not path.is_file() and not (path / COMMON).is_file():
        path = FOLDER / path.name
    if not path.is_dir():
        return parse_scenarios(_text(path), path.name)
    common = _document(_text(path / COMMON), COMMON)
    files = sorted(one for one in path.glob("*.toml") if one.name != COMMON)
    read = [parse_scenarios(_text(one), one.name, common) for one in files]
    if not read:
        raise UsageError(f"{path}: expected scenario files beside {COMMON}, found none")
    scenarios = tuple(scenario for file in read for scenario in file.scenario)
    ids = [one.id for one in scenarios]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ScenarioError(f"{path}: expected every id once, found {', '.join(twice)} twice", REMEDY)
    tables: dict[str, Any] = {}
    for file in read:
        if twice := sorted(name for name, table in file.tables.items() if tables.get(name, table) != table):
            raise ScenarioError(
                f"{path}: expected one table of a name, found two named {', '.join(twice)}", REMEDY
            )
        tables |= file.tables
    return read[0].model_copy(update={"scenario": scenarios, "tables": tables})


def parse_scenarios(text: str, name: str, common: dict[str, Any] | None = None) -> Scenarios:
    """The scenarios of a text; `name` is for messages. `common` are keys that all files of a folder share; of tables,
    those of the text come on top. Raises `ScenarioError` that lists every problem."""
    document, lines = _document(text, name), _lines(text)
    if common:
        document = {
            **common,
            **document,
            "tables": {**common.get("tables", {}), **document.get("tables", {})},
        }
    try:
        found = Scenarios.model_validate(document)
    except ValidationError as error:
        problems = [
            f"{name}:{_line(one['loc'], lines)}: {_said(one)}"
            for one in error.errors()
            if one["type"] != "too_short" or not one["input"]  # pydantic counts the valid elements only
        ]
        raise ScenarioError(problems, REMEDY) from error
    wrong = [f"{name}:{_line(place, lines)}: {_dotted(place)}: {why}" for place, why in found.problems()]
    if wrong:
        raise ScenarioError(wrong, REMEDY)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(one.name for one in FOLDER.iterdir() if (one / COMMON).is_file()))
        raise UsageError(
            f"{path}: expected a scenario file, a folder with {COMMON}, or one of {known}: {error}"
        ) from error


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        raise ScenarioError(f"{name}:{line[1] if line else 1}: not TOML: {error}", REMEDY) from error


def _said(fault: object) -> str:
    assert isinstance(fault, dict)
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = fault.get("input")
    if fault["type"] == "missing":
        message = "expected a value, found none"
    elif fault["type"] == "extra_forbidden":
        message = "unknown key"
    elif isinstance(given, (str, int, float, bool)) and str(given)[:20] not in message:
        message += f", found {str(given)[:60]!r}"
    return f"{_dotted(fault['loc'])}: {message}"


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place))


def _line(place: Sequence[str | int], lines: dict[Place, int]) -> int:
    """The line of a place, or of the nearest thing around it."""
    for end in range(len(place), 0, -1):
        if tuple(place[:end]) in lines:
            return lines[tuple(place[:end])]
    return 1


def _lines(text: str) -> dict[Place, int]:
    """The lines of tables and keys. Elements of an array in brackets are found by their `{` at a line's beginning."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    array: Place = ()
    for number, line in _outside_texts(text):
        header = _HEADER.fullmatch(line)
        if header:
            array = ()
            table = _table(header[2], header[1] == "[[", counts)
            found.setdefault(table, number)
            continue
        if array and line.lstrip().startswith("{"):
            counts[array] = counts.get(array, -1) + 1
            found[*array, counts[array]] = number
        key = _KEY.match(line)
        if key and (name := key[1].strip('"')):
            inside: Place = (*array, counts.get(array, 0)) if array and line[:1].isspace() else table
            found.setdefault((*inside, *name.split(".")), number)
            if line.rstrip().endswith("["):
                array = (*table, name)
        if line.startswith("]"):
            array = ()
    return found


def _table(dotted: str, many: bool, counts: dict[Place, int]) -> Place:
    """The place of a table by its header; `many` for one of an array."""
    place: Place = ()
    parts = [part.strip().strip("\"'") for part in dotted.split(".")]
    for at, part in enumerate(parts):
        place = (*place, part)
        if many and at == len(parts) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _outside_texts(text: str) -> Iterator[tuple[int, str]]:
    """The lines that do not begin inside a text of several lines."""
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not closing:
            yield number, line
        for mark in re.findall(r'"""|\'\'\'', line):
            if not closing:
                closing = mark
            elif mark == closing:
                closing = ""
