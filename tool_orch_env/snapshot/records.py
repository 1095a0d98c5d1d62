"""Records: one call with its recorded response, its replay key, and its line in `responses*.jsonl.gz`.

Arguments are validated when a record is made, and the key is verified when a record is read.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..errors import SnapshotError, UsageError
from ..jsonvalues import pointer
from ..jsonvalues.canonical import MAX_DEPTH, NotCanonical, encode, plain, replay_key, to_text
from ..jsonvalues.decode import depth, json_at, parse_json, skim_json_at
from .catalog import Catalog, Tool

REMEDY = "fetch the snapshot again, or write it again with this package"


class Record(NamedTuple):
    """One recorded response. `text` is compact JSON; `status` the HTTP status.

    `task` is the id of the only task that sees the record, "" for all tasks.
    """

    key: str
    tool: str
    arguments: dict[str, Any]
    status: int
    text: str
    task: str = ""


def make_record(
    catalog: Catalog, tool: str, arguments: dict[str, Any], status: int, response: Any, task: str = ""
) -> Record:
    """A record of a valid call: every hit in a snapshot is a valid call.

    Raises `UsageError` if the tool does not exist, the arguments violate its schema, `status` is not an HTTP status
    (100 to 599), or `response` is not JSON.
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
    """The records sorted by key, without duplicates. Raises `SnapshotError` if one call has two different responses.

    Of calls that differ only in spelling, the one whose arguments sort first is kept, whatever the order of `records`.
    """
    kept: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda r: (r.key, r.task, to_text(r.arguments))):
        first = kept.setdefault((record.key, record.task), record)
        if (first.status, first.text) != (record.status, record.text):
            raise SnapshotError(
                f"{record.tool} {to_text(record.arguments)}: recorded with two different responses",
                "limit the records to their tasks, or put them into two versions of the snapshot",
            )
    return list(kept.values())


def line_of(record: Record) -> str:
    """The line of a record in a response file."""
    head = {"key": record.key, "tool": record.tool, "arguments": record.arguments, "status": record.status}
    if record.task:
        head["task"] = record.task
    return f'{to_text(head)[:-1]},"response":{record.text}}}\n'


def parse_record(line: str, place: str, catalog: Catalog, trusting: bool = False) -> Record:
    """The record in a line, its key verified. Raises `SnapshotError` that begins with `place`.

    If `trusting`, a line in the form of `line_of` keeps its key unverified, and names that occur twice in an object are
    not noticed: this halves the time. The record's text is sound JSON all the same.
    """
    try:
        record = _as_written(line, skim_json_at if trusting else json_at)
        trusted = trusting and record is not None
        record = record or _spelt_otherwise(parse_json(line))
        tool = catalog[record.tool]
        _sound(record)
        key = record.key if trusted else key_of(tool, record.arguments)
    except KeyError as error:
        raise SnapshotError(f"{place}: missing field or unknown tool {error}", REMEDY) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SnapshotError(f"{place}: not a record: {error}", REMEDY) from error
    if key != record.key:
        raise SnapshotError(
            f"{place}: key: expected {key}, the key of the call, found {record.key!r}", REMEDY
        )
    return record


_HEAD = re.compile(r'\{"key":"([0-9a-f]{32})","tool":"([\w.-]+)","arguments":')
_STATUS = re.compile(r',"status":([0-9]{3})(?:,"task":("(?:[^"\\]|\\.)*"))?,"response":')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _as_written(line: str, value_at: Callable[[str, int], tuple[Any, int]]) -> Record | None:
    """The record of a line in the form of `line_of`; the text of the response is cut out of the line, not re-encoded.

    `None` for any other line, including bad ones: `_spelt_otherwise` reads or rejects those.
    """
    head = _HEAD.match(line)
    if head is None:
        return None
    try:
        arguments, end = value_at(line, head.end())
        status = _STATUS.match(line, end)
        if status is None:
            return None
        start = status.end()
        response, end = value_at(line, start)
        task = parse_json(status[2]) if status[2] else ""
    except ValueError:
        return None
    if line[end:].rstrip(" \t\r\n") != "}" or _SURROGATE.search(line, start, end):
        return None
    return Record(head[1], head[2], arguments, int(status[1]), _shallow(response, line[start:end]), task)


def _spelt_otherwise(entry: Any) -> Record:
    """The record of a line that `line_of` did not write."""
    text = _shallow(entry["response"], to_text(entry["response"]))
    task = entry.get("task", "")
    return Record(entry["key"], entry["tool"], entry["arguments"], entry["status"], text, task)


def _shallow(response: Any, text: str) -> str:
    """`text`, the text of a response. Raises `ValueError` if it is nested so deeply that reading it could fail."""
    if text.count("[") + text.count("{") > MAX_DEPTH and depth(response) > MAX_DEPTH:
        raise ValueError(f"response nested deeper than {MAX_DEPTH}")
    return text


def _sound(record: Record) -> Record:
    """The record itself. Raises `ValueError` if stores and files cannot hold it."""
    if not isinstance(record.arguments, dict):
        raise ValueError(f"arguments: expected an object, found {type(record.arguments).__name__}")
    if not isinstance(record.status, int) or not 100 <= record.status <= 599:
        raise ValueError(f"status: expected 100 to 599, found {record.status!r}")
    if not isinstance(record.task, str):
        raise ValueError(f"task: expected a string, found {record.task!r}")
    (record.text + record.task).encode()  # raises for a lone surrogate
    return record


def key_of(tool: Tool, arguments: dict[str, Any]) -> str:
    """The replay key of a call. Raises `NotCanonical`."""
    return replay_key(tool.name, encode(tool.normalise(arguments)))


def says_nothing(text: str) -> bool:
    """Whether a response has no content: null, empty, or an object with lists or objects in it that are all empty."""
    value = json.loads(text)
    if isinstance(value, dict):
        inner = [item for item in value.values() if isinstance(item, (dict, list))]
        return not value or (bool(inner) and not any(inner))
    return value is None or value == "" or value == []
