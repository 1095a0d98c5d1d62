"""Turn a plan's `follow` lines into steps: everything that may be asked about every row of earlier replies.

A tool's declared `sources` say which of its parameters a reply supplies. Every way to fill the tool's parameters from
one row becomes one step, so `plan.py` and the recorder know steps only.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from typing import Any, NamedTuple

from ..jsonvalues import pointer
from ..snapshot.catalog import Catalog, Tool
from . import domain
from .schema import All, Follow, FromFile, FromResponses, Line, Rows, Step, Values


class Expanded(NamedTuple):
    """A plan of steps only. `notes` say which tools a `follow` line leaves out, `problems` what is wrong with it."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


class _CannotAsk(Exception):
    """A row of the reply does not supply what the tool requires."""


def expanded(plan: Sequence[Line], catalog: Catalog, unsafe: Collection[str] = ()) -> Expanded:
    """The plan with every `follow` line replaced by its steps. `problems` is empty if every line makes sense.

    `unsafe` are the tools that no line may call, because calls may change something.
    """
    steps: list[Step] = []
    notes: list[str] = []
    problems: list[str] = []
    followed = False
    for index, line in enumerate(plan):
        place = f"plan.{index}"
        tools = {step.name: step.call for step in steps}
        if followed:
            problems += _not_earlier(line, tools, place)
        if isinstance(line, Step):
            steps.append(line)
            continue
        followed = True
        if unknown := [name for name in line.follow if name not in tools]:
            problems += [f"{place}.follow: {name!r} is not an earlier step" for name in unknown]
            continue
        left_out = notes if line.tools is None else problems
        said = len(left_out)
        found = list(_steps(line, tools, catalog, unsafe, place, left_out))
        if not found and len(left_out) == said:
            problems.append(_leads_nowhere(line, tools, catalog, place))
        problems += _unused(line, found, catalog, place)
        steps += found
    return Expanded(tuple(steps), tuple(notes), tuple(problems))


def _leads_nowhere(line: Follow, tools: Mapping[str, str], catalog: Catalog, place: str) -> str:
    """The problem of a line whose replies no tool names as a source, with an example of how to name one."""
    source = tools[line.follow[0]]
    others = [
        (name, one) for name, tool in catalog.items() if name != source for one in sorted(tool.required)
    ]
    name, one = next(iter(others), ("TOOL", "PARAMETER"))
    example = f"{name}: {{sources: {{{one}: [{{tool: {source}, pointer: /POINTER/TO/*/{one}}}]}}}}"
    return (
        f"{place}.follow: no tool takes a value from {', '.join(line.follow)}; say under `tools` which parameter its "
        f"replies supply, for example `{example}`"
    )


def _not_earlier(line: Line, names: Collection[str], place: str) -> Iterator[str]:
    for number, rows in enumerate(line.over):
        if isinstance(rows, FromResponses) and rows.from_ not in names:
            yield f"{place}.over.{number}.from: {rows.from_!r} is not an earlier step"


def parameter(name: str) -> str:
    """The parameter that a name leads to: `ids` for `ids` and for the pointer `/ids/*`."""
    try:
        return pointer.tokens(name)[0] if name.startswith("/") else name
    except ValueError:
        return name


def parameters_of(rows: Rows) -> tuple[str, ...]:
    """The names that rows supply."""
    if isinstance(rows, Values):
        return tuple(rows.values)
    if isinstance(rows, All):
        return rows.all
    return (*rows.take, *rows.keep) if isinstance(rows, FromResponses) else tuple(rows.take or ())


def _steps(
    line: Follow,
    tools: Mapping[str, str],
    catalog: Catalog,
    unsafe: Collection[str],
    place: str,
    left_out: list[str],
) -> Iterator[Step]:
    asked = catalog if line.tools is None else [name for name in line.tools if name in catalog]
    for name in asked:
        tool, found = catalog[name], False
        if name in unsafe:
            if line.tools or any(_supplied(tool, tools[earlier], ()) for earlier in line.follow):
                left_out.append(f"{place}: {name} may change something and is not called: see openapi.safe")
            continue
        for earlier in line.follow:
            try:
                for step in _ways(line, earlier, tools[earlier], tool):
                    found = True
                    yield step
            except (_CannotAsk, ValueError) as error:  # the latter for a source that is not a pointer
                found = True
                left_out.append(f"{place}: follow {earlier}: {name} cannot be asked: {error}")
        if not found and line.tools is not None:
            left_out.append(f"{place}.tools: {name} has no source in {', '.join(line.follow)}")


