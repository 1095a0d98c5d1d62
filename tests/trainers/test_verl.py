"""verl: its own loop machinery, a scripted token server, and the rewards where they reach the learner."""

import asyncio
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import played
import pytest
import yaml
from breaking import Failing
from tokens import tokenizer

from tool_orch_env.adapters import export
from tool_orch_env.adapters.session import ANSWER_TOOL, SessionFactory
from tool_orch_env.errors import VoidError

pytest.importorskip("verl")
pytestmark = pytest.mark.filterwarnings("ignore")
SCRIPTS = list(played.SCRIPTS)
LENGTH = 8192


class Server:
    """Says the turns of a script, as sampled tokens with log probabilities; keeps what it was asked."""

    def __init__(self, fast: Any, texts: list[str]) -> None:
        self.fast, self.texts, self.asked = fast, list(texts), list[list[int]]()

    async def generate(self, *, request_id: str, prompt_ids: list[int], **_: Any) -> Any:
        from verl.workers.rollout.replica import TokenOutput

        self.asked.append(list(prompt_ids))
        ids = self.fast.encode(self.texts.pop(0) + "<|im_end|>", add_special_tokens=False)
        return TokenOutput(token_ids=ids, log_probs=[-0.5] * len(ids), stop_reason="completed")


def settings(**rollout: Any) -> Any:
    from omegaconf import OmegaConf

    multi_turn = {
        "max_user_turns": None,
        "max_assistant_turns": None,
        "max_parallel_calls": 8,
        "max_tool_response_length": 100_000,
        "tool_response_truncate_side": "right",
        "format": "hermes",
    }
    given = {"prompt_length": LENGTH, "response_length": LENGTH, "full_determinism": False, **rollout}
    return OmegaConf.create(
        {"actor_rollout_ref": {"rollout": {**given, "multi_turn": multi_turn}}, "data": {}}
    )


def made(config: Any, target: dict[str, Any], fast: Any, server: Server, tools: list[Any]) -> Any:
    """An agent loop, instantiated as verl's worker does it."""
    import hydra
    from verl.experimental.agent_loop.agent_loop import DictConfigWrap, ToolListWrap
    from verl.utils.dataset.rl_dataset import RLHFDataset

    return hydra.utils.instantiate(
        config=target,
        trainer_config=DictConfigWrap(config=config),
        server_manager=server,
        tokenizer=fast,
        processor=None,
        hf_model_type=None,
        dataset_cls=RLHFDataset,
        data_config=DictConfigWrap(config.data),
        tools=ToolListWrap(tools),
    )


def play(folder: Path, script: str, **rollout: Any) -> tuple[Any, Server, Any]:
    """The rollout of a row of the exported dataset under the agent loop that the YAML form names."""
    fast = tokenizer()
    target = {
        "name": "tool_orch",
        "_target_": "tool_orch_env.adapters.verl.ToolOrchAgentLoop",
        "snapshot": str(folder),
    }
    [row] = [
        row
        for row in export.rows(SessionFactory(folder), "verl")
        if row["extra_info"]["task_id"] == played.TASK
    ]
    assert row["agent_name"] == target["name"]
    server = Server(fast, played.TEXTS[script])

    async def run() -> Any:
        loop = made(settings(**rollout), {k: v for k, v in target.items() if k != "name"}, fast, server, [])
        return await loop.run({}, raw_prompt=row["prompt"], extra_info=row["extra_info"])

    return asyncio.run(run()), server, fast


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_loop_pays_every_turn_at_its_last_token(toy_folder: Path, bare: dict, script: str) -> None:
    output, server, fast = play(toy_folder, script)
    paid = output.as_dict()["rm_scores"]
    mask, ids = output.response_mask, output.response_ids
    places = [at for at, own in enumerate(mask) if own and mask[at + 1 : at + 2] != [1]]  # ends of turns
    assert paid[places].tolist() == pytest.approx(bare[script]["rewards"])
    assert set(paid.nonzero().flatten().tolist()) <= set(places)
    assert output.reward_score == bare[script]["score"]
    assert len(mask) == len(ids) == len(output.response_logprobs)
    assert all(mask[place] == 1 and fast.decode([ids[place]]) == "<|im_end|>" for place in places)
    sampled = fast.decode([token for token, own in zip(ids, mask, strict=True) if own])
    assert sampled == "".join(f"{text}<|im_end|>" for text in played.TEXTS[script])
    for shorter, longer in zip(server.asked, server.asked[1:], strict=False):
        assert longer[: len(shorter)] == shorter  # nothing is ever encoded again
    components = output.extra_fields["reward_extra_info"]
    played.saw(
        "verl agent loop, v1 trainer",
        "verl",
        paid[places].tolist(),
        float(paid.sum()),
        sorted(components),
        "each turn's last token",
    )


