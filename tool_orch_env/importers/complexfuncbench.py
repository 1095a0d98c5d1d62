"""ComplexFuncBench: rows `{id, conversations, functions}`, or reduced rows without observations.

A turn is an assistant message with calls. Its calls are golden calls of that turn; each has the observation at the same
position. The file declares no dependencies, so they are traced by value (`tracing.py`), and only from earlier turns.
Where no value flows, the order of turns is *not* kept as a dependency: the second of two independent searches does not
need the first. What the benchmark calls free functions are ordinary golden calls here. `meta` keeps the turn of every
call for the benchmark's protocol.

A reduced row `{id, query, golden_calls, candidate_tools}` has neither turns nor responses. Nothing is recorded for it,
nothing can be traced, and `meta["dependencies"]` is `unknown`.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .draft import Draft, Format, Row, Step

PUBLISHED = "be1e0f5951b666f6543b946e915a431a39bbda1807481878eb331245276ac088"
"""sha256 of the published file: 1,000 rows, 40.2 MB."""


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Call(_Shape):
    name: str
    arguments: dict[str, Any]


class _Message(_Shape):
    """`function_call` is set on assistant messages with calls; the next observation's `content` is aligned with it."""

    role: Literal["user", "assistant", "observation"]
    content: Any = None
    function_call: list[_Call] | None = None


class _Full(_Shape):
    id: str
    conversations: list[_Message]
    functions: list[dict[str, Any]]


class _Reduced(_Shape):
    id: str
    query: str
    golden_calls: list[_Call]
    candidate_tools: list[str]


def recognises(row: dict[str, Any]) -> bool:
    return {"conversations", "functions"} <= row.keys() or {"golden_calls", "candidate_tools"} <= row.keys()


def draft(row: Row, position: int) -> Draft:
    """The draft of one row. Raises `ValueError` if its shape is wrong."""
    if "conversations" in row.value:
        return _full(row.place, _Full.model_validate(row.value))
    reduced = _Reduced.model_validate(row.value)
    steps = tuple(Step(call.name, call.arguments) for call in reduced.golden_calls)
    meta = {"domain": domain(reduced.id), "dependencies": "unknown"}
    return Draft(row.place, reduced.id, reduced.query, _offered(reduced.candidate_tools, steps), steps, meta)


def domain(identity: str) -> str:
    """The domain in a row id: `Car-Rental` for `Car-Rental-12`."""
    return identity.rpartition("-")[0]


def _full(place: str, row: _Full) -> Draft:
    steps = tuple(_steps(row.conversations))
    functions = {}
    for function in row.functions:
        if not isinstance(function.get("name"), str):
            raise ValueError('functions: expected objects with a "name"')
        functions[function["name"]] = function
    meta = {"domain": domain(row.id), "dependencies": "traced", "turns": [step.turn for step in steps]}
    return Draft(
        place, row.id, _request(row.conversations), _offered(list(functions), steps), steps, meta, functions
    )


def _request(messages: list[_Message]) -> str:
    """The user's request. Later user messages, if any, are appended as paragraphs."""
    said = [message.content for message in messages if message.role == "user"]
    if not said or not all(isinstance(text, str) for text in said):
        raise ValueError("conversations: expected a user message with text")
    return "\n\n".join(said)


def _steps(messages: list[_Message]) -> list[Step]:
    """The golden calls in order, with turn and observation."""
    steps: list[Step] = []
    turn = 0
    for position, message in enumerate(messages):
        if not message.function_call:
            continue
        follows = messages[position + 1] if position + 1 < len(messages) else None
        if follows is None or follows.role != "observation" or not isinstance(follows.content, list):
            raise ValueError(f"conversations.{position}: expected a list of observations after calls")
        if len(follows.content) != len(message.function_call):
            raise ValueError(
                f"conversations.{position + 1}: expected {len(message.function_call)} observations, "
                f"found {len(follows.content)}"
            )
        for call, response in zip(message.function_call, follows.content, strict=True):
            steps.append(Step(call.name, call.arguments, response, turn))
        turn += 1
    return steps


def _offered(names: list[str], steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The offered tools in file order, then any others that golden calls use."""
    return tuple(dict.fromkeys([*names, *(step.tool for step in steps)]))


FORMAT = Format(
    name="complexfuncbench",
    title="{id, conversations, functions} or {id, query, golden_calls, candidate_tools}",
    split="test",
    source="ComplexFuncBench (arXiv 2501.10132)",
    recognises=recognises,
    draft=draft,
    published=PUBLISHED,
)
