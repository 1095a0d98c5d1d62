"""Harmony, the format of gpt-oss: messages with a channel, and calls addressed to a recipient.

`<|channel|>commentary to=functions.f <|constrain|>json<|message|>{…}<|call|>`; the recipient may stand before the
channel. The analysis channel is reasoning; commentary and final without a recipient are text.
"""

import re
from dataclasses import dataclass

from ...jsonvalues.decode import json_at
from .scan import Scan, Wrapper, reason, shown, skip_space

_MESSAGE = "<|message|>"
_ENDS = ("<|end|>", "<|call|>", "<|return|>", "<|start|>", "<|channel|>")
_HEADER = 400
"""Characters of a header, at most."""
_BEFORE = re.compile(r"(?:\A|\s)to=([\w.\-]{1,256})\s*\Z")
_RECIPIENT = re.compile(r"\bto=([\w.\-]{1,256})")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w{1,64})")
_TEXT_RECIPIENTS = ("assistant", "user", "all")
LABEL = Wrapper("<|channel|>", "<|call|>", lambda scan, at, _: at, "channel")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: whether its body is text to show, and where body and message end."""

    shown: bool
    body: int
    end: int


def read(scan: Scan, before: str, at: int, end: int) -> Message:
    """Read the message whose header begins at `at` with a marker that ends at `end`; `before` is the text before it."""
    body = scan.find(_MESSAGE, end)
    header = scan.text[at : body if 0 <= body < end + _HEADER else end + _HEADER]
    recipient = _recipient(before, header)
    if body < 0 or body > end + _HEADER or "<|end|>" in header:
        if not recipient:
            if body < 0 and at + len(header) == len(scan.text) and header.endswith("to="):
                scan.fail(LABEL, "cut off: expected a recipient")
            return Message(False, end, end)
        name = recipient.removeprefix("functions.")
        scan.fail(
            LABEL, f"expected {_MESSAGE} and JSON after the header, found {shown(scan.text, end)}", name
        )
        after = [place for place in (scan.find("<|end|>", end), scan.find("<|start|>", end)) if place >= 0]
        stop = min(after, default=len(scan.text))
        return Message(False, stop, stop)
    body += len(_MESSAGE)
    if recipient:
        return Message(False, body, _call(scan, body, recipient))
    channel = _CHANNEL.search(header)
    ends = [place for place in (scan.find(token, body) for token in _ENDS) if place >= 0]
    stop = min(ends, default=len(scan.text))
    return Message(not channel or channel.group(1) != "analysis", body, stop)


def _recipient(before: str, header: str) -> str | None:
    found = _RECIPIENT.search(header.partition("<|end|>")[0]) if "to=" in header else None
    if found is None and "to=" in before:
        found = _BEFORE.search(before)
    name = found.group(1) if found else None
    return None if name in _TEXT_RECIPIENTS else name


def _call(scan: Scan, body: int, recipient: str) -> int:
    name = recipient.removeprefix("functions.")
    start = skip_space(scan.text, body)
    if scan.text.startswith("<|call|>", start):
        scan.call(name, {})
        return start
    if scan.text.startswith("<", start) and not scan.text.startswith("<|", start):
        return start  # Muse writes a call of another syntax after the same header
    try:
        arguments, end = json_at(scan.text, start)
    except ValueError as error:
        scan.fail(LABEL, reason(error), name)
        return scan.after_error(body, LABEL)
    after = skip_space(scan.text, end)
    if not isinstance(arguments, dict) or (after < len(scan.text) and scan.text[after] != "<"):
        scan.fail(
            LABEL, f"expected an object of arguments and <|call|>, found {shown(scan.text, after)}", name
        )
        return scan.after_error(end, LABEL)
    scan.call(name, arguments)
    return after
