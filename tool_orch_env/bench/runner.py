"""Many episodes at once: a limit, a time for every answer, every finished episode kept at once.

Enters: an arena, a policy, a ledger with what is done already. Leaves: the ledger with the rest, played in this
process (`play_all`) or on the workers of an executor (`play_spread`). An episode whose
policy fails is kept with its cause; the others go on. Which episodes run together changes no result.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..calls.chat import recordable
from ..executors.base import Executor, Work
from ..snapshot import Snapshot
from ..task import Task
from .cfb import CfbOptions
from .play import Play
from .policies import parse_policy
from .policies.base import Policy, PolicyError, Said, Settings, Speaker
from .protocols import Arena
from .result import EpisodeResult
from .run_log import Key, Record, RunLog

Job = Key


class Kept(Protocol):
    """Where finished episodes go: a ledger, or a list."""

    def append(self, record: Record, /) -> None: ...


def jobs(arena: Arena, trials: int, done: RunLog, retry_failed: bool = False) -> list[Job]:
    """What is still to be played, trial by trial in the order of the tasks."""
    finished = {key for key, record in done.records.items() if not (retry_failed and record["fault"])}
    wanted = [(task.id, trial) for trial in range(trials) for task in arena.tasks]
    return [job for job in wanted if job not in finished]


async def play_all(
    arena: Arena,
    policy: Policy,
    ledger: Kept,
    todo: Sequence[Job],
    concurrency: int = 8,
    tell: Callable[[Record], None] = lambda record: None,
) -> None:
    """Play the jobs, at most `concurrency` at a time; `tell` hears of every record."""
    tasks = {task.id: task for task in arena.tasks}
    waiting = iter(todo)

    async def work() -> None:
        for name, trial in waiting:
            speaker = policy.begin(arena, tasks[name], trial)
            record = await play_one(arena, speaker, name, trial, policy.patience)
            ledger.append(record)
            tell(record)

    try:
        if todo:
            await policy.open()
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(todo))):
                group.create_task(work())
    finally:
        await policy.close()


def play_spread(
    executor: Executor,
    arena: Arena,
    policy: tuple[str, Settings],
    ledger: Kept,
    todo: Sequence[Job],
    concurrency: int = 8,
    tell: Callable[[Record], None] = lambda record: None,
) -> None:
    """Play the jobs on the workers of an executor, `concurrency` at a time on each; the ledger stays here."""
    given = (arena.tasks, arena.snapshot, arena.protocol, arena.options, policy, concurrency)
    for _, record in executor.spread(_player, given, todo, batch=concurrency):
        ledger.append(record)
        tell(record)


def _player(
    tasks: Sequence[Task],
    snapshot: Snapshot,
    protocol: str,
    options: CfbOptions,
    policy: tuple[str, Settings],
    concurrency: int,
) -> Work[Job, Record]:
    """What one worker does: plays a batch of jobs at once."""
    arena = Arena(tasks, snapshot, protocol, options)

    def play(some: list[Job]) -> list[Record]:
        records: list[Record] = []
        asyncio.run(play_all(arena, parse_policy(*policy), records, some, concurrency))
        found = {(record["task_id"], record["trial"]): record for record in records}
        return [found[job] for job in some]

    return play


async def play_one(arena: Arena, speaker: Speaker, task_id: str, trial: int, patience: float) -> Record:
    """One episode, from its first message to its record. `patience` is in seconds per answer."""
    play = arena.play(task_id)
    actions: list[Any] = []
    tokens: list[dict[str, int] | None] = []
    fault = None
    start = time.perf_counter()
    while play.stop_reason is None and fault is None:
        try:
            said = await _answer(speaker, play, patience)
        except PolicyError as error:
            fault = str(error)
        else:
            actions.append(said.action)
            tokens.append(said.tokens)
            play.take(said.action)
    return {
        "task_id": task_id,
        "trial": trial,
        "actions": actions,
        "tokens": tokens,
        "fault": fault,
        "seconds": round(time.perf_counter() - start, 3),
        "result": _result(arena, play, actions, tokens, fault, trial).as_dict(),
    }


async def _answer(speaker: Speaker, play: Play, patience: float) -> Said:
    """The policy's next message as JSON; raises `PolicyError`."""
    try:
        async with asyncio.timeout(patience):
            said = await speaker([dict(one) for one in play.messages], play.tools)
    except TimeoutError as error:
        raise PolicyError("timeout", f"no answer within {patience:g} s") from error
    try:
        return Said(recordable(said.action), said.tokens)
    except (TypeError, ValueError, RecursionError) as error:
        raise PolicyError("bad_return", f"not an assistant message: {error}") from error


def rescored(arena: Arena, record: Record) -> Record:
    """The record with its result worked out anew from the recorded actions."""
    play = arena.play(record["task_id"])
    _replay(play, record["actions"])
    result = _result(arena, play, record["actions"], record["tokens"], record["fault"], record["trial"])
    return {**record, "result": result.as_dict()}


def _result(
    arena: Arena,
    play: Play,
    actions: Sequence[Any],
    tokens: Sequence[dict[str, int] | None],
    fault: str | None,
    trial: int,
) -> EpisodeResult:
    """The result; a lenient one says also whether the strict protocol would have called it a success."""
    result = play.result(fault, trial, _sum(tokens))
    strict = arena.strict_play(play.compiled.task.id)
    if strict is None:
        return result
    _replay(strict, actions)
    return result.with_strict(strict.stop_reason == "success" and fault is None)


def _replay(play: Play, actions: Sequence[Any]) -> None:
    for action in actions:
        if play.stop_reason is not None:
            return
        play.take(action)


def _sum(tokens: Sequence[dict[str, int] | None]) -> dict[str, int] | None:
    """Tokens of all turns, `None` if none is known."""
    known = [one for one in tokens if one]
    if not known:
        return None
    return {name: sum(one.get(name, 0) for one in known) for name in ("prompt", "completion")}
