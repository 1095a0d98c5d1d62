"""verifiers: the taskset is found by its id, and an episode over a real HTTP model ends with the bare score."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import played
import pytest
from scripted_model import answering

pytest.importorskip("verifiers.v1")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with answering() as url:
        yield url


def test_an_episode_is_scored_as_the_bare_environment_scores_it(
    toy_folder: Path, bare: dict, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import verifiers.v1 as vf
    from verifiers.v1.utils.loaders import environment_class, load_environment, taskset_class

    monkeypatch.setenv("TOY_KEY", "none")
    assert taskset_class("tool_orch_env_vf").__name__ == "ToolOrchTaskset"
    env_class = environment_class("tool_orch_env_vf")
    from tool_orch_env_vf import ToolOrchConfig, ToolOrchEnvConfig

    config = ToolOrchEnvConfig(taskset=ToolOrchConfig(id="tool_orch_env_vf", snapshot=str(toy_folder)))
    env = load_environment(config)
    assert type(env) is env_class
    [task] = [task for task in env.taskset if task.key == played.TASK]

    async def play(script: str) -> Any:
        client = vf.EvalClientConfig(base_url=f"{model}/{script}/v1", api_key_var="TOY_KEY")
        async with env.serving():
            return await env.run_episode(task, vf.ModelContext(model="any", client=client))

    for script in played.SCRIPTS:
        episode = asyncio.run(play(script))
        assert episode.ok, episode.errors or [trace.errors for trace in episode.traces]
        [trace] = episode.traces
        assert trace.rewards["episode_score"].score == bare[script]["score"]
        steps = [trace.metrics[f"step_{number}"] for number in range(len(bare[script]["rewards"]))]
        assert steps == bare[script]["rewards"]
        components = {name: trace.metrics[name] for name in bare[script]["components"] if name != "total"}
        assert {**components, "total": bare[script]["score"]} == bare[script]["components"]
        played.saw(
            "verifiers v1",
            "verifiers",
            None,
            trace.rewards["episode_score"].score,
            sorted(components),
            "one named reward; steps and components as metrics",
        )