def _ways(line: Follow, earlier: str, source: str, tool: Tool) -> Iterator[Step]:
    """A step for every way to fill the tool's parameters from one row of the reply."""
    given = {name: value for name, value in line.arguments.items() if parameter(name) in tool.properties}
    kept = {name: place for name, place in line.keep.items() if parameter(name) in tool.properties}
    over = [rows for rows in line.over if _fits(rows, tool)]
    filled = {parameter(name) for name in chain(given, kept, *map(parameters_of, over))}
    supplied = _supplied(tool, source, filled)
    if not supplied:
        return
    rest = [
        name
        for name in tool.spec.parameters.get("required", ())
        if name not in supplied and name not in filled
    ]
    for every in (rows for rows in over if isinstance(rows, All)):
        for name in every.all:
            if not domain.values(tool.spec.parameters, name, every.minimum, every.maximum):
                raise _CannotAsk(
                    f"its schema allows any number of values of {name!r}, or none within the bounds"
                )
    for name in rest:
        if domain.values(tool.spec.parameters, name) is None:
            raise _CannotAsk(
                f"no value for {name!r}: the reply is no source of it, and its schema allows any number of values; "
                "give it in arguments, keep or over"
            )
    required = [name for name in supplied if name in tool.required]
    for name in required:
        if _least_items(tool.properties[name]) > 1:
            raise _CannotAsk(f"{name!r} needs several values at a time; plan its calls with `over`")
    optional = [name for name in supplied if name not in tool.required]
    for some in chain.from_iterable(combinations(optional, size) for size in range(len(optional) + 1)):
        if not required and not some:
            continue
        patterns = {key: found for name in (*required, *some) for key, found in supplied[name].items()}
        for take in _together(patterns):
            for place in take.values():
                pointer.tokens(place)
            rows = FromResponses.model_validate({"from": earlier, "take": take, "keep": kept})
            crossed = (rows, *([All(all=tuple(rest))] if rest else []), *over)
            yield Step(call=tool.name, arguments=given, over=crossed, only_valid=True)


def _least_items(schema: Any) -> int:
    least = schema.get("minItems", 0) if isinstance(schema, dict) else 0
    return least if isinstance(least, int) else 0


def _fits(rows: Rows, tool: Tool) -> bool:
    """Whether all parameters of some rows are the tool's; whole objects of arguments from a file are."""
    return all(parameter(name) in tool.properties for name in parameters_of(rows)) and not (
        isinstance(rows, FromFile) and rows.take is None
    )


def _supplied(tool: Tool, source: str, filled: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Parameter -> name (itself, or a pointer into it) -> patterns into replies of the tool `source`."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, sources in tool.spec.sources.items():
        patterns = [one.pointer for one in sources if one.tool == source]
        if patterns and parameter(name) not in filled:
            found.setdefault(parameter(name), {})[name] = patterns
    return found


def _together(patterns: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every choice of one pattern per name, of those that take from as few objects as possible: a latitude is taken
    with the longitude of the same place.
    """
    choices = [dict(zip(patterns, chosen, strict=True)) for chosen in product(*patterns.values())]
    objects = [len({place.rpartition("/")[0] for place in choice.values()}) for choice in choices]
    return [choice for choice, count in zip(choices, objects, strict=True) if count == min(objects)]


def _unused(line: Follow, steps: Iterable[Step], catalog: Catalog, place: str) -> Iterator[str]:
    """Problems of a `follow` line: unknown tools, and parameters that no tool it asks has."""
    for name in line.tools or ():
        if name not in catalog:
            yield f"{place}.tools: {name!r} is not a tool of this spec"
    asked = [catalog[name] for name in {step.call for step in steps}]
    known: set[str] = {name for tool in asked for name in tool.properties}
    given: list[Any] = [*line.arguments, *line.keep, *chain.from_iterable(map(parameters_of, line.over))]
    for name in given:
        if parameter(name) not in known:
            yield f"{place}: no tool that this line asks has a parameter {name!r}"
