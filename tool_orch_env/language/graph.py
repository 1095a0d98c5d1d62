"""The dependency graph: which values in responses can feed which parameters.

Edges are declared in the catalog, or mined from the responses of a snapshot. Tasks are not known here.

A value *flows* if it is in a response and is also an argument of a recorded call of another tool. Much of that is
coincidence. A mined edge is kept only if

- its values are not booleans, null, empty or whole numbers below 100, are not listed in the parameter's own schema, and
  are not echoes (arguments of the call that the response answers: its caller knew the value already);
- at least `MIN_SUPPORT` distinct values flow, and the values at the source satisfy the parameter's schema (a sample of
  60 is checked);
- most of its values are specific (`scalars.telling`), or the leaf has the same name as the parameter: dates, two-letter
  codes and prices coincide.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..jsonvalues import pointer
from ..jsonvalues.scalars import affinity, form, small, telling
from ..snapshot.catalog import Catalog, Tool
from .heard import Calls

if TYPE_CHECKING:
    import networkx

MIN_SUPPORT = 3
_SAMPLE = 60
"""Number of values of a leaf that are checked against the parameter's schema."""


class Place(NamedTuple):
    """A pointer pattern into the responses of a tool; `*` matches any index."""

    tool: str
    pattern: str


class Intake(NamedTuple):
    """A parameter of a tool."""

    tool: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` can feed `target`. `support` is the number of distinct values that flow in the recorded responses."""

    source: Place
    target: Intake
    support: int
    declared: bool


def edges(catalog: Catalog, calls: Calls) -> list[Edge]:
    """Declared edges, then mined edges, each group sorted."""
    taken = _taken(calls)
    given = _given(calls, {text for held in taken.values() for text in held})
    declared = set(_declared(catalog))
    found = [Edge(s, t, len(given.get(s, {}).keys() & taken.get(t, {}).keys()), True) for s, t in declared]
    found += [
        Edge(source, target, len(flowing), False)
        for source, target, flowing in _flows(given, taken)
        if (source, target) not in declared and _trusted(catalog[target.tool], source, target, flowing, given)
    ]
    return sorted(found, key=lambda e: (not e.declared, e.source, e.target))


def _declared(catalog: Catalog) -> Iterator[tuple[Place, Intake]]:
    for tool in catalog.values():
        for parameter, sources in tool.spec.sources.items():
            for source in sources:
                yield Place(source.tool, source.pointer), Intake(tool.name, parameter)


Values = dict[str, Any]
"""Values by their form."""


def _taken(calls: Calls) -> dict[Intake, Values]:
    """The arguments of the recorded calls, by parameter."""
    taken: dict[Intake, Values] = defaultdict(dict)
    for number in range(len(calls)):
        for name, value in calls.arguments(number).items():
            text = form(value)
            if text is not None:
                taken[Intake(calls.tool(number), name)][text] = value
    return taken


def _given(calls: Calls, taken: Container[str]) -> dict[Place, Values]:
    """The values in the responses, by pattern, without echoes of the call's own arguments.

    Of each place, only the first `_SAMPLE` values and those that some call takes; nothing else is asked of them.
    """
    given: dict[str, dict[str, Values]] = {tool: defaultdict(dict) for tool in calls.tools}
    for _, tool, arguments, response in calls.parsed():
        own = {form(value) for value in arguments.values()}
        for pattern, value in pointer.patterns(response):
            text = form(value)
            if text is None or text in own:
                continue
            held = given[tool][pattern]
            if text in taken or len(held) < _SAMPLE or text in held:
                held[text] = value
    return {Place(tool, pattern): held for tool, some in given.items() for pattern, held in some.items()}


def _flows(
    given: dict[Place, Values], taken: dict[Intake, Values]
) -> Iterator[tuple[Place, Intake, list[Any]]]:
    """Every place and parameter with at least `MIN_SUPPORT` common values, and those values."""
    for source, held in given.items():
        for target, wanted in taken.items():
            if len(shared := held.keys() & wanted.keys()) >= MIN_SUPPORT:
                yield source, target, [wanted[text] for text in sorted(shared)]


def _trusted(
    tool: Tool, source: Place, target: Intake, flowing: list[Any], given: dict[Place, Values]
) -> bool:
    """Whether the common values of a mined edge are more than coincidence."""
    schema = tool.properties.get(target.parameter, {})
    named = schema.get("enum", ()) if isinstance(schema, dict) else ()
    values = [value for value in flowing if not small(value) and value not in named]
    if len(values) < MIN_SUPPORT or source.tool == target.tool:
        return False
    if affinity(target.parameter, source.pattern) < 2 and 2 * sum(map(telling, values)) <= len(values):
        return False
    return _fits(tool, target.parameter, list(given[source].values())[:_SAMPLE])


def _fits(tool: Tool, parameter: str, values: list[Any]) -> bool:
    """Whether every value satisfies the parameter's schema."""
    place = tool.validator.evolve(schema=tool.properties.get(parameter, True))
    return all(place.is_valid(value) for value in values)


def digraph(found: Iterable[Edge], catalog: Catalog) -> "networkx.DiGraph[str]":
    """A networkx digraph with tools as nodes.

    A node has its `domain`. An edge has its `Edge`s as `flows`, the sum of their `support`, and `declared`: whether at
    least one of them is declared.
    """
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for tool in catalog.values():
        graph.add_node(tool.name, domain=tool.spec.domain)
    for edge in found:
        if not graph.has_edge(edge.source.tool, edge.target.tool):
            graph.add_edge(edge.source.tool, edge.target.tool, flows=[], support=0, declared=False)
        data = graph.edges[edge.source.tool, edge.target.tool]
        data["flows"].append(edge)
        data["support"] += edge.support
        data["declared"] |= edge.declared
    return graph
