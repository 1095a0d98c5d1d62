"""OpenEnv: a client plays the golden trace of a task. Needs the extra [openenv].

    tool-orch serve openenv --split test &
    python -m examples.trainers.openenv_client --url http://127.0.0.1:8000

OpenEnv's own `GenericEnvClient` works too, with `{"message": ...}` as the action.
"""

import argparse
import asyncio

from tool_orch_env import load_tasks, oracle_turns
from tool_orch_env.adapters.openenv import Client
from tool_orch_env.calls.chat import turn_message


async def play(url: str, snapshot: str, split: str) -> float:
    task = load_tasks(snapshot, split)[0]
    total = 0.0
    async with Client(base_url=url) as env:
        result = await env.reset(task_id=task.id)
        print(task.request)
        for turn in oracle_turns(task):
            result = await env.step(turn_message(turn))
            if result.observation.void:
                raise SystemExit(f"void, to be played again: {result.observation.void}")
            total += result.reward
            print(f"{result.reward:+.3f} {result.observation.text[:80]}")
    assert result.done and abs(total - result.observation.episode_score) < 1e-9
    return total


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--snapshot", default="travel")
    parser.add_argument("--split", default="test")
    given = parser.parse_args()
    print(f"score {asyncio.run(play(given.url, given.snapshot, given.split)):.3f}")


if __name__ == "__main__":
    main()
