"""Pool the answers of traces into records; conflicting answers to one call are kept apart by task.

Answers of tasks count before those of other traces. If all that count are equal, everybody sees the answer. If they
differ, each task keeps its own, which only it sees; among traces that are no tasks, the first answer is kept. In one
trace, the first answer to a call is kept: a golden trace makes it once.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from ..snapshot.records import Record
from .trace import Trace


class Answer(NamedTuple):
    """An answer to a call of a trace, as a record without a task."""

    trace: Trace
    record: Record
    at: str = ""


def pooled(answers: Iterable[Answer], tasks: Collection[str]) -> Iterator[Answer]:
    """The answers to keep, by key and task. `tasks` are the ids of the traces that are tasks."""
    by_key: dict[str, dict[str, Answer]] = {}
    for answer in answers:
        by_key.setdefault(answer.record.key, {}).setdefault(answer.trace.id, answer)
    for key in sorted(by_key):
        found = by_key[key]
        own = [found[name] for name in sorted(found) if name in tasks]
        if len({_outcome(answer) for answer in own}) > 1:
            for answer in own:
                yield answer._replace(record=answer.record._replace(task=answer.trace.id))
        else:
            yield next(iter(own or found.values()))


def conflicts(answers: Iterable[Answer]) -> int:
    """The number of calls with different answers."""
    outcomes: dict[str, set[tuple[int, str]]] = {}
    for answer in answers:
        outcomes.setdefault(answer.record.key, set()).add(_outcome(answer))
    return sum(len(found) > 1 for found in outcomes.values())


def _outcome(answer: Answer) -> tuple[int, str]:
    return answer.record.status, answer.record.text
