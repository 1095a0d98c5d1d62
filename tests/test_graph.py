"""The dependency graph: what is declared stays, what recurs is found, what coincides is not."""

from pathlib import Path

import pytest
import toy as toys

from tool_orch_env.errors import UsageError
from tool_orch_env.language import graph
from tool_orch_env.language.corpus import corpus
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
from tool_orch_env.snapshot.records import Record, make_record
from tool_orch_env.synth.draw import draw

LETTERS = "ABCDEFGH"


Edges = dict[tuple[str, str, str, str], graph.Edge]


def _edges(snapshot: Snapshot) -> Edges:
    found = corpus(snapshot).edges
    return {(*edge.source, *edge.target): edge for edge in found}


@pytest.fixture(scope="module")
def of_travel(travel: Snapshot) -> Edges:
    return _edges(travel)


def _snapshot(take: dict, give: dict, number: int = 8) -> Snapshot:
    """`give(name)` answers `give[...]`, `take` is called with `take[...]`; both are functions of a number."""
    (parameter, (schema, value_of)), (leaf, leaf_of) = next(iter(take.items())), next(iter(give.items()))
    specs = [
        ToolSpec(name="give", parameters=toys._schema(["name"], name={"type": "string"})),
        ToolSpec(name="take", parameters=toys._schema([parameter], **{parameter: schema})),
    ]
    tools = Catalog(specs)
    made: list[Record] = []
    for i in range(number):
        made.append(make_record(tools, "give", {"name": LETTERS[i]}, 200, {leaf: leaf_of(i), "so": "yes"}))
        made.append(make_record(tools, "take", {parameter: value_of(i)}, 200, {"done": "as asked"}))
    return Snapshot.from_records("two", tools, made, version="1")


def test_declared_edges_are_kept_whatever_their_support(of_travel: Edges) -> None:
    found = of_travel
    assert found["get_flight", "/tail_number", "get_aircraft", "tail_number"].declared
    assert found["departures", "/flights/*/carrier", "search_flights", "carrier"].support == 0


def test_values_that_recur_are_mined_without_any_declaration(of_travel: Edges) -> None:
    """The undeclared way from an airline's routes to a flight search is in the responses alone."""
    edge = of_travel["get_airline", "/routes/*/dest", "search_flights", "dest"]
    assert not edge.declared
    assert edge.support >= graph.MIN_SUPPORT


def test_an_identifier_is_mined_under_any_name() -> None:
    found = _edges(
        _snapshot({"who": ({"type": "integer"}, lambda i: 70_000 + i)}, {"n": lambda i: 70_000 + i})
    )
    assert found["give", "/n", "take", "who"].support == 8


@pytest.mark.parametrize(
    "schema, value",
    [
        ({"type": "boolean"}, lambda i: bool(i % 2)),
        ({"type": "integer"}, lambda i: i),
        ({"type": "string", "format": "date"}, lambda i: f"2013-07-{i + 1:02d}"),
        ({"type": "string"}, lambda i: f"U{LETTERS[i]}"),
    ],
    ids=["truth value", "small number", "date", "two letters"],
)
def test_false_friends_are_no_edges(schema: dict, value: object) -> None:
    assert not _edges(_snapshot({"wanted": (schema, value)}, {"elsewhere": value}))


def test_an_echo_of_the_calls_own_argument_is_no_edge(of_travel: Edges) -> None:
    assert not any(edge[:2] == ("search_flights", "/flights/*/dest") for edge in of_travel)


def test_values_that_break_the_parameters_schema_are_no_edge() -> None:
    schema = {"type": "string", "pattern": "^long-name-[0-3]$"}
    some = _snapshot({"id": (schema, lambda i: f"long-name-{i % 4}")}, {"id": lambda i: f"long-name-{i}"})
    assert not _edges(some)


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_graph_is_drawn_with_every_tool(
    travel: Snapshot, of_travel: Edges, tmp_path: Path, suffix: str
) -> None:
    found = list(of_travel.values())
    path = tmp_path / f"graph{suffix}"
    draw(graph.digraph(found, travel.catalog), path)
    if suffix == ".svg":
        text = path.read_text()
        assert all(name in text for name in travel.catalog)
    else:
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_same_graph_gives_the_same_bytes(tmp_path: Path) -> None:
    demo = Snapshot.open("demo")
    drawn = graph.digraph(corpus(demo).edges, demo.catalog)
    for name in ("one.svg", "again.svg"):
        draw(drawn, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_an_unknown_picture_format_is_refused(travel: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.svg"):
        draw(graph.digraph([], travel.catalog), tmp_path / "graph.bmp")
