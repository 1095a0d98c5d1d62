"""The report, in a real browser: Debian's Chromium, driven by Playwright, with the network off."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tool_orch_env.bench.report import page
from tool_orch_env.bench.run_log import RunError
from tool_orch_env.cli.main import main
from tool_orch_env.snapshot import load_tasks

IDS = [task.id for task in load_tasks("travel", "handmade")]
TASKS = len(IDS)

POLICY = '''
import json

def mixed(messages, tools):
    """Starts with a call that breaks the schema, writes markup, and ends; some tasks it breaks off."""
    request = messages[1]["content"]
    if len(request) % 7 == 0:
        raise RuntimeError("no <b>idea</b>")
    said = sum(message["role"] == "assistant" for message in messages)
    if said == 0:
        name = tools[0]["function"]["name"]
        return {"content": "first", "tool_calls": [{"function": {"name": name, "arguments": '{"no_such": 1}'}}]}
    return "</script><script>document.title = 'broken in'</script><img src=x onerror=alert(1)>"
'''


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with their reports: oracle, a mixed policy, a cheat twice, and another protocol."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "report_policy.py").write_text(POLICY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        for name, policy, more in (
            ("oracle", "oracle", []),
            ("mixed", "python:report_policy:mixed", []),
            ("once", "once_per_function", ["--trials", "2"]),
            ("cfb", "oracle", ["--protocol", "cfb-offline"]),
        ):
            assert (
                main(
                    [
                        "bench",
                        "--policy",
                        policy,
                        "--tasks",
                        "travel:handmade",
                        "--out",
                        str(folder / name),
                        *more,
                    ]
                )
                == 0
            )
            assert main(["report", str(folder / name)]) == 0
    return folder


@pytest.fixture(scope="module")
def browser(runs: Path) -> Iterator[Any]:  # after the runs: Playwright keeps an event loop in this thread
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def look(browser: Any, runs: Path) -> Iterator[Any]:
    """Opens the report of a run; fails on any request beyond the file, and on any error in the console."""
    context = browser.new_context(offline=True)
    tab = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))

    def opened(run: str, fragment: str = "") -> Any:
        tab.goto(f"file://{runs / run / 'report.html'}{fragment}")
        return tab

    yield opened
    context.close()
    assert all(url.startswith("file://") for url in asked) and not errors, (asked, errors)


def test_the_page_shows_figures_and_the_first_episode(look: Any) -> None:
    tab = look("oracle")
    assert "oracle" in tab.title() and f"{TASKS} of {TASKS}" in tab.inner_text("#count")
    assert tab.locator("svg.interval").count() > 10
    states = tab.locator("#dag g").evaluate_all("all => all.map(g => g.dataset.state)")
    assert states and set(states) == {"exact"}
    assert tab.locator("section.turn").count() >= 2 and tab.locator("#rewards rect").count() >= 2


def test_a_link_leads_to_an_episode_and_a_click_to_another(look: Any) -> None:
    tab = look("once", f"#episode={IDS[2]}/1")
    assert tab.inner_text("#episode h3 >> nth=0") == f"{IDS[2]} · 1"
    states = tab.locator("#dag g").evaluate_all("all => all.map(g => g.dataset.state)")
    assert "missing" in states and "exact" in states
    tab.click("#list a >> nth=4")
    assert tab.url.endswith(f"#episode={IDS[2]}/0") and "· 0" in tab.inner_text("#episode h3 >> nth=0")


def test_episodes_are_filtered_by_outcome_error_domain_and_words(look: Any) -> None:
    tab = look("mixed")
    whole = tab.locator("#list a").count()
    tab.select_option("#outcome", "won")
    assert tab.locator("#list a").count() == 0
    tab.select_option("#outcome", "")
    tab.select_option("#stop", "policy_error")
    broken = tab.locator("#list a.broken").count()
    assert 0 < broken == tab.locator("#list a").count() < whole == TASKS
    tab.select_option("#stop", "")
    tab.select_option("#domain", "flights")
    assert 0 < tab.locator("#list a").count() < whole
    tab.select_option("#domain", "")
    tab.fill("#words", IDS[6])
    assert tab.locator("#list a").count() == 1
    tab.fill("#words", "")
    tab.select_option("#error", "missing_call")
    assert tab.locator("#list a").count() > 0


def test_violations_are_shown_and_nothing_a_model_wrote_becomes_markup(look: Any) -> None:
    tab = look("mixed")
    assert tab.title() == "mixed: python:report_policy:mixed"
    tab.select_option("#error", "missing_call")
    tab.select_option("#stop", "answered")
    tab.click("#list a >> nth=0")
    assert "no_such" in tab.inner_text("#episode .call >> nth=0")
    assert "required" in tab.inner_text("#episode .violation >> nth=0")
    assert "</script><script>" in tab.inner_text("#episode .answer")
    assert tab.locator("#episode img").count() == 0
    tab.select_option("#stop", "policy_error")
    tab.click("#list a >> nth=0")
    assert "no <b>idea</b>" in tab.inner_text("#episode .violation")


def test_the_page_names_nothing_beyond_itself(runs: Path) -> None:
    text = page(runs / "mixed")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?!#)[^"'\s>]""", text.split('id="data">')[0])
    [embedded] = re.findall(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert len(json.loads(embedded)["episodes"]) == TASKS


def test_the_reports_of_cfb_offline_say_that_they_are_not_the_published_table(runs: Path) -> None:
    text = page(runs / "cfb")
    assert "not comparable with the published table" in text and "strict success" in text


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        page(tmp_path)
    assert main(["report", str(tmp_path)]) == 2


def test_a_run_that_has_just_begun_has_a_report(runs: Path, tmp_path: Path) -> None:
    for name in ("manifest.json", "tasks.jsonl"):
        shutil.copy(runs / "oracle" / name, tmp_path / name)
    assert "0 episodes" in page(tmp_path)
