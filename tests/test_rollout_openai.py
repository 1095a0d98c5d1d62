"""`examples/rollout_openai.py` against a server on the loopback that answers well, refuses, or fails."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import toy as toys
from model_server import ModelServer, serving

from examples import rollout_openai


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toys.folder(tmp_path_factory.mktemp("toy"), test=toys.tasks())


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def played(url: str, model: str, snapshot: Path, out: Path) -> list[dict]:
    """The transcripts, as they were written."""
    asyncio.run(
        rollout_openai.main(url, model, str(out), len(toys.tasks()), snapshot=str(snapshot), split="test")
    )
    episodes = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["task_id"] for one in episodes] == [task.id for task in toys.tasks()]
    return episodes


@pytest.mark.parametrize("model", ["good", "strict", "no_parser"])
def test_a_model_that_plays_the_golden_trace_succeeds_natively_or_in_text(
    server: ModelServer, snapshot: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for episode in played(server.url, model, snapshot, tmp_path / "out.jsonl"):
        assert episode["success"] and episode["reward"] == pytest.approx(1.0)
        assert sum(episode["rewards"]) == episode["reward"] and "void" not in episode
        roles = [message["role"] for message in episode["messages"]]
        assert roles[:3] == ["system", "user", "assistant"] and roles[-1] == "assistant"
    assert capsys.readouterr().out.endswith("reward 1.000, success 1.000, void 0\n")


def test_a_server_that_fails_makes_episodes_void_and_not_zero(
    server: ModelServer, snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episodes = played(server.url, "error_500", snapshot, tmp_path / "out.jsonl")
    assert all("broken inside" in episode["void"] for episode in episodes)
    assert capsys.readouterr().out.endswith(f"void {len(episodes)}\n")


def test_a_chat_that_the_server_refuses_ends_with_the_rewards_so_far(
    server: ModelServer, snapshot: Path, tmp_path: Path
) -> None:
    episodes = played(server.url, "short_context", snapshot, tmp_path / "out.jsonl")
    assert all("too long" in episode["refused"] and "void" not in episode for episode in episodes)
    assert all(0 < episode["reward"] < 1 and not episode["success"] for episode in episodes)
