"""Summarise results: every figure with its interval, overall and by domain, depth and number of calls.

Void episodes are counted apart; no figure includes them. The summary depends only on the results and their tasks. It
contains no times, so a resumed run and an uninterrupted run have the same summary.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import comb
from typing import Any

from ..task import Task
from .diagnose import KINDS
from .intervals import Figure, Parts, mean, ratio
from .result import EpisodeResult

Part = Callable[[EpisodeResult], float | None]


def _component(name: str) -> Part:
    return lambda result: result.components.get(name)


def _tokens(name: str) -> Part:
    return lambda result: None if result.tokens is None else result.tokens.get(name)


def _each(result: EpisodeResult) -> float:
    return 1.0


FIGURES: Mapping[str, tuple[Part, Part, str]] = {
    "success": (lambda r: r.success, _each, "share of episodes that succeed"),
    "strict success": (lambda r: r.strict_success, _each, "share that the strict protocol calls a success"),
    "turn accuracy": (
        lambda r: r.correct_turns,
        lambda r: r.golden_turns,
        "share of golden turns with every call correct",
    ),
    "call accuracy": (
        lambda r: r.correct_calls,
        lambda r: r.golden_calls,
        "share of golden calls made correctly, pooled over episodes",
    ),
    "score": (lambda r: r.score, _each, "the protocol's score"),
    "reward": (_component("total"), _each, "the graduated reward"),
    "atomic": (_component("atomic"), _each, "validity of the calls"),
    "orchestration": (_component("orchestration"), _each, "order and dependencies"),
    "answer": (_component("answer"), _each, "facts stated, over tasks that have any"),
    "waste": (_component("waste"), _each, "wasted calls per golden call"),
    "turns": (lambda r: r.turns, _each, "assistant messages per episode"),
    "calls": (lambda r: r.calls, _each, "calls per episode"),
    "wasted calls": (lambda r: r.wasted_calls, _each, "calls per episode matched to no golden call"),
    "prompt tokens": (_tokens("prompt"), _each, "per episode"),
    "completion tokens": (_tokens("completion"), _each, "per episode"),
    "policy errors": (lambda r: r.cause is not None, _each, "share of episodes ended by a policy error"),
}
"""Name -> numerator, denominator, meaning. An episode whose numerator is `None` is left out."""
SHOWN_BY_GROUP = ("success", "turn accuracy", "call accuracy", "score")


def summary(results: Sequence[EpisodeResult], tasks: Sequence[Task]) -> dict[str, Any]:
    """The whole summary as JSON; `results` may come in any order. `episodes` and `tasks` leave void ones out."""
    by_id = {task.id: task for task in tasks}
    place = {task.id: number for number, task in enumerate(tasks)}
    every = sorted(results, key=lambda r: (place[r.task_id], r.trial))
    ordered = counted(every)
    return {
        "episodes": len(ordered),
        "tasks": len({result.task_id for result in ordered}),
        "void": _void(every),
        "figures": figures(ordered, FIGURES),
        "pass": passes(ordered),
        "facts_refused": sum(result.facts_refused for result in ordered),
        "errors": _errors(ordered),
        "stops": dict(sorted(Counter(result.stop_reason for result in ordered).items())),
        "causes": dict(sorted(Counter(r.cause.split(":")[0] for r in ordered if r.cause).items())),
        "by": {
            name: _grouped(ordered, by_id, key)
            for name, key in (("domain", domains), ("depth", _depth), ("calls", _calls))
        },
    }


def counted(results: Sequence[EpisodeResult]) -> list[EpisodeResult]:
    """The results that say something of the policy: all but the void ones."""
    return [result for result in results if not result.void]


def _void(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """How many episodes are void, their share of all, and how many of each code."""
    codes = Counter(result.void.split(":")[0] for result in results if result.void)
    share = codes.total() / len(results) if results else 0.0
    return {"episodes": codes.total(), "share": share, "causes": dict(sorted(codes.items()))}


def figures(results: Sequence[EpisodeResult], names: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """The named figures as JSON, without those that the results do not have."""
    found = {name: _figure(results, *FIGURES[name][:2]) for name in names}
    return {name: figure.as_dict() for name, figure in found.items() if figure is not None}


def _figure(results: Sequence[EpisodeResult], above: Part, below: Part) -> Figure | None:
    return ratio(list(_parts(results, above, below).values()))


def per_task(results: Sequence[EpisodeResult], name: str) -> dict[str, Parts]:
    """What each task adds to a figure, for paired differences; without tasks that do not have it."""
    found = _parts(results, *FIGURES[name][:2])
    return {task: parts for task, parts in found.items() if parts[1] > 0}


def _parts(results: Sequence[EpisodeResult], above: Part, below: Part) -> dict[str, Parts]:
    sums: dict[str, Parts] = {}
    for result in results:
        value = above(result)
        if value is not None:
            over, under = sums.get(result.task_id, (0.0, 0.0))
            sums[result.task_id] = (over + value, under + (below(result) or 0.0))
    return sums


def passes(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Unbiased pass@k (at least one of k trials succeeds) and pass^k (all k do).

    k runs from 1 to the smallest number of trials that any task has.
    """
    trials: dict[str, list[bool]] = {}
    for result in results:
        trials.setdefault(result.task_id, []).append(result.success)
    counts = [(len(some), sum(some)) for some in trials.values()]
    found: dict[str, Any] = {}
    for k in range(1, min((n for n, _ in counts), default=0) + 1):
        one = mean([1 - comb(n - c, k) / comb(n, k) for n, c in counts])
        all_ = mean([comb(c, k) / comb(n, k) for n, c in counts])
        assert one is not None and all_ is not None
        found[f"pass@{k}"], found[f"pass^{k}"] = one.as_dict(), all_.as_dict()
    return found


def _errors(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Total and per-episode count for each kind of error that occurred."""
    totals: Counter[str] = Counter()
    for result in results:
        totals.update(result.errors)
    found = {}
    for kind in KINDS:
        figure = _figure(results, lambda r, kind=kind: r.errors.get(kind, 0), _each)  # type: ignore[misc]  # default binds the loop's value
        if totals[kind] and figure:
            found[kind] = {"count": totals[kind], "per_episode": figure.as_dict()}
    return found


def _grouped(
    results: Sequence[EpisodeResult], tasks: Mapping[str, Task], keys: Callable[[Task], list[str]]
) -> dict[str, Any]:
    """Figures by group. A task with several domains counts in each of them."""
    groups: dict[str, list[EpisodeResult]] = {}
    for result in results:
        for name in keys(tasks[result.task_id]):
            groups.setdefault(name, []).append(result)
    order = sorted(groups, key=lambda name: (int(name) if name.isdigit() else 0, name))
    return {
        name: {"episodes": len(groups[name]), "figures": figures(groups[name], SHOWN_BY_GROUP)}
        for name in order
    }


def domains(task: Task) -> list[str]:
    """The domains in the task's `meta`, sorted; `["unknown"]` if there are none."""
    found = task.meta.get("domains") or task.meta.get("domain") or "unknown"
    return sorted({str(one) for one in found}) if isinstance(found, list) else [str(found)]


def _depth(task: Task) -> list[str]:
    return [str(task.depth)]


def _calls(task: Task) -> list[str]:
    return [str(len(task.golden))]
