"""Synthesis: what is asked for is what comes, every task is sound, and the same seed gives the same bytes."""

from pathlib import Path

import pytest
import toy as toys
from hypothesis import given, settings
from hypothesis import strategies as st

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.episode import score_turns
from tool_orch_env.errors import UsageError
from tool_orch_env.executors import Local
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog, Source, ToolSpec
from tool_orch_env.snapshot.folder import bundled_folder
from tool_orch_env.snapshot.records import make_record
from tool_orch_env.synth import shapes
from tool_orch_env.synth.audit import audit
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.sample import Sampler, Unfillable
from tool_orch_env.synth.synthesise import synthesise, synthesise_many
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import dump_tasks


@pytest.fixture(scope="module")
def samplers(index: Index) -> dict[int, Sampler]:
    return {n: Sampler(index, Targets(calls=weights(n), depth=weights("1-5"))) for n in range(2, 12)}


def test_there_are_as_many_shapes_as_unlabelled_rooted_forests() -> None:
    """OEIS A000081, shifted by one."""
    assert [len(set(shapes.forests(n, n, n))) for n in range(1, 12)] == [
        1, 2, 4, 9, 20, 48, 115, 286, 719, 1842, 4766
    ]  # fmt: skip


@given(st.integers(2, 11), st.integers(0, 10**9))
def test_every_sample_has_the_size_asked_for_and_replays(
    samplers: dict[int, Sampler], index: Index, calls: int, seed: int
) -> None:
    sample = samplers[calls].sample(seed, 0)
    assert len(set(sample.calls)) == len(sample.calls) == calls == shapes.size(sample.shape)
    for at, links in enumerate(sample.links):
        for source, link in links:
            assert source < at
            assert (link.source, link.target) == (sample.calls[source], sample.calls[at])


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_a_synthesised_task_is_sound_and_its_golden_trace_scores_one(index: Index, seed: int) -> None:
    _are_sound(index, seed)


@pytest.mark.data
@given(st.integers(0, 10**6))
def test_every_synthesised_task_is_sound_and_its_golden_trace_scores_one(index: Index, seed: int) -> None:
    _are_sound(index, seed)


def _are_sound(index: Index, seed: int) -> None:
    targets = Targets(calls=weights("2-7"), depth=weights("1-5"), distractors=weights("0-8"))
    for task in synthesise(index, targets, 2, seed):
        assert not audit(task, index.snapshot)
        assert score_turns(task, oracle_turns(task), index.snapshot).total == 1.0
        assert task.answer


@pytest.mark.parametrize(
    "field, value",
    [("calls", 4), ("depth", 3), ("width", 2), ("domains", 2), ("repeats", 2), ("distractors", 5)],
)
def test_exact_targets_are_met(index: Index, field: str, value: int) -> None:
    targets = Targets(**{"calls": weights(5), field: weights(value)})
    for task in synthesise(index, targets, 12, 3):
        used = [call.tool for call in task.golden]
        found = {
            "calls": len(task.golden),
            "depth": task.depth,
            "width": max(map(len, task.layers)),
            "domains": len({index.domain[tool] for tool in used}),
            "repeats": len(used) - len(set(used)),
            "distractors": len(task.tools) - len(set(used)),
        }
        assert found[field] == value


@pytest.mark.data  # each of the processes makes the index
def test_one_process_and_many_give_the_same_bytes(index: Index) -> None:
    targets = Targets(calls=weights("2-6"))
    alone = dump_tasks(list(synthesise(index, targets, 40, 11)))
    folder = bundled_folder() / "travel"
    assert dump_tasks(list(synthesise_many(folder, targets, 40, 11, executor=Local(2)))) == alone
    assert dump_tasks(list(synthesise(index, targets, 40, 12))) != alone


def test_a_task_does_not_depend_on_how_many_are_asked_for(index: Index) -> None:
    targets = Targets(calls=weights(3))
    assert list(synthesise(index, targets, 5, 1)) == list(synthesise(index, targets, 9, 1))[:5]


