"""The configuration that docs/trainers.md shows, for tests that give it to the real package."""

from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "trainers.md"


def shown(language: str, word: str) -> str:
    """The one block of the page in a language that has a word in it."""
    blocks = PAGE.read_text().split("```")[1::2]
    [found] = [block for block in blocks if block.startswith(f"{language}\n") and word in block]
    return found.partition("\n")[2]
