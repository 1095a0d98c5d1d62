"""Counts of the responses in a snapshot by tool, and the differences between two snapshots by key.

A hit rate belongs to a run, not to a snapshot: it is the share of valid calls that were recorded, counted from a log of
the run. For a snapshot alone, the share of its tasks' golden calls that are recorded is counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..files import numbered_lines
from ..jsonvalues.decode import parse_json
from . import Snapshot
from .records import Record, says_nothing

HIT, MISS = ("ok", "api_error"), ("not_recorded",)
"""Status codes of a log, of valid calls with and without a recorded response."""


@dataclass
class ToolStats:
    """Counts of one tool.

    `errors` are responses with a status of 400 or more, `empty` the other responses without content; `bytes` and
    `largest` are UTF-8 bytes of response text. `golden` counts the distinct golden calls of the snapshot's tasks,
    `recorded` those with a response, recorded or derived. `hits` and `misses` count the valid calls of a log.
    """

    responses: int = 0
    errors: int = 0
    empty: int = 0
    bytes: int = 0
    largest: int = 0
    golden: int = 0
    recorded: int = 0
    hits: int = 0
    misses: int = 0

    def take(self, record: Record) -> None:
        """Count one record."""
        size = len(record.text.encode())
        self.responses += 1
        self.errors += record.status >= 400
        self.empty += record.status < 400 and says_nothing(record.text)
        self.bytes += size
        self.largest = max(self.largest, size)


@dataclass
class Difference:
    """Differences between two snapshots: calls that only one has, calls with different responses, tools likewise."""

    tools_added: list[str] = field(default_factory=list)
    tools_removed: list[str] = field(default_factory=list)
    tools_changed: list[str] = field(default_factory=list)
    added: list[Record] = field(default_factory=list)
    removed: list[Record] = field(default_factory=list)
    changed: list[Record] = field(default_factory=list)
    same: int = 0

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        tools = self.tools_added or self.tools_removed or self.tools_changed
        return bool(tools or self.added or self.removed or self.changed)


def tool_stats(snapshot: Snapshot, log: Path | None = None) -> dict[str, ToolStats]:
    """Counts by tool, in the order of the catalog.

    `log` is a file of JSON lines, each an info of the environment or one of its calls. Raises `UsageError` for any
    other line.
    """
    found = {name: ToolStats() for name in snapshot.catalog}
    for record in snapshot.records():
        found[record.tool].take(record)
    golden = {
        (call.tool, snapshot.key(call.tool, call.arguments)): (call.arguments, task.id)
        for task in snapshot.tasks()
        for call in task.golden
    }
    for (tool, _), (arguments, task) in golden.items():
        found[tool].golden += 1
        found[tool].recorded += snapshot.lookup(tool, arguments, task) is not None
    for (tool, code), times in (_logged(log) if log else Counter[tuple[str, str]]()).items():
        if tool in found:
            found[tool].hits += times * (code in HIT)
            found[tool].misses += times * (code in MISS)
    return found


def difference(old: Snapshot, new: Snapshot) -> Difference:
    """The calls and tools that `new` adds, removes and changes compared with `old`. The records have no texts."""
    result = Difference()
    shapes = [{name: tool.spec for name, tool in snapshot.catalog.items()} for snapshot in (old, new)]
    before, after = shapes
    result.tools_added = sorted(after.keys() - before.keys())
    result.tools_removed = sorted(before.keys() - after.keys())
    result.tools_changed = sorted(
        name for name in before.keys() & after.keys() if before[name] != after[name]
    )
    seen = set()
    for record in new.records():
        seen.add((record.key, record.task))
        found = old.get(record.key, record.task)
        head = record._replace(text="")
        if found is None:
            result.added.append(head)
        elif (found.status, found.text) != (record.status, record.text):
            result.changed.append(head)
        else:
            result.same += 1
    result.removed = [r._replace(text="") for r in old.records() if (r.key, r.task) not in seen]
    return result


def _logged(log: Path) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for number, line in numbered_lines(log, _log_fault):
        try:
            counts.update((call["tool"] or "", call["code"]) for call in _calls(parse_json(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{log.name}:{number}: expected an info of the environment or one of its calls: {error}"
            ) from error
    return counts


def _calls(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from entry.get("calls", [entry])


def _log_fault(problem: str, remedy: str) -> Any:
    return UsageError(f"{problem}; {remedy}")
