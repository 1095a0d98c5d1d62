"""The core of the adapters, and what of them needs no third-party package."""

import ast
import asyncio
import inspect
import json
import multiprocessing
import pickle
import sys
import threading
import tomllib
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
import toy as toys

from tool_orch_env import oracle_turns, taskset
from tool_orch_env.adapters import export, mcp, stripped, trl, verl_tools
from tool_orch_env.adapters.extras import need
from tool_orch_env.adapters.session import ANSWER_TOOL, NATIVE_PROMPT, Session, SessionFactory, answer_tool
from tool_orch_env.bench.scripted import POLICIES
from tool_orch_env.calls import render
from tool_orch_env.cli.main import main
from tool_orch_env.errors import UsageError
from tool_orch_env.snapshot import Snapshot

ADAPTERS = Path(export.__file__).parent
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy snapshot, written as a folder."""
    path = tmp_path_factory.mktemp("snapshots") / "toy"
    return toys.folder(path, train=toys.tasks()[:2], test=toys.tasks()[2:])


@pytest.fixture
def factory(folder: Path) -> SessionFactory:
    return SessionFactory(snapshot=folder, split=None)


def played(session: Session, turns: list[Any]) -> list[float]:
    for turn in turns:
        session.step(turn)
    return session.rewards


@pytest.mark.parametrize("policy", ["oracle", "three_times", "reverse", "junk", "every_tool", "silent"])
def test_a_session_pays_and_says_what_the_environment_does(
    factory: SessionFactory, toy: Snapshot, policy: str
) -> None:
    import numpy as np

    tasks = list(factory.task_set.tasks.values())
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=tasks)
    for task in tasks:
        session = factory().reset(task.id)
        text, info = env.reset(options={"task_id": task.id})
        assert (session.text, session.tools) == (text, info["tools"])
        assert session.messages() == info["messages"]
        for turn in POLICIES[policy](task, toy, np.random.default_rng(0)):
            step = session.step(turn)
            _, reward, terminated, truncated, info = env.step(turn)
            assert (step.reward, step.terminated, step.truncated) == (reward, terminated, truncated)
            assert step.messages == info["messages"]
            assert list(step.calls) == [call["code"] for call in info["calls"]]
            if terminated or truncated:
                break
        assert session.episode_score == info["episode_score"] == pytest.approx(sum(session.rewards))
        known = {name: value for name, value in info["score"].items() if value is not None}
        assert session.components() == known


def test_a_seed_draws_the_task_that_the_environment_draws(folder: Path) -> None:
    factory = SessionFactory(snapshot=folder)
    env = gym.make("ToolOrch-v0", snapshot=str(folder))
    for seed in range(8):
        assert factory().reset(seed=seed).task.id == env.reset(seed=seed)[1]["task_id"]


def test_after_the_end_nothing_is_paid_and_reset_begins_anew(factory: SessionFactory) -> None:
    session = factory().reset("toy-0")
    oracle = oracle_turns(session.task)
    played(session, oracle)
    assert session.done and session.step("again").calls == ("episode_over",)
    assert len(session.rewards) == len(oracle) and session.episode_score == 1.0
    assert "episode_over" in session.call("ping", {}) and "episode_over" in session.answer("late")
    assert not session.reset("toy-0").done and session.rewards == []


@pytest.mark.parametrize(
    "junk", [None, 7, b"x", [], {}, {"tool_calls": 3}, ["x"], "<tool_call>{", "\ud800", object()]
)
def test_no_message_raises(factory: SessionFactory, junk: Any) -> None:
    session = factory().reset("toy-0")
    session.step(junk)
    assert isinstance(factory().reset("toy-0").call("get_city", junk), str)
    assert isinstance(factory().reset("toy-0").answer(junk), str)


def test_calls_one_by_one_and_an_answer_are_an_episode(factory: SessionFactory) -> None:
    session = factory().reset("toy-1")
    for call in session.task.golden:
        assert json.loads(session.call(call.tool, call.arguments))
    said = json.loads(session.call(ANSWER_TOOL, {"answer": "EUR"}))
    assert said == {"episode_score": 1.0, "components": session.components()} and session.done


def test_an_answer_that_holds_calls_makes_none(factory: SessionFactory) -> None:
    session = factory().reset("toy-1")
    session.answer('<tool_call>{"name": "search_city", "arguments": {"name": "Turku"}}</tool_call>')
    assert session.done and session.episode_score == 0.0 and session.codes == []


def test_a_session_that_was_not_reset_says_so(factory: SessionFactory) -> None:
    session = factory()
    assert not session.begun
    for act in (lambda: session.step("x"), lambda: session.score, lambda: session.tools):
        with pytest.raises(UsageError, match="reset"):
            act()
    with pytest.raises(UsageError, match="no task"):
        session.reset("nope")


def _elsewhere(data: bytes) -> list[float]:
    factory: SessionFactory = pickle.loads(data)
    return played(factory().reset("toy-1"), oracle_turns(factory.task_set.tasks["toy-1"]))


def test_a_factory_travels_into_another_process(factory: SessionFactory) -> None:
    factory()  # opened: the pickle must carry names all the same
    data = pickle.dumps(factory)
    assert len(data) < 2000
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_elsewhere, (data,)) == _elsewhere(data)


def test_a_snapshot_that_lies_in_memory_only_does_not_travel(toy: Snapshot, folder: Path) -> None:
    with pytest.raises(UsageError, match="folder"):
        pickle.dumps(SessionFactory(snapshot=toy))
    opened = SessionFactory(snapshot=Snapshot.open(folder))
    assert pickle.loads(pickle.dumps(opened)).task_ids == opened.task_ids


def test_factories_of_one_folder_share_the_open_snapshot(folder: Path) -> None:
    one, other = SessionFactory(snapshot=folder), SessionFactory(snapshot=folder, reward="binary")
    assert one.task_set.snapshot is other.task_set.snapshot


def test_sessions_in_threads_and_coroutines_are_not_crossed(
    factory: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a memo that forgets all the time, and text that is parsed with Python's parser."""
    monkeypatch.setattr(taskset, "MEMO_SIZE", 1)
    filters = list(warnings.filters)

    def run(number: int) -> list[float]:
        session = factory().reset(("toy-0", "toy-1")[number % 2])
        bad = f'[get_city(city_id="{number}\\d")]'
        return played(session, [bad, *oracle_turns(session.task)])

    alone = [run(0), run(1)]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(run, range(256))) == alone * 128
    assert warnings.filters == filters

    async def gather() -> list[list[float]]:
        async def one(number: int) -> list[float]:
            session = factory().reset(("toy-0", "toy-1")[number % 2])
            for turn in [f'[get_city(city_id="{number}\\d")]', *oracle_turns(session.task)]:
                session.step(turn)
                await asyncio.sleep(0)
            return session.rewards

        return await asyncio.gather(*map(one, range(64)))

    assert asyncio.run(gather()) == alone * 32


