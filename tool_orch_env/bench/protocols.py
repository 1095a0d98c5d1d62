"""The protocols by name, and `Arena`, which plays tasks under one of them.

`Arena.play` starts an episode; `Arena.description` returns the protocol's part of a run's fingerprint.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..answers.submit import ANSWER_FORMS, DESCRIPTION, SUBMIT
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
    """Tasks compiled for one protocol. `play` starts an episode of one of them."""

    def __init__(
        self,
        tasks: Sequence[Task],
        snapshot: Snapshot,
        protocol: str = "toolorch",
        options: CfbOptions = LENIENT,
        answer_form: str = "text",
    ) -> None:
        """Raises `UsageError` if protocol or options are invalid, `TaskError` if a task does not fit the snapshot."""
        if protocol not in PROTOCOLS:
            raise UsageError(f"protocol {protocol!r}: expected one of {', '.join(PROTOCOLS)}")
        if protocol == "toolorch" and (options.strict or options.deciding or options.judge):
            raise UsageError("strict, deciding and judge apply only to the protocol cfb-offline")
        if answer_form not in ANSWER_FORMS:
            raise UsageError(f"answer form {answer_form!r}: expected one of {', '.join(ANSWER_FORMS)}")
        if protocol != "toolorch" and answer_form != "text":
            raise UsageError("answer form: fields apply only to the protocol toolorch")
        self.protocol = protocol
        self.answer_form = answer_form
        self.options = options
        self.snapshot = snapshot
        self._task_set = TaskSet(snapshot, tasks)
        self.tasks = list(tasks)

    def play(self, task_id: str) -> Play:
        """A new episode. Raises `UsageError` if there is no such task."""
        compiled = self._task_set.compiled(task_id)
        if self.protocol == "toolorch":
            return Play(compiled, self.answer_form)
        return CfbPlay(compiled, self.options)

    def strict_play(self, task_id: str) -> Play | None:
        """A strict episode of the same task if this arena plays lenient `cfb-offline`, else `None`."""
        if self.protocol != "cfb-offline" or self.options.strict:
            return None
        return CfbPlay(self._task_set.compiled(task_id), replace(self.options, strict=True))

    def steps(self, task: Task) -> list[list[Any]]:
        """The golden calls grouped into turns as this protocol expects them."""
        if self.protocol == "toolorch":
            return [list(layer) for layer in task.layers]
        return cfb.golden_steps(task)

    def description(self) -> dict[str, str]:
        """sha256 of the scorer and of the prompt: what affects figures apart from tasks and snapshot."""
        scorer: dict[str, Any] = {"protocol": self.protocol, "reward": "graduated"}
        prompt = render.SYSTEM_PROMPT
        if self.protocol == "cfb-offline":
            scorer |= {
                "strict": self.options.strict,
                "deciding": {name: list(some) for name, some in sorted(self.options.deciding.items())},
                "judge": judge_name(self.options),
            }
            prompt = cfb.SYSTEM_PROMPT
        if self.answer_form != "text":
            scorer |= {"answer_form": self.answer_form}
            prompt = render.system_prompt(SUBMIT) + DESCRIPTION
        return {"scorer": _sha(json.dumps(scorer, sort_keys=True)), "prompt": _sha(prompt)}


def judge_name(options: CfbOptions) -> str | None:
    """The judge in the form that `--judge` takes; `None` if there is none."""
    judge = options.judge
    return f"python:{judge.__module__}:{judge.__qualname__}" if judge else None


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
