"""Actions of every form: text, chat messages of OpenAI, Anthropic and LangChain, SDK objects, ready-made calls."""

from typing import Any

from ..types import ParseError, ToolCall, Turn
from .entry import ARGUMENT_KEYS, call_of, whole
from .objects import as_plain, is_object
from .scan import MAX_CALLS, Read, is_id
from .text import read_text, turn_of

_CONTENT_KEYS = ("output", "parts", "text")
"""Where a message without `content` has it."""
_MESSAGE_KEYS = frozenset(
    {"role", "content", "tool_calls", "function_call", "output", "choices", "invalid_tool_calls"}
)
_CALL_TYPES = frozenset(
    {"function_call", "tool_use", "tool_call", "function", "custom_tool_call", "server_tool_use"}
)
_SILENT_TYPES = frozenset({"thinking", "reasoning", "redacted_thinking", "think"})
_CALL_KEYS = ("functionCall", "function_call", "toolUse")
"""Under these a part of Gemini or Bedrock holds a call."""
_MISNAMED = ("tool_call", "toolCalls", "function_calls", "functionCall", "toolUse")
"""Keys of a message that can only have been meant for its calls."""
_NESTING = 5


def parse_message(message: Any, tools: Any = None) -> Turn:
    """The turn in an action of any form.

    `tools`, OpenAI function tools or a mapping of names to tools, type the values of syntaxes that carry no types, and
    tell a call from a JSON answer. Never raises for what an agent can emit.
    """
    if type(message) is str:
        return read_text(message, tools)
    try:
        return _from_dict(message, tools, 0) if type(message) is dict else _structured(message, tools, 0)
    except RecursionError:
        return _failure("the action", "nested too deep")


def _structured(message: Any, tools: Any, depth: int) -> Turn:
    if isinstance(message, str):
        return read_text(str.__str__(message), tools)
    if isinstance(message, Turn):
        return _ready(message)
    if isinstance(message, ToolCall | ParseError):
        return turn_of([call_of(message, "the action")])
    if isinstance(message, list | tuple):
        return _items(message, tools, depth)
    if is_object(message):
        plain = as_plain(message)
        if depth < _NESTING and isinstance(plain, dict):
            return _from_dict(plain, tools, depth + 1)
    return _failure("the action", f"expected text, a message or calls, found {type(message).__name__}")


def _failure(where: str, why: str) -> Turn:
    return Turn((ParseError(where, why),))


def _ready(turn: Turn) -> Turn:
    """A ready-made turn, which callers may build by hand, if it holds what its type says."""
    calls = isinstance(turn.calls, tuple) and all(
        whole(one) if isinstance(one, ToolCall) else isinstance(one, ParseError) and is_id(one.id)
        for one in turn.calls
    )
    answer = turn.answer is None if turn.calls else isinstance(turn.answer, str)
    if not calls or not answer:
        return _failure("the action", "a Turn that holds no calls")
    return turn if turn.answer is not None else turn_of(list(turn.calls))


def _from_dict(message: dict[str, Any], tools: Any, depth: int) -> Turn:
    if _word(message, "type") in _CALL_TYPES or ("function" in message and "role" not in message):
        return turn_of([call_of(message, "the action")])
    content = message.get("content")
    inner = None if type(content) is str or message.get("tool_calls") else _wrapped(message)
    if inner is not None and depth < _NESTING:
        return _structured(inner, tools, depth + 1)
    if _MESSAGE_KEYS.isdisjoint(message):
        return _part(message, tools) or turn_of([_one(message, "the action")])
    found = _listed_calls(message)
    if found is not None:
        return turn_of(found)
    if content is None:
        content = next((message[key] for key in _CONTENT_KEYS if message.get(key) is not None), None)
    if content is None:
        misnamed = next((key for key in _MISNAMED if message.get(key)), None)
        if misnamed is not None:
            return _failure("the action", f"unknown key {misnamed!r}: expected tool_calls")
        refusal = message.get("refusal")
        return read_text(refusal, tools) if isinstance(refusal, str) else Turn(answer="")
    if isinstance(content, str):
        return read_text(str.__str__(content), tools)
    if isinstance(content, list | tuple):
        return _items(content, tools, depth, "content")
    if isinstance(content, dict) and content.get("type") is not None:
        return _items([content], tools, depth, "content")
    return _failure("content", f"expected text, found {type(content).__name__}")


def _wrapped(message: dict[str, Any]) -> Any:
    """What a client's response holds its message in, `None` if this is no such response."""
    for key in ("choices", "candidates"):
        listed = message.get(key)
        if isinstance(listed, list | tuple) and listed and is_object(listed[0]):
            return listed[0]
    for key in ("message", "output", "content") if "name" not in message else ():
        held = message.get(key)
        if is_object(held) and not {"role", "message"}.isdisjoint(as_plain(held)):
            return held
    return None


def _part(message: dict[str, Any], tools: Any) -> Turn | None:
    """The turn of a single part of type text or reasoning, `None` for anything else."""
    kind, text = _word(message, "type"), _text_of(message)
    if kind in _SILENT_TYPES:
        return Turn(answer="")
    return read_text(text, tools) if text is not None and (kind is not None or _only_text(message)) else None


