"""The benchmarks are frozen: what `travel-2.0` and `elements-2.0` measure may not change under their names."""

import pytest

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.folder import manifest_sum

SUMS = {
    "travel": ("travel-2.0", "02f461f7d7679d4894f8327299f074bb041934953a9e42f0f8e0b0eed0e79c49"),
    "elements": ("elements-2.0", "614f1aee5928bb5487706e73389f3cdd9e5fe87039b630c1860de9ed369eedb9"),
}
"""The name of each benchmark, and the sha256 of its manifest, which has the sums of all its files."""


@pytest.mark.parametrize("name", SUMS)
def test_a_benchmark_keeps_its_name_only_as_long_as_its_bytes(name: str) -> None:
    """Where this fails, tools, responses or tasks have changed: give the benchmark another name, or undo the change."""
    snapshot = Snapshot.open(name)
    assert snapshot.path is not None
    assert (snapshot.manifest["benchmark"], manifest_sum(snapshot.path)) == SUMS[name]
