"""Axolotl: its own tokenizing strategy trains on what the exported demonstration's assistant says."""

from pathlib import Path

import played
import pytest
from pages import shown
from tokens import tokenizer

from tool_orch_env.adapters import export
from tool_orch_env.adapters.session import SessionFactory

pytestmark = pytest.mark.filterwarnings("ignore")


def test_what_the_model_says_is_trained_on_and_nothing_else(factory: SessionFactory) -> None:
    strategies = pytest.importorskip("axolotl.prompt_strategies.chat_template")
    yaml = pytest.importorskip("yaml")
    trl = pytest.importorskip("trl")
    fast = tokenizer((Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text())
    [given] = yaml.safe_load(shown("yaml", "chat_template"))["datasets"]
    assert given.pop("type") == "chat_template" and given.pop("path").endswith(".jsonl")
    trained = {"roles_to_train": given.pop("roles_to_train"), "train_on_eos": given.pop("train_on_eos")}
    strategy = strategies.ChatTemplateStrategy(
        strategies.ChatTemplatePrompter(fast, chat_template=fast.chat_template, **given),
        tokenizer=fast,
        train_on_inputs=False,
        sequence_len=1 << 16,
        **trained,
    )
    [row] = [row for row in export.rows(factory, "openai") if row["task_id"] == played.TASK]
    made = strategy.tokenize_prompt(row)
    pairs = zip(made["input_ids"], made["labels"], strict=True)
    said = fast.decode([token for token, label in pairs if label != -100]).split("<|im_end|>")
    whole = fast.decode(made["input_ids"])
    assert whole.count("<tool_response>") == len(played.TEXTS["oracle"]) - 1
    assert all(f'"name": "{name}"' in whole for name in factory.task_set.tasks[played.TASK].tools)
    texts = [text.replace("<think>\n\n</think>", "").strip() for text in said]
    assert [text for text in texts if text] == played.TEXTS["oracle"]
