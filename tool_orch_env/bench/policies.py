"""Policies by name: what answers when the runner asks.

Enters: a text such as `oracle` or `openai:MODEL@URL`. Leaves: a `Policy`; it begins one speaker per episode, and a
speaker turns chat messages and tools into an assistant message. A policy's own faults are `PolicyFault`s.

================================  =====================================================================
oracle, random, junk, ...         a scripted trace (`scripted.POLICIES`)
openai:MODEL@URL                  a model behind an OpenAI-compatible URL; extra [bench-models]
vllm:PATH                         the same, the engine started and stopped here
python:MODULE:FUNCTION            `function(messages, tools)`, plain or async, returns a message
================================  =====================================================================
"""

import asyncio
import importlib
import inspect
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from ..call import Turn
from ..errors import UsageError
from ..task import Task, oracle_answer
from .protocols import Arena
from .scripted import POLICIES

Chat = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a policy; `tokens` has `prompt` and `completion`, or is `None` where they are not known."""

    action: Any
    tokens: dict[str, int] | None = None


class PolicyFault(Exception):
    """A policy gave no answer. `kind` is one word: timeout, connection, http_500, bad_reply, raised."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}"[:500])
        self.kind = kind


Speaker = Callable[[Chat, Chat], Awaitable[Said]]


class Policy(Protocol):
    """`patience` is the longest that one answer may take, in seconds, retries included."""

    name: str
    patience: float

    async def open(self) -> None:
        """Make ready, before the first episode."""

    def begin(self, arena: Arena, task: Task, trial: int) -> Speaker:
        """What speaks in one episode."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How policies are asked. `timeout` is per request, in seconds; `tools` says how a model is told of them."""

    seed: int = 0
    timeout: float = 120.0
    retries: int = 2
    tools: Literal["native", "prompt"] = "native"
    temperature: float = 0.0
    max_tokens: int = 2048
    vllm_args: str = ""
    """Further arguments of vLLM's server."""


DEFAULT = Settings()


def parse_policy(text: str, settings: Settings = DEFAULT) -> Policy:
    """The policy that `text` names; raises `UsageError`."""
    kind, _, rest = text.partition(":")
    if text in POLICIES:
        return ScriptedPolicy(text, settings.seed)
    if kind == "python":
        return FunctionPolicy(rest, settings.timeout)
    if kind in ("openai", "vllm"):
        try:
            from .openai_policy import OpenAIPolicy
            from .vllm_policy import VllmPolicy
        except ImportError as error:
            raise UsageError(f"{kind}: needs {error.name}: install 'tool-orch-env[bench-models]'") from error
        return OpenAIPolicy(rest, settings) if kind == "openai" else VllmPolicy(rest, settings)
    raise UsageError(
        f"policy {text!r}: expected openai:MODEL@URL, vllm:PATH, python:MODULE:FUNCTION or one of {', '.join(POLICIES)}"
    )


class ScriptedPolicy:
    """A trace computed from the task; each episode draws from its own generator, whatever order they run in."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.patience = 60.0
        self._seed = seed

    def begin(self, arena: Arena, task: Task, trial: int) -> Speaker:
        turns = iter(self._trace(arena, task, trial))

        async def speak(messages: Chat, tools: Chat) -> Said:
            return Said(next(turns, Turn(answer="Done.")))

        return speak

    def _trace(self, arena: Arena, task: Task, trial: int) -> list[Turn]:
        if self.name == "oracle":
            calls = [Turn(calls=tuple(call.as_call() for call in step)) for step in arena.steps(task)]
            return [*calls, Turn(answer=oracle_answer(task))]
        identity = int.from_bytes(blake2b(task.id.encode(), digest_size=8).digest())
        rng = np.random.default_rng([self._seed, trial, identity])
        return POLICIES[self.name](task, arena.snapshot, rng)

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass


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
                raise PolicyFault("raised", f"{type(error).__name__}: {error}{_raised_at(error)}") from error

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
