"""The quick way to read what most models write most of the time: Hermes blocks after prose or closed reasoning.

It reads only messages whose reading is beyond doubt; for any other it returns `None`, and the full pass of `text` reads
the message from the beginning. A test holds that both read the same.
"""

import re

from ...jsonvalues.decode import json_at
from ..types import ToolCall, Turn
from .scan import MAX_CALLS

_OPEN = "<tool_call>"
_BEFORE = re.compile(r"(?:\s*<think>[^<]*</think>)?[^<\[\]{`]*<tool_call>\s*").match
_BETWEEN = re.compile(r"\s*</tool_call>\s*(?:((?:<\|im_end\|>\s*)?\Z)|<tool_call>\s*(?=\{))").match


def quick_read(text: str) -> Turn | None:
    """The turn of a message that is Hermes blocks and nothing else after its prose."""
    before = _BEFORE(text)
    if before is None:
        return None
    at, calls = before.end(), list[ToolCall]()
    try:
        while text[at] == "{" and len(calls) < MAX_CALLS:
            value, at = json_at(text, at)
            if len(value) != 2 or type(value["name"]) is not str or type(value["arguments"]) is not dict:
                return None
            calls.append(ToolCall(value["name"], value["arguments"]))
            between = _BETWEEN(text, at)
            if between is None:
                return None
            if between[1] is not None:
                return Turn(tuple(calls))
            at = between.end()
    except (ValueError, KeyError, IndexError):
        return None
    return None
