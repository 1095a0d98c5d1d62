"""JSON Pointers: RFC 6901 to the letter, and patterns."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_orch_env.jsonvalues import pointer

# RFC 6901, section 5: the document and its pointers
RFC = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}
RFC_POINTERS = {
    "": RFC,
    "/foo": ["bar", "baz"],
    "/foo/0": "bar",
    "/": 0,
    "/a~1b": 1,
    "/c%d": 2,
    "/e^f": 3,
    "/g|h": 4,
    "/i\\j": 5,
    '/k"l': 6,
    "/ ": 7,
    "/m~0n": 8,
}


@pytest.mark.parametrize(("path", "value"), RFC_POINTERS.items())
def test_the_examples_of_the_rfc_resolve(path: str, value: Any) -> None:
    assert pointer.resolve(RFC, path) == value


def test_tilde_one_after_an_escaped_tilde_is_no_slash() -> None:
    assert pointer.tokens("/~01") == ["~1"]


@pytest.mark.parametrize("path", ["foo", "0", "/~", "/~2", "/a~", "#/foo", " /foo"])
def test_what_is_no_pointer_is_a_value_error(path: str) -> None:
    with pytest.raises(ValueError, match="is not a JSON Pointer"):
        pointer.tokens(path)


@pytest.mark.parametrize(
    "path",
    [
        "/bar",
        "/foo/2",
        "/foo/-",
        "/foo/-1",
        "/foo/00",
        "/foo/01",
        "/foo/٠",
        "/foo/²",
        "/foo/" + "9" * 5000,
        "/foo/0/x",
    ],
)
def test_what_is_not_there_is_a_lookup_error(path: str) -> None:
    with pytest.raises(LookupError):
        pointer.resolve(RFC, path)


@given(st.lists(st.text(max_size=5), max_size=5))
def test_join_and_tokens_undo_each_other(parts: list[str]) -> None:
    assert pointer.tokens(pointer.join(*parts)) == parts


documents = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(documents)
def test_every_leaf_resolves_and_its_pattern_differs_only_in_indices(document: Any) -> None:
    for path, leaf in pointer.leaves(document):
        assert pointer.resolve(document, path) == leaf
        for concrete, general in zip(
            pointer.tokens(path), pointer.tokens(pointer.pattern(path)), strict=True
        ):
            assert general == concrete or (general == "*" and concrete.isdecimal())


def test_pattern_stars_indices_and_nothing_else() -> None:
    assert pointer.pattern("/results/10/007/٣/x") == "/results/*/007/٣/x"
