"""The executor `ray` on a real cluster of two workers, one of which is killed: the results stay the same."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from ray.cluster_utils import Cluster

from tool_orch_env.bench.run_log import read_run
from tool_orch_env.snapshot import load_tasks

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own
TASKS = len(load_tasks("travel", "test"))
EPISODES = 96
TRIALS = -(-EPISODES // TASKS)
STORE = 80 << 20
AT_WORK = "ray::_work"
"""The name of a worker's process while it works on a batch."""
LIMIT = 240.0
"""Seconds that anything here may take."""

POLICY = '''
import hashlib, json, time

def slow(messages, tools):
    """The same answers in every process: now a random tool, now words; slow enough to be killed."""
    time.sleep(0.02)
    said = json.dumps([m for m in messages if m["role"] != "system"], sort_keys=True)
    draw = hashlib.sha256(said.encode()).digest()
    if draw[0] < 60:
        return "Done."
    tool = tools[draw[1] % len(tools)]["function"]["name"]
    return {"tool_calls": [{"function": {"name": tool, "arguments": "{}"}}]}

def raises(messages, tools):
    raise RuntimeError("no idea")
'''
BENCH = ["bench", "--tasks", "travel", "--limit", str(EPISODES), "--trials", str(TRIALS), "--policy"]
SLOW = [*BENCH, "python:cluster_policy:slow", "--concurrency", "4"]
SYNTH = ["synth", "--n", "40", "--seed", "3", "--calls", "2-4"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that everything is run in, with the policies beside it."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "cluster_policy.py").write_text(POLICY)
    return folder


@pytest.fixture(scope="module")
def head() -> Iterator[Cluster]:
    """A cluster whose head works on nothing; at the end nothing of it is left."""
    running = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": STORE},
    )
    yield running
    started = [process for node in running.list_all_nodes() for process in processes(node)]
    running.shutdown()
    assert psutil.wait_procs(started, timeout=20)[1] == []


@pytest.fixture
def cluster(head: Cluster) -> Cluster:
    """The same with two workers of one CPU each, whatever an earlier test has killed."""
    while len(head.worker_nodes) < 2:
        head.add_node(num_cpus=1, object_store_memory=STORE)
    head.wait_for_nodes()
    return head


def processes(node: Any) -> list[psutil.Process]:
    """Everything that a node runs."""
    own = [psutil.Process(info.process.pid) for some in node.all_processes.values() for info in some]
    return [*own, *(child for process in own for child in process.children(recursive=True))]


def command(*arguments: str, at: Cluster | None = None) -> list[str]:
    executor = ["--executor", f"ray:{at.address}"] if at else []
    return [sys.executable, "-m", "tool_orch_env.cli", *arguments, *executor]


def done(here: Path, *arguments: str, at: Cluster | None = None, status: int = 0) -> str:
    """A command run to its end; what it printed."""
    found = subprocess.run(
        command(*arguments, at=at), cwd=here, capture_output=True, text=True, timeout=LIMIT
    )
    assert found.returncode == status, found.stderr
    return found.stdout


def test_a_cluster_is_started_and_ended_where_there_is_none(here: Path) -> None:
    """Before any other test here: there must be none."""
    few = ["bench", "--policy", "oracle", "--limit", "3", "--out", "own", "--executor", "ray"]
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    with subprocess.Popen(command(*few), cwd=here, env=environment, start_new_session=True) as process:
        assert process.wait(LIMIT) == 0
        left = [one for one in psutil.process_iter(["cmdline"]) if str(process.pid) in _words(one)]
    assert not left
    assert all(record["result"]["success"] for record in read_run(here / "own")[2])


PRINTS = """
import sys
from tool_orch_env.executors import open_executor
with open_executor(sys.argv[1]):
    print("a message of Ray's")
print("the result")
"""


