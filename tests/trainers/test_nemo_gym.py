"""NeMo Gym: its own OpenEnv resources server plays an episode and verifies it with the bare score."""

from pathlib import Path
from typing import Any

import played
import pytest
from breaking import Failing

pytest.importorskip("nemo_gym")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("script", list(played.SCRIPTS))
def test_a_rollout_is_verified_with_the_score_of_the_bare_environment(
    toy_folder: Path, bare: dict, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.testclient import TestClient
    from nemo_gym.server_utils import ServerClient
    from resources_servers.openenv.app import OpenEnvResourcesServer, OpenEnvResourcesServerConfig

    monkeypatch.setenv("TOOL_ORCH_SNAPSHOT", str(toy_folder))
    config = OpenEnvResourcesServerConfig(
        host="127.0.0.1",
        port=8080,
        entrypoint="",
        name="tool_orch_env",
        env_class="tool_orch_env.adapters.openenv.Environment",
        action_class="tool_orch_env.adapters.openenv.Action",
        reset_kwargs={"task_id": played.TASK},
    )
    server = OpenEnvResourcesServer(config=config, server_client=ServerClient.model_construct())
    client = TestClient(server.setup_webserver())
    client.post("/seed_session", json={}).raise_for_status()
    rewards, observation = [], dict[str, Any]()
    for text in played.TEXTS[script]:
        observation = client.post("/step", json={"message": text}).raise_for_status().json()
        rewards.append(observation["reward"])
    assert observation["done"] and rewards == bare[script]["rewards"]
    response = {
        "id": "r",
        "created_at": 0,
        "model": "m",
        "object": "response",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    body = {"responses_create_params": {"input": "x"}, "response": response}
    verified = client.post("/verify", json=body).raise_for_status().json()
    assert verified["reward"] == pytest.approx(bare[script]["score"]) and not server._sessions
    played.saw(
        "NeMo Gym", "nemo-gym", None, verified["reward"], None, "the verified reward, a sum of the steps'"
    )


def test_nemo_gym_cannot_verify_it(
    failing: Failing, toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.testclient import TestClient
    from nemo_gym.server_utils import ServerClient
    from resources_servers.openenv.app import OpenEnvResourcesServer, OpenEnvResourcesServerConfig

    from tool_orch_env.adapters import openenv

    monkeypatch.setattr(openenv, "_configured", lambda *named: failing.factory)
    config = OpenEnvResourcesServerConfig(
        host="127.0.0.1", port=8080, entrypoint="", name="tool_orch_env",
        env_class="tool_orch_env.adapters.openenv.Environment", action_class="tool_orch_env.adapters.openenv.Action",
        reset_kwargs={"task_id": played.TASK},
    )  # fmt: skip
    server = OpenEnvResourcesServer(config=config, server_client=ServerClient.model_construct())
    client = TestClient(server.setup_webserver(), raise_server_exceptions=False)
    client.post("/seed_session", json={}).raise_for_status()
    assert client.post("/step", json={"message": played.TEXTS["oracle"][0]}).json()["reward"] > 0
    failing.error = OSError("gone")
    observation = client.post("/step", json={"message": played.TEXTS["oracle"][0]}).json()
    assert (
        observation["done"]
        and observation["reward"] is None
        and observation["void"].startswith("store_failed")
    )
    response = {
        "id": "r", "created_at": 0, "model": "m", "object": "response", "output": [], "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [],
    }  # fmt: skip
    body = {"responses_create_params": {"input": "x"}, "response": response}
    assert (
        client.post("/verify", json=body).status_code == 500
    )  # the rollout fails; no reward of its is trained on
