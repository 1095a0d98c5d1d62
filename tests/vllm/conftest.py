"""A model so small that a real engine starts in seconds, made once for all tests of this folder.

It has seen eight golden conversations often enough to call tools now and then: rewards that are all zero teach nothing.
"""

from pathlib import Path

import pytest

import tool_orch_env as toe
from examples import sft, tiny_model
from tool_orch_env.task import Task, dump_tasks


@pytest.fixture(scope="session")
def tasks() -> list[Task]:
    return sorted(toe.load_tasks("travel", "validation"), key=lambda task: (len(task.golden), task.id))[:8]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]) -> Path:
    """`model/` and `tasks.jsonl`."""
    out = tmp_path_factory.mktemp("tiny")
    model, listed = out / "model", out / "tasks.jsonl"
    tokenizer = tiny_model.tokenizer(tiny_model.texts(tasks), 400)
    tokenizer.save_pretrained(model)
    tiny_model.llama(len(tokenizer), width=32, layers=2, context=2048, seed=0).save_pretrained(model)
    listed.write_bytes(dump_tasks(tasks))
    learned = sft.Args(str(model), str(model), str(listed), steps=80, batch_size=8, learning_rate=3e-3)
    sft.main(learned)
    return out
