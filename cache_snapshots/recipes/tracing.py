"""Writing down a golden trace while asking: what a call takes from earlier replies becomes its bindings.

Enters: a function that asks a tool, and a template, its entities and the request. Leaves: a task whose golden calls
have `needs` and `bindings`, with its answer facts and shuffled distractors.
Refuses what a task must not hold: a golden reply that is no success, and a pick that is not unique.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from tool_orch_env.jsonvalues import pointer
from tool_orch_env.snapshot.catalog import Catalog
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
        """The pointer of the only item with the least (`min`) or greatest (`max`) `by`, among those `wanted`.

        An item whose `by` is null is passed over."""
        items = pointer.resolve(self.value, listed)
        values = [item[by] for item in items if all(item[name] == value for name, value in wanted.items())]
        return self.where(listed, **{**wanted, by: choose(v for v in values if v is not None)})


class Trace:
    """Golden calls c1, c2, ... in the order in which they are asked."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.golden: list[GoldenCall] = []
        self.facts: list[AnswerFact] = []

    def call(self, tool: str, *, after: Sequence[Reply] = (), **arguments: Any) -> Reply:
        """Ask a tool; every `Ref` in the arguments is bound to the reply it comes from.

        `after` are the replies that decide which value to take, though they do not hold it.
        """
        refs = dict(_refs(arguments))
        values = _values(arguments)
        status, response = self._ask(tool, values)
        if status != 200 or _empty(response):
            raise ValueError(f"{tool} {values}: no success, or an empty one: {status} {response}")
        name = f"c{len(self.golden) + 1}"
        needed = {ref.call for ref in refs.values()} | {reply.call for reply in after}
        self.golden.append(
            GoldenCall(
                id=name,
                tool=tool,
                arguments=values,
                needs=tuple(sorted(needed, key=lambda call: int(call[1:]))),
                bindings={place: Binding(call=ref.call, pointer=ref.pointer) for place, ref in refs.items()},
            )
        )
        return Reply(name, response)

    def aside(self, tool: str, arguments: dict[str, Any]) -> Any:
        """The response to a call that is no golden call: what a template checks for itself."""
        return self._ask(tool, arguments)[1]

    def fact(self, name: str, ref: Ref, tolerance: float = 0.0, owner: str = "") -> None:
        """The final answer must state this value; `tolerance` is absolute, for numbers, `owner` says whose it is."""
        label = name.casefold().replace(" ", "_")
        self.facts.append(
            AnswerFact(
                name=label,
                value=ref.value,
                call=ref.call,
                pointer=ref.pointer,
                tolerance=tolerance,
                owner=owner,
            )
        )


def _empty(response: Any) -> bool:
    """Whether a success says that nothing was found."""
    if not isinstance(response, dict):
        return not response
    return "error" in response or 0 in (response.get("total"), len(response.get("holidays", "some")))


def _refs(value: Any, *path: str | int) -> list[tuple[str, Ref]]:
    """Every `Ref` with where it stands: a parameter's name, or a pointer into the arguments if it is deeper."""
    if isinstance(value, Ref):
        return [(str(path[0]) if len(path) == 1 else pointer.join(*path), value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, item in items for found in _refs(item, *path, name)]


def _values(value: Any) -> Any:
    """The same with the values of its `Ref`s."""
    if isinstance(value, Ref):
        return value.value
    if isinstance(value, dict):
        return {name: _values(item) for name, item in value.items()}
    return [_values(item) for item in value] if isinstance(value, list) else value


def traced(
    snapshot: str,
    name: str,
    row: Row,
    catalog: Catalog,
    ask: Ask,
    substitutes: Substitutes | None = None,
    families: Sequence[Collection[str]] = (),
) -> Task:
    """The task `name`; raises `ValueError` naming it if its template finds no task.

    Of each of the `families` of tools, at least one is a distractor; without any, the catalog is the family.
    """
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
        tools=_offered(name, used, families or [catalog], substitutes or {}),
        golden=tuple(trace.golden),
        answer=tuple(trace.facts),
    )
    shape = {"depth": task.depth, "width": max(map(len, task.layers))}
    domains = sorted({catalog[tool].spec.domain for tool in used})
    return task.model_copy(update={"meta": {"domains": domains, **shape, "template": template.__name__}})


def _offered(
    name: str, used: list[str], families: Sequence[Collection[str]], substitutes: Substitutes
) -> tuple[str, ...]:
    """The golden tools and two to four others, drawn and shuffled by a generator seeded with the task's name."""
    generator = Random(name)
    avoided = {*used, *(other for tool in used for other in substitutes.get(tool, ()))}
    pools = [sorted(set(family) - avoided) for family in families]
    number = generator.randint(2, 4)
    drawn = [generator.choice(pool) for pool in pools] if len(pools) > 1 else []
    others = sorted(set().union(*pools) - set(drawn))
    offered = used + drawn + generator.sample(others, number - len(drawn))
    generator.shuffle(offered)
    return tuple(offered)
