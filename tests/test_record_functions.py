"""Recording Python functions: signatures become schemas, results answers, exceptions errors."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal

import gymnasium as gym
import pytest
import shop
from pydantic import Field

import tool_orch_env as toe
from tool_orch_env.cli import main
from tool_orch_env.errors import SpecError, UsageError
from tool_orch_env.record.functions import as_tools, load
from tool_orch_env.record.http import Report, record
from tool_orch_env.record.live import open_live
from tool_orch_env.record.spec import read_spec
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify


def spec(folder: Path, **fields: Any) -> Path:
    path = folder / "spec.yaml"
    path.write_text(json.dumps({"captured": "2026-11-22", **fields}))
    return path


def recorded(folder: Path, functions: Any, **fields: Any) -> tuple[Report, Snapshot]:
    functions = as_tools(functions, "shop")
    report = record(
        read_spec(spec(folder, **fields) if fields else None, functions=functions), folder / "out"
    )
    return report, Snapshot.open(folder / "out")


def answer(snapshot: Snapshot, tool: str, **arguments: Any) -> tuple[int, Any]:
    found = snapshot.lookup(tool, arguments)
    assert found is not None, (tool, arguments)
    return found.status, json.loads(found.text)


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_signatures_become_schemas_and_docstrings_descriptions() -> None:
    tools = load("shop:FUNCTIONS")
    assert list(tools) == ["price", "items", "area", "shelf"]
    assert tools["price"].draft.description == "What an item costs.\n\nIn euros."
    assert tools["price"].draft.parameters == {
        "type": "object",
        "properties": {
            "item": {"type": "string", "enum": ["tea", "milk", "salt"]},
            "size": {"$ref": "#/$defs/Size", "default": "small"},
        },
        "required": ["item"],
        "additionalProperties": False,
        "$defs": {"Size": {"type": "string", "enum": ["small", "large"], "title": "Size"}},
    }
    assert tools["shelf"].draft.parameters["properties"]["number"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 3,
        "description": "Which one.",
    }
    assert tools["area"].draft.parameters["properties"]["day"]["anyOf"][0] == {
        "type": "string",
        "format": "date",
    }


def test_a_function_an_object_and_a_module_can_be_named() -> None:
    assert list(load("shop:price")) == ["price"]
    assert list(load("shop:STORE")) == ["flaky", "never", "secret", "wrong"]
    assert list(load("shop:STORE.flaky")) == ["flaky"]
    assert list(as_tools([shop.items], "x")) == ["items"]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("", "expected module:name"),
        ("no_such_module:x", "No module named 'no_such_module'"),
        ("shop:nothing", "has no attribute 'nothing'"),
        ("shop:ASKED", "found list"),
        (
            "shop:Store",
            "expected a function, a list of functions or an object with public methods, found type",
        ),
        ("shop:starred", "starred: numbers: expected parameters that can be given by name"),
        ("shop:strange", "strange: no schema: "),
        ("shop:no_schema", "no_schema: no schema: "),
    ],
)
def test_what_cannot_be_tools_is_refused_with_its_place(place: str, why: str) -> None:
    with pytest.raises(UsageError, match=r"functions|starred") as raised:
        load(place)
    assert why in str(raised.value)


def test_lambdas_and_two_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="not a function with a name"):
        as_tools([lambda: 1], "x")
    with pytest.raises(UsageError, match="two functions are named 'items'"):
        as_tools([shop.items, shop.items], "x")


def test_without_a_spec_every_finite_call_is_recorded(tmp_path: Path) -> None:
    report, snapshot = recorded(tmp_path, shop.FUNCTIONS)
    assert (report.planned, report.faults, snapshot.name, verify(snapshot)) == (7, [], "shop", [])
    assert answer(snapshot, "price", item="tea") == (
        200,
        {"amount": 2.5, "tags": ["dry", "new", "sold", "warm"], "day": "2026-11-22"},
    )
    assert answer(snapshot, "price", item="salt") == (
        400,
        {"error": {"type": "KeyError", "message": "'no salt today'"}},
    )
    assert answer(snapshot, "items")[1][0] == {"name": "tea", "stock": [1, 2, 3]}
    assert answer(snapshot, "shelf", number=3) == (200, {"number": 3})
    assert [source["name"] for source in snapshot.manifest["sources"]] == ["shop"]
    [note] = read_spec(None, functions=load("shop:FUNCTIONS")).notes
    assert note.startswith("area: not called without a plan: expected an enum, a boolean or bounds for box")


def test_a_plan_follows_replies_and_arguments_get_their_types(tmp_path: Path) -> None:
    plan = [
        {"call": "items"},
        {"follow": "items"},
        {"call": "area", "over": [{"values": {"box": [{"width": 3}, {"width": 1, "height": 1}]}}]},
        {"call": "area", "arguments": {"box": {"width": 1}, "day": "2026-11-22"}},
    ]
    tools = {"price": {"sources": {"item": [{"tool": "items", "pointer": "/*/name"}]}}}
    report, snapshot = recorded(
        tmp_path, shop.FUNCTIONS, name="shop", plan=plan, tools=tools, drop=["/amount"]
    )
    assert (report.planned, report.faults) == (6, [])
    assert "amount" not in answer(snapshot, "price", item="milk")[1]
    assert answer(snapshot, "area", box={"width": 3}) == (200, {"area": 6, "day": None})
    assert answer(snapshot, "area", box={"width": 1}, day="2026-11-22")[1]["day"] == "2026-11-22"
    assert snapshot.manifest["sources"] == [{"name": "shop", "captured": "2026-11-22"}]


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(tmp_path: Path) -> None:
    recorded(tmp_path, shop.FUNCTIONS, name="shop", plan=[{"call": "price", "over": [{"all": "item"}]}])
    first, asked = folder_bytes(tmp_path / "out"), len(shop.ASKED)
    plan = [{"call": "price", "over": [{"all": "item"}]}]
    report, _ = recorded(tmp_path, shop.FUNCTIONS, name="shop", plan=plan)
    assert (report.asked, report.reused, len(shop.ASKED)) == (0, 3, asked)
    assert folder_bytes(tmp_path / "out") == first


def test_a_connection_that_fails_is_tried_again_and_never_recorded(tmp_path: Path) -> None:
    plan = [{"call": "flaky"}, {"call": "never"}]
    limits = {"backoff": 0, "attempts": 3}
    report, snapshot = recorded(tmp_path, shop.Store(), plan=plan, limits=limits)
    assert answer(snapshot, "flaky") == (200, "up")
    assert [(fault.tool, fault.why) for fault in report.faults] == [("never", "TimeoutError")]


def test_what_is_not_json_is_a_fault_with_its_reason(tmp_path: Path) -> None:
    report, snapshot = recorded(tmp_path, shop.Store(), plan=[{"call": "wrong", "over": [{"all": "kind"}]}])
    assert len(snapshot) == 0
    why = {fault.arguments["kind"]: fault.why for fault in report.faults}
    assert why["nan"].startswith("not JSON: Out of range float values")
    assert why["object"].startswith("not JSON: Unable to serialize unknown type")
    assert why["deep"] == "nested deeper than 64"
    assert why["big"] == "an answer of more than 4194304 bytes (limits.max_bytes)"


@dataclass
class Point:
    x: int


class Speechless(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def contains_itself(kind: Literal[1]) -> object:
    found: list[object] = []
    found.append(found)
    return found


def endless(kind: Literal[1]) -> object:
    return {"numbers": (number for number in count())}


def lost_field(kind: Literal[1]) -> object:
    made = Point(1)
    del made.x
    return made


def exits(kind: Literal[1]) -> object:
    sys.exit("bye")


def speechless(kind: Literal[1]) -> object:
    raise Speechless


@pytest.mark.parametrize("function", [contains_itself, endless, lost_field])
def test_no_result_stops_a_recording(tmp_path: Path, function: Any) -> None:
    report, snapshot = recorded(tmp_path, [function, exits])
    [fault] = report.faults
    assert fault.tool == function.__name__ and fault.why.startswith("not JSON: ")
    assert len(snapshot) == 1


def test_exceptions_that_end_a_program_or_have_no_text_are_answers(tmp_path: Path) -> None:
    _, snapshot = recorded(tmp_path, [exits, speechless])
    assert answer(snapshot, "exits", kind=1) == (400, {"error": {"type": "SystemExit", "message": "bye"}})
    assert answer(snapshot, "speechless", kind=1) == (
        400,
        {"error": {"type": "Speechless", "message": ""}},
    )


def test_no_secret_of_a_function_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "s3cr3t-value")
    _, snapshot = recorded(tmp_path, shop.Store(), plan=[{"call": "secret"}], secrets=["SHOP_KEY"])
    assert answer(snapshot, "secret") == (200, {"key": "[secret]"})
    assert b"s3cr3t" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_a_spec_for_functions_has_no_api_and_names_only_tools_there_are(tmp_path: Path) -> None:
    path = spec(tmp_path, api={"base_url": "http://x"}, tools={"pirce": {}, "price": {"url": "/x"}})
    with pytest.raises(SpecError) as raised:
        read_spec(path, functions=load("shop:FUNCTIONS"))
    assert raised.value.problems == [
        "spec.yaml: tools.pirce: no such tool; there are area, items, price, shelf",
        "spec.yaml: tools.price.url: only a tool of an HTTP API has it",
        "spec.yaml: api: functions are called in its place; leave it out",
    ]
    with pytest.raises(SpecError, match="api: expected `base_url` of an HTTP API, or `mcp`"):
        read_spec(spec(tmp_path, name="x"))


def test_a_file_cannot_name_a_function(tmp_path: Path) -> None:
    for given in ({"functions": "os:system"}, {"api": {"functions": "os:system"}}):
        with pytest.raises(SpecError, match="Extra inputs are not permitted"):
            read_spec(spec(tmp_path, name="x", **given))


def test_an_mcp_server_without_its_extra_is_told_with_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(
        UsageError, match=r"recording an MCP server needs mcp.*: pip install 'tool-orch-env\[mcp\]'"
    ):
        read_spec(spec(tmp_path, name="x", api={"mcp": {"command": ["x"]}}))


def test_the_command_records_functions_of_the_current_folder(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "corner.py").write_text(
        'def open_on(day: "Day") -> bool:\n    """Whether the shop is open."""\n    return day != "Sunday"\n\n'
        'from typing import Literal\nDay = Literal["Saturday", "Sunday"]\n'
    )
    command = [sys.executable, "-W", "error", "-m", "tool_orch_env.cli", "record", "--functions", "corner"]
    environ = {**os.environ, "PYTHONPATH": str(Path(toe.__file__).parent.parent)}
    done = subprocess.run([*command, "--out", "corner-shop"], cwd=tmp_path, env=environ, capture_output=True)
    assert done.returncode == 0, done.stderr
    snapshot = Snapshot.open(tmp_path / "corner-shop")
    assert (snapshot.name, answer(snapshot, "open_on", day="Sunday")) == ("corner", (200, False))
    assert main(["record", "--out", str(tmp_path / "none")]) == 2
    assert "expected SPEC, or --functions MODULE:NAME" in capsys.readouterr().err


def test_a_task_is_played_and_a_miss_is_answered_live_by_the_function(tmp_path: Path) -> None:
    golden = [{"id": "a", "tool": "price", "arguments": {"item": "tea"}}]
    told = {
        "id": "t",
        "snapshot": "shop",
        "request": "What does tea cost?",
        "tools": ["price"],
        "golden": golden,
    }
    (tmp_path / "tasks.jsonl").write_text(json.dumps(told) + "\n")
    plan = [{"call": "price", "arguments": {"item": "tea"}}]
    recorded(tmp_path, shop.FUNCTIONS, name="shop", plan=plan, tasks={"test": "tasks.jsonl"})
    snapshot = Snapshot.open(tmp_path / "out")
    [task] = snapshot.tasks("test")
    assert toe.score_turns(task, toe.oracle_turns(task), snapshot).total == 1.0
    read = read_spec(tmp_path / "spec.yaml", functions=load("shop:FUNCTIONS"))
    live = open_live(read, snapshot, tmp_path / "overlay")
    env = gym.make("ToolOrch-v0", snapshot=snapshot, split="test", on_miss="live", record=live)
    env.reset(seed=0)
    calls = [{"name": "price", "arguments": {"item": item}} for item in ("tea", "milk", "salt")]
    text, *_, info = env.step(calls)
    assert [call["code"] for call in info["calls"]] == ["ok", "ok", "api_error"] and "no salt today" in text
    asked = len(shop.ASKED)
    env.step(calls)
    assert len(shop.ASKED) == asked, "the overlay answers what was asked"


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from tool_orch_env.record.functions import load
from tool_orch_env.record.http import record
from tool_orch_env.record.spec import read_spec

folder, wanted, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(7)
spec = read_spec(folder / "spec.yaml", functions=load("shop:square"))

def lines(out):
    journal = out.with_name(out.name + ".journal.jsonl")
    return journal.read_bytes().count(b"\\n") if journal.exists() else 0

def ended(child):
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

record(spec, folder / "whole")
for number in range(10):
    out = folder / f"killed-{number}"
    for _ in range(wanted // 10):
        child = os.fork()
        if child == 0:
            record(spec, out)
            os._exit(0)
        enough = rng.randrange(lines(out), 302)  # the last lines come before the folder is written
        while lines(out) < enough and not ended(child):
            time.sleep(0.0005)
        time.sleep(rng.uniform(0, 0.003))
        os.kill(child, signal.SIGKILL)
        print("killed", lines(out), os.WIFSIGNALED(os.waitpid(child, 0)[1]), flush=True)
    record(spec, out)
"""


