"""Laws of what an agent writes: parse, check and the canonical form."""

import json
from functools import cache
from typing import Any

import toy

from tool_orch_env.calls.parse import MAX_CALLS, marks, parse_message
from tool_orch_env.calls.parse.tag_tree import SEPARATOR
from tool_orch_env.calls.parse.wrappers import WRAPPERS
from tool_orch_env.calls.types import ParseError, ToolCall, Turn
from tool_orch_env.calls.validate import MAX_SHOWN, MAX_VIOLATIONS, validate
from tool_orch_env.errors import SnapshotError
from tool_orch_env.jsonvalues.canonical import (
    MAX_DEPTH,
    NotCanonical,
    canonical,
    encode,
    plain,
    replay_key,
    to_text,
)
from tool_orch_env.snapshot.catalog import Catalog, Tool, ToolSpec
from tool_orch_env.taskset import CompiledTask

from .play import deep_in_a_program, play, settings
from .source import Source, as_text

ARGUMENTS = ("name", "city_id", "units", "code", "currency", "date", "tags", "a", "")
MESSAGE = ("role", "content", "tool_calls", "function", "name", "arguments", "parameters", "id", "type")
TOOLS = ("search_city", "get_city", "get_country", "rate", "tagged", "ping", "serch_city", "")
_PARTS = (
    "get_city", "{", "}", "[", "]", '"', "'", "\n", "`", "```", "```json\n", "```tool_code\n",
    '{"name": "get_city", "arguments": ', '{"city_id": 11}', "(city_id=11)", "get_city(city_id=",
    "</parameter>", "<parameter=city_id>", "</function>", '"get_city">', '<parameter name="city_id">',
    "</invoke>", "<arg_key>city_id</arg_key>", "<arg_value>", "</arg_value>", "get_city>",
    "get_city<｜tool▁sep｜>", "[ARGS]", "functions.get_city:0", "<|tool_call_argument_begin|>", "11",
    "<|message|>", "commentary to=functions.get_city", '<|"|>', "call:get_city{city_id:", "<escape>",
    "null", ";", ",", " ", '"get_city" index="1"<|sep|>',
    '<|open|>argument key="city_id" type="number"<|sep|>', "<|close|>argument<|sep|>", "<![CDATA[",
    "]]>", ">>>get_city\n",
    f"{SEPARATOR}<city_id>", f"{SEPARATOR}</city_id>", f"{SEPARATOR}</invoke>",
)  # fmt: skip
FRAGMENTS = tuple(dict.fromkeys([*marks.WORDS, *(row.closer for row in WRAPPERS if row.closer), *_PARTS]))
"""Markers of every family, and what may stand between them."""


@cache
def _settings() -> list[CompiledTask]:
    return settings(toy.snapshot(), toy.tasks())


@cache
def _catalog() -> Catalog:
    return toy.catalog()


def families(data: bytes) -> None:
    """Text made of the families' markers is a turn: calls and parse errors or an answer, the same each time, with or
    without tools; errors are short and say where and why; and reading the turn again changes nothing."""
    source = Source(data)
    if source.below(4) == 0:
        text = as_text(source.rest())
    else:
        parts = []
        while not source.spent:
            parts.append(source.pick(FRAGMENTS) if source.below(8) else source.text())
        text = "".join(parts)
    for tools in (None, _catalog()):
        turn = deep_in_a_program(lambda tools=tools: parse_message(text, tools))
        assert isinstance(turn, Turn)
        assert (turn.answer is None) == bool(turn.calls)
        assert len(turn.calls) <= MAX_CALLS + 1
        assert repr(turn) == repr(parse_message(text, tools))
        assert parse_message(turn, tools) == turn or "nan" in repr(turn)
        for call in turn.calls:
            if isinstance(call, ToolCall):
                assert type(call.name) is str
                assert type(call.arguments) is dict
            else:
                assert isinstance(call, ParseError)
                assert call.where
                assert 0 < len(call.why) < 300


