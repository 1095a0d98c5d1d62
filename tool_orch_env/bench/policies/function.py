"""A Python function as a policy: `function(messages, tools)`, sync or async, returns an assistant message."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

from ...errors import UsageError
from ...task import Task
from ..imported import imported, raised_at
from ..protocols import Arena
from .base import Chat, PolicyError, Said, Speaker


class FunctionPolicy:
    """A Python function. A sync function runs in its own thread, so one that hangs does not block other episodes."""

    def __init__(self, place: str, timeout: float) -> None:
        """Raises `UsageError` if `place` is not `module:function` or cannot be loaded."""
        self.name = f"python:{place}"
        self.patience = timeout
        self._function = load_function(place)

    def begin(self, arena: Arena, task: Task, trial: int) -> Speaker:
        async def speak(messages: Chat, tools: Chat) -> Said:
            try:
                if inspect.iscoroutinefunction(self._function):
                    return Said(await self._function(messages, tools))
                return Said(await _in_thread(self._function, messages, tools))
            except (Exception, SystemExit) as error:
                raise PolicyError("raised", f"{type(error).__name__}: {error}{raised_at(error)}") from error

        return speak

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass


def load_function(place: str) -> Callable[..., Any]:
    """The function named `MODULE:FUNCTION`. The current folder is searched too. Raises `UsageError`."""
    function = imported(place, "python:")
    if not callable(function):
        raise UsageError(f"python:{place}: not a function")
    return function  # type: ignore[no-any-return]  # what it returns is checked at every turn


async def _in_thread(function: Callable[[Chat, Chat], Any], messages: Chat, tools: Chat) -> Any:
    """Run the function in a daemon thread. Unlike a pool thread, it does not keep the process from exiting."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(value)

    def work() -> None:
        value, error = None, None
        try:
            value = function(messages, tools)
        except (Exception, SystemExit) as raised:
            error = RuntimeError("StopIteration") if isinstance(raised, StopIteration) else raised
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:  # the loop is closed: nobody is waiting for the result
            return

    threading.Thread(target=work, daemon=True).start()
    return await done
