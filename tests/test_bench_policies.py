"""Policies asked for real: scripted ones, a model server that behaves and one that does not, functions that fail."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import toy as toys
from model_server import STRANGE_USAGE, ModelServer, serving

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.bench.manifest import manifest
from tool_orch_env.bench.policies import Settings, parse_policy
from tool_orch_env.bench.protocols import Arena
from tool_orch_env.bench.run_log import Record, RunLog
from tool_orch_env.bench.runner import jobs, play_all, rescored
from tool_orch_env.calls.write import FORMATS
from tool_orch_env.errors import UsageError

QUICK = Settings(timeout=0.5, retries=0)
"""For policies that never answer; whatever does answer is given time, on a busy machine too."""
PATIENT = Settings(timeout=30, retries=0)


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with serving() as running:
        yield running


@pytest.fixture
def arena() -> Arena:
    return Arena(toys.tasks(), toys.snapshot())


def ran(
    arena: Arena, folder: Path, policy: str, settings: Settings = PATIENT, trials: int = 1
) -> list[Record]:
    """The records of a run, in the order of the tasks."""
    speaking = parse_policy(policy, settings)
    ledger = RunLog(folder, manifest(arena, {"tasks": "toy"}, speaking.name, settings, trials), arena.tasks)
    try:
        asyncio.run(play_all(arena, speaking, ledger, jobs(arena, trials, ledger), 3))
    finally:
        ledger.close()
    return [ledger.records[task.id, trial] for trial in range(trials) for task in arena.tasks]


@pytest.mark.parametrize("protocol", ["toolorch", "cfb-offline"])
def test_the_oracle_succeeds_and_random_and_junk_do_not(protocol: str, tmp_path: Path) -> None:
    arena = Arena(toys.tasks(), toys.snapshot(), protocol)
    for name, low, high in (("oracle", 1.0, 1.0), ("random", 0.0, 0.4), ("junk", 0.0, 0.25)):
        for record in ran(arena, tmp_path / name, name):
            assert low <= record["result"]["score"] <= high, (name, record["task_id"])
            assert record["result"]["success"] is (name == "oracle")


def test_a_random_episode_depends_on_task_and_trial_only(tmp_path: Path) -> None:
    """Alone or among others: the same actions; another trial: others."""
    whole = Arena(toys.tasks(), toys.snapshot())
    alone = Arena(toys.tasks()[1:2], toys.snapshot())
    together = ran(whole, tmp_path / "whole", "random", trials=2)
    assert together[1]["actions"] == ran(alone, tmp_path / "alone", "random")[0]["actions"]
    assert together[1]["actions"] != together[4]["actions"]


@pytest.mark.parametrize(("model", "tools"), [("good", "native"), ("spoken", "prompt")])
def test_a_model_is_asked_with_tools_natively_or_in_the_prompt(
    server: ModelServer, arena: Arena, tmp_path: Path, model: str, tools: Any
) -> None:
    records = ran(arena, tmp_path / "run", f"openai:{model}@{server.url}", Settings(timeout=5, tools=tools))
    assert all(record["result"]["success"] and record["fault"] is None for record in records)
    assert records[0]["result"]["tokens"] == {"prompt": 50, "completion": 15}


def test_a_model_that_fails_now_and_then_is_asked_again(
    server: ModelServer, arena: Arena, tmp_path: Path
) -> None:
    records = ran(arena, tmp_path / "run", f"openai:flaky@{server.url}", Settings(timeout=5, retries=6))
    assert all(record["result"]["success"] for record in records)


@pytest.mark.parametrize(
    ("model", "cause"),
    [
        ("stall", "timeout"),
        ("error_500", "http_500"),
        ("cut_json", "bad_reply"),
        ("cut_body", "connection"),
        ("no_choice", "bad_reply"),
        ("unlike", "bad_reply"),
        ("deep", "bad_reply"),
    ],
)
def test_a_server_that_fails_marks_its_episodes_and_loses_none(
    server: ModelServer, arena: Arena, tmp_path: Path, model: str, cause: str
) -> None:
    settings = QUICK if model == "stall" else PATIENT
    records = ran(arena, tmp_path / "run", f"openai:{model}@{server.url}", settings)
    assert len(records) == 3
    for record in records:
        assert record["fault"].startswith(f"{cause}:"), record["fault"]
        assert record["result"]["stop_reason"] == "policy_error" and not record["result"]["success"]


@pytest.mark.parametrize("usage", STRANGE_USAGE)
def test_token_counts_that_are_none_are_unknown_and_the_episode_counts(
    server: ModelServer, arena: Arena, tmp_path: Path, usage: str
) -> None:
    for record in ran(arena, tmp_path / "run", f"openai:counts_{usage}@{server.url}"):
        assert record["fault"] is None and record["result"]["tokens"] is None


def test_nobody_listens(arena: Arena, tmp_path: Path) -> None:
    records = ran(arena, tmp_path / "run", "openai:m@http://127.0.0.1:9/v1")
    assert all(record["fault"].startswith("connection:") for record in records)


def test_half_a_tool_call_is_the_models_mistake_and_the_episode_goes_on(
    server: ModelServer, arena: Arena, tmp_path: Path
) -> None:
    for record in ran(arena, tmp_path / "run", f"openai:half_call@{server.url}"):
        assert record["fault"] is None and record["result"]["stop_reason"] == "answered"
        assert record["result"]["errors"]["unparsable"] == 1 and record["result"]["turns"] == 2


@pytest.mark.parametrize("model", ["strict", "parted", "reasons_reasoning_content", "reasons_reasoning"])
def test_a_strict_server_gets_back_what_it_wants(
    server: ModelServer, arena: Arena, tmp_path: Path, model: str
) -> None:
    """Unique ids, results in order, content in parts, reasoning: else it answers HTTP 400."""
    for record in ran(
        arena, tmp_path / "run", f"openai:{model}@{server.url}", Settings(timeout=5, retries=0)
    ):
        assert record["fault"] is None and record["result"]["success"], record["fault"]


def test_what_a_model_sent_is_kept_in_the_record(server: ModelServer, arena: Arena, tmp_path: Path) -> None:
    reasoned = ran(arena, tmp_path / "one", f"openai:reasons_reasoning@{server.url}")[0]
    assert [action["reasoning"] for action in reasoned["actions"]] == [
        f"Thought {number}." for number in range(len(reasoned["actions"]))
    ]
    in_parts = ran(arena, tmp_path / "two", f"openai:parted@{server.url}")[0]
    assert in_parts["actions"][0]["content"] == [{"type": "text", "text": "I look."}]
    assert in_parts["result"]["log"][0]["content"] == "I look."


def test_calls_beyond_those_that_are_read_are_not_sent_back(
    server: ModelServer, arena: Arena, tmp_path: Path
) -> None:
    for record in ran(
        arena, tmp_path / "run", f"openai:too_many@{server.url}", Settings(timeout=5, retries=0)
    ):
        assert record["fault"] is None, record["fault"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_model_is_asked_in_its_family_s_own_form(
    server: ModelServer, arena: Arena, tmp_path: Path, name: str
) -> None:
    server.requests.clear()
    settings = Settings(timeout=5, retries=0, tools="prompt", call_format=name)
    server.called["family"] = f"writes_{name}"
    for record in ran(arena, tmp_path / "run", f"openai:family@{server.url}", settings):
        assert record["fault"] is None and record["result"]["success"], record["fault"]
    assert {body.get("skip_special_tokens") for body in server.requests} == {
        False if FORMATS[name].special else None
    }


@pytest.mark.parametrize(
    ("policy", "settings", "said"),
    [
        ("openai:m@http://x/v1", {"tool_call_parser": "hermes"}, "pass --tool-call-parser to it"),
        ("oracle", {"reasoning_parser": "qwen3"}, "--reasoning-parser applies to vllm: only"),
        ("vllm:m", {"tool_call_parser": ""}, "expected the name"),
        ("oracle", {"tools": "prompt", "call_format": "hermes"}, "applies to openai: and vllm:"),
        ("vllm:m", {"call_format": "hermes"}, "with --tools prompt only"),
        ("vllm:m", {"tools": "prompt", "call_format": "klingon"}, "expected one of hermes, qwen3_coder"),
    ],
)
def test_a_setting_that_would_do_nothing_is_refused(policy: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_policy(policy, Settings(**settings))


def test_vllm_is_started_with_the_named_parsers() -> None:
    def words(**settings: Any) -> str:
        policy = parse_policy("vllm:m", Settings(**settings))
        return " ".join(policy._command())  # type: ignore[attr-defined]

    assert "--tool-call-parser hermes" in words() and "--reasoning-parser" not in words()
    named = words(tool_call_parser="qwen3_coder", reasoning_parser="qwen3", vllm_args="--seed 1")
    assert "--tool-call-parser qwen3_coder --reasoning-parser qwen3 --seed 1" in named


def test_a_manifest_records_the_settings_that_were_asked_for(arena: Arena, tmp_path: Path) -> None:
    """A run from before a setting existed can be resumed without it, and with it is another run."""
    source = {"tasks": "toy"}
    old = manifest(arena, source, "vllm:m", Settings(), 1)
    assert set(old["settings"]) == {"seed", "tools", "temperature", "max_tokens", "vllm_args"}
    named = manifest(
        arena, source, "vllm:m", Settings(tool_call_parser="qwen3_coder", reasoning_parser="qwen3"), 1
    )
    assert named["settings"]["tool_call_parser"] == "qwen3_coder"
    assert named["settings"]["reasoning_parser"] == "qwen3"
    RunLog(tmp_path / "run", old, arena.tasks).close()
    RunLog(tmp_path / "run", old, arena.tasks).close()
    with pytest.raises(UsageError, match="different settings"):
        RunLog(tmp_path / "run", named, arena.tasks)


FUNCTIONS = """
import asyncio, time

