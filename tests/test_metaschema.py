"""Quick checks of tool schemas accept nothing that jsonschema refuses, and leave few of the real ones to it."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from tool_orch_env.snapshot import schema
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.metaschema import _CHECKS, plainly_sound

ROOT = Path(__file__).parent.parent

KEYWORDS = [
    *_CHECKS, "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$recursiveRef", "$recursiveAnchor",
    "dependentRequired", "dependencies", "default", "const", "nullable", "x-order",
]  # fmt: skip
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from([0.0, 0.5, 2.0, -1.0, 1e300])
    | st.sampled_from(
        ["string", "integer", "array", "text", "#", "#/$defs/a", "#a", "a b", "[", "(a+)", "(?P<a>", "https://json-schema.org/draft/2020-12/schema"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "[", "^x"]), inner, max_size=2)
    ),
    max_leaves=12,
)  # fmt: skip


def refused(document: Any) -> bool:
    try:
        Draft202012Validator.check_schema(document, schema._formats())
    except SchemaError:
        return True
    return False


@given(values)
@example({"type": ["string", "string"]})
@example({"type": []})
@example({"required": ["a", "a"]})
@example({"allOf": []})
@example({"minLength": 2.0})
@example({"minLength": True})
@example({"minimum": False})
@example({"multipleOf": 0})
@example({"patternProperties": {"[": {}}})
@example({"properties": {"a": {"pattern": "["}}})
@example({"$defs": {"a": {"$ref": "a b"}}})
def test_what_is_plainly_sound_is_a_schema_to_jsonschema(document: Any) -> None:
    assert not (plainly_sound(document) and refused(document))


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword_is_checked_for_every_kind_of_value(keyword: str) -> None:
    lists: list[Any] = [[], ["a"], ["a", "a"], [{}], [1]]
    objects: list[Any] = [{}, {"a": {}}, {"a": 1}, {"[": True}, {"a": ["b", "b"]}]
    for value in (None, True, 0, -1, 1.5, "a", "[", *lists, *objects):
        document = {keyword: value}
        assert not (plainly_sound(document) and refused(document)), document


def test_every_keyword_of_the_meta_schema_is_known() -> None:
    from jsonschema_specifications import REGISTRY

    root = REGISTRY.contents("https://json-schema.org/draft/2020-12/schema")
    keywords = set(root["properties"])
    for part in root["allOf"]:
        keywords |= set(
            REGISTRY.contents("https://json-schema.org/draft/2020-12/" + part["$ref"])["properties"]
        )
    free = {"const", "default"}  # any value
    unknown = {name for name in keywords - free if plainly_sound({name: object()})}
    assert unknown == set()


def test_the_tools_of_the_bundled_snapshots_are_checked_without_jsonschema() -> None:
    for file in sorted((ROOT / "cache_snapshots").glob("*/tools.json")):
        with patch.object(Draft202012Validator, "check_schema", side_effect=AssertionError):
            assert len(Catalog.parse(json.loads(file.read_text()), "tools")) > 0


def test_many_tools_of_one_name_are_each_reported_once() -> None:
    """In time that grows with the number of tools, not with its square."""
    specs = [ToolSpec(name=f"t{n // 2}", parameters={"type": "object"}) for n in range(10_000)]
    with pytest.raises(ValueError, match="two tools have this name") as caught:
        Catalog(specs)
    assert len(caught.value.problems) == 5_000  # type: ignore[attr-defined]
