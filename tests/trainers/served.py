"""`tool-orch serve openenv` in a process of its own, and a client of it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(snapshot: str | Path, *options: str, port: int | None = None) -> Iterator[tuple[str, int]]:
    """The URL and the process id of `tool-orch serve openenv`, on a free port unless one is named."""
    import httpx

    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "tool_orch_env.cli",
        "serve",
        "openenv",
        "--snapshot",
        str(snapshot),
    ]
    process = subprocess.Popen([*command, "--port", str(port), *options], stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            try:
                httpx.get(f"{url}/health", timeout=1).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url, process.pid
        assert process.poll() is None
    finally:
        process.terminate()
        process.communicate(timeout=90)


@contextmanager
def in_thread(app: Any) -> Iterator[str]:
    """The URL of an app that uvicorn serves in this process, so that a test can reach behind it."""
    import threading

    import uvicorn

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def client(url: str) -> Any:
    from tool_orch_env.adapters import openenv

    return openenv.Client(base_url=url)
