"""`tool-orch synth` on the command line: on `travel`, and on snapshots that hold little."""

import json
from pathlib import Path

import pytest
import toy as toys

from tool_orch_env.cli.main import main
from tool_orch_env.snapshot.catalog import Catalog, Source, ToolSpec
from tool_orch_env.snapshot.folder import write
from tool_orch_env.snapshot.records import make_record

PLACES = ("Aland", "Bergen", "Corinth", "Dover")


def _tool(name: str, *sources: Source) -> ToolSpec:
    schema = toys._schema(["town"], town={"type": "string"})
    return ToolSpec(name=name, domain=name, parameters=schema, sources={"town": sources} if sources else {})


def _folder(path: Path, specs: list[ToolSpec]) -> Path:
    """A snapshot whose tools answer with a number, and with the next town."""
    catalog = Catalog(specs)
    records = [
        make_record(
            catalog,
            spec.name,
            {"town": town},
            200,
            {"count": 100 * at + 11 + i, "twin": f"the twin of {PLACES[i - 1]}"},
        )
        for at, spec in enumerate(specs)
        for i, town in enumerate(PLACES)
    ]
    write(
        path, name="odd", version="1", licence="CC0-1.0", sources=[], captured="2026-01-01", catalog=catalog,
        records={"responses": records}, splits={}, notice="",
    )  # fmt: skip
    return path


ODD = {
    "no dependencies": [_tool("weather"), _tool("mayor")],
    "a cycle": [
        _tool("weather", Source(tool="mayor", pointer="/twin")),
        _tool("mayor", Source(tool="weather", pointer="/twin")),
    ],
    "a single tool": [_tool("weather")],
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_snapshot_gives_what_it_holds_and_says_what_it_does_not(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder, out = str(_folder(tmp_path / "odd", ODD[kind])), tmp_path / "tasks.jsonl"
    asked = ["synth", "--snapshot", folder, "--out", str(out), "--distractors", "0"]
    assert main([*asked, "--n", "2", "--calls", "2"]) == 0
    assert main(["audit", str(out), "--snapshot", folder]) == 0
    assert all(len(json.loads(line)["golden"]) == 2 for line in out.read_text().splitlines())
    capsys.readouterr()
    for impossible in (["--calls", "3", "--depth", "3"], ["--calls", "9"], ["--calls", "2", "--depth", "5"]):
        assert main([*asked, "--n", "2", *impossible]) == 2
        told = capsys.readouterr().err
        assert "Traceback" not in told and len(told) > 30
    assert main(["synth", "shapes", "--snapshot", folder, "--calls", "1-3"]) == 0
    assert main(["synth", "graph", "--snapshot", folder]) == 0


@pytest.mark.data  # each command makes the index of travel
def test_tasks_are_made_mistyped_and_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    plain, typed = tmp_path / "plain.jsonl", tmp_path / "typed.jsonl"
    asked = ["synth", "--n", "6", "--calls", "3", "--seed", "4"]
    assert main([*asked, "--out", str(plain)]) == 0
    assert main([*asked, "--out", str(typed), "--typos", "0.2"]) == 0
    assert plain.read_bytes() != typed.read_bytes()
    assert main(["audit", str(typed)]) == 0
    assert main([*asked, "--out", str(typed), "--typos", "7"]) == 2
    capsys.readouterr()
    assert main(["synth", "show", "--n", "3", "--seed", "2"]) == 0
    told = capsys.readouterr().out
    assert sum(line.startswith("travel-") for line in told.splitlines()) == 3
