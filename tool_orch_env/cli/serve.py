"""`tool-orch serve` and `tool-orch export`: episodes for trainers and agent products, and rows for their datasets.

Enters: arguments. Leaves: a server on the loopback address unless told otherwise, or a file. Everything here calls
`tool_orch_env.adapters`.
"""

import argparse
import asyncio
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from ..adapters.session import SessionFactory


def add(commands: Any, command: Any) -> None:
    """The commands, into the parser of `cli`."""
    serve = command(commands, "serve", _serve, "serve episodes over OpenEnv or MCP")
    serve.add_argument("protocol", choices=tuple(_PROTOCOLS))
    _played(serve, "train")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: the loopback)")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
    serve.add_argument(
        "--sessions", type=int, default=256, help="openenv: most sessions at once (default 256)"
    )
    serve.add_argument(
        "--idle",
        type=float,
        default=900.0,
        help="seconds after which an idle session is closed (default 900)",
    )
    serve.add_argument("--transport", choices=("stdio", "http"), default="stdio", help="mcp (default stdio)")
    serve.add_argument("--task", metavar="ID", help="mcp: which task (default: one drawn with --seed)")
    serve.add_argument("--seed", type=int, default=0, help="mcp: seed of the draw (default 0)")
    serve.add_argument("--scores", type=Path, metavar="FILE", help="mcp: add a JSON line per episode here")

    export = command(commands, "export", _export, "write tasks as the dataset rows that a trainer reads")
    export.add_argument(
        "--format",
        required=True,
        choices=_FORMATS,
        help="whose rows",
    )
    _played(export, "train")
    export.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".jsonl, or .parquet (extra [export])"
    )


def _played(command: argparse.ArgumentParser, split: str) -> None:
    command.add_argument("--snapshot", default="travel", help="a bundled name or a folder (default travel)")
    command.add_argument("--split", default=split, help=f"split of its tasks (default {split})")
    command.add_argument("--tasks", type=Path, metavar="FILE", help="a task file in place of the split")
    command.add_argument("--reward", default="graduated", help="a preset of the reward (default graduated)")
    command.add_argument("--max-turns", type=int, metavar="N", help="assistant messages per episode")


def _factory(arguments: argparse.Namespace) -> "SessionFactory":
    from ..adapters.session import SessionFactory

    return SessionFactory(
        snapshot=arguments.snapshot,
        split=arguments.split,
        tasks=arguments.tasks,
        reward=arguments.reward,
        max_turns=arguments.max_turns,
    )


def _export(arguments: argparse.Namespace) -> int:
    from ..adapters import export
    from . import tables

    count = export.write(_factory(arguments), arguments.format, arguments.out)
    tables.line(f"{arguments.out}: {count} rows")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.idle <= 0 or arguments.sessions < 1:
        raise UsageError("--idle, --sessions: expected more than 0")
    return _PROTOCOLS[arguments.protocol](arguments)


def _openenv(arguments: argparse.Namespace) -> int:
    from ..adapters import openenv

    return _listen(openenv.app(_factory(arguments), arguments.sessions, arguments.idle), arguments, "openenv")


def _mcp(arguments: argparse.Namespace) -> int:
    from ..adapters import mcp

    factory = _factory(arguments)
    task_id = factory().reset(arguments.task, arguments.seed).task.id
    if arguments.transport == "stdio":
        asyncio.run(mcp.serve_stdio(factory, task_id, arguments.scores))
        return 0
    app = mcp.app(factory, task_id, arguments.scores, arguments.idle, arguments.host)
    try:
        return _listen(app, arguments, "mcp")
    finally:
        app.state.episodes.close_all()


def _listen(app: Any, arguments: argparse.Namespace, extra: str) -> int:
    """Serve until interrupted. A message is at most 4 MiB; what is longer is refused by the server."""
    from ..adapters.extras import need

    uvicorn = need("uvicorn", extra)
    _refuse_taken(arguments.host, arguments.port)
    print(f"listening on {arguments.host}:{arguments.port}", file=sys.stderr, flush=True)
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning", ws_max_size=4 << 20)
    return 0


def _refuse_taken(host: str, port: int) -> None:
    """Raises `UsageError` if nothing can listen there, before anybody is told that something does."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except (OSError, OverflowError) as error:
        why = ((error.strerror or "") if isinstance(error, OSError) else str(error)).partition(" (while")[0]
        raise UsageError(
            f"--host {host} --port {port}: cannot listen there: {why}; try another --port"
        ) from error


_FORMATS = ("trl", "verl", "verl-tools", "skyrl", "verifiers", "openai")
_PROTOCOLS = {"openenv": _openenv, "mcp": _mcp}
