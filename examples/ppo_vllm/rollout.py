"""Many episodes at once: one generation per turn for all that still run, and every token accounted for.

Enters: environments, an engine, tasks. Leaves: `Episode`s, whose ids are exactly what was shown and what was sampled.
The reward of a turn lies on the last token of that turn, so that the rewards of an episode's tokens add up to its
score.

An episode that cannot go on is cut and says why, and the others go on: `context` (no room for another message),
`unended` (a message that reached its limit), `engine` (one that died more often than it may). A policy that never
stops calling is the environment's to stop: `turns`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym

from tool_orch_env.task import Task

from .chat import Chat
from .engine import Ask, Engine, EngineDied, Sampled

REVIVALS = 2
"""How often an engine may die in one batch of episodes."""


@dataclass
class Episode:
    """One episode. `ids`, `sampled`, `logprobs` and `rewards` have one entry per token; `turns` are [start, end)."""

    task_id: str
    ids: list[int]
    sampled: list[bool] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    turns: list[tuple[int, int]] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    score: float = 0.0
    success: bool = False
    cause: str | None = None
    """Why it was cut, `None` if it ended by itself."""
    over: bool = False

    def __post_init__(self) -> None:
        self._told(len(self.ids))

    def show(self, ids: list[int]) -> None:
        """Append what the environment said."""
        self.ids += ids
        self._told(len(ids))

    def say(self, said: Sampled) -> None:
        """Append a sampled message as the next turn."""
        self.turns.append((len(self.ids), len(self.ids) + len(said.ids)))
        self.ids += said.ids
        self.sampled += [True] * len(said.ids)
        self.logprobs += said.logprobs
        self.rewards += [0.0] * len(said.ids)

    def cut(self, cause: str) -> None:
        self.cause, self.over = cause, True

    def _told(self, n: int) -> None:
        self.sampled += [False] * n
        self.logprobs += [0.0] * n
        self.rewards += [0.0] * n


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens of a whole episode and of one message, and the temperature at which it is sampled."""

    context: int
    message: int
    temperature: float = 1.0


def rollout(
    envs: Sequence[gym.Env[str, Any]],
    engine: Engine,
    chat: Chat,
    tasks: Sequence[Task],
    limits: Limits,
    seed: int = 0,
) -> list[Episode]:
    """One episode per task, in order, one environment each. The same seed and weights give the same episodes."""
    episodes = [
        Episode(task.id, chat.opening(env.reset(options={"task_id": task.id})[0]))
        for env, task in zip(envs, tasks, strict=False)
    ]
    revivals, turn = 0, 0
    while live := _with_room(episodes, limits):
        asks = [_ask(episodes[index], limits, seed, index, turn) for index in live]
        try:
            said = engine.generate(asks)
        except EngineDied as error:
            revivals += 1
            if revivals > REVIVALS:
                for index in live:
                    episodes[index].cut(f"engine: {error}")
                break
            print(f"the engine died in turn {turn}, another takes its place: {str(error)[:500]}", flush=True)
            engine.revive()
            continue  # nothing was taken from the dead engine, so the turn is asked again
        for index, one in zip(live, said, strict=True):
            _take(episodes[index], one, envs[index], chat, limits)
        turn += 1
    return episodes


def _with_room(episodes: Sequence[Episode], limits: Limits) -> list[int]:
    """The episodes that go on; those whose context is full are cut."""
    for episode in episodes:
        if not episode.over and len(episode.ids) >= limits.context:
            episode.cut("context")
    return [index for index, episode in enumerate(episodes) if not episode.over]


def _ask(episode: Episode, limits: Limits, seed: int, index: int, turn: int) -> Ask:
    room = min(limits.message, limits.context - len(episode.ids))
    return Ask(episode.ids, room, (seed * 4099 + index) * 67 + turn, limits.temperature)


def _take(episode: Episode, said: Sampled, env: gym.Env[str, Any], chat: Chat, limits: Limits) -> None:
    """One sampled message into the episode, and what the environment makes of it."""
    episode.say(said)
    if not said.ended:
        episode.cut("context" if len(episode.ids) >= limits.context else "unended")
        return
    text = chat.text(said.ids)
    episode.actions.append(text)
    observation, reward, terminated, truncated, info = env.step(text)
    episode.rewards[-1] = float(reward)
    episode.score += float(reward)
    if terminated or truncated:
        episode.over = True
        episode.success = info["success"]
        episode.cause = "turns" if truncated else None
    else:
        episode.show(chat.reply(observation))
