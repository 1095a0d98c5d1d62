"""Tasks: a request, the tools offered, the golden calls as a DAG, and the facts of the answer.

Enters: task files (JSON lines, optionally gzipped). Leaves: frozen `Task` models that are consistent in
themselves; whether a snapshot can play them is checked where the two meet.
"""

from collections.abc import Sequence
from copy import deepcopy
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from .calls.types import ToolCall
from .errors import TaskError
from .files import numbered_lines
from .jsonvalues import pointer
from .jsonvalues.canonical import canonical, to_text
from .jsonvalues.decode import parse_json

if TYPE_CHECKING:
    import networkx

REMEDY = "correct the task, or generate the file again"


def _pointer(value: str) -> str:
    pointer.tokens(value)
    return value


def _json(value: Any) -> Any:
    canonical(value)
    return value


Pointer = Annotated[str, AfterValidator(_pointer)]
_JSON = AfterValidator(_json)
"""Finite, UTF-8, reasonably nested."""


class _Read(BaseModel):
    """What of a task's `meta` is read here: edges [tool, pattern, tool, parameter]."""

    mined: list[tuple[str, str, str, str]] = []


def _readable(meta: dict[str, Any]) -> dict[str, Any]:
    _Read.model_validate(meta)
    return meta


class Binding(BaseModel):
    """An argument's value is found at `pointer` in the response to the golden call `call`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: str
    pointer: Pointer


class GoldenCall(BaseModel):
    """One call of the reference trace.

    `needs` are ids of golden calls that must be answered in an earlier turn. `bindings` maps an argument (its
    name, or a JSON Pointer into the arguments) to what supplies it. An `optional` call earns nothing and
    costs nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    tool: str
    arguments: Annotated[dict[str, Any], _JSON]
    needs: tuple[str, ...] = ()
    bindings: dict[str, Binding] = {}
    optional: bool = False

    def as_call(self) -> ToolCall:
        """The call as an agent makes it; its arguments are the caller's to change."""
        return ToolCall(self.tool, deepcopy(self.arguments), self.id)


class AnswerFact(BaseModel):
    """Something the final answer must state. `tolerance` is absolute, for numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    value: Annotated[str | bool | int | float, _JSON]
    call: str | None = None
    pointer: Pointer | None = None
    tolerance: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)


class Task(BaseModel):
    """One multi-step task. `tools` are the names offered, golden and distractors, in the order shown.

    `meta` is its maker's but for `mined`: edges [tool, pattern, tool, parameter] by which values travel too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    snapshot: str
    request: str
    tools: tuple[str, ...]
    golden: tuple[GoldenCall, ...]
    answer: tuple[AnswerFact, ...] = ()
    meta: Annotated[dict[str, Any], _JSON, AfterValidator(_readable)] = {}

    @model_validator(mode="after")
    def _consistent(self) -> "Task":
        self.to_json().encode()  # raises for a lone surrogate, which no file can hold
        ids = [call.id for call in self.golden]
        if len(set(ids)) < len(ids):
            raise ValueError("two golden calls have the same id")
        if all(call.optional for call in self.golden):
            raise ValueError("no golden call that is not optional")
        for call in self.golden:
            if call.tool not in self.tools:
                raise ValueError(f"golden call {call.id!r} uses {call.tool!r}, which is not offered")
            for needed in call.needs:
                if needed not in ids:
                    raise ValueError(f"golden call {call.id!r} needs {needed!r}, which does not exist")
            for argument, binding in call.bindings.items():
                if binding.call not in call.needs:
                    raise ValueError(
                        f"golden call {call.id!r} takes {argument!r} from {binding.call!r}, "
                        "which is not among its needs"
                    )
        for fact in self.answer:
            if fact.call is not None and fact.call not in ids:
                raise ValueError(f"answer fact {fact.name!r} comes from {fact.call!r}, which does not exist")
        try:
            TopologicalSorter({call.id: call.needs for call in self.golden}).prepare()
        except CycleError as error:
            raise ValueError(
                f"golden calls need each other in a circle: {' -> '.join(error.args[1])}"
            ) from error
        return self

    @property
    def layers(self) -> tuple[tuple[GoldenCall, ...], ...]:
        """Golden calls by dependency level: those of level k need only calls of lower levels."""
        level: dict[str, int] = {}
        by_id = {call.id: call for call in self.golden}
        for name in TopologicalSorter({call.id: call.needs for call in self.golden}).static_order():
            level[name] = max((level[needed] + 1 for needed in by_id[name].needs), default=0)
        return tuple(
            tuple(call for call in self.golden if level[call.id] == depth)
            for depth in range(max(level.values()) + 1)
        )

    @property
    def depth(self) -> int:
        """Calls on the longest dependency path, at least 1."""
        return len(self.layers)

    def dag(self) -> "networkx.DiGraph[str]":
        """The golden calls as a networkx digraph, edges from what is needed to what needs it."""
        import networkx

        graph: networkx.DiGraph[str] = networkx.DiGraph()
        for call in self.golden:
            graph.add_node(call.id, tool=call.tool)
            graph.add_edges_from((needed, call.id) for needed in call.needs)
        return graph

    def to_json(self) -> str:
        """One line of a task file, without the newline; fields at their default are left out."""
        return to_text(self.model_dump(mode="json", exclude_defaults=True))


def read_tasks(path: Path, where: str | None = None) -> list[Task]:
    """The tasks of one file, `.jsonl` or `.jsonl.gz`; raises `TaskError` listing every bad line."""
    where = where or path.name
    tasks, problems = [], []
    first_line: dict[str, int] = {}
    for number, line in numbered_lines(path, TaskError):
        try:
            task = Task.model_validate(parse_json(line))
        except ValidationError as error:
            problems += [f"{where}:{number}: {_fault(fault)}" for fault in error.errors()]
        except ValueError as error:
            problems.append(f"{where}:{number}: not JSON: {error}")
        else:
            tasks.append(task)
            if first_line.setdefault(task.id, number) != number:
                problems.append(
                    f"{where}:{number}: id {task.id!r} stands already at line {first_line[task.id]}"
                )
    if problems:
        raise TaskError(problems, REMEDY)
    return tasks


def dump_tasks(tasks: Sequence[Task]) -> bytes:
    """The content of a task file."""
    return "".join(task.to_json() + "\n" for task in tasks).encode()


def _fault(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])
