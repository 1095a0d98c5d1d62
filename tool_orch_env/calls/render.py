"""Call results as observation text and as chat messages. Rendering is the last step of a call.

An observation holds only what is new. After `reset` it is the system prompt, the tools and the request. After a step it
is a JSON array with one object per call: `{"tool", "code", "response"}` or `{"tool", "code", "error"}`. A response
longer than the limit becomes `{"tool", "code", "truncated": {"shown", "of"}, "response_text"}`.

Recorded responses are copied as text and parsed only if their lists are trimmed. For small contexts, tools can be
described briefly (`TOOL_DOCS`) and lists trimmed to their first items; a text at the end of a trimmed list says how
many items were removed.
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
    "Take ids, codes and dates from the request or from replies; use what you know by heart only where no tool tells "
    "it, such as the code of an airport that the request names. "
)
CALL_FORMAT = 'Write each call as <tool_call>{"name": "...", "arguments": {...}}</tool_call>. '
PLAINLY = (
    "State plainly everything that was asked for: names in full, figures and times in digits, one answer to each "
    "question."
)
ENDING = f"When nothing is left to call, answer the user without any call; that ends the episode. {PLAINLY}"
SYSTEM_PROMPT = PURPOSE + CALL_FORMAT + ENDING

_SHORT_FORMAT = 'Call tools as <tool_call>{"name": "...", "arguments": {...}}</tool_call>. '
SHORT_PROMPT = _SHORT_FORMAT + "Answer without a call when all is known."


def ending(submit: str | None = None) -> str:
    """The sentence that says how an episode ends: by text, or by a call of the tool named `submit`."""
    if submit is None:
        return ENDING
    return (
        f"When nothing else is left to call, call {submit} with every value asked for; that ends the episode."
    )


def system_prompt(submit: str | None = None, tool_docs: str = "full") -> str:
    """The system prompt; the short one unless `tool_docs` is `full`. `submit` is as in `ending`."""
    if tool_docs == "full":
        return PURPOSE + CALL_FORMAT + ending(submit)
    if submit is None:
        return SHORT_PROMPT
    return f"{_SHORT_FORMAT}Call {submit} when all is known."


def opening_messages(task: Task, submit: str | None = None) -> list[dict[str, Any]]:
    """The chat messages after a reset: system prompt and request. `submit` is as in `ending`."""
    return [{"role": "system", "content": system_prompt(submit)}, {"role": "user", "content": task.request}]


def function_tools(task: Task, catalog: Catalog) -> list[dict[str, Any]]:
    """The offered tools as OpenAI function tools, in the task's order."""
    return [catalog[name].function for name in task.tools]


def opening_text(task: Task, catalog: Catalog, tool_docs: str = "full", submit: Tool | None = None) -> str:
    """The first observation: system prompt, tools (one per line, described as `tool_docs` says), request.

    `submit` is the tool that takes the final answer, if it is not text; it is the last of the tools.
    """
    describe = TOOL_DOCS[tool_docs]
    offered = [*(catalog[name] for name in task.tools), *([submit] if submit else [])]
    tools = "\n".join(describe(tool) for tool in offered)
    prompt = system_prompt(submit.name if submit else None, tool_docs)
    return f"{prompt}\n\nTools:\n{tools}\n\nRequest:\n{task.request}"


def _whole(tool: Tool) -> str:
    return to_text(tool.function["function"])


def _short(tool: Tool) -> str:
    return f"{_signature(tool)}: {tool.spec.description.split('. ')[0].rstrip('.')}."


def _signature(tool: Tool) -> str:
    """Name and parameters; optional ones have a question mark: `rate(currency, date, base?)`."""
    parameters = [name + "?" * (name not in tool.required) for name in tool.properties]
    return f"{tool.name}({', '.join(parameters)})"


TOOL_DOCS: Mapping[str, Callable[[Tool], str]] = {"full": _whole, "short": _short, "signature": _signature}
"""Descriptions of a tool in the first observation: `full` is the whole schema, `short` its signature and the first
sentence of its description, `signature` the signature alone."""


def reply_content(answered: AnsweredCall, limit: int, items: int | None = None) -> str:
    """The content of the tool message for one call: JSON, lists trimmed to `items`, then cut at `limit` characters."""
    text = _text(answered, items)
    return text if len(text) <= limit else f"{{{_cut(text, limit)}}}"


def turn_text(turn: Sequence[AnsweredCall], limit: int, items: int | None = None) -> str:
    """The observation after a step: a JSON array with an object per call, empty after a final answer."""
    return f"[{','.join([_entry(answered, limit, items) for answered in turn])}]"


def turn_messages(
    turn: Sequence[AnsweredCall], ids: Sequence[str], limit: int, items: int | None = None
) -> list[dict[str, Any]]:
    """The observation after a step as chat messages, one per call, each with its `tool_call_id`."""
    return [
        {
            "role": "tool",
            "tool_call_id": call_id,
            "name": shown_name(answered.name or ""),
            "content": reply_content(answered, limit, items),
        }
        for answered, call_id in zip(turn, ids, strict=True)
    ]


def _entry(answered: AnsweredCall, limit: int, items: int | None) -> str:
    result, called = answered.result, answered.name
    name = "null" if called is None else _quoted(called)
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
    """The value with every list cut after `items` entries; a text at the end says how many were removed."""
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
    """A tool name made safe to show: the agent may have invented it. At most 128 characters, no lone surrogates."""
    if len(name) <= 128 and name.isascii():
        return name
    return name[:128].encode(errors="replace").decode()