def _listed_calls(message: dict[str, Any]) -> list[Read] | None:
    """The calls under `tool_calls` or `function_call`, `None` if there are none."""
    calls, legacy = message.get("tool_calls"), message.get("function_call")
    unread = message.get("invalid_tool_calls")
    if not calls and not unread and isinstance(message.get("additional_kwargs"), dict):
        extra = message["additional_kwargs"]
        calls, legacy = extra.get("tool_calls"), legacy or extra.get("function_call")
    if not calls and not legacy and not unread:
        return None
    for key, given in (("tool_calls", calls), ("invalid_tool_calls", unread)):
        if given is not None and not isinstance(given, list | tuple):
            return [ParseError(key, f"expected a list, found {type(given).__name__}")]
    found = [
        _one(entry, f"tool_calls[{index}]") for index, entry in enumerate((calls or ())[: MAX_CALLS + 1])
    ]
    if legacy and not found:
        found.append(_one(legacy, "function_call"))
    for index, entry in enumerate((unread or ())[:MAX_CALLS]):
        found.append(_unread(entry, f"invalid_tool_calls[{index}]"))
    return found


def _one(entry: Any, where: str) -> Read:
    if (type(entry) is dict and type(entry.get("function")) is dict) or isinstance(
        entry, ToolCall | ParseError
    ):
        return call_of(entry, where)
    plain = as_plain(entry) if is_object(entry) else entry
    if isinstance(plain, dict) and "name" not in plain:
        held = next((plain[key] for key in _CALL_KEYS if is_object(plain.get(key))), None)
        plain = plain if held is None else as_plain(held)
    if isinstance(plain, dict) and is_object(plain.get("function")):
        plain = {**plain, "function": as_plain(plain["function"])}
    return call_of(plain, where)


def _unread(entry: Any, where: str) -> ParseError:
    """A call that LangChain could not read."""
    read = _one(entry, where)
    if isinstance(read, ParseError):
        return read
    return ParseError(where, "the client could not read the arguments", read.id, read.name[:256])


def _items(items: Any, tools: Any, depth: int, where: str = "call") -> Turn:
    """A list of calls, content parts or Responses items; text counts only where there is no call.

    A list of one chat message is that message.
    """
    given = (
        list.__getitem__(items, slice(None))
        if isinstance(items, list)
        else tuple.__getitem__(items, slice(None))
    )
    if where == "call" and len(given) == 1 and depth < _NESTING and is_object(given[0]):
        only = as_plain(given[0])
        if _is_own_message(only):
            return _structured(only, tools, depth + 1)
    found: list[Read] = []
    texts: list[str] = []
    parts = False
    for index, item in enumerate(given):
        place = f"{where} {index}"
        plain = item if isinstance(item, ToolCall | ParseError) or not is_object(item) else as_plain(item)
        text = _item_text(plain, depth)
        if text is not None:
            parts = True
            texts.append(text)
        elif where == "content" and isinstance(plain, str):
            texts.append(plain)
        else:
            found.append(_one(plain, place))
        if len(found) > MAX_CALLS:
            break
    if found:
        return turn_of(found)
    return read_text("".join(texts), tools) if parts or texts else Turn(answer="")


def _is_own_message(message: dict[str, Any]) -> bool:
    """Whether an object is a message, and the agent's."""
    own = _word(message, "role") in (None, "assistant", "model", "ai")
    return own and _word(message, "type") not in _CALL_TYPES and not _MESSAGE_KEYS.isdisjoint(message)


def _item_text(item: Any, depth: int) -> str | None:
    """The text of a content part or of a Responses message, "" for reasoning, `None` for anything else."""
    if not isinstance(item, dict):
        return None
    kind = _word(item, "type")
    if kind in _SILENT_TYPES:
        return ""
    content = item.get("content")
    if kind == "message" and isinstance(content, list | tuple) and depth < _NESTING:
        inner = [_item_text(as_plain(one) if is_object(one) else one, depth + 1) for one in content]
        return "".join([text for text in inner if text])
    if kind == "message" and isinstance(content, str):
        return str.__str__(content)
    if "reasoningContent" in item:
        return ""
    if kind is None and _word(item, "role") == "assistant" and isinstance(content, str):
        return None if _listed_calls(item) else str.__str__(content)
    return _text_of(item) if kind is not None or _only_text(item) else None


def _word(message: dict[str, Any], key: str) -> str | None:
    """A type or role, `None` where it is missing or no text."""
    value = message.get(key)
    return str.__str__(value) if isinstance(value, str) else None


def _only_text(part: dict[str, Any]) -> bool:
    """Whether a part without a type, as Gemini and Bedrock write it, is text."""
    return isinstance(part.get("text"), str) and not any(
        part.get(key) for key in ("name", *ARGUMENT_KEYS, *_CALL_KEYS)
    )


def _text_of(part: dict[str, Any]) -> str | None:
    if _word(part, "type") in _CALL_TYPES:
        return None
    if part.get("thought") is True:
        return ""  # Gemini's reasoning
    text = part.get("text", part.get("refusal"))
    return str.__str__(text) if isinstance(text, str) else None
