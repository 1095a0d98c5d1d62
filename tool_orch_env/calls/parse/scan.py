"""What every syntax reader shares: the text being read, the calls found so far, and where to go on after an error."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..types import ParseError, ToolCall

MAX_TEXT = 1 << 20
"""Characters of a message that are read; a longer message is one parse error."""
MAX_CALLS = 256
"""Calls of a message that are read; the others become one parse error."""
_MAX_NAME = 256
_MAX_VAIN = 3
"""How many times its own length of a text is searched in vain for closing brackets."""

Read = ToolCall | ParseError
Reader = Callable[["Scan", int, "Wrapper"], int]
"""Reads what follows the opener at a position, adds to `Scan.found`, returns where scanning continues."""

_space = re.compile(r"\s*").match
_NAME_NEAR = re.compile(r'"(?:tool_)?name"\s*:\s*"([^"\\]{1,128})"')


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A marker that opens a call or a section of calls, what closes it ("" if nothing), and the reader."""

    opener: str
    closer: str
    read: Reader
    label: str

    def __call__(self, scan: "Scan", at: int) -> int:
        return self.read(scan, at, self)


@dataclass(slots=True)
class Scan:
    """One text being read. `found` holds calls and parse errors in the order of the text.

    `spent` counts the characters that were looked at in vain for a closing bracket.
    """

    text: str
    tools: Any = None
    found: list[Read] = field(default_factory=list)
    spent: int = 0
    _next: dict[str, tuple[int, int]] = field(default_factory=dict)

    def find(self, token: str, at: int) -> int:
        """`text.find(token, at)`, remembered: asking again and again as `at` grows costs one pass in all."""
        asked, place = self._next.get(token, (len(self.text) + 1, -1))
        if asked <= at and (place >= at or place < 0):
            return place
        place = self.text.find(token, at)
        self._next[token] = (at, place)
        return place

    @property
    def exhausted(self) -> bool:
        """Whether so much was looked at in vain that no more closing brackets are looked for."""
        return self.spent > _MAX_VAIN * len(self.text)

    def where(self, wrapper: Wrapper) -> str:
        return f"{wrapper.label} {len(self.found)}"

    def call(self, name: str, arguments: dict[str, Any], call_id: str | None = None) -> None:
        self.found.append(ToolCall(name, arguments, call_id if is_id(call_id) else None))

    def fail(self, wrapper: Wrapper, why: str, name: str | None = None, call_id: str | None = None) -> None:
        call_id = call_id if is_id(call_id) else None
        name = name[:_MAX_NAME] if name else None
        self.found.append(ParseError(self.where(wrapper), why, call_id, name))

    def after_error(self, at: int, wrapper: Wrapper) -> int:
        """Where scanning continues after an error: behind the closer, or at a marker that comes before it."""
        places = [self.find(token, at) for token in (wrapper.opener, "</think>", "</function>")]
        closer = self.find(wrapper.closer, at) if wrapper.closer else -1
        if closer >= 0:
            places.append(closer + len(wrapper.closer))
        return min([place for place in places if place >= 0], default=len(self.text))


def skip_space(text: str, at: int) -> int:
    found = _space(text, at)
    return found.end() if found else at


def shown(text: str, at: int) -> str:
    """The beginning of what is found at a place, for an error; at most 120 characters."""
    return ascii(text[at : at + 24])[:120] if at < len(text) else "the end of the message"


def quoted(name: str) -> str:
    """A name from the message in quotation marks, for an error; at most 80 characters."""
    return repr(name[:64])[:80]


def reason(error: Exception) -> str:
    """Why JSON could not be decoded, in at most 170 characters."""
    return f"not JSON: {str(error)[:160]}"


def name_near(text: str, at: int) -> str | None:
    """The tool's name in a JSON call that cannot be decoded, if it can be made out."""
    found = _NAME_NEAR.search(text, at, at + 400)
    return found.group(1) if found else None


def is_id(value: Any) -> bool:
    """Whether a chat API could have assigned this id: short, and fit for UTF-8."""
    return value is None or (isinstance(value, str) and len(value) <= 256 and value.isprintable())
