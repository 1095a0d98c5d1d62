"""Tasks: a request, the offered tools, the golden calls as a DAG, and the facts of the answer.

Task files are JSON lines, optionally gzipped. A `Task` is immutable and consistent in itself; whether a snapshot can
play it is checked when it is compiled (`taskset`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ._deprecated import moved
from .errors import TaskError
from .files import numbered_lines
from .jsonvalues import pointer
from .jsonvalues.canonical import canonical, to_text
from .jsonvalues.decode import parse_json

REMEDY = "correct the task, or generate the file again"


def _pointer(value: str) -> str:
    pointer.tokens(value)
    return value


def _json(value: Any) -> Any:
    canonical(value)
    return value


Pointer = Annotated[str, AfterValidator(_pointer)]
_JSON = AfterValidator(_json)
"""JSON with a canonical form: finite, UTF-8, not nested too deeply."""


class _Pick(BaseModel):
    call: str
    list: Pointer
    item: int
    criterion: dict[str, Any]


class _Comparison(BaseModel):
    winner: str
    loser: str
    pointer: str
    choose: Literal["min", "max"]


class _Place(BaseModel):
    call: str
    pointer: Pointer


class _Choice(BaseModel):
    among: list[_Place]


class _PlannedCall(BaseModel):
    tool: str
    arguments: dict[str, Any]


class _Plan(BaseModel):
    says: str = ""
    turns: list[list[_PlannedCall]]


class _Read(BaseModel):
    """The parts of a task's `meta` whose form is checked.

    `choices` are made among places in several replies, `compared` are pairs of calls. `mined` are edges [tool, pattern,
    tool, parameter]. `picks` are elements chosen from lists of replies. `plans` are other solutions, as turns of calls.
    `reads` are ids of golden calls, `spare` positions in the list argument of such a call, `understood` argument names
    by such an id.
    """

    choices: list[_Choice] = []
    compared: list[_Comparison] = []
    mined: list[tuple[str, str, str, str]] = []
    picks: list[_Pick] = []
    plans: list[_Plan] = []
    reads: list[str] = []
    spare: dict[str, list[int]] = {}
    understood: dict[str, list[str]] = {}


def _readable(meta: dict[str, Any]) -> dict[str, Any]:
    _Read.model_validate(meta)
    return meta


class Binding(BaseModel):
    """The value of an argument is at `pointer` in the response to the golden call `call`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: str
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call as an agent makes it. `id` is the tool_call_id of the chat API, `None` if the format has none."""

    name: str
    arguments: dict[str, Any]
    id: str | None = None


class GoldenCall(BaseModel):
    """One call of the reference trace.

    `needs` are the ids of golden calls that must be answered in an earlier turn. `bindings` maps an argument (its name,
    or a JSON Pointer into the arguments) to its source. An `optional` call is neither rewarded nor counted as waste.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    tool: str
    arguments: Annotated[dict[str, Any], _JSON]
    needs: tuple[str, ...] = ()
    bindings: dict[str, Binding] = {}
    optional: bool = False

    def as_call(self) -> ToolCall:
        """The call as an agent makes it. The arguments are a copy, which the caller may change."""
        return ToolCall(self.tool, deepcopy(self.arguments), self.id)