def parsing(data: bytes) -> None:
    """Any action is a turn of calls and parse errors or an answer; reading it again changes nothing; a call means
    the same in every format; and an episode takes it without an exception."""
    action = _action(Source(data))
    turn = deep_in_a_program(lambda: parse_message(action))
    assert isinstance(turn, Turn)
    assert (turn.answer is None) == bool(turn.calls)
    again = parse_message(turn)
    assert again.answer == turn.answer
    assert [*map(id, again.calls)] == [*map(id, turn.calls)], "a turn that is read already stays as it is"
    for call in turn.calls:
        if isinstance(call, ToolCall):
            assert isinstance(call.name, str)
            assert isinstance(call.arguments, dict)
            _same_in_every_format(call)
    for setting in _settings():
        deep_in_a_program(lambda setting=setting: play(setting, [action, action]))


def _action(source: Source) -> Any:
    kind = source.below(8)
    if kind < 5:
        return as_text(source.rest())
    if kind == 5:
        return source.value(MESSAGE)
    if kind == 6:
        return {
            "tool_calls": [{"function": {"name": source.pick(TOOLS), "arguments": as_text(source.rest())}}]
        }
    return [
        {"name": source.pick(TOOLS), "arguments": source.value(ARGUMENTS)} for _ in range(source.below(6))
    ]


def _same_in_every_format(call: ToolCall) -> None:
    try:
        wanted = canonical(call.arguments)
        text = to_text({"name": call.name, "arguments": plain(call.arguments)})
    except NotCanonical:
        return
    if "tool_call>" in text or "think>" in text or "```" in text:
        return  # tags inside a value end the block that they stand in
    for spelling in (text, f"[{text}]", f"<tool_call>{text}</tool_call>", f"```json\n{text}\n```"):
        (read,) = parse_message(spelling).calls
        assert (read.name, canonical(read.arguments)) == (call.name, wanted), spelling


KEYWORDS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("type", ("string", "integer", "number", "boolean", "null", "array", "object", ["string", "null"])),
    ("format", ("date", "date-time", "time", "ipv4", "ipv6", "email", "regex", "uuid", "idn-email", "duration",
                "uri", "hostname", "json-pointer", "odd")),
    ("pattern", ("^[a-z]+$", "a{2,3}", "", "(", "a{99999999999999999999}", "\\p{L}", "(?i)a", "[", "^\\d+$")),
    ("enum", (["metric", "imperial"], [1, True, None], [], [[1], {"a": 1.0}])),
    ("const", (1, "a", None, [1.0], {"a": {}})),
    ("minimum", (0, 1.5, -1e308)), ("exclusiveMaximum", (0, 10, 1e308)),
    ("multipleOf", (2, 0.1, 1e-300, 5e-324, 1e308, 0)),
    ("minLength", (1, 3)), ("maxLength", (0, 2)), ("minItems", (1, 2)), ("uniqueItems", (True, False)),
    ("minProperties", (1, 2)), ("maxProperties", (0, 1)), ("required", (["a"], ["name", "a"], ["a", "a"])),
    ("default", (1, "a", [2, 1], {}, "metric", None)),
)  # fmt: skip
INNER = ("items", "contains", "not", "if", "then", "else", "additionalProperties", "propertyNames",
         "unevaluatedProperties", "unevaluatedItems")  # fmt: skip
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs")
SCHEMA = ("type", "pattern", "properties", "minLength", "$ref", "items", "string", "odd", "#", "(", "a")
REFERENCES = (
    "#",
    "#/properties/a",
    "#/properties/name/odd",
    "#/properties/a/default",
    "#/properties/name",
    "#/$defs/a",
    "#/odd",
    "http://127.0.0.1:9/",
    "#a",
    "%41",
)


def _schema(source: Source, depth: int = 3) -> Any:
    made: dict[str, Any] = {}
    for _ in range(source.below(4)):
        kind = source.below(8 if depth else 4)
        if kind < 3:
            keyword, values = source.pick(KEYWORDS)
            made[keyword] = source.pick(values)
        elif kind == 3:
            made[source.pick(("$ref", "$dynamicRef", "$id", "$anchor"))] = source.pick(REFERENCES)
        elif kind == 4:
            made[source.pick(INNER)] = _schema(source, depth - 1)
        elif kind == 5:
            made[source.pick(LISTS)] = [_schema(source, depth - 1) for _ in range(source.below(3))]
        elif kind == 6:
            named = {source.pick(ARGUMENTS): _schema(source, depth - 1) for _ in range(source.below(3))}
            made[source.pick(MAPS)] = named
        else:
            made[source.pick(("odd", "default", "const", "examples"))] = source.value(SCHEMA, SCHEMA)
    return made if source.below(16) else source.below(2) == 1


