"""Held-out episodes of a policy that an engine serves.

Success and score are those of the environment: `info["success"]`, and the sum of the rewards. An episode that was cut
is no success.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from tool_orch_env.task import Task

from .chat import Chat
from .engine import Engine
from .rollout import Episode, Limits, rollout


def evaluate(
    envs: Sequence[gym.Env[str, Any]], engine: Engine, chat: Chat, tasks: Sequence[Task], limits: Limits
) -> list[Episode]:
    """One episode per task, in order. Temperature 0 is greedy; otherwise the draws are the same at every call."""
    episodes: list[Episode] = []
    for first in range(0, len(tasks), len(envs)):
        episodes += rollout(envs, engine, chat, tasks[first : first + len(envs)], limits, seed=first)
    return episodes
