"""docs/bring-your-own-traces.md is run from top to bottom, in a copy of examples/traces."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tool_orch_env as toe

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "bring-your-own-traces.md").read_text()
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the page's commands were run, and what they printed."""
    folder = tmp_path_factory.mktemp("page") / "traces"
    shutil.copytree(ROOT / "examples" / "traces", folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "TOOL_ORCH_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    environ["COLUMNS"] = "200"
    output = ""
    for code in _BLOCK.findall(PAGE):
        done = subprocess.run(["bash", "-euc", code], cwd=folder, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        output += done.stdout
    return folder, output


def test_the_commands_of_the_page_do_what_it_says(shown: tuple[Path, str]) -> None:
    folder, output = shown
    assert "shop: 5 tools, 8 responses, 3 tasks with 4 facts from 4 traces" in output
    assert "3 tasks, no findings" in output and "Answered: score 1.000" in output
    assert "shop-again: 5 tools, 6 responses, 3 tasks with 4 facts from 3 traces" in output
    assert "spans: 4 tools, 5 responses, 2 tasks" in output
    assert "stock/HN-HOSE-25: no operation has this method, server and path" in output
    assert "products: 2 tools, 2 responses, 0 tasks" in output
    assert "hn-live-52nDq8" not in (folder / "products.journal.jsonl").read_text()


def test_what_came_back_from_the_bench_is_what_went_in(shown: tuple[Path, str]) -> None:
    folder, _ = shown
    one, two = (toe.Snapshot.open(folder / name) for name in ("shop", "shop-again"))
    assert [task.golden for task in one.tasks()] == [task.golden for task in two.tasks()]
    for snapshot in (one, two, toe.Snapshot.open(folder / "spans")):
        for task in snapshot.tasks():
            assert toe.score_turns(task, toe.oracle_turns(task), snapshot).total == 1.0


def test_the_output_that_the_page_quotes_is_real(shown: tuple[Path, str]) -> None:
    [quoted] = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    flat = " ".join(shown[1].split())
    for line in quoted.splitlines():
        assert " ".join(line.split()).removesuffix(", ...") in flat
