"""A model so small that a real engine starts in seconds, made once for all tests of this folder.

It has seen eight golden conversations often enough to call tools now and then: rewards that are all zero teach nothing.
"""

import subprocess
import sys
from pathlib import Path

import pytest

import tool_orch_env as toe
from examples.ppo_vllm import prepare
from examples.ppo_vllm.demonstrations import conversation, environments
from tool_orch_env.task import Task, dump_tasks


@pytest.fixture(scope="session")
def tasks() -> list[Task]:
    return sorted(toe.load_tasks("travel", "validation"), key=lambda task: (len(task.golden), task.id))[:8]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]) -> Path:
    """`model/` and `tasks.jsonl`."""
    out = tmp_path_factory.mktemp("tiny")
    [env] = environments(tasks, 1)
    tokenizer = prepare.tokenizer(
        [text for task in tasks for text in prepare.chat(conversation(env, task))], 400
    )
    tokenizer.save_pretrained(out / "model")
    prepare.model(len(tokenizer), width=32, layers=2, context=2048, seed=0).save_pretrained(out / "model")
    (out / "tasks.jsonl").write_bytes(dump_tasks(tasks))
    words = ["--model", str(out / "model"), "--tasks", str(out / "tasks.jsonl"), "--out", str(out / "model")]
    settings = ["--steps", "80", "--batch", "8", "--lr", "3e-3"]
    subprocess.run([sys.executable, "examples/sft.py", *words, *settings], check=True)
    return out
