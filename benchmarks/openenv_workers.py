"""OpenEnv's server with one worker process and with two: steps per second at 1, 16 and 64 sessions.

    .venv-trainers/bin/python benchmarks/openenv_workers.py --rounds 5

Both servers run throughout. In a round each is measured at each number of sessions, one after the other, so that a slow
machine slows down both; a ratio is of one round. The clients are one process with a WebSocket connection per session.
They send golden calls of `travel`, and a reset before each task; the unit is a message and its reply. With fewer free
cores than workers and clients there is nothing to gain: the last line says what the clients themselves use.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from statistics import median
from typing import Any

import httpx
import psutil
import websockets

from tool_orch_env import load_tasks, oracle_turns
from tool_orch_env.calls.chat import turn_message

SESSIONS = (1, 16, 64)
WORKERS = (1, 2)


@contextmanager
def server(workers: int, seed_port: int) -> Iterator[tuple[str, psutil.Process]]:
    """The WebSocket URL of a server and its process."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", seed_port))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tool_orch_env.cli", "serve", "openenv", "--split", "handmade"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--workers", str(workers)], stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=1).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None
                time.sleep(0.2)
        yield f"ws://127.0.0.1:{port}/ws", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def script() -> list[str]:
    """The messages of one session on the wire: each task's reset and its golden turns but the last."""
    sent = []
    for task in load_tasks("travel", "handmade")[:20]:
        sent.append(json.dumps({"type": "reset", "data": {"task_id": task.id}}))
        steps = [{"message": turn_message(turn)} for turn in oracle_turns(task)[:-1]]
        sent += [json.dumps({"type": "step", "data": step}) for step in steps]
    return sent


async def measure(url: str, sessions: int, seconds: float, sent: list[str]) -> tuple[float, float]:
    """Messages per second over all sessions, and the processor time of the clients per second."""
    opened = [await websockets.connect(url, max_size=None, proxy=None) for _ in range(sessions)]
    count, start = 0, asyncio.Event()
    end = 0.0

    async def one(number: int, connection: Any) -> None:
        nonlocal count
        at = number * 7 % len(sent)
        while not sent[at].startswith('{"type": "reset"'):
            at = (at + 1) % len(sent)
        await start.wait()
        while time.perf_counter() < end:
            await connection.send(sent[at])
            reply = await connection.recv()
            assert reply.startswith('{"type":"observation"'), reply[:200]
            at = (at + 1) % len(sent)
            count += 1

    async with asyncio.TaskGroup() as group:
        for number, connection in enumerate(opened):
            group.create_task(one(number, connection))
        begun, spent = time.perf_counter(), time.process_time()
        end = begun + seconds
        start.set()
    took, own = time.perf_counter() - begun, time.process_time() - spent
    for connection in opened:
        await connection.close()
    return count / took, own / took


def spread(process: psutil.Process, url: str, sessions: int) -> list[int]:
    """How many of a burst of connections each worker accepts."""

    async def connected() -> list[int]:
        opened = await asyncio.gather(*(websockets.connect(url, proxy=None) for _ in range(sessions)))
        found = [
            sum(one.status == "ESTABLISHED" for one in child.net_connections("tcp"))
            for child in process.children()
        ]
        for connection in opened:
            await connection.close()
        return sorted(number for number in found if number)

    return asyncio.run(connected())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    given = parser.parse_args()
    sent = script()
    rates: dict[tuple[int, int], list[float]] = {(w, n): [] for w in WORKERS for n in SESSIONS}
    clients: list[float] = []
    with ExitStack() as stack:
        servers = {workers: stack.enter_context(server(workers, 0)) for workers in WORKERS}
        for number in range(-1, given.rounds):
            for sessions in SESSIONS:
                for workers, (url, _) in servers.items():
                    rate, own = asyncio.run(measure(url, sessions, given.seconds, sent))
                    if number >= 0:
                        rates[workers, sessions].append(rate)
                        clients.append(own)
        bursts = [spread(servers[2][1], servers[2][0], 64) for _ in range(3)]
    load = os.getloadavg()[0]
    print(f"{given.rounds} rounds of {given.seconds:g} s, {os.cpu_count()} cores, load {load:.1f} at the end")
    print("| sessions | 1 worker, messages/s | 2 workers, messages/s | 2 over 1, median (range) |")
    print("| --- | --- | --- | --- |")
    for sessions in SESSIONS:
        one, two = rates[1, sessions], rates[2, sessions]
        ratios = [b / a for a, b in zip(one, two, strict=True)]
        shown = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"| {sessions} | {median(one):.0f} | {median(two):.0f} | {shown} |")
    print(
        f"clients used {median(clients):.2f} cores; bursts of 64 connections went to the workers as {bursts}"
    )


if __name__ == "__main__":
    main()
