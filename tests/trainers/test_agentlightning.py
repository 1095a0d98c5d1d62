"""Agent Lightning: its real server and controller start the example's agent; its trainer would read the bare score."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import played
import pytest
from scripted_model import answering

agentlightning = pytest.importorskip("agentlightning", minversion="1.0")
pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(program: str, *options: str, **surroundings: str) -> Iterator[subprocess.Popen]:
    """One of Agent Lightning's programs, stopped at the end."""
    path = str(Path(sys.executable).parent / program)
    with Path(f"{program}.log").open("w") as log:
        process = subprocess.Popen(
            [path, *options, "hydra.run.dir=."],
            env={**os.environ, **surroundings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=90)


def test_the_last_reward_event_is_the_score_of_the_bare_environment(
    toy_folder: Path, bare: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    monkeypatch.chdir(tmp_path)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    places = (ROOT, ROOT / "tests", ROOT / "tests" / "trainers")
    surroundings = {"SNAPSHOT": str(toy_folder), "PYTHONPATH": ":".join(map(str, places))}
    with (
        answering() as model,
        running("agl-server", "host=127.0.0.1", f"port={port}", "default_proxy.model_name=toy"),
        running(
            "agl-controller",
            "runner_type=local",
            f"agl_server.url={url}",
            "local_runner.poll_interval=0.2",
            **surroundings,
        ),
    ):
        for _ in range(300):
            try:
                httpx.get(f"{url}/healthz", timeout=1)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        for script in played.SCRIPTS:
            httpx.delete(f"{url}/api/models").raise_for_status()
            endpoint = [{"model": "toy", "endpoint": f"{model}/{script}/v1"}]
            httpx.post(f"{url}/api/models", json=endpoint).raise_for_status()
            local = {
                "agent_class": "examples.trainers.agentlightning_agent.Agent",
                "env_map": {"TASK_ID": "input.task_id"},
            }
            wanted = [{"input": {"task_id": played.TASK}, "config": {"local": local}, "rollout_id": script}]
            httpx.post(f"{url}/api/rollouts", json=wanted).raise_for_status()
            state = "queuing"
            for _ in range(600):
                state = httpx.get(f"{url}/api/rollouts/{script}").json()["rollout"]["status"]["state"]
                if state in ("succeeded", "failed"):
                    break
                time.sleep(0.1)
            assert state == "succeeded", Path("agl-controller.log").read_text()[-4000:]
            events = httpx.get(f"{url}/api/rollouts/{script}/events").json()
            rewards = [event["data"] for event in events if event["event_type"] == "reward"]
            assert rewards[-1]["value"] == bare[script]["score"] and len(rewards) == 1
            [steps] = [event["data"] for event in events if event["event_type"] == "tool_orch_steps"]
            assert steps["rewards"] == bare[script]["rewards"]
            asked = [event for event in events if event["event_type"] == "model_request"]
            assert len(asked) == len(played.SCRIPTS[script])
            played.saw(
                "Agent Lightning",
                "agentlightning",
                None,
                rewards[-1]["value"],
                None,
                "the last reward event; steps and components in an event it passes by",
            )
        # a void episode: the agent raises, the rollout fails, and its trainer has no reward to learn from
        local = {"agent_class": "void_agent.Agent", "env_map": {"TASK_ID": "input.task_id"}}
        wanted = [{"input": {"task_id": played.TASK}, "config": {"local": local}, "rollout_id": "void"}]
        httpx.post(f"{url}/api/rollouts", json=wanted).raise_for_status()
        for _ in range(600):
            state = httpx.get(f"{url}/api/rollouts/void").json()["rollout"]["status"]["state"]
            if state in ("succeeded", "failed"):
                break
            time.sleep(0.1)
        events = httpx.get(f"{url}/api/rollouts/void/events").json()
        assert state == "failed" and not [event for event in events if event["event_type"] == "reward"]
