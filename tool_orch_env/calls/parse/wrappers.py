"""The table of markers that open calls, and the few syntaxes inside them.

A section only announces calls: it is an error if none follows before it ends. Everything else opens one call, or a run
of calls in one syntax.
"""

import re
from collections.abc import Iterator

from . import json_values, key_attributes, key_value, name_json, pythonic, tag_tree, xml_parameters
from .braces import Braces
from .scan import Reader, Scan, Wrapper, shown, skip_space

_SEPARATED = tag_tree.SEPARATOR
_DIALECTS = ("｜DSML｜", "｜DSML｜ ", "|DSML|", "｜GCML｜")
"""Prefixes of tags in the XML dialects of DeepSeek and GigaChat, whose values keep their line breaks."""

_DEEPSEEK = name_json.name_json(
    r"\s*(?:function<[｜|]tool▁sep[｜|]>(?P<name_1>[^\s<`{]{1,256})\s*(?:```(?:json)?\s*)?"
    r"|(?P<name_2>[^\s<`{]{1,256})<[｜|]tool▁sep[｜|]>\s*(?:```(?:json)?\s*)?)",
    r"\s*(?:```\s*)?(?:<[｜|]tool▁call▁end[｜|]>|\Z)",
    "a tool's name, <｜tool▁sep｜> and JSON",
)
_KIMI = name_json.name_json(
    r"\s*(?P<name>[^\s<{]{1,256})\s*<\|tool_call_argument_begin\|>\s*",
    r"\s*(?:<\|tool_call_end\|>|\Z)",
    "functions.name:0, <|tool_call_argument_begin|> and JSON",
)
_MISTRAL = name_json.name_json(
    r"\s*(?P<name>[^\s<{\[\]]{1,256})\s*(?:\[CALL_ID\]\s*(?P<id>[\w.:-]{1,256})\s*)?(?:\[ARGS\]\s*)?(?=\{|\Z)",
    r"(?=\s*(?:\Z|[^\s}\],]))",
    "a JSON list, or a tool's name, [ARGS] and JSON",
)
_PLAMO = name_json.name_json(
    r"\s*(?:<\|plamo:begin_tool_name:plamo\|>)?\s*(?P<name>[^\s<{]{1,256})\s*<\|plamo:end_tool_name:plamo\|>\s*"
    r"<\|plamo:begin_tool_arguments:plamo\|>\s*(?:<\|plamo:constrain\|>\s*json\s*<\|plamo:msg\|>)?\s*",
    r"\s*(?:<\|plamo:end_tool_arguments:plamo\|>|\Z)",
    "a tool's name and JSON between PLaMo's marks",
)
_HARMONY_WITHOUT_TOKENS = name_json.name_json(
    r"(?P<name>[\w.\-]{1,256})\s*(?:json|code)?\s*(?=\{)",
    r"(?=\s*(?:\Z|[^\s}\],]))",
    "a tool's name and JSON",
)
"""Harmony where the server removed its special tokens: `commentary to=functions.f json{"a": 1}`."""
NAMED = name_json.name_json(
    r"(?P<name>[A-Za-z_][\w.\-]{0,255})\s*(?=\{)", r"(?=\s*(?:\Z|>>>|<))", "a name and JSON"
)
"""`name`, then arguments as JSON: functionary v3.2, and Mistral where the server removed its special tokens."""


def section(*inner: str) -> Reader:
    """The reader for a section whose calls begin with one of the given markers."""

    def read_section(scan: Scan, at: int, wrapper: Wrapper) -> int:
        places = [place for place in (scan.find(marker, at) for marker in inner) if place >= 0]
        closer = scan.find(wrapper.closer, at)
        if places and (closer < 0 or min(places) < closer):
            return min(places)
        scan.fail(wrapper, f"expected {inner[0]}, found {shown(scan.text, skip_space(scan.text, at))}")
        return scan.after_error(at, wrapper)

    return read_section


def _mistral(scan: Scan, at: int, wrapper: Wrapper) -> int:
    start = skip_space(scan.text, at)
    if scan.text[start : start + 1] in ("[", "{") and start < len(scan.text):
        return json_values.read(scan, start, wrapper)
    return _MISTRAL(scan, start, wrapper)


def _function_calls(scan: Scan, at: int, wrapper: Wrapper) -> int:
    start = skip_space(scan.text, at)
    if scan.text.startswith("<invoke", start):
        return section("<invoke name=")(scan, start, wrapper)
    if scan.text[start : start + 1] == "{" or scan.text.startswith("[{", start):
        return json_values.read(scan, start, wrapper)
    return pythonic.read(scan, start, wrapper)


def _functools(scan: Scan, at: int, wrapper: Wrapper) -> int:
    return json_values.read(scan, at - 1, wrapper)


