"""An episode stays in its process: no socket, no program started, no file written outside the cache folder.

Told by CPython's own audit events in a fresh process, so that nothing imported by other tests is in the way; and the
source holds no call that could run what a file or a model says.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tool_orch_env"

EPISODE = """
import json, os, sys

touched = []

def watch(event, arguments):
    kind, _, name = event.partition(".")
    if kind in ("socket", "subprocess") or event in ("os.system", "os.exec", "os.posix_spawn", "os.fork"):
        touched.append([event, ""])
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        touched.append([event, os.fsdecode(arguments[0])])
    elif event in ("os.mkdir", "os.rename", "os.remove", "shutil.rmtree", "sqlite3.connect"):
        touched.append([event, os.fsdecode(arguments[0])])

sys.addaudithook(watch)
import gymnasium as gym
import tool_orch_env as toe

snapshot = toe.Snapshot.open("travel", where=sys.argv[1])
env = gym.make("ToolOrch-v0", snapshot=snapshot, split="test")
tasks = {task.id: task for task in toe.load_tasks("travel", "test")}
for seed in range(3):
    _, info = env.reset(seed=seed)
    for turn in toe.oracle_turns(tasks[info["task_id"]]):
        _, _, terminated, _, info = env.step(turn)
    assert terminated and info["episode_score"] == 1.0, info
env.reset(seed=3)
env.step('<tool_call>{"name": "open", "arguments": {"path": "/etc/passwd"}}</tool_call> __import__("os")')
print(json.dumps(touched))
"""


def watched(where: str, cache: Path) -> list[tuple[str, str]]:
    run = subprocess.run(
        [sys.executable, "-B", "-c", EPISODE, where],
        capture_output=True,
        check=True,
        text=True,
        env={"PATH": "", "HOME": str(cache), "XDG_CACHE_HOME": str(cache)},
    )
    return [(event, path) for event, path in json.loads(run.stdout)]


def test_episodes_over_memory_open_no_socket_start_nothing_and_write_nothing(tmp_path: Path) -> None:
    assert watched("memory", tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_episodes_over_a_disk_store_write_only_under_the_cache_folder(tmp_path: Path) -> None:
    touched = watched("disk", tmp_path)
    assert touched, "the disk store was built, so files were written"
    outside = [
        (event, path)
        for event, path in touched
        if path != ":memory:" and not path.removeprefix("file://").startswith(str(tmp_path))
    ]
    assert outside == []


FORBIDDEN = {
    "pickle", "cPickle", "dill", "marshal", "shelve", "eval", "exec", "compile", "os.system", "os.popen",
    "yaml.unsafe_load", "pickle.loads", "pickle.load", "numpy.load", "np.load", "torch.load",
}  # fmt: skip


def forbidden(source: str) -> list[str]:
    """Names of `FORBIDDEN` that the source imports or calls, and any `shell=True`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in FORBIDDEN]
        elif isinstance(node, ast.ImportFrom) and node.module in FORBIDDEN:
            found.append(node.module)
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func) in FORBIDDEN:
                found.append(ast.unparse(node.func))
            found += ["shell=True" for word in node.keywords if word.arg == "shell"]
    return found


@pytest.mark.parametrize(
    "source", ["import pickle", "from marshal import loads", "eval('1')", "run('ls', shell=True)"]
)
def test_what_runs_foreign_code_is_seen(source: str) -> None:
    assert forbidden(source)


def test_no_source_of_the_package_could_run_what_a_file_or_a_model_says() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        assert forbidden(path.read_text()) == [], path.name
