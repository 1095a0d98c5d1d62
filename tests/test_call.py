"""The canonical form and the replay key: what is the same call, and what has no form at all."""

import dataclasses
import enum
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.calls.types import (
    MAX_WHY,
    STATUS_MEANINGS,
    AnsweredCall,
    CallResult,
    ParseError,
    Status,
    ToolCall,
    Turn,
    Violation,
    close_names,
)
from tool_orch_env.jsonvalues.canonical import (
    MAX_DEPTH,
    NotCanonical,
    canonical,
    encode,
    plain,
    replay_key,
    to_text,
)
from tool_orch_env.snapshot.catalog import Tool, ToolSpec

GOLDEN = Path(__file__).parent / "golden" / "canonical.jsonl"
LINES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").split("\n") if line]

clean_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | clean_text
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(clean_text, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("line", LINES, ids=[line["json"][:40] for line in LINES])
def test_golden_values_keep_their_canonical_text_and_key(line: dict[str, str]) -> None:
    assert canonical(json.loads(line["json"])) == line["canonical"]
    assert replay_key("tool", line["canonical"]) == line["key"]


def test_golden_keys_differ_where_the_canonical_texts_do() -> None:
    assert len({line["key"] for line in LINES}) == len({line["canonical"] for line in LINES})


@given(values)
def test_canonical_form_is_idempotent_and_valid_json(value: Any) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text
    assert canonical(plain(value)) == text
    text.encode()


def _respelt(value: Any) -> Any:
    """The same JSON with keys reversed, tuples for lists and floats for integers that a double holds."""
    if isinstance(value, dict):
        return {name: _respelt(item) for name, item in reversed(value.items())}
    if isinstance(value, list):
        return tuple(_respelt(item) for item in value)
    if type(value) is int and abs(value) < 2**53:
        return float(value)
    return value


@given(values)
def test_order_of_keys_and_spelling_of_numbers_are_irrelevant(value: Any) -> None:
    assert canonical(_respelt(value)) == canonical(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        ("1", 1),
        (None, "null"),
        (None, {}),
        ([], {}),
        ([1], 1),
        ("a", "A"),
        ("é", "e\u0301"),
    ],
)
def test_different_json_values_have_different_forms(one: Any, other: Any) -> None:
    assert canonical(one) != canonical(other)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_survives_its_canonical_text(value: float) -> None:
    assert json.loads(canonical(value)) == value


class Colour(str, enum.Enum):  # noqa: UP042 - the older spelling, whose str() is not its value
    RED = "red"


class Loud(str):
    def __str__(self) -> "Loud":
        return self


class Pair(NamedTuple):
    a: int
    b: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Colour.RED, '"red"'),
        (Loud("x"), '"x"'),
        (enum.IntEnum("N", "ONE").ONE, "1"),
        (np.float64(2.5), "2.5"),
        (np.float64(2.0), "2"),
        (np.str_("x"), '"x"'),
        (Pair(1, 2), "[1,2]"),
    ],
    ids=repr,
)
def test_subclasses_of_json_types_are_the_values_they_hold(value: Any, text: str) -> None:
    assert canonical(value) == text


def _nested(depth: int, kind: type = list) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = {"a": value} if kind is dict else [value]
    return value


def _self_reference(kind: type) -> Any:
    if kind is dict:
        looped: dict[str, Any] = {}
        looped["a"] = looped
        return looped
    items: list[Any] = []
    items.append({"a": items})
    return items


NOT_CANONICAL = {
    "nan": math.nan,
    "inf": math.inf,
    "minus inf": -math.inf,
    "nan inside": {"a": [math.nan]},
    "integer beyond a double": 10**309,
    "negative integer beyond a double": -(10**309),
    "huge integer": 1 << 100_000,
    "lone surrogate": "\ud800",
    "lone surrogate in a key": {"\udfff": 1},
    "too deep": _nested(MAX_DEPTH + 1),
    "too deep dict": _nested(MAX_DEPTH + 1, dict),
    "far too deep": _nested(100_000),
    "bytes": b"x",
    "set": {1},
    "complex": 1j,
    "ellipsis": ...,
    "numpy array": np.zeros(2),
    "numpy integer": np.int64(2),
    "object": object(),
    "integer key": {1: 2},
    "none key": {None: 2},
    "list of itself": _self_reference(list),
    "dict of itself": _self_reference(dict),
}


