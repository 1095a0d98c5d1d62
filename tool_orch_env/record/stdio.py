"""Run an MCP server as a process and exchange messages with it, one JSON object per line.

This replaces the SDK's own transport, which has no bound on the size of a message and does not know why a server ended.
A message that is too long becomes an error of the request that it answers. Whatever else the server writes is noted and
never gets further: `trouble` says what went wrong, for the error text of the calls that suffer from it.
"""

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import anyio
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse, jsonrpc_message_adapter

from ..jsonvalues.canonical import to_text

TOO_LONG = -413
"""The code of the error that a message beyond the limit becomes."""
_GRACE = 2.0
"""Seconds that a server has to end after its input was closed, and again after SIGTERM."""
_WORDS = 2000
"""Bytes of the server's standard error that are kept."""
_EDGE = 400
_ID_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)\s*,')
_ID_LAST = re.compile(rb',\s*"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')


class Piped:
    """A transport of the SDK: an async context manager of the streams to read and to write.

    The process runs in `folder`, with the SDK's short list of inherited variables and those of `env`. A message of
    more than `most` bytes is not kept in memory.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], folder: Path, most: int) -> None:
        self._command, self._env, self._folder, self._most = command, env, folder, most
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._asked: set[Any] = set()
        self._strays: list[str] = []
        self._words = b""
        self._closing = False
        self._status: int | None = None

    async def __aenter__(self) -> tuple[Any, Any]:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            env={**get_default_environment(), **self._env},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=self._most,
            start_new_session=True,
        )
        incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
        self._streams = (incoming, read, write, outgoing)
        parts = (self._reading(incoming), self._writing(outgoing, incoming), self._listening())
        self._tasks = [asyncio.create_task(part) for part in parts]
        return read, write

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        assert process is not None and process.stdin is not None
        self._closing, self._status = True, self._ended_with
        try:
            process.stdin.close()
            await self._ended(process)
            if process.returncode is None:
                _signal(process, signal.SIGTERM)
                await self._ended(process)
        finally:
            if process.returncode is None:
                _signal(process, signal.SIGKILL)
            for task in self._tasks:
                task.cancel()
            for stream in self._streams:
                stream.close()
        await self._ended(process)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        process._transport.close()  # type: ignore[attr-defined]  # a child of the server may hold the pipes open

    @property
    def trouble(self) -> str:
        """What the server did wrong so far, as the end of a sentence; "" if nothing."""
        parts = []
        if self._ended_with is not None:
            parts.append(f"the server ended with exit status {self._ended_with}")
        if self._strays:
            parts.append(
                f"{len(self._strays)} lines of its output were of no use, the first: {self._strays[0]}"
            )
        if words := printable(self._words.decode(errors="replace")).strip():
            parts.append(f"its last words: {words[-500:]}")
        return "".join(f"; {part}" for part in parts)

    @property
    def _ended_with(self) -> int | None:
        """The exit status of a server that ended by itself."""
        if self._closing or self._process is None:
            return self._status
        return self._process.returncode

    async def _ended(self, process: asyncio.subprocess.Process) -> None:
        """Wait for the process. Not by `wait`, which also waits for whoever inherited its pipes."""
        for _ in range(int(_GRACE / 0.02)):
            if process.returncode is not None:
                return
            await asyncio.sleep(0.02)

    async def _reading(self, incoming: Any) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async with incoming:
                while line := await self._line():
                    message = self._message(line)
                    if message is not None:
                        await incoming.send(SessionMessage(message))
                await asyncio.sleep(0.05)  # so that the exit status is known when the session sees the end

    async def _line(self) -> bytes:
        """The next line, b"" at the end; in place of one that is too long, an error to whom it answers."""
        assert self._process is not None and self._process.stdout is not None
        try:
            return await self._process.stdout.readuntil()
        except asyncio.IncompleteReadError as error:
            return error.partial
        except asyncio.LimitOverrunError:
            return await self._skipped(self._process.stdout)

    async def _skipped(self, stdout: asyncio.StreamReader) -> bytes:
        head = tail = part = b""
        while not part.endswith(b"\n"):
            try:
                part = await stdout.readuntil()
            except asyncio.LimitOverrunError as error:
                part = await stdout.readexactly(error.consumed)
            except asyncio.IncompleteReadError as error:
                part = error.partial + b"\n"
            head = (head + part[:_EDGE])[:_EDGE]
            tail = (tail + part)[-_EDGE:]
        found = _ID_FIRST.match(head) or _ID_LAST.search(tail)
        why = f"an answer of more than {self._most} bytes (limits.max_bytes)"
        if found is None:
            self._strays.append(why)
            return b"\n"
        answer = {"jsonrpc": "2.0", "id": int(found[1]), "error": {"code": TOO_LONG, "message": why}}
        return to_text(answer).encode()

    def _message(self, line: bytes) -> Any:
        """The message of a line; `None` if it is none, or answers a request that was not made."""
        if not line.strip():
            return None
        try:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            self._strays.append(f"not a message: {line[:100].decode(errors='replace').strip()!r}")
            return None
        if isinstance(message, JSONRPCResponse | JSONRPCError) and message.id not in self._asked:
            self._strays.append(f"an answer to a request that was not made, id {str(message.id)[:40]!r}")
            return None
        return message

    async def _writing(self, outgoing: Any, incoming: Any) -> None:
        assert self._process is not None and self._process.stdin is not None
        try:
            async for item in outgoing:
                if isinstance(item.message, JSONRPCRequest):
                    self._asked.add(item.message.id)
                text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                self._process.stdin.write(text.encode() + b"\n")
                await self._process.stdin.drain()
        except (OSError, anyio.ClosedResourceError):
            await asyncio.sleep(0.05)
            incoming.close()  # the session sees the connection end

    async def _listening(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        while part := await self._process.stderr.read(1 << 16):
            self._words = (self._words + part)[-_WORDS:]


def printable(text: str) -> str:
    """A text of a server as it may be shown: without line ends, and without what a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal to the process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
