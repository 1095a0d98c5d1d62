"""OpenEnv's server under clients of every kind for many minutes: `python tests/trainers/openenv_soak.py --minutes 10`.

A server in a process of its own plays `travel`. Each client plays one session after the other over a connection of its
own: half of its messages are golden calls, the others are invalid, not recorded, cut, of no known tool, or no calls.
The same messages go to an environment here, and every reward must be the same. Of ten sessions one vanishes without a
word, and one is silent for so long that the server gives its place away, and then plays on. The server's memory, files,
threads and sockets are printed as it goes. The exit status is 1 if a reward differed, a session broke, memory grew, or
a socket was left behind.
"""

import argparse
import asyncio
import random
import sys
import time
from typing import Any

import gymnasium as gym
import played
import psutil
from served import client, serving

import tool_orch_env as toe
from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.calls.types import ToolCall, Turn
from tool_orch_env.task import Task

IDLE = 3.0
"""Seconds of silence after which a session's place is free for another."""
SILENCE = 10.0
"""Seconds of a silent client: OpenEnv looks for idle sessions every five."""
TASKS = 200
"""Tasks that are played: each is compiled at its first session, so that memory grows until all were played."""
GROWTH = 1.05
"""Resident memory at the end over that after half of the time, at most."""


class Count:
    """What happened so far."""

    def __init__(self) -> None:
        self.sessions = self.steps = self.vanished = self.silent = self.wrong = 0
        self.faults: list[str] = []


def message(task: Task, turn: int, rng: random.Random) -> str:
    """What a model in training might write at this turn."""
    golden = oracle_turns(task)
    call, number, kind = task.golden[0], rng.getrandbits(40), rng.random()
    if kind < 0.5:
        return played.text(golden[min(turn, len(golden) - 1)])
    if kind < 0.62:
        return _written(call.tool, {**call.arguments, f"made_up_{number}": number})
    if kind < 0.74:
        return _written(call.tool, {**call.arguments, next(iter(call.arguments), "q"): str(number)})
    if kind < 0.84:
        return _written(f"tool_{number}", {})
    return f'<tool_call>{{"name": {number}' if kind < 0.94 else f"It is {number}."


def _written(tool: str, arguments: dict[str, Any]) -> str:
    return played.text(Turn(calls=(ToolCall(tool, arguments),)))


async def session(url: str, env: Any, task: Task, rng: random.Random, count: Count) -> None:
    """One session: played to its end, with a long silence in it, or left in the middle."""
    kind = rng.choices(["played", "silent", "vanished"], [8, 1, 1])[0]
    env.reset(options={"task_id": task.id})
    async with client(url) as remote:
        await remote.reset(task_id=task.id)
        for turn in range(1000):
            said = message(task, turn, rng)
            result = await remote.step(said)
            _, reward, terminated, truncated, _ = env.step(said)
            count.steps += 1
            if (result.reward, result.done) != (reward, terminated or truncated):
                count.wrong += 1
            if result.done:
                break
            if turn == 1 and kind == "silent":
                count.silent += 1
                await asyncio.sleep(SILENCE)
            elif turn == 1 and kind == "vanished":
                count.vanished += 1
                remote._ws.transport.abort()  # no public way: a client that dies says nothing
                break
    count.sessions += 1


async def client_of(url: str, tasks: list[Task], seed: int, until: float, count: Count) -> None:
    env, rng = gym.make("ToolOrch-v0", tasks=tasks), random.Random(seed)
    while time.monotonic() < until:
        try:
            await session(url, env, rng.choice(tasks), rng, count)
        except Exception as fault:
            count.faults.append(f"{type(fault).__name__}: {fault}")


async def watched(server: psutil.Process, minutes: float, count: Count) -> list[int]:
    """Prints the server's state sixty times; gives its resident bytes."""
    seen = []
    print("seconds  sessions    steps  resident MB  files  threads  sockets")
    for at in range(1, 61):
        await asyncio.sleep(minutes)
        seen.append(server.memory_info().rss)
        print(
            f"{at * minutes:7.0f} {count.sessions:9} {count.steps:8} {seen[-1] / 1e6:12.1f} {server.num_fds():6} "
            f"{server.num_threads():8} {_open(server):8}",
            flush=True,
        )
    return seen


def _open(server: psutil.Process) -> int:
    return sum(one.status == "ESTABLISHED" for one in server.net_connections("tcp"))


async def soaked(url: str, server: psutil.Process, clients: int, minutes: float) -> int:
    tasks, count, until = toe.load_tasks("travel", "train")[:TASKS], Count(), time.monotonic() + minutes * 60
    players = [client_of(url, tasks, seed, until, count) for seed in range(clients)]
    _, seen = await asyncio.gather(asyncio.gather(*players), watched(server, minutes, count))
    for _ in range(100):
        if _open(server) == 0:
            break
        await asyncio.sleep(0.1)
    left, growth = _open(server), seen[-1] / seen[len(seen) // 2]
    print(
        f"{minutes:g} minutes, {clients} clients: {count.sessions} sessions ({count.vanished} vanished, {count.silent} "
        f"silent), {count.steps} steps, {count.wrong} wrong rewards, {len(count.faults)} faults; memory at the end "
        f"{growth:.3f} of that after half; {left} sockets left"
    )
    print(*sorted(set(count.faults))[:10], sep="\n", end="\n" if count.faults else "")
    return int(bool(count.wrong or count.faults or left or growth > GROWTH or not count.sessions))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    with serving("travel", "--idle", str(IDLE), "--split", "train") as (url, pid):
        return asyncio.run(soaked(url, psutil.Process(pid), given.clients, given.minutes))


if __name__ == "__main__":
    sys.exit(main())
