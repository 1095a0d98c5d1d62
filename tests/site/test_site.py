"""The built docs site: nothing is fetched from another host, every page fits a telephone, every public name is there.

`make docs` builds it into build/site before it runs these tests.
"""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
SITE = ROOT / "build" / "site"
PAGES = sorted(SITE.rglob("*.html"))
_OUTSIDE = re.compile(r"(?i)(?:url\(\s*|@import\s+)[\"']?(?:https?:)?//[^\"')]+")
_MEMBERS = re.compile(r"^::: (\S+)(?:\n    options:\n      members: \[(.+)\])?", re.MULTILINE)


class _Fetched(HTMLParser):
    """Collects what a browser fetches of a page without a click."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.urls += [given[name] or "" for name in ("src", "srcset", "poster", "data") if name in given]
        if tag == "link" and given.get("rel") not in ("canonical", "prev", "next"):
            self.urls.append(given.get("href") or "")


def test_the_site_is_built() -> None:
    assert len(PAGES) > 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SITE)))
def test_a_page_names_no_other_host_to_fetch_from(page: Path) -> None:
    text = page.read_text()
    fetched = _Fetched()
    fetched.feed(text)
    assert [url for url in fetched.urls if re.match(r"[a-z]+:|//", url)] == []
    assert _OUTSIDE.findall(text) == []


def test_styles_and_pictures_name_no_other_host_to_fetch_from() -> None:
    files = [*SITE.rglob("*.css"), *SITE.rglob("*.svg")]
    assert len(files) > 5
    for file in files:
        text = file.read_text()
        assert _OUTSIDE.findall(text) == [], file
        assert re.findall(r"<(?:image|use|script)[^>]*href=\"https?:", text) == [], file


def test_every_public_name_is_in_the_reference() -> None:
    for page in (ROOT / "docs" / "reference").glob("*.md"):
        shown = (SITE / "reference" / page.name).with_suffix(".html").read_text()
        for module, members in _MEMBERS.findall(page.read_text()):
            for name in members.split(", ") if members else [""]:
                assert f'id="{module}{"." * bool(name)}{name}"' in shown, f"{page.name}: {module} {name}"


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *what: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


def test_every_page_fits_a_telephone_and_asks_no_other_host(browser: Any, served: str) -> None:
    tab = browser.new_page(viewport={"width": 420, "height": 900})
    asked: list[str] = []
    wrong: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    for page in PAGES:
        tab.goto(f"{served}/{page.relative_to(SITE)}")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 420, page
    assert [url for url in asked if not url.startswith((served, "data:"))] == []
    assert wrong == []
    tab.close()


def test_the_search_finds_a_page(browser: Any, served: str) -> None:
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.goto(f"{served}/index.html")
    tab.fill("input.md-search__input", "derivations")
    tab.wait_for_selector(".md-search-result__item a[href*='snapshot.html']")
    tab.close()


def test_the_prompt_of_a_console_is_not_copied(browser: Any, served: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{served}/quickstarts/train.html")
    tab.locator("button.md-code__button").first.click()
    tab.wait_for_function("navigator.clipboard.readText().then(text => text.startsWith('pip install'))")
    context.close()
