"""Every model family's calls: the messages of real serving engines, and random calls rendered in each syntax."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.calls.parse import parse_message
from tool_orch_env.calls.parse.families import FAMILIES, page
from tool_orch_env.calls.parse.tag_tree import SEPARATOR
from tool_orch_env.calls.types import ParseError, ToolCall, Turn

MESSAGES = SHARED.parent / "cases" / "formats" / "messages.jsonl"
EXCEPTIONS: dict[str, str] = {}
"""Rows that are read otherwise than their engine does, and why."""


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    if not MESSAGES.is_file():
        pytest.skip("no ../shared/cases/formats/messages.jsonl beside the checkout")
    return [json.loads(line) for line in MESSAGES.read_text().splitlines()]


def judged(turn: Turn, row: dict[str, Any]) -> str:
    """What became of a row: right, wrong, silent or error."""
    calls = [{"name": c.name, "arguments": c.arguments} for c in turn.calls if isinstance(c, ToolCall)]
    errors = [c for c in turn.calls if isinstance(c, ParseError)]
    if json.dumps(calls) == json.dumps(row["calls"]) and bool(errors) == (not row["calls"]):
        return "right"
    return "silent" if turn.answer is not None else "wrong" if calls else "error"


def test_every_message_is_read_as_its_serving_engine_reads_it(rows: list[dict[str, Any]]) -> None:
    verdicts = {row["id"]: judged(parse_message(row["text"], row["tools"]), row) for row in rows}
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "right"} == EXCEPTIONS
    assert Counter(verdicts.values())["right"] >= 0.99 * len(rows)


def test_a_message_that_is_cut_anywhere_is_never_another_call(rows: list[dict[str, Any]]) -> None:
    for row in rows[:: 1 if len(rows) < 100 else 7]:
        for end in range(1, len(row["text"]), 3):
            turn = parse_message(row["text"][:end], row["tools"])
            calls = [
                {"name": c.name, "arguments": c.arguments} for c in turn.calls if isinstance(c, ToolCall)
            ]
            allowed = row["calls"][: len(calls)]
            assert json.dumps(calls) == json.dumps(allowed), row["text"][:end]


def test_the_page_is_made_from_the_table() -> None:
    made = (Path(__file__).parent.parent / "docs" / "messages.md").read_text() == page()
    assert made, "write it again: python -m tool_orch_env.calls.parse.families > docs/messages.md"


def test_the_table_has_the_family_of_every_message(rows: list[dict[str, Any]]) -> None:
    named = {name for family in FAMILIES for name in family.name.split(", ")}
    assert {row["family"] for row in rows} <= named


def test_every_family_has_a_renderer() -> None:
    without = [family.name for family in FAMILIES if RENDER.keys().isdisjoint(family.name.split(", "))]
    assert not without, f"add to RENDER in {Path(__file__).name} how these write a call: {without}"


TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "f",
            "parameters": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "number": {"type": "number"},
                    "count": {"type": "integer"},
                    "flag": {"type": "boolean"},
                    "maybe": {"type": ["integer", "null"]},
                    "listed": {"type": "array", "items": {"$ref": "#/$defs/thing"}},
                    "thing": {"anyOf": [{"$ref": "#/$defs/thing"}, {"type": "null"}]},
                    "unit": {"enum": ["c", "f"]},
                },
                "$defs": {
                    "thing": {
                        "type": "object",
                        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
                    }
                },
            },
        },
    },
    {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
]
SAFE = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x85\u2028\u2029")
markers = st.sampled_from(
    ["</tool_call>", "<tool_call>", "</parameter>", "<b>", "```", "<think>", "</think>", "[TOOL_CALLS]", "}", '"', "'",
     "\\", "<|call|>", "line\nbreak", "0042", "null", "true", "]", ")", ", ", "x=1", "{}", "&lt;", "]]>"]
)  # fmt: skip
texts = st.lists(st.text(SAFE, max_size=6) | markers, max_size=4).map("".join)
things = st.fixed_dictionaries({"a": texts, "b": st.integers(-(10**6), 10**6)})
numbers = (
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: "e" not in repr(x)) | st.integers()
)
arguments = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        "number": numbers,
        "count": st.integers(),
        "flag": st.booleans(),
        "maybe": st.none() | st.integers(0, 9),
        "listed": st.lists(things, min_size=1, max_size=2),
        "thing": things,
        "unit": st.sampled_from(["c", "f"]),
    },
)
calls = st.lists(
    st.builds(ToolCall, st.just("f"), arguments) | st.just(ToolCall("g", {})), min_size=1, max_size=3
)


def js(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else js(value)


def named(call: ToolCall, name: str = "name", key: str = "arguments") -> str:
    return js({name: call.name, key: call.arguments})


def each(form: Any, before: str = "", after: str = "", between: str = "") -> Any:
    return lambda calls: before + between.join(map(form, calls)) + after


def listed(before: str, after: str = "", key: str = "arguments", name: str = "name") -> Any:
    return lambda calls: f"{before}[{', '.join(named(call, name, key) for call in calls)}]{after}"


def python(call: ToolCall) -> str:
    return f"{call.name}({', '.join(f'{key}={value!r}' for key, value in call.arguments.items())})"


def function(edge: str, outer: str = "tool_call") -> Any:
    def form(call: ToolCall) -> str:
        values = "".join(
            f"<parameter={key}>{edge}{text_of(value)}{edge}</parameter>\n"
            for key, value in call.arguments.items()
        )
        return f"<{outer}>\n<function={call.name}>\n{values}</function>\n</{outer}>"

    return form


def keyed(prefix: str = "", gap: str = "", before: str = "<tool_call>", after: str = "</tool_call>") -> Any:
    def form(call: ToolCall) -> str:
        values = "".join(
            f"<{prefix}arg_key>{key}</{prefix}arg_key>{gap}<{prefix}arg_value>{text_of(value)}</{prefix}arg_value>{gap}"
            for key, value in call.arguments.items()
        )
        return f"{before}{call.name}{gap}{values}{after}"

    return form


def invoked(
    prefix: str, outer: str, marked: bool = False, word: str = "parameter", tag: str = "invoke"
) -> Any:
    def one(key: str, value: Any) -> str:
        kind = f' string="{js(isinstance(value, str))}"' if marked else ""
        return f'<{prefix}{word} name="{key}"{kind}>{text_of(value)}</{prefix}{word}>\n'

    def form(call: ToolCall) -> str:
        values = "".join(one(key, value) for key, value in call.arguments.items())
        return f'<{prefix}{tag} name="{call.name}">\n{values}</{prefix}{tag}>\n'

    return each(form, f"<{prefix}{outer}>\n" if outer else "", "")


def tree(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(branch(key, inner) for key, inner in value.items())
    return "".join(branch("item", inner) for inner in value) if isinstance(value, list) else text_of(value)


def branch(key: str, value: Any) -> str:
    return f"{SEPARATOR}<{key}>{tree(value)}{SEPARATOR}</{key}>"


def minimax_m3(call: ToolCall) -> str:
    return f'{SEPARATOR}<invoke name="{call.name}">{tree(call.arguments)}{SEPARATOR}</invoke>'


def kimi_k3(call: ToolCall) -> str:
    def kind(value: Any) -> str:
        return "string" if isinstance(value, str) else "number"

    values = "".join(
        f'<|open|>argument key="{key}" type="{kind(value)}"<|sep|>{text_of(value)}<|close|>argument<|sep|>'
        for key, value in call.arguments.items()
    )
    return f'<|open|>call tool="{call.name}" index="1"<|sep|>{values}<|close|>call<|sep|>'


def braces(quote: str) -> Any:
    def form(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ",".join(f"{key}:{form(inner)}" for key, inner in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(form, value)) + "]"
        return f"{quote}{value}{quote}" if isinstance(value, str) else js(value)

    return form


gemma, function_gemma = braces('<|"|>'), braces("<escape>")


def plamo(call: ToolCall) -> str:
    name = f"<|plamo:begin_tool_name:plamo|>{call.name}<|plamo:end_tool_name:plamo|>"
    inner = f"<|plamo:begin_tool_arguments:plamo|>{js(call.arguments)}<|plamo:end_tool_arguments:plamo|>"
    return f"<|plamo:begin_tool_request:plamo|>{name}{inner}<|plamo:end_tool_request:plamo|>"


RENDER = {
    "hermes": each(lambda c: f"<tool_call>\n{named(c)}\n</tool_call>", between="\n"),
    "granite4": each(lambda c: f"<tool_call>{named(c)}</tool_call>"),
    "granite3.0": listed("<|tool_call|>"),
    "granite3.1": listed("<tool_call>"),
    "granite-20b-fc": each(lambda c: f"<function_call> {named(c)} "),
    "longcat": each(lambda c: f"<longcat_tool_call>{named(c)}</longcat_tool_call>"),
    "hunyuan_a13b": listed("<tool_calls>", "</tool_calls>"),
    "internlm": each(lambda c: f"<|action_start|><|plugin|>\n{named(c, key='parameters')}<|action_end|>"),
    "mistral_old": listed("[TOOL_CALLS] "),
    "mistral_new": each(lambda c: f"[TOOL_CALLS]{c.name}[ARGS]{js(c.arguments)}"),
    "llama3_json": each(lambda c: named(c, key="parameters"), between="; "),
    "python_tag": each(lambda c: named(c, key="parameters"), "<|python_tag|>", "<|eom_id|>", "; "),
    "prose, then json": each(lambda c: named(c), "I will look it up.\n", "", "\n"),
    "phi4_mini": listed("functools"),
    "xlam": listed(""),
    "cohere_command": listed("<|START_ACTION|>", "<|END_ACTION|>", "parameters", "tool_name"),
    "command_r_2024": listed("Action: ```json\n", "\n```", "parameters", "tool_name"),
    "apertus": each(lambda c: js({c.name: c.arguments}), "<|tools_prefix|>[", "]<|tools_suffix|>", ", "),
    "nemotron_v2": listed("<TOOLCALL>", "</TOOLCALL>"),
    "gigachat3": each(lambda c: f"function call<|role_sep|>\n{named(c)}"),
    "inkling": each(lambda c: f"<|content_invoke_tool_json|>{named(c, key='args')}<|end_message|>"),
    "functionary_v3.1": each(lambda c: f"<function={c.name}>{js(c.arguments)}</function>"),
    "functionary_v3.2": each(lambda c: f"{c.name}\n{js(c.arguments)}", between=">>>"),
    "deepseek_v3": each(
        lambda c: (
            f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{c.name}\n```json\n{js(c.arguments)}\n```<｜tool▁call▁end｜>"
        ),
        "<｜tool▁calls▁begin｜>",
        "<｜tool▁calls▁end｜>",
        "\n",
    ),
    "deepseek_v31": each(
        lambda c: f"<｜tool▁call▁begin｜>{c.name}<｜tool▁sep｜>{js(c.arguments)}<｜tool▁call▁end｜>",
        "<｜tool▁calls▁begin｜>",
        "<｜tool▁calls▁end｜>",
    ),
    "deepseek_v32": invoked("｜DSML｜", "function_calls", marked=True),
    "deepseek_v41": invoked("｜DSML｜ ", "calls", marked=True),
    "gigachat35": invoked("｜GCML｜", "tool_calls", marked=True),
    "kimi_k2": each(
        lambda c: (
            f"<|tool_call_begin|>functions.{c.name}:0<|tool_call_argument_begin|>{js(c.arguments)}<|tool_call_end|>"
        ),
        "<|tool_calls_section_begin|>",
        "<|tool_calls_section_end|>",
    ),
    "kimi_k3": each(kimi_k3, "<|open|>tools<|sep|>", "<|close|>tools<|sep|>"),
    "gpt-oss": each(
        lambda c: (
            f"<|channel|>commentary to=functions.{c.name} <|constrain|>json<|message|>{js(c.arguments)}<|call|>"
        ),
        between="<|start|>assistant",
    ),
    "qwen3_coder": each(function("\n"), between="\n"),
    "mimo": each(function("")),
    "seed_oss": each(function("", "seed:tool_call")),
    "glm45": each(keyed(gap="\n"), between="\n"),
    "glm47": each(keyed()),
    "hy_v4": each(keyed(), "<tool_calls>", "</tool_calls>"),
    "iquest_q1": each(keyed(before="<iquest_tool_call>", after="</iquest_tool_call>")),
    "k2_horizon": each(keyed("ifm|", "\n", "<ifm|tool_call>", "</ifm|tool_call>"), "<ifm|tool_calls>"),
    "minimax_m2": lambda calls: "<minimax:tool_call>" + invoked("", "")(calls) + "</minimax:tool_call>",
    "minimax_m3": each(minimax_m3, f"{SEPARATOR}<tool_call>\n", f"{SEPARATOR}</tool_call>", "\n"),
    "dots": lambda calls: "<dots_function_call>" + invoked("", "")(calls) + "</dots_function_call>",
    "muse_glimmer": invoked("atem:", "function_calls"),
    "step3": invoked("steptml:", ""),
    "minicpm5": invoked("", "", word="param", tag="function"),
    "plamo3": each(plamo, "<|plamo:begin_tool_requests:plamo|>"),
    "gemma4": each(lambda c: f"<|tool_call>call:{c.name}{gemma(c.arguments)}<tool_call|>"),
    "functiongemma": each(
        lambda c: f"<start_function_call>call:{c.name}{function_gemma(c.arguments)}<end_function_call>"
    ),
    "gemma3_tool_code": each(python, "```tool_code\n", "\n```", "\n"),
    "pythonic": each(python, "[", "]", ", "),
    "llama4_pythonic": each(python, "<|python_start|>[", "]<|python_end|>", ", "),
    "olmo3": each(python, "<function_calls>\n", "\n</function_calls>", "\n"),
    "lfm2": each(python, "<|tool_call_start|>[", "]<|tool_call_end|>", ", "),
}
UNQUOTABLE = {
    "qwen3_coder": ("\n<parameter=", "\n</function>"),
    "mimo": ("\n",),
    "seed_oss": ("\n",),
    "minimax_m2": ("\n",),
    "dots": ("\n",),
    "muse_glimmer": ("\n",),
    "step3": ("\n",),
    "minicpm5": ("\n", "<![CDATA["),
}
"""What a value cannot hold without becoming something else in a format without quotation, by format."""


def sayable(name: str, calls: list[ToolCall]) -> bool:
    held = [value for call in calls for value in call.arguments.values() if isinstance(value, str)]
    return not any(part in value for part in UNQUOTABLE.get(name, ()) for value in held)


@pytest.mark.parametrize("name", RENDER)
@given(calls)
def test_calls_rendered_in_a_family_s_syntax_are_read_back(name: str, calls: list[ToolCall]) -> None:
    if not sayable(name, calls):
        return
    for text in (RENDER[name](calls), f"<think>\nf? <tool_call>\n</think>\n\n{RENDER[name](calls)}"):
        if name in ("functionary_v3.2", "prose, then json") and text.startswith("<think>"):
            continue
        turn = parse_message(text, TOOLS)
        read = [(c.name, c.arguments) if isinstance(c, ToolCall) else c for c in turn.calls]
        assert repr(read) == repr([(c.name, c.arguments) for c in calls]), text
