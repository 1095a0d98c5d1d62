"""What each turn was worth: GAE over turns, or the group's mean as the baseline.

Enters: episodes, and the values of their states. Leaves: per turn an advantage, and a return for the value head. A turn
is one action: all of its tokens share its advantage, and time passes between turns, not between tokens.
"""

from collections.abc import Sequence

import numpy as np

from .rollout import Episode

Floats = np.ndarray


def turn_rewards(episode: Episode) -> Floats:
    """The reward of each turn, float64 (turns,)."""
    return np.array([sum(episode.rewards[start:end]) for start, end in episode.turns])


def gae(episodes: Sequence[Episode], values: Floats, gamma: float, lam: float) -> tuple[Floats, Floats]:
    """Advantages and returns float64 (S,), turns of all episodes in order, as in Schulman et al. 2016 (1506.02438).

    An episode that was cut ends there too: what it would have earned is lost, which is what cutting should cost.
    """
    advantages, first = np.zeros(len(values)), 0
    for episode in episodes:
        rewards = turn_rewards(episode)
        after, ahead = 0.0, 0.0
        for turn in reversed(range(len(rewards))):
            index = first + turn
            delta = rewards[turn] + gamma * after - values[index]
            advantages[index] = ahead = delta + gamma * lam * ahead
            after = values[index]
        first += len(rewards)
    return advantages, advantages + values


def group_relative(episodes: Sequence[Episode]) -> tuple[Floats, Floats]:
    """Score against the mean of the episodes on the same task, over their deviation, as in GRPO (2402.03300).

    Returns are the scores; no value head is trained on them.
    """
    scores = np.array([episode.score for episode in episodes])
    _, group = np.unique([episode.task_id for episode in episodes], return_inverse=True)
    mean = np.bincount(group, scores) / np.bincount(group)
    deviation = np.sqrt(np.bincount(group, (scores - mean[group]) ** 2) / np.bincount(group))
    relative = (scores - mean[group]) / (deviation[group] + 1e-6)
    turns = [len(episode.turns) for episode in episodes]
    return np.repeat(relative, turns), np.repeat(scores, turns)


def per_token(episode: Episode, per_turn: Floats) -> Floats:
    """The turns' figures for each of their tokens, (S,) -> (N,)."""
    return np.repeat(per_turn, [end - start for start, end in episode.turns])
