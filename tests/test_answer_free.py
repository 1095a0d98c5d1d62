"""Answers written freely: 615 right ones in many styles, and 705 written to be paid although they are wrong.

The writers of the first 840 saw the request and the replies, not the facts; that of the last 480 knew the reader, and
wrote them to break it. What is misread still is listed by line, so that both kinds of error only become fewer.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tool_orch_env.answers.facts import Facts
from tool_orch_env.answers.reader import read_text
from tool_orch_env.reward.golden import CompiledTrace
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task, read_tasks

CORPORA = Path(__file__).parent / "corpora"
PARTS = 4


@cache
def _rows() -> tuple[tuple[int, dict[str, Any]], ...]:
    """The answers with their line numbers: `task`, `text`, and whether it is `right`."""
    lines = (CORPORA / "free-answers.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple((number, json.loads(line)) for number, line in enumerate(lines, 1))


@cache
def _tasks() -> dict[str, tuple[Task, Snapshot]]:
    opened = {name: Snapshot.open(name) for name in ("travel", "elements")}
    return {task.id: (task, opened[task.snapshot]) for task in read_tasks(CORPORA / "free-tasks.jsonl.gz")}


@cache
def _facts(task_id: str) -> Facts:
    return CompiledTrace(*_tasks()[task_id]).facts


def _is_paid(row: dict[str, Any]) -> bool:
    return all(one.share == 1 for one in read_text(_facts(row["task"]), row["text"]))


@pytest.mark.data
@pytest.mark.parametrize("part", range(PARTS))
def test_right_answers_are_read_in_full_and_wrong_ones_are_not(part: int) -> None:
    """All but the lines in free-answers-misread.txt, which is kept as short as it can be."""
    rows = [(number, row) for number, row in _rows() if number % PARTS == part]
    misread = [
        f"{number} {row['task']} {'right' if row['right'] else 'wrong'}"
        for number, row in rows
        if _is_paid(row) != row["right"]
    ]
    listed = (CORPORA / "free-answers-misread.txt").read_text(encoding="utf-8").splitlines()
    assert misread == [one for one in listed if int(one.split()[0]) % PARTS == part]


def test_few_are_misread() -> None:
    listed = (CORPORA / "free-answers-misread.txt").read_text(encoding="utf-8").splitlines()
    right = [one for one in listed if one.endswith("right")]
    assert len(right) <= 0.08 * sum(row["right"] for _, row in _rows())
    assert len(listed) - len(right) <= 0.16 * sum(not row["right"] for _, row in _rows())
