"""A void episode through the real package of every trainer: it is masked, dropped or raised, never a reward of 0."""

import asyncio
import math
from pathlib import Path
from typing import Any

import played
import pytest
from breaking import Failing

from tool_orch_env.errors import VoidError

pytestmark = pytest.mark.filterwarnings("ignore")
GONE = OSError("gone")
FIRST, *_ = TEXTS = played.TEXTS["oracle"]


def test_trl_trains_on_the_others_of_a_group(failing: Failing, tmp_path: Path) -> None:
    """Of two completions one is void: the reward that TRL logs is the other's, and no advantage moves the model."""
    trl = pytest.importorskip("trl")
    from datasets import Dataset
    from test_trl import Scripted, tiny_model
    from tokens import tokenizer

    from tool_orch_env.adapters import trl as adapter
    from tool_orch_env.adapters.export import rows

    fast = tokenizer((Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text())
    scores: list[list[float | None]] = []

    def reward(environments: Any, **given: Any) -> list[float | None]:
        failing.error = GONE
        environments[1].reset(played.TASK)
        environments[1]._session.step(FIRST)
        failing.error = None
        scores.append(adapter.episode_score(environments=environments, **given))
        return scores[-1]

    trainer = Scripted(
        model=tiny_model(len(fast)),
        reward_funcs=reward,
        args=trl.GRPOConfig(
            output_dir=str(tmp_path), per_device_train_batch_size=2, num_generations=2, max_completion_length=4096,
            max_steps=1, learning_rate=1e-3, report_to=[], use_cpu=True, bf16=False, save_strategy="no",
            logging_steps=1, disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list([row for row in rows(failing.factory, "trl") if row["task_id"] == played.TASK]),
        processing_class=fast,
        environment_factory=adapter.environments(failing.factory),
    )  # fmt: skip
    before = [p.detach().clone() for p in trainer.model.parameters()]
    trainer.train()
    assert scores == [[1.0, None]]
    log = trainer.state.log_history[0]
    assert log["reward"] == pytest.approx(1.0) and log["tool_orch/void"] == 0.5
    assert all(
        (b == a).all() for b, a in zip(before, trainer.model.parameters(), strict=True)
    )  # nothing to compare


def verl_loop(failing: Failing, monkeypatch: pytest.MonkeyPatch, v1: bool) -> Any:
    """A rollout under verl's agent loop whose store breaks at the second message."""
    pytest.importorskip("verl")
    from omegaconf import OmegaConf
    from test_verl import Server, made, settings
    from tokens import tokenizer

    from tool_orch_env.adapters import export, verl

    monkeypatch.setattr(verl, "configured", lambda played: failing.factory)
    fast = tokenizer()

    class Breaking(Server):
        async def generate(self, **given: Any) -> Any:
            if len(self.asked) == 1:
                failing.error = GONE
            return await super().generate(**given)

    [row] = [
        row for row in export.rows(failing.factory, "verl") if row["extra_info"]["task_id"] == played.TASK
    ]
    target = {"_target_": "tool_orch_env.adapters.verl.ToolOrchAgentLoop"}
    config = OmegaConf.merge(settings(), {"transfer_queue": {"enable": v1}})

    async def run() -> Any:
        loop = made(config, target, fast, Breaking(fast, TEXTS), [])
        return await loop.run({}, raw_prompt=row["prompt"], extra_info=row["extra_info"])

    return asyncio.run(run())


def test_verls_v1_trainer_drops_the_rollout(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker settles an exception as a failed session of the group, whose others it keeps."""
    pytest.importorskip("verl")
    from verl.trainer.ppo.v1.agent_loop_tq import _settle_session_tasks

    async def settled() -> Any:
        work = asyncio.to_thread(verl_loop, failing, monkeypatch, True)
        return await _settle_session_tasks([asyncio.create_task(work)])

    [error] = asyncio.run(settled())
    assert isinstance(error, VoidError) and error.cause == "store_failed: OSError: gone"


def test_verls_older_worker_gets_a_mask_of_zeros(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its loss leaves sequences without a token out."""
    pytest.importorskip("verl")
    import torch
    from verl.trainer.ppo.core_algos import agg_loss

    output = verl_loop(failing, monkeypatch, v1=False)
    assert len(output.response_mask) == len(output.response_ids) > 0 == sum(output.response_mask)
    assert output.extra_fields["reward_extra_info"]["void"] == 1.0
    mask = torch.tensor([output.response_mask, [1] * len(output.response_mask)])
    loss = torch.stack([torch.full(mask.shape[1:], 5.0), torch.full(mask.shape[1:], 2.0)])
    for mode in ("token-mean", "seq-mean-token-sum", "seq-mean-token-mean"):
        assert agg_loss(loss, mask, mode) == agg_loss(loss[1:], mask[1:], mode), mode


def test_verls_tool_form_raises_where_the_reward_is_computed(
    failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("verl")
    from types import SimpleNamespace

    from verl.tools.schemas import OpenAIFunctionToolSchema

    from tool_orch_env.adapters import verl_tools

    monkeypatch.setattr(verl_tools, "configured", lambda played: failing.factory)
    function = {
        "name": "search_city",
        "description": "d",
        "parameters": {"type": "object", "properties": {}, "required": []},
    }
    schema = OpenAIFunctionToolSchema.model_validate({"type": "function", "function": function})
    tool = verl_tools.ToolOrchTool({}, schema)

    class Trajectory(SimpleNamespace):
        __hash__ = object.__hash__

    trajectory = Trajectory(tools_kwargs={"tool_orch": {"task_id": played.TASK}})

    async def execute() -> Any:
        return await tool.execute("i", {"name": "Turku"}, agent_data=trajectory)

    _, paid, _ = asyncio.run(execute())
    failing.error = GONE
    reply, nothing, _ = asyncio.run(execute())
    assert paid > 0 and math.isnan(nothing) and '"void"' in reply.text
    assert verl_tools.compute_score("", "", "", {"tool_rewards": [paid]})["score"] == paid
    with pytest.raises(VoidError):
        verl_tools.compute_score("", "", "", {"tool_rewards": [paid, nothing]})


def test_verifiers_fails_the_rollout_and_records_no_reward(
    toy_folder: Path, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("verifiers.v1")
    from scripted_model import answering
    from test_verifiers import eval_client, play
    from verifiers.v1.utils.loaders import load_environment

    from tool_orch_env.adapters import verifiers_harness
    from tool_orch_env.adapters.verifiers import ToolOrchConfig, ToolOrchEnvConfig

    monkeypatch.setenv("TOY_KEY", "none")
    monkeypatch.setattr(verifiers_harness, "configured", lambda played: failing.factory)
    recorded = verifiers_harness.record

    def breaking(trace: Any, session: Any, recovered: int) -> None:
        recorded(trace, session, recovered)
        failing.error = GONE if len(session.rewards) == 1 else failing.error

    monkeypatch.setattr(verifiers_harness, "record", breaking)
    taskset = ToolOrchConfig(id="tool_orch_env_vf", snapshot=str(toy_folder))
    with answering() as url:
        episode = play(
            load_environment(ToolOrchEnvConfig(taskset=taskset)), eval_client(url, "oracle"), "text"
        )
    [trace] = episode.traces
    assert (
        not episode.ok and trace.errors[0].type == "VoidError" and "store_failed" in trace.errors[0].message
    )
    assert "episode_score" not in trace.rewards


def test_skyrl_raises(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    skyrl_gym = pytest.importorskip("skyrl_gym")
    from tool_orch_env.adapters import skyrl

    skyrl.register()
    monkeypatch.setattr(skyrl, "_factory", lambda played: failing.factory)
    env = skyrl_gym.make("tool_orch", env_config={}, extras={"task_id": played.TASK, "max_turns": 12})
    env.init([])
    assert env.step(FIRST)["reward"] > 0
    failing.error = GONE
    with pytest.raises(VoidError, match="store_failed"):
        env.step(FIRST)


def test_gem_has_the_cause_in_info(failing: Failing) -> None:
    gem = pytest.importorskip("gem")
    from tool_orch_env.adapters import gem as adapter

    adapter.register()
    env = gem.make(adapter.ENV_ID, snapshot=failing.snapshot, task_id=played.TASK)
    env.reset(seed=0)
    assert "void" not in env.step(FIRST)[4]
    failing.error = GONE
    _, reward, terminated, truncated, info = env.step(FIRST)
    assert (reward, terminated, truncated) == (0.0, False, True) and info["void"].startswith("store_failed")


def test_torchrl_has_an_entry_of_its_own(failing: Failing) -> None:
    pytest.importorskip("torchrl")
    from tool_orch_env.adapters import torchrl

    env = torchrl.make(snapshot=failing.snapshot, tasks=failing.snapshot.tasks("train"))
    assert "void" in list(env.observation_spec.keys())
    state = env.reset()
    assert not bool(state["void"])
    following = env.step(state.set_non_tensor("action", FIRST))["next"]
    assert not bool(following["void"])
    failing.error = GONE
    following = env.step(following.set_non_tensor("action", FIRST))["next"]
    assert bool(following["void"]) and bool(following["truncated"]) and not bool(following["terminated"])
    failing.error = None
    assert not bool(env.reset()["void"])


def test_art_keeps_it_among_the_groups_exceptions(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    art = pytest.importorskip("art")
    from scripted_model import answering

    from examples.trainers import art_rollout

    begun = []

    class Breaking(type(failing.factory())):  # type: ignore[misc]  # a session whose store breaks in one of two episodes
        def step(self, message: Any) -> Any:
            begun.append(self)
            failing.error = GONE if self is not begun[0] and len(self.rewards) == 1 else None
            return super().step(message)

    monkeypatch.setattr("tool_orch_env.adapters.session.Session", Breaking)

    async def run(url: str) -> Any:
        model = art.Model(
            name="any",
            project="test",
            inference_base_url=f"{url}/oracle/v1",
            inference_api_key="none",
            config=None,
        )
        rollouts = (art_rollout.rollout(model, failing.factory, played.TASK) for _ in range(2))
        return await art.gather_trajectory_groups([art.TrajectoryGroup(rollouts)], max_exceptions=0.6)

    with answering() as url:
        [group] = asyncio.run(run(url))
    assert [trajectory.reward for trajectory in group.trajectories] == [1.0]
    assert "VoidError" in group.exceptions[0].type and "store_failed" in group.exceptions[0].message


def test_nemo_gym_cannot_verify_it(
    failing: Failing, toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nemo_gym")
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
    assert client.post("/step", json={"message": FIRST}).json()["reward"] > 0
    failing.error = GONE
    observation = client.post("/step", json={"message": FIRST}).json()
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
