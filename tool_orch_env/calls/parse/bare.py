"""Calls without a marker: JSON or a Python list that begins a line, or the inside of a code fence.

What is not meant as a call is text: a JSON answer, the definition of a tool, prose that begins like JSON. What is meant
as a call by its keys and cannot be decoded is kept as a suspect, and becomes a parse error if the message has no call.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ...jsonvalues.decode import json_at
from ..types import ParseError
from . import pythonic
from .entry import call_of, is_call
from .scan import MAX_CALLS, Read, Scan, Wrapper, reason, shown, skip_space
from .typed import offered

_PYTHONIC = re.compile(r"\[\s*([A-Za-z_][\w.\-]*)\s*\(").match
_KEYWORD = re.compile(r"\s*(?:\)|[A-Za-z_]\w{0,255}\s*=(?!=))").match
_CALLS_END = re.compile(r"\)[\s,;]*\]").search
_NAME_KEY = re.compile(r'"(?:tool_)?(?:name|function|tool_calls)"\s*:')
_ARGUMENTS_KEY = re.compile(r'"(?:arguments|parameters)"\s*:')
_CUT = re.compile(
    r'\[?\s*\{\s*(?:"type"\s*:\s*"function"\s*,\s*)?"(?:tool_)?name"\s*:\s*"([^"\\]{1,256})"\s*(?:,\s*"?\w{0,32}\s*)?\Z'
).match
"""A call that is cut off before its arguments."""
_REST = re.compile(r"[ \t]*(?:\r?\n|\Z|<|```)").match
_MORE = re.compile(r"\s*[;,]?\s*(?=[\[{])").match
_MAX_TRIES = 64
"""Places that begin like a call and are none, after which no more are looked at."""
_LIST = Wrapper("[", "", pythonic.read, "call")
_CODE = Wrapper("```tool_code", "```", pythonic.read, "tool_code")


@dataclass(slots=True)
class Bare:
    """The calls without a marker of one text, and the first place that looks like one that cannot be decoded."""

    scan: Scan
    found: list[Read] = field(default_factory=list)
    suspect: tuple[int, str] | None = None
    tries: int = 0

    @property
    def tired(self) -> bool:
        """Whether too many places began like a call and were none."""
        return self.tries >= _MAX_TRIES

    def read(
        self, at: int, label: str = "the message", alone: bool = False, python: bool = True
    ) -> tuple[int, bool]:
        """Where reading continues after a bracket, and whether calls were read.

        `alone`: nothing is before it. `python`: a list in Python's syntax may be calls.
        """
        if self.tired:
            return at + 1, False
        named = _PYTHONIC(self.scan.text, at)
        if named:
            end, found = self._python(at, named, alone) if python else (at + 1, False)
        else:
            end, found = self._json(at, label)
        self.tries += not found
        return end, found

    def code(self, at: int) -> int:
        """Read a `tool_code` block of Gemma: calls one after another."""
        inner = Scan(self.scan.text, self.scan.tools, spent=self.scan.spent)
        end = pythonic.read(inner, at, _CODE)
        self.found += inner.found
        self.scan.spent = inner.spent
        return end

    def failure(self) -> ParseError | None:
        """The parse error of a suspect, if its keys are those of a call."""
        if self.suspect is None:
            return None
        at, why = self.suspect
        named = _NAME_KEY.search(self.scan.text, at)
        if named is None:
            return None
        if _ARGUMENTS_KEY.search(self.scan.text, named.end()) is None and not self._cut_after_name(at):
            return None
        return ParseError("the message", why)

    def _cut_after_name(self, at: int) -> bool:
        """Whether a message ends inside an object that begins with the name of an offered tool."""
        named = _CUT(self.scan.text, at)
        return named is not None and offered(self.scan.tools, named.group(1)) is True

    def _python(self, at: int, named: re.Match[str], alone: bool) -> tuple[int, bool]:
        text, known = self.scan.text, offered(self.scan.tools, named.group(1))
        keyword = _KEYWORD(text, named.end()) is not None
        end = -1 if self.scan.exhausted else pythonic.list_end(text, at)
        self.scan.spent += len(text) - at if end < 0 else 0
        if end < 0 and not (keyword and known is not False) and not alone:
            return at + 1, False
        closed = end >= 0 and (_REST(text, end) is not None)
        if end >= 0 and not closed and not (alone and text[end] == "["):
            return at + 1, False
        if not (keyword or (alone and (closed or end < 0))) or (known is False and not alone):
            return at + 1, False
        if known is False and not keyword:
            return at + 1, False  # a formula, or prose in brackets
        if known is False and end >= 0 and not _CALLS_END(text, max(at, end - 64), end):
            return at + 1, False  # a comprehension
        if end < 0 and not keyword:
            return at + 1, False
        inner = Scan(text, self.scan.tools, spent=self.scan.spent)
        end = pythonic.read(inner, at, _LIST)
        if not closed and not any(isinstance(one, ParseError) for one in inner.found):
            inner.fail(_LIST, f"not a list of calls: found {shown(text, end)} after it")
        self.found += inner.found
        self.scan.spent = inner.spent
        return end, True

    def _json(self, at: int, label: str) -> tuple[int, bool]:
        text = self.scan.text
        try:
            values, end = self._values(at)
        except ValueError as error:
            if self.suspect is None:
                self.suspect = (at, reason(error))
            return at + 1, False
        if not any(is_call(value, self.scan.tools) for value in values):
            return end, False
        if text[end : end + 1] in ("}", "]") and end < len(text):
            self.found.append(
                ParseError(label, f"not JSON: expected the end of the call, found {shown(text, end)}")
            )
            return end + 1, True
        if not _REST(text, end):
            return end, False
        for value in values[: MAX_CALLS + 1]:
            inner = value.get("tool_calls") if isinstance(value, dict) else None
            self.found += [call_of(one, label) for one in (inner if isinstance(inner, list) else [value])]
        return end, True

    def _values(self, at: int) -> tuple[list[Any], int]:
        """The JSON values from a place on, lists opened; more than one only where the first is a call."""
        value, end = json_at(self.scan.text, at)
        values = value if isinstance(value, list) else [value]
        while any(is_call(one, self.scan.tools) for one in values[:1]) and len(values) <= MAX_CALLS:
            more = _MORE(self.scan.text, end)
            if not more:
                break
            value, end = json_at(self.scan.text, more.end())
            values = [*values, *(value if isinstance(value, list) else [value])]
        return values, end


def line_start(text: str, at: int) -> bool:
    """Whether only white space is before a place on its line."""
    while at > 0 and text[at - 1] in " \t":
        at -= 1
    return at == 0 or text[at - 1] in "\r\n"


def ends_message(text: str, at: int) -> bool:
    """Whether only white space and stop tokens follow."""
    at = skip_space(text, at)
    return at == len(text) or text.startswith("<", at)
