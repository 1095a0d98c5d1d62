"""Import paths, names and pickles of version 0.1.0 work for one release, with a `DeprecationWarning`."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import tool_orch_env as toe
from tool_orch_env._deprecated import _MODULES


def fresh(old: str) -> Any:
    """The module of an old path; one that has moved is imported as in a new process."""
    if old.partition(".")[2] in _MODULES:
        sys.modules.pop(old, None)
    return import_module(old)


@pytest.mark.parametrize("old", sorted(_MODULES))
def test_an_old_module_is_where_it_was_and_warns(old: str) -> None:
    if old in ("engine_ray", "bench.openai_policy", "bench.vllm_policy"):
        pytest.importorskip({"engine_ray": "ray"}.get(old, "openai"))
    with pytest.warns(DeprecationWarning, match=f"tool_orch_env.{old} has moved to tool_orch_env."):
        module = fresh(f"tool_orch_env.{old}")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("call", "Code", "calls.types.Status"),
        ("call", "Answered", "calls.types.AnsweredCall"),
        ("call", "ToolCall", "calls.types.ToolCall"),
        ("call", "replay_key", "jsonvalues.canonical.replay_key"),
        ("credit", "Rungs", "reward.credit.CreditWeights"),
        ("env", "ToolOrchVectorEnv", "vector.ToolOrchVectorEnv"),
        ("episode", "Rules", "episode.EpisodeLimits"),
        ("episode", "Stage", "taskset.TaskSet"),
        ("errors", "FileFault", "errors.FileError"),
        ("files", "parse_json", "jsonvalues.decode.parse_json"),
        ("replay", "Live", "calls.results.LiveApi"),
        ("rubric", "Rubric", "reward.golden.CompiledTrace"),
        ("score", "PRESETS", "reward.config.PRESETS"),
        ("score", "scorer", "reward.scorer.scorer"),
        ("snapshot", "find", "snapshot.folder.find"),
        ("slots.env", "slot_stage", "slots.env.open_slot_task_set"),
        ("stated", "states", "answers.states.states"),
        ("task", "oracle_turns", "answers.oracle.oracle_turns"),
    ],
)
def test_an_old_name_is_the_new_one(module: str, old: str, new: str) -> None:
    home, _, name = new.rpartition(".")
    wanted = getattr(import_module(f"tool_orch_env.{home}"), name)
    with pytest.warns(DeprecationWarning, match="has moved to"):
        assert getattr(fresh(f"tool_orch_env.{module}"), old) is wanted


@pytest.mark.parametrize(("old", "new"), [("Reply", toe.CallResult), ("Rungs", toe.CreditWeights)])
def test_an_old_public_name_is_the_new_one(old: str, new: type) -> None:
    with pytest.warns(DeprecationWarning, match=f"tool_orch_env.{old} has moved"):
        assert getattr(toe, old) is new


def test_an_old_argument_is_the_new_one(toy: toe.Snapshot) -> None:
    with pytest.warns(DeprecationWarning, match="'miss' is now called 'on_miss'"):
        env = gym.make("ToolOrch-v0", snapshot=toy, tasks=toy.tasks(), miss="raise")
    env.reset(seed=0)
    with pytest.raises(toe.errors.NotRecordedError):
        env.step({"name": "get_city", "arguments": {"city_id": 10**6}})


def test_pickles_of_the_first_version_open() -> None:
    code = (
        "import base64, json, pickle, sys, warnings; warnings.simplefilter('ignore'); "
        "import tool_orch_env; from pathlib import Path; "
        "found = {k: pickle.loads(base64.b64decode(v)) for k, v in json.loads(Path(sys.argv[1]).read_text()).items() "
        "if k != 'two sets of weights'}; "
        "print(len(found['factory'].task_ids), found['factory'](), found['custom reward'].reward.credit.values)"
    )
    file = str(Path(__file__).parent / "golden" / "pickles-0.1.0.json")
    found = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("150 <tool_orch_env.adapters.session.Session")
    assert found.stdout.split()[-1] == "0.4"
