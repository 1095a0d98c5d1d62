"""Violations: which rule, where, what was expected and what was found; all of them, in one order."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.calls.types import Violation
from tool_orch_env.calls.validate import MAX_SHOWN, MAX_VIOLATIONS, validate
from tool_orch_env.snapshot.catalog import Catalog, Tool, ToolSpec

SCHEMA = {
    "type": "object",
    "required": ["must"],
    "properties": {
        "must": {"type": "integer"},
        "unit": {"enum": ["metric", "imperial"]},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 50},
        "name": {"type": "string", "minLength": 1, "maxLength": 3},
        "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "box": {
            "type": "object",
            "properties": {
                "corners": {"type": "array", "items": {"type": "number"}, "maxItems": 2},
                "a/b": {"type": "null"},
            },
            "required": ["corners"],
            "additionalProperties": False,
        },
        "never": False,
        "same": {"const": 3},
        "self": {"$ref": "#/$defs/node"},
    },
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
}


def tool(schema: dict[str, Any] = SCHEMA) -> Tool:
    return Tool(ToolSpec(name="f", parameters=schema))


TOOL = tool()

ONE_VIOLATION = [
    ({}, "/must", "required", "a value", "nothing"),
    ({"must": 1, "xtra": [1]}, "/xtra", "additionalProperties", None, "[1]"),
    ({"must": "1"}, "/must", "type", '"integer"', '"1"'),
    ({"must": True}, "/must", "type", '"integer"', "true"),
    ({"must": 1.5}, "/must", "type", '"integer"', "1.5"),
    ({"must": None}, "/must", "type", '"integer"', "null"),
    ({"must": 1, "unit": "Metric"}, "/unit", "enum", '["metric","imperial"]', '"Metric"'),
    ({"must": 1, "day": "2013-02-30"}, "/day", "format", '"date"', '"2013-02-30"'),
    ({"must": 1, "day": "10/07/2013"}, "/day", "format", '"date"', '"10/07/2013"'),
    ({"must": 1, "at": "2013-07-10"}, "/at", "format", '"date-time"', '"2013-07-10"'),
    ({"must": 1, "at": "2013-07-10T25:00:00Z"}, "/at", "format", '"date-time"', '"2013-07-10T25:00:00Z"'),
    ({"must": 1, "code": "no"}, "/code", "pattern", '"^[A-Z]{2}$"', '"no"'),
    ({"must": 1, "limit": 0}, "/limit", "minimum", "1", "0"),
    ({"must": 1, "limit": 51}, "/limit", "maximum", "50", "51"),
    ({"must": 1, "name": ""}, "/name", "minLength", "1", '""'),
    ({"must": 1, "name": "Oslo"}, "/name", "maxLength", "3", '"Oslo"'),
    ({"must": 1, "either": 3}, "/either", "anyOf", '[{"type":"string"},{"type":"null"}]', "3"),
    ({"must": 1, "box": {}}, "/box/corners", "required", "a value", "nothing"),
    ({"must": 1, "box": {"corners": [1, "2"]}}, "/box/corners/1", "type", '"number"', '"2"'),
    ({"must": 1, "box": {"corners": [1, 2, 3]}}, "/box/corners", "maxItems", "2", "[1,2,3]"),
    ({"must": 1, "box": {"corners": [], "a/b": 1}}, "/box/a~1b", "type", '"null"', "1"),
    (
        {"must": 1, "box": {"corners": [], "x": 1}},
        "/box/x",
        "additionalProperties",
        "one of corners, a/b",
        "1",
    ),
    ({"must": 1, "same": 4}, "/same", "const", "3", "4"),
    ({"must": 1, "self": {"next": {"next": 5}}}, "/self/next/next", "type", '"object"', "5"),
]


@pytest.mark.parametrize(("arguments", "where", "rule", "expected", "found"), ONE_VIOLATION)
def test_a_violation_says_where_which_rule_what_was_expected_and_found(
    arguments: dict[str, Any], where: str, rule: str, expected: str | None, found: str
) -> None:
    (violation,) = validate(TOOL, arguments)
    assert (violation.pointer, violation.rule, violation.found) == (where, rule, found)
    assert expected is None or violation.expected == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"must": 1},
        {"must": 1.0},
        {"must": -(10**30)},
        {"must": 1, "day": "2012-02-29", "at": "2013-07-10T16:00:00Z", "code": "NO", "either": None},
        {"must": 1, "box": {"corners": [1, 2.5], "a/b": None}, "self": {"next": {}}},
    ],
)
def test_a_valid_call_has_no_violation(arguments: dict[str, Any]) -> None:
    assert validate(TOOL, arguments) == ()


def test_a_schema_that_is_false_names_a_rule_all_the_same() -> None:
    (violation,) = validate(TOOL, {"must": 1, "never": 1})
    assert violation.rule == "false"


def test_all_violations_are_reported_sorted_by_place() -> None:
    found = validate(TOOL, {"zz": 1, "limit": 0, "day": "x", "box": {"corners": ["1", "2", "3"]}})
    assert [(violation.pointer, violation.rule) for violation in found] == [
        ("/box/corners", "maxItems"),
        ("/box/corners/0", "type"),
        ("/box/corners/1", "type"),
        ("/box/corners/2", "type"),
        ("/day", "format"),
        ("/limit", "minimum"),
        ("/must", "required"),
        ("/zz", "additionalProperties"),
    ]


def test_a_tool_without_parameters_refuses_every_one() -> None:
    (violation,) = validate(tool({"type": "object"}), {"a": 1})
    assert violation.expected == "no parameters"


def test_a_schema_may_open_itself() -> None:
    assert validate(tool({"type": "object", "additionalProperties": True}), {"a": 1}) == ()
    assert validate(tool({"type": "object", "patternProperties": {"^x": {}}}), {"xa": 1}) == ()


def test_of_many_violations_thirty_two_are_shown() -> None:
    assert MAX_VIOLATIONS == 32
    for number, shown in ((31, 31), (32, 32), (33, 32), (1000, 32)):
        assert len(validate(tool({"type": "object"}), {f"p{i}": 1 for i in range(number)})) == shown


def test_a_violation_that_two_rules_find_is_told_once() -> None:
    needs = {"required": ["a"]}
    assert len(validate(tool({"type": "object", "allOf": [needs, needs]}), {})) == 1


def test_texts_are_shown_up_to_four_hundred_characters() -> None:
    assert MAX_SHOWN == 400
    (whole,) = validate(TOOL, {"must": "x" * 398})
    assert whole.found == '"' + "x" * 398 + '"'
    (cut,) = validate(TOOL, {"must": "x" * 399})
    assert cut.found == '"' + "x" * 398 + "…"
    (named,) = validate(TOOL, {"must": 1, "y" * 400: 1})
    assert named.pointer == "/" + "y" * 398 + "…"


def test_an_unknown_parameter_is_told_which_ones_there_are() -> None:
    schema = {"type": "object", "properties": {"a": {}, "b": {}}}
    assert validate(tool(schema), {"c": 1, "d": "x"}) == (
        Violation("/c", "additionalProperties", "one of a, b", "1"),
        Violation("/d", "additionalProperties", "one of a, b", '"x"'),
    )


def test_what_is_shown_of_a_value_or_a_name_is_bounded() -> None:
    long = "x" * 100_000
    for violation in validate(TOOL, {"must": long, long: 1, "unit": {long: [long]}, "box": {long: long}}):
        assert all(len(text) <= MAX_SHOWN for text in violation.as_dict().values())


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(sorted(SCHEMA["properties"])) | st.integers(0, 80).map(str)  # type: ignore[arg-type]


@given(st.dictionaries(names, junk, max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_arguments_changes_nothing(arguments: dict[str, Any], random: Any) -> None:
    shuffled = list(arguments.items())
    random.shuffle(shuffled)
    found = validate(TOOL, arguments)
    assert validate(TOOL, dict(shuffled)) == found
    assert len(found) <= MAX_VIOLATIONS
    assert list(found) == sorted(found, key=lambda violation: (violation.pointer, violation.rule))


@pytest.mark.parametrize("value", ["a{99999999999999999999}", "(" * 5000, "(", "a{2,1}"])
def test_a_text_that_is_no_regex_is_a_violation_however_the_compiler_fails(value: str) -> None:
    regex = tool({"type": "object", "properties": {"like": {"format": "regex"}}})
    (violation,) = validate(regex, {"like": value})
    assert (violation.pointer, violation.rule) == ("/like", "format")


@pytest.mark.parametrize("patterns", [["a", "(?i)b"], ["(?P<x>a)", "(?P<x>b)"], ["(a)", r"(b)\1"], [""]])
def test_patterns_of_names_are_looked_for_one_by_one(patterns: list[str]) -> None:
    schema = {"type": "object", "properties": {}, "patternProperties": {pattern: {} for pattern in patterns}}
    tool = Catalog([ToolSpec(name="t", parameters=schema)])["t"]
    for name in ("a", "bb", "B", "x"):
        spoken_of = any(re.search(pattern, name) for pattern in patterns)
        assert tool.validator.is_valid({name: 1}) == spoken_of
        assert [(one.pointer, one.rule) for one in validate(tool, {name: 1})] == (
            [] if spoken_of else [(f"/{name}", "additionalProperties")]
        )


@pytest.mark.parametrize(
    "draft", ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"]
)
@pytest.mark.parametrize("named", ["at the root", "in a part"])
def test_all_of_a_schema_is_checked_alike_whatever_draft_a_part_names(draft: str, named: str) -> None:
    closed = {"type": "object", "patternProperties": {"a": {}, "(?i)b": {}}, "additionalProperties": False}
    inner = {"$ref": "#/$defs/closed"} if named == "at the root" else {"$schema": draft, **closed}
    schema = {
        "type": "object",
        "properties": {"x": inner, "again": {"$ref": "#"}},
        "$defs": {"closed": closed},
    }
    one = tool({"$schema": draft, **schema} if named == "at the root" else schema)
    (violation,) = validate(one, {"again": {"x": {"B": 1, "c": 1}}})
    assert (violation.pointer, violation.rule) == ("/again/x/c", "additionalProperties")
