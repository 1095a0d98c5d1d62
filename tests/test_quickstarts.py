"""The quickstarts that use the command line are run from top to bottom, each in an empty folder."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from model_server import MODELS, Handler, native, serving

import tool_orch_env as toe
from tool_orch_env.record.schema import SpecFile

FOLDER = Path(__file__).parent.parent / "docs" / "quickstarts"
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def run(page: str, folder: Path) -> list[str]:
    """What each block of a page prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "OPENAI_API_KEY": "any-key-will-do"}
    shown = []
    for kind, code in _BLOCK.findall(page):
        command = ["bash", "-euc", code] if kind == "sh" else [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        shown.append(done.stdout)
    return shown


def test_train_exports_rows_and_plays_sessions(tmp_path: Path) -> None:
    exported, played = run((FOLDER / "train.md").read_text(), tmp_path)
    assert exported.count("200 rows") == 2
    assert len((tmp_path / "demonstrations.jsonl").read_text().splitlines()) == 200
    assert len(played.splitlines()) == 4


def test_bring_your_api_records_makes_tasks_and_plays_them(tmp_path: Path) -> None:
    *_, made, played = run((FOLDER / "bring-your-api.md").read_text(), tmp_path)
    assert "5 calls, 5 requested now" in made and "5 tasks, no findings" in made
    assert re.search(r"success +1\.000", made) and played.strip()


def test_the_spec_of_bring_your_api_is_one() -> None:
    [spec] = re.findall(
        r"^```yaml\n(.*?)^```", (FOLDER / "bring-your-api.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert SpecFile.model_validate(yaml.safe_load(spec)).openapi


def test_benchmark_plays_a_served_model_and_compares_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (FOLDER / "benchmark.md").read_text()
    assert "openai:my-model@http://127.0.0.1:8000/v1" in page
    turns = {task.request: toe.oracle_turns(task) for task in toe.load_tasks("travel", "test")}

    def golden(handler: Handler, body: dict) -> None:
        said = [message["role"] for message in body["messages"]].count("assistant")
        turn = turns[next(m["content"] for m in body["messages"] if m["role"] == "user")][said]
        calls = [native(call.name, json.dumps(call.arguments)) for call in turn.calls]
        handler.message(content=turn.answer, **({"tool_calls": calls} if calls else {}))

    monkeypatch.setitem(MODELS, "my-model", golden)
    with serving() as server:
        played, compared, scored = run(page.replace("http://127.0.0.1:8000/v1", server.url), tmp_path)
    assert re.search(r"success +1\.000", played) and "20 episodes" in played
    assert (tmp_path / "runs" / "my-model" / "report.html").exists()
    assert "success" in compared and float(scored) == 0


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.stem)
def test_a_quickstart_is_short_and_links_on(page: Path) -> None:
    text = page.read_text()
    assert len(text.splitlines()) <= 130 and "\n## Next\n" in text
