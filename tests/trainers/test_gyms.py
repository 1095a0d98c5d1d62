"""SkyRL-gym, GEM and TorchRL: an episode through the real package is paid as the bare environment pays it."""

from pathlib import Path
from typing import Any

import played
import pytest
from breaking import Failing

from tool_orch_env.adapters import export
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.errors import UsageError, VoidError

SCRIPTS = list(played.SCRIPTS)


def skyrl_episode(factory: SessionFactory, script: str, **config: Any) -> tuple[list[float], dict[str, Any]]:
    """SkyRL's own way of making and stepping: from a row of the exported dataset."""
    skyrl_gym = pytest.importorskip("skyrl_gym")
    from tool_orch_env.adapters import skyrl

    skyrl.register(pay="sometimes")
    skyrl.register(snapshot=str(factory.snapshot))
    [row] = [row for row in export.rows(factory, "skyrl") if row["task_id"] == played.TASK]
    extras = {key: value for key, value in row.items() if key not in ("prompt", "env_class")}
    env = skyrl_gym.make(row["env_class"], env_config=config, extras={**extras, "max_turns": 12})
    prompt, _ = env.init(row["prompt"])
    assert all(tool in prompt[0]["content"] for tool in ("search_city", "get_country"))
    rewards, done = [], False
    for text in played.TEXTS[script]:
        assert not done
        out = env.step(text)
        rewards.append(out["reward"])
        done = out["done"]
        assert done == (not out["observations"])
    assert done
    return rewards, env.get_metrics()


