"""A source that is kept open in a thread of its own, between the live misses of an environment.

Starting an MCP server takes seconds, and some have a state. It ends with the environment or the process.
"""

import asyncio
import os
import threading
import weakref
from typing import Any

from .source import Answer, Source, Unkept


class Kept:
    """Asks one source, from any thread."""

    def __init__(self, source: Source) -> None:
        self._source, self._process = source, os.getpid()
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self._close = weakref.finalize(self, _closed, self._loop, thread, source, self._process)

    @property
    def mine(self) -> bool:
        """Whether this process opened it: a forked one has no thread."""
        return self._process == os.getpid()

    def ask(self, tool: str, arguments: dict[str, Any]) -> Answer | Unkept:
        """The source's answer. Blocks until there is one."""
        return asyncio.run_coroutine_threadsafe(self._source.ask(tool, arguments), self._loop).result()

    def close(self) -> None:
        """Let go of the source."""
        self._close()


def _closed(loop: asyncio.AbstractEventLoop, thread: threading.Thread, source: Source, process: int) -> None:
    if process != os.getpid():
        return
    asyncio.run_coroutine_threadsafe(source.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
