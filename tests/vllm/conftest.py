"""A model so small that a real engine starts in seconds, made once for all tests of this folder."""

from pathlib import Path

import pytest

import tool_orch_env as toe
from examples.ppo_vllm import prepare
from examples.ppo_vllm.demonstrations import conversation, environments
from tool_orch_env.task import Task, dump_tasks


@pytest.fixture(scope="session")
def tasks() -> list[Task]:
    return toe.load_tasks("travel", "validation")[:8]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]) -> Path:
    """`model/`, untrained, and `tasks.jsonl`."""
    out = tmp_path_factory.mktemp("tiny")
    [env] = environments(tasks, 1)
    words = prepare.tokenizer([text for task in tasks for text in prepare.chat(conversation(env, task))], 400)
    words.save_pretrained(out / "model")
    prepare.model(len(words), width=32, layers=2, context=2048, seed=0).save_pretrained(out / "model")
    (out / "tasks.jsonl").write_bytes(dump_tasks(tasks))
    return out
