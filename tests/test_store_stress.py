"""Processes and threads that open one cold store at once, beside a builder that is killed, read what is recorded."""

from pathlib import Path

import pytest
import store_stress


@pytest.mark.kill
def test_readers_of_a_cold_store_agree_with_memory_though_a_builder_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))
    folder = store_stress.large_toy(tmp_path / "toy", "1", 300)
    assert store_stress.round_(tmp_path / "cache", folder, processes=2, threads=4) == []
