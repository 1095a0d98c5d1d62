"""LoRA imitation and GRPO by transformers alone, and the prepared run on a GPU, at toy size on a CPU."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import tool_orch_env as toe
from examples.lora_grpo import Args, Chat, Episode, Tasks, logprobs_of, main, play, sampling
from examples.lora_report import by_task, interval, table
from examples.smollm2 import write_sums

pytestmark = pytest.mark.filterwarnings("default")  # torch and what it imports warn of themselves
TOY = {
    "train": "graph-validation",
    "held_out": "graph-validation",
    "max_calls": 2,
    "max_tokens": 4000,
    "evaluation": 3,
    "validation": 2,
    "demonstrations": 4,
    "epochs": 2,
    "seconds": 0.1,
    "checkpoints": 1,
    "groups": 2,
    "group_size": 2,
    "max_new_tokens": 12,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the one `examples/smollm2.py --pieces` makes: two layers that share keys among heads."""
    out = tmp_path_factory.mktemp("tiny")
    marks = [AddedToken(mark, special=True) for mark in ("<|im_end|>", "<|im_start|>")]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=marks, initial_alphabet=alphabet)
    bpe.train_from_iterator([task.request for task in toe.load_tasks("travel", "graph-validation")], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|im_end|>")
    tokenizer.save_pretrained(out)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(out, max_shard_size="60KB")
    write_sums(out)
    return out


class Talker:
    """An environment that answers at different lengths, and ends after a number of messages of its own."""

    def __init__(self, turns: int) -> None:
        self.turns, self.heard = turns, [""]

    def reset(self, options: Any) -> tuple[str, dict[str, Any]]:
        self.heard = []
        return f"request {options['task_id']}" * self.turns, {}

    def step(self, text: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        self.heard.append(text)
        over = len(self.heard) == self.turns
        return "reply " * (3 * self.turns + len(self.heard)), 0.25, over, False, {"success": over}


def played(
    folder: Path, turns: Sequence[int], alike: int = 1
) -> tuple[Any, Chat, list[Episode], list[Talker]]:
    """Sampled episodes whose messages end with a frequent token, so that there are several turns."""
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="grouped")
    policy = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    chat = Chat(str(folder))
    envs = [Talker(n) for n in turns]
    args = Args(max_new_tokens=40, max_tokens=4000)
    chat.end = chat.encode(" the")[0]
    with sampling(policy):
        episodes = play(policy, chat, envs, [str(n // alike) for n in range(len(envs))], args, alike)
    return policy, chat, episodes, envs


@pytest.mark.parametrize("alike", [1, 8])
def test_sampled_probabilities_are_those_the_trainer_computes(model: Path, alike: int) -> None:
    policy, _, episodes, _ = played(model, sorted([1, 2, 3, 4] * 8), alike)
    with torch.no_grad():
        computed = logprobs_of(policy, episodes).numpy()
    sampled = np.array([value for one in episodes for value in one.logprobs])
    assert sum(one.success for one in episodes) > 0  # some had all of their turns
    np.testing.assert_allclose(computed, sampled, atol=1e-4)


def test_grouped_attention_equals_that_of_the_library(model: Path) -> None:
    policy, _, episodes, _ = played(model, [1, 2, 3])
    with torch.no_grad():
        ours = logprobs_of(policy, episodes)
        policy.get_base_model().set_attn_implementation("eager")
        theirs = logprobs_of(policy, episodes)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_what_the_environment_hears_is_what_was_sampled(model: Path) -> None:
    _, chat, episodes, envs = played(model, [1, 2, 3, 4] * 8)
    for one, env in zip(episodes, envs, strict=True):
        assert len(one.ids) == len(one.mine)
        assert sum(one.mine) == len(one.logprobs)
        messages: list[list[int]] = [[]]
        for token, mine in zip(one.ids, one.mine, strict=True):
            if mine and token == chat.end:
                messages.append([])
            elif mine:
                messages[-1].append(token)
        said = [chat.tokenizer.decode(ids) for ids in messages[:-1]]  # the last has no end, or there is none
        assert said == env.heard
        assert one.score == 0.25 * len(env.heard)


def test_golden_conversations_that_do_not_fit_are_left_out(model: Path) -> None:
    chat = Chat(str(model))
    few = Tasks("graph-validation", Args(max_calls=2, max_items=1, max_tokens=1200), chat)
    many = Tasks("graph-validation", Args(max_calls=2, max_items=10, max_tokens=4000), chat)
    assert 0 < len(few.tasks) < len(many.tasks)
    assert max(len(one.ids) for one in few.golden) <= 1200
    assert [task.id for task in few.tasks] == [one.task_id for one in few.golden]


def test_a_whole_run_writes_what_it_promises(model: Path, tmp_path: Path) -> None:
    main(Args(model=str(model), out=str(tmp_path / "0"), **TOY))  # type: ignore[arg-type]
    metrics = [json.loads(line) for line in (tmp_path / "0/metrics.jsonl").read_text().splitlines()]
    losses = [one["loss"] for one in metrics if one["phase"] == "imitation"]
    assert losses[-1] < losses[0]
    assert {"grpo", "control", "validated grpo", "evaluated control"} <= {one["phase"] for one in metrics}
    found = [json.loads(line) for line in (tmp_path / "0/evaluations.jsonl").read_text().splitlines()]
    assert {stage: len(values) for stage, values in by_task(found, "score").items()} == dict.fromkeys(
        ("pretrained", "imitation", "grpo", "control"), 3
    )
    assert "grpo less control" in (tmp_path / "0/table.md").read_text()
    assert (tmp_path / "0/curve.png").read_bytes().startswith(b"\x89PNG")
    start = str(tmp_path / "0/imitation")
    main(Args(model=str(model), out=str(tmp_path / "1"), start=start, stages="grpo", **TOY))  # type: ignore[arg-type]
    assert "then GRPO" in (tmp_path / "1/table.md").read_text()


def test_differences_are_taken_task_by_task() -> None:
    rng = np.random.default_rng(0)
    hard = rng.random(200) < 0.5
    found = [
        {
            "stage": stage,
            "seed": seed,
            "task": str(task),
            "success": bool(hard[task]) or (stage == "grpo" and task < 20),
        }
        | {"score": 0.5, "seconds": 60.0}
        for stage in ("imitation", "grpo")
        for seed in (0, 1)
        for task in range(200)
    ]
    gained = (~hard[:20]).sum() / 200
    values = by_task(found, "success")
    mean, low, high = interval(values["grpo"] - values["imitation"])
    assert mean == pytest.approx(gained)
    assert 0 < low < gained < high < 0.1
    assert f"{100 * gained:+.1f}" in table(found)


def test_the_prepared_gpu_run_works_from_a_plain_checkout(model: Path, tmp_path: Path) -> None:
    flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in TOY.items())
    flags += ' --stages "pretrained imitation grpo" --dtype float32'
    command = ["make", "gpu", f"GPU_PYTHON={sys.executable}", f"GPU_MODEL={model}", f"GPU_FLAGS={flags}"]
    made = subprocess.run(command, env={**os.environ, "OUT": str(tmp_path)}, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "table.md").exists()
    assert (tmp_path / "curve.png").exists()


def test_the_prepared_gpu_run_refuses_a_damaged_model(model: Path, tmp_path: Path) -> None:
    (tmp_path / "piece").write_text("whole")
    write_sums(tmp_path)
    (tmp_path / "piece").write_text("half")
    command = ["make", "gpu", f"GPU_PYTHON={sys.executable}", f"GPU_MODEL={tmp_path}"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode != 0
    assert "missing or damaged" in made.stdout
