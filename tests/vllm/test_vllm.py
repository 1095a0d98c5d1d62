"""A model that vLLM really serves, from a folder to a report: started, asked, stopped, and nothing left behind."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tool_orch_env.bench.policies import Settings
from tool_orch_env.bench.policies.vllm_server import VllmPolicy
from tool_orch_env.bench.run_log import read_run
from tool_orch_env.cli.main import main
from tool_orch_env.errors import UsageError
from tool_orch_env.snapshot import load_tasks

pytestmark = pytest.mark.filterwarnings("default")  # of torch and transformers
CHAT = (
    "{% for t in tools or [] %}{{ t | tojson }}\n{% endfor %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ENGINE = "--dtype float32 --max-model-len 8192 --max-num-seqs 4 --enforce-eager --generation-config vllm"
SERVES = """
import asyncio, sys, time
from tool_orch_env.bench.policies import Settings
from tool_orch_env.bench.policies.vllm_server import VllmPolicy
asyncio.run(VllmPolicy(sys.argv[1], Settings(vllm_args=sys.argv[2])).open())
print("up", flush=True)
time.sleep(600)
"""
TASKS = 4
WORDS = 16


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with weights drawn at random, and a tokenizer of the tasks' own words."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2000,
        special_tokens=["<s>", "</s>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([task.request for task in load_tasks("travel", "test")], trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="<|im_end|>", pad_token="</s>"
    )
    wrapped.chat_template = CHAT
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    LlamaForCausalLM(
        LlamaConfig(vocab_size=len(wrapped), max_position_embeddings=8192, eos_token_id=3, **size)
    ).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")


def children() -> list[psutil.Process]:
    """What this process has started and has not ended, and what that has started."""
    own = psutil.Process().children(recursive=True)
    return [one for one in own if "resource_tracker" not in " ".join(one.cmdline())]


def test_a_model_is_served_benchmarked_reported_and_stopped(model: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    asked = ["--limit", str(TASKS), "--max-tokens", str(WORDS), "--retries", "0"]
    assert main(["bench", "--policy", f"vllm:{model}", "--out", str(run), *asked, "--vllm-args", ENGINE]) == 0
    assert children() == []
    _, tasks, records = read_run(run)
    assert len(tasks) == len(records) == TASKS
    for record in records:
        tokens = record["result"]["tokens"]
        assert record["fault"] is None and record["actions"], record["fault"]
        assert tokens["prompt"] > 100 and 0 < tokens["completion"] <= WORDS * len(record["actions"])
    before = (run / "summary.json").read_bytes()
    assert main(["bench", "rescore", str(run)]) == 0
    assert (run / "summary.json").read_bytes() == before
    assert main(["report", str(run)]) == 0
    assert json.dumps(tasks[0].id) in (run / "report.html").read_text()


def test_an_engine_that_refuses_its_arguments_is_told_in_its_words(model: Path) -> None:
    policy = VllmPolicy(str(model), Settings(vllm_args="--dtype no_such_type"))
    with pytest.raises(UsageError, match="no_such_type"):
        asyncio.run(started(policy))
    assert children() == []


def test_an_engine_ends_with_the_process_that_started_it(model: Path) -> None:
    """Killed without a word, it takes the engine along."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVES, str(model), ENGINE], stdout=subprocess.PIPE
    ) as caller:
        assert caller.stdout is not None and caller.stdout.readline() == b"up\n"
        engine = psutil.Process(caller.pid).children(recursive=True)
        caller.kill()
    assert engine and psutil.wait_procs(engine, timeout=60)[1] == []


async def started(policy: VllmPolicy) -> None:
    try:
        await policy.open()
    finally:
        await policy.close()
