"""Attributing by the order asked what the words around do not tell apart."""

from collections.abc import Sequence
from typing import Any

from .statements import Statement


def groups(floating: Sequence[Statement]) -> list[list[Statement]]:
    """Statements that could be about the same facts, directly or by way of others, in the order of the text."""
    groups: list[tuple[set[int], list[Statement]]] = []
    for one in floating:
        facts, members = set(one.said), [one]
        apart = []
        for known, some in groups:
            if known & facts:
                facts |= known
                members += some
            else:
                apart.append((known, some))
        groups = [*apart, (facts, members)]
    return [sorted(members, key=lambda one: one.start) for _, members in groups]


def without_repeats(group: Sequence[Statement], facts: Sequence[int]) -> list[Statement]:
    """The statements, one for each value said."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for one in group:
        key = tuple((at, value_of(one, at)) for at in facts if at in one.said)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept


def aligned(group: Sequence[Statement], facts: Sequence[int]) -> list[tuple[int, Statement]]:
    """Pairs of facts and statements, both in order: as many as possible, then as many right ones as possible."""
    best: dict[tuple[int, int], tuple[int, int]] = {}
    step: dict[tuple[int, int], str] = {}
    for a in range(len(group) - 1, -1, -1):
        for b in range(len(facts) - 1, -1, -1):
            options = [(best.get((a + 1, b), (0, 0)), "statement"), (best.get((a, b + 1), (0, 0)), "fact")]
            if facts[b] in group[a].said:
                pairs, right = best.get((a + 1, b + 1), (0, 0))
                options.append(((pairs + 1, right + group[a].right[facts[b]]), "pair"))
            best[a, b], step[a, b] = max(options, key=lambda option: option[0])
    found, a, b = [], 0, 0
    while (a, b) in step:
        if step[a, b] == "pair":
            found.append((facts[b], group[a]))
        a, b = a + (step[a, b] != "fact"), b + (step[a, b] != "statement")
    return found


def value_of(one: Statement, at: int) -> Any:
    """What tells one rival from another."""
    value = one.said[at].value
    return round(value, 6) if isinstance(value, float) else value