def test_steps_of_one_session_are_taken_one_after_another(factory: SessionFactory) -> None:
    session = factory().reset("toy-0")
    threads = [
        threading.Thread(target=session.step, args=({"name": "ping", "arguments": {}},)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(session.rewards) == len(session.codes) == 8


@pytest.mark.parametrize("form", list(export.FORMATS))
def test_exported_rows_are_json_lines_with_task_and_seed(folder: Path, form: str, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    assert main(["export", "--format", form, "--snapshot", str(folder), "--out", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 2
    for number, row in enumerate(rows):
        places = [row, row.get("info", {}), row.get("extra_info", {})]
        assert f"toy-{number}" in [place.get("task_id") for place in places]
        assert number in [place.get("seed") for place in places]
        told = {"openai": "messages", "sharegpt": "conversations"}.get(form, "prompt")
        assert "Which currency" in json.dumps(row[told])
    again = tmp_path / "again.jsonl"
    export.write(SessionFactory(snapshot=folder), form, again)
    assert again.read_bytes() == out.read_bytes()


def test_an_exported_demonstration_is_the_golden_episode(factory: SessionFactory) -> None:
    for row in export.rows(factory, "openai"):
        session = factory().reset(row["task_id"])
        said = [message for message in row["messages"] if message["role"] == "assistant"]
        replies = [reply for message in said for reply in session.step(message).messages]
        assert session.done and session.episode_score == 1.0
        assert replies == [message for message in row["messages"] if message["role"] == "tool"]
        ids = [call["id"] for message in said for call in message.get("tool_calls", ())]
        assert ids == [reply["tool_call_id"] for reply in replies] and len(set(ids)) == len(ids)


def test_a_sharegpt_demonstration_speaks_and_hears_in_turns_and_scores_one(folder: Path) -> None:
    for form in ("text", "fields"):
        played = SessionFactory(snapshot=folder, split=None, answer_form=form)
        for row in export.rows(played, "sharegpt"):
            session = played().reset(row["task_id"])
            said = row["conversations"]
            assert [turn["from"] for turn in said[::2]] == ["human", *["observation"] * (len(said) // 2 - 1)]
            assert {turn["from"] for turn in said[1:-1:2]} == {"function_call"}
            assert said[-1]["from"] == ("function_call" if session.submit_name else "gpt")
            assert [tool["name"] for tool in json.loads(row["tools"])][: len(session.task.tools)] == list(
                session.task.tools
            )
            for turn in said[1::2]:
                call = turn["from"] == "function_call"
                step = session.step(json.loads(turn["value"]) if call else turn["value"])
                assert step.done or step.messages[0]["content"] == said[said.index(turn) + 1]["value"]
            assert session.done and session.episode_score == 1.0


@pytest.mark.parametrize("answer_form", ["text", "fields"])
@pytest.mark.parametrize("form", ["openai", "sharegpt"])
def test_demonstrations_are_written_as_they_were(
    folder: Path, form: str, answer_form: str, tmp_path: Path
) -> None:
    name = f"{form}-{answer_form}.jsonl"
    export.write(SessionFactory(snapshot=folder, answer_form=answer_form), form, tmp_path / name)
    assert (tmp_path / name).read_text() == (ROOT / "tests" / "golden" / "export" / name).read_text()


def test_export_says_what_it_cannot_write(folder: Path, tmp_path: Path) -> None:
    factory = SessionFactory(snapshot=folder)
    with pytest.raises(UsageError, match=r"\.jsonl or \.parquet"):
        export.write(factory, "trl", tmp_path / "rows.csv")
    with pytest.raises(UsageError, match="one of trl"):
        list(export.rows(factory, "other"))


def test_trls_methods_are_the_tools_of_a_task(factory: SessionFactory) -> None:
    """Without TRL: a rollout of method calls, its last message the answer, has the score of the same episode."""
    task = factory.task_set.tasks["toy-1"]
    environment: Any = trl.environments(factory)[trl.toolset(task)]()
    environment.reset(task_id="toy-1", prompt=[], environment="x", seed=4)
    for call in task.golden:
        getattr(environment, call.tool)(**call.arguments)
    noted: dict[str, float] = {}
    said = [[{"role": "assistant", "content": "It is EUR."}]]
    assert trl.episode_score(said, [environment], log_metric=noted.__setitem__, prompts=[]) == [1.0]
    assert noted["tool_orch/orchestration"] == 1.0
    assert trl.episode_score(said, [environment]) == [1.0]  # asked again, nothing changes


@pytest.mark.parametrize("form", ["text", "parts", "parts around reasoning"])
def test_trls_reward_reads_the_answer_in_every_form_of_content(factory: SessionFactory, form: str) -> None:
    parts = [{"type": "text", "text": "It is EUR."}]
    if form == "parts around reasoning":
        parts.insert(0, {"type": "thinking", "thinking": "Turku is in Finland."})
    content: Any = "It is EUR." if form == "text" else parts
    task = factory.task_set.tasks["toy-1"]
    environment: Any = trl.environments(factory)[trl.toolset(task)]()
    environment.reset(task_id="toy-1")
    for call in task.golden:
        getattr(environment, call.tool)(**call.arguments)
    assert trl.episode_score([[{"role": "assistant", "content": content}]], [environment]) == [1.0]


@pytest.fixture
def fields(folder: Path) -> SessionFactory:
    return SessionFactory(snapshot=folder, split=None, answer_form="fields")


def test_a_session_in_fields_is_the_environment_in_fields(fields: SessionFactory, toy: Snapshot) -> None:
    tasks = list(fields.task_set.tasks.values())
    env = gym.make("ToolOrch-v0", snapshot=toy, tasks=tasks, answer_form="fields")
    for task in tasks:
        session = pickle.loads(pickle.dumps(fields))().reset(task.id)
        text, info = env.reset(options={"task_id": task.id})
        assert (session.text, session.tools, session.messages()) == (text, info["tools"], info["messages"])
        for turn in oracle_turns(task, "fields"):
            step = session.step(turn)
            _, reward, terminated, _, info = env.step(turn)
            assert (step.reward, step.terminated, step.messages) == (reward, terminated, info["messages"])
        assert session.done and session.episode_score == info["episode_score"] == 1.0


def test_the_prompts_of_a_session_in_fields_name_the_submit_tool(fields: SessionFactory) -> None:
    session = fields().reset("toy-1")
    assert session.answer_prompt == session.native_prompt and "call submit_answer" in session.native_prompt
    assert fields().reset("toy-0").native_prompt == NATIVE_PROMPT  # no facts
    assert SessionFactory(fields.snapshot)().reset("toy-1").native_prompt == NATIVE_PROMPT


def test_calls_one_by_one_end_with_the_fields(fields: SessionFactory) -> None:
    session = fields().reset("toy-1")
    for call in session.task.golden:
        session.call(call.tool, call.arguments)
    assert "invalid_arguments" in session.call("submit_answer", {"answer": "EUR"}) and not session.done
    said = json.loads(session.call("submit_answer", {"currency": "EUR"}))
    assert said == {"episode_score": session.episode_score, "components": session.components()}
    assert session.components()["answer"] == 1.0 and "episode_over" in session.call("submit_answer", {})
    free = fields().reset("toy-0")  # no facts: the answer is text, which a tool takes
    assert "episode_score" in free.call(ANSWER_TOOL, {"answer": "Done."}) and free.done


def test_trls_methods_include_the_submit_tool_of_the_task(fields: SessionFactory) -> None:
    task = fields.task_set.tasks["toy-1"]
    made = trl.environments(fields)
    name = trl.toolset(task, "fields")
    assert name != trl.toolset(task) and trl.toolset(fields.task_set.tasks["toy-0"], "fields") in made
    rows = {row["task_id"]: row for row in export.rows(fields, "trl")}
    assert rows["toy-1"]["environment"] == name
    said = rows["toy-1"]["prompt"][0]["content"]
    assert "call submit_answer" in said and said.endswith(
        '"currency":{"type":"string","description":"Currency."}}'
    )
    environment: Any = made[name]()
    assert list(inspect.signature(environment.submit_answer).parameters) == ["answer"]
    environment.reset(task_id="toy-1")
    for call in task.golden:
        getattr(environment, call.tool)(**call.arguments)
    assert environment.submit_answer(answer={"currency": "EUR"}) == '{"accepted":true}'
    last = [[{"role": "assistant", "content": "Submitted."}]]
    assert trl.episode_score(last, [environment]) == [1.0]
    environment.reset(task_id="toy-1")
    assert "invalid_arguments" in environment.submit_answer(answer={"money": "EUR"})


@pytest.mark.parametrize("form", [form for form in export.FORMATS if form != "verl-tools"])
def test_rows_in_fields_show_the_submit_tool(fields: SessionFactory, form: str) -> None:
    rows = {json.dumps(row): row for row in export.rows(fields, form)}
    shown = next(text for text, row in rows.items() if "toy-1" in text)
    assert "submit_answer" in shown and render.ENDING not in shown


def test_an_exported_demonstration_ends_with_the_submission(fields: SessionFactory) -> None:
    for row in export.rows(fields, "openai"):
        session = fields().reset(row["task_id"])
        said = [message for message in row["messages"] if message["role"] == "assistant"]
        for message in said:
            session.step(message)
        assert session.episode_score == 1.0
        if session.submit_name:
            function = said[-1]["tool_calls"][0]["function"]
            assert function == {"name": "submit_answer", "arguments": '{"currency":"EUR"}'}
            assert row["tools"][-1]["function"]["name"] == "submit_answer"


def test_verls_tool_form_cannot_have_fields_and_says_what_can(fields: SessionFactory, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--format verl"):
        list(export.rows(fields, "verl-tools"))
    with pytest.raises(UsageError, match="--format verl"):
        verl_tools.tool_config(fields, tmp_path / "tools.yaml")


def test_mcp_takes_fields_and_calls_an_invalid_submission_an_error(
    fields: SessionFactory, tmp_path: Path
) -> None:
    scores = tmp_path / "scores.jsonl"
    episodes = mcp.Episodes(fields, "toy-1", scores, None)
    reply, failed = episodes.call("a", "submit_answer", {"answer": "EUR"})
    assert failed and "invalid_arguments" in reply
    reply, failed = episodes.call("a", "submit_answer", {"currency": "EUR"})
    assert not failed and "episode_score" in reply and json.loads(scores.read_text())["over"]
    assert episodes.call("a", "submit_answer", {"currency": "EUR"})[1]


def test_the_export_command_takes_the_answer_form(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    told = ["--snapshot", str(folder), "--answer-form", "fields", "--out", str(out)]
    assert main(["export", "--format", "openai", *told]) == 0
    assert '"submit_answer"' in out.read_text().splitlines()[1]


TOOLS = [{"type": "function", "function": {"name": "search_city", "parameters": {}}}]


@pytest.mark.parametrize(
    "answer",
    [
        'search_city{"name": "Turku"}',  # Mistral
        'functions.search_city:0{"name": "Turku"}',  # Kimi K2
        'search_city\n```json\n{"name": "Turku"}\n```',  # DeepSeek V3
        'commentary to=functions.search_city json{"name": "Turku"}',  # gpt-oss
        'call:search_city{name:<|"|>Turku<|"|>}',  # Gemma 4
    ],
)
def test_an_answer_that_looks_like_a_call_without_its_markers_is_warned_of_once(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripped, "_warned", set())
    with pytest.warns(stripped.StrippedMarkersWarning, match="SkyRL decodes with skip_special_tokens=True"):
        stripped.warn_if_stripped(answer, TOOLS, "SkyRL")
    stripped.warn_if_stripped(answer, TOOLS, "SkyRL")
    with pytest.warns(stripped.StrippedMarkersWarning):
        stripped.warn_if_stripped(answer, TOOLS, "GEM")


@pytest.mark.parametrize(
    "answer",
    [
        "It is Turku.",
        "I called search_city and got 21.",
        "`search_city(name)` found it",
        "search_citys{}",
        "",
    ],
)
def test_an_answer_in_prose_is_not_warned_of(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripped, "_warned", set())
    stripped.warn_if_stripped(answer, TOOLS, "SkyRL")


def test_a_parameter_that_is_no_python_name_is_refused_with_the_reason() -> None:
    function = {"name": "f", "description": "", "parameters": {"type": "object", "properties": {"from": {}}}}
    with pytest.raises(UsageError, match="'from' cannot be a Python argument"):
        trl._method(function)


def test_mcp_episodes_are_bounded_and_noted(
    factory: SessionFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp, "MOST_EPISODES", 2)
    scores = tmp_path / "scores.jsonl"
    episodes = mcp.Episodes(factory, "toy-1", scores, None)
    episodes.call("a", "search_city", {"name": "Turku"})
    episodes.call("b", ANSWER_TOOL, {"answer": "EUR"})
    episodes.call("c", "nope", {})
    lines = [json.loads(line) for line in scores.read_text().splitlines()]
    assert [(line["episode"], line["over"]) for line in lines] == [("b", True), ("a", False)]
    assert len(episodes) == 2
    idle = mcp.Episodes(factory, "toy-1", None, 0.0)
    idle.get("a")
    idle.get("b")
    assert len(idle) == 1


def test_the_answer_tool_is_a_function_tool_of_its_own() -> None:
    assert answer_tool() == answer_tool() and answer_tool() is not answer_tool()
    assert answer_tool()["function"]["name"] == ANSWER_TOOL


def test_a_missing_package_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openenv", None)
    with pytest.raises(UsageError, match=r"install 'tool-orch-env\[openenv\]'"):
        need("openenv.core", "openenv")


def test_adapters_import_no_third_party_package_at_their_top_and_name_extras_that_exist() -> None:
    ours = {"numpy", "pydantic", "gymnasium", *sys.stdlib_module_names}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for path in ADAPTERS.glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= ours, path
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert str(node.module).split(".")[0] in ours, path
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "need":
                extra = call.args[1]
                assert isinstance(extra, ast.Name) or getattr(extra, "value", None) in extras, path


def test_serving_refuses_what_makes_no_sense(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["serve", "openenv", "--snapshot", str(folder), "--sessions", "0"]) == 2
    assert main(["serve", "mcp", "--snapshot", str(folder), "--task", "nope"]) == 2
    told = capsys.readouterr().err
    assert "--sessions" in told and "nope" in told


def test_the_page_names_the_versions_that_ci_installs_and_every_format() -> None:
    text = (ROOT / "docs" / "trainers.md").read_text()
    pins = "".join(path.read_text() for path in sorted((ROOT / ".ci").glob("constraints-trainers*.txt")))
    rows = {
        "trl": "[TRL](#trl)",
        "openenv": "[OpenEnv](#openenv)",
        "verifiers": "[verifiers](#verifiers)",
        "verl": "[verl](#verl), agent loop",
        "tinker-cookbook": "[tinker-cookbook](#tinker)",
        "skyrl-gym": "[SkyRL](#skyrl-torchrl)",
        "torchrl": "TorchRL",
        "openpipe-art": "[ART](#art)",
        "agentlightning": "[Agent Lightning](#agent-lightning)",
        "nemo-gym": "[NeMo Gym](#nemo-gym)",
    }
    for package, trainer in rows.items():
        [pin] = {line for line in pins.splitlines() if line.startswith(f"{package}==")}
        [row] = [line for line in text.splitlines() if line.startswith(f"| {trainer} |")]
        assert pin.split("==")[1] in row.split("|")[2], (pin, row)
    assert "gem-llm==0.1.0\n" in pins and "gem-llm 0.1.0" in text
    for form in export.FORMATS:
        assert f"`{form}`" in text and f"| `{form}`" in str(export.__doc__)
    assert main_formats() == set(export.FORMATS)


def main_formats() -> set[str]:
    """The formats that the command line offers."""
    from tool_orch_env.cli import serve

    return set(serve.FORMATS)
