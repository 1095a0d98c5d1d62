"""A tool's name followed by its arguments as JSON, as DeepSeek, Kimi and Mistral write calls."""

import re
from dataclasses import dataclass
from typing import Any

from ...jsonvalues.decode import json_at
from .scan import Scan, Wrapper, reason, shown

_SUFFIX = re.compile(r":\d+$")


@dataclass(frozen=True, slots=True)
class NameJson:
    """`head` matches up to the arguments, with groups `name` and perhaps `id`; `tail` matches what closes a call.

    `expected` names what the head looks for. `functions.f:0` is the tool `f`, and the whole is the call's id.
    """

    head: re.Pattern[str]
    tail: re.Pattern[str]
    expected: str

    def __call__(self, scan: Scan, at: int, wrapper: Wrapper) -> int:
        text = scan.text
        head = self.head.match(text, at)
        if not head:
            scan.fail(wrapper, f"not JSON: expected {self.expected}, found {shown(text, at)}")
            return scan.after_error(at, wrapper)
        given = head.groupdict()
        written = next(value for key, value in given.items() if key.startswith("name") and value)
        name = _SUFFIX.sub("", written.removeprefix("functions."))
        call_id = given.get("id") or (written if written != name else None)
        arguments, end, why = self._arguments(text, head.end())
        if why:
            scan.fail(wrapper, why, name, call_id)
            return scan.after_error(head.end(), wrapper)
        scan.call(name, arguments, call_id)
        return end

    def _arguments(self, text: str, at: int) -> tuple[dict[str, Any], int, str]:
        closed = self.tail.match(text, at)
        if closed and closed.end() > at:
            return {}, closed.end(), ""  # no arguments at all
        try:
            arguments, end = json_at(text, at)
        except ValueError as error:
            return {}, at, reason(error)
        if not isinstance(arguments, dict):
            return {}, at, f"expected an object of arguments, found {type(arguments).__name__}"
        closed = self.tail.match(text, end)
        if not closed:
            return {}, at, f"expected the end of the call after its arguments, found {shown(text, end)}"
        return arguments, closed.end(), ""


def name_json(head: str, tail: str, expected: str) -> NameJson:
    return NameJson(re.compile(head), re.compile(tail), expected)