def ends(messages, tools):
    return "Done."

async def calls(messages, tools):
    await asyncio.sleep(0)
    return {"name": "ping", "arguments": {}} if len(messages) < 4 else "Done."

def raises(messages, tools):
    raise RuntimeError("no idea")

def stops(messages, tools):
    raise StopIteration

def hangs(messages, tools):
    time.sleep(60)

def nothing(messages, tools):
    pass
"""


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        ("ends", None),
        ("calls", None),
        ("raises", "raised: RuntimeError: no idea"),
        ("stops", "raised:"),
        ("hangs", "timeout:"),
        ("nothing", "bad_return:"),
    ],
)
def test_a_function_answers_or_its_episode_says_why_not(
    arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, cause: str | None
) -> None:
    (tmp_path / "my_policies.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(tmp_path)
    settings = QUICK if function == "hangs" else PATIENT
    records = ran(arena, tmp_path / "run", f"python:my_policies:{function}", settings)
    assert len(records) == 3
    for record in records:
        assert record["fault"] is None if cause is None else record["fault"].startswith(cause)


@pytest.mark.parametrize(
    "text",
    [
        "no_such",
        "openai:m",
        "openai:m@ftp://x",
        "openai:m@http://user:word@x/v1",
        "python:json",
        "python:no_such_module:f",
        "python:json:no_such",
        "python:json:__name__",
    ],
)
def test_a_policy_that_is_none_is_refused_and_no_secret_is_told(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_policy(text)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("protocol", ["toolorch", "cfb-offline"])
def test_scoring_again_from_the_recorded_messages_gives_the_same(protocol: str, tmp_path: Path) -> None:
    arena = Arena(toys.tasks(), toys.snapshot(), protocol)
    for name in ("oracle", "random", "three_times", "names_only"):
        for record in ran(arena, tmp_path / name, name):
            assert rescored(arena, record) == record


def test_episodes_run_at_once_up_to_the_limit(tmp_path: Path) -> None:
    arena = Arena(toys.tasks(), toys.snapshot())
    running, most = 0, 0

    class Slow:
        name, patience = "slow", 5.0

        def begin(self, arena: Arena, task: Any, trial: int) -> Any:
            turns = iter(oracle_turns(task))

            async def speak(messages: list[dict], tools: list[dict]) -> Any:
                from tool_orch_env.bench.policies.base import Said

                nonlocal running, most
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.002)
                running -= 1
                return Said(next(turns))

            return speak

        async def open(self) -> None:
            pass

        async def close(self) -> None:
            pass

    ledger = RunLog(tmp_path / "run", manifest(arena, {"tasks": "toy"}, "slow", Settings(), 1), arena.tasks)
    asyncio.run(play_all(arena, Slow(), ledger, jobs(arena, 5, ledger), 4))
    ledger.close()
    assert most == 4 and len(ledger.records) == 15
