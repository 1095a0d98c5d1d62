"""Writing down a golden trace while asking: what a call takes from earlier replies becomes its bindings.

Enters: a function that asks a tool, and a template, its entities and the request. Leaves: a task whose golden calls
have `needs` and `bindings`, with its answer facts and shuffled distractors.
Refuses what a task must not hold: a golden reply that is no success, and a pick that is not unique.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from tool_orch_env import pointer
from tool_orch_env.catalog import Catalog
from tool_orch_env.task import AnswerFact, Binding, GoldenCall, Task

Ask = Callable[[str, Mapping[str, Any]], tuple[int, Any]]
"""Tool name and arguments to HTTP status and response."""
Row = tuple[Callable[..., None], Mapping[str, Any], str]
"""A template, its entities, and the request."""
Substitutes = Mapping[str, Sequence[str]]
"""Tools that could do a tool's work another way, and so are no distractors beside it."""


class Ref(NamedTuple):
    """A value with its place: the golden call that gave it, and the pointer into its response."""

    call: str
    pointer: str
    value: Any


class Reply(NamedTuple):
    """The recorded response to a golden call."""

    call: str
    value: Any

    def at(self, place: str) -> Ref:
        """The value at a JSON pointer; raises `LookupError` if there is none, `ValueError` if it is null."""
        value = pointer.resolve(self.value, place)
        if value is None:
            raise ValueError(f"{self.call}{place} is null: choose another entity")
        return Ref(self.call, place, value)

    def where(self, listed: str, **wanted: Any) -> str:
        """The pointer of the only item under `listed` that has these values."""
        items = pointer.resolve(self.value, listed)
        hits = [
            i for i, item in enumerate(items) if all(item[name] == value for name, value in wanted.items())
        ]
        if len(hits) != 1:
            raise ValueError(f"{self.call}{listed}: {len(hits)} items with {wanted}: {items}")
        return f"{listed}/{hits[0]}"

    def best(self, listed: str, by: str, choose: Callable[[Any], Any], **wanted: Any) -> str:
        """The pointer of the only item with the least (`min`) or greatest (`max`) `by`, among those `wanted`."""
        items = pointer.resolve(self.value, listed)
        values = [item[by] for item in items if all(item[name] == value for name, value in wanted.items())]
        return self.where(listed, **{**wanted, by: choose(values)})


class Trace:
    """Golden calls c1, c2, ... in the order in which they are asked."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.golden: list[GoldenCall] = []
        self.facts: list[AnswerFact] = []

    def call(self, tool: str, **arguments: Any) -> Reply:
        """Ask a tool; an argument that is a `Ref` is bound to the reply it comes from."""
        refs = {name: value for name, value in arguments.items() if isinstance(value, Ref)}
        values = {name: value.value if isinstance(value, Ref) else value for name, value in arguments.items()}
        status, response = self._ask(tool, values)
        if status != 200 or 0 in (response.get("total"), len(response.get("holidays", "some"))):
            raise ValueError(f"{tool} {values}: no success, or an empty one: {status} {response}")
        name = f"c{len(self.golden) + 1}"
        self.golden.append(
            GoldenCall(
                id=name,
                tool=tool,
                arguments=values,
                needs=tuple(sorted({ref.call for ref in refs.values()}, key=lambda call: int(call[1:]))),
                bindings={name: Binding(call=ref.call, pointer=ref.pointer) for name, ref in refs.items()},
            )
        )
        return Reply(name, response)

    def fact(self, name: str, ref: Ref, tolerance: float = 0.0) -> None:
        """The final answer must state this value; `tolerance` is absolute, for numbers."""
        label = name.casefold().replace(" ", "_")
        self.facts.append(
            AnswerFact(name=label, value=ref.value, call=ref.call, pointer=ref.pointer, tolerance=tolerance)
        )


def traced(
    snapshot: str, name: str, row: Row, catalog: Catalog, ask: Ask, substitutes: Substitutes | None = None
) -> Task:
    """The task `name`; raises `ValueError` naming it if its template finds no task."""
    template, entities, request = row
    trace = Trace(ask)
    try:
        template(trace, **entities)
    except (ValueError, LookupError) as error:
        raise ValueError(f"{name} ({template.__name__}): {error}") from error
    used = sorted({call.tool for call in trace.golden})
    task = Task(
        id=name,
        snapshot=snapshot,
        request=request,
        tools=_offered(name, used, catalog, substitutes or {}),
        golden=tuple(trace.golden),
        answer=tuple(trace.facts),
    )
    shape = {"depth": task.depth, "width": max(map(len, task.layers))}
    domains = sorted({catalog[tool].spec.domain for tool in used})
    return task.model_copy(update={"meta": {"domains": domains, **shape, "template": template.__name__}})


def _offered(name: str, used: list[str], catalog: Catalog, substitutes: Substitutes) -> tuple[str, ...]:
    """The golden tools and two to four others, drawn and shuffled by a generator seeded with the task's name."""
    generator = Random(name)
    avoided = {other for tool in used for other in substitutes.get(tool, ())}
    others = sorted(set(catalog) - set(used) - avoided)
    offered = used + generator.sample(others, generator.randint(2, 4))
    generator.shuffle(offered)
    return tuple(offered)
