"""Scripted policies: a trace computed from the task, without a model."""

from hashlib import blake2b

import numpy as np

from ...answers.oracle import oracle_ending
from ...calls.types import Turn
from ...task import Task
from ..protocols import Arena
from ..scripted import POLICIES
from .base import Chat, Said, Speaker


class ScriptedPolicy:
    """A trace computed from the task. Each episode has its own generator, so the order of episodes does not matter."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.patience = 60.0
        self._seed = seed

    def begin(self, arena: Arena, task: Task, trial: int) -> Speaker:
        turns = iter(self._trace(arena, task, trial))

        async def speak(messages: Chat, tools: Chat) -> Said:
            return Said(next(turns, Turn(answer="Done.")))

        return speak

    def _trace(self, arena: Arena, task: Task, trial: int) -> list[Turn]:
        if self.name == "oracle":
            calls = [Turn(calls=tuple(call.as_call() for call in step)) for step in arena.steps(task)]
            return [*calls, oracle_ending(task, arena.answer_form)]
        identity = int.from_bytes(blake2b(task.id.encode(), digest_size=8).digest())
        rng = np.random.default_rng([self._seed, trial, identity])
        return POLICIES[self.name](task, arena.snapshot, rng)

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass
