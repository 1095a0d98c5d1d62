"""A model that was taught to call tools in Qwen3-Coder's form is served by vLLM and benchmarked: its parsers are named
by options, its tools are in the API or in the prompt, and its reasoning goes back to it.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

import tool_orch_env as toe
from examples import rollout_openai, sft, tiny_model
from tool_orch_env.bench.policies import Settings
from tool_orch_env.bench.policies.chat_history import in_prompt, sendable
from tool_orch_env.bench.policies.vllm_server import VllmPolicy
from tool_orch_env.bench.protocols import Arena
from tool_orch_env.bench.run_log import Record, read_run
from tool_orch_env.calls.chat import turn_message
from tool_orch_env.calls.write import FORMATS
from tool_orch_env.cli.main import main
from tool_orch_env.task import Task, dump_tasks

pytestmark = pytest.mark.filterwarnings("default")  # of torch and transformers
FORM = FORMATS["qwen3_coder"]
MARKS = ["<tool_call>", "</tool_call>", "<think>", "</think>"]
ENGINE = "--dtype float32 --max-model-len 4096 --max-num-seqs 4 --enforce-eager --generation-config vllm"
TEMPLATE = """
{%- for m in messages %}
{%- if m.role == 'tool' %}
{%- if loop.previtem.role != 'tool' %}{{ '<|im_start|>user' }}{% endif -%}
{{ '\n<tool_response>\n' + m.content + '\n</tool_response>' }}
{%- if loop.last or loop.nextitem.role != 'tool' %}{{ '<|im_end|>\n' }}{% endif %}
{%- elif m.role == 'assistant' %}
{{- '<|im_start|>assistant\n' }}
{%- if m.reasoning or m.reasoning_content %}
{{- '<think>\n' + (m.reasoning or m.reasoning_content).strip('\n') + '\n</think>\n\n' }}
{%- endif %}
{{- (m.content or '').lstrip('\n') }}
{%- for c in m.tool_calls or [] %}
{{- '\n' if not loop.first }}{{ '<tool_call>\n<function=' + c.function.name + '>\n' }}
{%- for key, value in c.function.arguments | items %}
{{- '<parameter=' + key + '>\n' + (value if value is string else value | tojson) + '\n</parameter>\n' }}
{%- endfor %}
{{- '</function>\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\n' }}
{%- else %}
{{- '<|im_start|>' + m.role + '\n' + m.content }}
{%- if loop.first and tools %}
{{- '\n\n# Tools\n<tools>' }}
{%- for t in tools %}{{ '\n' + t.function | tojson(separators=(',', ':')) }}{% endfor %}
{{- '\n</tools>' }}
{%- endif %}
{{- '<|im_end|>\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
"""


def golden_chat(task: Task) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The chat of the golden trace as a benchmark plays it, with reasoning, and the tools."""
    play = Arena([task], toe.Snapshot.open("travel")).play(task.id)
    for number, turn in enumerate(toe.oracle_turns(task)):
        message = turn_message(turn)
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.dumps(call["function"]["arguments"])
        play.take({**message, "reasoning": f"Step {number + 1}: {'call' if turn.calls else 'answer'}."})
    assert play.stop_reason == "answered"
    return play.messages, play.tools


def rendered(
    tokenizer: PreTrainedTokenizerFast, messages: list[dict[str, Any]], tools: Any, **more: Any
) -> str:
    """The text of a chat as an engine renders it: arguments as objects."""
    messages = json.loads(json.dumps(messages))
    for message in messages:
        for call in message.get("tool_calls") or ():
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return str(tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, **more))


def chats(task: Task) -> list[tuple[list[dict[str, Any]], Any]]:
    """The golden chat with tools in the API, and with tools in the prompt."""
    messages, tools = golden_chat(task)
    return [(sendable(messages), tools), (in_prompt(messages, tools, FORM), None)]


def lessons(tokenizer: PreTrainedTokenizerFast, task: Task) -> list[sft.Example]:
    """The golden conversations as `examples/sft.py` learns them; what the assistant says carries loss."""
    pairs = []
    for messages, tools in chats(task):
        ids, mask, before = [], [], ""
        for end, message in enumerate(messages, 1):
            if message["role"] == "assistant":
                asked = rendered(tokenizer, messages[: end - 1], tools, add_generation_prompt=True)
                said = rendered(tokenizer, messages[:end], tools)
                assert said.startswith(asked) and asked.startswith(before)
                for text, learned in ((asked[len(before) :], False), (said[len(asked) :], True)):
                    some = tokenizer.encode(text, add_special_tokens=False)
                    ids += some
                    mask += [learned] * len(some)
                before = said
        pairs.append((np.array(ids), np.array(mask)))
    return pairs


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    def size(task: Task) -> int:
        messages, tools = golden_chat(task)
        return len(json.dumps([messages, tools]))

    return sorted(toe.load_tasks("travel", "test")[:100], key=size)[:10]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]) -> Path:
    """`model/`, which has learned ten golden conversations by heart, and `tasks.jsonl`."""
    out = tmp_path_factory.mktemp("taught")
    said = [f"{m['role']}\n{m['content']}" for task in tasks for m in chats(task)[1][0]]
    tokenizer = tiny_model.tokenizer(said, 3000)
    tokenizer.add_tokens(MARKS)
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    model = tiny_model.llama(len(tokenizer), width=64, layers=2, context=4096, seed=0)
    learned = [pair for task in tasks for pair in lessons(tokenizer, task)]
    sft.imitate(model, learned, steps=160, batch_size=10, learning_rate=5e-3, seed=0)
    tokenizer.save_pretrained(out / "model")
    model.save_pretrained(out / "model")
    (out / "tasks.jsonl").write_bytes(dump_tasks(tasks))
    return out


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")


def benched(taught: Path, run: Path, *more: str) -> list[Record]:
    words = [
        "bench",
        "--policy",
        f"vllm:{taught / 'model'}",
        "--tasks",
        str(taught / "tasks.jsonl"),
        "--out",
        str(run),
    ]
    assert main([*words, "--max-tokens", "400", "--retries", "0", "--vllm-args", ENGINE, *more]) == 0
    return read_run(run)[2]


def test_a_taught_model_calls_tools_natively_by_the_named_parsers(taught: Path, tmp_path: Path) -> None:
    records = benched(
        taught, tmp_path / "run", "--tool-call-parser", "qwen3_coder", "--reasoning-parser", "qwen3"
    )
    assert sum(record["result"]["success"] for record in records) >= 8
    for record in records:
        first = record["actions"][0]
        assert first["tool_calls"] and first["reasoning"].strip() == "Step 1: call."


def test_rollouts_by_url_call_tools_natively(
    taught: Path, tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    greedy = "--override-generation-config '{\"temperature\": 0}'"
    settings = Settings(
        vllm_args=f"{ENGINE} {greedy}", tool_call_parser="qwen3_coder", reasoning_parser="qwen3"
    )
    policy, out = VllmPolicy(str(taught / "model"), settings), tmp_path / "episodes.jsonl"

    async def played() -> None:
        try:
            await policy.open()
            listed = str(taught / "tasks.jsonl")
            await rollout_openai.main(
                f"http://127.0.0.1:{policy._port}/v1", "policy", str(out), len(tasks), tasks=listed
            )
        finally:
            await policy.close()

    asyncio.run(played())
    episodes = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["task_id"] for one in episodes] == [task.id for task in tasks]
    assert sum(one["success"] for one in episodes) >= 6 and not any("void" in one for one in episodes)
    assert all(one["messages"][2]["tool_calls"] for one in episodes if one["success"])


def test_a_taught_model_calls_tools_that_are_in_its_prompt(taught: Path, tmp_path: Path) -> None:
    records = benched(taught, tmp_path / "run", "--tools", "prompt", "--call-format", "qwen3_coder")
    assert sum(record["result"]["success"] for record in records) >= 8
    for record in records:
        assert "tool_calls" not in record["actions"][0] and "<function=" in record["actions"][0]["content"]
