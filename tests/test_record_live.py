"""`on_miss="live"`: a miss goes to a real server through the recorder's client, and into an overlay."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import pytest
from service import PLAN, TOOLS, Service, serving, spec

from tool_orch_env.cli.main import main
from tool_orch_env.errors import SnapshotError, SpecError, UsageError
from tool_orch_env.record.http import record
from tool_orch_env.record.live import open_live
from tool_orch_env.record.merge import merge, next_version
from tool_orch_env.record.overlay import Overlay
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify

TASK = {
    "id": "towns-1",
    "snapshot": "towns",
    "request": "Get town 3.",
    "tools": ["get_town", "echo", "fetch"],
    "golden": [{"id": "a", "tool": "get_town", "arguments": {"id": 3}}],
}


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


@pytest.fixture
def recorded(service: Service, tmp_path: Path) -> Path:
    """A snapshot of the twenty towns of country N and nothing else; the others answer live."""
    (tmp_path / "tasks.jsonl").write_text(json.dumps(TASK) + "\n")
    plan = [{"call": "list_towns", "arguments": {"country": "N"}}, PLAN[1]]
    path = spec(tmp_path, service.url, plan=plan, tasks={"test": "tasks.jsonl"})
    record(read_spec(path), tmp_path / "snapshot")
    service.seen.clear()
    return tmp_path


def make(folder: Path, **more: object) -> gym.Env:
    return gym.make(
        "ToolOrch-v0",
        snapshot=str(folder / "snapshot"),
        split="test",
        on_miss="live",
        record=str(folder / "spec.yaml"),
        overlay=str(folder / "overlay"),
        max_turns=100,
        disable_env_checker=True,
        **more,
    )


def town(number: int) -> dict[str, object]:
    return {"name": "get_town", "arguments": {"id": number}}


def codes(env: gym.Env, *calls: object) -> list[str]:
    return [call["code"] for call in env.step(list(calls))[4]["calls"]]


def test_a_miss_is_asked_once_and_then_answered_from_the_overlay(service: Service, recorded: Path) -> None:
    env = make(recorded)
    env.reset(seed=0)
    assert codes(env, town(3), town(4), town(99)) == ["ok", "ok", "api_error"]
    assert service.seen == {"/towns/4": 1, "/towns/99": 1}  # town 3 is recorded
    assert codes(env, town(4), town(99), town(4)) == ["ok", "api_error", "ok"]
    again = make(recorded)
    text, _ = again.reset(seed=0)
    text, *_ = again.step(town(4))
    assert "Town 4" in text and "served" not in text and service.seen.total() == 2
    assert len(Snapshot.open(recorded / "snapshot")) == 21  # never written


def test_an_invalid_call_is_not_asked_and_a_bad_answer_is_a_miss_with_its_reason(
    service: Service, recorded: Path
) -> None:
    with serving() as other:
        service.elsewhere = f"{other.url}/towns/1"
        env = make(recorded)
        env.reset(seed=0)
        fetch = [
            {"name": "fetch", "arguments": {"route": r, "case": c}}
            for r, c in (("redirect", "away"), ("..", "x"))
        ]
        text, *_, info = env.step([{"name": "get_town", "arguments": {"id": "x"}}, *fetch])
        assert [call["code"] for call in info["calls"]] == [
            "invalid_arguments",
            "not_recorded",
            "not_recorded",
        ]
        assert "not a host of the spec" in text and "another endpoint" in text
        assert not other.seen and service.seen == {"/redirect/away": 1}


PLAYER = """
import sys, gymnasium as gym, tool_orch_env
from tool_orch_env.record.live import open_live
folder, turn = sys.argv[1], int(sys.argv[2])
env = gym.make("ToolOrch-v0", snapshot=folder + "/snapshot", split="test", on_miss="live", record=folder + "/spec.yaml",
               overlay=folder + "/overlay", max_turns=100, max_calls=1000, disable_env_checker=True)
env.reset(seed=0)
order = [(n * 7 + turn * 10) % 40 for n in range(40)]
for number in order:
    info = env.step({"name": "get_town", "arguments": {"id": number}})[4]
    assert info["calls"][0]["code"] == "ok", info
    assert f"Town {number}\\"" in info["messages"][0]["content"]
