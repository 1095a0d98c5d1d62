"""JSON calls: objects or lists of them, one after another.

Each value is decoded where it begins, so a closing marker inside a JSON string does not end the call.
"""

from typing import Any

from ...jsonvalues.decode import json_at
from ..types import ToolCall
from . import key_value, pythonic
from .entry import call_of
from .scan import MAX_CALLS, Scan, Wrapper, name_near, reason, shown, skip_space

_MARKERS = ("<function=", "<function name=", "<invoke name=")


def read(scan: Scan, at: int, wrapper: Wrapper) -> int:
    """JSON calls up to the closer; a list in Python's syntax is read as such."""
    text = scan.text
    start = skip_space(text, at)
    head = text[start : start + 1]
    if head == "[" and (text[skip_space(text, start + 1) : start + 64].lstrip()[:1] or "{").isidentifier():
        return pythonic.read(scan, start, wrapper)
    if head == "`":
        start = _inside_fence(text, start)
    return _values(scan, start, wrapper)


def read_tagged(scan: Scan, at: int, wrapper: Wrapper) -> int:
    """What `<tool_call>` may hold: JSON, `<function=…>`, or a name with keys and values."""
    text = scan.text
    start = skip_space(text, at)
    head = text[start : start + 1]
    if head == "{":
        return _values(scan, start, wrapper)
    if head == "<" and (
        text.startswith(_MARKERS, start)
        or (wrapper.opener == "<tool_calls>" and text.startswith("<tool_call>", start))
    ):
        return start  # the marker inside is read by its own reader
    if head in ("[", "`") or not head:
        return read(scan, start, wrapper)
    if head.isidentifier():
        return key_value.read(scan, start, wrapper)
    return _values(scan, start, wrapper)


def read_name_keyed(scan: Scan, at: int, wrapper: Wrapper) -> int:
    """`[{"f": {arguments}}, …]`, each object with the tool's name as its only key."""
    first = len(scan.found)
    end = _values(scan, skip_space(scan.text, at), wrapper, name_keyed=True)
    if len(scan.found) == first:
        scan.fail(wrapper, "no call in it: expected a list of objects")
    return end


def _inside_fence(text: str, at: int) -> int:
    line_end = text.find("\n", at, at + 32)
    return skip_space(text, line_end) if line_end >= 0 else at


def _values(scan: Scan, start: int, wrapper: Wrapper, name_keyed: bool = False) -> int:
    text, at, closer = scan.text, start, wrapper.closer
    values: list[Any] = []
    try:
        while True:
            if closer and text.startswith(closer, at):
                at += len(closer)
                break
            if at == len(text) or (values and (text[at] not in "{[" or text.startswith("[/", at))):
                if closer and not _may_follow(text, at):
                    raise ValueError(f"expected {closer}, found {shown(text, at)}")
                break
            value, at = json_at(text, at)
            values += value if type(value) is list else [value]
            if len(values) > MAX_CALLS:
                break
            at = skip_space(text, at)
            if text[at : at + 1] in (",", ";") and at < len(text):
                at = skip_space(text, at + 1)
    except ValueError as error:
        scan.fail(wrapper, reason(error), name_near(text, start))
        return scan.after_error(max(start, at), wrapper)
    _add(scan, values, wrapper, name_keyed)
    return at


def _may_follow(text: str, at: int) -> bool:
    """Whether a block without its closer ends here: at the end, a code fence's end, or another marker."""
    return at == len(text) or text[at] in "<`"


def _add(scan: Scan, values: list[Any], wrapper: Wrapper, name_keyed: bool) -> None:
    if not values:
        scan.fail(wrapper, "not JSON: no call in it: expected a JSON object")
    for value in values[: MAX_CALLS + 1]:
        if type(value) is dict and len(value) == (1 if name_keyed else 2):
            if name_keyed:
                ((name, arguments),) = value.items()
            else:
                name, arguments = value.get("name"), value.get("arguments")
            if type(name) is str and type(arguments) is dict:
                scan.found.append(ToolCall(name, arguments))
                continue
        if name_keyed:
            scan.fail(wrapper, 'expected an object such as {"tool name": {arguments}}')
        else:
            scan.found.append(call_of(value, scan.where(wrapper)))
