"""The toy snapshot as a folder, and what the bare environment pays on it."""

from pathlib import Path
from typing import Any

import played
import pytest

from tool_orch_env.adapters.session import SessionFactory


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
