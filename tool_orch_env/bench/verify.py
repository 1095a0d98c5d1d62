"""Verify a run: is it the whole benchmark, played by this version, with the results that its messages earn?

Nothing is requested from the policy. The recorded messages are scored again, so anybody who has the package can check a
run that somebody else submits. What cannot be checked is who wrote the messages.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..jsonvalues.decode import parse_json
from ..task import dump_tasks
from .manifest import PARTS
from .metrics import summary
from .protocols import Arena
from .result import EpisodeResult
from .run_log import Record
from .runner import rescored, void_of
from .taskset import TaskSet

SHOWN = 5
"""Episodes that a finding names."""


class Finding(NamedTuple):
    """What is wrong with a run: a stable code, and a sentence."""

    code: str
    text: str


def findings(
    folder: Path,
    about: Mapping[str, Any],
    fresh: Mapping[str, Any],
    arena: Arena,
    named: TaskSet,
    records: Sequence[Record],
) -> Iterator[Finding]:
    """Yield what is wrong with a run.

    `fresh` is the manifest that the run has with the installed version, and `named` has all tasks of the
    name in its manifest, as they are installed; `arena` has those that the run recorded.
    """
    old, new = about["fingerprint"], fresh["fingerprint"]
    for part in PARTS:
        if old.get(part, "") != new[part]:
            yield Finding("fingerprint", f"{part}: recorded {old.get(part)!r}, installed {new[part]!r}")
    if dump_tasks(arena.tasks) != dump_tasks(named.tasks[: about["source"].get("limit")]):
        yield Finding("tasks", f"tasks.jsonl has other tasks than {about['source']['tasks']!r} as installed")
    if arena.protocol == "cfb-offline" and about["deciding"] != named.deciding:
        yield Finding(
            "deciding", "other parameters decide matches than in the task file's table, or in --deciding"
        )
    yield from _missing(about, arena, records)
    earned = [rescored(arena, record)["result"] for record in records]
    wrong = [
        _key(record) for record, result in zip(records, earned, strict=True) if result != record["result"]
    ]
    if wrong:
        yield Finding("results", f"{_some(wrong)}: the messages earn another result than the recorded one")
    broken = [_key(record) for record, result in zip(records, earned, strict=True) if _broken(record, result)]
    if broken:
        yield Finding(
            "messages", f"{_some(broken)}: the messages end before the episode does, or go on after it"
        )
    yield from _summary(folder, arena, records)


def _missing(about: Mapping[str, Any], arena: Arena, records: Sequence[Record]) -> Iterator[Finding]:
    played = set(map(_key, records))
    wanted = (f"{task.id}/{trial}" for task in arena.tasks for trial in range(about["trials"]))
    if absent := len(arena.tasks) * about["trials"] - len(played):
        some = list(islice((key for key in wanted if key not in played), SHOWN))
        yield Finding("incomplete", f"{_some(some, absent)}: not played")
    failed = [_key(record) for record in records if record["fault"]]
    if failed:
        yield Finding("failed", f"{_some(failed)}: ended by a policy error; --retry-failed plays them again")
    void = [_key(record) for record in records if void_of(record)]
    if void:
        yield Finding("void", f"{_some(void)}: void; the same command plays them again")


def _summary(folder: Path, arena: Arena, records: Sequence[Record]) -> Iterator[Finding]:
    path = folder / "summary.json"
    results = [EpisodeResult.from_dict(record["result"]) for record in records]
    try:
        same = parse_json(path.read_bytes()) == summary(results, arena.tasks)
    except (OSError, ValueError):
        same = False
    if not same:
        yield Finding("summary", "summary.json is not the summary of episodes.jsonl; rescore writes it again")


def _key(record: Record) -> str:
    return f"{record['task_id']}/{record['trial']}"


def _broken(record: Record, result: Mapping[str, Any]) -> bool:
    """Whether the messages of an episode are not those from its beginning to its end. A void one has no end."""
    cut = result["stop_reason"] == "unfinished" or result["turns"] != len(record["actions"])
    return cut and not void_of(record)


def _some(keys: Sequence[str], number: int | None = None) -> str:
    more = f" and {(number or len(keys)) - SHOWN} more" if (number or len(keys)) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
