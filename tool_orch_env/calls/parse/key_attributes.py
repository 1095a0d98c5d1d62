"""Kimi-K3's calls: elements between `<|open|>` and `<|close|>`, each argument with its key and type.

`<|open|>call tool="f"<|sep|><|open|>argument key="a" type="number"<|sep|>1<|close|>argument<|sep|><|close|>call<|sep|>`
"""

import re
from typing import Any

from ...jsonvalues.decode import parse_json
from .scan import MAX_CALLS, Scan, Wrapper, quoted, reason, shown, skip_space

_CALL = re.compile(r'\s*"([^"<>\n]{1,256})"[^<>\n]{0,256}<\|sep\|>\s*').match
_ARGUMENT = re.compile(
    r'<\|open\|>argument key="([^"<>\n]{1,256})"(?: type="(\w{1,32})")?[^<>\n]{0,256}<\|sep\|>'
).match
_ARGUMENT_END = "<|close|>argument<|sep|>"
_CALL_END = "<|close|>call<|sep|>"
_MAX_HOPS = 64
"""Ends inside one value that are looked at."""


def read(scan: Scan, at: int, wrapper: Wrapper) -> int:
    """Read one call whose opening tag has been read up to `tool=`."""
    named = _CALL(scan.text, at)
    if not named:
        scan.fail(wrapper, f"expected a tool's name and <|sep|>, found {shown(scan.text, at)}")
        return scan.after_error(at, wrapper)
    arguments, at, why = _arguments(scan, named.end())
    if why:
        scan.fail(wrapper, why, named.group(1))
        return scan.after_error(at, wrapper)
    scan.call(_unescaped(named.group(1)), arguments)
    return at


def _unescaped(attribute: str) -> str:
    return attribute.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _value_end(scan: Scan, start: int) -> int:
    """Where a value ends: at the first end that another argument or the call's end comes after; -1 if nowhere."""
    end = scan.find(_ARGUMENT_END, start)
    for _ in range(_MAX_HOPS):
        after = skip_space(scan.text, end + len(_ARGUMENT_END))
        if end < 0 or scan.text.startswith(("<|open|>argument key=", _CALL_END), after):
            return end
        end = scan.text.find(_ARGUMENT_END, end + len(_ARGUMENT_END))
    return -1


def _arguments(scan: Scan, at: int) -> tuple[dict[str, Any], int, str]:
    """The arguments, where reading stopped, and what was wrong there ("" if nothing)."""
    text, found = scan.text, dict[str, Any]()
    while not text.startswith(_CALL_END, at):
        opened = _ARGUMENT(text, at)
        if not opened:
            return found, at, f"expected <|open|>argument or {_CALL_END}, found {shown(text, at)}"
        key, kind = _unescaped(opened.group(1)), opened.group(2)
        end = _value_end(scan, opened.end())
        if end < 0 or key in found or len(found) > MAX_CALLS:
            why = f"argument {quoted(key)} is "
            return (
                found,
                opened.end(),
                why + ("given twice" if end >= 0 else f"cut off: expected {_ARGUMENT_END}"),
            )
        raw = text[opened.end() : end]
        try:
            found[key] = raw if kind in ("string", None) else parse_json(raw)
        except ValueError as error:
            return found, end, f"argument {quoted(key)} is {reason(error)}"
        at = skip_space(text, end + len(_ARGUMENT_END))
    return found, at + len(_CALL_END), ""
