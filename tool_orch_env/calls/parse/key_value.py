"""A name followed by key and value tags, as GLM writes calls.

`<tool_call>f<arg_key>a</arg_key><arg_value>1</arg_value></tool_call>`; values are typed by the tool's schema.
"""

import re
from typing import Any

from .scan import MAX_CALLS, Reader, Scan, Wrapper, quoted, shown, skip_space
from .typed import offered, parameters_of, property_of, typed

_NAME = re.compile(r"\s*([^\s<>{}()\[\]\"'`]{1,256})\s*(?:<tool_sep>)?\s*").match

_MAX_HOPS = 64
"""Closing tags inside one value that are looked at."""


def reader(prefix: str) -> Reader:
    """The reader for tags that begin with a prefix, such as `ifm|` in `<ifm|arg_key>`."""
    tags = tuple(f"<{end}{prefix}{tag}>" for tag in ("arg_key", "arg_value") for end in ("", "/"))

    def read_prefixed(scan: Scan, at: int, wrapper: Wrapper) -> int:
        return _read(scan, at, wrapper, tags)

    return read_prefixed


def _read(scan: Scan, at: int, wrapper: Wrapper, tags: tuple[str, ...]) -> int:
    text = scan.text
    named = _NAME(text, at)
    if not named:
        scan.fail(
            wrapper, f"not JSON: expected a call or a tool's name, found {shown(text, skip_space(text, at))}"
        )
        return scan.after_error(at, wrapper)
    name, at = named.group(1), named.end()
    if not text.startswith((tags[0], wrapper.closer), at) or (
        text.startswith(wrapper.closer, at) and offered(scan.tools, name) is False and not name.isidentifier()
    ):
        scan.fail(wrapper, f"not JSON: expected {tags[0]} or {wrapper.closer}, found {shown(text, at)}", name)
        return scan.after_error(at, wrapper)
    arguments, at, why = _arguments(scan, at, name, wrapper.closer, tags)
    if why:
        scan.fail(wrapper, why, name)
        return scan.after_error(at, wrapper)
    scan.call(name, arguments)
    return at


def _arguments(
    scan: Scan, at: int, name: str, closer: str, tags: tuple[str, ...]
) -> tuple[dict[str, Any], int, str]:
    """The arguments, where reading stopped, and what was wrong there ("" if nothing)."""
    text, found = scan.text, dict[str, Any]()
    key_open, key_close, value_open, value_close = tags
    schema = parameters_of(scan.tools, name)
    while not text.startswith(closer, at):
        key_end = scan.find(key_close, at)
        if not text.startswith(key_open, at) or key_end < 0:
            return found, at, f"expected {key_open} or {closer}, found {shown(text, at)}"
        key = text[at + len(key_open) : key_end].strip()
        at = skip_space(text, key_end + len(key_close))
        if not text.startswith(value_open, at):
            return found, at, f"expected {value_open}, found {shown(text, at)}"
        start = at + len(value_open)
        ended = _value_end(scan, start, closer, tags)
        if ended is None or key in found or len(found) > MAX_CALLS:
            why = f"argument {quoted(key)} "
            return (
                found,
                start,
                why + (f"is cut off: expected {value_close}" if ended is None else "is given twice"),
            )
        found[key] = typed(text[start : ended[0]], property_of(schema, key, schema), schema)
        at = ended[1]
    return found, at + len(closer), ""


def _value_end(scan: Scan, start: int, closer: str, tags: tuple[str, ...]) -> tuple[int, int] | None:
    """Where a value ends: at the first closing tag that another argument or the call's end comes after."""
    text, (key_open, key_close, value_open, value_close) = scan.text, tags
    end, stop = scan.find(value_close, start), scan.find(closer, start)
    for _ in range(_MAX_HOPS):
        another = min(
            (at for at in (scan.find(key_close, stop), scan.find(value_open, stop)) if at >= 0), default=end
        )
        if end < 0 or 0 <= stop < another < end:
            return None if stop < 0 else (stop, stop)  # the last value is not closed, the call is
        after = skip_space(text, end + len(value_close))
        if text.startswith((key_open, closer), after):
            return end, after
        end = text.find(value_close, end + len(value_close))
    return None


read = reader("")
