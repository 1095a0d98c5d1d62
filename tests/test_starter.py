"""A first scenario file is written for any snapshot, makes tasks at once, and says what it leaves out."""

import json
from pathlib import Path

import pytest
import scenes

from tool_orch_env.cli.main import main
from tool_orch_env.language.phrase_book import singular
from tool_orch_env.language.scenarios.read import parse_scenarios
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.synth.scenes.check import Chosen, check, misfits
from tool_orch_env.synth.starter import starter


@pytest.mark.parametrize("more", [{}, {"limit": 10}], ids=["plain", "paged"])
def test_the_file_makes_tasks_at_once(more: dict[str, int]) -> None:
    """Paging parameters that every recorded call has are passed on, and said by nobody."""
    theatre = scenes.world(**more)
    text, unplaced = starter(theatre)
    file = parse_scenarios(text, "starter.toml")
    assert [scenario.id for scenario in file.scenario] == ["get_show_from_board"]
    assert list(misfits(file, theatre)) == []
    checked = list(check(Chosen(file), theatre, 0))
    assert checked and all(one.found for one in checked)
    requests = [task.request for one in checked for task in one.tasks]
    assert any("the show list of" in request for request in requests)
    assert not any("10" in request for request in requests)
    assert unplaced["rate"] == unplaced["get_venue"]
    assert unplaced["rate"] == "no declared source leads from a list to its required parameters"


def test_a_paged_list_is_read_on_its_first_page() -> None:
    """The default page is passed on by nobody; a row of another page could not be found by it."""
    plain = scenes.world(limit=10)
    specs = []
    for tool in plain.catalog.values():
        schema = json.loads(json.dumps(tool.spec.parameters))
        if "limit" in schema["properties"]:
            schema["properties"]["limit"]["default"] = 10
        specs.append(tool.spec.model_copy(update={"parameters": schema}))
    tools = Catalog(specs)
    made = [
        scenes.make_record(tools, one.tool, one.arguments, one.status, json.loads(one.text))
        for one in plain.records()
    ]
    paged = Snapshot.from_records("paged", tools, made)
    text, _ = starter(paged)
    assert '"drawn.arguments.limit == 10"' in text and "limit=" not in text and "understood" not in text
    checked = list(check(Chosen(parse_scenarios(text, "starter.toml")), paged, 0))
    assert checked and all(one.found for one in checked)


def test_nouns_come_from_lists_and_are_put_in_the_singular() -> None:
    assert [singular(one) for one in ("sites", "cities", "boxes", "branches", "bus", "glass")] == [
        "site", "city", "box", "branch", "bus", "glass",
    ]  # fmt: skip


def test_the_command_writes_a_file_that_check_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.toml"
    assert main(["synth", "starter", "--snapshot", "elements", "--out", str(out)]) == 0
    assert "convert_unit: not placed" in " ".join(capsys.readouterr().out.split())
    assert main(["synth", "check", str(out), "--snapshot", "elements"]) == 0
    assert main(["synth", "starter", "--snapshot", "elements", "--out", str(out)]) == 2


def test_a_snapshot_without_chains_is_told_so() -> None:
    tools = scenes.catalog()
    records = [scenes.make_record(tools, "rate", {"currency": "SEK"}, 200, {"rate": 8.65})]
    text, unplaced = starter(Snapshot.from_records("odd", tools, records))
    assert text == "" and unplaced["list_shows"] == "no success is recorded"