@pytest.mark.parametrize("script", SCRIPTS)
def test_skyrl_is_paid_per_turn(factory: SessionFactory, bare: dict, script: str) -> None:
    rewards, metrics = skyrl_episode(factory, script)
    assert rewards == bare[script]["rewards"] and metrics == bare[script]["components"]
    played.saw(
        "SkyRL", "skyrl-gym", rewards, sum(rewards), sorted(metrics), "each turn's last token; metrics"
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_skyrl_can_be_paid_at_the_end(factory: SessionFactory, bare: dict, script: str) -> None:
    rewards, metrics = skyrl_episode(factory, script, pay="end")
    assert rewards == [0.0] * (len(rewards) - 1) + [bare[script]["score"]]
    played.saw(
        "SkyRL, pay: end", "skyrl-gym", rewards, sum(rewards), sorted(metrics), "the last turn's token"
    )


def test_skyrl_warns_of_an_answer_that_was_a_call(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    skyrl_gym = pytest.importorskip("skyrl_gym")
    from tool_orch_env.adapters import skyrl, stripped

    monkeypatch.setattr(stripped, "_warned", set())
    skyrl.register(snapshot=str(factory.snapshot))
    env = skyrl_gym.make("tool_orch", env_config={}, extras={"task_id": played.TASK, "max_turns": 4})
    env.init([])
    with pytest.warns(stripped.StrippedMarkersWarning, match="search_city"):
        assert env.step('functions.search_city:0{"name": "Turku"}')["done"]


def test_skyrls_own_turn_limit_ends_the_episode_and_pays_it(factory: SessionFactory) -> None:
    pytest.importorskip("skyrl_gym")
    from tool_orch_env.adapters.skyrl import ToolOrch

    settings = {"snapshot": str(factory.snapshot), "pay": "end"}
    env = ToolOrch(settings, {"task_id": played.TASK, "max_turns": 2})
    assert not env.step(played.TEXTS["oracle"][0])["done"]
    last = env.step(played.TEXTS["oracle"][1])
    assert last["done"] and last["reward"] == pytest.approx(0.4)
    with pytest.raises(UsageError, match="pay"):
        ToolOrch({"pay": "sometimes"}, {})


@pytest.mark.parametrize("script", SCRIPTS)
def test_gem_gets_the_rewards_natively(toy_folder: Path, bare: dict, script: str) -> None:
    gem = pytest.importorskip("gem")
    from tool_orch_env.adapters import gem as adapter

    adapter.register()
    adapter.register()
    env = gem.make(adapter.ENV_ID, snapshot=str(toy_folder), task_id=played.TASK)
    text, info = env.reset(seed=3)
    assert info["task_id"] == played.TASK and "search_city" in text
    rewards = []
    for said in played.TEXTS[script]:
        _, reward, terminated, truncated, info = env.step(said)
        rewards.append(reward)
    assert terminated and not truncated
    assert rewards == bare[script]["rewards"] and info["episode_score"] == bare[script]["score"]
    played.saw(
        "GEM", "gem-llm", rewards, sum(rewards), sorted(bare[script]["components"]), "step rewards; info"
    )


def test_gems_vector_form_plays_each_its_own(toy_folder: Path, bare: dict) -> None:
    gem = pytest.importorskip("gem")
    from tool_orch_env.adapters import gem as adapter

    adapter.register()
    env = gem.make_vec([adapter.ENV_ID] * 2, snapshot=str(toy_folder), task_id=played.TASK)
    env.reset(seed=0)
    oracle, partly = played.TEXTS["oracle"], played.TEXTS["partly"]
    sums = [0.0, 0.0]
    for turn in range(len(oracle)):
        _, rewards, *_ = env.step({0: oracle[turn], 1: partly[turn]})
        sums = [total + float(reward) for total, reward in zip(sums, rewards, strict=True)]
    assert sums == pytest.approx([bare["oracle"]["score"], bare["partly"]["score"]])


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.filterwarnings("ignore")
def test_torchrl_gets_the_rewards_natively(toy_folder: Path, bare: dict, script: str) -> None:
    pytest.importorskip("torchrl")
    from tool_orch_env.adapters import torchrl

    [task] = [task for task in SessionFactory(toy_folder).task_set.tasks.values() if task.id == played.TASK]
    env = torchrl.make(snapshot=str(toy_folder), tasks=[task])
    state = env.reset()
    assert "search_city" in state["observation"]
    rewards = []
    for said in played.TEXTS[script]:
        state = env.step(state.set_non_tensor("action", said))["next"]
        rewards.append(float(state["reward"]))
    assert bool(state["terminated"]) and rewards == pytest.approx(bare[script]["rewards"], abs=1e-6)
    played.saw("TorchRL", "torchrl", rewards, sum(rewards), None, "step rewards")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("loop", ["skyrl", "gem", "torchrl"])
def test_the_example_plays_the_golden_trace(toy_folder: Path, loop: str) -> None:
    from examples.trainers.gym_loops import LOOPS

    for task in SessionFactory(toy_folder).task_set.tasks.values():
        assert sum(LOOPS[loop](task, str(toy_folder))) == pytest.approx(1.0)


def test_skyrl_raises(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    skyrl_gym = pytest.importorskip("skyrl_gym")
    from tool_orch_env.adapters import skyrl

    skyrl.register()
    monkeypatch.setattr(skyrl, "_factory", lambda played: failing.factory)
    env = skyrl_gym.make("tool_orch", env_config={}, extras={"task_id": played.TASK, "max_turns": 12})
    env.init([])
    assert env.step(played.TEXTS["oracle"][0])["reward"] > 0
    failing.error = OSError("gone")
    with pytest.raises(VoidError, match="store_failed"):
        env.step(played.TEXTS["oracle"][0])


def test_gem_has_the_cause_in_info(failing: Failing) -> None:
    gem = pytest.importorskip("gem")
    from tool_orch_env.adapters import gem as adapter

    adapter.register()
    env = gem.make(adapter.ENV_ID, snapshot=failing.snapshot, task_id=played.TASK)
    env.reset(seed=0)
    assert "void" not in env.step(played.TEXTS["oracle"][0])[4]
    failing.error = OSError("gone")
    _, reward, terminated, truncated, info = env.step(played.TEXTS["oracle"][0])
    assert (reward, terminated, truncated) == (0.0, False, True) and info["void"].startswith("store_failed")


def test_torchrl_has_an_entry_of_its_own(failing: Failing) -> None:
    pytest.importorskip("torchrl")
    from tool_orch_env.adapters import torchrl

    env = torchrl.make(snapshot=failing.snapshot, tasks=failing.snapshot.tasks("train"))
    assert "void" in list(env.observation_spec.keys())
    state = env.reset()
    assert not bool(state["void"])
    following = env.step(state.set_non_tensor("action", played.TEXTS["oracle"][0]))["next"]
    assert not bool(following["void"])
    failing.error = OSError("gone")
    following = env.step(following.set_non_tensor("action", played.TEXTS["oracle"][0]))["next"]
    assert bool(following["void"]) and bool(following["truncated"]) and not bool(following["terminated"])
    failing.error = None
    assert not bool(env.reset()["void"])
