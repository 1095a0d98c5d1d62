"""Play many episodes concurrently, and keep each one as soon as it is finished.

Episodes run in this process (`play_all`) or on the workers of an executor (`play_spread`). The number of concurrent
episodes is limited, and so is the time for each answer. An episode whose policy fails is kept with its cause, and the
others continue. An episode that is void is kept too, and played again when the run is resumed. Which episodes run
together does not affect any result.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..calls.chat import recordable
from ..calls.void import cause_of
from ..errors import SnapshotError
from ..executors.base import Executor, Work
from ..files import MAX_LINE
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
MOST = MAX_LINE // 2
"""Most characters of the messages of one episode: its record is one line, which must be readable again."""


class Kept(Protocol):
    """Where finished episodes go: a `RunLog` or a list."""

    def append(self, record: Record, /) -> None: ...


def jobs(arena: Arena, trials: int, done: RunLog, retry_failed: bool = False) -> list[Job]:
    """The episodes still to be played: trial by trial, in task order. Those that were void are among them;
    `retry_failed` includes those whose policy failed."""
    finished = {
        key
        for key, record in done.records.items()
        if not (void_of(record) or (retry_failed and record["fault"]))
    }
    wanted = [(task.id, trial) for trial in range(trials) for task in arena.tasks]
    return [job for job in wanted if job not in finished]


def void_of(record: Record) -> str | None:
    """Why a recorded episode is void; `None` unless it is. Older runs have no such field."""
    cause: str | None = record["result"].get("void")
    return cause


async def play_all(
    arena: Arena,
    policy: Policy,
    kept: Kept,
    todo: Sequence[Job],
    concurrency: int = 8,
    on_record: Callable[[Record], None] = lambda record: None,
) -> None:
    """Play the jobs, at most `concurrency` at a time. `on_record` is called with every record."""
    tasks = {task.id: task for task in arena.tasks}
    waiting = iter(todo)

    async def work() -> None:
        for name, trial in waiting:
            speaker = policy.begin(arena, tasks[name], trial)
            record = await play_one(arena, speaker, name, trial, policy.patience)
            kept.append(record)
            on_record(record)

    try:
        if todo:
            await policy.open()
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(todo))):
                group.create_task(work())
    except ExceptionGroup as failed:  # such as a full disk, which all of them meet
        raise failed.exceptions[0] from failed
    finally:
        await policy.close()


def play_spread(
    executor: Executor,
    arena: Arena,
    policy: tuple[str, Settings],
    kept: Kept,
    todo: Sequence[Job],
    concurrency: int = 8,
    on_record: Callable[[Record], None] = lambda record: None,
) -> None:
    """Play the jobs on an executor's workers, `concurrency` at a time on each. This process keeps the records."""
    given = (
        arena.tasks,
        arena.snapshot,
        arena.protocol,
        arena.options,
        arena.answer_form,
        policy,
        concurrency,
    )
    for _, record in executor.spread(_player, given, todo, batch=concurrency):
        kept.append(record)
        on_record(record)


def _player(
    tasks: Sequence[Task],
    snapshot: Snapshot,
    protocol: str,
    options: CfbOptions,
    answer_form: str,
    policy: tuple[str, Settings],
    concurrency: int,
) -> Work[Job, Record]:
    """The function that one worker runs: plays a batch of jobs concurrently."""
    arena = Arena(tasks, snapshot, protocol, options, answer_form)

    def play(some: list[Job]) -> list[Record]:
        records: list[Record] = []
        asyncio.run(play_all(arena, parse_policy(*policy), records, some, concurrency))
        found = {(record["task_id"], record["trial"]): record for record in records}
        return [found[job] for job in some]

    return play


async def play_one(arena: Arena, speaker: Speaker, task_id: str, trial: int, patience: float) -> Record:
    """Play one episode and return its record. `patience` is the time limit per answer, in seconds."""
    try:
        play = arena.play(task_id)
    except (SnapshotError, OSError, sqlite3.Error) as error:
        return _never_begun(arena, task_id, trial, cause_of(error))
    actions: list[Any] = []
    tokens: list[dict[str, int] | None] = []
    cause, size = None, 0
    start = time.perf_counter()
    while play.stop_reason is None and cause is None:
        try:
            said = await _answer(speaker, play, patience)
            size = _size(said, size)
        except PolicyError as error:
            cause = str(error)
        else:
            actions.append(said.action)
            tokens.append(said.tokens)
            play.take(said.action)
    return {
        "task_id": task_id,
        "trial": trial,
        "actions": actions,
        "tokens": tokens,
        "fault": cause,
        "seconds": round(time.perf_counter() - start, 3),
        "result": _result(arena, play, actions, tokens, cause, trial).as_dict(),
    }


def _never_begun(arena: Arena, task_id: str, trial: int, void: str) -> Record:
    """The record of an episode for which the snapshot's responses could not even be read at its start."""
    golden = next(len(task.golden) for task in arena.tasks if task.id == task_id)
    result = EpisodeResult(task_id, False, 0.0, "void", 0, golden, turns=0, trial=trial, void=void)
    record = {"task_id": task_id, "trial": trial, "actions": [], "tokens": [], "fault": None, "seconds": 0.0}
    return {**record, "result": result.as_dict()}


def _size(said: Said, so_far: int) -> int:
    """Characters of an answer and of those before it, as they are recorded. Raises `PolicyError` beyond `MOST`."""
    size = so_far + len(json.dumps(said.action))
    if size > MOST:
        raise PolicyError("bad_return", f"an episode whose messages have more than {MOST} characters")
    return size


async def _answer(speaker: Speaker, play: Play, patience: float) -> Said:
    """The policy's next message as JSON. Raises `PolicyError`."""
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
    """The record with its result recomputed from the recorded actions; as it is if the episode was void."""
    if void_of(record):
        return record
    play = arena.play(record["task_id"])
    _replay(play, record["actions"])
    result = _result(arena, play, record["actions"], record["tokens"], record["fault"], record["trial"])
    return {**record, "result": result.as_dict()}


def _result(
    arena: Arena,
    play: Play,
    actions: Sequence[Any],
    tokens: Sequence[dict[str, int] | None],
    cause: str | None,
    trial: int,
) -> EpisodeResult:
    """The result. Under lenient `cfb-offline` it includes whether the strict protocol counts it as a success."""
    result = play.result(cause, trial, _sum(tokens))
    strict = arena.strict_play(play.compiled.task.id)
    if strict is None:
        return result
    _replay(strict, actions)
    return result.with_strict(strict.stop_reason == "success" and cause is None and not result.void)


def _replay(play: Play, actions: Sequence[Any]) -> None:
    for action in actions:
        if play.stop_reason is not None:
            return
        play.take(action)


def _sum(tokens: Sequence[dict[str, int] | None]) -> dict[str, int] | None:
    """Token counts summed over all turns; `None` if none is known."""
    known = [one for one in tokens if one]
    if not known:
        return None
    return {name: sum(one.get(name, 0) for one in known) for name in ("prompt", "completion")}
