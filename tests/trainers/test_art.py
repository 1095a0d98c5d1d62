"""OpenPipe ART: the example's rollout against a real HTTP model ends with the bare score in a real trajectory."""

import asyncio
from typing import Any

import played
import pytest
from breaking import Failing
from scripted_model import answering

from tool_orch_env.adapters.session import SessionFactory

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("script", list(played.SCRIPTS))
def test_a_trajectory_has_the_score_of_the_bare_environment(
    factory: SessionFactory, bare: dict, script: str
) -> None:
    art = pytest.importorskip(
        "art"
    )  # not sooner: importing it patches transformers, which breaks TRL's trainer
    from openai.types.chat.chat_completion import Choice

    from examples.trainers.art_rollout import rollout

    async def run(url: str) -> Any:
        model = art.Model(
            name="any",
            project="test",
            inference_base_url=f"{url}/{script}/v1",
            inference_api_key="none",
            config=None,
        )
        return await rollout(model, factory, played.TASK)

    with answering() as url:
        trajectory = asyncio.run(run(url))
    assert trajectory.reward == bare[script]["score"]
    components = {name: trajectory.metrics[name] for name in bare[script]["components"]}
    assert components == bare[script]["components"]
    choices = [one for one in trajectory.messages_and_choices if isinstance(one, Choice)]
    assert len(choices) == len(played.SCRIPTS[script]) and all(choice.logprobs for choice in choices)
    group = art.TrajectoryGroup([trajectory])
    assert group.trajectories[0].reward == bare[script]["score"]
    played.saw(
        "ART", "openpipe-art", None, trajectory.reward, sorted(components), "the trajectory's reward; metrics"
    )


def test_art_keeps_it_among_the_groups_exceptions(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    art = pytest.importorskip("art")
    from examples.trainers import art_rollout

    begun = []

    class Breaking(type(failing.factory())):  # type: ignore[misc]  # a session whose store breaks in one of two episodes
        def step(self, message: Any) -> Any:
            begun.append(self)
            failing.error = OSError("gone") if self is not begun[0] and len(self.rewards) == 1 else None
            return super().step(message)

    monkeypatch.setattr("tool_orch_env.adapters.session.Session", Breaking)

    async def run(url: str) -> Any:
        model = art.Model(
            name="any",
            project="test",
            inference_base_url=f"{url}/oracle/v1",
            inference_api_key="none",
            config=None,
        )
        rollouts = (art_rollout.rollout(model, failing.factory, played.TASK) for _ in range(2))
        return await art.gather_trajectory_groups([art.TrajectoryGroup(rollouts)], max_exceptions=0.6)

    with answering() as url:
        [group] = asyncio.run(run(url))
    assert [trajectory.reward for trajectory in group.trajectories] == [1.0]
    assert "VoidError" in group.exceptions[0].type and "store_failed" in group.exceptions[0].message
