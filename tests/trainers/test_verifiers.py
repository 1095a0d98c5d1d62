"""verifiers: the taskset is found by its id, and an episode over a real HTTP model ends with the bare score."""

import asyncio
import subprocess
import sys
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
    from tool_orch_env.adapters.verifiers import ToolOrchConfig, ToolOrchEnvConfig

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


def test_the_command_line_evaluates_the_taskset(
    toy_folder: Path, bare: dict, model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the example's TOML; what it names is overridden by what the toy has."""
    toml = Path(__file__).parent.parent.parent / "examples" / "trainers" / "verifiers.toml"
    monkeypatch.setenv("TOY_KEY", "none")
    settings = {
        "--client.base-url": f"{model}/partly/v1",
        "--client.api-key-var": "TOY_KEY",
        "--model": "any",
        "--env.taskset.snapshot": str(toy_folder),
        "--env.taskset.split": "train",
        "--select.include.names": played.TASK,
        "--num-rollouts": "1",
        "--output-dir": str(tmp_path),
    }
    options = [part for name, value in settings.items() for part in (name, value)]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "vf-eval"), "@", str(toml), *options, "--no-rich"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    [traces] = tmp_path.rglob("traces.jsonl")
    assert f'"score":{bare["partly"]["score"]}' in traces.read_text().replace('": ', '":')
