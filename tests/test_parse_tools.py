"""Calls of real tools, rendered in every family's syntax, are read back as they were: values typed by the schemas."""

from functools import cache
from typing import Any

import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st
from test_parse_families import RENDER, numbers, sayable, texts

import tool_orch_env as toe
from tool_orch_env import importers
from tool_orch_env.calls.parse import parse_message
from tool_orch_env.snapshot.catalog import Tool

TRACES = SHARED / "orchestration_traces" / "train_60.jsonl"
SCALARS = {"string": texts, "integer": st.integers(), "number": numbers, "boolean": st.booleans()}


@cache
def tools() -> dict[str, Tool]:
    """The tools of the bundled snapshots and, where they are at hand, of the published traces."""
    found = [toe.Snapshot.open(name).catalog for name in ("travel", "elements")]
    found += [importers.load(TRACES)[0].catalog] if TRACES.is_file() else []
    return {name: tool for catalog in found for name, tool in catalog.items()}


def values(schema: Any) -> st.SearchStrategy[Any] | None:
    """Values of a schema's type; `None` where it does not say one."""
    if not isinstance(schema, dict):
        return None
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type")
    kind = next((one for one in kinds if one != "null"), None) if isinstance(kinds, list) else kinds
    if kind == "array":
        inner = values(schema.get("items"))
        return None if inner is None else st.lists(inner, min_size=1, max_size=2)
    if kind == "object":
        return _arguments(schema) if schema.get("properties") else None
    return SCALARS.get(kind)


def _arguments(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    known = {name: values(one) for name, one in schema.get("properties", {}).items()}
    return st.fixed_dictionaries({}, optional={name: one for name, one in known.items() if one is not None})


@st.composite
def calls(draw: st.DrawFn) -> list[toe.ToolCall]:
    names = draw(st.lists(st.sampled_from(sorted(tools())), min_size=1, max_size=3))
    return [toe.ToolCall(name, draw(_arguments(tools()[name].spec.parameters))) for name in names]


@pytest.mark.parametrize("name", RENDER)
@given(calls())
def test_calls_of_real_tools_are_read_back(name: str, calls: list[toe.ToolCall]) -> None:
    if not sayable(name, calls):
        return
    text = RENDER[name](calls)
    turn = parse_message(text, tools())
    read = [(c.name, c.arguments) if isinstance(c, toe.ToolCall) else c for c in turn.calls]
    assert repr(read) == repr([(c.name, c.arguments) for c in calls]), text
