"""Conversations that imitation learns from: golden ones, or those of somebody careless.

Enters: tasks. Leaves: the texts of an episode in order, and the same as tokens with a mask of what the policy says.
"""

import re
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

import tool_orch_env as toe
from tool_orch_env.calls.types import Turn
from tool_orch_env.task import Task

from .chat import Chat, spoken

FORM = {"tool_docs": "signature", "max_items": 1, "max_response_chars": 800}
"""How the environment shows tools and replies to a small model."""


def environments(tasks: Sequence[Task], n: int, **options: Any) -> Sequence[gym.Env[str, Any]]:
    """`n` times `ToolOrch-v0` on these tasks, showing little; the tasks are compiled once for all."""
    form = {"snapshot": tasks[0].snapshot, "tasks": tasks, **FORM, **options}
    return gym.make_vec("ToolOrch-v0", num_envs=n, **form).unwrapped.envs  # type: ignore[attr-defined,no-any-return]


def golden(task: Task, one_by_one: bool = False) -> list[Turn]:
    """The golden trace; `one_by_one` gives every call a turn, and so a reward, of its own."""
    turns = toe.oracle_turns(task)
    if not one_by_one:
        return turns
    return [one for turn in turns for one in ([Turn((call,)) for call in turn.calls] or [turn])]


def careless(turns: Sequence[Turn], rng: np.random.Generator) -> list[Turn]:
    """The trace of somebody who gives up before the last call."""
    return [*turns[: int(rng.integers(len(turns) - 1))], turns[-1]]


def conversation(env: gym.Env[str, Any], task: Task, turns: Sequence[Turn] = ()) -> list[str]:
    """What is said in turn: observation, message, observation, ..., the answer last. Without `turns`, the golden ones.

    Raises `RuntimeError` if all golden calls do not earn 1: such a task teaches something wrong.
    """
    turns = turns or golden(task)
    observation, _ = env.reset(options={"task_id": task.id})
    said, info = [observation], {}
    for turn in turns:
        observation, _, _, _, info = env.step(spoken(turn))
        said += [spoken(turn), observation]
    whole = sum(len(turn.calls) for turn in turns) == len(task.golden)
    if whole and info.get("episode_score") != 1.0:
        raise RuntimeError(f"task {task.id}: its golden trace earns {info.get('episode_score')}, expected 1")
    return said[:-1]


def tokens(chat: Chat, said: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Ids int64 (T,) and a mask bool (T,) of those that the policy says."""
    ids, mask = chat.opening(said[0]), []
    mask += [False] * len(ids)
    for number, text in enumerate(said[1:]):
        new = chat.reply(text) if number % 2 else chat.message(text)
        ids += new
        mask += [number % 2 == 0] * len(new)
    return np.array(ids), np.array(mask)


def entities(task: Task) -> set[str]:
    """What a policy has to copy: golden values that the request states as they are, and those that replies supply."""
    told = {
        str(value) for call in task.golden for value in call.arguments.values() if str(value) in task.request
    }
    bound = {str(call.arguments[name]) for call in task.golden for name in call.bindings}
    return {value for value in told | bound if len(value) > 1}


def renamed(
    said: Sequence[str], values: set[str], words: Sequence[str], rng: np.random.Generator
) -> list[str]:
    """The conversation with other names for its entities, the same name everywhere: a made-up one of the same shape.

    Codes get other letters, ids other digits, names another of `words` for each of theirs. Who learns from a few
    hundred real entities remembers them; who never meets one twice has to copy.
    """
    if not values:
        return list(said)
    names = {value: _PIECE.sub(lambda piece: _other(piece[0], words, rng), value) for value in sorted(values)}
    pattern = re.compile(
        "|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in sorted(names, key=len)[::-1])
    )
    return [pattern.sub(lambda found: names[found[0]], text) for text in said]


_PIECE = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]|\d")


def _other(piece: str, words: Sequence[str], rng: np.random.Generator) -> str:
    if piece.isdecimal():
        return str(rng.integers(1, 10))
    return chr(65 + int(rng.integers(26))) if len(piece) == 1 and piece.isupper() else str(rng.choice(words))
