"""`tool-orch serve` and `tool-orch export`: episodes for trainers and agents, and rows for their data sets."""

import argparse
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .command import command, option
from .options import ANSWER_FORM, SNAPSHOT, split, whole

if TYPE_CHECKING:
    from ..adapters.session import SessionFactory

FORMATS = ("trl", "verl", "verl-tools", "skyrl", "verifiers", "openai", "sharegpt")
"""The keys of `adapters.export.FORMATS`, here without the import."""

_EPISODES = (
    SNAPSHOT,
    split("train"),
    option("--tasks", type=Path, metavar="FILE", help="task file to use instead of the split"),
    option("--reward", default="graduated", metavar="PRESET", help="reward preset"),
    option("--max-turns", type=int, metavar="N", help="assistant messages per episode (default: by task)"),
    ANSWER_FORM,
)


@command(
    option("protocol", choices=("openenv", "mcp"), help="openenv for trainers, mcp for agents"),
    *_EPISODES,
    option("--host", default="127.0.0.1", help="address to listen on"),
    option("--port", type=int, default=8000, help="port to listen on"),
    option(
        "--sessions",
        type=int,
        default=256,
        metavar="N",
        help="openenv: maximum number of sessions of a worker",
    ),
    option("--workers", type=whole, default=1, metavar="N", help="openenv: processes that share the port"),
    option("--idle", type=float, default=900.0, metavar="SECONDS", help="close a session idle for this long"),
    option("--transport", choices=("stdio", "http"), default="stdio", help="mcp: how to connect"),
    option("--task", metavar="ID", help="mcp: task to play (default: drawn with --seed)"),
    option("--seed", type=int, default=0, help="mcp: seed of the draw"),
    option("--scores", type=Path, metavar="FILE", help="mcp: append a JSON line per episode to FILE"),
    examples=(
        "tool-orch serve openenv --split train --port 8000     # TRL, verifiers, ...",
        "tool-orch serve openenv --split train --workers 4     # uses four cores",
        "tool-orch serve mcp --split test --seed 3             # one task over stdio",
        "tool-orch serve mcp --transport http --scores s.jsonl # /mcp?episode=NAME",
    ),
)
def serve(arguments: argparse.Namespace) -> int:
    """Serve episodes over OpenEnv or MCP.

    Listens on this machine only, unless --host says otherwise. Needs the extra
    [openenv] or [mcp].
    """
    if arguments.idle <= 0 or arguments.sessions < 1:
        raise UsageError("--idle, --sessions: expected more than 0")
    return (_openenv if arguments.protocol == "openenv" else _mcp)(arguments)


@command(
    option("--format", required=True, choices=FORMATS, help="trainer that reads the rows"),
    *_EPISODES,
    option(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="file to write: .jsonl, or .parquet with the extra [export]",
    ),
    examples=(
        "tool-orch export --format trl --split train --out train.jsonl",
        "tool-orch export --format openai --tasks tasks.jsonl --out demos.jsonl",
        "tool-orch export --format sharegpt --out sft.jsonl    # LLaMA-Factory",
    ),
)
def export(arguments: argparse.Namespace) -> int:
    """Export tasks as data set rows for a trainer."""
    from ..adapters import export
    from .terminal.console import line

    count = export.write(_factory(arguments), arguments.format, arguments.out)
    line(f"{arguments.out}: {count} rows")
    return 0


def _factory(arguments: argparse.Namespace) -> "SessionFactory":
    from ..adapters.session import SessionFactory

    return SessionFactory(
        snapshot=arguments.snapshot,
        split=arguments.split,
        tasks=arguments.tasks,
        reward=arguments.reward,
        max_turns=arguments.max_turns,
        answer_form=arguments.answer_form,
    )


def _openenv(arguments: argparse.Namespace) -> int:
    from ..adapters import openenv, openenv_workers
    from ..adapters.extras import need

    if arguments.workers == 1:
        app = openenv.app(_factory(arguments), arguments.sessions, arguments.idle)
        return _listen(app, arguments, "openenv")
    need("uvicorn", "openenv")
    _announce(arguments)
    openenv_workers.run(
        _factory(arguments), arguments.sessions, arguments.idle, arguments.workers, **_listening(arguments)
    )
    return 0


def _mcp(arguments: argparse.Namespace) -> int:
    import asyncio

    from ..adapters import mcp

    factory = _factory(arguments)
    task_id = factory().reset(arguments.task, arguments.seed).task.id
    if arguments.transport == "stdio":
        asyncio.run(mcp.serve_stdio(factory, task_id, arguments.scores))
        return 0
    app = mcp.app(factory, task_id, arguments.scores, arguments.idle, arguments.host)
    return _listen(app, arguments, "mcp")


def _listen(app: Any, arguments: argparse.Namespace, extra: str) -> int:
    """Serve until interrupted. The server refuses messages of more than 4 MiB."""
    from ..adapters.extras import need

    uvicorn = need("uvicorn", extra)
    _announce(arguments)
    uvicorn.run(app, **_listening(arguments))
    return 0


def _announce(arguments: argparse.Namespace) -> None:
    _refuse_taken(arguments.host, arguments.port)
    print(f"listening on {arguments.host}:{arguments.port}", file=sys.stderr, flush=True)


def _listening(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "host": arguments.host,
        "port": arguments.port,
        "log_level": "warning",
        "ws_max_size": 4 << 20,
    }


def _refuse_taken(host: str, port: int) -> None:
    """Raise `UsageError` if the port cannot be listened on."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except (OSError, OverflowError) as error:
        why = ((error.strerror or "") if isinstance(error, OSError) else str(error)).partition(" (while")[0]
        raise UsageError(
            f"--host {host} --port {port}: cannot listen there: {why}; try another --port"
        ) from error