@pytest.mark.parametrize("value", NOT_CANONICAL.values(), ids=NOT_CANONICAL)
def test_what_is_no_finite_utf8_json_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


@pytest.mark.parametrize("write", [encode, to_text])
def test_both_ways_of_writing_json_escape_nothing_and_refuse_what_is_none(write: Any) -> None:
    assert write({"é": ["\u2028", 1.5, None]}) == '{"é":["\u2028",1.5,null]}'
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write([value])


def test_only_the_canonical_text_sorts_keys() -> None:
    assert encode({"b": 1, "a": {"d": 2, "c": 3}}) == '{"a":{"c":3,"d":2},"b":1}'
    assert to_text({"b": 1, "a": {"d": 2, "c": 3}}) == '{"b":1,"a":{"d":2,"c":3}}'


def test_nesting_is_allowed_up_to_sixty_four_levels() -> None:
    """The limit is part of the format: another one would be another format."""
    assert MAX_DEPTH == 64
    assert canonical(_nested(64)) == "[" * 64 + "0" + "]" * 64
    assert canonical(_nested(64, dict)) == '{"a":' * 64 + "0" + "}" * 64
    assert canonical([_nested(63), 1]) == f"[{canonical(_nested(63))},1]"


@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_are_allowed_up_to_the_range_of_a_double(sign: int) -> None:
    largest = sign * int(1.7976931348623157e308)
    assert canonical(largest) == str(largest)
    with pytest.raises(NotCanonical, match="range of a double"):
        canonical(largest + sign)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (math.nan, "NaN or infinite"),
        (-math.inf, "NaN or infinite"),
        (_nested(65), "nested deeper than 64"),
        ({1: 2}, "an object key of type int"),
        (b"x", "a value of type bytes, which is not JSON"),
        ("\ud800", "a lone surrogate"),
    ],
    ids=["nan", "inf", "deep", "key", "bytes", "surrogate"],
)
def test_a_value_without_canonical_form_is_told_why(value: Any, says: str) -> None:
    with pytest.raises(NotCanonical, match=says):
        canonical(value)


def test_a_subclass_of_a_container_is_no_deeper_than_the_container() -> None:
    class Items(list):  # type: ignore[type-arg]
        pass

    inside = _nested(63)
    assert canonical(Items([inside])) == f"[{canonical(inside)}]"
    with pytest.raises(NotCanonical):
        canonical(Items([[inside]]))


def test_what_the_stages_hand_on_cannot_be_changed_and_takes_no_other_field() -> None:
    handed = (ToolCall("f", {}), ParseError("here", "why"), Turn(), Violation("/a", "type", "b", "c"))
    for one in handed:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, dataclasses.fields(one)[0].name, None)
        assert not hasattr(one, "__dict__")


@pytest.mark.parametrize("code", Status)
def test_a_reply_is_recorded_if_the_real_api_gave_it(code: Status) -> None:
    assert CallResult(code, "{}").recorded is (code in ("ok", "api_error"))
    assert STATUS_MEANINGS[code]


def test_a_violation_is_told_by_its_four_fields() -> None:
    told = Violation("/a", "type", "b", "c").as_dict()
    assert told == {"pointer": "/a", "rule": "type", "expected": "b", "found": "c"}


def test_at_most_three_close_names_are_told_best_first() -> None:
    known = ["get_rates", "get_dates", "get_rate", "set_rate", "ping"]
    assert close_names("get_rate", known) == ["get_rate", "get_rates", "set_rate"]
    assert close_names("ab", ["bc", "cd"]) == ["bc"]  # half of the letters
    assert close_names("abc", ["cde"]) == []  # a third
    assert close_names("x" * 100_000, ["ping"]) == []


def test_of_a_long_name_the_first_128_characters_are_looked_at() -> None:
    long = "x" * 127 + "yz"
    assert close_names(long + "z" * 20, [long, long[:128], long[:127]])[0] == long[:128]


