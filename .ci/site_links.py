"""The text of pages as the docs site needs it, a hook of MkDocs (`hooks` in mkdocs.yml).

The pages are written for the repository: their links to examples, recipes and other files outside of docs/ work there.
On the site such a link becomes a link into the repository that `project.urls.Repository` of pyproject.toml names, or
the file's path as code where no repository is named. Files of the repository's root that are pages of the site
(`ROOT_PAGES`) are read from where they are. A link that leads nowhere is a warning, which a strict build refuses.

In a table, GitHub reads `\\|` in code as `|`, and Python-Markdown reads `|` as it is.
"""

import logging
import posixpath
import re
import tomllib
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
ROOT_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Files of the repository's root, and the page of the site that each becomes."""

_LOG = logging.getLogger("mkdocs.hooks.site_links")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"`[^`\n]*`(?!\])|(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<target>[^()\s]+)\)")
_ROW = re.compile(r"^\|.*", re.MULTILINE)
_CODE = re.compile(r"(`+).+?(?<!`)\1(?!`)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, page in ROOT_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return rewritten(markdown, page.file.src_uri, repository())


def repository() -> str | None:
    """The URL of the repository, `None` where pyproject.toml names none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    url = project.get("urls", {}).get("Repository")
    return None if url is None else url.rstrip("/")


def rewritten(markdown: str, page: str, url: str | None) -> str:
    """The text of a page with its links as the site needs them. `page` is its path in the site."""
    shown, end = [], 0
    for fence in _FENCE.finditer(markdown):
        shown += [_linked(markdown[end : fence.start()], page, url), fence.group()]
        end = fence.end()
    return "".join([*shown, _linked(markdown[end:], page, url)])


def _linked(text: str, page: str, url: str | None) -> str:
    text = _ROW.sub(lambda row: _CODE.sub(lambda code: code.group().replace(r"\|", "|"), row.group()), text)
    return _LINK.sub(lambda link: _link(link, page, url) if link["target"] else link.group(), text)


def _link(link: re.Match[str], page: str, url: str | None) -> str:
    text, target = link["text"], link["target"]
    path, mark, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link.group()
    source = {site: name for name, site in ROOT_PAGES.items()}.get(page, f"docs/{page}")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    inside = _in_site(place)
    if inside is not None:
        return f"[{text}]({posixpath.relpath(inside, posixpath.dirname(page) or '.')}{mark}{anchor})"
    if not (ROOT / place).exists():
        _LOG.warning("%s: the link to %s leads nowhere", source, target)
        return link.group()
    if url is not None:
        kind = "tree" if (ROOT / place).is_dir() else "blob"
        return f"[{text}]({url}/{kind}/HEAD/{place}{mark}{anchor})"
    return f"`{place}`" if place.endswith(text.strip("`")) else f"{text} (`{place}`)"


def _in_site(place: str) -> str | None:
    """The path in the site of a file of the repository, `None` where it is not part of the site."""
    if place in ROOT_PAGES:
        return ROOT_PAGES[place]
    if not place.startswith("docs/"):
        return None
    return (
        f"{place}/README.md".removeprefix("docs/") if (ROOT / place).is_dir() else place.removeprefix("docs/")
    )
