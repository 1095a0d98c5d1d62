"""What agents write around and beside calls, and the objects that clients hand over."""

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.calls.parse import parse_message
from tool_orch_env.calls.parse.quick import quick_read
from tool_orch_env.calls.parse.scan import Scan
from tool_orch_env.calls.parse.text import _Reading
from tool_orch_env.calls.parse.typed import typed
from tool_orch_env.calls.types import ParseError, ToolCall, Turn

TIDE = {"port": {"type": "string"}, "hours": {"type": "integer"}}
MEMO = {"title": {"type": "string"}, "body": {"type": "string"}}


def tool(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": properties}},
    }


TOOLS = [tool("tide", TIDE), tool("memo", MEMO), tool("ping", {}), tool("list-ports", {})]
A = '{"port": "Oban", "hours": 6}'
JSON = f'{{"name": "tide", "arguments": {A}}}'
TIDE_CALL = ToolCall("tide", {"port": "Oban", "hours": 6})
PING = ToolCall("ping", {})
CHAT_CALL = {"function": {"name": "tide", "arguments": A}}
QWEN = (
    "<tool_call>\n<function=memo>\n<parameter=title>\n{}\n</parameter>\n"
    "<parameter=body>\n{}\n</parameter>\n</function>\n</tool_call>"
)
GLM = (
    "<tool_call>memo\n<arg_key>title</arg_key>\n<arg_value>{}</arg_value>\n"
    "<arg_key>body</arg_key>\n<arg_value>{}</arg_value>\n</tool_call>"
)


def memo(title: str, body: str) -> ToolCall:
    return ToolCall("memo", {"title": title, "body": body})