def _python_tag(scan: Scan, at: int, wrapper: Wrapper) -> int:
    start = skip_space(scan.text, at)
    if scan.text[start : start + 1] in ("{", "[", "`") and start < len(scan.text):
        return json_values.read(scan, start, wrapper)
    return pythonic.read(scan, start, wrapper)


def _row(opener: str, closer: str, read: Reader) -> Wrapper:
    return Wrapper(opener, closer, read, re.sub(r"\W+", "_", opener).strip("_")[:64])


def _dialects() -> Iterator[Wrapper]:
    for prefix in _DIALECTS:
        yield _row(f"<{prefix}invoke name=", "", xml_parameters.invoke(prefix, edges=False))
        for word in ("function_calls", "tool_calls", "calls"):
            yield _row(f"<{prefix}{word}>", f"</{prefix}{word}>", section(f"<{prefix}invoke name="))
    for prefix in ("", "atem:", "steptml:", "antml:"):
        yield _row(f"<{prefix}invoke name=", "", xml_parameters.invoke(prefix))


WRAPPERS: tuple[Wrapper, ...] = (
    _row("<tool_call>", "</tool_call>", json_values.read_tagged),
    _row("<function=", "", xml_parameters.FUNCTION),
    _row("<function name=", "", xml_parameters.PARAM),
    _row("<tool_calls>", "</tool_calls>", json_values.read_tagged),
    _row("<|tool_call|>", "<|/tool_call|>", json_values.read),
    _row("<function_call>", "</function_call>", json_values.read),
    _row("<longcat_tool_call>", "</longcat_tool_call>", json_values.read_tagged),
    _row("<TOOLCALL>", "</TOOLCALL>", json_values.read),
    _row("<|action_start|><|plugin|>", "<|action_end|>", json_values.read),
    _row("<|action_start|> <|plugin|>", "<|action_end|>", json_values.read),
    _row("<|START_ACTION|>", "<|END_ACTION|>", json_values.read),
    _row("<|tools_prefix|>", "<|tools_suffix|>", json_values.read_name_keyed),
    _row("<|content_invoke_tool_json|>", "<|end_message|>", json_values.read),
    _row("function call<|role_sep|>", "", json_values.read),
    _row("functools[", "", _functools),
    _row("[TOOL_CALLS]", "", _mistral),
    _row("<|python_tag|>", "", _python_tag),
    _row("<|python_start|>", "<|python_end|>", json_values.read),
    _row("<|tool_call_start|>", "<|tool_call_end|>", json_values.read),
    _row("<function_calls>", "</function_calls>", _function_calls),
    _row("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", section("<｜tool▁call▁begin｜>")),
    _row("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", _DEEPSEEK),
    _row("<|tool▁calls▁begin|>", "<|tool▁calls▁end|>", section("<|tool▁call▁begin|>")),
    _row("<|tool▁call▁begin|>", "<|tool▁call▁end|>", _DEEPSEEK),
    _row("to=functions.", "", _HARMONY_WITHOUT_TOKENS),
    _row("<｜tool_calls_begin｜>", "<｜tool_calls_end｜>", section("<steptml:invoke name=")),
    _row("<｜tool_call_begin｜>", "<｜tool_call_end｜>", section("<steptml:invoke name=")),
    _row("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", section("<|tool_call_begin|>")),
    _row("<|tool_call_begin|>", "<|tool_call_end|>", _KIMI),
    _row("<|open|>tools<|sep|>", "<|close|>tools<|sep|>", section("<|open|>call tool=")),
    _row("<|open|>call tool=", "<|close|>call<|sep|>", key_attributes.read),
    _row("<|tool_call>", "<tool_call|>", Braces('<|"|>')),
    _row("<start_function_call>", "<end_function_call>", Braces("<escape>")),
    _row("<iquest_tool_call>", "</iquest_tool_call>", key_value.read),
    _row("<ifm|tool_calls>", "</ifm|tool_calls>", section("<ifm|tool_call>")),
    _row("<ifm|tool_call>", "</ifm|tool_call>", key_value.reader("ifm|")),
    _row("<seed:tool_call>", "</seed:tool_call>", section("<function=")),
    _row("<minimax:tool_call>", "</minimax:tool_call>", section("<invoke name=")),
    _row("<dots_function_call>", "</dots_function_call>", section("<invoke name=")),
    _row("<atem:function_calls>", "</atem:function_calls>", section("<atem:invoke name=")),
    _row(f"{_SEPARATED}<tool_call>", f"{_SEPARATED}</tool_call>", section(f"{_SEPARATED}<invoke name=")),
    _row(f"{_SEPARATED}<invoke name=", f"{_SEPARATED}</invoke>", tag_tree.read),
    _row(
        "<|plamo:begin_tool_requests:plamo|>",
        "<|plamo:end_tool_requests:plamo|>",
        section("<|plamo:begin_tool_request:plamo|>"),
    ),
    _row("<|plamo:begin_tool_request:plamo|>", "<|plamo:end_tool_request:plamo|>", _PLAMO),
    *_dialects(),
)
