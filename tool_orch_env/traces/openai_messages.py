"""OpenAI messages: Chat Completions, their older `function_call`, and the items of the Responses API.

A conversation is `{"messages": [...], "tools": [...]}`, or the list of messages alone; `functions` are read as tools,
and a `choices` list as the last message. For the Responses API, it is `{"input": [...], "output": [...], "tools"}`.
Its id is the first text among `ID_KEYS`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..calls.chat import content_text
from .conversation import Conversation
from .documents import Document
from .trace import Trace

ID_KEYS = ("id", "task_id", "conversation_id", "thread_id", "trace_id", "session_id", "custom_id")
_ROLES = frozenset(("system", "developer", "user", "assistant", "tool", "function"))
_ITEMS = frozenset(("message", "function_call", "function_call_output", "reasoning"))


def recognises(value: Any) -> bool:
    """Whether a value is a conversation, or a list of them."""
    if isinstance(value, list):
        return bool(value) and (recognises(value[0]) if not _is_message(value[0]) else True)
    return isinstance(value, dict) and any(
        isinstance(found, list) and bool(found) and _is_message(found[0]) for found in _lists(value)
    )


def traces(documents: Iterable[Document]) -> Iterator[Trace]:
    """The conversations of all documents. Anything else in a list of them becomes a trace with a problem."""
    for document in documents:
        value = document.value
        if isinstance(value, list) and not (value and _is_message(value[0])):
            for number, one in enumerate(value):
                yield _trace(one, f"{document.place}:{number}", f"{document.stem}-{number:04d}")
        else:
            yield _trace(value, document.place, document.stem)


def _trace(value: Any, place: str, otherwise: str) -> Trace:
    talk = Conversation(place)
    if isinstance(value, list):
        value = {"messages": value}
    if not isinstance(value, dict) or not recognises(value):
        return Trace(place, otherwise, (), problems=("it is not a conversation",))
    for key in ("tools", "functions"):
        talk.offer(value.get(key))
    for found in _lists(value):
        for message in found if isinstance(found, list) else ():
            read(talk, message)
    given = (value[key] for key in ID_KEYS if isinstance(value.get(key), str) and value[key].strip())
    return talk.trace(next(given, otherwise))


def _lists(value: Mapping[str, Any]) -> Iterator[Any]:
    """The lists of messages or items in a conversation, in order."""
    for key in ("messages", "input"):
        found = value.get(key)
        yield [{"role": "user", "content": found}] if isinstance(found, str) else found
    choices = value.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        yield [choices[0].get("message")]
    yield value.get("output")


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    role, kind = value.get("role"), value.get("type")
    return (isinstance(role, str) and role in _ROLES) or (isinstance(kind, str) and kind in _ITEMS)


def read(talk: Conversation, message: Any) -> None:
    """Add one message or item to a conversation."""
    if not isinstance(message, dict):
        talk.problems.append("a message that is not an object is left out")
        return
    kind, role = message.get("type"), message.get("role")
    if kind == "function_call":
        talk.call(message.get("name"), message.get("arguments"), message.get("call_id"))
    elif kind == "function_call_output":
        talk.result(message.get("output"), message.get("call_id"))
    elif kind == "reasoning":
        return
    elif role in ("tool", "function"):
        talk.result(message.get("content"), message.get("tool_call_id"), message.get("name"))
    else:
        talk.say(str(role), content_text(message))
        _calls(talk, message)


def _calls(talk: Conversation, message: dict[str, Any]) -> None:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        inner = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(inner, dict):
            talk.call(inner.get("name"), inner.get("arguments"), call.get("id"))
        else:
            talk.problems.append("a call that is not an object is left out")
    old = message.get("function_call")
    if isinstance(old, dict):
        talk.call(old.get("name"), old.get("arguments"))
