"""What opens can be played: episodes that hold every promise of a step, whatever is played on whatever."""

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.calls.types import Status
from tool_orch_env.episode import Episode, EpisodeLimits
from tool_orch_env.errors import TaskError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task
from tool_orch_env.taskset import CompiledTask, TaskSet

FRAMES = 120
"""Frames that a trainer may have on the stack where it calls `step`."""


def deep_in_a_program(act: Callable[[], Any], frames: int = FRAMES) -> Any:
    """`act()`, called as far down the stack as a trainer would."""
    return deep_in_a_program(act, frames - 1) if frames else act()


def settings(snapshot: Snapshot, tasks: list[Task]) -> list[CompiledTask]:
    """The tasks that fit the snapshot, compiled; a task that does not raises `TaskError` and nothing else."""
    found = []
    for task in tasks:
        try:
            found.append(TaskSet(snapshot, [task]).compiled(task.id))
        except TaskError:
            continue
    return found


def play(
    compiled: CompiledTask, actions: Iterable[Any], reward: str = "graduated", items: int | None = None
) -> str:
    """Take the actions one by one and assert what a step promises; all that was observed."""
    rules = EpisodeLimits(max_turns=40, max_calls=600, max_items=items)
    episode, paid, seen = Episode(compiled, reward, rules), 0.0, []
    for tool_docs in ("full", "short", "signature"):
        compiled.opening_text(tool_docs).encode()
    json.dumps(compiled.function_tools(), allow_nan=False)
    for action in actions:
        over = episode.over
        step = episode.step(action)
        step.text.encode()
        replies = json.loads(step.text, parse_constant=_refused)
        assert len(replies) == len(step.calls) == len(step.ids) == len(step.credited)
        assert episode.void is None, episode.void  # what an agent writes never makes an episode void
        assert {reply["code"] for reply in replies} <= set(Status) - {Status.VOID}
        for message in episode.messages(step):
            json.loads(message["content"])
            message["content"].encode(), message["tool_call_id"].encode()
        assert not (step.terminated and step.truncated)
        assert not over or (
            step.reward == 0.0 and {reply["code"] for reply in replies} <= {Status.EPISODE_OVER}
        )
        assert math.isfinite(step.reward)
        paid += step.reward
        assert 0.0 <= step.score.total <= 1.0
        assert abs(paid - step.score.total) < 1e-9
        seen.append(step.text)
    return "\n".join(seen)


def play_all(snapshot: Snapshot, tasks: list[Task], reward: str) -> list[str]:
    """The golden trace of every task that fits, then every recorded call and the trace again."""
    seen = []
    calls = [[{"name": name, "arguments": arguments} for name, arguments in snapshot.calls()]]
    for compiled in settings(snapshot, tasks):
        golden = oracle_turns(compiled.task)
        seen.append(play(compiled, golden, reward))
        seen.append(play(compiled, [*calls, *golden], reward, items=1))
    return seen


def _refused(name: str) -> Any:
    raise AssertionError(f"{name} in an observation")
