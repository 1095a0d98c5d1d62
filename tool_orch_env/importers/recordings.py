"""Responses of many tasks pooled into records, without one silently overwriting another.

Enters: what each task's file recorded. Leaves: `Record`s. Where every task that made a call got the same
response, the record is shared by all; where two tasks got different ones, each task keeps its own, limited to
it. Where one task itself made a call twice and got different responses, its first is kept, and that is noted.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..snapshot.catalog import Catalog
from ..snapshot.records import Record, make_record

SUCCESS = 200
API_ERROR = 400


class Recording(NamedTuple):
    """A response to a call, as the file of one task has it."""

    task: str
    tool: str
    arguments: dict[str, Any]
    response: Any


def status(response: Any) -> int:
    """400 for an error envelope (`status` is false, or `error` says something), else 200."""
    failed = isinstance(response, dict) and (response.get("status") is False or bool(response.get("error")))
    return API_ERROR if failed else SUCCESS


def pooled(catalog: Catalog, recordings: Iterable[Recording], notes: Counter[str]) -> list[Record]:
    """The records, sorted by key and task; raises `UsageError` where a call is not valid."""
    by_key: dict[str, dict[str, Record]] = {}
    for recording in recordings:
        answer = recording.response
        record = make_record(
            catalog, recording.tool, recording.arguments, status(answer), answer, recording.task
        )
        first = by_key.setdefault(record.key, {}).setdefault(recording.task, record)
        if first.text != record.text:
            notes[
                f"{recording.task}: {recording.tool} is called twice with different responses; the first is kept"
            ] += 1
    return [record for key in sorted(by_key) for record in _shared(by_key[key])]


def _shared(by_task: dict[str, Record]) -> list[Record]:
    """One record for all tasks if they agree, else one for each."""
    records = [by_task[task] for task in sorted(by_task)]
    if len({record.text for record in records}) == 1:
        return [records[0]._replace(task="")]
    return records
