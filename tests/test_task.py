"""Task files: what is consistent in itself, and every fault with file, line and remedy."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tool_orch_env.answers.oracle import oracle_turns
from tool_orch_env.errors import TaskError
from tool_orch_env.task import Task, dump_tasks, read_tasks

GOLDEN = Path(__file__).parent / "golden" / "tasks.jsonl"


def call(call_id: str, *needs: str, **more: Any) -> dict[str, Any]:
    return {"id": call_id, "tool": "f", "arguments": {}, "needs": list(needs), **more}


def task(*golden: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "t",
        "snapshot": "s",
        "request": "Do it.",
        "tools": ["f", "g"],
        "golden": list(golden),
        **more,
    }


GOOD = json.dumps(task(call("a")))
BINDING = {"x": {"call": "a", "pointer": "/x"}}

FAULTS = {
    "not JSON": ("{", "not JSON"),
    "prose": ("hello", "not JSON"),
    "NaN": (GOOD.replace('"arguments": {}', '"arguments": {"a": NaN}'), "NaN is not JSON"),
    "infinite": (GOOD.replace('"arguments": {}', '"arguments": {"a": 1e999}'), "golden.0.arguments"),
    "duplicate key": (GOOD.replace('"id": "t"', '"id": "t", "id": "u"'), "duplicate key 'id'"),
    "deep": ('{"id": ' + "[" * 10_000, "nested too deep"),
    "two objects on a line": (GOOD + GOOD, "not JSON"),
    "no object": ("[]", "dictionary"),
    "missing field": (json.dumps({"id": "t"}), "golden: Field required"),
    "extra field": (json.dumps(task(call("a"), extra=1)), "extra: Extra inputs"),
    "extra field of a call": (json.dumps(task(call("a", extra=1))), "golden.0.extra: Extra inputs"),
    "empty id": (json.dumps({**task(call("a")), "id": ""}), "id: "),
    "id of a wrong type": (json.dumps({**task(call("a")), "id": 7}), "id: "),
    "no golden call": (json.dumps(task()), "at least one golden call"),
    "only optional calls": (
        json.dumps(task(call("a", optional=True))),
        "at least one golden call that is not optional",
    ),
    "same id twice": (json.dumps(task(call("a"), call("a"))), "two golden calls have the same id"),
    "tool not offered": (json.dumps(task({**call("a"), "tool": "h"})), "uses 'h', which is not offered"),
    "unknown needs": (json.dumps(task(call("a", "b"))), "needs 'b', which does not exist"),
    "needs itself": (json.dumps(task(call("a", "a"))), "in a circle"),
    "circle": (json.dumps(task(call("a", "c"), call("b", "a"), call("c", "b"))), "in a circle"),
    "binding outside needs": (
        json.dumps(task(call("a"), call("b", bindings=BINDING))),
        "takes 'x' from 'a', which is not among its needs",
    ),
    "binding that is no pointer": (
        json.dumps(task(call("a"), call("b", "a", bindings={"x": {"call": "a", "pointer": "x"}}))),
        "is not a JSON Pointer",
    ),
    "arguments of a wrong type": (json.dumps(task(call("a", arguments=[]))), "golden.0.arguments"),
    "arguments too deep": (
        json.dumps(task(call("a", arguments=json.loads('{"a":' * 70 + "1" + "}" * 70)))),
        "nested",
    ),
    "lone surrogate in arguments": (json.dumps(task(call("a", arguments={"a": "\ud800"}))), "surrogate"),
    "lone surrogate in the request": (json.dumps({**task(call("a")), "request": "\ud800"}), "surrogates"),
    "infinite number in meta": (GOOD[:-1] + ', "meta": {"a": 1e999}}', "meta: "),
    "mined edges that are no list": (GOOD[:-1] + ', "meta": {"mined": 5}}', "meta.mined: "),
    "mined edge that is too short": (
        GOOD[:-1] + ', "meta": {"mined": [["f", "/x", "g", "y"], ["f", "/x", "g"]]}}',
        "meta.mined.1.3: ",
    ),
    "mined edge from no name": (
        GOOD[:-1] + ', "meta": {"mined": [[["f"], "/x", "g", "y"]]}}',
        "meta.mined.0.0: ",
    ),
    "picks that are no objects": (GOOD[:-1] + ', "meta": {"picks": [5]}}', "meta.picks.0: "),
    "pick without a criterion": (
        GOOD[:-1] + ', "meta": {"picks": [{"call": "a", "list": "/x", "item": 0}]}}',
        "meta.picks.0.criterion: ",
    ),
    "choice among nothing": (GOOD[:-1] + ', "meta": {"choices": [{"chosen": 0}]}}', "meta.choices.0.among: "),
    "comparison without a loser": (
        GOOD[:-1] + ', "meta": {"compared": [{"winner": "a", "pointer": "", "choose": "min"}]}}',
        "meta.compared.0.loser: ",
    ),
    "plan without turns": (GOOD[:-1] + ', "meta": {"plans": [{"says": "x"}]}}', "meta.plans.0.turns: "),
    "plan with a call of no tool": (
        GOOD[:-1] + ', "meta": {"plans": [{"turns": [[{"arguments": {}}]]}]}}',
        "meta.plans.0.turns.0.0.tool: ",
    ),
    "reads that are no list": (GOOD[:-1] + ', "meta": {"reads": 4}}', "meta.reads: "),
    "understood arguments that are no list": (
        GOOD[:-1] + ', "meta": {"understood": {"a": 5}}}',
        "meta.understood.a: ",
    ),
    "fact of an unknown call": (
        json.dumps(task(call("a"), answer=[{"name": "n", "value": 1, "call": "z"}])),
        "comes from 'z', which does not exist",
    ),
    "fact that is no pointer": (
        json.dumps(task(call("a"), answer=[{"name": "n", "value": 1, "call": "a", "pointer": "x"}])),
        "is not a JSON Pointer",
    ),
    "fact that is a list of lists": (
        json.dumps(task(call("a"), answer=[{"name": "n", "value": [[1]]}])),
        "answer.0.value",
    ),
    "fact that is infinite": (
        json.dumps(task(call("a"), answer=[{"name": "n", "value": 5}])).replace("5", "1e999"),
        "answer.0.value",
    ),
    "fact beyond a double": (
        json.dumps(task(call("a"), answer=[{"name": "n", "value": 10**400}])),
        "answer.0.value",
    ),
    "negative tolerance": (
        json.dumps(task(call("a"), answer=[{"name": "n", "value": 1, "tolerance": -1}])),
        "answer.0.tolerance",
    ),
    "infinite tolerance": (
        json.dumps(task(call("a"), answer=[{"name": "n", "value": 1, "tolerance": 5}])).replace("5", "1e999"),
        "answer.0.tolerance",
    ),
}


@pytest.mark.parametrize(("line", "says"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_file_line_and_remedy(line: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(GOOD.replace('"id": "t"', '"id": "first"') + "\n\n" + line + "\n", encoding="utf-8")
    with pytest.raises(TaskError) as caught:
        read_tasks(path)
    assert all(problem.startswith("train.jsonl:3: ") for problem in caught.value.problems)
    assert says in str(caught.value)
    assert "What to do: " in str(caught.value)


def test_every_bad_line_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(f"{{\n{GOOD}\n{GOOD}\n[]\n")
    with pytest.raises(TaskError) as caught:
        read_tasks(path)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [
        "train.jsonl:1",
        "train.jsonl:3",
        "train.jsonl:4",
    ]
    assert "id 't' is already used in line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("train.jsonl", GOOD.encode() + b"\n\xff\n", "train.jsonl:2: "),
        ("train.jsonl.gz", gzip.compress(GOOD.encode() * 1000)[:-12], "train.jsonl.gz:1: "),
        ("train.jsonl.gz", GOOD.encode(), "train.jsonl.gz:1: "),
        ("train.jsonl", None, "train.jsonl: no such file"),
    ],
    ids=["not UTF-8", "cut", "not gzip", "missing"],
)
def test_a_damaged_file_is_a_fault(name: str, data: bytes | None, place: str, tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(TaskError) as caught:
        read_tasks(tmp_path / name)
    assert str(caught.value).startswith(place)
    assert "What to do: " in str(caught.value)


def test_tasks_keep_the_format_of_the_golden_file() -> None:
    tasks = read_tasks(GOLDEN)
    assert dump_tasks(tasks) == GOLDEN.read_bytes()
    assert [task.depth for task in tasks] == [1, 3]


def test_a_gzipped_file_reads_as_a_plain_one(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(GOLDEN.read_bytes()))
    assert read_tasks(tmp_path / "x.jsonl.gz") == read_tasks(GOLDEN)


def test_values_of_facts_keep_their_type() -> None:
    facts = read_tasks(GOLDEN)[1].answer
    assert [(type(fact.value), fact.value) for fact in facts] == [
        (str, "5"),
        (bool, True),
        (int, 5),
        (float, 5.5),
    ]


def test_layers_follow_needs_and_keep_the_order_of_the_file() -> None:
    made = Task.model_validate(
        task(call("d", "b", "c"), call("b", "a"), call("a"), call("c"), call("e", "a"))
    )
    assert [[call.id for call in layer] for layer in made.layers] == [["a", "c"], ["b", "e"], ["d"]]
    assert made.depth == 3


def test_the_oracle_makes_one_turn_per_layer_and_then_answers() -> None:
    turns = oracle_turns(read_tasks(GOLDEN)[1])
    assert [[call.id for call in turn.calls] for turn in turns] == [["a", "b"], ["c"], ["d"], []]
    assert turns[-1].answer == "text: 5; truth: yes; whole: 5; broken: 5.5."
