"""The report, in a real browser: Debian's Chromium, driven by Playwright, with the network off."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tool_orch_env.bench.report import marked, page
from tool_orch_env.bench.run_log import RunError
from tool_orch_env.cli.main import main
from tool_orch_env.snapshot import load_tasks

TASK = {task.id: task for task in load_tasks("travel", "handmade")}
IDS = list(TASK)
TASKS = len(IDS)

WRONG, SILENT = "travel-handmade-008", "travel-handmade-002"
POLICY = '''
import json
from tool_orch_env.answers.oracle import oracle_answer
from tool_orch_env.snapshot import load_tasks

TASKS = {task.request: task for task in load_tasks("travel", "handmade")}
ANSWERS = {
    "travel-handmade-008": "📍 In the country of Porto, the capital is **Lisbon** and the population 12.5 million.\\n"
    "In the country of Kraków, the capital is not Warsaw. <img src=x onerror=alert()>",
}

def misstates(messages, tools):
    """Makes every golden call; one answer states a fact, gets one wrong, denies one and leaves one out."""
    task = next(task for request, task in TASKS.items() if request in messages[1]["content"])
    said = sum(message["role"] == "assistant" for message in messages)
    if said == len(task.layers):
        return ANSWERS.get(task.id, oracle_answer(task))
    if task.id == "travel-handmade-002":
        raise RuntimeError("no answer")
    calls = [{"name": call.tool, "arguments": json.dumps(call.arguments)} for call in task.layers[said]]
    return {"content": "", "tool_calls": [{"function": call} for call in calls]}

def mixed(messages, tools):
    """Starts with a call that breaks the schema, writes markup, and ends; some tasks it breaks off."""
    request = messages[1]["content"]
    if len(request) % 7 == 0:
        raise RuntimeError("no <b>idea</b>")
    said = sum(message["role"] == "assistant" for message in messages)
    if said == 0:
        name = tools[0]["function"]["name"]
        arguments = json.dumps({"no_such": "long" * 30})
        return {"content": "first", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]}
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
            ("misstates", "python:report_policy:misstates", []),
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


def test_the_header_says_what_was_run_and_what_came_out(look: Any) -> None:
    tab = look("once")
    assert re.search(r"\d+\.\d % success", tab.inner_text(".headline"))
    about = tab.inner_text(".about")
    for words in ("travel:handmade", "2 trials each", "native", "temperature 0.0", f"{date.today().year}-"):
        assert words in about, words


def test_episodes_show_their_request_and_why_they_failed_and_can_be_sorted(look: Any) -> None:
    tab = look("misstates")
    rows = tab.locator("#list a").all_inner_texts()
    [wrong] = [row for row in rows if row.startswith(WRONG)]
    assert TASK[WRONG].request[:40] in wrong and "facts refused: " in wrong
    assert "policy error" in next(row for row in rows if row.startswith(SILENT))
    tab = look("once")
    tab.select_option("#order", "score")
    scores = [float(text) for text in tab.locator("#list .mono").all_inner_texts()]
    assert scores == sorted(scores) and scores[0] < scores[-1]
    tab.select_option("#order", "task")
    assert tab.inner_text("#list a >> nth=0").startswith(IDS[0])


def test_a_missing_call_shows_the_arguments_that_were_expected(look: Any) -> None:
    tab = look("once", f"#episode={IDS[2]}/0")
    missing = [row for row in tab.locator("#expected tbody tr").all_inner_texts() if "missing" in row]
    wanted = [
        json.dumps(call.arguments, separators=(",", ":"), ensure_ascii=False) for call in TASK[IDS[2]].golden
    ]
    assert missing and all(any(one in row for one in wanted) for row in missing)
    assert look("oracle").locator("#expected").count() == 0


@pytest.mark.parametrize("run", ["oracle", "once", "misstates", "mixed", "cfb"])
def test_a_narrow_page_does_not_scroll_sideways(look: Any, run: str) -> None:
    tab = look(run)
    tab.set_viewport_size({"width": 420, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 420


def test_a_refused_fact_is_found_with_one_click_and_marked_in_the_answer(look: Any) -> None:
    tab = look("misstates")
    assert "facts refused (1)" in tab.inner_text("#outcome")
    tab.click("#refused")
    assert tab.locator("#list a").count() == 1 and tab.inner_text("#episode h3 >> nth=0") == WRONG
    assert tab.locator(".answer mark.counted").all_inner_texts() == ["Lisbon"]
    assert tab.locator(".answer mark.refused").all_inner_texts() == ["12.5 million", "Warsaw"]
    assert "📍" in tab.inner_text(".answer") and "<img src=x" in tab.inner_text(".answer")
    assert tab.locator("#episode img").count() == 0
    rows = tab.locator("table.facts tbody tr").all_inner_texts()
    assert [row.split("\t") for row in rows] == [
        ["capital_of_the_country_of_porto", "Lisbon", "Lisbon", "1", ""],
        [
            "population_of_the_country_of_porto",
            "10281762 ± 500000",
            "12.5 million",
            "0",
            "states '12.5 million'",
        ],
        ["capital_of_the_country_of_kraków", "Warsaw", "Warsaw", "0", "denied"],
        ["population_of_the_country_of_kraków", "37978548 ± 500000", "–", "0", "not stated"],
    ]


def test_an_episode_without_an_answer_has_its_facts_too(look: Any) -> None:
    tab = look("misstates", f"#episode={SILENT}/0")
    assert "8.596" in tab.inner_text("table.facts") and "no final answer" in tab.inner_text("table.facts")
    assert tab.locator("#episode mark").count() == 0


def test_a_run_from_before_readings_were_kept_still_opens(runs: Path, look: Any) -> None:
    old = runs / "old"
    old.mkdir()
    for name in ("manifest.json", "tasks.jsonl"):
        shutil.copy(runs / "misstates" / name, old / name)
    records = [json.loads(line) for line in (runs / "misstates" / "episodes.jsonl").read_text().splitlines()]
    for record in records:
        del record["result"]["facts"]
    (old / "episodes.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert main(["report", str(old)]) == 0
    tab = look("old", f"#episode={WRONG}/0")
    assert "bench rescore" in tab.inner_text("table.facts") and tab.locator("#episode mark").count() == 0
    assert "facts refused (1)" in tab.inner_text("#outcome")
    assert main(["bench", "rescore", str(old)]) == 0
    assert (old / "episodes.jsonl").read_bytes() == (runs / "misstates" / "episodes.jsonl").read_bytes()


def test_a_piece_of_an_answer_is_refused_if_one_of_its_facts_is() -> None:
    readings = [
        {"name": "first", "share": 1.0, "span": [3, 9]},
        {"name": "second", "share": 0.5, "span": [3, 5]},
        {"name": "third", "share": 0.0, "span": [0, 0]},
    ]
    assert marked("At 10:20 h.", readings) == [
        ("At ", "", ""),
        ("10", "refused", "first, second"),
        (":20 ", "counted", "first"),
        ("h.", "", ""),
    ]
    assert marked("", []) == []


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
    # the page draws it after the click
    tab.locator("#episode .violation", has_text="no <b>idea</b>").wait_for()


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
