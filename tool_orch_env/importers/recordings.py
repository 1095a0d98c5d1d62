"""Pool the responses of many tasks into records without silently overwriting any.

If all tasks that made a call got the same response, they share one record. If they got different responses, each task
keeps its own record, which only that task sees. If one task made a call twice and got different responses, the first
is kept and a note is added.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..snapshot.catalog import Catalog
from ..snapshot.records import Record, make_record

SUCCESS = 200
API_ERROR = 400


class Recording(NamedTuple):
    """A response to a call, as recorded in one task."""

    task: str
    tool: str
    arguments: dict[str, Any]
    response: Any


def status(response: Any) -> int:
    """400 for an error envelope (`status` is false or `error` is not empty), else 200."""
    failed = isinstance(response, dict) and (response.get("status") is False or bool(response.get("error")))
    return API_ERROR if failed else SUCCESS


def pooled(catalog: Catalog, recordings: Iterable[Recording], notes: Counter[str]) -> list[Record]:
    """The records, sorted by key and task. Raises `UsageError` if a call is not valid."""
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
    """One record for all tasks if their responses are equal, else one per task."""
    records = [by_task[task] for task in sorted(by_task)]
    if len({record.text for record in records}) == 1:
        return [records[0]._replace(task="")]
    return records
