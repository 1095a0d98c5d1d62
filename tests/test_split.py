"""Splits share neither entities nor templates, and the hard one is larger than anything in training."""

import pytest

from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.audit_set import audit_set
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.near_duplicates import calls
from tool_orch_env.synth.sample import Unfillable
from tool_orch_env.synth.split import PLANS, synthesise_splits
from tool_orch_env.task import Task


@pytest.fixture(scope="module")
def splits(travel: Snapshot) -> dict[str, list[Task]]:
    """The bundled ones, which `make travel-check` makes again."""
    return {f"graph-{plan.name}": travel.tasks(f"graph-{plan.name}") for plan in PLANS}


def _entities(tasks: list[Task]) -> set[tuple[str, str]]:
    return {
        entity
        for task in tasks
        for call in task.golden
        if not call.needs
        for entity in calls(task.model_copy(update={"golden": (call,)}))
    }


def test_splits_share_no_entity_and_no_template(splits: dict[str, list[Task]]) -> None:
    for one in splits:
        for other in splits:
            if one < other:
                assert not _entities(splits[one]) & _entities(splits[other])
                templates = [{task.meta["template"] for task in splits[name]} for name in (one, other)]
                assert not templates[0] & templates[1]


def test_the_hard_split_has_more_calls_and_greater_depth_than_training(splits: dict[str, list[Task]]) -> None:
    for size in (lambda task: len(task.golden), lambda task: task.depth):
        assert min(map(size, splits["graph-hard"])) > max(map(size, splits["graph-train"]))


@pytest.mark.data
def test_splits_made_anew_are_unlike_each_other_and_what_there_was(travel: Snapshot, index: Index) -> None:
    written = travel.tasks("handmade")
    made, reports = synthesise_splits(index, seed=1, share=0.01, unlike=written)
    assert {name: len(tasks) for name, tasks in made.items()} == {
        "train": 20,
        "validation": 2,
        "test": 3,
        "hard": 2,
    }
    assert audit_set({"handmade": written, **made}) == {}
    assert all(reports[name].made == len(tasks) for name, tasks in made.items())


@pytest.mark.data
def test_a_snapshot_that_cannot_fill_a_split_says_so(toy: Snapshot) -> None:
    with pytest.raises(Unfillable):
        synthesise_splits(Index(toy), seed=1, share=0.01)
