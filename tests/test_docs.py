"""What the README and the docs show is run."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = {
    *(f"docs/{name}.md" for name in ("record", "bring-your-own-functions", "bring-your-own-mcp")),
    *(f"docs/quickstarts/{name}.md" for name in ("train", "benchmark", "bring-your-api")),
}
"""Pages that need an example, a server or their own shell blocks: tests/test_record_docs.py, tests/test_quickstarts.py
and tests/servers/test_mcp_docs.py run those."""
PUBLIC = re.findall(
    r"^\| `(tool_orch_env[\w.]*)` \|.*\]\((\w+\.md)\) \|$",
    (ROOT / "docs" / "reference" / "index.md").read_text(),
    re.MULTILINE,
)
"""The public modules, each with its page of the reference."""
_IMPORT = re.compile(r"^\s*(?:from|import) (tool_orch_env[\w.]*)(?: import ([\w, ]+))?", re.MULTILINE)
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def path(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "page", [p for p in PAGES if _BLOCK.search(p.read_text()) and path(p) not in ELSEWHERE], ids=path
)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    code = "\n".join(_BLOCK.findall(page.read_text()))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=path)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_public_module_exists_and_is_on_its_page_of_the_reference() -> None:
    assert len(PUBLIC) > 40
    for module, page in PUBLIC:
        assert find_spec(module), module
        assert f"\n::: {module}\n" in (ROOT / "docs" / "reference" / page).read_text(), f"{page}: {module}"


def test_docs_and_examples_import_only_public_modules() -> None:
    public = {"tool_orch_env", *(module for module, _ in PUBLIC)}
    for file in [*PAGES, *sorted((ROOT / "examples").rglob("*.py"))]:
        code = file.read_text() if file.suffix == ".py" else "\n".join(_BLOCK.findall(file.read_text()))
        for module, names in _IMPORT.findall(code):
            chosen = {f"{module}.{name.strip()}" for name in names.split(",")}
            assert module in public or chosen <= public, (
                f"{path(file)}: {module} is internal; docs/reference/index.md lists the public modules"
            )


def test_the_tables_of_the_docs_are_those_of_the_code() -> None:
    from tool_orch_env.calls.types import STATUS_MEANINGS
    from tool_orch_env.calls.void import VOID_MEANINGS
    from tool_orch_env.reward.config import PRESETS
    from tool_orch_env.reward.credit import CreditWeights

    environment, reward = (ROOT / "docs" / name for name in ("environment.md", "reward.md"))
    for code, meaning in [*STATUS_MEANINGS.items(), *VOID_MEANINGS.items()]:
        assert f"| `{code.value}` | {meaning} |" in environment.read_text()
    weights = CreditWeights()
    for name in ("name", "parameters", "types", "values", "executed"):
        assert f"| {name} | {getattr(weights, name):.2f} |" in reward.read_text()
    for preset in PRESETS:
        assert f"| `{preset}`" in reward.read_text() or f", `{preset}` |" in reward.read_text(), (
            f"docs/reward.md: the table of presets has no `{preset}`"
        )


def test_the_tables_of_the_benchmark_page_are_those_of_the_code() -> None:
    from tool_orch_env.bench.diagnose import KINDS
    from tool_orch_env.bench.metrics import FIGURES
    from tool_orch_env.bench.protocols import PROTOCOLS
    from tool_orch_env.bench.scripted import POLICIES

    text = (ROOT / "docs" / "benchmark.md").read_text()
    for kind, meaning in KINDS.items():
        assert f"| `{kind}` | {meaning} |" in text
    for figure in {*FIGURES} - {"policy errors", "prompt tokens", "completion tokens"}:
        assert figure in text
    for policy in POLICIES:
        assert f"`{policy}`" in text
    for protocol in PROTOCOLS:
        assert f"**`{protocol}`**" in text


def test_the_table_of_exploits_is_that_of_the_code() -> None:
    from tool_orch_env.bench.redteam.exploits import EXPLOITS

    text = (ROOT / "docs" / "redteam.md").read_text()
    rows = [f"| `{one.name}` | {one.what} | `{one.may_earn}` |" for one in EXPLOITS.values()]
    assert "\n".join(rows) in text
