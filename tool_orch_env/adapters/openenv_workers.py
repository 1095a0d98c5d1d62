"""OpenEnv's server as several worker processes behind one port: `tool-orch serve openenv --workers N`.

uvicorn starts the workers, shares one listening socket among them, and starts another worker where one dies. A
WebSocket connection stays in the worker that accepted it, and so does its session: `--sessions` counts per worker. What
a worker is to serve comes from the environment variable `TOOL_ORCH_SERVE`.
"""

import json
import os
from typing import Any

from . import openenv
from .extras import need
from .session import SessionFactory

SERVE = "TOOL_ORCH_SERVE"


def run(factory: SessionFactory, sessions: int, idle: float | None, workers: int, **listening: Any) -> None:
    """Serve until interrupted. `listening` goes to `uvicorn.run`.

    The factory's snapshot and tasks are names or paths, and its reward is a preset.
    """
    factory.task_set  # noqa: B018 - builds the store once, and raises here what every worker would raise
    played = {name: getattr(factory, name) for name in SessionFactory.__dataclass_fields__}
    os.environ[SERVE] = json.dumps({"played": played, "sessions": sessions, "idle": idle}, default=str)
    openenv.boot()  # named here, so that all workers have the same name
    need("uvicorn", "openenv").run(f"{__name__}:app", factory=True, workers=workers, **listening)


def app() -> Any:
    """The app of one worker."""
    given = json.loads(os.environ[SERVE])
    return openenv.app(SessionFactory(**given["played"]), given["sessions"], given["idle"])
