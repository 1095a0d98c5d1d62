"""What a person gets wrong in the first hour is told in one message: where, what was found, what to do."""

import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import tool_orch_env as toe
from tool_orch_env.adapters.extras import need
from tool_orch_env.cli import main, parser
from tool_orch_env.cli.command import Command
from tool_orch_env.cli.main import COMMANDS, EXAMPLES
from tool_orch_env.errors import FileError, UsageError


def make(**arguments: Any) -> gym.Env:
    return gym.make("ToolOrch-v0", **arguments)


def reset(options: Any) -> None:
    make(snapshot="demo").reset(options=options)


def vector(n: int = 2, options: Any = None, actions: Any = None) -> None:
    env = gym.make_vec("ToolOrch-v0", num_envs=n, snapshot="demo")
    env.reset(options=options)
    env.step(actions)


def score(*given: Any) -> None:
    toe.score_turns(*given)


def paid(reward: Any) -> float:
    env = make(snapshot="demo", reward=reward)
    env.reset(seed=0)
    return float(env.step("I do not know.")[1])


def task() -> toe.Task:
    return toe.load_tasks("demo")[0]


async def answers_later(messages: Any, tools: Any) -> str:
    return "I do not know."


IN_PYTHON: dict[str, tuple[Callable[[], Any], str]] = {
    "a snapshot misspelt": (lambda: make(snapshot="travle"), "'travle'.*bundled: demo, elements, travel"),
    "no snapshot": (lambda: make(snapshot=None), "bundled name or a folder, found NoneType"),
    "a file for a snapshot": (
        lambda: make(snapshot=__file__),
        "expected a folder or a bundled name, found the file",
    ),
    "a folder that is none": (lambda: make(snapshot=Path(__file__).parent), "it has no manifest.json"),
    "a split misspelt": (lambda: make(split="tset"), "no split 'tset', only train, validation, test"),
    "a task file that is not there": (lambda: make(tasks="none.jsonl"), "no task file 'none.jsonl'"),
    "a split for a task file": (lambda: make(tasks="test"), "found a split: say split='test'"),
    "one task": (lambda: make(tasks=task()), "list of Task, as `load_tasks` returns it, found Task"),
    "ids for tasks": (lambda: make(tasks=["demo-001"]), "list of Task.*found str"),
    "a number for tasks": (lambda: make(tasks=5), "list of Task.*found int"),
    "tasks of another snapshot": (
        lambda: make(tasks=toe.load_tasks("elements", "test")),
        "was built for snapshot 'elements'",
    ),
    "a preset misspelt": (
        lambda: make(reward="gradauted"),
        "reward: expected one of graduated, .* found 'gradauted'",
    ),
    "a reward that gives nothing": (
        lambda: paid(lambda score: None),
        "expected a finite number, found 'None'",
    ),
    "a reward that gives text": (lambda: paid(lambda score: "1"), "a finite number, found '1'"),
    "a reward that is no number": (lambda: paid(lambda score: float("nan")), "a finite number, found 'nan'"),
    "a class for a reward": (
        lambda: paid(toe.RewardConfig),
        "expected a function or an instance, found the class RewardConfig",
    ),
    "a task of another split": (
        lambda: reset({"task_id": "demo-005"}),
        "it is in the split 'test'",
    ),
    "a task id misspelt": (
        lambda: reset({"task_id": "demo-01"}),
        "close: demo-001",
    ),
    "a number for a task id": (lambda: reset({"task_id": 5}), "id of one task, found 5"),
    "options that are no options": (lambda: reset("demo-001"), "task_id.*found str"),
    "another option": (lambda: reset({"task": "demo-001"}), "expected task_id, found task"),
    "no episode in a vector": (lambda: vector(0), "num_envs: expected at least 1, found 0"),
    "one text for many episodes": (lambda: vector(2, None, "ab"), "expected a list of 2.*found one str"),
    "too few ids for a vector": (
        lambda: vector(2, {"task_id": ["demo-001"]}),
        "task_id: expected one per environment, 2, found 1",
    ),
    "a text for turns": (
        lambda: score(task(), "I do not know.", toe.Snapshot.open("demo")),
        "a list of turns and an open Snapshot, found Task, str, Snapshot",
    ),
    "a name for an open snapshot": (lambda: score(task(), ["?"], "demo"), "found Task, list, str"),
    "a policy by name": (lambda: toe.bench.run([task()], "oracle"), "a function.*found 'oracle'"),
    "an async policy": (lambda: toe.bench.run([task()], answers_later), "only `tool-orch bench` plays"),
    "a name for tasks of a run": (lambda: toe.bench.run("travel", str), "list of Task.*found 'travel'"),
}


