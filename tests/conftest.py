"""Fixtures shared by all tests, Hypothesis profiles, who runs what, and the rule that nothing skips in silence.

(xdist's own groups, by marker, do nothing under pytest 9.2: it takes them from node ids that no longer hold them.)
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import toy as toys
from hypothesis import HealthCheck, settings

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task

if TYPE_CHECKING:
    from tool_orch_env.synth.index import Index

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"

WITH_INDEX = {"audit", "phrase", "synth", "travel", "ways"}
"""Test files that ask for `index`."""
LONGEST = [
    "index",
    "slots",
    "record_docs",
    "docs",
    "quickstarts",
    "record",
    "record_live",
    "snapshot",
    "bench_runs",
    "importers",
]
"""Groups that take longest, in this order."""


def group(nodeid: str) -> str:
    """What runs in one worker, in its order: a file or, across files, what asks for the same expensive fixture."""
    name = Path(nodeid.split("::")[0]).stem.removeprefix("test_")
    return "index" if name in WITH_INDEX else name


quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "default", max_examples=60, deadline=None, derandomize=True, suppress_health_check=quiet
)
settings.register_profile("thorough", max_examples=20_000, deadline=None, suppress_health_check=quiet)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data to test against, given beside the checkout; the tests that read it skip where it is not."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def toy() -> Snapshot:
    return toys.snapshot()


@pytest.fixture(scope="session")
def toy_tasks() -> list[Task]:
    return toys.tasks()


@pytest.fixture(scope="session")
def travel() -> Snapshot:
    return Snapshot.open("travel")


@pytest.fixture(scope="session")
def index(travel: Snapshot) -> "Index":
    """What synthesis knows of `travel`: ten seconds' work."""
    from tool_orch_env.synth.index import Index

    return Index(travel)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    class ByGroup(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False  # longest first, as collected
    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest groups first, so that no worker is left with one at the end."""
    items.sort(
        key=lambda item: LONGEST.index(name) if (name := group(item.nodeid)) in LONGEST else len(LONGEST)
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where the shared data is there, no test may skip for want of it."""
    if SHARED.is_dir():
        skipped = [report.nodeid for report in terminalreporter.stats.get("skipped", [])]
        if skipped:
            terminalreporter.write_line(
                f"skipped although ../shared/data is there: {', '.join(skipped)}", red=True
            )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if SHARED.is_dir() and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = 1
