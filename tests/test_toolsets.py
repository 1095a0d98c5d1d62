"""Sets of tools that tasks share: few classes for TRL, and every task as it was but for more tools."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
import toy as toys

from tool_orch_env import Snapshot, Task, oracle_turns, score_turns
from tool_orch_env.adapters import export, trl
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.adapters.toolsets import merged, solving

MOST = trl.CLASSES


@pytest.fixture(scope="module")
def train() -> SessionFactory:
    return SessionFactory(snapshot="travel", split="train")


@pytest.fixture(scope="module")
def wide(train: SessionFactory) -> SessionFactory:
    return merged(train, MOST)


def tool_sets(factory: SessionFactory) -> set[tuple[str, ...]]:
    return {task.tools for task in factory.task_set.tasks.values()}


def test_two_thousand_tasks_share_a_few_sets_that_hold_their_own_tools(
    train: SessionFactory, wide: SessionFactory
) -> None:
    assert len(train.task_ids) >= 2000 and len(tool_sets(train)) > 1000
    assert len(tool_sets(wide)) <= MOST and wide.task_ids == train.task_ids
    for task_id, task in train.task_set.tasks.items():
        more = wide.task_set.tasks[task_id]
        assert set(task.tools) <= set(more.tools) and len(set(more.tools)) == len(more.tools)
        assert more == task.model_copy(update={"tools": more.tools})


def test_no_task_is_offered_a_tool_that_does_the_work_of_its_own(
    train: SessionFactory, wide: SessionFactory
) -> None:
    """The scenarios declare such tools; merging knows them only by what tasks offer side by side."""
    scenarios = files("tool_orch_env") / "language" / "scenarios" / "travel" / "common.toml"
    groups = tomllib.loads(scenarios.read_text())["substitutes"]
    assert len(groups) >= 3
    for task_id, task in train.task_set.tasks.items():
        added = set(wide.task_set.tasks[task_id].tools) - set(task.tools)
        for group in groups:
            assert not (solving(task) & set(group) and added & set(group)), (task_id, added)


def test_the_golden_trace_of_a_task_with_more_tools_scores_one(wide: SessionFactory) -> None:
    drawn = np.random.default_rng(0).choice(wide.task_ids, 100, replace=False).tolist()
    for task_id in drawn:
        session = wide().reset(task_id)
        for turn in oracle_turns(session.task):
            session.step(turn)
        assert session.done and session.episode_score == 1.0
        [first, *_] = session.task.golden
        extra = next(name for name in session.task.tools if name not in solving(session.task))
        session = wide().reset(task_id)
        session.step({"name": extra, "arguments": {}})
        assert "unknown_tool" not in session.codes
        session.step({"name": first.tool, "arguments": first.arguments})
        assert session.codes[1] == "ok" and session.episode_score > 0


def test_the_row_of_every_task_names_an_environment_that_has_its_tools(train: SessionFactory) -> None:
    made = trl.environments(train)
    assert len(made) <= MOST
    instances: dict[str, Any] = {name: maker() for name, maker in made.items()}
    for row in export.rows(train, "trl"):
        environment = instances[row["environment"]]
        task = train.task_set.tasks[row["task_id"]]
        assert all(callable(getattr(environment, name)) for name in task.tools)


def test_one_dictionary_has_the_environments_of_training_and_of_evaluation() -> None:
    split = {name: SessionFactory("travel", name) for name in ("validation", "test")}
    made = trl.environments(*split.values())
    assert len(made) <= 2 * MOST
    for factory in split.values():
        row = next(export.rows(factory, "trl"))
        environment: Any = made[row["environment"]]()
        environment.reset(**row)
        task = factory.task_set.tasks[row["task_id"]]
        assert environment._session.task.request == task.request
        getattr(environment, task.golden[0].tool)(**task.golden[0].arguments)
        assert environment._session.episode_score > 0


def tasks_offering(*extras: Sequence[str]) -> list[Task]:
    """Copies of a toy task, each with its four golden tools and other distractors."""
    task = toys.tasks()[0]
    return [
        task.model_copy(update={"id": f"toy-{number}", "tools": (*sorted(solving(task)), *extra)})
        for number, extra in enumerate(extras)
    ]


def distractors(factory: SessionFactory) -> list[frozenset[str]]:
    return [frozenset(task.tools) - solving(task) for task in factory.task_set.tasks.values()]


def test_few_sets_stay_as_they_are(toy: Snapshot) -> None:
    factory = SessionFactory(toy, tasks=tasks_offering([], ["ping"], ["ping"]))
    assert merged(factory, 2) is factory


def test_sets_are_merged_where_that_adds_the_fewest_tools(toy: Snapshot) -> None:
    factory = SessionFactory(toy, tasks=tasks_offering([], [], [], ["ping"], ["tagged", "ping"]))
    none, both = frozenset(), {"ping", "tagged"}
    assert distractors(merged(factory, 2)) == [none, none, none, both, both]
    assert distractors(merged(factory, 1)) == [both] * 5
    for task in merged(factory, 1).task_set.tasks.values():
        assert score_turns(task, oracle_turns(task), toy).total == 1.0


def test_a_tool_that_is_not_offered_beside_all_that_solves_a_task_is_not_added(toy: Snapshot) -> None:
    whole, other = tasks_offering([], ["ping"])
    changed = {"golden": other.golden[:1], "answer": (), "tools": ("search_city", "ping")}
    short = other.model_copy(update=changed)
    factory = SessionFactory(toy, tasks=[whole, short])
    assert distractors(merged(factory, 1)) == [frozenset(), {"ping"}]
    assert tool_sets(merged(factory, 1)) == {tuple(sorted(whole.tools)), ("ping", "search_city")}
