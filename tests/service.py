"""A real HTTP server on the loopback that answers well at some paths and badly at others, and counts.

`Service` serves in a thread; `spec` writes a recording spec for it.
"""

import gzip
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOWNS = {
    n: {"id": n, "name": f"Town {n}", "lat": n / 2, "lon": -n / 4, "country": "NFS"[n % 3]} for n in range(60)
}


BOMB = gzip.compress(b'"' + b"x" * 30_000_000 + b'"')


class Handler(BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; together they would wait 40 ms
    server: "Service"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        number = self.server.count(self.path)
        route = parts.path.split("/")[1]
        time.sleep(self.server.delay)
        ROUTES[route](self, parts.path.split("/")[2:], query, number)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.count(f"{self.path} {body.decode()}")
        self.give({"body": json.loads(body)})

    def give(self, value: Any, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.head(status, {"Content-Type": kind, "Content-Length": str(len(data)), **headers})
        self.wfile.write(data)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *what: object) -> None:
        """Quiet."""


Route = Callable[[Handler, list[str], dict[str, str], int], None]


def towns(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    if not rest:
        found = [t for t in TOWNS.values() if t["country"] == query.get("country", t["country"])]
        return handler.give({"results": found, "served": time.time()})
    known = TOWNS.get(int(rest[0]))
    return handler.give(
        {**known, "served": time.time()} if known else {"detail": "none"}, 200 if known else 404
    )


def near(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    handler.give({"at": [float(query["lat"]), float(query["lon"])]})


def stall(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    handler.head(200, {"Content-Type": "application/json", "Content-Length": "100"})
    handler.wfile.write(b'{"a":')
    handler.server.closing.wait(20)
    handler.close_connection = True


def drip(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    handler.head(200, {"Content-Type": "application/json", "Content-Length": "1000000"})
    try:
        while not handler.server.closing.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()
    except OSError:
        handler.close_connection = True


def truncated(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    handler.head(200, {"Content-Type": "application/json", "Content-Length": "100"})
    handler.wfile.write(b'{"a": 1')
    handler.close_connection = True


def short(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    """Says fewer bytes than come."""
    handler.head(200, {"Content-Type": "application/json", "Content-Length": "5"})
    handler.wfile.write(b'{"a": 12345}')
    handler.close_connection = True


def redirect(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    target = {"away": handler.server.elsewhere, "home": "/towns/3", "loop": "/redirect/loop"}[rest[0]]
    handler.give({}, 302, Location=target)


def busy(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    if number == 1:
        return handler.give({"slow": "down"}, 429, Retry_After=rest[0])
    return handler.give({"number": number})


def flaky(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    handler.give({"number": number}, 500 if number <= int(rest[0]) else 200)


def echo(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    told = {"headers": dict(handler.headers.items()), "path": handler.path, "query": query}
    handler.give(told, int(query.get("status", 200)), Set_Cookie="session=c00kie-value-1; Path=/")


def text(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    kind, body = {
        "html": ("text/html", b"<html>hello</html>"),
        "broken": ("application/json", b'{"a": '),
        "nan": ("application/json", b'{"a": NaN}'),
        "surrogate": ("application/json", b'{"a": "\\ud800"}'),
        "deep": ("application/json", b"[" * 5000 + b"]" * 5000),
        "empty": ("application/json", b""),
        "huge": ("application/json", b'"' + b"x" * 300_000 + b'"'),
    }[rest[0]]
    handler.give(body, kind=kind)


def bomb(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    handler.give(BOMB, Content_Encoding="gzip")


def status(handler: Handler, rest: list[str], query: dict[str, str], number: int) -> None:
    handler.give({"status": rest[0]}, int(rest[0]))


ROUTES: dict[str, Route] = {
    route.__name__: route
    for route in (towns, near, stall, drip, truncated, short, redirect, busy, flaky, echo, text, bomb, status)
}


class Service(ThreadingHTTPServer):
    """The server. `seen` counts requests by path and query; `elsewhere` is where `redirect/away` leads."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: Counter[str] = Counter()
        self.times: list[float] = []
        self.elsewhere = "/"
        self.delay = 0.0
        self.closing = threading.Event()
        self._lock = threading.Lock()

    def count(self, path: str) -> int:
        with self._lock:
            self.seen[path] += 1
            self.times.append(time.monotonic())
            return self.seen[path]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


@contextmanager
def serving() -> Iterator[Service]:
    """A service for as long as the block runs."""
    service = Service()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        service.closing.set()
        service.shutdown()
        service.server_close()
        thread.join()


def parameters(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


TOOLS = {
    "list_towns": {"url": "/towns", "parameters": parameters(country={"type": "string"})},
    "get_town": {"url": "/towns/{id}", "parameters": parameters("id", id={"type": "integer"})},
    "near": {
        "url": "/near",
        "parameters": parameters("lat", "lon", lat={"type": "number"}, lon={"type": "number"}),
    },
    "fetch": {"url": "/{route}/{case}", "parameters": parameters("route", "case", route={}, case={})},
    "echo": {"url": "/echo", "parameters": parameters(say={"type": "string"}, status={"type": "integer"})},
}
PLAN = [
    {"call": "list_towns", "over": [{"values": {"country": ["N", "F"]}}]},
    {"call": "get_town", "over": [{"from": "list_towns", "each": "/results/*", "take": {"id": "/id"}}]},
    {
        "call": "near",
        "over": [
            {"from": "list_towns", "each": "/results/*", "take": {"lat": "/lat", "lon": "/lon"}, "limit": 9}
        ],
    },
]


def spec(folder: Path, url: str, **changes: Any) -> Path:
    """A spec file for the service at `url`; `changes` replace its fields."""
    fields = {
        "name": "towns",
        "captured": "2026-11-22",
        "api": {"base_url": url},
        "limits": {"timeout": 5, "attempts": 2, "backoff": 0.01},
        "drop": ["/served"],
        "tools": TOOLS,
        "plan": PLAN,
        **changes,
    }
    path = folder / "spec.yaml"
    path.write_text(json.dumps(fields))
    return path


def asks(route: str, *cases: str) -> dict[str, Any]:
    """A step that fetches `/route/case` for every case."""
    return {
        "call": "fetch",
        "id": route,
        "arguments": {"route": route},
        "over": [{"values": {"case": list(cases)}}],
    }
