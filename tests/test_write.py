"""The forms of `calls.write`: what is written in one, the parser reads back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.bench.policies.chat_history import in_prompt, sendable
from tool_orch_env.calls.parse import parse_message
from tool_orch_env.calls.parse.families import FAMILIES
from tool_orch_env.calls.render import SYSTEM_PROMPT
from tool_orch_env.calls.types import ToolCall
from tool_orch_env.calls.write import FORMATS
from tool_orch_env.snapshot import Snapshot

SAFE = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x85\u2028\u2029")
words = st.sampled_from(
    [
        "0042",
        "null",
        "true",
        "</b>",
        "'",
        '"',
        "\\",
        "\n",
        "{",
        "]",
        "<think>",
        "```",
        "1e5",
        " ",
        "<tool_call>",
        "</tool_call>",
        "[ARGS]",
        "<|x|>",
    ]
)
texts = st.lists(st.text(SAFE, max_size=8) | words, max_size=4).map("".join)
TOOLS = {
    name: {tool.name: tool for tool in Snapshot.open(name).catalog.values()}
    for name in ("travel", "elements")
}
NUMBERS = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of the type that a schema wants, whatever its other rules say."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([values(part) for part in schema["anyOf"]])
    kind = schema["type"]
    if isinstance(kind, list):
        return st.one_of([values({**schema, "type": one}) for one in kind])
    return {
        "string": lambda: texts,
        "integer": lambda: st.integers(-(10**9), 10**9),
        "number": lambda: NUMBERS,
        "boolean": st.booleans,
        "null": st.none,
        "array": lambda: st.lists(values(schema["items"]), max_size=3),
        "object": lambda: arguments(schema),
    }[kind]()


def arguments(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    found = {name: values(part) for name, part in schema.get("properties", {}).items()}
    return st.fixed_dictionaries({}, optional=found)


CALLS = st.lists(
    st.one_of(
        [
            st.builds(ToolCall, st.just(tool.name), arguments(tool.spec.parameters))
            for tools in TOOLS.values()
            for tool in tools.values()
        ]
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("name", FORMATS)
@given(calls=CALLS)
def test_calls_of_every_bundled_tool_are_read_back(name: str, calls: list[ToolCall]) -> None:
    turn = parse_message(FORMATS[name].calls(calls), TOOLS["travel"] | TOOLS["elements"])
    read = [(call.name, call.arguments) if isinstance(call, ToolCall) else call for call in turn.calls]
    assert repr(read) == repr([(call.name, call.arguments) for call in calls])


def test_a_form_is_that_of_a_family_which_the_parser_lists() -> None:
    assert set(FORMATS) <= {name for family in FAMILIES for name in family.name.split(", ")}


@pytest.mark.parametrize("name", FORMATS)
def test_a_prompt_presents_every_tool_and_one_form_of_calls(name: str) -> None:
    tools = [tool.function for tool in TOOLS["travel"].values()]
    [system] = in_prompt([{"role": "system", "content": SYSTEM_PROMPT}], tools, FORMATS[name])
    for tool in tools:
        assert (
            tool["function"]["name"] in system["content"]
            and tool["function"]["description"] in system["content"]
        )
    assert ('<tool_call>{"name"' in system["content"]) is (name == "hermes")
    if name != "hermes":
        assert FORMATS[name].calls([ToolCall("TOOL_NAME", {"PARAMETER": "VALUE"})]) in system["content"]


@pytest.mark.parametrize("name", FORMATS)
def test_native_calls_and_their_results_become_text_in_the_form(name: str) -> None:
    """A server may return tool calls although the tools were in the prompt."""
    function = {"name": "search_city", "arguments": '{"name": "Oslo"}'}
    chat = [
        {
            "role": "assistant",
            "content": "I will look.",
            "reasoning": "Oslo.",
            "tool_calls": [{"id": "c1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "c1", "name": "search_city", "content": '{"id": 7}'},
    ]
    said, reply = in_prompt(chat, [], FORMATS[name])
    assert said.keys() == {"role", "content", "reasoning"} and said["content"].startswith("I will look.\n")
    assert parse_message(said).calls[0].arguments == {"name": "Oslo"}
    assert reply["role"] == "user" and '{"id": 7}' in reply["content"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "broken", ['{"a": NaN}', '{"a": 1e999}', '{"a": 1, "a": 2}', "[" * 900, '{"a": ', "7", ""]
)
def test_arguments_that_nobody_can_read_are_written_as_none(name: str, broken: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": broken}}
    [said] = in_prompt([{"role": "assistant", "content": None, "tool_calls": [call]}], [], FORMATS[name])
    assert said["content"] == FORMATS[name].calls([ToolCall("f", {})])
    [sent] = sendable([{"role": "assistant", "content": None, "tool_calls": [call]}])
    assert sent["tool_calls"][0]["function"]["arguments"] == "{}"
