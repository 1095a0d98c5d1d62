"""Imports run downwards only, and the package imports light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tool_orch_env

ROOT = Path(tool_orch_env.__file__).parent

LAYERS = [
    {"_version", "errors", "call", "pointer", "files", "stated", "values", "executors"},
    {"schema", "catalog", "store", "recorded", "task", "folder", "snapshot"},
    {"answer", "assign", "config", "credit", "ways", "rubric"},
    {"parse", "check", "replay", "score", "score_published", "score_execution", "scorer", "observe"},
    {"episode"},
    {"env"},
    {"synth", "bench", "record", "importers"},
    {"survey", "slots"},
    {"tell", "adapters"},
    {"cli_options"},
    {"cli", "cli_adapters", "cli_examples", "cli_synth"},
    {"__main__"},
]
REACHES_UP = {("env", "record")}
"""The one import upwards: `miss="live"` loads the recorder inside a function, where it is asked for."""
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
STAGES = {"parse", "check", "replay", "observe", "score"}
DATA_AT_REST = 1


def _imports(path: Path) -> set[str]:
    """Top-level modules of this package that a file imports anywhere, inside functions too."""
    parts = path.relative_to(ROOT).parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = list(parts[: len(parts) - node.level])
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            found |= set(base[:1] or names)
    return {name for name in found if (ROOT / name).is_dir() or (ROOT / f"{name}.py").exists()}


FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_its_own_layer_or_lower_ones(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for name in _imports(path) - {own} - {name for low, name in REACHES_UP if low == own}:
        assert LEVEL[name] <= LEVEL[own], f"{own} imports {name}"


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_no_stage_imports_another(stage: str) -> None:
    assert not (_imports(ROOT / f"{stage}.py") & (STAGES - {stage}))


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import tool_orch_env` registers the ids; pydantic, jsonschema, networkx and the rest come on use."""
    code = (
        "import gymnasium, sys; before = set(sys.modules); import tool_orch_env; "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["tool_orch_env"]


def test_every_public_name_resolves() -> None:
    for name in tool_orch_env.__all__:
        assert getattr(tool_orch_env, name) is not None