@pytest.mark.kill
def test_fifty_kills_leave_the_bytes_of_an_undisturbed_run(tmp_path: Path) -> None:
    spec(tmp_path, plan=[{"call": "square", "over": [{"all": "number", "maximum": 299}]}])
    here = {
        **os.environ,
        "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{Path(toe.__file__).parent.parent}",
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path), "60"], capture_output=True, text=True, env=here
    )
    assert done.returncode == 0, done.stderr
    kills = [line.split() for line in done.stdout.splitlines()]
    found = sorted(int(lines) for _, lines, killed in kills if killed == "True")
    assert len(kills) == 60 and len(found) >= 50
    assert found[0] < 100 and found[-1] > 250, "the kills came all at the same time of the run"
    whole = folder_bytes(tmp_path / "whole")
    for number in range(10):
        assert folder_bytes(tmp_path / f"killed-{number}") == whole
        journal = tmp_path / f"killed-{number}.journal.jsonl"
        assert len(journal.read_bytes().splitlines()) == 301  # nothing is recorded twice


def firsts(limit: Annotated[int, Field(ge=1, le=50)]) -> dict[str, list[int]]:
    """The first squares."""
    return {"items": [number * number for number in range(limit)]}


def lasts(limit: Annotated[int, Field(ge=1, le=50)]) -> dict[str, list[int]]:
    """The last squares: not what a rule for first ones says."""
    return {"items": [number * number for number in range(50 - limit, 50)]}


def test_rules_are_proved_by_calling_the_functions(tmp_path: Path) -> None:
    rule = {"rule": "prefix", "parameter": "limit", "at": "/items", "recorded": [40]}
    tools = {name: {"derive": [rule]} for name in ("firsts", "lasts")}
    plan = [{"call": name, "over": [{"values": {"limit": [20, 40]}}]} for name in tools]
    report, snapshot = recorded(tmp_path, [firsts, lasts], plan=plan, tools=tools)
    assert [refused.split(":")[0] for refused in report.refused] == ["lasts"]
    assert answer(snapshot, "firsts", limit=20)[1]["items"][-1] == 361
    assert [rule.rule for rule in snapshot.catalog["firsts"].spec.derive] == ["prefix"]
    assert snapshot.catalog["lasts"].spec.derive == ()
