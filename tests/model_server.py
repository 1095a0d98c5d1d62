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

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.calls.types import Turn
from tool_orch_env.calls.write import FORMATS

TURNS = {task.request: oracle_turns(task) for task in toys.tasks()}


def turn_of(messages: list[dict]) -> Turn:
    """The golden turn that is due."""
    request = next(m["content"] for m in messages if m["role"] == "user")
    said = sum(message["role"] == "assistant" for message in messages)
    turns = TURNS[request]
    return turns[min(said, len(turns) - 1)]


def turns(body: dict) -> list[Turn]:
    return TURNS[next(message["content"] for message in body["messages"] if message["role"] == "user")]


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


def writes(name: str) -> Callable[[Handler, dict], None]:
    """A model that writes calls in one family's form, and has learned no other words around them."""

    def model(handler: Handler, body: dict) -> None:
        assert "tools" not in body and FORMATS[name].intro.partition("{")[0] in body["messages"][0]["content"]
        said = [message["content"] for message in body["messages"] if message["role"] == "assistant"]
        assert all(
            FORMATS[name].calls(turn.calls) == text for turn, text in zip(turns(body), said, strict=False)
        )
        turn = turn_of(body["messages"])
        handler.message(content=turn.answer or FORMATS[name].calls(turn.calls))

    return model


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


def refused(handler: Handler, why: str) -> None:
    handler.give({"error": {"message": why}}, 400)


def no_parser(handler: Handler, body: dict) -> None:
    """A server that does not parse tool calls, as vLLM without a parser."""
    return refused(handler, "tools need a parser") if "tools" in body else spoken(handler, body)


def short_context(handler: Handler, body: dict) -> None:
    """Takes one exchange and no more."""
    if len(body["messages"]) > 2:
        return refused(handler, "the chat is too long")
    good(handler, body)


def strict(handler: Handler, body: dict) -> None:
    """Refuses ids that repeat and results that answer no call of the message before; repeats its own ids."""
    seen: list[str] = []
    waiting: list[str] = []
    for message in body["messages"]:
        if message["role"] == "tool":
            if not waiting or message["tool_call_id"] != waiting.pop(0):
                return refused(handler, f"a result out of order: {message['tool_call_id']}")
        elif waiting:
            return refused(handler, f"calls without a result: {waiting}")
        waiting += [call["id"] for call in message.get("tool_calls", ())]
        seen += [call["id"] for call in message.get("tool_calls", ())]
    if len(set(seen)) < len(seen):
        return refused(handler, f"ids that repeat: {seen}")
    good(handler, body)


def reasons(field: str) -> Callable[[Handler, dict], None]:
    """A model whose server wants the reasoning of every tool call back, as it was sent."""

    def model(handler: Handler, body: dict) -> None:
        said = [message for message in body["messages"] if message["role"] == "assistant"]
        if [message.get(field) for message in said] != [f"Thought {n}." for n in range(len(said))]:
            return refused(handler, f"thinking is on, but {field} is missing from an assistant message")
        turn = turn_of(body["messages"])
        calls = [native(call.name, json.dumps(call.arguments)) for call in turn.calls]
        thought = {field: f"Thought {len(said)}."}
        handler.message(content=turn.answer, **thought, **({"tool_calls": calls} if calls else {}))

    return model


def parted(handler: Handler, body: dict) -> None:
    """A server that sends content in parts, and wants its own parts back as they were."""
    for message in body["messages"]:
        if message["role"] == "assistant" and message["content"] != [{"type": "text", "text": "I look."}]:
            return refused(handler, f"other content than was sent: {message['content']}")
    turn = turn_of(body["messages"])
    calls = [native(call.name, json.dumps(call.arguments)) for call in turn.calls]
    parts = [{"type": "text", "text": turn.answer or "I look."}]
    handler.message(content=parts, **({"tool_calls": calls} if calls else {}))


def too_many(handler: Handler, body: dict) -> None:
    """Far more calls than are read, and then words, behind the strict checks."""
    if any(message["role"] == "tool" for message in body["messages"]):
        return strict(handler, body)
    handler.message(content=None, tool_calls=[native("search_city", "{}")] * 300)


def unlike(handler: Handler, body: dict) -> None:
    handler.give({"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": "Done."}]})


def counts(usage: Any) -> Callable[[Handler, dict], None]:
    """A model that answers at once, behind a server with this `usage`."""

    def model(handler: Handler, body: dict) -> None:
        handler.give({"choices": [{"index": 0, "message": {"content": "Done."}}], "usage": usage})

    return model


def deep(handler: Handler, body: dict) -> None:
    handler.give(b"[" * 100_000)


STRANGE_USAGE = {
    "text": {"prompt_tokens": "10", "completion_tokens": "x"},
    "list": [1],
    "word": "ten",
    "nested": {"prompt_tokens": {"a": 1}, "completion_tokens": [1]},
    "negative": {"prompt_tokens": -5, "completion_tokens": 1},
    "huge": {"prompt_tokens": 1, "completion_tokens": 10**400},
    "true": {"prompt_tokens": True, "completion_tokens": True},
    "empty": {},
}
MODELS: dict[str, Callable[[Handler, dict], None]] = {
    one.__name__: one
    for one in (
        good, spoken, stall, error_500, flaky, cut_json, cut_body, no_choice, half_call, strict, parted, too_many,
        unlike, no_parser, short_context, deep,
    )
}  # fmt: skip
MODELS |= {f"counts_{name}": counts(usage) for name, usage in STRANGE_USAGE.items()}
MODELS |= {f"writes_{name}": writes(name) for name in FORMATS}
MODELS |= {f"reasons_{field}": reasons(field) for field in ("reasoning_content", "reasoning")}


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
