"""Links of pages as the docs site needs them, and what a strict build refuses."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
URL = "https://example.com/owner/repository"


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = spec_from_file_location("site_links", ROOT / ".ci" / "site_links.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("page", "text", "shown"),
    [
        ("slots.md", "[examples/ppo_slots.py](../examples/ppo_slots.py)", "`examples/ppo_slots.py`"),
        ("trainers.md", "[toml](../examples/trainers/verifiers.toml)", "`examples/trainers/verifiers.toml`"),
        ("snapshot.md", "[limits](../CONTRIBUTING.md#data)", "[limits](contributing.md#data)"),
        (
            "snapshot.md",
            "[listed\nlimits](../cache_snapshots/recipes/travel/README.md#limits)",
            "listed\nlimits (`cache_snapshots/recipes/travel/README.md`)",
        ),
        ("changelog.md", "[the reward](docs/reward.md#why)", "[the reward](reward.md#why)"),
        ("contributing.md", "[records](docs/decisions)", "[records](decisions/README.md)"),
        ("decisions/0009-messages.md", "[a](../notes/requests.md)", "[a](../notes/requests.md)"),
    ],
)
def test_links_stay_in_the_site_or_become_the_path_of_a_file(
    hook: ModuleType, page: str, text: str, shown: str
) -> None:
    assert hook.rewritten(text, page, None) == shown


def test_links_out_of_the_site_lead_into_the_repository_if_it_is_named(hook: ModuleType) -> None:
    text = "[limits](../cache_snapshots/recipes/travel/README.md#limits), [examples](../examples)"
    assert hook.rewritten(text, "snapshot.md", URL) == (
        f"[limits]({URL}/blob/HEAD/cache_snapshots/recipes/travel/README.md#limits), "
        f"[examples]({URL}/tree/HEAD/examples)"
    )


def test_code_pictures_and_links_to_other_hosts_are_left_alone(hook: ModuleType) -> None:
    text = (
        "```md\n[a](../examples)\n```\n`[b](../examples)` ![c](train.png) [d](https://example.com) [e](#f)\n"
    )
    assert hook.rewritten(text, "train.md", URL) == text


def test_bars_in_the_code_of_a_table_are_written_without_a_backslash(hook: ModuleType) -> None:
    text = "| a \\| b | `<\\|call\\|>` | ```` ```\\| ```` |\n\n`\\|`\n"
    assert hook.rewritten(text, "messages.md", None) == (
        "| a \\| b | `<|call|>` | ```` ```| ```` |\n\n`\\|`\n"
    )


def test_a_strict_build_refuses_broken_links_broken_anchors_and_orphans(tmp_path: Path) -> None:
    pages = {
        "index.md": "# Start\n\n[a](other.md#there) [b](nowhere.md) [c](../nofile.py)\n",
        "other.md": "# Other\n\n## Here\n",
        "orphan.md": "# Orphan\n",
    }
    (tmp_path / "docs").mkdir()
    for name, text in pages.items():
        (tmp_path / "docs" / name).write_text(text)
    (tmp_path / "mkdocs.yml").write_text(
        f"INHERIT: {ROOT / 'mkdocs.yml'}\n"
        f"hooks: [{ROOT / '.ci' / 'site_links.py'}]\n"
        "nav: [index.md, other.md, changelog.md, contributing.md, security.md]\n"
        "plugins: []\n"
    )
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    for part in ("#there", "'nowhere.md'", "../nofile.py leads nowhere", "orphan.md"):
        assert part in done.stderr, done.stderr