def test_a_rollout_that_is_cut_is_paid_within_what_is_kept(toy_folder: Path, bare: dict) -> None:
    output, _, _ = play(toy_folder, "oracle", response_length=300)
    paid = output.as_dict()["rm_scores"]
    assert len(output.response_ids) == len(output.response_mask) == len(paid) <= 300
    assert float(paid.sum()) == pytest.approx(output.reward_score) and 0 < output.reward_score < 1


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_older_worker_puts_the_score_on_the_last_token(toy_folder: Path, bare: dict, script: str) -> None:
    from verl.experimental.agent_loop.agent_loop import AgentLoopWorker

    output, _, fast = play(toy_folder, script)
    worker = object.__new__(AgentLoopWorker)
    worker.tokenizer, worker.processor, worker.distillation_enabled = fast, None, False
    worker.rollout_config = settings().actor_rollout_ref.rollout
    worker.reward_loop_worker_handles, worker.mm_processor_kwargs = None, {}

    async def run() -> Any:
        return await worker._agent_loop_postprocess(output, False, raw_prompt=[])

    batch = worker._postprocess([asyncio.run(run())])
    scores = batch.batch["rm_scores"][0]
    assert scores.nonzero().flatten().tolist() == [len(output.response_ids) - 1]
    assert float(scores.sum()) == pytest.approx(bare[script]["score"])
    assert list(batch.non_tensor_batch["turn_scores"][0]) == bare[script]["rewards"]
    assert float(batch.non_tensor_batch["atomic"][0]) == bare[script]["components"]["atomic"]
    played.saw(
        "verl agent loop, older worker",
        "verl",
        None,
        float(scores.sum()),
        sorted(output.extra_fields["reward_extra_info"]),
        "last token; `turn_scores` beside it",
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_tool_form_plays_under_verls_own_loop(
    factory: SessionFactory, toy_folder: Path, bare: dict, script: str, tmp_path: Path
) -> None:
    from verl.tools.tool_registry import initialize_tools_from_config

    from tool_orch_env.adapters import verl_tools

    verl_tools.tool_config(factory, tmp_path / "tools.yaml")
    tools = initialize_tools_from_config(str(tmp_path / "tools.yaml"))
    [row] = [row for row in export.rows(factory, "verl-tools") if row["extra_info"]["task_id"] == played.TASK]
    *calls, answer = played.TEXTS[script]
    last = json.dumps({"name": ANSWER_TOOL, "arguments": {"answer": answer}})
    fast = tokenizer()
    server = Server(fast, [*calls, f"<tool_call>\n{last}\n</tool_call>", "That was it."])

    async def run() -> Any:
        target = {"_target_": "verl.experimental.agent_loop.tool_agent_loop.ToolAgentLoop"}
        loop = made(settings(), target, fast, server, tools)
        info = row["extra_info"]
        return await loop.run(
            {}, raw_prompt=row["prompt"], extra_info=info, tools_kwargs=info["tools_kwargs"]
        )

    output = asyncio.run(run())
    rewards = output.extra_fields["tool_rewards"]
    score = verl_tools.compute_score("", "", "", output.extra_fields)["score"]
    assert rewards == pytest.approx(bare[script]["rewards"])
    assert score == pytest.approx(bare[script]["score"])
    assert not verl_tools._sessions
    played.saw("verl tool_agent", "verl", None, score, None, "last token; `tool_rewards` beside it")


RECIPE = Path(__file__).parent.parent.parent / "examples" / "verl_grpo"


def recipe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The recipe's configuration as `main_ppo` composes it, with an exported dataset of the toy tasks in `folder`."""
    from hydra import compose, initialize_config_dir

    monkeypatch.chdir(RECIPE.parent.parent)
    data = [f"data.{name}_files={folder / 'rows.parquet'}" for name in ("train", "val")]
    with initialize_config_dir(str(RECIPE), version_base=None):
        model = "actor_rollout_ref.model.path=any"
        return compose("grpo", overrides=[model, f"+data.cache_dir={folder}", *data])


def test_the_recipe_is_a_configuration_that_verl_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import omega_conf_to_dataclass, validate_config

    config = recipe(tmp_path, monkeypatch)
    assert config.algorithm.adv_estimator == "grpo" and config.trainer.use_v1
    assert not need_critic(config) and not need_reference_policy(config)
    validate_config(config, need_reference_policy(config), need_critic(config))
    rollout = omega_conf_to_dataclass(config.actor_rollout_ref.rollout)
    assert rollout.mode == "async" and rollout.multi_turn.enable


def test_the_recipes_script_exports_the_dataset_and_starts_verl(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    shutil.copytree(RECIPE, tmp_path / "examples" / "verl_grpo")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = ["examples/verl_grpo/run.sh", "Qwen/Qwen3-4B", "trainer.n_gpus_per_node=8", "--cfg", "job"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    config = yaml.safe_load(done.stdout[done.stdout.index("actor_rollout_ref:") :])
    assert config["actor_rollout_ref"]["model"]["path"] == "Qwen/Qwen3-4B"
    assert config["algorithm"]["adv_estimator"] == "grpo" and config["trainer"]["n_gpus_per_node"] == 8
    assert all((tmp_path / config["data"][name]).is_file() for name in ("train_files", "val_files"))


def test_the_recipe_plays_its_dataset_in_the_loop_that_it_names(
    factory: SessionFactory, toy_folder: Path, bare: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("datasets")
    from omegaconf import OmegaConf
    from verl.utils.dataset.rl_dataset import RLHFDataset

    assert export.write(factory, "verl", tmp_path / "rows.parquet") == 3
    config, fast = recipe(tmp_path, monkeypatch), tokenizer()
    rows = RLHFDataset(config.data.train_files, fast, config.data)
    [row] = [rows[at] for at in range(len(rows)) if rows[at]["extra_info"]["task_id"] == played.TASK]
    loops = {
        one.pop("name"): one
        for one in OmegaConf.load(config.actor_rollout_ref.rollout.agent.agent_loop_config_path)
    }
    target = {**loops[row["agent_name"]], "snapshot": str(toy_folder)}
    server = Server(fast, played.TEXTS["oracle"])

    async def run() -> Any:
        loop = made(config, target, fast, server, [])
        return await loop.run({}, raw_prompt=row["raw_prompt"], extra_info=row["extra_info"])

    output = asyncio.run(run())
    assert output.reward_score == bare["oracle"]["score"] == 1.0
    assert output.extra_fields["turn_scores"] == bare["oracle"]["rewards"]


def test_the_exported_parquet_of_the_tool_form_is_what_verl_loads(
    factory: SessionFactory, tmp_path: Path
) -> None:
    pytest.importorskip("datasets")
    from omegaconf import OmegaConf
    from verl.utils.dataset.rl_dataset import RLHFDataset

    path = tmp_path / "rows.parquet"
    assert export.write(factory, "verl-tools", path) == 3
    given = {"cache_dir": str(tmp_path), "return_raw_chat": True, "max_prompt_length": 8192}
    rows = RLHFDataset(str(path), tokenizer(), OmegaConf.create(given))
    assert len(rows) == 3
    row = rows[1]
    assert row["raw_prompt"][1]["content"] == factory.task_set.tasks[played.TASK].request
    assert row["extra_info"]["task_id"] == row["tools_kwargs"]["tool_orch"]["task_id"] == played.TASK
    assert set(row["extra_info"]["tool_selection"]) >= {"search_city", ANSWER_TOOL}


async def verl_loop(failing: Failing, monkeypatch: pytest.MonkeyPatch, v1: bool) -> Any:
    """A rollout under verl's agent loop whose store breaks at the second message."""
    from omegaconf import OmegaConf

    from tool_orch_env.adapters import verl

    monkeypatch.setattr(verl, "configured", lambda played: failing.factory)
    fast = tokenizer()

    class Breaking(Server):
        async def generate(self, **given: Any) -> Any:
            if len(self.asked) == 1:
                failing.error = OSError("gone")
            return await super().generate(**given)

    [row] = [
        row for row in export.rows(failing.factory, "verl") if row["extra_info"]["task_id"] == played.TASK
    ]
    target = {"_target_": "tool_orch_env.adapters.verl.ToolOrchAgentLoop"}
    config = OmegaConf.merge(settings(), {"transfer_queue": {"enable": v1}})

    loop = made(config, target, fast, Breaking(fast, played.TEXTS["oracle"]), [])
    return await loop.run({}, raw_prompt=row["prompt"], extra_info=row["extra_info"])


def test_for_verls_v1_trainer_a_void_rollout_raises(
    failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker settles an exception as a failed session of the group; that needs TransferQueue, which is not here."""
    with pytest.raises(VoidError) as raised:
        asyncio.run(verl_loop(failing, monkeypatch, v1=True))
    assert raised.value.cause == "store_failed: OSError: gone"


def test_verls_older_worker_gets_a_mask_of_zeros(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its loss leaves sequences without a token out."""
    import torch
    from verl.trainer.ppo.core_algos import agg_loss

    output = asyncio.run(verl_loop(failing, monkeypatch, v1=False))
    assert len(output.response_mask) == len(output.response_ids) > 0 == sum(output.response_mask)
    assert output.extra_fields["reward_extra_info"]["void"] == 1.0
    mask = torch.tensor([output.response_mask, [1] * len(output.response_mask)])
    loss = torch.stack([torch.full(mask.shape[1:], 5.0), torch.full(mask.shape[1:], 2.0)])
    for mode in ("token-mean", "seq-mean-token-sum", "seq-mean-token-mean"):
        assert agg_loss(loss, mask, mode) == agg_loss(loss[1:], mask[1:], mode), mode


def test_verls_tool_form_raises_where_the_reward_is_computed(
    failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    failing.error = OSError("gone")
    reply, nothing, _ = asyncio.run(execute())
    assert paid > 0 and math.isnan(nothing) and '"void"' in reply.text
    assert verl_tools.compute_score("", "", "", {"tool_rewards": [paid]})["score"] == paid
    with pytest.raises(VoidError):
        verl_tools.compute_score("", "", "", {"tool_rewards": [paid, nothing]})
