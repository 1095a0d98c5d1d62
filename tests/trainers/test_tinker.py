"""tinker-cookbook: its own rollouts over the adapter's environments, with a scripted policy in place of the service."""

import asyncio
import pickle
from pathlib import Path
from threading import Lock
from typing import Any

import played
import pytest
from breaking import Failing
from tokens import tokenizer

from tool_orch_env.adapters import tinker as adapter
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.errors import VoidError

pytest.importorskip("tinker_cookbook")
pytestmark = pytest.mark.filterwarnings("ignore")
MODEL = "tests/tiny"


@pytest.fixture(scope="module", autouse=True)
def registered() -> None:
    from tinker_cookbook.tokenizer_utils import register_tokenizer

    register_tokenizer(MODEL, Locked)


def renderer(name: str = "qwen3_instruct") -> Any:
    from tinker_cookbook.renderers import get_renderer

    return get_renderer(name, Locked(), model_name=MODEL)


class Locked:
    """A tokenizer that encodes and decodes for one thread at a time; renderers work in several."""

    def __init__(self) -> None:
        self._fast, self._lock = tokenizer(), Lock()
        self._fast.add_tokens(["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"])

    def encode(self, text: str, **given: Any) -> list[int]:
        with self._lock:
            return self._fast.encode(text, **given)

    def decode(self, ids: Any, **given: Any) -> str:
        with self._lock:
            return self._fast.decode(ids, **given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)


def policy(texts: list[str], end: str, prompts: list[str]) -> Any:
    """Says the texts in order, by the number of the assistant's turns so far."""
    from tinker_cookbook.completers import TokenCompleter, TokensWithLogprobs

    fast = Locked()

    class Policy(TokenCompleter):
        async def __call__(self, model_input: Any, stop: Any, *, max_tokens: int | None = None) -> Any:
            prompts.append(fast.decode(model_input.to_ints()))
            said = sum(text.replace("\n", "") in prompts[-1].replace("\n", "") for text in texts)
            ids = fast.encode(texts[said] + end, add_special_tokens=False)
            return TokensWithLogprobs(tokens=ids, maybe_logprobs=[-0.5] * len(ids))

    return Policy()


def rollouts(group: Any, texts: list[str], prompts: list[str], end: str = "<|im_end|>") -> Any:
    from tinker_cookbook.rl.rollouts import do_group_rollout

    return asyncio.run(do_group_rollout(group, policy(texts, end, prompts)))


@pytest.mark.parametrize("script", list(played.SCRIPTS))
def test_every_transition_has_the_reward_of_the_bare_environment(
    factory: SessionFactory, bare: dict, script: str
) -> None:
    prompts: list[str] = []
    group = adapter.classes().Group(factory, played.TASK, 2, renderer())
    made = rollouts(group, played.TEXTS[script], prompts)
    for trajectory in made.trajectories_G:
        rewards = [transition.reward for transition in trajectory.transitions]
        assert rewards == pytest.approx(bare[script]["rewards"])
        last = trajectory.transitions[-1]
        assert last.episode_done and last.metrics == {
            f"tool_orch/{name}": value for name, value in bare[script]["components"].items()
        }
    assert made.get_total_rewards() == pytest.approx([bare[script]["score"]] * 2)
    assert '"name": "search_city"' in prompts[0] and prompts[-1].count("<tool_response>") == len(rewards) - 1
    names = [name.removeprefix("tool_orch/") for name in last.metrics]
    played.saw(
        "tinker-cookbook",
        "tinker-cookbook",
        rewards,
        sum(rewards),
        sorted(names),
        "each transition; advantages use their sum",
    )


def test_the_cookbook_makes_training_data_of_good_and_bad_episodes(factory: SessionFactory) -> None:
    from tinker_cookbook.rl.data_processing import assemble_training_data, compute_advantages
    from tinker_cookbook.rl.types import TrajectoryGroup

    group = adapter.classes().Group(factory, played.TASK, 1, renderer())
    both = [rollouts(group, played.TEXTS[script], []) for script in ("oracle", "partly")]
    trajectories = [one.trajectories_G[0] for one in both]
    together = TrajectoryGroup(trajectories, [0.0, 0.0], [{}, {}])
    [advantages] = compute_advantages([together])
    assert advantages[0] > 0 > advantages[1]
    data, _ = assemble_training_data([together], [advantages])
    assert len(data) == 2  # the prompts only grow, so an episode is one sequence


def test_a_group_is_the_same_after_pickling(factory: SessionFactory, bare: dict) -> None:
    group = pickle.loads(pickle.dumps(adapter.classes().Group(factory, played.TASK, 1, renderer())))
    made = rollouts(group, played.TEXTS["oracle"], [])
    assert made.get_total_rewards() == [pytest.approx(1.0)]


def test_a_renderer_that_shows_no_tools_gets_them_in_the_prompt(factory: SessionFactory) -> None:
    prompts: list[str] = []
    group = adapter.classes().Group(factory, played.TASK, 1, renderer("llama3"))
    made = rollouts(group, played.TEXTS["oracle"], prompts, "<|eot_id|>")
    assert made.get_total_rewards() == [pytest.approx(1.0)]
    assert "search_city" in prompts[0] and '"code":"ok"' in prompts[-1]


def test_a_call_that_the_renderer_cannot_read_is_answered_by_the_environment(factory: SessionFactory) -> None:
    prompts: list[str] = []
    broken = '<tool_call>\n{"name": "search_city", "arguments": {"name": "Turku"\n</tool_call>'
    group = adapter.classes().Group(factory, played.TASK, 1, renderer())
    made = rollouts(group, [broken, *played.TEXTS["oracle"]], prompts)
    [trajectory] = made.trajectories_G
    assert trajectory.transitions[0].reward <= 0 and not trajectory.transitions[0].episode_done
    assert "line 3 column" in prompts[1] and len(trajectory.transitions) == len(played.TEXTS["oracle"]) + 1


def test_the_example_configures_the_cookbooks_trainer(toy_folder: Path, tmp_path: Path) -> None:
    from examples import tinker_loop

    args = tinker_loop.Args(
        model_name=MODEL,
        renderer_name="qwen3_instruct",
        snapshot=str(toy_folder),
        eval_split="train",
        groups_per_batch=2,
        group_size=4,
        log_path=str(tmp_path),
    )
    config = tinker_loop.config(args)
    train, held_out = asyncio.run(config.dataset_builder())
    assert len(train) == 2 and [group.size for group in train.get_batch(0)] == [4, 4]
    assert sorted(group.task_id for group in held_out.get_batch(0)) == ["toy-0", "toy-1"]
    [group, *_] = train.get_batch(0)
    texts = played.TEXTS["oracle"] if group.task_id == played.TASK else ["I do not know."]
    assert len(rollouts(group, texts, []).trajectories_G) == 4


def test_a_void_episode_fails_its_rollout_and_has_no_reward() -> None:
    failing = Failing()
    group = adapter.classes().Group(failing.factory, played.TASK, 2, renderer())
    failing.factory().reset(played.TASK)  # compiled, which reads responses
    failing.error = OSError("gone")
    with pytest.raises(VoidError, match="store_failed"):
        rollouts(group, played.TEXTS["oracle"], [])
