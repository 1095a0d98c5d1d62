"""vLLM's `/inference/v1/generate` on the loopback: the texts of a script as tokens; the model's name is its name."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def generating(tokenizer: Any, scripts: Mapping[str, Sequence[str]], prompts: list[str]) -> Iterator[str]:
    """The server's address. Every prompt that it is sent is added to `prompts`, as text."""

    class Engine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            models = [{"id": name, "object": "model", "max_model_len": 1 << 20} for name in scripts]
            self.give({"object": "list", "data": models})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            prompts.append(tokenizer.decode(body["token_ids"]))
            said = prompts[-1].count("<|im_start|>assistant") - 1
            text = scripts[body["model"]][said] + "<|im_end|>"
            ids = tokenizer.encode(text, add_special_tokens=False)
            sampled = [{"token": f"token_id:{one}", "logprob": -0.5, "top_logprobs": []} for one in ids]
            choice = {
                "index": 0,
                "token_ids": ids,
                "finish_reason": "stop",
                "logprobs": {"content": sampled},
            }
            self.give({"request_id": f"request-{len(prompts)}", "choices": [choice]})

        def give(self, answer: Any) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *what: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