@pytest.mark.parametrize(("mistake", "told"), IN_PYTHON.values(), ids=IN_PYTHON)
def test_a_mistake_in_python_is_told(mistake: Callable[[], Any], told: str) -> None:
    with pytest.raises((UsageError, FileError), match=told):
        mistake()


def test_worker_processes_are_refused_shared_memory_for_text_and_work_without_it() -> None:
    with pytest.raises(ValueError, match="shared_memory=False") as refused:
        gym.make_vec("ToolOrch-v0", num_envs=2, snapshot="demo", vectorization_mode="async")
    assert "vector_kwargs" in str(refused.value.__cause__)
    env = gym.make_vec(
        "ToolOrch-v0",
        num_envs=2,
        snapshot="demo",
        vectorization_mode="async",
        vector_kwargs={"shared_memory": False},
    )
    texts, _ = env.reset(seed=1)
    assert texts[0] == make(snapshot="demo").reset(seed=1)[0]
    env.close()


MODULE = """
def answers(messages, tools): return "I do not know."
def silent(messages, tools): return None
def fails(messages, tools): return messages[99]
"""
ON_THE_COMMAND_LINE = {
    "bench --policy oracle": "tool-orch bench --policy oracle --out runs/oracle",
    "bench --policy orcale --out r": "policy 'orcale': expected openai:MODEL@URL",
    "bench --policy python:mine --out r": "such as python:mine:policy",
    "bench --policy python:mine.py:answers --out r": "a module's name has no .py: python:mine:answers",
    "bench --policy python:mine:nothing --out r": "has no attribute 'nothing'",
    "bench --policy python:broken:f --out r": "cannot be loaded: ZeroDivisionError: division by zero (broken.py:1)",
    "bench --policy oracle --tasks none.jsonl --out r": "no task file 'none.jsonl'",
    "bench --policy oracle --out mine.py": "mine.py: a file; --out names the run's folder",
    "bench --policy oracle --limit 0 --out r": "--limit: expected a whole number of at least 1, found '0'",
    "bench rescore .": "not a run: no manifest.json in it",
    "bench compare none other": "name the folder that `bench --out` wrote",
    "report none": "none: not a run",
    "snapshot verify .": "not a snapshot: it has no manifest.json",
    "synth": "--out tasks.jsonl",
    "synth --n 1 --out .": "name the task file with --out",
    "synth --n 1 --out mine.py/tasks.jsonl": "mine.py: ",
    "synth --n 1 --book book.toml --out t.jsonl": "[call.TOOL]",
    "synth --n 1 --book tools.toml --out t.jsonl": "found call.search_cities",
    "record . --out r": ".: cannot be read: Is a directory",
    "record spec.yaml --out .": ".: expected the name of a new folder",
}


