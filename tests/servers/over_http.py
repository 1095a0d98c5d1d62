"""An MCP server over HTTP by the official SDK: `python over_http.py FD LOG`, or one that misbehaves, by its path."""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server import MCPServer
from mcp_types import ToolAnnotations
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

LOG = Path(sys.argv[2])
made = MCPServer("harbour", version="2.0")
READ = ToolAnnotations(read_only_hint=True)


@made.tool(annotations=READ)
def ship(number: int) -> dict[str, Any]:
    """One ship."""
    with LOG.open("a") as file:
        file.write(json.dumps(number) + "\n")
    if number == 13:
        raise ValueError("no such ship")
    return {"number": number, "name": f"Ship {number}"}


@made.tool(annotations=READ)
def huge(number: int) -> str:
    """Twenty megabytes."""
    return "x" * 20_000_000


@made.tool()
def sink(number: int) -> str:
    """Not read-only."""
    return "gone"


app = made.streamable_http_app()


def path(route: str) -> Any:
    def add(function: Any) -> Any:
        app.add_route(route, function, methods=["GET", "POST", "DELETE"])
        return function

    return add


@path("/unauthorised")
async def unauthorised(request: Request) -> Response:
    return JSONResponse({"key": request.headers.get("authorization", "")}, 401)


@path("/away")
async def away(request: Request) -> Response:
    return RedirectResponse("http://127.0.0.1:1/mcp", 307)


@path("/garbage")
async def garbage(request: Request) -> Response:
    return Response(b"<html>{", media_type="application/json")


@path("/endless")
async def endless(request: Request) -> Response:
    def parts() -> Any:
        while True:
            yield b" " * 65536

    return StreamingResponse(parts(), media_type="application/json")


if __name__ == "__main__":
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run([socket.socket(fileno=int(sys.argv[1]))])
