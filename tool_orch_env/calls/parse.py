"""Assistant message -> `Turn`. The first stage of the way of a call.

Enters: whatever an agent emitted: text, an OpenAI assistant message, one call, a list of calls, a `Turn`.
Leaves: a `Turn`, always. Refuses to know tools, schemas and tasks; never raises.

Text formats, tried in this order (`FORMATS`):

=============  ==========================================================================
hermes         `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, any number of them
fenced         the JSON of one or more fenced code blocks
json           the whole message is a JSON call, several of them, or a list of calls;
               Llama-3's `parameters` and `<|python_tag|>` are understood
pythonic       `[f(a=1), g(b="x")]`: keyword arguments with literal values
=============  ==========================================================================

Text in none of them is the final answer. What begins like a call and cannot be read is a failure: it
becomes an `unparsable` reply and not an answer. Reasoning in `<think>…</think>` is skipped.
"""

import ast
import json
import re
import warnings
from collections.abc import Callable
from threading import Lock
from typing import Any

from ..jsonvalues.decode import refuse_constant, unique_keys
from .types import ParseError, ToolCall, Turn

MAX_TEXT = 1 << 20
"""Characters of a message that are read; a longer message is one failure."""

MAX_CALLS = 256
"""Calls of a message that are read; the others become one failure."""