def _tool(source: Source) -> Tool | None:
    """A tool of a made-up schema, `None` where the catalog refuses it; it refuses by `SnapshotError` alone."""
    names = [source.pick(ARGUMENTS) for _ in range(1 + source.below(3))]
    parameters = {"type": "object", "properties": {name: _schema(source) for name in names}}
    if source.below(2):
        more = _schema(source)
        parameters |= more if isinstance(more, dict) else {}
    spec = ToolSpec(
        name="made",
        parameters=parameters,
        set_like=tuple(names[: source.below(2)]),
        case_insensitive=tuple(names[: source.below(2)]),
    )
    try:
        return Catalog([spec])["made"]
    except SnapshotError as fault:
        assert all(problem.startswith("tools: made") for problem in fault.problems)
        return None


def checking(data: bytes) -> None:
    """A schema is refused or checks any arguments without an exception: the same violations however the call is
    spelt, none exactly if a validator finds the call valid, each bounded, sorted and at a place in the call."""
    source = Source(data)
    tool = _tool(source)
    arguments = {source.pick(ARGUMENTS): source.value(ARGUMENTS) for _ in range(source.below(5))}
    if tool is None:
        return
    try:
        given = plain(arguments)
        tool.normalise(arguments), encode(given).encode()
    except (NotCanonical, UnicodeEncodeError):
        return
    found = deep_in_a_program(lambda: validate(tool, given))
    assert (not found) == tool.validator.is_valid(given)
    assert found == validate(tool, dict(reversed(given.items())))
    assert len(found) <= MAX_VIOLATIONS
    assert list(found) == sorted(found, key=lambda v: (v.pointer, v.rule))
    for violation in found:
        assert max(map(len, violation.as_dict().values())) <= MAX_SHOWN
        assert violation.pointer == "" or violation.pointer[0] == "/"
    to_text([violation.as_dict() for violation in found]).encode()


def canon(data: bytes) -> None:
    """A value has one canonical text or `NotCanonical` says why: reading the text back gives the value and the same
    text; two values have one text exactly if they are equal as JSON; normalising twice changes nothing."""
    source = Source(data)
    one = source.value(ARGUMENTS, depth=4)
    other = _respelt(one, source) if source.below(2) else source.value(ARGUMENTS, depth=4)
    texts = [_text(one), _text(other)]
    for value, text in zip((one, other), texts, strict=True):
        if text is not None:
            back = json.loads(text)
            assert canonical(back) == text
            assert _equal(back, value), "the text says what the value says"
    if None not in texts:
        assert (texts[0] == texts[1]) == _equal(one, other)
    if isinstance(one, dict) and texts[0] is not None:
        for tool in _catalog().values():
            _normal(tool, one, other)


def _text(value: Any) -> str | None:
    try:
        return deep_in_a_program(lambda: canonical(value))
    except NotCanonical as fault:
        assert str(fault)
        return None


def _normal(tool: Tool, one: dict[str, Any], other: Any) -> None:
    normal = tool.normalise(one)
    assert tool.normalise(normal) == normal
    key = replay_key(tool.name, encode(normal))
    if isinstance(other, dict) and _text(other) is not None:
        same = encode(tool.normalise(other)) == encode(normal)
        assert same == (replay_key(tool.name, encode(tool.normalise(other))) == key)
        assert same or not _equal(one, other)


def _respelt(value: Any, source: Source, depth: int = 0) -> Any:
    """The same value spelt otherwise: keys turned round, integers as floats where they are exact, tuples."""
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, dict):
        return {name: _respelt(item, source, depth + 1) for name, item in reversed(value.items())}
    if isinstance(value, list):
        items = [_respelt(item, source, depth + 1) for item in value]
        return tuple(items) if source.below(2) else items
    if type(value) is int and abs(value) < 2**53:
        return float(value)
    return value


def _equal(one: Any, other: Any, depth: int = 0) -> bool:
    """Equality of JSON values by RFC 8259 and nothing of ours: numbers by value, truth values are no numbers."""
    if depth > 2 * MAX_DEPTH:
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[k], other[k], depth + 1) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(lambda a, b: _equal(a, b, depth + 1), one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return isinstance(one, (int, float)) == isinstance(other, (int, float)) and one == other