def test_what_is_printed_while_connected_stays_off_standard_output(cluster: Cluster) -> None:
    found = subprocess.run(
        [sys.executable, "-c", PRINTS, f"ray:{cluster.address}"],
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert found.stdout == "the result\n" and "a message of Ray's" in found.stderr


@pytest.fixture(scope="module")
def alone(here: Path) -> Path:
    """What one process makes of it, without Ray."""
    done(here, *SLOW, "--out", "alone")
    return here / "alone"


@contextmanager
def begun(here: Path, *arguments: str, at: Cluster) -> "Iterator[subprocess.Popen[bytes]]":
    """A command at work on the cluster; killed if the block fails."""
    with subprocess.Popen(command(*arguments, at=at), cwd=here) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def lines(ledger: Path) -> int:
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def wait_for(ledger: Path, episodes: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + LIMIT
    while lines(ledger) < episodes:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.005)


def wait_for_work(nodes: Iterable[Any], process: "subprocess.Popen[bytes]") -> tuple[Any, psutil.Process]:
    """A node and a worker of it that is working on a batch just now."""
    until = time.monotonic() + LIMIT
    while True:
        for node in nodes:
            for one in processes(node):
                with suppress(psutil.NoSuchProcess):
                    if one.name() == AT_WORK:
                        return node, one
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.005)


def same_run(one: Path, other: Path) -> None:
    for name in ("manifest.json", "tasks.jsonl", "episodes.jsonl", "summary.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    _, tasks, records = read_run(other)
    assert len(records) == lines(other / "episodes.jsonl") == len(tasks) * TRIALS


def _words(process: psutil.Process) -> list[str]:
    return [word for part in process.info["cmdline"] or () for word in part.split("=")]


def test_a_cluster_that_is_not_there_is_told(here: Path) -> None:
    few = ["bench", "--policy", "oracle", "--limit", "3", "--out", "nowhere", "--executor", "ray:127.0.0.1:9"]
    found = subprocess.run(command(*few), cwd=here, capture_output=True, text=True, timeout=LIMIT)
    assert found.returncode == 2 and "ray:127.0.0.1:9" in found.stderr and "Traceback" not in found.stderr


def test_a_worker_and_then_a_whole_node_die_and_the_run_is_that_of_one_process(
    here: Path, alone: Path, cluster: Cluster
) -> None:
    with begun(here, *SLOW, "--out", "spread", at=cluster) as process:
        ledger = here / "spread" / "episodes.jsonl"
        wait_for(ledger, 8, process)
        node, worker = wait_for_work(cluster.worker_nodes, process)
        worker.kill()
        wait_for(ledger, 24, process)
        [other] = [one for one in cluster.worker_nodes if one is not node]
        cluster.remove_node(other, allow_graceful=False)
        assert lines(ledger) < EPISODES - 8, "killed too late to show anything"
        assert process.wait(LIMIT) == 0
    same_run(alone, here / "spread")


def test_the_caller_is_killed_and_resumes_on_the_cluster_and_then_without_it(
    here: Path, alone: Path, cluster: Cluster
) -> None:
    for wanted in (8, 32):
        with begun(here, *SLOW, "--out", "resumed", at=cluster) as process:
            wait_for(here / "resumed" / "episodes.jsonl", wanted, process)
            process.send_signal(signal.SIGKILL)
    assert lines(here / "resumed" / "episodes.jsonl") < EPISODES
    done(here, *SLOW, "--out", "resumed")
    same_run(alone, here / "resumed")


def test_tasks_and_findings_are_the_same_bytes_with_a_node_lost(here: Path, cluster: Cluster) -> None:
    done(here, *SYNTH, "--out", "alone.jsonl")
    tasks = (here / "alone.jsonl").read_bytes()
    with begun(here, *SYNTH, "--out", "spread.jsonl", at=cluster) as process:
        node, _ = wait_for_work(cluster.worker_nodes, process)
        cluster.remove_node(node, allow_graceful=False)
        assert process.wait(LIMIT) == 0
    assert (here / "spread.jsonl").read_bytes() == tasks
    broken = [json.loads(line) for line in tasks.splitlines()]
    for number, task in enumerate(broken):
        task["request"] = task["request"] if number % 7 else "Do what I want."
    (here / "broken.jsonl").write_text("".join(json.dumps(task) + "\n" for task in broken))
    found = done(here, "audit", "broken.jsonl", "--json", status=1)
    assert done(here, "audit", "broken.jsonl", "--json", at=cluster, status=1) == found
    assert "provenance" in found


def test_a_policy_that_raises_on_a_worker_marks_its_episodes(here: Path, cluster: Cluster) -> None:
    few = ["bench", "--policy", "python:cluster_policy:raises", "--limit", "3", "--out", "raised"]
    done(here, *few, at=cluster, status=1)
    assert [record["fault"] for record in read_run(here / "raised")[2]] == [
        "raised: RuntimeError: no idea (cluster_policy.py:15)"
    ] * 3
