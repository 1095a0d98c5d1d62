"""LLaMA-Factory: its own converter and formatters read the exported demonstrations."""

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import played
import pytest
from pages import shown

from tool_orch_env.adapters import export
from tool_orch_env.adapters.session import SessionFactory

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns LLaMA-Factory's data modules by name.

    Its package `data` imports torchaudio, which has no build for the PyTorch here, so its `__init__` is not run.
    """
    found = importlib.util.find_spec("llamafactory")
    if found is None or not found.submodule_search_locations:
        pytest.skip("llamafactory is not installed")
    bare = ModuleType("llamafactory.data")
    bare.__path__ = [str(Path(found.submodule_search_locations[0]) / "data")]
    monkeypatch.setitem(sys.modules, "llamafactory.data", bare)
    monkeypatch.setenv("DISABLE_VERSION_CHECK", "1")
    return lambda name: importlib.import_module(f"llamafactory.data.{name}")


@pytest.mark.parametrize("answer_form", ["text", "fields"])
def test_a_demonstration_is_read_as_calls_replies_and_answer(
    toy_folder: Path, data: Any, answer_form: str
) -> None:
    factory = SessionFactory(snapshot=toy_folder, answer_form=answer_form)
    [row] = [row for row in export.rows(factory, "sharegpt") if row["task_id"] == played.TASK]
    [info] = json.loads(shown("json", "sharegpt")).values()
    attributes = data("parser").DatasetAttr("file", info["file_name"])
    attributes.join(info)
    read = data("converter").SharegptDatasetConverter(attributes, None)(row)
    said = [*read["_prompt"], *read["_response"]]
    task = factory.task_set.tasks[played.TASK]
    last = "assistant" if answer_form == "text" else "function"
    assert [turn["role"] for turn in said] == ["user", *["function", "observation"] * len(task.golden), last]
    assert read["_system"] == row["system"]

    write = data("formatter").FunctionFormatter(slots=["{{content}}"], tool_format="qwen")
    texts = [write.apply(content=turn["content"])[0] for turn in said if turn["role"] == "function"]
    made = [
        json.loads(text.strip().removeprefix("<tool_call>").removesuffix("</tool_call>")) for text in texts
    ]
    assert made[: len(task.golden)] == [{"name": c.tool, "arguments": c.arguments} for c in task.golden]
    [tools] = data("formatter").ToolFormatter(tool_format="qwen").apply(content=read["_tools"])
    assert all(f'"name": "{name}"' in tools for name in task.tools)
