"""The chat so far in the form in which a server accepts it, with tools in the API or in the prompt.

What a model sent beside its calls and its content goes back with them: some servers refuse a tool call whose reasoning
is missing.
"""

from typing import Any

from ...calls.chat import content_text
from ...calls.render import CALL_FORMAT
from ...calls.types import ToolCall
from ...calls.write import FORMATS, CallFormat
from ...jsonvalues.canonical import to_text
from ...jsonvalues.decode import parse_json
from .base import Chat

REASONING = ("reasoning_content", "reasoning", "reasoning_details")
"""The names under which servers send reasoning, and want it back."""
_HERMES = FORMATS["hermes"]


def sendable(messages: Chat) -> Chat:
    """The chat for a server that knows the tools.

    Arguments that are not a JSON object become `{}`. Replies to calls that the server did not see as tool calls,
    because the model wrote them as text, become user messages.
    """
    sent: Chat = []
    known: set[str] = set()
    for message in messages:
        if message["role"] == "assistant":
            calls = _calls(message)
            known = {call["id"] for call in calls}
            content = _content(message)
            shown = content if content is not None else None if calls else ""
            sent.append(_assistant(message, shown) | ({"tool_calls": calls} if calls else {}))
        elif message["role"] == "tool" and message["tool_call_id"] not in known:
            _say(sent, _HERMES.reply(message["content"], message["tool_call_id"]))
        else:
            sent.append({name: item for name, item in message.items() if name != "name"})
    return sent


def in_prompt(messages: Chat, tools: Chat, form: CallFormat = _HERMES) -> Chat:
    """The chat without tool roles: tools in the system prompt, calls as text, replies as user messages."""
    sent: Chat = []
    for message in messages:
        if message["role"] == "system":
            # the environment's own prompt asks for the Hermes form
            told = message["content"] if form is _HERMES else message["content"].replace(CALL_FORMAT, "")
            prompt = form.prompt([tool["function"] for tool in tools])
            sent.append({"role": "system", "content": f"{told}\n\n{prompt}"})
        elif message["role"] == "assistant":
            calls = [
                ToolCall(call["function"]["name"], _read(call["function"]["arguments"]) or {})
                for call in _calls(message)
            ]
            sent.append(_assistant(message, _with_text(message, form.calls(calls) if calls else "")))
        elif message["role"] == "tool":
            _say(sent, form.reply(message["content"], message["tool_call_id"]))
        else:
            sent.append(message)
    return sent


def _assistant(message: dict[str, Any], content: Any) -> dict[str, Any]:
    kept = {name: message[name] for name in REASONING if message.get(name) is not None}
    return {"role": "assistant", "content": content, **kept}


def _content(message: dict[str, Any]) -> str | list[Any] | None:
    content = message.get("content")
    return content if isinstance(content, (str, list)) else None


def _with_text(message: dict[str, Any], calls: str) -> str | list[Any]:
    """The content with calls after it."""
    content = _content(message) or ""
    if not calls:
        return content
    before = "\n" if content_text(message) else ""
    if isinstance(content, list):
        return [*content, {"type": "text", "text": before + calls}]
    return content + before + calls


def _say(sent: Chat, text: str) -> None:
    """Append a reply as a user message. Replies to the same assistant message are joined."""
    if sent and sent[-1]["role"] == "user":
        sent[-1] = {"role": "user", "content": f"{sent[-1]['content']}\n{text}"}
    else:
        sent.append({"role": "user", "content": text})


def _calls(message: dict[str, Any]) -> Chat:
    calls = message.get("tool_calls")
    return [_whole(call) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def _whole(call: dict[str, Any]) -> dict[str, Any]:
    inner = call.get("function")
    inner = inner if isinstance(inner, dict) else {}
    arguments = inner.get("arguments")
    sound = isinstance(arguments, str) and _read(arguments) is not None
    function = {"name": str(inner.get("name", "")), "arguments": arguments if sound else "{}"}
    return {"id": str(call.get("id", "")), "type": "function", "function": function}


def _read(arguments: str) -> dict[str, Any] | None:
    """The arguments, `None` if they are not a JSON object that can be written again."""
    try:
        value = parse_json(arguments)
        to_text([[value]])  # with infinities, or too deep inside a call, it could not
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
