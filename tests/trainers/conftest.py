"""The toy snapshot as a folder, and what the bare environment pays on it."""

import sys
from pathlib import Path
from typing import Any

import played
import pytest
from breaking import Failing

from tool_orch_env.adapters.session import SessionFactory

# What is needed of tests/ is imported by now; on the path, its folder vllm passes for the package of that name.
sys.path[:] = [place for place in sys.path if Path(place) != Path(__file__).parent.parent]


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played.folder(tmp_path_factory.mktemp("snapshots") / "toy")


@pytest.fixture(scope="session")
def factory(toy_folder: Path) -> SessionFactory:
    return SessionFactory(snapshot=toy_folder)


@pytest.fixture(scope="session")
def bare(toy_folder: Path) -> dict[str, dict[str, Any]]:
    """By script: rewards, score and components of `ToolOrch-v0`."""
    paid = {name: played.bare(toy_folder, name) for name in played.SCRIPTS}
    assert paid["oracle"]["score"] == 1.0 and 0.3 < paid["partly"]["score"] < 0.9
    return paid


@pytest.fixture
def failing() -> Failing:
    """The toy on a store that a test can break."""
    return Failing()
