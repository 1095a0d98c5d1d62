"""verifiers: the taskset is found by its id, and an episode over a real HTTP model ends with the bare score."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import played
import pytest

pytest.importorskip("verifiers.v1")
pytestmark = pytest.mark.filterwarnings("ignore")


class Model(BaseHTTPRequestHandler):
    """Streamed chat completions that say a script's turns; the model's name is the script's."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = sum(message["role"] == "assistant" for message in body["messages"])
        text = played.TEXTS[body["model"]][said]
        assert body["stream"]
        deltas = [{"role": "assistant", "content": text}, {}]
        choices = [
            [{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}] for delta in deltas
        ]
        about = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": body["model"]}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        events = [
            *({**about, "choices": choice} for choice in choices),
            {**about, "choices": [], "usage": usage},
        ]
        data = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data.encode())))
        self.end_headers()
        self.wfile.write(data.encode())

    def log_message(self, *what: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_episode_is_scored_as_the_bare_environment_scores_it(
    toy_folder: Path, bare: dict, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import verifiers.v1 as vf
    from verifiers.v1.utils.loaders import environment_class, load_environment, taskset_class

    monkeypatch.setenv("TOY_KEY", "none")
    assert taskset_class("tool_orch_env_vf").__name__ == "ToolOrchTaskset"
    env_class = environment_class("tool_orch_env_vf")
    from tool_orch_env_vf import ToolOrchConfig, ToolOrchEnvConfig

    config = ToolOrchEnvConfig(taskset=ToolOrchConfig(id="tool_orch_env_vf", snapshot=str(toy_folder)))
    env = load_environment(config)
    assert type(env) is env_class
    [task] = [task for task in env.taskset if task.key == played.TASK]
    client = vf.EvalClientConfig(base_url=model, api_key_var="TOY_KEY")

    async def play(script: str) -> Any:
        async with env.serving():
            return await env.run_episode(task, vf.ModelContext(model=script, client=client))

    for script in played.SCRIPTS:
        episode = asyncio.run(play(script))
        assert episode.ok, episode.errors or [trace.errors for trace in episode.traces]
        [trace] = episode.traces
        assert trace.rewards["episode_score"].score == bare[script]["score"]
        steps = [trace.metrics[f"step_{number}"] for number in range(len(bare[script]["rewards"]))]
        assert steps == bare[script]["rewards"]
        components = {name: trace.metrics[name] for name in bare[script]["components"] if name != "total"}
        assert {**components, "total": bare[script]["score"]} == bare[script]["components"]
        played.saw(
            "verifiers v1",
            "verifiers",
            None,
            trace.rewards["episode_score"].score,
            sorted(components),
            "one named reward; steps and components as metrics",
        )
