"""Reading assistant messages: every format, every failure, and nothing that raises."""

import json
import math
from keyword import iskeyword
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.calls.parse import MAX_CALLS, MAX_TEXT, parse_message
from tool_orch_env.calls.types import ParseError, ToolCall, Turn


def errors_of(turn: Turn) -> list[ParseError]:
    return [call for call in turn.calls if isinstance(call, ParseError)]


F = ToolCall("f", {"a": 1})
G = ToolCall("g.h", {"b": "x", "c": [1, {"d": None}]})
F_JSON = '{"name": "f", "arguments": {"a": 1}}'
G_JSON = '{"name": "g.h", "arguments": {"b": "x", "c": [1, {"d": null}]}}'


def openai(call: ToolCall, call_id: str, as_text: bool = True) -> dict[str, Any]:
    arguments = json.dumps(call.arguments) if as_text else call.arguments
    return {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def with_id(call: ToolCall, call_id: str) -> ToolCall:
    return ToolCall(call.name, call.arguments, call_id)


CALLS = {
    "hermes": (f"<tool_call>{F_JSON}</tool_call>", [F]),
    "hermes on lines": (f"<tool_call>\n{F_JSON}\n</tool_call>\n<tool_call>\n{G_JSON}\n</tool_call>", [F, G]),
    "hermes with text around": (f"Let me see.\n<tool_call>{F_JSON}</tool_call> So.", [F]),
    "hermes unclosed": (f"<tool_call>{F_JSON}", [F]),
    "hermes unclosed before another": (f"<tool_call>{F_JSON}<tool_call>{G_JSON}</tool_call>", [F, G]),
    "hermes with a list": (f"<tool_call>[{F_JSON}, {G_JSON}]</tool_call>", [F, G]),
    "hermes two in one": (f"<tool_call>{F_JSON}\n{G_JSON}</tool_call>", [F, G]),
    "hermes with no arguments": ('<tool_call>{"name": "f"}</tool_call>', [ToolCall("f", {})]),
    "hermes with arguments as text": (
        '<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>',
        [F],
    ),
    "hermes with parameters": ('<tool_call>{"name": "f", "parameters": {"a": 1}}</tool_call>', [F]),
    "think before": (
        f"<think>Should I <tool_call>{G_JSON}</tool_call>?</think><tool_call>{F_JSON}</tool_call>",
        [F],
    ),
    "think opened in the prompt": (f"maybe <tool_call>{G_JSON}</tool_call></think>\n\n{F_JSON}", [F]),
    "think twice": (f"<think>a</think><think>b</think>{F_JSON}", [F]),
    "json": (F_JSON, [F]),
    "json in white space": (f"\n  {F_JSON}\n", [F]),
    "json list": (f"[{F_JSON}, {G_JSON}]", [F, G]),
    "json lines": (f"{F_JSON}\n{G_JSON}", [F, G]),
    "json with semicolons": (f"{F_JSON}; {G_JSON}", [F, G]),
    "json function object": ('{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}', [F]),
    "json function name": ('{"function": "f", "arguments": {"a": 1}}', [F]),
    "json assistant message": (json.dumps({"tool_calls": [openai(F, "i")]}), [with_id(F, "i")]),
    "llama parameters": ('{"name": "f", "parameters": {"a": 1}}', [F]),
    "llama typed": ('{"type": "function", "name": "f", "parameters": {"a": 1}}', [F]),
    "llama tag": ('<|python_tag|>{"name": "f", "parameters": {"a": 1}}', [F]),
    "llama several": ('<|python_tag|>{"name": "f", "parameters": {"a": 1}}; ' + G_JSON, [F, G]),
    "llama tag pythonic": ("<|python_tag|>[f(a=1)]", [F]),
    "fenced json": (f"Calling:\n```json\n{F_JSON}\n```\n", [F]),
    "fenced without a language": (f"```\n[{F_JSON}, {G_JSON}]\n```", [F, G]),
    "fenced with windows lines": (f"```json\r\n{F_JSON}\r\n```", [F]),
    "fenced unclosed": (f"```json\n{F_JSON}", [F]),
    "fenced twice": (f"```json\n{F_JSON}\n```\nthen\n```tool_call\n{G_JSON}\n```", [F, G]),
    "fenced beside other code": (f"```json\n{F_JSON}\n```\n```python\nprint(1)\n```", [F]),
    "pythonic": ("[f(a=1)]", [F]),
    "pythonic several": ("[f(a=1), g.h(b='x', c=[1, {'d': None}])]", [F, G]),
    "pythonic on lines": ("[\n  f(\n    a=1,\n  ),\n]", [F]),
    "pythonic without arguments": ("[ f() ]", [ToolCall("f", {})]),
    "pythonic literals": (
        "[f(a=-1.5, b=True, c=None, d=(1, 2), e='it\\'s')]",
        [ToolCall("f", {"a": -1.5, "b": True, "c": None, "d": (1, 2), "e": "it's"})],
    ),
    "pythonic unknown escape": (r"[f(a='\d')]", [ToolCall("f", {"a": r"\d"})]),
    "message": (
        {"role": "assistant", "content": None, "tool_calls": [openai(F, "1"), openai(G, "2")]},
        [with_id(F, "1"), with_id(G, "2")],
    ),
    "message with objects": ({"tool_calls": [openai(F, "1", as_text=False)]}, [with_id(F, "1")]),
    "message with content too": ({"content": "I call f.", "tool_calls": [openai(F, "1")]}, [with_id(F, "1")]),
    "message with calls in its content": (
        {"role": "assistant", "content": f"<tool_call>{F_JSON}</tool_call>"},
        [F],
    ),
    "message with empty arguments": (
        {"tool_calls": [{"function": {"name": "f", "arguments": ""}}]},
        [ToolCall("f", {})],
    ),
    "message with a tuple": ({"tool_calls": (openai(F, "1"),)}, [with_id(F, "1")]),
    "one entry": (openai(F, "1"), [with_id(F, "1")]),
    "one call": ({"name": "f", "arguments": {"a": 1}}, [F]),
    "one call with an id": ({"id": "7", "name": "f", "arguments": {"a": 1}}, [with_id(F, "7")]),
    "one call with an id that is no text": ({"id": 7, "name": "f", "arguments": {"a": 1}}, [F]),
    "one call with an id that is no UTF-8": ({"id": "\ud800", "name": "f", "arguments": {"a": 1}}, [F]),
    "one call without arguments": ({"name": "f"}, [ToolCall("f", {})]),
    "a ToolCall": (F, [F]),
    "one call with null": ({"name": "f", "arguments": None}, [ToolCall("f", {})]),
    "list": ([{"name": "f", "arguments": {"a": 1}}, openai(G, "2")], [F, with_id(G, "2")]),
    "tuple of ToolCall": ((F, G), [F, G]),
    "Turn": (Turn(calls=(F, G)), [F, G]),
}


@pytest.mark.parametrize(("action", "calls"), CALLS.values(), ids=CALLS)
def test_calls_are_read_in_every_format(action: Any, calls: list[ToolCall]) -> None:
    turn = parse_message(action)
    assert turn == Turn(calls=tuple(calls))
    assert repr(turn.calls) == repr(tuple(calls))  # True is not 1


ANSWERS = {
    "text": ("It is 7 degrees.", "It is 7 degrees."),
    "white space": ("  \n ", ""),
    "empty": ("", ""),
    "stripped": (" a ", "a"),
    "after thinking": ("<think>hm {</think> Seven.", "Seven."),
    "after thinking opened in the prompt": ("hm <tool_call></think> Seven.", "Seven."),
    "thinking that never ends": ("<think>hm", ""),
    "json object": ('{"temperature": 7}', '{"temperature": 7}'),
    "json object with a name": ('{"name": "Oslo", "country": "NO"}', '{"name": "Oslo", "country": "NO"}'),
    "json list": ("[1, 2]", "[1, 2]"),
    "json then prose": ('{"a": 1} is the answer', '{"a": 1} is the answer'),
    "prose in square brackets": ("[Note] it is 7.", "[Note] it is 7."),
    "prose with brackets": ("[see (x)] It is 7.", "[see (x)] It is 7."),
    "prose in braces": ("{so} it is 7.", "{so} it is 7."),
    "mention of names": ("{name} and arguments", "{name} and arguments"),
    "number": ("7", "7"),
    "code that is no call": ("Use:\n```python\nf(a=1)\n```", "Use:\n```python\nf(a=1)\n```"),
    "fenced json that is no call": ('```json\n{"a": 1}\n```', '```json\n{"a": 1}\n```'),
    "backticks": ("```", "```"),
    "a call outside a list": ("f(a=1)", "f(a=1)"),
    "an empty list": ("[]", "[]"),
    "message": ({"role": "assistant", "content": "Seven."}, "Seven."),
    "message with a name": ({"role": "assistant", "name": "bob", "content": "Seven."}, "Seven."),
    "message with nothing": ({"role": "assistant", "content": None}, ""),
    "message with no calls": ({"content": "Seven.", "tool_calls": []}, "Seven."),
    "message with null calls": ({"content": "Seven.", "tool_calls": None}, "Seven."),
    "no calls": ([], ""),
    "Turn": (Turn(answer="Seven."), "Seven."),
}


@pytest.mark.parametrize(("action", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_what_makes_no_call_is_the_answer(action: Any, answer: str) -> None:
    assert parse_message(action) == Turn(answer=answer)


DEEP = "[" * 10_000 + "]" * 10_000
FAILURES = {
    "hermes broken": ('<tool_call>{"name": "f", "arguments": {"a": 1}</tool_call>', "not JSON"),
    "hermes empty": ("<tool_call></tool_call>", "no call in it"),
    "hermes prose": ("<tool_call>call f</tool_call>", "not JSON"),
    "hermes number": ("<tool_call>7</tool_call>", "expected an object"),
    "hermes duplicate key": (
        '<tool_call>{"name": "f", "arguments": {"a": 1, "a": 2}}</tool_call>',
        "duplicate key 'a'",
    ),
    "hermes NaN": ('<tool_call>{"name": "f", "arguments": {"a": NaN}}</tool_call>', "NaN is not JSON"),
    "hermes nameless": ('<tool_call>{"arguments": {}}</tool_call>', "no tool name"),
    "hermes name of a wrong type": ('<tool_call>{"name": 7, "arguments": {}}</tool_call>', "no tool name"),
    "hermes arguments of a wrong type": (
        '<tool_call>{"name": "f", "arguments": [1]}</tool_call>',
        "expected an object, found list",
    ),
    "hermes arguments text": ('<tool_call>{"name": "f", "arguments": "x"}</tool_call>', "not JSON"),
    "hermes arguments text of a list": (
        '<tool_call>{"name": "f", "arguments": "[]"}</tool_call>',
        "found list",
    ),
    "hermes deep": (
        f'<tool_call>{{"name": "f", "arguments": {{"a": {DEEP}}}}}</tool_call>',
        "nested too deep",
    ),
    "json deep": (f'{{"name": "f", "arguments": {{"a": {DEEP}}}}}', "nested too deep"),
    "fenced deep": (f'```json\n{{"name": "f", "arguments": {{"a": {DEEP}}}}}\n```', "nested too deep"),
    "arguments text deep": ({"name": "f", "arguments": f'{{"a": {DEEP}}}'}, "nested too deep"),
    "pythonic deep": (f"[f(a={DEEP})]", "not a list of calls"),
    "json cut": ('{"name": "f", "arguments": {"a": ', "not JSON"),
    "json duplicate key": ('{"name": "f", "arguments": {"a": 1, "a": 2}}', "duplicate key"),
    "json infinity": ('{"name": "f", "arguments": {"a": -Infinity}}', "not JSON"),
    "json digits": (f'{{"name": "f", "arguments": {{"a": {"9" * 5000}}}}}', "not JSON"),
    "json nameless": ('{"arguments": {"a": 1}}', "no tool name"),
    "json list with a stranger": (f"[{F_JSON}, 7]", "expected an object"),
    "fenced cut": ('```json\n{"name": "f", "arguments": {"a"\n```', "not JSON"),
    "pythonic positional": ("[f(1)]", "keyword arguments only"),
    "pythonic stars": ("[f(**{'a': 1})]", "keyword arguments only"),
    "pythonic twice": ("[f(a=1, a=2)]", "given twice"),
    "pythonic expression": ("[f(a=1+x)]", "not a literal"),
    "pythonic call inside": ("[f(a=g(b=1))]", "not a literal"),
    "pythonic unhashable": ("[f(a={[]: 1})]", "not a literal"),
    "pythonic value beside": ("[f(a=1), 7]", "expected a call"),
    "pythonic called twice": ("[f(a=1)(b=2)]", "expected a call"),
    "pythonic lambda": ("[f(a=1), (lambda: 0)()]", "expected a call"),
    "pythonic subscript": ("[f(a=1), x[0](b=1)]", "expected a call"),
    "pythonic comprehension": ("[f(a=1) for x in y]", "not a list of calls"),
    "pythonic index": ("[f(a=1)][0]", "not a list of calls"),
    "pythonic cut": ("[f(a=1), g(b='", "not a list of calls"),
    "pythonic bomb of parentheses": ("[f(a=" + "(" * 10_000 + ")]", "not a list of calls"),
    "pythonic bomb of signs": ("[f(a=" + "-" * 100_000 + "1)]", "not a list of calls"),
    "pythonic bomb of sums": ("[f(a=" + "1+" * 100_000 + "1)]", "not a list of calls"),
    "pythonic bomb of dots": ("[f" + ".b" * 100_000 + "(a=1)]", "not a list of calls"),
    "pythonic bomb of calls": ("[f" + "()" * 100_000 + "]", "not a list of calls"),
    "pythonic bomb of powers": ("[f(a=9**9**9**9)]", "not a literal"),
    "pythonic bomb of digits": ("[f(a=" + "9" * 5000 + ")]", "not a list of calls"),
    "pythonic null": ("[f(a='\0')]", "not a list of calls"),
    "pythonic surrogate": ("[f(a='\ud800')]", "not a list of calls"),
    "message with calls of a wrong type": ({"tool_calls": "f"}, "expected a list"),
    "message with a call of a wrong type": ({"tool_calls": ["f"]}, "expected an object"),
    "message with broken arguments": (
        {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{"}}]},
        "not JSON",
    ),
    "message with content of a wrong type": ({"content": 7}, "expected text, found int"),
    "dict of nothing known": ({"tool": "f", "args": {}}, "no tool name"),
    "call with arguments of a wrong type": ({"name": "f", "arguments": 7}, "expected an object, found int"),
    "list of text": (["f"], "expected an object"),
    "list of lists": ([[F]], "expected an object"),
    "number": (7, "found int"),
    "None": (None, "found NoneType"),
    "bytes": (b"x", "found bytes"),
    "another object": (object(), "found object"),
    "ToolCall without a name": ([ToolCall(7, {})], "a ToolCall without"),  # type: ignore[arg-type]
    "ToolCall without arguments": ([ToolCall("f", None)], "a ToolCall without"),  # type: ignore[arg-type]
    "ToolCall with a wrong id": ([ToolCall("f", {}, 7)], "a ToolCall without"),  # type: ignore[arg-type]
    "Turn of nothing": (Turn(), "a Turn that holds no calls"),
    "Turn of text": (Turn(calls=("f",)), "a Turn that holds no calls"),  # type: ignore[arg-type]
    "Turn of both": (Turn(calls=(F,), answer="x"), "a Turn that holds no calls"),
    "too long": ("x" * (MAX_TEXT + 1), "longer than"),
}


@pytest.mark.parametrize(("action", "why"), FAILURES.values(), ids=FAILURES)
def test_what_begins_like_a_call_and_cannot_be_read_is_a_failure_that_says_why(action: Any, why: str) -> None:
    turn = parse_message(action)
    assert turn.answer is None
    assert [failure.why for failure in errors_of(turn) if why in failure.why], turn
    assert all(len(failure.why) < 300 and len(failure.where) < 100 for failure in errors_of(turn))


def test_a_failure_keeps_the_id_of_its_call() -> None:
    (failure,) = parse_message(
        {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{"}}]}
    ).calls
    assert failure.id == "1"


def test_a_good_call_beside_a_bad_one_is_read() -> None:
    turn = parse_message(f"<tool_call>{F_JSON}</tool_call><tool_call>{{</tool_call>")
    assert turn.calls[0] == F
    assert [failure.where for failure in errors_of(turn)] == ["tool_call 1"]


@pytest.mark.parametrize(
    "action",
    [
        "<tool_call>" * 95_000,
        "<tool_call>[" + "{}," * 300_000 + "{}]</tool_call>",
        f"[{','.join([F_JSON] * 20_000)}]",
        "[" + "f(a=1)," * 10_000 + "]",
        [1] * 100_000,
        [F] * 100_000,
        Turn(calls=(F,) * 100_000),
    ],
    ids=["tags", "objects", "json", "pythonic", "numbers", "calls", "turn"],
)
def test_of_very_many_calls_a_bounded_number_is_read(action: Any) -> None:
    turn = parse_message(action)
    assert len(turn.calls) == MAX_CALLS + 1
    assert errors_of(turn)[-1].why.startswith(f"more than {MAX_CALLS} calls")


@pytest.mark.parametrize(
    "text",
    [
        "{" + '"name":' * 140_000,
        '{"name":' + '"arguments" ' * 80_000,
        "`" * 1_000_000,
        "```\n{" * 200_000,
        "```a" * 250_000,
        "<think>" * 140_000,
        "</think>" * 120_000,
        "[" * 1_000_000,
        "{}" + " " * 1_000_000,
        "{}" * 500_000,
        '{"name": "f", "arguments": {' + ",".join(f'"{i}": 1' for i in range(60_000)) + ', "59999": 1}}',
        "[f(" + "a=" * 500_000,
        "[f(a=" + "{" * 1_000_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_megabyte_of_almost_calls_is_read_in_linear_time(text: str) -> None:
    assert_whole(parse_message(text))


def assert_whole(turn: Turn) -> None:
    assert isinstance(turn, Turn)
    assert (turn.answer is None) == bool(turn.calls)
    assert turn.answer is None or isinstance(turn.answer, str)
    for call in turn.calls:
        if not isinstance(call, ToolCall):
            continue
        assert isinstance(call.name, str)
        assert isinstance(call.arguments, dict)
        assert isinstance(call.id, str | None)
    for failure in errors_of(turn):
        assert isinstance(failure, ParseError)
        assert isinstance(failure.why, str)


FRAGMENTS = [
    "<tool_call>", "</tool_call>", "<think>", "</think>", "```", "```json\n", "\n", "<|python_tag|>", "[", "]",
    "{", "}", "(", ")", '"name"', '"arguments"', '"parameters"', '"tool_calls"', '"function"', ":", ",", ";",
    '"f"', "f", "a=", "=", "1", "'", '"', "\\", "null", "None", "NaN", "**", "*", ".", "lambda", " ", "\ud800",
    "\0", "f(a=1)", F_JSON, "é", "#",
]  # fmt: skip
soup = st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join)
any_text = (
    st.text()
    | soup
    | st.binary().map(lambda raw: raw.decode("latin-1"))
    | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
jsonish = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | any_text
    | st.sampled_from(["f", "function", "{}", '{"a": 1}']),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["name", "arguments", "parameters", "function", "tool_calls", "content", "id", "role"]
            )
            | any_text,
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
any_object = (
    jsonish
    | st.binary()
    | st.just(math)
    | st.builds(object)
    | st.sets(st.integers())
    | st.tuples(jsonish)
    | st.builds(ToolCall, jsonish, jsonish, jsonish)  # type: ignore[arg-type]
    | st.builds(Turn, jsonish, jsonish)  # type: ignore[arg-type]
    | st.lists(st.builds(ToolCall, st.text(), st.dictionaries(st.text(), jsonish), st.none() | st.integers()))  # type: ignore[arg-type]
    | st.dictionaries(st.integers() | st.none() | st.text(), jsonish)
    | st.functions()
)


@given(any_text)
def test_any_text_is_a_turn(text: str) -> None:
    assert_whole(parse_message(text))


@given(jsonish)
def test_any_json_is_a_turn_as_it_is_and_as_text(value: Any) -> None:
    assert_whole(parse_message(value))
    text = json.dumps(value)
    for written in (text, f"<tool_call>{text}</tool_call>", f"```json\n{text}\n```", f"<|python_tag|>{text}"):
        assert_whole(parse_message(written))


@given(any_object)
def test_any_object_is_a_turn(value: Any) -> None:
    assert_whole(parse_message(value))


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}(\.[A-Za-z_][A-Za-z0-9_]{0,8})?", fullmatch=True)
# `<tool_call>`, `<think>` and a code fence inside a value are read as what they look like
plain_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="<`\0"), max_size=8)
literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | plain_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_text, inner, max_size=3),
    max_leaves=6,
)
identifiers = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(lambda name: not iskeyword(name))
tool_names = names.filter(lambda name: not any(map(iskeyword, name.split("."))))
calls = st.lists(
    st.builds(ToolCall, tool_names, st.dictionaries(identifiers, literals, max_size=3)),
    min_size=1,
    max_size=4,
)


def as_dict(call: ToolCall, key: str = "arguments") -> dict[str, Any]:
    return {"name": call.name, key: call.arguments}


def pythonic(call: ToolCall) -> str:
    return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"


RENDER = {
    "hermes": lambda calls: "\n".join(f"<tool_call>\n{json.dumps(as_dict(c))}\n</tool_call>" for c in calls),
    "hermes unicode": lambda calls: "".join(
        f"<tool_call>{json.dumps(as_dict(c), ensure_ascii=False)}</tool_call>" for c in calls
    ),
    "json": lambda calls: json.dumps([as_dict(c) for c in calls]),
    "fenced": lambda calls: f"```json\n{json.dumps([as_dict(c) for c in calls], indent=2)}\n```",
    "llama": lambda calls: "<|python_tag|>" + "; ".join(json.dumps(as_dict(c, "parameters")) for c in calls),
    "pythonic": lambda calls: f"[{', '.join(map(pythonic, calls))}]",
    "message": lambda calls: {"content": None, "tool_calls": [openai(c, "") for c in calls]},
    "list": lambda calls: [as_dict(c) for c in calls],
    "turn": lambda calls: Turn(calls=tuple(calls)),
}


@pytest.mark.parametrize("render", RENDER.values(), ids=RENDER)
@given(calls)
def test_calls_written_in_a_format_are_read_back(render: Any, calls: list[ToolCall]) -> None:
    turn = parse_message(render(calls))
    assert errors_of(turn) == []
    assert [repr((c.name, c.arguments)) for c in turn.calls] == [repr((c.name, c.arguments)) for c in calls]
