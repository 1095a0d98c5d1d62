"""The protocols by name, and what plays a list of tasks under one of them.

Enters: tasks, their snapshot, a protocol's name. Leaves: `Play`s, one per episode, and the description that goes
into a run's fingerprint.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..calls import render
from ..errors import UsageError
from ..snapshot import Snapshot
from ..task import Task
from ..taskset import TaskSet
from . import cfb
from .cfb import LENIENT, CfbOptions, CfbPlay
from .play import Play

PROTOCOLS = ("toolorch", "cfb-offline")


class Arena:
    """Tasks compiled for a protocol; `play` begins an episode of one of them."""

    def __init__(
        self,
        tasks: Sequence[Task],
        snapshot: Snapshot,
        protocol: str = "toolorch",
        options: CfbOptions = LENIENT,
    ) -> None:
        """Raises `UsageError` on an unknown protocol, `TaskError` if tasks and snapshot do not fit."""
        if protocol not in PROTOCOLS:
            raise UsageError(f"protocol {protocol!r}: expected one of {', '.join(PROTOCOLS)}")
        if protocol == "toolorch" and (options.strict or options.deciding or options.judge):
            raise UsageError("strict, deciding and judge belong to the protocol cfb-offline")
        self.protocol = protocol
        self.options = options
        self.snapshot = snapshot
        self._task_set = TaskSet(snapshot, tasks)
        self.tasks = list(tasks)

    def play(self, task_id: str) -> Play:
        """A fresh episode; raises `UsageError` if there is no such task."""
        compiled = self._task_set.compiled(task_id)
        return Play(compiled) if self.protocol == "toolorch" else CfbPlay(compiled, self.options)

    def strict_play(self, task_id: str) -> Play | None:
        """The strict counterpart of a lenient `cfb-offline` episode, else `None`."""
        if self.protocol != "cfb-offline" or self.options.strict:
            return None
        return CfbPlay(self._task_set.compiled(task_id), replace(self.options, strict=True))

    def steps(self, task: Task) -> list[list[Any]]:
        """The golden calls by turn, as this protocol wants them."""
        if self.protocol == "toolorch":
            return [list(layer) for layer in task.layers]
        return cfb.golden_steps(task)

    def description(self) -> dict[str, str]:
        """What decides figures beside tasks and snapshot: the scorer and the prompt, as hashes or names."""
        scorer: dict[str, Any] = {"protocol": self.protocol, "reward": "graduated"}
        prompt = render.SYSTEM_PROMPT
        if self.protocol == "cfb-offline":
            scorer |= {
                "strict": self.options.strict,
                "deciding": {name: list(some) for name, some in sorted(self.options.deciding.items())},
                "judge": judge_name(self.options),
            }
            prompt = cfb.SYSTEM_PROMPT
        return {"scorer": _sha(json.dumps(scorer, sort_keys=True)), "prompt": _sha(prompt)}


def judge_name(options: CfbOptions) -> str | None:
    """The judge as `--judge` names it, `None` if there is none."""
    judge = options.judge
    return f"python:{judge.__module__}:{judge.__qualname__}" if judge else None


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