print("played")
"""


def test_four_processes_share_an_overlay_and_a_rate(service: Service, recorded: Path) -> None:
    spec(recorded, service.url, tasks={"test": "tasks.jsonl"}, limits={"rate": 60})
    service.times.clear()
    command = [sys.executable, "-c", PLAYER, str(recorded)]
    running = [
        subprocess.Popen([*command, str(turn)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for turn in range(4)
    ]
    for player in running:
        out, told = player.communicate()
        assert player.returncode == 0 and out == "played\n", told
    asked = service.seen.total()
    missing = {f"/towns/{n}" for n in range(40)} - {f"/towns/{n}" for n in range(0, 60, 3)}
    assert set(service.seen) == missing and len(Overlay(recorded / "overlay")) == len(missing)
    assert asked <= 4 * len(missing)
    spacing = service.times[-1] - service.times[0]
    assert spacing >= (asked - 1) / 60 * 0.8  # together they keep the rate


def test_an_overlay_becomes_a_new_version(
    service: Service, recorded: Path, capsys: pytest.CaptureFixture
) -> None:
    env = make(recorded)
    env.reset(seed=0)
    codes(env, town(4), town(99))
    out = recorded / "merged"
    assert (
        main(["snapshot", "merge", str(recorded / "snapshot"), str(recorded / "overlay"), "--out", str(out)])
        == 0
    )
    assert "2 added" in capsys.readouterr().out
    merged, base = Snapshot.open(out), Snapshot.open(recorded / "snapshot")
    assert len(merged) == 23 and merged.manifest["version"] == "2" and not verify(merged)
    assert {r.key for r in base.records()} < {r.key for r in merged.records()}
    assert [task.id for task in merged.tasks("test")] == ["towns-1"]
    assert main(["snapshot", "diff", str(recorded / "snapshot"), str(out)]) == 1
    assert "2 added, 0 removed, 0 changed, 21 unchanged" in capsys.readouterr().out
    assert main(["snapshot", "diff", str(out), str(out)]) == 0
    offline = gym.make("ToolOrch-v0", snapshot=merged, split="test", disable_env_checker=True)
    offline.reset(seed=0)
    service.seen.clear()
    assert codes(offline, town(4), town(99)) == ["ok", "api_error"] and not service.seen
    again = recorded / "again"
    merge(merged, Overlay(recorded / "overlay").records(), again, version="2")
    files = ("responses.jsonl.gz", "manifest.json", "tools.json")
    assert all((again / f).read_bytes() == (out / f).read_bytes() for f in files)


def test_versions_follow_each_other() -> None:
    assert [next_version(v) for v in ("1.0.9", "2", "2026-rc", "")] == ["1.0.10", "3", "2026-rc.1", ".1"]


def test_live_needs_a_spec_that_fits(service: Service, recorded: Path) -> None:
    with pytest.raises(UsageError, match="needs record="):
        gym.make("ToolOrch-v0", snapshot=str(recorded / "snapshot"), split="test", on_miss="live")
    tools = {
        **TOOLS,
        "get_town": {"url": "/towns/{id}", "parameters": {**TOOLS["get_town"]["parameters"], "title": "T"}},
    }
    path = spec(recorded, service.url, tools=tools, tasks={"test": "tasks.jsonl"})
    with pytest.raises(SpecError, match=r"tools\.get_town: parameters differ from those in snapshot"):
        open_live(path, Snapshot.open(recorded / "snapshot"))


def test_many_episodes_share_one_live_api(service: Service, recorded: Path) -> None:
    envs = gym.make_vec(
        "ToolOrch-v0",
        num_envs=3,
        snapshot=str(recorded / "snapshot"),
        split="test",
        on_miss="live",
        record=str(recorded / "spec.yaml"),
        overlay=str(recorded / "overlay"),
    )
    envs.reset(seed=0)
    texts = envs.step([town(4)] * 3)[0]
    assert all("Town 4" in text for text in texts) and service.seen == {"/towns/4": 1}


class _Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("where", ["key", "value", "file"])
def test_a_pickle_in_an_overlay_is_refused_and_not_run(tmp_path: Path, where: str) -> None:
    import sqlite3

    overlay, mark = tmp_path / "overlay", tmp_path / "harmed"
    Overlay(overlay)._cache.close()
    harm = sqlite3.Binary(pickle.dumps(_Harm(mark)))
    victim = tmp_path / "victim"
    victim.write_text("here")
    row = {
        "key": (harm, 0, 1, "{}", None),
        "value": ("call:" + "0" * 32, 1, 4, harm, None),
        "file": ("turn", 1, 2, None, "../victim"),
    }[where]
    with sqlite3.connect(overlay / "cache.db") as db:
        db.execute(
            "INSERT INTO Cache (key, raw, mode, value, filename, store_time, access_time, size) "
            "VALUES (?, ?, ?, ?, ?, 0, 0, 0)",
            row,
        )
    db.close()
    with pytest.raises(SnapshotError, match="not text"):
        if where == "file":
            Overlay(overlay).turn(1.0)
        else:
            list(Overlay(overlay).records())
    assert not mark.exists() and victim.read_text() == "here"
