"""Fixtures shared by all tests, Hypothesis profiles, and the rule that nothing skips in silence."""

import os
from pathlib import Path

import pytest
import toy as toys
from hypothesis import HealthCheck, settings

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import Task

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"

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
