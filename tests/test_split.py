"""Splits share neither entities nor templates, and the hard one is larger than anything in training."""

import pytest

from tool_orch_env.catalog import Catalog
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.synth.audit_set import audit_set
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.likeness import calls
from tool_orch_env.synth.split import synthesise_splits
from tool_orch_env.task import Task


@pytest.fixture(scope="module")
def splits(travel: Snapshot) -> dict[str, list[Task]]:
    """Splits over the tools of travel that the phrase book covers: those over tables, not those over the map."""
    specs = [tool.spec for tool in travel.catalog.values() if tool.spec.domain not in ("places", "walking")]
    names = {spec.name for spec in specs}
    records = [record for record in travel.records() if record.tool in names]
    tables = Snapshot.from_records("travel", Catalog(specs), records)
    made, _ = synthesise_splits(Index(tables), seed=1, share=0.03)
    return made


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
        assert min(map(size, splits["hard"])) > max(map(size, splits["train"]))


def test_nothing_is_too_alike_in_or_between_splits(splits: dict[str, list[Task]]) -> None:
    assert audit_set(splits) == {}
