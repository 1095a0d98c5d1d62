"""Recording with rules: they are proved against the API that is recorded, and a refused one is left out."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import toy_api as toys

from tool_orch_env import cli
from tool_orch_env.errors import SpecError
from tool_orch_env.record.http import Report, open_recorder, record
from tool_orch_env.record.prove import Proof
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify


class Handler(BaseHTTPRequestHandler):
    """POST /tool with the arguments as the body."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; together they would wait 40 ms

    def do_POST(self) -> None:
        arguments = json.loads(self.rfile.read(int(self.headers["content-length"])))
        tool = self.path[1:]
        self.server.asked[tool] += 1  # type: ignore[attr-defined]
        status, body = getattr(self.server.api, tool)(**arguments)  # type: ignore[attr-defined]
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *what: object) -> None:
        """Quiet."""


@contextmanager
def serving(api: toys.Api) -> Iterator[tuple[str, Counter[str]]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.api, server.asked = api, Counter()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def spec(folder: Path, url: str, *tools: str) -> Path:
    entries = {
        name: {**toys.SPECS[name], "sources": {}, "url": f"/{name}", "method": "POST"} for name in tools
    }
    steps = [{"call": tool, "arguments": arguments} for tool, arguments in toys.plan() if tool in tools]
    steps = [{**step, "id": f"s{number}"} for number, step in enumerate(steps)]
    path = folder / "spec.yaml"
    path.write_text(json.dumps({"name": "toy", "api": {"base_url": url}, "tools": entries, "plan": steps}))
    return path


def run(folder: Path, url: str, *tools: str) -> tuple[Report, Snapshot]:
    report = record(read_spec(spec(folder, url, *tools)), folder / "out")
    return report, Snapshot.open(folder / "out")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rules_are_proved_and_the_manifest_says_so(tmp_path: Path) -> None:
    with serving(toys.Api()) as (url, asked):
        report, snapshot = run(tmp_path, url, "get", "near")
    assert report.refused == [] and report.faults == []
    proofs = snapshot.manifest["proofs"]
    assert [(one["tool"], one["rule"]) for one in proofs] == [
        ("get", "complete"),
        ("near", "threshold"),
        ("near", "prefix"),
        ("near", "together"),
    ]
    assert [one["probes"] for one in proofs] == [300, 300, proofs[2]["probes"], 300]
    assert asked.total() <= report.asked + sum(one["probes"] for one in proofs), "each probe is asked once"
    assert snapshot.manifest["format"] == 2 and len(snapshot) == report.planned
    assert verify(snapshot) == []
    assert snapshot.lookup("get", {"id": "n4711"}) is not None


def test_proving_again_asks_nothing_and_writes_the_same_bytes(tmp_path: Path) -> None:
    with serving(toys.Api()) as (url, asked):
        run(tmp_path, url, "get")
        first, before = contents(tmp_path / "out"), asked.total()
        run(tmp_path, url, "get")
        assert (contents(tmp_path / "out"), asked.total()) == (first, before)


def test_two_parts_are_recorded_apart_and_joined_without_the_api_of_the_first(tmp_path: Path) -> None:
    for part in ("whole", "first"):
        (tmp_path / part).mkdir()
    with serving(toys.Api()) as (url, _):
        run(tmp_path / "whole", url, "get", "near")
        _, first = run(tmp_path / "first", url, "near")
    both = read_spec(spec(tmp_path, url, "get", "near"))
    with open_recorder(both, tmp_path / "out") as recorder:
        recorder.take(first.records())
    proofs = [Proof.from_dict(entry) for entry in first.manifest["proofs"]]
    with serving(toys.Api()) as (url, asked):
        both = read_spec(spec(tmp_path, url, "get", "near"))
        assert record(both, tmp_path / "out", proofs=proofs).refused == []
        assert asked["get"] and not asked["near"]
    assert contents(tmp_path / "out") == contents(tmp_path / "whole" / "out")


def test_a_fold_that_was_refused_before_is_refused_again_and_proofs_of_other_tools_are_ignored(
    tmp_path: Path,
) -> None:
    with serving(toys.Api()) as (url, _):
        _, first = run(tmp_path, url, "near")
        proofs = [Proof.from_dict(entry) for entry in first.manifest["proofs"]]
        again = read_spec(spec(tmp_path, url, "near"))
        record(again, tmp_path / "out", proofs=[*proofs, Proof("gone", "fold", -1, 0, refused="no")])
        assert Snapshot.open(tmp_path / "out").manifest["proofs"] == first.manifest["proofs"]
        with pytest.raises(SpecError, match="near: fold is refused: no"):
            record(again, tmp_path / "out", proofs=[*proofs, Proof("near", "fold", -1, 0, refused="no")])


def test_a_rule_that_the_api_does_not_keep_is_left_out(tmp_path: Path, capsys: Any) -> None:
    with serving(toys.KnowsMore()) as (url, _):
        path = spec(tmp_path, url, "get")
        assert cli.main(["record", str(path), "--out", str(tmp_path / "out")]) == 1
    assert "get: complete (derive.0) is refused" in capsys.readouterr().out
    snapshot = Snapshot.open(tmp_path / "out")
    assert snapshot.catalog["get"].spec.derive == () and snapshot.manifest["proofs"][0]["refused"]
    assert snapshot.lookup("get", {"id": "n4711"}) is None


def test_a_fold_that_the_api_does_not_keep_stops_the_recording(tmp_path: Path) -> None:
    with serving(toys.KnowsCase()) as (url, _), pytest.raises(SpecError, match="shops: fold is refused"):
        run(tmp_path, url, "shops")
    assert not (tmp_path / "out").exists()


def test_a_snapshot_is_proved_by_a_command(tmp_path: Path, capsys: Any) -> None:
    with serving(toys.Api()) as (url, _):
        run(tmp_path, url, "near")
        arguments = ["snapshot", "prove", str(tmp_path / "out"), "--record", str(tmp_path / "spec.yaml")]
        assert cli.main([*arguments, "--probes", "40", "--seed", "7"]) == 0
    assert "near: threshold: 40 probes" in capsys.readouterr().out
    with serving(toys.OpenRadius()) as (url, _):
        spec(tmp_path, url, "near")
        assert cli.main(arguments) == 1
    assert "near: threshold (derive.0) is refused" in capsys.readouterr().out


def test_rules_may_change_while_a_recording_is_resumed_and_folds_may_not(tmp_path: Path) -> None:
    with serving(toys.Api()) as (url, _):
        before = read_spec(spec(tmp_path, url, "shops")).fingerprint
        document = json.loads((tmp_path / "spec.yaml").read_text())
        changed = json.loads(json.dumps(document))
        changed["tools"]["shops"].update(derive=[], holds={"limit": {"maximum": 20}})
        (tmp_path / "spec.yaml").write_text(json.dumps(changed))
        assert read_spec(tmp_path / "spec.yaml").fingerprint == before
        del changed["tools"]["shops"]["fold"]
        (tmp_path / "spec.yaml").write_text(json.dumps(changed))
        assert read_spec(tmp_path / "spec.yaml").fingerprint != before