@pytest.mark.parametrize(("typed", "told"), ON_THE_COMMAND_LINE.items(), ids=ON_THE_COMMAND_LINE)
def test_a_mistake_on_the_command_line_is_told_in_one_message(
    typed: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("mine.py").write_text(MODULE)
    Path("broken.py").write_text("1 / 0\n")
    Path("book.toml").write_text("[tool.search_city]\n")
    Path("tools.toml").write_text('[call.search_cities]\nnoun = "city"\n')
    Path("spec.yaml").write_text(SPEC.replace("OVER", "{values: {ship: [1]}}"))
    try:
        assert main(shlex.split(typed)) == 2
    except SystemExit as refused:  # argparse's own
        assert refused.code == 2
    finally:
        sys.modules.pop("mine", None)
    shown = capsys.readouterr().err
    assert told in shown and "Traceback" not in shown


SPEC = """
name: small
api: {base_url: "http://127.0.0.1:1"}
limits: {attempts: 1}
tools:
  get_ship: {url: /ships, parameters: {type: object, properties: {ship: {type: integer}}}}
plan:
  - call: get_ship
    over: [OVER]
"""
ROWS = {
    "{values: {ship: 1}}": "plan.0.over.0.values.ship: Input should be a valid list, found 1",
    "{value: {ship: [1]}}": "expected an object with one of values, file, from and all",
    "{values: {ship: [1]}, form: x}": "form: Extra inputs are not permitted",
}


@pytest.mark.parametrize(("rows", "told"), ROWS.items(), ids=ROWS)
def test_rows_of_a_plan_are_told_of_as_what_they_are_meant_to_be(
    rows: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("OVER", rows))
    assert main(["record", str(tmp_path / "spec.yaml"), "--out", str(tmp_path / "out")]) == 2
    [told_of] = [line for line in capsys.readouterr().err.splitlines() if "plan.0" in line]
    assert told in told_of


def test_a_snapshot_without_tasks_says_how_to_make_some(tmp_path: Path) -> None:
    spec = SPEC[: SPEC.index("plan:")]
    (tmp_path / "spec.yaml").write_text(spec)
    assert main(["record", str(tmp_path / "spec.yaml"), "--out", str(tmp_path / "small")]) == 0
    with pytest.raises(UsageError, match="holds no tasks: make some with `tool-orch synth --snapshot"):
        make(snapshot=tmp_path / "small")


def test_a_step_of_a_plan_that_calls_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "rows.json").write_text('{"ships": [{"id": 1}]}')
    rows = "{file: rows.json, each: /boats/*, take: {ship: /id}}"
    (tmp_path / "spec.yaml").write_text(SPEC.replace("OVER", rows))
    assert main(["record", str(tmp_path / "spec.yaml"), "--out", str(tmp_path / "small")]) == 0
    assert "plan step get_ship: no call" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("silent", "bad_return: not an assistant message"),
        ("fails", "raised: IndexError: list index out of range (mine.py:4)"),
    ],
)
def test_a_policy_that_fails_is_shown_with_its_own_words_and_how_to_go_on(
    function: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MODULE)
    try:
        assert main(["bench", "--policy", f"python:mine:{function}", "--limit", "2", "--out", "r"]) == 1
    finally:
        sys.modules.pop("mine", None)
    shown = capsys.readouterr()
    assert shown.out.count(told) == 1 and "--retry-failed" in shown.out
    assert "No episode could be played" in shown.err


def test_a_port_in_use_is_told_before_anybody_is_told_that_a_server_listens(
    capsys: pytest.CaptureFixture,
) -> None:
    from tool_orch_env.cli.serve import _refuse_taken

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--port {port}: cannot listen there: .*; try another --port"):
            _refuse_taken("127.0.0.1", port)
    _refuse_taken("127.0.0.1", port)


def test_an_extra_that_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match=r"needs no_such_package: pip install 'tool-orch-env\[openenv\]'"):
        need("no_such_package", "openenv")


def every_command(commands: tuple[Command, ...] = COMMANDS, group: str = "") -> Iterator[tuple[str, Command]]:
    """The commands and subcommands, each with what is typed to run it."""
    for command in commands:
        yield f"{group}{command.name}", command
        yield from every_command(command.subcommands, f"{group}{command.name} ")


EVERY_COMMAND = dict(every_command())


@pytest.mark.parametrize("typed", EVERY_COMMAND)
def test_the_help_of_a_command_has_a_sentence_and_examples_and_fits_80_columns(
    typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command = EVERY_COMMAND[typed]
    with pytest.raises(SystemExit, match="0"):
        main([*typed.split(), "--help"])
    shown = capsys.readouterr().out
    assert command.help.partition("\n")[0].endswith(".") and command.help in shown
    assert 2 <= len(command.examples) <= 4 and "\nexamples:\n  tool-orch " in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_every_example_is_accepted_by_the_parser() -> None:
    lines = [line for command in EVERY_COMMAND.values() for line in command.examples]
    for line in (*EXAMPLES, *lines):
        typed = shlex.split(line.partition(">")[0], comments=True)
        assert typed[0] == "tool-orch" and parser().parse_args(typed[1:]).run, line


def test_old_spellings_of_options_work_and_are_not_shown(capsys: pytest.CaptureFixture) -> None:
    old = parser().parse_args(["synth", "--engine", "ray", "--book", "book.toml"])
    new = parser().parse_args(["synth", "--executor", "ray", "--phrase-book", "book.toml"])
    assert (old.executor, old.phrase_book) == (new.executor, new.phrase_book) == ("ray", Path("book.toml"))
    with pytest.raises(SystemExit):
        main(["synth", "--help"])
    assert "--engine" not in (shown := capsys.readouterr().out) and "--book" not in shown


def test_the_package_itself_is_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tool_orch_env", "--version"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == toe.__version__ and done.returncode == 0


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([])
    assert "examples:" in capsys.readouterr().out


def test_one_ctrl_c_stops_a_command_without_a_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tool_orch_env", "play", "--snapshot", "demo"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    )
    assert process.stdout is not None
    while "Ctrl-D to leave" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and told == "tool-orch: stopped\n"
