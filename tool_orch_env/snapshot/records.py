"""One recorded call and its response: the record, its key, its line in a file.

Enters: calls and responses, or lines of a `responses*.jsonl.gz`. Leaves: `Record`s that are sound: valid
arguments where they are made, the right key where they are read.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..errors import SnapshotError, UsageError
from ..jsonvalues import pointer
from ..jsonvalues.canonical import MAX_DEPTH, NotCanonical, encode, plain, replay_key, to_text
from ..jsonvalues.decode import depth, json_at, parse_json
from .catalog import Catalog, Tool

REMEDY = "fetch the snapshot again, or write it again with this package"


class Record(NamedTuple):
    """One recorded response. `text` is compact JSON; `task` limits the record to one task, "" means all."""

    key: str
    tool: str
    arguments: dict[str, Any]
    status: int
    text: str
    task: str = ""


def make_record(
    catalog: Catalog, tool: str, arguments: dict[str, Any], status: int, response: Any, task: str = ""
) -> Record:
    """A record whose arguments satisfy the tool's schema, so that every hit is a valid call.

    Raises `UsageError` if the tool does not exist, the arguments violate its schema, the status is no HTTP
    status or the response no JSON.
    """
    known = catalog.get(tool)
    if known is None:
        raise UsageError(f"{tool!r} is not a tool of this catalog")
    try:
        given = plain(arguments)
        key = key_of(known, given)
    except NotCanonical as fault:
        raise UsageError(f"{tool}: arguments have no canonical form: {fault}") from fault
    error = next(iter(known.validator.iter_errors(given)), None)
    if error is not None:
        place = pointer.join(*error.absolute_path)
        raise UsageError(f"{tool}{place}: {error.message}; only valid calls are recorded")
    try:
        return _sound(Record(key, tool, given, status, _shallow(response, to_text(response)), task))
    except (ValueError, TypeError, RecursionError) as fault:
        raise UsageError(f"{tool} {to_text(given)}: {fault}") from fault


def deduplicated(records: Iterable[Record]) -> list[Record]:
    """Sorted by key, each once; raises `SnapshotError` where one call has two responses.

    Of several spellings of a call the first in order is kept, whatever the order they come in.
    """
    kept: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda r: (r.key, r.task, to_text(r.arguments))):
        first = kept.setdefault((record.key, record.task), record)
        if (first.status, first.text) != (record.status, record.text):
            raise SnapshotError(
                f"{record.tool} {to_text(record.arguments)}: recorded with two different responses",
                "limit the records to their tasks, or keep them in two snapshot versions",
            )
    return list(kept.values())


def line_of(record: Record) -> str:
    head = {"key": record.key, "tool": record.tool, "arguments": record.arguments, "status": record.status}
    if record.task:
        head["task"] = record.task
    return f'{to_text(head)[:-1]},"response":{record.text}}}\n'


def parse_record(line: str, place: str, catalog: Catalog) -> Record:
    """The record of a line; raises `SnapshotError` naming `place`."""
    try:
        record = _as_written(line) or _spelt_otherwise(parse_json(line))
        key = key_of(catalog[record.tool], record.arguments)
        _sound(record)
    except KeyError as error:
        raise SnapshotError(f"{place}: missing field or unknown tool {error}", REMEDY) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SnapshotError(f"{place}: not a record: {error}", REMEDY) from error
    if key != record.key:
        raise SnapshotError(
            f"{place}: key {record.key!r} does not belong to its call, which has {key}", REMEDY
        )
    return record


_HEAD = re.compile(r'\{"key":"([0-9a-f]{32})","tool":"([\w.-]+)","arguments":')
_STATUS = re.compile(r',"status":([0-9]{3})(?:,"task":("(?:[^"\\]|\\.)*"))?,"response":')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _as_written(line: str) -> Record | None:
    """The record of a line as `line_of` writes it: the response's text is cut out, not encoded again.

    `None` for any other line, a bad one too: what to say of it is left to the thorough way.
    """
    head = _HEAD.match(line)
    if head is None:
        return None
    try:
        arguments, end = json_at(line, head.end())
        status = _STATUS.match(line, end)
        if status is None:
            return None
        start = status.end()
        response, end = json_at(line, start)
        task = parse_json(status[2]) if status[2] else ""
    except ValueError:
        return None
    if line[end:].rstrip(" \t\r\n") != "}" or _SURROGATE.search(line, start, end):
        return None
    return Record(head[1], head[2], arguments, int(status[1]), _shallow(response, line[start:end]), task)


def _spelt_otherwise(entry: Any) -> Record:
    """The record of a line that somebody else wrote."""
    text = _shallow(entry["response"], to_text(entry["response"]))
    task = entry.get("task", "")
    return Record(entry["key"], entry["tool"], entry["arguments"], entry["status"], text, task)


def _shallow(response: Any, text: str) -> str:
    """Its text; raises `ValueError` where a response is so deep that reading it in an episode could fail."""
    if text.count("[") + text.count("{") > MAX_DEPTH and depth(response) > MAX_DEPTH:
        raise ValueError(f"response nested deeper than {MAX_DEPTH}")
    return text


def _sound(record: Record) -> Record:
    """The record itself; raises `ValueError` where it is not what the stores and files can hold."""
    if not isinstance(record.arguments, dict):
        raise ValueError("arguments expected an object")
    if not isinstance(record.status, int) or not 100 <= record.status <= 599:
        raise ValueError(f"status expected 100 to 599, found {record.status!r}")
    if not isinstance(record.task, str):
        raise ValueError(f"task expected a string, found {record.task!r}")
    record.text.encode()  # raises where a lone surrogate is in it
    return record


def key_of(tool: Tool, arguments: dict[str, Any]) -> str:
    return replay_key(tool.name, encode(tool.normalise(arguments)))


def says_nothing(text: str) -> bool:
    """Whether a response holds no content: empty, or an envelope around empty containers."""
    value = json.loads(text)
    if isinstance(value, dict):
        inner = [item for item in value.values() if isinstance(item, (dict, list))]
        return not value or (bool(inner) and not any(inner))
    return value is None or value == "" or value == []
