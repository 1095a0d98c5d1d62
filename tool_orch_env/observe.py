"""Replies -> observation text and chat messages. The last stage of the way of a call.

Enters: the task at reset, the answered calls at every step. Leaves: only what is new: one text, and the same
as chat messages. Recorded responses are passed on as the text they are, never parsed again.

After `reset` the text is the system prompt, the tools and the request. After a step it is one JSON array
with an object per call: `{"tool", "code", "response"}`, or `{"tool", "code", "error"}`; a response longer
than the limit comes as `{"tool", "code", "truncated": {"shown", "of"}, "response_text"}`, cut.
"""

from collections.abc import Sequence
from typing import Any

from .call import Answered, to_text
from .catalog import Catalog
from .task import Task

PURPOSE = (
    "You fulfil the user's request by calling tools. Make the calls in an order in which every value you need "
    "has been returned before you use it; calls that do not depend on each other may go into one message. "
    "Take ids, codes and dates from the request or from replies, never from memory. "
)
CALL_FORMAT = 'Write each call as <tool_call>{"name": "...", "arguments": {...}}</tool_call>. '
ENDING = "When nothing is left to call, answer the user without any call; that ends the episode."
SYSTEM_PROMPT = PURPOSE + CALL_FORMAT + ENDING


def opening_messages(task: Task) -> list[dict[str, Any]]:
    """The chat so far at reset: system prompt and request."""
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": task.request}]


def function_tools(task: Task, catalog: Catalog) -> list[dict[str, Any]]:
    """The tools offered, as OpenAI function tools, in the task's order."""
    return [catalog[name].function for name in task.tools]


def opening_text(task: Task, catalog: Catalog) -> str:
    """The first observation: system prompt, one tool per line as JSON, request."""
    tools = "\n".join(to_text(tool["function"]) for tool in function_tools(task, catalog))
    return f"{SYSTEM_PROMPT}\n\nTools:\n{tools}\n\nRequest:\n{task.request}"


def reply_content(answered: Answered, limit: int) -> str:
    """The content of the tool message that answers one call: JSON, cut at `limit` characters."""
    text = answered.reply.text
    return text if len(text) <= limit else f"{{{_cut(text, limit)}}}"


def turn_text(turn: Sequence[Answered], limit: int) -> str:
    """The observation after a step: a JSON array, empty after a final answer."""
    return "[" + ",".join([_entry(answered, limit) for answered in turn]) + "]"


def turn_messages(turn: Sequence[Answered], ids: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """The same as chat messages, one per call, each with its `tool_call_id`."""
    return [
        {
            "role": "tool",
            "tool_call_id": call_id,
            "name": shown_name(answered.call.name) if answered.call else "",
            "content": reply_content(answered, limit),
        }
        for answered, call_id in zip(turn, ids, strict=True)
    ]


def _entry(answered: Answered, limit: int) -> str:
    reply, call = answered.reply, answered.call
    name = _quoted(call.name) if call else "null"
    head = f'{{"tool":{name},"code":"{reply.code.value}",'
    if not reply.recorded:
        return f"{head}{reply.text[1:]}"
    if len(reply.text) <= limit:
        return f'{head}"response":{reply.text}}}'
    return f"{head}{_cut(reply.text, limit)}}}"


def _cut(text: str, limit: int) -> str:
    return f'"truncated":{{"shown":{limit},"of":{len(text)}}},"response_text":{to_text(text[:limit])}'


def _quoted(name: str) -> str:
    return to_text(shown_name(name))


def shown_name(name: str) -> str:
    """A name as the agent may have made it up, short and fit for UTF-8."""
    return name[:128].encode(errors="replace").decode()
