"""How some model families are shown tools, write calls, and receive results, all as text.

This is the inverse of `parse` for the main families: what `FORMATS[name].calls` writes, `parse_message` reads back. The
formats with tags cannot quote, so a string that contains their own closing tags cannot be written in them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..jsonvalues.canonical import to_text
from .types import ToolCall

Functions = Sequence[Mapping[str, Any]]
"""The `function` objects of OpenAI function tools."""
_EXAMPLE = ToolCall("TOOL_NAME", {"PARAMETER": "VALUE"})


@dataclass(frozen=True, slots=True)
class CallFormat:
    """The form of one family.

    `calls` writes the calls of one message. `tools` writes the section of the system prompt that presents the tools;
    `{tools}` in `intro` is replaced by it. `result` has `{content}`, the reply to a call, and perhaps `{id}`, the id of
    the call. `special`: the marks are special tokens, which a server removes unless asked to keep them.
    """

    calls: Callable[[Sequence[ToolCall]], str]
    intro: str
    tools: Callable[[Functions], str]
    result: str = "<tool_response>\n{content}\n</tool_response>"
    special: bool = False

    def prompt(self, functions: Functions) -> str:
        """The section of the system prompt that presents the tools and how to call them."""
        return self.intro.replace("{example}", self.calls([_EXAMPLE])).replace(
            "{tools}", self.tools(functions)
        )

    def reply(self, content: str, call_id: str) -> str:
        """The result of one call."""
        return self.result.replace("{id}", call_id).replace("{content}", content)


def _each(write: Callable[[ToolCall], str], before: str = "", after: str = "", between: str = "\n") -> Any:
    return lambda calls: before + between.join(map(write, calls)) + after


def _named(key: str) -> Callable[[ToolCall], str]:
    return lambda call: to_text({"name": call.name, key: call.arguments})


def _text(value: Any) -> str:
    """A value in a format whose strings are not quoted."""
    return value if isinstance(value, str) else to_text(value)


def _hermes(call: ToolCall) -> str:
    return f"<tool_call>{_named('arguments')(call)}</tool_call>"


def _qwen3_coder(call: ToolCall) -> str:
    values = [f"<parameter={key}>\n{_text(value)}\n</parameter>\n" for key, value in call.arguments.items()]
    return f"<tool_call>\n<function={call.name}>\n{''.join(values)}</function>\n</tool_call>"


def _glm(call: ToolCall) -> str:
    values = [
        f"<arg_key>{key}</arg_key>\n<arg_value>{_text(value)}</arg_value>\n"
        for key, value in call.arguments.items()
    ]
    return f"<tool_call>{call.name}\n{''.join(values)}</tool_call>"


def _python(call: ToolCall) -> str:
    return f"{call.name}({', '.join(f'{key}={value!r}' for key, value in call.arguments.items())})"


def _mistral(call: ToolCall) -> str:
    return f"[TOOL_CALLS]{call.name}[ARGS]{to_text(call.arguments)}"


def _deepseek(call: ToolCall) -> str:
    return f"<｜tool▁call▁begin｜>{call.name}<｜tool▁sep｜>{to_text(call.arguments)}<｜tool▁call▁end｜>"


def _dsml(call: ToolCall) -> str:
    def one(key: str, value: Any) -> str:
        kind = f'name="{key}" string="{to_text(isinstance(value, str))}"'
        return f"<｜DSML｜parameter {kind}>{_text(value)}</｜DSML｜parameter>\n"

    values = "".join(one(key, value) for key, value in call.arguments.items())
    return f'<｜DSML｜invoke name="{call.name}">\n{values}</｜DSML｜invoke>'


def _kimi(calls: Sequence[ToolCall]) -> str:
    written = [
        f"<|tool_call_begin|>functions.{call.name}:{number}<|tool_call_argument_begin|>{to_text(call.arguments)}"
        "<|tool_call_end|>"
        for number, call in enumerate(calls)
    ]
    return f"<|tool_calls_section_begin|>{''.join(written)}<|tool_calls_section_end|>"


def _lines(functions: Functions) -> str:
    return "\n".join(map(to_text, functions))


def _array(functions: Functions) -> str:
    return to_text([{"type": "function", "function": function} for function in functions])


def _headings(functions: Functions) -> str:
    return "\n\n".join(
        f"### {function['name']}\nDescription: {function.get('description', '')}\n\n"
        f"Parameters: {to_text(function.get('parameters', {}))}"
        for function in functions
    )


_TAGGED = (
    "# Tools\n\nYou may call one or more of the functions within <tools></tools>:\n<tools>\n{tools}\n</tools>\n\n"
    "Write each call in exactly this form, with one such block per call:\n{example}"
)
_HEADED = (
    "## Tools\nYou have access to the following tools:\n\n{tools}\n\n"
    "Use exactly this format for calls, with JSON for the arguments; several calls go into the same section:\n{example}"
)

FORMATS: Mapping[str, CallFormat] = {
    "hermes": CallFormat(
        _each(_hermes),
        "These are the tools, one JSON object per line:\n{tools}\n"
        'Write each call as <tool_call>{"name": "...", "arguments": {...}}</tool_call>.',
        _lines,
    ),
    "qwen3_coder": CallFormat(_each(_qwen3_coder), _TAGGED, _lines),
    "glm45": CallFormat(_each(_glm), _TAGGED, _lines),
    "llama3_json": CallFormat(
        _each(_named("parameters"), between="; "),
        "These are the functions, one JSON object per line:\n{tools}\n\n"
        "To call functions, write nothing but {example}, with `; ` between several calls. Do not use variables.",
        _lines,
        '{"output": {content}}',
    ),
    "pythonic": CallFormat(
        _each(_python, "[", "]", ", "),
        "These are the functions, one JSON object per line:\n{tools}\n\n"
        "To call functions, write nothing but a list of calls in Python's syntax: {example}, "
        "with commas between several calls.",
        _lines,
        '{"output": {content}}',
    ),
    "mistral_new": CallFormat(
        _each(_mistral, between=""),
        "[AVAILABLE_TOOLS]{tools}[/AVAILABLE_TOOLS]\n"
        "Write each call as {example}, with JSON for the arguments and nothing between several calls.",
        _array,
        "[TOOL_RESULTS]{content}[/TOOL_RESULTS]",
        special=True,
    ),
    "deepseek_v31": CallFormat(
        _each(_deepseek, "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", ""),
        _HEADED,
        _headings,
        "<｜tool▁output▁begin｜>{content}<｜tool▁output▁end｜>",
        special=True,
    ),
    "deepseek_v32": CallFormat(
        _each(_dsml, "<｜DSML｜function_calls>\n", "\n</｜DSML｜function_calls>"),
        "## Tools\nYou have access to the following tools, one JSON Schema per line:\n{tools}\n\n"
        "Use exactly this format for calls. `string` is `true` for strings, `false` for all other values, which are "
        "JSON; several calls go into the same section:\n{example}",
        _lines,
        "<function_results>\n<result>{content}</result>\n</function_results>",
        special=True,
    ),
    "kimi_k2": CallFormat(
        _kimi,
        "# Tools\n\n{tools}\n\n"
        "Use exactly this format for calls, with JSON for the arguments; several calls go into the same section, "
        "and the number after each name counts them from 0:\n{example}",
        _array,
        "## Return of {id}\n{content}",
        special=True,
    ),
}
"""The formats by the family names of `parse.families`. `hermes` is the default."""
