"""OpenEnv: a server that plays episodes over WebSocket, one session per connection, and `Client(url)` for it.

`tool-orch serve openenv` runs the FastAPI app made by OpenEnv's own `create_app`. An action is `{"message": M}`, where
M is an assistant message of any form. An observation has the replies as `text` and as chat `messages`, status `codes`,
the `components` of the score so far, `task_id`, and at reset the `tools`. `reward` is the step's reward;
`episode_score` is the sum of rewards, set once `done`. `reset` takes `task_id`, or `split` and `index` as OpenEnv's
task routes name them, or `seed`. State belongs to the connection: the stateless HTTP routes can reset and describe,
but not play.

OpenEnv's own reaper frees the slot of an idle session, although its client can still continue. If a client disconnects,
its session ends at once.

A void episode is an error on the wire, `void episode: CODE: detail`, because clients that do not know of it take any
observation for an episode with a reward. `Client` turns it into an observation with `void` and without a reward. An
observation of `reset` has the `session` that played it; an action that carries it back to a connection or a server that
has lost the episode gets `session_lost` or `server_restarted`.
"""

import os
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from ..calls.void import VoidCode, cause
from ..errors import ToolOrchError, UsageError, VoidError
from . import openenv_client
from .extras import need
from .openenv_models import models
from .session import Session, SessionFactory

MAX_SESSIONS = 256
IDLE_SECONDS = 900.0
BOOT = "TOOL_ORCH_BOOT"
"""The environment variable that names one start of a server; its worker processes share it."""


class _Played:
    """The behaviour of the environment. `environment_class` combines it with OpenEnv's base class."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, factory: SessionFactory | None = None) -> None:
        """Without a factory (as NeMo Gym calls it), play all splits of the snapshot named by `TOOL_ORCH_SNAPSHOT`.

        `TOOL_ORCH_ANSWER_FORM` is then the answer form.
        """
        super().__init__()
        named = (
            os.environ.get("TOOL_ORCH_SNAPSHOT", "travel"),
            os.environ.get("TOOL_ORCH_ANSWER_FORM", "text"),
        )
        self._factory = factory or _configured(*named)
        self._raises = factory is None
        self._session: Session = self._factory()
        self._name: str | None = None
        self._episode_id: str | None = None

    def reset(
        self,
        seed: int | None = None,
        episode_id: str | None = None,
        task_id: str | None = None,
        split: str | None = None,
        index: int | None = None,
        **_: Any,
    ) -> Any:
        if task_id is None and index is not None:
            task_id = self.get_task(split or self.list_splits()[0], index)["id"]
        session = self._session.reset(task_id, seed)
        self._episode_id = episode_id
        self._name = f"{boot()}.{uuid.uuid4().hex}"
        return models().Observation(
            session=self._name,
            text=session.text,
            messages=session.messages(),
            tools=session.tools,
            task_id=session.task.id,
            components=session.components(),
        )

    def step(self, action: Any, timeout_s: float | None = None, **_: Any) -> Any:
        self._check(action.session)
        step = self._session.step(action.message)
        return models().Observation(
            done=step.done,
            reward=None if step.void else step.reward,
            void=step.void,
            truncated=step.truncated,
            text=step.text,
            messages=step.messages,
            codes=list(step.calls),
            components=self._session.components(),
            task_id=self._session.task.id,
            episode_score=self._session.episode_score if step.done and not step.void else None,
        )

    async def reset_async(self, **given: Any) -> Any:
        return self.reset(**given)

    async def step_async(self, action: Any, timeout_s: float | None = None, **_: Any) -> Any:
        observation = self.step(action)  # takes well under a millisecond, so no thread is needed
        if observation.void:
            raise VoidError(observation.void)
        return observation

    def close(self) -> None:
        """Raises `VoidError` for a void episode of NeMo Gym, which takes the reward when it has closed the environment:
        a rollout that cannot be verified is dropped."""
        if self._raises and self._session.begun:
            self._session.check()

    def _check(self, session: str | None) -> None:
        """Raise `VoidError` if an action is meant for another session than this one's."""
        if session is None or session == self._name:
            return
        code = VoidCode.SESSION_LOST if session.startswith(f"{boot()}.") else VoidCode.SERVER_RESTARTED
        raise VoidError(cause(code, "this connection does not play the episode; reset begins another one"))

    @property
    def state(self) -> Any:
        session = self._session
        return models().State(
            episode_id=self._episode_id,
            step_count=len(session.rewards),
            task_id=session.task.id if session.begun else None,
            rewards=session.rewards,
            void=session.void if session.begun else None,
            components=session.components() if session.begun else {},
        )

    def list_splits(self) -> list[str]:
        return [self._factory.split or "all"]

    def num_tasks(self, split: str) -> int:
        return len(self._ids(split))

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        return [self.get_task(split, index) for index in range(self.num_tasks(split))]

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        ids = self._ids(split)
        if not 0 <= index < len(ids):
            raise IndexError(f"index: expected 0 to {len(ids) - 1}, found {index}")
        return {"id": ids[index], "index": index, "split": split}

    def get_task_range(
        self, split: str, start: int | None = None, stop: int | None = None
    ) -> list[dict[str, Any]]:
        return self.list_tasks(split)[start:stop]

    def _ids(self, split: str) -> tuple[str, ...]:
        if split not in self.list_splits():
            raise UsageError(
                f"split: expected {self.list_splits()[0]!r}, which this server plays, found {split!r}"
            )
        return self._factory.task_ids


@cache
def boot() -> str:
    """The name of this start of the server."""
    return os.environ.setdefault(BOOT, uuid.uuid4().hex[:12])


@cache
def environment_class() -> type[Any]:
    """OpenEnv's `Environment` around one `Session`. Its constructor takes a `SessionFactory`."""
    interfaces = need("openenv.core.env_server.interfaces", "openenv")
    return type("ToolOrchEnvironment", (_Played, interfaces.Environment), {"__module__": __name__})


def app(factory: SessionFactory, sessions: int = MAX_SESSIONS, idle: float | None = IDLE_SECONDS) -> Any:
    """The FastAPI app. A session is closed after `idle` seconds without a message; `None` disables this."""
    server = need("openenv.core.env_server", "openenv")
    types = need("openenv.core.env_server.types", "openenv")
    responses = need("fastapi.responses", "openenv")
    known, environment = models(), environment_class()
    factory.task_set  # noqa: B018 - raise snapshot errors at startup, not to the first client
    made = server.create_app(
        lambda: environment(factory),
        known.Action,
        known.Observation,
        env_name="tool_orch_env",
        concurrency_config=types.ConcurrencyConfig(max_concurrent_envs=sessions, session_timeout=idle),
        state_cls=known.State,
    )

    @made.exception_handler(ToolOrchError)  # type: ignore[untyped-decorator]  # the framework is not typed here
    async def bad_request(request: Any, error: ToolOrchError) -> Any:
        return responses.JSONResponse({"detail": str(error)}, status_code=400)

    return made


@cache
def _configured(snapshot: str, answer_form: str) -> SessionFactory:
    return SessionFactory(snapshot=snapshot, split=None, answer_form=answer_form)


def __getattr__(name: str) -> Any:
    """`Client`, and `Environment` and `Action`, which YAML files refer to by dotted path."""
    made: dict[str, Callable[[], Any]]
    made = {
        "Client": openenv_client.client_class,
        "Environment": environment_class,
        "Action": lambda: models().Action,
    }
    if name in made:
        return made[name]()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
