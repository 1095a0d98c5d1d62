"""Measure where the time of a step goes: each stage by itself, as a share of the whole step.

    python benchmarks/stages.py

Every stage takes the 10 KB hits of `work.py` as processed by the stages before it. A round times the stages one after
another and then `env.step`. The rest of a step is everything between the stages: passing records on, infos, and
Gymnasium's wrappers.
"""

import argparse
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import rounds as timing
from variants import ENDLESS
from work import messages, snapshot, task

from tool_orch_env.calls import render, results
from tool_orch_env.calls.parse import parse_message
from tool_orch_env.calls.types import AnsweredCall, ToolCall
from tool_orch_env.episode import Episode, EpisodeLimits
from tool_orch_env.jsonvalues.canonical import encode, replay_key
from tool_orch_env.reward.scorer import scorer
from tool_orch_env.taskset import TaskSet


def runs() -> dict[str, Callable[[], int]]:
    """One run per stage, and one of whole steps."""
    held, sent = snapshot(10), messages("hit")
    compiled = TaskSet(held, [task()]).compiled("bench")
    episode = Episode(compiled, limits=EpisodeLimits(**ENDLESS))
    calls = [parse_message(message).calls[0] for message in sent]
    answered = [_answered(episode, call) for call in calls]
    score = scorer(compiled.trace, "graduated")
    env = gym.make("ToolOrch-v0", snapshot=held, tasks=[task()], **ENDLESS)
    env.reset(seed=0)

    def key(call: ToolCall) -> str:
        tool = compiled.tools[call.name]
        return replay_key(tool.name, encode(tool.normalise(call.arguments)))

    def look_up(one: AnsweredCall) -> Any:
        assert one.key is not None
        found = held.get(one.key, "bench")
        assert found is not None
        return results.recorded(found)

    def scored(one: AnsweredCall) -> Any:
        score.turn((one,), None, False)
        return score.credited()

    def observed(one: AnsweredCall) -> Any:
        limit = ENDLESS["max_response_chars"]
        return render.turn_text((one,), limit), render.turn_messages((one,), ("call_0",), limit)

    return {
        "parse": timing.run_of(parse_message, sent),
        "canonical form and key": timing.run_of(key, calls),
        "look-up and reply": timing.run_of(look_up, answered),
        "score and credit": timing.run_of(scored, answered),
        "text and chat messages": timing.run_of(observed, answered),
        "whole": timing.run_of(env.step, sent),
    }


def _answered(episode: Episode, call: ToolCall) -> AnsweredCall:
    return episode.step([call]).calls[0]


def table(rounds: int) -> timing.Table:
    made = timing.Table(
        "Where a 10 KB hit's time goes",
        ("stage", "µs", "share of the step"),
        f"Medians of {rounds} interleaved rounds, processor time (`python benchmarks/stages.py`).",
    )
    times = timing.measure(runs(), rounds)
    for name in times:
        shares = timing.ratios(times, name, "whole")
        made.add(name, f"{timing.microseconds(times, name):.1f}", timing.shown(shares))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=25, help="timed rounds (default 25)")
    table(parser.parse_args().rounds).print()


if __name__ == "__main__":
    main()
