"""A Python function as a policy: `function(messages, tools)`, plain or async, returns an assistant message."""

import asyncio
import importlib
import inspect
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...task import Task
from ..protocols import Arena
from .base import Chat, PolicyError, Said, Speaker


class FunctionPolicy:
    """A Python function. A plain one runs in a thread of its own, so that one that hangs holds up nobody."""

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
            except Exception as error:
                raise PolicyError("raised", f"{type(error).__name__}: {error}{_raised_at(error)}") from error

        return speak

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass


def load_function(place: str) -> Callable[..., Any]:
    """The function that `MODULE:FUNCTION` names; the current folder is searched too. Raises `UsageError`."""
    module, _, name = place.partition(":")
    if not module or not name:
        raise UsageError(f"python:{place}: expected python:MODULE:FUNCTION, such as python:mine:policy")
    if module.endswith(".py"):
        raise UsageError(f"python:{place}: a module's name has no .py: python:{module[:-3]}:{name}")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"python:{place}: {error}") from error
    except Exception as error:  # whatever the module does when it is loaded
        raise UsageError(
            f"python:{place}: cannot be loaded: {type(error).__name__}: {error}{_raised_at(error)}"
        ) from error
    if not callable(function):
        raise UsageError(f"python:{place}: not a function")
    return function  # type: ignore[no-any-return]  # whatever it returns is checked turn by turn


def _raised_at(error: BaseException) -> str:
    """File and line of the caller's code that raised, "" where it was never reached."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or frames[-1].filename == __file__ or "<frozen" in frames[-1].filename:
        return ""
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})"


async def _in_thread(function: Callable[[Chat, Chat], Any], messages: Chat, tools: Chat) -> Any:
    """Run it in a daemon thread: unlike a pool's, it does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(value)

    def work() -> None:
        value, error = None, None
        try:
            value = function(messages, tools)
        except Exception as raised:
            error = RuntimeError("StopIteration") if isinstance(raised, StopIteration) else raised
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:  # the loop has closed: nobody waits any more
            return

    threading.Thread(target=work, daemon=True).start()
    return await done
