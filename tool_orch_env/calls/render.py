"""Replies -> observation text and chat messages. The last stage of the way of a call.

Enters: the task at reset, the answered calls at every step. Leaves: only what is new: one text, and the same
as chat messages. Recorded responses are passed on as the text they are, never parsed again, unless their lists
are to be trimmed.

After `reset` the text is the system prompt, the tools and the request. After a step it is one JSON array
with an object per call: `{"tool", "code", "response"}`, or `{"tool", "code", "error"}`; a response longer
than the limit comes as `{"tool", "code", "truncated": {"shown", "of"}, "response_text"}`, cut.

For small contexts tools can be told shortly (`TOOL_DOCS`), and lists in responses be trimmed to their first items;
the text that then stands last in a list says how many more there were.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..jsonvalues.canonical import to_text
from ..snapshot.catalog import Catalog, Tool
from ..task import Task
from .types import AnsweredCall

PURPOSE = (
    "You fulfil the user's request by calling tools. Make the calls in an order in which every value you need "
    "has been returned before you use it; calls that do not depend on each other may go into one message. "
    "Take ids, codes and dates from the request or from replies, never from memory. "
)
CALL_FORMAT = 'Write each call as <tool_call>{"name": "...", "arguments": {...}}</tool_call>. '
ENDING = "When nothing is left to call, answer the user without any call; that ends the episode."
SYSTEM_PROMPT = PURPOSE + CALL_FORMAT + ENDING

SHORT_PROMPT = (
    'Call tools as <tool_call>{"name": "...", "arguments": {...}}</tool_call>. '
    "Answer without a call when all is known."
)


def opening_messages(task: Task) -> list[dict[str, Any]]:
    """The chat so far at reset: system prompt and request."""
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": task.request}]


def function_tools(task: Task, catalog: Catalog) -> list[dict[str, Any]]:
    """The tools offered, as OpenAI function tools, in the task's order."""
    return [catalog[name].function for name in task.tools]


def opening_text(task: Task, catalog: Catalog, tool_docs: str = "full") -> str:
    """The first observation: system prompt, one tool per line in the form `tool_docs`, request."""
    describe = TOOL_DOCS[tool_docs]
    tools = "\n".join(describe(catalog[name]) for name in task.tools)
    prompt = SYSTEM_PROMPT if tool_docs == "full" else SHORT_PROMPT
    return f"{prompt}\n\nTools:\n{tools}\n\nRequest:\n{task.request}"


def _whole(tool: Tool) -> str:
    return to_text(tool.function["function"])


def _short(tool: Tool) -> str:
    return f"{_signature(tool)}: {tool.spec.description.split('. ')[0].rstrip('.')}."


def _signature(tool: Tool) -> str:
    """Name and parameters, those that may be left out with a question mark: `rate(currency, date, base?)`."""
    parameters = [name + "?" * (name not in tool.required) for name in tool.properties]
    return f"{tool.name}({', '.join(parameters)})"


TOOL_DOCS: Mapping[str, Callable[[Tool], str]] = {"full": _whole, "short": _short, "signature": _signature}
"""Forms of a tool in the first observation: its whole schema, its signature and first sentence, its signature."""


def reply_content(answered: AnsweredCall, limit: int, items: int | None = None) -> str:
    """The content of the tool message that answers one call: JSON, lists trimmed, then cut at `limit` characters."""
    text = _text(answered, items)
    return text if len(text) <= limit else f"{{{_cut(text, limit)}}}"


def turn_text(turn: Sequence[AnsweredCall], limit: int, items: int | None = None) -> str:
    """The observation after a step: a JSON array, empty after a final answer."""
    return f"[{','.join([_entry(answered, limit, items) for answered in turn])}]"


def turn_messages(
    turn: Sequence[AnsweredCall], ids: Sequence[str], limit: int, items: int | None = None
) -> list[dict[str, Any]]:
    """The same as chat messages, one per call, each with its `tool_call_id`."""
    return [
        {
            "role": "tool",
            "tool_call_id": call_id,
            "name": shown_name(answered.call.name) if answered.call else "",
            "content": reply_content(answered, limit, items),
        }
        for answered, call_id in zip(turn, ids, strict=True)
    ]


def _entry(answered: AnsweredCall, limit: int, items: int | None) -> str:
    result, call = answered.result, answered.call
    name = _quoted(call.name) if call else "null"
    head = f'{{"tool":{name},"code":"{result.status.value}",'
    if not result.recorded:
        return f"{head}{result.text[1:]}"
    text = _text(answered, items)
    if len(text) <= limit:
        return f'{head}"response":{text}}}'
    return f"{head}{_cut(text, limit)}}}"


def _text(answered: AnsweredCall, items: int | None) -> str:
    result = answered.result
    if items is None or not result.recorded:
        return result.text
    return to_text(_trimmed(json.loads(result.text), items))


def _trimmed(value: Any, items: int) -> Any:
    """The value with every list in it cut after `items` entries; a list that lost some says how many."""
    if isinstance(value, dict):
        return {name: _trimmed(inner, items) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    kept = [_trimmed(inner, items) for inner in value[:items]]
    return kept if len(value) <= items else [*kept, f"… {len(value) - items} more"]


def _cut(text: str, limit: int) -> str:
    return f'"truncated":{{"shown":{limit},"of":{len(text)}}},"response_text":{to_text(text[:limit])}'


def _quoted(name: str) -> str:
    return to_text(shown_name(name))


def shown_name(name: str) -> str:
    """A name as the agent may have made it up, short and fit for UTF-8."""
    if len(name) <= 128 and name.isascii():
        return name
    return name[:128].encode(errors="replace").decode()
