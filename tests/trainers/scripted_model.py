"""An OpenAI-compatible server on the loopback: `/SCRIPT/v1/chat/completions` says the turns of a script.

Calls are native where the request has tools, or where the model is called `native`; else text. Streamed or whole, with
log probabilities if asked.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import played

from tool_orch_env.calls.chat import as_message, turn_message


class Model(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        script = self.path.split("/")[1]
        said = sum(message["role"] == "assistant" for message in body["messages"])
        message = {"role": "assistant", "content": played.TEXTS[script][said]}
        if body.get("tools") or body["model"] == "native":
            message = as_message(turn_message(played.SCRIPTS[script][said]), said)
        about = {"id": "x", "created": 0, "model": body["model"]}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if body.get("stream"):
            chunks = [
                [{"index": 0, "delta": message}],
                [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                [],
            ]
            about["object"] = "chat.completion.chunk"
            events = [json.dumps({**about, "choices": choices, "usage": usage}) for choices in chunks]
            return self.give(
                "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]), "text/event-stream"
            )
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "stop"}
        if body.get("logprobs"):
            choice["logprobs"] = {"content": [{"token": "t", "logprob": -0.5, "top_logprobs": []}]}
        about["object"] = "chat.completion"
        self.give(json.dumps({**about, "choices": [choice], "usage": usage}), "application/json")

    def give(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *what: object) -> None:
        """Quiet."""


@contextmanager
def answering() -> Iterator[str]:
    """The server's address, without the script."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
