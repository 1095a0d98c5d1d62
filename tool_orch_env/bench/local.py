"""`toe.bench.run`: play a list of tasks one after another in this process.

If a policy raises, its episode ends with the exception recorded in `cause`; the remaining episodes still run.
"""

from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Any

from ..calls.chat import recordable
from ..errors import UsageError
from ..snapshot import Snapshot
from ..task import Task
from .cfb import CfbOptions
from .cfb_match import Deciding, Judge
from .play import Play
from .protocols import Arena
from .result import EpisodeResult

Policy = Callable[[list[dict[str, Any]], list[dict[str, Any]]], Any]
"""(messages, tools) -> an assistant message: text, or a dict in OpenAI's message format."""


def run(
    tasks: Sequence[Task],
    policy: Policy,
    protocol: str = "toolorch",
    snapshot: Snapshot | str | None = None,
    strict: bool = False,
    deciding: Deciding | None = None,
    judge: Judge | None = None,
    answer_form: str = "text",
) -> list[EpisodeResult]:
    """Play every task once and return one result per task, in order.

    With `snapshot=None`, the bundled snapshot that the tasks name is used. `strict`, `deciding` and `judge` apply only
    to the protocol `cfb-offline` (see `bench.cfb`), and `answer_form="fields"` only to `toolorch`. Raises `UsageError`,
    `TaskError` or `SnapshotError`.
    """
    if not tasks:
        return []
    if not callable(policy) or iscoroutinefunction(policy):
        found = "an async function, which only `tool-orch bench` plays" if callable(policy) else repr(policy)
        raise UsageError(f"policy: expected a function of messages and tools, found {found}")
    if not all(isinstance(task, Task) for task in tasks):
        raise UsageError(f"tasks: expected a list of Task, as `load_tasks` returns it, found {tasks!r:.80}")
    names = {task.snapshot for task in tasks}
    if snapshot is None and len(names) > 1:
        raise UsageError(f"tasks: expected one snapshot, found {', '.join(sorted(names))}; pass snapshot=")
    opened = snapshot if isinstance(snapshot, Snapshot) else Snapshot.open(snapshot or min(names))
    arena = Arena(tasks, opened, protocol, CfbOptions(strict, deciding or {}, judge), answer_form)
    return [_episode(arena.play(task.id), policy) for task in tasks]


def _episode(play: Play, policy: Policy) -> EpisodeResult:
    while play.stop_reason is None:
        try:
            action = recordable(policy([dict(one) for one in play.messages], play.tools))
        except Exception as error:  # any exception of the policy ends only its own episode
            return play.result(cause=f"raised {type(error).__name__}: {error}"[:500])
        play.take(action)
    return play.result()
