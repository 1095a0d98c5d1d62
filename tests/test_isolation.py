"""An episode stays in its process: no socket, no program started, no file written outside the cache folder.

Told by CPython's own audit events in a fresh process, so that nothing imported by other tests is in the way; and the
source holds no call that could run what a file or a model says.
"""

import ast
import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import toy as toys

from tool_orch_env.jsonvalues.canonical import replay_key

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
tasks = {task.id: task for task in snapshot.tasks("test")}
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


HOSTILE = """
import json, os, sys

touched = []

def watch(event, arguments):
    kind = event.partition(".")[0]
    started = ("os.system", "os.exec", "os.posix_spawn", "os.fork")
    if kind in ("socket", "subprocess", "pickle", "marshal", "exec", "compile") or event in started:
        touched.append([event, ""])
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        touched.append([event, os.fsdecode(arguments[0])])
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink", "shutil.rmtree", "sqlite3.connect"):
        touched.append([event, os.fsdecode(arguments[0])])

from tool_orch_env.errors import SnapshotError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify

Snapshot.open("demo", where="disk").catalog["search_city"].validator.is_valid({})  # imports all there is to import
os.environ["TOOL_ORCH_CACHE"] = sys.argv[2]
sys.addaudithook(watch)
snapshot = Snapshot.open(sys.argv[1], where="disk")
assert snapshot.lookup("ping", {}).text == json.dumps("'); DROP TABLE responses; --")
assert snapshot.lookup("get_city", {"city_id": 11}, task="x'; ATTACH '/tmp/escaped' AS a; --") is not None
try:
    verify(snapshot)
except SnapshotError:
    pass
else:
    raise AssertionError("verify found nothing")
print(json.dumps(touched))
"""


def test_a_hostile_folder_executes_nothing_and_writes_only_under_the_cache_folder(tmp_path: Path) -> None:
    """Its name climbs, its keys are not those of its calls, its texts are SQL and pickles."""
    key = [replay_key("ping", "{}"), replay_key("get_city", '{"city_id":11}')]
    statement = "'); DROP TABLE responses; --"
    lines = [
        {"key": key[0], "tool": "get_city", "arguments": {"city_id": 99}, "status": 200, "response": statement},
        {"key": key[1], "tool": "ping", "arguments": {}, "status": 200, "task": "x'; ATTACH '/tmp/escaped' AS a; --",
         "response": "cos\nsystem\n(S'touch escaped'\ntR."},
    ]  # fmt: skip
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
    folder, cache = toys.folder(tmp_path / "hostile"), tmp_path / "cache"
    (folder / "responses.jsonl.gz").write_bytes(gzip.compress(text))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["name"] = "../../escaped"
    manifest["counts"] |= {"responses": 2, "bytes": len(text)}
    manifest["sha256"]["responses.jsonl.gz"] = hashlib.sha256(
        (folder / "responses.jsonl.gz").read_bytes()
    ).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    run = subprocess.run(
        [sys.executable, "-B", "-c", HOSTILE, str(folder), str(cache)],
        capture_output=True,
        text=True,
        env={"PATH": "", "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "other")},
    )
    assert run.returncode == 0, run.stderr
    touched = json.loads(run.stdout)
    assert touched
    assert [
        (event, path) for event, path in touched if not path.removeprefix("file://").startswith(str(cache))
    ] == []


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
