"""The orchestration traces published with arXiv 2603.24709.

Rows are `{query, workflow_id, workflow_pattern, metadata, steps}`, with or without a row number `row`. `needs` is
exactly the file's `depends_on`; tracing only finds which leaf of a declared prerequisite supplies an argument. A row
that declares no dependencies at all is traced instead. Calls that a row repeats stay repeated. The offered tools are
the `candidate_tools` of all steps, each once, in order of first appearance.
"""

from collections import Counter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .draft import Draft, Format, Row, Step


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Call(_Shape):
    function: str
    arguments: dict[str, Any]


class _Result(_Call):
    """`execution_result` is the response, of any shape."""

    execution_result: Any = Field(default=...)


class _Step(_Shape):
    step: int = Field(ge=0)
    ground_truth: _Call
    candidate_tools: list[str]
    depends_on: list[int]
    execution_result: _Result


class _Trace(_Shape):
    query: str
    workflow_id: str
    workflow_pattern: list[str]
    metadata: dict[str, Any]
    steps: list[_Step] = Field(min_length=1)
    row: int | None = Field(default=None, ge=0)


def recognises(row: dict[str, Any]) -> bool:
    return {"query", "steps", "workflow_id"} <= row.keys()


def draft(row: Row, position: int) -> Draft:
    """The draft of one row. `position` is used if `row` is missing. Raises `ValueError` if the shape is wrong."""
    trace = _Trace.model_validate(row.value)
    number = position if trace.row is None else trace.row
    place_of = _places(trace.steps)
    declares = any(step.depends_on for step in trace.steps)
    steps = tuple(
        Step(
            step.ground_truth.function,
            step.ground_truth.arguments,
            _response(step),
            turn,
            tuple(sorted(place_of[needed] for needed in set(step.depends_on))) if declares else None,
        )
        for turn, step in enumerate(trace.steps)
    )
    offered = [name for step in trace.steps for name in (*step.candidate_tools, step.ground_truth.function)]
    meta = {
        "row": number,
        "workflow_id": trace.workflow_id,
        "workflow_pattern": trace.workflow_pattern,
        "dependencies": "declared" if declares else "traced",
        "metadata": trace.metadata,
    }
    return Draft(row.place, f"traces-{number:03d}", trace.query, tuple(dict.fromkeys(offered)), steps, meta)


def _places(steps: list[_Step]) -> dict[int, int]:
    """Position by step number.

    Raises `ValueError` if a number repeats, or if a step depends on anything but an earlier step.
    """
    twice = [number for number, count in Counter(step.step for step in steps).items() if count > 1]
    if twice:
        raise ValueError(f"steps: expected each step number once, found {twice[0]} again")
    places = {step.step: place for place, step in enumerate(steps)}
    for place, step in enumerate(steps):
        for needed in step.depends_on:
            if places.get(needed, place) >= place:
                raise ValueError(f"steps.{place}.depends_on: expected earlier steps, found {needed}")
    return places


def _response(step: _Step) -> Any:
    """The recorded response. Raises `ValueError` if it belongs to another call."""
    result = step.execution_result
    if (result.function, result.arguments) != (step.ground_truth.function, step.ground_truth.arguments):
        raise ValueError(
            f"step {step.step}: execution_result: expected the golden call's, found another call's"
        )
    return result.execution_result


FORMAT = Format(
    name="orchestration_traces",
    title="{query, workflow_id, workflow_pattern, metadata, steps}",
    split="train",
    source="orchestration traces published with arXiv 2603.24709",
    recognises=recognises,
    draft=draft,
)
