"""Text from files and servers as it may be shown."""

import re

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Control characters, lone surrogates, and characters that turn the direction of writing."""


def showable(text: str) -> str:
    """The text without what a terminal would obey, or could not write."""
    return _OBEYED.sub("\N{REPLACEMENT CHARACTER}", text)
