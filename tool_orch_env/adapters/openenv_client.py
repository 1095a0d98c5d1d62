"""OpenEnv's client with our types: `async with Client(base_url=...) as env`, or through `.sync()`.

`step` returns a void observation where OpenEnv's own client raises: an episode that the server declares void, a
connection that was lost with its episode, a server that was restarted, is full, or is gone. Such an observation is
`done`, and its `reward` is `None`. Before `reset` nothing can be void, and errors are raised.
"""

import json
import re
from functools import cache
from typing import Any

from ..calls.parse.scan import MAX_TEXT
from ..calls.void import VoidCode, cause
from .extras import need
from .openenv_models import models

MAX_BYTES = 4 << 20
"""Maximum bytes of a message on the wire."""
_VOID = re.compile(r"void episode: (.*?)(?: \(code: \w+\))?$", re.DOTALL)
_FULL = "(code: CAPACITY_REACHED)"


@cache
def client_class() -> type[Any]:
    """The class `Client`, derived from OpenEnv's `EnvClient`."""
    core = need("openenv.core", "openenv")
    lost = (need("websockets.exceptions", "openenv").ConnectionClosed, OSError, TimeoutError)
    known = models()

    class ToolOrchClient(core.EnvClient):  # type: ignore[name-defined, misc]  # the base class is imported at runtime
        _session: str | None = None
        """The session that plays the episode; `None` before `reset`."""
        _task_id = ""

        async def _step_async(self, action: Any, **given: Any) -> Any:
            try:
                return await super()._step_async(action, **given)
            except lost:
                if self._session is None:
                    raise
            except RuntimeError as error:
                return self._voided(error)
            try:  # on a new connection: the server knows what became of the session
                return await super()._step_async(action, **given)
            except lost as error:
                detail = f"{type(error).__name__}: {error}".rstrip(": ")
                return self._void_step(cause(VoidCode.SERVER_GONE, detail))
            except RuntimeError as error:
                return self._voided(error)

        def _voided(self, error: RuntimeError) -> Any:
            """The void step that an error of the server means; raises any other error."""
            found = _VOID.search(str(error))
            if found:
                return self._void_step(found.group(1))
            if _FULL in str(error) and self._session is not None:
                return self._void_step(
                    cause(VoidCode.CAPACITY, "the connection was lost, and the server is full")
                )
            raise error

        def _void_step(self, why: str) -> Any:
            observation = known.Observation(task_id=self._task_id, done=True, truncated=True, void=why)
            return core.client_types.StepResult(observation=observation, reward=None, done=True)

        def _step_payload(self, action: Any) -> dict[str, Any]:
            fields = {"message": action, "session": None}
            if isinstance(action, known.Action):
                fields = {"message": action.message, "session": action.session}
            fields["session"] = fields["session"] or self._session
            if len(json.dumps(fields)) > MAX_BYTES - 1024:
                fields["message"] = "x" * (MAX_TEXT + 1)  # too long to be read, as what it stands for
            return fields

        def _parse_result(self, payload: dict[str, Any]) -> Any:
            observation = known.Observation(
                **payload["observation"], done=payload["done"], reward=payload["reward"]
            )
            if observation.session is not None:
                self._session, self._task_id = observation.session, observation.task_id
            return core.client_types.StepResult(
                observation=observation, reward=payload["reward"], done=payload["done"]
            )

        def _parse_state(self, payload: dict[str, Any]) -> Any:
            return known.State(**payload)

    ToolOrchClient.__qualname__ = "Client"
    return ToolOrchClient