_decoder = json.JSONDecoder(object_pairs_hook=unique_keys, parse_constant=refuse_constant)
_THINK = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[\w-]*[ \t]*\r?\n(.*?)(?:```|\Z)", re.DOTALL)
_PYTHONIC = re.compile(r"\[\s*[A-Za-z_][\w.]*\s*\(")
_PYTHONIC_CUT = re.compile(_PYTHONIC.pattern + r"\s*[A-Za-z_]\w*\s*=(?!=)")
_NAME_KEY = re.compile(r'"(?:name|function|tool_calls)"\s*:')
_ARGUMENTS_KEY = re.compile(r'"(?:arguments|parameters)"\s*:')
_PYTHON_TAG = "<|python_tag|>"
_WARNINGS = Lock()
"""`catch_warnings` sets the filters of all threads, and two that overlap put back the wrong ones."""
_MESSAGE_KEYS = frozenset({"role", "content", "tool_calls", "function"})

Read = ToolCall | ParseError


def parse_message(action: Any) -> Turn:
    """The turn in an action of any form."""
    if isinstance(action, str):
        return _parse_text(action)
    if isinstance(action, Turn):
        if not _sound(action):
            return _turn([ParseError("the action", "a Turn that holds no calls")])
        return action if action.answer is not None else _turn([*action.calls, *action.parse_errors])
    if isinstance(action, dict):
        is_message = not _MESSAGE_KEYS.isdisjoint(action)
        return _parse_message(action) if is_message else _turn([_call(action, "the action")])
    if isinstance(action, ToolCall):
        return _turn([_call(action, "the action")])
    if isinstance(action, (list, tuple)):
        read = [_call(entry, f"call {index}") for index, entry in enumerate(action)]
        return _turn(read) if read else Turn(answer="")
    return _turn(
        [ParseError("the action", f"expected text, a message or calls, found {type(action).__name__}")]
    )


def _sound(turn: Turn) -> bool:
    """Whether a ready-made turn holds what its type says; callers build them by hand."""
    calls = isinstance(turn.calls, tuple) and all(isinstance(c, ToolCall) and _whole(c) for c in turn.calls)
    failures = isinstance(turn.parse_errors, tuple) and all(
        isinstance(f, ParseError) and _is_id(f.id) for f in turn.parse_errors
    )
    answer = isinstance(turn.answer, str) if not turn.calls and not turn.parse_errors else turn.answer is None
    return calls and failures and answer


def _whole(call: ToolCall) -> bool:
    return isinstance(call.name, str) and isinstance(call.arguments, dict) and _is_id(call.id)


def _is_id(value: Any) -> bool:
    """Whether a chat API could have given this id: short, and fit for UTF-8."""
    return value is None or (isinstance(value, str) and len(value) <= 256 and value.isprintable())


def _turn(read: list[Read]) -> Turn:
    if len(read) > MAX_CALLS:
        read = [*read[:MAX_CALLS], ParseError("the message", f"more than {MAX_CALLS} calls: {len(read)}")]
    calls = tuple([one for one in read if isinstance(one, ToolCall)])
    if len(calls) == len(read):
        return Turn(calls)
    return Turn(calls, None, tuple([one for one in read if isinstance(one, ParseError)]))


def _parse_text(text: str) -> Turn:
    if len(text) > MAX_TEXT:
        return _turn([ParseError("the message", f"longer than {MAX_TEXT} characters: {len(text)}")])
    if "think>" in text:
        text = _unthought(text)
    for read_format in FORMATS:
        read = read_format(text)
        if read:
            return _turn(read)
    return Turn(answer=text.strip())


def _unthought(text: str) -> str:
    """The text without its reasoning, whose opening tag may have stood in the prompt."""
    head, closed, rest = text.partition("</think>")
    return _THINK.sub("", rest if closed and "<think>" not in head else text)


def _hermes(text: str) -> list[Read]:
    if "<tool_call>" not in text:
        return []
    blocks = [part.partition("</tool_call>")[0] for part in text.split("<tool_call>")[1:]]
    return [one for index, block in enumerate(blocks) for one in _calls_in(block, f"tool_call {index}")]


def _fenced(text: str) -> list[Read]:
    if "```" not in text:
        return []
    blocks = [block for block in _FENCE.findall(text) if block.lstrip()[:1] in ("{", "[")]
    return [one for index, block in enumerate(blocks) for one in _likely(block, f"code block {index}")]


def _json(text: str) -> list[Read]:
    text = text.strip().removeprefix(_PYTHON_TAG).lstrip()
    return _likely(text, "the message") if text[:1] in ("{", "[") else []


def _pythonic(text: str) -> list[Read]:
    text = text.strip().removeprefix(_PYTHON_TAG).lstrip()
    if not (_PYTHONIC if text.endswith("]") else _PYTHONIC_CUT).match(text):
        return []
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the agent's escapes are not the user's to read about
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [ParseError("the message", f"not a list of calls: {type(error).__name__}")]
    if not isinstance(tree, ast.List):
        return [ParseError("the message", "not a list of calls")]
    return [_pythonic_call(node, f"call {index}") for index, node in enumerate(tree.elts)]


FORMATS: tuple[Callable[[str], list[Read]], ...] = (_hermes, _fenced, _json, _pythonic)


def _calls_in(text: str, where: str) -> list[Read]:
    """Every call in a text that must be calls: JSON values one after another, lists opened."""
    try:
        entries = _entries(text)
    except (ValueError, RecursionError) as error:
        return [ParseError(where, _reason(error))]
    return [_call(entry, where) for entry in entries] or [ParseError(where, "no call in it")]


def _likely(text: str, where: str) -> list[Read]:
    """The calls of a JSON text, nothing if it is JSON but not calls, or prose that begins like JSON."""
    try:
        entries = _entries(text)
    except (ValueError, RecursionError) as error:
        return [ParseError(where, _reason(error))] if _looks_like_call(text) else []
    if not any(map(_is_call, entries)):
        return []
    return [_call(call, where) for entry in entries for call in _inside(entry)]


def _looks_like_call(text: str) -> bool:
    named = _NAME_KEY.search(text)
    return named is not None and _ARGUMENTS_KEY.search(text, named.end()) is not None


def _inside(entry: Any) -> list[Any]:
    """The calls of an entry that is a whole message, else the entry itself."""
    calls = entry.get("tool_calls") if isinstance(entry, dict) else None
    return calls if isinstance(calls, list) else [entry]


def _is_call(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    if isinstance(entry.get("tool_calls"), list):
        return True
    inner = entry.get("function", entry)
    if isinstance(inner, str):
        inner = entry
    return isinstance(inner, dict) and ("arguments" in inner or "parameters" in inner)


def _entries(text: str) -> list[Any]:
    """The JSON values of a text, one after another, lists opened; `;` and `,` may stand between them."""
    entries: list[Any] = []
    position, end = 0, len(text)
    while position < end:
        if text[position].isspace() or (position and text[position] in ";,"):
            position += 1
            continue
        value, position = _decoder.raw_decode(text, position)
        if isinstance(value, list):
            entries += value
        else:
            entries.append(value)
    return entries


def _reason(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else f"not JSON: {str(error)[:200]}"


def _parse_message(message: dict[str, Any]) -> Turn:
    """An OpenAI assistant message, or a single entry of its `tool_calls`."""
    if "function" in message:
        return _turn([_call(message, "the action")])
    calls = message.get("tool_calls")
    if calls:
        if not isinstance(calls, (list, tuple)):
            return _turn([ParseError("tool_calls", f"expected a list, found {type(calls).__name__}")])
        return _turn([_call(entry, f"tool_calls[{index}]") for index, entry in enumerate(calls)])
    content = message.get("content")
    if isinstance(content, str):
        return _parse_text(content)
    if content is None:
        return Turn(answer="")
    return _turn([ParseError("content", f"expected text, found {type(content).__name__}")])


def _call(entry: Any, where: str) -> Read:
    """One call from `{"name", "arguments"}` or `{"function": {...}, "id"}`, arguments as object or JSON text."""
    if isinstance(entry, ToolCall):
        return entry if _whole(entry) else ParseError(where, "a ToolCall without a name or arguments")
    if not isinstance(entry, dict):
        return ParseError(where, f"expected an object with name and arguments, found {type(entry).__name__}")
    given_id = entry.get("id")
    call_id = given_id if _is_id(given_id) else None
    inner = entry.get("function", entry)
    if isinstance(inner, str):
        inner = {**entry, "name": inner}
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        return ParseError(where, 'no tool name: expected a string under "name"', call_id)
    arguments = inner.get("arguments", inner.get("parameters"))
    if isinstance(arguments, str):
        try:
            arguments = _decoder.decode(arguments) if arguments.strip() else {}
        except (ValueError, RecursionError) as error:
            return ParseError(f"{where}: arguments", _reason(error), call_id)
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        return ParseError(
            f"{where}: arguments", f"expected an object, found {type(arguments).__name__}", call_id
        )
    return ToolCall(inner["name"], arguments, call_id)


def _pythonic_call(node: ast.expr, where: str) -> Read:
    name = _dotted(node.func) if isinstance(node, ast.Call) else None
    if name is None or not isinstance(node, ast.Call):
        return ParseError(where, "expected a call such as f(a=1)")
    if node.args or any(keyword.arg is None for keyword in node.keywords):
        return ParseError(where, "expected keyword arguments only")
    names = [str(keyword.arg) for keyword in node.keywords]
    if len(set(names)) < len(names):
        return ParseError(where, "an argument is given twice")
    try:
        arguments = {
            key: ast.literal_eval(keyword.value) for key, keyword in zip(names, node.keywords, strict=True)
        }
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        return ParseError(where, f"an argument is not a literal: {type(error).__name__}")
    return ToolCall(name, arguments)


def _dotted(node: ast.expr) -> str | None:
    """`a.b.c`, `None` for anything else that can be called."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None
