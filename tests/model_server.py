"""A small OpenAI-compatible server on the loopback: it answers chat completions from a function, or badly.

The model's name says how: `good` plays the golden trace of the toy tasks natively, `spoken` in text, the others fail.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import toy as toys

from tool_orch_env.calls.oracle import oracle_turns
from tool_orch_env.calls.types import Turn

TURNS = {task.request: oracle_turns(task) for task in toys.tasks()}


def turn_of(messages: list[dict]) -> Turn:
    """The golden turn that is due."""
    request = next(m["content"] for m in messages if m["role"] == "user")
    said = sum(message["role"] == "assistant" for message in messages)
    turns = TURNS[request]
    return turns[min(said, len(turns) - 1)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "ModelServer"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model = self.server.called.get(body["model"], body["model"])
        self.server.seen[model] += 1
        self.server.requests.append(body)
        MODELS[model](self, body)

    def message(self, **message: Any) -> None:
        self.give(
            {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "m",
                "choices": [
                    {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
                ],
                "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13},
            }
        )

    def give(self, value: Any, status: int = 200) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *what: object) -> None:
        """Quiet."""


def good(handler: Handler, body: dict) -> None:
    turn = turn_of(body["messages"])
    assert {tool["function"]["name"] for tool in body["tools"]} >= {call.name for call in turn.calls}
    if turn.answer is not None:
        return handler.message(content=turn.answer)
    handler.message(
        content=None, tool_calls=[native(call.name, json.dumps(call.arguments)) for call in turn.calls]
    )


def native(name: str, arguments: str) -> dict:
    return {"id": "same-every-time", "type": "function", "function": {"name": name, "arguments": arguments}}


def spoken(handler: Handler, body: dict) -> None:
    """Knows tools from the prompt only, and writes its calls as text."""
    assert "tools" not in body and '"search_city"' in body["messages"][0]["content"]
    assert {message["role"] for message in body["messages"]} <= {"system", "user", "assistant"}
    turn = turn_of(body["messages"])
    calls = [json.dumps({"name": call.name, "arguments": call.arguments}) for call in turn.calls]
    handler.message(content=turn.answer or "".join(f"<tool_call>{call}</tool_call>" for call in calls))


def stall(handler: Handler, body: dict) -> None:
    handler.server.closing.wait(20)
    handler.close_connection = True


def error_500(handler: Handler, body: dict) -> None:
    handler.give({"error": {"message": "broken inside"}}, 500)


def flaky(handler: Handler, body: dict) -> None:
    """Every other request fails."""
    return error_500(handler, body) if handler.server.seen["flaky"] % 2 else good(handler, body)


def cut_json(handler: Handler, body: dict) -> None:
    handler.give(b'{"id": "x", "choices": [{"index": 0, "mess')


def cut_body(handler: Handler, body: dict) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "x", "choices"')
    handler.close_connection = True


def no_choice(handler: Handler, body: dict) -> None:
    handler.give({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": []})


def half_call(handler: Handler, body: dict) -> None:
    """A tool call that was cut off, and then words. Refuses to be sent its own broken JSON, as servers do."""
    for message in body["messages"]:
        for call in message.get("tool_calls", ()):
            json.loads(call["function"]["arguments"])
    if any(message["role"] == "tool" for message in body["messages"]):
        return handler.message(content="I give up.")
    handler.message(content=None, tool_calls=[native("search_city", '{"name": "Os')])


MODELS: dict[str, Callable[[Handler, dict], None]] = {
    one.__name__: one
    for one in (good, spoken, stall, error_500, flaky, cut_json, cut_body, no_choice, half_call)
}


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        place: tuple[str, int] = ("127.0.0.1", 0),
        handler: type[Handler] = Handler,
        called: dict[str, str] | None = None,
    ) -> None:
        super().__init__(place, handler)
        self.called = called or {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.seen: Counter[str] = Counter()
        self.requests: list[dict] = []
        self.closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


@contextmanager
def serving() -> Iterator[ModelServer]:
    """A model server for as long as the block runs."""
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