@pytest.mark.parametrize(
    "targets, says",
    [
        (Targets(calls=weights(3), depth=weights(4)), "no shape has 3 calls, depth 4"),
        (Targets(calls=weights(9), depth=weights(2), width=weights(2)), "width 2"),
        (Targets(calls=weights(3), domains=weights(9)), "9 domains"),
        (Targets(calls=weights(3), repeats=weights(3)), "3 repeated"),
    ],
)
def test_contradictory_targets_are_told(index: Index, targets: Targets, says: str) -> None:
    with pytest.raises(Unfillable, match=says):
        next(iter(synthesise(index, targets, 1, 0)))


@pytest.mark.parametrize("text", ["", "x", "5-2", "-3", "99", "2:0", "1:2:3"])
def test_sizes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="calls"):
        weights(text, "calls")


def _snapshot(specs: list[ToolSpec], calls: list[tuple[str, dict, dict]]) -> Snapshot:
    tools = Catalog(specs)
    made = [make_record(tools, name, arguments, 200, response) for name, arguments, response in calls]
    return Snapshot.from_records("made", tools, made, version="1")


def _tool(name: str, parameter: str, *sources: Source) -> ToolSpec:
    schema = toys._schema([parameter], **{parameter: {"type": "string"}})
    return ToolSpec(
        name=name, domain=name, parameters=schema, sources={parameter: sources} if sources else {}
    )


def test_a_snapshot_without_dependencies_gives_flat_tasks_and_says_why_not_deep_ones() -> None:
    some = _snapshot(
        [_tool("weather", "town"), _tool("mayor", "village")],
        [
            call
            for i, place in enumerate(("Aland", "Bergen", "Corinth", "Dover"))
            for call in (
                ("weather", {"town": place}, {"degrees": 11 + i}),
                ("mayor", {"village": place}, {"name": f"Mx Number {i}"}),
            )
        ],
    )
    made = list(synthesise(Index(some), Targets(calls=weights(2)), 5, 0))
    assert all(task.depth == 1 for task in made)
    with pytest.raises(Unfillable, match="no recorded call feeds"):
        Sampler(Index(some), Targets(calls=weights(2), depth=weights(2)))


def test_a_single_tool_is_enough() -> None:
    some = _snapshot(
        [_tool("weather", "town")],
        [
            ("weather", {"town": place}, {"degrees": 11 + i})
            for i, place in enumerate(("Aland", "Bergen", "Dover"))
        ],
    )
    (task,) = synthesise(Index(some), Targets(calls=weights(2)), 1, 0)
    assert {call.tool for call in task.golden} == {"weather"}
    with pytest.raises(Unfillable):
        list(synthesise(Index(some), Targets(calls=weights(2)), 50, 0))  # there are three


def test_a_cycle_among_tools_ends() -> None:
    names = [f"station {i} of the line" for i in range(6)]
    specs = [
        _tool("next_stop", "station", Source(tool="last_stop", pointer="/before")),
        _tool("last_stop", "stop", Source(tool="next_stop", pointer="/after")),
    ]
    calls = [
        ("next_stop", {"station": names[i]}, {"after": names[(i + 1) % 6], "metres": 700 + i})
        for i in range(6)
    ]
    calls += [
        ("last_stop", {"stop": names[i]}, {"before": names[(i - 1) % 6], "trains": 40 + i}) for i in range(6)
    ]
    some = Index(_snapshot(specs, calls))
    with pytest.raises(Unfillable):  # a station's last stop is the station itself, which the request states
        list(synthesise(some, Targets(calls=weights(4), depth=weights(4)), 1, 0))
    assert list(synthesise(some, Targets(calls=weights(2), depth=weights(2)), 3, 0))


def test_shapes_that_cannot_be_filled_are_named_with_the_reason(index: Index) -> None:
    outcomes = Sampler(index, Targets(calls=weights("1-4"))).survey(0)
    assert all(outcome.filled or outcome.reason for outcome in outcomes)
    assert sum(outcome.filled for outcome in outcomes) > 8


def test_the_book_of_another_file_is_used_and_checked(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "book.toml"
    path.write_text("[call.get_city]\nnp = 3\n")
    with pytest.raises(UsageError, match=r"book\.toml"):
        Index(index.snapshot, path)