def test_a_key_of_text_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(NotCanonical):
        replay_key("tool", '{"a":"\ud800"}')
    with pytest.raises(NotCanonical):
        replay_key("\ud800", "{}")


TOOL = Tool(
    ToolSpec(
        name="f",
        parameters={
            "type": "object",
            "required": ["must"],
            "properties": {
                "must": {"type": "integer", "default": 1},
                "units": {"type": "string", "default": "Metric"},
                "limit": {"type": "number", "default": 10},
                "tags": {"type": "array", "default": ["b", "a"]},
                "name": {"type": "string"},
                "flag": {"type": "boolean", "default": True},
            },
        },
        set_like=("tags",),
        case_insensitive=("units", "name"),
    )
)


@pytest.mark.parametrize(
    ("arguments", "normal"),
    [
        ({"must": 1}, {"must": 1}),
        ({"must": 1.0}, {"must": 1}),
        ({"limit": 10.0}, {}),
        ({"limit": 10}, {}),
        ({"limit": "10"}, {"limit": "10"}),
        ({"units": "METRIC"}, {}),
        ({"units": "Imperial"}, {"units": "imperial"}),
        ({"tags": ["a", "b"]}, {}),
        ({"tags": ["b", "a", "a"]}, {}),
        ({"tags": ["c", "a", "c"]}, {"tags": ["a", "c"]}),
        ({"tags": [1, 1.0, True, "1"]}, {"tags": ["1", 1, True]}),
        ({"tags": "b"}, {"tags": "b"}),
        ({"name": "STRASSE"}, {"name": "strasse"}),
        ({"name": "Straße"}, {"name": "strasse"}),
        ({"flag": True}, {}),
        ({"flag": 1}, {"flag": 1}),
        ({"unknown": None}, {"unknown": None}),
    ],
    ids=str,
)
def test_normalising_drops_defaults_sorts_sets_and_folds_case(
    arguments: dict[str, Any], normal: dict[str, Any]
) -> None:
    assert encode(TOOL.normalise(arguments)) == encode(normal)


names = st.sampled_from(["must", "units", "limit", "tags", "name", "flag", "other"])
few = st.sampled_from(
    [1, 1.0, True, "1", "Metric", "metric", 10, ["a", "b"], ["b", "a", "a"], ["a"], None, [], {}]
)
arguments = st.dictionaries(names, few, max_size=4)


@given(arguments, arguments)
def test_keys_are_equal_exactly_if_the_normal_forms_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    texts = [encode(TOOL.normalise(some)) for some in (one, other)]
    keys = [replay_key("f", text) for text in texts]
    assert (keys[0] == keys[1]) == (texts[0] == texts[1])


@given(arguments)
def test_normalising_is_idempotent_and_leaves_its_argument_alone(some: dict[str, Any]) -> None:
    before = repr(some)
    once = TOOL.normalise(some)
    assert encode(TOOL.normalise(once)) == encode(once)
    assert repr(some) == before


def test_the_tool_is_part_of_the_key() -> None:
    assert replay_key("f", "{}") != replay_key("g", "{}")


def test_a_parse_error_is_cut_and_knows_what_it_is_told() -> None:
    long = ParseError("call 0", "x" * (MAX_WHY + 1))
    assert (len(long.why), long.why[-1]) == (MAX_WHY, "…")
    assert ParseError("call 0", "x" * MAX_WHY).why == "x" * MAX_WHY
    short = ParseError("call 0", "why")
    assert (short, short.why) == (ParseError("call 0", "why", None, None, nameless=False), "why")
    assert Turn((ToolCall("f", {}), short, long)).parse_errors == (short, long)


def test_an_answered_call_has_the_name_and_the_id_of_its_message() -> None:
    result = CallResult(Status.UNPARSABLE, "{}")
    made = AnsweredCall(result, ToolCall("f", {}, "c1"))
    unread = AnsweredCall(result, error=ParseError("call 0", "why", "c2", "g"))
    nothing = AnsweredCall(result)
    assert [(one.name, one.given_id) for one in (made, unread, nothing)] == [
        ("f", "c1"),
        ("g", "c2"),
        (None, None),
    ]
