"""Held-out success of a policy that an engine serves, as `tool_orch_env.bench` counts it.

Enters: an engine and tasks. Leaves: the benchmark's results. The engine answers all tasks at once; the benchmark then
plays what was said, message by message, and judges. The environment is deterministic, so that is the same episode.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from tool_orch_env import bench
from tool_orch_env.bench import EpisodeResult
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task

from .chat import Chat
from .engine import Engine
from .rollout import Episode, Limits, rollout


def evaluate(
    envs: Sequence[gym.Env[str, Any]], engine: Engine, chat: Chat, tasks: Sequence[Task], limits: Limits
) -> list[EpisodeResult]:
    """One result per task, in order. Temperature 0 is greedy; else the draws are the same at every call."""
    snapshot = Snapshot.open(tasks[0].snapshot)
    results: list[EpisodeResult] = []
    for first in range(0, len(tasks), len(envs)):
        some = tasks[first : first + len(envs)]
        for task, episode in zip(some, rollout(envs, engine, chat, some, limits, seed=first), strict=True):
            results += bench.run([task], _Said(episode), snapshot=snapshot)
    return results


class _Said:
    """A policy that says what an episode said, and has the cause of its cut where it said no more."""

    def __init__(self, episode: Episode) -> None:
        self._episode, self._actions = episode, iter(episode.actions)

    def __call__(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> str:
        for action in self._actions:
            return action
        raise RuntimeError(self._episode.cause or "nothing more was said")
