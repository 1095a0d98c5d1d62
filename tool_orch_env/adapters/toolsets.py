"""Fewer sets of tools, for trainers such as TRL that fix the tools of an environment before training.

`merged` returns the same tasks, with more tools offered, such that many tasks share a set. Sets are merged in the order
in which that adds the fewest tools to tasks. A tool is added to a task only if the task set offers it as a distractor
next to every tool that the task's solutions use. Tools that do each other's work are never offered so, hence every task
keeps its solutions and its score.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from ..task import Task
from .session import SessionFactory

Tools: TypeAlias = frozenset[str]
Matrix: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def merged(factory: SessionFactory, most: int) -> SessionFactory:
    """The factory's tasks with at most `most` different sets of tools, or as few as the tasks allow if those are more.

    Returns `factory` itself if its tasks have no more sets than that.
    """
    tasks = list(factory.task_set.tasks.values())
    if len({frozenset(task.tools) for task in tasks}) <= most:
        return factory
    covers = _covers(tasks, most)
    wide = [task.model_copy(update={"tools": tuple(sorted(covers[_needs(task)]))}) for task in tasks]
    return replace(factory, snapshot=factory.task_set.snapshot, tasks=wide)


def solving(task: Task) -> Tools:
    """The tools of the task's golden calls and of its listed plans."""
    plans = task.meta.get("plans", ())
    planned = {call["tool"] for plan in plans for turn in plan["turns"] for call in turn}
    return frozenset({call.tool for call in task.golden} | planned)


def _needs(task: Task) -> tuple[Tools, Tools]:
    return frozenset(task.tools), solving(task)


def _covers(tasks: Sequence[Task], most: int) -> Mapping[tuple[Tools, Tools], Tools]:
    """The set of tools that each kind of task gets, by the tools that it offers and those that solve it."""
    times = Counter(map(_needs, tasks))
    kinds = sorted(times, key=lambda kind: tuple(map(sorted, kind)))
    names = sorted({name for offered, _ in kinds for name in offered})
    beside = _beside(kinds)
    barred = [
        frozenset(names) - offered - frozenset.intersection(*(beside[name] for name in solution))
        for offered, solution in kinds
    ]
    groups = _groups(
        _bits((offered for offered, _ in kinds), names),
        _bits(barred, names),
        np.array([times[kind] for kind in kinds], dtype=float),
        most,
    )
    unions = [frozenset[str]().union(*(kinds[i][0] for i in group)) for group in groups]
    return {kinds[i]: union for group, union in zip(groups, unions, strict=True) for i in group}


def _beside(kinds: Sequence[tuple[Tools, Tools]]) -> Mapping[str, Tools]:
    """For each tool that solves a task, the tools that some such task offers as distractors."""
    found: dict[str, set[str]] = {}
    for offered, solution in kinds:
        for name in solution:
            found.setdefault(name, set()).update(offered - solution)
    return {name: frozenset(tools) for name, tools in found.items()}


def _bits(sets: Iterable[Tools], names: Sequence[str]) -> Matrix:
    return np.array([[name in one for name in names] for one in sets])


def _groups(tools: Matrix, barred: Matrix, times: Matrix, most: int) -> list[list[int]]:
    """Groups of rows, merged pair by pair at the least cost until `most` sets are left.

    The cost of a merge is the number of tools added, summed over tasks.
    """
    groups = [[row] for row in range(len(tools))]

    def costs(row: int) -> Matrix:
        union = tools | tools[row]
        size = union.sum(1)
        cost: Matrix = times * (size - tools.sum(1)) + times[row] * (size - tools[row].sum())
        cost[(union & (barred | barred[row])).any(1) | (times == 0)] = np.inf
        cost[row] = np.inf
        return cost

    cost = np.stack([costs(row) for row in range(len(tools))])
    rows = np.arange(len(tools))
    nearest = cost.argmin(1)
    while True:
        into = int(cost[rows, nearest].argmin())
        out = int(nearest[into])
        least, left = cost[into, out], sum(map(bool, groups))
        if least == np.inf or (left <= most and least > 0):
            return [group for group in groups if group]
        tools[into] |= tools[out]
        barred[into] |= barred[out]
        times[into] += times[out]
        groups[into] += groups[out]
        groups[out], times[out] = [], 0
        cost[out] = cost[:, out] = np.inf
        cost[into] = cost[:, into] = costs(into)
        stale = (nearest == into) | (nearest == out) | (rows == into)
        nearest[stale] = cost[stale].argmin(1)
        nearest[cost[:, into] < cost[rows, nearest]] = into