class AnswerFact(BaseModel):
    """A fact that the final answer must state.

    `call` and `pointer` say where its value comes from, if known. `tolerance` is absolute, and used for numbers only.
    `kind` is a fact kind (`answers.kinds.KINDS`), by default inferred from name, value and source. `owner` names what
    the fact is a fact of ("flight 739", "Porto"), `ask` are the words that ask for it ("the scheduled arrival time"),
    and `aliases` are other texts for the same value. A value may be a list of texts or numbers, all to be stated.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    value: Annotated[str | bool | int | float | tuple[str | bool | int | float, ...], _JSON]
    call: str | None = None
    pointer: Pointer | None = None
    tolerance: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    kind: str | None = None
    owner: str = ""
    ask: str = ""
    aliases: tuple[str, ...] = ()


class Task(BaseModel):
    """One multi-step task. `tools` are the names of the offered tools, golden ones and distractors, in the order shown.

    `meta` is free for whoever makes the task, except `mined`: edges [tool, pattern, tool, parameter] by which values
    can flow in addition to the declared ones.
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
        self.to_json().encode()  # raises for a lone surrogate, which cannot be written
        ids = [call.id for call in self.golden]
        if len(set(ids)) < len(ids):
            raise ValueError("two golden calls have the same id")
        if all(call.optional for call in self.golden):
            raise ValueError("expected at least one golden call that is not optional")
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
        for name, positions in self.meta.get("spare", {}).items():
            self._check_spare(name, positions)
        try:
            TopologicalSorter({call.id: call.needs for call in self.golden}).prepare()
        except CycleError as error:
            raise ValueError(
                f"golden calls need each other in a circle: {' -> '.join(error.args[1])}"
            ) from error
        return self

    def _check_spare(self, name: str, positions: Sequence[int]) -> None:
        """Raise `ValueError` unless these are some, not all, of the positions in the one list of a golden call."""
        call = next((call for call in self.golden if call.id == name), None)
        if call is None:
            raise ValueError(f"meta.spare: golden call {name!r} does not exist")
        lists = [value for value in call.arguments.values() if isinstance(value, list)]
        if len(lists) != 1 or not set(positions) < set(range(len(lists[0]))):
            raise ValueError(
                f"meta.spare: expected some, not all, of the positions in the one list of golden call {name!r}, "
                f"found {list(positions)}"
            )

    @property
    def layers(self) -> tuple[tuple[GoldenCall, ...], ...]:
        """Golden calls by dependency level. A call of level k needs only calls of lower levels."""
        level: dict[str, int] = {}
        by_id = {call.id: call for call in self.golden}
        for name in TopologicalSorter({call.id: call.needs for call in self.golden}).static_order():
            level[name] = max((level[needed] + 1 for needed in by_id[name].needs), default=0)
        return tuple(
            tuple(call for call in self.golden if level[call.id] == depth)
            for depth in range(max(level.values()) + 1)
        )

    @property
    def decisions(self) -> frozenset[str]:
        """The golden calls whose replies are read to decide something: which call comes next, which candidate it is."""
        compared = (one.get(who) for one in self.meta.get("compared", ()) for who in ("winner", "loser"))
        return frozenset(map(str, (*self.meta.get("reads", ()), *compared)))

    @property
    def depth(self) -> int:
        """Number of calls on the longest dependency path, at least 1."""
        return len(self.layers)

    def to_json(self) -> str:
        """The task's line in a task file, without the newline. Fields with their default value are omitted."""
        return to_text(self.model_dump(mode="json", exclude_defaults=True))


def read_tasks(path: Path, where: str | None = None) -> list[Task]:
    """The tasks of a file, `.jsonl` or `.jsonl.gz`. `where` names the file in messages, by default its name.

    Raises `TaskError` listing every bad line.
    """
    where = where or path.name
    tasks, problems = [], []
    first_line: dict[str, int] = {}
    for number, line in numbered_lines(path, TaskError):
        try:
            tasks.append(_parsed(line, f"{where}:{number}"))
        except TaskError as error:
            problems += error.problems
            continue
        first = first_line.setdefault(tasks[-1].id, number)
        if first != number:
            problems.append(f"{where}:{number}: id {tasks[-1].id!r} is already used in line {first}")
    if problems:
        raise TaskError(problems, REMEDY)
    return tasks


class TaskFile(Mapping[str, Task]):
    """The tasks of a file by id, in the order of the file. Each is parsed and checked on first access."""

    def __init__(self, path: Path, where: str | None = None) -> None:
        """`path` and `where` are as in `read_tasks`.

        A file in which a line does not begin with a new id, as `dump_tasks` writes it, is parsed at once; raises
        `TaskError` listing every bad line of such a file.
        """
        self._where = where or path.name
        self._lines: dict[str, tuple[int, str]] = {}
        self._tasks: dict[str, Task] = {}
        for number, line in numbered_lines(path, TaskError):
            found = _ID.match(line)
            if found is None or found[1] in self._lines:
                self._tasks = {task.id: task for task in read_tasks(path, where)}
                self._lines = dict.fromkeys(self._tasks, (0, ""))
                break
            self._lines[found[1]] = number, line

    def __getitem__(self, name: str) -> Task:
        """Raises `KeyError` if there is no such task, `TaskError` if its line is not a task."""
        known = self._tasks.get(name)
        if known is None:
            number, line = self._lines[name]
            known = self._tasks.setdefault(name, _parsed(line, f"{self._where}:{number}"))
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, name: object) -> bool:
        return name in self._lines


_ID = re.compile(r'\{"id":"([^"\\]+)"')


def _parsed(line: str, place: str) -> Task:
    try:
        return Task.model_validate(parse_json(line))
    except ValidationError as error:
        raise TaskError([f"{place}: {_fault(fault)}" for fault in error.errors()], REMEDY) from error
    except ValueError as error:
        raise TaskError(f"{place}: not JSON: {error}", REMEDY) from error


def dump_tasks(tasks: Sequence[Task]) -> bytes:
    """The content of a task file with these tasks."""
    return "".join(task.to_json() + "\n" for task in tasks).encode()


def _fault(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "oracle_answer": "answers.oracle",
            "oracle_turns": "answers.oracle",
            "spoken": "answers.oracle",
        },
    )