CALLS: dict[str, tuple[Any, list[ToolCall]]] = {
    "a closing marker inside a JSON string": (
        '<tool_call>{"name": "memo", "arguments": {"title": "</tool_call>", "body": "<think>"}}</tool_call>',
        [memo("</tool_call>", "<think>")],
    ),
    "markers inside a JSON call without a marker": (
        '{"name": "memo", "parameters": {"title": "<tool_call>", "body": "</think>"}}',
        [memo("<tool_call>", "</think>")],
    ),
    "markers inside a Qwen value": (
        QWEN.format("Use </parameter> and </function> in <parameter=x>", "a\n\n  b </tool_call>"),
        [memo("Use </parameter> and </function> in <parameter=x>", "a\n\n  b </tool_call>")],
    ),
    "markers inside a GLM value": (
        GLM.format("<tool_call> and </tool_call>", "</arg_value> ends <arg_key>"),
        [memo("<tool_call> and </tool_call>", "</arg_value> ends <arg_key>")],
    ),
    "empty values": (QWEN.format("", ""), [memo("", "")]),
    "a Qwen parameter without its end": (
        "<tool_call>\n<function=tide>\n<parameter=port>\nOban\n"
        "<parameter=hours>\n6\n</parameter>\n</function>\n</tool_call>",
        [TIDE_CALL],
    ),
    "a Qwen call without the outer tag": (
        "I look.\n<function=tide>\n<parameter=port>\nOban\n</parameter>\n"
        "<parameter=hours>\n6\n</parameter>\n</function>\n</tool_call>",
        [TIDE_CALL],
    ),
    "two Qwen calls in one block": (
        "<tool_call>\n<function=ping>\n</function>\n<function=ping>\n</function>\n</tool_call>",
        [PING, PING],
    ),
    "text before, between and after": (
        f"So.\n<tool_call>{JSON}</tool_call>\nAnd\n<tool_call>{JSON}</tool_call>\nDone.",
        [TIDE_CALL, TIDE_CALL],
    ),
    "prose before a JSON call": (f"I will look it up.\n{JSON}", [TIDE_CALL]),
    "prose before a JSON call on its line": (f"I will look it up: {JSON}", [TIDE_CALL]),
    "a stop token after a JSON call": (f"{JSON}<|eom_id|>", [TIDE_CALL]),
    "a stop token after a Hermes call": (f"<tool_call>{JSON}</tool_call><|im_end|>", [TIDE_CALL]),
    "true in Python's syntax": ("[tide(port='Oban', hours=6)]<|eot_id|>", [TIDE_CALL]),
    "a keyword as an argument's name": (
        "[tide(from='x', ok=true)]", [ToolCall("tide", {"from": "x", "ok": True})]),
    "brackets in a Python string": ("[memo(title='a]) b', body=\"x', (\")]", [memo("a]) b", "x', (")]),
    "a printed call": ("```tool_code\nprint(tide(port='Oban', hours=6))\n```", [TIDE_CALL]),
    "a Python list in a fence": ("```python\n[tide(port='Oban', hours=6)]\n```", [TIDE_CALL]),
    "a fence that is the whole message": (f"```xml\n<tool_call>{JSON}</tool_call>\n```", [TIDE_CALL]),
    "a fence inside the block": (f"<tool_call>\n```json\n{JSON}\n```\n</tool_call>", [TIDE_CALL]),
    "a call after an unclosed think": (f"<think>I will call\n<tool_call>{JSON}</tool_call>", [TIDE_CALL]),
    "a call in closed reasoning, and nothing else": (
        f"<think>x <tool_call>{JSON}</tool_call></think>", [TIDE_CALL]),
    "reasoning in [THINK]": (f"[THINK]a [TOOL_CALLS] b[/THINK][TOOL_CALLS]tide[ARGS]{A}", [TIDE_CALL]),
    "a harmony recipient in the role": (
        f" to=functions.tide<|channel|>commentary<|message|>{A}", [TIDE_CALL]),
    "harmony without its tokens": (f"assistantcommentary to=functions.tide json{A}", [TIDE_CALL]),
    "Mistral without its tokens": (f"tide{A}", [TIDE_CALL]),
    "args": (f'<tool_call>{{"name": "tide", "args": {A}}}</tool_call>', [TIDE_CALL]),
    "an Anthropic block": (
        {"role": "assistant", "content": [{"type": "text", "text": "Hm."},
                                          {"type": "tool_use", "id": "t", "name": "ping", "input": {}}]},
        [ToolCall("ping", {}, "t")],
    ),
    "LangChain": ({"name": "ping", "args": {}, "id": "c", "type": "tool_call"}, [ToolCall("ping", {}, "c")]),
    "Responses items": (
        [{"type": "reasoning", "summary": []},
         {"type": "function_call", "id": "f", "call_id": "c", "name": "ping", "arguments": "{}"}],
        [ToolCall("ping", {}, "c")],
    ),
    "the legacy function_call": (
        {"role": "assistant", "content": None, "function_call": {"name": "tide", "arguments": A}},
        [TIDE_CALL],
    ),
    "a call in a content part": (
        {"role": "assistant", "content": [{"type": "text", "text": f"<tool_call>{JSON}</tool_call>"}]},
        [TIDE_CALL],
    ),
    "an object with attributes": (
        SimpleNamespace(role="assistant", content=None, tool_calls=[
            SimpleNamespace(id="c", type="function", function=SimpleNamespace(name="tide", arguments=A))
        ]),
        [ToolCall("tide", TIDE_CALL.arguments, "c")],
    ),
    "a stop token after a call behind the python tag": (
        "<|python_tag|>tide(port='Oban', hours=6)<|eom_id|>", [TIDE_CALL]),
    "the end of Mistral's list": (f"[TOOL_CALLS] [{JSON}][/TOOL_CALLS]</s>", [TIDE_CALL]),
    "a dash in a Python name": ("[list-ports()]", [ToolCall("list-ports", {})]),
    "an empty harmony body": ("<|channel|>commentary to=functions.ping<|message|><|call|>", [PING]),
    "Llama's header": (
        f"<|start_header_id|>assistant<|end_header_id|>\n\n{JSON}<|eot_id|>", [TIDE_CALL]),
    "a list of one message": (
        [{"role": "assistant", "content": f"<tool_call>{JSON}</tool_call>"}], [TIDE_CALL]),
    "a choice": ({"index": 0, "message": {"role": "assistant", "tool_calls": [CHAT_CALL]}}, [TIDE_CALL]),
    "a text completion": ({"choices": [{"text": f"<tool_call>{JSON}</tool_call>"}]}, [TIDE_CALL]),
    "Ollama's and Cohere's response": (
        {"message": {"role": "assistant", "content": "", "tool_calls": [CHAT_CALL]}}, [TIDE_CALL]),
    "LangChain's additional_kwargs beside text": (
        {"type": "ai", "content": "I look.", "additional_kwargs": {"tool_calls": [CHAT_CALL]}}, [TIDE_CALL]),
    "Gemini's response": (
        {"candidates": [{"content": {"role": "model", "parts": [
            {"text": "hm", "thought": True}, {"functionCall": {"name": "ping", "args": {}}}]}}]},
        [PING],
    ),
    "objects of Gemini's client": (
        SimpleNamespace(candidates=[SimpleNamespace(content=SimpleNamespace(role="model", parts=[
            SimpleNamespace(text=None, function_call=SimpleNamespace(id=None, name="ping", args={}))]))]),
        [PING],
    ),
    "Bedrock's response": (
        {"output": {"message": {"role": "assistant", "content": [
            {"text": "Hm."}, {"toolUse": {"toolUseId": "t", "name": "ping", "input": {}}}]}}},
        [ToolCall("ping", {}, "t")],
    ),
    "a Kimi id": (
        f"<|tool_call_begin|>functions.tide:3<|tool_call_argument_begin|>{A}<|tool_call_end|>",
        [ToolCall("tide", TIDE_CALL.arguments, "functions.tide:3")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("action", "calls"), CALLS.values(), ids=CALLS)
def test_calls_are_read_with(action: Any, calls: list[ToolCall]) -> None:
    assert repr(parse_message(action, TOOLS)) == repr(Turn(tuple(calls)))


ANSWERS: dict[str, Any] = {
    "inline code": "Write `<tool_call>{...}</tool_call>` please.",
    "a quoted marker": 'Use "<tool_call>" tags.',
    "a fence with a marker": f"Example:\n```\n<tool_call>{JSON}</tool_call>\n```\nThat is it.",
    "a code sample": "Use:\n```python\ntide(port='x', hours=6)\n```",
    "a list in a code sample": "Like this:\n```python\n[tide(port='x', hours=6)]\n```\nIt returns a table.",
    "a call in a sentence": f"You could send {JSON} to it.",
    "a call in inline code": "Call `[tide(port='x', hours=1)]` to see.",
    "a tool's definition": '{"name": "tide", "description": "x", "parameters": {"type": "object", "properties": {}}}',
    "JSON with a name": '{"name": "Anna", "parameters": {"height": 3}}',
    "a list of names": '[{"name": "Oslo"}, {"name": "Bergen"}]',
    "JSON around a call": f'{{"result": {JSON}}}',
    "HTML and links": "<p>The <b>tide</b> [1] is {high} at `x`, see [a(b)](http://c).",
    "prose in brackets": "[Note (see below): it is 7]",
    "a formula in brackets": "[sin(0), max(a, b)]",
    "places in brackets": "[Oslo (NO), Bergen (NO)]",
    "a comprehension": "```python\n[f(x=1) for x in y]\n```",
    "a fence of tildes": f"Example:\n~~~\n<tool_call>{JSON}</tool_call>\n~~~\nThat is it.",
    "a marker in Markdown": "The tag **<tool_call>** (<|python_tag|>) opens a call.",
    "a reasoning mark in a sentence": "He wrote <think> as a tag, a poem <thinking> of the sea.",
    "Python's functools": "Use functools[x] or functools[0].",
    "JSON that has a tool's name": '{"name": "tide", "count": 3}',
    "a table": "| a | b |\n|---|---|\n| [x](y) | <br> |",
}


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_stays_as_it_is_with(text: str) -> None:
    assert parse_message(text, TOOLS) == Turn(answer=text)


SKIPPED = {
    "closed reasoning with a call": (
        f"<think>maybe <tool_call>{JSON}</tool_call></think>It is 7.", "It is 7."),
    "thinking tags": ("<thinking>I call <tool_call>x</tool_call></thinking>\nIt is 7.", "It is 7."),
    "reasoning from the prompt": ("hm <tool_call></think> It is 7.", "It is 7."),
    "harmony": (
        "<|channel|>analysis<|message|>to=x<|end|><|start|>assistant<|channel|>final<|message|>It is 7.<|return|>", "It is 7."),  # noqa: E501
    "a harmony answer that is JSON": (f"<|channel|>final<|message|>{JSON}", JSON),
    "Cohere": ("<|START_THINKING|>x<|END_THINKING|><|START_RESPONSE|>It is 7.<|END_RESPONSE|>", "It is 7."),
    "Kimi-K3": ("x<|close|>think<|sep|><|open|>response<|sep|>It is 7.<|close|>response<|sep|>", "It is 7."),
    "a stop token": ("It is 7.<|im_end|>", "It is 7."),
    "Llama 4's stop token": ("It is 7.<|eot|>", "It is 7."),
    "Cohere's stop token": ("It is 7.<|END_OF_TURN_TOKEN|>", "It is 7."),
    "Apertus": ("<|inner_prefix|>x<|inner_suffix|>It is 7.<|assistant_end|>", "It is 7."),
    "MiniMax's stop token": ("It is 7.[e~[", "It is 7."),
    "Seed's stop token": ("It is 7.<seed:eos>", "It is 7."),
    "the head of a ChatML message": ("<|im_start|>assistant\nIt is 7.<|im_end|>", "It is 7."),
    "the head of a Gemma message": ("<start_of_turn>model\nIt is 7.<end_of_turn>", "It is 7."),
    "a text completion": ({"choices": [{"text": "It is 7."}]}, "It is 7."),
    "Gemini": ({"role": "model", "parts": [{"text": "x", "thought": True}, {"text": "It is 7."}]}, "It is 7."),
    "Bedrock": (
        {"role": "assistant", "content": [{"reasoningContent": {}}, {"text": "It is 7."}]}, "It is 7."),
    "a list of one message": ([{"role": "assistant", "content": "It is 7."}], "It is 7."),
    "a part in place of content": (
        {"role": "assistant", "content": {"type": "text", "text": "It is 7."}}, "It is 7."),
}  # fmt: skip


@pytest.mark.parametrize(("text", "answer"), SKIPPED.values(), ids=SKIPPED)
def test_the_answer_is_what_remains_without(text: Any, answer: str) -> None:
    assert parse_message(text, TOOLS) == Turn(answer=answer)


ERRORS: dict[str, tuple[Any, str]] = {
    "a cut Qwen call": (
        "<tool_call>\n<function=tide>\n<parameter=port>\nOb", "argument 'port' is not closed"),
    "a cut GLM call": ("<tool_call>tide\n<arg_key>port</arg_key>\n<arg_value>Ob", "'port' is cut off"),
    "a cut marker": ("Let me see.\n<tool_ca", "cut off in a marker"),
    "a cut DeepSeek call": ("<｜tool▁call▁begin｜>function<｜tool▁sep｜>tide\n```json\n{", "not JSON"),
    "a cut Kimi call": ("<|tool_call_begin|>functions.tide:0<|tool_call_argument_begin|>{", "not JSON"),
    "a cut Gemma call": ('<|tool_call>call:tide{port:<|"|>Ob', "at the end of a string"),
    "a cut harmony header": ("<|channel|>commentary to=functions.tide", "<|message|>"),
    "a cut harmony recipient": ("<|channel|>commentary to=", "expected a recipient"),
    "a bare call cut before its arguments": ('{"name": "tide", "argum', "not JSON"),
    "calls of a message under a strange key": ({"role": "assistant", "toolCalls": [{}]}, "unknown key 'toolCalls'"),
    "a marker alone": ("Let me check.[TOOL_CALLS]", "expected a JSON list"),
    "an empty section": (
        "<|tool_calls_section_begin|><|tool_calls_section_end|>", "expected <|tool_call_begin|>"),
    "prose after a marker": ("<minimax:tool_call>\nnothing\n</minimax:tool_call>", "expected <invoke"),
    "an unknown key": (f'<tool_call>{{"name": "tide", "argz": {A}}}</tool_call>', "unknown key 'argz'"),
    "an unknown key without a marker": (f'{{"name": "tide", "kwargs": {A}}}', "unknown key 'kwargs'"),
    "arguments without a key": ('<tool_call>{"name": "tide", "port": "x"}</tool_call>', "unknown key 'port'"),
    "an unknown key of a dict": ({"name": "tide", "argz": {}}, "unknown key 'argz'"),
    "an unknown key beside the function": (
        {"tool_calls": [{"id": "1", "function": {"name": "tide"}, "kwargs": {"port": "x"}}]},
        "unknown key 'kwargs'",
    ),
    "a brace too many": (f"<tool_call>{JSON}}}</tool_call>", "expected </tool_call>"),
    "a raw line break in JSON": (
        '<tool_call>{"name": "memo", "arguments": {"title": "a\nb"}}</tool_call>', "control character"),
    "an unread call of LangChain": (
        {"content": "", "tool_calls": [], "invalid_tool_calls": [{"name": "tide", "args": "{",
            "id": "q", "error": "x"}]},
        "not JSON",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("action", "why"), ERRORS.values(), ids=ERRORS)
def test_it_is_a_parse_error_to_write(action: Any, why: str) -> None:
    (error,) = parse_message(action, TOOLS).calls
    assert isinstance(error, ParseError)
    assert why in error.why


def test_calls_and_errors_keep_the_order_of_the_message_with_the_name_as_far_as_known() -> None:
    cut = '<tool_call>{"name": "memo", "arguments": {"title": "x"}</tool_call>'
    first, second = parse_message(f"{cut}\n<tool_call>{JSON}</tool_call>", TOOLS).calls
    assert isinstance(first, ParseError)
    assert (first.name, first.where) == ("memo", "tool_call 0")
    assert second == TIDE_CALL


TYPED = [
    ({"type": "string"}, "0042", "0042"), ({"type": "string"}, "null", "null"), ({"type": "integer"},
        "0042", 42),
    ({"type": "integer"}, " 3 ", 3), ({"type": "integer"}, "3.5", "3.5"), ({"type": "number"}, "3.0", 3.0),
    ({"type": "number"}, "1e999", "1e999"), ({"type": "integer"}, "three", "three"),
        ({"type": "integer"}, "null", None),
    ({"type": "boolean"}, "True", True), ({"type": "boolean"}, "1", "1"), ({"type": ["string", "null"]},
        "null", None),
    ({"type": ["string", "integer"]}, "0042", "0042"), ({"type": ["string", "integer"]}, "42", 42),
    ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "5", 5), ({"$ref": "#/$defs/n"}, "7", 7),
    ({"$ref": "#/$defs/loop"}, "7", "7"), ({"enum": ["1", 2, None]}, "1", "1"), ({"enum": ["1", 2]}, "2", 2),
    ({"const": True}, "true", True),
    ({"type": "array"}, '["a"]', ["a"]), ({"type": "array"}, "['a', True]", ["a", True]),
    ({"type": "object"}, '{"a": 1}', {"a": 1}), ({"type": "array"}, '{"a": 1}', '{"a": 1}'),
        ({"items": {}}, "[1]", [1]),
    ({}, "5", "5"), (None, "5", "5"), (True, "5", "5"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "text", "value"), TYPED)
def test_a_text_is_typed_by_the_schema(schema: Any, text: str, value: Any) -> None:
    root = {"$defs": {"n": {"type": "integer"}, "loop": {"$ref": "#/$defs/loop"}}}
    assert repr(typed(text, schema, root)) == repr(value)


class Catalogued:
    """A tool as the environment's catalog holds it."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.spec = SimpleNamespace(parameters=parameters)


def test_tools_may_be_a_mapping_as_the_environment_holds_them() -> None:
    tools = {
        "hold": Catalogued(
            {"type": "object", "properties": {"code": {"type": "string"}, "n": {"type": "integer"}}}
        )
    }
    text = (
        "<tool_call>hold<arg_key>code</arg_key><arg_value>0042</arg_value>"
        "<arg_key>n</arg_key><arg_value>42</arg_value></tool_call>"
    )
    assert parse_message(text, tools) == Turn((ToolCall("hold", {"code": "0042", "n": 42}),))
    assert parse_message(text) == Turn((ToolCall("hold", {"code": "0042", "n": "42"}),))


class Hostile(dict):  # type: ignore[type-arg]
    def get(self, *_: Any) -> Any:
        raise RuntimeError("no")

    __getitem__ = __iter__ = keys = items = get


class Raising:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


class HostileText(str):
    __slots__ = ()

    def strip(self, *_: Any) -> str:
        raise RuntimeError("no")

    __contains__ = __len__ = find = strip  # type: ignore[assignment]


@pytest.mark.parametrize(
    "action",
    [
        Hostile(name="f", arguments={}), Hostile(role="assistant", content="x"), Raising(), [Raising()],
            HostileText("x"),
        {"role": "assistant", "content": Raising()}, {"tool_calls": [Raising(), Hostile(a=1)]},
            [[[[[]]]]], type, len,
        SimpleNamespace(model_dump=lambda: 1 / 0), SimpleNamespace(role="assistant",
            content=SimpleNamespace()),
        {"content": [{"type": "text", "text": HostileText("x")}]},
            {"choices": [{"message": {"choices": [{}]}}]},
        {1: 2}, {"name": HostileText("f")}, float("nan"), 10**4000,
        {"type": []}, {"content": "x", "invalid_tool_calls": 3}, {"role": {}, "content": [{"type": {}, "text": "x"}]},
        [{"type": [1], "role": [], "content": "x"}],
    ],
    ids=[*map(str, range(22))],
)  # fmt: skip
def test_no_object_makes_it_raise(action: Any) -> None:
    turn = parse_message(action, TOOLS)
    assert (turn.answer is None) == bool(turn.calls)


words = st.text(st.characters(exclude_characters="<[`>"))  # special tokens are no part of an answer
PIECES = [
    "<tool_call>",
    "</tool_call>",
    JSON,
    "\n",
    "<think>",
    "</think>",
    "So. ",
    " ",
    "{",
    "<|im_end|>",
    '"',
    "}",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_the_quick_way_reads_what_the_full_pass_reads(text: str) -> None:
    quick = quick_read(text)
    if quick is not None:
        reading = _Reading(Scan(text, TOOLS))
        reading.run()
        assert quick.calls == tuple(reading.calls())


@given(
    st.recursive(
        st.none() | st.integers() | words,
        lambda inner: st.lists(inner) | st.dictionaries(words, inner),
    )
)
def test_json_that_is_no_call_is_the_answer(value: Any) -> None:
    text = json.dumps(value)
    assert parse_message(text, TOOLS) == Turn(answer=text)


@pytest.mark.parametrize("odd", ["\U0001f9ed" * 99, "\x1e" * 99, "k" * 5000])
def test_an_error_is_short_whatever_the_message_holds(odd: str) -> None:
    for text in (
        f"<tool_calls>f{odd}</tool_calls>",
        f"<ifm|tool_calls><ifm|tool_call>f{odd}",
        '<|open|>call tool="f" index="1"<|sep|>'
        f'<|open|>argument key="{odd}" type="number"<|sep|>{odd}<|close|>argument<|sep|>',
        f"[f({odd})]",
        f"[f({odd}=1, {odd}=2)]",
        f"<tool_call>{odd}</tool_call>",
        f'<tool_call>{{"name": "f", "{odd}": 1}}</tool_call>',
        f'<tool_call>{{"name": "f", "arguments": {{"{odd}": 1, "{odd}": 2}}}}</tool_call>',
    ):
        for call in parse_message(text).calls:
            assert not isinstance(call, ParseError) or 0 < len(call.why) < 300, call


def test_the_marks_have_one_order_in_every_process() -> None:
    code = "from tool_orch_env.calls.parse import marks; print(marks.WORDS)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
