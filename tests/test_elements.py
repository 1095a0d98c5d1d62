"""The second bundled snapshot: for generalisation only, and as its spec says."""

from pathlib import Path

import pytest

from tool_orch_env.answers.stated import states
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.task import read_tasks

FOLDER = Path(__file__).parent.parent / "cache_snapshots" / "recipes" / "elements"


@pytest.fixture(scope="module")
def elements() -> Snapshot:
    return Snapshot.open("elements")


def test_every_task_is_in_the_test_split(elements: Snapshot) -> None:
    assert elements.splits == ("test",)
    assert len(elements.tasks("test")) == 40


def test_no_template_and_no_tool_is_shared_with_travel(elements: Snapshot) -> None:
    travel = Snapshot.open("travel")
    templates = [{task.meta["template"] for task in some.tasks()} for some in (elements, travel)]
    assert not templates[0] & templates[1]
    assert not set(elements.catalog) & set(travel.catalog)


def test_no_request_states_what_only_a_tool_can_tell(elements: Snapshot) -> None:
    for task in elements.tasks():
        bound = [call.arguments[name] for call in task.golden for name in call.bindings]
        for value in (*bound, *(fact.value for fact in task.answer)):
            assert not states(task.request, value), (task.id, value)


def test_the_spec_beside_the_service_gives_these_tools_and_tasks(elements: Snapshot) -> None:
    pytest.importorskip("httpx", reason="needs the extra [record]")
    from tool_orch_env.record.spec import read_spec

    spec = read_spec(FOLDER / "record.yaml", {"ELEMENTS_URL": "http://127.0.0.1:1"})
    assert spec.catalog.dump() == elements.catalog.dump()
    assert read_tasks(FOLDER / "tasks.jsonl") == elements.tasks("test")
