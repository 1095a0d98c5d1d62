"""verifiers: every call reaches the environment, whatever client asks the model, and scores as it does there."""

import asyncio
import json
import logging
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gymnasium as gym
import played
import pytest
from breaking import Failing
from generating import generating
from scripted_model import answering
from tokens import tokenizer

pytest.importorskip("verifiers.v1")
pytestmark = pytest.mark.filterwarnings("ignore")

TOML = Path(__file__).parent.parent.parent / "examples" / "trainers" / "verifiers.toml"
QWEN = [
    "<tool_response>",
    "</tool_response>",
    "<|endoftext|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]

CUT = '<tool_call>\n{"name": "search_city", "arguments": {"name": "Tur'
NAMELESS = '<tool_call>\n{"arguments": {"name": "Turku"}}\n</tool_call>'
GARBLED = '<tool_call>\n{"name": "search_city", "arguments": {"name": Turku}}\n</tool_call>'
UNKNOWN = '<tool_call>\n{"name": "find_city", "arguments": {"name": "Turku"}}\n</tool_call>'
FIRST, *REST = played.TEXTS["oracle"]
THOUGHT = {"thought": [f"I think.\n</think>\n\n{text}" for text in played.TEXTS["oracle"]]}  # after `<think>`
WRONG = {
    "cut": [CUT, FIRST, *REST],
    "nameless": [NAMELESS, FIRST, *REST],
    "garbled": [GARBLED, FIRST, *REST],
    "unknown": [UNKNOWN, FIRST, *REST],
    "garbled beside a right one": [f"{FIRST}\n{GARBLED}", *REST],
}


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with answering() as url:
        yield url


@pytest.fixture
def env(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Makes the environment on the toy, by its id."""
    from verifiers.v1.utils.loaders import load_environment

    from tool_orch_env.adapters.verifiers import ToolOrchConfig, ToolOrchEnvConfig

    monkeypatch.setenv("TOY_KEY", "none")

    def make(player: dict[str, Any] | None = None, **taskset: Any) -> Any:
        taskset = {"id": "tool_orch_env_vf", "snapshot": str(toy_folder), **taskset}
        given = {"player": player} if player else {}
        return load_environment(ToolOrchEnvConfig(taskset=ToolOrchConfig(**taskset), **given))

    return make


def play(env: Any, client: Any, model: str) -> Any:
    """The episode of the toy's task."""
    import verifiers.v1 as vf

    [task] = [task for task in env.taskset if task.key == played.TASK]

    async def episode() -> Any:
        async with env.serving():
            return await env.run_episode(task, vf.ModelContext(model=model, client=client))

    return asyncio.run(episode())


def trace_of(episode: Any, branches: int = 1) -> Any:
    """The only trace; one branch means that no turn saw a rewritten history."""
    assert episode.ok, episode.errors or [trace.errors for trace in episode.traces]
    [trace] = episode.traces
    assert trace.num_branches == branches
    return trace


def same(trace: Any, bare: dict[str, Any]) -> None:
    """The trace has the rewards, the score and the components of the bare environment."""
    assert trace.reward == trace.rewards["episode_score"].score == bare["score"]
    assert [trace.metrics[f"step_{number}"] for number in range(len(bare["rewards"]))] == bare["rewards"]
    components = {name: trace.metrics[name] for name in bare["components"] if name != "total"}
    assert {**components, "total": bare["score"]} == bare["components"]


def eval_client(url: str, script: str) -> Any:
    import verifiers.v1 as vf

    return vf.EvalClientConfig(base_url=f"{url}/{script}/v1", api_key_var="TOY_KEY")


def test_verifiers_finds_one_taskset_one_environment_and_one_harness() -> None:
    from verifiers.v1.utils.loaders import environment_class, harness_class, taskset_class

    assert taskset_class("tool_orch_env_vf").__name__ == "ToolOrchTaskset"
    assert environment_class("tool_orch_env_vf").__name__ == "ToolOrchEnv"
    assert harness_class("tool_orch_env_vf").__name__ == "ToolOrchHarness"


@pytest.mark.parametrize("script", played.SCRIPTS)
@pytest.mark.parametrize(
    ("tools", "name", "native"),
    [("prompt", "text", False), ("prompt", "native", True), ("native", "text", True)],
    ids=["text", "native calls unasked", "native tools"],
)
def test_the_evaluation_client_scores_as_the_bare_environment(
    env: Any, bare: dict, model: str, script: str, tools: str, name: str, native: bool
) -> None:
    trace = trace_of(play(env(tools=tools), eval_client(model, script), name))
    same(trace, bare[script])
    calls = [call.id for message in trace.assistant_messages for call in message.tool_calls or []]
    assert [message.tool_call_id for message in trace.tool_messages] == calls
    assert bool(calls) == native == ("<tool_call>" not in str(trace.messages[2:]))
    offered = {tool.name for tool in trace.nodes[0].tools}
    assert ("search_city" in offered) == (tools == "native")
    assert ("search_city" in trace.messages[0].content) == (tools == "prompt")
    played.saw(
        "verifiers v1",
        "verifiers",
        None,
        trace.rewards["episode_score"].score,
        sorted(bare[script]["components"].keys() - {"total"}),
        "one named reward; steps and components as metrics",
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, list[str]]]:
    """A `/inference/v1/generate`, the folder of its tokenizer, and the prompts that it was sent."""
    fast = tokenizer()
    fast.add_tokens(QWEN)
    folder = tmp_path_factory.mktemp("tokenizer")
    fast.save_pretrained(folder)
    prompts: list[str] = []
    with generating(fast, {**played.TEXTS, **WRONG, **THOUGHT}, prompts) as url:
        yield url, folder, prompts


def train_client(engine: tuple[str, Path, list[str]], renderer: str) -> Any:
    import verifiers.v1 as vf

    url, folder, prompts = engine
    prompts.clear()
    return vf.TrainClientConfig(
        base_url=f"{url}/v1",
        api_key_var="TOY_KEY",
        renderer={"name": renderer},
        renderer_model_name=str(folder),
    )


@pytest.mark.parametrize("script", played.SCRIPTS)
@pytest.mark.parametrize(
    ("renderer", "tools"), [("default", "prompt"), ("qwen3", "prompt"), ("qwen3", "native")]
)
def test_the_training_client_scores_as_the_bare_environment(
    env: Any, bare: dict, engine: Any, script: str, renderer: str, tools: str
) -> None:
    trace = trace_of(play(env(tools=tools), train_client(engine, renderer), script))
    same(trace, bare[script])
    assert trace.metrics["calls_recovered"] == 0
    native = [message for message in trace.assistant_messages if message.tool_calls]
    assert len(native) == (len(played.SCRIPTS[script]) - 1 if renderer == "qwen3" else 0)
    prompts = engine[2]
    assert ("<tool_response>" in prompts[-1]) == (renderer == "qwen3")
    assert ("<tools>" in prompts[0]) == (tools == "native")
    [branch] = trace.branches
    sampled = sum(branch.sampled_mask)
    assert sampled and len(branch.logprobs) == len(branch.token_ids)


def test_a_call_in_the_prompts_syntax_is_read_under_a_renderer_of_another(
    env: Any, bare: dict, engine: Any
) -> None:
    """qwen3.5's renderer wants XML in `<tool_call>`; the prompt asks for JSON."""
    trace = trace_of(play(env(), train_client(engine, "qwen3.5"), "thought"))
    same(trace, bare["oracle"])
    assert trace.metrics["calls_recovered"] == len(played.ORACLE) - 1


def bare_texts(folder: Path, texts: list[str]) -> dict[str, Any]:
    """What `ToolOrch-v0` pays for messages as text."""
    env = gym.make("ToolOrch-v0", snapshot=str(folder), split="train")
    env.reset(options={"task_id": played.TASK})
    rewards, info = [], {}
    for text in texts:
        _, reward, *_, info = env.step(text)
        rewards.append(reward)
    components = {name: value for name, value in info["score"].items() if value is not None}
    return {"rewards": rewards, "score": info["episode_score"], "components": components}


@pytest.mark.parametrize("script", WRONG)
@pytest.mark.parametrize("renderer", ["default", "qwen3"])
def test_a_wrong_call_is_answered_and_costs_what_it_costs_in_the_bare_environment(
    env: Any, engine: Any, toy_folder: Path, script: str, renderer: str
) -> None:
    """The renderer finds calls that verifiers leaves out of the message: those are recovered and counted."""
    trace = trace_of(play(env(), train_client(engine, renderer), script))
    same(trace, bare_texts(toy_folder, WRONG[script]))
    assert trace.metrics["calls_recovered"] == (renderer == "qwen3" and script != "unknown")
    replies = [message for message in trace.messages[2:] if message.role in ("user", "tool")]
    assert {message.role for message in replies} == {"tool" if renderer == "qwen3" else "user"}
    assert "error" in "".join(message.content for message in replies[:2])
    if renderer == "qwen3":
        assert len({message.tool_call_id for message in replies[:2]}) == 2 or len(WRONG[script]) > 4
        assert WRONG[script][0] in engine[2][1]  # the model sees what it wrote, token by token


def test_calls_whose_markers_the_default_renderer_strips_are_recovered(
    env: Any, bare: dict, tmp_path: Path
) -> None:
    """What is left of them, JSON within a sentence, is an answer."""
    from tokenizers import AddedToken

    fast = tokenizer()
    tags = [AddedToken(tag, special=True) for tag in ("<tool_call>", "</tool_call>")]
    fast.add_special_tokens({"additional_special_tokens": tags})
    fast.save_pretrained(tmp_path)
    *calls, answer = played.TEXTS["oracle"]
    inline = [text.replace("\n", "") for text in calls]
    scripts = {"oracle": [*[f"I look it up: {text} That will do." for text in inline], answer]}
    with generating(fast, scripts, prompts := []) as url:
        episode = play(env(), train_client((url, tmp_path, prompts), "default"), "oracle")
    # a branch per turn, for the markers are missing where verifiers renders the history
    trace = trace_of(episode, len(played.ORACLE))
    assert "<tool_call>" not in str(trace.assistant_messages)
    same(trace, bare["oracle"])
    assert trace.metrics["calls_recovered"] == len(calls)


def test_the_env_server_that_prime_rl_asks_scores_the_same(env: Any, bare: dict, engine: Any) -> None:
    """prime-rl dispatches tasks to verifiers' `EnvServer` with a `TrainClientConfig`."""
    import verifiers.v1 as vf
    from verifiers.v1.serve import EnvClient, EnvServer

    made = env()
    client = train_client(engine, "qwen3")
    [task] = [task for task in made.taskset if task.key == played.TASK]

    async def episode() -> Any:
        server = EnvServer(made.config, "tcp://127.0.0.1:0")
        serving = asyncio.create_task(server.run())
        asked = EnvClient(server.address)
        try:
            return await asked.run(client, "oracle", vf.SamplingConfig(), task.data.model_dump(mode="json"))
        finally:
            await asked.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    same(trace_of(asyncio.run(episode())), bare["oracle"])


def test_the_log_of_a_perfect_rollout_says_its_reward(
    env: Any, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "verifiers"):
        trace_of(play(env(), eval_client(model, "oracle"), "text"))
    [line] = [line for line in caplog.messages if line.startswith("rollout done")]
    assert "reward=1.000" in line


def test_a_limit_of_verifiers_leaves_the_score_so_far(env: Any, bare: dict, model: str) -> None:
    trace = trace_of(play(env(player={"max_turns": 2}), eval_client(model, "oracle"), "text"))
    assert trace.stop_condition == "max_turns"
    assert trace.reward == pytest.approx(sum(bare["oracle"]["rewards"][:2]))


def test_another_harness_is_refused(env: Any, model: str) -> None:
    """verifiers' own chat loop would answer the calls itself."""
    episode = play(env(player={"harness": {"id": "null"}}), eval_client(model, "oracle"), "text")
    assert not episode.ok
    assert "env.player.harness: expected tool_orch_env_vf, found 'null'" in episode.errors[0].message


def test_a_rollout_whose_model_fails_has_no_reward(env: Any, model: str) -> None:
    episode = play(env(), eval_client(model, "no-such-script"), "text")
    assert not episode.ok and episode.traces[0].errors
    assert "episode_score" not in episode.traces[0].rewards


def test_the_example_is_bounded_and_local() -> None:
    settings = tomllib.loads(TOML.read_text())
    assert settings["push"] is False and settings["select"]["limit"] <= 10
    assert urlsplit(settings["client"]["base_url"]).hostname == "127.0.0.1"
    assert settings["client"]["api_key_var"] != "PRIME_API_KEY"


def test_the_command_line_evaluates_the_taskset(
    toy_folder: Path, bare: dict, model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the example's TOML; what it names is overridden by what the toy has."""
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
        [str(Path(sys.executable).parent / "vf-eval"), "@", str(TOML), *options, "--no-rich"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    score = bare["partly"]["score"]
    assert f"reward={score:.3f}" in done.stdout + done.stderr
    [traces] = tmp_path.rglob("traces.jsonl")
    [episode] = [json.loads(line) for line in traces.read_text().splitlines()]
    assert f'"score":{score}' in json.dumps(episode, separators=(",", ":"))


def test_verifiers_fails_the_rollout_and_records_no_reward(
    toy_folder: Path, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scripted_model import answering
    from test_verifiers import eval_client, play
    from verifiers.v1.utils.loaders import load_environment

    from tool_orch_env.adapters import verifiers_harness
    from tool_orch_env.adapters.verifiers import ToolOrchConfig, ToolOrchEnvConfig

    monkeypatch.setenv("TOY_KEY", "none")
    monkeypatch.setattr(verifiers_harness, "configured", lambda played: failing.factory)
    recorded = verifiers_harness.record

    def breaking(trace: Any, session: Any, recovered: int) -> None:
        recorded(trace, session, recovered)
        failing.error = OSError("gone") if len(session.rewards) == 1 else failing.error

    monkeypatch.setattr(verifiers_harness, "record", breaking)
    taskset = ToolOrchConfig(id="tool_orch_env_vf", snapshot=str(toy_folder))
    with answering() as url:
        episode = play(
            load_environment(ToolOrchEnvConfig(taskset=taskset)), eval_client(url, "oracle"), "text"
        )
    [trace] = episode.traces
    assert not episode.ok and "void episode: store_failed" in trace.errors[0].message
    assert "episode_score" not in trace.rewards
